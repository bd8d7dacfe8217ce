//! Mail traffic: asks the questions that a mail gateway asks for one email, in the right order, and measures how long they take.
//!
//! The questions are those of postscreen, smtpd, rspamd and Postfix's SMTP client. For inbound mail: all DNS lists at the same time, then PTR and
//! A, the HELO name, MX, SPF with its includes (limited by RFC 7208 section 4.6.4), DKIM (RFC 6376), DMARC (RFC 9989) and lists of domains. For outbound mail:
//! MX, then A and AAAA of each host (RFC 5321 section 5.1), and TLSA if both are signed (RFC 7672 section 2.2).

use std::net::Ipv4Addr;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};

use dns::clock::Clock;

use super::client::{AskError, LabClient};
use super::hosters::reversed;
use super::internet::{Internet, ListKind};

/// The maximum number of SPF includes that are followed for one mail message (RFC 7208 section 4.6.4).
const MAX_SPF_LOOKUPS: u32 = 10;

/// A resolver that can be asked questions: a simulated one, or a server that is reached over sockets.
pub trait Asker: Sync {
    /// Asks one question and waits for its answer, with any response code. The last argument is true if DO must be set, as mail software with
    /// DANE does (RFC 7672 section 2.2).
    ///
    /// # Errors
    /// Fails if no answer arrives.
    fn ask<'a>(
        &'a self,
        name: &'a Name,
        kind: RecordType,
        dnssec_ok: bool,
    ) -> BoxFuture<'a, Result<Message, AskError>>;
}

impl Asker for LabClient {
    fn ask<'a>(
        &'a self,
        name: &'a Name,
        kind: RecordType,
        dnssec_ok: bool,
    ) -> BoxFuture<'a, Result<Message, AskError>> {
        let client = if dnssec_ok { self.asking_with_do() } else { *self };
        Box::pin(async move { client.ask(name, kind).await })
    }
}

/// A mail message. It determines the questions that mail software asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mail {
    /// An email that a client sends to this gateway.
    Inbound {
        /// The software of the gateway that receives the email.
        gateway: Gateway,
        /// The IP address of the client that sends the email.
        address: Ipv4Addr,
        /// The name with which the client introduces itself (HELO, RFC 5321 section 4.1.1.1).
        helo: Name,
        /// The domain of the sender, in MAIL FROM and in the header From.
        sender: Name,
        /// The selector of the email's DKIM signature, or `None` if it is not signed.
        selector: Option<&'static str>,
        /// The domain of a link in the text of the email.
        link: Name,
    },
    /// An email that this gateway sends to another domain.
    Outbound {
        /// The domain of the recipient.
        recipient: Name,
    },
}

/// The software of the gateway that asks the DNS lists about the address of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gateway {
    /// postscreen: it asks all lists at the same time, before smtpd looks up the name of the client's address.
    Postscreen,
    /// smtpd without postscreen: it looks up the name of the client's address, then asks one list after the other.
    Smtpd,
}

/// The measurements for one mail message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Played {
    /// The time from the first question to the last answer for this email.
    pub elapsed: Duration,
    /// The number of questions that were asked for this email.
    pub questions: u32,
    /// The number of those questions that ended with SERVFAIL or without an answer.
    pub failed: u32,
}

/// Asks all questions that mail software asks for the email `mail`. Each question waits for the answers that it depends on.
pub async fn play(internet: &Internet, mail: &Mail, asker: &dyn Asker, clock: &Clock) -> Played {
    let began = clock.mono();
    let mut session = Session { internet, asker, questions: 0, failed: 0 };
    match mail {
        Mail::Inbound { gateway, address, helo, sender, selector, link } => {
            session.connection(*gateway, *address).await;
            session.greeting(helo).await;
            if session.envelope(*address, sender).await {
                session.content(sender, *selector, link).await;
            }
        }
        Mail::Outbound { recipient } => session.delivery(recipient).await,
    }
    Played { elapsed: clock.mono().since(began), questions: session.questions, failed: session.failed }
}

