//! The sections that occur only once: their types, and the rows of their keys. `[listen]` and some others have their own modules.
//!
//! A new key needs a field and a row here, and a default in `defaults`.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hickory_proto::rr::Name;
use ipnet::IpNet;
use toml::Value;
use toml::de::DeValue;

use super::addresses::NETWORK;
use super::defaults::SOCKET;
use super::forms::{self, Flag, Form, List, NAME, Number, OrEmpty, Span, Text, Texts, Word};
use super::keys::{ConfigKey, SingleSection, key};
use super::report::{WrongValue, quoted};
use super::root_hints::{self, RootHints};
use super::trust_anchor::{self, TrustAnchor};
use super::value::{Read, Typed};
use super::{addresses, value};
use crate::limits;

/// The section `[cache]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Cache {
    /// The memory of all tables together, in octets.
    pub size: u64,
    /// The longest TTL of a positive answer.
    pub max_ttl: Duration,
    /// The longest TTL of a negative answer (RFC 2308 section 5).
    pub negative_max_ttl: Duration,
    /// How long after its TTL an answer may be used if no server answers (RFC 8767); 0 for never.
    pub serve_stale: Duration,
    /// True if answers that clients use are renewed before their TTL expires (prefetch).
    pub prefetch: bool,
    /// True if a restart keeps the cache, in a file in the state directory.
    pub snapshot: bool,
}

const SIZE: Text<u64> = Text(value::size, |size| value::size_text(*size));

pub(super) const CACHE: SingleSection<Cache> = SingleSection {
    name: "cache",
    keys: &[
        key!(Cache, size, SIZE).at_start(),
        key!(Cache, max_ttl, Span(Duration::ZERO..=dns::limits::MAX_TTL))
            .comment(&[(None, "maximum time that an answer is cached")]),
        key!(Cache, negative_max_ttl, Span(Duration::ZERO..=limits::MAX_NEGATIVE_TTL))
            .comment(&[(None, "maximum time that NXDOMAIN and NODATA are cached")]),
        key!(Cache, serve_stale, Span(Duration::ZERO..=dns::limits::MAX_SERVE_STALE)).comment(&[
            (Some("\"0s\""), "no stale answers"),
            (None, "if no server answers, clients get answers that expired at most this long ago"),
        ]),
        key!(Cache, prefetch, Flag).comment(&[(Some("true"), "renews answers in use before their TTL ends")]),
        key!(Cache, snapshot, Flag)
            .comment(&[(Some("true"), "saves the cache to disk, and loads it at start")])
            .at_start(),
    ],
};

/// The section `[resolve]`: how authoritative servers are queried.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolve {
    /// A client gets an answer or SERVFAIL within this time, from its first query for the question on. Repeated queries do not extend it.
    pub deadline: Duration,
    /// The servers that are queried for the current root servers.
    pub root_hints: RootHints,
    /// Determines if queries are sent over IPv4.
    pub ipv4: Family,
    /// Determines if queries are sent over IPv6.
    pub ipv6: Family,
    /// No query is sent to these networks, even if a delegation names such a server.
    pub deny_servers: Vec<IpNet>,
    /// Private addresses, which are removed from answers for public names (protection against DNS rebinding).
    pub private_addresses: Vec<IpNet>,
    /// Answers for names in these domains may have addresses in `private_addresses`.
    pub private_domains: Vec<Name>,
    /// True if servers of the root and of TLDs get only the part of a name that they need (RFC 9156).
    pub qname_minimisation: bool,
    /// True if two servers of a zone are queried at the same time while no round trip of its servers is known.
    pub race: bool,
    /// The port of servers: 53 unless the operator sets another one.
    pub upstream_port: u16,
    /// The source addresses of queries, at most one for each address family; if empty, the system chooses them.
    pub source: Vec<IpAddr>,
    /// The source ports of UDP queries. Ports that this host reserves are not used.
    pub source_ports: RangeInclusive<u16>,
}

/// Determines if queries are sent over an address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Queries are sent over the address family if this host has a route for it.
    Auto,
    /// Always used.
    On,
    /// Never used.
    Off,
}

