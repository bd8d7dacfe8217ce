//! A lab server: an authority at a distance, with faults that can be switched while it runs.
//!
//! May call: `authority`, `fault`, `log`, `clock`, `random`. `respond` neither waits nor sends: it says what would
//! arrive, from where and how much later; the networks do the rest. RFC 1035 section 4.2 for the transports.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::rdata::{A, NS};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use crate::clock::Mono;
use crate::random::Random;
use crate::record::event::Transport;

use super::fault::Fault;
use super::log::{Log, Received};
use crate::zones::authority::{Authority, datagram_size, encode};

/// What a message over TCP may hold (RFC 1035 section 4.2.2: a length of 16 bits).
const STREAM_SIZE: usize = 65_535;

/// Where the poison points: a documentation address (RFC 5737), so that nobody is hurt by it.
pub const POISON: A = A::new(203, 0, 113, 66);

/// What a load balancer answers with.
const BALANCED: A = A::new(10, 0, 0, 80);

/// Whose name the poison takes.
pub const POISONED_NAME: &str = "www.bank.example.";

/// How far away a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Distance {
    /// There and back.
    pub round_trip: Duration,
    /// At most this much more, evenly distributed.
    pub jitter: Duration,
    /// Datagrams lost of a thousand, there or back.
    pub loss_per_mille: u32,
}

impl Distance {
    /// A steady distance: no jitter, no loss.
    pub fn steady(round_trip: Duration) -> Self {
        Self { round_trip, jitter: Duration::ZERO, loss_per_mille: 0 }
    }

    /// The round trip of one message.
    pub fn draw(&self, random: &Random) -> Duration {
        let jitter = u32::try_from(self.jitter.as_micros()).unwrap_or(u32::MAX);
        self.round_trip.saturating_add(Duration::from_micros(u64::from(random.below(jitter))))
    }
}

/// Something that arrives at the client's port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// How long after the query was sent.
    pub delay: Duration,
    /// Where it says it came from.
    pub source: IpAddr,
    /// The message.
    pub octets: Vec<u8>,
}

/// A server of the lab.
#[derive(Debug)]
pub struct Server {
    name: Arc<str>,
    addresses: Vec<IpAddr>,
    authority: Mutex<Authority>,
    distance: Distance,
    faults: Mutex<Vec<Fault>>,
    /// Questions of which a first datagram was lost, for `Fault::LosesFirst`.
    lost: Mutex<BTreeSet<(Name, u16)>>,
    log: Arc<Log>,
}

impl Server {
    /// A server of `authority`'s zones at `addresses`, which notes what it is asked in `log`.
    pub fn new(
        name: &str,
        addresses: Vec<IpAddr>,
        authority: Authority,
        distance: Distance,
        log: Arc<Log>,
    ) -> Self {
        Self {
            name: name.into(),
            addresses,
            authority: Mutex::new(authority),
            distance,
            faults: Mutex::default(),
            lost: Mutex::default(),
            log,
        }
    }

