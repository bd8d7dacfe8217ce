//! The services that held port 53 before a switch.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, UdpSocket};

use serde::{Deserialize, Serialize};

use super::machine::Machine;
use super::step::OWN_UNITS;
use crate::system::host::CheckedHost;
use crate::system::{port, proc};

/// A service with the addresses that it held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FormerHolder {
    /// Its unit.
    pub unit: String,
    /// Its addresses at port 53.
    pub addresses: Vec<IpAddr>,
}

impl FormerHolder {
    /// Whether it answered queries to an address.
    pub(super) fn covers(&self, address: IpAddr) -> bool {
        self.addresses.iter().any(|held| {
            *held == address || held.is_unspecified() && port::covers(*held, address) && is_of_host(address)
        })
    }
}

/// The services that hold port 53 now, without resolverd.
pub(super) fn holders(machine: &Machine<'_>) -> Vec<FormerHolder> {
    let mut found: BTreeMap<String, BTreeSet<IpAddr>> = BTreeMap::new();
    for (address, holder) in proc::holders(&CheckedHost { root: machine.root }).unwrap_or_default() {
        let unit = holder.and_then(|holder| holder.unit);
        if let Some(unit) = unit.filter(|unit| !OWN_UNITS.contains(&unit.as_str())) {
            found.entry(unit).or_default().insert(address.ip());
        }
    }
    let holder = |(unit, addresses): (String, BTreeSet<IpAddr>)| FormerHolder {
        unit,
        addresses: addresses.into_iter().collect(),
    };
    found.into_iter().map(holder).collect()
}

/// Whether an address is one of this host: only then can a socket have it.
fn is_of_host(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}
