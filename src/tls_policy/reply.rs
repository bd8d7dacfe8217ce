//! Writes a verdict as the reply of a socketmap (socketmap_table(5)), with the policy in the form of `smtp_tls_policy_maps`.

use std::fmt::Write;

use crate::answers::plain;
use crate::sts::StsPolicyInForce;
use crate::verdict::{TlsLevel, Verdict};
use dns::wire::presentation::harmless;

/// Which attributes the client understands beside the level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attributes {
    /// Those of every Postfix since 3.4.
    Plain,
    /// Those for reports about TLS too (RFC 8460): Postfix 3.10 and later, with the map name `QUERYwithTLSRPT`.
    Reports,
}

/// Returns the text of the reply.
pub(crate) fn of_verdict(verdict: &Verdict, attributes: Attributes) -> String {
    match (verdict.level, verdict.sts()) {
        (TlsLevel::NoPolicy, _) => "NOTFOUND ".to_owned(),
        (TlsLevel::Temporary, _) => format!("TEMP {}", reason(verdict)),
        (TlsLevel::Secure, Some(sts)) => format!("OK {}", of_sts(sts, attributes)),
        (level, _) => format!("OK {}", level.word()),
    }
}

impl Verdict {
    /// Returns the reply to a mail server that asks without reports.
    pub fn reply(&self) -> String {
        of_verdict(self, Attributes::Plain)
    }
}

fn reason(verdict: &Verdict) -> String {
    match verdict.unanswered() {
        Some((Some(host), why)) => harmless(&format!("TLSA or address of {}: {}", plain(host), why.why)),
        Some((None, why)) => harmless(&format!("MX: {}", why.why)),
        None => "could not tell".to_owned(),
    }
}

fn of_sts(sts: &StsPolicyInForce, attributes: Attributes) -> String {
    let hosts = || sts.policy.hosts.iter().map(|host| host.trim_end_matches('.'));
    // Postfix writes `.example.org` for the pattern `*.example.org`.
    let patterns: Vec<&str> = hosts().map(|host| host.strip_prefix('*').unwrap_or(host)).collect();
    let mut text = format!("{} match={} servername=hostname", TlsLevel::Secure.word(), patterns.join(":"));
    if attributes == Attributes::Reports {
        let domain = &sts.domain;
        let write = |text: &mut String| {
            write!(text, " policy_type=sts policy_domain={domain}")?;
            hosts().try_for_each(|host| write!(text, " mx_host_pattern={host}"))?;
            sts.policy.lines().iter().try_for_each(|line| write!(text, " {{ policy_string = {line} }}"))
        };
        // Writing to a text never fails.
        let _ = write(&mut text);
    }
    text
}
