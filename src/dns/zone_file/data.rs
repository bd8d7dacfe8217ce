//! Reads the data of a record in a zone file: converts its words to fields, and the fields to octets.
//!
//! Follows RFC 1035 section 3.3, and for later types the RFC that is named next to them. The octets are then read like those of a DNS
//! message, so that a record from a zone file equals the same record from a message.

use hickory_proto::rr::rdata::NULL;
use hickory_proto::rr::{Name, RData, RecordType};
use hickory_proto::serialize::binary::BinDecoder;

use super::entries::Word;
use super::fields::{self, Field};
use super::words;
use crate::rdata;

/// Returns the fields in the data of a record type, or `None` if zone files have no text form of their own for this type.
fn fields_of(kind: RecordType) -> Option<&'static [Field]> {
    use Field::{
        Address4, Address6, Algorithm, Base64, Hash, Hex, Moment, Name, Rest, Salt, Span, Text, Texts, Type,
        Types, U8, U16, U32,
    };
    Some(match u16::from(kind) {
        // A, NS, CNAME, SOA, PTR, HINFO, MX and TXT.
        1 => &[Address4],
        2 | 5 | 12 => &[Name],
        6 => &[Name, Name, U32, Span, Span, Span, Span],
        13 => &[Text, Text],
        15 => &[U16, Name],
        16 => &[Texts],
        // RP and AFSDB (RFC 1183).
        17 => &[Name, Name],
        18 => &[U16, Name],
        // AAAA (RFC 3596), SRV (RFC 2782), NAPTR (RFC 3403) and DNAME (RFC 6672).
        28 => &[Address6],
        33 => &[U16, U16, U16, Name],
        35 => &[U16, U16, Text, Text, Text, Name],
        39 => &[Name],
        // DS and CDS (RFC 4034, RFC 7344), SSHFP (RFC 4255), RRSIG and NSEC.
        43 | 59 => &[U16, Algorithm, U8, Hex],
        44 => &[U8, U8, Hex],
        46 => &[Type, Algorithm, U8, U32, Moment, Moment, U16, Name, Base64],
        47 => &[Name, Types],
        // DNSKEY, CDNSKEY, NSEC3 and NSEC3PARAM (RFC 5155).
        48 | 60 => &[U16, U8, Algorithm, Base64],
        50 => &[U8, U8, U16, Salt, Hash, Types],
        51 => &[U8, U8, U16, Salt],
        // TLSA (RFC 6698), SMIMEA (RFC 8162), OPENPGPKEY (RFC 7929), CSYNC (RFC 7477), SPF (RFC 7208), URI (RFC 7553) and CAA (RFC 8659).
        52 | 53 => &[U8, U8, U8, Hex],
        61 => &[Base64],
        62 => &[U32, U16, Types],
        99 => &[Texts],
        256 => &[U16, U16, Rest],
        257 => &[U8, Text, Rest],
        _ => return None,
    })
}

/// The types of RFC 9460. Their data end with a list of parameters, which the DNS library reads.
const SERVICES: [RecordType; 2] = [RecordType::SVCB, RecordType::HTTPS];

/// Reads the data of a record of type `kind`. Octets in the form of RFC 3597 are accepted even if they are invalid for the type;
/// `rdata::is_understood` tells a caller whether they are valid.
pub(super) fn read(kind: RecordType, words: &[Word], origin: &Name) -> Result<RData, String> {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    if let ["\\#", length, digits @ ..] = texts.as_slice() {
        let octets = unknown(length, &digits.concat())?;
        return Ok(meant(kind, &octets).unwrap_or_else(|| {
            let rdata = if octets.is_empty() { NULL::new() } else { NULL::with(octets) };
            RData::Unknown { code: kind, rdata }
        }));
    }
    if SERVICES.contains(&kind) {
        return service(kind, words, origin);
    }
    let fields = fields_of(kind).ok_or_else(|| {
        format!("{kind} has no form of its own here; write it as \\# and its octets (RFC 3597)")
    })?;
    let octets = fields::write(fields, words, origin);
    octets.and_then(|octets| meant(kind, &octets)).ok_or_else(|| format!("{kind} cannot be read"))
}

fn meant(kind: RecordType, octets: &[u8]) -> Option<RData> {
    let length = u16::try_from(octets.len()).ok()?;
    rdata::read(kind, length, &mut BinDecoder::new(octets)).ok()
}

/// Reads data in the generic form of RFC 3597 section 5.
fn unknown(length: &str, digits: &str) -> Result<Vec<u8>, String> {
    let octets = fields::hex(digits).filter(|octets| octets.len().to_string() == length);
    octets.ok_or_else(|| format!("{digits} are not {length} octets"))
}

fn service(kind: RecordType, words: &[Word], origin: &Name) -> Result<RData, String> {
    let [priority, target, parameters @ ..] = words else { return Err(format!("{kind} cannot be read")) };
    let target = words::name(&target.text, origin)?.to_string();
    let parameters = parameters.iter().map(|word| word.text.as_str());
    let text: Vec<&str> = [priority.text.as_str(), &target].into_iter().chain(parameters).collect();
    RData::try_from_str(kind, &text.join(" ")).map_err(|error| format!("{kind} cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::super::{record, records};
    use super::*;

    fn data(text: &str) -> String {
        record(&format!("a. {text}")).unwrap().data.to_string()
    }

    #[test]
    fn record_data_is_read_by_type() {
        assert_eq!(data("SRV 0 5 5060 sip.example."), "0 5 5060 sip.example.");
        assert_eq!(data("CAA 0 issue \"ca.example; account=1\""), "0 issue \"ca.example; account=1\"");
        assert_eq!(data("RP host. ."), data("TYPE17 \\# 7 04686f737400 00"));
        assert_eq!(data("DS 1 RSASHA256 2 00 ff"), data("DS 1 8 2 00FF"));
        assert_eq!(data("TXT b \"c d\" e\\;f"), data("TXT \\# 10 0162 03632064 03653b66"));
        assert_eq!(
            data("NAPTR 1 2 \"s\" \"\" \"\" _sip._tcp.example."),
            "1 2 \"s\" \"\" \"\" _sip._tcp.example."
        );
        assert!(data("HTTPS 1 . alpn=\"h2\"").contains("h2"));
    }

    #[test]
    fn wrong_record_data_is_refused() {
        for text in [
            "A 10.0.0",
            "A 10.0.0.1 more",
            "AAAA 10.0.0.1",
            "MX mail",
            "MX 70000 mail",
            "TXT",
            "DS 1 8 2 xyz",
            "SRV 0 0 mail",
            "CAA 0 issue",
            "TXT \\300",
            "TYPE65400 \\# 3 0a0b",
            "TYPE65400 x",
            "NSEC3 1 0 0 xyz",
            "DNSKEY 257 3 13 ?",
        ] {
            assert!(record(&format!("a. {text}")).is_err(), "{text}");
        }
        let wrong = records(&Name::root(), "a A 10.0.0.1\nb NSEC3 1 0 0 xyz\n").unwrap_err();
        assert_eq!(wrong.to_string(), "line 2: NSEC3 cannot be read");
    }

    #[test]
    fn octets_are_taken_as_written() {
        let data = |text: &str| record(&format!("a. {text}")).unwrap().data;
        assert!(matches!(data("A \\# 4 0a000001"), RData::A(_)));
        let odd = data("A \\# 1 0a");
        assert!(matches!(odd, RData::Unknown { .. }) && !rdata::is_understood(&odd));
        assert!(rdata::is_understood(&data("TYPE65400 \\# 0")));
    }
}
