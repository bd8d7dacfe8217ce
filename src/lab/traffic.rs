//! Mail traffic: asks the questions of a mail gateway for one email, in the right order, and measures how long they take.
//!
//! The questions are those of postscreen, smtpd, Exim, rspamd, SpamAssassin and Postfix's SMTP client. For inbound mail: the DNS lists, PTR
//! and A, the HELO name, MX, SPF with its includes (limited by RFC 7208 section 4.6.4), DKIM (RFC 6376), DMARC (RFC 9989) and lists of
//! domains. For outbound mail: MX, then A and AAAA of each host (RFC 5321 section 5.1), and TLSA if both are signed (RFC 7672 section 2.2).

use std::net::Ipv4Addr;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::client::{AskError, LabClient};
use super::hosters::reversed;
use super::internet::{Internet, ListKind};
pub use super::programs::Program;
use dns::clock::Clock;

/// The largest number of SPF includes that are followed for one email (RFC 7208 section 4.6.4).
const MAX_SPF_LOOKUPS: usize = 10;

/// How long postscreen asks DNS lists before it greets a client (`postscreen_greet_wait`).
const GREET_WAIT: Duration = Duration::from_secs(6);

/// How long the client sends the content of an email.
const CONTENT: Duration = Duration::from_secs(1);

/// A resolver: a simulated one, or a server over sockets.
pub trait Asker: Sync {
    /// Asks a question as the program `program`, and waits for the answer, which may have any response code.
    ///
    /// # Errors
    /// No answer arrives.
    fn ask<'a>(
        &'a self,
        name: &'a Name,
        kind: RecordType,
        program: Program,
    ) -> BoxFuture<'a, Result<Message, AskError>>;

    /// Waits as long as a program waits for something else than DNS; by default not at all.
    fn pass(&self, _time: Duration) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

impl Asker for LabClient {
    fn ask<'a>(
        &'a self,
        name: &'a Name,
        kind: RecordType,
        program: Program,
    ) -> BoxFuture<'a, Result<Message, AskError>> {
        let client = if program.wants_signatures() { self.asking_with_do() } else { *self };
        Box::pin(async move { client.ask(name, kind).await })
    }
}

/// An email of the simulated traffic, which determines the questions of mail software.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mail {
    /// A client sends the email to this gateway.
    Inbound {
        /// The software of this gateway.
        gateway: Gateway,
        /// The address of the client.
        address: Ipv4Addr,
        /// The client's HELO name (RFC 5321 section 4.1.1.1).
        helo: Name,
        /// The domain in MAIL FROM and in the header From.
        sender: Name,
        /// The selector of the DKIM signature; `None` if there is none.
        selector: Option<String>,
        /// The domain of a link in the text.
        link: Name,
    },
    /// This gateway sends the email to another domain.
    Outbound {
        /// The recipient's domain.
        recipient: Name,
    },
}

/// The software of a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gateway {
    /// postscreen, smtpd and rspamd. postscreen asks all DNS lists at once, before smtpd looks up the name of the client's address.
    Postscreen,
    /// smtpd without postscreen, and rspamd. smtpd looks up the name of the client's address, then asks one list after the other.
    Smtpd,
    /// Exim and SpamAssassin. Exim asks one list after the other until one has the address, and looks up the hosts that receive the
    /// sender's mail.
    Exim,
}

impl Gateway {
    /// All gateways.
    pub const ALL: [Self; 3] = [Self::Postscreen, Self::Smtpd, Self::Exim];

    const fn scanner(self) -> Program {
        match self {
            Self::Postscreen | Self::Smtpd => Program::Rspamd,
            Self::Exim => Program::SpamAssassin,
        }
    }
}

/// A question for an email.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub kind: RecordType,
    /// The program that asked.
    pub program: Program,
    /// From the question to its answer.
    pub time: Duration,
    /// True after SERVFAIL or without an answer.
    is_failed: bool,
}

/// The measurements for one email.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Played {
    /// How long the email waited for DNS.
    pub elapsed: Duration,
    /// The number of its questions.
    pub questions: u32,
    /// How many of these got SERVFAIL or no answer.
    pub failed: u32,
    /// The questions for which the email waited. If several series of questions ran at the same time, only the slowest series is here. The sum of the
    /// times is `elapsed`.
    pub waits: Vec<Wait>,
}

/// Asks all questions of mail software for an email. Each question waits for the answers that it depends on.
pub async fn play(internet: &Internet, mail: &Mail, asker: &dyn Asker, clock: &Clock) -> Played {
    let mut session = Session { internet, asker, clock, played: Played::default() };
    match mail {
        Mail::Inbound { gateway, address, helo, sender, selector, link } => {
            session.connection(*gateway, *address).await;
            session.greeting(helo).await;
            if session.envelope(*gateway, *address, sender).await {
                asker.pass(CONTENT).await;
                session.content((*gateway, *address), (sender, selector.as_deref()), link).await;
            }
        }
        Mail::Outbound { recipient } => session.delivery(recipient).await,
    }
    session.played
}

