//! Reads zones and records of the lab from text in the format of zone files.

use hickory_proto::rr::{Name, Record};

pub use dns::zone_file::kind as read_kind;
use dns::zone_file::{record, records};
use zones::zone::{Zone, ZoneError};

/// Reads the zone with the apex `origin`.
///
/// # Errors
/// A line cannot be parsed, an owner name is outside the zone, or the apex has no SOA.
pub fn read_zone(origin: &Name, text: &str) -> Result<Zone, ZoneError> {
    Zone::new(origin, records(origin, text)?)
}

/// Reads one record. All names in it are absolute.
///
/// # Errors
/// The text is not exactly one record.
pub fn read_record(text: &str) -> Result<Record, ZoneError> {
    Ok(record(text)?)
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use hickory_proto::rr::{RData, RecordType};

    use super::*;

    const TEXT: &str = "
$TTL 300
@   IN SOA ns hostmaster (
        1 7200 900   ; serial, refresh, retry
        1209600 60 )
    NS  ns
    NS  ns.other.example.
ns  60 IN A 127.0.0.1
txt IN 30 TXT \"v=spf1 ; no comment\" \"two\"
    AAAA ::1
$ORIGIN sub.zone.example.
www CNAME @
alias DNAME elsewhere.example.
";

    #[test]
    fn reads_what_zone_files_hold() {
        let origin = Name::from_str("zone.example.").unwrap();
        let zone = read_zone(&origin, TEXT).unwrap();
        let get = |name: &str, kind| zone.set(&Name::from_str(name).unwrap(), kind).unwrap().to_vec();
        assert_eq!(get("zone.example.", RecordType::NS).len(), 2);
        assert_eq!(get("zone.example.", RecordType::SOA)[0].ttl, 300);
        assert_eq!(get("ns.zone.example.", RecordType::A)[0].ttl, 60);
        let RData::TXT(text) = &get("txt.zone.example.", RecordType::TXT)[0].data else { panic!("no TXT") };
        assert_eq!(text.txt_data.len(), 2);
        assert_eq!(get("txt.zone.example.", RecordType::TXT)[0].ttl, 30);
        assert_eq!(get("txt.zone.example.", RecordType::AAAA).len(), 1);
        let RData::CNAME(target) = &get("www.sub.zone.example.", RecordType::CNAME)[0].data else {
            panic!("no CNAME")
        };
        assert_eq!(target.0.to_string(), "sub.zone.example.");
        assert_eq!(get("alias.sub.zone.example.", RecordType::DNAME).len(), 1);
    }

    #[test]
    fn errors_name_the_line() {
        let origin = Name::from_str("zone.example.").unwrap();
        let error = read_zone(&origin, "@ SOA ns host 1 2 3 4 5\nwww NOSUCH x\n").unwrap_err();
        assert!(error.to_string().contains("line 2"), "{error}");
        assert!(read_zone(&origin, "@ SOA ns host ( 1 2 3 4 5\n").is_err());
        assert!(read_zone(&origin, "www A 127.0.0.1\n").is_err());
        assert!(read_zone(&origin, "@ SOA ns host 1 2 3 4 5\nwww.elsewhere. A 127.0.0.1\n").is_err());
    }
}
