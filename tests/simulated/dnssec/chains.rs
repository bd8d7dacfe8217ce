//! Aliases from zone to zone, parents and children on the same server, and changes of a zone between two questions.

use super::{TOP, ZONE, play_all};

/// Secure, insecure, bogus and NSEC3 zones on one server, with aliases from each into others.
const ZONES: &str = "server ns.host.tld 127.0.0.9 rtt=30ms
zone host.tld. ns.host.tld
zone safe.tld. ns.host.tld
  www 300 A 10.0.0.1
  to-safe 300 CNAME www.hashed.tld.
  to-plain 300 CNAME www.plain.tld.
  to-bad 300 CNAME www.bad.tld.
  to-nothing 300 CNAME none.hashed.tld.
  to-nothing-plain 300 CNAME none.plain.tld.
  tree 300 DNAME hashed.tld.
  bush 300 DNAME plain.tld.
  here 300 DNAME safe.tld.
  there-and-back 300 CNAME x.here.safe.tld.
  x 300 CNAME www.tree.safe.tld.
  *.wild 300 CNAME www.hashed.tld.
zone hashed.tld. ns.host.tld
  www 300 A 10.0.0.2
  back 300 CNAME to-safe.safe.tld.
zone plain.tld. ns.host.tld
  www 300 A 10.0.0.3
  to-safe 300 CNAME www.safe.tld.
zone bad.tld. ns.host.tld
  www 300 A 10.0.0.4
sign host.tld.
sign safe.tld.
sign hashed.tld. nsec3
sign bad.tld. expired
";

fn asked(question: &str, wanted: &str) -> (String, String) {
    let (rcode, ad) = wanted.split_once(' ').unwrap_or((wanted, ""));
    let ad = if ad == "ad" { "ad" } else { "!ad" };
    (question.to_owned(), format!("{TOP}{ZONES}ask {question}\n  rcode {rcode}\n  flags {ad}\n"))
}

#[test]
fn cname_chain_has_its_weakest_security() {
    play_all([
        asked("to-safe.safe.tld. A +DO", "NOERROR ad"),
        asked("back.hashed.tld. A +DO", "NOERROR ad"),
        asked("to-plain.safe.tld. A +DO", "NOERROR"),
        asked("to-safe.plain.tld. A +DO", "NOERROR"),
        asked("to-bad.safe.tld. A +DO", "SERVFAIL"),
        asked("to-nothing.safe.tld. A +DO", "NXDOMAIN ad"),
        asked("to-nothing-plain.safe.tld. A +DO", "NXDOMAIN"),
        asked("to-safe.safe.tld. TXT +DO", "NOERROR ad"),
        asked("x.wild.safe.tld. A +DO", "NOERROR ad"),
        asked("www.tree.safe.tld. A +DO", "NOERROR ad"),
        asked("none.tree.safe.tld. A +DO", "NXDOMAIN ad"),
        asked("www.bush.safe.tld. A +DO", "NOERROR"),
        asked("www.tree.safe.tld. CNAME +DO", "NOERROR ad"),
        asked("www.tree.safe.tld. DNAME +DO", "NOERROR ad"),
        asked("www.tree.safe.tld. ANY +DO", "NOERROR ad"),
        asked("www.tree.safe.tld. TXT +DO", "NOERROR ad"),
        asked("tree.safe.tld. DNAME +DO", "NOERROR ad"),
        asked("tree.safe.tld. A +DO", "NOERROR ad"),
        asked("tree.safe.tld. CNAME +DO", "NOERROR ad"),
        asked("www.bush.safe.tld. CNAME +DO", "NOERROR ad"),
        asked("there-and-back.safe.tld. A +DO", "NOERROR ad"),
        asked("to-bad.safe.tld. CNAME +DO", "NOERROR ad"),
        asked("www.plain.tld. A +DO", "NOERROR"),
        asked("plain.tld. DS +DO", "NOERROR ad"),
        asked("safe.tld. DS +DO", "NOERROR ad"),
        asked("none.tld. A +DO", "NXDOMAIN ad"),
        asked("www.safe.tld. ANY +DO", "NOERROR ad"),
        asked("www.safe.tld. RRSIG +DO", "NOERROR"),
    ]);
}

