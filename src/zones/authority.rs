//! The responses of an authoritative server, computed only from its zones and the query.
//!
//! The algorithm is that of RFC 1034 section 4.3.2 with wildcards (RFC 4592), DNAME (RFC 6672), negative answers (RFC 2308), the RCODE for
//! the last name of an alias chain (RFC 6604), EDNS (RFC 6891), and signatures and proofs for DO (RFC 4035 section 3.1).

use std::sync::Arc;

use hickory_proto::op::{Edns, Message, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::CNAME;
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder};

use super::denial;
use super::zone::Zone;
use crate::limits::MAX_ALIASES_IN_ZONE;

/// The largest UDP response that a server offers (RFC 6891 section 6.2.3) and sends, in octets: the value of DNS flag day 2020.
pub(crate) const EDNS_SIZE: u16 = 1232;

/// The largest UDP response that a client without an OPT record accepts, in octets (RFC 1035 section 2.3.4).
pub(crate) const PLAIN_SIZE: u16 = 512;

/// The zones that one authoritative server serves.
#[derive(Clone, Debug, Default)]
pub struct Authority {
    zones: Vec<Arc<Zone>>,
}

impl Authority {
    /// Creates a server of these zones.
    pub fn new(zones: Vec<Arc<Zone>>) -> Self {
        Self { zones }
    }

    /// Returns the zones, in the order in which they were given.
    pub fn zones(&self) -> &[Arc<Zone>] {
        &self.zones
    }

    /// Returns the complete response to a query. `encode` shortens it to the size of a datagram.
    pub fn respond(&self, query: &Message) -> Message {
        let mut response = Message::response(query.metadata.id, query.metadata.op_code);
        response.metadata.recursion_desired = query.metadata.recursion_desired;
        response.add_queries(query.queries.iter().cloned());
        if query.edns.is_some() {
            let mut edns = Edns::new();
            edns.set_max_payload(EDNS_SIZE).set_dnssec_ok(wants_dnssec(query));
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
            Some(zone) if question.query_class() == DNSClass::IN => {
                Search { zone, dnssec: wants_dnssec(query) }.answer(question, response)
            }
            _ => with_code(response, ResponseCode::Refused),
        }
    }

    /// Returns the zone with the longest name that contains the queried name. DS records belong to the parent zone (RFC 4035 section
    /// 3.1.4.1).
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

/// Returns true if a query has the DO flag (RFC 3225).
fn wants_dnssec(query: &Message) -> bool {
    query.edns.as_ref().is_some_and(|edns| edns.flags().dnssec_ok)
}

/// What a zone contains for a name and type. `proof` is empty without DO, or if the zone is not signed.
enum ZoneData {
    Answer {
        records: Vec<Record>,
        proof: Vec<Record>,
    },
    Alias {
        records: Vec<Record>,
        proof: Vec<Record>,
        target: Name,
    },
    /// The name is at or below this zone cut, so the answer is a referral.
    Delegation(Name),
    NoData(Vec<Record>),
    NoName(Vec<Record>),
    /// A DNAME would make the name too long (RFC 6672 section 2.2).
    TooLong(Vec<Record>),
}

struct Search<'a> {
    zone: &'a Zone,
    dnssec: bool,
}

