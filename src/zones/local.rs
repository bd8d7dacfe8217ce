//! Answers made here: zone files, hosts, and zones that hold nothing.
//!
//! May call: `authority`, `zone`, `signed_file`. Zone files are read by the library (RFC 1035 section 5, `$INCLUDE` too).

use std::path::Path;
use std::sync::Arc;

use hickory_proto::op::{Edns, Message, Query};
use hickory_proto::rr::{Name, RData, Record, RecordType, rdata};
use hickory_proto::serialize::txt::Parser;

use super::authority::Authority;
use super::signed_file;
use super::zone::Zone;

/// SOA of what is made here (RFC 6303 section 3): nobody is to be written to about it.
const SOA_CONTACT: &str = "nobody.invalid.";

/// The zone of a file.
///
/// # Errors
/// What is wrong with the file, in words.
pub fn from_file(apex: &Name, path: &Path, text: &str) -> Result<Authority, String> {
    let taken = signed_file::take_out(apex, text);
    let (text, mut records) = taken.map_err(|reason| format!("{}: {reason}", path.display()))?;
    let parsed =
        Parser::new(spell_out_origin(apex, &text), Some(path.to_owned()), Some(apex.clone())).parse();
    let (_, sets) = parsed.map_err(|error| format!("{}: {error}", path.display()))?;
    records.extend(sets.values().flat_map(|set| set.records_without_rrsigs().cloned()));
    let zone = Zone::new(apex, records).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Authority::new(vec![Arc::new(zone)]))
}

/// Writes the origin for each `@` that stands in a record's data, which the library's reader does not take there though
/// RFC 1035 section 5.1 has it.
fn spell_out_origin(apex: &Name, text: &str) -> String {
    let mut origin = apex.to_string();
    let mut spelled = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let mut words = line.split_whitespace();
        if words.next() == Some("$ORIGIN")
            && let Some(named) = words.next()
        {
            origin = if named.ends_with('.') { named.to_owned() } else { format!("{named}.{origin}") };
        }
        let mut quoted = false;
        let mut last = '\n';
        let mut letters = line.chars().peekable();
        while let Some(letter) = letters.next() {
            quoted ^= letter == '"' && last != '\\';
            let alone = letters.peek().is_none_or(|next| next.is_whitespace() || matches!(next, ')' | ';'));
            let in_data = last == ' ' || last == '\t' || last == '(';
            if letter == '@' && !quoted && alone && in_data {
                spelled.push_str(&origin);
            } else {
                spelled.push(letter);
            }
            last = letter;
        }
    }
    spelled
}

/// A zone of these records below `apex`, with a SOA and NS of its own; `ttl` is that of its negative answers.
///
/// # Errors
/// A record that does not belong there.
pub fn from_records(apex: &Name, mut records: Vec<Record>, ttl: u32) -> Result<Authority, String> {
    let contact = Name::from_ascii(SOA_CONTACT).map_err(|error| error.to_string())?;
    // RFC 6303 section 3: serial 1, refresh 3600, retry 1200, expire 604800.
    let soa = rdata::SOA::new(apex.clone(), contact, 1, 3_600, 1_200, 604_800, ttl);
    records.push(Record::from_rdata(apex.clone(), ttl, RData::SOA(soa)));
    records.push(Record::from_rdata(apex.clone(), ttl, RData::NS(rdata::NS(apex.clone()))));
    let zone = Zone::new(apex, records).map_err(|error| error.to_string())?;
    Ok(Authority::new(vec![Arc::new(zone)]))
}

/// Whether its owner has signed what is served here.
pub fn is_signed(authority: &Authority) -> bool {
    authority.zones().iter().any(|zone| zone.set(zone.origin(), RecordType::DNSKEY).is_some())
}

/// What a zone made here says, with its signatures and proofs where it has any.
pub fn respond(authority: &Authority, name: &Name, kind: RecordType) -> Message {
    let mut query = Message::query();
    query.add_query(Query::query(name.clone(), kind));
    let mut edns = Edns::new();
    edns.set_dnssec_ok(true);
    query.set_edns(edns);
    authority.respond(&query)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::op::ResponseCode;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    #[test]
    fn a_zone_file_answers_with_its_records() {
        let text = "$TTL 300\n@ IN SOA ns host 1 2 3 4 60\n@ IN NS ns\nns IN A 10.0.0.1\n\
                    mail IN MX 10 @\n*.pool IN A 10.0.0.7\nt IN TXT \"a @ b\"\n";
        let authority = from_file(&name("corp.example."), Path::new("corp.zone"), text).unwrap();
        let answers = |owner, kind| respond(&authority, &name(owner), kind).answers.len();
        assert_eq!(answers("mail.corp.example.", RecordType::MX), 1);
        assert_eq!(answers("x.pool.corp.example.", RecordType::A), 1);
        let said = |owner, kind| respond(&authority, &name(owner), kind).answers[0].data.to_string();
        assert_eq!(said("mail.corp.example.", RecordType::MX), "10 corp.example.");
        assert_eq!(said("t.corp.example.", RecordType::TXT), "a @ b");
        let nothing = respond(&authority, &name("none.corp.example."), RecordType::A);
        assert_eq!(nothing.metadata.response_code, ResponseCode::NXDomain);
        assert_eq!(nothing.authorities[0].ttl, 60);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told_by_name() {
        let said = from_file(&name("corp.example."), Path::new("corp.zone"), "@ IN A ten\n").unwrap_err();
        assert!(said.starts_with("corp.zone: "), "{said}");
        let said =
            from_file(&name("corp.example."), Path::new("corp.zone"), "@ 60 IN A 10.0.0.1\n").unwrap_err();
        assert!(said.contains("no SOA"), "{said}");
    }
}
