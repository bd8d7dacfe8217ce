//! The servers of a zone: their names in the NS sets of the zone itself and of its parent, and their known addresses.
//!
//! The NS set of a zone itself ranks above that of its parent (RFC 2181 section 5.4.1), but only until the parent's delegation expires. Otherwise a
//! zone that its parent has removed would stay in use because its own servers still answer (ghost domains, NDSS 2012). The zone's own NS set is used
//! only if it was the answer to a query for NS, because an unasked NS set can poison the cache (CVE-2025-11411). In the same way, the addresses that a
//! zone gives for its own servers are used before the glue of its parent only until the parent's delegation expires: after a move, the old servers may
//! still answer and name themselves with a long TTL (CVE-2026-40622).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use hickory_proto::rr::{Name, RData, RecordType};
use ipnet::IpNet;

use super::context::Context;
use super::failure::{UnusedFamily, UnusedReason};
use super::families::FamilyState;
use super::{Iterate, Lookup};
use crate::cache::entries::Known;
use crate::limits::MAX_SERVERS;
use config::Family;
use dns::cached::{Delegation, Rank};
use dns::clock::Mono;

#[derive(Debug, Default)]
pub(super) struct Addresses {
    /// The addresses to ask first: those of the zone's own NS set if at least one is known, otherwise those of the parent's NS set.
    pub(super) first: Vec<SocketAddr>,
    /// The addresses to ask after those in `first`: the glue. If `first` comes from the zone's own NS set, also the addresses of the parent's NS set.
    pub(super) reserve: Vec<SocketAddr>,
    pub(super) unglued: Vec<Name>,
}

/// The cached addresses of one server.
#[derive(Debug, Default)]
pub(super) struct KnownAddresses {
    pub(super) used: Vec<SocketAddr>,
    /// Addresses from the zone itself that are older than the glue in `used`. They are asked if no server answers there.
    outdated: Vec<SocketAddr>,
}

impl Iterate {
    pub(super) fn addresses(&self, lookup: Lookup<'_>, cut: &Delegation) -> Addresses {
        if !cut.configured.is_empty() {
            return Addresses { first: cut.configured.clone(), ..Addresses::default() };
        }
        let mut addresses = Addresses::default();
        let (now, config) = (self.now(), &lookup.context.view.config.resolve);
        for name in self.own_servers(lookup.context, cut, now) {
            let KnownAddresses { used, outdated } = self.known_addresses(lookup.context, cut, &name, now);
            if used.is_empty() {
                addresses.unglued.push(name);
            }
            addresses.first.extend(used);
            addresses.reserve.extend(outdated);
        }
        let own = !addresses.first.is_empty();
        for name in &cut.servers {
            let KnownAddresses { used, outdated } = self.known_addresses(lookup.context, cut, name, now);
            if used.is_empty() && !addresses.unglued.contains(name) {
                addresses.unglued.push(name.clone());
            }
            if own { &mut addresses.reserve } else { &mut addresses.first }.extend(used);
            addresses.reserve.extend(outdated);
        }
        if cut.zone.is_root() {
            addresses.reserve.extend(self.hinted(lookup.context));
        }
        // The glue becomes a reserve, because a cached address may be outdated or wrong.
        let glue = cut.glue.iter().filter(|(_, address)| self.shared.families.allows(config, *address, now));
        addresses.reserve.extend(glue.map(|(_, address)| SocketAddr::new(*address, config.upstream_port)));
        addresses.reserve.retain(|address| !addresses.first.contains(address));
        addresses
    }

    /// Returns the glue of all servers of `cut`. It is used if the zones of the server names deny the addresses, or if no server answers at the
    /// addresses that these zones give.
    pub(super) fn glue_of_servers(&self, lookup: Lookup<'_>, cut: &Delegation) -> Vec<SocketAddr> {
        let own = self.own_servers(lookup.context, cut, self.now());
        own.iter().chain(&cut.servers).flat_map(|server| self.glue_of(lookup.context, server)).collect()
    }

    pub(super) fn glue_of(&self, context: &Context, server: &Name) -> Vec<SocketAddr> {
        let (now, port) = (self.now(), context.view.config.resolve.upstream_port);
        let rrsets = self.memory.rrsets.in_view(context.view.knows);
        let glue = self.address_kinds(context, now).filter_map(|kind| rrsets.glue(server, kind, now));
        let socket = |address| SocketAddr::new(address, port);
        glue.flat_map(|glue| glue.addresses().map(socket).collect::<Vec<_>>()).collect()
    }

