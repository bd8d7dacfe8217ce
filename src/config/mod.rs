//! The configuration as meant: checked, with every default in one place, shared behind an `Arc`.
//!
//! May call: `limits`, `validate` for trust anchors, `dnsbl` for its registry. The file as typed stands in `file`, its keys in `keys`; what is wrong with it is said in
//! `report`.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

mod changes;
pub mod defaults;
mod entries;
mod file;
mod files;
mod included;
mod keys;
mod lists;
mod report;
mod root_hints;
mod show;
mod trust_anchor;
mod value;

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hickory_proto::rr::Name;
use ipnet::IpNet;

use crate::dnsbl::gate::Guarding;
use crate::dnsbl::list::OnRefusal;
use crate::validate::anchors::Anchors;

pub use self::changes::changes;
pub use self::lists::{Dnsbl, KeyFile, ListEntry};
pub use self::report::{Errors, Problem};
pub use self::show::show;
pub use crate::dnsbl::list::Guard;

/// All that an operator can decide.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// `[listen]`
    pub listen: Listen,
    /// `[[listener]]`: more listeners, each with its own policy.
    pub listeners: Vec<Listener>,
    /// `[cache]`
    pub cache: Cache,
    /// `[resolve]`
    pub resolve: Resolve,
    /// `[dnssec]`
    pub dnssec: Dnssec,
    /// `[[zone]]`: zones that are not recursed for like others.
    pub zones: Vec<Zone>,
    /// `[[host]]`: names with addresses of their own.
    pub hosts: Vec<Host>,
    /// `[dnsbl]`
    pub dnsbl: Dnsbl,
    /// `[[list]]`: DNS lists beside those of the registry, and what holds of these.
    pub lists: Vec<ListEntry>,
    /// `[control]`
    pub control: Control,
    /// `[log]`
    pub log: Log,
}

impl Config {
    /// Reads the file at `path`, or where none is named the one at `defaults::FILE` if there is one.
    ///
    /// # Errors
    /// The file cannot be read, or something in it is wrong; all that is wrong is told at once.
    pub fn load(path: Option<&Path>) -> Result<Self, Errors> {
        let usual = Path::new(defaults::FILE);
        let mut config = match path {
            Some(path) => file::read(path),
            None if matches!(usual.try_exists(), Ok(false)) => Ok(Self::default()),
            None => file::read(usual),
        }?;
        if config.dnssec.trust_anchor.path.is_none() {
            config.dnssec.trust_anchor = trust_anchor::newest();
        }
        Ok(config)
    }

    /// The same, listening at other addresses: `--listen` on the command line.
    #[must_use]
    pub fn with_listen(mut self, addresses: Vec<SocketAddr>) -> Self {
        self.listen.addresses = addresses;
        self.listen.fixed = true;
        self
    }
}

/// Whom we answer, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Listen {
    /// Addresses of UDP and TCP listeners.
    pub addresses: Vec<SocketAddr>,
    /// Clients that are answered; others get REFUSED.
    pub allow: Vec<IpNet>,
    /// UDP workers for each address; 0 is the number of cores, at most `limits::MAX_WORKERS`.
    pub workers: usize,
    /// Whether clients are spared what lists say that is no listing.
    pub dnsbl: Guard,
    /// What they get instead, whichever list they ask; none leaves it to each list.
    pub on_refusal: Option<OnRefusal>,
    /// Whether the command line named the addresses: the file has no say in them then.
    pub fixed: bool,
}

/// A listener beside that of `[listen]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Listener {
    /// Addresses of UDP and TCP listeners.
    pub addresses: Vec<SocketAddr>,
    /// Clients that are answered; others get REFUSED.
    pub allow: Vec<IpNet>,
    /// The configured zones that its clients see, by apex; none means all of them.
    pub zones: Option<Vec<Name>>,
    /// Whether clients are spared what lists say that is no listing.
    pub dnsbl: Guard,
    /// What they get instead, whichever list they ask; none leaves it to each list.
    pub on_refusal: Option<OnRefusal>,
}

impl Listen {
    /// What its clients are spared of what lists say.
    pub fn guarding(&self) -> Guarding {
        Guarding { guard: self.dnsbl, on_refusal: self.on_refusal }
    }
}

