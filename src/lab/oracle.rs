//! Computes the correct answers to questions from the zones of a lab, whatever the faults of its servers. Long random tests (soaks) compare
//! the replies of the resolver with them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::world::Lab;
use resolver::limits::MAX_ALIASES;
use zones::authority::Authority;
use zones::zone::Zone;

/// The most aliases from zone to zone that the oracle follows: more than the resolver follows.
const ALIASES_FOLLOWED: usize = MAX_ALIASES + 4;

/// All zones of a lab, which give the correct answer to each question.
#[derive(Debug)]
pub struct Oracle {
    authority: Authority,
}

/// The records of a correct answer: owner name, type and data, with the TTL.
type Truths = BTreeMap<(Name, RecordType, String), u32>;

impl Oracle {
    /// Creates an oracle with all zones of `lab`.
    pub fn new(lab: &Lab) -> Self {
        let zones = lab.servers().iter().flat_map(|server| server.authority().zones().to_vec());
        let by_name: BTreeMap<_, _> = zones.map(|zone| (zone.origin().clone(), zone.clone())).collect();
        Self { authority: Authority::new(by_name.into_values().collect()) }
    }

    /// Returns an oracle for clients that see `zones` instead of the zones with the same names.
    pub fn with(&self, zones: &[Arc<Zone>]) -> Self {
        let replaced = |zone: &Arc<Zone>| zones.iter().any(|other| other.origin() == zone.origin());
        let kept = self.authority.zones().iter().filter(|zone| !replaced(zone));
        Self { authority: Authority::new(kept.chain(zones).cloned().collect()) }
    }

    /// Returns the zones of all names in the chain of aliases of a question, and all zones above them.
    pub fn zones_of(&self, name: &Name, kind: RecordType) -> BTreeSet<Name> {
        let names = self.way(name, kind).2;
        let zones = self.authority.zones().iter().map(|zone| zone.origin());
        zones.filter(|zone| names.iter().any(|name| zone.zone_of(name))).cloned().collect()
    }

    /// Returns the zones that must deny a name in the chain of aliases: the name belongs to the zone, but does not exist.
    pub fn lacking(&self, name: &Name, kind: RecordType) -> BTreeSet<Name> {
        let names = self.way(name, kind).2;
        let lacking = names.iter().filter_map(|name| {
            let holding = self.authority.zones().iter().filter(|zone| zone.origin().zone_of(name));
            let zone = holding.max_by_key(|zone| zone.origin().num_labels())?;
            (!zone.exists(name)).then(|| zone.origin().clone())
        });
        lacking.collect()
    }

    /// Returns all zones that a resolver may query to resolve names in `zones`: these zones, the zones with the names of their servers, and
    /// so on.
    pub fn zones_behind(&self, zones: &BTreeSet<Name>) -> BTreeSet<Name> {
        let mut behind = zones.clone();
        let mut next: Vec<Name> = zones.iter().cloned().collect();
        while let Some(zone) = next.pop() {
            let held = self.authority.zones().iter().find(|held| *held.origin() == zone);
            let servers = held.and_then(|held| held.set(&zone, RecordType::NS)).unwrap_or_default();
            for server in servers {
                let RData::NS(server) = &server.data else { continue };
                let above = self.zones_of(&server.0, RecordType::A);
                next.extend(above.into_iter().filter(|zone| behind.insert(zone.clone())));
            }
        }
        behind
    }

    /// Returns what is wrong in a reply. SERVFAIL is never wrong: it says nothing about the name. NXDOMAIN for a name without data is
    /// accepted, because rbldnsd sends it too.
    pub fn objection(&self, name: &Name, kind: RecordType, reply: &Message) -> Option<String> {
        let rcode = reply.metadata.response_code;
        if rcode == ResponseCode::ServFail {
            return None;
        }
        let (truth, truths) = self.truth(name, kind);
        let empty = truth == ResponseCode::NoError && !truths.keys().any(|(_, had, _)| *had == kind);
        if rcode != truth && !(empty && rcode == ResponseCode::NXDomain) {
            return Some(format!("{rcode} instead of {truth}"));
        }
        let shown = set_of(&reply.answers);
        if !shown.keys().eq(truths.keys()) {
            return Some(format!("{:?} instead of {:?}", shown.keys(), truths.keys()));
        }
        let mut grown =
            shown.iter().filter(|(record, ttl)| truths.get(record).is_some_and(|least| *ttl > least));
        grown.next().map(|((owner, ..), ttl)| format!("{owner} with a TTL of {ttl}"))
    }