/// Questions asked one after the other, with the answer to the last one, if it arrived.
type Chain = (Option<Message>, Vec<Wait>);

struct Session<'a> {
    internet: &'a Internet,
    asker: &'a dyn Asker,
    clock: &'a Clock,
    played: Played,
}

impl<'a> Session<'a> {
    async fn ask(&self, name: Name, kind: RecordType, program: Program) -> Chain {
        let began = self.clock.mono();
        let is_sound = |answer: &Message| {
            matches!(answer.metadata.response_code, ResponseCode::NoError | ResponseCode::NXDomain)
        };
        let answer = self.asker.ask(&name, kind, program).await.ok().filter(is_sound);
        let (time, is_failed) = (self.clock.mono().since(began), answer.is_none());
        (answer, vec![Wait { name, kind, program, time, is_failed }])
    }

    /// Adds chains of questions, which were asked at the same time, to the measurements. Only the slowest chain counts as time that the email waited.
    /// Returns the answers.
    fn note(&mut self, chains: Vec<Chain>) -> Vec<Option<Message>> {
        let (answers, waits): (Vec<_>, Vec<_>) = chains.into_iter().unzip();
        for wait in waits.iter().flatten() {
            self.played.questions += 1;
            self.played.failed += u32::from(wait.is_failed);
        }
        let time = |waits: &Vec<Wait>| waits.iter().map(|wait| wait.time).sum::<Duration>();
        let slowest = waits.into_iter().max_by_key(time).unwrap_or_default();
        self.played.elapsed += time(&slowest);
        self.played.waits.extend(slowest);
        answers
    }

    async fn all(&mut self, questions: &[(Name, RecordType)], program: Program) -> Vec<Option<Message>> {
        let asked = questions.iter().map(|(name, kind)| self.ask(name.clone(), *kind, program));
        let chains = join_all(asked).await;
        self.note(chains)
    }

    async fn one(&mut self, name: &Name, kind: RecordType, program: Program) -> Option<Message> {
        self.all(&[(name.clone(), kind)], program).await.pop().flatten()
    }

    /// The start of an SMTP connection: PTR, the addresses of the name in it, and the DNS lists of addresses. postscreen asks all lists at
    /// once, smtpd (`reject_rbl_client`) and Exim (`dnslists`) one after the other. If a list has the address, Exim asks for the text of
    /// the entry, and no further list.
    async fn connection(&mut self, gateway: Gateway, address: Ipv4Addr) {
        let lists: Vec<_> = address_lists(self.internet, address).collect();
        if gateway == Gateway::Postscreen {
            let before = self.played.elapsed;
            self.all(&lists, Program::Server).await;
            self.asker.pass(GREET_WAIT.saturating_sub(self.played.elapsed.saturating_sub(before))).await;
        }
        let pointer = self.one(&Name::from(address), RecordType::PTR, Program::Server).await;
        if let Some(host) = pointer.as_ref().and_then(host_of) {
            self.all(&[(host.clone(), RecordType::A), (host, RecordType::AAAA)], Program::Server).await;
        }
        if gateway == Gateway::Postscreen {
            return;
        }
        for (name, kind) in &lists {
            let answer = self.one(name, *kind, Program::Server).await;
            if gateway == Gateway::Exim && answer.is_some_and(|answer| !answer.answers.is_empty()) {
                self.one(name, RecordType::TXT, Program::Server).await;
                return;
            }
        }
    }

    /// smtpd asks for addresses and MX of the HELO name, until one exists (`reject_unknown_helo_hostname`).
    async fn greeting(&mut self, helo: &Name) {
        for kind in [RecordType::A, RecordType::AAAA, RecordType::MX] {
            let answer = self.one(helo, kind, Program::Server).await;
            if answer.is_some_and(|answer| !answer.answers.is_empty()) {
                return;
            }
        }
    }

