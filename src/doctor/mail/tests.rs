//! Tests of the checks of mail hosts.

use super::*;
use crate::facts::tests::facts;

/// Returns the codes of the findings about mail hosts and their PTR records.
fn codes(lines: &str) -> Vec<(Code, Level)> {
    let facts = facts("a.test.", lines);
    let found = check(&facts).into_iter().chain(pointer::of_hosts(&facts, None));
    found.map(|finding| (finding.code, finding.level)).collect()
}

fn usual(code: Code) -> (Code, Level) {
    (code, code.entry().level)
}

/// The mail host `mx.a.test.` with an IPv4 and an IPv6 address. The PTR records of both addresses have its name.
const HOST: &str = "lookup mx.a.test. A | 198.18.0.1\nlookup mx.a.test. AAAA | 2001:2::1\n\
    lookup 1.0.18.198.in-addr.arpa. PTR | mx.a.test.\n\
    lookup 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0.1.0.0.2.ip6.arpa. PTR | mx.a.test.";

// The MX record is not alone; it proves the domain to a provider.
#[test]
fn provider_verification_mx_is_ignored() {
    let gone = "lookup ms1.msv1.invalid. A NXDOMAIN\nlookup ms1.msv1.invalid. AAAA NXDOMAIN";
    let next_to = format!("lookup a.test. MX | 32767 ms1.msv1.invalid. | 5 mx.a.test.\n{gone}\n{HOST}");
    assert_eq!(codes(&next_to), [usual(Code::MailOk), usual(Code::PointerOk)]);
    let alone = format!("lookup a.test. MX | 32767 ms1.msv1.invalid.\n{gone}");
    assert_eq!(codes(&alone), [usual(Code::MxWithoutAddress)]);
}

#[test]
fn private_address_without_mx_is_reported() {
    let of = |addresses: &str| {
        let found = codes(&format!("lookup a.test. MX\nlookup a.test. A{addresses}\nlookup a.test. AAAA"))
            .into_iter();
        let on_mail = [Code::MxPrivateAddress, Code::NoMx];
        found.filter(|(code, _)| on_mail.contains(code)).collect::<Vec<_>>()
    };
    assert_eq!(of(" | 10.1.1.1"), [usual(Code::MxPrivateAddress)]);
    assert_eq!(of(" | 127.0.0.1"), [usual(Code::MxPrivateAddress)]);
    let next_to = (Code::MxPrivateAddress, Level::Warning);
    assert_eq!(of(" | 198.18.0.1 | 10.1.1.1"), [next_to, usual(Code::NoMx)], "senders try the other address");
    assert_eq!(of(" | 198.18.0.1"), [usual(Code::NoMx)]);
}

#[test]
fn addresses_of_documentation_are_private() {
    let cases: &[(&str, &[(Code, Level)])] = &[(
        "lookup a.test. MX | 10 in.test.\nlookup in.test. A | 198.18.0.1\nlookup in.test. AAAA | 2001:db8::1",
        &[(Code::MxPrivateAddress, Level::Warning), usual(Code::PointerUnknown)],
    )];
    for (lines, expected) in cases {
        assert_eq!(codes(&format!("{lines}\n{HOST}")), *expected, "{lines}");
    }
}

#[test]
fn domain_without_mx_uses_address() {
    let lines = "lookup a.test. MX\nlookup a.test. A | 198.18.0.80\nlookup a.test. AAAA\n\
        lookup 80.0.18.198.in-addr.arpa. PTR | www.a.test.\nlookup www.a.test. A | 198.18.0.80";
    assert_eq!(codes(lines), [usual(Code::NoMx), usual(Code::PointerOk)]);
    let alias = "=a.test. CNAME b.test.";
    let lines =
        format!("lookup a.test. MX | {alias}\nlookup a.test. A | {alias}\nlookup a.test. AAAA | {alias}");
    let nowhere = check(&facts("a.test.", &lines));
    assert_eq!(nowhere[0].evidence, "a.test. (CNAME b.test.) has no MX, A or AAAA record");
}

#[test]
fn private_addresses_are_recognized() {
    for private in ["10.0.0.1", "127.0.0.1", "100.64.0.1", "169.254.1.1", "::1", "fd00::1", "fe80::1"] {
        assert!(is_private(private.parse().unwrap()), "{private}");
    }
    for public in ["198.18.0.1", "100.128.0.1", "2001:2::1", "8.8.8.8"] {
        assert!(!is_private(public.parse().unwrap()), "{public}");
    }
}

