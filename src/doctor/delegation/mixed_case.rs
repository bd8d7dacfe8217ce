//! Checks if a server of the zone answers queries for names in mixed case as it answers them for names in lower case.
//!
//! RFC 4343 section 2, draft-vixie-dnsext-dns0x20. The crate `gather` sends queries in mixed case and in lower case in turn before it
//! counts a server as silent.

use std::net::IpAddr;

use crate::codes::Code;
use crate::delegation::at_times;
use crate::facts::record_set::is_known;
use crate::facts::{DomainFacts, Got, NoReply, QueryForm, ReplyFacts};
use crate::{served, zone};

pub(crate) const DROPPED: &str = "does not answer mixed case";

/// If the server handles names in mixed case wrongly, passes the code and a text to the function `tell`.
pub(crate) fn tell(facts: &DomainFacts, server: IpAddr, tell: &mut impl FnMut(Code, String)) {
    let apex = zone::apex(facts);
    let mixed = facts.server(server, apex, "NS", QueryForm::MixedCase);
    let plain = facts.server(server, apex, "NS", QueryForm::Udp);
    if let (Some(Got::NoReply(lost)), Some(Got::Reply(_))) = (mixed, plain)
        && !matches!(lost, NoReply::Unknown(_))
        // A server that sometimes answers late, or to which datagrams are lost, may not have ignored this query.
        && !(*lost == NoReply::Silent && (has_late_reply(facts, server) || facts.is_lossy(server)))
    {
        let how = if *lost == NoReply::OtherCase { "changes the case" } else { DROPPED };
        tell(Code::NsCase, how.to_owned());
    }
    // If queries in lower case fail with the same response code, mixed case is not the cause.
    let is_at_times =
        |reply: &&ReplyFacts| at_times::code_of_host(facts, server) == Some(reply.rcode.as_str());
    if let Some(failed) = failed(facts, server).filter(|reply| !is_at_times(reply)) {
        let how = match failed.rcode.as_str() {
            "NXDOMAIN" => "denies names in mixed case (NXDOMAIN)".to_owned(),
            "NOERROR" => "gives no records for names in mixed case".to_owned(),
            rcode => format!("answers {rcode} for names in mixed case"),
        };
        tell(Code::NsPartly, how);
    }
}

/// Returns true if a server answered a query later than this check waits for a reply.
fn has_late_reply(facts: &DomainFacts, server: IpAddr) -> bool {
    served::replies(facts).any(|of| of.server == server && of.reply.is_late())
}

/// Returns the reply to the query in mixed case, if it has no NS records although the reply to the query in lower case has some.
fn failed(facts: &DomainFacts, server: IpAddr) -> Option<&ReplyFacts> {
    let apex = zone::apex(facts);
    let reply = |way| facts.reply_of(server, apex, "NS", way);
    let has_names = |reply: &ReplyFacts| reply.records("NS").next().is_some();
    reply(QueryForm::Udp).filter(|plain| has_names(plain))?;
    reply(QueryForm::MixedCase).filter(|mixed| !has_names(mixed))
}

/// Returns true if a server answers, at least sometimes, that a name in mixed case or its records do not exist. A resolver that sends names
/// in mixed case believes this answer.
pub(crate) fn denies(facts: &DomainFacts, server: IpAddr) -> bool {
    let reply = facts.reply_of(server, zone::apex(facts), "NS", QueryForm::MixedCase);
    reply.is_some_and(|reply| ["NXDOMAIN", "NOERROR"].contains(&reply.failed_before.as_str()))
        || failed(facts, server).is_some_and(is_known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::facts;

    // Its silence for a name in mixed case may be a late reply.
    #[test]
    fn late_server_is_not_case_sensitive() {
        let judged = |mail: &str| {
            let lines = format!(
                "lookup a.test. SOA | ns1.a.test. h. 7 2 3 4 5\nserver 198.18.1.1 a.test. NS mixed silent\n\
                 server 198.18.1.1 a.test. NS udp aa | ns1.a.test.\nserver 198.18.1.1 a.test. MX udp aa {mail}"
            );
            let mut found = Vec::new();
            tell(&facts("a.test.", &lines), "198.18.1.1".parse().unwrap(), &mut |code, _| found.push(code));
            found
        };
        assert_eq!(judged("20ms"), [Code::NsCase]);
        assert_eq!(judged("1300ms"), []);
    }
}
