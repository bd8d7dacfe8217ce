//! The trail of a resolution (flight): the list of its steps, which `resolverctl trace` shows.
//!
//! The number of steps is limited; further steps are left out. Steps are data and become text only when somebody reads them, because nearly
//! all are never read. No decision of the resolver depends on a trail.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};
use smallvec::SmallVec;
use tokio::sync::{Notify, mpsc};

use crate::entry::MessageEntry;
use crate::event::Step;
use crate::limits::{MAX_RECORDED_MESSAGES, MAX_STEPS};
use crate::note::Note;
use dns::clock::{Moments, Mono, micros};
use dns::conduct::Transport;
use dns::question::{WireName, name_text, same_name};

/// The number of steps of a typical resolution: the question, the closest known zone, a query, its reply, the validation, and the end. At
/// first, a trail allocates memory for this number of steps.
const USUAL_STEPS: usize = 6;

static NEXT: AtomicU64 = AtomicU64::new(1);

/// The steps of a resolution so far.
#[derive(Debug)]
pub struct Trail {
    /// Unique in this process.
    number: u64,
    moments: Moments,
    began: Mono,
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    /// Sorted by time; at most `MAX_STEPS`.
    steps: Vec<Noted>,
    has_ended: bool,
    /// Wakes the reader (`resolverctl trace`) after each step. Very few resolutions have one.
    follower: Option<Arc<Notify>>,
}

/// A step, its microseconds since the start, and the depth of its sub-question.
#[derive(Debug)]
struct Noted {
    at_micros: u64,
    depth: u8,
    note: Note,
}

impl Noted {
    fn step(&self) -> Step {
        let at = Duration::from_micros(self.at_micros).as_secs_f64();
        Step { at, depth: self.depth, event: self.note.step_event() }
    }
}

/// The last query of a resolution, as screens show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastQuery {
    /// The zone whose servers were queried; none before the first query.
    pub zone: Option<String>,
    /// The server; none before the first query.
    pub server: Option<String>,
    /// True if the server is a forwarder for the zone.
    pub is_forwarder: bool,
    /// True if the query was sent over TCP.
    pub is_over_tcp: bool,
    /// The number of queries so far.
    pub messages: usize,
}

impl Trail {
    /// Creates the trail of a resolution that began at `began`. `moments`: the clock for the times of the steps.
    pub fn new(moments: Moments, began: Mono) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { number, began, moments, notes: Mutex::default() }
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn began(&self) -> Mono {
        self.began
    }

    /// Adds a step. `depth`: how deeply its sub-question is nested; 0 is the question of the client.
    pub fn note(&self, depth: u8, note: impl Into<Note>) {
        let (now, note) = (self.moments.mono(), note.into());
        let mut notes = self.notes();
        let at_micros = now.as_micros().saturating_sub(self.began.as_micros());
        let is_end = matches!(note, Note::Ended { .. });
        notes.has_ended |= is_end;
        // The end is added even beyond the limit, so that a trace does not look cut off.
        if notes.steps.len() < MAX_STEPS || is_end {
            if notes.steps.is_empty() {
                notes.steps.reserve(USUAL_STEPS);
            }
            notes.steps.push(Noted { at_micros, depth, note });
        }
        if let Some(follower) = &notes.follower {
            follower.notify_waiters();
        }
    }

    /// Returns true if the first question of the trail has this name and type.
    pub fn asks(&self, name: &Name, kind: RecordType) -> bool {
        let notes = self.notes();
        matches!(
            notes.steps.first(),
            Some(Noted { note: Note::Question { name: first, kind: of }, .. }) if first == name && *of == kind
        )
    }

    /// Sends the steps so far to `steps`, and then each new one, until the resolution has ended or the receiver is dropped.
    pub async fn give(&self, steps: &mpsc::Sender<Step>) {
        let news = Arc::clone(self.notes().follower.get_or_insert_default());
        let mut given = 0;
        loop {
            let mut noted = pin!(news.notified());
            noted.as_mut().enable();
            let (new, has_ended) = self.steps_after(given);
            given = given.saturating_add(new.len());
            for step in new {
                if steps.send(step).await.is_err() {
                    return;
                }
            }
            if has_ended {
                return;
            }
            noted.await;
        }
    }