/// The state while the questions for one mail message are asked.
struct Session<'a> {
    internet: &'a Internet,
    asker: &'a dyn Asker,
    questions: u32,
    failed: u32,
}

impl Session<'_> {
    /// Asks several questions at the same time, and waits for all answers. An answer is `None` if it did not arrive.
    async fn all(&mut self, questions: &[(Name, RecordType)]) -> Vec<Option<Message>> {
        let asked = join_all(questions.iter().map(|(name, kind)| self.asker.ask(name, *kind, false))).await;
        asked.into_iter().map(|answer| self.note(answer)).collect()
    }

    async fn one(&mut self, name: &Name, kind: RecordType) -> Option<Message> {
        self.all(&[(name.clone(), kind)]).await.pop().flatten()
    }

    async fn one_with_do(&mut self, name: &Name, kind: RecordType) -> Option<Message> {
        let answer = self.asker.ask(name, kind, true).await;
        self.note(answer)
    }

    fn note(&mut self, answer: Result<Message, AskError>) -> Option<Message> {
        let sound = |answer: &Message| {
            matches!(answer.metadata.response_code, ResponseCode::NoError | ResponseCode::NXDomain)
        };
        let answer = answer.ok().filter(sound);
        self.questions += 1;
        self.failed += u32::from(answer.is_none());
        answer
    }

    /// Asks the questions at the start of an SMTP connection. postscreen asks all DNS lists of addresses at the same time. smtpd asks for the
    /// PTR, then for the addresses of the name in it. Without postscreen, smtpd also asks the DNS lists, one after the other
    /// (`reject_rbl_client`).
    async fn connection(&mut self, gateway: Gateway, address: Ipv4Addr) {
        let questions: Vec<_> = address_lists(self.internet, address).collect();
        if gateway == Gateway::Postscreen {
            self.all(&questions).await;
        }
        let pointer = self.one(&Name::from(address), RecordType::PTR).await;
        if let Some(host) = pointer.as_ref().and_then(host_of) {
            self.all(&[(host.clone(), RecordType::A), (host, RecordType::AAAA)]).await;
        }
        if gateway == Gateway::Smtpd {
            for (name, kind) in &questions {
                self.one(name, *kind).await;
            }
        }
    }

    /// Asks the questions of smtpd about the HELO name: its addresses and its MX, until one of them exists (`reject_unknown_helo_hostname`).
    async fn greeting(&mut self, helo: &Name) {
        for kind in [RecordType::A, RecordType::AAAA, RecordType::MX] {
            if self.one(helo, kind).await.is_some_and(|answer| !answer.answers.is_empty()) {
                return;
            }
        }
    }

    /// Asks the questions about the envelope of an email: smtpd checks that the sender's domain receives mail, and the policy service checks that
    /// this address may send for the domain (SPF). Returns false if the email is refused because the domain does not exist
    /// (`reject_unknown_sender_domain`).
    async fn envelope(&mut self, address: Ipv4Addr, sender: &Name) -> bool {
        let exchangers = self.one(sender, RecordType::MX).await;
        let code = exchangers.as_ref().map(|answer| answer.metadata.response_code);
        if exchangers.is_none_or(|answer| answer.answers.is_empty()) {
            self.one(sender, RecordType::A).await;
        }
        if code == Some(ResponseCode::NXDomain) {
            return false;
        }
        let first = self.internet.lists.first().and_then(|list| below(&reversed(address), &list.zone));
        if let Some(again) = first {
            self.one(&again, RecordType::A).await;
        }
        let mut lookups = 0;
        let mut next = vec![sender.clone()];
        while !next.is_empty() && lookups < MAX_SPF_LOOKUPS {
            let questions: Vec<_> = next.drain(..).map(|name| (name, RecordType::TXT)).collect();
            lookups += u32::try_from(questions.len()).unwrap_or(MAX_SPF_LOOKUPS);
            let answers = self.all(&questions).await;
            next = answers.iter().flatten().flat_map(includes).collect();
        }
        true
    }

    /// Asks the questions of rspamd about the content of an email, all at the same time: for DKIM, DMARC, the link and the DNS lists of domains.
    async fn content(&mut self, sender: &Name, selector: Option<&str>, link: &Name) {
        let mut questions = vec![(link.clone(), RecordType::A)];
        questions.extend(below("_dmarc", sender).map(|name| (name, RecordType::TXT)));
        let key = selector.and_then(|selector| below(&format!("{selector}._domainkey"), sender));
        questions.extend(key.map(|name| (name, RecordType::TXT)));
        let of_sender = domain_lists(self.internet, sender);
        questions.extend(
            domain_lists(self.internet, link).zip(of_sender).flat_map(|(link, sender)| [link, sender]),
        );
        self.all(&questions).await;
    }

    /// Asks the questions of Postfix's SMTP client, which uses DANE and therefore sets DO: for the MX, then for A and AAAA of each host, one
    /// after the other, and for TLSA if MX and addresses are secure. Here TLSA is asked for if they are signed, so that the questions do not
    /// depend on the resolver's validation.
    async fn delivery(&mut self, recipient: &Name) {
        let answer = self.one_with_do(recipient, RecordType::MX).await;
        let mut hosts: Vec<(u16, Name)> =
            answer.iter().flat_map(|answer| &answer.answers).filter_map(exchanger).collect();
        hosts.sort();
        let signed = self.internet.is_signed(recipient);
        for (_, host) in hosts {
            self.one_with_do(&host, RecordType::A).await;
            self.one_with_do(&host, RecordType::AAAA).await;
            let certificates = below("_25._tcp", &host).filter(|_| signed && self.internet.is_signed(&host));
            if let Some(certificates) = certificates {
                self.one_with_do(&certificates, RecordType::TLSA).await;
            }
        }
    }
}