    fn truth(&self, name: &Name, kind: RecordType) -> (ResponseCode, Truths) {
        let (rcode, records, _) = self.way(name, kind);
        (rcode, set_of(&records))
    }

    /// Follows aliases. Returns the response code, the records, and all names in the chain.
    fn way(&self, name: &Name, kind: RecordType) -> (ResponseCode, Vec<Record>, Vec<Name>) {
        let mut records: Vec<Record> = Vec::new();
        let (mut next, mut names) = (name.clone(), Vec::new());
        for _ in 0..ALIASES_FOLLOWED {
            names.push(next.clone());
            let mut query = Message::query();
            query.add_query(Query::query(next.clone(), kind));
            let answer = self.authority.respond(&query);
            records.extend(answer.answers.iter().cloned());
            let ends = records.iter().any(|record| record.record_type() == kind)
                || answer.answers.is_empty()
                || !answer.authorities.is_empty();
            match records.last().map(|record| &record.data) {
                Some(RData::CNAME(target)) if !ends => next = target.0.clone(),
                _ => {
                    names.extend(records.iter().map(|record| record.name.clone()));
                    return (answer.metadata.response_code, records, names);
                }
            }
        }
        (ResponseCode::ServFail, Vec::new(), names)
    }
}

fn set_of(records: &[Record]) -> Truths {
    let key = |record: &Record| (record.name.to_lowercase(), record.record_type(), record.data.to_string());
    records.iter().map(|record| (key(record), record.ttl)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::internet::Internet;
    use crate::zone_file::read_record;

    #[test]
    fn oracle_rejects_false_answers() {
        let internet = Internet::new(1, 24).unwrap();
        let oracle = Oracle::new(&internet.lab);
        let name = &internet.domains[0].name;
        let (rcode, truths) = oracle.truth(name, RecordType::MX);
        assert_eq!(rcode, ResponseCode::NoError);
        assert!(!truths.is_empty());
        let mut reply = Message::query();
        assert!(oracle.objection(name, RecordType::MX, &reply).is_some(), "an answer without its records");
        for ((owner, kind, data), ttl) in &truths {
            reply.add_answer(read_record(&format!("{owner} {ttl} {kind} {data}")).unwrap());
        }
        assert_eq!(oracle.objection(name, RecordType::MX, &reply), None);
        reply.answers[0].ttl += 1;
        assert!(oracle.objection(name, RecordType::MX, &reply).is_some(), "a TTL that grew");
        reply.add_answer(read_record(&format!("{name} 60 MX 99 evil.example.")).unwrap());
        assert!(oracle.objection(name, RecordType::MX, &reply).is_some(), "a record too many");
        reply.metadata.response_code = ResponseCode::NXDomain;
        assert!(oracle.objection(name, RecordType::MX, &reply).is_some(), "a denial of what there is");
        reply.metadata.response_code = ResponseCode::ServFail;
        assert_eq!(oracle.objection(name, RecordType::MX, &reply), None);
    }

    // The zones of the alias targets and of the name servers' names count as well.
    #[test]
    fn answer_depends_on_its_zones() {
        let internet = Internet::new(1, 24).unwrap();
        let oracle = Oracle::new(&internet.lab);
        let named = |zones: BTreeSet<Name>| zones.iter().map(ToString::to_string).collect::<Vec<_>>();
        // `www` of this domain is an alias for a name in gammahost.org, whose servers also have names below com.
        let name = internet.domains[2].name.prepend_label("www").unwrap();
        let zones = oracle.zones_of(&name, RecordType::A);
        assert_eq!(named(zones.clone()), [".", "org.", "gammahost.org.", "smith2.org."]);
        let behind = named(oracle.zones_behind(&zones));
        for zone in ["com.", "gamma-dns.com.", "gtld-servers.net.", "root-servers.net."] {
            assert!(behind.iter().any(|other| other == zone), "{behind:?}");
        }
        assert!(!behind.iter().any(|zone| zone == "de."), "{behind:?}");
    }
}
