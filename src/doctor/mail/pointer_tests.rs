//! Tests of the checks of PTR records and the names in them.

use super::*;
use crate::facts::Role;
use crate::facts::tests::facts;

#[test]
fn dynamic_names_differ_from_static() {
    let address = "192.0.2.77".parse().unwrap();
    for name in [
        "77-2-0-192.provider.example.",
        "host-192-0-2-77.isp.example.",
        "c77.dyn.isp.example.",
        "p192-0-2-77.dip0.isp.example.",
        "dsl-3.isp.example.",
        "pc000024d.dip0.isp.example.",
    ] {
        assert!(looks_dynamic(name, address), "{name}");
    }
    for name in [
        "mail.example.",
        "out77.hoster.example.",
        "mx2.dyn.example.",
        "pool.example.",
        "static.77.2.0.192.clients.hoster.example.",
        "pool-mx1.a.hoster.example.",
    ] {
        assert!(!looks_dynamic(name, address), "{name}");
    }
}

#[test]
fn dynamic_name_may_contain_ipv6() {
    let address = "2001:db8::7".parse().unwrap();
    assert!(looks_dynamic("x20010db8000000000000000000000007.a.isp.example.", address));
    assert!(!looks_dynamic("a7.b.isp.example.", address));
}

#[test]
fn private_address_without_ptr_is_note() {
    let found = check(&facts("", "lookup 1.1.1.10.in-addr.arpa. PTR NXDOMAIN"), "10.1.1.1".parse().unwrap());
    assert_eq!((found[0].code, found[0].level), (Code::PtrMissing, Level::Note));
    assert_eq!(
        found[0].evidence,
        "10.1.1.1; it is a private or reserved address: no host on the internet reaches it"
    );
}

#[test]
fn addresses_sharing_fault_are_grouped() {
    let lines = "lookup 1.2.0.192.in-addr.arpa. PTR | 192-0-2-1.host.b.\nlookup 192-0-2-1.host.b. A | 192.0.2.1\n\
        lookup 2.2.0.192.in-addr.arpa. PTR | 192-0-2-2.host.b.\nlookup 192-0-2-2.host.b. A | 192.0.2.2";
    let addresses = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
    let found = of_addresses(&facts("", lines), &addresses, (Level::Note, Level::Note), "");
    let dynamic: Vec<_> = found.iter().filter(|finding| finding.code == Code::PtrDynamic).collect();
    assert_eq!(dynamic.len(), 1, "{found:#?}");
    assert_eq!(dynamic[0].evidence, "192.0.2.1 PTR 192-0-2-1.host.b.; 192.0.2.2 PTR 192-0-2-2.host.b.");
    assert_eq!((dynamic[0].level, dynamic[0].about.len()), (Level::Note, 2));
}

#[test]
fn ptr_must_lead_back() {
    let address = "192.0.2.7".parse().unwrap();
    let ptr = "7.2.0.192.in-addr.arpa.";
    let cases = [
        (format!("lookup {ptr} PTR NXDOMAIN"), Code::PtrMissing, Level::Failure),
        (format!("lookup {ptr} PTR"), Code::PtrMissing, Level::Failure),
        (format!("lookup {ptr} PTR SERVFAIL"), Code::PointerUnknown, Level::CouldNotTell),
        (
            format!("lookup {ptr} PTR | mail.a.\nlookup mail.a. A | 192.0.2.8"),
            Code::PtrDiffers,
            Level::Failure,
        ),
        (format!("lookup {ptr} PTR | mail.a.\nlookup mail.a. A"), Code::PtrDiffers, Level::Failure),
        (
            format!("lookup {ptr} PTR | mail.a.\nlookup mail.a. A SERVFAIL"),
            Code::PointerUnknown,
            Level::CouldNotTell,
        ),
        (format!("lookup {ptr} PTR | Mail.A.\nlookup mail.a. A | 192.0.2.7"), Code::PointerOk, Level::Ok),
        (
            format!("lookup {ptr} PTR | a.a. | b.a.\nlookup a.a. A NXDOMAIN\nlookup b.a. A | 192.0.2.7"),
            Code::PointerOk,
            Level::Ok,
        ),
    ];
    let many = |number: usize| {
        let names: String = (0..number).map(|number| format!(" | h{number}.a.")).collect();
        let hosts: String = (0..number).map(|number| format!("\nlookup h{number}.a. A NXDOMAIN")).collect();
        format!("lookup {ptr} PTR{names}{hosts}")
    };
    let bounds = [
        (many(10), Code::PtrDiffers, Level::Failure),
        (many(11), Code::PointerUnknown, Level::CouldNotTell),
        (many(26), Code::PointerUnknown, Level::CouldNotTell),
        (many(10).replace("h9.a. A NXDOMAIN", "h9.a. A | 192.0.2.7"), Code::PointerOk, Level::Ok),
    ];
    for (lines, code, level) in cases.into_iter().chain(bounds) {
        let found = check(&facts("", &lines), address);
        assert_eq!(
            found.first().map(|finding| (finding.code, finding.level)),
            Some((code, level)),
            "{lines}"
        );
    }
}

