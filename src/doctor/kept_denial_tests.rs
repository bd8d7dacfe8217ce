//! Cases of a resolver that has kept the denial of a new domain.

use crate::codes::Code;
use crate::facts::tests::{TWO_SERVERS, facts};
use crate::facts::{OtherResolver, ResolverWay};
use crate::others::check;

/// The codes and the evidence of the findings if a resolver answers so for the MX records of a new domain.
fn found(answer: &str, more: &str) -> Vec<(Code, String)> {
    let lines = format!(
        "{TWO_SERVERS}\nlookup a.test. MX | 10 mx.b.test.\nserver 198.18.1.1 a.test. MX udp aa | 10 mx.b.test.
        server 9.9.9.9 a.test. MX recursive {answer}\nserver 9.9.9.9 a.test. A recursive {answer}\n{more}"
    );
    let mut facts = facts("a.test.", &lines);
    let way = ResolverWay::Plain("9.9.9.9".parse().unwrap());
    facts.subject.resolvers = vec![OtherResolver { way, name: "9.9.9.9 (Quad9)".to_owned() }];
    check(&facts).into_iter().map(|finding| (finding.code, finding.evidence)).collect()
}

#[test]
fn the_denial_of_a_new_domain_is_told_with_its_end() {
    let found_one = found("NXDOMAIN ra cached | >test. SOA ns.test. h. 1 2 3 4 900", "");
    let evidence = "9.9.9.9 (Quad9) still has the answer of the zone test. that a.test. does not exist (NXDOMAIN), until 2026-01-01 00:30 UTC. \
                    They find the domain by 2026-01-01 00:30 UTC";
    assert_eq!(found_one, [(Code::OthersDeny, evidence.to_owned())]);
}

#[test]
fn a_denial_without_the_soa_of_the_zone_above_or_which_a_server_of_it_repeats_is_none() {
    for answer in [
        "NXDOMAIN ra",
        "NXDOMAIN ra | >a.test. SOA ns1.a.test. h. 7 2 3 4 5",
        "NXDOMAIN ra | >. SOA a. h. 7 2 3 4 5",
    ] {
        assert!(found(answer, "").iter().all(|(code, _)| *code != Code::OthersDeny), "{answer}");
    }
    let second = "lookup test. NS | ns.test. | ns2.test.\nlookup ns2.test. A | 198.18.9.2
        server 198.18.9.2 a.test. NS udp NXDOMAIN aa | >test. SOA ns.test. h. 1 2 3 4 5";
    let told = found("NXDOMAIN ra | >test. SOA ns.test. h. 1 2 3 4 900", second);
    assert!(told.iter().all(|(code, _)| *code != Code::OthersDeny), "{told:?}");
}

#[test]
fn the_denial_in_the_cache_of_this_host_breaks_no_chain() {
    use crate::{current, dnssec};
    let lines = "
        lookup a.test. SOA secure NXDOMAIN | >test. SOA ns.test. h. 1 2 3 4 5
        lookup a.test. MX secure NXDOMAIN | >test. SOA ns.test. h. 1 2 3 4 5
        lookup _dmarc.a.test. TXT secure NXDOMAIN | >test. SOA ns.test. h. 1 2 3 4 5
        lookup _dmarc.a.test. CNAME secure NXDOMAIN | >test. SOA ns.test. h. 1 2 3 4 5
        lookup test. SOA secure | ns.test. h. 1 2 3 4 5
        lookup test. NS | ns.test.
        lookup ns.test. A | 198.18.9.1
        lookup ns1.b.test. A | 198.18.1.1
        server 198.18.9.1 a.test. NS udp | >a.test. NS ns1.b.test.
        server 198.18.1.1 a.test. SOA udp aa | ns1.b.test. h. 7 2 3 4 5
        server 198.18.1.1 a.test. NS mixed aa | ns1.b.test.
        server 198.18.1.1 a.test. MX udp aa | 10 mx.b.test.
        server 198.18.1.1 _dmarc.a.test. TXT udp NXDOMAIN aa";
    let mut facts = crate::facts::tests::facts("a.test.", lines);
    current::adopt(&mut facts);
    assert!(super::is_here(&facts), "{:?}", facts.cached);
    let codes: Vec<Code> = dnssec::check(&facts).into_iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::DnssecUnknown]);
}
