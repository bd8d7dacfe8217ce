//! Cases of a server that only the zone or only the zone above names, and of glue that the zone does not have.

use super::*;
use crate::facts::tests::facts;

/// The findings about a zone whose first name is `ns1.a.test.`. The zone above names the second one so, and the zone itself so.
fn found(above: &str, own: &str, lines: &str) -> Vec<Finding> {
    let server = |address: &str| {
        format!(
            "server {address} a.test. SOA udp aa | ns1.a.test. h. 7 2 3 4 5\nserver {address} a.test. SOA tcp aa | ns1.a.test. h. 7 2 3 4 5\n\
             server {address} a.test. NS mixed aa | ns1.a.test. | {own}\nserver {address} a.test. MX udp aa | 10 mx.a.test.\n"
        )
    };
    let denied = [above, own, "ns1.a.test."].map(|name| {
        let denied = ["A", "AAAA"].map(|kind| format!("lookup {name} {kind} NXDOMAIN\n"));
        denied.concat()
    });
    let base = "lookup a.test. SOA | ns1.a.test. h. 7 2 3 4 5\nlookup a.test. NS | ns1.a.test.\nlookup test. SOA | ns.test. h. 1 2 3 4 5\n\
        lookup test. NS | ns.test.\nlookup ns.test. A | 198.18.9.1\nlookup ns.test. AAAA";
    let referral = format!(
        "server 198.18.9.1 a.test. NS udp | >a.test. NS ns1.a.test. | >a.test. NS {above} | +ns1.a.test. A 198.18.1.1"
    );
    let sound = "lookup ns2.b.net. A | 198.18.2.1\nlookup ns2.b.net. AAAA";
    let servers = server("198.18.1.1") + &server("198.18.2.1");
    check(&facts("a.test.", &format!("{base}\n{referral}\n{servers}{}{sound}\n{lines}", denied.concat())))
}

const OWN: &str = "lookup ns1.a.test. A | 198.18.1.1\nlookup ns1.a.test. AAAA";

/// The remedy for the difference between the sets.
fn remedy(above: &str, own: &str) -> &'static str {
    let found = found(above, own, OWN);
    let differ = found.iter().find(|finding| finding.code == Code::NsDiffer);
    differ.unwrap_or_else(|| panic!("{found:#?}")).remedy()
}

#[test]
fn the_side_whose_name_has_no_address_is_the_one_to_change() {
    let dotless = remedy("ns2.b.net.", "ns2.b.net.a.test.");
    assert!(dotless.contains("end the name in the NS record with a dot"), "{dotless}");
    let typed = remedy("ns2.b.net.", "ns2.b.ent.");
    assert!(typed.contains("in the NS records of the zone") && !typed.contains("registrar"), "{typed}");
    let entered = remedy("ns2.b.ent.", "ns2.b.net.");
    assert!(
        entered.starts_with("At the registrar") && !entered.contains("NS records in the zone,"),
        "{entered}"
    );
    let both = remedy("ns2.b.ent.", "ns2.b.ten.");
    assert!(both.starts_with("Make both sets equal"), "{both}");
}

#[test]
fn an_address_without_a_last_dot_in_an_ns_record_is_told_as_one() {
    let found = found("ns2.b.net.", "198.18.2.1.a.test.", OWN);
    let told = found.iter().find(|finding| finding.code == Code::NsIsAddress);
    let evidence = &told.unwrap_or_else(|| panic!("{found:#?}")).evidence;
    assert_eq!(evidence, "198.18.2.1.a.test. (an address without a last dot)");
    assert_eq!(found.iter().find(|finding| finding.code == Code::NsWithoutAddress), None);
}

#[test]
fn glue_of_a_name_that_the_servers_of_the_zone_deny_is_told() {
    let ask = |server: &str, answer: &str| format!("server {server} ns1.a.test. A udp {answer}\n");
    let of = |first: &str, second: &str| {
        let lines = ask("198.18.1.1", first) + &ask("198.18.2.1", second);
        let found = found("ns2.b.net.", "ns2.b.net.", &lines);
        found.into_iter().find(|finding| finding.code == Code::GlueDiffers)
    };
    let denied = "NXDOMAIN aa";
    let told = of(denied, denied).unwrap();
    assert_eq!(
        told.evidence,
        "the glue of ns1.a.test. is 198.18.1.1, and the servers of the zone have no address of this name"
    );
    assert_eq!(told.level, Level::Warning, "the zone is served at the glue");
    assert!(told.remedy().contains("in the zone"), "{}", told.remedy());
    assert!(of("aa", "aa").is_some(), "the name has other records");
    for (first, second) in
        [(denied, "aa | 198.18.1.1"), (denied, "SERVFAIL"), (denied, "silent"), ("", ""), (denied, "")]
    {
        assert_eq!(of(first, second), None, "{first}, {second}");
    }
    let alias = "aa | =ns1.a.test. CNAME x.test.";
    assert_eq!(of(alias, alias), None, "an alias is another fault");
    let six = "server 198.18.1.1 ns1.a.test. AAAA udp aa | 2001:2::1\nserver 198.18.2.1 ns1.a.test. AAAA udp aa | 2001:2::1\n\
        lookup ns1.a.test. AAAA | 2001:2::1\n";
    let lines = format!("{six}{}{}", ask("198.18.1.1", "aa"), ask("198.18.2.1", "aa"));
    let found = found("ns2.b.net.", "ns2.b.net.", &lines);
    assert!(
        found.iter().all(|finding| finding.code != Code::GlueDiffers),
        "the name has another address: {found:#?}"
    );
}
