//! What an authoritative server answers: zones and a query in, a response out. No clock, no chance, no state.
//!
//! May call: `zone`, `question`. RFC 1034 section 4.3.2 with wildcards (RFC 4592), DNAME (RFC 6672), negative answers
//! (RFC 2308), the RCODE at the end of a chain (RFC 6604) and EDNS (RFC 6891).

use std::sync::Arc;

use hickory_proto::op::{Edns, Message, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::CNAME;
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder};

use super::zone::Zone;

/// Aliases followed within a zone. BIND stops at 16; a loop in the zone's text must end.
const MAX_ALIASES: usize = 16;

/// What a server says it takes (RFC 6891 section 6.2.3), and sends at most: the value agreed on in 2020.
pub const EDNS_SIZE: u16 = 1232;

/// What a client without OPT takes (RFC 1035 section 2.3.4).
pub const PLAIN_SIZE: u16 = 512;

/// The zones that one server answers from.
#[derive(Clone, Debug, Default)]
pub struct Authority {
    zones: Vec<Arc<Zone>>,
}

impl Authority {
    /// A server of these zones.
    pub fn new(zones: Vec<Arc<Zone>>) -> Self {
        Self { zones }
    }

    /// The zones, in the order given.
    pub fn zones(&self) -> &[Arc<Zone>] {
        &self.zones
    }

    /// The whole response to a query, whatever its size; `encode` makes it fit.
    pub fn respond(&self, query: &Message) -> Message {
        let mut response = Message::response(query.metadata.id, query.metadata.op_code);
        response.metadata.recursion_desired = query.metadata.recursion_desired;
        response.add_queries(query.queries.iter().cloned());
        if query.edns.is_some() {
            let mut edns = Edns::new();
            edns.set_max_payload(EDNS_SIZE);
            response.set_edns(edns);
        }
        let [question] = query.queries.as_slice() else { return with_code(response, ResponseCode::FormErr) };
        if query.metadata.op_code != OpCode::Query {
            return with_code(response, ResponseCode::NotImp);
        }
        if query.edns.as_ref().is_some_and(|edns| edns.version() > 0) {
            return with_code(response, ResponseCode::BADVERS);
        }
        match self.zone_for(question) {
            Some(zone) if question.query_class() == DNSClass::IN => answer(&zone.clone(), question, response),
            _ => with_code(response, ResponseCode::Refused),
        }
    }

    /// The most specific zone served that holds the name. DS belongs to the parent (RFC 4035 section 3.1.4.1).
    fn zone_for(&self, question: &Query) -> Option<&Arc<Zone>> {
        let name = question.name();
        let holds = |zone: &&Arc<Zone>| zone.origin().zone_of(name);
        let deepest = |zones: &mut dyn Iterator<Item = &'_ Arc<Zone>>| {
            zones.max_by_key(|zone| zone.origin().iter().len()).cloned()
        };
        let parent = match question.query_type() {
            RecordType::DS => {
                deepest(&mut self.zones.iter().filter(holds).filter(|zone| zone.origin() != name))
            }
            _ => None,
        };
        let found = parent.or_else(|| deepest(&mut self.zones.iter().filter(holds)))?;
        self.zones.iter().find(|zone| zone.origin() == found.origin())
    }
}

fn with_code(mut response: Message, code: ResponseCode) -> Message {
    response.metadata.response_code = code;
    response
}

/// Answers from one zone, following aliases that stay within it.
fn answer(zone: &Zone, question: &Query, mut response: Message) -> Message {
    let mut name = question.name().to_lowercase();
    response.metadata.authoritative = true;
    for _ in 0..MAX_ALIASES {
        match look_up(zone, &name, question.query_type()) {
            Found::Answer(records) => {
                response.add_answers(records);
                return response;
            }
            Found::Alias { records, target } => {
                response.add_answers(records);
                name = target;
                if !zone.origin().zone_of(&name) {
                    return response;
                }
            }
            // After an alias the client goes on by itself; the delegation is not its question.
            Found::Delegation(_) if !response.answers.is_empty() => return response,
            Found::Delegation(servers) => return refer(zone, servers, response),
            Found::NoData => {
                response.add_authorities(zone.negative_soa());
                return response;
            }
            Found::NoName => {
                response.add_authorities(zone.negative_soa());
                return with_code(response, ResponseCode::NXDomain);
            }
            Found::TooLong => return with_code(response, ResponseCode::YXDomain),
        }
    }
    response
}