impl Listener {
    /// What its clients are spared of what lists say.
    pub fn guarding(&self) -> Guarding {
        Guarding { guard: self.dnsbl, on_refusal: self.on_refusal }
    }
}

/// A zone that is not recursed for like others; the longest suffix of a name counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    /// Its apex, lower case, absolute.
    pub name: Name,
    /// Where its answers come from.
    pub kind: ZoneKind,
    /// Addresses to ask from; none: those of `resolve.source`.
    pub source: Vec<IpAddr>,
    /// Overrides `cache.max_ttl`.
    pub max_ttl: Option<Duration>,
    /// Overrides `cache.negative_max_ttl`.
    pub negative_max_ttl: Option<Duration>,
    /// Whether its answers are validated as others are.
    pub validate: bool,
}

/// Where a zone's answers come from.
#[derive(Clone, Debug, PartialEq)]
pub enum ZoneKind {
    /// `forward`: recursive servers, asked for the whole answer.
    Forward(Vec<Forwarder>),
    /// `stub`: the zone's own servers, by address and port.
    Stub(Vec<SocketAddr>),
    /// `file`: a zone file, read when the configuration is.
    File {
        /// Where it lies.
        path: PathBuf,
        /// What stands in it.
        text: String,
    },
}

/// A recursive server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Forwarder {
    /// Its address and port: 53, or 853 for TLS, unless written.
    pub address: SocketAddr,
    /// `tls://address#name`: the name that its certificate must have (RFC 7858, RFC 8310).
    pub tls: Option<String>,
}

/// A name with addresses of its own; their reverse names lead back to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Host {
    /// The name, lower case, absolute.
    pub name: Name,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
}

/// What is kept, and for how long.
#[derive(Clone, Debug, PartialEq)]
pub struct Cache {
    /// Octets for the four memories together.
    pub size: u64,
    /// No positive answer is kept longer.
    pub max_ttl: Duration,
    /// No negative answer is kept longer (RFC 2308 section 5).
    pub negative_max_ttl: Duration,
}

/// How servers are asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolve {
    /// A client has an answer or SERVFAIL this long after its first copy.
    pub deadline: Duration,
    /// Where recursion starts.
    pub root_hints: RootHints,
    /// Whether servers are asked over IPv4.
    pub ipv4: Family,
    /// Whether servers are asked over IPv6.
    pub ipv6: Family,
    /// Servers that are never asked, whoever names them.
    pub deny_servers: Vec<IpNet>,
    /// Whether servers of the root and of TLDs are told no more of a name than they need (RFC 9156).
    pub qname_minimisation: bool,
    /// Whether first contact with a zone asks two servers at once.
    pub race: bool,
    /// The port servers are asked at.
    pub upstream_port: u16,
    /// Addresses to ask from, at most one of each family; none: the system chooses.
    pub source: Vec<IpAddr>,
    /// Ports that datagrams to servers leave from, but for those that this host reserves.
    pub source_ports: RangeInclusive<u16>,
}

/// What is validated, and where trust begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Dnssec {
    /// Whether answers are validated.
    pub validate: bool,
    /// Where trust begins.
    pub trust_anchor: TrustAnchor,
    /// Names at and below which nothing is validated (RFC 7646).
    pub negative_trust_anchors: Vec<Name>,
    /// Whether signatures with SHA-1 count; without, zones that have no others are insecure.
    pub sha1: bool,
}

/// Keys that are trusted without being signed.
#[derive(Clone, Debug, PartialEq)]
pub struct TrustAnchor {
    /// The file that they came from; none: they are built in, or the system's.
    pub path: Option<PathBuf>,
    /// They.
    pub anchors: Anchors,
}

/// Whether an address family is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Found out.
    Auto,
    /// Used.
    On,
    /// Not used.
    Off,
}

/// Names and addresses of root servers to prime from (RFC 9609).
#[derive(Clone, Debug, PartialEq)]
pub struct RootHints {
    /// The file that they came from; none: they are built in.
    pub path: Option<PathBuf>,
    /// Each server's name and addresses.
    pub servers: Vec<(Name, Vec<IpAddr>)>,
}

/// The control socket.
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    /// Its path.
    pub socket: PathBuf,
}

/// Log lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: tracing::Level,
}
