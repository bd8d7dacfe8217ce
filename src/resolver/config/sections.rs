//! The sections that occur once, except `[listen]` and `[dnsbl]`: their types, and the rows of their keys.
//!
//! A new key is a field here with its row, and a default in `defaults`.

use crate::limits;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use hickory_proto::rr::Name;
use ipnet::IpNet;
use toml::Value;
use toml::de::DeValue;

use super::keys::{ConfigKey, SingleSection, set};
use super::report::{WrongValue, quoted};
use super::root_hints::{self, RootHints};
use super::trust_anchor::{self, TrustAnchor};
use super::value::{Read, Typed};
use super::{addresses, value, written};

/// The sizes and times of the cache.
#[derive(Clone, Debug, PartialEq)]
pub struct Cache {
    /// Octets for the four memories together.
    pub size: u64,
    /// The longest time that a positive answer is kept.
    pub max_ttl: Duration,
    /// The longest time that a negative answer is kept (RFC 2308 section 5).
    pub negative_max_ttl: Duration,
    /// For how long past its TTL an answer may be given if no server answers (RFC 8767); 0: never.
    pub serve_stale: Duration,
    /// Whether an answer in use is renewed before its TTL ends.
    pub prefetch: bool,
    /// Whether the cache is kept over a restart, in a file of the state directory.
    pub snapshot: bool,
}

pub(super) const CACHE: SingleSection<Cache> = SingleSection {
    name: "cache",
    keys: &[
        ConfigKey::<Cache>::new(
            "size",
            |cache, typed, _| set(&mut cache.size, value::size(typed)),
            |cache| Some(written::size(cache.size)),
        )
        .at_start(),
        ConfigKey::<Cache>::new(
            "max_ttl",
            |cache, typed, _| {
                set(&mut cache.max_ttl, value::span(typed, &(Duration::ZERO..=dns::limits::MAX_TTL)))
            },
            |cache| Some(written::span(cache.max_ttl)),
        )
        .comment(&[(None, "maximum time that an answer is cached")]),
        ConfigKey::<Cache>::new(
            "negative_max_ttl",
            |cache, typed, _| {
                let range = Duration::ZERO..=limits::MAX_NEGATIVE_TTL;
                set(&mut cache.negative_max_ttl, value::span(typed, &range))
            },
            |cache| Some(written::span(cache.negative_max_ttl)),
        )
        .comment(&[(None, "maximum time that NXDOMAIN and NODATA are cached")]),
        ConfigKey::<Cache>::new(
            "serve_stale",
            |cache, typed, _| {
                let range = Duration::ZERO..=dns::limits::MAX_SERVE_STALE;
                set(&mut cache.serve_stale, value::span(typed, &range))
            },
            |cache| Some(written::span(cache.serve_stale)),
        )
        .comment(&[
            (Some("\"0s\""), "no stale answers"),
            (None, "if no server answers, clients get expired answers for this time"),
        ]),
        ConfigKey::<Cache>::new(
            "prefetch",
            |cache, typed, _| set(&mut cache.prefetch, value::flag(typed)),
            |cache| Some(cache.prefetch.into()),
        )
        .comment(&[(Some("true"), "renews answers in use before their TTL ends")]),
        ConfigKey::<Cache>::new(
            "snapshot",
            |cache, typed, _| set(&mut cache.snapshot, value::flag(typed)),
            |cache| Some(cache.snapshot.into()),
        )
        .comment(&[(Some("true"), "saves the cache to disk, and loads it at start")])
        .at_start(),
    ],
};

/// The settings of queries to servers.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolve {
    /// The time within which a client has an answer or SERVFAIL, from its first copy.
    pub deadline: Duration,
    /// The servers that recursion starts from.
    pub root_hints: RootHints,
    /// Whether servers are asked over IPv4.
    pub ipv4: Family,
    /// Whether servers are asked over IPv6.
    pub ipv6: Family,
    /// Servers that are never asked, even if a delegation names them.
    pub deny_servers: Vec<IpNet>,
    /// Networks whose addresses are removed from answers of public names.
    pub private_addresses: Vec<IpNet>,
    /// Domains whose names may have such addresses.
    pub private_domains: Vec<Name>,
    /// Whether servers of the root and of TLDs get no more of a name than they need (RFC 9156).
    pub qname_minimisation: bool,
    /// Whether first contact with a zone asks two servers at once.
    pub race: bool,
    /// The port of servers.
    pub upstream_port: u16,
    /// Addresses to ask from, at most one of each family; empty: the system chooses.
    pub source: Vec<IpAddr>,
    /// Ports of outgoing datagrams, except ports that this host reserves.
    pub source_ports: RangeInclusive<u16>,
}

