//! Zones that named answers without a statement of the operator. There are two kinds: zones for names of this host, such as localhost, which packages
//! install, and the empty zones (RFC 6303).
//!
//! resolverd has the names of this host built in or reads them from /etc/hosts. An operator may have added names to the zone files of the packages.
//!
//! A zone in named.conf replaces an empty zone. A zone of type forward with `forward first` (the default) does not: named still answers names in the
//! empty zone (BIND's Administrator Reference Manual, "empty-zones-enable"; tested with 9.18).

use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

use hickory_proto::rr::{Name, RData, Record};

use super::reader::{Statement, find};
use super::settings::Settings;
use crate::served;
use crate::source::Sources;
use crate::values::is_within;
use dns::wire::presentation::{name_text, read_name};
use dns::zone_file;

/// The zones for names of this host in Debian's named.conf.default-zones and Red Hat's named.rfc1912.zones.
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

/// The targets of the PTR records of the loopback addresses.
const LOCALHOST: [&str; 2] = ["localhost.", "localhost.localdomain."];

/// What the zone file of a zone in [`OWN`] contains.
pub(super) enum OwnRecords {
    /// Only the records that the file of Debian's or Red Hat's package has.
    Usual,
    /// Other records too, which an operator has added.
    More,
    /// The file cannot be read, for this reason.
    Unread(String),
}

pub(super) fn records(zone: &str, path: &Path) -> OwnRecords {
    let text = match Sources::default().begin(path) {
        Ok(source) => source.text,
        Err(error) => return OwnRecords::Unread(error.to_string()),
    };
    let Some(mut apex) = read_name(zone) else { return OwnRecords::More };
    apex.set_fqdn(true);
    match zone_file::records(&apex, &text) {
        // The file may contain secrets if it was named by mistake, so its text is not shown.
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

/// The options of named that turn off its empty zones (RFC 6303): all of them, or single ones.
pub(super) const EMPTY_ZONES: [&str; 2] = ["empty-zones-enable", "disable-empty-zone"];

pub(super) fn has_empty_zones(options: &[Statement]) -> bool {
    let enabled = find(options, EMPTY_ZONES[0]);
    enabled.is_none_or(|enabled| !matches!(enabled.value(), "no" | "false" | "0"))
}

/// Returns true if named has one of its empty zones below `apex`. named answers the names in an empty zone itself, even if the configuration sends
/// the names in `apex` to other servers.
pub(super) fn has_empty_zones_below(apex: &str, options: &[Statement]) -> bool {
    has_empty_zones(options) && served::is_around(apex)
}

/// Returns the name of named's empty zone that contains `name`. The result has no final dot.
pub(super) fn empty_zone(name: &str, settings: &Settings<'_>) -> Option<&'static str> {
    served::zone_around(name).filter(|zone| {
        has_empty_zones(settings.options)
            && !settings.is_disabled(zone)
            && !settings.has_other(zone)
            && is_forwarded_first(zone, settings)
    })
}

pub(super) fn disabled(options: &[Statement]) -> impl Iterator<Item = &Statement> {
    options.iter().filter(|option| option.option() == EMPTY_ZONES[1])
}

/// Returns true if no forwarders are configured for the name, or if named resolves the name itself after the forwarders have failed (`forward
/// first`).
fn is_forwarded_first(name: &str, settings: &Settings<'_>) -> bool {
    is_first(settings.forward_around(name).first().map_or(settings.options, |zone| zone.block()))
}

/// Returns true if named resolves names itself after the forwarders have failed (`forward first`), which is the default.
pub(super) fn is_first(block: &[Statement]) -> bool {
    find(block, "forward").is_none_or(|forward| forward.value() != "only")
}