    /// Its name, without a final dot.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its addresses.
    pub fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }

    /// What it answers from.
    pub fn authority(&self) -> Authority {
        self.authority.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces what it answers from.
    pub fn set_authority(&self, authority: Authority) {
        *self.authority.lock().unwrap_or_else(PoisonError::into_inner) = authority;
    }

    /// How far away it is.
    pub fn distance(&self) -> Distance {
        self.distance
    }

    /// What is wrong with it now.
    pub fn faults(&self) -> Vec<Fault> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces what is wrong with it; nothing mends it.
    pub fn set_faults(&self, faults: &[Fault]) {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = faults.to_vec();
    }

    /// Whether this is wrong with it now.
    pub fn has(&self, fault: Fault) -> bool {
        self.faults().contains(&fault)
    }

    /// What arrives after `octets` were sent to `address`, one of its own, at `at`. Nothing where it stays silent or
    /// cannot read the message.
    pub fn respond(
        &self,
        address: IpAddr,
        octets: &[u8],
        transport: Transport,
        at: Mono,
        random: &Random,
    ) -> Vec<Delivery> {
        let Ok(query) = Message::from_vec(octets) else { return Vec::new() };
        self.note(&query, transport, at);
        let faults = self.faults();
        if self.is_silent(&query, transport, &faults, random) {
            return Vec::new();
        }
        let mut delay = self.distance.draw(random);
        let mut source = address;
        let mut response = self.authority().respond(&query);
        for fault in &faults {
            match fault {
                Fault::Slow(late) => delay = delay.saturating_add(*late),
                Fault::WrongSource => source = other_address(address),
                Fault::NxdomainOnEmptyNonTerminals => self.deny_empty_non_terminal(&query, &mut response),
                _ => distort(*fault, &query, transport, &mut response),
            }
        }
        let size = if transport == Transport::Udp { datagram_size(&query) } else { STREAM_SIZE };
        let truth = encode(&response, size).map(|octets| Delivery { delay, source, octets });
        let forged = faults.contains(&Fault::Forged).then(|| forgery(&query, delay / 2, address)).flatten();
        forged.into_iter().chain(truth).collect()
    }

    /// Whether the query gets no answer at all.
    fn is_silent(&self, query: &Message, transport: Transport, faults: &[Fault], random: &Random) -> bool {
        let lost = transport == Transport::Udp && random.below(1000) < self.distance.loss_per_mille;
        lost || faults.iter().any(|fault| match fault {
            Fault::Dead => true,
            Fault::DropsEdns => query.edns.is_some(),
            Fault::LosesFirst => transport == Transport::Udp && self.loses(query),
            _ => false,
        })
    }

    /// Whether this is the first datagram of its question.
    fn loses(&self, query: &Message) -> bool {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        let question = query.queries.first();
        question.is_some_and(|it| lost.insert((it.name().to_lowercase(), it.query_type().into())))
    }

    fn note(&self, query: &Message, transport: Transport, at: Mono) {
        let Some(question) = query.queries.first() else { return };
        self.log.note(Received {
            at,
            server: self.name.clone(),
            name: question.name().clone(),
            kind: question.query_type(),
            transport,
            edns: query.edns.is_some(),
        });
    }

    /// rbldnsd before 1.0: a name that exists only through names below it is said not to exist.
    fn deny_empty_non_terminal(&self, query: &Message, response: &mut Message) {
        let Some(question) = query.queries.first() else { return };
        let name = question.name().to_lowercase();
        let is_empty = |zone: &&Arc<crate::zones::zone::Zone>| zone.exists(&name) && !zone.has_records(&name);
        let empty = self
            .authority()
            .zones()
            .iter()
            .filter(|zone| zone.origin().zone_of(&name))
            .any(|zone| is_empty(&zone));
        if empty && response.answers.is_empty() && response.metadata.authoritative {
            response.metadata.response_code = ResponseCode::NXDomain;
        }
    }
}

/// Changes a response as a fault does that needs no more than the messages.
fn distort(fault: Fault, query: &Message, transport: Transport, response: &mut Message) {
    match fault {
        Fault::Refused => *response = bare(query, ResponseCode::Refused),
        Fault::ServFail => *response = bare(query, ResponseCode::ServFail),
        Fault::Denies => {
            *response = bare(query, ResponseCode::NXDomain);
            response.metadata.authoritative = true;
        }
        Fault::NoAa => response.metadata.authoritative = false,
        Fault::AddressForAll => {
            *response = bare(query, ResponseCode::NoError);
            response.metadata.authoritative = true;
            let owner = query.queries.first().map(|question| question.name().clone()).unwrap_or_default();
            response.add_answer(Record::from_rdata(owner, 300, RData::A(BALANCED)));
        }
        Fault::LameEmpty => *response = bare(query, ResponseCode::NoError),
        Fault::UpwardReferral => {
            *response = bare(query, ResponseCode::NoError);
            response.add_authority(name_server(Name::root(), "a.root-servers.net."));
        }
        Fault::NoEdns if query.edns.is_some() => {
            *response = bare(query, ResponseCode::FormErr);
            response.edns = None;
        }
        Fault::NoEdns => response.edns = None,
        Fault::AlwaysTruncates if transport == Transport::Udp => *response = response.truncate(),
        Fault::WrongId => response.metadata.id = response.metadata.id.wrapping_add(1),
        Fault::WrongQuestion => {
            for question in &mut response.queries {
                question.set_name(wrong_name());
            }
        }
        Fault::FlipsCase => flip_case(response),
        Fault::Poisons => poison(response),
        _ => {}
    }
}

