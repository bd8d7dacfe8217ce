//! `[[zone]]` and `[[host]]`: zones with servers or data of their own, and names with addresses of their own.

use crate::limits;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use hickory_proto::rr::Name;
use toml::Value;

use super::addresses::{Forwarder, server_text};
use super::keys::{ConfigKey, ReportedAs, TableEntry, set, set_some};
use super::report::WrongValue;
use super::{addresses, included, records, value, view, written};

/// The keys for the source of a zone's answers.
const ZONE_KINDS: [&str; 5] = ["forward", "stub", "recurse", "file", "records"];

/// The meaning of leaving out a zone's own cap.
const CAP: &str = "that of [cache]";

/// A zone with servers or data of its own; the longest suffix of a name counts.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfiguredZone {
    /// Its apex, lower case, absolute.
    pub name: Name,
    /// The `[[view]]` whose clients see it; none: the clients without a view, and those of each view that has no zone of this name.
    pub view: Option<String>,
    /// The source of its answers.
    pub kind: ZoneKind,
    /// With `forward`: whether recursion follows if all forwarders fail.
    pub forward_first: bool,
    /// Whether the locally served zones below it are answered here (RFC 6303).
    pub locally_served: bool,
    /// Addresses to ask from; empty: `resolve.source`.
    pub source: Vec<IpAddr>,
    /// Overrides `cache.max_ttl`.
    pub max_ttl: Option<Duration>,
    /// Overrides `cache.negative_max_ttl`.
    pub negative_max_ttl: Option<Duration>,
    /// Whether its answers are validated as others are.
    pub validate: bool,
}

/// The source of a zone's answers.
#[derive(Clone, Debug, PartialEq)]
pub enum ZoneKind {
    /// `forward`: recursive servers, asked for the whole answer.
    Forward(Vec<Forwarder>),
    /// `stub`: the zone's own servers, by address and port.
    Stub(Vec<SocketAddr>),
    /// `recurse`: recursion from the root servers, although a zone around it has other servers.
    Recurse,
    /// `file`: a zone file, read together with the configuration.
    File {
        /// Its path.
        path: PathBuf,
        /// Its text.
        text: String,
    },
    /// `records`: lines of a zone file; the SOA is made here.
    Records(Vec<String>),
}

