//! Lists: the answers of the DNS lists in use about the domain and its addresses.
//!
//! RFC 5782. Lists count queries, so the addresses are few.

use std::net::IpAddr;

use super::codes::Code;
use super::facts::{Facts, Got, Listing, Want};
use super::finding::{Finding, Level};
use super::mail;
use crate::limits::MAX_LISTED_ADDRESSES;

/// The domain and addresses that the lists are asked about.
fn subjects(facts: &Facts) -> Vec<String> {
    let own = facts.subject.address.filter(|address| !mail::is_private(*address));
    let mut addresses: Vec<IpAddr> = own.into_iter().collect();
    if !facts.subject.domain.is_empty() {
        addresses.extend(mail::host_addresses(facts).into_iter().filter(|address| Some(*address) != own));
    }
    let domain = facts.subject.domain.trim_end_matches('.');
    let domain = (!domain.is_empty()).then(|| domain.to_owned());
    let addresses = addresses.into_iter().take(MAX_LISTED_ADDRESSES).map(|address| address.to_string());
    domain.into_iter().chain(addresses).collect()
}

/// The questions that are needed next.
pub(super) fn wants(facts: &Facts) -> Vec<Want> {
    subjects(facts).into_iter().map(|subject| Want::Lists { subject }).collect()
}

/// Whether it is the domain or the address that is checked. The others are hosts that receive mail: these need not send
/// any.
fn is_own(facts: &Facts, subject: &str) -> bool {
    let address = facts.subject.address.is_some_and(|address| address.to_string() == subject);
    address || facts.subject.domain.trim_end_matches('.') == subject
}

/// The findings.
pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    let (mut listed, mut hosts, mut unknown, mut asked) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for subject in subjects(facts) {
        let own = is_own(facts, &subject);
        match facts.lists(&subject) {
            Some(Got::Lists(listings)) => {
                for listing in listings {
                    asked += 1;
                    let Listing { list, why, .. } = listing;
                    match listing.listed {
                        Some(true) if own => listed.push(format!("{subject} in {list} ({why})")),
                        Some(true) => hosts.push(format!("{subject} in {list} ({why})")),
                        Some(false) => {}
                        None => unknown.push(format!("{list} about {subject}: {why}")),
                    }
                }
            }
            Some(Got::Lost(_) | Got::Reply(_)) => {
                unknown.push(format!("{subject}: the lists were not asked"))
            }
            None => {}
        }
    }
    let mut findings = Vec::new();
    if !listed.is_empty() {
        findings.push(Finding::new(Code::Listed, listed.join("; ")));
    }
    if !hosts.is_empty() {
        findings.push(Finding::new(Code::Listed, hosts.join("; ")).at(Level::Note));
    }
    if findings.is_empty() && asked > 0 && unknown.is_empty() {
        findings.push(Finding::new(
            Code::ListsOk,
            format!("{asked} answers about {}", subjects(facts).join(", ")),
        ));
    }
    if !unknown.is_empty() {
        findings.push(Finding::new(Code::ListsUnknown, unknown.join("; ")));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::domain::facts::CheckSubject;
    use crate::check::domain::facts::tests::facts;

    #[test]
    fn listings_count_by_what_the_list_says() {
        let address = "192.0.2.7".parse().unwrap();
        let codes = |listings: &[(&str, Option<bool>)]| -> Vec<Code> {
            let mut facts = Facts::new(CheckSubject { address: Some(address), ..CheckSubject::default() });
            let listings = listings.iter().map(|(list, listed)| Listing {
                list: (*list).to_owned(),
                listed: *listed,
                why: String::new(),
            });
            let want = Want::Lists { subject: "192.0.2.7".to_owned() };
            facts.got.insert(want, Got::Lists(listings.collect()));
            check(&facts).into_iter().map(|finding| finding.code).collect()
        };
        assert_eq!(codes(&[("bl.a.", Some(true)), ("bl.b.", None)]), [Code::Listed, Code::ListsUnknown]);
        assert_eq!(codes(&[("bl.a.", Some(false))]), [Code::ListsOk]);
        assert_eq!(codes(&[("bl.a.", None)]), [Code::ListsUnknown]);
        assert!(codes(&[]).is_empty());
    }

    #[test]
    fn a_listed_host_that_receives_mail_is_a_note() {
        let mut facts =
            facts("a.test.", "lookup a.test. MX | 10 mx.a.test.\nlookup mx.a.test. A | 198.18.0.1");
        let listing = Listing { list: "bl.a.".to_owned(), listed: Some(true), why: String::new() };
        let mut levels = |subject: &str| {
            let want = Want::Lists { subject: subject.to_owned() };
            facts.got.insert(want, Got::Lists(vec![listing.clone()]));
            check(&facts).into_iter().map(|finding| (finding.code, finding.level)).collect::<Vec<_>>()
        };
        assert_eq!(levels("198.18.0.1"), [(Code::Listed, Level::Note)]);
        assert_eq!(levels("a.test"), [(Code::Listed, Level::Failure), (Code::Listed, Level::Note)]);
    }
}
