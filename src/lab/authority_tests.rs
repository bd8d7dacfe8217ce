//! Tests that a server of the lab answers from signed and unsigned zones as RFC 1034 requires.

use std::str::FromStr;
use std::sync::Arc;

use hickory_proto::op::{Edns, Message, Query, ResponseCode};
use hickory_proto::rr::{Name, Record, RecordType};

use super::delegations::Tree;
use super::world::ServerPlan;
use super::zone_file::read_zone;
use zones::authority::{Authority, datagram_size, encode};
use zones::limits::MAX_ALIASES_IN_ZONE;

const TEXT: &str = "
deep.ent A 127.0.0.9
*.wild A 127.0.0.8
host.wild TXT x
sub NS ns.sub
sub NS ns.other.
ns.sub A 127.0.0.2
loop1 CNAME loop2
loop2 CNAME loop1
www CNAME ns
out CNAME www.elsewhere.
gone CNAME nothing
old DNAME new
x.new A 127.0.0.7
";

fn authority() -> Authority {
    let zone =
        |origin: &str, text: &str| Arc::new(read_zone(&Name::from_str(origin).unwrap(), text).unwrap());
    let soa = "@ 3600 SOA ns host 1 2 3 4 60\n@ NS ns\nns A 127.0.0.1\n";
    let big: String = ["a", "b", "c"].map(|letter| format!("big TXT \"{}\"\n", letter.repeat(250))).concat();
    Authority::new(vec![zone("example.", &format!("{soa}{TEXT}{big}")), zone("child.example.", soa)])
}

fn ask(name: &str, kind: RecordType) -> Message {
    let mut query = Message::query();
    query.add_query(Query::query(Name::from_str(name).unwrap(), kind));
    authority().respond(&query)
}

/// Returns response code, AA flag, and the numbers of records in the answer, authority and additional sections.
fn shape(message: &Message) -> (ResponseCode, bool, [usize; 3]) {
    let metadata = message.metadata;
    let records = [message.answers.len(), message.authorities.len(), message.additionals.len()];
    (metadata.response_code, metadata.authoritative, records)
}

#[test]
fn answers_as_rfc_1034_says() {
    use ResponseCode::{NXDomain, NoError, Refused};
    assert_eq!(shape(&ask("ns.example.", RecordType::A)), (NoError, true, [1, 0, 0]));
    assert_eq!(shape(&ask("NS.Example.", RecordType::MX)), (NoError, true, [0, 1, 0]));
    assert_eq!(shape(&ask("ent.example.", RecordType::A)), (NoError, true, [0, 1, 0]));
    assert_eq!(shape(&ask("none.example.", RecordType::A)), (NXDomain, true, [0, 1, 0]));
    assert_eq!(shape(&ask("x.sub.example.", RecordType::A)), (NoError, false, [0, 2, 1]));
    assert_eq!(shape(&ask("sub.example.", RecordType::DS)), (NoError, true, [0, 1, 0]));
    assert_eq!(shape(&ask("elsewhere.", RecordType::A)), (Refused, false, [0, 0, 0]));
    assert_eq!(ask("child.example.", RecordType::SOA).answers[0].name.to_string(), "child.example.");
    assert_eq!(ask("none.example.", RecordType::A).authorities[0].ttl, 60);
}

#[test]
fn follows_aliases_within_the_zone() {
    use ResponseCode::{NXDomain, NoError};
    assert_eq!(shape(&ask("www.example.", RecordType::A)), (NoError, true, [2, 0, 0]));
    assert_eq!(shape(&ask("out.example.", RecordType::A)), (NoError, true, [1, 0, 0]));
    assert_eq!(shape(&ask("gone.example.", RecordType::A)), (NXDomain, true, [1, 1, 0]));
    assert_eq!(shape(&ask("x.old.example.", RecordType::A)), (NoError, true, [3, 0, 0]));
    assert_eq!(ask("loop1.example.", RecordType::A).answers.len(), MAX_ALIASES_IN_ZONE);
}

#[test]
fn wildcards_cover_what_does_not_exist() {
    use ResponseCode::NoError;
    let covered = ask("a.b.wild.example.", RecordType::A);
    assert_eq!(shape(&covered), (NoError, true, [1, 0, 0]));
    assert_eq!(covered.answers[0].name.to_string(), "a.b.wild.example.");
    assert_eq!(shape(&ask("host.wild.example.", RecordType::A)), (NoError, true, [0, 1, 0]));
    assert_eq!(shape(&ask("x.host.wild.example.", RecordType::A)), (ResponseCode::NXDomain, true, [0, 1, 0]));
}

