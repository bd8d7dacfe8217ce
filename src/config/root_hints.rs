//! Reads root hints from a zone file, like IANA's `named.root` and Debian's `root.hints`.
//!
//! NS records of the root have the names of the root servers, and A and AAAA records their addresses. Other records are skipped.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use hickory_proto::rr::Name;

use super::{report, value};
use crate::limits;
use dns::zone_file::{RecordHead, ZoneFileError, ZoneFileReader, entries};

const REMEDY: &str = "give a file in the format of https://www.internic.net/domain/named.root, or leave it empty for the built-in hints";

/// Names and addresses of servers that are queried for the current root servers (RFC 9609).
#[derive(Clone, Debug, PartialEq)]
pub struct RootHints {
    /// The file; `None` for the built-in hints.
    pub path: Option<PathBuf>,
    /// The name and addresses of each root server.
    pub servers: Vec<(Name, Vec<IpAddr>)>,
}

pub(super) fn load(path: &Path) -> Result<RootHints, report::WrongValue> {
    let text = value::file(path, limits::MAX_ROOT_HINTS_FILE, REMEDY)?;
    let servers = parse(&text)
        .map_err(|wrong| report::WrongValue::new(format!("{} {wrong}", path.display()), REMEDY))?;
    Ok(RootHints { path: Some(path.to_owned()), servers })
}

/// Parses root hints. The error text is the end of a sentence that begins with the name of the file.
fn parse(text: &str) -> Result<Vec<(Name, Vec<IpAddr>)>, String> {
    let mut servers = Vec::new();
    let mut addresses: BTreeMap<Name, Vec<IpAddr>> = BTreeMap::new();
    // With the root as origin, names are absolute without a final dot.
    let mut reader = ZoneFileReader::new(Name::root());
    let said = |wrong: ZoneFileError| format!("cannot be read at line {}: {}", wrong.line, wrong.reason);
    for entry in entries(text) {
        let entry = entry.map_err(said)?;
        if entry.is_directive() {
            continue;
        }
        let RecordHead { owner, kind, data, .. } = reader.begin(&entry).map_err(said)?;
        let data = data.first().map(|word| word.text.as_str()).unwrap_or_default();
        let missing = |what: &str| format!("has no {what} at line {}", entry.line);
        match kind.to_ascii_uppercase().as_str() {
            "NS" => {
                let server = reader.name(data).map_err(|_| missing("server's name"))?.to_lowercase();
                if owner.is_root() && !servers.contains(&server) {
                    servers.push(server);
                }
            }
            "A" => {
                let address: Ipv4Addr = data.parse().map_err(|_| missing("IPv4 address"))?;
                addresses.entry(owner.to_lowercase()).or_default().push(address.into());
            }
            "AAAA" => {
                let address: Ipv6Addr = data.parse().map_err(|_| missing("IPv6 address"))?;
                addresses.entry(owner.to_lowercase()).or_default().push(address.into());
            }
            _ => {}
        }
    }
    let servers =
        servers.into_iter().filter_map(|server| addresses.remove(&server).map(|known| (server, known)));
    let servers: Vec<_> = servers.collect();
    if servers.is_empty() {
        return Err("has no root server with an address".to_owned());
    }
    Ok(servers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_hints_of_iana_are_read() {
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
        let hints: Vec<(String, usize)> =
            servers.iter().map(|(name, known)| (name.to_string(), known.len())).collect();
        assert_eq!(hints, [("a.root-servers.net.".to_owned(), 1), ("b.root-servers.net.".to_owned(), 2)]);
    }

    #[test]
    fn root_hints_error_names_line() {
        assert_eq!(parse("").unwrap_err(), "has no root server with an address");
        assert_eq!(parse(". NS a.\na. A 198.41.0\n").unwrap_err(), "has no IPv4 address at line 2");
        assert_eq!(parse("\n. NS\n").unwrap_err(), "has no server's name at line 2");
    }
}
