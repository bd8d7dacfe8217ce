//! Tests of the evaluation of SPF records.

use super::*;
use crate::facts::lookup;
use crate::facts::tests::facts;
use crate::finding::Level;
use crate::spf::walk::NamedSenders;

fn codes(lines: &str) -> Vec<Code> {
    check(&facts("a.test.", lines)).into_iter().map(|finding| finding.code).collect()
}

// Only faults that break the evaluation are reported.
#[test]
fn included_foreign_record_is_not_judged() {
    let of = |included: &str, record: &str| {
        let lines = format!(
            "lookup a.test. TXT | \"v=spf1 include:{included} -all\"\nlookup {included} TXT | {record}"
        );
        let found = check(&facts("a.test.", &lines)).into_iter();
        found.map(|finding| (finding.code, finding.evidence)).collect::<Vec<_>>()
    };
    assert_eq!(of("b.test.", "\"v=spf1 ptr -all\"")[0].0, Code::SpfOk);
    assert_eq!(
        of("s.a.test.", "\"v=spf1 ptr -all\""),
        [(Code::SpfPtr, "s.a.test. v=spf1 ptr -all".to_owned())]
    );
    let several = of("b.test.", "\"v=spf1 a -all\" | \"v=spf1 -all\"");
    assert_eq!(several, [(Code::SpfMultiple, "b.test.: v=spf1 a -all; v=spf1 -all".to_owned())]);
}

#[test]
fn a_redirect_is_no_include() {
    let of = |record: &str| {
        let lines = format!(
            "lookup a.test. TXT | \"{record}\"\nlookup b.test. TXT | \"v=spf1 ip4:198.18.0.1 -all\"\n\
             lookup c.test. TXT | \"v=spf1 redirect=b.test\""
        );
        let found = check(&facts("a.test.", &lines)).into_iter().find(|finding| finding.code == Code::SpfOk);
        found.unwrap().evidence
    };
    for (record, words) in [
        ("v=spf1 redirect=b.test", "(1 of 10 lookups; redirects to b.test)"),
        ("v=spf1 include:b.test -all", "(1 of 10 lookups; includes b.test)"),
        (
            "v=spf1 include:b.test redirect=c.test",
            "(3 of 10 lookups; includes b.test, redirects to c.test, > redirects to b.test)",
        ),
    ] {
        assert!(of(record).ends_with(words), "{}", of(record));
    }
}

#[test]
fn include_loop_is_reported_once() {
    let of = |lines: &str| {
        let found = check(&facts("a.test.", lines));
        found.into_iter().find(|finding| finding.code == Code::SpfLookups).unwrap().evidence
    };
    let own = of("lookup a.test. TXT | \"v=spf1 include:a.test -all\"");
    assert!(own.ends_with("; it includes a.test (a loop)"), "{own}");
    let both = of(
        "lookup a.test. TXT | \"v=spf1 include:b.test -all\"\nlookup b.test. TXT | \"v=spf1 include:a.test -all\"",
    );
    assert!(both.ends_with("; it includes b.test, a.test (a loop), b.test (a loop)"), "{both}");
}

#[test]
fn eleven_mx_hosts_are_permerror() {
    let record = |hosts: usize| {
        let hosts: String = (0..hosts).map(|number| format!(" | 10 h{number}.test.")).collect();
        format!("lookup a.test. TXT | \"v=spf1 mx -all\"\nlookup a.test. MX{hosts}")
    };
    assert_eq!((codes(&record(10)), codes(&record(11))), (vec![Code::SpfOk], vec![Code::SpfLookups]));
    let address = "203.0.113.1".parse().unwrap();
    let outcome = outcome(&facts("a.test.", &record(11)), "a.test.", address).0;
    assert_eq!(outcome, SpfOutcome::PermError);
}

#[test]
fn third_void_lookup_is_permerror() {
    let of = |voids: usize| {
        let terms: String = (0..voids).map(|number| format!("a:n{number}.test ")).collect();
        let lookups: String =
            (0..voids).map(|number| format!("\nlookup n{number}.test. A NXDOMAIN")).collect();
        let lines = format!("lookup a.test. TXT | \"v=spf1 {terms}ip4:203.0.113.1 -all\"{lookups}");
        outcome(&facts("a.test.", &lines), "a.test.", "203.0.113.1".parse().unwrap()).0
    };
    assert_eq!((of(2), of(3)), (SpfOutcome::Pass, SpfOutcome::PermError));
}

