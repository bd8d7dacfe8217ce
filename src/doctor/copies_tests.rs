//! Cases of servers with copies of the zone from different primary servers.

use super::*;
use crate::codes::Code;
use crate::facts::tests::facts;
use crate::finding::Finding;
use crate::{current, judge, remedies};

/// A zone with two servers, or three. The second one has a copy of another primary server with a higher serial, with these records.
fn zone_lines(servers: usize, names: &str, mail: &str) -> String {
    let all: Vec<String> = (1..=servers).map(|number| format!("ns{number}.b.test.")).collect();
    let (own, referral) = (all.join(" | "), all.iter().map(|name| format!(" | >a.test. NS {name}")));
    let server = |address: &str| {
        format!(
            "server {address} a.test. SOA udp aa | ns1.b.test. h. 7 2 3 4 5
            server {address} a.test. SOA tcp aa | ns1.b.test. h. 7 2 3 4 5
            server {address} a.test. NS mixed aa | {own}
            server {address} a.test. MX udp aa | 10 mx.b.test.\n"
        )
    };
    let right: String = ["198.18.1.1", "198.20.3.1"].into_iter().take(servers - 1).map(server).collect();
    format!(
        "lookup a.test. SOA | ns1.b.test. h. 7 2 3 4 5
        lookup a.test. MX | 10 {mail}
        lookup a.test. NS | {own}
        lookup test. SOA | ns.test. h. 1 2 3 4 5
        lookup test. NS | ns.test.
        lookup ns.test. A | 198.18.9.1
        lookup ns1.b.test. A | 198.18.1.1
        lookup ns2.b.test. A | 198.19.2.1
        lookup ns3.b.test. A | 198.20.3.1
        lookup mx.b.test. A | 198.18.3.1
        lookup old.c.test. A NXDOMAIN
        lookup old.c.test. AAAA NXDOMAIN
        server 198.18.9.1 a.test. NS udp{}
        server 198.19.2.1 a.test. SOA udp aa | NS.c.test. h. 2026010101 2 3 4 5
        server 198.19.2.1 a.test. SOA tcp aa | NS.c.test. h. 2026010101 2 3 4 5
        server 198.19.2.1 a.test. NS mixed aa | {names}
        server 198.19.2.1 a.test. MX udp aa | 10 {mail}
        {right}",
        referral.collect::<String>()
    )
}

/// The facts about such a zone.
fn with_servers(servers: usize, names: &str, mail: &str) -> DomainFacts {
    let mut facts = facts("a.test.", &zone_lines(servers, names, mail));
    current::adopt(&mut facts);
    facts
}

fn with_copy(names: &str, mail: &str) -> DomainFacts {
    with_servers(2, names, mail)
}

fn told(findings: &[Finding], code: Code) -> &Finding {
    findings.iter().find(|finding| finding.code == code).unwrap_or_else(|| panic!("{findings:#?}"))
}

const COPY: &str = "198.19.2.1 (ns2.b.test.) has another zone of this name: its SOA record names the primary server ns.c.test. instead of \
                    ns1.b.test., and its NS records name ns1.c.test., ns2.c.test.";

#[test]
fn a_foreign_copy_with_a_higher_serial_is_not_the_zone() {
    let findings = judge(&with_copy("ns1.c.test. | ns2.c.test.", "old.c.test."));
    assert_eq!(findings[0].code, Code::MxDiffers, "{findings:#?}");
    assert!(findings[0].evidence.ends_with(&format!("; {COPY}")), "{}", findings[0].evidence);
    assert!(findings[0].remedy().starts_with("Remove the other zone"));
    for code in [Code::NsDiffer, Code::MxWithoutAddress, Code::SerialDiffers] {
        assert!(findings.iter().all(|finding| finding.code != code), "{findings:#?}");
    }
}

#[test]
fn a_foreign_copy_with_the_same_mail_hosts_is_told_with_its_name_servers() {
    let findings = judge(&with_copy("ns1.c.test. | ns2.c.test.", "mx.b.test."));
    let differ = told(&findings, Code::NsDiffer);
    let begin = "test. delegates a.test. to ns1.b.test., ns2.b.test.; ";
    assert_eq!(differ.evidence, format!("{begin}{COPY}"));
}

#[test]
fn the_primary_servers_are_told_if_each_group_of_mail_hosts_has_its_own() {
    let findings = judge(&with_copy("ns1.b.test. | ns2.b.test.", "old.c.test."));
    assert_eq!(findings[0].code, Code::MxDiffers, "{findings:#?}");
    let words = "; their SOA records name different primary servers: ";
    assert!(findings[0].evidence.contains(words), "{}", findings[0].evidence);
    assert!(findings.iter().all(|finding| finding.code != Code::MxWithoutAddress), "{findings:#?}");
}

