//! Checks the answers of this host's DNS lists about the domain and its addresses (RFC 5782). Lists limit the number of queries, so only a
//! few addresses are looked up.

use std::net::IpAddr;

use crate::codes::Code;
use crate::facts::{DomainFacts, Got, Listed, NoReply, Want, private_address::is_private};
use crate::finding::{Finding, Level};
use crate::limits::MAX_LISTED_ADDRESSES;
use crate::mail::{self, pointer};
use crate::message::refusal;
use crate::part::About;
use crate::spf::walk::NamedSenders;

/// The role of the checked name or address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Own,
    /// A mail host that SPF names as a sender.
    Sender,
    /// A mail host that SPF does not name. It probably sends no mail.
    Host,
}

/// Returns the names and addresses about which the DNS lists are asked, and the number of addresses of mail hosts left out.
fn subjects(
    facts: &DomainFacts,
    examined: Option<IpAddr>,
    senders: Option<&NamedSenders>,
) -> (Vec<(Part, String)>, usize) {
    let own = examined.filter(|address| !is_private(*address));
    let domain = Some(facts.subject.domain.trim_end_matches('.')).filter(|domain| !domain.is_empty());
    let mut subjects: Vec<(Part, String)> = domain
        .into_iter()
        .map(str::to_owned)
        .chain(own.map(|own| own.to_string()))
        .map(|own| (Part::Own, own))
        .collect();
    let mut hosts = if domain.is_some() { mail::host_addresses(facts) } else { Vec::new() };
    hosts.retain(|address| Some(*address) != own);
    let most = MAX_LISTED_ADDRESSES.saturating_sub(usize::from(own.is_some()));
    subjects.extend(hosts.iter().take(most).map(|address| {
        let sends = senders.is_some_and(|senders| senders.has(*address));
        (if sends { Part::Sender } else { Part::Host }, address.to_string())
    }));
    (subjects, hosts.len().saturating_sub(most))
}

/// Returns the next questions to DNS lists. `examined`: the sending client; `None` if it is unknown or may be a relay.
pub(crate) fn wants(facts: &DomainFacts, examined: Option<IpAddr>) -> Vec<Want> {
    let subjects = subjects(facts, examined, None).0.into_iter();
    refusal::wants(facts).into_iter().chain(subjects.map(|(_, subject)| Want::Lists { subject })).collect()
}

/// A listed name or address: its role for the mail, its text, the answer of the list, and what the finding is about.
type ListedSubject<'s> = (Part, &'s str, String, About);

