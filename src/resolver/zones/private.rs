//! Addresses that a view keeps from its clients: `resolve.private_addresses`, in answers about names of strangers.

use std::net::IpAddr;

use hickory_proto::rr::{Name, RecordType};

use super::{RouteTarget, View};

impl View {
    /// Whether an address at `name` is removed from answers. Addresses of DNS lists, of names that the operator has
    /// configured, and below `resolve.private_domains` are not. A zone that is configured for the root, or is resolved from the root, has
    /// the names of strangers, so it does not count.
    pub fn removes(&self, name: &Name, kind: RecordType, address: IpAddr) -> bool {
        let resolve = &self.config.resolve;
        // `::ffff:10.0.0.1` leads to 10.0.0.1.
        let inner = address.to_canonical();
        let is_private =
            resolve.private_addresses.iter().any(|net| net.contains(&address) || net.contains(&inner));
        is_private && self.is_of_strangers(name, kind)
    }

    /// Whether the answers of this type at `name` are a stranger's, as in `removes`.
    pub(crate) fn is_of_strangers(&self, name: &Name, kind: RecordType) -> bool {
        let resolve = &self.config.resolve;
        let name = name.to_lowercase();
        let route = self.route(&name, kind);
        let is_public = route.zone.is_root() || matches!(route.target, RouteTarget::Iterate);
        let is_own = route.policy.list.is_some() || !is_public;
        !is_own && !resolve.private_domains.iter().any(|domain| domain.zone_of(&name))
    }
}
