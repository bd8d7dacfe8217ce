//! Cases of a signed domain that has moved to servers with other keys.

use super::*;
use crate::codes::Code;
use crate::facts::{Got, QueryForm, Want};
use crate::keys::tests::{SIGNED, at_quad9};
use crate::other_resolvers::ask_unvalidated;
use crate::{others, remedies};

/// Facts of a signed domain, of which a resolver has the MX and NS records of former servers that sign with the key of this tag.
fn moved(tag: u16, more: &str) -> DomainFacts {
    of_zone(SIGNED, &format!(" | =a.b. RRSIG MX 13 2 300 4000000000 1 {tag} a.b. x"), more)
}

/// The same, of this zone, with this signature of the former MX record.
fn of_zone(zone: &str, signature: &str, more: &str) -> DomainFacts {
    let lines = format!(
        "lookup a.b. MX | 10 new.c.\nserver 192.0.2.1 a.b. NS mixed aa | ns.a.b.\n\
         server 192.0.2.1 a.b. MX udp aa | 10 new.c.\nserver 9.9.9.9 a.b. MX recursive ra cached | 10 old.c.\n\
         server 9.9.9.9 a.b. NS recursive ra | old.d.\nlookup old.d. A | 192.0.2.77\n\
         server 192.0.2.77 a.b. MX udp aa | 10 old.c.{signature}\n{more}"
    );
    at_quad9(zone, &lines)
}

/// The DS record of now.
const OF_NOW: &str = "59409 13 2 b890b9a107382a9611e22dbe6a8c92c7415d0c97b485ecb2828fe095ccd2319a";

/// A signature of the former MX record with another key than that of now.
const SIGNATURE: &str = " | =a.b. RRSIG MX 13 2 300 4000000000 1 7 a.b. x";

const OLD_DS: &str = "server 9.9.9.9 a.b. DS unvalidated ra cached | 7 13 2 aa";

#[test]
fn the_failure_that_is_to_come_is_told_and_the_new_records_alone_are_not_advised() {
    let told = others::check(&moved(7, OLD_DS)).remove(0);
    assert_eq!((told.code, told.remedy()), (Code::OthersOld, remedies::FORMER_SIGNERS), "{told:#?}");
    let words = "; these servers sign with other keys than those of now: 9.9.9.9 (Quad9) has the old DS record of a.b. until 2026-01-01 00:30 \
                 UTC: from 2026-01-01 00:30 UTC on, it may still validate with the old DNSKEY records until these have ended too; then DNSSEC \
                 validation fails there, until 2026-01-01 01:00 UTC";
    assert!(told.evidence.contains(words), "{}", told.evidence);
    assert!(!told.evidence.contains("has the old DNSKEY records"), "{}", told.evidence);
    let untold = others::check(&moved(7, "")).remove(0);
    assert_eq!(untold.remedy(), remedies::FORMER_SIGNERS);
    assert!(
        untold.evidence.contains("DNSSEC validation fails until the second has ended"),
        "{}",
        untold.evidence
    );
}

#[test]
fn a_move_with_the_ds_records_of_both_fails_only_where_an_old_ds_record_outlasts_the_old_ns_records() {
    let both = SIGNED.replace(OF_NOW, &format!("{OF_NOW} | 7 13 2 aa"));
    assert_ne!(both, SIGNED);
    let told = |more: &str| others::check(&of_zone(&both, SIGNATURE, more)).remove(0);
    let found = told("");
    assert_eq!((found.code, found.remedy()), (Code::OthersOld, remedies::FORMER_SERVERS), "{found:#?}");
    assert!(!found.evidence.contains("validation fails"), "{}", found.evidence);
    let short_set =
        format!("server 9.9.9.9 a.b. NS recursive ra cached | old.d.\n{}", OLD_DS.replace(" cached", ""));
    for (more, behind) in [
        (
            OLD_DS,
            "until 2026-01-01 00:30 UTC: until then it accepts no records with other signatures than theirs",
        ),
        (
            &*short_set,
            "until 2026-01-01 01:00 UTC: from 2026-01-01 00:30 UTC on, when the old NS records have ended",
        ),
    ] {
        let found = told(more);
        assert_eq!(found.remedy(), remedies::FORMER_SIGNERS, "{found:#?}");
        let words = format!("has the old DS record of a.b. without that of now {behind}");
        assert!(found.evidence.contains(&words), "{}", found.evidence);
    }
}

