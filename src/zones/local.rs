//! Answers from zone files, hosts and empty zones of this resolver.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use hickory_proto::op::{Edns, Message, Query};
use hickory_proto::rr::{Name, RData, Record, RecordType, rdata};

use super::authority::Authority;
use super::zone::Zone;
use config::defaults::RECORD_TTL;
use config::line_of;
use dns::rdata::is_understood;
use dns::zone_file;

/// The contact in SOA records that resolverd makes (RFC 6303 section 3). It is deliberately no valid mail address.
const SOA_CONTACT: &str = "nobody.invalid.";

/// Reads a zone from the text of a zone file.
///
/// # Errors
/// A sentence about the error in the file, with the path of the file.
pub fn from_file(apex: &Name, path: &Path, text: &str) -> Result<Authority, String> {
    let said = |wrong: &dyn fmt::Display| format!("{}: {wrong}", path.display());
    let records = zone_file::records(apex, text).map_err(|wrong| said(&wrong))?;
    if records.iter().filter(|record| record.record_type() == RecordType::SOA).count() > 1 {
        return Err(said(&"the zone has more than one SOA"));
    }
    if let Some(odd) = records.iter().find(|record| !is_understood(&record.data)) {
        return Err(said(&format!("{} {} cannot be read", odd.name, odd.record_type())));
    }
    let zone = Zone::new(apex, records).map_err(|wrong| said(&wrong))?;
    Ok(Authority::new(vec![Arc::new(zone)]))
}

/// Reads a zone from the option `records` of a `[[zone]]`.
///
/// # Errors
/// A sentence about the line that is not a valid record of the zone.
pub(crate) fn from_lines(apex: &Name, lines: &[String]) -> Result<Authority, String> {
    let records = lines.iter().map(|line| line_of(apex, line)).collect::<Result<Vec<_>, _>>()?;
    from_records(apex, records, RECORD_TTL)
}

/// Creates a zone from these records, and adds a SOA and an NS record at `apex`. `ttl` is the TTL of these two records and of negative
/// answers, in seconds.
///
/// # Errors
/// A record is outside the zone.
pub fn from_records(apex: &Name, mut records: Vec<Record>, ttl: u32) -> Result<Authority, String> {
    records.push(soa(apex, ttl));
    records.push(Record::from_rdata(apex.clone(), ttl, RData::NS(rdata::NS(apex.clone()))));
    let zone = Zone::new(apex, records).map_err(|error| error.to_string())?;
    Ok(Authority::new(vec![Arc::new(zone)]))
}

/// Returns the SOA for a negative answer that resolverd makes. `ttl` is the TTL of the negative answer, in seconds.
pub fn soa(apex: &Name, ttl: u32) -> Record {
    let contact = Name::from_ascii(SOA_CONTACT).unwrap_or_default();
    // RFC 6303 section 3: serial 1, refresh 3600, retry 1200, expire 604800.
    let soa = rdata::SOA::new(apex.clone(), contact, 1, 3_600, 1_200, 604_800, ttl);
    Record::from_rdata(apex.clone(), ttl, RData::SOA(soa))
}

/// Returns true if at least one zone is signed with DNSSEC.
pub fn is_signed(authority: &Authority) -> bool {
    authority.zones().iter().any(|zone| zone.set(zone.origin(), RecordType::DNSKEY).is_some())
}

/// Returns the response from a local zone, with signatures and proofs if the zone is signed.
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
    use dns::stage::name;
    use hickory_proto::op::ResponseCode;

    #[test]
    fn zone_file_answers_its_names() {
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
    fn unreadable_zone_file_is_named() {
        let said = from_file(&name("corp.example."), Path::new("corp.zone"), "@ IN A ten\n").unwrap_err();
        assert!(said.starts_with("corp.zone: "), "{said}");
        let said =
            from_file(&name("corp.example."), Path::new("corp.zone"), "@ 60 IN A 10.0.0.1\n").unwrap_err();
        assert!(said.contains("no SOA"), "{said}");
    }
}