/// The TTLs of a DNAME and of its CNAME, from servers and from the cache, must end before the signature expires.
#[test]
fn dname_signature_proves_synthesized_cname() {
    let world = format!("{TOP}{ZONES}");
    let told = |title: &str, text: &str| (title.to_owned(), format!("{world}{text}"));
    let dname = "  answer tree.safe.tld. 300 DNAME hashed.tld.\n";
    play_all([
        told(
            "the alias itself",
            &format!(
                "ask www.tree.safe.tld. CNAME +DO\n  rcode NOERROR\n  flags ad\n{dname}\
                 \x20 answer www.tree.safe.tld. 300 CNAME www.hashed.tld.\n  signatures 1\n"
            ),
        ),
        told(
            "another name, from memory",
            &format!(
                "ask www.tree.safe.tld. A +DO\n  flags ad\n  signatures 2\n\
                 ask mail.tree.safe.tld. CNAME +DO\n  rcode NOERROR\n  flags ad\n  packets 0\n{dname}\
                 \x20 answer mail.tree.safe.tld. 300 CNAME mail.hashed.tld.\n  signatures 1\n\
                 ask www.tree.safe.tld. AAAA +DO\n  flags ad\n  packets 1\n{dname}\
                 \x20 answer www.tree.safe.tld. 300 CNAME www.hashed.tld.\n  signatures 1\n"
            ),
        ),
        told(
            "who does not check spoils nothing",
            "ask www.tree.safe.tld. A +CD\n  rcode NOERROR\n  flags !ad\n\
             ask www.tree.safe.tld. A +DO\n  rcode NOERROR\n  flags ad\n  signatures 2\n",
        ),
        told(
            "a TTL that is not the signed one",
            &format!(
                "fault ns.host.tld ttl=80000\nask www.tree.safe.tld. CNAME +DO\n  flags ad\n{dname}\
                 \x20 answer www.tree.safe.tld. 300 CNAME www.hashed.tld.\n\
                 advance 301s\nask www.tree.safe.tld. CNAME +DO\n  flags ad\n  packets 1..9\n"
            ),
        ),
    ]);
}

/// A signed DNAME determines the CNAME (RFC 6672), so another CNAME in the answer is a lie. In an unsigned zone, resolverd makes the CNAME
/// itself. If a DNAME makes a name too long, its signature proves this.
#[test]
fn signed_dname_overrides_wrong_cname() {
    let world = format!("{TOP}{ZONES}");
    let told = |title: &str, text: &str| (title.to_owned(), format!("{world}{text}"));
    let bush = "zone plainer.tld. ns.host.tld\n  tree 300 DNAME hashed.tld.\n";
    let label = "a".repeat(60);
    let long = format!("{label}.{label}.{label}");
    let grow =
        ZONES.replace("  tree 300 DNAME", &format!("  grow 300 DNAME {long}.safe.tld.\n  tree 300 DNAME"));
    play_all([
        told(
            "signed",
            "fault ns.host.tld wrong-cname\nask www.tree.safe.tld. A +DO\n  rcode SERVFAIL\n  ede 6\n\
             \x20 why does not match its signed DNAME\n",
        ),
        told(
            "signed, and the client does not want it checked",
            "fault ns.host.tld wrong-cname\nask www.tree.safe.tld. CNAME +CD +DO\n  rcode NOERROR\n\
             \x20 answer tree.safe.tld. 300 DNAME hashed.tld.\n\
             \x20 answer www.tree.safe.tld. 300 CNAME www.hashed.tld.\n",
        ),
        (
            "unsigned".to_owned(),
            format!(
                "{TOP}{ZONES}{bush}fault ns.host.tld wrong-cname\nask www.tree.plainer.tld. A +DO\n\
                 \x20 rcode NOERROR\n\
                 \x20 answer tree.plainer.tld. 300 DNAME hashed.tld.\n\
                 \x20 answer www.tree.plainer.tld. 300 CNAME www.hashed.tld.\n\
                 \x20 answer www.hashed.tld. 300 A 10.0.0.2\n"
            ),
        ),
        (
            "too long".to_owned(),
            format!(
                "{TOP}{grow}ask {label}.{label}.grow.safe.tld. A +DO\n  rcode YXDOMAIN\n  flags ad\n\
                 \x20 signatures 1\n  answer grow.safe.tld. 300 DNAME {long}.safe.tld.\n"
            ),
        ),
        told(
            "a DNAME passed twice",
            "ask there-and-back.safe.tld. A +DO\n  flags ad\nask x.here.safe.tld. A +DO\n  flags ad\n",
        ),
    ]);
}