#[test]
fn former_servers_with_the_keys_of_now_may_give_the_new_records() {
    let same = others::check(&moved(59409, "")).remove(0);
    assert_eq!((same.code, same.remedy()), (Code::OthersOld, remedies::FORMER_SERVERS), "{same:#?}");
    let refuses = "server 192.0.2.77 a.b. MX udp REFUSED";
    let refused = others::check(&moved(7, refuses)).remove(0);
    assert_eq!(refused.remedy(), Code::OthersOld.entry().remedy, "{refused:#?}");
}

#[test]
fn a_move_from_servers_that_do_not_sign_fails_from_the_new_ds_record_to_the_end_of_the_old_ns_records() {
    let told = |more: &str| others::check(&of_zone(SIGNED, "", more)).remove(0);
    let soa = ">b. SOA ns.b. h. 1 2 3 4 5";
    for (ds, words) in [
        (
            format!("server 9.9.9.9 a.b. DS unvalidated ra cached | {soa}"),
            "9.9.9.9 (Quad9) has the answer that a.b. has no DS record until 2026-01-01 00:30 UTC: from 2026-01-01 00:30 UTC on, DNSSEC validation \
             fails there, until 2026-01-01 01:00 UTC",
        ),
        (
            format!("server 9.9.9.9 a.b. DS unvalidated ra | {soa}"),
            "has no DS record until 2026-01-01 01:00 UTC, longer than the old NS records. Other caches may have it for less time: where it ends",
        ),
        (
            format!("server 9.9.9.9 a.b. DS unvalidated ra | {OF_NOW}"),
            "9.9.9.9 (Quad9) has the new DS record of a.b. already. For all that it fetches from them, DNSSEC validation fails there, until 2026-01-01 \
             01:00 UTC",
        ),
        (
            String::new(),
            "caches may still have the answer that a.b. has no DS record: where it ends before the old NS records, DNSSEC",
        ),
    ] {
        let old = told(&ds);
        assert_eq!((old.code, old.remedy()), (Code::OthersOld, remedies::FORMER_UNSIGNED), "{old:#?}");
        assert!(
            old.evidence.contains("; these servers do not sign the zone, and those of now do"),
            "{old:#?}"
        );
        assert!(old.evidence.contains(words), "{ds}: {}", old.evidence);
    }
    // Without a DS record nobody demands signatures.
    let old = others::check(&of_zone(&unsigned_above(), "", "")).remove(0);
    assert_eq!(old.remedy(), remedies::FORMER_SERVERS, "{old:#?}");
    // The failure has come.
    let failing = "server 9.9.9.9 a.b. MX recursive SERVFAIL";
    let found = others::check(&of_zone(
        SIGNED,
        "",
        &format!("{failing}\nserver 9.9.9.9 a.b. DS unvalidated ra | {OF_NOW}"),
    ));
    let fails = found.iter().find(|finding| finding.code == Code::OthersFail).unwrap();
    assert_eq!(fails.remedy(), remedies::FORMER_UNSIGNED, "{found:#?}");
    assert!(
        fails.evidence.contains("; these servers do not sign the zone, and those of now do: 9.9.9.9"),
        "{found:#?}"
    );
    assert!(fails.evidence.ends_with("they resolve the domain by 2026-01-01 02:00 UTC"), "{found:#?}");
}

#[test]
fn after_a_move_to_servers_that_do_not_sign_the_signed_zone_stays_until_the_old_ds_record_has_ended() {
    let (before, behind) = SIGNED.split_once("DS udp aa |").unwrap();
    let (_, behind) = behind.split_once('\n').unwrap();
    let (soa, _) = behind.split_once("server 192.0.2.1 a.b. DNSKEY").unwrap();
    let bare = format!("{before}DS udp aa\n{soa}server 192.0.2.1 a.b. DNSKEY udp aa");
    let told = |more: &str| others::check(&of_zone(&bare, SIGNATURE, more)).remove(0);
    let until = told(OLD_DS);
    assert_eq!((until.code, until.remedy()), (Code::OthersOld, remedies::FORMER_SIGNED), "{until:#?}");
    let words = "; these servers sign, and those of now do not: 9.9.9.9 (Quad9) has the old DS record of a.b. until 2026-01-01 00:30 UTC, and needs \
                 their signatures until then";
    assert!(until.evidence.contains(words), "{}", until.evidence);
    assert!(told("").evidence.contains("where the old NS records end before the old DS record, "));
}

