//! Converts `local-zone`, `local-data` and `local-data-ptr` of Unbound.
//!
//! For a name, Unbound uses the local zone with the longest matching name, even if this zone is transparent and a zone above is not.

use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;

use hickory_proto::rr::Name;
use toml::Value;

use super::default_zones::{self, DefaultZone};
use super::local_zones;
use super::reader::{Section, UnboundSetting};
use super::reported::OPTIONS;
use super::upstreams::{self, UpstreamZones};
use crate::draft::Draft;
use crate::finding::{Setting, SourcePlace, TypedSetting, Weight};
use crate::names::{ASTERISK, OTHER_FAMILY};
use crate::served;
use crate::served::{EmptyZone, report_denied, report_nodata};
use crate::values::{names_in_data, texts, unique};
use dns::wire::presentation::{kind_text, name_text, read_name};
use dns::zone_file;
use dns::zone_file::{Word, ZoneFileReader};

/// The text that findings show for a default zone of Unbound. For other zones, findings show the type of the zone at the same place.
const BY_DEFAULT: &str = "by default";

/// The addresses of all names in a zone of the type `always_null`.
const NULL: [(&str, &str); 2] = [("A", "0.0.0.0"), ("AAAA", "::")];

struct LocalZone {
    place: SourcePlace,
    kind: String,
    records: Vec<LocalRecord>,
}

/// A record from `local-data` or `local-data-ptr`.
struct LocalRecord {
    setting: TypedSetting,
    name: Name,
    ttl: u32,
    kind: String,
    data: String,
}

type LocalZones = local_zones::LocalZones<LocalZone>;

