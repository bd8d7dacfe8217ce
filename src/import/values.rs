//! Converts values of several file formats to resolverd's configuration: servers, clients, durations and sizes.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::iter::successors;
use std::net::{IpAddr, SocketAddr};
use std::ops::Deref;

use ipnet::IpNet;
use toml::Value;

use crate::limits;
use config::mapped;
use dns::zone_file;

/// Record types with domain names in their data, and the indexes of the words that are names.
const NAMES_IN_DATA: [(&str, &[usize]); 13] = [
    ("AFSDB", &[1]),
    ("CNAME", &[0]),
    ("DNAME", &[0]),
    ("HTTPS", &[1]),
    ("KX", &[1]),
    ("MX", &[1]),
    ("NAPTR", &[5]),
    ("NS", &[0]),
    ("PTR", &[0]),
    ("RP", &[0, 1]),
    ("SOA", &[0, 1]),
    ("SRV", &[3]),
    ("SVCB", &[1]),
];

/// Returns the indexes of the words in the data that are domain names.
pub(super) fn names_in_data(kind: &str) -> &'static [usize] {
    NAMES_IN_DATA.iter().find(|(with_names, _)| *with_names == kind).map_or(&[], |(_, places)| places)
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Upstream {
    pub(super) address: IpAddr,
    pub(super) port: Option<u16>,
    pub(super) tls: bool,
    /// The name that the certificate of the server must contain.
    pub(super) name: Option<String>,
}

impl Upstream {
    /// Parses `address[@port][#name]`.
    pub(super) fn from_unbound(text: &str, tls: bool) -> Option<Self> {
        let (text, name) = match text.split_once('#') {
            Some((text, name)) => (text, Some(name.trim_end_matches('.').to_owned())),
            None => (text, None),
        };
        let (address, port) = match text.split_once('@') {
            Some((address, port)) => (address, Some(port.parse().ok()?)),
            None => (text, None),
        };
        Some(Self { address: address.parse().ok()?, port, tls, name })
    }
}

/// Returns the server in the form of resolverd's configuration; `None` if it uses TLS without a certificate name.
pub(super) fn upstream_text(server: &Upstream) -> Option<String> {
    let usual = if server.tls { 853 } else { 53 };
    let address = match server.port.filter(|port| *port != usual) {
        Some(port) => SocketAddr::new(server.address, port).to_string(),
        None => server.address.to_string(),
    };
    match (server.tls, &server.name) {
        (false, _) => Some(address),
        (true, Some(name)) => Some(format!("tls://{address}#{name}")),
        (true, None) => None,
    }
}

pub(super) fn texts(texts: impl IntoIterator<Item = String>) -> Value {
    Value::Array(texts.into_iter().map(Value::String).collect())
}

/// Removes repeated items, and keeps the order of the others.
pub(super) fn unique<Item: Clone + Eq + Hash>(mut items: Vec<Item>) -> Vec<Item> {
    let mut known = HashSet::new();
    items.retain(|item| known.insert(item.clone()));
    items
}

