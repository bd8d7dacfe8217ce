//! The result of a file of Knot Resolver while it is read.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use crate::import::draft::Draft;
use crate::import::finding::SourcePlace;
use crate::import::finding::Weight::{Dangerous, Different};
use crate::import::names::Names;
use crate::import::root;
use crate::import::source::Sources;
use crate::import::upstreams::{GatheredZones, ZoneSource};
use crate::import::values::{Clients, loopback, network, plain, texts};
use crate::import::without_data::{EmptyZone, tell_denied, tell_nodata};

/// The effect of local data with denials, and what to do.
pub(super) const WITH_NODATA: (&str, &str) = (
    "also answered that these names have no records of other types (nodata)",
    "resolverd resolves other types as usual; for a whole name use a [[zone]] with records",
);

/// A rule of kresd.conf after which no further one is read for a name.
#[derive(Clone, Debug)]
pub(super) struct DecidingRule {
    pub(super) place: SourcePlace,
    /// Whether it denies the names.
    pub(super) denies: bool,
}

/// The result of a file while it is read.
pub(super) struct Gathered<'d> {
    pub(super) draft: &'d mut Draft,
    pub(super) sources: Sources,
    pub(super) zones: GatheredZones,
    pub(super) names: Names,
    pub(super) clients: Clients,
    /// The first setting of clients.
    pub(super) clients_at: Option<(SourcePlace, String)>,
    pub(super) addresses: Vec<SocketAddr>,
    /// The first setting of an address.
    pub(super) listen_at: Option<(SourcePlace, String)>,
    /// Names without validation.
    pub(super) untrusted: Vec<String>,
    /// The first setting of them.
    pub(super) untrusted_at: Option<(SourcePlace, String)>,
    /// The call that removed the keys of the root, until another one gives some.
    pub(super) unanchored: Option<(SourcePlace, String)>,
    /// Addresses to ask from.
    pub(super) from: Vec<IpAddr>,
    /// Zones without data whose own names did not exist.
    pub(super) denied: Vec<EmptyZone>,
    /// Whether kresd.conf denies the other types of names with addresses, as by default.
    pub(super) has_nodata: bool,
    /// Names below which each name has their records.
    pub(super) redirected: Vec<EmptyZone>,
    /// The rules of kresd.conf that decide, by the name at and below which no later one has an effect.
    pub(super) decided: HashMap<String, DecidingRule>,
}

impl<'d> Gathered<'d> {
    /// Nothing yet.
    pub(super) fn new(sources: Sources, draft: &'d mut Draft) -> Self {
        Self {
            draft,
            sources,
            zones: GatheredZones::default(),
            names: Names::default(),
            clients: Clients::default(),
            clients_at: None,
            addresses: Vec::new(),
            listen_at: None,
            untrusted: Vec::new(),
            untrusted_at: None,
            unanchored: None,
            from: Vec::new(),
            denied: Vec::new(),
            has_nodata: true,
            redirected: Vec::new(),
            decided: HashMap::new(),
        }
    }

    /// Adds an address to listen at: `address` or `address@port`.
    pub(super) fn listen(&mut self, place: &SourcePlace, typed: &str, text: &str, port: u16) {
        let (address, port) = match text.split_once('@') {
            Some((address, own)) => (address, own.parse().unwrap_or(port)),
            None => (text, port),
        };
        self.listen_at.get_or_insert_with(|| (place.clone(), typed.to_owned()));
        match (address, address.parse::<IpAddr>()) {
            (_, Ok(address)) => self.addresses.push(SocketAddr::new(address, port)),
            ("lo", _) => {
                let own = ["127.0.0.1", "::1"].iter().filter_map(|own| own.parse().ok());
                self.addresses.extend(own.map(|own| SocketAddr::new(own, port)));
            }
            _ => {
                let did = "listened at the addresses of a network interface, or at a socket";
                let instead = "add these addresses with their port to listen.addresses";
                self.draft.tell(Dangerous, place, typed, (did, instead));
            }
        }
    }

    /// The first rule that decides about a name, and the name at or above it that the rule is for.
    pub(super) fn decided_at(&self, name: &str) -> Option<(&str, &DecidingRule)> {
        let name = plain(name);
        let above = std::iter::successors(Some(name.as_str()), |name| {
            (!name.is_empty()).then(|| name.split_once('.').map_or("", |(_, parent)| parent))
        });
        above
            .filter_map(|above| self.decided.get_key_value(above))
            .map(|(name, rule)| (name.as_str(), rule))
            .next()
    }

    /// Adds zones without data, whose names exist no more.
    pub(super) fn deny(&mut self, (place, typed): (&SourcePlace, &str), names: &[&str]) {
        for name in names {
            let source = (ZoneSource::Records, Vec::new());
            self.zones.add((place, typed), (name, true), source, self.draft);
            let (place, option, name) = (place.clone(), typed.to_owned(), plain(name));
            self.denied.push(EmptyZone { place, option, name });
        }
    }

    /// Gives each name below a redirected one its records. Without records, all of these names are there and have none.
    fn redirect(&mut self) {
        for zone in std::mem::take(&mut self.redirected) {
            let lines = self.names.lines_below(&zone.name);
            if lines.is_empty() {
                tell_nodata(std::slice::from_ref(&zone), self.draft);
            }
            let source = (ZoneSource::Records, lines);
            self.zones.add((&zone.place, &zone.option), (&zone.name, true), source, self.draft);
        }
    }

