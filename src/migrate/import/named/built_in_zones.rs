//! Zones that named answers itself although no operator has added them: the zones of this host that the packages install, such
//! as localhost, and the empty zones (RFC 6303).
//!
//! The names of this host are built into resolverd or are in /etc/hosts. An operator may have added other names to the files of
//! the packages.
//!
//! A zone in the file replaces an empty zone. A zone of type forward does not: with `forward first`, which is the default, named
//! itself answers names below an empty zone (BIND's Administrator Reference Manual, "empty-zones-enable"; tested with 9.18).

use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

use hickory_proto::rr::{Name, RData, Record};

use super::reader::{Statement, find, options_of};
use crate::import::served;
use crate::import::source::Sources;
use crate::import::values::is_within;
use dns::wire::presentation::{name_text, read_name};
use dns::zone_file;

/// The zones for names of this host, such as localhost, in Debian's named.conf.default-zones and Red Hat's named.rfc1912.zones.
pub(super) const OWN: [&str; 8] = [
    "localhost",
    "127.in-addr.arpa",
    "0.in-addr.arpa",
    "255.in-addr.arpa",
    "0.0.127.in-addr.arpa",
    "1.0.0.127.in-addr.arpa",
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa",
    "localhost.localdomain",
];

/// The names of this host to which the reverse names of its addresses point.
const LOCALHOST: [&str; 2] = ["localhost.", "localhost.localdomain."];

/// The records in the file of a zone for names of this host.
pub(super) enum OwnRecords {
    /// The file has only the usual records of this host.
    Usual,
    /// The file also has other records.
    More,
    /// The file cannot be read, for this reason.
    Unread(String),
}

/// Reads the zone file of a zone for names of this host.
pub(super) fn records(zone: &str, path: &Path) -> OwnRecords {
    let text = match Sources::default().begin(path) {
        Ok(source) => source.text,
        Err(error) => return OwnRecords::Unread(error.to_string()),
    };
    let Some(mut apex) = read_name(zone) else { return OwnRecords::More };
    apex.set_fqdn(true);
    match zone_file::records(&apex, &text) {
        // The file may be of another kind and contain secrets, so its text is not shown.
        Err(wrong) => OwnRecords::Unread(format!("{} has no record in line {}", path.display(), wrong.line)),
        Ok(records) if records.iter().all(|record| is_usual(record, &apex)) => OwnRecords::Usual,
        Ok(_) => OwnRecords::More,
    }
}

fn is_usual(record: &Record, apex: &Name) -> bool {
    let owner = name_text(&record.name.to_lowercase());
    let is_host = owner == name_text(apex) || is_within(&owner, "localhost");
    match &record.data {
        RData::SOA(_) | RData::NS(_) => true,
        RData::A(address) => is_host && address.0 == Ipv4Addr::LOCALHOST,
        RData::AAAA(address) => is_host && address.0 == Ipv6Addr::LOCALHOST,
        RData::PTR(target) => {
            let is_loopback = [Name::from(Ipv4Addr::LOCALHOST), Name::from(Ipv6Addr::LOCALHOST)]
                .iter()
                .any(|name| is_within(&owner, &name_text(name)));
            is_loopback && LOCALHOST.contains(&name_text(&target.0.to_lowercase()).as_str())
        }
        _ => false,
    }
}

/// The options of BIND for empty zones.
pub(super) const EMPTY_ZONES: [&str; 2] = ["empty-zones-enable", "disable-empty-zone"];

/// Returns true if named answers the empty zones itself.
pub(super) fn has_empty_zones(statements: &[Statement]) -> bool {
    let enabled = find(options_of(statements), EMPTY_ZONES[0]);
    enabled.is_none_or(|enabled| !matches!(enabled.value(), "no" | "false" | "0"))
}

/// Returns true if named had empty zones below a zone although it forwarded the zone with `forward first`.
pub(super) fn has_empty_zones_below(apex: &str, statements: &[Statement]) -> bool {
    has_empty_zones(statements) && served::is_around(apex)
}

/// Returns the empty zone that contains a name; `None` if named had none.
pub(super) fn empty_zone(name: &str, statements: &[Statement]) -> Option<String> {
    let is_same = |one: &str, other: &str| is_within(one, other) && is_within(other, one);
    let zone = served::zone_around(name)?;
    let is_own = statements.iter().any(|other| {
        let is_forward = find(other.block(), "type").is_some_and(|kind| kind.value() == "forward");
        other.option() == "zone" && !is_forward && is_same(other.value(), &zone)
    });
    let exists = has_empty_zones(statements)
        && !disabled(statements).any(|disabled| is_same(disabled.value(), &zone))
        && !is_own
        && is_forwarded_first(&zone, statements);
    exists.then_some(zone)
}

/// Returns the statements that turn off an empty zone.
pub(super) fn disabled(statements: &[Statement]) -> impl Iterator<Item = &Statement> {
    options_of(statements).iter().filter(|option| option.option() == EMPTY_ZONES[1])
}

/// Returns true if a name can be resolved without forwarders: no forwarders apply to it, or they are asked with `forward first`.
fn is_forwarded_first(name: &str, statements: &[Statement]) -> bool {
    let is_around = |zone: &&Statement| {
        let is_forward = find(zone.block(), "type").is_some_and(|kind| kind.value() == "forward");
        zone.option() == "zone" && is_forward && is_within(name, zone.value())
    };
    let around = statements.iter().filter(is_around);
    let closest = around.max_by_key(|zone| zone.value().trim_end_matches('.').len());
    is_first(closest.map_or_else(|| options_of(statements), Statement::block))
}

/// Returns true if recursion is tried after the forwarders fail, which is BIND's default.
pub(super) fn is_first(block: &[Statement]) -> bool {
    find(block, "forward").is_none_or(|forward| forward.value() != "only")
}