    /// Returns the servers of `cut` with names outside its zone whose addresses are known only from glue.
    pub(super) fn known_by_glue(&self, context: &Context, cut: &Delegation) -> Vec<Name> {
        let (now, rrsets) = (self.now(), self.memory.rrsets.in_view(context.view.knows));
        let resolved = |name: &Name| {
            self.address_kinds(context, now).any(|kind| rrsets.get(name, kind, Rank::Answer, now).is_some())
        };
        let glued = |name: &Name| {
            let place = cut.servers.iter().position(|server| server == name);
            let kept = || self.address_kinds(context, now).any(|kind| rrsets.glue(name, kind, now).is_some());
            cut.glue.iter().any(|(of, _)| Some(*of) == place) || kept()
        };
        let outside = cut.servers.iter().filter(|name| !cut.zone.zone_of(name));
        outside.filter(|name| glued(name) && !resolved(name)).cloned().collect()
    }

    /// Returns the addresses in the root hints, for use if the servers in the priming answer do not answer.
    fn hinted(&self, context: &Context) -> Vec<SocketAddr> {
        let (now, config) = (self.now(), &context.view.config.resolve);
        let hints = config.root_hints.servers.iter().flat_map(|(_, addresses)| addresses);
        let used = hints.filter(|address| self.shared.families.allows(config, **address, now));
        used.map(|address| SocketAddr::new(*address, config.upstream_port)).collect()
    }

    /// Returns the servers in the zone's own NS set, if the cache has an answer to a query for it that is not older than the delegation.
    fn own_servers(&self, context: &Context, cut: &Delegation, now: Mono) -> Vec<Name> {
        let (rrsets, zone) = (self.memory.rrsets.in_view(context.view.knows), &cut.zone);
        let rrset = rrsets.rrset(zone, RecordType::NS, Rank::Answer, now);
        let Some(rrset) = rrset.filter(|rrset| rrset.stored() >= cut.since) else { return Vec::new() };
        let name = |data: &RData| match data {
            RData::NS(server) => Some(server.0.to_lowercase()),
            _ => None,
        };
        let records = rrset.records(zone, now);
        records.iter().filter_map(|record| name(&record.data)).take(MAX_SERVERS).collect()
    }

    pub(super) fn are_one(&self, lookup: Lookup<'_>, cut: &Delegation, one: IpAddr, other: IpAddr) -> bool {
        let now = self.now();
        let names = self.own_servers(lookup.context, cut, now);
        let has = |name: &Name| {
            let known = self.known_addresses(lookup.context, cut, name, now).used;
            [one, other].iter().all(|address| known.iter().any(|known| known.ip() == *address))
        };
        one == other || names.iter().chain(&cut.servers).any(has)
    }

    /// Returns the usable addresses of a server: from cached address records, otherwise from the glue. Address records of the zone itself that are
    /// older than the glue of its delegation are outdated: only the newer delegation shows which servers the zone has now.
    pub(super) fn known_addresses(
        &self,
        context: &Context,
        cut: &Delegation,
        server: &Name,
        now: Mono,
    ) -> KnownAddresses {
        let config = &context.view.config.resolve;
        let rrsets = self.memory.rrsets.in_view(context.view.knows);
        // Usually `server` is a reference to one of these names, and comparing pointers is faster.
        let is_it = |name: &Name| std::ptr::eq(name, server) || name == server;
        let place = cut.servers.iter().position(is_it);
        let is_glued = || cut.glue.iter().any(|(of, _)| Some(*of) == place);
        let has_glue_of = |kind: RecordType| {
            let is_of = |address: &IpAddr| address.is_ipv4() == (kind == RecordType::A);
            cut.glue.iter().any(|(of, address)| Some(*of) == place && is_of(address))
        };
        let socket = |address: IpAddr| SocketAddr::new(address, config.upstream_port);
        let (mut keys, mut known) = (rrsets.keys(server), KnownAddresses::default());
        for kind in self.address_kinds(context, now) {
            if let Some(rrset) = rrsets.rrset_of(&mut keys, kind, Rank::Glue, now) {
                let is_older = rrset.stored() < cut.since;
                let is_outdated = is_older && has_glue_of(kind) && cut.zone.zone_of(server);
                let addresses = rrset.addresses().map(socket);
                if is_outdated { &mut known.outdated } else { &mut known.used }.extend(addresses);
                // No question waits for the addresses of a server with glue, so they are not renewed.
                if rrset.is_to_be_renewed(now) && !is_glued() {
                    self.queue_address_renewal(server, kind, context);
                }
            }
        }
        if known.used.is_empty() {
            let glue = cut.glue.iter().filter(|(of, _)| Some(*of) == place).map(|(_, address)| *address);
            let usable = glue.filter(|address| self.shared.families.allows(config, *address, now));
            known.used.extend(usable.map(socket));
        }
        known
    }

