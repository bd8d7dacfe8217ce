//! Cases of resolvers that fail, and why.

use super::*;
use crate::facts::Got;
use crate::keys::tests::{SIGNED, at_quad9};
use crate::other_resolvers::ask;
use crate::{in_order, others};

/// Facts of a signed domain for which a resolver fails with this extended error.
fn failing(error: Option<(u16, &str)>, more: &str) -> DomainFacts {
    let lines = format!(
        "lookup a.b. MX | 10 mx.c.\nserver 192.0.2.1 a.b. NS mixed aa | ns.a.b.\nserver 9.9.9.9 a.b. MX recursive SERVFAIL\n{more}"
    );
    let mut facts = at_quad9(SIGNED, &lines);
    let failed = ask(&facts.subject.resolvers[0], "a.b.", "MX");
    if let (Some(Got::Reply(reply)), Some((code, why))) = (facts.got.get_mut(&failed), error) {
        (reply.extended_errors, reply.why) = (vec![code], why.to_owned());
    }
    facts
}

#[test]
fn an_error_about_signatures_tells_of_a_site_of_a_server_if_all_servers_are_right_here() {
    for (code, why, sent) in [
        (7, "Signature Expired: ns1", "signatures that have ended"),
        (8, "Signature Not Yet Valid", "signatures that have not begun"),
        (10, "RRSIGs Missing: for MX", "records without signatures"),
        (6, "DNSSEC Bogus", "an old or badly signed zone"),
        (9, "DNSKEY Missing", "other keys than the DS records name"),
    ] {
        let told = others::check(&failing(Some((code, why)), "")).remove(0);
        let begin = format!("9.9.9.9 (Quad9) a.b. MX: SERVFAIL ({why}); the domain validates here");
        assert_eq!(told.code, Code::OthersFail, "{told:#?}");
        assert!(told.evidence.starts_with(&begin) && told.evidence.ends_with(sent), "{}", told.evidence);
        assert_eq!(told.remedy(), extended_errors::kind([code]).unwrap().remedy);
    }
    // A server that this host finds at fault is told elsewhere.
    let mut unsigned = failing(Some((10, "RRSIGs Missing")), "");
    for got in unsigned.got.values_mut() {
        if let Got::Reply(reply) = got {
            reply.security = crate::facts::ReplySecurity::Insecure;
        }
    }
    let told = others::check(&unsigned).remove(0);
    assert_eq!(told.evidence, "9.9.9.9 (Quad9) a.b. MX: SERVFAIL (RRSIGs Missing)");
}

#[test]
fn each_error_has_its_remedy() {
    for (code, why, word) in
        [(22, "No Reachable Authority", "firewall"), (23, "Network Error: 192.0.2.1:53", "firewall")]
    {
        let told = others::check(&failing(Some((code, why)), "")).remove(0);
        assert_eq!(told.evidence, format!("9.9.9.9 (Quad9) a.b. MX: SERVFAIL ({why})"));
        assert!(told.remedy().contains(word), "{}", told.remedy());
    }
    let filtered = others::check(&failing(Some((17, "Filtered: malware")), "")).remove(0);
    assert_eq!(filtered.code, Code::OthersHide, "{filtered:#?}");
    assert!(
        filtered.evidence.starts_with("9.9.9.9 (Quad9) a.b. MX: SERVFAIL (Filtered: malware) instead of")
    );
    let bare = others::check(&failing(None, "")).remove(0);
    assert_eq!(bare.remedy(), Code::OthersFail.entry().remedy);
}

/// The name servers of before a move at the resolver.
const FORMER: &str = "server 9.9.9.9 a.b. NS recursive ra | old.c.\nlookup old.c. A | 192.0.2.77\nserver 192.0.2.77 a.b. MX udp REFUSED";

#[test]
fn old_keys_and_former_name_servers_have_one_end_and_the_failure_comes_first() {
    let keys = "server 9.9.9.9 a.b. DS unvalidated ra cached | 7 13 2 aa";
    let mut found = others::check(&failing(None, &format!("{keys}\n{FORMER}")));
    in_order(&mut found, None);
    let codes: Vec<Code> = found.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::OthersFail, Code::OthersOld], "{found:#?}");
    let moment = " by 2026-01-01 01:00 UTC";
    assert!(found[0].evidence.ends_with(&format!(". They resolve the domain{moment}")), "{found:#?}");
    assert!(found[0].evidence.contains("still has the former name servers old.c. until 2026-01-01 01:00"));
    assert!(found[1].evidence.ends_with(&format!(". They have the new records{moment}")), "{found:#?}");
    assert_eq!(found[0].remedy(), remedies::OLD_KEYS_AT_FORMER);
    let ended = format!("{keys}\n{}", FORMER.replace("NS recursive ra", "NS recursive ra cached"));
    let longer = format!("{ended}\nserver 9.9.9.9 a.b. DNSKEY unvalidated ra | 257 3 13 AAEC");
    for finding in others::check(&failing(None, &longer)) {
        assert!(finding.evidence.ends_with(moment), "the last of all: {finding:#?}");
    }
}

