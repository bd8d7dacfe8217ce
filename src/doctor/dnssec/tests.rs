//! Tests of the DNSSEC checks, and of the validity periods of signatures.

use super::*;
use crate::dnssec::keys::tests::SIGNED;
use crate::facts::DomainFacts;
use crate::facts::tests::facts as bare;

/// Returns the facts about a zone whose DS record in the parent zone names its key.
fn facts(domain: &str, lines: &str) -> DomainFacts {
    bare(domain, &format!("{SIGNED}\n{lines}"))
}

fn codes(lines: &str) -> Vec<Code> {
    check(&facts("a.b.", lines)).into_iter().map(|finding| finding.code).collect()
}

fn link(lines: &str) -> String {
    check(&bare("a.b.", lines)).remove(0).evidence
}

#[test]
fn chain_follows_host_and_zone_servers() {
    assert_eq!(codes("lookup a.b. SOA secure | ns. h. 1 2 3 4 5"), [Code::DnssecOk]);
    assert_eq!(codes("lookup a.b. SOA insecure | ns. h. 1 2 3 4 5"), [Code::DnssecUnsigned]);
    assert_eq!(codes("lookup a.b. SOA SERVFAIL"), [Code::DnssecUnknown]);
    assert_eq!(codes("lookup a.b. SOA off | ns. h. 1 2 3 4 5"), [Code::DnssecOff]);
    let now = |reply: &str| {
        codes(&format!("lookup a.b. SOA secure | ns. h. 1 2 3 4 5\nserver 192.0.2.9 a.b. DS udp {reply}"))
    };
    assert_eq!(now("aa | 7 13 2 aa"), [Code::DnssecBogus], "the cache of this host alone validates it");
    assert_eq!(now("silent"), [Code::DnssecUnknown]);
    assert_eq!(now("aa"), [Code::DnssecOk], "a trust anchor of this host");
    assert_eq!(now("aa\nlookup a.b. DS | 7 13 2 aa"), [Code::DnssecUnsigned]);
    let off = "lookup a.b. SOA off | ns. h. 1 2 3 4 5";
    assert!(link(off).ends_with("not to validate it"), "{}", link(off));
}

// An old server of the parent zone does not break the chain.
#[test]
fn names_below_unsigned_need_no_proof() {
    let names = |lines: &str| {
        let found = check(&bare("a.b.", &format!("{lines}{SIGNED}")));
        found.into_iter().filter(|finding| finding.code == Code::DnssecBogus).count()
    };
    let denied = "lookup _dmarc.a.b. CNAME NXDOMAIN\nlookup _dmarc.a.b. TXT secure NXDOMAIN\nserver 192.0.2.1 _dmarc.a.b. TXT udp NXDOMAIN aa";
    let unsigned = format!("lookup a.b. SOA insecure | ns. h. 1 2 3 4 5\n{denied}");
    assert_eq!(names(&unsigned), 0);
    let signed = unsigned.replace("insecure", "secure");
    assert_eq!(names(&signed), 1);
    // The parent zone has no DS record any more, but the cache of this host still has it.
    let (before, behind) = SIGNED.split_once("DS udp aa |").unwrap();
    let removed = format!("{before}DS udp aa\n{}", behind.split_once('\n').unwrap().1);
    let cached = format!("{signed}\nlookup a.b. DS secure | 59409 13 2 aa");
    let of_removed = check(&bare("a.b.", &format!("{cached}{removed}")));
    let codes: Vec<Code> = of_removed.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::DnssecUnsigned], "{of_removed:#?}");
    let second = "lookup b. NS | ns.b. | ns2.b.\nlookup ns2.b. A | 192.0.2.8\nserver 192.0.2.8 a.b. NS udp NXDOMAIN aa | >b. SOA ns.b. h. 0 2 3 4 5";
    let twice = check(&bare("a.b.", &format!("{signed}{SIGNED}\n{second}")));
    assert!(twice.iter().all(|finding| finding.code != Code::DnssecBogus), "{twice:#?}");
}

