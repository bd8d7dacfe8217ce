//! Serials of the zone at its servers, without those of foreign copies.
//!
//! RFC 1034 section 4.3.5, RFC 1982 (serials), RFC 4035 section 5.2 (DS).
//!
//! # Decisions
//!
//! - A higher serial shows a newer zone only at servers with one primary server. Where the keys of the servers with the highest serial fit no
//!   DS record, and those of others do, it shows none at all.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::codes::Code;
use super::facts::DomainFacts;
use super::finding::{Finding, Level};
use super::foreign::Foreign;
use super::organizational::organizational_7489;
use super::part::About;
use super::{compared, groups, keys, remedies, served, server_hosts, zone};

/// The servers with a serial, by the serials.
type Serials = BTreeMap<u32, Vec<IpAddr>>;

/// That servers have different serials. `copies`: the foreign copies; `has_one_mail`: all servers give the same MX records.
pub(super) fn check(
    facts: &DomainFacts,
    servers: &BTreeMap<IpAddr, BTreeSet<String>>,
    (copies, has_one_mail): (&BTreeMap<IpAddr, Foreign>, bool),
) -> Option<Finding> {
    let mut serials = Serials::new();
    for server in servers.keys().filter(|server| !copies.contains_key(server)) {
        if let Some(soa) = served::soa(facts, *server).and_then(zone::soa) {
            serials.entry(soa.serial).or_default().push(*server);
        }
    }
    if serials.len() < 2 {
        return None;
    }
    let about: Vec<About> = serials.values().flatten().copied().map(About::Address).collect();
    let same = compared::sameness(facts).filter(|_| has_one_mail && is_numbered_twice(facts, servers));
    let named = with_named_keys(facts, &serials);
    let newest = served::newest_serial(facts, serials.values().flatten().copied());
    let newest = newest.filter(|_| named.is_empty());
    let told = serials.into_iter().map(|(serial, servers)| {
        let mark = match newest {
            Some(newest) if newest == serial => " (newest)",
            Some(_) => " (old)",
            None => "",
        };
        (format!("{serial}{mark}"), servers)
    });
    let evidence = groups::being_at(server_hosts::of_groups(servers, told));
    let finding = match same {
        Some(same) => {
            let words =
                format!("{evidence}; each of their operators has a primary of its own, and all give {same}");
            Finding::new(Code::SerialDiffers, words).at(Level::Note)
        }
        None if named.is_empty() => Finding::new(Code::SerialDiffers, evidence),
        None => {
            let words = format!(
                "{evidence}; the servers with the highest serial do not have the keys that the DS records name, so that it does not show a newer \
                 zone; those keys are at {}",
                server_hosts::shown(servers, named).join(" and ")
            );
            Finding::new(Code::SerialDiffers, words).to_do(remedies::SERIAL_WITHOUT_KEYS)
        }
    };
    Some(finding.about(about))
}

/// The servers whose keys the DS records name, if those of the servers with the highest serial are others; empty otherwise.
fn with_named_keys(facts: &DomainFacts, serials: &Serials) -> Vec<IpAddr> {
    let highest =
        zone::newest(serials).and_then(|highest| serials.get(&highest)).map_or(&[][..], Vec::as_slice);
    let by_fit = keys::by_fit(facts);
    let is_keyless = highest.iter().any(|server| by_fit.others.contains_key(server))
        && !highest.iter().any(|server| by_fit.fitting.contains_key(server));
    let named = by_fit.fitting.into_keys().filter(|_| is_keyless);
    named.filter(|server| serials.values().flatten().any(|other| other == server)).collect()
}

/// Whether several providers serve the zone and each numbers it by itself: servers with different serials name different primaries, and no
/// operator has servers of two of these.
fn is_numbered_twice(facts: &DomainFacts, servers: &BTreeMap<IpAddr, BTreeSet<String>>) -> bool {
    let mut serials = BTreeMap::<String, BTreeSet<u32>>::new();
    let mut operators = BTreeMap::<String, BTreeSet<String>>::new();
    for (server, names) in servers {
        if let Some(soa) = served::soa(facts, *server).and_then(zone::soa) {
            let primary = soa.primary.to_ascii_lowercase();
            serials.entry(primary.clone()).or_default().insert(soa.serial);
            operators.entry(primary).or_default().extend(operators_of(facts, *server, names));
        }
    }
    let is_one_each = serials.len() > 1 && serials.values().all(|of_primary| of_primary.len() == 1);
    let count: usize = operators.values().map(BTreeSet::len).sum();
    let are_apart = operators.values().flatten().collect::<BTreeSet<_>>().len() == count;
    is_one_each && are_apart
}

/// The operators of a server, by the organizations of its names. Names in the zone itself say nothing about that, so the network of the
/// server stands for its operator.
fn operators_of(facts: &DomainFacts, server: IpAddr, names: &BTreeSet<String>) -> BTreeSet<String> {
    let organization = |name: &str| organizational_7489(name).unwrap_or(name).to_owned();
    let own = organization(zone::apex(facts));
    let of_name = |name: &String| match organization(name) {
        of_name if of_name == own => {
            server_hosts::network(server).map_or_else(|| server.to_string(), |net| net.to_string())
        }
        of_name => of_name,
    };
    names.iter().map(of_name).collect()
}
