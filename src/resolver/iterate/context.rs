//! The context of a question on its way: its budget, its trail, and its ancestors.
//!
//! A sub-question shares the budget and progress of its parent, so that the bound applies to the whole question. Its
//! ancestors show a circle.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};

use super::failure::Failure;
use super::flight_progress::FlightProgress;
use crate::limits::{
    AHEAD_TIME, MAX_AHEAD_MESSAGES, MAX_DEPTH, MAX_PACKETS_PER_QUESTION, MAX_PAST_FORWARDERS, MAX_SOUGHT,
};
use crate::zones::View;
use dns::clock::Mono;
use history::limits::FLIGHT_TIME;
use history::note::Note;
use history::trail::Trail;
use validate::anchors::Anchors;
use validate::budget::Budget as Work;
use validate::verdict::SecurityStatus;

/// The context of a question or sub-question.
#[derive(Clone, Debug)]
pub struct Context {
    /// Shared by all sub-questions of a question.
    pub budget: Arc<QuestionBudget>,
    /// The routes and the configuration that the question began with.
    pub view: Arc<View>,
    /// The trust anchors that it began with.
    pub anchors: Arc<Anchors>,
    progress: Arc<FlightProgress>,
    /// Whether the result is validated: not if it only finds servers, and not if CD is set.
    checks: bool,
    depth: u8,
    asked_for: Option<Arc<Ancestor>>,
    kind: ErrandKind,
    /// The number of its flight; sub-questions have none.
    flight: Option<u64>,
}

/// The reason why a question is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ErrandKind {
    /// A client waits for it, or it is a sub-question.
    Client,
    /// It renews an answer that is about to expire.
    Renewal,
    /// Look-ahead asks it, or a question that it is a sub-question of.
    LookAhead,
    /// A test or a probe: it skips memory, and asks the server `avoid` only if no other server answers.
    Side { avoid: Option<IpAddr> },
}

#[derive(Debug)]
struct Ancestor {
    name: Name,
    kind: RecordType,
    above: Option<Arc<Ancestor>>,
}

impl Context {
    /// For a client's question that begins now.
    pub fn new(progress: Arc<FlightProgress>, view: Arc<View>) -> Self {
        let ends = progress.began().after(FLIGHT_TIME);
        let checks = view.config.dnssec.validate;
        Self {
            budget: Arc::new(QuestionBudget::new(ends, MAX_PACKETS_PER_QUESTION)),
            anchors: view.anchors().used(),
            view,
            progress,
            checks,
            depth: 0,
            asked_for: None,
            kind: ErrandKind::Client,
            flight: None,
        }
    }

    /// Sets the number of its flight.
    #[must_use]
    pub fn of_flight(self, number: u64) -> Self {
        Self { flight: Some(number), ..self }
    }

    /// The number of its flight; none for a sub-question.
    pub fn flight(&self) -> Option<u64> {
        self.flight
    }

    /// For a question whose client validates for itself (RFC 4035 section 3.2.2).
    #[must_use]
    pub(crate) fn without_checks(mut self) -> Self {
        self.checks = false;
        self
    }

    /// Returns true if the result is validated.
    pub fn checks(&self) -> bool {
        self.checks
    }

    /// The context of a question that no client waits for: it skips memory, and `avoid` is asked only if no other
    /// server answers.
    #[must_use]
    pub(crate) fn on_the_side(self, avoid: Option<IpAddr>) -> Self {
        Self { kind: ErrandKind::Side { avoid }, ..self }
    }

    /// Returns true if memory is skipped.
    pub(crate) fn is_on_the_side(&self) -> bool {
        matches!(self.kind, ErrandKind::Side { .. })
    }

    /// The context of a question that renews an answer: entries of memory that are about to end are not used.
    #[must_use]
    pub(crate) fn renewing(self) -> Self {
        Self { kind: ErrandKind::Renewal, ..self }
    }

    /// Returns true if entries of memory that are about to end are not used.
    pub fn renews(&self) -> bool {
        self.kind == ErrandKind::Renewal
    }

    /// The context of a question of look-ahead, with a small budget and a short time of its own.
    #[must_use]
    pub(crate) fn looking_ahead(mut self) -> Self {
        self.kind = ErrandKind::LookAhead;
        let ends = self.progress.began().after(AHEAD_TIME);
        self.budget = Arc::new(QuestionBudget::new(ends, MAX_AHEAD_MESSAGES));
        self
    }

    /// Returns true if look-ahead asks it, or a question that it is a sub-question of: no client waits, and clients go first.
    pub fn is_ahead(&self) -> bool {
        self.kind == ErrandKind::LookAhead
    }

    /// The server that is asked only if no other answers.
    pub(crate) fn avoids(&self) -> Option<IpAddr> {
        match self.kind {
            ErrandKind::Side { avoid } => avoid,
            ErrandKind::Client | ErrandKind::Renewal | ErrandKind::LookAhead => None,
        }
    }

    /// The trail that its steps are noted on.
    pub fn trail(&self) -> &Trail {
        self.progress.trail()
    }

