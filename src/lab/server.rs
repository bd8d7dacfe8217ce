//! An authoritative server of the lab, with a round-trip time, and with faults that can be switched on and off.
//!
//! `respond` neither waits nor sends. It returns the messages that must arrive at the client, each with its source address and its delay;
//! the network in memory or the sockets deliver them (RFC 1035 section 4.2).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::Name;

use super::distort::{TrueQuery, asks, bare, distort, is_mixed_case};
use super::fault::Fault;
use super::log::{Log, Received};
use super::world::ServerPlan;
use super::{dnssec_faults, mangle};
use dns::clock::{Mono, micros};
use dns::conduct::Transport;
use dns::random::Random;
use zones::authority::Authority;

/// `Fault::LosesInBursts` causes one burst of losses in each interval of this length.
const BURST_INTERVAL: Duration = Duration::from_secs(8);

/// The path to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Distance {
    /// The round trip without jitter.
    pub round_trip: Duration,
    /// The largest random addition to the round trip, uniformly distributed.
    pub jitter: Duration,
    /// How many of a thousand UDP exchanges fail.
    pub loss_per_mille: u32,
}

impl Distance {
    /// Creates a path with a constant round trip and no losses.
    pub fn steady(round_trip: Duration) -> Self {
        Self { round_trip, jitter: Duration::ZERO, loss_per_mille: 0 }
    }

    /// Draws a round trip for one message.
    pub fn draw(&self, random: &Random) -> Duration {
        let jitter = u32::try_from(self.jitter.as_micros()).unwrap_or(u32::MAX);
        self.round_trip.saturating_add(Duration::from_micros(u64::from(random.below(jitter))))
    }
}

/// How and when a query is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    /// One of the server's addresses.
    pub to: IpAddr,
    /// The transport.
    pub transport: Transport,
    /// When the query is sent.
    pub at: Mono,
}

/// A message that arrives at the port of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// From sending the query to the arrival.
    pub delay: Duration,
    /// The source address.
    pub source: IpAddr,
    /// The message.
    pub octets: Vec<u8>,
}

/// An authoritative server of the lab.
#[derive(Debug)]
pub struct LabServer {
    name: Arc<str>,
    addresses: Vec<IpAddr>,
    authority: Mutex<Authority>,
    distance: Distance,
    faults: Mutex<Vec<Fault>>,
    /// The questions that the server has received, because some faults affect only the first query for each question.
    asked_once: Mutex<BTreeSet<(Name, u16)>>,
    log: Arc<Log>,
}

impl LabServer {
    /// Creates a server that answers from `authority`, and writes the received queries to `log`.
    pub fn new(plan: ServerPlan, authority: Authority, log: Arc<Log>) -> Self {
        Self {
            name: plan.name.into(),
            addresses: plan.addresses,
            authority: Mutex::new(authority),
            distance: plan.distance,
            faults: Mutex::new(plan.faults),
            asked_once: Mutex::default(),
            log,
        }
    }

