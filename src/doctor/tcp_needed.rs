//! Answers that are too long for UDP, where no server of the zone answers over TCP: one cause, which is told first.
//!
//! RFC 7766 section 5, RFC 9210 section 3.

use std::collections::BTreeSet;

use super::codes::Code;
use super::facts::{DomainFacts, Got, NoReply, Want};
use super::finding::{Finding, Level};
use super::part::About;
use super::{remedies, served};

/// The lookups that each server of the zone truncates over UDP, and answers in no other way.
fn truncated(facts: &DomainFacts) -> BTreeSet<(&str, &'static str)> {
    let serving = served::serving(facts);
    let is_truncated = |lookup: &(&str, &'static str)| {
        let mut first = serving.iter().map(|server| served::first(facts, *server, *lookup));
        first.all(|got| matches!(got, Some(Got::NoReply(NoReply::Truncated))))
    };
    let asked = facts.got.keys().filter_map(|want| match want {
        Want::Server { name, kind, .. } if !serving.is_empty() => Some((name.as_str(), *kind)),
        _ => None,
    });
    asked.filter(is_truncated).collect()
}

/// Makes the finding that all servers lack TCP the failure that it is then, and gives its remedy to the findings about these answers.
pub(super) fn explain(facts: &DomainFacts, findings: &mut [Finding]) {
    let (serving, truncated) = (served::serving(facts), truncated(facts));
    let is_cause = |finding: &&mut Finding| {
        let is_of = |server: &_| finding.about.contains(&About::Address(*server));
        finding.code == Code::NsTcp && serving.iter().all(is_of)
    };
    let cause = findings.iter_mut().find(is_cause).filter(|_| !truncated.is_empty());
    let Some(cause) = cause else { return };
    let lookups: Vec<String> = truncated.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
    cause.level = Level::Failure;
    cause.evidence.push_str(&format!("; too long for UDP: {}", lookups.join(", ")));
    let is_about = |finding: &&mut Finding| {
        lookups.iter().any(|lookup| finding.evidence.starts_with(&format!("{lookup}:")))
    };
    findings.iter_mut().filter(is_about).for_each(|finding| finding.remedy = Some(remedies::OPEN_TCP));
}

/// Whether a finding is such a cause: it comes before what follows from it.
pub(super) fn is_cause(finding: &Finding) -> bool {
    (finding.code, finding.level) == (Code::NsTcp, Level::Failure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::{TWO_SERVERS, facts};
    use crate::judge;

    /// Answers of both servers over TCP for the SOA, and in another form for a lookup.
    fn both(over_tcp: [&str; 2], lookup: &str, got: &Got) -> DomainFacts {
        let lines = format!(
            "{TWO_SERVERS}\nserver 198.18.1.1 a.test. SOA tcp {}\nserver 198.18.2.1 a.test. SOA tcp {}",
            over_tcp[0], over_tcp[1]
        );
        let mut all = facts("a.test.", &lines);
        for server in ["198.18.1.1", "198.18.2.1"] {
            let want = format!("server {server} a.test. {lookup} udp silent");
            let want = facts("a.test.", &want).got.into_keys().next().unwrap();
            all.got.insert(want, got.clone());
        }
        all
    }

    #[test]
    fn tcp_is_the_first_line_if_answers_need_it_and_no_server_has_it() {
        let truncated = Got::NoReply(NoReply::Truncated);
        let found = judge(&both(["unreachable"; 2], "MX", &truncated));
        assert_eq!((found[0].code, found[0].level), (Code::NsTcp, Level::Failure), "{found:#?}");
        assert!(found[0].evidence.ends_with("; too long for UDP: a.test. MX"), "{}", found[0].evidence);
        let mail = found.iter().find(|finding| finding.code == Code::MxUnanswered).unwrap();
        assert_eq!(mail.remedy(), remedies::OPEN_TCP);
        // One server has TCP: its resolvers get the answer there.
        let half = judge(&both(["unreachable", "aa | ns1.a.test. h. 7 2 3 4 5"], "MX", &truncated));
        assert!(half.iter().all(|finding| !is_cause(finding)), "{half:#?}");
        let short = judge(&both(["unreachable"; 2], "MX", &Got::NoReply(NoReply::Silent)));
        assert!(short.iter().all(|finding| !is_cause(finding)), "{short:#?}");
    }

    #[test]
    fn a_truncated_answer_of_one_server_alone_is_told_with_tcp_as_the_remedy() {
        let lines = "server 198.18.1.1 a.test. MX udp aa | 10 mx.a.test.";
        let mut all = both(["unreachable"; 2], "MX", &Got::NoReply(NoReply::Truncated));
        all.got.extend(facts("a.test.", lines).got);
        let partly = judge(&all).into_iter().find(|finding| finding.code == Code::NsPartly).unwrap();
        assert_eq!(partly.remedy(), remedies::OPEN_TCP, "{partly:#?}");
    }
}
