//! Cases of a signed domain that has moved to servers with other keys.

use super::*;
use crate::check::domain::codes::Code;
use crate::check::domain::facts::ResolverWay;
use crate::check::domain::facts::tests::facts;
use crate::check::domain::keys::tests::SIGNED;
use crate::check::domain::other_resolvers::ask_unvalidated;
use crate::check::domain::{others, remedies};

/// Facts of a signed domain, of which a resolver has the MX and NS records of former servers that sign with the key of this tag.
fn moved(tag: u16, more: &str) -> DomainFacts {
    of_zone(SIGNED, tag, more)
}

/// The same, of this zone.
fn of_zone(zone: &str, tag: u16, more: &str) -> DomainFacts {
    let lines = format!(
        "lookup a.b. SOA secure | ns. h. 1 2 3 4 5{zone}\nlookup a.b. MX | 10 new.c.\nserver 192.0.2.1 a.b. NS mixed aa | ns.a.b.\n\
         server 192.0.2.1 a.b. MX udp aa | 10 new.c.\nserver 9.9.9.9 a.b. MX recursive ra cached | 10 old.c.\n\
         server 9.9.9.9 a.b. NS recursive ra | old.d.\nlookup old.d. A | 192.0.2.77\n\
         server 192.0.2.77 a.b. MX udp aa | 10 old.c. | =a.b. RRSIG MX 13 2 300 4000000000 1 {tag} a.b. x\n{more}"
    );
    let mut facts = facts("a.b.", &lines);
    let way = ResolverWay::Plain("9.9.9.9".parse().unwrap());
    facts.subject.resolvers = vec![OtherResolver { way, name: "9.9.9.9 (Quad9)".to_owned() }];
    facts
}

const OLD_DS: &str = "server 9.9.9.9 a.b. DS unvalidated ra cached | 7 13 2 aa";

#[test]
fn the_failure_that_is_to_come_is_told_and_the_new_records_alone_are_not_advised() {
    let told = others::check(&moved(7, OLD_DS)).remove(0);
    assert_eq!((told.code, told.remedy()), (Code::OthersOld, remedies::FORMER_SIGNERS), "{told:#?}");
    let words = "; these servers sign with other keys than those of now, and 9.9.9.9 (Quad9) has the old DS record of a.b. until 2026-01-01 00:30 \
                 UTC: from 2026-01-01 00:30 UTC on, when the first of the two has ended, DNSSEC validation fails there, until 2026-01-01 01:00 UTC";
    assert!(told.evidence.contains(words), "{}", told.evidence);
    let untold = others::check(&moved(7, "")).remove(0);
    assert_eq!(untold.remedy(), remedies::FORMER_SIGNERS);
    assert!(
        untold.evidence.contains("DNSSEC validation fails until the second has ended"),
        "{}",
        untold.evidence
    );
}

#[test]
fn former_servers_with_the_keys_of_now_or_with_none_may_give_the_new_records() {
    let same = others::check(&moved(59409, "")).remove(0);
    assert_eq!((same.code, same.remedy()), (Code::OthersOld, remedies::FORMER_SERVERS), "{same:#?}");
    let bare = "server 192.0.2.77 a.b. MX udp aa | 10 old.c.";
    assert_eq!(others::check(&moved(7, bare)).remove(0).remedy(), remedies::FORMER_SERVERS);
}

#[test]
fn after_a_move_to_servers_that_do_not_sign_the_signed_zone_stays_until_the_old_ds_record_has_ended() {
    let (before, behind) = SIGNED.split_once("DS udp aa |").unwrap();
    let (_, behind) = behind.split_once('\n').unwrap();
    let (soa, _) = behind.split_once("server 192.0.2.1 a.b. DNSKEY").unwrap();
    let bare = format!("{before}DS udp aa\n{soa}server 192.0.2.1 a.b. DNSKEY udp aa");
    let told = |more: &str| others::check(&of_zone(&bare, 7, more)).remove(0);
    let until = told(OLD_DS);
    assert_eq!((until.code, until.remedy()), (Code::OthersOld, remedies::FORMER_SIGNED), "{until:#?}");
    let words = "; these servers sign, and those of now do not: 9.9.9.9 (Quad9) has the old DS record of a.b. until 2026-01-01 00:30 UTC, and needs \
                 their signatures until then";
    assert!(until.evidence.contains(words), "{}", until.evidence);
    assert!(told("").evidence.contains("where the old NS records end before the old DS record, "));
}

#[test]
fn a_resolver_with_former_servers_that_sign_is_asked_for_its_ds_records() {
    let asks = |facts: &DomainFacts| {
        others::wants(facts).contains(&ask_unvalidated(&facts.subject.resolvers[0], "a.b.", "DS"))
    };
    assert!(asks(&moved(7, "")) && !asks(&moved(59409, "")));
}
