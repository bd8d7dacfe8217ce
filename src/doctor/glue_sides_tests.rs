//! Cases of glue and an address in the zone of which one leads to a former server.

use super::*;
use crate::codes::Code;
use crate::facts::tests::facts;
use crate::finding::{Finding, Level};
use crate::judge;

/// A zone with two servers in it. The glue of the first is `198.18.1.1`, and its address in the zone is `198.18.5.1`.
const ZONE: &str = "
    lookup a.test. SOA | ns1.a.test. h. 7 2 3 4 5
    lookup a.test. NS | ns1.a.test. | ns2.b.test.
    lookup test. SOA | ns.test. h. 1 2 3 4 5
    lookup test. NS | ns.test.
    lookup ns.test. A | 198.18.9.1
    lookup ns1.a.test. A | 198.18.5.1
    lookup ns1.a.test. AAAA
    lookup ns2.b.test. A | 198.18.2.1
    lookup ns2.b.test. AAAA
    server 198.18.9.1 a.test. NS udp | >a.test. NS ns1.a.test. | >a.test. NS ns2.b.test. | +ns1.a.test. A 198.18.1.1
    server 198.18.2.1 ns1.a.test. A udp aa | 198.18.5.1";

/// A server that serves the zone with this serial and this mail host.
fn serving(address: &str, serial: u32, host: &str) -> String {
    format!(
        "server {address} a.test. SOA udp aa | ns1.a.test. h. {serial} 2 3 4 5
        server {address} a.test. SOA tcp aa | ns1.a.test. h. {serial} 2 3 4 5
        server {address} a.test. NS mixed aa | ns1.a.test. | ns2.b.test.
        server {address} a.test. MX udp aa | 10 {host}.b.test.
        server {address} ns1.a.test. A udp aa | 198.18.5.1\n"
    )
}

const SILENT: [&str; 3] = ["udp silent", "plain silent", "tcp silent"];

fn failing(address: &str, ways: &[&str]) -> String {
    ways.iter().map(|way| format!("server {address} a.test. SOA {way}\n")).collect()
}

/// The findings, if these servers answer so at the glue and at the address in the zone.
fn found(glue: &str, own: &str) -> Vec<Finding> {
    let lines = format!("{ZONE}\n{}{glue}{own}", serving("198.18.2.1", 7, "new"));
    judge(&facts("a.test.", &lines))
}

/// The finding about the glue, and the codes of others that may follow from it.
fn told(glue: &str, own: &str) -> (Finding, Vec<Code>) {
    let (told, others): (Vec<Finding>, Vec<Finding>) =
        found(glue, own).into_iter().partition(|finding| finding.code == Code::GlueDiffers);
    let effects = [
        Code::NsLame,
        Code::NsSilent,
        Code::MxDiffers,
        Code::RecordsDiffer,
        Code::SerialDiffers,
        Code::NsNoneAnswers,
    ];
    let codes = others.into_iter().map(|finding| finding.code).filter(|code| effects.contains(code));
    (told[0].clone(), codes.collect())
}

#[test]
fn the_place_of_the_address_without_a_server_of_the_zone_is_the_one_to_change() {
    let sound = |address: &str| serving(address, 7, "new");
    for (ways, words) in [
        (
            SILENT.as_slice(),
            "198.18.5.1 answers neither over UDP nor over TCP; the zone is served at the glue",
        ),
        (&["udp REFUSED"], "198.18.5.1 answers REFUSED for a.test.; the zone is served at the glue"),
    ] {
        let (glue, others) = told(&sound("198.18.1.1"), &failing("198.18.5.1", ways));
        assert_eq!((glue.remedy(), others), (remedies::GLUE_RIGHT, Vec::new()), "{glue:#?}");
        assert!(glue.evidence.ends_with(words) && glue.level == Level::Failure, "{glue:#?}");
    }
    let (glue, others) = told(&failing("198.18.1.1", &SILENT), &sound("198.18.5.1"));
    assert_eq!((glue.remedy(), others), (Code::GlueDiffers.entry().remedy, Vec::new()), "{glue:#?}");
    let (both, _) = told(&sound("198.18.1.1"), &sound("198.18.5.1"));
    assert_eq!((both.remedy(), both.level), (remedies::GLUE_ALIKE, Level::Warning), "{both:#?}");
    for (glue, own) in [
        (sound("198.18.1.1"), String::new()),
        (failing("198.18.1.1", &SILENT), failing("198.18.5.1", &SILENT)),
        (sound("198.18.1.1"), failing("198.18.5.1", &["udp unknown"])),
    ] {
        let (untold, _) = told(&glue, &own);
        assert_eq!(untold.remedy(), remedies::GLUE_UNTOLD, "{untold:#?}");
        assert!(untold.evidence.ends_with("which address is right could not be told"), "{untold:#?}");
    }
}

