//! Answers of DNS for which a mail server refused or returned mail, in the log lines of each mail program.

use super::*;
use dns::cached::Flush;

/// The queries of an email, the lines of mail programs about it without their times, the zone or DNS list that is the culprit, and words of
/// its evidence.
type Case = (&'static [(&'static str, RecordType)], &'static [&'static str], &'static str, &'static str);

const CASES: [Case; 11] = [
    // The SMTP client has no PTR record, but the log line is about the domain of the sender.
    (
        &[
            ("7.100.51.198.in-addr.arpa.", RecordType::PTR),
            ("gone.tld.", RecordType::MX),
            ("gone.tld.", RecordType::A),
        ],
        &[
            "mx postfix/smtpd[9]: NOQUEUE: reject: RCPT from unknown[198.51.100.7]: 450 4.1.8 <b@gone.tld>: Sender address rejected: Domain not found; from=<b@gone.tld> to=<us@our.test> proto=ESMTP helo=<fine.tld>",
        ],
        "gone.tld.",
        "gone.tld. does not exist (NXDOMAIN, ",
    ),
    (
        &[
            ("nohost.tld.", RecordType::MX),
            ("mail.nohost.tld.", RecordType::A),
            ("mail.nohost.tld.", RecordType::AAAA),
        ],
        &[
            "mx postfix/smtp[9]: 4A1B2C: to=<a@nohost.tld>, relay=none, delay=0.2, delays=0.1/0/0.1/0, dsn=5.4.4, status=bounced (Host or domain name not found. Name service error for name=mail.nohost.tld type=AAAA: Host not found)",
            "1abCde-0000Xy-01 ** a@nohost.tld R=dnslookup: all relevant MX records point to non-existent hosts",
            "mx sendmail[99]: 0AL3C5: to=<a@nohost.tld>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, relay=nohost.tld., dsn=5.1.2, stat=Host unknown (Name server: mail.nohost.tld.: host not found)",
        ],
        "nohost.tld.",
        "mail.nohost.tld., the MX of nohost.tld., does not exist (NXDOMAIN, ",
    ),
    (
        &[("gone.tld.", RecordType::MX), ("gone.tld.", RecordType::A)],
        &[
            "mx postfix/smtp[9]: 4A1B2C: to=<a@gone.tld>, relay=none, delay=0.2, delays=0.1/0/0.1/0, dsn=5.4.4, status=bounced (Host or domain name not found. Name service error for name=gone.tld type=A: Host not found)",
            "mx postfix/smtpd[9]: NOQUEUE: reject: RCPT from unknown[198.51.100.9]: 450 4.1.8 <b@gone.tld>: Sender address rejected: Domain not found; from=<b@gone.tld> to=<us@our.test> proto=ESMTP helo=<fine.tld>",
            "1abCde-0000Xy-01 ** a@gone.tld: Unrouteable address",
            "H=mail.fine.tld [198.51.100.9] sender verify fail for <b@gone.tld>: Unrouteable address",
            "H=mail.fine.tld [198.51.100.9] F=<b@gone.tld> rejected RCPT <us@our.test>: Sender verify failed",
            "mx sendmail[99]: 0AL3C5: ruleset=check_mail, arg1=<b@gone.tld>, relay=[198.51.100.9], reject=553 5.1.8 <b@gone.tld>... Domain of sender address b@gone.tld does not exist",
            "mx smtpd[9]: 7e3a mta delivery evpid=2d1b568e from=<b@fine.tld> to=<a@gone.tld> rcpt=<-> source=\"-\" relay=\"gone.tld\" delay=0s result=\"PermFail\" stat=\"Domain does not exist\"",
            "mx spamd[7]: spamd: result: Y 7 - NO_DNS_FOR_FROM scantime=0.4,size=999,from=b@gone.tld",
        ],
        "gone.tld.",
        "gone.tld. does not exist (NXDOMAIN, ",
    ),
    (
        &[
            ("txt.fine.tld.", RecordType::MX),
            ("txt.fine.tld.", RecordType::A),
            ("txt.fine.tld.", RecordType::AAAA),
        ],
        &[
            "mx postfix/smtp[9]: 4A1B2C: to=<a@txt.fine.tld>, relay=none, delay=0.2, delays=0.1/0/0.1/0, dsn=5.4.4, status=bounced (Host or domain name not found. Name service error for name=txt.fine.tld type=AAAA: Host found but no data record of requested type)",
            "mx smtpd[9]: 7e3a mta delivery evpid=2d1b568e from=<b@our.test> to=<a@txt.fine.tld> rcpt=<-> source=\"-\" relay=\"txt.fine.tld\" delay=0s result=\"TempFail\" stat=\"No MX found for domain\"",
            "mx sendmail[99]: 0AL3C5: to=<a@txt.fine.tld>, delay=00:00:00, mailer=esmtp, relay=txt.fine.tld., dsn=5.1.2, stat=Host unknown (Name server: txt.fine.tld.: no data known)",
        ],
        "txt.fine.tld.",
        "txt.fine.tld. has no address (",
    ),
    (
        &[("null.fine.tld.", RecordType::MX)],
        &[
            "mx postfix/smtpd[9]: NOQUEUE: reject: RCPT from unknown[198.51.100.9]: 550 5.7.27 <b@null.fine.tld>: Sender address rejected: Domain null.fine.tld does not accept mail (nullMX); from=<b@null.fine.tld> to=<us@our.test>",
            "1abCde-0000Xy-01 ** a@null.fine.tld R=dnslookup: an MX or SRV record indicated no SMTP service",
        ],
        "null.fine.tld.",
        "null.fine.tld. accepts no mail: its MX is null (",
    ),
    (
        &[("7.100.51.198.zen.spamhaus.org.", RecordType::A)],
        &[
            "mx postfix/smtpd[9]: NOQUEUE: reject: RCPT from unknown[198.51.100.7]: 554 5.7.1 Service unavailable; Client host [198.51.100.7] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/198.51.100.7; from=<b@fine.tld> to=<us@our.test>",
            "mx postfix/dnsblog[9]: addr 198.51.100.7 listed by domain zen.spamhaus.org as 127.0.0.4",
            "H=(x) [198.51.100.7] rejected RCPT <us@our.test>: 198.51.100.7 is in a black list at zen.spamhaus.org",
            "mx sendmail[99]: ruleset=check_relay, arg1=[198.51.100.7], arg2=198.51.100.7, relay=[198.51.100.7], reject=550 5.7.1 Rejected: 198.51.100.7 listed at zen.spamhaus.org",
            "mx rspamd[7]: <abc>; task; rspamd_task_write_log: ip: 198.51.100.7, from: <b@our.test>, (default: T (reject): [16.0/15.0] [RBL_SPAMHAUS_XBL(4.00){198.51.100.7:from;}]), len: 999, time: 12.1ms, dns req: 40",
        ],
        "zen.spamhaus.org.",
        "zen.spamhaus.org. lists 198.51.100.7 as 127.0.0.4 (",
    ),
    (
        &[("bad.tld.dbl.spamhaus.org.", RecordType::A)],
        &[
            "mx postfix/smtpd[9]: NOQUEUE: reject: RCPT from unknown[198.51.100.9]: 554 5.7.1 Service unavailable; Sender address [b@bad.tld] blocked using dbl.spamhaus.org; https://www.spamhaus.org/query/domain/bad.tld; from=<b@bad.tld> to=<us@our.test>",
        ],
        "dbl.spamhaus.org.",
        "dbl.spamhaus.org. lists bad.tld as 127.0.1.2 (",
    ),
    // Postfix asks for the MX records of a HELO name without an address too.
    (
        &[
            ("9.100.51.198.in-addr.arpa.", RecordType::PTR),
            ("gone.tld.", RecordType::A),
            ("gone.tld.", RecordType::AAAA),
            ("gone.tld.", RecordType::MX),
        ],
        &[
            "mx postfix/smtpd[9]: NOQUEUE: reject: RCPT from unknown[198.51.100.9]: 450 4.7.1 <gone.tld>: Helo command rejected: Host not found; from=<b@our.test> to=<us@our.test> proto=ESMTP helo=<gone.tld>",
        ],
        "gone.tld.",
        "gone.tld. does not exist (NXDOMAIN, ",
    ),
    (
        &[(POINTER, RecordType::PTR), ("mx.fine.tld.", RecordType::A)],
        &[
            "mx postfix/smtpd[9]: NOQUEUE: reject: RCPT from unknown[5.6.7.16]: 450 4.7.25 Client host rejected: cannot find your hostname, [5.6.7.16]; from=<b@our.test> to=<us@our.test>",
        ],
        POINTER,
        "mx.fine.tld., the host in the PTR record of 16.7.6.5.in-addr.arpa., has other addresses (",
    ),
    // The name looks like one of a DNS list, but resolverd does not know such a list.
    (
        &[("7.100.51.198.fine.tld.", RecordType::A)],
        &[
            "mx postfix/smtpd[9]: NOQUEUE: reject: RCPT from unknown[198.51.100.7]: 554 5.7.1 Service unavailable; Client host [198.51.100.7] blocked using fine.tld; from=<b@our.test> to=<us@our.test>",
        ],
        "fine.tld.",
        "fine.tld. lists 198.51.100.7 (",
    ),
    (
        &[("7.100.51.198.in-addr.arpa.", RecordType::PTR)],
        &[
            "mx postfix/smtpd[9]: NOQUEUE: reject: RCPT from unknown[198.51.100.7]: 450 4.7.25 Client host rejected: cannot find your hostname, [198.51.100.7]; from=<b@our.test> to=<us@our.test>",
            "no host name found for IP address 198.51.100.7",
            "mx sendmail[99]: ruleset=check_relay, arg1=[198.51.100.7], arg2=198.51.100.7, relay=[198.51.100.7], reject=451 4.1.8 Fix reverse DNS for 198.51.100.7",
        ],
        "7.100.51.198.in-addr.arpa.",
        "7.100.51.198.in-addr.arpa. has no PTR record (",
    ),
];

