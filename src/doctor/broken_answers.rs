//! Broken answers of the zone's own servers that resolvers pass on as an answer without records: then the resolvers hide nothing.
//!
//! RFC 6891 section 6.1.3 (the code of BADVERS in the header is that of NOERROR), RFC 8906 section 3 (wrong codes).
//!
//! # Decisions
//!
//! - After REFUSED and SERVFAIL a resolver asks another server. So these explain no answer without records.
//! - A server that answers BADVERS to one query may do so to any other, also at random.

use std::net::IpAddr;

use super::facts::{DomainFacts, Got, QueryForm, ReplyFacts};
use super::record_set::is_known;
use super::{at_times, served, server_hosts, zone};

/// The forms in which a server may have been asked.
const FORMS: [QueryForm; 4] = [QueryForm::Udp, QueryForm::Plain, QueryForm::MixedCase, QueryForm::Tcp];

/// The conduct of a server whose reply explains an answer of a resolver that has no records; none if the reply does not.
fn conduct(own: &ReplyFacts, of_resolver: &ReplyFacts) -> Option<String> {
    let is_referral = own.authority.iter().any(|record| record.kind == "NS");
    let is_bare = own.answers.is_empty() && !is_referral;
    match own.rcode.as_str() {
        "REFUSED" | "SERVFAIL" => None,
        rcode if !is_known(own) => Some(format!("answers {rcode}")),
        rcode if is_bare && !own.authoritative && rcode == of_resolver.rcode => {
            Some(format!("answers {rcode} without authority and without records"))
        }
        _ => None,
    }
}

/// The conduct of a server that answers BADVERS to some queries, if it explains an answer of a resolver that has no records.
fn of_bad_version(facts: &DomainFacts, server: IpAddr, of_resolver: &ReplyFacts) -> Option<String> {
    let is_empty = of_resolver.rcode == "NOERROR";
    (is_empty && at_times::answers_bad_version(facts, server)).then(|| at_times::BAD_VERSION.to_owned())
}

/// The servers of the zone whose answers to this lookup, to another one with BADVERS, or for the SOA, explain an answer of a resolver that has
/// no records, in words; none if there is no such server.
pub(super) fn at_servers(
    facts: &DomainFacts,
    (name, kind): (&str, &'static str),
    of_resolver: &ReplyFacts,
) -> Option<String> {
    let servers = zone::delegated_servers(facts);
    let of_question = |server: IpAddr, name: &str, kind: &'static str| {
        FORMS.into_iter().find_map(|way| match facts.server(server, name, kind, way)? {
            Got::Reply(own) => Some((own, conduct(own, of_resolver)?)),
            _ => None,
        })
    };
    let of_server = |server: &IpAddr| {
        let found = of_question(*server, name, kind);
        let found = found.or_else(|| of_question(*server, zone::apex(facts), "SOA"));
        // One that answers other queries with EDNS has one conduct for all lookups.
        let is_at_times = served::form(facts, *server).is_some_and(|form| form != QueryForm::Plain);
        let found = found.filter(|(own, _)| !is_at_times || !own.is_bad_version());
        let conduct = found.map(|(_, conduct)| conduct);
        Some((*server, conduct.or_else(|| of_bad_version(facts, *server, of_resolver))?))
    };
    let told: Vec<(IpAddr, String)> = servers.keys().filter_map(of_server).collect();
    (!told.is_empty()).then(|| server_hosts::with_conduct(&servers, &told))
}
