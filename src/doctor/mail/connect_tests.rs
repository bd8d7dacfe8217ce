//! Tests of the connections to mail hosts.

use data_encoding::{BASE64, HEXLOWER};
use ring::digest::{SHA256, SHA512, digest};

use super::*;
use crate::facts::own_mail::CertificateFile;
use crate::facts::tests::facts;
use crate::transport;
use crate::transport::der::{not_after, public_key};

/// A certificate for the host `smtp.host.com`.
const CERTIFICATE: &str = "MIIB4zCCAYqgAwIBAgIBAjAKBggqhkjOPQQDAjAjMSEwHwYDVQQDDBhyZXNvbHZlcmQgdGVzdCBhdXRob3JpdHkwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBgxFjAUBgNVBAMMDXNtdHAuaG9zdC5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARXA67WnRhVBLSuSpKkARvRdI0vib7d8dIvS8HOHR9lcbXtqVCsH2Om0lOgKcX/fpux9OMS1eHDcLkKINoXZOa7o4G3MIG0MEUGA1UdEQQ+MDyCDXNtdHAuaG9zdC5jb22CFW10YS1zdHMuY29ubmVjdGVkLmNvbYIUbXRhLXN0cy5leGNsdWRlZC5jb20wCQYDVR0TBAIwADALBgNVHQ8EBAMCB4AwEwYDVR0lBAwwCgYIKwYBBQUHAwEwHQYDVR0OBBYEFNX7zpGgs85Sv9WeGN9eNdnFb1hMMB8GA1UdIwQYMBaAFDQK8VIfb1VOvjsa9jgelT0W3q5NMAoGCCqGSM49BAMCA0cAMEQCIAu9TIC3R9ma14X1I6xfq1d0pK1c4WOSSTbKRPBJUXb6AiBawGIKpI1u2s/Vt0DV38YEVBbznwSyszSo4iU8m0dE9A==";

fn certificate() -> Vec<u8> {
    BASE64.decode(CERTIFICATE.as_bytes()).unwrap()
}

/// Returns the findings about a mail host with this connection result. `lines`: its TLSA records and other facts.
fn found(got: &Got, lines: &str) -> Vec<(Code, Level)> {
    let base = "lookup a.test. MX | 10 mx.a.test.\nlookup mx.a.test. A | 198.18.0.1\nlookup mx.a.test. AAAA";
    let mut facts = facts("a.test.", &format!("{base}\n{lines}"));
    facts.subject.connect = true;
    let wanted = wants(&facts);
    assert_eq!(wanted.len(), 1);
    facts.got.extend(wanted.into_iter().map(|want| (want, got.clone())));
    check(&facts).into_iter().map(|finding| (finding.code, finding.level)).collect()
}

fn said(greeting: &str, hello: &str, tls: MailHostTls) -> Got {
    Got::MailHost(MailHostSaid { greeting: greeting.to_owned(), hello: hello.to_owned(), tls })
}

fn secured(chain: Vec<Vec<u8>>, fault: Option<&str>) -> Got {
    said("220 mx.a.test ESMTP", "250 mx.a.test", MailHostTls::Done { chain, fault: fault.map(str::to_owned) })
}

#[test]
fn each_smtp_answer_has_code() {
    let hello = "250 mx.a.test";
    let sts = "lookup _mta-sts.a.test. TXT | \"v=STSv1; id=1\"";
    let cases = [
        (said("554 go away", "", MailHostTls::NotOffered), "", Code::SmtpRejects, Level::Warning),
        (said("220 mx", "502 what", MailHostTls::NotOffered), "", Code::SmtpRejects, Level::Warning),
        (said("220 mx", hello, MailHostTls::NotOffered), "", Code::StarttlsMissing, Level::Warning),
        (said("220 mx", hello, MailHostTls::Failed("x".to_owned())), "", Code::StarttlsFails, Level::Warning),
        (secured(vec![certificate()], None), "", Code::SmtpOk, Level::Ok),
        (Got::NoReply(NoReply::Unreachable), "", Code::SmtpRefused, Level::Failure),
        (Got::NoReply(NoReply::Silent), "", Code::SmtpUnknown, Level::CouldNotTell),
        (secured(vec![certificate()], Some("expired")), sts, Code::CertificateInvalid, Level::Warning),
        (secured(vec![certificate()], Some("expired")), "", Code::CertificateInvalid, Level::Note),
    ];
    for (got, lines, code, level) in cases {
        let shown = found(&got, lines);
        assert!(shown.contains(&(code, level)), "{got:?}: {shown:?}");
    }
    let without = facts("a.test.", "lookup a.test. MX | 10 mx.a.test.\nlookup mx.a.test. A | 198.18.0.1");
    assert!(wants(&without).is_empty() && check(&without).is_empty(), "only if the operator asks for it");
}

