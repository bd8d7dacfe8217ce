//! Cases of a resolver that fails with an old DS record.

use super::*;
use crate::codes::Code;
use crate::facts::QueryForm;
use crate::keys::tests::{SIGNED, at_quad9};
use crate::{others, remedies};

/// Facts of a signed domain for which a resolver fails, with these lines.
fn failing(more: &str) -> DomainFacts {
    at_quad9(SIGNED, &format!("lookup a.b. MX | 10 mx.c.\nserver 9.9.9.9 a.b. MX recursive SERVFAIL\n{more}"))
}

const OF_NOW: &str = "59409 13 2 B890B9A107382A9611E22DBE6A8C92C7 415D0C97B485ECB2828FE095CCD2319A";

#[test]
fn an_old_ds_record_is_the_reason_of_a_failure_with_its_end() {
    let mut open = failing("server 9.9.9.9 a.b. DS unvalidated ra cached | 7 13 2 aa");
    let failed = ask(&open);
    if let Some(Got::Reply(reply)) = open.got.get_mut(&failed) {
        reply.why = "DNSSEC Bogus: no DS matches".to_owned();
    }
    let told = others::check(&open).remove(0);
    assert_eq!((told.code, told.remedy()), (Code::OthersFail, remedies::OLD_KEYS));
    assert_eq!(
        told.evidence,
        "9.9.9.9 (Quad9) still has the old DS record of the key 7 for a.b. until 2026-01-01 00:30 UTC, and the zone above has that of the key \
         59409 now; 9.9.9.9 (Quad9) a.b. MX: SERVFAIL (DNSSEC Bogus: no DS matches). They resolve the domain by 2026-01-01 00:30 UTC"
    );
}

fn ask(facts: &DomainFacts) -> Want {
    super::super::other_resolvers::ask(&facts.subject.resolvers[0], "a.b.", "MX")
}

#[test]
fn a_key_that_differs_in_case_alone_is_another_key() {
    let (_, key) = SIGNED.split_once("257 3 13 ").unwrap();
    let key = key.split(' ').next().unwrap();
    let of = |key: &str| {
        let keys = format!("server 9.9.9.9 a.b. DNSKEY unvalidated ra | 257 3 13 {key}");
        let lines = format!("server 9.9.9.9 a.b. DS unvalidated ra | {OF_NOW}\n{keys}");
        others::check(&failing(&lines)).remove(0).evidence
    };
    assert_eq!(of(key), "9.9.9.9 (Quad9) a.b. MX: SERVFAIL");
    assert!(of(&key.to_ascii_lowercase()).contains("has DNSKEY records of a.b. that no server gives"));
}

#[test]
fn a_failure_with_the_ds_records_of_now_has_another_reason() {
    for same in [
        &format!("server 9.9.9.9 a.b. DS unvalidated ra | {OF_NOW}"),
        "server 9.9.9.9 a.b. DS unvalidated SERVFAIL",
        "",
    ] {
        let told = others::check(&failing(same)).remove(0);
        assert_eq!(told.evidence, "9.9.9.9 (Quad9) a.b. MX: SERVFAIL", "{same}");
    }
}

#[test]
fn a_resolver_that_fails_is_asked_for_its_ds_records_without_validation() {
    let open = failing("");
    let asked = Want::Server {
        server: "9.9.9.9".parse().unwrap(),
        name: "a.b.".to_owned(),
        kind: "DS",
        way: QueryForm::Unvalidated,
    };
    assert!(others::wants(&open).contains(&asked), "{:?}", others::wants(&open));
}

#[test]
fn old_dnskey_records_may_last_longer_than_the_old_ds_record() {
    let keys = "server 9.9.9.9 a.b. DNSKEY unvalidated ra | 257 3 13 AAEC";
    let failing = |more: &str| with_ttl_of_keys(failing(more), 7_200);
    let both = failing(&format!("server 9.9.9.9 a.b. DS unvalidated ra cached | 7 13 2 aa\n{keys}"));
    let told = others::check(&both).remove(0);
    assert!(told.evidence.ends_with("They resolve the domain by 2026-01-01 01:00 UTC"), "{}", told.evidence);
    let alone = failing(&format!("server 9.9.9.9 a.b. DS unvalidated ra | {OF_NOW}\n{keys}"));
    let told = others::check(&alone).remove(0);
    let begin = "9.9.9.9 (Quad9) still has old DNSKEY records of a.b. until 2026-01-01 01:00 UTC, and its servers have others now; ";
    assert!(told.evidence.starts_with(begin), "{}", told.evidence);
    assert_eq!(told.remedy(), remedies::OLD_KEYS);
    let asked = Want::Server {
        server: "9.9.9.9".parse().unwrap(),
        name: "a.b.".to_owned(),
        kind: "DNSKEY",
        way: QueryForm::Unvalidated,
    };
    assert!(others::wants(&alone).contains(&asked));
}

/// The same, with this TTL of the keys at the servers of the zone.
fn with_ttl_of_keys(mut facts: DomainFacts, ttl: u32) -> DomainFacts {
    for (want, got) in &mut facts.got {
        if let (Want::Server { kind: "DNSKEY", way: QueryForm::Udp, .. }, Got::Reply(reply)) = (want, got) {
            reply.answers.iter_mut().for_each(|record| record.ttl = ttl);
        }
    }
    facts
}