/// A response without records.
fn bare(query: &Message, code: ResponseCode) -> Message {
    let mut response = Message::response(query.metadata.id, query.metadata.op_code);
    response.metadata.response_code = code;
    response.metadata.recursion_desired = query.metadata.recursion_desired;
    response.add_queries(query.queries.iter().cloned());
    response.edns = query.edns.is_some().then(hickory_proto::op::Edns::new);
    response
}

fn wrong_name() -> Name {
    Name::from_ascii("another.question.invalid.").unwrap_or_default()
}

fn name_server(zone: Name, target: &str) -> Record {
    Record::from_rdata(zone, 3600, RData::NS(NS(Name::from_ascii(target).unwrap_or_default())))
}

/// The question in the other case, as servers do that answer from their own spelling.
fn flip_case(response: &mut Message) {
    for question in &mut response.queries {
        let text: String = question.name().to_ascii().chars().map(other_case).collect();
        if let Ok(name) = Name::from_ascii(text) {
            question.set_name(name);
        }
    }
}

fn other_case(letter: char) -> char {
    if letter.is_ascii_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }
}

/// Adds what the server has no authority for: an answer, a server of `com.` and its address.
fn poison(response: &mut Message) {
    let bank = Name::from_ascii(POISONED_NAME).unwrap_or_default();
    let evil = Name::from_ascii("ns.evil.example.").unwrap_or_default();
    let com = Name::from_ascii("com.").unwrap_or_default();
    if !response.answers.is_empty() {
        response.add_answer(Record::from_rdata(bank.clone(), 86_400, RData::A(POISON)));
    }
    response.add_authority(name_server(com, "ns.evil.example."));
    response.add_additional(Record::from_rdata(evil, 86_400, RData::A(POISON)));
    response.add_additional(Record::from_rdata(bank, 86_400, RData::A(POISON)));
}

/// What somebody off the path sends who can guess everything but the id.
fn forgery(query: &Message, delay: Duration, source: IpAddr) -> Option<Delivery> {
    let mut forged = bare(query, ResponseCode::NoError);
    forged.metadata.id = query.metadata.id.wrapping_add(1);
    forged.metadata.authoritative = true;
    let question = query.queries.first()?;
    if question.query_type() == RecordType::A {
        forged.add_answer(Record::from_rdata(question.name().clone(), 86_400, RData::A(POISON)));
    }
    Some(Delivery { delay, source, octets: forged.to_vec().ok()? })
}