/// Signatures of RRsets that are not in the answer prove nothing, and clients do not get them.
#[test]
fn signatures_of_other_names_reach_nobody() {
    let ask = |words: &str, question: &str| {
        let faults = "fault ns1.zone.tld stray-signatures\nfault ns2.zone.tld stray-signatures\n";
        let counts = if question.contains("www.zone.tld. A") { "  signatures 1\n" } else { "" };
        (
            format!("{words} {question}"),
            format!("{TOP}{ZONE}sign zone.tld. {words}\n{faults}ask {question}\n{counts}"),
        )
    };
    let questions =
        ["www.zone.tld. A +DO", "www.zone.tld. A +CD +DO", "none.zone.tld. A +DO", "alias.zone.tld. TXT +DO"];
    play_all(["", "ds=none", "ds=none nsec3"].iter().flat_map(|words| questions.map(|it| ask(words, it))));
}

/// The zone and its child zone are on the same servers.
#[test]
fn parent_nsec_proves_nothing_for_child() {
    let inner = |fault: &str| {
        format!(
            "{TOP}{ZONE}zone sub.zone.tld. ns1.zone.tld ns2.zone.tld\n  www 300 A 10.0.0.7\n\
             sign zone.tld.\nsign sub.zone.tld.\n\
             fault ns1.zone.tld {fault}\nfault ns2.zone.tld {fault}\n"
        )
    };
    let asked = |fault: &str, question: &str, wanted: &str| {
        (format!("{fault} {question}"), format!("{}ask {question}\n{wanted}", inner(fault)))
    };
    play_all([
        asked("", "sub.zone.tld. MX +DO", "  rcode NOERROR\n  flags ad\n"),
        asked("", "sub.zone.tld. DS +DO", "  rcode NOERROR\n  flags ad\n  signatures 1\n"),
        asked("", "www.sub.zone.tld. A +DO", "  rcode NOERROR\n  flags ad\n"),
        asked("", "none.sub.zone.tld. A +DO", "  rcode NXDOMAIN\n  flags ad\n"),
        asked("parents-proof", "sub.zone.tld. MX +DO", "  rcode SERVFAIL\n"),
        asked("parents-proof", "www.sub.zone.tld. A +DO", "  rcode NOERROR\n  flags ad\n"),
    ]);
}

/// The query for the DS records of a name above an unsigned zone is answered with a CNAME.
#[test]
fn cname_for_ds_means_no_cut() {
    let world = |denial: &str| {
        format!(
            "{TOP}{ZONE}zone dept.alias.zone.tld. ns1.zone.tld ns2.zone.tld\n  www 300 A 10.0.0.8\n\
             sign zone.tld. {denial}\n"
        )
    };
    let asked = |denial: &str, wanted: &str| {
        let question = "ask www.dept.alias.zone.tld. A +DO\n";
        (format!("signed {denial}"), format!("{}{question}{wanted}", world(denial)))
    };
    play_all([
        asked("", "  rcode NOERROR\n  flags !ad\n"),
        asked("nsec3", "  rcode NOERROR\n  flags !ad\n"),
        asked("missing-rrsig", "  rcode SERVFAIL\n"),
    ]);
}

#[test]
fn zones_change_while_we_remember() {
    let zone = format!("{TOP}{ZONE}sign zone.tld.\nask www.zone.tld. A +DO\n  flags ad\n");
    let after = |title: &str, change: &str, wanted: &str| {
        (title.to_owned(), format!("{zone}{change}ask mail.zone.tld. A +DO\n{wanted}"))
    };
    play_all([
        after(
            "the next key shown, then in use, then alone",
            "sign zone.tld. zsk=old,new\nadvance 2h\nsign zone.tld. zsk=old,new signs=new\nadvance 1m\n\
             ask www.zone.tld. A +DO\n  flags ad\nadvance 2h\nsign zone.tld. zsk=new signs=new\n",
            "  rcode NOERROR\n  flags ad\n",
        ),
        after(
            "all new",
            "sign zone.tld. ksk=new zsk=new signs=new ds=new\nadvance 2h\n",
            "  rcode NOERROR\n  flags ad\n",
        ),
        after("DS taken away", "sign zone.tld. ds=none\nadvance 49h\n", "  rcode NOERROR\n  flags !ad\n"),
        after(
            "DS taken away, unsigned",
            "sign zone.tld. ds=none unsigned\nadvance 49h\n",
            "  rcode NOERROR\n  flags !ad\n",
        ),
        after("signatures ran out", "advance 400h\n", "  rcode SERVFAIL\n"),
        after("signed anew", "advance 312h\nsign zone.tld.\nadvance 120h\n", "  rcode NOERROR\n  flags ad\n"),
    ]);
}