// DANE or MTA-STS requires TLS.
#[test]
fn missing_required_tls_is_failure() {
    let tls = |lines: &str, tls: MailHostTls| found(&said("220 mx", "250 mx.a.test", tls), lines)[0];
    let record = format!("3 1 1 {}", "ab".repeat(32));
    let dane = format!("lookup _25._tcp.mx.a.test. TLSA secure | {record}");
    let unsigned = format!("lookup _25._tcp.mx.a.test. TLSA insecure | {record}");
    let failed = || MailHostTls::Failed("handshake".to_owned());
    assert_eq!(tls(&dane, MailHostTls::NotOffered), (Code::StarttlsMissing, Level::Failure));
    assert_eq!(tls(&dane, failed()), (Code::StarttlsFails, Level::Failure));
    assert_eq!(
        tls(&unsigned, failed()),
        (Code::StarttlsFails, Level::Warning),
        "no sender uses these records"
    );
    assert_eq!(tls("", MailHostTls::NotOffered), (Code::StarttlsMissing, Level::Warning));
}

#[test]
fn certificate_must_match_tlsa() {
    let whole = certificate();
    let key = public_key(&whole).unwrap();
    assert_eq!(
        HEXLOWER.encode(digest(&SHA256, key).as_ref()),
        "876d320669d640010b46d72aa3dca9059edc7e137f241139feaeb381eec679b2",
        "as openssl prints it"
    );
    let hex = |octets: &[u8]| HEXLOWER.encode(octets);
    let judge = |record: &str, chain: &[Vec<u8>]| {
        let line = format!("lookup _25._tcp.mx.a.test. TLSA secure | {record}");
        found(&secured(chain.to_vec(), None), &line)[0].0
    };
    let (leaf, other) = ([whole.clone()], [vec![0x30, 0], whole.clone()]);
    let of_key = hex(digest(&SHA256, key).as_ref());
    for record in [
        format!("3 1 1 {of_key}"),
        format!("3 1 1 {}", of_key.to_uppercase()),
        format!("3 1 2 {}", hex(digest(&SHA512, key).as_ref())),
        format!("3 0 1 {}", hex(digest(&SHA256, &whole).as_ref())),
        format!("3 0 0 {}", hex(&whole)),
        format!("3 1 1 {} | 3 1 1 {of_key}", "ab".repeat(32)),
    ] {
        assert_eq!(judge(&record, &leaf), Code::TlsaMatches, "{record}");
    }
    assert_eq!(judge(&format!("3 1 1 {}", "ab".repeat(32)), &leaf), Code::TlsaMismatch);
    assert_eq!(judge(&format!("3 0 1 {of_key}"), &leaf), Code::TlsaMismatch, "the digest of the key alone");
    assert_eq!(judge(&format!("2 1 1 {of_key}"), &leaf), Code::TlsaMismatch, "no authority");
    assert_eq!(judge(&format!("3 1 1 {of_key}"), &other), Code::TlsaMismatch);
    let chain = [whole.clone(), whole.clone()];
    assert_eq!(judge(&format!("2 1 1 {of_key}"), &chain), Code::TlsaMatches, "an authority");
    let line = format!("lookup _25._tcp.mx.a.test. TLSA secure | 2 1 1 {of_key}");
    let shown = found(&secured(chain.to_vec(), Some("it is for another name")), &line);
    let codes: Vec<Code> = shown.iter().map(|(code, _)| *code).collect();
    assert!(codes.contains(&Code::SmtpUnknown) && !codes.contains(&Code::TlsaMatches), "{shown:?}");
    assert_eq!(judge("1 1 1 ab", &leaf), Code::SmtpOk, "not a record for mail");
}