/// A key of before, with the tag 1551, and its signature over the keys.
const OLD_KEY: &str = " | 257 3 13 AAEC | =a.b. RRSIG DNSKEY 13 2 300 4000000000 1 1551 a.b. x";

/// The finding about old records, if the former servers give this key, and sign the MX record with the key of a tag.
fn with_keys(zone: &str, tag: u16, more: &str) -> crate::finding::Finding {
    others::check(&facts_with_keys(zone, tag, more)).remove(0)
}

fn facts_with_keys(zone: &str, tag: u16, more: &str) -> DomainFacts {
    let signature = format!(" | =a.b. RRSIG MX 13 2 300 4000000000 1 {tag} a.b. x");
    let lines = format!("server 192.0.2.77 a.b. DNSKEY udp aa{OLD_KEY}\n{more}");
    of_zone(zone, &signature, &lines)
}

/// The question to the former servers for the keys of the zone.
fn former_keys_wanted() -> Want {
    crate::facts::at_server("192.0.2.77".parse().unwrap(), "a.b.", "DNSKEY", QueryForm::Udp)
}

#[test]
fn a_move_with_the_keys_of_both_at_the_new_servers_and_the_new_ds_record_alone_fails_with_it() {
    let both = format!("{SIGNED}{OLD_KEY}");
    for (ds, words) in [
        (
            "server 9.9.9.9 a.b. DS unvalidated ra cached | 1551 13 2 aa".to_owned(),
            "9.9.9.9 (Quad9) has the old DS record of a.b. until 2026-01-01 00:30 UTC: from 2026-01-01 00:30 UTC on, it may still validate with the \
             old DNSKEY records until these have ended too; then DNSSEC validation fails there, until 2026-01-01 01:00 UTC",
        ),
        (
            "server 9.9.9.9 a.b. DS unvalidated ra | 1551 13 2 aa".to_owned(),
            "until 2026-01-01 01:00 UTC, longer than the old NS records. Other caches may have it for less time: where it ends",
        ),
        (
            format!("server 9.9.9.9 a.b. DS unvalidated ra | {OF_NOW}"),
            "9.9.9.9 (Quad9) has the new DS record of a.b. already. For all that it fetches from them, it may still validate with the old DNSKEY \
             records until these have ended too; then DNSSEC validation fails there, until 2026-01-01 01:00 UTC",
        ),
        (
            format!(
                "server 9.9.9.9 a.b. DS unvalidated ra | {OF_NOW}\nserver 9.9.9.9 a.b. DNSKEY unvalidated ra cached{OLD_KEY}"
            ),
            "already. For all that it fetches from them, it may still validate with the old DNSKEY records until 2026-01-01 00:30 UTC, and from \
             2026-01-01 00:30 UTC on, DNSSEC validation fails there, until 2026-01-01 01:00 UTC",
        ),
        (
            format!(
                "server 9.9.9.9 a.b. DS unvalidated ra | {OF_NOW}\nserver 9.9.9.9 a.b. DNSKEY unvalidated ra{OLD_KEY}"
            ),
            "already. For all that it fetches from them, it may still validate with the old DNSKEY records until the old NS records have ended",
        ),
        (
            String::new(),
            "caches may still have the old DS record of a.b.: where it ends before the old NS records",
        ),
    ] {
        let old = with_keys(&both, 1551, &ds);
        assert_eq!((old.code, old.remedy()), (Code::OthersOld, remedies::FORMER_KEY_UNNAMED), "{old:#?}");
        let begin = "; these servers sign with keys that the DS records of now do not name";
        assert!(old.evidence.contains(begin) && old.evidence.contains(words), "{ds}: {}", old.evidence);
    }
}