// The answer comes from servers or from the cache.
#[test]
fn answer_in_log_line_is_cause() {
    paused(async {
        for (queries, lines, zone, evidence) in CASES {
            let simulation = world();
            for turn in 0..2 {
                for (text, kind) in queries {
                    ask(&simulation, text, *kind).await;
                }
                let report = why(&simulation, None)
                    .await
                    .into_iter()
                    .max_by(|one, other| one.began.total_cmp(&other.began))
                    .unwrap();
                for line in lines {
                    let shown = pasted(&simulation, &format!("{} {line}", at_the_end_of(&report))).await;
                    assert_eq!(kind_of(&shown), (CulpritKind::Answer, zone, 0), "{line} {shown:#?}");
                    if let Some(delay) = line.contains("delay=0.2").then_some(&shown.times) {
                        let times = delay.as_deref().unwrap_or_default();
                        assert!(
                            times.contains(" for DNS; the delay was 0.1 s before the queue manager"),
                            "{times}"
                        );
                    }
                    let seen = &shown.culprit.evidence;
                    assert!(seen.starts_with(evidence), "{line} {seen}");
                    assert!(turn == 0 || seen.contains("from the cache"), "{line} {seen}");
                }
                tokio::time::sleep(Duration::from_secs(20)).await;
            }
        }
    });
}

