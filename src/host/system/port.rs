//! Checks that resolverd, and no other program, answers on port 53.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::proc::{Holder, Holders, MANAGER, PORT};
use crate::system::HostFinding;

/// The name of this check in the output of `check system`.
pub const CHECK: &str = "port 53";

/// The name in /proc/PID/comm.
const DAEMON: &str = "resolverd";

/// Checks that resolverd, and no other program, listens on port 53 at `ours`.
pub fn check(holders: Option<&Holders>, ours: &[IpAddr]) -> HostFinding {
    let Some(holders) = holders else {
        return HostFinding::could_not_tell(CHECK, "cannot read /proc/net", "run this command with sudo");
    };
    if ours.is_empty() {
        return HostFinding::failure(
            CHECK,
            "no address in listen.addresses has port 53",
            "add one: programs use no other port",
        );
    }
    let free: Vec<String> = ours
        .iter()
        .filter(|address| !holders.iter().any(|(held, _)| covers(held.ip(), **address)))
        .map(|address| SocketAddr::new(*address, PORT).to_string())
        .collect();
    let in_the_way = in_the_way(holders, ours);
    let others: BTreeSet<&str> = in_the_way
        .iter()
        .filter_map(|(_, holder)| holder.as_ref().map(|holder| holder.process.as_str()))
        .collect();
    let evidence = words(holders);
    if !others.is_empty() {
        let names = others.into_iter().collect::<Vec<_>>().join(" and ");
        let advice = format!(
            "stop {names}: `systemctl disable --now UNIT`, where UNIT is its systemd unit; or set `listen.addresses` of resolverd to a free address"
        );
        return HostFinding::failure(CHECK, words(&in_the_way), advice);
    }
    if !in_the_way.is_empty() {
        return HostFinding::could_not_tell(CHECK, evidence, "run this command with sudo to see the process");
    }
    if free.is_empty() {
        return HostFinding::ok(CHECK, evidence);
    }
    let nobody = format!("no process listens at {}", free.join(", "));
    let evidence = if holders.is_empty() { nobody } else { format!("{evidence}; {nobody}") };
    HostFinding::warning(
        CHECK,
        evidence,
        "`resolverctl status` shows why resolverd does not listen there; if resolverd does not run, start it: `systemctl enable --now resolverd.socket resolverd`",
    )
}

/// Returns true if resolverd listens on port 53. Without root rights, processes of other users are not found.
pub(super) fn has_daemon(holders: Option<&Holders>) -> bool {
    let mut known = holders.into_iter().flatten().filter_map(|(_, holder)| holder.as_ref());
    known.any(|holder| holder.process == DAEMON)
}

/// Returns the sockets of other or unknown processes that receive queries to the addresses `ours`, or prevent resolverd from listening at a wildcard
/// address.
pub(crate) fn in_the_way(holders: &Holders, ours: &[IpAddr]) -> Holders {
    let is_own = |holder: &Holder| [DAEMON, MANAGER].contains(&holder.process.as_str());
    let is_bound = |address: IpAddr| {
        holders.iter().any(|(held, holder)| held.ip() == address && holder.as_ref().is_some_and(is_own))
    };
    let wanted = holders.iter().filter(|(held, holder)| {
        let meets = |address: &IpAddr| {
            let is_same_family = address.is_ipv4() == held.is_ipv4();
            covers(held.ip(), *address) || address.is_unspecified() && is_same_family && !is_bound(*address)
        };
        !holder.as_ref().is_some_and(is_own) && ours.iter().any(meets)
    });
    wanted.cloned().collect()
}

/// Returns true if a socket that is bound to `held` receives datagrams to `address`.
pub fn covers(held: IpAddr, address: IpAddr) -> bool {
    held == address
        || held == IpAddr::V6(Ipv6Addr::UNSPECIFIED)
        || held == IpAddr::V4(Ipv4Addr::UNSPECIFIED) && address.is_ipv4()
}

/// Returns a text such as `resolverd at 127.0.0.1:53, [::1]:53; somebody at 192.0.2.1:53`.
fn words(holders: &Holders) -> String {
    let mut places: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (address, holder) in holders {
        places
            .entry(holder.as_ref().map_or("unknown process", |holder| holder.process.as_str()))
            .or_default()
            .insert(address.to_string());
    }
    let lines = places.into_iter().map(|(process, addresses)| {
        format!("{process} listens at {}", addresses.into_iter().collect::<Vec<_>>().join(", "))
    });
    lines.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::CheckVerdict;

    fn holder(address: &str, process: Option<&str>) -> (SocketAddr, Option<Holder>) {
        let holder = process.map(|process| Holder { process: process.to_owned(), unit: None });
        (address.parse().unwrap(), holder)
    }

    #[test]
    fn other_program_on_port_is_reported() {
        let ours = [IpAddr::from([127, 0, 0, 1])];
        let verdict = |holders: Holders| check(Some(&holders), &ours).verdict;
        assert_eq!(verdict(vec![]), CheckVerdict::Warning);
        assert_eq!(verdict(vec![holder("127.0.0.53:53", Some("systemd-resolve"))]), CheckVerdict::Warning);
        assert_eq!(verdict(vec![holder("127.0.0.1:53", Some("resolverd"))]), CheckVerdict::Ok);
        assert_eq!(verdict(vec![holder("127.0.0.1:53", Some("systemd"))]), CheckVerdict::Ok);
        assert_eq!(verdict(vec![holder("0.0.0.0:53", Some("named"))]), CheckVerdict::Failure);
        assert_eq!(verdict(vec![holder("[::]:53", Some("dnsmasq"))]), CheckVerdict::Failure);
        assert_eq!(verdict(vec![holder("127.0.0.1:53", None)]), CheckVerdict::CouldNotTell);
        let any = [IpAddr::V4(Ipv4Addr::UNSPECIFIED)];
        let stub = vec![holder("127.0.0.53:53", Some("systemd-resolve"))];
        assert_eq!(check(Some(&stub), &any).verdict, CheckVerdict::Failure);
        assert_eq!(in_the_way(&vec![holder("[::1]:53", Some("named"))], &any), vec![]);
        assert_eq!(check(None, &ours).verdict, CheckVerdict::CouldNotTell);
        assert_eq!(check(Some(&vec![]), &[]).verdict, CheckVerdict::Failure);
    }
}
