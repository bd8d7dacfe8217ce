//! The context of a question that is being resolved: its budget, its trail (the list of its steps), and the questions for which it is a sub-question.
//!
//! A sub-question (for example, for the address of a server) uses the budget and the trail of its parent question. A sub-question that equals its
//! parent question, or a question above that, fails, because it would wait for itself.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};

use super::failure::Failure;
use super::flight_progress::FlightProgress;
use crate::limits::{
    AHEAD_TIME, MAX_AHEAD_MESSAGES, MAX_AHEAD_MESSAGES_OF_SUBJECT, MAX_AHEAD_SOUGHT, MAX_CONFIRMED_ERRORS,
    MAX_CONFIRMED_OF_SUB_QUESTIONS, MAX_DEPTH, MAX_PACKETS_PER_QUESTION, MAX_PAST_FORWARDERS, MAX_SOUGHT,
};
use dns::clock::Mono;
use record::limits::FLIGHT_TIME;
use record::note::Note;
use record::trail::Trail;
use validate::anchors::Anchors;
use validate::budget::Budget as Work;
use validate::verdict::SecurityStatus;
use zones::View;

/// The circumstances under which a question or sub-question is resolved, such as its budget and its trail (the list of its steps).
#[derive(Clone, Debug)]
pub struct Context {
    /// The limits for queries, time and validation work, which a question shares with all its sub-questions.
    pub budget: Arc<QuestionBudget>,
    /// The configured zones and options, as they were when the question began.
    pub view: Arc<View>,
    /// The DNSSEC trust anchors as they were when the question began.
    pub anchors: Arc<Anchors>,
    progress: Arc<FlightProgress>,
    /// True if the answer is validated. False if the answer only serves to find servers, or if the client has set CD.
    checks: bool,
    depth: u8,
    asked_for: Option<Arc<Ancestor>>,
    kind: ErrandKind,
    /// The number of the resolution (flight) to which this question belongs. Several clients may wait for this resolution. `None` for a sub-question.
    flight: Option<u64>,
    /// True if the question is for the address of a server, and an address from a delegation is enough.
    takes_glue: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ErrandKind {
    /// A client waits for the answer to this question, or to a question that needs this answer.
    Client,
    /// The question renews data in the cache whose TTL ends soon.
    Renewal,
    /// Look-ahead asks this question, or a question that needs its answer, in advance.
    LookAhead,
    /// A test or a probe, for which no client waits. It does not use the cache, and asks the server `avoid` only if no other server answers.
    Side { avoid: Option<IpAddr> },
}

#[derive(Debug)]
struct Ancestor {
    name: Name,
    kind: RecordType,
    above: Option<Arc<Ancestor>>,
}

impl Context {
    /// Creates the context for a question of a client that begins now.
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
            takes_glue: false,
        }
    }

    /// Makes this the context of a sub-question for the address of a server, which ends as soon as a referral contains the address.
    #[must_use]
    pub(super) fn taking_glue(self) -> Self {
        Self { takes_glue: true, ..self }
    }

    pub(super) fn takes_glue(&self) -> bool {
        self.takes_glue
    }

    /// Sets the number of the resolution of this question.
    #[must_use]
    pub fn of_flight(self, number: u64) -> Self {
        Self { flight: Some(number), ..self }
    }

    /// Returns the number of the resolution, or `None` for a sub-question.
    pub fn flight(&self) -> Option<u64> {
        self.flight
    }

    /// Makes this the context of a question whose client has set CD (RFC 4035 section 3.2.2).
    #[must_use]
    pub(crate) fn without_checks(mut self) -> Self {
        self.checks = false;
        self
    }

    /// Returns true if the answer to the question is validated with DNSSEC.
    pub fn checks(&self) -> bool {
        self.checks
    }

    /// Makes this the context of a test or probe, for which no client waits. The server `avoid` is asked only if no other server answers.
    #[must_use]
    pub(crate) fn on_the_side(self, avoid: Option<IpAddr>) -> Self {
        Self { kind: ErrandKind::Side { avoid }, ..self }
    }

    pub(crate) fn is_on_the_side(&self) -> bool {
        matches!(self.kind, ErrandKind::Side { .. })
    }

    #[must_use]
    pub(crate) fn renewing(self) -> Self {
        Self { kind: ErrandKind::Renewal, ..self }
    }

    /// Returns true if the question renews cached data, so that it does not use cache entries whose TTL ends soon.
    pub fn renews(&self) -> bool {
        self.kind == ErrandKind::Renewal
    }

    /// Makes this the context of a question of look-ahead, which has a small query budget and a short time limit.
    #[must_use]
    pub(crate) fn looking_ahead(mut self, subject: Arc<SubjectBudget>) -> Self {
        self.kind = ErrandKind::LookAhead;
        let ends = self.progress.began().after(AHEAD_TIME);
        let budget = QuestionBudget::new(ends, MAX_AHEAD_MESSAGES);
        self.budget = Arc::new(QuestionBudget { subject: Some(subject), ..budget });
        self
    }

    /// Returns true if look-ahead asks this question, or a question that needs its answer. Questions of clients have priority.
    pub fn is_ahead(&self) -> bool {
        self.kind == ErrandKind::LookAhead
    }

    /// Returns the server that is asked only if no other server answers.
    pub(crate) fn avoids(&self) -> Option<IpAddr> {
        match self.kind {
            ErrandKind::Side { avoid } => avoid,
            ErrandKind::Client | ErrandKind::Renewal | ErrandKind::LookAhead => None,
        }
    }

    /// Returns true if a denial or, with `is_error`, an error for a name in mixed case (0x20) may be confirmed by one more query, and counts it. A denial
    /// of the name of the question itself is always confirmed. The number of others is limited, because a referral may name many servers of a victim.
    pub(super) fn may_confirm(&self, is_error: bool) -> bool {
        match self.depth {
            0 => !is_error || take(&self.budget.confirmed, MAX_CONFIRMED_ERRORS),
            _ => take(&self.budget.confirmed, MAX_CONFIRMED_OF_SUB_QUESTIONS),
        }
    }

    /// Returns the trail, to which the steps of the resolution are added.
    pub fn trail(&self) -> &Trail {
        self.progress.trail()
    }

    /// Creates the context of a sub-question for `name` whose answer this question needs.
    ///
    /// # Errors
    /// The sub-question would be nested too deeply, or it equals one of the questions that need its answer.
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
            // Sub-questions of a renewal, test or probe may use the cache and ask any server.
            kind: if self.is_ahead() { ErrandKind::LookAhead } else { ErrandKind::Client },
            flight: None,
            takes_glue: false,
        })
    }

    /// Returns true if the question, or a question that needs its answer, is for DNSKEY or DS records.
    pub(crate) fn is_for_keys(&self) -> bool {
        let asked = std::iter::successors(self.asked_for.as_deref(), |asked| asked.above.as_deref());
        asked.into_iter().any(|asked| matches!(asked.kind, RecordType::DNSKEY | RecordType::DS))
    }

    /// Returns the time of the last reply of a server in this resolution.
    pub(crate) fn last_answer(&self) -> Option<Mono> {
        self.progress.last_answer()
    }

    pub(super) fn answered(&self) {
        self.progress.answered();
    }

    /// Records the result of a validation. After a bogus result, no client of the resolution gets a stale answer.
    pub fn judged(&self, state: SecurityStatus) {
        self.progress.judged(state);
    }

    /// Returns the time at which the question began.
    pub fn began(&self) -> Mono {
        self.progress.began()
    }

    /// Returns the name and type of a query, for its step in the trail (the list of steps). Returns `None` if they are those of the question with
    /// which the trail begins, so that the step does not repeat them.
    pub(crate) fn asked_besides(&self, name: &Name, kind: RecordType) -> Option<Box<(Name, RecordType)>> {
        (!self.trail().asks(name, kind)).then(|| Box::new((name.clone(), kind)))
    }

    /// Adds a step to the trail of the resolution.
    pub fn note(&self, note: impl Into<Note>) {
        self.trail().note(self.depth, note);
    }
}

