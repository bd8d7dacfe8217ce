//! Scrubbing: what a server had no authority to say, or what no sane server says, is taken off a message.
//!
//! May call: nothing of ours. Pure. A server asked for a zone may speak of names at or below it (its bailiwick) and
//! of nothing else: RFC 2181 section 5.4.1, RFC 5452 section 6. RRsets are repaired as RFC 2181 section 5 has them.

use hickory_proto::op::Message;
use hickory_proto::rr::{DNSClass, Name, Record, RecordType};

/// The records of a message that its server may give.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scrubbed {
    /// Answer section.
    pub answers: Vec<Record>,
    /// Authority section.
    pub authorities: Vec<Record>,
    /// Addresses of the additional section.
    pub addresses: Vec<Record>,
    /// Records taken off.
    pub dropped: usize,
}

/// Takes off `message` what a server of `zone` may not say.
pub fn scrub(zone: &Name, message: &Message) -> Scrubbed {
    let mut dropped = 0;
    let mut keep = |records: &[Record], also: fn(&Record) -> bool| {
        let mut kept: Vec<Record> = Vec::new();
        for record in records {
            let may = record.dns_class == DNSClass::IN && zone.zone_of(&record.name) && also(record);
            let twice = kept.iter().any(|other| other.name == record.name && other.data == record.data);
            if may && !twice {
                kept.push(record.clone());
            } else {
                dropped += 1;
            }
        }
        level_ttls(&mut kept);
        kept
    };
    let answers = keep(&message.answers, |_| true);
    let authorities = keep(&message.authorities, |_| true);
    let is_address = |record: &Record| matches!(record.record_type(), RecordType::A | RecordType::AAAA);
    let addresses = keep(&message.additionals, is_address);
    Scrubbed { answers, authorities, addresses, dropped }
}

/// Within an RRset the smallest TTL holds for all (RFC 2181 section 5.2).
fn level_ttls(records: &mut [Record]) {
    let ttls: Vec<u32> = records
        .iter()
        .map(|record| {
            let same =
                |other: &&Record| other.name == record.name && other.record_type() == record.record_type();
            records.iter().filter(same).map(|other| other.ttl).min().unwrap_or(record.ttl)
        })
        .collect();
    for (record, ttl) in records.iter_mut().zip(ttls) {
        record.ttl = ttl;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::{RData, rdata};

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    fn address(owner: &str, ttl: u32, last: u8) -> Record {
        Record::from_rdata(name(owner), ttl, RData::A(rdata::A::new(192, 0, 2, last)))
    }

    #[test]
    fn nothing_outside_the_bailiwick_of_another_class_or_twice_is_kept() {
        let mut message = Message::query();
        let mut chaos = address("www.example.", 60, 4);
        chaos.dns_class = DNSClass::CH;
        message.add_answers([
            address("www.example.", 60, 1),
            address("WWW.example.", 60, 1),
            address("www.bank.test.", 60, 2),
            chaos,
        ]);
        message.add_authority(Record::from_rdata(name("test."), 60, RData::NS(rdata::NS(name("ns.evil.")))));
        message.add_additionals([address("ns.example.", 60, 3), address("ns.test.", 60, 3)]);
        let txt = RData::TXT(rdata::TXT::new(vec!["x".into()]));
        message.add_additional(Record::from_rdata(name("ns.example."), 60, txt));
        let scrubbed = scrub(&name("example."), &message);
        assert_eq!(scrubbed.answers, [address("www.example.", 60, 1)]);
        assert!(scrubbed.authorities.is_empty());
        assert_eq!(scrubbed.addresses, [address("ns.example.", 60, 3)]);
        assert_eq!(scrubbed.dropped, 6);
    }

    #[test]
    fn mixed_ttls_of_an_rrset_become_the_smallest() {
        let mut message = Message::query();
        message.add_answers([
            address("a.example.", 300, 1),
            address("a.example.", 20, 2),
            address("b.example.", 90, 1),
        ]);
        let ttls: Vec<u32> =
            scrub(&name("example."), &message).answers.iter().map(|record| record.ttl).collect();
        assert_eq!(ttls, [20, 20, 90]);
    }
}