/// Returns a part of a certificate in DER, as far as the code under test reads it. Its notAfter has the time type `tag`.
fn ending(tag: u8, text: &str) -> Vec<u8> {
    let wrap = |tag: u8, content: &[u8]| [&[tag, u8::try_from(content.len()).unwrap()], content].concat();
    let end = [wrap(0x17, b"200101000000Z"), wrap(tag, text.as_bytes())].concat();
    let fields = [wrap(2, &[1]), wrap(0x30, &[]), wrap(0x30, &[]), wrap(0x30, &end)].concat();
    wrap(0x30, &wrap(0x30, &fields))
}

#[test]
fn certificate_end_is_parsed() {
    assert_eq!(not_after(&certificate()), Some(4_733_510_400), "2120-01-01, by openssl");
    let cases = [
        (0x17, "260122000000Z", Some(1_769_040_000)),
        (0x17, "500101000000Z", Some(0)),
        (0x18, "20260122000000Z", Some(1_769_040_000)),
        (0x18, "260122000000Z", None),
        (0x17, "260122000000+0000", None),
        (0x17, "261322000000Z", None),
        (0x04, "260122000000Z", None),
    ];
    for (tag, text, end) in cases {
        assert_eq!(not_after(&ending(tag, text)), end, "{tag} {text}");
    }
    assert_eq!(not_after(&[]), None);
}

#[test]
fn expiring_certificate_warns_three_weeks_before() {
    // The check is at 2026-01-01 00:00 UTC.
    let cases = [
        ("260122000000Z", None, None),
        ("260121235959Z", None, Some((Code::CertificateExpires, Level::Warning))),
        ("260101000001Z", None, Some((Code::CertificateExpires, Level::Warning))),
        ("260101000000Z", None, Some((Code::CertificateExpired, Level::Warning))),
        // The text `certificate expired` and the time in the certificate show the same fault, which is reported once.
        ("251231000000Z", Some("certificate expired"), Some((Code::CertificateExpired, Level::Warning))),
    ];
    for (end, fault, expected) in cases {
        let shown = found(&secured(vec![ending(0x17, end)], fault), "");
        let of_certificate: Vec<_> =
            shown.iter().filter(|(code, _)| *code != Code::SmtpOk).copied().collect();
        assert_eq!(of_certificate, expected.into_iter().collect::<Vec<_>>(), "{end}");
        assert!(shown.contains(&(Code::SmtpOk, Level::Ok)), "{end}");
    }
}

#[test]
fn expired_certificate_fails_verifying_senders() {
    let expired = || secured(vec![ending(0x17, "251231000000Z")], None);
    let level = |lines: &str, policy: Option<&str>| {
        let base =
            "lookup a.test. MX | 10 mx.a.test.\nlookup mx.a.test. A | 198.18.0.1\nlookup mx.a.test. AAAA";
        let mut facts = facts("a.test.", &format!("{base}\n{lines}"));
        facts.subject.connect = true;
        facts.got.extend(wants(&facts).into_iter().map(|want| (want, expired())));
        let file =
            policy.map(|mode| format!("version: STSv1\nmode: {mode}\nmx: mx.a.test\nmax_age: 86400\n"));
        let files = mta_sts::wants(&facts).into_iter().filter(|want| matches!(want, Want::PolicyFile { .. }));
        let files: Vec<_> = files
            .filter_map(|want| Some((want, Got::PolicyFile(crate::facts::PolicyFile::Text(file.clone()?)))))
            .collect();
        facts.got.extend(files);
        let found = check(&facts).into_iter().find(|finding| finding.code == Code::CertificateExpired);
        found.unwrap().level
    };
    let sts = "lookup _mta-sts.a.test. TXT | \"v=STSv1; id=1\"\nlookup mta-sts.a.test. A | 198.18.0.9";
    let tlsa =
        |record: &str| format!("lookup _25._tcp.mx.a.test. TLSA secure | {record} 1 1 {}", "ab".repeat(32));
    assert_eq!(level("", None), Level::Warning);
    assert_eq!(level(sts, Some("enforce")), Level::Failure);
    assert_eq!(level(sts, Some("testing")), Level::Warning);
    assert_eq!(level(&tlsa("2"), None), Level::Failure);
    assert_eq!(level(&tlsa("3"), None), Level::Warning, "the date is ignored");
}