#[test]
fn a_copy_of_one_server_is_foreign_though_it_names_a_server_of_the_delegation() {
    let names = "ns1.c.test. | ns2.b.test.";
    let copy = COPY.replace("ns1.c.test., ns2.c.test.", "ns1.c.test., ns2.b.test.");
    let findings = judge(&with_servers(3, names, "old.c.test."));
    assert_eq!(findings[0].code, Code::MxDiffers, "{findings:#?}");
    assert!(findings[0].evidence.ends_with(&format!("; {copy}")), "{}", findings[0].evidence);
    assert!(findings[0].remedy().starts_with("Remove the other zone"));
    for code in [Code::NsDiffer, Code::SerialDiffers, Code::NsWithoutAddress] {
        assert!(findings.iter().all(|finding| finding.code != code), "{findings:#?}");
    }
    let findings = judge(&with_servers(3, names, "mx.b.test."));
    let differ = told(&findings, Code::NsDiffer);
    let begin = "test. delegates a.test. to ns1.b.test., ns2.b.test., ns3.b.test.; ";
    assert_eq!(differ.evidence, format!("{begin}{copy}"));
    assert!(differ.remedy().starts_with("Remove the other zone"));
}

#[test]
fn both_zones_are_told_where_nothing_tells_which_is_foreign() {
    let sides = "; their SOA records name different primary servers: ns.c.test. at 198.19.2.1 (ns2.b.test.), ns1.b.test. at 198.18.1.1 \
                 (ns1.b.test.); which of them has the zone of the domain could not be told";
    for (mail, is_joined) in [("old.c.test.", true), ("mx.b.test.", false)] {
        let findings = judge(&with_copy("ns1.c.test. | ns2.b.test.", mail));
        let differ = told(&findings, Code::NsDiffer);
        assert_eq!(findings[0].code, Code::NsDiffer, "{findings:#?}");
        assert_eq!(differ.evidence.matches("different primary servers").count(), 1, "{}", differ.evidence);
        assert!(differ.evidence.contains(sides), "{}", differ.evidence);
        assert_eq!(differ.evidence.contains("the MX records differ"), is_joined, "{}", differ.evidence);
        assert!(differ.remedy().starts_with("Find out at which of these primary servers"), "{differ:#?}");
    }
}

#[test]
fn serials_are_compared_among_servers_of_one_primary() {
    let soa = |server: &str, primary: &str, serial: u32| {
        format!("server {server} a.test. SOA udp aa | {primary} h. {serial} 2 3 4 5\n")
    };
    let lines =
        soa("198.18.1.1", "one.", 7) + &soa("198.18.2.1", "One.", 6) + &soa("198.18.3.1", "two.", 900);
    let facts = facts("a.test.", &format!("lookup a.test. SOA | one. h. 7 2 3 4 5\n{lines}"));
    let servers = ["198.18.1.1", "198.18.2.1", "198.18.3.1"].map(|server| server.parse().unwrap());
    assert_eq!(zone::old_ones(&facts, servers), BTreeSet::from([servers[1]]));
    assert_eq!(newest_server(&facts, &servers), Some(servers[0]), "most servers have it");
}

/// Two keys, with their tags.
const KEY: (&str, u16) = (
    "257 3 13 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==",
    59409,
);
const OTHER_KEY: (&str, u16) = ("257 3 13 AAEC", 1551);

/// The keys of a server, which sign themselves.
fn signed(server: &str, (key, tag): (&str, u16)) -> String {
    format!(
        "server {server} a.test. DNSKEY udp aa | {key} | =a.test. RRSIG DNSKEY 13 2 300 4000000000 1 {tag} a.test. x\n"
    )
}

/// The DS record of a key at the zone above.
fn ds((_, tag): (&str, u16)) -> String {
    format!("server 198.18.9.1 a.test. DS udp aa | {tag} 13 9 aa\n")
}

/// The findings about such a zone, with more lines.
fn judged(lines: &str, more: &str) -> Vec<Finding> {
    let mut facts = facts("a.test.", &format!("{lines}\n{more}"));
    current::adopt(&mut facts);
    judge(&facts)
}