impl Search<'_> {
    /// Completes the response. Follows aliases whose targets are in the same zone.
    fn answer(&self, question: &Query, mut response: Message) -> Message {
        let mut name = question.name().to_lowercase();
        response.metadata.authoritative = true;
        for _ in 0..MAX_ALIASES_IN_ZONE {
            match self.look_up(&name, question.query_type()) {
                ZoneData::Answer { records, proof } => {
                    response.add_answers(records);
                    response.add_authorities(proof);
                    return response;
                }
                ZoneData::Alias { records, proof, target } => {
                    response.add_answers(records);
                    response.add_authorities(proof);
                    name = target;
                    if !self.zone.origin().zone_of(&name) {
                        return response;
                    }
                }
                // The client itself asks for the target of an alias in a delegated zone, so no referral is sent.
                ZoneData::Delegation(_) if !response.answers.is_empty() => return response,
                ZoneData::Delegation(cut) => return self.refer(&cut, response),
                ZoneData::NoData(proof) => return self.deny(proof, response),
                ZoneData::NoName(proof) => {
                    return with_code(self.deny(proof, response), ResponseCode::NXDomain);
                }
                ZoneData::TooLong(records) => {
                    response.add_answers(records);
                    return with_code(response, ResponseCode::YXDomain);
                }
            }
        }
        response
    }

    fn look_up(&self, name: &Name, kind: RecordType) -> ZoneData {
        let zone = self.zone;
        if let Some(server) = zone.cut_above(name).and_then(<[Record]>::first) {
            let at_the_cut = &server.name == name;
            if !(at_the_cut && kind == RecordType::DS) {
                return ZoneData::Delegation(server.name.clone());
            }
        }
        if let Some(record) = zone.dname_above(name) {
            return self.redirect(record, name);
        }
        if zone.has_records(name) {
            return self.at_node(name, name, kind);
        }
        if zone.exists(name) {
            return ZoneData::NoData(self.proof(|| denial::no_data(zone, name)));
        }
        match zone.wildcard_for(name) {
            Some(wildcard) => self.at_node(&wildcard, name, kind),
            None => ZoneData::NoName(self.proof(|| denial::no_name(zone, name))),
        }
    }

    fn proof(&self, make: impl FnOnce() -> Vec<Record>) -> Vec<Record> {
        if self.dnssec { make() } else { Vec::new() }
    }

    /// Returns the records of the name `node`. If `node` is a wildcard, they get the queried name `asked` as their owner.
    fn at_node(&self, node: &Name, asked: &Name, kind: RecordType) -> ZoneData {
        let zone = self.zone;
        let expanded = node != asked;
        let proof = || self.proof(|| if expanded { denial::expansion(zone, asked) } else { Vec::new() });
        if matches!(kind, RecordType::ANY | RecordType::RRSIG) {
            let mut records = if kind == RecordType::ANY { zone.all(node) } else { Vec::new() };
            if kind == RecordType::RRSIG || self.dnssec {
                records.extend(zone.all_signatures(node));
            }
            if !records.is_empty() {
                return ZoneData::Answer { records: renamed(&records, asked), proof: proof() };
            }
        }
        if zone.set(node, kind).is_some() {
            return ZoneData::Answer { records: renamed(&self.signed(node, kind), asked), proof: proof() };
        }
        let alias = zone.set(node, RecordType::CNAME).and_then(<[Record]>::first).map(|record| &record.data);
        match alias {
            Some(RData::CNAME(CNAME(target))) => ZoneData::Alias {
                records: renamed(&self.signed(node, RecordType::CNAME), asked),
                proof: proof(),
                target: target.to_lowercase(),
            },
            _ if expanded => ZoneData::NoData(self.proof(|| denial::no_data_at_wildcard(zone, asked))),
            _ => ZoneData::NoData(self.proof(|| denial::no_data(zone, asked))),
        }
    }

    fn signed(&self, name: &Name, kind: RecordType) -> Vec<Record> {
        let mut records = self.zone.set(name, kind).unwrap_or_default().to_vec();
        if self.dnssec {
            records.extend_from_slice(self.zone.signatures(name, kind));
        }
        records
    }

    /// Returns the DNAME and the CNAME that results from it (RFC 6672 section 3.1). This CNAME is not signed (section 5.3.1).
    fn redirect(&self, record: &Record, name: &Name) -> ZoneData {
        let Some(target) = dname_target(record) else { return ZoneData::NoData(Vec::new()) };
        let kept = name.iter().len().saturating_sub(record.name.iter().len());
        let prefix = Name::from_labels(name.iter().take(kept));
        match prefix.and_then(|prefix| prefix.append_domain(&target)) {
            Ok(target) => {
                let alias = RData::CNAME(CNAME(target.clone()));
                let mut records = self.signed(&record.name, RecordType::DNAME);
                records.push(Record::from_rdata(name.clone(), record.ttl, alias));
                ZoneData::Alias { records, proof: Vec::new(), target: target.to_lowercase() }
            }
            Err(_) => ZoneData::TooLong(self.signed(&record.name, RecordType::DNAME)),
        }
    }

    fn deny(&self, proof: Vec<Record>, mut response: Message) -> Message {
        let soa = self.zone.negative_soa();
        if self.dnssec {
            let ttl = soa.as_ref().map_or(0, |soa| soa.ttl);
            let signatures = self.zone.signatures(self.zone.origin(), RecordType::SOA).iter().cloned();
            response.add_authorities(soa);
            response.add_authorities(signatures.map(|mut record| {
                record.ttl = ttl;
                record
            }));
        } else {
            response.add_authorities(soa);
        }
        response.add_authorities(proof);
        response
    }

    /// Turns the response into a referral: adds the NS records, the addresses of the name servers in this zone, and for a query with the flag DO
    /// the DS records or the proof that there are none (RFC 4035 section 3.1.4).
    fn refer(&self, cut: &Name, mut response: Message) -> Message {
        let zone = self.zone;
        let servers = zone.set(cut, RecordType::NS).unwrap_or_default();
        response.metadata.authoritative = false;
        for server in servers {
            let RData::NS(target) = &server.data else { continue };
            let target = target.0.to_lowercase();
            for kind in [RecordType::A, RecordType::AAAA] {
                response.add_additionals(zone.set(&target, kind).unwrap_or_default().iter().cloned());
            }
        }
        response.add_authorities(servers.iter().cloned());
        if self.dnssec {
            let signers = self.signed(cut, RecordType::DS);
            let none = signers.is_empty();
            response.add_authorities(if none { denial::no_data(zone, cut) } else { signers });
        }
        response
    }
}

fn renamed(records: &[Record], asked: &Name) -> Vec<Record> {
    let rename = |record: &Record| Record::from_rdata(asked.clone(), record.ttl, record.data.clone());
    records.iter().map(rename).collect()
}

/// Returns the target of a DNAME record, or `None` for a record of another type.
pub(crate) fn dname_target(record: &Record) -> Option<Name> {
    match &record.data {
        RData::Unknown { code: RecordType::DNAME, rdata } => {
            Name::read(&mut BinDecoder::new(&rdata.anything)).ok()
        }
        _ => None,
    }
}

/// Encodes a response. If it is larger than `size` octets, additional records are left out first. If it is still too large, only the header
/// with TC, the question and the OPT record are sent (RFC 2181 section 9). Returns `None` if it cannot be encoded.
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

/// Returns the largest UDP response that the query allows, in octets.
pub fn datagram_size(query: &Message) -> usize {
    usize::from(
        query.edns.as_ref().map_or(PLAIN_SIZE, |edns| edns.max_payload().clamp(PLAIN_SIZE, EDNS_SIZE)),
    )
}