#[test]
fn eleven_lookups_are_too_many() {
    let record = |terms: usize| {
        let terms: String = (0..terms).map(|number| format!("a:h{number}.test ")).collect();
        let hosts: String = (0..11).map(|number| format!("\nlookup h{number}.test. A | 192.0.2.1")).collect();
        format!("lookup a.test. TXT | \"v=spf1 {terms}-all\"{hosts}")
    };
    assert_eq!(codes(&record(10)), [Code::SpfOk]);
    assert_eq!(codes(&record(11)), [Code::SpfLookups]);
}

#[test]
fn an_address_is_evaluated() {
    let of = |record: &str, address: &str| {
        let lines = format!(
            "lookup a.test. TXT | \"{record}\"\nlookup b.test. TXT | \"v=spf1 ip4:192.0.2.0/24 -all\"\n\
             lookup a.test. MX | 10 mx.a.test.\nlookup mx.a.test. A | 198.51.100.1\nlookup a.test. A | 198.51.100.9"
        );
        let address = address.parse().unwrap();
        outcome(&facts("a.test.", &lines), "a.test.", address).0
    };
    assert_eq!(of("v=spf1 include:b.test -all", "192.0.2.9"), SpfOutcome::Pass);
    assert_eq!(of("v=spf1 include:b.test ~all", "203.0.113.1"), SpfOutcome::SoftFail);
    assert_eq!(of("v=spf1 mx -all", "198.51.100.1"), SpfOutcome::Pass);
    assert_eq!(of("v=spf1 mx -all", "198.51.100.2"), SpfOutcome::Fail);
    assert_eq!(of("v=spf1 a/28 -all", "198.51.100.2"), SpfOutcome::Pass);
    assert_eq!(of("v=spf1 redirect=b.test", "203.0.113.1"), SpfOutcome::Fail);
    assert_eq!(of("v=spf1 include:c.test -all", "203.0.113.1"), SpfOutcome::Unknown);
    let unevaluated = |term: &str| SpfOutcome::Unevaluated(term.to_owned());
    for term in ["exists:%{p}.x.test", "ptr", "include:%{p}.x.test", "redirect=%{p}.x.test"] {
        assert_eq!(of(&format!("v=spf1 {term}"), "203.0.113.1"), unevaluated(term));
    }
    assert_eq!(of("v=spf1", "203.0.113.1"), SpfOutcome::Neutral);
}

#[test]
fn client_macros_are_evaluated() {
    let record = "v=spf1 exists:%{i}._i.%{d}.x.test include:%{ir}.%{v}.%{o}.y.test -all";
    let asked = "\nlookup 203.0.113.1._i.a.test.x.test. A | 127.0.0.2\nlookup 203.0.113.2._i.a.test.x.test. A NXDOMAIN\n\
        lookup 2.113.0.203.in-addr.a.test.y.test. TXT | \"v=spf1 ?all\"\nlookup 203.0.113.3._i.a.test.x.test. A";
    let facts = facts("a.test.", &format!("lookup a.test. TXT | \"{record}\"{asked}"));
    let of = |address: &str| {
        let (outcome, mut walk) = outcome(&facts, "a.test.", address.parse().unwrap());
        (outcome, walk.wants.pop())
    };
    assert_eq!(of("203.0.113.1").0, SpfOutcome::Pass);
    assert_eq!(of("203.0.113.2").0, SpfOutcome::Fail);
    let next = lookup("3.113.0.203.in-addr.a.test.y.test.", "TXT");
    assert_eq!(of("203.0.113.3"), (SpfOutcome::Unknown, Some(next)));
}

#[test]
fn spf_outcome_has_its_code() {
    let code = |record: &str| {
        let mut facts = facts("a.test.", &format!("lookup a.test. TXT | \"{record}\""));
        facts.subject.address = "203.0.113.1".parse().ok();
        check(&facts).pop().unwrap()
    };
    for (record, expected) in [
        ("v=spf1 ip4:203.0.113.1 -all", Code::SpfFromPasses),
        ("v=spf1 ~all", Code::SpfFromFails),
        ("v=spf1 ?all", Code::SpfFromNeutral),
        ("v=spf1 exists:%{p}.x.test -all", Code::SpfUnevaluated),
        ("v=spf1 include:b.test -all", Code::PolicyUnknown),
    ] {
        assert_eq!(code(record).code, expected, "{record}");
    }
    let mut relayed = facts("a.test.", "lookup a.test. TXT | \"v=spf1 ip4:203.0.113.1 -all\"");
    relayed.subject.may_be_relay = true;
    for (address, expected) in [
        ("203.0.113.1", (Code::SpfFromPasses, Level::Ok)),
        ("203.0.113.2", (Code::SpfUnevaluated, Level::CouldNotTell)),
    ] {
        relayed.subject.address = address.parse().ok();
        let found = check(&relayed).pop().unwrap();
        assert_eq!((found.code, found.level), expected, "{address}");
    }
    let unevaluated = code("v=spf1 exists:%{p}.x.test -all");
    assert_eq!(unevaluated.level, Level::CouldNotTell);
    let evidence = unevaluated.evidence;
    assert!(
        evidence.ends_with("the term exists:%{p}.x.test cannot be evaluated by this check"),
        "{evidence}"
    );
}

