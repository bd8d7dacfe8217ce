//! Gathering: asks the questions that the checks want, round by round, until none is left.
//!
//! A check names its questions by the facts that are known so far. So a chain, such as MX, host, address, PTR, needs
//! no code here. All rounds together have a bound of questions and of time; what is left over "could not be told".

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};
use tokio::time::{Instant, timeout_at};

use super::facts::{CheckSubject, DomainFacts, Got, NoReply, QueryForm, ReplyFacts, Want};
use crate::limits::{
    CHECK_DOMAIN_TIME, CHECK_QUESTIONS_AT_ONCE, CHECK_RESOLVER_TRIES, CHECK_TRIES, CONNECTION_TIME,
    MAX_CHECK_QUESTIONS, MAX_CHECK_ROUNDS,
};

/// Answers the questions: the daemon through its control socket, or a test.
pub trait Sources: Sync {
    /// Asks once.
    fn ask<'a>(&'a self, want: &'a Want) -> BoxFuture<'a, Got>;
}

/// The questions that may still be asked, and the time until which.
struct Budget {
    left: AtomicUsize,
    end: Instant,
    /// From its begin to its end.
    time: Duration,
}

impl Budget {
    /// Takes one question; false if none is left.
    fn take(&self) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

/// Gathers the facts about a subject.
pub async fn gather(subject: CheckSubject, sources: &impl Sources) -> DomainFacts {
    let mut facts = DomainFacts::new(subject);
    let time = CHECK_DOMAIN_TIME + if facts.subject.connect { CONNECTION_TIME } else { Duration::ZERO };
    let budget = Budget { left: AtomicUsize::new(MAX_CHECK_QUESTIONS), end: Instant::now() + time, time };
    for _ in 0..MAX_CHECK_ROUNDS {
        let mut wanted = super::wants(&facts);
        wanted.retain(|want| !facts.got.contains_key(want));
        wanted.sort();
        wanted.dedup();
        if wanted.is_empty() {
            break;
        }
        let answers = wanted.into_iter().map(|want| {
            let budget = &budget;
            async move {
                let got = answer(&want, sources, budget).await;
                (want, got)
            }
        });
        let answers: Vec<_> = stream::iter(answers).buffer_unordered(CHECK_QUESTIONS_AT_ONCE).collect().await;
        facts.got.extend(answers);
        super::current::adopt(&mut facts);
    }
    facts
}

/// Asks one question. A datagram may be lost on the way, so a silent server is asked again.
async fn answer(want: &Want, sources: &impl Sources, budget: &Budget) -> Got {
    let (over_udp, tries) = match want {
        Want::Server { way: QueryForm::Recursive, .. } => (true, CHECK_RESOLVER_TRIES),
        Want::Server { way, .. } if way.over_tcp().is_some() => (true, CHECK_TRIES),
        _ => (false, 1),
    };
    let mut got = left_out("the check has reached its bound of questions");
    for _ in 0..tries {
        let Some(answered) = once(want, sources, budget).await else { break };
        got = answered;
        if got != Got::NoReply(NoReply::Silent) {
            break;
        }
    }
    match &got {
        Got::Reply(cut) if over_udp && cut.truncated => whole(want, cut.millis, sources, budget).await,
        _ => got,
    }
}

/// Asks once; none if no question is left. After the end of the check nothing is sent.
async fn once(want: &Want, sources: &impl Sources, budget: &Budget) -> Option<Got> {
    let ended = || left_out(&format!("the check has ended after {} s", seconds(budget.time)));
    if Instant::now() >= budget.end {
        return Some(ended());
    }
    if !budget.take() {
        return None;
    }
    Some(timeout_at(budget.end, sources.ask(want)).await.unwrap_or_else(|_| ended()))
}

/// The reply over TCP in place of one that was truncated, which tells nothing of its records (RFC 2181 section 9):
/// servers truncate also to limit the rate of answers. The time stays that of the datagram.
async fn whole(want: &Want, millis: u64, sources: &impl Sources, budget: &Budget) -> Got {
    let mut want = want.clone();
    if let Want::Server { way, .. } = &mut want {
        *way = way.over_tcp().unwrap_or(*way);
    }
    match once(&want, sources, budget).await {
        Some(Got::Reply(reply)) => Got::Reply(ReplyFacts { millis, ..reply }),
        _ => left_out("the reply over UDP was truncated, and there was none over TCP"),
    }
}

fn left_out(why: &str) -> Got {
    Got::NoReply(NoReply::Unknown(why.to_owned()))
}

fn seconds(time: Duration) -> u64 {
    time.as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question::stage::paused;
    use std::sync::Mutex;

    /// Answers with this, and counts; the most questions at once.
    struct Fixed(Got, Mutex<(usize, usize, usize)>);

    impl Sources for Fixed {
        fn ask<'a>(&'a self, _: &'a Want) -> BoxFuture<'a, Got> {
            Box::pin(async {
                {
                    let mut counts = self.1.lock().unwrap();
                    counts.0 += 1;
                    counts.1 += 1;
                    counts.2 = counts.2.max(counts.1);
                }
                tokio::time::sleep(Duration::from_millis(900)).await;
                self.1.lock().unwrap().1 -= 1;
                self.0.clone()
            })
        }
    }

    fn subject() -> CheckSubject {
        CheckSubject { domain: "a.example.".to_owned(), ..CheckSubject::default() }
    }

    #[test]
    fn a_check_ends_in_time_and_asks_few_questions_at_once() {
        let reply = Got::Reply(ReplyFacts { rcode: "SERVFAIL".to_owned(), ..ReplyFacts::default() });
        let fixed = Fixed(reply, Mutex::default());
        let elapsed = paused(async {
            let began = Instant::now();
            gather(subject(), &fixed).await;
            began.elapsed()
        });
        let (asked, _, most) = *fixed.1.lock().unwrap();
        assert!(elapsed <= CHECK_DOMAIN_TIME && asked <= MAX_CHECK_QUESTIONS, "{elapsed:?} {asked}");
        assert!((2..=CHECK_QUESTIONS_AT_ONCE).contains(&most), "{most}");
    }

    /// Truncated over UDP; this over TCP.
    struct Cut(Got);

    impl Sources for Cut {
        fn ask<'a>(&'a self, want: &'a Want) -> BoxFuture<'a, Got> {
            let over_tcp = matches!(want, Want::Server { way: QueryForm::Tcp, .. });
            let cut = ReplyFacts { truncated: true, millis: 9, ..ReplyFacts::default() };
            Box::pin(async move { if over_tcp { self.0.clone() } else { Got::Reply(cut) } })
        }
    }

    #[test]
    fn a_truncated_reply_is_fetched_over_tcp() {
        let want = server(QueryForm::MixedCase);
        let ask = |over_tcp: Got, left: usize| {
            paused(async {
                let end = Instant::now() + CHECK_DOMAIN_TIME;
                answer(
                    &want,
                    &Cut(over_tcp),
                    &Budget { left: AtomicUsize::new(left), end, time: CHECK_DOMAIN_TIME },
                )
                .await
            })
        };
        let sound = ReplyFacts { rcode: "NOERROR".to_owned(), millis: 70, ..ReplyFacts::default() };
        let expected = Got::Reply(ReplyFacts { millis: 9, ..sound.clone() });
        assert_eq!(ask(Got::Reply(sound.clone()), 2), expected);
        assert!(matches!(ask(Got::Reply(sound), 1), Got::NoReply(NoReply::Unknown(_))));
        assert!(matches!(ask(Got::NoReply(NoReply::Silent), 2), Got::NoReply(NoReply::Unknown(_))));
    }

    #[test]
    fn nothing_is_sent_after_the_end() {
        let fixed = Fixed(Got::NoReply(NoReply::Silent), Mutex::default());
        paused(async {
            let budget = Budget { left: AtomicUsize::new(9), end: Instant::now(), time: CHECK_DOMAIN_TIME };
            assert!(matches!(
                answer(&server(QueryForm::Udp), &fixed, &budget).await,
                Got::NoReply(NoReply::Unknown(_))
            ));
        });
        assert_eq!(fixed.1.lock().unwrap().0, 0);
    }

    fn server(way: QueryForm) -> Want {
        Want::Server { server: [192, 0, 2, 1].into(), name: "a.example.".to_owned(), kind: "SOA", way }
    }

    #[test]
    fn a_silent_server_is_asked_again_and_a_bound_ends_it() {
        let fixed = Fixed(Got::NoReply(NoReply::Silent), Mutex::default());
        paused(async {
            let end = Instant::now() + CHECK_DOMAIN_TIME;
            let budget = Budget { left: AtomicUsize::new(CHECK_TRIES + 1), end, time: CHECK_DOMAIN_TIME };
            assert_eq!(answer(&server(QueryForm::Udp), &fixed, &budget).await, Got::NoReply(NoReply::Silent));
            assert_eq!(answer(&server(QueryForm::Tcp), &fixed, &budget).await, Got::NoReply(NoReply::Silent));
            assert!(matches!(
                answer(&server(QueryForm::Udp), &fixed, &budget).await,
                Got::NoReply(NoReply::Unknown(_))
            ));
        });
        assert_eq!(fixed.1.lock().unwrap().0, CHECK_TRIES + 1);
    }
}