/// What a zone has for a name and type.
enum Found {
    Answer(Vec<Record>),
    Alias {
        records: Vec<Record>,
        target: Name,
    },
    Delegation(Vec<Record>),
    NoData,
    NoName,
    /// A DNAME made the name too long (RFC 6672 section 2.2).
    TooLong,
}

fn look_up(zone: &Zone, name: &Name, kind: RecordType) -> Found {
    if let Some(servers) = zone.cut_above(name) {
        let at_the_cut = servers.first().is_some_and(|record| &record.name == name);
        if !(at_the_cut && kind == RecordType::DS) {
            return Found::Delegation(servers.to_vec());
        }
    }
    if let Some(record) = zone.dname_above(name) {
        return redirect(record, name);
    }
    if zone.has_records(name) {
        return at_node(zone, name, name, kind);
    }
    if zone.exists(name) {
        return Found::NoData;
    }
    match zone.wildcard_for(name) {
        Some(wildcard) => at_node(zone, &wildcard, name, kind),
        None => Found::NoName,
    }
}

/// The records of a node, under the name asked for where the node is a wildcard.
fn at_node(zone: &Zone, node: &Name, asked: &Name, kind: RecordType) -> Found {
    let renamed = |records: &[Record]| -> Vec<Record> {
        let rename = |record: &Record| Record::from_rdata(asked.clone(), record.ttl, record.data.clone());
        records.iter().map(rename).collect()
    };
    if kind == RecordType::ANY {
        return Found::Answer(renamed(&zone.all(node)));
    }
    if let Some(records) = zone.set(node, kind) {
        return Found::Answer(renamed(records));
    }
    let alias = zone.set(node, RecordType::CNAME).and_then(|records| Some((records, records.first()?)));
    match alias {
        Some((records, Record { data: RData::CNAME(CNAME(target)), .. })) => {
            Found::Alias { records: renamed(records), target: target.to_lowercase() }
        }
        _ => Found::NoData,
    }
}

/// The DNAME and the CNAME made from it (RFC 6672 section 3.1).
fn redirect(record: &Record, name: &Name) -> Found {
    let Some(target) = dname_target(record) else { return Found::NoData };
    let kept = name.iter().len().saturating_sub(record.name.iter().len());
    let prefix = Name::from_labels(name.iter().take(kept));
    match prefix.and_then(|prefix| prefix.append_domain(&target)) {
        Ok(target) => {
            let alias = Record::from_rdata(name.clone(), record.ttl, RData::CNAME(CNAME(target.clone())));
            Found::Alias { records: vec![record.clone(), alias], target: target.to_lowercase() }
        }
        Err(_) => Found::TooLong,
    }
}

/// The target of a DNAME record; none where it is not one.
pub fn dname_target(record: &Record) -> Option<Name> {
    match &record.data {
        RData::Unknown { code: RecordType::DNAME, rdata } => {
            Name::read(&mut BinDecoder::new(&rdata.anything)).ok()
        }
        _ => None,
    }
}

/// A referral: NS in the authority section, the addresses that this zone knows of them in the additional one.
fn refer(zone: &Zone, servers: Vec<Record>, mut response: Message) -> Message {
    response.metadata.authoritative = false;
    for server in &servers {
        let RData::NS(target) = &server.data else { continue };
        let target = target.0.to_lowercase();
        for kind in [RecordType::A, RecordType::AAAA] {
            response.add_additionals(zone.set(&target, kind).unwrap_or_default().iter().cloned());
        }
    }
    response.add_authorities(servers);
    response
}

/// The octets of a response in at most `size`: too large, it is header, question, OPT and TC (RFC 2181 section 9).
/// Additional records are given up first, as they are no part of the answer. None where it cannot be encoded.
pub fn encode(response: &Message, size: usize) -> Option<Vec<u8>> {
    let whole = response.to_vec().ok()?;
    if whole.len() <= size {
        return Some(whole);
    }
    let mut lean = response.clone();
    lean.additionals.clear();
    let octets = lean.to_vec().ok()?;
    if octets.len() <= size && response.metadata.authoritative {
        return Some(octets);
    }
    response.truncate().to_vec().ok()
}

/// The size that a query over UDP allows its response.
pub fn datagram_size(query: &Message) -> usize {
    usize::from(
        query.edns.as_ref().map_or(PLAIN_SIZE, |edns| edns.max_payload().clamp(PLAIN_SIZE, EDNS_SIZE)),
    )
}

#[cfg(all(test, feature = "lab"))]
mod tests {
    use super::*;
    use crate::lab::zone_file::read_zone;
    use std::str::FromStr;