    /// For a sub-question about `name` that this question needs answered.
    ///
    /// # Errors
    /// It would be too deep, or is one of its own ancestors: a circle.
    pub fn below(&self, name: &Name, kind: RecordType) -> Result<Self, Failure> {
        let mut ancestor = self.asked_for.as_ref();
        while let Some(asked) = ancestor {
            if asked.kind == kind && asked.name == *name {
                return Err(Failure::Depth { name: name.clone() });
            }
            ancestor = asked.above.as_ref();
        }
        if self.depth >= MAX_DEPTH {
            return Err(Failure::Depth { name: name.clone() });
        }
        let asked_for = Ancestor { name: name.clone(), kind, above: self.asked_for.clone() };
        Ok(Self {
            budget: Arc::clone(&self.budget),
            view: Arc::clone(&self.view),
            anchors: Arc::clone(&self.anchors),
            progress: Arc::clone(&self.progress),
            checks: false,
            depth: self.depth.saturating_add(1),
            asked_for: Some(Arc::new(asked_for)),
            // The sub-questions of other lookups may use memory and any server.
            kind: if self.is_ahead() { ErrandKind::LookAhead } else { ErrandKind::Client },
            flight: None,
        })
    }

    /// Returns true if it asks for keys of DNSSEC, or for data that are needed to ask for these.
    pub(crate) fn is_for_keys(&self) -> bool {
        let asked = std::iter::successors(self.asked_for.as_deref(), |asked| asked.above.as_deref());
        asked.into_iter().any(|asked| matches!(asked.kind, RecordType::DNSKEY | RecordType::DS))
    }

    /// The time of the last answer of a server to the flight; none before the first answer.
    pub(crate) fn last_answer(&self) -> Option<Mono> {
        self.progress.last_answer()
    }

    /// Records that a server has answered now.
    pub(super) fn answered(&self) {
        self.progress.answered();
    }

    /// Records the result of a validation: after a bogus one no client gets a stale answer.
    pub fn judged(&self, state: SecurityStatus) {
        self.progress.judged(state);
    }

    /// When the question began.
    pub fn began(&self) -> Mono {
        self.progress.began()
    }

    /// The name and type of a query if they differ from the first question of its trail; none if they are equal.
    pub(crate) fn asked_besides(&self, name: &Name, kind: RecordType) -> Option<Box<(Name, RecordType)>> {
        (!self.trail().asks(name, kind)).then(|| Box::new((name.clone(), kind)))
    }

    /// Notes a step on the trail.
    pub fn note(&self, note: impl Into<Note>) {
        self.trail().note(self.depth, note);
    }
}

/// The budget of a client's question.
#[derive(Debug)]
pub struct QuestionBudget {
    packets: AtomicU32,
    /// The most queries.
    most: u32,
    sought: AtomicU32,
    /// The zones whose forwarders have failed the question, and that it resolves without them.
    past_forwarders: Mutex<Vec<Name>>,
    ends: Mono,
    /// The budget of signature checks and hashes.
    pub work: Work,
}

impl QuestionBudget {
    /// A budget of `most` queries until `ends`.
    fn new(ends: Mono, most: u32) -> Self {
        Self {
            packets: AtomicU32::new(0),
            most,
            sought: AtomicU32::new(0),
            past_forwarders: Mutex::default(),
            ends,
            work: Work::default(),
        }
    }

    /// Takes one query from the budget; returns false if none is left.
    pub fn take(&self) -> bool {
        let take = |packets: u32| (packets < self.most).then_some(packets.saturating_add(1));
        self.packets.try_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    /// Takes one server name whose addresses are to be looked up; returns false if none is left.
    pub fn seek(&self) -> bool {
        let take = |sought: u32| (sought < MAX_SOUGHT).then_some(sought.saturating_add(1));
        self.sought.try_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    /// Returns true if a query or a server name was refused, or would be.
    pub fn is_spent(&self) -> bool {
        self.packets() >= self.most || self.sought.load(Ordering::Relaxed) >= MAX_SOUGHT
    }

    /// Queries taken so far.
    pub fn packets(&self) -> u32 {
        self.packets.load(Ordering::Relaxed)
    }

    /// The forwarders of `zone` have failed: it is resolved without them from now on.
    pub(super) fn pass_forwarders(&self, zone: &Name) {
        let mut past = self.past_forwarders.lock().unwrap_or_else(PoisonError::into_inner);
        if past.len() < MAX_PAST_FORWARDERS && !past.contains(zone) {
            past.push(zone.clone());
        }
    }

    /// Returns true if the forwarders of `zone` have failed.
    pub(super) fn is_past_forwarders(&self, zone: &Name) -> bool {
        self.past_forwarders.lock().unwrap_or_else(PoisonError::into_inner).contains(zone)
    }

    /// The time left.
    pub fn left(&self, now: Mono) -> Duration {
        self.ends.since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::zones::Views;
    use dns::clock::Clock;

    #[test]
    fn circles_and_depths_are_found_and_messages_run_out() {
        let views = Views::new(&Arc::new(Config::default())).unwrap();
        let view = Arc::clone(views.of_listener(0).unwrap());
        let context = Context::new(Arc::new(FlightProgress::new(&Clock::machine())), view);
        let name = |number: u8| Name::from_ascii(format!("ns{number}.example.")).unwrap();
        let one = context.below(&name(1), RecordType::A).unwrap();
        let two = one.below(&name(1), RecordType::AAAA).unwrap();
        assert!(two.below(&name(1), RecordType::A).is_err());
        let mut deep = context.clone();
        for number in 0..MAX_DEPTH {
            deep = deep.below(&name(number), RecordType::A).unwrap();
        }
        assert!(deep.below(&name(99), RecordType::A).is_err());
        for _ in 0..MAX_PACKETS_PER_QUESTION {
            assert!(deep.budget.take());
        }
        assert!(!context.budget.take());
        assert_eq!(context.budget.packets(), MAX_PACKETS_PER_QUESTION);
    }
}
