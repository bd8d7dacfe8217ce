//! The types that are counted by name. All others count as "other", so that no client can grow a table.

use hickory_proto::rr::RecordType;

/// The types that mail gateways ask, and types that only other programs on the host ask.
pub(super) const NAMED: [RecordType; 17] = [
    RecordType::A,
    RecordType::AAAA,
    RecordType::MX,
    RecordType::TXT,
    RecordType::PTR,
    RecordType::NS,
    RecordType::SOA,
    RecordType::CNAME,
    RecordType::SRV,
    RecordType::TLSA,
    RecordType::DS,
    RecordType::DNSKEY,
    RecordType::HTTPS,
    RecordType::SVCB,
    RecordType::CAA,
    RecordType::NAPTR,
    RecordType::ANY,
];

/// The name of the remainder of a bounded table.
pub const OTHER: &str = "other";

/// Places in a table by type: the named ones, and "other".
pub(super) const PLACES: usize = NAMED.len() + 1;

/// The place of a type; the last one is "other".
pub(super) fn place(kind: RecordType) -> usize {
    NAMED.iter().position(|named| *named == kind).unwrap_or(NAMED.len())
}

/// The name of a place.
pub(super) fn title(place: usize) -> String {
    NAMED.get(place).map_or_else(|| OTHER.to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_place() {
        assert_eq!(title(place(RecordType::MX)), "MX");
        assert_eq!(title(place(RecordType::SSHFP)), "other");
        assert_eq!(place(RecordType::Unknown(65_000)), PLACES - 1);
    }
}