#[test]
fn keys_whose_ttl_does_not_run_down_have_no_end() {
    let keys = "server 9.9.9.9 a.b. DNSKEY unvalidated ra | 257 3 13 AAEC";
    let lines = format!("server 9.9.9.9 a.b. DS unvalidated ra | {OF_NOW}\n{keys}");
    for of_zone in [3_600, 300] {
        let told = others::check(&with_ttl_of_keys(failing(&lines), of_zone)).remove(0);
        let words = "9.9.9.9 (Quad9) has DNSKEY records of a.b. that no server gives to this host, and their TTL of 3600 s is not less than that \
                     of the keys at the servers: a site of a server, which this resolver reaches and this host does not, seems to give them still; 9.9.9.9 (Quad9) a.b. MX: SERVFAIL";
        assert_eq!(told.evidence, words);
        assert_eq!((told.remedy(), told.stops_mail), (remedies::OLD_KEYS_AT_SITE, true));
    }
    let cached = others::check(&with_ttl_of_keys(failing(&lines), 3_601)).remove(0);
    assert!(
        cached.evidence.ends_with(". They resolve the domain by 2026-01-01 01:00 UTC"),
        "{}",
        cached.evidence
    );
}

#[test]
fn a_ds_record_that_a_server_of_the_zone_above_still_gives_has_no_end() {
    let second = "lookup b. NS | ns.b. | ns2.b.\nlookup ns2.b. A | 192.0.2.10\nserver 192.0.2.10 a.b. NS udp | >a.b. NS ns.a.b.";
    let here = "server 9.9.9.9 a.b. DS unvalidated ra | 7 13 2 aa";
    for still in ["\nserver 192.0.2.10 a.b. DS udp aa | 7 13 2 aa", " | >a.b. DS 7 13 2 aa"] {
        let told = others::check(&failing(&format!("{second}{still}\n{here}"))).remove(0);
        let words = "9.9.9.9 (Quad9) has the DS record of the key 7 for a.b., which 192.0.2.10 (ns2.b.) of the zone above still gives; the other servers \
                     of the zone above have that of the key 59409; 9.9.9.9 (Quad9) a.b. MX: SERVFAIL";
        assert_eq!(told.evidence, words, "{still}");
        assert_eq!(told.remedy(), remedies::OLD_DS_ABOVE);
    }
    let ended =
        others::check(&failing(&format!("{second}\nserver 192.0.2.10 a.b. DS udp aa | {OF_NOW}\n{here}")));
    assert!(ended[0].evidence.contains(". They resolve the domain by 2026-01-01 01:00 UTC"), "{ended:#?}");
}

#[test]
fn an_old_ds_record_in_a_cache_beside_a_server_with_old_keys_has_both_remedies() {
    let lagging = "lookup b. NS | ns.b.\nserver 192.0.2.9 a.b. NS udp | >a.b. NS ns.a.b. | >a.b. NS ns2.a.b.\nlookup ns2.a.b. A | 192.0.2.2\n\
        server 192.0.2.2 a.b. SOA udp aa | ns. h. 1 2 3 4 5\nserver 192.0.2.2 a.b. DNSKEY udp aa | 257 3 13 AAEC";
    let keys = "server 9.9.9.9 a.b. DNSKEY unvalidated ra | 257 3 13 AAEC";
    let ds = "server 9.9.9.9 a.b. DS unvalidated ra cached | 7 13 2 aa";
    let both = others::check(&failing(&format!("{lagging}\n{ds}\n{keys}"))).remove(0);
    assert_eq!(both.remedy(), remedies::OLD_KEYS_AND_AT_SITE, "{both:#?}");
    assert!(
        both.evidence.contains("the old DS record of the key 7 for a.b. until 2026-01-01 00:30 UTC"),
        "{both:#?}"
    );
    assert!(
        both.evidence.contains(
            "has DNSKEY records of a.b. that 192.0.2.2 (ns2.a.b.) still gives, and the other servers do not"
        ),
        "{both:#?}"
    );
    assert!(!both.evidence.contains("They resolve the domain by"), "{both:#?}");
    let of_now = format!("server 9.9.9.9 a.b. DS unvalidated ra | {OF_NOW}");
    let site = others::check(&failing(&format!("{lagging}\n{of_now}\n{keys}"))).remove(0);
    assert_eq!(site.remedy(), remedies::OLD_KEYS_AT_SITE, "{site:#?}");
    let second = "lookup b. NS | ns.b. | ns2.b.\nlookup ns2.b. A | 192.0.2.10\nserver 192.0.2.10 a.b. NS udp | >a.b. NS ns.a.b. | >a.b. NS ns2.a.b.\n\
        server 192.0.2.10 a.b. DS udp aa | 7 13 2 aa";
    let above = others::check(&failing(&format!("{lagging}\n{second}\n{ds}\n{keys}"))).remove(0);
    assert_eq!(above.remedy(), remedies::OLD_DS_ABOVE_AND_AT_SITE, "{above:#?}");
}
