//! Reading the host: files, who listens at port 53, and what root servers say.
//!
//! May call: `check::system`, `config`, `limits`. All paths start at a root directory, so that tests bring a host of their
//! own. proc(5): net/{udp,udp6,tcp,tcp6}, PID/fd, PID/comm.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{ErrorKind, Read};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use super::{Facts, port, root_zone};
use crate::check::Finding;
use crate::config::{Config, defaults};
use crate::limits::{MAX_CHECKED_DROP_INS, MAX_CHECKED_FILE};

/// A file of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum File {
    /// It was read.
    Text {
        /// Where it lies.
        path: String,
        /// What stands in it.
        text: String,
    },
    /// It is not there.
    Missing {
        /// Where it would lie.
        path: String,
    },
    /// It is there, and not for us.
    Unreadable {
        /// Where it lies.
        path: String,
        /// Why not.
        error: String,
    },
}

/// Who listens at an address: `None` where the process is another user's.
pub type Holders = Vec<(SocketAddr, Option<String>)>;

impl File {
    /// What stands in it, where it was read.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } => Some(text),
            Self::Missing { .. } | Self::Unreadable { .. } => None,
        }
    }

    /// That a check could not read it, where it is there and not for us.
    pub(super) fn unread(&self, check: &'static str) -> Option<Finding> {
        let Self::Unreadable { path, error } = self else { return None };
        Some(Finding::could_not_tell(check, format!("{path} cannot be read: {error}"), "run it with sudo"))
    }

    /// Where it lies.
    pub fn path(&self) -> &str {
        match self {
            Self::Text { path, .. } | Self::Missing { path } | Self::Unreadable { path, .. } => path,
        }
    }
}

/// A host, from its root directory.
struct Host<'r> {
    root: &'r Path,
}

/// Reads the host below `root`, and asks `servers`, root servers, over the network.
pub fn gather(root: &Path, servers: &[SocketAddr], unix: u64) -> Facts {
    let host = Host { root };
    Facts {
        ours: host.ours(),
        resolv_conf: host.link("/etc/resolv.conf"),
        nsswitch: host.file("/etc/nsswitch.conf"),
        resolved: (
            host.is_there("/run/systemd/resolve"),
            host.files(
                "/etc/systemd/resolved.conf",
                &["/usr/lib", "/run", "/etc"],
                "systemd/resolved.conf.d",
                "conf",
            ),
        ),
        network_manager: (
            host.is_there("/run/NetworkManager"),
            host.files(
                "/etc/NetworkManager/NetworkManager.conf",
                &["/usr/lib", "/run", "/etc"],
                "NetworkManager/conf.d",
                "conf",
            ),
        ),
        cloud_init: (
            host.is_there("/etc/cloud/cloud.cfg") && !host.is_there("/etc/cloud/cloud-init.disabled"),
            host.files("/etc/cloud/cloud.cfg", &["/etc"], "cloud/cloud.cfg.d", "cfg"),
        ),
        postfix: (host.file("/etc/postfix/master.cf"), host.file("/var/spool/postfix/etc/resolv.conf")),
        holders: host.holders(),
        ipv6: (host.file("/proc/net/ipv6_route"), host.file("/proc/net/if_inet6")),
        heard: root_zone::ask(servers),
        unix,
    }
}