// An answer that a remote server reports is not the cause either.
#[test]
fn unqueried_answer_in_line_is_unknown() {
    paused(async {
        let simulation = world();
        for (text, kind) in [
            ("fine.tld.", RecordType::MX),
            ("mx.fine.tld.", RecordType::A),
            ("mx.fine.tld.", RecordType::AAAA),
            ("gone.fine.tld.", RecordType::A),
            ("7.100.51.198.zen.spamhaus.org.", RecordType::A),
        ] {
            ask(&simulation, text, kind).await;
        }
        let report = of_domain(&simulation, "fine.tld.").await;
        for (line, kind) in [
            (
                "mx postfix/smtpd[9]: NOQUEUE: reject: RCPT from unknown[198.51.100.8]: 450 4.1.8 <b@fine.tld>: Sender address rejected: Domain not found; from=<b@fine.tld> to=<us@our.test> helo=<gone.fine.tld>",
                CulpritKind::Unknown,
            ),
            (
                "mx postfix/smtp[9]: 4A1B2C: to=<a@fine.tld>, relay=none, delay=0.2, delays=0.1/0/0.1/0, dsn=5.4.4, status=bounced (Host or domain name not found. Name service error for name=mx.fine.tld type=AAAA: Host found but no data record of requested type)",
                CulpritKind::Unknown,
            ),
            (
                "mx postfix/smtp[9]: 4A1B2C: to=<a@fine.tld>, relay=mx.fine.tld[198.51.100.7]:25, delay=0.2, delays=0.1/0/0.1/0, dsn=4.1.8, status=deferred (host mx.fine.tld[198.51.100.7] said: 450 4.1.8 <us@our.test>: Sender address rejected: Domain not found (in reply to RCPT TO command))",
                CulpritKind::NotDns,
            ),
        ] {
            let shown = pasted(&simulation, &format!("{} {line}", at_the_end_of(&report))).await;
            assert_eq!(shown.culprit.kind, kind, "{line} {shown:#?}");
        }
        let line = format!(
            "{} mx postfix/smtpd[9]: NOQUEUE: reject: RCPT from unknown[198.51.100.7]: 554 5.7.1 Service unavailable; Client host [198.51.100.7] blocked using bl.spamcop.net; from=<b@our.test>",
            at_the_end_of(&report)
        );
        let shown = pasted(&simulation, &line).await;
        assert_ne!(shown.culprit.kind, CulpritKind::Answer, "{shown:#?}");
    });
}