#[test]
fn a_failure_because_of_old_keys_comes_before_old_mail_records() {
    let more = format!(
        "server 9.9.9.9 a.b. DS unvalidated ra cached | 7 13 2 aa\nserver 192.0.2.1 a.b. MX udp aa | 10 mx.c.\n{FORMER}\n\
         lookup a.b. A\nserver 9.9.9.9 a.b. A recursive SERVFAIL"
    );
    let mut facts = failing(None, &more);
    let failed = ask(&facts.subject.resolvers[0], "a.b.", "MX");
    let Some(Got::Reply(reply)) = facts.got.get_mut(&failed) else { panic!() };
    reply.rcode = "NOERROR".to_owned();
    reply.answers.push(crate::facts::Record {
        name: "a.b.".to_owned(),
        ttl: 7_200,
        kind: "MX".to_owned(),
        data: "10 old.c.".to_owned(),
    });
    let mut found = others::check(&facts);
    in_order(&mut found, None);
    let codes: Vec<Code> = found.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::OthersFail, Code::OthersOld], "{found:#?}");
    for finding in &found {
        assert!(finding.evidence.ends_with(" by 2026-01-01 02:00 UTC"), "one end: {finding:#?}");
    }
}

#[test]
fn former_name_servers_alone_may_be_the_reason() {
    let found = others::check(&failing(Some((22, "No Reachable Authority")), FORMER));
    let fail = found.iter().find(|finding| finding.code == Code::OthersFail).unwrap();
    let end = ". If this is the reason, they resolve the domain by 2026-01-01 01:00 UTC";
    assert!(fail.evidence.ends_with(end), "{found:#?}");
    assert_eq!(fail.remedy(), remedies::FORMER_SERVERS_FAIL);
}

/// A second server of the zone, which signs, and answers for the keys so.
fn second(keys: &str, more: &str) -> String {
    format!(
        "lookup ns2.a.b. A | 192.0.2.2\nserver 192.0.2.9 a.b. NS udp | >a.b. NS ns.a.b. | >a.b. NS ns2.a.b.\n\
         server 192.0.2.1 a.b. NS mixed aa | ns.a.b. | ns2.a.b.\nserver 192.0.2.2 a.b. NS mixed aa | ns.a.b. | ns2.a.b.\n\
         server 192.0.2.1 a.b. MX udp aa | 10 mx.c.\nserver 192.0.2.2 a.b. MX udp aa | 10 mx.c.\n\
         server 192.0.2.2 a.b. SOA udp aa | ns. h. 1 2 3 4 5\nserver 192.0.2.2 a.b. DNSKEY {keys}\n{more}"
    )
}

