//! A client's question, the DNS list that it asks, and the resolution (flight) that explains its outcome. This module also finds the zone to which a
//! query of the resolution is attributed.

use std::net::IpAddr;

use hickory_proto::rr::RecordType;

use crate::entry::{FlightEntry, Link, QuestionEntry};
use crate::event::Shows;
use crate::subject::{ListName, domain_of, organisation};
use dns::question::{DnsResult, Outcome, is_within};

/// A question of a message (an email), the DNS list that it asks, and the resolution that explains its outcome.
#[derive(Clone, Copy, Debug)]
pub struct ExplainedQuestion<'a> {
    /// The question, as the client asked it.
    pub question: &'a QuestionEntry,
    /// The DNS list to which the question was sent; none for other questions.
    pub list: Option<ListName>,
    /// The resolution of the question. If the question failed because another one had failed before, the resolution of that other question. If the
    /// cache answered the question, the earlier resolution that found the names or addresses in the answer.
    pub flight: Option<&'a FlightEntry>,
}

impl ExplainedQuestion<'_> {
    /// Returns true if the client got SERVFAIL for the question.
    pub fn failed(&self) -> bool {
        self.question.outcome.is_failure()
    }

    /// Returns what DNS said to the question, such as "no such name".
    pub(crate) fn result(&self) -> DnsResult {
        let QuestionEntry { name, kind, result, .. } = self.question;
        let links = self.flight.map_or(&[][..], |flight| &flight.links);
        let is_entry = self.list.is_some_and(|list| name.len() > list.apex);
        match *result {
            _ if self.failed() && self.flight.is_some_and(|flight| flight.shows == Some(Shows::Bogus)) => {
                DnsResult::Bogus
            }
            _ if self.failed() => DnsResult::Failure,
            DnsResult::NoName | DnsResult::NoData if is_entry => DnsResult::NotListed,
            DnsResult::Answer if is_entry => DnsResult::Listed,
            DnsResult::Answer if *kind == RecordType::MX && is_root(links) => DnsResult::NullMx,
            result => result,
        }
    }

    /// Returns the addresses in the answer of a DNS list (its return codes).
    pub(crate) fn codes(&self) -> Vec<IpAddr> {
        let links = self.flight.filter(|_| self.list.is_some()).map_or(&[][..], |flight| &flight.links);
        let address = |link: &Link| if let Link::Address(address) = link { Some(*address) } else { None };
        links.iter().filter_map(address).collect()
    }

    /// Returns true if the answer to the question names a host: as the mail host of a domain, or as the name of an address.
    pub(crate) fn names(&self, host: &[u8]) -> bool {
        let is_it = |link: &Link| matches!(link, Link::Name(name) if **name == *host);
        matches!(self.question.kind, RecordType::MX | RecordType::PTR)
            && self.flight.is_some_and(|flight| flight.links.iter().any(is_it))
    }

    /// Returns true if the question failed because this resolver had too much work: the resolver turned it away although its zone is not known to be
    /// silent, or most of the question's time had passed before its resolution began.
    pub(crate) fn is_overload(&self) -> bool {
        let QuestionEntry { at, elapsed, outcome, .. } = *self.question;
        let queued = self.waited_for().map_or(0, |flight| flight.began.saturating_sub(at));
        let is_silent = || self.flight.is_some_and(|flight| flight.shows == Some(Shows::Silence));
        match outcome {
            Outcome::Shed => self.question.is_overload() || !(is_silent() || self.question.was_stopped()),
            Outcome::Deadline => queued > elapsed / 2,
            _ => false,
        }
    }

    /// Returns the resolution for which the question waited. Returns `None` if it did not wait, for example because an earlier failure answered it.
    pub(super) fn waited_for(&self) -> Option<&FlightEntry> {
        self.flight.filter(|flight| self.question.flight == Some(flight.id))
    }

    /// Returns the zone to which a failure is attributed if the failure itself names no zone: the apex of the question's DNS list, otherwise the
    /// domain of its name. With this zone, failures of two domains are not counted as one.
    pub(super) fn own_zone(&self) -> Box<[u8]> {
        self.apex().map_or_else(|| domain_of(&self.question.name), Box::from)
    }

    /// Returns the apex of the DNS list to which the question was sent, in wire form.
    pub(crate) fn apex(&self) -> Option<&[u8]> {
        self.list?.apex_in(&self.question.name)
    }
}

/// Returns true if the only name in an answer is the root, as in a null MX record.
fn is_root(links: &[Link]) -> bool {
    matches!(links, [Link::Name(name)] if **name == [0])
}

/// The relation between a zone and the DNS list that a question asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ListRelation {
    /// The servers that failed are those of the zone of the DNS list.
    Own,
    /// The zone is above the DNS list and belongs to the same owner, so the list can answer only if the zone answers.
    Above,
    /// The servers that failed belong to another zone, or the question does not ask a DNS list.
    Other,
}

impl ListRelation {
    fn between(one: &ExplainedQuestion<'_>, zone: &[u8]) -> Self {
        let Some(apex) = one.apex() else { return Self::Other };
        if is_within(zone, apex) {
            return Self::Own;
        }
        if is_within(apex, zone) {
            return if is_within(zone, organisation(apex)) { Self::Above } else { Self::Other };
        }
        // If a name contains a customer key (a label that identifies the customer of the DNS list), resolverd may query it in a zone below the apex
        // of the DNS list. This zone is then the deepest zone of the resolution, so it belongs to the list. A zone that contains only the addresses
        // of servers is queried in sub-questions (depth above 0), so it does not.
        let is_deepest = one.flight.is_some_and(|flight| {
            let mut asked = flight.messages.iter().filter(|message| *message.zone == *zone).peekable();
            *flight.zone == *zone && (asked.peek().is_none() || asked.any(|message| message.depth == 0))
        });
        if is_deepest { Self::Own } else { Self::Other }
    }
}

/// Returns the zone to which a query is attributed. If the query went to the servers of a DNS list, this is the apex of the list; otherwise it is
/// `zone`.
pub(super) fn zone_of(one: &ExplainedQuestion<'_>, zone: &[u8]) -> Box<[u8]> {
    match one.apex() {
        Some(apex) if ListRelation::between(one, zone) == ListRelation::Own => apex.into(),
        _ => zone.into(),
    }
}

/// Returns true if the DNS list is blamed when the servers of `zone` are silent. This is so for the servers of the list itself, and for those of a
/// zone above the list that has the same owner (not for a top-level domain).
pub(super) fn is_of_list(one: &ExplainedQuestion<'_>, zone: &[u8]) -> bool {
    ListRelation::between(one, zone) != ListRelation::Other
}
