//! Zones of this host that the packages of BIND bring along, such as localhost: resolverd has their names itself, or /etc/hosts has. An
//! operator may have added others to their files.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

use hickory_proto::rr::{Name, RData, Record};

use crate::import::source::Sources;
use crate::import::values::is_within;
use dns::wire::presentation::{name_text, read_name};
use dns::zone_file;

/// The zones of Debian's named.conf.default-zones and of Red Hat's named.rfc1912.zones with names of this host.
pub(super) const OWN: [&str; 8] = [
    "localhost",
    "127.in-addr.arpa",
    "0.in-addr.arpa",
    "255.in-addr.arpa",
    "0.0.127.in-addr.arpa",
    "1.0.0.127.in-addr.arpa",
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa",
    "localhost.localdomain",
];

/// The names of this host, to which its addresses lead.
const LOCALHOST: [&str; 2] = ["localhost.", "localhost.localdomain."];

/// The records of the file of such a zone.
pub(super) enum OwnRecords {
    /// All of them are those of this host.
    Usual,
    /// There are others.
    More,
    /// It cannot be read, for this reason.
    Unread(String),
}

/// Reads the file of a zone.
pub(super) fn records(zone: &str, path: &Path) -> OwnRecords {
    let text = match Sources::default().begin(path) {
        Ok(source) => source.text,
        Err(error) => return OwnRecords::Unread(error.to_string()),
    };
    let Some(mut apex) = read_name(zone) else { return OwnRecords::More };
    apex.set_fqdn(true);
    match zone_file::records(&apex, &text) {
        // The file may be of another kind, with secrets: its text is not shown.
        Err(wrong) => OwnRecords::Unread(format!("{} has no record in line {}", path.display(), wrong.line)),
        Ok(records) if records.iter().all(|record| is_usual(record, &apex)) => OwnRecords::Usual,
        Ok(_) => OwnRecords::More,
    }
}

fn is_usual(record: &Record, apex: &Name) -> bool {
    let owner = name_text(&record.name.to_lowercase());
    let is_host = owner == name_text(apex) || is_within(&owner, "localhost");
    match &record.data {
        RData::SOA(_) | RData::NS(_) => true,
        RData::A(address) => is_host && address.0 == Ipv4Addr::LOCALHOST,
        RData::AAAA(address) => is_host && address.0 == Ipv6Addr::LOCALHOST,
        RData::PTR(target) => {
            let is_loopback = [Name::from(Ipv4Addr::LOCALHOST), Name::from(Ipv6Addr::LOCALHOST)]
                .iter()
                .any(|name| is_within(&owner, &name_text(name)));
            is_loopback && LOCALHOST.contains(&name_text(&target.0.to_lowercase()).as_str())
        }
        _ => false,
    }
}
