//! An alias (CNAME) at the apex that only some servers of the zone have: the cause of records that differ.
//!
//! RFC 1034 section 3.6.2 (no other records beside an alias). `mail` tells an alias that the domain has at this host.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::codes::Code;
use super::facts::{DomainFacts, ReplyFacts, canonical};
use super::finding::Finding;
use super::part::About;
use super::{compared, groups, remedies, served, server_hosts, zone};

/// The alias of a name in a reply, in words.
pub(super) fn own(reply: &ReplyFacts, name: &str) -> Option<String> {
    let alias = reply.answers.iter().find(|record| record.kind == "CNAME" && record.name == name)?;
    Some(format!("CNAME {}", canonical(&alias.data)))
}

/// The MX records of the domain in a reply, or the alias in their place, in words.
pub(super) fn mail_records(facts: &DomainFacts, reply: &ReplyFacts) -> String {
    let mut records: Vec<String> = reply.data("MX").map(str::to_ascii_lowercase).collect();
    records.sort();
    match own(reply, &facts.subject.domain) {
        // Below an apex an alias is sound, and leads to these records.
        Some(alias) if records.is_empty() || zone::is_delegated(facts) => alias,
        _ if records.is_empty() => "no MX".to_owned(),
        _ => records.join(", "),
    }
}

/// The servers with an alias at the apex, by the alias; empty unless others have none.
fn at_some(facts: &DomainFacts) -> BTreeMap<String, Vec<IpAddr>> {
    let domain = facts.subject.domain.as_str();
    let (mut aliases, mut has_others) = (BTreeMap::<String, Vec<IpAddr>>::new(), false);
    if !zone::is_delegated(facts) {
        return aliases;
    }
    for server in zone::servers(facts).into_keys() {
        let Some(reply) = served::given(facts, server, (domain, "MX")) else { continue };
        match own(reply, domain) {
            Some(alias) => aliases.entry(format!("{domain} {alias}")).or_default().push(server),
            None => has_others = true,
        }
    }
    if has_others { aliases } else { BTreeMap::new() }
}

/// Names the servers with such an alias in the findings that follow from it, with the change that helps.
pub(super) fn name(facts: &DomainFacts, findings: &mut [Finding]) {
    let aliases = at_some(facts);
    if aliases.is_empty() {
        return;
    }
    let domain = facts.subject.domain.as_str();
    let with: Vec<About> = aliases.values().flatten().copied().map(About::Address).collect();
    let is_of_domain = compared::differing(facts).all(|(name, _)| name == domain);
    let is_of = |finding: &Finding| {
        !finding.about.is_empty() && finding.about.iter().all(|about| with.contains(about))
    };
    let told = groups::having(server_hosts::of_groups(&zone::servers(facts), aliases.clone()));
    for finding in findings {
        match finding.code {
            Code::RecordsDiffer | Code::ApexAlias => finding.evidence.push_str(&format!("; {told}")),
            Code::MxDiffers => {}
            Code::NsLame if is_of(finding) => {}
            _ => continue,
        }
        if finding.code != Code::ApexAlias && (finding.code != Code::RecordsDiffer || is_of_domain) {
            finding.remedy = Some(remedies::APEX_ALIAS_AT_SOME);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::{TWO_SERVERS, facts};
    use crate::judge;

    const SECOND: &str = "server 198.18.2.1 a.test.";

    /// The finding with this code about a zone whose second server answers so.
    fn found(second: &str, code: Code) -> Finding {
        let lines = format!(
            "{TWO_SERVERS}\nlookup a.test. MX | 10 mx.b.test.\nlookup a.test. TXT | \"v=spf1 -all\"\nlookup web.b.test. TXT\n\
             server 198.18.1.1 a.test. MX udp aa | 10 mx.b.test.\nserver 198.18.1.1 a.test. TXT udp aa | \"v=spf1 -all\"\n{second}"
        );
        let found = judge(&facts("a.test.", &lines));
        let told = found.iter().find(|finding| finding.code == code);
        told.unwrap_or_else(|| panic!("{found:#?}")).clone()
    }

    #[test]
    fn an_alias_at_the_apex_of_one_server_is_named_where_records_differ() {
        let alias = |kind: &str| format!("{SECOND} {kind} udp aa | =a.test. CNAME web.b.test.\n");
        let of_both = alias("MX") + &alias("TXT");
        let mail = found(&of_both, Code::MxDiffers);
        assert!(mail.evidence.ends_with("198.18.2.1 (ns2.a.test.) has CNAME web.b.test."), "{mail:#?}");
        assert_eq!(mail.remedy(), remedies::APEX_ALIAS_AT_SOME);
        let records = found(&of_both, Code::RecordsDiffer);
        assert!(
            records.evidence.ends_with("; 198.18.2.1 (ns2.a.test.) has a.test. CNAME web.b.test."),
            "{records:#?}"
        );
        assert_eq!(records.remedy(), remedies::APEX_ALIAS_AT_SOME);
        let lame = found(&(alias("SOA") + &of_both), Code::NsLame);
        assert!(lame.evidence.contains("has CNAME web.b.test. in the place of the SOA"), "{lame:#?}");
        assert_eq!(lame.remedy(), remedies::APEX_ALIAS_AT_SOME);
        let none = found(&format!("{SECOND} MX udp aa\n"), Code::MxDiffers);
        assert!(none.evidence.contains("198.18.2.1 (ns2.a.test.) has no MX"), "{none:#?}");
        assert_eq!(none.remedy(), Code::MxDiffers.entry().remedy);
    }
}
