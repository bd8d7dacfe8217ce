//! Turns the correct response of a server into the response of a server with a certain fault. This module has the faults that concern whole
//! DNS messages.
//!
//! The functions are pure. Poisoned records (false data) have names of a bank and an address for documentation (RFC 5737), so that tests
//! recognise them and they harm nobody.

use hickory_proto::op::{Edns, Message, ResponseCode};
use hickory_proto::rr::rdata::{A, CNAME, NS, NULL, SOA};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};

use super::fault::{Fault, MixedCaseReply};
use dns::conduct::Transport;
use dns::question::wire_name;

/// The address in poisoned records.
pub const POISON: A = A::new(203, 0, 113, 66);

/// The address in the answers of a simulated load balancer.
const BALANCED: A = A::new(10, 0, 0, 80);

/// The name for which poisoned records give a false address.
pub(crate) const POISONED_NAME: &str = "www.bank.example.";

/// The victim of the attack NXNSAttack: it is flooded with queries for names without addresses.
pub(crate) const VICTIM: &str = "victim.example.";

/// The number of name servers without addresses in one referral of the attack NXNSAttack. The authors of the attack put some 135 into a
/// message; fewer have the same effect.
const NXNS_NAMES: usize = 60;

/// The name server in poisoned records.
const EVIL: &str = "ns.evil.example.";

/// The TTL of poisoned records in seconds: they would stay in a cache for long.
const LONG: u32 = 86_400;

/// A query to a server, and what is needed to change the correct response.
pub(super) struct TrueQuery<'a> {
    pub(super) query: &'a Message,
    /// The deepest zone of this server that contains the queried name.
    pub(super) origin: Name,
    pub(super) transport: Transport,
}

impl TrueQuery<'_> {
    fn name(&self) -> Name {
        self.query.queries.first().map(|question| question.name().to_lowercase()).unwrap_or_default()
    }

    /// Returns true if the name is below the apex of its zone. Some faults change only the answers about such names. Questions about the
    /// apex get correct answers, so that resolvers find the zone.
    fn is_below(&self) -> bool {
        self.origin.zone_of(&self.name()) && self.name() != self.origin
    }
}

/// Changes the correct response into that of a server with this fault.
pub(super) fn distort(fault: Fault, asked: &TrueQuery<'_>, response: &mut Message) {
    let query = asked.query;
    match fault {
        Fault::Refused => *response = bare(query, ResponseCode::Refused),
        Fault::ServFail => *response = bare(query, ResponseCode::ServFail),
        Fault::Denies => *response = denied(query),
        Fault::DeniesType(kind) if asks(query, kind) => *response = denied(query),
        Fault::Fails(kind) if asks(query, kind) => *response = bare(query, ResponseCode::ServFail),
        Fault::DanglingAlias(kind) if asks(query, kind) => dangle(asked, response),
        Fault::CatchAll => *response = denied_by(Name::root(), query),
        Fault::NoAa => response.metadata.authoritative = false,
        Fault::AddressForAll => *response = one_address(query),
        Fault::LameEmpty => *response = bare(query, ResponseCode::NoError),
        Fault::Recursive => {
            response.metadata.authoritative = false;
            response.metadata.recursion_available = true;
        }
        Fault::OffersRecursion => response.metadata.recursion_available = query.metadata.recursion_desired,
        Fault::NxdomainOnNoData if is_no_data(response) => {
            response.metadata.response_code = ResponseCode::NXDomain;
        }
        Fault::EmptyNoData if is_no_data(response) => *response = bare(query, ResponseCode::NoError),
        Fault::MixedCase(reply) if is_mixed_case(query) => *response = to_mixed_case(reply, asked),
        Fault::NoEdns if query.edns.is_some() => {
            *response = bare(query, ResponseCode::FormErr);
            response.edns = None;
        }
        Fault::NoEdns => response.edns = None,
        Fault::BadVers if query.edns.is_some() => *response = bare(query, ResponseCode::BADVERS),
        Fault::FormErrOnEdns if query.edns.is_some() => *response = bare(query, ResponseCode::FormErr),
        Fault::FormErrWithOpt => *response = bare(query, ResponseCode::FormErr),
        Fault::NotImp => {
            *response = bare(query, ResponseCode::NotImp);
            response.edns = None;
        }
        Fault::AlwaysTruncates | Fault::ManyRecords if asked.transport == Transport::Udp => {
            *response = response.truncate();
        }
        Fault::WrongId => response.metadata.id = response.metadata.id.wrapping_add(1),
        Fault::WrongQuestion => {
            for question in &mut response.queries {
                question.set_name(name("another.question.invalid."));
            }
        }
        Fault::TwoQuestions => {
            let again = response.queries.clone();
            response.add_queries(again);
        }
        Fault::FlipsCase => flip_case(response),
        Fault::Poisons => poison(response),
        Fault::ForeignGlue => {
            response.add_authority(name_server(asked.origin.clone(), POISONED_NAME));
            response.add_additional(poisonous(POISONED_NAME));
        }
        Fault::NoSoa => response.authorities.retain(|record| record.record_type() != RecordType::SOA),
        Fault::ChaosClass => every_record(response, |record| record.dns_class = DNSClass::CH),
        Fault::Ttl(seconds) => every_record(response, |record| record.ttl = seconds),
        Fault::MixedTtls => mix_ttls(response),
        _ => refer_elsewhere(fault, asked, response),
    }
}

