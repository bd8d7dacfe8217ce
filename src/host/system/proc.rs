//! Finds the programs that listen on port 53, from the files in /proc.
//!
//! Reads net/{udp,udp6,tcp,tcp6}, PID/fd, PID/comm and PID/cgroup (proc(5)). An address there has groups of four octets in the byte order of the
//! machine.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use super::host::{CheckedHost, HostFile};

pub(super) const PORT: u16 = 53;

/// The process name of systemd. It has the sockets of resolverd.socket open until the daemon takes them.
pub(super) const MANAGER: &str = "systemd";

/// A process that listens on port 53.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The name of the process.
    pub process: String,
    /// The systemd service of the process, if any.
    pub unit: Option<String>,
}

/// The sockets that listen on port 53. The process is `None` if this user may not see it, for example because another user owns it.
pub(crate) type Holders = Vec<(SocketAddr, Option<Holder>)>;

/// Returns `None` if /proc cannot be read.
pub(crate) fn holders(host: &CheckedHost<'_>) -> Option<Holders> {
    let mut sockets: BTreeSet<(SocketAddr, u64)> = BTreeSet::new();
    for (table, listening) in [("udp", "07"), ("udp6", "07"), ("tcp", "0A"), ("tcp6", "0A")] {
        match host.file(&format!("/proc/net/{table}")) {
            HostFile::Text { text, .. } => sockets.extend(listeners(&text, listening)),
            // A kernel without IPv6 has no table of IPv6 sockets.
            HostFile::Missing { .. } if table.ends_with('6') => {}
            _ => return None,
        }
    }
    let wanted: BTreeSet<u64> = sockets.iter().map(|(_, inode)| *inode).collect();
    let processes = if wanted.is_empty() { BTreeMap::new() } else { processes(host, &wanted) };
    let mut holders: Holders =
        sockets.iter().map(|(address, inode)| (*address, processes.get(inode).cloned())).collect();
    holders.dedup();
    Some(holders)
}

/// Returns the processes that have these sockets (`inodes`) open, by inode.
fn processes(host: &CheckedHost<'_>, inodes: &BTreeSet<u64>) -> BTreeMap<u64, Holder> {
    let mut found = BTreeMap::new();
    let Ok(entries) = fs::read_dir(host.path("/proc")) else { return found };
    for process in entries.flatten().map(|entry| entry.path()) {
        let Ok(descriptors) = fs::read_dir(process.join("fd")) else { continue };
        let links = descriptors.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
        let held: Vec<u64> = links.filter_map(|link| inode(&link.to_string_lossy())).collect();
        for inode in held.into_iter().filter(|inode| inodes.contains(inode)) {
            let Some(holder) = holder(&process) else { continue };
            // systemd keeps the sockets open that it passes to a service, so a process other than systemd is preferred.
            let known = found.entry(inode).or_insert_with(|| holder.clone());
            if known.process == MANAGER {
                *known = holder;
            }
        }
    }
    found
}

/// Returns the process whose directory in /proc is `place`.
fn holder(place: &Path) -> Option<Holder> {
    let process = fs::read_to_string(place.join("comm")).ok()?.trim().to_owned();
    let groups = fs::read_to_string(place.join("cgroup")).unwrap_or_default();
    Some(Holder { process, unit: unit(&groups).map(str::to_owned) })
}

/// Returns the systemd service to which a process belongs. `groups` is the text of /proc/PID/cgroup. A service may have control groups below its
/// own.
fn unit(groups: &str) -> Option<&str> {
    groups.lines().find_map(|line| line.split('/').find(|part| part.ends_with(".service")))
}

/// Returns the addresses and inodes of sockets that listen on port 53. `table` is a socket table of proc(5), and `listening` the code of the
/// listening state in this table.
fn listeners(table: &str, listening: &str) -> Vec<(SocketAddr, u64)> {
    table.lines().skip(1).filter_map(|line| listener(line, listening)).collect()
}

fn listener(line: &str, listening: &str) -> Option<(SocketAddr, u64)> {
    let columns: Vec<&str> = line.split_ascii_whitespace().collect();
    let local = socket_address(columns.get(1)?)?;
    let inode = columns.get(9)?.parse().ok()?;
    (local.port() == PORT && *columns.get(3)? == listening).then_some((local, inode))
}

/// Parses an address and a port in a socket table of proc(5).
pub fn socket_address(column: &str) -> Option<SocketAddr> {
    let (address, port) = column.split_once(':')?;
    Some(SocketAddr::new(self::address(address)?, u16::from_str_radix(port, 16).ok()?))
}

/// Parses an address in hexadecimal digits, in the byte order of the machine.
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

/// Parses the target of a link in /proc/PID/fd, such as `socket:[4711]`.
fn inode(link: &str) -> Option<u64> {
    link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_addresses_have_machine_byte_order() {
        let four = format!("{:08X}", u32::from_ne_bytes([127, 0, 0, 1]));
        let six = format!("{:024X}{:08X}", 0, u32::from_ne_bytes([0, 0, 0, 1]));
        let rest = "00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 4711 2 0 0";
        let table = format!("head\n 1: {four}:0035 {rest}\n 2: {six}:0035 {rest}\n 3: {four}:0036 {rest}\n");
        let found = listeners(&table, "07");
        assert_eq!(found, [("127.0.0.1:53".parse().unwrap(), 4711), ("[::1]:53".parse().unwrap(), 4711)]);
        assert!(listeners(&table, "0A").is_empty());
        assert_eq!(inode("socket:[4711]"), Some(4711));
        assert_eq!(inode("/dev/null"), None);
        assert_eq!(unit("0::/system.slice/named.service\n"), Some("named.service"));
        assert_eq!(unit("0::/system.slice/docker.service/0123\n"), Some("docker.service"));
        assert_eq!(unit("0::/user.slice/session-1.scope\n"), None);
    }
}