/// Returns a finding for each role of which a name or address is listed.
fn of_listed(
    facts: &DomainFacts,
    senders: Option<&NamedSenders>,
    listed: &[ListedSubject<'_>],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    // The finding is more serious if all addresses that SPF allows to send are listed.
    let is_listed = |address: &IpAddr| {
        let address = address.to_string();
        listed.iter().any(|(part, subject, ..)| *part == Part::Sender && *subject == address)
    };
    let are_all =
        senders.is_some_and(|senders| !senders.has_others && senders.addresses.iter().all(is_listed));
    for (part, level) in [
        (Part::Own, Level::Failure),
        (Part::Sender, if are_all { Level::Failure } else { Level::Warning }),
        (Part::Host, Level::Note),
    ] {
        let of_part = || listed.iter().filter(|(known, ..)| *known == part);
        let texts: Vec<&str> = of_part().map(|(_, _, text, _)| text.as_str()).collect();
        let hosts = of_part().filter_map(|(_, subject, ..)| subject.parse().ok());
        let hosts = hosts.flat_map(|address| mail::hosts_at(facts, address));
        let about = of_part().map(|(.., about)| about.clone()).chain(hosts);
        if !texts.is_empty() {
            findings.push(Finding::new(Code::Listed, texts.join("; ")).at(level).about(about));
        }
    }
    findings
}

/// Returns the findings about DNS lists. `examined`: the sending client; `None` if it is unknown or may be a relay.
pub(crate) fn check(facts: &DomainFacts, examined: Option<IpAddr>) -> Vec<Finding> {
    let senders = pointer::senders(facts);
    let (subjects, left_out) = subjects(facts, examined, senders.as_ref());
    let mut listed = Vec::<ListedSubject<'_>>::new();
    let (mut unknown, mut about_unknown, mut asked) = (Vec::new(), Vec::new(), 0);
    let mut answered = Vec::new();
    for (part, subject) in &subjects {
        let about =
            |list: Option<&str>| About::Listing { subject: subject.clone(), list: list.map(str::to_owned) };
        let Some(got) = facts.lists(subject) else { continue };
        let Got::Lists(listings) = got else {
            let why = if let Got::NoReply(NoReply::Unknown(why)) = got { why } else { "no answer" };
            unknown.push(format!("the lists about {subject}: {why}"));
            about_unknown.push(about(None));
            continue;
        };
        asked += listings.len();
        answered.extend((!listings.is_empty()).then_some(subject.as_str()));
        // If the bounce names the list, another finding already reports the listing.
        for listing in listings.iter().filter(|listing| !refusal::is_listed(facts, subject, &listing.list)) {
            match listing.listed {
                Listed::Yes => {
                    let text = format!("{subject} in {} ({})", listing.list, listing.why);
                    listed.push((*part, subject, text, about(Some(&listing.list))));
                }
                Listed::No => {}
                Listed::Unknown => {
                    unknown.push(format!("{} about {subject}: {}", listing.list, listing.why));
                    about_unknown.push(about(Some(&listing.list)));
                }
            }
        }
    }
    let mut findings: Vec<Finding> = refusal::check(facts).into_iter().collect();
    findings.extend(of_listed(facts, senders.as_ref(), &listed));
    if findings.is_empty() && asked > 0 && unknown.is_empty() {
        let count = if asked == 1 { "1 answer".to_owned() } else { format!("{asked} answers") };
        let more = match left_out {
            0 => String::new(),
            more => format!(
                "; lists count queries, so they were not asked about {more} more addresses of mail hosts"
            ),
        };
        findings.push(Finding::new(Code::ListsOk, format!("{count} about {}{more}", answered.join(", "))));
    }
    if !unknown.is_empty() {
        findings.push(Finding::new(Code::ListsUnknown, unknown.join("; ")).about(about_unknown));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::facts;
    use crate::facts::{CheckSubject, Listing};

    #[test]
    fn list_answers_decide_findings() {
        let address = "192.0.2.7".parse().unwrap();
        let codes = |listings: &[(&str, Listed)]| -> Vec<Code> {
            let mut facts =
                DomainFacts::new(CheckSubject { address: Some(address), ..CheckSubject::default() });
            let listings = listings.iter().map(|(list, listed)| Listing {
                list: (*list).to_owned(),
                listed: *listed,
                ..Listing::default()
            });
            let want = Want::Lists { subject: "192.0.2.7".to_owned() };
            facts.got.insert(want, Got::Lists(listings.collect()));
            check(&facts, Some(address)).into_iter().map(|finding| finding.code).collect()
        };
        assert_eq!(
            codes(&[("bl.a.", Listed::Yes), ("bl.b.", Listed::Unknown)]),
            [Code::Listed, Code::ListsUnknown]
        );
        assert_eq!(codes(&[("bl.a.", Listed::No)]), [Code::ListsOk]);
        assert_eq!(codes(&[("bl.a.", Listed::Unknown)]), [Code::ListsUnknown]);
        assert!(codes(&[]).is_empty());
    }

    #[test]
    fn unqueried_addresses_are_not_unlisted() {
        let evidence_of = |addresses: &str| {
            let mut facts = facts(
                "a.test.",
                &format!("lookup a.test. MX | 10 mx.a.test.\nlookup mx.a.test. A {addresses}"),
            );
            let listing = Listing { list: "bl.a.".to_owned(), listed: Listed::No, ..Listing::default() };
            facts.got.insert(Want::Lists { subject: "a.test".to_owned() }, Got::Lists(vec![listing]));
            let found = check(&facts, None).remove(0);
            assert_eq!(found.code, Code::ListsOk);
            found.evidence
        };
        assert_eq!(evidence_of("| 198.18.0.1"), "1 answer about a.test");
        let many = evidence_of("| 198.18.0.1 | 198.18.0.2 | 198.18.0.3 | 198.18.0.4 | 198.18.0.5");
        assert!(many.ends_with("not asked about 2 more addresses of mail hosts"), "{many}");
    }

    #[test]
    fn listed_receiving_host_is_note() {
        let mut facts =
            facts("a.test.", "lookup a.test. MX | 10 mx.a.test.\nlookup mx.a.test. A | 198.18.0.1");
        let listing = Listing { list: "bl.a.".to_owned(), listed: Listed::Yes, ..Listing::default() };
        let mut levels = |subject: &str| {
            let want = Want::Lists { subject: subject.to_owned() };
            facts.got.insert(want, Got::Lists(vec![listing.clone()]));
            check(&facts, None).into_iter().map(|finding| (finding.code, finding.level)).collect::<Vec<_>>()
        };
        assert_eq!(levels("198.18.0.1"), [(Code::Listed, Level::Note)]);
        assert_eq!(levels("a.test"), [(Code::Listed, Level::Failure), (Code::Listed, Level::Note)]);
    }

    #[test]
    fn listed_sole_sender_is_failure() {
        let level = |spf: &str| {
            let mut facts = facts(
                "a.test.",
                &format!(
                    "lookup a.test. MX | 10 mx.a.test.\nlookup mx.a.test. A | 198.18.0.1\n\
                     lookup mx.a.test. AAAA\nlookup b.test. A | 198.18.0.2\nlookup b.test. AAAA\nlookup a.test. TXT | \"v=spf1 {spf}\""
                ),
            );
            let listing = Listing { list: "bl.a.".to_owned(), listed: Listed::Yes, ..Listing::default() };
            let want = Want::Lists { subject: "198.18.0.1".to_owned() };
            facts.got.insert(want, Got::Lists(vec![listing]));
            check(&facts, None)[0].level
        };
        assert_eq!(level("a:mx.a.test -all"), Level::Failure);
        assert_eq!(level("a:mx.a.test a:b.test -all"), Level::Warning, "another host sends too");
        assert_eq!(level("a:mx.a.test ?all"), Level::Warning, "other hosts may send");
        assert_eq!(level("a:b.test -all"), Level::Note, "it only receives");
    }
}
