//! A client's question with its DNS list and resolution, and the zone to which a query is attributed.

use std::net::IpAddr;

use hickory_proto::rr::RecordType;

use crate::subject::{ListName, Subject, subject};
use dns::question::{DnsResult, Outcome, is_within};
use record::domain::{domain_of, organisation};
use record::entry::{FlightEntry, Link, QuestionEntry};
use record::event::Shows;
use record::limits::MAX_RECORDED_LINKS;

/// A client's question, its DNS list, and the resolution that explains its outcome.
#[derive(Clone, Copy, Debug)]
pub struct ExplainedQuestion<'a> {
    /// The question of the client.
    pub question: &'a QuestionEntry,
    /// The DNS list to which the question was sent.
    pub list: Option<ListName>,
    /// The resolution of the question. For a cached failure, the resolution that failed. For an answer from the cache, the resolution that
    /// found the answer.
    pub flight: Option<&'a FlightEntry>,
}

impl ExplainedQuestion<'_> {
    /// Returns true if the client got SERVFAIL for the question.
    pub fn failed(&self) -> bool {
        self.question.outcome.is_failure()
    }

    /// Returns the result of DNS, such as "no such name".
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

    /// Returns the zone whose cached NSEC or NSEC3 records deny the name, in wire form, if no server was asked for it (RFC 8198).
    pub(crate) fn concluded_from(&self) -> Option<&[u8]> {
        self.flight.filter(|_| self.question.result == DnsResult::NoName)?.concluded_from.as_deref()
    }

    pub(crate) fn codes(&self) -> Vec<IpAddr> {
        let links = self.flight.filter(|_| self.list.is_some()).map_or(&[][..], |flight| &flight.links);
        let address = |link: &Link| if let Link::Address(address) = link { Some(*address) } else { None };
        links.iter().filter_map(address).collect()
    }

    /// Returns true if the MX or PTR answer names this host.
    pub(crate) fn names(&self, host: &[u8]) -> bool {
        let is_it = |link: &Link| matches!(link, Link::Name(name) if **name == *host);
        matches!(self.question.kind, RecordType::MX | RecordType::PTR)
            && self.flight.is_some_and(|flight| flight.links.iter().any(is_it))
    }

    /// Returns the address for whose host a PTR question asks.
    pub(crate) fn pointed(&self) -> Option<IpAddr> {
        let subject =
            subject(&self.question.name, |_| None).filter(|_| self.question.kind == RecordType::PTR);
        if let Some(Subject::Address(address)) = subject { Some(address) } else { None }
    }

    /// Returns true if the answer has this address.
    pub(crate) fn has_address(&self, address: IpAddr) -> bool {
        self.flight.is_some_and(|flight| flight.links.contains(&Link::Address(address)))
    }

    /// Returns true if the answer has addresses, and all of them are recorded.
    pub(crate) fn has_addresses(&self) -> bool {
        let links = self.flight.map_or(&[][..], |flight| &flight.links);
        links.len() < MAX_RECORDED_LINKS && links.iter().any(|link| matches!(link, Link::Address(_)))
    }

    /// Returns true if the question failed because resolverd had too much work. Either resolverd turned the question away although the zone
    /// is not known to be silent, or more than half of the question's time had passed before the resolution began.
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

    /// Returns the resolution for which the question waited. Returns `None` if it did not wait, for example because an earlier failure
    /// answered it.
    pub(super) fn waited_for(&self) -> Option<&FlightEntry> {
        self.flight.filter(|flight| self.question.flight == Some(flight.id))
    }

    /// Returns the zone for a failure that names no zone: the apex of the DNS list, or else the domain of the name. With this zone,
    /// failures of two domains are not counted as one.
    pub(super) fn own_zone(&self) -> Box<[u8]> {
        self.apex().map_or_else(|| domain_of(&self.question.name), Box::from)
    }

    /// Returns the apex of the DNS list in wire form.
    pub(crate) fn apex(&self) -> Option<&[u8]> {
        self.list?.apex_in(&self.question.name)
    }
}

/// Returns true for a null MX record.
fn is_root(links: &[Link]) -> bool {
    matches!(links, [Link::Name(name)] if **name == [0])
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ListRelation {
    /// The zone of the DNS list.
    Own,
    /// A zone above the apex of the DNS list. The list and this zone have the same owner, and the list can answer only if this zone answers.
    Above,
    /// Another zone, or there is no DNS list.
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
        // The zone is neither above nor below the apex. It may still be a zone of the DNS list, for names with a customer key. It is then the
        // deepest zone of the resolution, and its servers were queried for the name itself (depth 0). A zone whose servers were queried only in
        // sub-questions (depth above 0), for addresses of servers, is not of the list.
        let is_deepest = one.flight.is_some_and(|flight| {
            let mut asked = flight.messages.iter().filter(|message| *message.zone == *zone).peekable();
            *flight.zone == *zone && (asked.peek().is_none() || asked.any(|message| message.depth == 0))
        });
        if is_deepest { Self::Own } else { Self::Other }
    }
}

/// Returns the zone that is named as the cause of a query to the servers of `zone`: the apex of the DNS list if these are servers of the
/// list, otherwise `zone`.
pub(super) fn zone_of(one: &ExplainedQuestion<'_>, zone: &[u8]) -> Box<[u8]> {
    match one.apex() {
        Some(apex) if ListRelation::between(one, zone) == ListRelation::Own => apex.into(),
        _ => zone.into(),
    }
}

/// Returns true if the DNS list is blamed for silent servers of `zone`: if `zone` is the zone of the list, or a zone above it with the same
/// owner (not a top-level domain).
pub(super) fn is_of_list(one: &ExplainedQuestion<'_>, zone: &[u8]) -> bool {
    ListRelation::between(one, zone) != ListRelation::Other
}
