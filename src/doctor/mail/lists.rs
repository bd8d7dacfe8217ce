//! Lists: the answers of the DNS lists in use about the domain, its addresses, its name servers, and links of a message.
//!
//! RFC 5782. Lists count queries, so the addresses are few.

use std::net::IpAddr;

use crate::codes::Code;
use crate::facts::{DomainFacts, Got, NoReply, Want, private_address};
use crate::finding::{Finding, Level};
use crate::limits::MAX_LISTED_ADDRESSES;
use crate::mail::{self, pointers};
use crate::message::refusal;
use crate::part::About;
use crate::spf::named::NamedSenders;

/// The part of a subject of the lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// The domain or the address that is checked.
    Own,
    /// A link of the message.
    Link,
    /// A mail host that the domain names in its SPF record as one that sends.
    Sender,
    /// Another host that receives mail: it need not send any.
    Host,
}

impl Part {
    /// A finding about a listing. `all`: no host may send for the domain that is not listed.
    fn listed(self, evidence: &str, all: bool) -> Finding {
        match self {
            Self::Own => Finding::new(Code::Listed, evidence),
            Self::Sender if all => Finding::new(Code::Listed, evidence),
            Self::Sender => Finding::new(Code::Listed, evidence).at(Level::Warning),
            Self::Host => Finding::new(Code::Listed, evidence).at(Level::Note),
            Self::Link => Finding::new(Code::UrlListed, evidence),
        }
    }
}

/// The names and addresses that the lists are asked about, each once.
fn subjects(
    facts: &DomainFacts,
    examined: Option<IpAddr>,
    senders: Option<&NamedSenders>,
) -> Vec<(Part, String)> {
    let own = examined.filter(|address| !private_address::is_private(*address));
    let domain = facts.subject.domain.trim_end_matches('.');
    let mut subjects: Vec<(Part, String)> = Vec::new();
    let mut add = |part: Part, subject: String| {
        if !subjects.iter().any(|(_, known)| *known == subject) {
            subjects.push((part, subject));
        }
    };
    if !domain.is_empty() {
        add(Part::Own, domain.to_owned());
    }
    own.into_iter().for_each(|address| add(Part::Own, address.to_string()));
    facts.subject.links.iter().for_each(|link| add(Part::Link, link.trim_end_matches('.').to_owned()));
    if !domain.is_empty() {
        let hosts = mail::host_addresses(facts).into_iter().filter(|address| Some(*address) != own);
        let most = MAX_LISTED_ADDRESSES.saturating_sub(usize::from(own.is_some()));
        for address in hosts.take(most) {
            let sends = senders.is_some_and(|senders| senders.has(address));
            add(if sends { Part::Sender } else { Part::Host }, address.to_string());
        }
    }
    subjects
}

/// The questions that are needed next. `examined`: the address that is examined by itself.
pub(crate) fn wants(facts: &DomainFacts, examined: Option<IpAddr>) -> Vec<Want> {
    let all = subjects(facts, examined, None).into_iter().map(|(_, subject)| Want::Lists { subject });
    refusal::wants(facts).into_iter().chain(all).collect()
}

