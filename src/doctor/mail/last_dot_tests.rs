//! Cases of names without their last dot.

use super::*;
use crate::codes::Code;
use crate::facts::tests::facts;
use crate::mail::check;

/// The evidence about mail hosts without an address.
fn told(domain: &str, lines: &str) -> String {
    let found = check(&facts(domain, lines)).into_iter();
    let found = found.filter(|finding| finding.code == Code::MxWithoutAddress);
    found
        .map(|finding| format!("{} [{}]", finding.evidence, &finding.remedy()[..40]))
        .collect::<Vec<_>>()
        .join(" ")
}

/// A domain with a mail host that does not exist.
fn without(domain: &str, host: &str) -> String {
    format!("lookup {domain} MX | 10 {host}\nlookup {host} A NXDOMAIN\nlookup {host} AAAA NXDOMAIN")
}

const MX: &str = "[In the zone file, end the name in the MX]";

#[test]
fn the_origin_may_be_a_name_below_the_zone_or_the_zone_of_a_name_below() {
    for (domain, host, meant) in [
        ("a.example.", "mail.a.example.sub.a.example.", "mail.a.example."),
        ("sub.a.example.", "mail.a.example.sub.a.example.", "mail.a.example."),
        ("sub.a.example.", "mail.sub.a.example.a.example.", "mail.sub.a.example."),
        ("a.example.", "mx1.hoster.com.sub.a.example.", "mx1.hoster.com."),
        ("sub.a.example.", "mx1.hoster.com.a.example.", "mx1.hoster.com."),
    ] {
        let soa = format!("lookup {domain} SOA | >a.example. SOA ns.a.example. h. 1 2 3 4 5");
        let expected = format!("{host} (the zone file may name {meant} without its last dot) {MX}");
        assert_eq!(told(domain, &format!("{}\n{soa}", without(domain, host))), expected);
    }
    for host in ["mail.a.example.", "mail.b.a.example.", "com.sub.a.example.", "a.b.c.d.a.example."] {
        assert!(
            told("a.example.", &without("a.example.", host)).starts_with(&format!("{host} [Add")),
            "{host}"
        );
    }
    let address = check(&facts("a.example.", &without("a.example.", "192.0.2.1.sub.a.example.")));
    assert_eq!(address[0].code, Code::MxIsAddress);
}

#[test]
fn a_name_before_the_origin_that_has_an_address_is_meant() {
    let host = "mx1.hoster.de.sub.a.example.";
    let lines = without("a.example.", host);
    let wanted = |lines: &str| wants(&facts("a.example.", lines));
    assert_eq!(wanted(&lines), ["sub.", "de.", "hoster."].map(|top| lookup(top, "SOA")));
    let tops = format!(
        "{lines}\nlookup sub. SOA NXDOMAIN\nlookup hoster. SOA NXDOMAIN\nlookup de. SOA | a. h. 1 2 3 4 5"
    );
    let [ipv4, ipv6] = addresses("mx1.hoster.de.");
    assert_eq!(
        wanted(&tops),
        [lookup("sub.", "SOA"), lookup("de.", "SOA"), ipv4, ipv6, lookup("hoster.", "SOA")]
    );
    let found = format!("{tops}\nlookup mx1.hoster.de. A | 198.18.0.1\nlookup mx1.hoster.de. AAAA");
    let expected = format!("{host} (the zone file may name mx1.hoster.de. without its last dot) {MX}");
    assert_eq!(told("a.example.", &found), expected);
    assert_eq!(wanted(&found), []);
    let missing = format!("{tops}\nlookup mx1.hoster.de. A NXDOMAIN\nlookup mx1.hoster.de. AAAA NXDOMAIN");
    assert!(told("a.example.", &missing).starts_with(&format!("{host} [Add")));
}
