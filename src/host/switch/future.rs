//! Finds out which resolver would answer the programs of this host after a switch, and after its undo.

use std::net::IpAddr;

use super::error::SwitchError;
use super::machine::Machine;
use super::record::{FormerHolder, SwitchRecord};
use super::step::{Change, NETWORK_MANAGER, OWN_UNITS, StateBefore};
use crate::system::host::{CheckedHost, HostFile};
use crate::system::resolv_conf::{ResolvConf, is_ours};
use crate::system::{port, proc};

pub(super) const RESOLV_CONF: &str = "/etc/resolv.conf";

/// Checks that a resolver would answer the programs of this host after the undo.
///
/// # Errors
/// Fails if no resolver would answer, if a file cannot be read, or if systemctl cannot be run.
pub(super) fn would_answer(machine: &Machine<'_>, record: &SwitchRecord) -> Result<(), SwitchError> {
    let changed = record.steps.iter().find_map(|recorded| match &recorded.step.change {
        Change::File { path, text, .. } if path == RESOLV_CONF => Some((text, &recorded.before)),
        _ => None,
    });
    let (mut then, mut stays_changed) = (resolv_conf(machine), false);
    if let Some((after, before)) = changed {
        machine.target_is_there(RESOLV_CONF, before)?;
        match machine.is_own_work(RESOLV_CONF, after, before)? {
            true => then = machine.text_before(RESOLV_CONF, before),
            false => stays_changed = true,
        }
    }
    if let HostFile::Unreadable { path, error } = &then {
        return Err(SwitchError::Unread { path: path.clone(), error: error.clone() });
    }
    let future = Future { machine, record };
    let named = servers(&then);
    if future.answers(&named)? || (!stays_changed && future.had_none(&named)) {
        return Ok(());
    }
    Err(match stays_changed {
        true => SwitchError::StillNamed { path: RESOLV_CONF.to_owned() },
        false => SwitchError::NoResolver { servers: named.join(", "), gone: future.gone()? },
    })
}

pub(super) fn resolv_conf(machine: &Machine<'_>) -> HostFile {
    CheckedHost { root: machine.root }.link(RESOLV_CONF).0
}

/// Returns the name servers in a `resolv.conf`. If the file is missing, this is the default address of the C library.
pub(super) fn servers(file: &HostFile) -> Vec<String> {
    ResolvConf::parse(file.text().unwrap_or_default()).nameservers
}

/// Returns true if a program listens at each address of resolverd in `resolv.conf`.
pub fn is_heard(machine: &Machine<'_>) -> bool {
    let holders = proc::holders(&CheckedHost { root: machine.root }).unwrap_or_default();
    let named = servers(&resolv_conf(machine));
    let mut ours =
        named.iter().filter(|name| is_ours(name, machine.ours)).filter_map(|name| name.parse().ok());
    ours.all(|address| holders.iter().any(|(held, _)| port::covers(held.ip(), address)))
}

/// Predicts the state of this host after the undo of the switch in `record`: which of its name servers will answer.
pub(super) struct Future<'f> {
    pub(super) machine: &'f Machine<'f>,
    pub(super) record: &'f SwitchRecord,
}

impl Future<'_> {
    /// Returns true if one of these name servers would answer after the undo. Servers on other hosts are assumed to answer.
    fn answers(&self, servers: &[String]) -> Result<bool, SwitchError> {
        for server in servers {
            let Some(address) = self.local(server) else { return Ok(true) };
            let stays = is_ours(server, self.machine.ours) && !self.stops_ours();
            if stays || self.is_held(address) || self.returns(address)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns true if all these name servers are on this host, and only resolverd or no program listens at their addresses.
    pub(super) fn all_are_silent(&self, servers: &[String]) -> bool {
        servers.iter().all(|server| self.local(server).is_some_and(|address| !self.is_held(address)))
    }

    /// Returns true if this host had no resolver at these addresses before the switch, and the undo stops resolverd. Then the undo makes nothing
    /// worse.
    fn had_none(&self, servers: &[String]) -> bool {
        let mut local = servers.iter().filter_map(|server| self.local(server));
        self.stops_ours()
            && !local.any(|address| self.record.held.iter().any(|former| former.covers(address)))
    }

    /// Returns the address of the name server `server` if it is on this host, and `None` otherwise.
    fn local(&self, server: &str) -> Option<IpAddr> {
        let address: IpAddr = server.parse().ok()?;
        let is_local = address.is_loopback()
            || is_ours(server, self.machine.ours)
            || self.record.held.iter().any(|former| former.covers(address));
        is_local.then_some(address)
    }

    /// Returns true if a program other than resolverd listens at this address on port 53.
    fn is_held(&self, address: IpAddr) -> bool {
        let holders = proc::holders(&CheckedHost { root: self.machine.root }).unwrap_or_default();
        !port::in_the_way(&holders, &[address]).is_empty()
    }

    /// Returns true if the undo starts a service that listened at this address before the switch.
    fn returns(&self, address: IpAddr) -> Result<bool, SwitchError> {
        for unit in self.started() {
            let held = self.record.held.iter().any(|former| former.unit == unit && former.covers(address));
            if held && self.exists(unit)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn started(&self) -> impl Iterator<Item = &str> {
        self.record.steps.iter().filter_map(|recorded| match &recorded.before {
            StateBefore::Units { units } if !units.iter().any(|state| state.active) => None,
            _ => started(&recorded.step.change),
        })
    }

    /// The undo stops resolverd if resolverd did not run before the switch.
    fn stops_ours(&self) -> bool {
        self.record.steps.iter().any(|recorded| match &recorded.before {
            StateBefore::Units { units } if recorded.step.change == Change::Start => {
                !units.iter().any(|state| state.unit == OWN_UNITS[1] && state.active)
            }
            _ => false,
        })
    }

    /// Returns the former resolver `unit` if no program listens at any of its former addresses.
    pub(super) fn silent(&self, unit: &str) -> Option<&FormerHolder> {
        let former = self.record.held.iter().find(|former| former.unit == unit)?;
        (!former.addresses.iter().any(|address| self.is_held(*address))).then_some(former)
    }

    fn exists(&self, unit: &str) -> Result<bool, SwitchError> {
        Ok(self.machine.units(&[unit])?.iter().any(|state| state.exists))
    }

    /// Returns the end of a sentence, such as `; unbound.service is no longer installed`.
    fn gone(&self) -> Result<String, SwitchError> {
        let mut gone = String::new();
        for unit in self.started() {
            if !self.exists(unit)? {
                gone.push_str(&format!("; {unit} is no longer installed"));
            }
        }
        Ok(gone)
    }
}

/// Returns the service that runs again after the undo of a change: the stopped service, or NetworkManager, which starts its dnsmasq.
pub(super) fn started(change: &Change) -> Option<&str> {
    match change {
        Change::Stop { unit } => Some(unit),
        Change::File { informs: Some(informed), .. } if informed.unit == NETWORK_MANAGER => {
            Some(&informed.unit)
        }
        _ => None,
    }
}
