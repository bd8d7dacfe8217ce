//! Cases of PTR records.

use super::*;
use crate::facts::tests::facts;

#[test]
fn names_of_dynamic_addresses_are_told_from_those_of_mail_hosts() {
    let address = "192.0.2.77".parse().unwrap();
    for name in [
        "77-2-0-192.provider.example.",
        "host-192-0-2-77.isp.example.",
        "c77.dyn.isp.example.",
        "p192-0-2-77.dip0.isp.example.",
        "dsl-3.isp.example.",
        "pc000024d.dip0.isp.example.",
        "x192000002077.res.isp.example.",
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
fn a_name_may_hold_an_ipv6_address() {
    let address = "2001:db8::7".parse().unwrap();
    assert!(looks_dynamic("2001-db8--7.isp.example.", address));
    assert!(looks_dynamic("x20010db8000000000000000000000007.a.isp.example.", address));
    assert!(!looks_dynamic("a7.b.isp.example.", address));
}

#[test]
fn a_missing_name_of_a_private_address_is_a_note() {
    let found =
        check(&facts("", "lookup 1.1.1.10.in-addr.arpa. PTR NXDOMAIN"), "10.1.1.1".parse().unwrap(), true);
    assert_eq!((found[0].code, found[0].level), (Code::PtrMissing, Level::Note));
    assert_eq!(
        found[0].evidence,
        "10.1.1.1; it is a private or reserved address: no host on the internet reaches it"
    );
}

#[test]
fn addresses_with_one_fault_are_one_finding() {
    let lines = "lookup 1.2.0.192.in-addr.arpa. PTR | 192-0-2-1.host.b.\nlookup 192-0-2-1.host.b. A | 192.0.2.1\n\
        lookup 2.2.0.192.in-addr.arpa. PTR | 192-0-2-2.host.b.\nlookup 192-0-2-2.host.b. A | 192.0.2.2";
    let addresses = ["192.0.2.1", "192.0.2.2"].map(|text| (text.parse().unwrap(), Vec::new()));
    let found = check_all(&facts("", lines), &addresses, Levels::of(Level::Note));
    let dynamic: Vec<_> = found.iter().filter(|finding| finding.code == Code::PtrDynamic).collect();
    assert_eq!(dynamic.len(), 1, "{found:#?}");
    assert_eq!(dynamic[0].evidence, "192.0.2.1 PTR 192-0-2-1.host.b.; 192.0.2.2 PTR 192-0-2-2.host.b.");
    assert_eq!((dynamic[0].level, dynamic[0].about.len()), (Level::Note, 2));
}

#[test]
fn a_name_must_lead_back_to_the_address() {
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
        let found = check(&facts("", &lines), address, false);
        assert_eq!(
            found.first().map(|finding| (finding.code, finding.level)),
            Some((code, level)),
            "{lines}"
        );
    }
}

#[test]
fn many_names_that_do_not_lead_back_are_to_be_fewer() {
    let names: String = (0..26).map(|number| format!(" | h{number}.a.")).collect();
    let hosts: String = (0..10).map(|number| format!("\nlookup h{number}.a. A NXDOMAIN")).collect();
    let lines = format!("lookup 7.2.0.192.in-addr.arpa. PTR{names}{hosts}");
    let found = check(&facts("", &lines), "192.0.2.7".parse().unwrap(), false);
    assert_eq!(found[0].code, Code::PointerUnknown);
    let object = serde_json::to_value(&found[0]).unwrap();
    assert!(object.to_string().contains("Keep one PTR record"), "{object}");
}

#[test]
fn each_fault_of_a_ptr_name_has_its_own_change() {
    let ptr = "7.2.0.192.in-addr.arpa.";
    let root = "lookup . SOA secure | a. h. 1 2 3 4 5";
    let found = |lines: &str| {
        let found = check(
            &facts("", &format!("lookup {ptr} PTR {lines}\n{root}")),
            "192.0.2.7".parse().unwrap(),
            false,
        );
        let first = found.first().unwrap();
        (first.code, first.evidence.clone(), first.remedy())
    };
    for (target, meant) in [
        ("mail.a.example.2.0.192.in-addr.arpa.", "mail.a.example."),
        ("mail.a.example.in-addr.arpa.", "mail.a.example."),
        ("mail.a.example.0-25.2.0.192.in-addr.arpa.", "mail.a.example."),
        ("mail.2.0.192.in-addr.arpa.", "mail."),
        ("mx7.a.example.8.b.d.0.1.0.0.2.ip6.arpa.", "mx7.a.example."),
    ] {
        let (code, evidence, remedy) = found(&format!("| {target}\nlookup {target} A NXDOMAIN"));
        let told = format!("192.0.2.7 PTR {target} (the reverse zone may name {meant} without its last dot)");
        assert_eq!((code, evidence), (Code::PtrDiffers, told));
        assert!(
            remedy.contains("In the reverse zone, end the name in the PTR record with a dot"),
            "{remedy}"
        );
    }
    let (code, evidence, remedy) = found("| localhost.\nlookup localhost. A | 127.0.0.1");
    assert_eq!(
        (code, evidence.as_str()),
        (Code::PtrDiffers, "192.0.2.7 PTR localhost., which is every host itself")
    );
    assert!(remedy.contains("localhost") && remedy.contains("reverse zone"), "{remedy}");
    let (code, _, of_name) = found("| mail.a.example.\nlookup mail.a.example. A SERVFAIL bogus");
    assert!(code == Code::PtrUnanswered && of_name.contains("the zone of the PTR name"), "{of_name}");
    let (code, _, of_zone) = found("SERVFAIL bogus");
    assert!(code == Code::PtrUnanswered && of_zone.contains("the reverse zone"), "{of_zone}");
    let (_, _, usual) = found("| mail.a.example.\nlookup mail.a.example. A | 192.0.2.8");
    assert_eq!(usual, Code::PtrDiffers.entry().remedy);
}

#[test]
fn addresses_with_different_changes_are_different_findings() {
    let lines = "lookup 1.2.0.192.in-addr.arpa. PTR | a.example.2.0.192.in-addr.arpa.\nlookup a.example.2.0.192.in-addr.arpa. A NXDOMAIN
        lookup 2.2.0.192.in-addr.arpa. PTR | b.example.\nlookup b.example. A | 192.0.2.9
        lookup 3.2.0.192.in-addr.arpa. PTR | c.example.2.0.192.in-addr.arpa.\nlookup c.example.2.0.192.in-addr.arpa. A NXDOMAIN";
    let addresses = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map(|text| (text.parse().unwrap(), Vec::new()));
    let found = check_all(&facts("", lines), &addresses, Levels::of(Level::Note));
    let about: Vec<(Code, usize)> = found.iter().map(|finding| (finding.code, finding.about.len())).collect();
    assert_eq!(about, [(Code::PtrDiffers, 2), (Code::PtrDiffers, 1)], "{found:#?}");
}