#[test]
fn the_keys_of_both_and_the_ds_records_of_both_make_no_failure() {
    let of_both = SIGNED.replace(OF_NOW, &format!("{OF_NOW} | 1551 13 9 aa"));
    let old = with_keys(&format!("{of_both}{OLD_KEY}"), 1551, "");
    assert_eq!((old.code, old.remedy()), (Code::OthersOld, remedies::FORMER_SERVERS), "{old:#?}");
    assert!(!old.evidence.contains("DNSSEC validation"), "{}", old.evidence);
    // With keys of its own at each side, a resolver fetches those of the former servers until it has forgotten these.
    let both_there = format!("server 9.9.9.9 a.b. DS unvalidated ra | {OF_NOW} | 1551 13 9 aa");
    let old = with_keys(&of_both, 1551, &both_there);
    assert_eq!((old.code, old.remedy()), (Code::OthersOld, remedies::FORMER_SIGNERS), "{old:#?}");
    let words = "; these servers sign with a key with which those of now do not sign: these servers still give the old DNSKEY records, which resolvers \
                 fetch until the old NS records have ended, and those of now are not signed with these keys: from 2026-01-01 01:00 UTC on, DNSSEC \
                 validation of records of the servers of now may fail, until 2026-01-01 02:00 UTC";
    assert!(old.evidence.contains(words), "{}", old.evidence);
    assert!(old.evidence.ends_with("They have the new records by 2026-01-01 02:00 UTC"), "{}", old.evidence);
}

#[test]
fn old_keys_that_stay_in_a_cache_longer_than_the_old_ns_records_fail_there_behind_these() {
    let of_both = SIGNED.replace(OF_NOW, &format!("{OF_NOW} | 1551 13 9 aa"));
    let both_there = format!("server 9.9.9.9 a.b. DS unvalidated ra | {OF_NOW} | 1551 13 9 aa");
    let short_set = "server 9.9.9.9 a.b. NS recursive ra cached | old.d.";
    let kept = format!("server 9.9.9.9 a.b. DNSKEY unvalidated ra{OLD_KEY}");
    // The former servers give them no more.
    let told = |zone: &str, more: &str| {
        let mut facts = facts_with_keys(zone, 1551, more);
        facts.got.remove(&former_keys_wanted());
        others::check(&facts).remove(0)
    };
    let named = told(&of_both, &format!("{both_there}\n{short_set}\n{kept}"));
    assert_eq!((named.code, named.remedy()), (Code::OthersOld, remedies::FORMER_SIGNERS), "{named:#?}");
    let words = "9.9.9.9 (Quad9) has the old DNSKEY records until 2026-01-01 01:00 UTC, longer than the old NS records, and those of now are not \
                 signed with these keys: from 2026-01-01 00:30 UTC on, DNSSEC validation of records of the servers of now fails there, until \
                 2026-01-01 01:00 UTC";
    assert!(named.evidence.contains(words), "{}", named.evidence);
    let others = told(SIGNED, &format!("{OLD_DS}\n{short_set}\n{kept}"));
    assert!(
        others.evidence.contains("other keys than those of now") && others.evidence.contains(words),
        "{others:#?}"
    );
    // They end no later, or have the keys of now too, or the records of now are signed with both.
    let fresh = format!("{both_there}\n{kept}");
    let published = SIGNED.rsplit_once("DNSKEY udp aa").unwrap().1;
    let with_new = format!("{both_there}\n{short_set}\n{kept}{published}");
    let signed = format!(
        "{both_there}\n{short_set}\n{kept}\nserver 192.0.2.1 a.b. MX udp aa | 10 new.c. | =a.b. RRSIG MX 13 2 300 4000000000 1 1551 a.b. x"
    );
    for more in [fresh, with_new, signed] {
        let sound = told(&of_both, &more);
        assert!(!sound.evidence.contains("DNSSEC validation"), "{more}: {}", sound.evidence);
    }
}

#[test]
fn a_common_key_that_signs_records_alone_does_not_validate_the_keys_of_the_other_side() {
    let old = with_keys(SIGNED, 59409, "server 9.9.9.9 a.b. DS unvalidated ra cached | 1551 13 2 aa");
    assert_eq!((old.code, old.remedy()), (Code::OthersOld, remedies::FORMER_SIGNERS), "{old:#?}");
    assert!(old.evidence.contains("; these servers sign with other keys than those of now"), "{old:#?}");
}