/// The findings. `examined`: the address that is examined by itself.
pub(crate) fn check(facts: &DomainFacts, examined: Option<IpAddr>) -> Vec<Finding> {
    let senders = pointers::senders(facts);
    let subjects = subjects(facts, examined, senders.as_ref());
    let (mut listed, mut unknown, mut asked) = (Vec::<(Part, String, About)>::new(), Untold::default(), 0);
    // No list is asked about a link with a key, and nobody is told this name.
    let mut answered = Vec::new();
    for (part, subject) in &subjects {
        let about =
            |list: Option<&str>| About::Listing { subject: subject.clone(), list: list.map(str::to_owned) };
        match facts.lists(subject) {
            Some(Got::Lists(listings)) => {
                answered.extend((!listings.is_empty()).then_some(subject.as_str()));
                for listing in listings {
                    asked += 1;
                    // It is told as the answer to the bounce.
                    if refusal::is_told(facts, subject, &listing.list) {
                        continue;
                    }
                    match listing.listed {
                        Some(true) => {
                            let text = format!("{subject} in {} ({})", listing.list, listing.why);
                            listed.push((*part, text, about(Some(&listing.list))));
                        }
                        Some(false) => {}
                        None => {
                            unknown.take((&listing.list, subject, &listing.why), about(Some(&listing.list)))
                        }
                    }
                }
            }
            Some(Got::NoReply(NoReply::Unknown(why))) => {
                unknown.take(("the lists", subject, why), about(None));
            }
            Some(Got::NoReply(_) | Got::Reply(_) | Got::MailHost(_) | Got::PolicyFile(_)) => {
                unknown.take(("the lists", subject, "no answer"), about(None));
            }
            None => {}
        }
    }
    let mut findings: Vec<Finding> = refusal::check(facts).into_iter().collect();
    let all = senders.is_some_and(|senders| are_all_listed(&senders, &listed));
    for part in [Part::Own, Part::Sender, Part::Link, Part::Host] {
        let of_part = listed.iter().filter(|(of, _, _)| *of == part);
        let (texts, about): (Vec<&str>, Vec<About>) =
            of_part.map(|(_, text, about)| (text.as_str(), about.clone())).unzip();
        if !texts.is_empty() {
            let hosts = about.iter().flat_map(|about| hosts_of(facts, about)).collect::<Vec<_>>();
            findings.push(part.listed(&texts.join("; "), all).about(about).about(hosts));
        }
    }
    if findings.is_empty() && asked > 0 && unknown.about.is_empty() {
        let count = if asked == 1 { "1 answer".to_owned() } else { format!("{asked} answers") };
        let evidence = format!("{count} about {}{}", answered.join(", "), left_out(facts, &subjects));
        findings.push(Finding::new(Code::ListsOk, evidence));
    }
    if !unknown.about.is_empty() {
        findings.push(Finding::new(Code::ListsUnknown, unknown.words()).about(unknown.about));
    }
    findings
}

/// The addresses of mail hosts that the lists are not asked about, in words; empty if there are none.
fn left_out(facts: &DomainFacts, subjects: &[(Part, String)]) -> String {
    let is_left_out = |address: &IpAddr| {
        let address = address.to_string();
        !facts.subject.domain.is_empty() && subjects.iter().all(|(_, subject)| *subject != address)
    };
    let beyond: Vec<String> = mail::host_addresses(facts)
        .into_iter()
        .filter(is_left_out)
        .map(|address| address.to_string())
        .collect();
    match beyond.is_empty() {
        true => String::new(),
        false => format!(
            "; lists count queries, so the check asks about {MAX_LISTED_ADDRESSES} addresses of mail hosts; not asked: {}",
            beyond.join(", ")
        ),
    }
}

/// Whether these are all hosts that may send for the domain, and each is listed.
fn are_all_listed(senders: &NamedSenders, listed: &[(Part, String, About)]) -> bool {
    let is_listed = |address: &IpAddr| {
        let address = address.to_string();
        let is_of = |about: &About| matches!(about, About::Listing { subject, .. } if *subject == address);
        listed.iter().any(|(part, _, about)| *part == Part::Sender && is_of(about))
    };
    senders.are_all && senders.addresses.iter().all(is_listed)
}

/// Answers that could not be told: the subjects of each list and reason.
#[derive(Default)]
struct Untold<'f> {
    subjects: Vec<((&'f str, &'f str), Vec<&'f str>)>,
    about: Vec<About>,
}

