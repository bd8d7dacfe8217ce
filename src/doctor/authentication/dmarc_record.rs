//! Finds faults in the tags of a DMARC record (RFC 9989, RFC 7489 section 6.3).

use std::collections::BTreeSet;

use crate::authentication::tags::{other_space, trimmed, value};

/// If one of these tags has an invalid value, receivers ignore the whole policy.
const POLICIES: [&str; 3] = ["p", "sp", "np"];

type Values = &'static [&'static str];

/// Tags with a fixed list of values. For other values, receivers use the default.
const CLOSED: [(&str, Values); 4] =
    [("adkim", &["r", "s"]), ("aspf", &["r", "s"]), ("psd", &["y", "n", "u"]), ("t", &["y", "n"])];

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RecordFaults {
    /// The fault that makes receivers ignore the policy of the record.
    pub(crate) fatal: Option<String>,
    /// Faults that make receivers ignore only the faulty tag.
    pub(crate) ignored: Vec<String>,
    /// Faults in report addresses. No reports are sent to these addresses.
    pub(crate) addresses: Vec<String>,
}

pub(crate) fn faults(record: &str) -> RecordFaults {
    RecordFaults { fatal: fatal(record), ignored: ignored(record), addresses: addresses(record) }
}

fn fatal(record: &str) -> Option<String> {
    if let Some(tag) = repeated(record) {
        return Some(format!("the tag {tag} stands more than once"));
    }
    let is_policy =
        |word: &str| ["none", "quarantine", "reject"].contains(&word.to_ascii_lowercase().as_str());
    for tag in POLICIES {
        if let Some(word) = value(record, tag).filter(|word| !is_policy(word)) {
            return Some(format!("{tag}={word} is no policy: write none, quarantine or reject"));
        }
    }
    if value(record, "p").is_none()
        && let Some(space) = other_space(record)
    {
        return Some(format!("it has no p: {space}"));
    }
    let has_policy = value(record, "p").is_some() || value(record, "rua").is_some();
    (!has_policy).then(|| "it has no p".to_owned())
}

fn repeated(record: &str) -> Option<&str> {
    let mut known = BTreeSet::new();
    let tags = record.split(';').filter_map(|pair| pair.split_once('=')).map(|(tag, _)| trimmed(tag));
    let mut repeated = tags.filter(|tag| !known.insert(*tag));
    repeated.next()
}

fn ignored(record: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for (tag, values) in CLOSED {
        if let Some(word) =
            value(record, tag).filter(|word| !values.contains(&word.to_ascii_lowercase().as_str()))
        {
            faults.push(format!("{tag}={word} is ignored: write {}", values.join(" or ")));
        }
    }
    let is_share = |text: &str| text.parse::<u8>().is_ok_and(|share| share <= 100);
    if let Some(share) = value(record, "pct").filter(|share| !is_share(share)) {
        faults.push(format!("pct={share} is ignored: write a number from 0 to 100"));
    }
    faults
}

fn addresses(record: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for tag in ["rua", "ruf"] {
        let uris = value(record, tag).into_iter().flat_map(|uris| uris.split(','));
        let wrong: Vec<&str> = uris.map(str::trim).filter(|uri| !is_report_uri(uri)).collect();
        if !wrong.is_empty() {
            faults.push(format!("no report comes to {tag}={}", wrong.join(", ")));
        }
    }
    faults
}

/// Returns true for a `mailto` URI with a mail address. Receivers support no other URIs.
fn is_report_uri(uri: &str) -> bool {
    let scheme = uri.get(.."mailto:".len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
    let address = uri.get("mailto:".len()..).unwrap_or_default();
    let parts = address.split(['!', '?']).next().and_then(|address| address.rsplit_once('@'));
    let is_sound = |part: &str| !part.is_empty() && !part.contains(char::is_whitespace);
    scheme && parts.is_some_and(|(user, domain)| is_sound(user) && is_sound(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_fatal_or_ignored() {
        let sound = "v=DMARC1; p=reject; sp=None; np=quarantine; adkim=s; aspf=R; fo=1; pct=20; psd=n; t=y; \
            rua=mailto:a@b.example!10m, MAILTO:c@d.example; ruf=mailto:e@f.example";
        assert_eq!(faults(sound), RecordFaults::default());
        assert_eq!(faults("v=DMARC1; rua=mailto:a@b.example"), RecordFaults::default());
        for fatal in ["p=foo", "p=reject; sp=foo", "p=reject; np=", "p=reject; p=none", "adkim=r"] {
            assert!(faults(&format!("v=DMARC1; {fatal}")).fatal.is_some(), "{fatal}");
        }
        let counts = |tag: &str| {
            let found = faults(&format!("v=DMARC1; p=reject; {tag}"));
            (found.fatal, found.ignored.len(), found.addresses.len())
        };
        for ignored in ["adkim=x", "aspf=", "pct=abc", "pct=101", "t=x", "psd=x"] {
            assert_eq!(counts(ignored), (None, 1, 0), "{ignored}");
        }
        for address in ["rua=a@b.example", "rua=mailto:", "rua=mailto: a@b.example", "ruf=https://b.example/"]
        {
            assert_eq!(counts(address), (None, 0, 1), "{address}");
        }
    }
}
