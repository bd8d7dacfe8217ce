//! Rows of the reply about configured zones.
//!
//! All durations are in seconds.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::problem::{Blame, Problem};
use dns::conduct::Health;

/// Adds or removes a temporary zone or host. Such an entry is not in the configuration file. It survives reloads, but not a restart of the daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneWhat {
    /// Adds a zone. A temporary zone with the same name is replaced.
    Add {
        /// The zone to add, with its servers.
        zone: AddedZone,
        /// Lifetime in seconds; `None` means until the daemon stops.
        seconds: Option<u64>,
    },
    /// Removes a temporary zone.
    Remove {
        /// Apex of the temporary zone, or name of the temporary host.
        name: String,
    },
}

/// The section of the configuration that an entry belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// `[[zone]]`.
    Zone,
    /// `[[host]]`.
    Host,
}

/// A zone that is added while the daemon runs, with the values of a `[[zone]]` entry, or a host with those of a `[[host]]` entry. One of
/// `forward`, `stub`, `block` and `addresses` is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddedZone {
    /// Apex of the zone, or name of the host.
    pub name: String,
    /// The forwarders of the zone.
    #[serde(default)]
    pub forward: Vec<String>,
    /// The authoritative servers of the zone.
    #[serde(default)]
    pub stub: Vec<String>,
    /// True if the name and all names below it do not exist.
    #[serde(default)]
    pub block: bool,
    /// The addresses of the host; empty for a zone.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// True if resolverd validates answers for names in the zone.
    #[serde(default = "is_validated")]
    pub validate: bool,
}

fn is_validated() -> bool {
    true
}

impl AddedZone {
    /// Returns the section of the configuration file in which the entry stands.
    pub fn section(&self) -> Section {
        if self.addresses.is_empty() { Section::Zone } else { Section::Host }
    }

    /// Returns the zone or host as an entry of the configuration file.
    pub fn entry(&self) -> String {
        let list = |servers: &[String]| serde_json::to_string(servers).unwrap_or_default();
        let name = serde_json::to_string(&self.name).unwrap_or_default();
        let section = match self.section() {
            Section::Zone => "zone",
            Section::Host => "host",
        };
        let mut entry = format!("[[{section}]]\nname = {name}\n");
        let lists = [("forward", &self.forward), ("stub", &self.stub), ("addresses", &self.addresses)];
        for (key, items) in lists.into_iter().filter(|(_, items)| !items.is_empty()) {
            entry.push_str(&format!("{key} = {}\n", list(items)));
        }
        if self.block {
            entry.push_str("block = true\n");
        }
        if !self.validate {
            entry.push_str("validate = false\n");
        }
        entry
    }
}

/// The sections that `AddedZone::entry` writes.
const SECTIONS_WRITTEN: [&str; 2] = ["[[zone]]", "[[host]]"];

/// The beginnings of the lines that `AddedZone::entry` writes below the name.
const KEYS_WRITTEN: [&str; 5] = ["forward = [", "stub = [", "addresses = [", "block = true", "validate = "];

/// Removes the entry of the zone or host `name`, as `AddedZone::entry` writes it, from the text of a configuration file, and returns the
/// rest.
///
/// # Errors
/// Fails if there is no such entry, or if the operator has added other keys or comments to it.
pub fn without_entry(text: &str, name: &str) -> Result<String, Problem> {
    let name = name.trim_end_matches('.');
    let is_name = |line: &str| {
        let value = line.strip_prefix("name = ").map(|value| value.trim().trim_matches('"'));
        value.is_some_and(|value| value.trim_end_matches('.').eq_ignore_ascii_case(name))
    };
    let is_of_entry = |line: &&str| {
        let line = line.trim_end();
        line.is_empty() || KEYS_WRITTEN.iter().any(|key| line.starts_with(key))
    };
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let start = lines.windows(2).position(
        |pair| matches!(pair, [head, zone] if SECTIONS_WRITTEN.contains(&head.trim_end()) && is_name(zone)),
    );
    let (before, entry) = lines.split_at(start.unwrap_or(lines.len()));
    let length = 2 + entry.iter().skip(2).take_while(|line| is_of_entry(line)).count();
    let after = entry.get(length..).unwrap_or_default();
    if start.is_none() || after.first().is_some_and(|line| !line.starts_with('[')) {
        let sentence = format!(
            "The configuration file has no [[zone]] or [[host]] {name} in the form of `zone add --write`; change it with an editor, then run `resolverctl reload`."
        );
        return Err(Problem { fault: Blame::Request, sentence });
    }
    let gap = if after.is_empty() { "" } else { "\n" };
    Ok(format!("{}\n{gap}{}", before.concat().trim_end(), after.concat()))
}