// It uses up none of the connections for other addresses.
#[test]
fn unrouted_address_is_note() {
    let lines: String = (1..=8)
        .map(|host| {
            format!(
                "\nlookup m{host}.a.test. A | 198.18.0.{host}\nlookup m{host}.a.test. AAAA | 2001:2::{host}"
            )
        })
        .collect();
    let records: Vec<String> = (1..=10).map(|host| format!("{host} m{host}.a.test.")).collect();
    let mut facts = facts("a.test.", &format!("lookup a.test. MX | {}{lines}", records.join(" | ")));
    facts.subject.connect = true;
    let heard = secured(vec![certificate()], None);
    let mut rounds = 0;
    loop {
        let open: Vec<Want> =
            wants(&facts).into_iter().filter(|want| !facts.got.contains_key(want)).collect();
        if open.is_empty() {
            break;
        }
        rounds += 1;
        facts.got.extend(open.into_iter().map(|want| match &want {
            Want::MailHost { address, .. } if address.is_ipv6() => (want, Got::NoReply(NoReply::NoRoute)),
            _ => (want, heard.clone()),
        }));
    }
    assert!(rounds <= 4, "{rounds}");
    let asked = facts.got.keys().filter(|want| matches!(want, Want::MailHost { .. })).count();
    assert_eq!(asked, 16, "each address of each host");
    let shown: Vec<_> = check(&facts).into_iter().map(|finding| (finding.code, finding.level)).collect();
    assert_eq!(shown, [(Code::SmtpUnknown, Level::Note), usual(Code::SmtpOk)]);
    let silent = |want: &Want| matches!(want, Want::MailHost { address, .. } if address.is_ipv4());
    facts
        .got
        .iter_mut()
        .filter(|(want, _)| silent(want))
        .for_each(|(_, got)| *got = Got::NoReply(NoReply::Silent));
    let shown: Vec<_> = check(&facts).into_iter().map(|finding| (finding.code, finding.level)).collect();
    assert_eq!(shown, [usual(Code::SmtpUnknown)]);
}

// A certificate that waits in a file is judged before the mail host uses it, and one that it uses only once.
#[test]
fn next_certificate_needs_own_tlsa() {
    let digest_of = |octets: &[u8]| HEXLOWER.encode(digest(&SHA256, octets).as_ref());
    let fits = digest_of(&certificate());
    let other = "ab".repeat(32);
    let base = "lookup a.test. MX | 10 smtp.host.com.\nlookup smtp.host.com. A secure | 198.18.0.1\nlookup smtp.host.com. AAAA secure\n\
                lookup _25._tcp.smtp.host.com. TLSA secure | 3 0 1";
    let codes = |tlsa: &str, chain: Result<Vec<Vec<u8>>, String>, shown: bool| -> Vec<Code> {
        let mut facts = facts("a.test.", &format!("{base} {tlsa}"));
        let file = CertificateFile { path: "/next.pem".to_owned(), chain, is_of_one_domain: false };
        facts.subject.own_mail.certificates = vec![file];
        facts.subject.connect = shown;
        facts.subject.unix = 1_800_000_000;
        let shows = wants(&facts).into_iter().map(|want| (want, secured(vec![certificate()], None)));
        facts.got.extend(shows);
        transport::check(&facts)
            .into_iter()
            .map(|finding| finding.code)
            .filter(|code| *code != Code::DaneOk)
            .collect()
    };
    assert_eq!(codes(&fits, Ok(vec![certificate()]), false), []);
    assert_eq!(codes(&other, Ok(vec![certificate()]), false), [Code::TlsaNextMismatch]);
    assert_eq!(
        codes(&other, Ok(vec![certificate()]), true),
        [],
        "the mismatch of the shown certificate says it"
    );
    assert_eq!(codes(&other, Err("no such file".to_owned()), false), [Code::OwnFileUnread]);
}
