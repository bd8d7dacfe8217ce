//! Where the servers of a zone are: their names as child and parent have them, and the addresses that are known.
//!
//! What a zone says of its own servers is believed more than what its parent says (RFC 2181 section 5.4.1), but only while
//! the parent's delegation lives: a zone that was taken away must not keep itself alive by answering for itself (ghost
//! domains, NDSS 2012). It says so where it is asked for its NS; an NS set that comes along unasked with other answers is
//! not taken, as it is how caches are poisoned (CVE-2025-11411).

use std::net::{IpAddr, SocketAddr};

use hickory_proto::rr::{Name, RData, RecordType};

use super::context::Context;
use super::{Errand, Iterate};
use crate::cache::rrsets::{Delegation, Rank};
use crate::limits::MAX_SERVERS;

/// Where the servers of a zone are.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    /// They are asked first: those of the zone's own NS set, where it is known and has any, else the parent's.
    pub(super) first: Vec<SocketAddr>,
    /// The parent's, where the zone's own come first: for when these do not serve it.
    pub(super) reserve: Vec<SocketAddr>,
    /// Names without an address that could be asked.
    pub(super) unglued: Vec<Name>,
}

impl Iterate {
    /// Where the servers of `cut` are, as far as that is known.
    pub(super) fn addresses(&self, errand: Errand<'_>, cut: &Delegation) -> Addresses {
        if !cut.configured.is_empty() {
            return Addresses { first: cut.configured.clone(), ..Addresses::default() };
        }
        let mut addresses = Addresses::default();
        for name in self.own_servers(errand.context, &cut.zone) {
            let known = self.known_addresses(errand.context, cut, &name);
            if known.is_empty() {
                addresses.unglued.push(name);
            }
            addresses.first.extend(known);
        }
        let own = !addresses.first.is_empty();
        for name in &cut.servers {
            let known = self.known_addresses(errand.context, cut, name);
            if known.is_empty() && !addresses.unglued.contains(name) {
                addresses.unglued.push(name.clone());
            }
            if own { &mut addresses.reserve } else { &mut addresses.first }.extend(known);
        }
        if cut.zone.is_root() {
            addresses.reserve.extend(self.hinted(errand.context));
        }
        // Memory may know of an address that is old or wrong: the one that came with the delegation is tried after it.
        let (now, config) = (self.now(), &errand.context.view.config.resolve);
        let glue = cut.glue.iter().filter(|(_, address)| self.means.families.allows(config, *address, now));
        addresses.reserve.extend(glue.map(|(_, address)| SocketAddr::new(*address, config.upstream_port)));
        addresses.reserve.retain(|address| !addresses.first.contains(address));
        addresses
    }

    /// The addresses of all servers of `cut` as delegations have them: for when those of the servers' own zones, which go before
    /// them, are denied or of no use.
    pub(super) fn glue_of_servers(&self, errand: Errand<'_>, cut: &Delegation) -> Vec<SocketAddr> {
        let own = self.own_servers(errand.context, &cut.zone);
        own.iter().chain(&cut.servers).flat_map(|server| self.glue_of(errand.context, server)).collect()
    }

    /// The addresses of one server as delegations have them.
    pub(super) fn glue_of(&self, context: &Context, server: &Name) -> Vec<SocketAddr> {
        let (now, port) = (self.now(), context.view.config.resolve.upstream_port);
        let rrsets = self.memory.rrsets.of(context.view.knows);
        let glue = self.address_kinds(context).filter_map(|kind| rrsets.glue(server, kind, now));
        let socket = |address| SocketAddr::new(address, port);
        glue.flat_map(|glue| glue.addresses().map(socket).collect::<Vec<_>>()).collect()
    }