pub(super) const RESOLVE: SingleSection<Resolve> = SingleSection {
    name: "resolve",
    keys: &[
        key!(Resolve, deadline, Span(limits::MIN_DEADLINE..=record::limits::MAX_DEADLINE))
            .comment(&[(None, "a client that has no answer after this time gets SERVFAIL")]),
        ConfigKey::<Resolve>::new(
            "root_hints",
            |resolve, typed, directory| {
                if let Some(path) = value::path(typed, directory)? {
                    resolve.root_hints = root_hints::load(&path)?;
                }
                Ok(())
            },
            |resolve| Some(forms::path(resolve.root_hints.path.as_deref())),
        )
        .comment(&[(Some("\"\""), "the built-in root servers")])
        .content("the servers in the file changed", |old, new| {
            old.root_hints.servers != new.root_hints.servers
        }),
        key!(Resolve, ipv4, FamilyForm)
            .comment(&[(Some("\"auto\""), "IPv4 is used as long as servers reply over it")]),
        key!(Resolve, ipv6, FamilyForm)
            .comment(&[(Some("\"auto\""), "IPv6 is used as long as servers reply over it")]),
        key!(Resolve, deny_servers, List(NETWORK))
            .comment(&[(None, "no queries to servers with these addresses, except those of [[zone]]")]),
        key!(Resolve, private_addresses, List(NETWORK)).comment(&[
            (Some("[]"), "no addresses are removed from answers"),
            (None, "removed from answers of public names"),
        ]),
        key!(Resolve, private_domains, List(NAME)).comment(&[
            (Some("[]"), "no exceptions from private_addresses"),
            (None, "their names may have private addresses"),
        ]),
        key!(Resolve, qname_minimisation, Flag)
            .comment(&[(Some("true"), "root and top-level servers get only a part of the name")]),
        key!(Resolve, race, Flag).comment(&[(
            Some("true"),
            "two servers get the first query to a zone whose servers have no known speed",
        )]),
        key!(Resolve, upstream_port, Number(1..=u16::MAX))
            .comment(&[(None, "destination port of queries to servers")]),
        key!(Resolve, source, Texts(addresses::sources)).comment(&[
            (Some("[]"), "the operating system chooses the source address"),
            (None, "source address of queries to servers"),
        ]),
        key!(Resolve, source_ports, Text(addresses::source_ports, addresses::ports_text))
            .comment(&[(None, "source ports of UDP queries to servers")]),
    ],
};

/// `"auto"`, `true` or `false`.
struct FamilyForm;

impl Form for FamilyForm {
    type Meant = Family;

    fn read(&self, typed: &Typed<'_>, _: &Path) -> Read<Family> {
        match typed.get_ref() {
            DeValue::Boolean(true) => Ok(Family::On),
            DeValue::Boolean(false) => Ok(Family::Off),
            found if found.as_str() == Some("auto") => Ok(Family::Auto),
            _ => Err(WrongValue::new("has an unknown value", "write \"auto\", true or false")),
        }
    }

    fn write(&self, family: &Family) -> Option<Value> {
        Some(match family {
            Family::Auto => Value::String("auto".to_owned()),
            Family::On => Value::Boolean(true),
            Family::Off => Value::Boolean(false),
        })
    }
}

/// The section `[dnssec]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dnssec {
    /// True if answers are validated.
    pub validate: bool,
    /// The trust anchors.
    pub trust_anchor: TrustAnchor,
    /// True if resolverd follows changes of the root's keys (RFC 5011).
    pub update_trust_anchors: bool,
    /// Nothing is validated at and below these names (negative trust anchors, RFC 7646).
    pub negative_trust_anchors: Vec<Name>,
    /// True if signatures with SHA-1 are verified. Otherwise a zone with only such signatures is insecure.
    pub sha1: bool,
}

pub(super) const DNSSEC: SingleSection<Dnssec> = SingleSection {
    name: "dnssec",
    keys: &[
        key!(Dnssec, validate, Flag),
        ConfigKey::<Dnssec>::new(
            "trust_anchor",
            |dnssec, typed, directory| {
                if let Some(path) = value::path(typed, directory)? {
                    dnssec.trust_anchor = trust_anchor::load(&path)?;
                }
                Ok(())
            },
            |dnssec| Some(forms::path(dnssec.trust_anchor.path.as_deref())),
        )
        .comment(&[(Some("\"\""), "the built-in keys of the root zone, and those of /usr/share/dns/root.ds")])
        .content("the keys in the file changed", |old, new| {
            old.trust_anchor.anchors != new.trust_anchor.anchors
        }),
        key!(Dnssec, update_trust_anchors, Flag)
            .comment(&[(Some("true"), "trusts new keys of the root zone after 30 days (RFC 5011)")]),
        key!(Dnssec, negative_trust_anchors, List(NAME)).comment(&[(Some("[]"), "all names are validated")]),
        key!(Dnssec, sha1, Flag)
            .comment(&[(Some("false"), "zones with only SHA-1 signatures count as not signed")]),
    ],
};

/// The section `[control]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    /// The control socket, through which `resolverctl` talks to the daemon.
    pub socket: PathBuf,
}

pub(super) const CONTROL: SingleSection<Control> = SingleSection {
    name: "control",
    keys: &[key!(Control, socket, Text(|typed| socket(typed, SOCKET), |path| path.display().to_string()))
        .at_start()],
};