    /// Returns A, AAAA or both, according to the address families that this host uses.
    pub(super) fn address_kinds(
        &self,
        context: &Context,
        now: Mono,
    ) -> impl Iterator<Item = RecordType> + use<> {
        let config = &context.view.config.resolve;
        let ipv4 = self.shared.families.ipv4(config, now);
        let ipv6 = self.shared.families.ipv6(config, now);
        ipv4.then_some(RecordType::A).into_iter().chain(ipv6.then_some(RecordType::AAAA))
    }

    /// Called for a delegation without a usable address. If the reason is that this host does not use the address family of the servers, returns
    /// this family with the addresses of the servers. Otherwise returns `None`.
    pub(super) fn unused_family(&self, context: &Context, cut: &Delegation) -> Option<UnusedFamily> {
        let (config, now) = (&context.view.config.resolve, self.now());
        let families = &self.shared.families;
        let is_ipv6 = match (families.ipv4(config, now), families.ipv6(config, now)) {
            (true, false) => true,
            (false, true) => false,
            _ => return None,
        };
        let [unused, used] =
            if is_ipv6 { [RecordType::AAAA, RecordType::A] } else { [RecordType::A, RecordType::AAAA] };
        let rrsets = self.memory.rrsets.in_view(context.view.knows);
        let glue =
            cut.glue.iter().map(|(_, address)| *address).filter(|address| address.is_ipv6() == is_ipv6);
        let looked_up = cut.servers.iter().filter_map(|server| rrsets.rrset(server, unused, Rank::Glue, now));
        let mut addresses: Vec<IpAddr> = glue.collect();
        looked_up.for_each(|rrset| addresses.extend(rrset.addresses()));
        addresses.sort_unstable();
        addresses.dedup();
        // True if the name exists but has no address of the used family. A name that does not exist has no address of the other family either.
        let lacks_used = |server: &Name| {
            let known = rrsets.get(server, used, Rank::Glue, now);
            matches!(known, Some(Known::Negative(denied)) if !denied.nxdomain)
        };
        if addresses.is_empty() && !cut.servers.iter().any(lacks_used) {
            return None;
        }
        let (any, set): (IpAddr, Family) = match is_ipv6 {
            true => (Ipv6Addr::UNSPECIFIED.into(), config.ipv6),
            false => (Ipv4Addr::UNSPECIFIED.into(), config.ipv4),
        };
        let why = match families.state(config, any, now) {
            _ if set == Family::Off => UnusedReason::Configured,
            FamilyState::Silent => UnusedReason::Silent,
            FamilyState::Used | FamilyState::Unrouted => UnusedReason::NoRoute,
        };
        let servers =
            addresses.into_iter().map(|address| SocketAddr::new(address, config.upstream_port)).collect();
        Some(UnusedFamily { is_ipv6, why, servers })
    }

    /// Returns true if a server may be asked: its address family is used, and its address is not in `deny_servers`. Servers that the
    /// operator has configured for the zone may always be asked.
    pub(super) fn may_ask(&self, context: &Context, cut: &Delegation, address: IpAddr, now: Mono) -> bool {
        let config = &context.view.config.resolve;
        let denied = !cut.trusted && config.deny_servers.iter().any(|net| contains(net, address));
        !denied && (!cut.configured.is_empty() || self.shared.families.allows(config, address, now))
    }
}

/// Returns true if `address` is in `net`. The `ipnet` library would compute the first and the last address of the network, which is slower.
pub(super) fn contains(net: &IpNet, address: IpAddr) -> bool {
    let length = u32::from(net.prefix_len());
    match (net.addr(), address) {
        (IpAddr::V4(net), IpAddr::V4(address)) => {
            (net.to_bits() ^ address.to_bits()).checked_shr(u32::BITS.saturating_sub(length)).unwrap_or(0)
                == 0
        }
        (IpAddr::V6(net), IpAddr::V6(address)) => {
            (net.to_bits() ^ address.to_bits()).checked_shr(u128::BITS.saturating_sub(length)).unwrap_or(0)
                == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn network_match_equals_ipnet_crate(
            net: u32, wide: u128, flipped in 0_u32..129, length in 0_u8..33, long in 0_u8..129
        ) {
            let narrow = IpNet::new(IpAddr::V4(net.into()), length).unwrap();
            let broad = IpNet::new(IpAddr::V6(wide.into()), long).unwrap();
            let near = IpAddr::V4((net ^ 1_u32.checked_shl(flipped).unwrap_or(0)).into());
            let far = IpAddr::V6((wide ^ 1_u128.checked_shl(flipped).unwrap_or(0)).into());
            for (net, address) in [(&narrow, near), (&broad, far), (&narrow, far), (&broad, near)] {
                prop_assert_eq!(contains(net, address), net.contains(&address), "{} {}", net, address);
            }
        }
    }
}
