//! Warnings about the keys of the root zone (RFC 5011).

use crate::limits::LONG_UNCHECKED_ROOT_KEYS;
use dns::clock::date;
use protocol::{RootKeyRow, RootKeyStanding, RootKeysStatus, Warning};

/// Reports problems with the keys of the root zone. `now` is the current time in seconds since 1970.
pub(super) fn warnings(root: &RootKeysStatus, now: u64) -> Vec<Warning> {
    let long = |since: &u64| now.saturating_sub(*since) >= LONG_UNCHECKED_ROOT_KEYS.as_secs();
    let unchecked = root.failing_since.filter(|_| root.follows).filter(long).map(|since| {
        let why = root.why.as_deref().unwrap_or("no answer");
        Warning::new(
            format!(
                "The keys of the root could not be checked since {}: {why}. A new key of the root would not be learned.",
                date(since)
            ),
            "Look at the answers with `resolverctl trace . DNSKEY`, and whether this host reaches the root servers: `resolverctl check system`.",
        )
    });
    let unkept = root.unkept.as_deref().map(|why| {
        Warning::new(
            format!("The keys of the root are not kept over a restart: {why}."),
            "Make room on the disk, or repair the state directory; resolverd tries again with its next query for the keys.",
        )
    });
    all_revoked(root).or_else(|| none_usable(root)).into_iter().chain(unchecked).chain(unkept).collect()
}

/// Reports that no trust anchor of the root can be used. resolverd then validates no answer.
fn none_usable(root: &RootKeysStatus) -> Option<Warning> {
    let problem = "No trust anchor of the root has an algorithm and a digest type that resolverd checks, so no answer is validated.";
    let remedy = "Set dnssec.trust_anchor to a file with the keys of https://data.iana.org/root-anchors/root-anchors.xml, or to \"\" for the built-in keys.";
    root.unusable.then(|| Warning::critical(problem.to_owned(), remedy))
}

fn all_revoked(root: &RootKeysStatus) -> Option<Warning> {
    let is_revoked =
        |row: &RootKeyRow| matches!(row.state, RootKeyStanding::Revoked | RootKeyStanding::Removed);
    let trusted = |row: &&RootKeyRow| !is_revoked(row) && row.state != RootKeyStanding::Pending;
    let all = root.keys.iter().any(is_revoked) && root.keys.iter().find(trusted).is_none();
    let problem = "The root has revoked all its keys that resolverd knows, so signed names fail.";
    let remedy = "Update resolverd or the package dns-root-data, or set dnssec.trust_anchor to a file with the keys of https://data.iana.org/root-anchors/root-anchors.xml.";
    all.then(|| Warning::critical(problem.to_owned(), remedy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Severity;

    #[test]
    fn root_key_problems_are_reported() {
        let (now, day) = (1_767_225_600, 86_400);
        let sound = RootKeysStatus { follows: true, checked: Some(now), ..RootKeysStatus::default() };
        assert_eq!(warnings(&sound, now), []);
        let failing = |days: u64| RootKeysStatus {
            why: Some("no server answers".to_owned()),
            failing_since: Some(now - days * day),
            ..sound.clone()
        };
        assert_eq!(warnings(&failing(2), now), []);
        let found = warnings(&failing(3), now);
        assert_eq!(
            found[0].problem,
            "The keys of the root could not be checked since 2025-12-29: no server answers. A new key of the root would not be learned."
        );
        assert_eq!(warnings(&RootKeysStatus { follows: false, ..failing(9) }, now), [], "nobody looks");
        let unkept = RootKeysStatus { unkept: Some("/x/root.keys: it is full".to_owned()), ..sound.clone() };
        assert!(
            warnings(&unkept, now)[0].problem.contains("not kept over a restart: /x/root.keys: it is full.")
        );
        let unusable = RootKeysStatus { unusable: true, ..sound };
        assert_eq!(warnings(&unusable, now)[0].severity, Severity::Critical);
    }
}
