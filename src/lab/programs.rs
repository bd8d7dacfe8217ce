//! The programs of a mail gateway that ask questions, and how each repeats a query without an answer.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use tokio::time::timeout;

use super::client::AskError;
use super::traffic::Asker;

/// A program that asks questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Program {
    /// A mail server that uses glibc's stub resolver: Postfix and Exim.
    Server,
    /// Postfix's SMTP client with DANE, which sets DO (RFC 7672 section 2.2).
    DaneClient,
    /// rspamd, with its own stub resolver.
    Rspamd,
    /// SpamAssassin, with Net::DNS.
    SpamAssassin,
}

struct Repeats {
    /// The time after which the query is sent again. An answer to an earlier copy is still accepted.
    after: Duration,
    attempts: u32,
    /// True if the query is sent again at once after SERVFAIL, NOTIMP or REFUSED.
    after_failure: bool,
}

impl Program {
    /// Returns true if this program sets DO.
    pub const fn wants_signatures(self) -> bool {
        matches!(self, Self::DaneClient)
    }

    /// Returns true if this program reads the content of emails.
    pub const fn is_scanner(self) -> bool {
        matches!(self, Self::Rspamd | Self::SpamAssassin)
    }

    /// Returns when and how often this program repeats a query. The values are the defaults of resolv.conf(5), of rspamd's `dns` section
    /// (`timeout`, `retransmits`), and of SpamAssassin's `rbl_timeout`.
    const fn repeats(self) -> Repeats {
        match self {
            Self::Server | Self::DaneClient => {
                Repeats { after: Duration::from_secs(5), attempts: 2, after_failure: true }
            }
            Self::Rspamd => Repeats { after: Duration::from_secs(1), attempts: 5, after_failure: false },
            Self::SpamAssassin => {
                Repeats { after: Duration::from_secs(15), attempts: 1, after_failure: false }
            }
        }
    }
}

/// Repeats each query without an answer, like the asking program.
pub(crate) struct Repeating<'a>(pub(crate) &'a dyn Asker);

impl Asker for Repeating<'_> {
    fn ask<'a>(
        &'a self,
        name: &'a Name,
        kind: RecordType,
        program: Program,
    ) -> BoxFuture<'a, Result<Message, AskError>> {
        Box::pin(async move {
            let Repeats { after, attempts, after_failure } = program.repeats();
            let mut pending = FuturesUnordered::new();
            let mut last = Err(AskError::Timeout(after));
            for _ in 0..attempts {
                pending.push(self.0.ask(name, kind, program));
                if let Ok(Some(answer)) = timeout(after, pending.next()).await {
                    if !(after_failure && is_failure(&answer)) {
                        return answer;
                    }
                    last = answer;
                }
            }
            last
        })
    }
}

fn is_failure(answer: &Result<Message, AskError>) -> bool {
    let codes = [ResponseCode::ServFail, ResponseCode::NotImp, ResponseCode::Refused];
    answer.as_ref().map_or(true, |answer| codes.contains(&answer.metadata.response_code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use tokio::time::{Instant, sleep};

    /// Answers the first query after the time `first`, and all others at once, with the response code `code`.
    struct Slow {
        first: Duration,
        code: ResponseCode,
        asked: Mutex<u32>,
    }

    impl Asker for Slow {
        fn ask<'a>(
            &'a self,
            _name: &'a Name,
            _kind: RecordType,
            _program: Program,
        ) -> BoxFuture<'a, Result<Message, AskError>> {
            Box::pin(async move {
                let number = {
                    let mut asked = self.asked.lock().unwrap();
                    *asked += 1;
                    *asked
                };
                if number == 1 {
                    sleep(self.first).await;
                }
                let mut answer = Message::query();
                answer.metadata.response_code = self.code;
                Ok(answer)
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn programs_retry_in_own_way() {
        let silent = Duration::from_secs(60);
        let rows = [
            (Program::Server, silent, ResponseCode::NoError, 2, 5_000),
            (Program::Rspamd, silent, ResponseCode::NoError, 2, 1_000),
            (Program::SpamAssassin, silent, ResponseCode::NoError, 1, 15_000),
            (Program::Server, Duration::ZERO, ResponseCode::ServFail, 2, 0),
            (Program::Rspamd, Duration::ZERO, ResponseCode::ServFail, 1, 0),
        ];
        for (program, first, code, queries, millis) in rows {
            let (began, slow) = (Instant::now(), Slow { first, code, asked: Mutex::default() });
            let _ = Repeating(&slow).ask(&Name::root(), RecordType::A, program).await;
            let found = (*slow.asked.lock().unwrap(), began.elapsed().as_millis());
            assert_eq!(found, (queries, millis), "{program:?} {code}");
        }
    }
}
