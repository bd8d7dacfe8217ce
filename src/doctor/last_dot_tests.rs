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
    let well = "lookup a.example. MX | 10 mx.a.b.a.example.\nlookup mx.a.b.a.example. A | 198.18.0.1\nlookup mx.a.b.a.example. AAAA\n\
        lookup resolverctl-check-of-wildcards.a.example. MX NXDOMAIN";
    assert_eq!(wanted(well), [lookup("resolverctl-check-of-wildcards.b.a.example.", "A")]);
}

/// The evidence of a host that has the address 198.18.0.1 by the zone file, and about names that do not exist.
fn by_wildcard(host: &str, lines: &str) -> Option<String> {
    let lines = format!(
        "lookup a.example. MX | 10 {host}\nlookup {host} A | 198.18.0.1\nlookup {host} AAAA\n{}",
        lines.replace("NOWHERE", "resolverctl-check-of-wildcards")
    );
    let found = check(&facts("a.example.", &lines)).into_iter();
    let mut found = found.filter(|finding| finding.code == Code::MxByWildcard);
    found.next().map(|finding| finding.evidence)
}

#[test]
fn a_name_that_exists_by_a_wildcard_may_lack_its_last_dot() {
    let given = |above: &str, data: &str| format!("lookup NOWHERE.{above} A | {data}\n");
    for (host, above, meant) in [
        ("mail.a.example.a.example.", "a.example.a.example.", "mail.a.example."),
        ("mx1.hoster.com.a.example.", "hoster.com.a.example.", "mx1.hoster.com."),
    ] {
        let both = given("a.example.", "198.18.0.1") + &given(above, "198.18.0.1");
        let told = format!(
            "{host} (the zone file may name {meant} without its last dot; only a wildcard gives it an address)"
        );
        assert_eq!(by_wildcard(host, &both), Some(told));
        let entered = given("a.example.", "198.18.0.1") + &format!("lookup NOWHERE.{above} A NXDOMAIN");
        assert_eq!(by_wildcard(host, &entered), None, "{host} was entered beside the wildcard");
        let other = given("a.example.", "198.18.0.2") + &given(above, "198.18.0.2");
        assert_eq!(by_wildcard(host, &other), None, "{host} has another address");
        let below = "lookup NOWHERE.a.example. A NXDOMAIN\n".to_owned() + &given(above, "198.18.0.1");
        assert_eq!(by_wildcard(host, &below), None, "{host}: the wildcard is not that of the origin");
        assert_eq!(by_wildcard(host, ""), None, "{host}: it is not known");
    }
    let both = given("a.example.", "198.18.0.1") + &given("b.a.example.", "198.18.0.1");
    assert_eq!(by_wildcard("mx.b.a.example.", &both), None, "a name below the zone, which a wildcard gives");
    let country = given("a.example.", "198.18.0.1") + &given("hoster.de.a.example.", "198.18.0.1");
    assert_eq!(by_wildcard("mx.hoster.de.a.example.", &country), None);
    let found = format!("{country}lookup mx.hoster.de. A | 198.18.0.7");
    assert!(by_wildcard("mx.hoster.de.a.example.", &found).is_some());
}

#[test]
fn names_that_cannot_exist_are_looked_up_step_by_step() {
    let host = "mx.hoster.de.a.example.";
    let base = format!("lookup a.example. MX | 10 {host}\nlookup {host} AAAA | 2001:2::1\nlookup {host} A\n");
    let wanted = |lines: &str| {
        wants(&facts(
            "a.example.",
            &format!("{base}{}", lines.replace("NOWHERE", "resolverctl-check-of-wildcards")),
        ))
    };
    let stranger = |above: &str| lookup(&format!("resolverctl-check-of-wildcards.{above}"), "AAAA");
    let origins = ["a.example.", "de.a.example."].map(stranger);
    assert_eq!(wanted(""), origins);
    assert_eq!(wanted("lookup NOWHERE.a.example. MX NXDOMAIN"), origins[1..]);
    let first = "lookup NOWHERE.a.example. AAAA | 2001:2::1";
    let all = [origins.as_slice(), &[stranger("hoster.de.a.example.")]].concat();
    assert_eq!(wanted(first), all);
    let second = format!("{first}\nlookup NOWHERE.hoster.de.a.example. AAAA | 2001:2::1");
    let tops = ["de.", "hoster."].map(|top| lookup(top, "SOA"));
    assert_eq!(wanted(&second), [all.as_slice(), &tops].concat());
}

#[test]
fn the_questions_have_a_bound() {
    let host = "a1.a2.a3.a4.a5.a6.a7.a8.a9.a.example.";
    assert_eq!(wants(&facts("a.example.", &without("a.example.", host))).len(), MAX_MEANT_NAMES);
}

#[test]
fn the_target_of_an_alias_may_lack_its_last_dot() {
    let of = |host: &str, target: &str| {
        let alias = format!("NXDOMAIN | ={host} CNAME {target}");
        told(
            "a.example.",
            &format!("lookup a.example. MX | 10 {host}\nlookup {host} A {alias}\nlookup {host} AAAA {alias}"),
        )
    };
    for (host, target, meant) in [
        ("mx.a.example.", "mail.a.example.a.example.", "mail.a.example."),
        ("mx.a.example.", "mx.hoster.com.a.example.", "mx.hoster.com."),
        ("mx.b.example.", "mail.b.example.b.example.", "mail.b.example."),
        ("mx.sub.b.example.", "mail.b.example.sub.b.example.", "mail.b.example."),
    ] {
        let expected = format!(
            "{host} (CNAME {target}; the zone file may name {meant} without its last dot) [In the zone file, end the target of the ]"
        );
        assert_eq!(of(host, target), expected);
    }
    assert!(of("mx.a.example.", "mail.b.example.").starts_with("mx.a.example. [Add"));
}
