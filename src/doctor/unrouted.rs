//! Zones of hosts elsewhere to which this host has no route: those that have name servers with IPv6 alone, at a host without it.
//!
//! RFC 3901 section 3. Each lookup in such a zone fails here, and others may find its records. So the findings about them have one remedy,
//! and the reason is told once.

use std::collections::BTreeSet;

use super::elsewhere::{self, UnroutedZone};
use super::facts::{DomainFacts, LookupFound, Want, is_within};
use super::finding::Finding;
use super::level::Level;
use super::remedies;

/// The end of a reason that the daemon has kept.
const KEPT: &str = " (cached failure)";

/// A lookup that fails for this reason.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Failed<'f> {
    name: &'f str,
    zone: String,
    /// The reason in the words of the daemon.
    why: String,
}

fn failed(facts: &DomainFacts) -> BTreeSet<Failed<'_>> {
    let failed = facts.got.keys().filter_map(|want| match want {
        Want::Lookup { name, kind } => match facts.lookup(name, kind) {
            LookupFound::Unknown(why) => Some((name.as_str(), *kind, why.trim_end_matches(KEPT).to_owned())),
            _ => None,
        },
        _ => None,
    });
    let failed: BTreeSet<(&str, &'static str, String)> = failed.collect();
    let found = failed.iter().filter_map(|(name, kind, _)| elsewhere::unrouted(facts, name, kind));
    let zones: BTreeSet<String> = found.map(|UnroutedZone { zone, .. }| zone).collect();
    // Of the lookups of one name, one is examined.
    let zone_of = |name: &str| zones.iter().find(|zone| is_within(name, zone)).cloned();
    failed.into_iter().filter_map(|(name, _, why)| Some(Failed { name, zone: zone_of(name)?, why })).collect()
}

/// Gives findings that could not be told for this reason its remedy, and leaves the reason in the first of them alone.
pub(super) fn explain(facts: &DomainFacts, findings: &mut [Finding]) {
    let (failed, mut told) = (failed(facts), BTreeSet::new());
    for finding in findings.iter_mut().filter(|finding| finding.level == Level::CouldNotTell) {
        let named = failed.iter().filter(|failed| finding.evidence.contains(failed.name));
        let reasons: BTreeSet<(&str, &str)> =
            named.map(|failed| (failed.why.as_str(), failed.zone.as_str())).collect();
        if !reasons.is_empty() {
            finding.remedy.get_or_insert(remedies::NO_ROUTE);
        }
        for (why, zone) in reasons {
            let evidence = finding.evidence.replace(&format!("{why}{KEPT}"), why);
            let short = format!("no route to the name servers of {zone}");
            let Some((before, after)) = evidence.split_once(why) else { continue };
            let first = if told.insert(why) { why } else { short.as_str() };
            finding.evidence = format!("{before}{first}{}", after.replace(why, &short));
        }
    }
}