#[test]
fn repeated_includes_end_with_permerror() {
    let record = |number: usize| {
        let includes: String = (0..30).map(|_| format!("include:d{}.test ", number + 1)).collect();
        format!("lookup d{number}.test. TXT | \"v=spf1 {includes}?all\"\n")
    };
    let lines: String =
        (1..10).map(record).chain(["lookup d10.test. TXT | \"v=spf1 ?all\"".to_owned()]).collect();
    let facts = facts("d1.test.", &lines);
    let address = "203.0.113.1".parse().unwrap();
    assert_eq!(outcome(&facts, "d1.test.", address).0, SpfOutcome::PermError);
}

#[test]
fn url_instead_of_domain_is_named() {
    let facts = facts("a.test.", "lookup a.test. TXT | \"v=spf1 include:https://spf.b.test -all\"");
    let found = check(&facts);
    let shown =
        found.iter().find(|found| found.code == Code::SpfSyntax).unwrap_or_else(|| panic!("{found:#?}"));
    assert!(shown.evidence.contains("it holds a URL instead of the name of a domain"), "{shown:?}");
}

#[test]
fn circular_alias_term_is_temperror() {
    let circle = "aliases in a circle: l1.b.test. CNAME l2.b.test. CNAME l1.b.test.";
    for (term, kind) in [("a:l1.b.test", "A"), ("exists:l1.b.test", "A"), ("mx:l1.b.test", "MX")] {
        let failed = ["A", "AAAA", "MX"].map(|kind| format!("lookup l1.b.test. {kind} SERVFAIL\n"));
        let lines = format!(
            "lookup a.test. SOA | ns1.a.test. h. 7 2 3 4 5\nlookup a.test. TXT | \"v=spf1 {term} -all\"\n{}\
             lookup l1.b.test. CNAME | l2.b.test.\nlookup l2.b.test. CNAME | l1.b.test.",
            failed.concat()
        );
        let mut facts = facts("a.test.", &lines);
        facts.subject.address = "198.18.0.7".parse().ok();
        crate::aliases::note(&mut facts);
        let found = check(&facts);
        let shown = format!("l1.b.test. {kind}: {circle}; the result for 198.18.0.7 is temperror");
        let short: Vec<_> =
            found.iter().map(|finding| (finding.code, finding.level, &finding.evidence)).collect();
        assert_eq!(short, [(Code::SpfUnanswered, Level::Failure, &shown)], "{term}");
    }
}

