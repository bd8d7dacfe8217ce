//! The entries `[[zone]]` and `[[host]]`: zones with servers or data that the operator configures, and names with configured addresses.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use hickory_proto::rr::Name;

use super::addresses::{Forwarder, server_text};
use super::forms::{self, FlagUnless, NAME, Optional, Span, Texts};
use super::keys::{ConfigKey, TableEntry, key};
use super::report::WrongValue;
use super::value::Read;
use super::view::{self, VIEW};
use super::{addresses, records, value};
use crate::limits;

/// Each `[[zone]]` has exactly one of these keys.
const ZONE_KINDS: [&str; 6] = ["forward", "stub", "recurse", "file", "records", "block"];

const NO_SERVERS: &str = "none";

const FILE_REMEDY: &str = "name a zone file (RFC 1035 section 5) that the daemon may read";

const CAP: &str = "that of [cache]";

/// The values of a `[[zone]]`. If several configured zones contain a name, the zone with the longest apex applies.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfiguredZone {
    /// The apex of the configured zone, absolute and in lower case.
    pub name: Name,
    /// The `[[view]]` whose clients see the zone. `None`: clients without a view see the zone, and so do clients of each view that has no zone with
    /// this name.
    pub view: Option<String>,
    /// Where the answers for names in the zone come from.
    pub kind: ZoneKind,
    /// True if resolverd asks the authoritative servers itself when all forwarders fail. Used only with `forward`.
    pub forward_first: bool,
    /// True if resolverd itself answers for the locally served zones (RFC 6303) below this zone.
    pub locally_served: bool,
    /// The local addresses from which queries to the zone's servers are sent. If it is empty, `resolve.source` applies.
    pub source: Vec<IpAddr>,
    /// The maximum TTL of this zone, which replaces `cache.max_ttl`.
    pub max_ttl: Option<Duration>,
    /// The maximum TTL of negative answers of this zone, which replaces `cache.negative_max_ttl`.
    pub negative_max_ttl: Option<Duration>,
    /// True if answers of this zone are validated with DNSSEC, like the answers of all other zones.
    pub validate: bool,
}

/// Where the answers of a configured zone come from.
#[derive(Clone, Debug, PartialEq)]
pub enum ZoneKind {
    /// `forward`: these recursive servers, which are asked for the complete answer.
    Forward(Vec<Forwarder>),
    /// `stub`: these authoritative servers of the zone.
    Stub(Vec<SocketAddr>),
    /// `recurse`: the authoritative servers that recursion from the root servers finds. Needed only if a configured zone above this zone has other
    /// servers or data.
    Recurse,
    /// `file`: a zone file, which is read when the configuration is read.
    File {
        /// The path of the zone file.
        path: PathBuf,
        /// The content of the zone file.
        text: String,
    },
    /// `records`: these lines in the format of a zone file. resolverd adds the SOA record.
    Records(Vec<String>),
    /// `block`: nothing. The name of the zone and all names below it do not exist (NXDOMAIN).
    Blocked,
}

