//! The trail of a resolution (flight) of one question: the list of its steps, which `resolverctl trace` shows.
//!
//! The number of steps is limited, and further steps are left out. Steps are stored as data and become text only when somebody reads them, because
//! nearly all are never read. No decision of the resolver depends on a trail.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};
use smallvec::SmallVec;
use tokio::sync::{Notify, mpsc};

use super::entry::MessageEntry;
use super::event::Step;
use super::note::Note;
use crate::limits::{MAX_RECORDED_MESSAGES, MAX_STEPS};
use dns::clock::{Moments, Mono, micros};
use dns::question::{WireName, name_text};

/// The number of steps of a typical resolution: the question, the closest known zone, a query, its reply, the validation, and the end. A trail
/// allocates memory for this number at first.
const USUAL_STEPS: usize = 6;

/// The id that the next trail in this process gets.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// The list of the steps of a resolution so far.
#[derive(Debug)]
pub struct Trail {
    /// The id of the trail, which no other trail of this process has.
    number: u64,
    moments: Moments,
    began: Mono,
    notes: Mutex<Notes>,
}

/// The part of a trail that changes: its steps, and the reader that waits for new ones.
#[derive(Debug, Default)]
struct Notes {
    /// The steps so far, sorted by time; at most `MAX_STEPS`.
    steps: Vec<Noted>,
    /// True if the resolution has ended.
    has_ended: bool,
    /// Wakes the reader (`resolverctl trace`) that shows the steps while the resolution is in progress, after each step. Very few resolutions
    /// have such a reader.
    follower: Option<Arc<Notify>>,
}

/// A step, with its time in microseconds since the resolution began, and the depth of the sub-question to which it belongs.
#[derive(Debug)]
struct Noted {
    at_micros: u64,
    depth: u8,
    note: Note,
}

impl Noted {
    /// Returns this step of the resolution as text.
    fn step(&self) -> Step {
        let at = Duration::from_micros(self.at_micros).as_secs_f64();
        Step { at, depth: self.depth, event: self.note.step_event() }
    }
}

/// The last query of a resolution to a server, as screens show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastQuery {
    /// The zone whose servers were queried last; none before the first query.
    pub zone: Option<String>,
    /// The server that was queried last; none before the first query.
    pub server: Option<String>,
    /// True if this server is a forwarder for the zone.
    pub is_forwarder: bool,
    /// How many queries to servers the resolution has sent so far.
    pub messages: usize,
}

impl Trail {
    /// Creates the trail of a resolution that began at `began`. `moments` is the clock that returns the time of each step.
    pub fn new(moments: Moments, began: Mono) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { number, began, moments, notes: Mutex::default() }
    }

    /// Returns the id of the trail. The first trail of a process has the id 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Returns when the resolution began.
    pub(super) fn began(&self) -> Mono {
        self.began
    }

    /// Adds a step. `depth` is how deeply its sub-question is nested; 0 is the question of the client.
    pub fn note(&self, depth: u8, note: impl Into<Note>) {
        let (now, note) = (self.moments.mono(), note.into());
        let mut notes = self.notes();
        let at_micros = now.as_micros().saturating_sub(self.began.as_micros());
        let is_end = matches!(note, Note::Ended { .. });
        notes.has_ended |= is_end;
        // The end of a resolution is always added, even beyond the limit. Without it, a trace would look as if it were cut off.
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

    /// Returns true if the first question of the trail has this name and type. It is usually the question of the client.
    pub fn asks(&self, name: &Name, kind: RecordType) -> bool {
        let notes = self.notes();
        matches!(
            notes.steps.first(),
            Some(Noted { note: Note::Question { name: first, kind: of }, .. }) if first == name && *of == kind
        )
    }

    /// Sends the steps so far to `steps`, and then each new step, until the resolution has ended or the receiver is dropped.
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

    /// Returns the steps after the first `given` steps as text, and true if the resolution has ended.
    fn steps_after(&self, given: usize) -> (Vec<Step>, bool) {
        let notes = self.notes();
        (notes.steps.iter().skip(given).map(Noted::step).collect(), notes.has_ended)
    }

    /// Returns the last query to a server, and the number of queries so far.
    pub fn last_query(&self) -> LastQuery {
        let notes = &self.notes().steps;
        let mut sent = notes.iter().enumerate().rev().filter_map(|(place, noted)| match &noted.note {
            Note::Sent { server, forwards, .. } => Some((place, noted.depth, server, forwards)),
            _ => None,
        });
        let last = sent.next();
        // The zone is searched only among the steps before the last query, because later steps may belong to sub-questions in other zones.
        let before = last.map_or(notes.len(), |(place, ..)| place);
        let of_it = |noted: &&Noted| last.is_none_or(|(_, depth, ..)| noted.depth == depth);
        let forwards = last.and_then(|(.., forwards)| forwards.as_deref());
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
            messages,
        }
    }

    /// Returns the queries to servers so far, in the form for the history. A query without an answer lasts until now. If a query was for
    /// `flight_zone` (in wire form), its zone is empty, because the entry of the resolution already has this zone.
    pub(super) fn messages(&self, flight_zone: &[u8]) -> Vec<MessageEntry> {
        let now = self.moments.mono().as_micros().saturating_sub(self.began.as_micros());
        let notes = self.notes();
        let mut messages: Vec<MessageEntry> = Vec::new();
        // For each depth of sub-questions, the zone whose servers are queried.
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
                    let zone = forwards.as_deref().or_else(entered).map(WireName::new);
                    let zone = zone.as_deref().filter(|zone| *zone != flight_zone);
                    messages.push(MessageEntry {
                        at: saturated(*at_micros),
                        elapsed: saturated(now.saturating_sub(*at_micros)),
                        server: *server,
                        zone: zone.map_or_else(Arc::default, Arc::from),
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

    /// Returns all steps noted so far, as text.
    pub fn steps(&self) -> Arc<[Step]> {
        self.steps_after(0).0.into()
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Finds the query that a server has answered: the unanswered query to this server at the same depth that was sent nearest to the time `sent`.
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

/// Converts microseconds to the integer type of an entry. A greater value becomes the largest possible one.
fn saturated(micros: u64) -> u32 {
    u32::try_from(micros).unwrap_or(u32::MAX)
}