/// Returns the first names of a list, and how many more there are.
pub(super) fn counted(names: &[impl AsRef<str>]) -> String {
    let shown: Vec<&str> = names.iter().map(AsRef::as_ref).take(limits::MAX_NAMED_IN_FINDING).collect();
    match names.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Returns the name in lower case, without a final dot.
pub(super) fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// Returns true if `name` is `around` or below it.
pub(super) fn is_within(name: &str, around: &str) -> bool {
    let (name, around) = (plain(name), plain(around));
    around.is_empty() || name == around || name.ends_with(&format!(".{around}"))
}

/// Returns a name and the names above it, the longest first. The last one is the root as an empty text. `name` has no final dot.
pub(super) fn enclosing(name: &str) -> impl Iterator<Item = &str> {
    successors(Some(name), |name| name_above(name)).take(limits::MAX_LABELS)
}

/// Returns `None` for the root.
fn name_above(name: &str) -> Option<&str> {
    match name.split_once('.') {
        Some((_, above)) => Some(above),
        None => (!name.is_empty()).then_some(""),
    }
}

/// Converts seconds to a duration of resolverd's configuration, at most `most` seconds. The flag is true if the number was greater.
pub(super) fn seconds(text: &str, most: u64) -> Option<(String, bool)> {
    let seconds: u64 = text.parse().ok()?;
    Some((format!("{}s", seconds.min(most)), seconds > most))
}

/// Like `seconds`, for a time that may have units as in zone files: `1h30m`.
pub(super) fn span(text: &str, most: u64) -> Option<(String, bool)> {
    seconds(&zone_file::span(text)?.to_string(), most)
}

/// Parses a size with an optional unit `k`, `m` or `g`.
pub(super) fn size(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let text = text.strip_suffix('b').unwrap_or(&text);
    let (number, factor) = match text.chars().last()? {
        'k' => (text.trim_end_matches('k'), 1 << 10),
        'm' => (text.trim_end_matches('m'), 1 << 20),
        'g' => (text.trim_end_matches('g'), 1 << 30),
        _ => (text, 1),
    };
    number.trim().parse::<u64>().ok()?.checked_mul(factor)
}

/// A size below resolverd's minimum becomes the minimum.
pub(super) fn size_text(octets: u64) -> String {
    format!("{}MiB", octets.div_ceil(1 << 20).max(config::limits::MIN_CACHE_SIZE >> 20))
}

/// Parses a prefix or an address.
pub(super) fn network(text: &str) -> Option<IpNet> {
    let net = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
    Some(net.trunc())
}

/// The finding about IPv4-mapped IPv6 addresses in a list of clients.
pub(super) const MAPPED: (&str, &str) = (
    "named IPv4 clients in the form of IPv6 (::ffff:...), which clients at a socket of IPv4 do not have",
    "these are left out: write IPv4 clients as IPv4 prefixes",
);

/// Networks in the order of the file, each once. The time of a lookup does not depend on their number.
#[derive(Clone, Debug, Default)]
pub(super) struct Networks {
    listed: Vec<IpNet>,
    known: HashSet<IpNet>,
}

impl Networks {
    pub(super) fn push(&mut self, net: IpNet) {
        if self.known.insert(net) {
            self.listed.push(net);
        }
    }

    /// Returns true if the list has exactly this network.
    pub(super) fn contains(&self, net: &IpNet) -> bool {
        self.known.contains(net)
    }

    /// Returns the length of the longest prefix in the list that contains all of `net`.
    pub(super) fn longest_around(&self, net: &IpNet) -> Option<u8> {
        around(net).find(|around| self.known.contains(around)).map(|around| around.prefix_len())
    }
}

impl Deref for Networks {
    type Target = [IpNet];

    fn deref(&self) -> &[IpNet] {
        &self.listed
    }
}

impl FromIterator<IpNet> for Networks {
    fn from_iter<Nets: IntoIterator<Item = IpNet>>(nets: Nets) -> Self {
        let mut networks = Self::default();
        nets.into_iter().for_each(|net| networks.push(net));
        networks
    }
}

/// Returns a network and all networks that contain it, the longest prefix first.
fn around(net: &IpNet) -> impl Iterator<Item = IpNet> {
    successors(Some(net.trunc()), IpNet::supernet)
}

/// Clients that are allowed, refused, or get no reply (`drop`).
#[derive(Clone, Debug, Default)]
pub(super) struct Clients {
    pub(super) allow: Networks,
    pub(super) refuse: Networks,
    pub(super) drop: Networks,
}

impl Clients {
    pub(super) fn everybody() -> Self {
        let allow = ["0.0.0.0/0", "::/0"].iter().filter_map(|all| network(all)).collect();
        Self { allow, ..Self::default() }
    }

    pub(super) fn of_this_host() -> Self {
        Self { allow: loopback().into_iter().collect(), ..Self::default() }
    }

    /// Returns true if clients on other hosts are allowed.
    pub(super) fn has_others(&self) -> bool {
        self.allow.iter().any(|net| !net.addr().is_loopback())
    }

    /// Returns lists that allow the clients for which `permits` returns true. `permits` is called once for each prefix in `nets`. Its result
    /// applies to the addresses for which this prefix is the longest one in `nets`. A prefix with the same result as the prefix around it is left
    /// out.
    pub(super) fn deciding(nets: impl IntoIterator<Item = IpNet>, permits: impl Fn(&IpNet) -> bool) -> Self {
        let nets: Networks = nets.into_iter().collect();
        let decided: HashMap<IpNet, bool> = nets.iter().map(|net| (*net, permits(net))).collect();
        let is_permitted = |net: &IpNet| decided.get(net).copied();
        let mut clients = Self::default();
        for net in nets.iter() {
            let around = around(net).skip(1).find_map(|wider| is_permitted(&wider)).unwrap_or(false);
            match (is_permitted(net).unwrap_or(false), around) {
                (true, false) => clients.allow.push(*net),
                (false, true) => clients.refuse.push(*net),
                _ => {}
            }
        }
        clients
    }

    /// Returns true if the addresses in `net` are allowed. Of the listed prefixes that contain all of `net`, the longest one decides. Prefixes
    /// inside `net` are ignored.
    pub(super) fn permits(&self, net: &IpNet) -> bool {
        let refused = self.refuse.longest_around(net).max(self.drop.longest_around(net));
        self.allow.longest_around(net) > refused
    }

    /// Removes IPv4-mapped IPv6 prefixes. Returns true if there were any.
    pub(super) fn take_mapped(&mut self) -> bool {
        let before = self.nets().count();
        for nets in [&mut self.allow, &mut self.refuse, &mut self.drop] {
            *nets = nets.iter().copied().filter(|net| mapped(*net).is_none()).collect();
        }
        self.nets().count() < before
    }

    pub(super) fn nets(&self) -> impl Iterator<Item = IpNet> {
        self.allow.iter().chain(self.refuse.iter()).chain(self.drop.iter()).copied()
    }

    /// Returns the keys of `[listen]`. resolverd refuses every client that is in none of its lists. So networks that contain all clients
    /// are left out of `refuse`.
    pub(super) fn keys(self) -> Vec<(&'static str, Value)> {
        let list = |nets: &[IpNet]| texts(nets.iter().map(ToString::to_string));
        let refuse: Networks = self.refuse.iter().copied().filter(|net| net.prefix_len() > 0).collect();
        // Several prefixes together may contain all addresses. resolverd checks `listen.allow` in the same way.
        let allowed = IpNet::aggregate(&self.allow.iter().copied().collect());
        let is_open = allowed.iter().any(|net| net.prefix_len() == 0);
        let mut keys = vec![("allow", list(&self.allow))];
        if is_open {
            keys.push(("open_resolver", Value::Boolean(true)));
        }
        if !refuse.is_empty() {
            keys.push(("refuse", list(&refuse)));
        }
        if !self.drop.is_empty() {
            keys.push(("drop", list(&self.drop)));
        }
        keys
    }
}

/// Private (RFC 1918), link-local and unique local addresses. 127.0.0.0/8 is not here, because DNS lists answer with its addresses.
const PRIVATE: [&str; 6] =
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"];

pub(super) fn private() -> Value {
    texts(PRIVATE.map(str::to_owned))
}

pub(super) fn private_networks() -> Vec<IpNet> {
    PRIVATE.iter().filter_map(|text| network(text)).collect()
}

pub(super) fn loopback() -> Vec<IpNet> {
    ["127.0.0.0/8", "::1/128"].iter().filter_map(|text| network(text)).collect()
}
