//! Each row has the signing plan or the flaw of a zone, a question, and the expected result.

use super::{TOP, ZONE, play_all};

/// The words of the zone's `sign` line, a question, and `RCODE [ad] [CODE of the extended error]`.
type Row = (&'static str, &'static str, &'static str);

fn scenario((words, question, wanted): &Row, faults: &str) -> (String, String) {
    let mut said = wanted.split(' ');
    let rcode = said.next().unwrap();
    let rest: Vec<&str> = said.collect();
    let ad = if rest.contains(&"ad") { "ad" } else { "!ad" };
    let code = rest.iter().find(|word| **word != "ad");
    let ede = code.map(|code| format!("  ede {code}\n")).unwrap_or_default();
    let title = format!("{words} | {faults} | {question} | {wanted}");
    let faults = faults.replace(';', "\n");
    (
        title,
        format!(
            "{TOP}{ZONE}sign zone.tld. {words}\n{faults}\nask {question}\n  rcode {rcode}\n  flags {ad}\n{ede}"
        ),
    )
}

fn check(rows: &[Row]) {
    play_all(rows.iter().map(|row| scenario(row, "")));
}

/// Every kind of answer, with the result for a zone without faults.
const ANSWERS: [(&str, &str); 14] = [
    ("zone.tld. MX +DO", "NOERROR ad"),
    ("zone.tld. DNSKEY +DO", "NOERROR ad"),
    ("zone.tld. DS +DO", "NOERROR ad"),
    ("www.zone.tld. A +DO", "NOERROR ad"),
    ("www.zone.tld. A +AD", "NOERROR ad"),
    ("www.zone.tld. TXT +DO", "NOERROR ad"),
    ("none.zone.tld. A +DO", "NXDOMAIN ad"),
    ("a.b.none.zone.tld. A +DO", "NXDOMAIN ad"),
    ("x.y.wild.zone.tld. A +DO", "NOERROR ad"),
    ("x.wild.zone.tld. TXT +DO", "NOERROR ad"),
    ("ent.zone.tld. A +DO", "NOERROR ad"),
    ("alias.zone.tld. A +DO", "NOERROR ad"),
    ("_25._tcp.mail.zone.tld. TLSA +AD", "NOERROR ad"),
    ("_25._tcp.www.zone.tld. TLSA +AD", "NXDOMAIN ad"),
];

#[test]
fn all_algorithms_and_denials_are_secure() {
    let mut rows = Vec::new();
    for words in ["algorithm=8", "algorithm=10 nsec3", "", "nsec3", "algorithm=14", "algorithm=15 nsec3"] {
        rows.extend(ANSWERS.map(|(question, wanted)| (words, question, wanted)));
    }
    for words in ["nsec3 salt=beef iterations=50", "zsk=none", "algorithm=13,15", "algorithm=8,13 digest=2,4"]
    {
        rows.extend(ANSWERS.map(|(question, wanted)| (words, question, wanted)));
    }
    check(&rows);
}

/// RFC 5702 section 2.1 permits RSA keys from 512 bits, and some mail domains have such short keys.
#[test]
fn short_rsa_keys_are_validated() {
    let mut rows = Vec::new();
    for words in ["algorithm=8 bits=512", "algorithm=8 bits=768 nsec3", "algorithm=10 bits=1016"] {
        rows.extend(ANSWERS.map(|(question, wanted)| (words, question, wanted)));
    }
    rows.extend([
        ("algorithm=8 bits=512 wrong-key", "www.zone.tld. A +DO", "SERVFAIL 6"),
        ("algorithm=8 bits=768 keytrap=30", "www.zone.tld. A +DO", "SERVFAIL 6"),
        ("algorithm=8 bits=512 expired", "www.zone.tld. A +DO", "SERVFAIL 7"),
    ]);
    check(&rows);
}

#[test]
fn flags_decide_ad_signatures_and_proofs() {
    check(&[
        ("", "www.zone.tld. A", "NOERROR"),
        ("", "www.zone.tld. A +CD", "NOERROR"),
        ("", "none.zone.tld. A", "NXDOMAIN"),
        ("expired", "www.zone.tld. A +CD", "NOERROR"),
        ("expired", "www.zone.tld. A +CD +DO", "NOERROR"),
        ("wrong-key", "none.zone.tld. A +CD +DO", "NXDOMAIN"),
    ]);
    let ask = |words: &str, question: &str, counts: &str| {
        let (zone, title) = (format!("{TOP}{ZONE}sign zone.tld. {words}\n"), format!("{words} | {question}"));
        (title, format!("{zone}ask {question}\n{counts}"))
    };
    play_all([
        ask("", "www.zone.tld. A +DO", "  signatures 1\n  proofs 0\n"),
        ask("", "www.zone.tld. A +AD", "  signatures 0\n  proofs 0\n"),
        ask("", "www.zone.tld. A +CD +DO", "  signatures 1\n"),
        ask("", "none.zone.tld. A +DO", "  signatures 0\n  proofs 1..2\n"),
        ask("nsec3", "none.zone.tld. A +DO", "  signatures 0\n  proofs 2..3\n"),
        ask("nsec3", "none.zone.tld. A", "  signatures 0\n  proofs 0\n"),
        ask("nsec3", "x.wild.zone.tld. A +DO", "  signatures 1\n  proofs 1\n"),
        ask("", "www.zone.tld. TXT +DO", "  signatures 0\n  proofs 1\n"),
    ]);
}

#[test]
fn what_nobody_can_check_is_insecure() {
    check(&[
        ("ds=none", "www.zone.tld. A +DO", "NOERROR"),
        ("ds=none", "none.zone.tld. A +DO", "NXDOMAIN"),
        ("ds=none", "_25._tcp.mail.zone.tld. TLSA +DO", "NOERROR"),
        ("ds=none expired", "www.zone.tld. A +DO", "NOERROR"),
        ("ds=none unsigned", "www.zone.tld. A +DO", "NOERROR"),
        ("algorithm=16", "www.zone.tld. A +DO", "NOERROR 1"),
        ("algorithm=16", "none.zone.tld. A +DO", "NXDOMAIN 1"),
        ("algorithm=99", "www.zone.tld. A +DO", "NOERROR 1"),
        ("algorithm=5", "www.zone.tld. A +DO", "NOERROR 1"),
        ("algorithm=7 nsec3", "none.zone.tld. A +DO", "NXDOMAIN 1"),
        ("algorithm=99 unsigned", "www.zone.tld. A +DO", "NOERROR 1"),
        ("digest=3", "www.zone.tld. A +DO", "NOERROR 2"),
        ("nsec3 iterations=51", "none.zone.tld. A +DO", "NXDOMAIN 27"),
        ("nsec3 iterations=500", "_25._tcp.www.zone.tld. TLSA +DO", "NXDOMAIN 27"),
    ]);
}

#[test]
fn supported_algorithm_among_unsupported_is_secure() {
    check(&[
        ("algorithm=99,13", "www.zone.tld. A +DO", "NOERROR ad"),
        ("algorithm=5,13 nsec3", "none.zone.tld. A +DO", "NXDOMAIN ad"),
        ("digest=1", "www.zone.tld. A +DO", "NOERROR ad"),
        ("digest=1,2", "www.zone.tld. A +DO", "NOERROR ad"),
        ("digest=3,4", "www.zone.tld. A +DO", "NOERROR ad"),
        // An answer without denial does not depend on the NSEC3 iterations.
        ("nsec3 iterations=500", "www.zone.tld. A +DO", "NOERROR ad"),
    ]);
}

#[test]
fn opt_out_span_proves_no_denial() {
    check(&[
        ("nsec3 optout", "www.zone.tld. A +DO", "NOERROR ad"),
        ("nsec3 optout", "www.zone.tld. TXT +DO", "NOERROR ad"),
        ("nsec3 optout", "none.zone.tld. A +DO", "NXDOMAIN"),
        ("nsec3 optout", "_25._tcp.www.zone.tld. TLSA +DO", "NXDOMAIN"),
        ("nsec3 optout", "x.wild.zone.tld. A +DO", "NOERROR"),
    ]);
}

#[test]
fn broken_zone_is_bogus_with_reason() {
    check(&[
        ("expired", "www.zone.tld. A +DO", "SERVFAIL 7"),
        ("expired", "none.zone.tld. A +DO", "SERVFAIL 7"),
        ("expired nsec3", "zone.tld. DNSKEY +DO", "SERVFAIL 7"),
        ("not-yet-valid", "www.zone.tld. A +DO", "SERVFAIL 8"),
        ("wrong-key", "www.zone.tld. A +DO", "SERVFAIL 6"),
        ("wrong-key", "none.zone.tld. A +DO", "SERVFAIL 6"),
        ("missing-rrsig", "www.zone.tld. A +DO", "SERVFAIL 10"),
        ("missing-rrsig nsec3", "none.zone.tld. A +DO", "SERVFAIL 10"),
        ("unsigned-keys", "www.zone.tld. A +DO", "SERVFAIL 10"),
        ("unsigned", "www.zone.tld. A +DO", "SERVFAIL 9"),
        ("unsigned", "none.zone.tld. A +DO", "SERVFAIL 9"),
        ("ds-mismatch", "www.zone.tld. A +DO", "SERVFAIL 9"),
        ("no-zone-bit", "www.zone.tld. A +DO", "SERVFAIL 11"),
        ("no-nsec", "none.zone.tld. A +DO", "SERVFAIL 12"),
        ("no-nsec", "www.zone.tld. TXT +DO", "SERVFAIL 12"),
        ("no-nsec nsec3", "none.zone.tld. A +DO", "SERVFAIL 12"),
        ("no-nsec", "www.zone.tld. A +DO", "NOERROR ad"),
        ("no-nsec", "x.wild.zone.tld. A +DO", "SERVFAIL 12"),
        ("wrong-nsec", "none.zone.tld. A +DO", "SERVFAIL 12"),
        ("wrong-nsec nsec3", "none.zone.tld. A +DO", "SERVFAIL 12"),
        ("wrong-nsec", "www.zone.tld. A +DO", "NOERROR ad"),
        ("wrong-bitmap", "www.zone.tld. TXT +DO", "SERVFAIL 12"),
        ("wrong-bitmap nsec3", "www.zone.tld. TXT +DO", "SERVFAIL 12"),
        ("wrong-bitmap", "www.zone.tld. SRV +DO", "NOERROR ad"),
        ("expired", "www.zone.tld. A", "SERVFAIL 7"),
    ]);
}

#[test]
fn keys_may_roll() {
    check(&[
        ("zsk=old,new", "www.zone.tld. A +DO", "NOERROR ad"),
        ("zsk=old,new signs=new", "www.zone.tld. A +DO", "NOERROR ad"),
        ("zsk=old,new signs=old,new", "www.zone.tld. A +DO", "NOERROR ad"),
        ("ksk=old,new", "www.zone.tld. A +DO", "NOERROR ad"),
        ("ksk=old,new ds=old,new", "www.zone.tld. A +DO", "NOERROR ad"),
        ("ds=old,new", "www.zone.tld. A +DO", "NOERROR ad"),
        ("ds=old,new ksk=new", "www.zone.tld. A +DO", "NOERROR ad"),
        ("ds=old,new ksk=new zsk=none", "www.zone.tld. A +DO", "NOERROR ad"),
        ("ksk=new", "www.zone.tld. A +DO", "SERVFAIL 9"),
        ("signs=new", "www.zone.tld. A +DO", "SERVFAIL 9"),
    ]);
}

#[test]
fn keytrap_zone_costs_limited_work() {
    check(&[
        ("keytrap=30", "www.zone.tld. A +DO", "SERVFAIL 6"),
        ("keytrap=1", "www.zone.tld. A +DO", "NOERROR ad"),
    ]);
}

/// First one of the two servers of the zone gives a wrong answer, then both.
#[test]
fn single_faulty_server_leaves_zone_secure() {
    let both = |fault: &str| format!("fault ns1.zone.tld {fault};fault ns2.zone.tld {fault}");
    let (www, none, nodata) = ("www.zone.tld. A +DO", "none.zone.tld. A +DO", "www.zone.tld. TXT +DO");
    let mut scenarios = Vec::new();
    for fault in ["bad-signatures", "no-dnssec", "strips-proofs", "drops=DNSKEY", "no-edns", "drops-edns"] {
        for (question, rcode) in [(www, "NOERROR ad"), (none, "NXDOMAIN ad"), (nodata, "NOERROR ad")] {
            scenarios.push(scenario(&("", question, rcode), &format!("fault ns1.zone.tld {fault}")));
            scenarios.push(scenario(&("nsec3", question, rcode), &format!("fault ns2.zone.tld {fault}")));
        }
    }
    for (fault, question, wanted) in [
        ("bad-signatures", www, "SERVFAIL 6"),
        ("bad-signatures", none, "SERVFAIL 6"),
        ("no-dnssec", www, "SERVFAIL 10"),
        ("strips-proofs", none, "SERVFAIL 12"),
        ("strips-proofs", nodata, "SERVFAIL 12"),
        ("strips-proofs", www, "NOERROR ad"),
        ("drops=DNSKEY", www, "SERVFAIL 22"),
        ("refuses-dnskey", www, "SERVFAIL 5"),
        ("junk-proofs", www, "NOERROR ad"),
    ] {
        scenarios.push(scenario(&("", question, wanted), &both(fault)));
    }
    play_all(scenarios);
}

/// The AD flag covers the authority section too (RFC 4035 section 3.2.3).
#[test]
fn unsigned_authority_records_are_removed() {
    let junk = "fault ns1.zone.tld junk-proofs;fault ns2.zone.tld junk-proofs";
    let zone = |words: &str| format!("{TOP}{ZONE}sign zone.tld. {words}\n{}\n", junk.replace(';', "\n"));
    let ask = |words: &str, question: &str, counts: &str| {
        let twice = format!("ask {question}\n  flags ad\n{counts}").repeat(2);
        (format!("{words} {question}"), format!("{}{twice}", zone(words)))
    };
    play_all([
        ask("", "www.zone.tld. A +DO", "  proofs 0\n  signatures 1\n"),
        ask("", "alias.zone.tld. A +DO", "  proofs 0\n  signatures 2\n"),
        ask("", "x.wild.zone.tld. A +DO", "  proofs 1\n  signatures 1\n"),
        ask("", "alias.zone.tld. TXT +DO", "  proofs 1\n  signatures 1\n"),
        ask("nsec3", "x.wild.zone.tld. A +DO", "  proofs 1\n  signatures 1\n"),
    ]);
}

/// NSEC3 and DNSKEY records of an unknown form are not used, but clients that ask for them get them (RFC 5155 section 8.2, RFC 4034 section
/// 2.1.2).
#[test]
fn unparseable_record_costs_no_other_answer() {
    let odd = "  @ 3600 TYPE48 \\# 8 0100020d01020304\n  @ 300 TYPE257 \\# 4 00012d78\n";
    let key = "zone.tld. 3600 DNSKEY \\# 8 0100020d01020304";
    let ask = |words: &str, faults: &str, question: &str, wanted: &str| {
        let said = faults.replace(';', "\n");
        let text = format!("{TOP}{ZONE}{odd}sign zone.tld. {words}\n{said}\nask {question}\n{wanted}");
        (format!("{words} {faults} {question}"), text)
    };
    let both = |fault: &str| format!("fault ns1.zone.tld {fault};fault ns2.zone.tld {fault}");
    let secure = "  rcode NOERROR\n  flags ad\n";
    let again = "ask zone.tld. CAA +DO\n  answer zone.tld. 300 CAA \\# 4 00012d78\n  packets 0\n";
    play_all([
        ask("", "", "www.zone.tld. A +DO", secure),
        ask("nsec3", "", "none.zone.tld. A +DO", "  rcode NXDOMAIN\n  flags ad\n"),
        ask(
            "",
            "",
            "zone.tld. CAA +DO",
            &format!("{secure}  answer zone.tld. 300 CAA \\# 4 00012d78\n{again}"),
        ),
        ask("zsk=none", "", "zone.tld. CAA +DO", secure),
        ask("", &both("odd-proofs"), "www.zone.tld. A +DO", secure),
        ask("nsec3", &both("odd-proofs"), "none.zone.tld. A +DO", "  rcode NXDOMAIN\n  flags ad\n"),
        ask(
            "nsec3",
            &both("odd-proofs"),
            "www.zone.tld. TXT +DO",
            "  rcode NOERROR\n  flags ad\n  proofs 1\n",
        ),
        ask(
            "nsec3",
            &both("strips-proofs odd-proofs"),
            "none.zone.tld. A +DO",
            "  rcode SERVFAIL\n  ede 12\n",
        ),
        ask(
            "nsec3",
            &both("strips-proofs odd-proofs"),
            "www.zone.tld. TXT +DO",
            "  rcode SERVFAIL\n  ede 12\n",
        ),
        ask("ds=none unsigned", "", "zone.tld. DNSKEY", &format!("  rcode NOERROR\n  answer {key}\n")),
    ]);
    // The only DS record is signed, but too short to be parsed. The zone must not become insecure.
    let top = TOP.replace("zone tld. ns.tld\n", "zone tld. ns.tld\n  zone 300 TYPE43 \\# 3 010203\n");
    play_all([(
        "no DS can be read".to_owned(),
        format!("{top}{ZONE}ask www.zone.tld. A +DO\n  rcode SERVFAIL\n  ede 6\n"),
    )]);
}