    /// Returns the steps after the first `given`, and true if the resolution has ended.
    fn steps_after(&self, given: usize) -> (Vec<Step>, bool) {
        let notes = self.notes();
        (notes.steps.iter().skip(given).map(Noted::step).collect(), notes.has_ended)
    }

    /// Returns the last query to a server, and the number of queries so far.
    pub fn last_query(&self) -> LastQuery {
        let notes = &self.notes().steps;
        let mut sent = notes.iter().enumerate().rev().filter_map(|(place, noted)| match &noted.note {
            Note::Sent { server, forwards, transport, .. } => {
                Some((place, noted.depth, server, (forwards, *transport)))
            }
            _ => None,
        });
        let last = sent.next();
        // Steps after the last query may belong to sub-questions in other zones.
        let before = last.map_or(notes.len(), |(place, ..)| place);
        let of_it = |noted: &&Noted| last.is_none_or(|(_, depth, ..)| noted.depth == depth);
        let forwards = last.and_then(|(.., (forwards, _))| forwards.as_deref());
        let entered = || {
            notes.iter().take(before).rev().filter(of_it).find_map(|noted| match &noted.note {
                Note::Cut { zone, .. } => Some(name_text(zone)),
                _ => None,
            })
        };
        let messages = sent.count().saturating_add(usize::from(last.is_some()));
        LastQuery {
            zone: forwards.map(name_text).or_else(entered),
            server: last.map(|(_, _, server, _)| server.to_string()),
            is_forwarder: forwards.is_some(),
            is_over_tcp: last.is_some_and(|(.., (_, transport))| transport == Transport::Tcp),
            messages,
        }
    }

    /// Returns the queries so far, as the history records them. An unanswered query lasts until now. The zone of a query is left empty if
    /// it is equal to `flight_zone`.
    pub(crate) fn messages(&self, flight_zone: Option<&Name>) -> Vec<MessageEntry> {
        let now = self.moments.mono().as_micros().saturating_sub(self.began.as_micros());
        let notes = self.notes();
        let mut messages: Vec<MessageEntry> = Vec::new();
        // The zone whose servers are queried, by depth of sub-questions.
        let mut zones: SmallVec<[(u8, &Name); 4]> = SmallVec::new();
        for Noted { at_micros, depth, note } in &notes.steps {
            match note {
                Note::Cut { zone, .. } => {
                    zones.retain(|(of, _)| of != depth);
                    zones.push((*depth, zone));
                }
                Note::Sent { server, transport, reason, keys, forwards, .. }
                    if messages.len() < MAX_RECORDED_MESSAGES =>
                {
                    let entered = || zones.iter().find(|(of, _)| of == depth).map(|(_, zone)| *zone);
                    let is_other = |zone: &&Name| !flight_zone.is_some_and(|flight| same_name(flight, zone));
                    let zone = forwards.as_deref().or_else(entered).filter(is_other).map(WireName::new);
                    messages.push(MessageEntry {
                        at: saturated(*at_micros),
                        elapsed: saturated(now.saturating_sub(*at_micros)),
                        server: *server,
                        zone: zone.map_or_else(Arc::default, |zone| Arc::from(&*zone)),
                        transport: *transport,
                        conduct: None,
                        reason,
                        depth: *depth,
                        keys: *keys,
                    });
                }
                Note::Received { server, conduct, elapsed, .. } => {
                    let elapsed = micros(*elapsed);
                    let sent = at_micros.saturating_sub(elapsed);
                    if let Some(message) = answered(&mut messages, (*server, *depth), sent) {
                        (message.conduct, message.elapsed) = (Some(*conduct), saturated(elapsed));
                    }
                }
                _ => {}
            }
        }
        messages
    }

    /// Returns all steps so far.
    pub fn steps(&self) -> Arc<[Step]> {
        self.steps_after(0).0.into()
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Finds the query that a server has answered: the unanswered one to this server at the same depth whose time is nearest to `sent`.
fn answered(
    messages: &mut [MessageEntry],
    (server, depth): (IpAddr, u8),
    sent: u64,
) -> Option<&mut MessageEntry> {
    let waits = |message: &&mut MessageEntry| {
        message.conduct.is_none() && message.server == server && message.depth == depth
    };
    messages.iter_mut().filter(waits).min_by_key(|message| u64::from(message.at).abs_diff(sent))
}

fn saturated(micros: u64) -> u32 {
    u32::try_from(micros).unwrap_or(u32::MAX)
}
