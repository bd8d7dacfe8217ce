//! Finds out which of the known reasons of a refusal hold for a DNS list that refuses this host: the queries go through a forwarder, there are
//! more than the list answers free of charge, or the address of this host has no PTR record or a generic one. Each is tested. "Could not tell"
//! names what was tested.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use super::client::ControlClient;
use dns::wire::presentation::harmless;
use dnsbl::list_way::Way;
use dnsbl::state::ListState;
use protocol::lists::{KeyUse, ListRow};
use protocol::{Reply, Request};

/// Words of the codes of refusals about the PTR record.
const OF_POINTER: [&str; 2] = ["reverse DNS", "PTR"];

/// Words of the codes of refusals about the number of queries.
const OF_NUMBER: [&str; 3] = ["too many", "more than", "quota"];

/// Words in the PTR records of address pools.
const OF_POOLS: [&str; 7] = ["dyn", "dynamic", "dhcp", "pool", "dsl", "ppp", "cable"];

/// An address of a root server. A socket that is connected to it has the address from which queries leave. Nothing is sent.
const FAR: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(198, 41, 0, 4)), 53);

/// The address from which queries leave, as far as it is known.
#[derive(Clone, Debug, Default)]
pub struct QueryAddress {
    /// The address; `None` if it is not known, for instance because it is translated on the way.
    pub address: Option<IpAddr>,
    /// The names in its PTR records; `None` if they could not be looked up.
    pub names: Option<Vec<String>>,
}

impl QueryAddress {
    /// Looks up the address and its PTR records, if a list refuses this host. Otherwise nothing is asked.
    pub(super) fn gather(rows: &[Reply], client: &ControlClient) -> Self {
        let refuses = rows.iter().any(|reply| matches!(reply, Reply::ListState(row) if is_refused(row)));
        let Some(address) = Some(()).filter(|()| refuses).and_then(|()| source(client)) else {
            return Self::default();
        };
        let asked = Request::Query { name: address.to_string(), kind: None, dnssec: false };
        let names = client.ask_one(&asked).ok().and_then(|reply| match reply {
            Reply::Query(reply) if matches!(reply.rcode.as_str(), "NOERROR" | "NXDOMAIN") => Some(
                reply
                    .answers
                    .iter()
                    .filter(|record| record.is("PTR"))
                    .filter_map(|record| record.target())
                    .collect(),
            ),
            _ => None,
        });
        Self { address: Some(address), names }
    }
}

/// Returns the configured source address, or that of a socket; `None` for a private address, which is translated on the way.
fn source(client: &ControlClient) -> Option<IpAddr> {
    let lines = client.ask(&Request::Config { changed: true }).ok()?.into_iter();
    let lines: Vec<String> = lines
        .filter_map(|reply| if let Reply::Config { line } = reply { Some(line) } else { None })
        .collect();
    let config: toml::Table = toml::from_str(&lines.join("\n")).ok()?;
    let sources =
        config.get("resolve").and_then(|resolve| resolve.get("source")).and_then(|found| found.as_array());
    let configured = sources.into_iter().flatten().find_map(|source| source.as_str()?.parse().ok());
    let of_socket = || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
        socket.connect(FAR).ok()?;
        Some(socket.local_addr().ok()?.ip())
    };
    configured.or_else(of_socket).filter(|address| is_public(*address))
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let is_shared = matches!(address.octets(), [100, 64..=127, ..]);
            !(address.is_private() || address.is_loopback() || address.is_link_local() || is_shared)
        }
        IpAddr::V6(address) => {
            !(address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local())
        }
    }
}

/// Returns true if the list refuses this host.
pub fn is_refused(row: &ListRow) -> bool {
    row.standing.as_ref().is_some_and(|standing| standing.state == ListState::Refusing)
}

/// Returns the reasons that hold, and what to do.
pub fn reasons(row: &ListRow, from: &QueryAddress) -> String {
    let mut held = Vec::new();
    if let Way::Forwarders(servers) = &row.way {
        let servers: Vec<String> = servers.iter().map(ToString::to_string).collect();
        held.push(format!(
            "queries go through {}: add a [[zone]] {} with recurse = true",
            servers.join(", "),
            row.list
        ));
    }
    // Only a reason that the code of the list leaves open. A code without a known meaning leaves all open.
    let says = said(row);
    let is_open = |words: &[&str]| {
        let has = |words: &[&str]| words.iter().any(|word| says.contains(word));
        has(words) || !has(&OF_POINTER) && !has(&OF_NUMBER)
    };
    let free = row.quota.or(row.free_quota).filter(|_| is_open(&OF_NUMBER));
    if let Some(free) = free.filter(|free| row.today.max(row.yesterday) > *free) {
        let most = row.today.max(row.yesterday);
        held.push(format!(
            "{most} queries in a day, {free} are permitted: buy access, or use it for less mail"
        ));
    }
    let address = from.address.filter(|_| !row.way.is_forwarded() && is_open(&OF_POINTER));
    match (address, &from.names) {
        (Some(address), Some(names)) if names.is_empty() => {
            held.push(format!("no PTR of {address}: let its provider set one to the name of this host"));
        }
        (Some(address), Some(names)) => {
            if let Some(name) = names.iter().find(|name| is_generic(name, address)) {
                held.push(format!(
                    "generic PTR of {address}, {}: let its provider set one of your own",
                    harmless(name)
                ));
            }
        }
        _ => {}
    }
    if held.is_empty() {
        held.push(could_not_tell(row, from));
    } else if says.is_empty() && !row.way.is_forwarded() {
        // REFUSED, and codes without a known meaning, leave the reason open.
        if let Some(first) = held.first_mut() {
            *first = format!("it does not say why; possible reason: {first}");
        }
    }
    match row.key {
        KeyUse::Missing => {
            held.push(format!("or get a key of the provider: `resolverctl dnsbl key {} FILE`", row.list));
        }
        KeyUse::Set => held.push("ask the provider whether your key is valid".to_owned()),
        KeyUse::None => {}
    }
    held.join("; ")
}