    /// Leaves out the hosts whose names a rule denies.
    fn without_denied_hosts(&mut self) {
        let mut names = std::mem::take(&mut self.names);
        let mut void = Vec::new();
        names.retain_hosts(|(place, option), name| {
            let denied = self.decided_at(name).filter(|(_, rule)| rule.denies);
            if let Some((_, rule)) = denied {
                void.push((
                    place.clone(),
                    option.to_owned(),
                    format!("had no effect for {name}, which the rule at {} denies", rule.place),
                ));
            }
            denied.is_none()
        });
        self.names = names;
        for (place, option, did) in void {
            self.draft.tell(Different, &place, &option, (&did, "is left out"));
        }
    }

    /// Whether an earlier rule is for the same clients.
    pub(super) fn has_client(&self, net: &str) -> bool {
        let Clients { allow, refuse, drop } = &self.clients;
        let mut earlier = allow.iter().chain(refuse).chain(drop);
        network(net).is_some_and(|net| earlier.any(|earlier| earlier.contains(&net)))
    }

    /// Adds clients.
    pub(super) fn client(&mut self, place: &SourcePlace, typed: &str, net: &str, action: &str) {
        self.clients_at.get_or_insert_with(|| (place.clone(), typed.to_owned()));
        let Some(net) = network(net) else {
            let did = "named clients that cannot be read";
            return self.draft.tell(Dangerous, place, typed, (did, "add them to listen.allow"));
        };
        let Clients { allow, refuse, drop } = &mut self.clients;
        match action {
            "allow" => allow.push(net),
            "drop" => drop.push(net),
            _ => refuse.push(net),
        }
        if net.prefix_len() == 0 && action == "allow" {
            let did = "answered every client";
            let instead = "remove it from listen.allow unless a firewall keeps strangers out: open resolvers are used for attacks";
            self.draft.tell(Dangerous, place, typed, (did, instead));
        }
    }

    /// Adds names without validation.
    pub(super) fn untrust(&mut self, place: &SourcePlace, typed: &str, names: &[&str]) {
        self.untrusted_at.get_or_insert_with(|| (place.clone(), typed.to_owned()));
        self.untrusted.extend(names.iter().map(|name| plain(name)));
    }

    /// A file of keys to validate with.
    pub(super) fn anchors(&mut self, place: &SourcePlace, typed: &str, file: &str) {
        self.unanchored = None;
        root::keys_file((place, typed), &place.beside(file), self.draft);
    }

    /// A key to validate with, as a record.
    pub(super) fn anchor(&mut self, place: &SourcePlace, typed: &str, record: &str) {
        if record.split_whitespace().next() == Some(".") {
            self.unanchored = None;
            return root::key((place, typed), record, self.draft);
        }
        let did = "gave a key to validate with";
        let instead = "write the record into a file, and set dnssec.trust_anchor to the file";
        self.draft.tell(Dangerous, place, typed, (did, instead));
    }

    /// Whether clients of other hosts reach an address, and no rule is for all of them. Knot Resolver answers clients without a rule
    /// (its manual, "Views and ACLs").
    fn answers_others(&self) -> bool {
        let others = self.addresses.iter().map(SocketAddr::ip).filter(|address| !address.is_loopback());
        let is_for_all = |address: IpAddr| {
            self.clients.nets().any(|net| net.prefix_len() == 0 && net.addr().is_ipv4() == address.is_ipv4())
        };
        others.into_iter().any(|address| !is_for_all(address))
    }

    /// Allows this host unless a rule is for it: Knot Resolver answers clients without a rule.
    fn allow_this_host(&mut self) {
        for (place, own) in loopback().into_iter().enumerate() {
            if !self.clients.nets().any(|net| net.contains(&own)) {
                self.clients.allow.insert(place.min(self.clients.allow.len()), own);
            }
        }
    }

    /// Adds all of it.
    pub(super) fn finish(mut self) {
        if let Some((place, typed)) = self.listen_at.take() {
            if self.answers_others() {
                let did = if self.clients_at.is_none() {
                    "answered every client that reached these addresses"
                } else {
                    "answered every client that reached these addresses and that no rule refuses or drops"
                };
                let instead = "add the networks of the clients to listen.allow";
                self.draft.tell(Dangerous, &place, &typed, (did, instead));
            }
            let mut known: Vec<String> = Vec::new();
            for address in self.addresses.iter().map(ToString::to_string) {
                if !known.contains(&address) {
                    known.push(address);
                }
            }
            if !known.is_empty() {
                self.draft.set(&place, &typed, ("[listen]", "addresses"), texts(known));
            }
        }
        if let Some((place, typed)) = self.clients_at.take() {
            self.allow_this_host();
            self.draft.set_clients(&place, &typed, std::mem::take(&mut self.clients));
        }
        if let Some((place, typed)) = self.unanchored.take() {
            self.draft.set(&place, &typed, ("[dnssec]", "validate"), false);
        }
        if let Some((place, typed)) = self.untrusted_at.take() {
            self.untrusted.sort();
            self.untrusted.dedup();
            let names = texts(std::mem::take(&mut self.untrusted));
            self.draft.set(&place, &typed, ("[dnssec]", "negative_trust_anchors"), names);
        }
        self.without_denied_hosts();
        self.redirect();
        tell_denied(&self.denied, self.draft);
        self.zones.finish(self.draft);
        self.names.finish(self.draft);
    }
}
