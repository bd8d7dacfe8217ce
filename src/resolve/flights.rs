//! Flights: one for each question under way, whoever and however many wait for it.
//!
//! May call: `question`, `record::trail`, `limits`. A flight that ends hands its answer to all who wait, directly, as
//! the memory may refuse to keep it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::Shared;
use tokio::sync::oneshot;

use crate::limits::{MAX_FLIGHTS, MAX_WAITERS};
use crate::question::{Answer, Client, QuestionKey};
use crate::record::trail::Trail;

/// What a flight ended with.
#[derive(Debug)]
pub(super) struct Landed {
    /// The answer, or the failure as one.
    pub(super) answer: Arc<Answer>,
    /// Whether it is a failure.
    pub(super) failed: bool,
    /// Whether another flight asked for it too.
    pub(super) shared: bool,
    /// Messages sent for it.
    pub(super) packets: u32,
}

/// Where those who wait hear of the end. An error is a flight that was given up.
pub(super) type Landing = Shared<oneshot::Receiver<Arc<Landed>>>;

/// The flights under way.
#[derive(Clone, Default)]
pub(super) struct Flights {
    table: Arc<Mutex<Table>>,
}

#[derive(Default)]
struct Table {
    flights: HashMap<QuestionKey, Flight>,
    waiters: usize,
}

struct Flight {
    landing: Landing,
    trail: Arc<Trail>,
    waiting: HashSet<Client>,
}

/// What became of a question that came to the flights.
pub(super) enum Joined {
    /// It waits for a flight; `begun` has to be run where it is the first.
    Waits { seat: Seat, begun: Option<Begun> },
    /// The same client waits for it already.
    Repeated,
    /// There are as many flights, or clients waiting, as there may be.
    Full,
}

/// A client's place among those who wait for a flight; given up when dropped.
pub(super) struct Seat {
    /// The end.
    pub(super) landing: Landing,
    /// The steps so far.
    pub(super) trail: Arc<Trail>,
    flights: Flights,
    key: QuestionKey,
    client: Client,
}

/// A flight to be run. Dropped without landing, it is given up and those who wait hear of that.
pub(super) struct Begun {
    sender: Option<oneshot::Sender<Arc<Landed>>>,
    flights: Flights,
    key: QuestionKey,
}

impl Flights {
    /// Has `client` wait for the flight of `key`, begun with `trail` where there is none.
    pub(super) fn join(&self, key: &QuestionKey, client: Client, trail: impl FnOnce() -> Trail) -> Joined {
        let mut table = self.table();
        if table.waiters >= MAX_WAITERS {
            return Joined::Full;
        }
        let mut begun = None;
        if !table.flights.contains_key(key) {
            if table.flights.len() >= MAX_FLIGHTS {
                return Joined::Full;
            }
            let (sender, receiver) = oneshot::channel();
            let flight =
                Flight { landing: receiver.shared(), trail: Arc::new(trail()), waiting: HashSet::new() };
            table.flights.insert(key.clone(), flight);
            begun = Some(Begun { sender: Some(sender), flights: self.clone(), key: key.clone() });
        }
        let Some(flight) = table.flights.get_mut(key) else { return Joined::Full };
        if !flight.waiting.insert(client) {
            return Joined::Repeated;
        }
        let seat = Seat {
            landing: flight.landing.clone(),
            trail: Arc::clone(&flight.trail),
            flights: self.clone(),
            key: key.clone(),
            client,
        };
        table.waiters = table.waiters.saturating_add(1);
        Joined::Waits { seat, begun }
    }

    /// Flights under way.
    pub(super) fn len(&self) -> usize {
        self.table().flights.len()
    }

    /// Each flight's question, steps and number of clients that wait for it.
    pub(super) fn list(&self) -> Vec<(QuestionKey, Arc<Trail>, usize)> {
        let table = self.table();
        let told = |(key, flight): (&QuestionKey, &Flight)| {
            (key.clone(), Arc::clone(&flight.trail), flight.waiting.len())
        };
        table.flights.iter().map(told).collect()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Begun {
    /// Ends the flight. What it found must be in memory by now, or the next to ask begins another.
    pub(super) fn land(mut self, landed: Landed) {
        self.flights.table().flights.remove(&self.key);
        if let Some(sender) = self.sender.take() {
            // Nobody may wait any more: the answer is kept all the same.
            let _ = sender.send(Arc::new(landed));
        }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if self.sender.is_some() {
            self.flights.table().flights.remove(&self.key);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut table = self.flights.table();
        table.waiters = table.waiters.saturating_sub(1);
        if let Some(flight) = table.flights.get_mut(&self.key)
            && Arc::ptr_eq(&flight.trail, &self.trail)
        {
            flight.waiting.remove(&self.client);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::question::Question;
    use hickory_proto::rr::{Name, RecordType};
    use proptest::prelude::*;

    fn client(port: u16, id: u16) -> Client {
        Client { address: [127, 0, 0, 1].into(), port, id }
    }

    fn key(number: usize) -> QuestionKey {
        let name = Name::from_ascii(format!("n{number}.example.")).unwrap();
        Question::new(&name, RecordType::A).key()
    }

    fn trail() -> Trail {
        Trail::new(Clock::machine())
    }

    #[test]
    fn a_repeat_is_told_from_another_question_and_a_given_up_flight_ends() {
        let flights = Flights::default();
        let Joined::Waits { seat, begun: Some(begun) } = flights.join(&key(1), client(1, 1), trail) else {
            panic!("no flight")
        };
        assert!(matches!(flights.join(&key(1), client(1, 1), trail), Joined::Repeated));
        let Joined::Waits { begun: None, .. } = flights.join(&key(1), client(1, 2), trail) else {
            panic!("another id is another question")
        };
        drop(begun);
        assert_eq!(flights.len(), 0);
        assert!(seat.landing.clone().now_or_never().unwrap().is_err());
        drop(seat);
        assert!(matches!(flights.join(&key(1), client(1, 1), trail), Joined::Waits { begun: Some(_), .. }));
    }

    #[test]
    fn flights_are_bounded() {
        let flights = Flights::default();
        let mut held = Vec::new();
        for number in 0..MAX_FLIGHTS {
            let Joined::Waits { seat, begun } = flights.join(&key(number), client(1, 1), trail) else {
                panic!("full at {number}")
            };
            held.push((seat, begun));
        }
        assert!(matches!(flights.join(&key(MAX_FLIGHTS), client(1, 1), trail), Joined::Full));
        assert!(matches!(flights.join(&key(0), client(2, 1), trail), Joined::Waits { begun: None, .. }));
    }

    proptest! {
        /// However many ask, in whatever order: one flight a question, and each client waits once.
        #[test]
        fn one_flight_a_question(asks in proptest::collection::vec((0_usize..4, 0_u16..20), 1..200)) {
            let flights = Flights::default();
            let (mut held, mut begun_for) = (Vec::new(), HashSet::new());
            for (number, port) in asks {
                match flights.join(&key(number), client(port, 9), trail) {
                    Joined::Waits { seat, begun } => {
                        if let Some(begun) = begun {
                            prop_assert!(begun_for.insert(number));
                            held.push((None, Some(begun)));
                        }
                        held.push((Some(seat), None));
                    }
                    Joined::Repeated => prop_assert!(begun_for.contains(&number)),
                    Joined::Full => prop_assert!(false, "far from full"),
                }
            }
            prop_assert_eq!(flights.len(), begun_for.len());
        }
    }
}