/// Converts the local zones. Returns the positions of the forward and stub zones that are left out, because Unbound or resolverd itself
/// answers their names.
pub(super) fn add(
    server: &Section,
    (by_default, upstreams): (&[DefaultZone], &UpstreamZones<'_>),
    draft: &mut Draft,
) -> HashSet<SourcePlace> {
    let mut zones = with_defaults(by_default, read(server, upstreams, draft));
    let alone = divided(server, &mut zones, draft);
    let passed_over = passed_over(&zones, upstreams, draft);
    report_empty(&zones, draft);
    add_open(&zones, upstreams, draft);
    add_alone(alone, (&zones, upstreams), draft);
    for (apex, zone) in zones.into_iter().filter(|(_, zone)| local_zones::is_closed(&zone.kind)) {
        let option = format!("local-zone {} {}", name_text(&apex), zone.kind);
        let keys = vec![("name", Value::from(name_text(&apex))), ("records", texts(zone.lines(&apex)))];
        draft.add(&(&zone.place, &option), "[[zone]]", keys);
    }
    passed_over
}

/// Leaves out records of names with an asterisk, and reports them: in Unbound, they are not wildcards.
pub(super) fn leave_out_asterisks(sections: &mut [Section], draft: &mut Draft) {
    for section in sections {
        section.settings.retain(|setting| {
            let has_asterisk = setting.option == "local-data"
                && record(setting, setting.value()).is_some_and(|record| record.name.is_wildcard());
            if has_asterisk {
                draft.report(Weight::Different, setting, ASTERISK);
            }
            !has_asterisk
        });
    }
}

/// Moves records into their zones if the zones are closed: Unbound itself answers all names of a closed zone. Returns all other records.
fn divided(server: &Section, zones: &mut LocalZones, draft: &mut Draft) -> Vec<LocalRecord> {
    let mut alone = Vec::new();
    for setting in server.settings.iter() {
        let text = match setting.option.as_str() {
            "local-data" => Some(setting.value().to_owned()),
            "local-data-ptr" => pointer(setting.value()),
            _ => continue,
        };
        let Some(record) = text.and_then(|text| record(setting, &text)) else {
            let did = "gave a record that cannot be read";
            draft.report(Weight::Dangerous, setting, (did, "add it as a [[record]]"));
            continue;
        };
        match zones.around_mut(&record.name) {
            Some((_, zone)) if !local_zones::has_data(&zone.kind) => {
                let did = format!("had no effect, because the zone around it is {}", zone.kind);
                draft.report(Weight::Different, setting, (&did, "is left out"));
            }
            Some((apex, zone)) if local_zones::is_closed(&zone.kind) => match record.is_of_apex(apex) {
                true => {
                    let did = format!("gave the {} records of the zone", record.kind);
                    let instead = "is left out: resolverd makes these records of a [[zone]] itself";
                    draft.report(Weight::Different, setting, (&did, instead));
                }
                false if record.kind == "NS" => {
                    let did =
                        "gave NS records of a name inside the zone, and answered the names below it itself";
                    let instead = "is left out: in a [[zone]] they are a delegation, which takes the names below it from the zone";
                    draft.report(Weight::Different, setting, (did, instead));
                }
                false => zone.records.push(record),
            },
            _ => alone.push(record),
        }
    }
    alone
}

/// `records` are sorted by name and type.
fn by_name(records: &[LocalRecord]) -> impl Iterator<Item = &[LocalRecord]> {
    records.chunk_by(|one, other| one.name == other.name)
}

/// Reports names with only IPv4 or only IPv6 addresses, if Unbound would look up the other family in a zone above.
fn report_other_family(records: &[LocalRecord], zones: &LocalZones, draft: &mut Draft) {
    for records in by_name(records) {
        let first = |kind: &str| records.iter().find(|record| record.kind == kind);
        let ((Some(record), None) | (None, Some(record))) = (first("A"), first("AAAA")) else { continue };
        if zones.around(&record.name).is_some_and(|(_, zone)| local_zones::is_by_type(&zone.kind)) {
            draft.report(Weight::Dangerous, &record.setting, OTHER_FAMILY);
        }
    }
}

/// Adds the records of names that are in no closed `local-zone` (Unbound itself answers all names of a closed zone).
fn add_alone(
    mut records: Vec<LocalRecord>,
    (zones, upstreams): (&LocalZones, &UpstreamZones<'_>),
    draft: &mut Draft,
) {
    records.sort_by_cached_key(|record| (name_text(&record.name), record.kind.clone()));
    report_other_family(&records, zones, draft);
    for record in by_name(&records).filter_map(|records| records.first()) {
        // A name with several types is reported only once. If resolverd answers the zone of the name, other types do not exist in resolverd either,
        // so nothing is reported.
        let is_open = upstreams.lets_lan_out || zones.around(&record.name).is_some();
        let stays = !is_open && served::zone_around(&name_text(&record.name)).is_some();
        if stays {
            continue;
        }
        let did =
            "also answered that the name has no records of other types, unless its zone is typetransparent";
        let instead = "resolverd resolves other types as usual, but no addresses of the other family; for the whole name use a [[zone]] with records";
        draft.report(Weight::Different, &record.setting, (did, instead));
    }
    for records in by_name(&records).flat_map(|records| records.chunk_by(|one, other| one.kind == other.kind))
    {
        let Some(first) = records.first() else { continue };
        let mut keys =
            vec![("name", Value::from(name_text(&first.name))), ("type", Value::from(first.kind.as_str()))];
        keys.push(("data", texts(unique(records.iter().map(|record| record.data.clone()).collect()))));
        keys.push(("ttl", Value::from(format!("{}s", first.ttl))));
        draft.add(&first.setting, "[[record]]", keys);
    }
}

/// Adds Unbound's default zones, except those that the file changes.
fn with_defaults(by_default: &[DefaultZone], zones: LocalZones) -> LocalZones {
    let missing: Vec<(Name, LocalZone)> = by_default
        .iter()
        .filter(|default| !zones.has(&default.name))
        .map(|default| {
            let (place, kind) = (default.place.clone(), BY_DEFAULT.to_owned());
            (default.name.clone(), LocalZone { place, kind, records: Vec::new() })
        })
        .collect();
    LocalZones::new(zones.into_iter().chain(missing))
}

/// Adds some of the open zones (Unbound resolves their names): those below a closed zone (Unbound answers its names itself), and those below
/// a zone that resolverd answers because of `locally_served`. resolverd must resolve the names of such an open zone like the names of the
/// next zone above that has configured servers.
fn add_open(zones: &LocalZones, upstreams: &UpstreamZones<'_>, draft: &mut Draft) {
    for (apex, zone) in zones.iter().filter(|(_, zone)| !local_zones::is_closed(&zone.kind)) {
        let name = name_text(apex);
        let closed_around = match zones.around(&apex.base_name()).filter(|_| !apex.is_root()) {
            Some((_, around)) => local_zones::is_closed(&around.kind),
            None => {
                let of_servers = upstreams.around(&name).map(upstreams::name);
                served::zone_around(&name).is_some()
                    && of_servers.is_some_and(|around| upstreams.keeps_locally_served(around))
            }
        };
        if closed_around && !upstreams.has(&name) {
            let mut keys = vec![("name", Value::from(name.clone()))];
            keys.extend(upstreams.keys_around(apex));
            draft.add(&(&zone.place, &format!("local-zone {name} {}", zone.kind)), "[[zone]]", keys);
        }
    }
}

/// Reports the zones with servers (`forward-zone`, `stub-zone`) that had no effect, because Unbound answered their names itself. Of these, the zones
/// below a closed `local-zone`, and those that resolverd answers itself, are left out of the import. Returns the positions of the zones left out.
fn passed_over(zones: &LocalZones, upstreams: &UpstreamZones<'_>, draft: &mut Draft) -> HashSet<SourcePlace> {
    let mut left_out = HashSet::new();
    for section in upstreams.all() {
        let text = upstreams::name(section);
        let Some(mut name) = read_name(text) else { continue };
        name.set_fqdn(true);
        match zones.around(&name.to_lowercase()) {
            Some((apex, zone)) if local_zones::is_closed(&zone.kind) && zone.kind != BY_DEFAULT => {
                let did = format!("had no effect: local-zone {} {} came first", name_text(apex), zone.kind);
                let instead = "is left out; if its servers are to be asked, remove that zone and add a [[zone]] for them";
                draft.report(Weight::Different, section, (&did, instead));
                left_out.insert(section.place.clone());
            }
            None if default_zones::is_answered(text, upstreams.lets_lan_out) => {
                let did = "had no effect: Unbound answered these names itself, as it has no local-zone nodefault for them";
                let is_sent = upstreams::has_addresses(section) && !default_zones::is_of_this_host(text);
                let instead = if is_sent {
                    "the [[zone]] sends them to these servers; remove it if they must not get them"
                } else {
                    left_out.insert(section.place.clone());
                    "is left out: resolverd answers them itself, too; if these servers are to be asked, add a [[zone]] with their addresses"
                };
                draft.report(Weight::Different, section, (did, instead));
            }
            _ => {}
        }
    }
    left_out
}

/// Reports zones without data for which resolverd answers differently from Unbound.
fn report_empty(zones: &LocalZones, draft: &mut Draft) {
    let of_kinds = |kinds: &[&str]| -> Vec<EmptyZone> {
        let is_empty =
            |(_, zone): &&(Name, LocalZone)| zone.records.is_empty() && kinds.contains(&zone.kind.as_str());
        let empty = |(apex, zone): &(Name, LocalZone)| {
            let name = name_text(apex);
            let setting = (&zone.place, format!("local-zone: {name} {}", zone.kind)).typed();
            EmptyZone { setting, name }
        };
        zones.iter().filter(is_empty).map(empty).collect()
    };
    report_denied(&of_kinds(&["static", "always_nxdomain"]), draft);
    report_nodata(&of_kinds(&["redirect", "inform_redirect", "always_nodata"]), draft);
}

impl LocalRecord {
    /// Every zone has SOA and NS records at its apex, so these records need no import.
    fn is_of_apex(&self, apex: &Name) -> bool {
        self.name == *apex && ["SOA", "NS"].contains(&self.kind.as_str())
    }
}

impl LocalZone {
    /// Returns the records as lines of a zone file.
    fn lines(&self, apex: &Name) -> Vec<String> {
        let mut lines = Vec::new();
        if self.kind == "always_null" {
            let owners: BTreeSet<&Name> =
                self.records.iter().map(|record| &record.name).chain([apex]).collect();
            for (kind, data) in NULL {
                let of_kind = self.records.iter().filter(|record| record.kind == kind);
                let with_data: HashSet<&Name> = of_kind.map(|record| &record.name).collect();
                for owner in owners.iter().filter(|owner| !with_data.contains(*owner)) {
                    let owner = if *owner == apex { "@".to_owned() } else { name_text(owner) };
                    lines.push(format!("{owner} {kind} {data}"));
                }
                lines.push(format!("* {kind} {data}"));
            }
        }
        lines.extend(self.records.iter().flat_map(|record| self.lines_of(record)));
        // Unbound treats equal records as one record.
        unique(lines)
    }

    /// Returns the lines for a record. In a zone of the type redirect, a second line has the record for all names below the apex.
    fn lines_of(&self, record: &LocalRecord) -> Vec<String> {
        let LocalRecord { ttl, kind, .. } = record;
        let (name, data) = (name_text(&record.name), whole_names(kind, &record.data));
        let mut lines = vec![format!("{name} {ttl} IN {kind} {data}")];
        if matches!(self.kind.as_str(), "redirect" | "inform_redirect") {
            lines.push(format!("*.{name} {ttl} IN {kind} {data}"));
        }
        lines
    }
}

/// Adds the final dot to names in the data of a record. Unbound reads these names as absolute even without the dot; a zone file needs it.
fn whole_names(kind: &str, data: &str) -> String {
    let places = names_in_data(kind);
    if places.is_empty() {
        return data.to_owned();
    }
    let whole = |(place, word): (usize, &str)| match places.contains(&place) && !word.ends_with('.') {
        true => format!("{word}."),
        false => word.to_owned(),
    };
    data.split_whitespace().enumerate().map(whole).collect::<Vec<_>>().join(" ")
}

/// Returns the local zones, shorter names first. Zones without an exact counterpart in resolverd are reported.
fn read(server: &Section, upstreams: &UpstreamZones<'_>, draft: &mut Draft) -> LocalZones {
    let (mut zones, mut opened) = (Vec::new(), Vec::new());
    for setting in server.all("local-zone") {
        let (Some(mut name), Some(kind)) = (read_name(setting.value()), setting.values.get(1)) else {
            let did = "cannot be read";
            draft.report(Weight::Dangerous, setting, (did, "add a [[zone]] for it"));
            continue;
        };
        name.set_fqdn(true);
        let name = name.to_lowercase();
        let zone = LocalZone { place: setting.place.clone(), kind: kind.clone(), records: Vec::new() };
        if kind == "nodefault" {
            opened.push((setting, name, zone));
        } else {
            report_type(setting, kind, upstreams, draft);
            zones.push((name, zone));
        }
    }
    let zones = LocalZones::new(zones);
    let mut open = Vec::new();
    for (setting, name, zone) in opened {
        match opens_nothing(&name, &zones) {
            Some(did) => {
                let instead = "is left out; resolverd answers names of private networks itself unless a [[zone]] has them";
                draft.report(Weight::Different, setting, (&did, instead));
            }
            None => {
                report_type(setting, &zone.kind, upstreams, draft);
                open.push((name, zone));
            }
        }
    }
    LocalZones::new(zones.into_iter().chain(open))
}

/// Returns why `nodefault` has no effect; `None` if it has one. `nodefault` removes only the default zone of exactly this name (tested with
/// Unbound 1.17).
fn opens_nothing(name: &Name, zones: &LocalZones) -> Option<String> {
    if !default_zones::is_default(&name_text(name)) {
        return Some("had no effect: Unbound has no default zone of this name".to_owned());
    }
    let (apex, zone) = zones.around(name).filter(|(_, zone)| local_zones::is_closed(&zone.kind))?;
    Some(format!("had no effect: local-zone {} {} has these names", name_text(apex), zone.kind))
}

/// Reports a zone for whose type resolverd answers differently from Unbound.
fn report_type(setting: &UnboundSetting, kind: &str, upstreams: &UpstreamZones<'_>, draft: &mut Draft) {
    if kind == "nodefault" && default_zones::is_answered_here(setting.value()) {
        let did = "looked up names of the host itself as others";
        let instead =
            "resolverd always answers localhost and the reverse names of its addresses itself (RFC 6761)";
        return draft.report(Weight::Different, setting, (did, instead));
    }
    // A zone of these types below a zone with servers needs no report: like Unbound, resolverd sends its names to these servers.
    let is_open = matches!(kind, "always_transparent" | "nodefault");
    if !(is_open && upstreams.around(setting.value()).is_some()) {
        OPTIONS.report(&OPTIONS.local_zones, (kind, ""), setting, draft);
    }
}

/// Converts `address [ttl] name`, the form of `local-data-ptr`, to a PTR record.
fn pointer(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (address, ttl, name) = match words.as_slice() {
        [address, name] => (address, "", name),
        [address, ttl, name] => (address, *ttl, name),
        _ => return None,
    };
    let mut reverse = Name::from(address.parse::<IpAddr>().ok()?);
    reverse.set_fqdn(true);
    Some(format!("{} {ttl} IN PTR {name}", name_text(&reverse)))
}

/// Reads a record. Returns `None` if resolverd's configuration would refuse it, because one refused record would make all records of the zone
/// invalid.
fn record(setting: &UnboundSetting, text: &str) -> Option<LocalRecord> {
    zone_file::record(text).ok()?;
    let entry = zone_file::entries(text).next()?.ok()?;
    let head = ZoneFileReader::new(Name::root()).begin(&entry).ok()?;
    let kind = zone_file::kind(head.kind)?;
    let data = head.data.iter().map(written).collect::<Vec<_>>().join(" ");
    Some(LocalRecord {
        setting: setting.typed(),
        name: head.owner.to_lowercase(),
        ttl: head.ttl,
        kind: kind_text(kind),
        data,
    })
}

fn written(word: &Word) -> String {
    if word.quoted { format!("\"{}\"", word.text) } else { word.text.clone() }
}