// For a recipient, it is a failure.
#[test]
fn null_mx_without_sending_is_ok() {
    assert_eq!(codes("lookup a.test. MX | 0 ."), [(Code::NullMx, Level::Ok)]);
    let mut facts = facts("a.test.", "lookup a.test. MX | 0 .");
    facts.subject.role = crate::facts::Role::Recipient;
    assert_eq!(check(&facts)[0].level, Level::Failure, "somebody wants to deliver to it");
}

#[test]
fn non_sending_host_needs_no_ptr() {
    let of = |spf: &str, pointer: &str| {
        let host = "lookup mx.a.test. A | 198.18.0.1\nlookup mx.a.test. AAAA | 2001:2::1\n\
            lookup 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0.1.0.0.2.ip6.arpa. PTR | mx.a.test.";
        codes(&format!(
            "lookup a.test. MX | 10 mx.a.test.\n{host}\nlookup 1.0.18.198.in-addr.arpa. PTR {pointer}\nlookup a.test. TXT {spf}"
        ))
    };
    let notes = |found: Vec<(Code, Level)>| -> Vec<Code> {
        found.into_iter().filter(|(_, level)| *level < Level::Ok).map(|(code, _)| code).collect()
    };
    let dynamic = "| 198-18-0-1.host.b.test.\nlookup 198-18-0-1.host.b.test. A | 198.18.0.1";
    for (pointer, code) in [("NXDOMAIN", Code::PtrMissing), (dynamic, Code::PtrDynamic)] {
        assert_eq!(notes(of("| \"v=spf1 ip4:192.0.2.0/24 ~all\"", pointer)), [], "{pointer}");
        assert_eq!(notes(of("| \"v=spf1 mx -all\"", pointer)), [code], "{pointer}");
        assert_eq!(notes(of("", pointer)), [code], "{pointer}: nobody knows whether it sends");
    }
}

#[test]
fn private_beside_public_delays_mail() {
    let of = |lines: &str| {
        let found = check(&facts("a.test.", lines)).into_iter();
        let shown = found.filter(|finding| finding.code == Code::MxPrivateAddress);
        shown.map(|finding| (finding.level, finding.evidence)).collect::<Vec<_>>()
    };
    let inner = "lookup in.a.test. A | 10.0.0.1\nlookup in.a.test. AAAA";
    let two = format!("lookup a.test. MX | 10 in.a.test. | 20 mx.a.test.\n{inner}\n{HOST}");
    let (level, evidence) = of(&two).remove(0);
    assert_eq!(level, Level::Warning);
    assert_eq!(
        evidence,
        "in.a.test. has the address 10.0.0.1; senders also try public addresses of mx.a.test.: mail is late, and not lost"
    );
    let alone = format!(
        "lookup a.test. MX | 10 in.a.test. | 20 gone.a.test.\n{inner}\n\
        lookup gone.a.test. A NXDOMAIN\nlookup gone.a.test. AAAA NXDOMAIN"
    );
    assert_eq!(of(&alone), [(Level::Failure, "in.a.test. has the address 10.0.0.1".to_owned())]);
    let one = "lookup a.test. MX | 10 mx.a.test.\nlookup mx.a.test. A | 198.18.0.1 | 10.0.0.1\nlookup mx.a.test. AAAA";
    assert_eq!(of(one)[0].0, Level::Warning);
}

#[test]
fn missing_last_dot_is_named() {
    let of = |host: &str| {
        let lines = format!(
            "lookup a.example. MX | 10 {host}\nlookup {host} A NXDOMAIN\nlookup {host} AAAA NXDOMAIN"
        );
        let found = check(&facts("a.example.", &lines)).into_iter();
        let found = found.filter(|finding| finding.code == Code::MxWithoutAddress);
        found.map(|finding| finding.evidence).collect::<Vec<_>>().join("")
    };
    for (host, meant) in [
        ("mail.a.example.a.example.", "mail.a.example."),
        ("mx1.hoster.com.a.example.", "mx1.hoster.com."),
        ("a.example.a.example.", "a.example."),
    ] {
        let shown = of(host);
        assert_eq!(shown, format!("{host} (the zone file may name {meant} without its last dot)"));
    }
    for host in ["mail.a.example.", "mx.com.example.", "com.a.example.", "mail.b.a.example."] {
        assert_eq!(of(host), host);
    }
}