/// Returns the response code, and the types of the records in the answer and authority sections of an answer from a signed zone.
fn signed_shape(words: &str, name: &str, kind: RecordType, dnssec: bool) -> String {
    let origin = Name::from_str("example.").unwrap();
    let text = format!("@ 3600 SOA ns host 1 2 3 4 60\n{TEXT}");
    let mut tree = Tree::default();
    let servers = ["ns.example".to_owned()];
    tree.server(ServerPlan::new("ns.example", vec![[127, 0, 0, 1].into()])).unwrap();
    tree.zone("example.", &servers, &text).unwrap();
    tree.zone("safe.example.", &servers, "").unwrap();
    for zone in ["example.", "safe.example."] {
        tree.sign(zone, Some(words.parse().unwrap())).unwrap();
    }
    let mut zones = tree.build().unwrap().server("ns.example").unwrap().authority().zones().to_vec();
    zones.retain(|zone| zone.origin() == &origin);
    let mut query = Message::query();
    query.add_query(Query::query(Name::from_str(name).unwrap(), kind));
    let mut edns = Edns::new();
    edns.set_dnssec_ok(dnssec);
    query.set_edns(edns);
    let response = Authority::new(zones).respond(&query);
    let kinds = |records: &[Record]| -> Vec<String> {
        records.iter().map(|record| record.record_type().to_string()).collect()
    };
    let code = response.metadata.response_code.low();
    format!("{code} {} / {}", kinds(&response.answers).join(" "), kinds(&response.authorities).join(" "))
        .replace("NSEC RRSIG", "nsec")
        .replace("NSEC3 RRSIG", "nsec3")
}

#[test]
fn do_gets_signatures_and_proofs() {
    use RecordType::{A, DNSKEY, DS, TXT};
    for (name, kind, spans, hashed) in [
        ("ns.example.", A, "0 A RRSIG / ", "0 A RRSIG / "),
        ("ns.example.", TXT, "0  / SOA RRSIG nsec", "0  / SOA RRSIG nsec3"),
        ("ent.example.", TXT, "0  / SOA RRSIG nsec", "0  / SOA RRSIG nsec3"),
        ("a.none.example.", A, "3  / SOA RRSIG nsec nsec", "3  / SOA RRSIG nsec3 nsec3 nsec3"),
        ("x.y.wild.example.", A, "0 A RRSIG / nsec", "0 A RRSIG / nsec3"),
        ("x.y.wild.example.", TXT, "0  / SOA RRSIG nsec nsec", "0  / SOA RRSIG nsec3 nsec3 nsec3"),
        ("x.sub.example.", A, "0  / NS NS nsec", "0  / NS NS nsec3"),
        ("sub.example.", DS, "0  / SOA RRSIG nsec", "0  / SOA RRSIG nsec3"),
        ("x.safe.example.", A, "0  / NS DS RRSIG", "0  / NS DS RRSIG"),
        ("safe.example.", DS, "0 DS RRSIG / ", "0 DS RRSIG / "),
        ("example.", DNSKEY, "0 DNSKEY DNSKEY RRSIG / ", "0 DNSKEY DNSKEY RRSIG / "),
        ("x.old.example.", A, "0 DNAME RRSIG CNAME A RRSIG / ", "0 DNAME RRSIG CNAME A RRSIG / "),
        ("www.example.", RecordType::RRSIG, "0 RRSIG RRSIG / ", "0 RRSIG / "),
    ] {
        assert_eq!(signed_shape("", name, kind, true), spans, "{name} {kind}");
        assert_eq!(signed_shape("nsec3", name, kind, true), hashed, "{name} {kind}");
    }
    assert_eq!(signed_shape("nsec3 optout", "x.sub.example.", A, true), "0  / NS NS nsec3 nsec3");
    assert_eq!(signed_shape("nsec3", "ns.example.", A, false), "0 A / ");
    assert_eq!(signed_shape("nsec3", "none.example.", A, false), "3  / SOA");
    assert_eq!(signed_shape("nsec3", "x.sub.example.", A, false), "0  / NS NS");
}

#[test]
fn oversized_response_is_truncated() {
    let mut query = Message::query();
    query.add_query(Query::query(Name::from_str("big.example.").unwrap(), RecordType::TXT));
    let response = authority().respond(&query);
    let octets = encode(&response, datagram_size(&query)).unwrap();
    let read = Message::from_vec(&octets).unwrap();
    assert!(read.metadata.truncation && read.answers.is_empty());
    let mut edns = Edns::new();
    edns.set_max_payload(4096);
    query.set_edns(edns);
    assert!(encode(&response, datagram_size(&query)).unwrap().len() > 512);
}
