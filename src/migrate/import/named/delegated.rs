//! Finds zones below the zones that named serves itself. If named has forwarders, it sends queries for such zones to them. It uses a forward zone
//! only where its own zone delegates the name (BIND's Administrator Reference Manual, "forwarding").

use std::collections::BTreeSet;
use std::path::Path;

use hickory_proto::rr::RecordType;

use super::reader::{Statement, find};
use crate::import::draft::Draft;
use crate::import::finding::Weight::Different;
use crate::import::source::Sources;
use crate::import::values::is_within;
use dns::wire::presentation::{name_text, read_name};
use dns::zone_file;

/// The maximum number of delegations that a finding names.
const NAMED: usize = 3;

/// Reports the delegations in the file of a zone, if named asked forwarders for the names below them.
pub(super) fn report_delegations(zone: &Statement, path: &Path, draft: &mut Draft) {
    let below = delegations(zone.value(), path).unwrap_or_default();
    report(zone, &below, draft);
}

/// Reports the delegations of a transferred zone. If its copy does not exist or is not in text form, they are unknown.
pub(super) fn report_delegations_of_copy(zone: &Statement, path: Option<&Path>, draft: &mut Draft) {
    match path.and_then(|path| delegations(zone.value(), path)) {
        Some(below) => report(zone, &below, draft),
        None => {
            let did = "sent queries for names below its delegations, if it has any, to the forwarders";
            let instead = "resolverd asks the servers of the delegation; if only the forwarders know such names, add a [[zone]] with forward for each delegation";
            draft.report(Different, &(&zone.place, &format!("zone \"{}\"", zone.value())), (did, instead));
        }
    }
}

fn report(zone: &Statement, below: &[String], draft: &mut Draft) {
    let Some(first) = below.first() else { return };
    let named: Vec<&str> = below.iter().take(NAMED).map(String::as_str).collect();
    let others = match below.len().saturating_sub(NAMED) {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    let did = format!(
        "sent queries for names below its delegations ({}{others}) to the forwarders",
        named.join(", ")
    );
    let instead = format!(
        "resolverd asks the servers of the delegation; if only the forwarders know these names, add a [[zone]] with forward for {first}"
    );
    draft.report(Different, &(&zone.place, &format!("zone \"{}\"", zone.value())), (&did, &instead));
}

/// Returns the names below a zone that the file of the zone delegates; `None` if the file cannot be read.
fn delegations(zone: &str, path: &Path) -> Option<Vec<String>> {
    let mut apex = read_name(zone)?;
    apex.set_fqdn(true);
    let text = Sources::default().begin(path).ok()?.text;
    let records = zone_file::records(&apex, &text).ok()?;
    let delegating = records.iter().filter(|record| record.record_type() == RecordType::NS);
    let names: BTreeSet<String> = delegating.map(|record| name_text(&record.name.to_lowercase())).collect();
    let apex = name_text(&apex.to_lowercase());
    let below = names.into_iter().filter(|name| *name != apex);
    Some(below.map(|name| name.trim_end_matches('.').to_owned()).collect())
}

/// Reports a forward zone below a zone that named serves itself.
pub(super) fn report_forward_below(zone: &Statement, statements: &[Statement], draft: &mut Draft) {
    let serves = |other: &&Statement| {
        let kind = find(other.block(), "type").map_or("", Statement::value);
        let is_below = is_within(zone.value(), other.value()) && !is_within(other.value(), zone.value());
        let is_root = other.value().trim_end_matches('.').is_empty();
        let is_own = matches!(kind, "master" | "primary" | "slave" | "secondary");
        other.option() == "zone" && is_own && is_below && !is_root
    };
    let Some(around) = statements.iter().find(serves) else { return };
    let did = format!("was used only if the zone {} delegates it", around.value().trim_end_matches('.'));
    let instead = "resolverd sends all its names to these forwarders; remove the [[zone]] if the zone above it has the names";
    draft.report(Different, &(&zone.place, &format!("zone \"{}\"", zone.value())), (&did, instead));
}
