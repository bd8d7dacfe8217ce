//! Recognizes a log line about the delivery of a mail, and finds the names in the line that this host looked up for the mail.
//!
//! # Decisions
//!
//! - Of a delivery, only the domain of the recipient is looked up. The sender, the address before an alias, and the text of the
//!   remote server may belong to another mail.
//! - The text of the result counts if it names what this host could not look up. The words of the remote server never count: the
//!   remote server looked up the names in them.
//! - A line about the arrival of a mail is not a delivery, whatever its subject contains.

use super::lookup;
use super::subject::subject;
use dns::question::DnsResult;

/// Words of Postfix and Sendmail. One of them follows the recipient of a delivery.
const NEXT_TO_TO: [&str; 2] = [" relay=", " stat="];

/// Words of Exim. One of them follows the recipient of a delivery.
const NEXT_TO_ARROW: [&str; 3] = [" R=", " T=", " F=<"];

/// Words before the recipient of a delivery. Each row also has the words after the recipient, of which one must follow.
const DELIVERIES: [(&str, &[&str]); 5] = [
    (" to=", &NEXT_TO_TO),
    (" => ", &NEXT_TO_ARROW),
    (" -> ", &NEXT_TO_ARROW),
    (" == ", &NEXT_TO_ARROW),
    (" ** ", &NEXT_TO_ARROW),
];

/// Words before the result of a delivery.
const RESULTS: [&str; 3] = [" status=", " stat=", ": "];

/// Each line of Exim about the arrival of a mail contains this text.
const ARRIVAL: &str = " <= ";

/// Postfix and Exim write these words before the reply of the remote mail server.
pub(super) const REMOTE: [&str; 3] = [" said: ", " refused to talk to me: ", "remote mail server"];

/// Postfix writes these words before the name of a mail host to which it could not connect.
const ATTEMPT: &str = ": connect to ";

/// Returns true if the connection for a delivery failed: `connect to mx.b.example[192.0.2.1]:25: Connection timed out`.
pub(super) fn is_attempt(line: &str) -> bool {
    line.split_once(ATTEMPT)
        .is_some_and(|(_, host)| host.split(' ').next().is_some_and(|host| host.contains("]:")))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Delivery<'a> {
    /// The part of the line that begins with the recipient of the mail.
    rest: &'a str,
}

impl<'a> Delivery<'a> {
    /// Returns `None` if the line does not report a delivery.
    pub(super) fn from_line(line: &'a str) -> Option<Self> {
        let behind = DELIVERIES.iter().filter(|_| !line.contains(ARRIVAL)).filter_map(|(mark, next)| {
            let (_, rest) = line.split_once(*mark)?;
            next.iter().any(|words| rest.contains(*words)).then_some(rest)
        });
        // The text of a result may also contain words such as ` to=`, so the first occurrence in the line counts.
        behind.max_by_key(|rest| rest.len()).map(|rest| Self { rest })
    }

    /// Returns the recipients, and the result if it reports a failed lookup. Returns `None` if no recipient has a domain: the
    /// mail goes to a mailbox or a program of this host.
    pub(super) fn words(self) -> Option<String> {
        let recipients = self.recipients();
        let mut addresses = recipients.split([',', '<', '>', '"']).filter(|part| part.contains('@'));
        let has_domain = addresses.any(|address| subject(address).is_some());
        let result = self.result_with_lookup().unwrap_or_default();
        has_domain.then(|| format!("{recipients} {result}"))
    }