/// Returns the meaning of the code with which the list refuses, as the registry has it; an empty text if it has none.
fn said(row: &ListRow) -> &str {
    let why = row.standing.as_ref().map_or("", |standing| standing.why.as_str());
    why.split_once(" (").and_then(|(_, rest)| rest.split_once(')')).map_or("", |(says, _)| says)
}

/// Says what was tested.
fn could_not_tell(row: &ListRow, from: &QueryAddress) -> String {
    let pointer = match (from.address, from.names.as_deref()) {
        (None, _) => "the public address of this host is not known".to_owned(),
        (Some(address), None) => format!("the PTR of {address} could not be looked up"),
        (Some(address), Some([])) => format!("{address} has no PTR"),
        (Some(address), Some(names)) => format!("{address} has the PTR {}", harmless(&names.join(", "))),
    };
    let says = match said(row) {
        "" => String::new(),
        says => format!("its code means \"{}\"; ", harmless(says)),
    };
    format!("could not tell why: {says}{pointer}; queries sent today: {}", row.today)
}

/// Returns true for a name that is made of the address, or that has a word of address pools.
fn is_generic(name: &str, address: IpAddr) -> bool {
    let lower = name.to_ascii_lowercase();
    let words = || lower.split(|letter: char| !letter.is_ascii_alphabetic());
    if words().any(|word| OF_POOLS.contains(&word)) {
        return true;
    }
    let IpAddr::V4(address) = address else { return false };
    let numbers: Vec<u8> = lower
        .split(|letter: char| !letter.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect();
    address.octets().iter().all(|octet| numbers.contains(octet))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dnsbl::state::ListStanding;

    fn row(way: Way, today: u64, key: KeyUse) -> ListRow {
        let standing = Some(ListStanding { state: ListState::Refusing, ..ListStanding::default() });
        let list = "zen.example".to_owned();
        ListRow { list, way, standing, today, free_quota: Some(100), key, ..ListRow::default() }
    }

    /// Returns a row of a list that refuses with a code of this meaning, after 101 queries.
    fn refusing(means: &str) -> ListRow {
        let why = format!("zen.example refuses queries of this host: it returned 127.255.255.254 ({means})");
        let standing = Some(ListStanding { state: ListState::Refusing, why, ..ListStanding::default() });
        ListRow { standing, ..row(Way::Public, 101, KeyUse::None) }
    }

    fn from(names: Option<&[&str]>) -> QueryAddress {
        let names = names.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        QueryAddress { address: Some("192.0.2.1".parse().unwrap()), names }
    }

    #[test]
    fn reasons_that_hold_are_named() {
        let of = |row: ListRow, from: QueryAddress| reasons(&row, &from);
        let missing = of(row(Way::Public, 1, KeyUse::Missing), from(Some(&[])));
        assert_eq!(
            missing,
            "it does not say why; possible reason: no PTR of 192.0.2.1: let its provider set one to the name of this host; or get a key of the provider: \
             `resolverctl dnsbl key zen.example FILE`"
        );
        let generic = from(Some(&["host-192-0-2-1.isp.example."]));
        assert!(
            of(row(Way::Public, 1, KeyUse::None), generic.clone())
                .contains("possible reason: generic PTR of 192.0.2.1")
        );
        let many = of(row(Way::Public, 101, KeyUse::Set), from(Some(&["mx.a.example."])));
        assert!(
            many.contains("possible reason: 101 queries in a day, 100 are permitted")
                && many.ends_with("your key is valid")
        );
        let forwarded = Way::Forwarders(vec!["192.0.2.53:53".parse().unwrap()]);
        let forwarded = of(row(forwarded, 1, KeyUse::None), generic);
        assert_eq!(
            forwarded,
            "queries go through 192.0.2.53:53: add a [[zone]] zen.example with recurse = true"
        );
    }

    #[test]
    fn list_code_excludes_refusal_reasons() {
        let of = |means: &str| reasons(&refusing(means), &from(Some(&[])));
        assert!(of("too many queries").starts_with("101 queries in a day, 100 are permitted"));
        assert!(!of("too many queries").contains("PTR"));
        let pointer = of("query came through a public resolver or one without reverse DNS");
        assert!(pointer.starts_with("no PTR of 192.0.2.1") && !pointer.contains("permitted"), "{pointer}");
        let unregistered = reasons(&refusing("address not registered, or more than 9"), &from(None));
        assert!(unregistered.starts_with("101 queries in a day"), "{unregistered}");
    }

    #[test]
    fn no_reason_is_guessed() {
        let of = |from: QueryAddress| reasons(&row(Way::Public, 1, KeyUse::None), &from);
        let good = of(from(Some(&["mx.a.example."])));
        assert_eq!(good, "could not tell why: 192.0.2.1 has the PTR mx.a.example.; queries sent today: 1");
        assert!(
            of(from(None)).starts_with("could not tell why: the PTR of 192.0.2.1 could not be looked up")
        );
        assert!(of(QueryAddress::default()).starts_with("could not tell why: the public address of"));
    }

    #[test]
    fn own_names_are_not_generic() {
        let address = "192.0.2.1".parse().unwrap();
        for own in ["mx1.example.", "mail-2.a1.example.", "poolside.example."] {
            assert!(!is_generic(own, address), "{own}");
        }
        for pool in ["1.2.0.192.isp.example.", "dsl7.isp.example.", "host192-0-2-1.example."] {
            assert!(is_generic(pool, address), "{pool}");
        }
    }
}