    const TEXT: &str = "
deep.ent A 127.0.0.9
*.wild A 127.0.0.8
host.wild TXT x
sub NS ns.sub
sub NS ns.other.
ns.sub A 127.0.0.2
loop1 CNAME loop2
loop2 CNAME loop1
www CNAME ns
out CNAME www.elsewhere.
gone CNAME nothing
old DNAME new
x.new A 127.0.0.7
";

    fn authority() -> Authority {
        let zone =
            |origin: &str, text: &str| Arc::new(read_zone(&Name::from_str(origin).unwrap(), text).unwrap());
        let soa = "@ 3600 SOA ns host 1 2 3 4 60\n@ NS ns\nns A 127.0.0.1\n";
        let big: String =
            ["a", "b", "c"].map(|letter| format!("big TXT \"{}\"\n", letter.repeat(250))).concat();
        Authority::new(vec![zone("example.", &format!("{soa}{TEXT}{big}")), zone("child.example.", soa)])
    }

    fn ask(name: &str, kind: RecordType) -> Message {
        let mut query = Message::query();
        query.add_query(Query::query(Name::from_str(name).unwrap(), kind));
        authority().respond(&query)
    }

    fn shape(message: &Message) -> (ResponseCode, bool, usize, usize, usize) {
        let metadata = message.metadata;
        let (answers, authorities) = (message.answers.len(), message.authorities.len());
        (metadata.response_code, metadata.authoritative, answers, authorities, message.additionals.len())
    }

    #[test]
    fn answers_as_rfc_1034_says() {
        use ResponseCode::{NXDomain, NoError, Refused};
        assert_eq!(shape(&ask("ns.example.", RecordType::A)), (NoError, true, 1, 0, 0));
        assert_eq!(shape(&ask("NS.Example.", RecordType::MX)), (NoError, true, 0, 1, 0));
        assert_eq!(shape(&ask("ent.example.", RecordType::A)), (NoError, true, 0, 1, 0));
        assert_eq!(shape(&ask("none.example.", RecordType::A)), (NXDomain, true, 0, 1, 0));
        assert_eq!(shape(&ask("x.sub.example.", RecordType::A)), (NoError, false, 0, 2, 1));
        assert_eq!(shape(&ask("sub.example.", RecordType::DS)), (NoError, true, 0, 1, 0));
        assert_eq!(shape(&ask("elsewhere.", RecordType::A)), (Refused, false, 0, 0, 0));
        assert_eq!(ask("child.example.", RecordType::SOA).answers[0].name.to_string(), "child.example.");
        assert_eq!(ask("none.example.", RecordType::A).authorities[0].ttl, 60);
    }

    #[test]
    fn follows_aliases_within_the_zone() {
        use ResponseCode::{NXDomain, NoError};
        assert_eq!(shape(&ask("www.example.", RecordType::A)), (NoError, true, 2, 0, 0));
        assert_eq!(shape(&ask("out.example.", RecordType::A)), (NoError, true, 1, 0, 0));
        assert_eq!(shape(&ask("gone.example.", RecordType::A)), (NXDomain, true, 1, 1, 0));
        assert_eq!(shape(&ask("x.old.example.", RecordType::A)), (NoError, true, 3, 0, 0));
        assert_eq!(ask("loop1.example.", RecordType::A).answers.len(), MAX_ALIASES);
    }

    #[test]
    fn wildcards_cover_what_does_not_exist() {
        use ResponseCode::NoError;
        let covered = ask("a.b.wild.example.", RecordType::A);
        assert_eq!(shape(&covered), (NoError, true, 1, 0, 0));
        assert_eq!(covered.answers[0].name.to_string(), "a.b.wild.example.");
        assert_eq!(shape(&ask("host.wild.example.", RecordType::A)), (NoError, true, 0, 1, 0));
        assert_eq!(
            shape(&ask("x.host.wild.example.", RecordType::A)),
            (ResponseCode::NXDomain, true, 0, 1, 0)
        );
    }

    #[test]
    fn too_large_is_truncated_to_the_question() {
        let mut query = Message::query();
        query.add_query(Query::query(Name::from_str("big.example.").unwrap(), RecordType::TXT));
        let response = authority().respond(&query);
        let octets = encode(&response, datagram_size(&query)).unwrap();
        let read = Message::from_vec(&octets).unwrap();
        assert!(read.metadata.truncation && read.answers.is_empty());
        let mut edns = Edns::new();
        edns.set_max_payload(4096);
        query.set_edns(edns);
        assert!(encode(&response, datagram_size(&query)).unwrap().len() > 512);
    }
}