impl TableEntry for ConfiguredZone {
    const NAME: &'static str = "zone";
    const MOST: usize = limits::MAX_ZONES;
    const KEYS: &'static [ConfigKey<Self>] = &[
        ConfigKey::<Self>::new(
            "name",
            |zone, typed, _| set(&mut zone.name, value::name(typed)),
            |zone| Some(written::name(&zone.name)),
        )
        .required()
        .reported(ReportedAs::ByEntry),
        ConfigKey::<Self>::new(
            "view",
            |zone, typed, _| set_some(&mut zone.view, view::word(typed)),
            |zone| zone.view.clone().map(Value::String),
        )
        .reported(ReportedAs::ByEntry),
        ConfigKey::<Self>::new(
            "forward",
            |zone, typed, _| set(&mut zone.kind, addresses::forwarders(typed).map(ZoneKind::Forward)),
            |zone| match &zone.kind {
                ZoneKind::Forward(forwarders) => Some(written::list(forwarders)),
                ZoneKind::Stub(_) | ZoneKind::Recurse | ZoneKind::File { .. } | ZoneKind::Records(_) => None,
            },
        )
        .reported(ReportedAs::ByEntry),
        ConfigKey::<Self>::new(
            "forward_first",
            |zone, typed, _| set(&mut zone.forward_first, value::flag(typed)),
            |zone| zone.forward_first.then(|| true.into()),
        )
        .comment(&[(Some("true"), "asks the root servers if no forwarder answers")])
        .unset("false"),
        ConfigKey::<Self>::new(
            "locally_served",
            |zone, typed, _| set(&mut zone.locally_served, value::flag(typed)),
            |zone| zone.locally_served.then(|| true.into()),
        )
        .comment(&[(Some("true"), "answers reverse names of private addresses here")])
        .unset("false"),
        ConfigKey::<Self>::new(
            "stub",
            |zone, typed, _| set(&mut zone.kind, addresses::servers(typed).map(ZoneKind::Stub)),
            |zone| match &zone.kind {
                ZoneKind::Stub(servers) => Some(written::texts(servers.iter().map(|one| server_text(*one)))),
                ZoneKind::Forward(_) | ZoneKind::Recurse | ZoneKind::File { .. } | ZoneKind::Records(_) => {
                    None
                }
            },
        )
        .reported(ReportedAs::ByEntry),
        ConfigKey::<Self>::new(
            "recurse",
            |zone, typed, _| {
                let kind = match value::flag(typed)? {
                    true => Ok(ZoneKind::Recurse),
                    false => Err(WrongValue::new("is false", "write true, or remove it")),
                };
                set(&mut zone.kind, kind)
            },
            |zone| (zone.kind == ZoneKind::Recurse).then(|| true.into()),
        )
        .comment(&[(Some("true"), "asks the root servers, not the servers of a zone around it")])
        .reported(ReportedAs::ByEntry),
        ConfigKey::<Self>::new(
            "file",
            |zone, typed, directory| {
                let path = directory.join(value::text(typed)?);
                let text = included::read(&zone.name, &path)?;
                set(&mut zone.kind, Ok(ZoneKind::File { path, text }))
            },
            |zone| match &zone.kind {
                ZoneKind::File { path, .. } => Some(written::path(Some(path))),
                ZoneKind::Forward(_) | ZoneKind::Stub(_) | ZoneKind::Recurse | ZoneKind::Records(_) => None,
            },
        )
        .reported(ReportedAs::ByEntry),
        ConfigKey::<Self>::new(
            "records",
            |zone, typed, _| set(&mut zone.kind, records::lines(&zone.name, typed).map(ZoneKind::Records)),
            |zone| match &zone.kind {
                ZoneKind::Records(lines) => Some(written::texts(lines.iter().cloned())),
                ZoneKind::Forward(_) | ZoneKind::Stub(_) | ZoneKind::Recurse | ZoneKind::File { .. } => None,
            },
        )
        .reported(ReportedAs::ByEntry),
        ConfigKey::<Self>::new(
            "source",
            |zone, typed, _| set(&mut zone.source, addresses::sources(typed)),
            |zone| Some(written::list(&zone.source)),
        )
        .comment(&[
            (Some("[]"), "uses `source` of [resolve]"),
            (None, "source address of queries to servers"),
        ]),
        ConfigKey::<Self>::new(
            "max_ttl",
            |zone, typed, _| {
                set_some(&mut zone.max_ttl, value::span(typed, &(Duration::ZERO..=dns::limits::MAX_TTL)))
            },
            |zone| zone.max_ttl.map(written::span),
        )
        .unset(CAP),
        ConfigKey::<Self>::new(
            "negative_max_ttl",
            |zone, typed, _| {
                let range = Duration::ZERO..=limits::MAX_NEGATIVE_TTL;
                set_some(&mut zone.negative_max_ttl, value::span(typed, &range))
            },
            |zone| zone.negative_max_ttl.map(written::span),
        )
        .unset(CAP),
        ConfigKey::<Self>::new(
            "validate",
            |zone, typed, _| set(&mut zone.validate, value::flag(typed)),
            |zone| (!zone.validate).then(|| zone.validate.into()),
        )
        .unset("true"),
    ];

    fn blank() -> Self {
        Self::default()
    }

    fn title(&self) -> String {
        format!("zone {}", self.shown())
    }

    fn effect(&self) -> Option<String> {
        Some(self.leads(["forwards to", "queries", "file"]))
    }

    fn changes(&self, old: &Self) -> Vec<String> {
        let now = self.leads(["forwards to", "queries", "file"]);
        if old.leads(["forwards to", "queries", "file"]) != now {
            vec![format!("{now}, was: {}", old.leads(["forwards to", "queries", "file"]))]
        } else if old.kind != self.kind {
            let what = if matches!(self.kind, ZoneKind::File { .. }) { "file" } else { "records" };
            vec![format!("its {what} changed")]
        } else {
            Vec::new()
        }
    }

    fn check(typed: &[&'static str]) -> Option<(Option<&'static str>, WrongValue)> {
        let kinds: Vec<&str> = typed.iter().filter(|key| ZONE_KINDS.contains(key)).copied().collect();
        match kinds.as_slice() {
            [] => {
                let remedy = format!("write one of {}", ZONE_KINDS.join(", "));
                Some((None, WrongValue::new("has no source of answers", remedy)))
            }
            [kind] if *kind != "forward" && typed.contains(&"forward_first") => {
                let wrong = WrongValue::new("is set without forward", "remove it, or set forward");
                Some((Some("forward_first"), wrong))
            }
            [_] => None,
            [first, second, ..] => Some((
                Some(second),
                WrongValue::new(format!("cannot be used together with {first}"), "remove one of them"),
            )),
        }
    }
}

