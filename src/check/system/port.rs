//! Port 53: whether it is resolverd that answers there.
//!
//! May call: `check`. proc(5), net/tcp: addresses are in the machine's order of octets, four at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::gather::Holders;
use crate::check::Finding;

const CHECK: &str = "port 53";

/// The port of DNS.
const PORT: u16 = 53;

/// What resolverd is called in PID/comm.
const DAEMON: &str = "resolverd";

/// What holds resolverd.socket as long as the daemon has not come.
pub(super) const MANAGER: &str = "systemd";

/// Whether resolverd is alone at its addresses.
pub(super) fn check(holders: Option<&Holders>, ours: &[IpAddr]) -> Finding {
    let Some(holders) = holders else {
        return Finding::could_not_tell(CHECK, "/proc/net is not to be read", "run it with sudo");
    };
    if ours.is_empty() {
        return Finding::failure(
            CHECK,
            "resolverd is to listen at no address with port 53",
            "name one in listen.addresses: programs know no other port",
        );
    }
    let free: Vec<String> = ours
        .iter()
        .filter(|address| !holders.iter().any(|(held, _)| covers(held.ip(), **address)))
        .map(|address| SocketAddr::new(*address, PORT).to_string())
        .collect();
    let in_way: Holders = holders
        .iter()
        .filter(|(held, _)| ours.iter().any(|address| covers(held.ip(), *address)))
        .cloned()
        .collect();
    let others: BTreeSet<&str> = in_way
        .iter()
        .filter_map(|(_, process)| process.as_deref())
        .filter(|process| ![DAEMON, MANAGER].contains(process))
        .collect();
    let evidence = told(holders);
    if !others.is_empty() {
        let names = others.into_iter().collect::<Vec<_>>().join(" and ");
        let advice =
            format!("stop {names} (`systemctl disable --now` with its unit), or name other listen.addresses");
        return Finding::failure(CHECK, evidence, advice);
    }
    if in_way.iter().any(|(_, process)| process.is_none()) {
        return Finding::could_not_tell(CHECK, evidence, "run it with sudo to see whose process that is");
    }
    if free.is_empty() {
        return Finding::ok(CHECK, evidence);
    }
    let nobody = format!("nobody listens at {}", free.join(", "));
    let evidence = if holders.is_empty() { nobody } else { format!("{nobody}; {evidence}") };
    Finding::warning(CHECK, evidence, "start resolverd: `systemctl enable --now resolverd.socket resolverd`")
}

/// Whether a socket at `held` has the datagrams to `address`.
fn covers(held: IpAddr, address: IpAddr) -> bool {
    held == address
        || held == IpAddr::V6(Ipv6Addr::UNSPECIFIED)
        || held == IpAddr::V4(Ipv4Addr::UNSPECIFIED) && address.is_ipv4()
}

/// "resolverd at 127.0.0.1:53, [::1]:53; somebody at 192.0.2.1:53".
fn told(holders: &Holders) -> String {
    let mut places: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (address, process) in holders {
        places.entry(process.as_deref().unwrap_or("somebody")).or_default().insert(address.to_string());
    }
    let told = places.into_iter().map(|(process, addresses)| {
        format!("{process} at {}", addresses.into_iter().collect::<Vec<_>>().join(", "))
    });
    told.collect::<Vec<_>>().join("; ")
}

/// The sockets at port 53 of a table of proc(5) that are in the state `listening`, with their inodes.
pub(super) fn listeners(table: &str, listening: &str) -> Vec<(SocketAddr, u64)> {
    table.lines().skip(1).filter_map(|line| listener(line, listening)).collect()
}

fn listener(line: &str, listening: &str) -> Option<(SocketAddr, u64)> {
    let columns: Vec<&str> = line.split_ascii_whitespace().collect();
    let (address, port) = columns.get(1)?.split_once(':')?;
    let inode = columns.get(9)?.parse().ok()?;
    let port = u16::from_str_radix(port, 16).ok()?;
    (port == PORT && *columns.get(3)? == listening)
        .then(|| Some((SocketAddr::new(self::address(address)?, port), inode)))?
}

/// An address in the machine's order of octets.
fn address(digits: &str) -> Option<IpAddr> {
    let word = |place: usize| {
        let digits = digits.get(place..place.checked_add(8)?)?;
        u32::from_str_radix(digits, 16).ok().map(u32::to_ne_bytes)
    };
    match digits.len() {
        8 => Some(IpAddr::from(word(0)?)),
        32 => {
            let words = [word(0)?, word(8)?, word(16)?, word(24)?];
            let octets: [u8; 16] = words.concat().try_into().ok()?;
            Some(IpAddr::from(octets))
        }
        _ => None,
    }
}

/// The inode of a link like `socket:[4711]`.
pub(super) fn inode(link: &str) -> Option<u64> {
    link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;

    fn holder(address: &str, process: Option<&str>) -> (SocketAddr, Option<String>) {
        (address.parse().unwrap(), process.map(str::to_owned))
    }

    #[test]
    fn tables_are_read_in_the_machines_order() {
        let four = format!("{:08X}", u32::from_ne_bytes([127, 0, 0, 1]));
        let six = format!("{:024X}{:08X}", 0, u32::from_ne_bytes([0, 0, 0, 1]));
        let rest = "00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 4711 2 0 0";
        let table = format!("head\n 1: {four}:0035 {rest}\n 2: {six}:0035 {rest}\n 3: {four}:0036 {rest}\n");
        let found = listeners(&table, "07");
        assert_eq!(found, [("127.0.0.1:53".parse().unwrap(), 4711), ("[::1]:53".parse().unwrap(), 4711)]);
        assert!(listeners(&table, "0A").is_empty());
        assert_eq!(inode("socket:[4711]"), Some(4711));
        assert_eq!(inode("/dev/null"), None);
    }

    #[test]
    fn whoever_else_is_there_is_in_the_way() {
        let ours = [IpAddr::from([127, 0, 0, 1])];
        let verdict = |holders: Holders| check(Some(&holders), &ours).verdict;
        assert_eq!(verdict(vec![]), Verdict::Warning);
        assert_eq!(verdict(vec![holder("127.0.0.53:53", Some("systemd-resolve"))]), Verdict::Warning);
        assert_eq!(verdict(vec![holder("127.0.0.1:53", Some("resolverd"))]), Verdict::Ok);
        assert_eq!(verdict(vec![holder("127.0.0.1:53", Some("systemd"))]), Verdict::Ok);
        assert_eq!(verdict(vec![holder("0.0.0.0:53", Some("named"))]), Verdict::Failure);
        assert_eq!(verdict(vec![holder("[::]:53", Some("dnsmasq"))]), Verdict::Failure);
        assert_eq!(verdict(vec![holder("127.0.0.1:53", None)]), Verdict::CouldNotTell);
        assert_eq!(check(None, &ours).verdict, Verdict::CouldNotTell);
        assert_eq!(check(Some(&vec![]), &[]).verdict, Verdict::Failure);
    }
}