fn denied_by(zone: Name, query: &Message) -> Message {
    let mut response = denied(query);
    let (server, mailbox) = (name("ns.hoster.invalid."), name("host.hoster.invalid."));
    let soa = SOA::new(server, mailbox, 1, 7_200, 900, 86_400, 300);
    response.add_authority(Record::from_rdata(zone, 300, RData::SOA(soa)));
    response
}

fn to_mixed_case(reply: MixedCaseReply, asked: &TrueQuery<'_>) -> Message {
    let mut denial = denied_by(asked.origin.clone(), asked.query);
    match reply {
        MixedCaseReply::NoData => denial.metadata.response_code = ResponseCode::NoError,
        MixedCaseReply::Nxdomain => {}
        MixedCaseReply::Refused => return bare(asked.query, ResponseCode::Refused),
        MixedCaseReply::Lame => return bare(asked.query, ResponseCode::NoError),
    }
    denial
}

/// Returns the address of a load balancer, whatever the query asks for.
fn one_address(query: &Message) -> Message {
    let mut response = bare(query, ResponseCode::NoError);
    response.metadata.authoritative = true;
    let owner = query.queries.first().map(|question| question.name().clone()).unwrap_or_default();
    response.add_answer(Record::from_rdata(owner, 300, RData::A(BALANCED)));
    response
}

/// Replaces the answer for an existing name by an alias of a name that does not exist.
fn dangle(asked: &TrueQuery<'_>, response: &mut Message) {
    if response.metadata.response_code == ResponseCode::NXDomain || !asked.is_below() {
        return;
    }
    *response = bare(asked.query, ResponseCode::NoError);
    response.metadata.authoritative = true;
    let target = asked.origin.prepend_label("gone").unwrap_or_default();
    response.add_answer(Record::from_rdata(asked.name(), 300, RData::CNAME(CNAME(target))));
}

pub(super) fn is_mixed_case(query: &Message) -> bool {
    query.queries.iter().any(|it| !it.name().eq_case(&it.name().to_lowercase()))
}

fn denied(query: &Message) -> Message {
    let mut response = bare(query, ResponseCode::NXDomain);
    response.metadata.authoritative = true;
    response
}

pub(super) fn asks(query: &Message, kind: RecordType) -> bool {
    query.queries.iter().any(|question| question.query_type() == kind)
}

fn is_no_data(response: &Message) -> bool {
    let head = &response.metadata;
    head.authoritative && head.response_code == ResponseCode::NoError && response.answers.is_empty()
}

