//! Name servers that do not answer the query for the SOA over UDP in time: slow servers, servers that drop some queries, and silent
//! servers.
//!
//! RFC 8906 section 3 (servers that drop queries), RFC 7766 (TCP).

use std::net::IpAddr;

use crate::codes::Code;
use crate::facts::sent::may_be_chance;
use crate::facts::{DomainFacts, Got, NoReply, QueryForm, Record};
use crate::limits::SLOW_SERVER_MILLIS;
use crate::served::{self, ServerReply};
use crate::zone::{self, serves};

/// Passes the fault of a server that did not answer in time to the function `tell`. Returns true if the server serves the zone.
pub(crate) fn tell(facts: &DomainFacts, server: IpAddr, tell: &mut impl FnMut(Code, String)) -> bool {
    let apex = zone::apex(facts);
    if late(facts, server) {
        return true;
    }
    if drops_soa_over_udp(facts, server) {
        tell(Code::NsPartly, format!("answers over TCP only for {apex} SOA"));
        return true;
    }
    if is_lost(facts, server) {
        return true;
    }
    if is_without_soa(facts, server) || gives_mail(facts, server) {
        tell(Code::NsPartly, format!("does not answer for {apex} SOA"));
        return true;
    }
    tell(Code::NsSilent, words(facts, server));
    false
}

/// Returns true if only datagrams were lost: the server gives the SOA over TCP, and answers other queries over UDP.
fn is_lost(facts: &DomainFacts, server: IpAddr) -> bool {
    let mail = over_udp(facts, server);
    let is_deaf = is_often_silent(facts, server) && mail == Some(&Got::NoReply(NoReply::Silent));
    let has_answered = matches!(mail, Some(Got::Reply(_))) || facts.is_lossy(server) && !is_deaf;
    is_silent(facts, server, QueryForm::Udp) && is_served_over_tcp(facts, server) && has_answered
}

/// Returns true if a server drops queries for the SOA over UDP, but answers queries for other types.
fn drops_soa_over_udp(facts: &DomainFacts, server: IpAddr) -> bool {
    is_often_silent(facts, server)
        && is_served_over_tcp(facts, server)
        && matches!(over_udp(facts, server), Some(Got::Reply(_)))
}

/// Returns true if a server did not answer queries for the SOA over UDP, with and without EDNS, and this is probably not chance: few
/// datagrams are lost.
fn is_often_silent(facts: &DomainFacts, server: IpAddr) -> bool {
    is_silent(facts, server, QueryForm::Udp)
        && is_silent(facts, server, QueryForm::Plain)
        && !facts.sent(server).is_lossy()
        && !may_be_chance(&facts.sent, server)
}

fn is_served_over_tcp(facts: &DomainFacts, server: IpAddr) -> bool {
    let apex = zone::apex(facts);
    facts.reply_of(server, apex, "SOA", QueryForm::Tcp).is_some_and(|reply| serves(reply, apex))
}

/// Returns the result of the query for the MX records over UDP.
fn over_udp(facts: &DomainFacts, server: IpAddr) -> Option<&Got> {
    facts.server(server, &facts.subject.domain, "MX", QueryForm::Udp)
}

pub(crate) fn is_silent(facts: &DomainFacts, server: IpAddr, way: QueryForm) -> bool {
    matches!(facts.server(server, zone::apex(facts), "SOA", way), Some(Got::NoReply(NoReply::Silent)))
}

/// Returns true if a server answers the query for the SOA later than this check waits for a reply over UDP.
fn late(facts: &DomainFacts, server: IpAddr) -> bool {
    let apex = zone::apex(facts);
    if let Some(reply) = facts.reply_of(server, apex, "SOA", QueryForm::Tcp) {
        return serves(reply, apex) && reply.is_late();
    }
    // A late reply to any query shows that the server is slow.
    let is_late = |of: &ServerReply<'_>| of.server == server && of.reply.authoritative && of.reply.is_late();
    served::replies(facts).any(|of| is_late(&of))
}

/// Returns true if a server is so slow that missing replies may only be late.
pub(crate) fn is_slow(facts: &DomainFacts, server: IpAddr) -> bool {
    let forms = [QueryForm::Udp, QueryForm::Plain, QueryForm::Tcp].into_iter();
    let mut soa = forms.filter_map(|way| facts.reply_of(server, zone::apex(facts), "SOA", way));
    late(facts, server) || soa.any(|reply| reply.millis > SLOW_SERVER_MILLIS)
}

/// Returns true if a server answers over TCP for the NS records, but not for the SOA.
fn is_without_soa(facts: &DomainFacts, server: IpAddr) -> bool {
    let names = facts.reply_of(server, zone::apex(facts), "NS", QueryForm::Tcp);
    is_silent(facts, server, QueryForm::Tcp)
        && names.is_some_and(|reply| reply.authoritative && reply.records("NS").next().is_some())
}

/// Returns true if a server gives the MX records with AA. Such a server gives everything that mail needs, even if it gives no SOA record.
pub(crate) fn gives_mail(facts: &DomainFacts, server: IpAddr) -> bool {
    let is_own = |record: &Record| record.is("MX") && record.name == facts.subject.domain;
    let reply = facts.reply_of(server, &facts.subject.domain, "MX", QueryForm::Udp);
    reply.is_some_and(|reply| {
        reply.authoritative && reply.rcode == "NOERROR" && reply.answers.iter().any(is_own)
    })
}

/// Describes how a server fails over UDP and over TCP.
fn words(facts: &DomainFacts, server: IpAddr) -> String {
    let over = |way| match facts.server(server, zone::apex(facts), "SOA", way) {
        Some(Got::Reply(reply)) if !reply.truncated => "answers",
        Some(Got::Reply(_) | Got::NoReply(NoReply::Truncated)) => "truncates its replies",
        Some(Got::NoReply(NoReply::Unreachable)) => "is unreachable",
        Some(Got::NoReply(NoReply::Unfit)) => "sends replies that cannot be read",
        Some(Got::NoReply(NoReply::Unknown(_))) | None => "",
        _ => "does not answer",
    };
    match (over(QueryForm::Udp), over(QueryForm::Tcp)) {
        (udp, "") => format!("{udp} over UDP"),
        ("does not answer", "does not answer") => "answers neither over UDP nor over TCP".to_owned(),
        (udp, tcp) if udp == tcp => format!("{udp} over UDP and TCP"),
        (udp, tcp) => format!("{udp} over UDP and {tcp} over TCP"),
    }
}