/// Returns the questions to all DNS lists of addresses about one address.
pub(super) fn address_lists(
    internet: &Internet,
    address: Ipv4Addr,
) -> impl Iterator<Item = (Name, RecordType)> {
    let lists = internet.lists.iter().filter(|list| list.kind != ListKind::BadDomains);
    lists.filter_map(move |list| Some((below(&reversed(address), &list.zone)?, RecordType::A)))
}

/// Returns the questions to all DNS lists of domains about one domain.
pub(super) fn domain_lists(internet: &Internet, domain: &Name) -> impl Iterator<Item = (Name, RecordType)> {
    let lists = internet.lists.iter().filter(|list| list.kind == ListKind::BadDomains);
    let labels = domain.to_string();
    lists.filter_map(move |list| Some((below(labels.trim_end_matches('.'), &list.zone)?, RecordType::A)))
}

/// Returns the name in the first PTR record of an answer, or `None` if it has none.
pub(super) fn host_of(answer: &Message) -> Option<Name> {
    answer.answers.iter().find_map(|record| match &record.data {
        RData::PTR(name) => Some(name.0.clone()),
        _ => None,
    })
}

pub(super) fn exchanger(record: &hickory_proto::rr::Record) -> Option<(u16, Name)> {
    match &record.data {
        RData::MX(exchanger) => Some((exchanger.preference, exchanger.exchange.clone())),
        _ => None,
    }
}

/// Returns the name that consists of `labels` and `zone`, or `None` if it would be invalid.
pub(super) fn below(labels: &str, zone: &Name) -> Option<Name> {
    Name::from_ascii(labels).ok()?.append_domain(zone).ok()
}

/// Returns the domains that the SPF record in an answer includes.
pub(super) fn includes(answer: &Message) -> Vec<Name> {
    let texts = answer.answers.iter().filter_map(|record| match &record.data {
        RData::TXT(text) => Some(text.txt_data.concat()),
        _ => None,
    });
    let policies = texts
        .map(|text| String::from_utf8_lossy(&text).into_owned())
        .filter(|text| text.starts_with("v=spf1"));
    let domains = |policy: String| -> Vec<Name> {
        policy
            .split(' ')
            .filter_map(|term| super::world::absolute(term.strip_prefix("include:")?).ok())
            .collect()
    };
    policies.flat_map(domains).collect()
}