#[test]
fn an_unsigned_copy_is_foreign_if_the_ds_records_fit_the_zone_of_the_others() {
    let names = "ns1.c.test. | ns2.b.test.";
    let lines = zone_lines(2, names, "old.c.test.");
    let (signed, bare, ds_of) =
        (signed("198.18.1.1", KEY), "server 198.19.2.1 a.test. DNSKEY udp aa\n", ds(KEY));
    let found = judged(&lines, &format!("{signed}{bare}{ds_of}"));
    let words = "its NS records name ns1.c.test., ns2.b.test.; it is not signed, and the DS records at the zone above fit the zone of the others";
    let differs = told(&found, Code::MxDiffers);
    assert!(differs.evidence.ends_with(words), "{}", differs.evidence);
    assert!(differs.remedy().starts_with("Remove the other zone"), "{differs:#?}");
    for code in [Code::NsDiffer, Code::SerialDiffers] {
        assert!(found.iter().all(|finding| finding.code != code), "{found:#?}");
    }
    for more in
        [format!("{signed}{ds_of}"), format!("{signed}{bare}"), format!("{signed}{bare}{}", ds(OTHER_KEY))]
    {
        let differ = judged(&lines, &more);
        assert!(told(&differ, Code::NsDiffer).evidence.contains("could not be told"), "{more}");
    }
}

#[test]
fn the_ds_records_tell_which_of_two_signed_zones_is_foreign() {
    let (first, second, third) = ("198.18.1.1", "198.19.2.1", "198.20.3.1");
    let of_others =
        "it is signed with other keys, and the DS records at the zone above fit the keys of the others";
    for (names, named) in [
        ("ns1.c.test. | ns2.b.test.", "ns1.c.test., ns2.b.test."),
        ("ns1.b.test. | ns2.b.test.", "the servers of the zone"),
    ] {
        let more = signed(first, KEY) + &signed(second, OTHER_KEY) + &ds(KEY);
        let found = judged(&zone_lines(2, names, "old.c.test."), &more);
        let words = format!(
            "198.19.2.1 (ns2.b.test.) has another zone of this name: its SOA record names the primary server ns.c.test. instead of ns1.b.test., \
             and its NS records name {named}; {of_others}"
        );
        let differs = told(&found, Code::MxDiffers);
        assert!(differs.evidence.ends_with(&words), "{}", differs.evidence);
        assert_eq!(differs.remedy(), remedies::FOREIGN_SIGNED_ZONE);
        for code in [Code::NsDiffer, Code::SerialDiffers, Code::MxWithoutAddress] {
            assert!(found.iter().all(|finding| finding.code != code), "{found:#?}");
        }
    }
    // The copy stands at most of the servers. Where the zone itself names others, the difference of the sets tells it.
    for (names, code, remedy) in [
        ("ns1.b.test. | ns2.b.test. | ns3.b.test.", Code::MxDiffers, remedies::FOREIGN_SIGNED_ZONE),
        ("ns2.b.test. | ns9.b.test.", Code::NsDiffer, remedies::RECORDS_OF_ONE_SET),
    ] {
        let more = signed(first, KEY) + &signed(third, KEY) + &signed(second, OTHER_KEY) + &ds(OTHER_KEY);
        let found = judged(&zone_lines(3, names, "mx.c.test."), &more);
        let differs = told(&found, code);
        let words = "has another zone of this name: its SOA record names the primary server ns1.b.test. instead of ns.c.test.";
        for server in ["198.18.1.1 (ns1.b.test.)", "198.20.3.1 (ns3.b.test.)"] {
            assert!(differs.evidence.contains(&format!("{server} {words}")), "{}", differs.evidence);
        }
        assert!(differs.evidence.contains(of_others), "{}", differs.evidence);
        assert_eq!(differs.remedy(), remedy);
    }
}

#[test]
fn a_higher_serial_shows_no_newer_zone_at_servers_without_the_keys_of_the_ds_records() {
    let lines = zone_lines(2, "ns1.b.test. | ns2.b.test.", "mx.b.test.");
    let found = judged(&lines, &(signed("198.18.1.1", KEY) + &signed("198.19.2.1", OTHER_KEY) + &ds(KEY)));
    let differs = told(&found, Code::SerialDiffers);
    let words = "the servers with the highest serial do not have the keys that the DS records name, so that it does not show a newer zone; those \
                 keys are at 198.18.1.1 (ns1.b.test.)";
    assert!(differs.evidence.ends_with(words), "{}", differs.evidence);
    assert_eq!(differs.remedy(), remedies::SERIAL_WITHOUT_KEYS);
    let of_both =
        format!("server 198.18.9.1 a.test. DS udp aa | {} 13 9 aa | {} 13 9 aa\n", KEY.1, OTHER_KEY.1);
    let found = judged(&lines, &(signed("198.18.1.1", KEY) + &signed("198.19.2.1", OTHER_KEY) + &of_both));
    assert_eq!(told(&found, Code::SerialDiffers).remedy(), Code::SerialDiffers.entry().remedy);
}
