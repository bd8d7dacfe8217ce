//! The replies of name servers: which servers serve the zone, and which records each of them gives.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::facts::record_set::is_known;
use crate::facts::{DomainFacts, Got, QueryForm, ReplyFacts, Want};
use crate::zone::{self, serves};

pub(super) struct ServerReply<'f> {
    pub(super) server: IpAddr,
    pub(super) lookup: (&'f str, &'static str),
    pub(super) way: QueryForm,
    pub(super) reply: &'f ReplyFacts,
}

pub(super) fn replies(facts: &DomainFacts) -> impl Iterator<Item = ServerReply<'_>> {
    facts.got.iter().filter_map(|(want, got)| {
        let Want::Server { server, name, kind, way } = want else { return None };
        Some(ServerReply { server: *server, lookup: (name, kind), way: *way, reply: got.reply()? })
    })
}

/// The forms of query that show if a server serves the zone; the usual form is first.
const FORMS: [QueryForm; 3] = [QueryForm::Udp, QueryForm::Plain, QueryForm::Tcp];

/// Returns the first form of query that a server answers with the SOA record of the zone.
pub(super) fn form(facts: &DomainFacts, server: IpAddr) -> Option<QueryForm> {
    let apex = zone::apex(facts);
    let is_served =
        |way: &QueryForm| facts.reply_of(server, apex, "SOA", *way).is_some_and(|reply| serves(reply, apex));
    FORMS.into_iter().find(is_served)
}

/// Returns the addresses of the servers that serve the zone.
pub fn serving(facts: &DomainFacts) -> Vec<IpAddr> {
    zone::servers(facts).into_keys().filter(|server| form(facts, *server).is_some()).collect()
}

/// Returns the reply with the SOA record of a server that serves the zone.
pub(super) fn soa(facts: &DomainFacts, server: IpAddr) -> Option<&ReplyFacts> {
    facts.reply_of(server, zone::apex(facts), "SOA", form(facts, server)?)
}

/// Returns the reply of a server to the first query for the records of the type `kind` at `name`. The query has the form that the function
/// `form` returns.
pub fn first<'f>(
    facts: &'f DomainFacts,
    server: IpAddr,
    (name, kind): (&str, &'static str),
) -> Option<&'f Got> {
    facts.server(server, name, kind, form(facts, server).unwrap_or(QueryForm::Udp))
}

/// Returns the authoritative reply that has the records, or says that there are none. It is the reply to the first query, or else the reply
/// over TCP.
pub(super) fn given<'f>(
    facts: &'f DomainFacts,
    server: IpAddr,
    (name, kind): (&str, &'static str),
) -> Option<&'f ReplyFacts> {
    let over_tcp = facts.server(server, name, kind, QueryForm::Tcp);
    let replies = [first(facts, server, (name, kind)), over_tcp].into_iter().flatten().filter_map(Got::reply);
    replies.into_iter().find(|reply| reply.authoritative && is_known(reply))
}

/// Returns the newest serial of the zone. Returns `None` if the servers name different primary servers, because then their serials cannot
/// be compared.
pub(super) fn newest_serial(facts: &DomainFacts, servers: impl IntoIterator<Item = IpAddr>) -> Option<u32> {
    let (mut serials, mut primaries) = (BTreeMap::new(), BTreeSet::new());
    for soa in servers.into_iter().filter_map(|server| zone::soa(soa(facts, server)?)) {
        serials.insert(soa.serial, ());
        primaries.insert(soa.primary);
    }
    zone::newest(&serials).filter(|_| primaries.len() == 1)
}