    /// Servers of `cut` outside it whose addresses are known from delegations alone.
    pub(super) fn known_by_glue(&self, context: &Context, cut: &Delegation) -> Vec<Name> {
        let (now, rrsets) = (self.now(), self.memory.rrsets.of(context.view.knows));
        let told = |name: &Name| {
            self.address_kinds(context).any(|kind| rrsets.get(name, kind, Rank::Answer, now).is_some())
        };
        let glued = |name: &Name| {
            let place = cut.servers.iter().position(|server| server == name);
            let kept = || self.address_kinds(context).any(|kind| rrsets.glue(name, kind, now).is_some());
            cut.glue.iter().any(|(of, _)| Some(*of) == place) || kept()
        };
        let outside = cut.servers.iter().filter(|name| !cut.zone.zone_of(name));
        outside.filter(|name| glued(name) && !told(name)).cloned().collect()
    }

    /// The root's servers as the hints have them: whoever primed us with servers that serve nothing is not believed for long.
    fn hinted(&self, context: &Context) -> Vec<SocketAddr> {
        let (now, config) = (self.now(), &context.view.config.resolve);
        let hints = config.root_hints.servers.iter().flat_map(|(_, addresses)| addresses);
        let used = hints.filter(|address| self.means.families.allows(config, **address, now));
        used.map(|address| SocketAddr::new(*address, config.upstream_port)).collect()
    }

    /// The servers of `zone` as it names them itself; none where it was not asked.
    fn own_servers(&self, context: &Context, zone: &Name) -> Vec<Name> {
        let now = self.now();
        let rrsets = self.memory.rrsets.of(context.view.knows);
        let Some(rrset) = rrsets.rrset(zone, RecordType::NS, Rank::Answer, now) else { return Vec::new() };
        let name = |data: &RData| match data {
            RData::NS(server) => Some(server.0.to_lowercase()),
            _ => None,
        };
        let records = rrset.records(zone, now);
        records.iter().filter_map(|record| name(&record.data)).take(MAX_SERVERS).collect()
    }

    /// Whether two addresses are one server's: it has both of them, of two families, say.
    pub(super) fn are_one(&self, errand: Errand<'_>, cut: &Delegation, one: IpAddr, other: IpAddr) -> bool {
        let names = self.own_servers(errand.context, &cut.zone);
        let has = |name: &Name| {
            let known = self.known_addresses(errand.context, cut, name);
            [one, other].iter().all(|address| known.iter().any(|known| known.ip() == *address))
        };
        one == other || names.iter().chain(&cut.servers).any(has)
    }

    /// The addresses of a server that may be asked: what memory knows, else what came with the delegation.
    pub(super) fn known_addresses(
        &self,
        context: &Context,
        cut: &Delegation,
        server: &Name,
    ) -> Vec<SocketAddr> {
        let (now, config) = (self.now(), &context.view.config.resolve);
        let rrsets = self.memory.rrsets.of(context.view.knows);
        let mut known: Vec<IpAddr> = Vec::new();
        for kind in self.address_kinds(context) {
            if let Some(rrset) = rrsets.rrset(server, kind, Rank::Glue, now) {
                known.extend(rrset.addresses());
            }
        }
        if known.is_empty() {
            let place = cut.servers.iter().position(|name| name == server);
            let glue = cut.glue.iter().filter(|(of, _)| Some(*of) == place).map(|(_, address)| *address);
            known.extend(glue.filter(|address| self.means.families.allows(config, *address, now)));
        }
        known.into_iter().map(|address| SocketAddr::new(address, config.upstream_port)).collect()
    }

    /// The types of the addresses that are of use: those of the families that lead anywhere.
    pub(super) fn address_kinds(&self, context: &Context) -> impl Iterator<Item = RecordType> + use<> {
        let (now, config) = (self.now(), &context.view.config.resolve);
        let ipv4 = self.means.families.ipv4(config, now);
        let ipv6 = self.means.families.ipv6(config, now);
        ipv4.then_some(RecordType::A).into_iter().chain(ipv6.then_some(RecordType::AAAA))
    }

    /// Whether a server may be asked: its family leads somewhere, and the operator has not denied it. What the operator
    /// has named is asked.
    pub(super) fn may_ask(&self, context: &Context, cut: &Delegation, address: IpAddr) -> bool {
        let config = &context.view.config.resolve;
        let denied = !cut.trusted && config.deny_servers.iter().any(|net| net.contains(&address));
        !denied && (!cut.configured.is_empty() || self.means.families.allows(config, address, self.now()))
    }
}