fn refer_elsewhere(fault: Fault, asked: &TrueQuery<'_>, response: &mut Message) {
    let origin = &asked.origin;
    let parent = origin.base_name();
    let (servers, glue) = match fault {
        Fault::UpwardReferral => (vec![name_server(Name::root(), "a.root-servers.net.")], None),
        Fault::FakeUpwardReferral => {
            (vec![name_server(parent, EVIL), name_server(Name::root(), EVIL)], Some(poisonous(EVIL)))
        }
        Fault::SidewaysReferral => {
            let sibling = name("bank").append_domain(&parent).unwrap_or_default();
            (vec![name_server(sibling, EVIL)], Some(poisonous(EVIL)))
        }
        Fault::NsForNoData if is_no_data(response) => {
            (vec![name_server(origin.clone(), &format!("ns1.{origin}"))], None)
        }
        Fault::SelfReferral => {
            let server = format!("ns.{origin}");
            (vec![name_server(origin.clone(), &server)], Some(poisonous(&server)))
        }
        Fault::Idns if asked.is_below() => {
            (two_below(asked).map(|server| name_server(asked.name(), &server)).to_vec(), None)
        }
        Fault::Nxns if asked.is_below() => {
            let first = asked.name().iter().next().map(<[u8]>::len).unwrap_or_default();
            let servers = (0..NXNS_NAMES).map(|number| format!("n{number}-{first}.{VICTIM}"));
            (servers.map(|server| name_server(asked.name(), &server)).collect(), None)
        }
        Fault::RedirectsZone if asked.is_below() => {
            *response = bare(asked.query, ResponseCode::NoError);
            response.metadata.authoritative = true;
            let target =
                RData::Unknown { code: RecordType::DNAME, rdata: NULL::with(wire_name(&name(EVIL))) };
            response.add_answer(Record::from_rdata(origin.clone(), LONG, target));
            return;
        }
        Fault::EndlessAliases if asked.is_below() => {
            *response = bare(asked.query, ResponseCode::NoError);
            response.metadata.authoritative = true;
            let [target, _] = two_below(asked);
            let target = RData::CNAME(CNAME(name(&target)));
            response.add_answer(Record::from_rdata(asked.name(), LONG, target));
            return;
        }
        _ => return,
    };
    *response = bare(asked.query, ResponseCode::NoError);
    response.add_authorities(servers);
    response.add_additionals(glue);
}

/// Returns two other names in the same zone: the number in the first label is doubled, and 1 or 2 is added. So each name leads to two new
/// ones.
fn two_below(asked: &TrueQuery<'_>) -> [String; 2] {
    let asked_name = asked.name();
    let label = asked_name.iter().next().unwrap_or_default();
    let digits = label.iter().filter(|letter| letter.is_ascii_digit());
    let number = digits.fold(0_u64, |sum, digit| sum.wrapping_mul(10).wrapping_add(u64::from(digit & 15)));
    [1, 2].map(|more| format!("n{}.{}", number.wrapping_mul(2).wrapping_add(more), asked.origin))
}

pub(super) fn bare(query: &Message, code: ResponseCode) -> Message {
    let mut response = Message::response(query.metadata.id, query.metadata.op_code);
    response.metadata.response_code = code;
    response.metadata.recursion_desired = query.metadata.recursion_desired;
    response.add_queries(query.queries.iter().cloned());
    response.edns = query.edns.is_some().then(Edns::new);
    response
}

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap_or_default()
}

fn name_server(zone: Name, target: &str) -> Record {
    Record::from_rdata(zone, LONG, RData::NS(NS(name(target))))
}

fn poisonous(owner: &str) -> Record {
    Record::from_rdata(name(owner), LONG, RData::A(POISON))
}

fn every_record(response: &mut Message, change: impl Fn(&mut Record)) {
    let sections = [&mut response.answers, &mut response.authorities, &mut response.additionals];
    sections.into_iter().flatten().for_each(change);
}

/// Repeats each record of the answer section with half of its TTL, and doubles the TTL of the first record.
fn mix_ttls(response: &mut Message) {
    let mut again = response.answers.clone();
    for record in &mut again {
        record.ttl /= 2;
    }
    if let Some(first) = response.answers.first_mut() {
        first.ttl = first.ttl.saturating_mul(2);
    }
    response.add_answers(again);
}

/// Changes the case in the question of a response, like servers that answer in their own spelling.
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

/// Adds poisoned records: an answer for another name, a name server for `com.`, and its address.
fn poison(response: &mut Message) {
    if !response.answers.is_empty() {
        response.add_answer(poisonous(POISONED_NAME));
    }
    response.add_authority(name_server(name("com."), EVIL));
    response.add_additionals([poisonous(EVIL), poisonous(POISONED_NAME)]);
}