impl ConfiguredZone {
    /// Its name, with that of its view: two zones of a configuration never share both.
    pub fn shown(&self) -> String {
        format!("{}{}", value::name_text(&self.name), view::of_view(self.view.as_deref()))
    }

    /// The source of its answers, with the verb for each kind of zone.
    fn leads(&self, [forward, stub, file]: [&str; 3]) -> String {
        match &self.kind {
            ZoneKind::Forward(forwarders) => format!("{forward} {}", joined(forwarders.iter())),
            ZoneKind::Stub(servers) => {
                format!("{stub} {}", joined(servers.iter().map(|server| server_text(*server))))
            }
            ZoneKind::Recurse => "resolves from the root servers".to_owned(),
            ZoneKind::File { path, .. } => format!("{file} {}", path.display()),
            ZoneKind::Records(lines) => format!("{} records of this file", lines.len()),
        }
    }
}

/// A name with addresses of its own; their reverse names lead back to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfiguredHost {
    /// The name, lower case, absolute.
    pub name: Name,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// The `[[view]]` whose clients see it; none: the clients without a view, and those of each view that has nothing for this name.
    pub view: Option<String>,
}

impl TableEntry for ConfiguredHost {
    const NAME: &'static str = "host";
    const MOST: usize = limits::MAX_HOSTS;
    const KEYS: &'static [ConfigKey<Self>] = &[
        ConfigKey::<Self>::new(
            "name",
            |host, typed, _| set(&mut host.name, value::name(typed)),
            |host| Some(written::name(&host.name)),
        )
        .required()
        .reported(ReportedAs::ByEntry),
        ConfigKey::<Self>::new(
            "addresses",
            |host, typed, _| set(&mut host.addresses, addresses::host_addresses(typed)),
            |host| Some(written::list(&host.addresses)),
        )
        .required()
        .reported(ReportedAs::Bare),
        ConfigKey::<Self>::new(
            "view",
            |host, typed, _| set_some(&mut host.view, view::word(typed)),
            |host| host.view.clone().map(Value::String),
        )
        .reported(ReportedAs::ByEntry),
    ];

    fn blank() -> Self {
        Self::default()
    }

    fn title(&self) -> String {
        format!("host {}{}", value::name_text(&self.name), view::of_view(self.view.as_deref()))
    }

    fn effect(&self) -> Option<String> {
        Some(joined(self.addresses.iter()))
    }
}

/// Several, with commas between.
fn joined(values: impl Iterator<Item = impl fmt::Display>) -> String {
    values.map(|value| value.to_string()).collect::<Vec<_>>().join(", ")
}