    /// The envelope: the mail server checks that the sender's domain receives mail (MX, A and AAAA, until one exists), and the policy
    /// service checks that the address may send for the domain (SPF). Returns false if the email is refused because the domain does not
    /// exist (`reject_unknown_sender_domain`, and `verify = sender` of Exim, which also needs the addresses of the hosts).
    async fn envelope(&mut self, gateway: Gateway, address: Ipv4Addr, sender: &Name) -> bool {
        let exchangers = self.one(sender, RecordType::MX, Program::Server).await;
        let code = exchangers.as_ref().map(|answer| answer.metadata.response_code);
        let mut is_found = exchangers.as_ref().is_some_and(|answer| !answer.answers.is_empty());
        for kind in [RecordType::A, RecordType::AAAA] {
            if !is_found {
                let answer = self.one(sender, kind, Program::Server).await;
                is_found = answer.is_some_and(|answer| !answer.answers.is_empty());
            }
        }
        if code == Some(ResponseCode::NXDomain) {
            return false;
        }
        if gateway == Gateway::Exim {
            for host in hosts_by_preference(exchangers.as_ref()) {
                self.one(&host, RecordType::A, Program::Server).await;
                self.one(&host, RecordType::AAAA, Program::Server).await;
            }
        }
        let first = self.internet.lists.first().and_then(|list| below(&reversed(address), &list.zone));
        if let Some(again) = first {
            self.one(&again, RecordType::A, Program::Server).await;
        }
        let mut lookups = 0;
        let mut next = vec![sender.clone()];
        while !next.is_empty() && lookups <= MAX_SPF_LOOKUPS {
            let questions: Vec<_> = next.drain(..).map(|name| (name, RecordType::TXT)).collect();
            lookups += questions.len();
            let answers = self.all(&questions, Program::Server).await;
            next = answers.iter().flatten().flat_map(includes).collect();
        }
        true
    }

    /// Sends the queries of the scanner that checks the content of an email. All are sent at the same time: for DKIM, DMARC and the link, to
    /// the DNS lists of domains, and to those of addresses. SpamAssassin also asks the first list about the addresses of the link's name
    /// servers.
    async fn content(
        &mut self,
        (gateway, address): (Gateway, Ipv4Addr),
        (sender, selector): (&Name, Option<&str>),
        link: &Name,
    ) {
        let program = gateway.scanner();
        let mut questions = vec![(link.clone(), RecordType::A), (sender.clone(), RecordType::TXT)];
        let key = selector.and_then(|selector| below(&format!("{selector}._domainkey"), sender));
        questions.extend(key.map(|name| (name, RecordType::TXT)));
        questions.extend(address_lists(self.internet, address));
        questions.extend(domain_lists(self.internet, link).chain(domain_lists(self.internet, sender)));
        let single = questions.into_iter().map(|(name, kind)| self.ask(name, kind, program).boxed());
        let mut chains: Vec<BoxFuture<'_, Chain>> = single.collect();
        chains.push(self.dmarc(sender, program).boxed());
        if program == Program::SpamAssassin {
            chains.push(self.name_servers(link).boxed());
        }
        let chains = join_all(chains).await;
        self.note(chains);
    }

    /// Asks for the DMARC record of a domain, then of the domains above, until one has a record (RFC 9989).
    async fn dmarc(&self, sender: &Name, program: Program) -> Chain {
        let (mut domain, mut chain) = (sender.clone(), (None, Vec::new()));
        while domain.iter().len() > 1 {
            let Some(name) = below("_dmarc", &domain) else { break };
            let (answer, waits) = self.ask(name, RecordType::TXT, program).await;
            let is_found = answer.as_ref().is_none_or(|answer| !answer.answers.is_empty());
            chain.1.extend(waits);
            chain.0 = answer;
            if is_found {
                break;
            }
            domain = domain.base_name();
        }
        chain
    }

    /// Asks for the name servers of a link's domain, the address of the first one, and this address in the first DNS list (SpamAssassin's
    /// rule URIBL_SBL).
    async fn name_servers(&self, link: &Name) -> Chain {
        let program = Program::SpamAssassin;
        let (answer, mut waits) = self.ask(link.clone(), RecordType::NS, program).await;
        let mut servers: Vec<Name> =
            answer.iter().flat_map(|answer| &answer.answers).filter_map(server_of).collect();
        servers.sort();
        let Some(server) = servers.into_iter().next() else { return (answer, waits) };
        let (answer, more) = self.ask(server, RecordType::A, program).await;
        waits.extend(more);
        let address = answer.iter().flat_map(|answer| &answer.answers).find_map(address_of);
        let list = self.internet.lists.first();
        let Some(name) = address.zip(list).and_then(|(address, list)| below(&reversed(address), &list.zone))
        else {
            return (answer, waits);
        };
        let (answer, more) = self.ask(name, RecordType::A, program).await;
        waits.extend(more);
        (answer, waits)
    }

    /// Postfix's SMTP client with DANE asks for the MX, then for A and AAAA of each host, one after the other, and for TLSA if MX and
    /// addresses are secure. Here, signed zones suffice for TLSA, so that the questions do not depend on the resolver's validation.
    async fn delivery(&mut self, recipient: &Name) {
        let answer = self.one(recipient, RecordType::MX, Program::DaneClient).await;
        let signed = self.internet.is_signed(recipient);
        for host in hosts_by_preference(answer.as_ref()) {
            self.one(&host, RecordType::A, Program::DaneClient).await;
            self.one(&host, RecordType::AAAA, Program::DaneClient).await;
            let certificates = below("_25._tcp", &host).filter(|_| signed && self.internet.is_signed(&host));
            if let Some(certificates) = certificates {
                self.one(&certificates, RecordType::TLSA, Program::DaneClient).await;
            }
        }
    }
}