/// Whether an address family is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Used if this host has a route.
    Auto,
    /// Used.
    On,
    /// Not used.
    Off,
}

pub(super) const RESOLVE: SingleSection<Resolve> = SingleSection {
    name: "resolve",
    keys: &[
        ConfigKey::<Resolve>::new(
            "deadline",
            |resolve, typed, _| {
                let range = limits::MIN_DEADLINE..=history::limits::MAX_DEADLINE;
                set(&mut resolve.deadline, value::span(typed, &range))
            },
            |resolve| Some(written::span(resolve.deadline)),
        )
        .comment(&[(None, "a client that has no answer after this time gets SERVFAIL")]),
        ConfigKey::<Resolve>::new(
            "root_hints",
            |resolve, typed, directory| match value::path(typed, directory)? {
                Some(path) => set(&mut resolve.root_hints, root_hints::load(&path)),
                None => Ok(()),
            },
            |resolve| Some(written::path(resolve.root_hints.path.as_deref())),
        )
        .comment(&[(Some("\"\""), "the built-in root servers")])
        .content("the servers in the file changed", |old, new| {
            old.root_hints.servers != new.root_hints.servers
        }),
        ConfigKey::<Resolve>::new(
            "ipv4",
            |resolve, typed, _| set(&mut resolve.ipv4, family(typed)),
            |resolve| Some(family_written(resolve.ipv4)),
        )
        .comment(&[(Some("\"auto\""), "IPv4 is used as long as servers reply over it")]),
        ConfigKey::<Resolve>::new(
            "ipv6",
            |resolve, typed, _| set(&mut resolve.ipv6, family(typed)),
            |resolve| Some(family_written(resolve.ipv6)),
        )
        .comment(&[(Some("\"auto\""), "IPv6 is used as long as servers reply over it")]),
        ConfigKey::<Resolve>::new(
            "deny_servers",
            |resolve, typed, _| set(&mut resolve.deny_servers, value::list(typed, addresses::network)),
            |resolve| Some(written::list(&resolve.deny_servers)),
        )
        .comment(&[(None, "no queries to servers with these addresses, except those of [[zone]]")]),
        ConfigKey::<Resolve>::new(
            "private_addresses",
            |resolve, typed, _| set(&mut resolve.private_addresses, value::list(typed, addresses::network)),
            |resolve| Some(written::list(&resolve.private_addresses)),
        )
        .comment(&[(Some("[]"), "no addresses are removed"), (None, "removed from answers of public names")]),
        ConfigKey::<Resolve>::new(
            "private_domains",
            |resolve, typed, _| set(&mut resolve.private_domains, value::list(typed, value::name)),
            |resolve| Some(written::names(&resolve.private_domains)),
        )
        .comment(&[
            (Some("[]"), "no exceptions from private_addresses"),
            (None, "their names may have private addresses"),
        ]),
        ConfigKey::<Resolve>::new(
            "qname_minimisation",
            |resolve, typed, _| set(&mut resolve.qname_minimisation, value::flag(typed)),
            |resolve| Some(resolve.qname_minimisation.into()),
        )
        .comment(&[(Some("true"), "root and top-level servers get only a part of the name")]),
        ConfigKey::<Resolve>::new(
            "race",
            |resolve, typed, _| set(&mut resolve.race, value::flag(typed)),
            |resolve| Some(resolve.race.into()),
        )
        .comment(&[(Some("true"), "the first query to a zone goes to two servers")]),
        ConfigKey::<Resolve>::new(
            "upstream_port",
            |resolve, typed, _| set(&mut resolve.upstream_port, value::number(typed, &(1..=u16::MAX.into()))),
            |resolve| Some(written::number(resolve.upstream_port)),
        )
        .comment(&[(None, "destination port of queries to servers")]),
        ConfigKey::<Resolve>::new(
            "source",
            |resolve, typed, _| set(&mut resolve.source, addresses::sources(typed)),
            |resolve| Some(written::list(&resolve.source)),
        )
        .comment(&[
            (Some("[]"), "the operating system chooses the source address"),
            (None, "source address of queries to servers"),
        ]),
        ConfigKey::<Resolve>::new(
            "source_ports",
            |resolve, typed, _| set(&mut resolve.source_ports, addresses::source_ports(typed)),
            |resolve| Some(Value::String(addresses::ports_text(&resolve.source_ports))),
        )
        .comment(&[(None, "source ports of UDP queries to servers")]),
    ],
};