#[test]
fn of_two_addresses_in_the_zone_the_one_that_serves_it_is_named() {
    let two = |lines: &str| lines.replace("A | 198.18.5.1", "A | 198.18.5.1 | 198.18.6.1");
    let two = |lines: &str| two(lines).replace("A udp aa | 198.18.5.1", "A udp aa | 198.18.5.1 | 198.18.6.1");
    let sound = |address: &str| serving(address, 7, "new");
    let of = |glue: &str, own: [String; 2]| {
        let lines = format!("{ZONE}\n{}{glue}{}", sound("198.18.2.1"), own.concat());
        let found = judge(&facts("a.test.", &two(&lines)));
        let glue = found.into_iter().find(|finding| finding.code == Code::GlueDiffers).unwrap();
        (glue.evidence.clone(), glue.remedy())
    };
    let refusing = |address: &str| failing(address, &["udp REFUSED"]);
    let (told, remedy) = of(&refusing("198.18.1.1"), [sound("198.18.5.1"), refusing("198.18.6.1")]);
    assert!(
        told.ends_with(
            "; 198.18.1.1 answers REFUSED for a.test.; 198.18.6.1 answers REFUSED for a.test.; the zone is served at its address 198.18.5.1"
        ),
        "{told}"
    );
    assert_eq!(remedy, remedies::GLUE_SERVED);
    let (told, remedy) = of(&sound("198.18.1.1"), [sound("198.18.5.1"), refusing("198.18.6.1")]);
    assert!(
        told.ends_with("; 198.18.6.1 answers REFUSED for a.test.; the zone is served at the glue"),
        "{told}"
    );
    assert_eq!(remedy, remedies::GLUE_RIGHT);
    let (told, remedy) = of(&refusing("198.18.1.1"), [sound("198.18.5.1"), sound("198.18.6.1")]);
    assert!(told.ends_with("; the zone is served at its address"), "{told}");
    assert_eq!(remedy, Code::GlueDiffers.entry().remedy);
    let (_, remedy) =
        of(&refusing("198.18.1.1"), [sound("198.18.5.1"), failing("198.18.6.1", &["udp unknown"])]);
    assert_eq!(remedy, remedies::GLUE_UNTOLD);
}

#[test]
fn records_of_a_former_server_are_a_part_of_the_difference_of_addresses_that_leads_to_it() {
    let (glue, others) = told(&serving("198.18.1.1", 7, "new"), &serving("198.18.5.1", 3, "old"));
    assert_eq!((glue.remedy(), others), (remedies::GLUE_RIGHT, Vec::new()), "{glue:#?}");
    assert!(
        glue.evidence
            .contains("; the serial is 7 at the glue and 3 at the address in the zone; because of that, "),
        "{glue:#?}"
    );
    assert!(
        glue.evidence.contains("because of that, the MX records differ: 198.18.5.1 (ns1.a.test.) has 10 old")
    );
    assert_eq!(glue.level, Level::Failure);
    let (glue, others) = told(&serving("198.18.1.1", 3, "old"), &serving("198.18.5.1", 7, "new"));
    assert_eq!((glue.remedy(), others), (Code::GlueDiffers.entry().remedy, Vec::new()), "{glue:#?}");
    // The serials say nothing.
    let (glue, others) = told(&serving("198.18.1.1", 7, "new"), &serving("198.18.5.1", 7, "old"));
    assert_eq!((glue.remedy(), others), (remedies::GLUE_UNTOLD, Vec::new()), "{glue:#?}");
    // The other server has old records too, so that the addresses are not the cause.
    let third = serving("198.18.2.1", 7, "new").replace("10 new", "10 older");
    let lines = format!("{}{third}", serving("198.18.5.1", 3, "old"));
    let (_, others) = told(&serving("198.18.1.1", 7, "new"), &lines);
    assert!(others.contains(&Code::MxDiffers), "{others:?}");
}

#[test]
fn serials_are_compared_in_their_own_arithmetic_and_only_of_one_primary_server() {
    assert_eq!(newer(&[("a.", 3)], &[("a.", u32::MAX)]), Right::Glue);
    assert_eq!(newer(&[("a.", 3)], &[("a.", 4), ("a.", 5)]), Right::Zone);
    assert_eq!(newer(&[("a.", 3)], &[("a.", 3)]), Right::Both);
    assert_eq!(newer(&[("a.", 3)], &[("a.", 2), ("a.", 4)]), Right::Untold);
    assert_eq!(newer(&[("a.", 3)], &[("b.", 2)]), Right::Untold);
    assert_eq!(newer(&[("a.", 0)], &[("a.", 1 << 31)]), Right::Untold);
}