#[test]
fn each_mx_fault_has_code() {
    let cases: &[(&str, &[(Code, Level)])] = &[
        ("lookup a.test. MX | 10 mx.a.test.", &[usual(Code::MailOk), usual(Code::PointerOk)]),
        ("lookup a.test. MX | 10 192.0.2.1.", &[usual(Code::MxIsAddress)]),
        ("lookup a.test. MX | 10 [192.0.2.1].", &[usual(Code::MxIsAddress)]),
        ("lookup a.test. MX | 10 [IPv6:2001:db8::1].", &[usual(Code::MxIsAddress)]),
        ("lookup a.test. MX SERVFAIL", &[usual(Code::MailUnknown)]),
        (
            "lookup a.test. MX | 10 mx.b.test.\nlookup mx.b.test. A SERVFAIL bogus\nlookup mx.b.test. AAAA SERVFAIL bogus",
            &[usual(Code::MxHostUnanswered)],
        ),
        (
            "lookup a.test. MX | 10 192.0.2.1.a.test.\nlookup 192.0.2.1.a.test. A NXDOMAIN\n\
             lookup 192.0.2.1.a.test. AAAA NXDOMAIN",
            &[usual(Code::MxIsAddress)],
        ),
        ("", &[usual(Code::MailUnknown)]),
        ("lookup a.test. MX | 0 .", &[usual(Code::NullMx)]),
        ("lookup a.test. MX\nlookup a.test. A\nlookup a.test. AAAA", &[usual(Code::MailNowhere)]),
        ("lookup a.test. MX\nlookup a.test. A\nlookup a.test. AAAA SERVFAIL", &[usual(Code::MailUnknown)]),
        ("lookup a.test. MX\nlookup a.test. A SERVFAIL\nlookup a.test. AAAA", &[usual(Code::MailUnknown)]),
        ("lookup a.test. MX\nlookup a.test. A", &[usual(Code::MailUnknown)]),
        (
            "lookup a.test. MX | 10 six.test.\nlookup six.test. A SERVFAIL\nlookup six.test. AAAA | 2001:2::1",
            &[usual(Code::MailOk), usual(Code::PointerOk)],
        ),
        (
            "lookup a.test. MX | 10 four.test.\nlookup four.test. A | 198.18.0.1\nlookup four.test. AAAA SERVFAIL",
            &[usual(Code::MailOk), usual(Code::PointerOk)],
        ),
        (
            "lookup a.test. MX | 10 gone.test.\nlookup gone.test. A NXDOMAIN\nlookup gone.test. AAAA NXDOMAIN",
            &[usual(Code::MxWithoutAddress)],
        ),
        (
            "lookup a.test. MX | 10 gone.test. | 5 mx.a.test.\nlookup gone.test. A NXDOMAIN\nlookup gone.test. AAAA NXDOMAIN",
            &[(Code::MxWithoutAddress, Level::Warning), usual(Code::PointerOk)],
        ),
        (
            "lookup a.test. MX | 10 in.test.\nlookup in.test. A | 10.0.0.1\nlookup in.test. AAAA",
            &[usual(Code::MxPrivateAddress), usual(Code::MxWithoutIpv6)],
        ),
    ];
    for (lines, expected) in cases {
        assert_eq!(codes(&format!("{lines}\n{HOST}")), *expected, "{lines}");
    }
    let mixed = codes(&format!("lookup a.test. MX | 0 . | 10 mx.a.test.\n{HOST}"));
    assert_eq!(mixed.first(), Some(&usual(Code::NullMxBesideOthers)));
    let alias = "lookup a.test. MX | 10 al.test.\nlookup al.test. A | =al.test. CNAME mx.a.test. | =mx.a.test. A 198.18.0.1";
    let alias = codes(&format!("{alias}\n{HOST}"));
    assert_eq!(alias.first(), Some(&usual(Code::MxIsCname)));
    let ipv6 = "lookup a.test. MX | 10 six.test.\nlookup six.test. A\nlookup six.test. AAAA | 2001:2::1";
    assert!(codes(&format!("{ipv6}\n{HOST}")).contains(&usual(Code::MxWithoutIpv4)));
}
