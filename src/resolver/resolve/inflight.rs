//! The resolutions (flights) in progress, for the operator: each with its age, the number of waiting clients, and the server for which it
//! waits. The table of resolutions is locked only while its entries are copied.

use std::cmp::Reverse;
use std::time::Duration;

use super::flights::Flights;
use dns::clock::Mono;
use dns::question::Question;
use record::trail::LastQuery;

/// A resolution in progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// The question that the resolution resolves.
    pub question: Question,
    /// The time since the resolution began.
    pub age: Duration,
    /// The number of waiting clients. 0 if the deadlines of all clients have passed.
    pub clients: usize,
    /// The last query to a server.
    pub last_query: LastQuery,
}

pub(super) fn list(flights: &Flights, now: Mono) -> Vec<InFlight> {
    let listed = flights.list().into_iter();
    let mut shown: Vec<InFlight> = listed
        .filter_map(|(key, progress, clients)| {
            let (age, last_query) = (now.since(progress.began()), progress.trail().last_query());
            Some(InFlight { question: key.question()?, age, clients, last_query })
        })
        .collect();
    // Resolutions of the same age are ordered by question, so that equal runs give equal lists.
    shown.sort_by_cached_key(|flight| (Reverse(flight.age), flight.question.to_string()));
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iterate::flight_progress::FlightProgress;
    use crate::limits::{FULL_WORK_CACHE, WorkBounds};
    use crate::resolve::client_question::ClientQuestion;
    use crate::resolve::flights::JoinedFlight;
    use dns::clock::Clock;
    use dns::conduct::Transport;
    use dns::hash::Keyed;
    use dns::question::{Client, wire_name};
    use dns::random::Random;
    use hickory_proto::rr::{Name, RecordType};
    use record::note::Note;

    #[test]
    fn flight_listing_shows_clients_and_server() {
        let flights =
            Flights::new(Keyed::new(&Random::seeded(1)), WorkBounds::for_cache_size(FULL_WORK_CACHE));
        let question = Question::new(&Name::from_ascii("mail.example.").unwrap(), RecordType::MX);
        let client = |port| Client { address: [127, 0, 0, 1].into(), port, id: 1 };
        let asked = |port| ClientQuestion::in_test(question.clone(), client(port));
        let zone = wire_name(&question.name);
        let progress = || FlightProgress::new(&Clock::machine());
        let begin = |port| match flights.join(&asked(port), &zone, progress) {
            JoinedFlight::Waits { seat, begun } => (seat, begun),
            _ => panic!("no flight"),
        };
        let (first, second) = (begin(1), begin(2));
        let now = first.0.progress.began().after(Duration::from_secs(2));
        let fresh = list(&flights, now);
        assert_eq!(
            fresh[0].last_query,
            LastQuery { zone: None, server: None, is_forwarder: false, is_over_tcp: false, messages: 0 }
        );
        let sent = |server: [u8; 4]| Note::Sent {
            usual: None,
            server: server.into(),
            transport: Transport::Udp,
            reason: "first",
            keys: false,
            asked: None,
            forwards: None,
        };
        first
            .0
            .progress
            .trail()
            .note(0, Note::Cut { zone: Name::from_ascii("example.").unwrap(), addresses: 2 });
        first.0.progress.trail().note(0, sent([192, 0, 2, 1]));
        first.0.progress.trail().note(0, sent([192, 0, 2, 2]));
        drop(second);
        let (zone, server) = (Some("example.".to_owned()), Some("192.0.2.2".to_owned()));
        let last_query = LastQuery { zone, server, is_forwarder: false, is_over_tcp: false, messages: 2 };
        let expected =
            InFlight { question: question.clone(), age: Duration::from_secs(2), clients: 1, last_query };
        assert_eq!(list(&flights, now), [expected]);
    }
}
