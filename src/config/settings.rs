//! The type `Config`: the whole configuration as one value.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use hickory_proto::rr::Name;

use super::dnsbl::Dnsbl;
use super::dnstap::DnstapSection;
use super::fleet::FleetSection;
use super::list::ConfiguredList;
use super::listener::Listener;
use super::lookahead::LookaheadSection;
use super::own::OwnSection;
use super::records::ConfiguredRecord;
use super::sections::{Cache, Control, Dnssec, HistorySection, LogSection, MetricsSection, Resolve};
use super::tls_policy::TlsPolicySection;
use super::view::ConfiguredView;
use super::watch::ConfiguredWatch;
use super::zone::{ConfiguredHost, ConfiguredZone};
use crate::limits::{MAX_AUTO_RECORD, RECORD_SHARE};
use dnsbl::list::List;
use record::limits::MIN_RECORD;

/// The configuration: all settings that the operator can make in the configuration file and on the command line.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The section `[listen]`.
    pub listen: Listener,
    /// True if the command line sets the addresses of `[listen]`. The addresses in the configuration file are then ignored.
    pub has_fixed_addresses: bool,
    /// True if the command line disables the snapshot of the cache. The setting in the configuration file is then ignored.
    pub is_without_snapshot: bool,
    /// The `[[listener]]` entries: further listeners, each with its own clients and zones.
    pub listeners: Vec<Listener>,
    /// The section `[cache]`.
    pub cache: Cache,
    /// The section `[resolve]`.
    pub resolve: Resolve,
    /// The section `[dnssec]`.
    pub dnssec: Dnssec,
    /// The `[[view]]` entries: groups of clients that see zones of their own.
    pub views: Vec<ConfiguredView>,
    /// The `[[zone]]` entries: zones with servers or data that the operator configures.
    pub zones: Vec<ConfiguredZone>,
    /// The `[[host]]` entries: names with configured addresses.
    pub hosts: Vec<ConfiguredHost>,
    /// The `[[record]]` entries: configured records of any type.
    pub records: Vec<ConfiguredRecord>,
    /// The section `[dnsbl]`.
    pub dnsbl: Dnsbl,
    /// The `[[list]]` entries: DNS lists that are not in the registry, and changes to lists of the registry.
    pub lists: Vec<ConfiguredList>,
    /// The section `[lookahead]`.
    pub lookahead: LookaheadSection,
    /// The `[[watch]]` entries: domains whose mail settings in DNS are checked on schedule.
    pub watches: Vec<ConfiguredWatch>,
    /// The section `[own]`.
    pub own: OwnSection,
    /// The section `[control]`.
    pub control: Control,
    /// The section `[metrics]`.
    pub metrics: MetricsSection,
    /// The section `[tls_policy]`.
    pub tls_policy: TlsPolicySection,
    /// The section `[history]`.
    pub history: HistorySection,
    /// The section `[dnstap]`.
    pub dnstap: DnstapSection,
    /// The section `[fleet]`.
    pub fleet: FleetSection,
    /// The section `[log]`.
    pub log: LogSection,
}

impl Config {
    /// Returns the memory for the most recent questions in the query history, in octets. 0 means that no questions are stored.
    pub fn history_size(&self) -> u64 {
        let share = self.cache.size / RECORD_SHARE;
        self.history.size.unwrap_or_else(|| share.clamp(MIN_RECORD, MAX_AUTO_RECORD))
    }

    /// Returns all listeners: first the listener of `[listen]`, then the listener of each `[[listener]]`.
    pub fn all_listeners(&self) -> impl Iterator<Item = &Listener> {
        std::iter::once(&self.listen).chain(&self.listeners)
    }

    /// Replaces the addresses of `[listen]`, for the option `--listen` on the command line.
    #[must_use]
    pub fn with_listen(mut self, addresses: Vec<SocketAddr>) -> Self {
        self.listen.addresses = addresses;
        self.has_fixed_addresses = true;
        self
    }

    /// Disables the snapshot of the cache, for the option `--no-snapshot` on the command line.
    #[must_use]
    pub fn without_snapshot(mut self) -> Self {
        self.cache.snapshot = false;
        self.is_without_snapshot = true;
        self
    }

    /// Returns all DNS lists by the apexes of their zones: those of the registry, and those that the operator has configured.
    pub fn lists(&self) -> BTreeMap<Name, Arc<List>> {
        let mut lists = self.dnsbl.registry.lists.clone();
        for entry in &self.lists {
            if let Some(list) = self.own_list(entry, lists.get(&entry.name).map(Arc::as_ref)) {
                lists.insert(entry.name.clone(), Arc::new(list));
            }
        }
        lists
    }

    /// Returns the DNS list with this apex, some hundred times faster than `lists`.
    pub fn list(&self, apex: &Name) -> Option<Arc<List>> {
        let known = self.dnsbl.registry.lists.get(apex).cloned();
        let own = self.lists.iter().filter(|entry| entry.name == *apex);
        own.fold(known, |known, entry| self.own_list(entry, known.as_deref()).map(Arc::new).or(known))
    }

    /// Returns the DNS list of a `[[list]]` entry. `known` is the list of the registry that `entry` changes, if there is one.
    fn own_list(&self, entry: &ConfiguredList, known: Option<&List>) -> Option<List> {
        let mut list = entry.list(known)?;
        let base = entry.with_key.as_ref().or_else(|| self.dnsbl.registry.keyed.get(&entry.name));
        if let (Some(file), Some(base)) = (&entry.key, base) {
            list.take_key(base, file.key.clone());
        }
        Some(list)
    }
}