#[test]
fn first_broken_link_is_named() {
    let both = "lookup a.b. SOA SERVFAIL bogus\nlookup b. SOA SERVFAIL bogus";
    assert!(link(both).starts_with("a.b.: b. fails DNSSEC validation at this host too"), "{}", link(both));
    assert_eq!(codes(both), [Code::DnssecUnknown]);
    assert!(
        link(both).ends_with("there, or in the trust anchors of this host, not in the domain"),
        "{}",
        link(both)
    );
    let sound_root = format!("{both}\nlookup . SOA secure | a. h. 1 2 3 4 5");
    assert!(link(&sound_root).ends_with("is there, not in the domain"), "{}", link(&sound_root));
    let root = |domain: &str, lines: &str| {
        check(&bare(domain, &format!("{lines}\nlookup . SOA SERVFAIL bogus"))).remove(0)
    };
    let old_anchor = [root("a.b.", both), root("b.", "lookup b. SOA SERVFAIL bogus")];
    for found in old_anchor {
        assert_eq!(found.code, Code::DnssecUnknown, "{found:?}");
        assert!(found.evidence.contains("in the trust anchors of this host"), "{found:?}");
    }
    assert_eq!(check(&bare(".", "lookup . SOA SERVFAIL bogus"))[0].code, Code::DnssecUnknown);
    let deep = "lookup a.b.c. SOA SERVFAIL bogus\nlookup b.c. SOA SERVFAIL bogus\nlookup c. SOA secure | ns. h. 1 2 3 4 5";
    let found = check(&bare("a.b.c.", deep)).remove(0);
    assert!(found.code == Code::DnssecBogus && found.evidence.ends_with("between c. and b.c.)"), "{found:?}");
    let one = "lookup a.b. SOA SERVFAIL bogus\nlookup b. SOA secure | ns. h. 1 2 3 4 5";
    assert!(!link(one).contains("chain breaks"), "no zone is known to begin at a.b.: {}", link(one));
    let delegated = format!(
        "{one}\nlookup b. NS | ns.b.\nlookup ns.b. A | 192.0.2.1\n\
         server 192.0.2.1 a.b. NS udp | >a.b. NS ns.a.b."
    );
    assert!(link(&delegated).ends_with("between b. and a.b.)"), "{}", link(&delegated));
    let partly = "lookup a.b. SOA secure | ns. h. 1 2 3 4 5\nlookup a.b. MX SERVFAIL bogus";
    assert_eq!(codes(partly), [Code::DnssecBogus]);
    let of_name = |alias: &str| {
        codes(&format!(
            "lookup a.b. SOA secure | ns. h. 1 2 3 4 5\nlookup _dmarc.a.b. TXT SERVFAIL bogus\nlookup _dmarc.a.b. CNAME {alias}"
        ))
    };
    assert_eq!(of_name("SERVFAIL bogus"), [Code::DnssecBogus]);
    assert_eq!(of_name("secure"), [Code::DnssecBogus]);
    assert_eq!(of_name("| _dmarc.c."), [Code::DnssecOk], "the fault is in the zone of the target");
    assert!(
        link(partly).starts_with("a.b. MX") && !link(partly).contains("chain breaks"),
        "{}",
        link(partly)
    );
}

#[test]
fn expiring_signature_names_its_server() {
    let now = 1_767_225_600;
    let lines = |inception: u64, end: u64| {
        format!(
            "lookup a.b. SOA secure | ns. h. 1 2 3 4 5\nlookup a.b. NS | ns.a.b.\nlookup ns.a.b. A | 192.0.2.1\n\
             server 192.0.2.1 a.b. SOA udp aa | ns. h. 1 2 3 4 5 | =a.b. RRSIG SOA 13 2 300 {end} {inception} 1 a.b. AAAA"
        )
    };
    let (hour, day) = (3_600, 86_400);
    let soon = check(&facts("a.b.", &lines(now - 6 * day, now + day)));
    assert_eq!(soon.last().map(|finding| finding.code), Some(Code::SignatureExpires));
    assert!(soon.last().unwrap().evidence.ends_with("2026-01-02 00:00 UTC"));
    assert_eq!(check(&facts("a.b.", &lines(now - 6 * day, now + 9 * day))).len(), 1);
    let keys = lines(now - 6 * day, now + 9 * day)
        + &format!(
            "\nserver 192.0.2.1 a.b. DNSKEY udp aa | =a.b. RRSIG DNSKEY 13 2 300 {} 1 1 a.b. AAAA",
            now + 3_600
        );
    let shown = check(&facts("a.b.", &keys));
    let of_keys = "the signature of a.b. DNSKEY at 192.0.2.1 (ns.a.b.) ends at 2026-01-01 01:00 UTC";
    assert_eq!(shown.last().map(|finding| finding.evidence.as_str()), Some(of_keys));
    let past = check(&facts("a.b.", &lines(now - 6 * day, now - day)));
    assert!(past.last().unwrap().evidence.ends_with("ended at 2025-12-31 00:00 UTC"));
    assert_eq!(past.last().map(|finding| finding.code), Some(Code::SignatureExpired));
    // The signatures of a server that signs each answer have a short lifetime.
    assert_eq!(check(&facts("a.b.", &lines(now - 25 * hour, now + 25 * hour))).len(), 1);
    assert_eq!(check(&facts("a.b.", &lines(now - 48 * hour, now + 2 * hour))).len(), 2);
}