#[test]
fn each_fault_has_its_code() {
    let cases: &[(&str, &[Code])] = &[
        ("lookup a.test. TXT | \"v=spf1 -all\"", &[Code::SpfOk]),
        ("lookup a.test. TXT | \"v=spf1 ip4:9.9.9.0/24\" \" ~all\"", &[Code::SpfOk]),
        ("lookup a.test. TXT | \"v=spf1 ip4:198.51.100.0/25 -all\"", &[Code::SpfOk]),
        ("lookup a.test. TXT | \"v=spf1 ip6:2001:db8::1 -all\"", &[Code::SpfOk]),
        ("lookup a.test. TXT | \"v=spf1 ip4:10.1.0.0/16 -all\"", &[Code::SpfOk]),
        ("lookup a.test. TXT | \"v=spf1 ip4:198.16.0.0/13 -all\"", &[Code::SpfOk]),
        (
            "lookup a.test. TXT | \"v=spf1 include:b.test -all\"\nlookup b.test. TXT | \"v=spf1 ip4:198.18.0.7 -all\"",
            &[Code::SpfOk],
        ),
        ("lookup a.test. TXT | \"other\"", &[Code::SpfMissing]),
        ("lookup a.test. TXT", &[Code::SpfMissing]),
        ("lookup a.test. TXT SERVFAIL", &[Code::PolicyUnknown]),
        ("lookup a.test. TXT | \"v=spf1 -all\" | \"v=spf1 mx -all\"", &[Code::SpfMultiple]),
        ("lookup a.test. TXT | \"v=spf1 include:b.testinclude:c.test -all\"", &[Code::SpfSyntax]),
        ("lookup a.test. TXT | \"v=spf1 ip4:1.2.3 -all\"", &[Code::SpfSyntax]),
        ("lookup a.test. TXT | \"v=spf1 include:https://b.test -all\"", &[Code::SpfSyntax]),
        ("lookup a.test. TXT | \"v=spf1 +all\"", &[Code::SpfAllowsAll]),
        ("lookup a.test. TXT | \"v=spf1 all\"", &[Code::SpfAllowsAll]),
        ("lookup a.test. TXT | \"v=spf1 ip4:9.9.9.9\"", &[Code::SpfOpenEnd]),
        ("lookup a.test. TXT | \"v=spf1 ptr -all\"", &[Code::SpfPtr]),
        ("lookup a.test. TXT | \"v=spf1 ip4:0.0.0.0/0 -all\"", &[Code::SpfAllowsAll]),
        ("lookup a.test. TXT | \"v=spf1 ip4=192.0.2.1 -all\"", &[Code::SpfSyntax]),
        ("lookup a.test. TXT | \"v=spf1-all\"", &[Code::SpfMissing]),
        (
            "lookup a.test. TXT | \"v=spf1 redirect=b.test\"\nlookup b.test. TXT | \"v=spf1 +all\"",
            &[Code::SpfAllowsAll],
        ),
        (
            "lookup a.test. TXT | \"v=spf1 exists:x.test exists:y.test exists:z.test -all\"\nlookup x.test. A\n\
             lookup y.test. A NXDOMAIN\nlookup z.test. A",
            &[Code::SpfVoidLookups],
        ),
        ("lookup a.test. TXT | \"v=spf1 exists:%{i}.x.test -all\"", &[Code::SpfOk]),
        (
            "lookup a.test. TXT | \"v=spf1 include:b.test -all\"\nlookup b.test. TXT NXDOMAIN",
            &[Code::SpfIncludeMissing],
        ),
        (
            "lookup a.test. TXT | \"v=spf1 redirect=b.test\"\nlookup b.test. TXT | \"v=spf1 -all\"",
            &[Code::SpfOk],
        ),
        ("lookup a.test. TXT | \"v=spf1 include:a.test -all\"", &[Code::SpfLookups]),
        (
            "lookup a.test. TXT | \"v=spf1 a:x.test a:y.test mx:z.test -all\"\nlookup x.test. A\nlookup x.test. AAAA\n\
             lookup y.test. A NXDOMAIN\nlookup y.test. AAAA NXDOMAIN\nlookup z.test. MX",
            &[Code::SpfVoidLookups],
        ),
    ];
    for (lines, expected) in cases {
        assert_eq!(codes(lines), *expected, "{lines}");
    }
}

/// Returns the result for addresses that match no term, the domain whose record decides it, and the number of networks that are too large.
fn rest(record: &str, included: &str) -> (SpfOutcome, String, usize) {
    let lines = format!("lookup a.test. TXT | \"{record}\"\nlookup b.test. TXT | \"{included}\"");
    let (rest, walk) = reach(&facts("a.test.", &lines), "a.test.");
    (rest, walk.at.clone(), wide(&walk).len())
}

#[test]
fn first_decisive_record_gives_rest() {
    let shown = |outcome, at: &str| (outcome, at.to_owned(), 0);
    assert_eq!(rest("v=spf1 ?all", ""), shown(SpfOutcome::Neutral, "a.test."));
    assert_eq!(rest("v=spf1 redirect=b.test", "v=spf1 +all"), shown(SpfOutcome::Pass, "b.test."));
    assert_eq!(rest("v=spf1 include:b.test -all", "v=spf1 +all"), shown(SpfOutcome::Pass, "b.test."));
    assert_eq!(rest("v=spf1 -include:b.test ?all", "v=spf1 +all"), shown(SpfOutcome::Fail, "b.test."));
    assert_eq!(rest("v=spf1 include:b.test -all", "v=spf1 ?all"), shown(SpfOutcome::Fail, "a.test."));
    assert_eq!(rest("v=spf1 redirect=b.test", "v=spf1 mx"), shown(SpfOutcome::Neutral, "b.test."));
    assert_eq!(rest("v=spf1 include:a.test -all", ""), shown(SpfOutcome::Fail, "a.test."));
}

