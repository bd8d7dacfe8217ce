//! Compares the serials in the SOA records that the servers of the zone give.
//!
//! RFC 1034 section 4.3.5, RFC 1912 section 2.2. Each primary server (MNAME) increases its own serial. So different serials from different
//! primary servers are not a fault if the records are the same.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use hickory_proto::rr::Name;

use crate::codes::Code;
use crate::delegation::{groups, server_hosts};
use crate::facts::DomainFacts;
use crate::finding::{About, Finding, Level};
use crate::{served, zone};

pub(crate) fn check(facts: &DomainFacts, servers: &BTreeMap<IpAddr, BTreeSet<String>>) -> Option<Finding> {
    let (mut serials, mut primaries) =
        (BTreeMap::<u32, Vec<IpAddr>>::new(), BTreeMap::<&Name, BTreeSet<u32>>::new());
    for server in servers.keys() {
        if let Some(soa) = served::soa(facts, *server).and_then(zone::soa) {
            serials.entry(soa.serial).or_default().push(*server);
            primaries.entry(soa.primary).or_default().insert(soa.serial);
        }
    }
    if serials.len() < 2 {
        return None;
    }
    let about: Vec<About> = serials.values().flatten().copied().map(About::Address).collect();
    let newest = served::newest_serial(facts, serials.values().flatten().copied());
    let marked = serials.into_iter().map(|(serial, servers)| {
        let mark = match newest {
            Some(newest) if newest == serial => " (newest)",
            Some(_) => " (old)",
            None => "",
        };
        (format!("{serial}{mark}"), servers)
    });
    let evidence = groups::being_at(server_hosts::of_groups(servers, marked));
    let are_apart = primaries.len() > 1 && primaries.values().all(|serials| serials.len() == 1);
    let finding = match are_apart {
        true => {
            let words = format!("{evidence}; their SOA records name different primary servers");
            Finding::new(Code::SerialDiffers, words).at(Level::Note)
        }
        false => Finding::new(Code::SerialDiffers, evidence),
    };
    Some(finding.about(about))
}