impl TableEntry for ConfiguredZone {
    const NAME: &'static str = "zone";
    const MOST: usize = limits::MAX_ZONES;
    const KEYS: &'static [ConfigKey<Self>] = &[
        key!(Self, name, NAME).required(),
        key!(Self, view, Optional(VIEW)),
        ConfigKey::<Self>::new(
            "forward",
            |zone, typed, _| zone.set(addresses::forwarders(typed).map(ZoneKind::Forward)),
            |zone| {
                let ZoneKind::Forward(forwarders) = &zone.kind else { return None };
                Some(forms::texts(forwarders))
            },
        )
        .unset(NO_SERVERS),
        key!(Self, forward_first, FlagUnless(false))
            .comment(&[(Some("true"), "asks the root servers if no forwarder answers")])
            .unset("false"),
        key!(Self, locally_served, FlagUnless(false))
            .comment(&[(Some("true"), "answers reverse names of private addresses here")])
            .unset("false"),
        ConfigKey::<Self>::new(
            "stub",
            |zone, typed, _| zone.set(addresses::servers(typed).map(ZoneKind::Stub)),
            |zone| {
                let ZoneKind::Stub(servers) = &zone.kind else { return None };
                Some(forms::texts(servers.iter().map(|server| server_text(*server))))
            },
        )
        .unset(NO_SERVERS),
        ConfigKey::<Self>::new(
            "recurse",
            |zone, typed, _| match value::flag(typed)? {
                true => zone.set(Ok(ZoneKind::Recurse)),
                false => Err(WrongValue::new("is false", "write true, or remove it")),
            },
            |zone| (zone.kind == ZoneKind::Recurse).then(|| true.into()),
        )
        .comment(&[(Some("true"), "asks the root servers, not the servers of a zone around it")])
        .unset("false"),
        ConfigKey::<Self>::new(
            "file",
            |zone, typed, directory| {
                let path = directory.join(value::text(typed)?);
                let text = value::file(&path, limits::MAX_ZONE_FILE, FILE_REMEDY)?;
                zone.set(Ok(ZoneKind::File { path, text }))
            },
            |zone| {
                let ZoneKind::File { path, .. } = &zone.kind else { return None };
                Some(forms::path(Some(path)))
            },
        )
        .unset(NO_SERVERS)
        .content("its content changed", |old, new| {
            matches!((&old.kind, &new.kind),
                (ZoneKind::File { text: old, .. }, ZoneKind::File { text: new, .. }) if old != new)
        }),
        ConfigKey::<Self>::new(
            "records",
            |zone, typed, _| zone.set(records::lines(&zone.name, typed).map(ZoneKind::Records)),
            |zone| {
                let ZoneKind::Records(lines) = &zone.kind else { return None };
                Some(forms::texts(lines))
            },
        )
        .unset(NO_SERVERS),
        ConfigKey::<Self>::new(
            "block",
            |zone, typed, _| match value::flag(typed)? {
                true if zone.name.is_root() => {
                    Err(WrongValue::new("cannot block the root", "block a name below it, or remove it"))
                }
                true => zone.set(Ok(ZoneKind::Blocked)),
                false => Err(WrongValue::new("is false", "write true, or remove it")),
            },
            |zone| (zone.kind == ZoneKind::Blocked).then(|| true.into()),
        )
        .comment(&[(Some("true"), "this name and all names below it do not exist")])
        .unset("false"),
        key!(Self, source, Texts(addresses::sources)).comment(&[
            (Some("[]"), "uses `source` of [resolve]"),
            (None, "source address of queries to servers"),
        ]),
        key!(Self, max_ttl, Optional(Span(Duration::ZERO..=dns::limits::MAX_TTL))).unset(CAP),
        key!(Self, negative_max_ttl, Optional(Span(Duration::ZERO..=limits::MAX_NEGATIVE_TTL))).unset(CAP),
        key!(Self, validate, FlagUnless(true)).unset("true"),
    ];

    fn blank() -> Self {
        Self::default()
    }

    fn title(&self) -> String {
        format!("zone {}", self.shown())
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
    /// Returns the name of the zone and its view, for error texts. Both together identify a zone of the configuration.
    pub fn shown(&self) -> String {
        format!("{}{}", value::name_text(&self.name), view::of_view(self.view.as_deref()))
    }

    fn set(&mut self, read: Read<ZoneKind>) -> Read<()> {
        self.kind = read?;
        Ok(())
    }
}

/// The values of a `[[host]]`: a name with its addresses. resolverd creates the PTR records of these addresses too.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfiguredHost {
    /// The name of the `[[host]]` entry, absolute and in lower case.
    pub name: Name,
    /// The IP addresses of the host.
    pub addresses: Vec<IpAddr>,
    /// The `[[view]]` whose clients see the host. `None`: clients without a view see the host, and so do clients of each view that has no `[[host]]`
    /// with this name.
    pub view: Option<String>,
}

impl TableEntry for ConfiguredHost {
    const NAME: &'static str = "host";
    const MOST: usize = limits::MAX_HOSTS;
    const KEYS: &'static [ConfigKey<Self>] = &[
        key!(Self, name, NAME).required(),
        key!(Self, addresses, Texts(addresses::host_addresses)).required(),
        key!(Self, view, Optional(VIEW)),
    ];

    fn blank() -> Self {
        Self::default()
    }

    fn title(&self) -> String {
        format!("host {}{}", value::name_text(&self.name), view::of_view(self.view.as_deref()))
    }
}