/// Reads the absolute path of a Unix socket. The error message shows `example`.
pub(super) fn socket(typed: &Typed<'_>, example: &str) -> Read<PathBuf> {
    let typed = value::text(typed)?;
    let remedy = format!("write a path like {}", quoted(example));
    if !typed.starts_with('/') {
        return Err(WrongValue::new(format!("{} is not an absolute path", quoted(typed)), remedy));
    }
    if typed.len() > limits::MAX_SOCKET_PATH {
        return Err(WrongValue::new(
            format!("is longer than the maximum of {} bytes for a socket path", limits::MAX_SOCKET_PATH),
            remedy,
        ));
    }
    Ok(PathBuf::from(typed))
}

/// The section `[metrics]`.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricsSection {
    /// The address and port of the metrics over HTTP; `None` turns them off.
    pub listen: Option<SocketAddr>,
    /// Who may read the page at the same address.
    pub page: PageReaders,
    /// The host names under which the page is served, besides addresses and `localhost`.
    pub hosts: Vec<Name>,
}

/// Who may read the page at the address of the metrics. It has names and clients; the metrics have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageReaders {
    /// There is no page.
    Nobody,
    /// Users of this host who may use the control socket.
    ControlUsers,
    /// Everyone who can connect.
    Everyone,
}

const PAGE_READERS: [(&str, PageReaders); 3] =
    [("none", PageReaders::Nobody), ("control", PageReaders::ControlUsers), ("all", PageReaders::Everyone)];

pub(super) const METRICS: SingleSection<MetricsSection> = SingleSection {
    name: "metrics",
    keys: &[
        key!(MetricsSection, listen, OrEmpty(Text(addresses::of_metrics, SocketAddr::to_string)))
            .comment(&[(Some("\"\""), "no metrics for Prometheus")]),
        key!(MetricsSection, page, Word(&PAGE_READERS))
            .comment(&[(Some("\"control\""), "the page is for local users who may use control.socket")]),
        key!(MetricsSection, hosts, List(NAME))
            .comment(&[(Some("[]"), "the page is served only under an address or localhost")]),
    ],
};

/// The section `[history]`: single questions of clients and their answers.
#[derive(Clone, Debug, PartialEq)]
pub struct HistorySection {
    /// The memory for the most recent questions in octets: 0 for none, and `None` for a share of `cache.size`.
    pub size: Option<u64>,
    /// A question that takes at least this time counts as slow. Slow questions are written to disk.
    pub slow: Duration,
    /// Parts of failed and slow questions that are not written to disk, for the privacy of clients.
    pub redact: Redact,
}

/// The parts of a question that are not written to disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redact {
    /// Everything is written.
    None,
    /// The IP addresses of clients are not written.
    Client,
    /// The IP addresses of clients are not written, and names are shortened to their domain, such as `example.com`.
    Names,
}

const REDACT: [(&str, Redact); 3] =
    [("none", Redact::None), ("client", Redact::Client), ("names", Redact::Names)];

/// The range of `slow`. With a smaller value, every question that the cache cannot answer would be slow. No client waits for more than a minute.
const SLOW_RANGE: RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_secs(60);

/// Returns `None` for `"auto"`.
fn record_size(typed: &Typed<'_>) -> Read<Option<u64>> {
    value::auto_size(typed, &(record::limits::MIN_RECORD..=limits::MAX_RECORD))
}

pub(super) const HISTORY: SingleSection<HistorySection> = SingleSection {
    name: "history",
    keys: &[
        key!(
            HistorySection,
            size,
            Text(record_size, |size| size.map_or_else(|| "auto".to_owned(), value::size_text))
        )
        .comment(&[(Some("\"auto\""), "one sixteenth of the cache size, at most 64 MiB")])
        .at_start(),
        key!(HistorySection, slow, Span(SLOW_RANGE))
            .comment(&[(None, "queries that take this time or longer are logged as slow")]),
        key!(HistorySection, redact, Word(&REDACT)).comment(&[(
            Some("\"none\""),
            "the files of failed and slow queries have full names, and the addresses of clients",
        )]),
    ],
};

/// The section `[log]`.
#[derive(Clone, Debug, PartialEq)]
pub struct LogSection {
    /// The least important level that is written: `error`, `warn`, `info`, `debug` or `trace`.
    pub level: tracing::Level,
    /// True if every question of a client is logged.
    pub queries: bool,
}

pub(super) const LOG: SingleSection<LogSection> = SingleSection {
    name: "log",
    keys: &[
        key!(LogSection, level, Text(level, |level| level.as_str().to_ascii_lowercase())),
        key!(LogSection, queries, Flag).comment(&[(Some("false"), "no log line for each query")]),
    ],
};

fn level(typed: &Typed<'_>) -> Read<tracing::Level> {
    let typed = value::text(typed)?;
    let known = ["error", "warn", "info", "debug", "trace"];
    let level = known.contains(&typed).then(|| typed.parse().ok()).flatten();
    level.ok_or_else(|| {
        WrongValue::new(
            format!("{} is not a log level", quoted(typed)),
            format!("write one of {}", known.join(", ")),
        )
    })
}
