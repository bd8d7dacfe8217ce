//! The zones of Unbound that have servers of their own, as other settings meet them.

use hickory_proto::rr::Name;
use toml::Value;

use super::reader::{Section, UnboundSetting};
use super::zones;
use crate::import::draft::Draft;
use crate::import::served;
use crate::import::values::is_within;
use crate::wire::presentation::name_text;

/// The zones of a file that have servers of their own.
pub(super) struct UpstreamZones<'s> {
    sections: Vec<&'s Section>,
    /// Whether all servers are asked over TLS.
    pub(super) tls: bool,
    /// Whether Unbound gave the reverse zones of private networks to these servers.
    pub(super) lets_lan_out: bool,
}

impl<'s> UpstreamZones<'s> {
    /// Those of a file; `server` is its section for all of them.
    pub(super) fn new(sections: &'s [Section], server: &Section) -> Self {
        let is_yes = |options: &[&str]| {
            options.iter().find_map(|option| server.last(option)).is_some_and(UnboundSetting::is_yes)
        };
        let of_servers = |section: &&Section| matches!(section.kind.as_str(), "forward-zone" | "stub-zone");
        Self {
            sections: sections.iter().filter(of_servers).collect(),
            tls: is_yes(&["tls-upstream", "ssl-upstream"]),
            lets_lan_out: is_yes(&["unblock-lan-zones"]),
        }
    }

    /// The names of those that are forwarded.
    pub(super) fn forwarded(&self) -> impl Iterator<Item = &'s str> {
        let has_servers =
            |section: &&&Section| section.kind == "forward-zone" && section.last("forward-addr").is_some();
        self.sections.iter().filter(has_servers).map(|section| zones::name(section))
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &'s Section> {
        self.sections.iter().copied()
    }

    /// Whether one of them has this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.sections
            .iter()
            .any(|section| is_within(zones::name(section), name) && is_within(name, zones::name(section)))
    }

    /// The closest one at or above a name.
    pub(super) fn around(&self, name: &str) -> Option<&'s Section> {
        let around = self.sections.iter().filter(|section| is_within(name, zones::name(section)));
        around.copied().max_by_key(|section| zones::name(section).trim_end_matches('.').len())
    }

    /// Whether Unbound answered the locally served zones below a zone of servers itself.
    pub(super) fn keeps_locally_served(&self, apex: &str) -> bool {
        !self.lets_lan_out && served::is_around(apex)
    }

    /// The keys of a `[[zone]]` whose names go where those of the zone around it go.
    pub(super) fn keys_around(&self, name: &Name) -> Vec<(&'static str, Value)> {
        let mut untold = Draft::default();
        let around = self.around(&name_text(name)).and_then(|section| {
            let (key, servers) = match section.kind.as_str() {
                "forward-zone" => ("forward", zones::forwarders(section, self.tls, &mut untold)),
                _ => ("stub", zones::stub_servers(section, &mut untold)),
            };
            (!servers.is_empty()).then(|| zones::keys(section, key, servers))
        });
        around.unwrap_or_else(|| vec![("recurse", Value::from(true))])
    }
}