#[test]
fn early_signature_names_each_server() {
    let now = 1_767_225_600_u64;
    let found = |first: (u64, u64), second: (u64, u64)| {
        let soa = |server: u8, (inception, end): (u64, u64)| {
            format!(
                "server 192.0.2.{server} a.b. SOA udp aa | ns. h. 1 2 3 4 5 | =a.b. RRSIG SOA 13 2 300 {end} {inception} 1 a.b. AAAA\n"
            )
        };
        let lines = "lookup a.b. SOA secure | ns. h. 1 2 3 4 5\nlookup a.b. NS | ns.a.b.\n\
                     lookup ns.a.b. A | 192.0.2.1 | 192.0.2.2";
        let facts = facts("a.b.", &format!("{lines}\n{}{}", soa(1, first), soa(2, second)));
        check(&facts).into_iter().map(|finding| (finding.code, finding.evidence)).collect::<Vec<_>>()
    };
    let (day, sound) = (86_400, (now - 86_400, now + 30 * 86_400));
    let early = found(sound, (now + 7_200, now + 30 * day));
    assert_eq!(
        early[1],
        (
            Code::SignatureEarly,
            "the signature of a.b. SOA at 192.0.2.2 (ns.a.b.) begins at 2026-01-01 02:00 UTC".to_owned()
        )
    );
    assert_eq!(found(sound, (now + 60, now + 30 * day)).len(), 1, "clocks differ");
    let ended = (now - 9 * day, now - day);
    let both = found(ended, ended);
    let shown = "the signature of a.b. SOA at 192.0.2.1 (ns.a.b.) and 192.0.2.2 (ns.a.b.) ended at 2025-12-31 00:00 UTC";
    assert_eq!(both[1], (Code::SignatureExpired, shown.to_owned()));
}

// This host still has the DS record in its cache.
#[test]
fn removed_ds_counts_as_repaired() {
    let ds = "59409 13 2 b890b9a107382a9611e22dbe6a8c92c7415d0c97b485ecb2828fe095ccd2319a";
    let of = |above: &str| {
        let lines = format!("lookup a.b. SOA SERVFAIL bogus\nlookup a.b. DS | 7 13 2 aa\n{above}");
        check(&facts("a.b.", &lines)).remove(0)
    };
    let removed = of("server 192.0.2.9 a.b. DS udp aa");
    assert_eq!(removed.code, Code::DsRepaired, "{removed:?}");
    assert_eq!(
        removed.evidence,
        "the DS records at the zone above and the keys of a.b. fit now; this host has the old DS records of the key 7 until 2026-01-01 01:00 UTC \
         (or: resolverctl flush --tree a.b)"
    );
    assert!(
        of(&format!("server 192.0.2.9 a.b. DS udp aa | {ds}")).evidence.contains("old DS records of the key")
    );
    assert_eq!(of("server 192.0.2.9 a.b. DS udp silent").code, Code::DnssecBogus, "not known");
}

#[test]
fn bogus_by_servers_needs_no_ds() {
    let second = "lookup a.b. SOA SERVFAIL bogus\nlookup ns.a.b. A | 192.0.2.1 | 192.0.2.2\n\
                  server 192.0.2.2 a.b. SOA udp aa | ns. h. 1 2 3 4 5\nserver 192.0.2.2 a.b. DNSKEY udp aa";
    assert_eq!(codes(second), [Code::NsWithoutKeys]);
    let signature = " | =a.b. RRSIG DNSKEY 13 2 300 4000000000 1 59409 a.b. AAAA";
    let bare = bare("a.b.", &format!("{}\nlookup a.b. SOA SERVFAIL bogus", SIGNED.replace(signature, "")));
    let found = check(&bare);
    assert_eq!((found[0].code, found[0].level), (Code::NsEdns, Level::Failure), "{found:?}");
}

#[test]
fn mx_signature_and_old_algorithms_count() {
    let now = 1_767_225_600_u64;
    let (day, later) = (86_400, now + 9 * 86_400);
    let zone = |algorithm: u8, mail_end: u64| {
        format!(
            "lookup a.b. SOA secure | ns. h. 1 2 3 4 5\nlookup a.b. NS | ns.a.b.\nlookup ns.a.b. A | 192.0.2.1\n\
             server 192.0.2.1 a.b. SOA udp aa | ns. h. 1 2 3 4 5 | =a.b. RRSIG SOA {algorithm} 2 300 {later} {now} 1 a.b. AAAA\n\
             server 192.0.2.1 a.b. MX udp aa | 10 m.b. | =a.b. RRSIG MX 13 2 300 {mail_end} {} 1 a.b. AAAA",
            now - 6 * day
        )
    };
    let codes = |lines: &str| -> Vec<Code> {
        check(&facts("a.b.", lines)).into_iter().map(|finding| finding.code).collect()
    };
    assert_eq!(codes(&zone(13, later)), [Code::DnssecOk]);
    assert_eq!(codes(&zone(13, now + day)), [Code::DnssecOk, Code::SignatureExpires]);
    assert_eq!(codes(&zone(7, later)), [Code::DnssecOk, Code::DnssecOldAlgorithm]);
    let digest = |records: &str| codes(&format!("{}\nlookup a.b. DS | {records}", zone(13, later)));
    assert_eq!(digest("1 13 1 aa"), [Code::DnssecOk, Code::DsOldDigest]);
    assert_eq!(digest("1 13 1 aa | 1 13 2 bb"), [Code::DnssecOk]);
}