#[test]
fn the_former_servers_of_a_signed_domain_are_asked_for_their_keys() {
    let keys = former_keys_wanted();
    assert!(others::wants(&moved(7, "")).contains(&keys));
    assert!(!others::wants(&of_zone(&unsigned_above(), SIGNATURE, "")).contains(&keys));
}

#[test]
fn each_resolver_that_answers_for_a_signed_domain_is_asked_for_its_ds_records() {
    let asks = |facts: &DomainFacts, kind: &'static str| {
        others::wants(facts).contains(&ask_unvalidated(&facts.subject.resolvers[0], "a.b.", kind))
    };
    let sound = |zone: &str, more: &str| {
        at_quad9(
            zone,
            &format!("lookup a.b. MX | 10 mx.c.\nserver 9.9.9.9 a.b. MX recursive ra | 10 mx.c.\n{more}"),
        )
    };
    assert!(asks(&sound(SIGNED, ""), "DS") && !asks(&sound(SIGNED, ""), "DNSKEY"));
    assert!(!asks(&sound(&unsigned_above(), ""), "DS"));
    assert!(!asks(&sound(SIGNED, "server 9.9.9.9 a.b. MX recursive REFUSED"), "DS"));
    let of = |ds: &str| sound(SIGNED, &format!("server 9.9.9.9 a.b. DS unvalidated ra | {ds}"));
    assert!(asks(&of("7 13 2 aa"), "DNSKEY") && !asks(&of(OF_NOW), "DNSKEY"));
    let addresses = |facts: &DomainFacts| {
        let ask = crate::other_resolvers::ask(&facts.subject.resolvers[0], "ns.a.b.", "A");
        others::wants(facts).contains(&ask)
    };
    assert!(addresses(&of("7 13 2 aa")) && !addresses(&of(OF_NOW)));
    // The former servers may have other keys.
    assert!(asks(&of_zone(&unsigned_above(), SIGNATURE, ""), "DS"));
}

/// The zone without a DS record above.
fn unsigned_above() -> String {
    let (before, behind) = SIGNED.split_once("DS udp aa |").unwrap();
    let (_, behind) = behind.split_once('\n').unwrap();
    format!("{before}DS udp aa\n{behind}")
}

#[test]
fn old_ds_records_that_name_no_key_of_now_are_told_with_their_end() {
    let told = |zone: &str, more: &str| {
        let lines = format!(
            "lookup a.b. MX | 10 mx.c.\nserver 192.0.2.1 a.b. NS mixed aa | ns.a.b.\nserver 192.0.2.1 a.b. MX udp aa | 10 mx.c.\n\
             server 9.9.9.9 a.b. MX recursive ra | 10 mx.c.\nserver 9.9.9.9 a.b. NS recursive ra | ns.a.b.\n{more}"
        );
        others::check(&at_quad9(zone, &lines)).remove(0)
    };
    let old = told(SIGNED, OLD_DS);
    assert_eq!((old.code, old.remedy()), (Code::OthersOld, remedies::OLD_KEYS), "{old:#?}");
    assert_eq!(
        old.evidence,
        "9.9.9.9 (Quad9) still has the old DS record of the key 7 for a.b. until 2026-01-01 00:30 UTC, and the zone above has that of the key \
         59409 now: once it has asked the name servers of now for records, DNSSEC validation fails there, until 2026-01-01 00:30 UTC. They have \
         the new records by 2026-01-01 00:30 UTC"
    );
    // It asks the old servers longer than it has the old DS record.
    let addressed = told(SIGNED, &format!("{OLD_DS}\nserver 9.9.9.9 ns.a.b. A recursive ra | 192.0.2.66"));
    let words = ". 9.9.9.9 (Quad9) has other addresses of the name servers than those of now until 2026-01-01 01:00 UTC: DNSSEC validation may fail \
                 there until then. They have the new records by 2026-01-01 01:00 UTC";
    assert!(addressed.evidence.ends_with(words), "{}", addressed.evidence);
    let same = told(SIGNED, &format!("{OLD_DS}\nserver 9.9.9.9 ns.a.b. A recursive ra | 192.0.2.1"));
    assert_eq!(same.evidence, old.evidence);
    let of_now = format!("server 9.9.9.9 a.b. DS unvalidated ra cached | {OF_NOW}");
    let both = format!("{of_now} | 7 13 2 aa");
    let still = SIGNED.replace(OF_NOW, &format!("{OF_NOW} | 7 13 2 aa"));
    let keyless = SIGNED.replace("DNSKEY udp aa |", "DNSKEY udp silent |");
    for (zone, more) in
        [(SIGNED, &*of_now), (SIGNED, &both), (&still, &of_now), (&keyless, OLD_DS), (SIGNED, "")]
    {
        assert_eq!(told(zone, more).code, Code::OthersOk, "{more}");
    }
    let early = told(&still, OLD_DS);
    assert_eq!(early.code, Code::OthersOld, "the new keys came before the TTL of the old DS record ended");
}