    /// Returns the name without a final dot.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its addresses.
    pub fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }

    /// Returns the zones.
    pub fn authority(&self) -> Authority {
        self.authority.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the zones.
    pub fn set_authority(&self, authority: Authority) {
        *self.authority.lock().unwrap_or_else(PoisonError::into_inner) = authority;
    }

    /// Returns the distance: delay and loss on the network path to the server.
    pub fn distance(&self) -> Distance {
        self.distance
    }

    /// Returns the current faults.
    pub fn faults(&self) -> Vec<Fault> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces all faults.
    pub fn set_faults(&self, faults: &[Fault]) {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = faults.to_vec();
    }

    /// Returns true if the server has this fault now.
    pub fn has(&self, fault: Fault) -> bool {
        self.faults().contains(&fault)
    }

    /// Returns true if the server has none of the faults `Dead`, `Refused` and `ServFail`.
    pub fn is_sound(&self) -> bool {
        ![Fault::Dead, Fault::Refused, Fault::ServFail].iter().any(|fault| self.has(*fault))
    }

    /// Returns the messages that arrive at the client after the query `octets`. There are none if the server does not reply or cannot parse
    /// the query.
    pub fn respond(&self, octets: &[u8], sending: Sending, random: &Random) -> Vec<Delivery> {
        let Sending { to: address, transport, at } = sending;
        let Ok(query) = Message::from_vec(octets) else { return Vec::new() };
        self.note(&query, transport, at);
        let faults = self.faults();
        if self.is_silent(&query, sending, &faults, random) {
            return Vec::new();
        }
        let mut delay = self.distance.draw(random);
        let mut source = address;
        let authority = self.authority();
        let mut response = authority.respond(&query);
        let asked = TrueQuery { query: &query, origin: self.origin_of(&query), transport };
        for fault in &faults {
            match fault {
                Fault::Slow(late) => delay = delay.saturating_add(*late),
                Fault::SlowTcp(late) if transport == Transport::Tcp => delay = delay.saturating_add(*late),
                Fault::SlowFirstZone(late) if self.is_of_first_zone(&query) => {
                    delay = delay.saturating_add(*late);
                }
                Fault::WrongSource => source = mangle::other_address(address),
                Fault::ServFailFirst if self.is_first(&query) => {
                    response = bare(&query, ResponseCode::ServFail);
                }
                Fault::RefusedFirst if self.is_first(&query) => {
                    response = bare(&query, ResponseCode::Refused)
                }
                Fault::RefusesSome(share) if random.below(1000) < *share => {
                    response = bare(&query, ResponseCode::Refused);
                }
                Fault::FailsSome(share) if random.below(1000) < *share => {
                    response = bare(&query, ResponseCode::ServFail);
                }
                Fault::NxdomainOnEmptyNonTerminals => self.deny_empty_non_terminal(&query, &mut response),
                _ => {
                    distort(*fault, &asked, &mut response);
                    dnssec_faults::distort(*fault, &authority, &query, &mut response);
                }
            }
        }
        let truth = mangle::octets(&faults, &query, &response, transport).map(|octets| Delivery {
            delay,
            source,
            octets,
        });
        mangle::forgeries(&faults, &query, delay, address).into_iter().chain(truth).collect()
    }

    /// Returns the apex of the deepest zone that contains the name in the question, or the root.
    fn origin_of(&self, query: &Message) -> Name {
        let Some(question) = query.queries.first() else { return Name::root() };
        let authority = self.authority();
        let origins = authority.zones().iter().map(|zone| zone.origin());
        let holding = origins.filter(|origin| origin.zone_of(question.name()));
        holding.max_by_key(|origin| origin.num_labels()).cloned().unwrap_or_default()
    }

    fn is_of_first_zone(&self, query: &Message) -> bool {
        self.authority().zones().first().is_some_and(|zone| *zone.origin() == self.origin_of(query))
    }

    /// Returns true if a fault or a lost packet prevents an answer.
    fn is_silent(&self, query: &Message, sending: Sending, faults: &[Fault], random: &Random) -> bool {
        let transport = sending.transport;
        let lost = transport == Transport::Udp && random.below(1000) < self.distance.loss_per_mille;
        let silences = |fault: &Fault| match fault {
            Fault::Dead => true,
            Fault::MuteTcp | Fault::DripsTcp => transport == Transport::Tcp,
            Fault::DropsEdns => query.edns.is_some(),
            Fault::DropsMixedCase => is_mixed_case(query),
            Fault::DropsFirstZone => self.is_of_first_zone(query),
            Fault::DropsOtherZones => {
                self.authority().zones().last().is_some_and(|zone| *zone.origin() != self.origin_of(query))
            }
            Fault::Drops(kind) => asks(query, *kind),
            Fault::DropsOverUdp(kind) => transport == Transport::Udp && asks(query, *kind),
            Fault::LosesInBursts(length) => transport == Transport::Udp && is_in_burst(sending, *length),
            Fault::LosesFirst => transport == Transport::Udp && self.is_first(query),
            Fault::AnswersFirst => !self.is_first(query),
            _ => false,
        };
        lost || faults.iter().any(silences)
    }

    /// Returns true for the first query for a question.
    fn is_first(&self, query: &Message) -> bool {
        let mut asked = self.asked_once.lock().unwrap_or_else(PoisonError::into_inner);
        let question = query.queries.first();
        question.is_some_and(|it| asked.insert((it.name().to_lowercase(), it.query_type().into())))
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

    /// If the name in a response exists only because of names below it, makes the response an NXDOMAIN, like rbldnsd before version 1.0.
    fn deny_empty_non_terminal(&self, query: &Message, response: &mut Message) {
        let Some(question) = query.queries.first() else { return };
        let name = question.name().to_lowercase();
        let is_empty = |zone: &&Arc<zones::zone::Zone>| zone.exists(&name) && !zone.has_records(&name);
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

/// Returns true if the query is sent during a burst of losses of this length.
fn is_in_burst(sending: Sending, length: Duration) -> bool {
    let octets = match sending.to {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    // The factors are primes, so that the bursts of neighbouring addresses begin at different times.
    let begins = octets.iter().fold(0_u64, |sum, octet| sum.wrapping_mul(31).wrapping_add(u64::from(*octet)));
    let interval = micros(BURST_INTERVAL);
    (sending.at.as_micros().wrapping_add(begins.wrapping_mul(1_299_709))) % interval < micros(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone_file::read_zone;
    use hickory_proto::op::{Edns, Query};
    use hickory_proto::rr::{DNSClass, RecordType};
    use std::str::FromStr;

    const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 1));

    fn server() -> LabServer {
        let text = "@ SOA ns host 1 2 3 4 5\n@ NS ns\nns A 127.0.0.1\ndeep.ent A 127.0.0.2\n";
        let zone = read_zone(&Name::from_str("example.").unwrap(), text).unwrap();
        let mut plan = ServerPlan::new("ns.example", vec![ADDRESS]);
        plan.distance = Distance::steady(Duration::from_millis(20));
        LabServer::new(plan, Authority::new(vec![Arc::new(zone)]), Arc::default())
    }

    fn sending(transport: Transport) -> Sending {
        Sending { to: ADDRESS, transport, at: Mono::START }
    }

    fn ask(
        server: &LabServer,
        name: &str,
        faults: &[Fault],
        transport: Transport,
    ) -> Vec<(Delivery, Message)> {
        server.set_faults(faults);
        let mut query = Message::query();
        query.metadata.id = 7;
        query.add_query(Query::query(Name::from_str(name).unwrap(), RecordType::A)).set_edns(Edns::new());
        let octets = query.to_vec().unwrap();
        let deliveries = server.respond(&octets, sending(transport), &Random::seeded(1));
        let read = |delivery: Delivery| (delivery.clone(), Message::from_vec(&delivery.octets).unwrap());
        deliveries.into_iter().map(read).collect()
    }

    fn one(fault: Fault, name: &str) -> (Delivery, Message) {
        ask(&server(), name, &[fault], Transport::Udp).remove(0)
    }

    #[test]
    fn silent_faults_are_logged() {
        let server = server();
        assert!(ask(&server, "ns.example.", &[Fault::Dead], Transport::Udp).is_empty());
        assert!(ask(&server, "ns.example.", &[Fault::DropsEdns], Transport::Udp).is_empty());
        assert!(ask(&server, "ns.example.", &[Fault::MuteTcp], Transport::Tcp).is_empty());
        assert_eq!(ask(&server, "ns.example.", &[Fault::DripsTcp], Transport::Udp).len(), 1);
        let log: Vec<String> = server.log.received().iter().map(ToString::to_string).collect();
        assert_eq!(
            log,
            [
                "ns.example ns.example. A",
                "ns.example ns.example. A",
                "ns.example ns.example. A tcp",
                "ns.example ns.example. A"
            ]
        );
        assert_eq!(server.log.count("ns.example"), 4);
    }

    #[test]
    fn each_fault_distorts_as_it_says() {
        let code = |fault| one(fault, "ns.example.").1.metadata.response_code;
        assert_eq!(code(Fault::Refused), ResponseCode::Refused);
        assert_eq!(code(Fault::ServFail), ResponseCode::ServFail);
        assert_eq!(code(Fault::NoEdns), ResponseCode::FormErr);
        assert_eq!(u16::from(code(Fault::BadVers)), u16::from(ResponseCode::BADVERS));
        assert_eq!(code(Fault::NotImp), ResponseCode::NotImp);
        assert!(one(Fault::FormErrWithOpt, "ns.example.").1.edns.is_some());
        assert!(one(Fault::UpwardReferral, "ns.example.").1.authorities[0].name.is_root());
        assert_eq!(one(Fault::WrongId, "ns.example.").1.metadata.id, 8);
        assert!(
            one(Fault::WrongQuestion, "ns.example.").1.queries[0].name().to_string()
                == "another.question.invalid."
        );
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
    fn hostile_faults_do_as_they_say() {
        let name = "ns.example.";
        assert_eq!(one(Fault::ChaosClass, name).1.answers[0].dns_class, DNSClass::CH);
        assert_eq!(one(Fault::Ttl(7), name).1.answers[0].ttl, 7);
        assert_eq!(one(Fault::MixedTtls, name).1.answers.len(), 2);
        assert_eq!(one(Fault::TwoQuestions, name).1.queries.len(), 2);
        assert!(one(Fault::NoSoa, "none.example.").1.authorities.is_empty());
        let referred = |fault| one(fault, name).1.authorities;
        assert_eq!(referred(Fault::SidewaysReferral)[0].name.to_string(), "bank.");
        assert_eq!(referred(Fault::SelfReferral)[0].name.to_string(), "example.");
        assert!(referred(Fault::FakeUpwardReferral)[0].name.is_root());
        assert_eq!((referred(Fault::Idns).len(), referred(Fault::ForeignGlue).len()), (2, 1));
        let alias = one(Fault::EndlessAliases, "n3.example.").1.answers.remove(0);
        assert_eq!(alias.data.to_string(), "n7.example.");
        let over = |fault, transport| ask(&server(), name, &[fault], transport);
        assert_eq!(over(Fault::Nxns, Transport::Tcp)[0].1.authorities.len(), 60);
        assert_eq!(over(Fault::Flood(60), Transport::Udp).len(), 61);
        assert!(over(Fault::ManyRecords, Transport::Udp)[0].1.metadata.truncation);
        assert!(over(Fault::ManyRecords, Transport::Tcp)[0].1.answers.len() > 4_000);
    }

    #[test]
    fn mangled_replies_have_expected_length() {
        let octets = |fault, transport| {
            let server = server();
            server.set_faults(&[fault]);
            let mut query = Message::query();
            query.add_query(Query::query(Name::from_str("ns.example.").unwrap(), RecordType::A));
            let query = query.to_vec().unwrap();
            server.respond(&query, sending(transport), &Random::seeded(1)).remove(0).octets
        };
        let whole = octets(Fault::NoEdns, Transport::Udp).len();
        assert_eq!(octets(Fault::HalfAnswer, Transport::Udp).len(), whole / 2);
        for (transport, size) in [(Transport::Udp, 512), (Transport::Tcp, 65_535)] {
            let bomb = octets(Fault::PointerBomb, transport);
            assert!((size - 16..=size).contains(&bomb.len()), "{} octets", bomb.len());
            assert!(dns::wire::pointers::run_on(&bomb));
        }
    }

    #[test]
    fn loss_bursts_recur() {
        let server = server();
        server.set_faults(&[Fault::LosesInBursts(Duration::from_secs(2))]);
        let mut query = Message::query();
        query.add_query(Query::query(Name::from_str("ns.example.").unwrap(), RecordType::A));
        let octets = query.to_vec().unwrap();
        let at = |seconds| Mono::START.after(Duration::from_secs(seconds));
        let sending = |seconds| Sending { at: at(seconds), ..sending(Transport::Udp) };
        let is_lost = |seconds| server.respond(&octets, sending(seconds), &Random::seeded(1)).is_empty();
        let lost: Vec<u64> = (0..16).filter(|seconds| is_lost(*seconds)).collect();
        assert_eq!(lost.len(), 4, "{lost:?}");
        assert_eq!(lost[0] + 8, lost[2], "{lost:?}");
    }

    #[test]
    fn loss_is_about_what_was_said() {
        let mut server = server();
        server.distance.loss_per_mille = 250;
        let random = Random::seeded(3);
        let mut query = Message::query();
        query.add_query(Query::query(Name::from_str("ns.example.").unwrap(), RecordType::A));
        let octets = query.to_vec().unwrap();
        let arrived =
            (0..1000).filter(|_| !server.respond(&octets, sending(Transport::Udp), &random).is_empty());
        assert!((680..820).contains(&arrived.count()));
    }
}