/// An address next to this one, which nobody was asked at.
fn other_address(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => IpAddr::V4((u32::from(address) ^ 1).into()),
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) ^ 1).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::zone_file::read_zone;
    use hickory_proto::op::{Edns, Query};
    use std::str::FromStr;

    const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 1));

    fn server() -> Server {
        let text = "@ SOA ns host 1 2 3 4 5\n@ NS ns\nns A 127.0.0.1\ndeep.ent A 127.0.0.2\n";
        let zone = read_zone(&Name::from_str("example.").unwrap(), text).unwrap();
        let distance = Distance::steady(Duration::from_millis(20));
        Server::new(
            "ns.example",
            vec![ADDRESS],
            Authority::new(vec![Arc::new(zone)]),
            distance,
            Arc::default(),
        )
    }

    fn ask(server: &Server, name: &str, faults: &[Fault], transport: Transport) -> Vec<(Delivery, Message)> {
        server.set_faults(faults);
        let mut query = Message::query();
        query.metadata.id = 7;
        query.add_query(Query::query(Name::from_str(name).unwrap(), RecordType::A)).set_edns(Edns::new());
        let octets = query.to_vec().unwrap();
        let deliveries = server.respond(ADDRESS, &octets, transport, Mono::START, &Random::seeded(1));
        let read = |delivery: Delivery| (delivery.clone(), Message::from_vec(&delivery.octets).unwrap());
        deliveries.into_iter().map(read).collect()
    }

    fn one(fault: Fault, name: &str) -> (Delivery, Message) {
        ask(&server(), name, &[fault], Transport::Udp).remove(0)
    }

    #[test]
    fn silent_faults_are_silent_and_the_log_knows() {
        let server = server();
        assert!(ask(&server, "ns.example.", &[Fault::Dead], Transport::Udp).is_empty());
        assert!(ask(&server, "ns.example.", &[Fault::DropsEdns], Transport::Udp).is_empty());
        assert_eq!(ask(&server, "ns.example.", &[], Transport::Tcp).len(), 1);
        let log: Vec<String> = server.log.received().iter().map(ToString::to_string).collect();
        assert_eq!(
            log,
            ["ns.example ns.example. A", "ns.example ns.example. A", "ns.example ns.example. A tcp"]
        );
        assert_eq!(server.log.count("ns.example"), 3);
    }

    #[test]
    fn each_fault_distorts_as_it_says() {
        let code = |fault| one(fault, "ns.example.").1.metadata.response_code;
        assert_eq!(code(Fault::Refused), ResponseCode::Refused);
        assert_eq!(code(Fault::ServFail), ResponseCode::ServFail);
        assert_eq!(code(Fault::NoEdns), ResponseCode::FormErr);
        assert!(one(Fault::UpwardReferral, "ns.example.").1.authorities[0].name.is_root());
        assert_eq!(one(Fault::WrongId, "ns.example.").1.metadata.id, 8);
        assert!(one(Fault::WrongQuestion, "ns.example.").1.queries[0].name() == &wrong_name());
        assert_ne!(one(Fault::WrongSource, "ns.example.").0.source, ADDRESS);
        assert!(one(Fault::AlwaysTruncates, "ns.example.").1.metadata.truncation);
        assert_eq!(one(Fault::FlipsCase, "ns.example.").1.queries[0].name().to_ascii(), "NS.EXAMPLE.");
        assert_eq!(
            one(Fault::Slow(Duration::from_secs(1)), "ns.example.").0.delay,
            Duration::from_millis(1020)
        );
        let entry = Fault::NxdomainOnEmptyNonTerminals;
        assert_eq!(one(entry, "ent.example.").1.metadata.response_code, ResponseCode::NXDomain);
        assert_eq!(one(Fault::Poisons, "ns.example.").1.answers.len(), 2);
        assert_eq!(ask(&server(), "ns.example.", &[Fault::Forged], Transport::Udp).len(), 2);
    }

    #[test]
    fn loss_is_about_what_was_said() {
        let mut server = server();
        server.distance.loss_per_mille = 250;
        let random = Random::seeded(3);
        let mut query = Message::query();
        query.add_query(Query::query(Name::from_str("ns.example.").unwrap(), RecordType::A));
        let octets = query.to_vec().unwrap();
        let arrived = (0..1000)
            .filter(|_| !server.respond(ADDRESS, &octets, Transport::Udp, Mono::START, &random).is_empty());
        assert!((680..820).contains(&arrived.count()));
    }
}
