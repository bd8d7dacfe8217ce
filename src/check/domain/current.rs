//! Current records: those that a server of the zone has now, in the place of those that this host has in its cache.
//!
//! An operator who corrects a record, or breaks it, sees it in the next check, although this host may keep the old record
//! until its TTL ends (RFC 1035 section 3.2.1). `cached` says which records this host still has, and until when.
//!
//! TLSA records are those of the daemon, because only validated ones count. Names of other zones, such as those that SPF
//! includes, are looked up through the daemon too: their servers are not known here.

use std::net::IpAddr;

use super::cached::records;
use super::delegation::serves;
use super::facts::{DomainFacts, Got, QueryForm, ReplyFacts, Want, is_within};
use super::zone;

/// The types of records that are judged.
const TYPES: [&str; 4] = ["MX", "TXT", "A", "AAAA"];

/// The server of the zone that has the newest serial.
fn server(facts: &DomainFacts) -> Option<IpAddr> {
    let apex = zone::apex(facts);
    let serving = zone::delegated_servers(facts).into_keys().filter_map(|server| {
        match facts.server(server, apex, "SOA", QueryForm::Udp) {
            Some(Got::Reply(reply)) if serves(reply, apex) => Some((server, zone::soa(reply)?.serial)),
            _ => None,
        }
    });
    // RFC 1982 section 3.2.
    let newer = |one: u32, other: u32| (1..1 << 31).contains(&one.wrapping_sub(other));
    serving.reduce(|best, next| if newer(next.1, best.1) { next } else { best }).map(|(server, _)| server)
}

/// The lookups of the zone's records, each with the question to the server. The addresses of name servers are left out, because
/// they decide which server is asked.
fn questions(facts: &DomainFacts) -> Vec<(Want, Want)> {
    if facts.configured().is_some() {
        return Vec::new();
    }
    let Some(server) = server(facts) else { return Vec::new() };
    let (apex, names) = (zone::apex(facts), zone::server_names(facts));
    let looked_up = facts.got.iter().filter_map(|(want, got)| match (want, got) {
        (Want::Lookup { name, kind }, Got::Reply(reply))
            if TYPES.contains(kind) && is_within(name, apex) && records(reply, name, kind).is_some() =>
        {
            Some((name, *kind))
        }
        _ => None,
    });
    let question = |(name, kind): (&String, &'static str)| {
        let lookup = Want::Lookup { name: name.clone(), kind };
        (lookup, Want::Server { server, name: name.clone(), kind, way: QueryForm::Udp })
    };
    looked_up.filter(|(name, _)| !names.contains(*name)).map(question).collect()
}

/// The questions that are needed next.
pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    questions(facts).into_iter().map(|(_, question)| question).collect()
}

/// Puts the records of the server in the place of others. The security stays that of the daemon.
pub(super) fn adopt(facts: &mut DomainFacts) {
    for (lookup, question) in questions(facts) {
        let Some((now, here)) = changed(facts, &lookup, &question) else { continue };
        let now = ReplyFacts { security: here.security, ..now.clone() };
        if let Some(Got::Reply(here)) = facts.got.insert(lookup.clone(), Got::Reply(now)) {
            facts.cached.entry(lookup).or_insert(here);
        }
    }
}

/// The reply of the server and that of the daemon, if their records differ.
fn changed<'f>(
    facts: &'f DomainFacts,
    lookup: &Want,
    question: &Want,
) -> Option<(&'f ReplyFacts, &'f ReplyFacts)> {
    let (Want::Lookup { name, kind }, Some(Got::Reply(here)), Some(Got::Reply(now))) =
        (lookup, facts.got.get(lookup), facts.got.get(question))
    else {
        return None;
    };
    let differs = records(now, name, kind)? != records(here, name, kind)?;
    (now.authoritative && differs).then_some((now, here))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::domain::facts::tests::facts;

    const ZONE: &str = "
        lookup a.test. SOA | ns1.a.test. h. 7 2 3 4 5
        lookup test. SOA | ns.test. h. 1 2 3 4 5
        lookup test. NS | ns.test.
        lookup ns.test. A | 198.18.9.1
        lookup ns1.a.test. A | 198.18.1.1
        lookup ns2.a.test. A | 198.18.2.1
        server 198.18.9.1 a.test. NS udp | >a.test. NS ns1.a.test. | >a.test. NS ns2.a.test.
        server 198.18.1.1 a.test. SOA udp aa | ns1.a.test. h. 4294967295 2 3 4 5
        server 198.18.2.1 a.test. SOA udp aa | ns1.a.test. h. 7 2 3 4 5
        lookup a.test. TXT secure | \"v=spf1 a -all\"
        lookup b.test. A | 198.18.3.1";

    fn adopted(now: &str) -> DomainFacts {
        let mut facts = facts("a.test.", &format!("{ZONE}\n{now}"));
        adopt(&mut facts);
        facts
    }

    #[test]
    fn the_server_with_the_newest_serial_is_asked_for_the_zone_s_records() {
        let server = "198.18.2.1".parse().unwrap();
        let ask =
            |name: &str, kind| Want::Server { server, name: name.to_owned(), kind, way: QueryForm::Udp };
        assert_eq!(
            wants(&adopted("")),
            [ask("a.test.", "TXT")],
            "no address of a name server, no name elsewhere"
        );
        let mut configured = facts("a.test.", ZONE);
        if let Some(Got::Reply(reply)) =
            configured.got.get_mut(&super::super::facts::lookup("a.test.", "SOA"))
        {
            reply.configured = Some("a zone file".to_owned());
        }
        assert!(wants(&configured).is_empty(), "this host does not ask these servers");
    }

    #[test]
    fn records_that_differ_are_taken_and_those_of_the_cache_are_kept() {
        let now = "server 198.18.2.1 a.test. TXT udp";
        let changed = adopted(&format!("{now} aa | \"v=spf1 A -all\""));
        let reply = changed.lookup("a.test.", "TXT").reply().unwrap();
        assert_eq!(reply.data("TXT").collect::<Vec<_>>(), ["\"v=spf1 A -all\""]);
        assert_eq!(reply.security, super::super::facts::ReplySecurity::Secure);
        assert_eq!(changed.cached.len(), 1);
        assert!(adopted(&format!("{now} aa | \"v=spf1 a -all\"")).cached.is_empty());
        assert!(adopted(&format!("{now} | \"other\"")).cached.is_empty(), "without authority");
        assert!(adopted(&format!("{now} SERVFAIL aa")).cached.is_empty());
        assert!(adopted(&format!("{now} NXDOMAIN aa")).lookup("a.test.", "TXT").is_absent());
    }
}