/// The zone replaces its keys and DS records at once while caches have the old ones. resolverd then queries the keys again.
#[test]
fn keys_may_be_exchanged_without_notice() {
    let zone = format!("{TOP}{ZONE}sign zone.tld.\nask www.zone.tld. A +DO\n  flags ad\nadvance 11s\n");
    let after = |title: &str, change: &str, question: &str, wanted: &str| {
        let text = format!("{zone}sign zone.tld. {change}\nask {question} +DO\n  flags ad\n{wanted}");
        (format!("{title}: {question}"), text)
    };
    let mut scenarios = Vec::new();
    for (title, change, packets) in [
        ("the key that signs the zone", "zsk=new signs=new", 2),
        ("the only key", "ksk=new zsk=none ds=new", 3),
        ("all keys", "ksk=new zsk=new signs=new ds=new", 3),
    ] {
        for (question, rcode) in [
            ("mail.zone.tld. A", "NOERROR"),
            ("none.zone.tld. A", "NXDOMAIN"),
            ("www.zone.tld. TXT", "NOERROR"),
        ] {
            let wanted = format!("  rcode {rcode}\n  packets {packets}\n");
            scenarios.push(after(title, change, question, &wanted));
        }
    }
    scenarios.push((
        "above the zone".to_owned(),
        format!("{zone}sign tld. zsk=new signs=new\nask other.tld. DS +DO\n  rcode NXDOMAIN\n  flags ad\n"),
    ));
    play_all(scenarios);
}

/// Signatures that are forged or by an unknown key cause at most one query for keys in ten seconds.
#[test]
fn unknown_key_signatures_cause_few_queries() {
    let zone = format!("{TOP}{ZONE}sign zone.tld.\nask www.zone.tld. A +DO\n  flags ad\nadvance 11s\n");
    // For a wrong signature, resolverd queries both servers, so two packets are expected besides the queries for keys.
    let ask = |owner: &str, keys: usize| {
        format!("ask {owner}.zone.tld. A +DO\n  rcode SERVFAIL\n  packets {}\n", 2 + keys)
    };
    let many: String = (0..20).map(|number| ask(&format!("n{number}"), usize::from(number == 0))).collect();
    play_all([
        (
            "a key that nobody has".to_owned(),
            format!("{zone}sign zone.tld. signs=new\n{many}advance 11s\n{}", ask("later", 1)),
        ),
        (
            "fresh keys are not asked for again".to_owned(),
            format!(
                "{TOP}{ZONE}sign zone.tld. signs=new\nask www.zone.tld. A +DO\n  rcode SERVFAIL\n  ede 9\n\
                     ask mail.zone.tld. A +DO\n  rcode SERVFAIL\n  packets 2\n"
            ),
        ),
    ]);
}

/// A bogus answer is cached only for a short time. A client that asks with CD does not put the bogus answer into the cache for others.
#[test]
fn repaired_zone_is_secure_within_minute() {
    play_all([(
        "mended".to_owned(),
        format!(
            "{TOP}{ZONE}sign zone.tld. wrong-key\n\
             ask www.zone.tld. A +DO\n  rcode SERVFAIL\n\
             ask www.zone.tld. A +CD\n  rcode NOERROR\n  flags !ad\n\
             ask www.zone.tld. A +DO\n  rcode SERVFAIL\n\
             sign zone.tld.\nadvance 1m\n\
             ask www.zone.tld. A +DO\n  rcode NOERROR\n  flags ad\n"
        ),
    )]);
}