/// `"auto"`, `true` or `false`.
fn family(typed: &Typed<'_>) -> Read<Family> {
    match typed.get_ref() {
        DeValue::Boolean(true) => Ok(Family::On),
        DeValue::Boolean(false) => Ok(Family::Off),
        found if found.as_str() == Some("auto") => Ok(Family::Auto),
        _ => Err(WrongValue::new("has an unknown value", "write \"auto\", true or false")),
    }
}

fn family_written(family: Family) -> Value {
    match family {
        Family::Auto => Value::String("auto".to_owned()),
        Family::On => Value::Boolean(true),
        Family::Off => Value::Boolean(false),
    }
}

/// The settings of validation.
#[derive(Clone, Debug, PartialEq)]
pub struct Dnssec {
    /// Whether answers are validated.
    pub validate: bool,
    /// The trust anchors.
    pub trust_anchor: TrustAnchor,
    /// Whether the keys of the root are followed over their rollovers (RFC 5011).
    pub update_trust_anchors: bool,
    /// Names at and below which nothing is validated (RFC 7646).
    pub negative_trust_anchors: Vec<Name>,
    /// Whether signatures with SHA-1 are checked; if not, zones that have no others are insecure.
    pub sha1: bool,
}

pub(super) const DNSSEC: SingleSection<Dnssec> = SingleSection {
    name: "dnssec",
    keys: &[
        ConfigKey::<Dnssec>::new(
            "validate",
            |dnssec, typed, _| set(&mut dnssec.validate, value::flag(typed)),
            |dnssec| Some(dnssec.validate.into()),
        ),
        ConfigKey::<Dnssec>::new(
            "trust_anchor",
            |dnssec, typed, directory| match value::path(typed, directory)? {
                Some(path) => set(&mut dnssec.trust_anchor, trust_anchor::load(&path)),
                None => Ok(()),
            },
            |dnssec| Some(written::path(dnssec.trust_anchor.path.as_deref())),
        )
        .comment(&[(Some("\"\""), "only the built-in keys of the root zone")])
        .content("the keys in the file changed", |old, new| {
            old.trust_anchor.anchors != new.trust_anchor.anchors
        }),
        ConfigKey::<Dnssec>::new(
            "update_trust_anchors",
            |dnssec, typed, _| set(&mut dnssec.update_trust_anchors, value::flag(typed)),
            |dnssec| Some(dnssec.update_trust_anchors.into()),
        )
        .comment(&[(Some("true"), "trusts new keys of the root zone after 30 days (RFC 5011)")]),
        ConfigKey::<Dnssec>::new(
            "negative_trust_anchors",
            |dnssec, typed, _| set(&mut dnssec.negative_trust_anchors, value::list(typed, value::name)),
            |dnssec| Some(written::names(&dnssec.negative_trust_anchors)),
        )
        .comment(&[(Some("[]"), "all names are validated")]),
        ConfigKey::<Dnssec>::new(
            "sha1",
            |dnssec, typed, _| set(&mut dnssec.sha1, value::flag(typed)),
            |dnssec| Some(dnssec.sha1.into()),
        )
        .comment(&[(Some("false"), "zones with only SHA-1 signatures count as not signed")]),
    ],
};

/// The control socket.
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    /// Its path.
    pub socket: PathBuf,
}