// Postfix writes the refusal of a list as a listing. An entry of the same list for the same client is not its cause.
#[test]
fn refusal_in_line_is_no_listing() {
    paused(async {
        let simulation = world();
        ask(&simulation, "7.100.51.198.zen.spamhaus.org.", RecordType::A).await;
        let report = of_domain(&simulation, "zen.spamhaus.org.").await;
        for client in ["198.51.100.7", "198.51.100.99"] {
            let line = format!(
                "{} mx postfix/smtpd[9]: NOQUEUE: reject: RCPT from unknown[{client}]: 554 5.7.1 Service unavailable; Client host [{client}] blocked using zen.spamhaus.org; Error: open resolver; https://check.spamhaus.org/returnc/pub/192.0.2.77/; from=<b@our.test>",
                at_the_end_of(&report)
            );
            let shown = pasted(&simulation, &line).await;
            assert_eq!(shown.culprit.kind, CulpritKind::ListRefused, "{shown:#?}");
            assert!(shown.culprit.evidence.starts_with("the list refused the query"), "{shown:#?}");
        }
    });
}

#[test]
fn nonexistent_name_is_cause() {
    paused(async {
        let simulation = world();
        ask(&simulation, "nohost.tld.", RecordType::MX).await;
        ask(&simulation, "mail.nohost.tld.", RecordType::A).await;
        for domain in ["nohost.tld.", "mail.nohost.tld."] {
            let report = of_domain(&simulation, domain).await;
            assert_eq!(kind_of(&report), (CulpritKind::Answer, "nohost.tld.", 0), "{report:#?}");
            assert!(report.culprit.evidence.contains(", the MX of nohost.tld., does not"), "{report:#?}");
            assert!(report.culprit.advice.ends_with("`resolverctl check nohost.tld`"), "{report:#?}");
        }
    });
}

// The answer is concluded from cached signed records of the zone above.
#[test]
fn synthesized_denial_names_denied_zone() {
    paused(async {
        let simulation = world();
        let subject = || Some(WantedSubject::Name(wire_name(&name("gone2.tld.")).into()));
        let latest = async || {
            let reports = why(&simulation, subject()).await.into_iter();
            reports.max_by(|one, other| one.began.total_cmp(&other.began)).unwrap()
        };
        ask(&simulation, "gone1.tld.", RecordType::MX).await;
        // The first answer is concluded, and the second is from the cache.
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_secs(20)).await;
            ask(&simulation, "gone2.tld.", RecordType::MX).await;
            let report = latest().await;
            assert_eq!(kind_of(&report), (CulpritKind::Answer, "gone2.tld.", 0), "{report:#?}");
            let concluded = "gone2.tld. does not exist, concluded from signed records of tld. (NXDOMAIN, ";
            assert!(report.culprit.evidence.starts_with(concluded), "{report:#?}");
            for command in ["`resolverctl trace --fresh gone2.tld MX`", "`resolverctl flush gone2.tld`"] {
                assert!(report.culprit.advice.contains(command), "{report:#?}");
            }
        }
        let flush = Flush::Name { name: name("gone2.tld."), kind: None };
        simulation.resolver().memory().flush(&flush);
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_secs(20)).await;
            ask(&simulation, "gone2.tld.", RecordType::MX).await;
            let report = latest().await;
            assert!(
                report.culprit.evidence.starts_with("gone2.tld. does not exist (NXDOMAIN, "),
                "{report:#?}"
            );
        }
    });
}
