//! Detects servers that fail some queries and answer the same queries at other times, for example because one of several machines at an
//! address lacks the zone (RFC 8906 section 3).
//!
//! `gather` repeats a query that failed. By chance, all copies to one address may fail. So an address counts as failing at random too if
//! another address of the same server name fails at random with the same error: mostly the same machines answer at both addresses.

use std::net::IpAddr;

use crate::facts::{DomainFacts, QueryForm, is_within};
use crate::served::{self, ServerReply};
use crate::zone;

/// Returns the response code with which a server failed a query that it later answered correctly.
pub(crate) fn code(facts: &DomainFacts, server: IpAddr) -> Option<&str> {
    let mut codes =
        served::replies(facts).filter(|of| of.server == server).map(|of| of.reply.failed_before.as_str());
    codes.find(|code| !code.is_empty())
}

/// Returns the same as `code`, for this address or another address with the same server name.
pub(crate) fn code_of_host(facts: &DomainFacts, server: IpAddr) -> Option<&str> {
    let of_others = || {
        let servers = zone::servers(facts);
        let own = servers.get(&server)?;
        servers.iter().filter(|(_, names)| !names.is_disjoint(own)).find_map(|(other, _)| code(facts, *other))
    };
    code(facts, server).or_else(of_others)
}

pub(crate) fn gives_records(facts: &DomainFacts, server: IpAddr) -> bool {
    let apex = zone::apex(facts);
    let is_so = |of: &ServerReply<'_>| {
        of.server == server
            && matches!(of.way, QueryForm::Udp | QueryForm::Plain | QueryForm::MixedCase)
            && of.reply.authoritative
            && of.reply.answers.iter().any(|record| is_within(&record.name, apex))
    };
    served::replies(facts).any(|of| is_so(&of))
}

/// Returns true if a server gives this response code over UDP too. Then TCP is not the cause.
pub(crate) fn is_over_udp(facts: &DomainFacts, server: IpAddr, code: &str) -> bool {
    let is_so = |of: &ServerReply<'_>| {
        of.server == server
            && matches!(of.way, QueryForm::Udp | QueryForm::MixedCase)
            && (of.reply.rcode == code || of.reply.failed_before == code)
    };
    served::replies(facts).any(|of| is_so(&of))
}

pub(crate) fn words(code: &str) -> String {
    let answer = match code {
        "NOERROR" => "gives no records in answer to".to_owned(),
        code => format!("answers {code} to"),
    };
    format!("{answer} some queries, and answers the same queries as it should at other times")
}