#[test]
fn wide_network_around_host_is_found() {
    let of = |record: &str| {
        let hosts = "lookup a.test. A | 192.0.2.1\nlookup a.test. MX | 10 mx.b.test.\nlookup mx.b.test. A | 198.51.100.1";
        let lines = format!("lookup a.test. TXT | \"{record}\"\n{hosts}");
        wide(&reach(&facts("a.test.", &lines), "a.test.").1).len()
    };
    assert_eq!(of("v=spf1 a/1 -all"), 1);
    assert_eq!(of("v=spf1 mx/4 -all"), 1);
    assert_eq!(of("v=spf1 a:mx.b.test/1 -all"), 1);
    assert_eq!(of("v=spf1 a mx a/24 mx/16 ?a/1 a:nowhere.test/1 -all"), 0);
}

#[test]
fn existing_name_without_macros_covers_all() {
    let lines = "lookup a.test. TXT | \"v=spf1 exists:b.test -all\"\nlookup b.test. A | 192.0.2.1";
    assert_eq!(reach(&facts("a.test.", lines), "a.test.").0, SpfOutcome::Pass);
    let absent = lines.replace(" | 192.0.2.1", "");
    assert_eq!(reach(&facts("a.test.", &absent), "a.test.").0, SpfOutcome::Fail);
}

// Also in included records.
#[test]
fn split_wide_networks_are_found() {
    let of = |record: &str, included: &str| rest(record, included).2;
    assert_eq!(of("v=spf1 ip4:0.0.0.0/0 ip6:::/0 -all", ""), 2);
    assert_eq!(of("v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all", ""), 1);
    assert_eq!(of("v=spf1 include:b.test -all", "v=spf1 ip4:0.0.0.0/2 -all"), 1);
    assert_eq!(of("v=spf1 a//0 mx/0 ?mx//0 -all", ""), 2);
    assert_eq!(of("v=spf1 ip4:10.0.0.0/8 ip6:2001::/16 -ip4:0.0.0.0/0 -all", ""), 0);
}

const HOSTS: &str = "
    lookup a.test. MX | 10 mx.a.test.
    lookup mx.a.test. A | 198.18.0.1
    lookup mx.a.test. AAAA
    lookup out.a.test. A | 198.18.0.2
    lookup out.a.test. AAAA | 2001:2::2
    lookup b.test. TXT | \"v=spf1 ip4:198.18.0.3 ~all\"";

fn senders(record: &str) -> NamedSenders {
    let lines = format!("{HOSTS}\nlookup a.test. TXT | \"{record}\"");
    reach(&facts("a.test.", &lines), "a.test.").1.senders
}

#[test]
fn spf_senders_are_hosts_and_addresses() {
    for (record, expected, are_all) in [
        ("v=spf1 mx -all", &["198.18.0.1"][..], true),
        ("v=spf1 a:out.a.test -all", &["198.18.0.2", "2001:2::2"], true),
        ("v=spf1 ip4:198.18.0.9 ip6:2001:2::9/128 ~all", &["198.18.0.9", "2001:2::9"], true),
        ("v=spf1 redirect=b.test", &["198.18.0.3"], true),
        ("v=spf1 -all", &[], true),
        ("v=spf1 mx", &["198.18.0.1"], false),
        ("v=spf1 mx ?all", &["198.18.0.1"], false),
        ("v=spf1 mx +all", &["198.18.0.1"], false),
        ("v=spf1 mx include:b.test -all", &["198.18.0.1"], false),
        ("v=spf1 mx ip4:198.18.1.0/24 -all", &["198.18.0.1"], false),
        ("v=spf1 mx/24 -all", &[], false),
        ("v=spf1 mx a:unasked.test -all", &["198.18.0.1"], false),
        ("v=spf1 -mx -all", &[], true),
    ] {
        let found = senders(record);
        let addresses: Vec<String> = found.addresses.iter().map(ToString::to_string).collect();
        assert_eq!(
            (addresses.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), !found.has_others),
            (expected, are_all),
            "{record}"
        );
    }
    let has = |record: &str| senders(record).has("198.18.0.1".parse().unwrap());
    assert!(has("v=spf1 mx -all") && has("v=spf1 a:mx.a.test include:b.test -all"));
    assert!(!has("v=spf1 mx include:b.test -all"), "mx stands in most records");
}
