//! Compares the replies to a question with what the scenario expects, and returns all differences together.

use hickory_proto::op::Message;
use hickory_proto::rr::{Record, RecordType};

use crate::log::Received;
use crate::simulation::SimulatedReply;
use dns::question::Outcome;
use validate::signature::covered_type;

use super::{Ask, Expected, ExpectedRecord};

pub(super) fn differences(ask: &Ask, replies: &[SimulatedReply], received: &[Received]) -> Vec<String> {
    let mut found = Vec::new();
    for reply in replies {
        check_reply(&ask.expected, reply, &mut found);
        check_strays(ask.kind, &reply.message, &mut found);
    }
    check_outcomes(&ask.expected, replies, &mut found);
    check_packets(&ask.expected, received, &mut found);
    found
}

fn check_reply(expected: &Expected, reply: &SimulatedReply, found: &mut Vec<String>) {
    let message = &reply.message;
    if let Some(rcode) = expected.rcode.filter(|rcode| *rcode != message.metadata.response_code) {
        found.push(format!("RCODE {} instead of {rcode}", message.metadata.response_code));
    }
    if let Some(wanted) = &expected.answers {
        check_records("answer", wanted, &message.answers, found);
    }
    if let Some(wanted) = &expected.authorities {
        check_records("authority", wanted, &message.authorities, found);
    }
    check_dnssec(expected, reply, found);
    let code = reply.extended_error.as_ref().map(|error| error.code);
    if expected.extended_error.is_some_and(|wanted| wanted != code) {
        found.push(format!("extended error {:?}", reply.extended_error));
    }
    if let Some(why) = &expected.why {
        let text = reply.extended_error.as_ref().map_or("", |error| error.text.as_str());
        let last = reply.steps.last().map(|step| format!("{:?}", step.event)).unwrap_or_default();
        if !text.contains(why) || !last.contains(why) {
            found.push(format!("the reason is {text:?}, the last step {last}"));
        }
    }
    found.extend(
        expected.flags.iter().filter(|flag| !has_flag(message, flag)).map(|flag| format!("not {flag}")),
    );
    if let Some(span) = expected.elapsed.as_ref().filter(|span| !span.contains(&reply.elapsed)) {
        found.push(format!("took {:?} instead of {span:?}", reply.elapsed));
    }
}

fn check_dnssec(expected: &Expected, reply: &SimulatedReply, found: &mut Vec<String>) {
    let message = &reply.message;
    let count = |records: &[Record], kinds: &[RecordType]| {
        records.iter().filter(|record| kinds.contains(&record.record_type())).count()
    };
    let signatures = count(&message.answers, &[RecordType::RRSIG]);
    let proofs = count(&message.authorities, &[RecordType::NSEC, RecordType::NSEC3]);
    for (what, wanted, had) in
        [("signatures", &expected.signatures, signatures), ("proofs", &expected.proofs, proofs)]
    {
        if wanted.as_ref().is_some_and(|wanted| !wanted.contains(&had)) {
            found.push(format!("{had} {what} instead of {wanted:?}"));
        }
    }
}

/// Checks that no section has a record twice, and that each signature is in the section of the RRset that it signs.
fn check_strays(asked: RecordType, message: &Message, found: &mut Vec<String>) {
    let signatures_asked = matches!(asked, RecordType::RRSIG | RecordType::ANY);
    for (section, records) in [("answer", &message.answers), ("authority", &message.authorities)] {
        for (place, record) in records.iter().enumerate() {
            if records.iter().take(place).any(|before| before == record) {
                found.push(format!("{section} has {record} twice"));
            }
            let stray = covered_type(record).is_some_and(|kind| {
                records.iter().all(|other| other.name != record.name || other.record_type() != kind)
            });
            if stray && !signatures_asked {
                found.push(format!("{section} has {record} without what it covers"));
            }
        }
    }
}

fn is_dnssec(record: &Record) -> bool {
    matches!(record.record_type(), RecordType::RRSIG | RecordType::NSEC | RecordType::NSEC3)
}

/// Returns true if a flag is as expected: `ad` means set, `!ad` not set.
fn has_flag(message: &Message, wanted: &str) -> bool {
    let head = &message.metadata;
    let (flag, set) = wanted.strip_prefix('!').map_or((wanted, true), |flag| (flag, false));
    let is = match flag {
        "aa" => head.authoritative,
        "tc" => head.truncation,
        "rd" => head.recursion_desired,
        "ra" => head.recursion_available,
        "ad" => head.authentic_data,
        _ => head.checking_disabled,
    };
    is == set
}

/// Compares the records of a section with the expected ones, except signatures, NSEC and NSEC3.
fn check_records(section: &str, wanted: &[ExpectedRecord], had: &[Record], found: &mut Vec<String>) {
    let mut rest: Vec<&Record> = had.iter().collect();
    for want in wanted {
        match rest.iter().position(|record| matches(want, record)) {
            Some(place) => {
                rest.remove(place);
            }
            None => found.push(format!("{section} lacks {}", want.record)),
        }
    }
    rest.retain(|record| !is_dnssec(record));
    found.extend(rest.iter().map(|record| format!("{section} has {record}")));
}

pub(super) fn matches(want: &ExpectedRecord, record: &Record) -> bool {
    let same_ttl = !want.with_ttl || want.record.ttl == record.ttl;
    same_ttl && want.record.name == record.name && want.record.data == record.data
}

fn check_outcomes(expected: &Expected, replies: &[SimulatedReply], found: &mut Vec<String>) {
    if expected.outcomes.is_empty() {
        return;
    }
    for outcome in Outcome::ALL {
        let had = replies.iter().filter(|reply| reply.outcome == outcome).count();
        let wanted: usize =
            expected.outcomes.iter().filter(|(name, _)| *name == outcome).map(|(_, count)| count).sum();
        if had != wanted {
            found.push(format!("outcome {outcome:?} {had} times instead of {wanted}"));
        }
    }
}

fn check_packets(expected: &Expected, received: &[Received], found: &mut Vec<String>) {
    for (server, counts) in &expected.packets {
        let counted = |one: &&Received| server.as_ref().is_none_or(|server| **server == *one.server);
        let had = received.iter().filter(counted).count();
        if !counts.contains(&had) {
            let whose = server.as_deref().unwrap_or("all servers");
            found.push(format!("{had} packets to {whose} instead of {counts:?}"));
        }
    }
    if !expected.packet_lines.is_empty() {
        let had: Vec<String> = received.iter().map(ToString::to_string).collect();
        if had != expected.packet_lines {
            found.push(format!("packets other than {:?}", expected.packet_lines));
        }
    }
}
