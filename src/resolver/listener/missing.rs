//! Configured addresses that this host does not have. The other addresses are served, and a missing address is added when it appears.
//!
//! An interface may come up after resolverd has started, an IPv6 address cannot be used before duplicate address detection has finished
//! (RFC 4862 section 5.4), and a kernel may have no IPv6. An address that another program uses is an error instead: two resolvers at one
//! address would share the queries.

use std::net::SocketAddr;
use std::sync::Weak;

use super::inherited::InheritedSockets;
use super::sockets::{self, AddressUnavailable, BoundSockets};
use super::{Listeners, Sockets, workers};
use config::{Config, ListenAt};
use zones::Views;

impl Sockets {
    /// Adds the bound sockets of an address. If they could not be bound, but the address may become available, adds it to the missing addresses.
    ///
    /// # Errors
    /// The address is not available, and will not become available by itself.
    pub(super) fn add(
        &mut self,
        configured: ListenAt,
        bound: Result<BoundSockets, AddressUnavailable>,
    ) -> Result<(), AddressUnavailable> {
        match bound {
            Ok(bound) => self.bound.push((configured, bound)),
            Err(refused) if refused.may_come() => self.missing.push(refused),
            Err(refused) => return Err(refused),
        }
        Ok(())
    }

    /// Returns the bound sockets, unless all configured addresses are missing.
    ///
    /// # Errors
    /// The first missing address, if all are missing.
    pub(super) fn unless_all_missing(mut self) -> Result<Self, AddressUnavailable> {
        if self.bound.is_empty() && !self.missing.is_empty() {
            return Err(self.missing.swap_remove(0));
        }
        Ok(self)
    }
}

impl Listeners {
    /// Returns the addresses that are configured but not served, because this host does not have them yet.
    pub fn missing(&self) -> &[AddressUnavailable] {
        &self.missing
    }

    /// Starts to serve the missing addresses that this host has now, and returns them.
    ///
    /// # Errors
    /// The operating system provides no more threads or eventfds.
    pub fn take_come(&mut self, config: &Config, views: &Views) -> std::io::Result<Vec<SocketAddr>> {
        let (mut come, mut taken) = (Sockets::default(), Vec::new());
        for before in std::mem::take(&mut self.missing) {
            let at = before.at();
            match self.bind_one(at, config) {
                Ok(bound) => {
                    come.bound.push((at, bound));
                    taken.push(before);
                }
                Err(refused) => {
                    if refused.why() != before.why() {
                        tracing::warn!("{refused}");
                    }
                    self.missing.push(refused);
                }
            }
        }
        let addresses = come.bound.iter().map(|(_, bound)| bound.address).collect();
        match self.ready(come, config, views) {
            Ok(prepared) => self.begin(prepared),
            Err(error) => {
                // The caller tries again later.
                self.missing.extend(taken);
                return Err(error);
            }
        }
        Ok(addresses)
    }

    /// Binds an address, even if it overlaps with a served address.
    pub(super) fn bind_one(&self, at: ListenAt, config: &Config) -> Result<BoundSockets, AddressUnavailable> {
        let mut covering = self.open.iter().filter(|open| open.bound().meets(at)).peekable();
        let mut retired = self.retired.iter().filter(|retired| retired.holds(at)).peekable();
        if covering.peek().is_none() && retired.peek().is_none() {
            return sockets::bind(at, workers(config), InheritedSockets::default());
        }
        let streams = covering.map(|open| &open.stream).chain(retired.map(|retired| &retired.stream));
        let open: Vec<_> = streams.filter_map(Weak::upgrade).collect();
        sockets::bind_while_open(at, workers(config), &open)
    }

    pub(super) fn miss(&mut self, missing: Vec<AddressUnavailable>) {
        for refused in &missing {
            if !self.missing.iter().any(|before| before.at() == refused.at()) {
                tracing::warn!(
                    "not listening at {}: {}; resolverd listens there as soon as the address appears",
                    refused.address(),
                    refused.why()
                );
            }
        }
        self.missing = missing;
    }
}