#[test]
fn the_last_of_all_ends_closes_the_finding() {
    let closing = |more: &str| {
        let told = with_keys(SIGNED, 1551, more);
        told.evidence.rsplit_once(". ").unwrap().1.to_owned()
    };
    // The old NS and MX records end at 01:00, and the records at the former servers have a TTL of one hour.
    let by = |end: &str| format!("They have the new records by 2026-01-01 {end} UTC");
    let ds = |ttl: &str| format!("server 9.9.9.9 a.b. DS unvalidated ra{ttl} | 1551 13 2 aa");
    assert_eq!(closing(&ds(" cached")), by("02:00"));
    let mut late = moved(7, &ds(""));
    let there = ask_unvalidated(&late.subject.resolvers[0], "a.b.", "DS");
    let Some(Got::Reply(reply)) = late.got.get_mut(&there) else { panic!() };
    reply.answers.iter_mut().for_each(|record| record.ttl = 10_800);
    let told = others::check(&late).remove(0);
    assert!(told.evidence.ends_with(&by("03:00")), "{}", told.evidence);
    assert_eq!(closing(""), "By when they have the new records could not be told");
}

#[test]
fn a_reason_at_two_resolvers_is_told_once() {
    let second = OLD_DS.replace("9.9.9.9", "8.8.8.8");
    let more = format!(
        "{OLD_DS}\n{second}\nserver 8.8.8.8 a.b. MX recursive ra cached | 10 old.c.\nserver 8.8.8.8 a.b. NS recursive ra | old.d."
    );
    let mut facts = moved(7, &more);
    let way = crate::facts::ResolverWay::Plain("8.8.8.8".parse().unwrap());
    facts.subject.resolvers.push(OtherResolver { way, name: "8.8.8.8 (Google)".to_owned() });
    let told = others::check(&facts).remove(0);
    assert_eq!(told.evidence.matches("these servers sign with other keys").count(), 1, "{}", told.evidence);
    for name in ["9.9.9.9 (Quad9)", "8.8.8.8 (Google)"] {
        assert!(
            told.evidence.contains(&format!("{name} has the old DS record of a.b. until")),
            "{}",
            told.evidence
        );
    }
}

/// Facts of a signed domain, of which a resolver has the NS record of a former server in the zone, with these lines.
fn inside(more: &str) -> DomainFacts {
    let lines = format!(
        "lookup a.b. MX | 10 new.c.\nserver 192.0.2.1 a.b. NS mixed aa | ns.a.b.\nserver 192.0.2.1 a.b. MX udp aa | 10 new.c.\n\
         server 9.9.9.9 a.b. MX recursive ra cached | 10 old.c.\nserver 9.9.9.9 a.b. NS recursive ra | old.a.b.\n{more}"
    );
    at_quad9(SIGNED, &lines)
}

#[test]
fn former_servers_with_names_in_the_zone_are_those_that_the_resolver_knows() {
    let resolver =
        |facts: &DomainFacts, name: &str| crate::other_resolvers::ask(&facts.subject.resolvers[0], name, "A");
    let open = inside("lookup old.a.b. A | 192.0.2.1");
    assert!(others::wants(&open).contains(&resolver(&open, "old.a.b.")), "{:?}", others::wants(&open));
    let at_former = format!("server 192.0.2.77 a.b. MX udp aa | 10 old.c.{SIGNATURE}");
    // The zone of now has another address, or none.
    for now in ["A | 192.0.2.1", "A NXDOMAIN"] {
        let known = format!(
            "lookup old.a.b. {now}\nserver 9.9.9.9 old.a.b. A recursive ra | 192.0.2.77\n{at_former}\n{OLD_DS}"
        );
        let told = others::check(&inside(&known)).remove(0);
        assert_eq!((told.code, told.remedy()), (Code::OthersOld, remedies::FORMER_SIGNERS), "{told:#?}");
        assert!(told.evidence.contains("these servers sign with other keys than those of now"), "{told:#?}");
    }
    // So is a name elsewhere that exists no more.
    let gone = moved(7, "lookup old.d. A NXDOMAIN");
    assert!(others::wants(&gone).contains(&resolver(&gone, "old.d.")));
    assert!(!others::wants(&moved(7, "")).contains(&resolver(&gone, "old.d.")));
}