/// The limits that all look-ahead questions about one address or domain share. Otherwise the owner of a domain could make look-ahead send the queries
/// of a dozen questions to a victim.
#[derive(Debug, Default)]
pub struct SubjectBudget {
    packets: AtomicU32,
    sought: AtomicU32,
}

impl SubjectBudget {
    /// Returns true if no query or no lookup of a server name is left.
    pub(crate) fn is_spent(&self) -> bool {
        self.packets.load(Ordering::Relaxed) >= MAX_AHEAD_MESSAGES_OF_SUBJECT
            || self.sought.load(Ordering::Relaxed) >= MAX_AHEAD_SOUGHT
    }
}

/// Takes one from a limit of `most`. Returns false if none is left.
fn take(count: &AtomicU32, most: u32) -> bool {
    let next = |taken: u32| (taken < most).then_some(taken.saturating_add(1));
    count.try_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
}

/// The limits of a client's question: queries, lookups of server names, time, and validation work.
#[derive(Debug)]
pub struct QuestionBudget {
    packets: AtomicU32,
    /// The number of queries to servers of a DNS list.
    to_list: AtomicU32,
    /// The maximum number of queries to servers.
    most: u32,
    sought: AtomicU32,
    /// The number of denials and errors for names in mixed case (0x20) that were confirmed by a second query.
    confirmed: AtomicU32,
    /// The limits of the subject, if look-ahead asks the question.
    subject: Option<Arc<SubjectBudget>>,
    /// The zones whose forwarders have failed for this question, so that it uses recursion for names in these zones.
    past_forwarders: Mutex<Vec<Name>>,
    ends: Mono,
    /// The limits for checks of signatures and for NSEC3 hashes.
    pub work: Work,
}