/// Returns three times of emails: the median, the 90th percentile and the maximum. They are zero if there are no emails.
pub fn spread(played: &[Played]) -> [Duration; 3] {
    let mut times: Vec<Duration> = played.iter().map(|played| played.elapsed).collect();
    times.sort();
    let at = |part: usize| times.get((times.len() * part / 100).min(times.len().saturating_sub(1))).copied();
    [at(50), at(90), at(100)].map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mails::{Popularity, draw};
    use resolver::zones::authority::Authority;
    use std::sync::Mutex;

    /// A resolver for tests that has all zones of the internet and answers immediately.
    struct AuthorityAsker {
        authority: Authority,
        asked: Mutex<Vec<String>>,
    }

    impl Asker for AuthorityAsker {
        fn ask<'a>(
            &'a self,
            name: &'a Name,
            kind: RecordType,
            dnssec_ok: bool,
        ) -> BoxFuture<'a, Result<Message, AskError>> {
            let flag = if dnssec_ok { " DO" } else { "" };
            self.asked.lock().unwrap().push(format!("{name} {kind}{flag}"));
            let mut query = Message::query();
            query.add_query(hickory_proto::op::Query::query(name.clone(), kind));
            Box::pin(std::future::ready(Ok(self.authority.respond(&query))))
        }
    }

    #[tokio::test]
    async fn messages_ask_what_mail_software_asks() {
        let internet = Internet::new(1, 60).unwrap();
        let zones =
            internet.lab.servers().iter().flat_map(|server| server.authority().zones().to_vec()).collect();
        let oracle = AuthorityAsker { authority: Authority::new(zones), asked: Mutex::default() };
        let mails = draw(&internet, 1, 200, Popularity::Uniform);
        assert_eq!(mails, draw(&internet, 1, 200, Popularity::Uniform));
        for mail in &mails {
            let played = play(&internet, mail, &oracle, &Clock::machine()).await;
            assert_eq!(played.failed, 0, "{mail:?}");
            assert!(
                played.questions
                    >= match mail {
                        Mail::Inbound { selector: Some(_), .. } => 14,
                        Mail::Inbound { .. } => 7,
                        Mail::Outbound { .. } => 3,
                    },
                "{mail:?}"
            );
        }
        let asked = oracle.asked.into_inner().unwrap();
        for part in ["_relay.", "_domainkey.", "_dmarc.", "in-addr.arpa. PTR", "dbl.spamhaus.org. A", " AAAA"]
        {
            assert!(asked.iter().any(|question| question.contains(part)), "{part}");
        }
    }

    #[tokio::test]
    async fn who_may_use_dane_asks_for_certificates() {
        let internet = Internet::signed(1, 60).unwrap();
        let zones =
            internet.lab.servers().iter().flat_map(|server| server.authority().zones().to_vec()).collect();
        let oracle = AuthorityAsker { authority: Authority::new(zones), asked: Mutex::default() };
        for domain in &internet.domains {
            let mail = Mail::Outbound { recipient: domain.name.clone() };
            play(&internet, &mail, &oracle, &Clock::machine()).await;
        }
        let asked = oracle.asked.into_inner().unwrap();
        assert!(asked.iter().all(|question| question.ends_with(" DO")), "{asked:?}");
        let certificates: Vec<_> = asked.iter().filter(|question| question.ends_with("TLSA DO")).collect();
        assert!((5..=15).contains(&certificates.len()), "{certificates:?}");
    }

    #[test]
    fn the_spread_of_nothing_is_nothing() {
        assert_eq!(spread(&[]), [Duration::ZERO; 3]);
        let played = |millis| Played { elapsed: Duration::from_millis(millis), questions: 1, failed: 0 };
        let times = spread(&[played(3), played(1), played(2)]).map(|time| time.as_millis());
        assert_eq!(times, [2, 3, 3]);
    }
}
