//! Cases of a resolver that fails with an old DS record.

use super::*;
use crate::check::domain::facts::tests::facts;
use crate::check::domain::facts::{QueryForm, ResolverWay};
use crate::check::domain::keys::tests::SIGNED;
use crate::check::domain::{codes::Code, others, remedies};

/// Facts of a signed domain for which a resolver fails, with these lines.
fn failing(more: &str) -> DomainFacts {
    let lines = format!(
        "lookup a.b. SOA secure | ns. h. 1 2 3 4 5{SIGNED}\nlookup a.b. MX | 10 mx.c.\nserver 9.9.9.9 a.b. MX recursive SERVFAIL\n{more}"
    );
    let mut facts = facts("a.b.", &lines);
    let way = ResolverWay::Plain("9.9.9.9".parse().unwrap());
    facts.subject.resolvers = vec![OtherResolver { way, name: "9.9.9.9 (Quad9)".to_owned() }];
    facts
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
    assert!(of(&key.to_ascii_lowercase()).contains("old DNSKEY records"));
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
