//! Servers that fail some queries and answer the same queries at other times, as where one of several machines behind an address lacks the zone.
//!
//! RFC 8906 section 3. `gather` asks again before an error counts as a trait of a server.
//!
//! # Decisions
//!
//! - All queries to such a server may fail by chance. If another address of its names fails at random with the same error, so does it: mostly the
//!   same machines answer for both.

use std::net::IpAddr;

use crate::facts::{DomainFacts, QueryForm, is_within};
use crate::served::{self, ServerReply};
use crate::zone;

/// The response code with which a server fails at times: it failed a query so, and then answered it as it should. None if it did not.
pub(crate) fn code(facts: &DomainFacts, server: IpAddr) -> Option<&str> {
    let mut codes =
        served::replies(facts).filter(|of| of.server == server).map(|of| of.reply.failed_before.as_str());
    codes.find(|code| !code.is_empty())
}

/// The same of a server, or else of another address of its names.
pub(crate) fn code_of_host(facts: &DomainFacts, server: IpAddr) -> Option<&str> {
    let of_others = || {
        let servers = zone::servers(facts);
        let own = servers.get(&server)?;
        servers.iter().filter(|(_, names)| !names.is_disjoint(own)).find_map(|(other, _)| code(facts, *other))
    };
    code(facts, server).or_else(of_others)
}

/// Whether a server has given records of the zone with authority over UDP.
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

/// Whether a server answers this error to a query over UDP, too: then TCP is not the reason.
pub(crate) fn is_over_udp(facts: &DomainFacts, server: IpAddr, code: &str) -> bool {
    let is_so = |of: &ServerReply<'_>| {
        of.server == server
            && matches!(of.way, QueryForm::Udp | QueryForm::MixedCase)
            && (of.reply.rcode == code || of.reply.failed_before == code)
    };
    served::replies(facts).any(|of| is_so(&of))
}

/// The conduct of a server that fails some queries with this response code.
pub(crate) fn words(code: &str) -> String {
    let answer = match code {
        "NOERROR" => "gives no records in answer to".to_owned(),
        code => format!("answers {code} to"),
    };
    format!("{answer} some queries, and answers the same queries as it should at other times")
}
