//! Writes record data as text, in the form of zone files (RFC 1035 section 5.1, RFC 3597 section 5).

use hickory_proto::dnssec::rdata::{DNSSECRData, RRSIG};
use hickory_proto::rr::{Name, RData, RecordType};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder, BinEncodable};

use crate::question::name_text;
use crate::wire::presentation::harmless;

/// Returns the data of a record as text that people can read. Control characters are escaped. For some rare types, the zone file reader cannot
/// read this text; use `octets_text` for them.
pub fn data_text(data: &RData) -> String {
    let text = name_text;
    match data {
        RData::CNAME(name) => text(&name.0),
        RData::NS(name) => text(&name.0),
        RData::PTR(name) => text(&name.0),
        RData::MX(mx) => format!("{} {}", mx.preference, text(&mx.exchange)),
        RData::SRV(srv) => format!("{} {} {} {}", srv.priority, srv.weight, srv.port, text(&srv.target)),
        RData::SOA(soa) => {
            let (of, by) = (text(&soa.mname), text(&soa.rname));
            format!("{of} {by} {} {} {} {} {}", soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum)
        }
        RData::TXT(text) => text.txt_data.iter().map(|part| quoted(part)).collect::<Vec<_>>().join(" "),
        RData::Unknown { code, rdata } => {
            name_alone(*code, &rdata.anything).unwrap_or_else(|| unknown(&rdata.anything))
        }
        RData::DNSSEC(DNSSECRData::RRSIG(signature)) => numbered(signature),
        other => harmless(&other.to_string()),
    }
}

/// Returns the data of a record as hexadecimal digits, in the generic form that exists for every type (RFC 3597 section 5).
pub fn octets_text(data: &RData) -> String {
    unknown(&data.to_bytes().unwrap_or_default())
}

/// Returns the text of a signature, with its algorithm as a number (RFC 4034 section 3.2). The DNS library writes the same word for all
/// algorithms that it does not know.
fn numbered(signature: &RRSIG) -> String {
    let text = signature.to_string();
    let mut words: Vec<&str> = text.split(' ').collect();
    let number = u8::from(signature.input().algorithm).to_string();
    if let Some(algorithm) = words.get_mut(1) {
        *algorithm = &number;
    }
    harmless(&words.join(" "))
}

/// Returns the target of a DNAME record (RFC 6672 section 2.1) as text. The DNS library does not parse DNAME.
fn name_alone(kind: RecordType, octets: &[u8]) -> Option<String> {
    let mut decoder = BinDecoder::new(octets);
    let name = Name::read(&mut decoder).ok().filter(|_| kind == RecordType::DNAME && decoder.is_empty())?;
    Some(name_text(&name))
}

fn unknown(octets: &[u8]) -> String {
    let digits: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    format!("\\# {} {digits}", octets.len()).trim_end().to_owned()
}

/// Returns a character string as text in quotes (RFC 1035 section 5.1).
fn quoted(octets: &[u8]) -> String {
    let mut text = String::from("\"");
    for octet in octets {
        match octet {
            b'"' | b'\\' => text.extend(['\\', char::from(*octet)]),
            b' '..=b'~' => text.push(char::from(*octet)),
            _ => text.push_str(&format!("\\{octet:03}")),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_data_are_escaped_on_terminal() {
        assert_eq!(quoted(b"v=spf1 \"-all\" \x1b[2J\xff"), "\"v=spf1 \\\"-all\\\" \\027[2J\\255\"");
        assert_eq!((unknown(&[]), unknown(&[1, 255])), ("\\# 0".to_owned(), "\\# 2 01ff".to_owned()));
    }
}