impl<'f> Untold<'f> {
    fn take(&mut self, (list, subject, why): (&'f str, &'f str, &'f str), about: About) {
        self.about.push(about);
        match self.subjects.iter_mut().find(|(known, _)| *known == (list, why)) {
            Some((_, subjects)) => subjects.push(subject),
            None => self.subjects.push(((list, why), vec![subject])),
        }
    }

    fn words(&self) -> String {
        let words = self
            .subjects
            .iter()
            .map(|((list, why), subjects)| format!("{list} about {}: {why}", subjects.join(", ")));
        words.collect::<Vec<_>>().join("; ")
    }
}

/// The mail hosts that have a listed address.
fn hosts_of(facts: &DomainFacts, about: &About) -> Vec<About> {
    match about {
        About::Listing { subject, .. } if !facts.subject.domain.is_empty() => {
            subject.parse().map_or_else(|_| Vec::new(), |address| mail::hosts_at(facts, address))
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::facts;
    use crate::facts::{CheckSubject, Listing};

    #[test]
    fn listings_count_by_what_the_list_says() {
        let address = "192.0.2.7".parse().unwrap();
        let codes = |listings: &[(&str, Option<bool>)]| -> Vec<Code> {
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
        assert_eq!(codes(&[("bl.a.", Some(true)), ("bl.b.", None)]), [Code::Listed, Code::ListsUnknown]);
        assert_eq!(codes(&[("bl.a.", Some(false))]), [Code::ListsOk]);
        assert_eq!(codes(&[("bl.a.", None)]), [Code::ListsUnknown]);
        assert!(codes(&[]).is_empty());
    }

    #[test]
    fn addresses_that_no_list_is_asked_about_are_not_called_unlisted() {
        let told = |addresses: &str| {
            let mut facts = facts(
                "a.test.",
                &format!("lookup a.test. MX | 10 mx.a.test.\nlookup mx.a.test. A {addresses}"),
            );
            let listing = Listing { list: "bl.a.".to_owned(), listed: Some(false), ..Listing::default() };
            facts.got.insert(Want::Lists { subject: "a.test".to_owned() }, Got::Lists(vec![listing]));
            let found = check(&facts, None).remove(0);
            assert_eq!(found.code, Code::ListsOk);
            found.evidence
        };
        assert_eq!(told("| 198.18.0.1"), "1 answer about a.test");
        let many = told("| 198.18.0.1 | 198.18.0.2 | 198.18.0.3 | 198.18.0.4 | 198.18.0.5");
        assert!(many.ends_with("3 addresses of mail hosts; not asked: 198.18.0.4, 198.18.0.5"), "{many}");
    }

    #[test]
    fn a_listed_host_that_receives_mail_is_a_note() {
        let mut facts =
            facts("a.test.", "lookup a.test. MX | 10 mx.a.test.\nlookup mx.a.test. A | 198.18.0.1");
        let listing = Listing { list: "bl.a.".to_owned(), listed: Some(true), ..Listing::default() };
        let mut levels = |subject: &str| {
            let want = Want::Lists { subject: subject.to_owned() };
            facts.got.insert(want, Got::Lists(vec![listing.clone()]));
            check(&facts, None).into_iter().map(|finding| (finding.code, finding.level)).collect::<Vec<_>>()
        };
        assert_eq!(levels("198.18.0.1"), [(Code::Listed, Level::Note)]);
        assert_eq!(levels("a.test"), [(Code::Listed, Level::Failure), (Code::Listed, Level::Note)]);
    }

    #[test]
    fn a_listed_host_that_sends_is_a_failure_if_no_other_may_send() {
        let level = |spf: &str| {
            let mut facts = facts(
                "a.test.",
                &format!(
                    "lookup a.test. MX | 10 mx.a.test.\nlookup mx.a.test. A | 198.18.0.1\n\
                     lookup mx.a.test. AAAA\nlookup b.test. A | 198.18.0.2\nlookup b.test. AAAA\nlookup a.test. TXT | \"v=spf1 {spf}\""
                ),
            );
            let listing = Listing { list: "bl.a.".to_owned(), listed: Some(true), ..Listing::default() };
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
