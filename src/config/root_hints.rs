//! Root hints from a file in zone-file form, as IANA's `named.root` and Debian's `root.hints` are.
//!
//! May call: `config::{report, value}`, `limits`. Of RFC 1035 section 5.1 only what such files use is read: one record a
//! line, comments, TTL and class optional in any order, an owner left out is the one before. NS of the root names the
//! servers, A and AAAA give their addresses, whatever else is there is passed over.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use hickory_proto::rr::Name;

use super::report::Wrong;
use super::value;
use crate::limits;

/// What to do about a file that cannot be used.
const REMEDY: &str =
    "name a file like https://www.internic.net/domain/named.root, or leave it empty for the built-in";

/// Names and addresses of root servers to prime from (RFC 9609).
#[derive(Clone, Debug, PartialEq)]
pub struct RootHints {
    /// The file that they came from; none: they are built in.
    pub path: Option<PathBuf>,
    /// Each server's name and addresses.
    pub servers: Vec<(Name, Vec<IpAddr>)>,
}

/// Reads a file of root hints.
pub(super) fn load(path: &Path) -> Result<RootHints, Wrong> {
    let text = value::file(path, limits::MAX_ROOT_HINTS_FILE, REMEDY)?;
    let servers = parse(&text).map_err(|wrong| Wrong::new(format!("{} {wrong}", path.display()), REMEDY))?;
    Ok(RootHints { path: Some(path.to_owned()), servers })
}

/// A record of use.
enum Record {
    Server(Name),
    Address(IpAddr),
}

/// Reads root hints; the error is what is wrong, to be put after the file's name.
fn parse(text: &str) -> Result<Vec<(Name, Vec<IpAddr>)>, String> {
    let mut servers = Vec::new();
    let mut addresses: BTreeMap<Name, Vec<IpAddr>> = BTreeMap::new();
    let mut owner = Name::root();
    for (number, line) in (1..).zip(text.lines()) {
        let record = line.split(';').next().unwrap_or_default();
        let mut words = record.split_ascii_whitespace().peekable();
        if words.peek().is_none_or(|word| word.starts_with('$')) {
            continue;
        }
        if !record.starts_with([' ', '\t']) {
            owner = name(words.next().unwrap_or_default())
                .ok_or_else(|| format!("has no name at line {number}"))?;
        }
        match data(words).map_err(|wrong| format!("{wrong} at line {number}"))? {
            Some(Record::Server(server)) if owner.is_root() && !servers.contains(&server) => {
                servers.push(server)
            }
            Some(Record::Address(address)) => addresses.entry(owner.clone()).or_default().push(address),
            Some(Record::Server(_)) | None => {}
        }
    }
    let servers =
        servers.into_iter().filter_map(|server| addresses.remove(&server).map(|known| (server, known)));
    let servers: Vec<_> = servers.collect();
    if servers.is_empty() {
        return Err("names no root server together with its address".to_owned());
    }
    Ok(servers)
}

/// What follows the owner: TTL and class in any order, type, data.
fn data<'t>(words: impl Iterator<Item = &'t str>) -> Result<Option<Record>, &'static str> {
    let mut words = words.skip_while(|word| {
        word.starts_with(|first: char| first.is_ascii_digit()) || word.eq_ignore_ascii_case("IN")
    });
    let kind = words.next().unwrap_or_default().to_ascii_uppercase();
    let data = words.next().unwrap_or_default();
    Ok(Some(match kind.as_str() {
        "NS" => Record::Server(name(data).ok_or("has no server's name")?),
        "A" => Record::Address(data.parse::<Ipv4Addr>().map_err(|_| "has no IPv4 address")?.into()),
        "AAAA" => Record::Address(data.parse::<Ipv6Addr>().map_err(|_| "has no IPv6 address")?.into()),
        _ => return Ok(None),
    }))
}

/// A name as these files mean it: absolute even without its last dot, as their origin is the root.
fn name(word: &str) -> Option<Name> {
    if word.is_empty() {
        return None;
    }
    if matches!(word, "." | "@") {
        return Some(Name::root());
    }
    let mut name = Name::from_ascii(word).ok()?.to_lowercase();
    name.set_fqdn(true);
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_as_iana_and_others_write_them_are_read() {
        let servers = parse(
            "; comment\n$TTL 3600\n\
             A.ROOT-SERVERS.NET. 3600000 A 198.41.0.4 ; before its NS\n\
             . 3600000 IN NS A.ROOT-SERVERS.NET.\n\
             \t3600000 NS b.root-servers.net\n\n\
             @ IN 518400 NS c.root-servers.net.\n\
             B.root-servers.net. AAAA 2801:1b8:10::b\n\
             \tIN A 170.247.170.2\n\
             . NSEC aaa. NS SOA\n\
             example. NS a.root-servers.net.\n",
        )
        .unwrap();
        let told: Vec<(String, usize)> =
            servers.iter().map(|(name, known)| (name.to_string(), known.len())).collect();
        assert_eq!(told, [("a.root-servers.net.".to_owned(), 1), ("b.root-servers.net.".to_owned(), 2)]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        assert_eq!(parse("").unwrap_err(), "names no root server together with its address");
        assert_eq!(parse(". NS a.\na. A 198.41.0\n").unwrap_err(), "has no IPv4 address at line 2");
        assert_eq!(parse("\n. NS\n").unwrap_err(), "has no server's name at line 2");
    }
}
