//! The zones for whose names Unbound queries configured servers: `forward-zone` and `stub-zone`.

use std::collections::HashSet;
use std::collections::hash_map::{Entry, HashMap};

use hickory_proto::rr::Name;
use toml::Value;

use super::reader::{Section, UnboundSetting};
use crate::draft::Draft;
use crate::finding::{SourcePlace, Weight};
use crate::served;
use crate::values::{Upstream, enclosing, plain, texts, unique, upstream_text};
use dns::wire::presentation::name_text;

/// The zones of unbound.conf with their own servers.
pub(super) struct UpstreamZones<'s> {
    sections: Vec<&'s Section>,
    /// For each zone name, the last section with this name.
    named: HashMap<String, &'s Section>,
    /// Zones that are forwarded to servers with addresses in the file.
    forwarded: HashSet<String>,
    /// True if Unbound queries all servers over TLS.
    pub(super) tls: bool,
    /// True if Unbound sends the reverse names of private networks to these servers (`unblock-lan-zones`).
    pub(super) lets_lan_out: bool,
}

impl<'s> UpstreamZones<'s> {
    pub(super) fn new(sections: &'s [Section], server: &Section) -> Self {
        let is_yes = |options: &[&str]| {
            options.iter().find_map(|option| server.last(option)).is_some_and(UnboundSetting::is_yes)
        };
        let of_servers = |section: &&Section| matches!(section.kind.as_str(), "forward-zone" | "stub-zone");
        let sections: Vec<&Section> = sections.iter().filter(of_servers).collect();
        let has_servers =
            |section: &&&Section| section.kind == "forward-zone" && section.last("forward-addr").is_some();
        let forwarded = sections.iter().filter(has_servers).map(|section| plain(name(section)));
        Self {
            forwarded: forwarded.collect(),
            named: sections.iter().map(|section| (plain(name(section)), *section)).collect(),
            sections,
            tls: is_yes(&["tls-upstream", "ssl-upstream"]),
            lets_lan_out: is_yes(&["unblock-lan-zones"]),
        }
    }

    /// Returns true if `asked`, or a zone above it, is forwarded to servers that the file names by their addresses (`forward-addr`).
    pub(super) fn is_forwarded(&self, asked: &str) -> bool {
        enclosing(&plain(asked)).any(|around| self.forwarded.contains(around))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &'s Section> {
        self.sections.iter().copied()
    }

    /// Returns the positions of sections without effect. Of several sections with the same name, Unbound uses the last `forward-zone`, or else the
    /// last `stub-zone` (tested with Unbound 1.17).
    pub(super) fn replaced(&self) -> HashSet<SourcePlace> {
        let mut taken: HashMap<String, (bool, &Section)> = HashMap::new();
        let mut replaced = HashSet::new();
        for section in &self.sections {
            let name = plain(name(section));
            let is_forward = section.kind == "forward-zone";
            match taken.entry(name) {
                Entry::Vacant(free) => {
                    free.insert((is_forward, section));
                }
                Entry::Occupied(known) if known.get().0 && !is_forward => {
                    replaced.insert(section.place.clone());
                }
                Entry::Occupied(mut known) => {
                    replaced.insert(known.insert((is_forward, section)).1.place.clone());
                }
            }
        }
        replaced
    }

    /// Returns true if a zone has exactly the name `asked`.
    pub(super) fn has(&self, asked: &str) -> bool {
        self.named.contains_key(&plain(asked))
    }

    /// Of the zones that contain `asked`, returns the one with the longest zone name.
    pub(super) fn around(&self, asked: &str) -> Option<&'s Section> {
        enclosing(&plain(asked)).find_map(|around| self.named.get(around).copied())
    }

    /// Returns true if Unbound itself answers the locally served zones (RFC 6303) below the zone `apex`, which has servers.
    pub(super) fn keeps_locally_served(&self, apex: &str) -> bool {
        !self.lets_lan_out && served::is_around(apex)
    }

    /// Returns the keys of a `[[zone]]` that sends the queries for `name` to the servers of the zone above it, or uses recursion if there are
    /// none.
    pub(super) fn keys_around(&self, name: &Name) -> Vec<(&'static str, Value)> {
        let mut unreported = Draft::default();
        let around = self.around(&name_text(name)).and_then(|section| {
            let (key, servers) = match section.kind.as_str() {
                "forward-zone" => ("forward", forwarders(section, self.tls, &mut unreported)),
                _ => ("stub", stub_servers(section, &mut unreported)),
            };
            (!servers.is_empty()).then(|| keys(section, key, servers))
        });
        around.unwrap_or_else(|| vec![("recurse", Value::from(true))])
    }
}

/// `tls` is true if all servers are queried over TLS.
pub(super) fn forwarders(section: &Section, tls: bool, draft: &mut Draft) -> Vec<String> {
    servers(section, "forward-addr", tls || has_own_tls(section, "forward"), draft)
}

pub(super) fn stub_servers(section: &Section, draft: &mut Draft) -> Vec<String> {
    servers(section, "stub-addr", false, draft)
}

/// Returns true if the zone's own settings turn on TLS.
pub(super) fn has_own_tls(section: &Section, kind: &str) -> bool {
    let own = |word: &str| section.last(&format!("{kind}-{word}-upstream"));
    own("tls").or_else(|| own("ssl")).is_some_and(UnboundSetting::is_yes)
}

/// Returns the name of the zone to which a section applies: the root if the section has no `name`.
pub(super) fn name(section: &Section) -> &str {
    section.last("name").map_or(".", UnboundSetting::value)
}

/// Returns true if the section gives the address of at least one server, and not only names of servers.
pub(super) fn has_addresses(section: &Section) -> bool {
    ["forward-addr", "stub-addr"].iter().any(|option| section.last(option).is_some())
}

pub(super) fn keys(section: &Section, key: &'static str, servers: Vec<String>) -> Vec<(&'static str, Value)> {
    let mut keys = vec![(key, texts(servers))];
    if key == "forward" && section.last("forward-first").is_some_and(UnboundSetting::is_yes) {
        keys.push(("forward_first", Value::from(true)));
    }
    keys
}

/// Returns servers in the form of resolverd's configuration. `option` names the setting with their addresses.
pub(super) fn servers(section: &Section, option: &str, tls: bool, draft: &mut Draft) -> Vec<String> {
    let mut servers = Vec::new();
    for setting in section.all(option) {
        let Some(server) = Upstream::from_unbound(setting.value(), tls) else {
            draft.report(
                Weight::Dangerous,
                &(&setting.place, &format!("{option}: {}", setting.value())),
                ("named a server by an address that cannot be read", "add its address to the [[zone]]"),
            );
            continue;
        };
        match upstream_text(&server) {
            Some(text) => servers.push(text),
            None => draft.report(
                Weight::Dangerous,
                &(&setting.place, &format!("{option}: {}", setting.value())),
                (
                    "sent queries over TLS without a check of the certificate",
                    "add the server with its name, like \"tls://192.0.2.1#dns.example\"",
                ),
            ),
        }
    }
    unique(servers)
}