#[test]
fn a_server_with_a_fault_that_explains_the_error_is_the_likely_cause() {
    let refused = second("udp REFUSED\nserver 192.0.2.2 a.b. DNSKEY tcp REFUSED", "");
    let dropped = second("udp silent\nserver 192.0.2.2 a.b. DNSKEY tcp silent", "");
    let keys = SIGNED.rsplit_once("DNSKEY ").map(|(_, keys)| keys).unwrap();
    let keys = SIGNED.rsplit_once("a.b. DNSKEY udp").map_or(keys, |(_, keys)| keys);
    let denied = ">a.b. SOA ns. h. 1 2 3 4 5";
    let unproven = second(
        &format!("udp{keys}"),
        &format!("server 192.0.2.2 _dmarc.a.b. TXT udp NXDOMAIN aa | {denied}"),
    );
    let without_mx = second(
        &format!("udp{keys}"),
        "server 192.0.2.2 a.b. MX udp SERVFAIL\nserver 192.0.2.2 a.b. MX tcp SERVFAIL",
    );
    let server = "192.0.2.2 (ns2.a.b.)";
    for (code, lines, conduct) in [
        (Some((9, "DNSKEY Missing")), &refused, "answers REFUSED for a.b. DNSKEY"),
        (Some((6, "DNSSEC Bogus")), &dropped, "does not answer for a.b. DNSKEY"),
        (Some((22, "No Reachable Authority")), &dropped, "does not answer for a.b. DNSKEY"),
        (None, &refused, "answers REFUSED for a.b. DNSKEY"),
        (
            Some((12, "NSEC Missing")),
            &unproven,
            "denies _dmarc.a.b. TXT without an NSEC or NSEC3 record as the proof",
        ),
        (
            Some((6, "DNSSEC Bogus")),
            &unproven,
            "denies _dmarc.a.b. TXT without an NSEC or NSEC3 record as the proof",
        ),
        (Some((23, "Network Error")), &without_mx, "answers SERVFAIL for a.b. MX"),
    ] {
        let told = others::check(&failing(code, lines)).remove(0);
        let begin = format!("the likely cause: {server} {conduct}; 9.9.9.9 (Quad9) a.b. MX: SERVFAIL");
        assert!(told.evidence.starts_with(&begin), "{code:?}: {}", told.evidence);
        assert_eq!(told.remedy(), remedies::LIKELY_SERVER, "{code:?}");
        assert!(!told.evidence.contains("are right"), "{}", told.evidence);
    }
    // Resolvers choose their errors differently.
    for (code, lines, conduct) in [
        (9, &unproven, "denies _dmarc.a.b. TXT without an NSEC or NSEC3 record as the proof"),
        (22, &unproven, "denies _dmarc.a.b. TXT without an NSEC or NSEC3 record as the proof"),
        (12, &refused, "answers REFUSED for a.b. DNSKEY"),
    ] {
        let told = others::check(&failing(Some((code, "x")), lines)).remove(0);
        let begin =
            format!("the cause could not be told; a possible one: {server} {conduct}; 9.9.9.9 (Quad9)");
        assert!(told.evidence.starts_with(&begin), "{code}: {}", told.evidence);
        assert_eq!(told.remedy(), remedies::LIKELY_SERVER, "{code}");
        assert!(!told.evidence.contains("are right"), "{}", told.evidence);
    }
    // It does not explain these errors, and the servers are not all right.
    let told = others::check(&failing(Some((7, "Signature Expired")), &dropped)).remove(0);
    assert!(told.evidence.contains("no server has sent such data to this host"), "{}", told.evidence);
    assert_eq!(told.remedy(), extended_errors::kind([7]).unwrap().remedy);
    // It refuses some queries, and answers others.
    let at_times = second(&format!("udp REFUSED\nserver 192.0.2.2 a.b. DNSKEY tcp{keys}"), "");
    let told = others::check(&failing(Some((9, "DNSKEY Missing")), &at_times)).remove(0);
    let begin = format!("the likely cause: {server} answers REFUSED to some queries for a.b. DNSKEY; ");
    assert!(told.evidence.starts_with(&begin), "{}", told.evidence);
    let told = others::check(&failing(Some((8, "Signature Not Yet Valid")), &at_times)).remove(0);
    assert!(told.evidence.contains("no server has sent such data to this host"), "{}", told.evidence);
    let right = others::check(&failing(Some((8, "Signature Not Yet Valid")), "")).remove(0);
    assert!(right.evidence.contains("all answers of its servers to this host are right"), "{right:#?}");
}

#[test]
fn a_zone_with_the_named_key_that_another_key_has_signed_is_told_so() {
    let (named, _) = SIGNED.rsplit_once(" | =a.b. RRSIG").unwrap();
    let (_, named) = named.rsplit_once("DNSKEY udp aa").unwrap();
    let other = " | 257 3 13 AAEC | =a.b. RRSIG DNSKEY 13 2 300 4000000000 1 1551 a.b. x";
    let facts = failing(Some((9, "DNSKEY Missing")), &second(&format!("udp aa{named}{other}"), ""));
    let told = others::check(&facts).remove(0);
    let words = "192.0.2.2 (ns2.a.b.) gives DNSKEY records which the key that a DS record names has not signed, though it is among them";
    assert!(told.evidence.contains(words), "{}", told.evidence);
    let keys = crate::judge(&facts).into_iter().find(|found| found.code == Code::NsWithoutKeys);
    let words = "the keys that sign at 192.0.2.2 (ns2.a.b.) are 1551 (a key that the DS records name is among the DNSKEY records there, and has not \
                 signed them)";
    assert!(keys.as_ref().is_some_and(|keys| keys.evidence.contains(words)), "{keys:#?}");
    let without = failing(Some((9, "DNSKEY Missing")), &second(&format!("udp aa{other}"), ""));
    let told = others::check(&without).remove(0);
    assert!(told.evidence.contains("gives DNSKEY records that no DS record names"), "{}", told.evidence);
}

#[test]
fn the_fault_of_a_server_stands_before_the_failures_at_others_that_it_explains() {
    let lines = second("udp REFUSED\nserver 192.0.2.2 a.b. DNSKEY tcp REFUSED", "");
    let found = crate::judge(&failing(Some((9, "DNSKEY Missing")), &lines));
    let place = |code: Code| found.iter().position(|finding| finding.code == code).unwrap();
    assert!(place(Code::NsPartly) < place(Code::OthersFail), "{found:#?}");
}

#[test]
fn the_most_telling_of_several_errors_of_a_reply_counts() {
    let mut facts = failing(Some((22, "No Reachable Authority; Signature Expired")), "");
    let failed = ask(&facts.subject.resolvers[0], "a.b.", "MX");
    if let Some(Got::Reply(reply)) = facts.got.get_mut(&failed) {
        reply.extended_errors.push(7);
    }
    let told = others::check(&facts).remove(0);
    assert_eq!(told.remedy(), extended_errors::kind([7]).unwrap().remedy, "{told:#?}");
    assert!(told.evidence.ends_with("seems to send signatures that have ended"), "{}", told.evidence);
}
