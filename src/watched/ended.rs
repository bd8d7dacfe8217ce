//! The result of a check of a watched domain.

use doctor::facts::{DomainFacts, Got, Want};
use doctor::finding::Finding;
use doctor::judge;

/// The result of a check of a watched domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckEnd {
    /// The findings (problems), the worst first. A finding may say that a part of the check could not be done.
    Judged(Vec<Finding>),
    /// The check found out nothing about the domain, for this reason.
    CouldNotTell(String),
}

/// Decides what the facts of a check show. They show nothing about the domain if the network of this host is down, or if no server
/// answered, not even one of the parent zone.
pub fn ended(facts: &DomainFacts, is_network_down: bool) -> CheckEnd {
    if is_network_down {
        return CheckEnd::CouldNotTell("no server on the internet answers this host".to_owned());
    }
    if !is_heard(facts) {
        let why = "no name server answered, not even those of the parent zone";
        return CheckEnd::CouldNotTell(why.to_owned());
    }
    CheckEnd::Judged(judge(facts))
}

/// Returns true if a name server answered during the check. If the check queried no name servers directly, the daemon must have answered.
fn is_heard(facts: &DomainFacts) -> bool {
    let mut servers = facts.got.iter().filter(|(want, _)| matches!(want, Want::Server { .. })).peekable();
    if servers.peek().is_some() {
        return servers.any(|(_, got)| matches!(got, Got::Reply(_)));
    }
    facts.got.iter().any(|(want, got)| {
        let replied = matches!(got, Got::Reply(reply) if reply.rcode != "SERVFAIL");
        matches!(want, Want::Lookup { .. }) && replied
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use doctor::facts::{CheckSubject, NoReply, QueryForm, ReplyFacts, lookup};

    fn end(got: Vec<(Want, Got)>) -> CheckEnd {
        let subject = CheckSubject { domain: "a.test.".to_owned(), ..CheckSubject::default() };
        let mut facts = DomainFacts::new(subject);
        facts.got.extend(got);
        ended(&facts, false)
    }

    fn server(last: u8, got: Got) -> (Want, Got) {
        let server = [192, 0, 2, last].into();
        (Want::Server { server, name: "a.test.".to_owned(), kind: "SOA", way: QueryForm::Udp }, got)
    }

    #[test]
    fn silent_servers_are_no_finding() {
        let reply = |rcode: &str| Got::Reply(ReplyFacts { rcode: rcode.to_owned(), ..ReplyFacts::default() });
        let cached = || (lookup("a.test.", "SOA"), reply("NOERROR"));
        let judged = |got| matches!(end(got), CheckEnd::Judged(_));
        assert!(!judged(vec![
            cached(),
            server(1, Got::NoReply(NoReply::Silent)),
            server(2, Got::NoReply(NoReply::Unreachable))
        ]));
        assert!(judged(vec![
            cached(),
            server(1, Got::NoReply(NoReply::Silent)),
            server(2, reply("REFUSED"))
        ]));
        assert!(!judged(vec![cached(), server(1, Got::NoReply(NoReply::NoRoute))]), "the cable is out");
        assert!(judged(vec![cached()]));
        assert!(!judged(vec![(lookup("a.test.", "SOA"), reply("SERVFAIL"))]));
        assert!(!judged(Vec::new()));
        let facts = DomainFacts::new(CheckSubject::default());
        assert!(matches!(ended(&facts, true), CheckEnd::CouldNotTell(why) if why.contains("internet")));
    }
}