/// A configured zone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ZoneState {
    /// Apex of the zone.
    pub zone: String,
    /// The name of the view whose clients see the zone; `None` if clients without a view see it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<String>,
    /// Where the answers of the zone come from, for instance forwarders or a file.
    pub kind: ZoneSource,
    /// True if names are resolved from the root servers when the forwarders of the zone fail.
    pub forward_first: bool,
    /// The servers that resolverd queries for names in the zone, as configured.
    pub servers: Vec<ZoneServer>,
    /// The path of the zone file; `None` if the zone has no file.
    pub file: Option<String>,
    /// The addresses of a `[[host]]` entry; empty for other zones.
    pub addresses: Vec<IpAddr>,
    /// The addresses from which resolverd sends queries for this zone, if they differ from the general setting; otherwise empty.
    pub source: Vec<IpAddr>,
    /// The largest TTL of answers from this zone, in seconds; `None` if the general setting applies.
    pub max_ttl: Option<f64>,
    /// The largest TTL of negative answers from this zone, in seconds; `None` if the general setting applies.
    pub negative_max_ttl: Option<f64>,
    /// Set if `zone add`, `block` or `host add` of resolverctl added the zone or host, which is then not in the configuration file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary: Option<Temporary>,
    /// Listeners that do not answer from this zone, each by its first address.
    pub hidden_at: Vec<SocketAddr>,
}

/// The remaining lifetime of a temporary zone or host.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Temporary {
    /// In seconds; `None` if resolverd removes the zone when it stops.
    pub left: Option<f64>,
}

/// Where the answers of a zone come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneSource {
    /// Recursive servers (forwarders), to which queries are forwarded.
    Forward,
    /// The authoritative servers of the zone, which are named in the configuration.
    Stub,
    /// The authoritative servers that resolverd finds with referrals from the root.
    Recurse,
    /// A file with the records of the zone.
    #[default]
    File,
    /// Records in the configuration file (`[[record]]`).
    Records,
    /// Nothing: the name and all names below it do not exist.
    Blocked,
    /// A `[[host]]` entry of the configuration.
    Host,
}

/// A server of a configured zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ZoneServer {
    /// The address and port of the server.
    pub address: SocketAddr,
    /// The name that the certificate of the server must have, if it is queried over TLS or HTTPS; `None` for UDP and TCP.
    pub tls: Option<String>,
    /// The path of the URL, if the server is queried over HTTPS; otherwise `None`.
    pub https: Option<String>,
    /// The round-trip time in seconds; `None` if the server has never answered.
    pub round_trip: Option<f64>,
    /// Whether the server answers queries; `None` if resolverd has not queried it since the start of the daemon or the last
    /// flush.
    pub health: Option<Health>,
    /// True if resolverd knows that the server does not serve the zone.
    pub lame: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_zone_entry_is_removed_alone() {
        let zone = |name: &str, validate| AddedZone {
            name: name.to_owned(),
            forward: vec!["10.1.1.1".to_owned(), "tls://10.1.1.2#dns.example".to_owned()],
            stub: Vec::new(),
            block: false,
            addresses: Vec::new(),
            validate,
        };
        let head = "version = 1\n[[zone]]\nname = \"b.example\" # mine\nrecurse = true\n";
        let (one, other) = (zone("a.example", false).entry(), zone("c.example.", true).entry());
        let both = format!("{head}\n{one}\n{other}");
        assert_eq!(without_entry(&both, "A.example."), Ok(format!("{head}\n{other}")));
        assert_eq!(without_entry(&both, "c.example"), Ok(format!("{head}\n{one}")));
        let commented = format!("{head}\n{one}\n# The next zone\n[[zone]]\nname = \"d.example\"\n");
        let longer = format!("{head}\n{one}max_ttl = 60\n");
        for text in [head, &commented, &longer, ""] {
            assert!(without_entry(text, "a.example").is_err(), "{text}");
        }
        assert!(without_entry(&both, "b.example").is_err());
    }
}