impl QuestionBudget {
    fn new(ends: Mono, most: u32) -> Self {
        Self {
            packets: AtomicU32::new(0),
            to_list: AtomicU32::new(0),
            most,
            sought: AtomicU32::new(0),
            confirmed: AtomicU32::new(0),
            subject: None,
            past_forwarders: Mutex::default(),
            ends,
            work: Work::default(),
        }
    }

    /// Takes one query from the budget. Returns false if none is left.
    pub fn take(&self) -> bool {
        take(&self.packets, self.most)
            && self.subject.as_ref().is_none_or(|of| take(&of.packets, MAX_AHEAD_MESSAGES_OF_SUBJECT))
    }

    /// Takes one lookup of a server name from the budget. Returns false if none is left.
    pub fn seek(&self) -> bool {
        take(&self.sought, MAX_SOUGHT)
            && self.subject.as_ref().is_none_or(|of| take(&of.sought, MAX_AHEAD_SOUGHT))
    }

    /// Returns true if no query or no lookup of a server name is left.
    pub fn is_spent(&self) -> bool {
        let is_spent = self.packets() >= self.most || self.sought.load(Ordering::Relaxed) >= MAX_SOUGHT;
        is_spent || self.subject.as_ref().is_some_and(|subject| subject.is_spent())
    }

    /// Returns the number of queries that the question has sent so far.
    pub fn packets(&self) -> u32 {
        self.packets.load(Ordering::Relaxed)
    }

    pub(super) fn count_to_list(&self) {
        self.to_list.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the number of queries to servers of a DNS list so far.
    pub fn to_list(&self) -> u32 {
        self.to_list.load(Ordering::Relaxed)
    }

    /// Records that the forwarders of `zone` have failed, so that the question uses recursion for names in this zone.
    pub(super) fn pass_forwarders(&self, zone: &Name) {
        let mut past = self.past_forwarders.lock().unwrap_or_else(PoisonError::into_inner);
        if past.len() < MAX_PAST_FORWARDERS && !past.contains(zone) {
            past.push(zone.clone());
        }
    }

    pub(super) fn is_past_forwarders(&self, zone: &Name) -> bool {
        self.past_forwarders.lock().unwrap_or_else(PoisonError::into_inner).contains(zone)
    }

    /// Returns the time that is left for the question.
    pub fn left(&self, now: Mono) -> Duration {
        self.ends.since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::Config;
    use dns::clock::Clock;
    use zones::Views;

    // A circle of server names, too much depth or too many queries end a lookup.
    #[test]
    fn lookup_loops_and_budget_are_bounded() {
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