impl Host<'_> {
    fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    fn is_there(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    fn file(&self, path: &str) -> File {
        self.read(&self.path(path), path)
    }

    /// Reads what lies at `place` and is called `path`.
    fn read(&self, place: &Path, path: &str) -> File {
        let path = path.to_owned();
        let mut octets = Vec::new();
        let read =
            fs::File::open(place).and_then(|file| file.take(MAX_CHECKED_FILE).read_to_end(&mut octets));
        match read {
            Ok(_) => File::Text { path, text: String::from_utf8_lossy(&octets).into_owned() },
            Err(error) if error.kind() == ErrorKind::NotFound => File::Missing { path },
            Err(error) => File::Unreadable { path, error: error.to_string() },
        }
    }

    /// A file that may be a link, and where it leads; a link to an absolute path stays below the root.
    fn link(&self, path: &str) -> (File, Option<String>) {
        let Ok(target) = fs::read_link(self.path(path)) else { return (self.file(path), None) };
        let shown = target.display().to_string();
        let place = if target.is_absolute() { self.path(&shown) } else { self.path(path) };
        (self.read(&place, path), Some(shown))
    }

    /// A configuration file and its drop-ins, in the order in which they count: by name, and of two with the same name
    /// the one of the later directory alone.
    fn files(&self, main: &str, directories: &[&str], drop_ins: &str, suffix: &str) -> Vec<File> {
        let mut by_name: BTreeMap<String, String> = BTreeMap::new();
        for directory in directories {
            let directory = format!("{directory}/{drop_ins}");
            let Ok(entries) = fs::read_dir(self.path(&directory)) else { continue };
            let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
            let named = names.filter(|name| Path::new(name).extension().is_some_and(|last| last == suffix));
            by_name.extend(named.map(|name| (name.clone(), format!("{directory}/{name}"))));
        }
        let drop_ins = by_name.values().take(MAX_CHECKED_DROP_INS).map(|path| self.file(path));
        std::iter::once(self.file(main)).chain(drop_ins).collect()
    }

    /// Where resolverd is to listen at port 53; a wrong configuration is told by `resolverd --check`.
    fn ours(&self) -> Vec<IpAddr> {
        let path = self.path(defaults::FILE);
        let config =
            if path.exists() { Config::load(Some(&path)).unwrap_or_default() } else { Config::default() };
        let addresses = config.listen.addresses.iter().filter(|address| address.port() == defaults::PORT);
        addresses.map(SocketAddr::ip).collect()
    }

    /// Who listens at port 53.
    fn holders(&self) -> Option<Holders> {
        let mut sockets: BTreeSet<(SocketAddr, u64)> = BTreeSet::new();
        for (table, listening) in [("udp", "07"), ("udp6", "07"), ("tcp", "0A"), ("tcp6", "0A")] {
            match self.file(&format!("/proc/net/{table}")) {
                File::Text { text, .. } => sockets.extend(port::listeners(&text, listening)),
                // A kernel without IPv6 has no such table.
                File::Missing { .. } if table.ends_with('6') => {}
                _ => return None,
            }
        }
        let wanted: BTreeSet<u64> = sockets.iter().map(|(_, inode)| *inode).collect();
        let processes = if wanted.is_empty() { BTreeMap::new() } else { self.processes(&wanted) };
        let mut holders: Holders =
            sockets.iter().map(|(address, inode)| (*address, processes.get(inode).cloned())).collect();
        holders.dedup();
        Some(holders)
    }

    /// The names of the processes that hold sockets, by inode.
    fn processes(&self, inodes: &BTreeSet<u64>) -> BTreeMap<u64, String> {
        let mut names = BTreeMap::new();
        let Ok(entries) = fs::read_dir(self.path("/proc")) else { return names };
        for process in entries.flatten().map(|entry| entry.path()) {
            let Ok(descriptors) = fs::read_dir(process.join("fd")) else { continue };
            let links = descriptors.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
            let held: Vec<u64> = links.filter_map(|link| port::inode(&link.to_string_lossy())).collect();
            let name = || fs::read_to_string(process.join("comm")).map(|name| name.trim().to_owned());
            for inode in held.into_iter().filter(|inode| inodes.contains(inode)) {
                let Ok(name) = name() else { continue };
                // systemd keeps the sockets that it has handed down: who has them from it is the one who answers.
                let known = names.entry(inode).or_insert_with(|| name.clone());
                if known == port::MANAGER {
                    *known = name;
                }
            }
        }
        names
    }
}