/// Returns the hosts of MX records, in the order in which they are used.
fn hosts_by_preference(answer: Option<&Message>) -> Vec<Name> {
    let records = answer.into_iter().flat_map(|answer| &answer.answers);
    let mut hosts: Vec<(u16, Name)> = records.filter_map(exchanger).collect();
    hosts.sort();
    hosts.into_iter().map(|(_, host)| host).collect()
}

fn server_of(record: &Record) -> Option<Name> {
    match &record.data {
        RData::NS(server) => Some(server.0.clone()),
        _ => None,
    }
}

fn address_of(record: &Record) -> Option<Ipv4Addr> {
    match &record.data {
        RData::A(address) => Some(address.0),
        _ => None,
    }
}

pub(super) fn address_lists(
    internet: &Internet,
    address: Ipv4Addr,
) -> impl Iterator<Item = (Name, RecordType)> {
    let lists = internet.lists.iter().filter(|list| list.kind != ListKind::BadDomains);
    lists.filter_map(move |list| Some((below(&reversed(address), &list.zone)?, RecordType::A)))
}

pub(super) fn domain_lists(internet: &Internet, domain: &Name) -> impl Iterator<Item = (Name, RecordType)> {
    let lists = internet.lists.iter().filter(|list| list.kind == ListKind::BadDomains);
    let labels = domain.to_string();
    lists.filter_map(move |list| Some((below(labels.trim_end_matches('.'), &list.zone)?, RecordType::A)))
}

pub(super) fn host_of(answer: &Message) -> Option<Name> {
    answer.answers.iter().find_map(|record| match &record.data {
        RData::PTR(name) => Some(name.0.clone()),
        _ => None,
    })
}

pub(super) fn exchanger(record: &Record) -> Option<(u16, Name)> {
    match &record.data {
        RData::MX(exchanger) => Some((exchanger.preference, exchanger.exchange.clone())),
        _ => None,
    }
}

/// Returns `None` if the name would be invalid.
pub(super) fn below(labels: &str, zone: &Name) -> Option<Name> {
    Name::from_ascii(labels).ok()?.append_domain(zone).ok()
}

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

/// Returns the median, the 90th percentile and the maximum of the times that emails waited for DNS.
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
    use std::collections::BTreeSet;
    use std::sync::Mutex;
    use zones::authority::Authority;

    /// Answers at once from the zones of all servers.
    struct AuthorityAsker {
        authority: Authority,
        asked: Mutex<Vec<String>>,
    }

    impl Asker for AuthorityAsker {
        fn ask<'a>(
            &'a self,
            name: &'a Name,
            kind: RecordType,
            program: Program,
        ) -> BoxFuture<'a, Result<Message, AskError>> {
            let flag = if program.wants_signatures() { " DO" } else { "" };
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
    async fn mail_programs_ask_expected_questions() {
        let internet = Internet::rough_at(1, 60, crate::world::UNIX_AT_START).unwrap();
        let zones =
            internet.lab.servers().iter().flat_map(|server| server.authority().zones().to_vec()).collect();
        let oracle = AuthorityAsker { authority: Authority::new(zones), asked: Mutex::default() };
        let mails = draw(&internet, 1, 400, Popularity::Uniform);
        for mail in &mails {
            let played = play(&internet, mail, &oracle, &Clock::simulated(0)).await;
            assert_eq!(played.failed, 0, "{mail:?}");
        }
        let asked = oracle.asked.into_inner().unwrap();
        let chains = (1..=10).map(|lookups| format!("_spf{lookups}."));
        let others = [
            "_dmarc.news.miller1",
            "_dmarc.miller1",
            ".top. MX",
            "list.dnswl.org. TXT",
            ".net. NS",
            "s1._domainkey",
        ];
        for part in chains.chain(others.map(ToOwned::to_owned)) {
            assert!(asked.iter().any(|question| question.contains(&part)), "{part}");
        }
        let keys: BTreeSet<&str> =
            asked.iter().filter_map(|one| one.split_once("._domainkey")).map(|it| it.0).collect();
        assert!(keys.len() > 15, "every third domain has its own selector: {keys:?}");
    }

    #[tokio::test]
    async fn delivery_with_dane_asks_tlsa() {
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
        let played = |millis| Played { elapsed: Duration::from_millis(millis), ..Played::default() };
        let times = spread(&[played(3), played(1), played(2)]).map(|time| time.as_millis());
        assert_eq!(times, [2, 3, 3]);
    }
}
