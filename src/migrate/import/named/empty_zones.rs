//! The empty zones of BIND (RFC 6303): it answers their names itself, unless it would only forward them.
//!
//! A zone of its own takes the place of an empty one. One of type forward does not: with `forward first`, which is the default,
//! named answers names below an empty zone itself (BIND's Administrator Reference Manual, "empty-zones-enable"; tested with 9.18).

use super::reader::{Statement, find, options_of};
use crate::import::served;
use crate::import::values::is_within;

/// The options about them.
pub(super) const OPTIONS: [&str; 2] = ["empty-zones-enable", "disable-empty-zone"];

/// Whether empty zones are on.
pub(super) fn are_on(statements: &[Statement]) -> bool {
    let enabled = find(options_of(statements), OPTIONS[0]);
    enabled.is_none_or(|enabled| !matches!(enabled.value(), "no" | "false" | "0"))
}

/// Whether a zone is around empty ones that named had although it forwarded the zone with `forward first`.
pub(super) fn are_below(apex: &str, statements: &[Statement]) -> bool {
    are_on(statements) && served::is_around(apex)
}

/// The empty zone of a name; none if named had none.
pub(super) fn of(name: &str, statements: &[Statement]) -> Option<String> {
    let is_same = |one: &str, other: &str| is_within(one, other) && is_within(other, one);
    let zone = served::of(name)?;
    let is_own = statements.iter().any(|other| {
        let is_forward = find(other.block(), "type").is_some_and(|kind| kind.value() == "forward");
        other.option() == "zone" && !is_forward && is_same(other.value(), &zone)
    });
    let exists = are_on(statements)
        && !disabled(statements).any(|disabled| is_same(disabled.value(), &zone))
        && !is_own
        && is_forwarded_first(&zone, statements);
    exists.then_some(zone)
}

/// The statements that turn one off.
pub(super) fn disabled(statements: &[Statement]) -> impl Iterator<Item = &Statement> {
    options_of(statements).iter().filter(|option| option.option() == OPTIONS[1])
}

/// Whether the closest forwarders of a name, if it has any, are not the only way to resolve it.
fn is_forwarded_first(name: &str, statements: &[Statement]) -> bool {
    let is_around = |zone: &&Statement| {
        let is_forward = find(zone.block(), "type").is_some_and(|kind| kind.value() == "forward");
        zone.option() == "zone" && is_forward && is_within(name, zone.value())
    };
    let around = statements.iter().filter(is_around);
    let closest = around.max_by_key(|zone| zone.value().trim_end_matches('.').len());
    is_first(closest.map_or_else(|| options_of(statements), Statement::block))
}

/// Whether recursion follows if the forwarders fail, which is BIND's default.
pub(super) fn is_first(block: &[Statement]) -> bool {
    find(block, "forward").is_none_or(|forward| forward.value() != "only")
}