// Validators treat the signed zone as unsigned.
#[test]
fn ineffective_signing_is_reported() {
    let of = |ds: &str| {
        let zone = "lookup a.b. SOA insecure | ns. h. 1 2 3 4 5\nlookup a.b. NS | ns.a.b.\nlookup ns.a.b. A | 192.0.2.1\n\
            server 192.0.2.1 a.b. SOA udp aa | ns. h. 1 2 3 4 5 | =a.b. RRSIG SOA 13 2 300 4000000000 1 1 a.b. AAAA";
        let found = check(&bare("a.b.", &format!("{zone}\n{ds}")));
        (found[0].code, found[0].evidence.clone())
    };
    let (code, evidence) = of("lookup a.b. DS");
    assert_eq!((code, evidence.ends_with("the zone above has no DS for it")), (Code::DnssecNoEffect, true));
    let (code, evidence) = of("lookup a.b. DS | 1 200 2 aa");
    assert_eq!((code, evidence.ends_with("the digest of its DS 1 200 2 AA")), (Code::DnssecNoEffect, true));
    let (code, evidence) = of("lookup a.b. DS | 1 13 2 aa");
    let is_told = evidence.ends_with("this host still has answers without signatures in its cache");
    assert_eq!((code, is_told), (Code::DnssecNoEffect, true), "{evidence}");
    assert_eq!(of("lookup a.b. DS SERVFAIL").0, Code::DnssecUnsigned, "not known");
}

#[test]
fn only_validated_domain_is_called_valid() {
    let of = |soa: &str| {
        let names = "lookup _dmarc.a.b. TXT SERVFAIL bogus\nlookup _dmarc.a.b. CNAME SERVFAIL bogus";
        let found = check(&bare("a.b.", &format!("lookup a.b. SOA {soa}\n{names}"))).into_iter();
        found
            .filter(|finding| finding.code == Code::DnssecBogus)
            .map(|finding| finding.evidence)
            .collect::<Vec<_>>()
    };
    let soa = "| ns. h. 1 2 3 4 5";
    assert_eq!(
        of(&format!("secure {soa}")),
        ["a.b. itself validates, and these names do not: _dmarc.a.b. TXT"]
    );
    assert_eq!(of("SERVFAIL"), ["these names do not validate: _dmarc.a.b. TXT"]);
    assert_eq!(of(&format!("insecure {soa}")), ["these names do not validate: _dmarc.a.b. TXT"]);
}

#[test]
fn bogus_names_need_no_registrar_change() {
    let names = "lookup _dmarc.a.b. TXT SERVFAIL bogus\nlookup _dmarc.a.b. CNAME SERVFAIL bogus";
    let found = check(&bare("a.b.", &format!("lookup a.b. SOA secure | ns. h. 1 2 3 4 5\n{names}")));
    let shown = found.iter().find(|finding| finding.code == Code::DnssecBogus).unwrap();
    assert!(shown.remedy().contains("in the zone of the domain"), "{}", shown.remedy());
    assert!(!shown.remedy().contains("registrar"), "{}", shown.remedy());
}

// Up to 50 iterations are a note.
#[test]
fn excessive_nsec3_iterations_are_warning() {
    let of = |owner: &str, parameters: &str| {
        let proof = format!(">{owner} NSEC3 {parameters} aabb 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG");
        let lines = format!(
            "lookup a.b. SOA | ns. h. 1 2 3 4 5\nserver 192.0.2.1 _dmarc.a.b. TXT udp NXDOMAIN aa | {proof}"
        );
        iterations(&bare("a.b.", &lines)).map(|finding| (finding.level, finding.evidence))
    };
    let expected =
        |level, number: u16| Some((level, format!("the NSEC3 records of a.b. have {number} iterations")));
    assert_eq!(of("x.a.b.", "1 0 0"), None);
    assert_eq!(of("x.a.b.", "1 0 1"), expected(Level::Note, 1));
    assert_eq!(of("x.a.b.", "1 1 50"), expected(Level::Note, 50));
    assert_eq!(of("x.a.b.", "1 0 51"), expected(Level::Warning, 51));
    assert_eq!(of("x.b.", "1 0 200"), None, "of the zone above");
}