    /// The text up to the first space outside quotes. Sendmail separates recipients with commas and without spaces.
    fn recipients(self) -> &'a str {
        let mut is_quoted = false;
        let end = self.rest.find(|letter: char| {
            is_quoted ^= letter == '"';
            letter.is_whitespace() && !is_quoted
        });
        end.and_then(|end| self.rest.get(..end)).unwrap_or(self.rest)
    }

    /// Returns the result of the delivery if it reports a failed lookup, or names a host or domain that was not found. Returns `None` if it
    /// contains the words of a remote mail server.
    fn result_with_lookup(self) -> Option<&'a str> {
        let results = RESULTS.iter().filter_map(|mark| self.rest.split_once(*mark));
        let result = results.map(|(_, result)| result).max_by_key(|result| result.len())?;
        if REMOTE.iter().any(|words| result.contains(*words)) {
            return None;
        }
        let lower = result.to_ascii_lowercase();
        (lookup::reported(&lower) == Some(DnsResult::Failure) || lookup::names_host(&lower)).then_some(result)
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;

    fn subjects(line: &str) -> Vec<String> {
        let text = format!("2026-11-21 03:12:05 {line}");
        let mut lines = read(&text, 1_795_305_600.0);
        assert_eq!(lines.len(), 1, "{text}: {lines:?}");
        lines.remove(0).subjects
    }

    fn postfix(relay: &str, status: &str) -> String {
        format!(
            "mx postfix/smtp[9]: 4A1B2C: to=<u@v5.h94.lab>, orig_to=<x@w5.slow.lab>, relay={relay}, delay=10, delays=0.02/0.01/0.1/9.9, dsn=2.0.0, status={status}"
        )
    }

    const RELAY: &str = "mx5.slow.lab[192.0.2.9]:25";

    #[test]
    fn postfix_delivery_counts_for_recipient_domain() {
        for (relay, status) in [
            (RELAY, "sent (250 2.0.0 Ok: queued as 4XYZ)"),
            (RELAY, "sent (250 2.0.0 OK <4xyz@w5.slow.lab> queued)"),
            (
                RELAY,
                "bounced (host mx5.slow.lab[192.0.2.9] said: 550 <me@w5.slow.lab>: Sender refused (in reply to RCPT TO command))",
            ),
            (
                RELAY,
                "bounced (host mx5.slow.lab[192.0.2.9] said: 550 5.7.1 Refused, see http://w5.slow.lab/x)",
            ),
            (
                RELAY,
                "bounced (host mx5.slow.lab[192.0.2.9] said: 550 me@w5.slow.lab is not listed in our directory)",
            ),
            (
                RELAY,
                "deferred (host mx5.slow.lab[192.0.2.9] said: 450 4.1.8 <me@w5.slow.lab>: Domain not found (in reply to RCPT TO command))",
            ),
            (RELAY, "sent (250 => x@w5.slow.lab R=a T=b)"),
            ("none", "deferred (connect to mx5.slow.lab[192.0.2.9]:25: Connection timed out)"),
        ] {
            let line = postfix(relay, status);
            assert_eq!(subjects(&line), ["v5.h94.lab"], "{line}");
            let line = line.replace("postfix/smtp[", "postfix/lmtp[").replace("to=<u@", "to=<\"u v\"@");
            assert_eq!(subjects(&line), ["v5.h94.lab"], "{line}");
        }
    }

    #[test]
    fn exim_delivery_counts_for_recipient_domain() {
        for tail in [
            "=> u@v2.h94.lab <x@w2.slow.lab> R=dnslookup T=remote_smtp H=mx2.slow.lab [192.0.2.9] C=\"250 OK <4xyz@w2.slow.lab>\" QT=10s DT=9s",
            "=> u@v2.h94.lab F=<me@w2.slow.lab> R=dnslookup T=remote_smtp H=mx2.slow.lab [192.0.2.9] DT=9s",
            "-> u@v2.h94.lab <x@w2.slow.lab> F=<me@w2.slow.lab> R=dnslookup T=remote_smtp H=mx2.slow.lab [192.0.2.9]",
            "** u@v2.h94.lab <x@w2.slow.lab> F=<me@w2.slow.lab> R=dnslookup T=remote_smtp H=mx2.slow.lab [192.0.2.9]: SMTP error from remote mail server after RCPT TO:<u@v2.h94.lab>: 550 Refused, see http://w2.slow.lab/x",
            "=> SRS0=ab=cd=w2.slow.lab=u@v2.h94.lab R=dnslookup T=remote_smtp H=mx2.slow.lab [192.0.2.9]",
            "** u@v2.h94.lab R=dnslookup: Unrouteable address, see http://w2.slow.lab/x",
            "== u@v2.h94.lab <x@w2.slow.lab> R=dnslookup T=remote_smtp defer (110) H=mx2.slow.lab [192.0.2.9]: Connection timed out",
            "== u@v2.h94.lab <x@w2.slow.lab> R=dnslookup defer (-1): host lookup did not complete",
            "** u@v2.h94.lab <x@w2.slow.lab> R=dnslookup: all relevant MX records point to non-existent hosts",
        ] {
            assert_eq!(subjects(&format!("1abCde-0000Xy-01 {tail}")), ["v2.h94.lab"], "{tail}");
        }
    }

    #[test]
    fn arrow_in_subject_is_no_delivery() {
        for arrow in ["->", "=>", "==", "**"] {
            let text = format!(
                "1abCde-0000Xy-01 <= bob@sender.example H=mail.sender.example [192.0.2.7] P=esmtps S=9 T=\"old {arrow} new\" for us@our.example"
            );
            let expected = ["sender.example", "mail.sender.example", "192.0.2.7", "our.example"];
            assert_eq!(subjects(&text), expected, "{text}");
        }
    }

    #[test]
    fn sendmail_delivery_counts_for_recipient_domains() {
        let sent = "ctladdr=<me@w2.slow.lab> (1000/1000), delay=00:00:10, xdelay=00:00:10, mailer=esmtp, relay=mx2.slow.lab. [192.0.2.9], dsn=2.0.0, stat=Sent (<4xyz@w2.slow.lab> queued)";
        let deferred = "ctladdr=<me@w2.slow.lab> (1000/1000), delay=00:00:10, mailer=esmtp, pri=30, dsn=4.0.0, stat=Deferred: Connection timed out with mx2.slow.lab.";
        for tail in [sent, deferred] {
            for (to, domains) in [
                ("<u@v2.h94.lab>", &["v2.h94.lab"][..]),
                ("u@v2.h94.lab", &["v2.h94.lab"]),
                ("<u@v2.h94.lab>,<u@v3.h94.lab>", &["v2.h94.lab", "v3.h94.lab"]),
            ] {
                let line = format!("mx sendmail[99]: 0AL3C5: to={to}, {tail}");
                assert_eq!(subjects(&line), domains, "{line}");
            }
        }
    }

    // A deferred delivery names the host whose lookup failed.
    #[test]
    fn looked_up_names_join_recipient() {
        let unfound = "Host or domain name not found. Name service error for name=mx5.slow.lab type=A: Host not found, try again";
        for (line, names) in [
            (postfix("none", &format!("deferred ({unfound})")), &["mx5.slow.lab", "v5.h94.lab"][..]),
            (
                "1abCde-0000Xy-01 == u@v2.h94.lab <x@w2.slow.lab> R=smarthost defer (-1): host lookup for mx2.slow.lab did not complete (DNS timeout?)".to_owned(),
                &["v2.h94.lab", "mx2.slow.lab"],
            ),
            (
                "mx sendmail[99]: 0AL3C5: to=<u@v2.h94.lab>, ctladdr=<me@w2.slow.lab> (1000/1000), delay=00:00:10, mailer=esmtp, relay=v2.h94.lab., dsn=4.0.0, stat=Deferred: Name server: mx2.slow.lab.: host name lookup failure".to_owned(),
                &["v2.h94.lab", "mx2.slow.lab"],
            ),
        ] {
            assert_eq!(subjects(&line), names, "{line}");
        }
    }

    #[test]
    fn local_recipient_yields_other_names() {
        for line in [
            "mx postfix/local[9]: 4A1B2C: to=<bob>, orig_to=<bob@fine.example>, relay=local, delay=1, delays=0.1/0/0/0.9, dsn=2.0.0, status=sent (delivered to mailbox)",
            "1abCde-0000Xy-01 => bob <bob@fine.example> R=localuser T=local_delivery",
            "mx sendmail[99]: 0AL3C5: to=\"|/usr/bin/filter -a\", ctladdr=<bob@fine.example> (1000/1000), delay=00:00:01, mailer=prog, dsn=2.0.0, stat=Sent",
        ] {
            assert_eq!(subjects(line), ["fine.example"], "{line}");
        }
    }
}