#[test]
fn no_end_is_told_while_the_keys_of_the_former_servers_are_not_known() {
    let silent = "server 9.9.9.9 old.a.b. A recursive ra | 192.0.2.77\nserver 192.0.2.77 a.b. MX udp silent";
    for unknown in ["", "server 9.9.9.9 old.a.b. A recursive NXDOMAIN", silent] {
        for (ds, words) in [
            ("", "DNSSEC validation may fail at 9.9.9.9 (Quad9) until 2026-01-01 01:00 UTC or longer"),
            (
                OLD_DS,
                "9.9.9.9 (Quad9) has the old DS record of a.b. until 2026-01-01 00:30 UTC: from 2026-01-01 00:30 UTC on, it may still validate",
            ),
        ] {
            let told = others::check(&inside(&format!("{unknown}\n{ds}"))).remove(0);
            assert_eq!(
                (told.code, told.remedy()),
                (Code::OthersOld, remedies::FORMER_SIGNERS),
                "{unknown}: {told:#?}"
            );
            let evidence = &told.evidence;
            assert!(evidence.contains("; the keys of these servers could not be told: "), "{evidence}");
            assert!(evidence.contains(words), "{ds}: {evidence}");
            assert!(
                evidence.ends_with(". By when they have the new records could not be told"),
                "{evidence}"
            );
            assert!(!evidence.contains("at the latest"), "{evidence}");
        }
    }
}

#[test]
fn former_servers_of_an_unsigned_zone_whose_keys_are_not_known_are_left_as_they_are() {
    let soa = SIGNED.rsplit_once("server 192.0.2.1 a.b. DNSKEY").unwrap().0;
    let (before, behind) = soa.split_once("DS udp aa |").unwrap();
    let bare = format!("{before}DS udp aa\n{}", behind.split_once('\n').unwrap().1);
    let silent = "server 192.0.2.77 a.b. MX udp silent";
    let told = others::check(&of_zone(&bare, "", &format!("{silent}\n{OLD_DS}"))).remove(0);
    assert_eq!(told.remedy(), remedies::FORMER_SIGNED, "{told:#?}");
    assert!(told.evidence.contains("until 2026-01-01 00:30 UTC, and needs their signatures until then"));
    assert!(told.evidence.ends_with(". By when they have the new records could not be told"), "{told:#?}");
    let never = others::check(&of_zone(&bare, "", silent)).remove(0);
    assert_eq!(never.remedy(), remedies::FORMER_SERVERS, "{never:#?}");
}

#[test]
fn former_servers_without_the_zone_leave_what_the_resolver_has() {
    let refused = "server 192.0.2.77 a.b. MX udp REFUSED";
    let old = OLD_DS.replace(" cached", "");
    let short_set = "server 9.9.9.9 a.b. NS recursive ra cached | old.d.";
    let fails = others::check(&moved(7, &format!("{refused}\n{old}\n{short_set}"))).remove(0);
    assert_eq!((fails.code, fails.remedy()), (Code::OthersOld, remedies::OLD_KEYS), "{fails:#?}");
    let words = "; these servers do not serve the zone any more: 9.9.9.9 (Quad9) has the old DS record of a.b. until 2026-01-01 01:00 UTC: from \
                 2026-01-01 00:30 UTC on, when the old NS records have ended, DNSSEC validation fails there, until 2026-01-01 01:00 UTC. They have \
                 the new records by 2026-01-01 01:00 UTC";
    assert!(fails.evidence.ends_with(words), "{}", fails.evidence);
    let ended = others::check(&moved(7, &format!("{refused}\n{OLD_DS}"))).remove(0);
    assert!(!ended.evidence.contains("DNSSEC validation"), "{}", ended.evidence);
}