/// Returns the findings about two mail hosts, of which only the second has a PTR record.
fn of(spf: &str, change: impl FnOnce(&mut DomainFacts)) -> Vec<Finding> {
    let lines = format!(
        "lookup a.test. MX | 10 mx1.a.test. | 20 mx2.a.test.\nlookup a.test. TXT | \"{spf}\"
        lookup mx1.a.test. A | 198.18.0.1\nlookup mx1.a.test. AAAA\nlookup 1.0.18.198.in-addr.arpa. PTR NXDOMAIN
        lookup mx2.a.test. A | 198.18.0.2\nlookup mx2.a.test. AAAA\nlookup 2.0.18.198.in-addr.arpa. PTR | mx2.a.test."
    );
    let mut facts = facts("a.test.", &lines);
    change(&mut facts);
    of_hosts(&facts, facts.subject.address)
}

fn level(spf: &str) -> Option<Level> {
    let found = of(spf, |_| ());
    found.iter().find(|finding| finding.code == Code::PtrMissing).map(|finding| finding.level)
}

// SPF names the host as a sender.
#[test]
fn missing_ptr_of_sender_is_worse() {
    for (spf, expected) in [
        ("v=spf1 a:mx1.a.test -all", Some(Level::Failure)),
        ("v=spf1 ip4:198.18.0.1 ~all", Some(Level::Failure)),
        ("v=spf1 mx -all", Some(Level::Warning)),
        ("v=spf1 a:mx1.a.test include:b.test -all", Some(Level::Warning)),
        ("v=spf1 a:mx1.a.test ip4:198.18.0.9 -all", Some(Level::Warning)),
        ("v=spf1 a:mx1.a.test ?all", Some(Level::Warning)),
        ("v=spf1 mx include:b.test -all", Some(Level::Note)),
        ("v=spf1 ip4:198.18.0.0/24 -all", Some(Level::Note)),
        ("v=spf1 ?all", Some(Level::Note)),
        ("v=spf1 -a:mx1.a.test a:mx1.a.test ?all", None),
        ("v=spf1 a:mx2.a.test -all", None),
    ] {
        assert_eq!(level(spf), expected, "{spf}");
    }
}

#[test]
fn evidence_says_spf_names_host() {
    let found = of("v=spf1 a:mx1.a.test -all", |_| ());
    assert_eq!(found[0].evidence, "198.18.0.1; named as a sender by SPF");
    let other = of("v=spf1 mx -all", |facts| facts.subject.role = Role::Recipient);
    assert_eq!((other[0].code, other[0].level), (Code::PtrMissing, Level::Note), "it is no sender here");
    let client = of("v=spf1 a:mx1.a.test -all", |facts| facts.subject.address = "198.18.0.1".parse().ok());
    assert_eq!(client, [], "the client has a finding of its own");
}

#[test]
fn dynamic_sole_sender_is_warning() {
    let of = |spf: &str| {
        let found = of(spf, |facts| {
            let more = "lookup 1.0.18.198.in-addr.arpa. PTR | 198-18-0-1.host.b.test.\nlookup 198-18-0-1.host.b.test. A | 198.18.0.1";
            facts.got.extend(self::facts("", more).got);
        });
        let dynamic = found.into_iter().find(|finding| finding.code == Code::PtrDynamic);
        dynamic.map(|finding| (finding.level, finding.evidence.contains("; named as a sender by SPF")))
    };
    for spf in ["v=spf1 a:mx1.a.test -all", "v=spf1 ip4:198.18.0.1 ~all"] {
        assert_eq!(of(spf), Some((Level::Warning, true)), "{spf}");
    }
    for spf in ["v=spf1 mx -all", "v=spf1 a:mx1.a.test include:b.test -all"] {
        assert_eq!(of(spf), Some((Level::Note, true)), "{spf}");
    }
    assert_eq!(of("v=spf1 ip4:198.18.0.0/24 -all"), Some((Level::Note, false)));
}