pub(super) const CONTROL: SingleSection<Control> = SingleSection {
    name: "control",
    keys: &[ConfigKey::<Control>::new(
        "socket",
        |control, typed, _| set(&mut control.socket, socket(typed)),
        |control| Some(written::path(Some(&control.socket))),
    )
    .at_start()],
};

/// The absolute path of a socket.
fn socket(typed: &Typed<'_>) -> Read<PathBuf> {
    let typed = value::text(typed)?;
    let remedy = format!("write a path like \"{}\"", Control::default().socket.display());
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

/// Metrics for Prometheus.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricsSection {
    /// The address and port of the HTTP listener; none: there is no such listener.
    pub listen: Option<SocketAddr>,
}

pub(super) const METRICS: SingleSection<MetricsSection> = SingleSection {
    name: "metrics",
    keys: &[ConfigKey::<MetricsSection>::new(
        "listen",
        |metrics, typed, _| set(&mut metrics.listen, addresses::of_metrics(typed)),
        |metrics| Some(Value::String(metrics.listen.map_or_else(String::new, |address| address.to_string()))),
    )
    .comment(&[(Some("\"\""), "no metrics for Prometheus")])],
};

/// The questions that are kept one by one.
#[derive(Clone, Debug, PartialEq)]
pub struct HistorySection {
    /// Octets of memory for the last questions; 0: none is kept; none: a share of `cache.size`.
    pub size: Option<u64>,
    /// The time from which on a question is slow.
    pub slow: Duration,
    /// The parts of failed and slow questions that are not written to disk.
    pub redact: Redact,
}

/// The parts of a question that are not written to disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redact {
    /// Nothing.
    None,
    /// The addresses of clients.
    Client,
    /// These and the names, except their domains.
    Names,
}

const REDACT: [(&str, Redact); 3] =
    [("none", Redact::None), ("client", Redact::Client), ("names", Redact::Names)];

/// A slow question of less than this would be a line for each cache miss; one that takes longer than a minute has no client
/// any more.
const SLOW_RANGE: RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_secs(60);

pub(super) const HISTORY: SingleSection<HistorySection> = SingleSection {
    name: "history",
    keys: &[
        ConfigKey::<HistorySection>::new(
            "size",
            |history, typed, _| {
                set(
                    &mut history.size,
                    value::auto_size(typed, &(history::limits::MIN_RECORD..=limits::MAX_RECORD)),
                )
            },
            |history| Some(history.size.map_or_else(|| Value::String("auto".to_owned()), written::size)),
        )
        .comment(&[(Some("\"auto\""), "one sixteenth of the cache size, at most 64 MiB")])
        .at_start(),
        ConfigKey::<HistorySection>::new(
            "slow",
            |history, typed, _| set(&mut history.slow, value::span(typed, &SLOW_RANGE)),
            |history| Some(written::span(history.slow)),
        )
        .comment(&[(None, "queries that take this time or longer are logged as slow")]),
        ConfigKey::<HistorySection>::new(
            "redact",
            |history, typed, _| set(&mut history.redact, value::word(typed, &REDACT)),
            |history| Some(written::word(history.redact, &REDACT)),
        )
        .comment(&[(
            Some("\"none\""),
            "the files of failed and slow queries have full names, and the addresses of clients",
        )]),
    ],
};

/// Log lines.
#[derive(Clone, Debug, PartialEq)]
pub struct LogSection {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: tracing::Level,
    /// Whether each question of a client has a line.
    pub queries: bool,
}

pub(super) const LOG: SingleSection<LogSection> = SingleSection {
    name: "log",
    keys: &[
        ConfigKey::<LogSection>::new(
            "level",
            |log, typed, _| set(&mut log.level, level(typed)),
            |log| Some(Value::String(log.level.as_str().to_ascii_lowercase())),
        ),
        ConfigKey::<LogSection>::new(
            "queries",
            |log, typed, _| set(&mut log.queries, value::flag(typed)),
            |log| Some(log.queries.into()),
        )
        .comment(&[(Some("false"), "no log line for each query")]),
    ],
};

/// A log level.
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
