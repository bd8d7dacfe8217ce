//! A question that failed, with the zone whose servers failed and the behaviour of each server.

use std::fmt::Write;
use std::net::IpAddr;

use crate::culprit::{ExplainedQuestion, last_conduct};
use crate::limits::MAX_FAILURE_SERVERS;
use dns::conduct::Conduct;
use dns::question::{Outcome, is_within};
use record::domain::domain_of;
use record::entry::{FlightEntry, MessageEntry};
use record::event::Shows;

/// The reason of a failure, if resolverd rejected the question before a resolution began.
const OVERLOADED: &str = "resolverd is overloaded: queries come faster than this host resolves them";

#[derive(Clone, Debug)]
pub(crate) struct FailedQuestion<'a> {
    pub(crate) asked: ExplainedQuestion<'a>,
    /// The zone blamed for the failure, in wire form: the apex of the DNS list, the zone whose servers failed, or the domain of the name.
    /// Empty if resolverd rejected the question.
    pub(crate) zone: Box<[u8]>,
    /// At most `MAX_FAILURE_SERVERS` servers with faults, each with its last behaviour. The behaviour is `None` if the server had not answered when
    /// the resolution ended.
    pub(crate) servers: Vec<(IpAddr, Option<Conduct>)>,
}

impl<'a> FailedQuestion<'a> {
    /// Returns `None` if the question did not fail.
    pub(crate) fn from_explained(asked: ExplainedQuestion<'a>) -> Option<Self> {
        if !asked.failed() {
            return None;
        }
        let zone = if asked.is_overload() { Box::default() } else { zone_at_fault(&asked) };
        let flight = asked.flight.filter(|_| !asked.is_overload());
        let servers = flight.map(|flight| servers_at_fault(flight, &zone)).unwrap_or_default();
        Some(Self { asked, zone, servers })
    }

    /// Returns why the question failed: a sentence without a full stop.
    pub(crate) fn why(&self) -> &str {
        let question = self.asked.question;
        match self.asked.flight.filter(|_| !self.is_turned_away()) {
            Some(flight) if !flight.why.is_empty() => &flight.why,
            _ if question.error.is_empty() && self.is_turned_away() => OVERLOADED,
            _ => &question.error,
        }
    }

    pub(crate) fn is_turned_away(&self) -> bool {
        self.zone.is_empty() || self.asked.question.was_stopped()
    }

    /// Returns the servers with faults and their behaviour, as a part of a sentence.
    pub(crate) fn servers_text(&self) -> String {
        let mut text = String::new();
        for (server, conduct) in &self.servers {
            let comma = if text.is_empty() { "" } else { ", " };
            let said = conduct.map_or("no answer", |conduct| conduct.fault().unwrap_or("answered"));
            // Writing to a string never fails.
            let _ = write!(text, "{comma}{server} {said}");
        }
        text
    }

    pub(crate) fn may_be_silence(&self) -> bool {
        let shows = self.asked.flight.and_then(|flight| flight.shows);
        let is_unknown = matches!(self.asked.question.outcome, Outcome::Deadline | Outcome::Shed);
        match shows {
            Some(shows) => matches!(shows, Shows::Silence | Shows::Unchecked | Shows::Late | Shows::Unrouted),
            None => is_unknown,
        }
    }
}

fn zone_at_fault(asked: &ExplainedQuestion<'_>) -> Box<[u8]> {
    if let Some(apex) = asked.apex() {
        return apex.into();
    }
    match asked.flight {
        Some(flight) if !flight.zone.is_empty() => (*flight.zone).into(),
        Some(flight) => {
            let last = flight.messages.iter().rev().find(is_at_fault);
            last.map_or_else(|| domain_of(&asked.question.name), |message| (*message.zone).into())
        }
        None => domain_of(&asked.question.name),
    }
}

fn is_at_fault(message: &&MessageEntry) -> bool {
    message.conduct.is_none_or(Conduct::is_fault)
}

fn servers_at_fault(flight: &FlightEntry, zone: &[u8]) -> Vec<(IpAddr, Option<Conduct>)> {
    if !flight.faults.is_empty() {
        let faults = flight.faults.iter().take(MAX_FAILURE_SERVERS);
        return faults
            .map(|(server, conduct)| (*server, last_conduct(flight, *server, Some(*conduct))))
            .collect();
    }
    let mut last: Vec<(IpAddr, Option<Conduct>)> = Vec::new();
    for message in flight.messages.iter().filter(|message| is_within(&message.zone, zone)) {
        match last.iter_mut().find(|(server, _)| *server == message.server) {
            Some((_, conduct)) => *conduct = message.conduct.or(*conduct),
            None => last.push((message.server, message.conduct)),
        }
    }
    for (server, conduct) in &mut last {
        *conduct = last_conduct(flight, *server, *conduct);
    }
    last.retain(|(_, conduct)| conduct.is_none_or(Conduct::is_fault));
    last.truncate(MAX_FAILURE_SERVERS);
    last
}

/// Returns a part of a sentence: how many queries resolverd rejected because too many already waited for the zone.
pub(crate) fn turned_away(count: u64) -> String {
    let queries = if count == 1 {
        "1 of these queries was".to_owned()
    } else {
        format!("{count} of these queries were")
    };
    format!(
        "{queries} turned away by resolverd at once, because its limit for the queries in progress for one zone was reached"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shed_queries_are_counted_in_sentence() {
        let limit = "turned away by resolverd at once, because its limit for the queries in progress for one zone was reached";
        assert_eq!(turned_away(1), format!("1 of these queries was {limit}"));
        assert_eq!(turned_away(2), format!("2 of these queries were {limit}"));
    }
}
