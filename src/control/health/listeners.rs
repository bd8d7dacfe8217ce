//! Warnings about what the daemon itself serves: its addresses, their certificates, and the listener for metrics.

use crate::limits::CERTIFICATE_SOON;
use config::{Config, Listener};
use dns::clock::date;
use protocol::{CertificateStatus, MetricsStatus, MissingAddress, Severity, Warning};

/// Reports certificates of this resolver that clients refuse, or will soon refuse. `unix` is the current time in seconds since 1970.
pub fn certificates(certificates: &[CertificateStatus], unix: u64) -> Vec<Warning> {
    let renew = "Renew it: resolverd uses the new files within 30 s.";
    let warning = |row: &CertificateStatus| {
        let file = &row.file;
        let soon = unix.saturating_add(CERTIFICATE_SOON.as_secs());
        let (severity, problem, remedy) = match row {
            CertificateStatus { wrong: Some(why), .. } => (
                Severity::Warning,
                format!("The new certificate {file} is not in use, because it cannot be used: {why}."),
                "Correct the files: resolverd uses them within 30 s. Until then, a restart or reload of resolverd fails.",
            ),
            CertificateStatus { until: Some(until), .. } if *until < unix => (
                Severity::Critical,
                format!(
                    "The certificate {file} has expired on {}: clients that verify it get no answers.",
                    date(*until)
                ),
                renew,
            ),
            CertificateStatus { from: Some(from), .. } if *from > unix => (
                Severity::Critical,
                format!("The certificate {file} is valid only from {} on.", date(*from)),
                "Check the clock of this host.",
            ),
            CertificateStatus { until: Some(until), .. } if *until < soon => {
                (Severity::Warning, format!("The certificate {file} expires on {}.", date(*until)), renew)
            }
            CertificateStatus { from: None, until: None, .. } => (
                Severity::Critical,
                format!("The certificate {file} has no valid dates: clients that verify it get no answers."),
                renew,
            ),
            _ => return None,
        };
        Some(Warning { severity, problem, remedy: remedy.to_owned() })
    };
    certificates.iter().filter_map(warning).collect()
}

/// Reports that the listener for metrics is not running. Returns `None` if it runs.
pub(super) fn metrics(metrics: &MetricsStatus) -> Option<Warning> {
    let (address, why) = (metrics.address, metrics.why.as_ref()?);
    Some(Warning::new(
        format!("Not serving metrics at {address}: {why}."),
        "Free the address, or change or remove `metrics.listen`; resolverd serves metrics as soon as the address is available.",
    ))
}

/// Reports configured addresses that this host does not have. Default addresses are not reported, because a host without IPv6 is normal.
pub(super) fn missing(missing: &[MissingAddress], config: &Config) -> Vec<Warning> {
    let usual = Listener::default().addresses;
    let asked_for = |address| !(usual.contains(address) && config.listen.addresses.contains(address));
    let named = missing.iter().filter(|missing| asked_for(&missing.address));
    let remedy = "Assign it to an interface, or remove it from the configuration; resolverd listens there as soon as it appears.";
    let warning = |missing: &MissingAddress| {
        Warning::new(format!("Not listening at {}: {}.", missing.address, missing.why), remedy)
    };
    named.map(warning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // A missing default address is normal: a host without IPv6.
    #[test]
    fn missing_configured_address_is_reported() {
        let absent = |address: &str| MissingAddress {
            address: address.parse().unwrap(),
            why: "this host has no such address".to_owned(),
        };
        let config = Config::default();
        assert!(missing(&[absent("[::1]:53")], &config).is_empty());
        let found = missing(&[absent("10.0.3.1:53")], &config);
        assert_eq!(found[0].problem, "Not listening at 10.0.3.1:53: this host has no such address.");
        let config = config.with_listen(vec!["127.0.0.1:5300".parse().unwrap()]);
        assert_eq!(missing(&[absent("[::1]:53")], &config).len(), 1, "a [[listener]] names it");
    }

    // Two weeks before its end, and while it is not valid.
    #[test]
    fn expiring_certificate_is_reported() {
        let row = |from, until, wrong: Option<&str>| {
            let wrong = wrong.map(str::to_owned);
            let file = "/etc/resolverd/tls/fullchain.pem".to_owned();
            certificates(&[CertificateStatus { file, from, until, wrong }], 1_800_000_000)
        };
        let (day, now) = (86_400, 1_800_000_000);
        assert!(row(None, None, None)[0].problem.contains("has no valid dates"));
        assert_eq!(row(Some(now), Some(now + 15 * day), None), []);
        let found = row(Some(0), Some(now + 13 * day), None);
        assert_eq!(
            found[0].problem,
            "The certificate /etc/resolverd/tls/fullchain.pem expires on 2027-01-28."
        );
        let found = row(Some(0), Some(now - 1), None);
        assert!(
            found[0].problem.contains("has expired on 2027-01-15") && found[0].severity == Severity::Critical
        );
        assert!(
            row(Some(now + 1), Some(now + 90 * day), None)[0]
                .problem
                .contains("valid only from 2027-01-15 on")
        );
        let found = row(Some(0), Some(now + 90 * day), Some("/k is not the key of it"));
        assert!(found[0].problem.ends_with("cannot be used: /k is not the key of it."), "{found:?}");
    }
}
