//! Zones that named answers itself although no operator has added them. There are two kinds: zones for this host such as localhost, which the
//! packages install, and the empty zones (RFC 6303).
//!
//! The names of this host are built into resolverd or are in /etc/hosts. An operator may have added other names to the files of
//! the packages.
//!
//! A zone in the file replaces an empty zone. A zone of type forward does not: with `forward first`, which is the default, named
//! itself answers names below an empty zone (BIND's Administrator Reference Manual, "empty-zones-enable"; tested with 9.18).

use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

use hickory_proto::rr::{Name, RData, Record};

use super::reader::{Statement, find};
use super::settings::Settings;
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

/// The names in the PTR records of this host's loopback addresses.
const LOCALHOST: [&str; 2] = ["localhost.", "localhost.localdomain."];

/// What the zone file of a zone for names of this host contains.
pub(super) enum OwnRecords {
    /// The file has only the records that packages put there.
    Usual,
    /// The file also has other records, which an operator has added.
    More,
    /// The file cannot be read; the text says why.
    Unread(String),
}

/// Reads the zone file of a zone for names of this host, such as localhost, and returns what it contains.
pub(super) fn records(zone: &str, path: &Path) -> OwnRecords {
    let text = match Sources::default().begin(path) {
        Ok(source) => source.text,
        Err(error) => return OwnRecords::Unread(error.to_string()),
    };
    let Some(mut apex) = read_name(zone) else { return OwnRecords::More };
    apex.set_fqdn(true);
    match zone_file::records(&apex, &text) {
        // The file may have been named by mistake and contain secrets, so its text is not shown.
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

/// The options of BIND that turn off empty zones (RFC 6303).
pub(super) const EMPTY_ZONES: [&str; 2] = ["empty-zones-enable", "disable-empty-zone"];

/// Returns true if named answers the empty zones (RFC 6303) itself, which is the default.
pub(super) fn has_empty_zones(options: &[Statement]) -> bool {
    let enabled = find(options, EMPTY_ZONES[0]);
    enabled.is_none_or(|enabled| !matches!(enabled.value(), "no" | "false" | "0"))
}

/// Returns true if named itself answers an empty zone below the zone `apex`, although named sends names in `apex` to forwarders with `forward first`.
pub(super) fn has_empty_zones_below(apex: &str, options: &[Statement]) -> bool {
    has_empty_zones(options) && served::is_around(apex)
}

/// Returns the empty zone that contains a name, without a final dot. Returns `None` if named has no such zone.
pub(super) fn empty_zone(name: &str, settings: &Settings<'_>) -> Option<&'static str> {
    served::zone_around(name).filter(|zone| {
        has_empty_zones(settings.options)
            && !settings.is_disabled(zone)
            && !settings.has_other(zone)
            && is_forwarded_first(zone, settings)
    })
}

/// Returns the statements `disable-empty-zone`. Each turns off one empty zone.
pub(super) fn disabled(options: &[Statement]) -> impl Iterator<Item = &Statement> {
    options.iter().filter(|option| option.option() == EMPTY_ZONES[1])
}

/// Returns true if named can resolve a name without forwarders. This is so if the file has no forwarders for the name, or if they are used with
/// `forward first`.
fn is_forwarded_first(name: &str, settings: &Settings<'_>) -> bool {
    is_first(settings.forward_around(name).first().map_or(settings.options, |zone| zone.block()))
}

/// Returns true if named tries recursion after the forwarders have failed (`forward first`), which is BIND's default.
pub(super) fn is_first(block: &[Statement]) -> bool {
    find(block, "forward").is_none_or(|forward| forward.value() != "only")
}
