//! The configurations that reloads apply during the test.

use std::net::SocketAddr;
use std::sync::Arc;

use config::{Config, ConfiguredList, ConfiguredZone, Listener, LookaheadMode, ZoneKind};
use dns::random::Random;
use dnsbl::list::{Guard, WhenSilent};
use dnsbl::registry::Registry;
use lab::internet::Internet;
use lab::simulation::config_trusting;

/// The index of the mail domain that some configurations replace by a configured zone. Only its public zone is signed.
pub(crate) const SPLIT: usize = 0;

/// The number of versions of the configured zone `SPLIT`.
pub(crate) const SPLIT_VERSIONS: usize = 2;

/// The index of the mail domain with a stub zone.
const STUB: usize = 5;

/// The maximum number of listeners in addition to the first one.
const MAX_LISTENERS: u32 = 4;

/// The size of the cache, in octets. It is so small that the cache gets full.
const CACHE_SIZE: u64 = 8 << 20;

/// The configured zones that the clients of a listener see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sees {
    All,
    Split,
    Nothing,
}

impl Sees {
    pub(crate) const ALL: [Self; 3] = [Self::All, Self::Split, Self::Nothing];
}

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The configured zones that the clients of each listener see. The clients of the first listener see all of them.
    pub(crate) listeners: Vec<Sees>,
    /// The version of the configured zone `SPLIT`, if the configuration has this zone.
    pub(crate) split: Option<usize>,
    pub(crate) stub: bool,
    /// The index of the DNS list that is not configured as a list, so that its zone is resolved like any other zone.
    pub(crate) unguarded: Option<usize>,
    /// The index of the DNS list for which NXDOMAIN (not listed) is the configured answer if the list does not answer.
    pub(crate) told: Option<usize>,
}

pub(crate) fn split_text(version: usize) -> String {
    format!(
        "@ 300 SOA ns host 1 2 3 4 60\n@ 300 NS ns\nns 300 A 10.1.0.{version}\n@ 300 MX 10 mail\n@ 300 A 10.2.0.{version}\n\
         mail 300 A 10.3.0.{version}\nonly-inside 300 A 10.4.0.{version}\n"
    )
}

impl Plan {
    /// Returns the configuration with one listener, without zones, and with all DNS lists.
    pub(crate) fn plain() -> Self {
        Self { listeners: vec![Sees::All], split: None, stub: false, unguarded: None, told: None }
    }

    pub(crate) fn draw(internet: &Internet, random: &Random) -> Self {
        let below = |bound: usize| random.below(bound as u32) as usize;
        let more = (0..random.below(MAX_LISTENERS + 1)).map(|_| Sees::ALL[below(3)]);
        let listeners = [Sees::All].into_iter().chain(more).collect();
        let one_of_lists = || Some(below(internet.lists.len())).filter(|_| random.below(3) == 0);
        Self {
            listeners,
            split: Some(below(SPLIT_VERSIONS)).filter(|_| random.below(3) > 0),
            stub: random.below(2) == 0,
            unguarded: one_of_lists(),
            told: one_of_lists(),
        }
    }

    pub(crate) fn config(&self, internet: &Internet) -> Config {
        let mut config = config_trusting(&internet.lab);
        config.cache.size = CACHE_SIZE;
        config.lookahead.mode = LookaheadMode::Rules;
        let split = &internet.domains[SPLIT].name;
        let of = |sees: &Sees| Listener {
            lookahead: None,
            addresses: Vec::new(),
            tls: Vec::new(),
            https: Vec::new(),
            quic: Vec::new(),
            certificate: None,
            key: None,
            allow: Vec::new(),
            open_resolver: false,
            refuse: Vec::new(),
            drop: Vec::new(),
            workers: 0,
            zones: match sees {
                Sees::All => None,
                Sees::Split => Some(vec![split.clone()]),
                Sees::Nothing => Some(Vec::new()),
            },
            dnsbl: Guard::Guard,
            on_refusal: None,
        };
        config.listeners = self.listeners.iter().skip(1).map(of).collect();
        if let Some(version) = self.split {
            let kind = ZoneKind::File { path: "split.zone".into(), text: split_text(version) };
            config.zones.push(zone(split, kind));
        }
        if self.stub {
            let name = &internet.domains[STUB].name;
            let (_, servers) = internet.lab.zones().find(|(zone, _)| *zone == name).unwrap();
            let addresses = servers.iter().map(|server| SocketAddr::new(server.addresses()[0], 53)).collect();
            config.zones.push(zone(name, ZoneKind::Stub(addresses)));
        }
        if let Some(place) = self.unguarded {
            let mut registry = Registry::clone(&config.dnsbl.registry);
            registry.lists.remove(&internet.lists[place].zone);
            config.dnsbl.registry = Arc::new(registry);
        }
        config.lists = self.told.iter().map(|place| entry(internet, *place)).collect();
        config
    }
}

fn zone(name: &hickory_proto::rr::Name, kind: ZoneKind) -> ConfiguredZone {
    ConfiguredZone { name: name.clone(), kind, ..ConfiguredZone::default() }
}

/// Creates the configuration of a DNS list of the test, because the built-in registry may not have this list.
fn entry(internet: &Internet, place: usize) -> ConfiguredList {
    ConfiguredList {
        name: internet.lists[place].zone.clone(),
        when_silent: Some(WhenSilent::Nxdomain),
        ..ConfiguredList::default()
    }
}
