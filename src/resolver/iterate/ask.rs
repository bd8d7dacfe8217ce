//! Asks the servers of one zone a question, until one of them gives a usable answer. This is one step of a resolution, which follows referrals from
//! zone to zone.
//!
//! When no server of the zone was asked before, two servers are asked at the same time. Each server has a timer, computed from its round-trip times;
//! when the timer expires, the next server is asked. After an unusable answer, the next server is asked immediately. Meanwhile, the addresses of
//! servers without glue are looked up, and servers that do not answer are probed in the background.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use hickory_proto::rr::Name;

use super::attempt::Attempt;
use super::attempt_events::{AttemptEvent, AttemptEventKind, EventReceiver};
use super::classify::{Classified, Found};
use super::context::Context;
use super::dead::{Aside, WantedServer};
use super::failure::Failure;
use super::lookup::path;
use super::query_form::{Signed, UpstreamForm, WantedAnswer};
use super::select::{self, Candidate, CandidateProgress};
use super::server_role::ServerRole;
use super::{Iterate, Lookup, repeat};
use crate::limits::{
    FAILED_TIME, FAILING_AT_ONCE, FAILING_PAUSES, LAME_TIME, LOSSY, MAX_ADDRESSES, MAX_TIMER, MAX_TRIES,
    MAX_UNDER_WAY, MAX_UNGLUED, UNKNOWN_TIMER,
};
use dns::cached::Delegation;
use dns::clock::Mono;
use dns::conduct::{Conduct, Health};
use record::Counter;
use record::reason::AGAIN;
use supervise::driven::{Driven, drive};

/// The result of a lookup of one server's addresses in one family (A or AAAA).
pub(super) struct Sought {
    pub(super) server: Name,
    pub(super) found: Result<Vec<IpAddr>, Failure>,
}

pub(super) struct Asking<'a> {
    pub(super) iterate: &'a Iterate,
    pub(super) lookup: Lookup<'a>,
    pub(super) cut: &'a Arc<Delegation>,
    pub(super) signed: Signed,
    pub(super) candidates: Vec<Candidate>,
    /// Addresses from the parent's NS set. They are asked only if the servers in the zone's own NS set do not answer.
    pub(super) reserve: Vec<SocketAddr>,
    /// Addresses of a server that this question should avoid, because the question tests if other servers give the same answer. They are asked only
    /// if no other server answers.
    pub(super) avoided: Vec<SocketAddr>,
    pub(super) unglued: VecDeque<Name>,
    pub(super) lookups: Lookups<'a>,
    /// The events of the attempts. This field must stand before `attempts`: it is then dropped first, and the attempts notice that nobody waits for
    /// them.
    events: EventReceiver,
    /// Attempts in progress: each is a query to one server with its retries. They continue after the question has got its answer, to measure the
    /// servers.
    pub(super) attempts: Vec<Driven<()>>,
    /// True if a hedge was not permitted: a query to a second server while the first one may still answer. The second server is then asked only
    /// when the first query counts as lost.
    held_back: bool,
    pub(super) faults: Vec<(SocketAddr, Conduct)>,
    /// How often failing servers were asked again after a pause.
    pauses: usize,
    pub(super) lookup_failure: Option<Failure>,
    /// A doubtful denial (one that a working server of the zone would not send). It is believed only if all servers of the zone give one; `doubted`
    /// counts those that did.
    pub(super) doubtful: Option<Found>,
    pub(super) doubted: usize,
    /// True if resolverd has looked up the current addresses of those servers whose addresses it knew only from a delegation.
    pub(super) sought_again: bool,
    pub(super) has_glue: bool,
    /// The answer that is needed. If only a referral is needed, the first reply of a server ends the step, even if it is an error.
    wanted: WantedAnswer,
    pub(super) given_up: bool,
    /// True if there was no memory for a long reply.
    pub(super) shed: bool,
    /// True if all servers were silent, and their probes were therefore scheduled sooner.
    pub(super) hastened: bool,
    began: Mono,
    /// The time of the last query, if it may have been sent in an outage of this host's network: no server at all had answered since the begin of
    /// this step. Otherwise `None`.
    pub(super) sent_in_outage: Option<Mono>,
}

/// Lookups of server addresses in progress. Most questions need none, so the set is created when it is needed.
#[derive(Default)]
pub(super) struct Lookups<'a>(Option<FuturesUnordered<BoxFuture<'a, Sought>>>);

impl<'a> Lookups<'a> {
    pub(super) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, FuturesUnordered::len)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn push(&mut self, address_lookup: BoxFuture<'a, Sought>) {
        self.0.get_or_insert_default().push(address_lookup);
    }

    async fn next(&mut self) -> Option<Sought> {
        self.0.as_mut()?.next().await
    }
}

impl<'a> Asking<'a> {
    pub(super) fn new(iterate: &'a Iterate, lookup: Lookup<'a>, cut: &'a Arc<Delegation>) -> Self {
        let mut asking = Self {
            iterate,
            lookup,
            cut,
            signed: Signed::at(cut, lookup.name, &lookup.context.view),
            candidates: Vec::new(),
            reserve: Vec::new(),
            avoided: Vec::new(),
            unglued: VecDeque::new(),
            lookups: Lookups::default(),
            events: EventReceiver::default(),
            attempts: Vec::new(),
            held_back: false,
            faults: Vec::new(),
            pauses: 0,
            lookup_failure: None,
            doubtful: None,
            doubted: 0,
            sought_again: false,
            has_glue: false,
            wanted: WantedAnswer::Any,
            given_up: false,
            shed: false,
            hastened: false,
            began: iterate.now(),
            sent_in_outage: None,
        };
        let addresses = iterate.addresses(lookup, cut);
        asking.reserve = addresses.reserve;
        for address in addresses.first {
            asking.add(address);
        }
        // If the addresses of some servers are known, these also know the addresses of others in the zone itself, and no other server does.
        let is_found = !asking.candidates.is_empty();
        let unglued = addresses.unglued.into_iter();
        let sought = unglued.filter(|server| !is_found || !cut.zone.zone_of(server));
        asking.unglued = sought.take(MAX_UNGLUED).collect();
        asking.fall_back();
        asking
    }

    /// Makes this step ask for a shorter name (QNAME minimisation). After an error, no other server is asked for the shorter name, because the query
    /// for the whole name may still succeed.
    pub(super) fn probing(mut self) -> Self {
        self.wanted = WantedAnswer::Referral;
        self
    }

    /// Returns the number of servers that may be asked.
    pub(super) fn known(&self) -> usize {
        self.candidates.len()
    }

    /// Asks the servers of the zone until one of them gives a usable answer.
    ///
    /// # Errors
    /// No server gives a usable answer, or the budget of the question is used up.
    pub(super) async fn run(&mut self) -> Result<Classified, Failure> {
        let mut is_restarted = false;
        let said = loop {
            let said = self.ask().await;
            let is_silence = matches!(said, Err(Failure::Silent { .. }));
            if !is_silence || is_restarted || !self.server_recovers().await {
                break said;
            }
            is_restarted = true;
            self.restart();
        };
        match said {
            Ok(_) => self.measure(),
            Err(_) => self.events.end_unanswered(),
        }
        said
    }

    async fn ask(&mut self) -> Result<Classified, Failure> {
        self.begin();
        let over = self.over(false);
        tokio::pin!(over);
        let mut doubt = self.doubt();
        loop {
            let ended = self.given_up || self.is_refused();
            if ended || (self.awaited() == 0 && self.lookups.is_empty()) {
                if ended || !Box::pin(self.ask_failing_again()).await {
                    return self.end();
                }
                continue;
            }
            tokio::select! {
                biased;
                () = drive(&mut self.attempts) => {}
                event = self.events.next() => {
                    if let Some(said) = self.heard(event) {
                        return Ok(said);
                    }
                }
                Some(found) = self.lookups.next() => self.looked_up(found),
                () = Self::elapsed(&mut doubt), if doubt.is_some() => doubt = self.doubt_is_over(),
                () = &mut over => {
                    if self.context().budget.left(self.iterate.now()).is_zero() {
                        let (zone, role) = (self.cut.zone.clone(), ServerRole::for_cut(self.lookup.route, self.cut));
                        self.mark_waiting_silent();
                        return Err(Failure::Time { zone, role, faults: std::mem::take(&mut self.faults) });
                    }
                    self.given_up |= self.is_known_silence();
                    if !self.given_up && self.ends_outage() {
                        // The queries of these attempts were lost in the outage of this host's network.
                        (self.events, self.attempts) = (EventReceiver::default(), Vec::new());
                        self.restart();
                        self.begin();
                    }
                    over.set(self.over(true));
                }
            }
        }
    }

    /// Returns a future that ends at the client's deadline, or after `UNKNOWN_TIMER` if the deadline has passed, but never after the time limit of
    /// the question. Most questions are answered before the future is polled a second time, so it sets its timer only at the second poll. If
    /// `again` is true, it sets the timer at the first poll.
    fn over(&self, again: bool) -> impl Future<Output = ()> + use<'a> {
        let (iterate, context) = (self.iterate, self.context());
        let left = move || {
            let (now, patience) = (iterate.now(), context.view.config.resolve.deadline);
            let of_client = patience.saturating_sub(now.since(context.began()));
            let left = context.budget.left(now);
            left.min(if of_client.is_zero() { UNKNOWN_TIMER } else { of_client })
        };
        // This future is usually polled for the second time when the timer of the query has expired, and sets its own timer then. If little
        // time is left, it must end earlier, so it sets its timer at the first poll.
        let mut is_polled = again || left() <= MAX_TIMER;
        let second = poll_fn(move |_| match std::mem::replace(&mut is_polled, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        });
        async move {
            second.await;
            Box::pin(tokio::time::sleep(left())).await;
        }
    }

    /// Asks the best server. If it was never asked before, asks a second one at the same time.
    fn begin(&mut self) {
        let Some(first) = self.next_candidate() else {
            self.go_on("first");
            return;
        };
        let unknown =
            self.candidates.get(first).is_some_and(|candidate| candidate.standing.round_trip.is_none());
        self.launch(first, "first");
        let policy = &self.lookup.route.policy;
        if policy.one_at_a_time {
            return;
        }
        if unknown && policy.race && !self.context().is_ahead() {
            if let Some(second) = self.untried() {
                self.launch(second, "race");
            } else {
                // If only one address is known, the addresses of other servers are looked up while the question waits for this one.
                self.seek_addresses();
            }
        }
    }

    /// Handles an event of an attempt. Returns the answer if the attempt has received a usable one.
    fn heard(&mut self, event: AttemptEvent) -> Option<Classified> {
        let one_at_a_time = self.lookup.route.policy.one_at_a_time;
        let is_silence = matches!(event.kind, AttemptEventKind::Overdue | AttemptEventKind::Late);
        if is_silence && self.is_known_silence() {
            self.given_up = true;
            return None;
        }
        match event.kind {
            AttemptEventKind::Truncated => {
                if let Some(candidate) = self.candidate(event.server) {
                    candidate.truncated = true;
                }
            }
            AttemptEventKind::Doubted { is_error } => {
                if let Some(candidate) = self.candidate(event.server) {
                    candidate.doubted = true;
                }
                // A server that replied with an error probably does not serve the zone. So the next server is asked before this one has replied to
                // the query without mixed case.
                let reason = if is_error && self.fall_back() { "parent" } else { "next" };
                if is_error && let Some(place) = self.untried() {
                    self.launch(place, reason);
                }
            }
            // If servers are asked one at a time, the next query is sent only when this query counts as lost.
            AttemptEventKind::Overdue if one_at_a_time => {}
            AttemptEventKind::Overdue => {
                self.give_up_waiting(event.server, event.tries);
                if !self.is_waiting() && self.may_hedge(event.server) {
                    self.go_on("retry");
                }
            }
            AttemptEventKind::Late => {
                let was_waited_for = self.give_up_waiting(event.server, event.tries);
                if !self.is_waiting() && (was_waited_for || self.held_back) {
                    self.held_back = false;
                    self.go_on("retry");
                }
            }
            AttemptEventKind::Ended(said) => return self.ended(event.server, event.tries, *said),
        }
        None
    }

    /// Handles the end of an attempt. Returns the answer if it is usable.
    fn ended(&mut self, server: SocketAddr, tries: u8, said: Classified) -> Option<Classified> {
        let conduct = match said {
            Classified::Nothing(conduct) => conduct,
            Classified::NoRoom => {
                // There is no memory for the same long answer of another server either.
                (self.shed, self.given_up) = (true, true);
                return None;
            }
            Classified::Doubtful(found) => {
                self.doubtful = Some(found);
                self.doubted = self.doubted.saturating_add(1);
                Conduct::Lame
            }
            said => {
                self.refute_doubters(&said);
                self.forgive_lame(server);
                return Some(said);
            }
        };
        if self.candidate(server).is_some_and(|candidate| !candidate.ended(conduct)) {
            return None;
        }
        let fault = self.candidate(server).map_or(conduct, |candidate| candidate.fault(conduct));
        self.faults.push((server, fault));
        if self.is_refused() {
            return None;
        }
        // After a lost query, the same server may be asked again, but not after an unusable answer.
        if conduct == Conduct::Silent {
            self.give_up_waiting(server, tries);
        } else if let Some(candidate) = self.candidate(server) {
            let is_truncated = conduct == Conduct::Truncated;
            candidate.progress =
                if is_truncated { CandidateProgress::Truncated } else { CandidateProgress::Spent };
        }
        // If this host has no route for IPv4 or IPv6, a server address of the other family is asked.
        let no_family = conduct == Conduct::NotSent && self.drop_unusable();
        if no_family || !self.is_waiting() {
            self.given_up = self.wanted == WantedAnswer::Referral && conduct.came_back();
            if !self.given_up {
                self.go_on("next");
            }
        }
        None
    }

    /// If a server was lame for the zone, and has now answered, the zone has been repaired. Then its other lame servers may work too.
    fn forgive_lame(&self, answered: SocketAddr) {
        let lame = |candidate: &&Candidate| candidate.standing.lame;
        if self.candidates.iter().any(|candidate| candidate.address == answered && candidate.standing.lame) {
            let lame = self.candidates.iter().filter(lame);
            lame.for_each(|candidate| self.iterate.server(candidate.address).forgive_lame(&self.cut.zone));
        }
    }

    /// If a server gave a denial that a working server of the zone would not send, and another server gave an answer, the first one probably does not
    /// serve the zone. Marks all servers with such denials as lame, so that they are asked last for `LAME_TIME`.
    fn refute_doubters(&self, said: &Classified) {
        if self.doubted == 0 || matches!(said, Classified::Found(found) if found.denies()) {
            return;
        }
        for (server, _) in self.faults.iter().filter(|(_, fault)| *fault == Conduct::Lame) {
            self.iterate.server(*server).mark_lame(&self.cut.zone, LAME_TIME, self.iterate.now());
        }
    }

    /// Returns true if a second server may be asked while the server `late` may still answer (a hedge). If false, the second server is asked when the
    /// query to `late` counts as lost (`AttemptEventKind::Late`). If this query was probably lost already, the query to the second server is no
    /// hedge, and is always permitted.
    fn may_hedge(&mut self, late: SocketAddr) -> bool {
        let standing = self.candidate(late).map(|candidate| candidate.standing);
        if standing.is_some_and(|standing| repeat::is_likely_lost(&standing)) {
            return true;
        }
        let may = self.take_hedge(late);
        self.held_back = !may;
        may
    }

    /// Returns true if a further copy of a query (a hedge) may be sent now, and counts it.
    fn take_hedge(&self, server: SocketAddr) -> bool {
        if self.context().is_ahead() {
            return false;
        }
        let shared = self.iterate.shared();
        let may = self.iterate.server(server).take_hedge() && shared.hedges.take();
        shared.recorder.count(if may { Counter::Hedges } else { Counter::HedgesRefused }, 1);
        may
    }

    /// Returns true if the server at `place` gets two copies of a query that is sent again.
    fn may_double(&self, place: usize) -> bool {
        self.candidates.get(place).is_some_and(|candidate| {
            // The copies of the last queries are no hedges: so many lost ones in a row are rare.
            let is_last = candidate.tries >= MAX_TRIES && candidate.standing.loss > LOSSY;
            !candidate.is_last_resort()
                && (is_last
                    || repeat::is_doubled(&candidate.standing, candidate.tries)
                        && self.take_hedge(candidate.address))
        })
    }

    /// Sends the next query. Called when no query in progress is likely to be answered.
    pub(super) fn go_on(&mut self, reason: &'static str) {
        let reason = if self.fall_back() { "parent" } else { reason };
        if let Some(place) = self.untried() {
            self.launch(place, reason);
            return;
        }
        if self.seek_addresses() {
            return;
        }
        self.seek_again();
        if self.lookups.is_empty() {
            if self.ask_avoided() {
                return;
            }
            // One server that failed is asked again here. Servers that did not answer are asked again below, because the queries to them may have
            // been lost.
            self.ask_failed_again();
        }
        // All servers have been asked, so packets were lost or there is an outage. Therefore two servers are asked again at the same time. Only one
        // is asked if addresses of further servers are being looked up. With `one_at_a_time`, it is one server less. If there is no second server, a
        // server that loses many queries gets two copies.
        let at_once = match (self.lookup.route.policy.one_at_a_time, self.lookups.is_empty()) {
            (false, true) => 2,
            (true, false) => 0,
            _ => 1,
        };
        let mut last = None;
        for _ in 0..at_once {
            let is_likely =
                |place: &usize| self.candidates.get(*place).is_some_and(|one| !one.is_last_resort());
            let next = self.next_candidate().filter(|place| last.is_none() || is_likely(place));
            let Some(place) = next.or_else(|| last.filter(|place| self.may_double(*place))) else { return };
            self.launch(place, reason);
            last = Some(place);
        }
    }

    /// If all servers that answered have failed or refused, and the client still waits, asks one server once more. There are three reasons
    /// why it may answer now: it has just started, only one of several servers behind its load balancer lacks the zone, or it does not find
    /// names in mixed case (0x20). Servers of a DNS list are not asked again, because lists limit the number of queries.
    fn ask_failed_again(&mut self) {
        let context = self.context();
        let waited = self.iterate.now().since(context.began());
        if self.lookup.route.policy.list.is_some() || waited >= context.view.config.resolve.deadline {
            return;
        }
        let Some(place) = select::failed_first(&self.candidates, &self.faults) else { return };
        if let Some(candidate) = self.candidates.get_mut(place) {
            candidate.own_case = true;
        }
        self.launch(place, AGAIN);
    }

    /// If all servers answered SERVFAIL, also at the second query, asks those that served lately again, after a pause. If all pauses are over, these
    /// servers count as lame, so that the next question does not wait. Returns false if no server is asked.
    async fn ask_failing_again(&mut self) -> bool {
        let (context, zone) = (self.context(), &self.cut.zone);
        let is_list = self.lookup.route.policy.list.is_some();
        // A forwarder answers SERVFAIL for a name whose own servers fail.
        let is_forwarder = ServerRole::for_cut(self.lookup.route, self.cut).is_recursive();
        if is_list || is_forwarder || context.is_ahead() || context.is_on_the_side() {
            return false;
        }
        let places = select::failing(&self.candidates, &self.faults);
        if places.is_empty() {
            return false;
        }
        let now = self.iterate.now();
        let Some(pause) = FAILING_PAUSES.get(self.pauses) else {
            for (server, _) in self.faults.iter().filter(|(_, fault)| fault.came_back()) {
                self.iterate.server(*server).mark_lame(zone, FAILED_TIME, now);
            }
            return false;
        };
        let pause = Duration::from_millis(*pause);
        if now.since(context.began()).saturating_add(pause) >= context.view.config.resolve.deadline {
            return false;
        }
        self.pauses = self.pauses.saturating_add(1);
        tokio::select! {
            biased;
            () = drive(&mut self.attempts) => {}
            () = tokio::time::sleep(pause) => {}
        }
        for place in places.into_iter().take(FAILING_AT_ONCE) {
            if let Some(candidate) = self.candidates.get_mut(place) {
                candidate.own_case = true;
            }
            self.launch(place, AGAIN);
        }
        true
    }

    pub(super) fn launch(&mut self, place: usize, reason: &'static str) {
        if self.awaited() >= MAX_UNDER_WAY || !self.context().budget.take() {
            return;
        }
        let (now, lookup, shared) = (self.iterate.now(), self.lookup, self.iterate.shared());
        let Some(candidate) = self.candidates.get_mut(place) else { return };
        let server = self.iterate.server(candidate.address);
        let role = ServerRole::for_cut(lookup.route, self.cut);
        self.sent_in_outage = (!shared.uplink.is_own_fault(role, self.began)).then_some(now);
        if candidate.standing.health == Health::Due {
            server.probe(&self.cut.zone, now, &shared.random);
        }
        shared.hedges.earn();
        shared.measurements.earn();
        server.earn_hedge();
        if candidate.tries > 0 {
            candidate.standing.features = server.standing(&self.cut.zone, now).features;
        }
        let path = path(lookup.route, self.cut, candidate.address);
        let (timer, patience) = repeat::timers(&candidate.standing, candidate.tries);
        let attempt = Attempt {
            server,
            first: UpstreamForm::for_candidate(candidate, (&path, role), self.signed),
            path,
            role,
            cut: Arc::clone(self.cut),
            zone: self.cut.zone.clone(),
            name: lookup.name.clone(),
            kind: lookup.kind,
            wanted: self.wanted,
            is_list: lookup.route.policy.list.is_some(),
            is_list_server: lookup
                .route
                .policy
                .list
                .as_ref()
                .is_some_and(|list| list.apex.zone_of(&self.cut.zone)),
            secret: lookup.rewrite.map(|rewrite| Arc::clone(rewrite.secret())),
            signed: self.signed,
            tries: candidate.tries,
            is_after_error: candidate.own_case,
            outages: shared.uplink.outages(),
            round_trip: candidate.standing.round_trip,
            timer,
            patience,
            context: lookup.context.clone(),
            sender: self.events.sender(),
            shared,
        };
        candidate.sent();
        self.attempts.push(Driven::new(Box::pin(attempt.run(reason))));
    }

    fn want_dead(&self, address: SocketAddr) {
        let Lookup { name, kind, rewrite, route, .. } = self.lookup;
        let (path, role) = (path(route, self.cut, address), ServerRole::for_cut(route, self.cut));
        let (aside, asked) = Aside::probe(path, role, &self.cut.zone, (name, kind), rewrite.is_some());
        let (view, at) = (Arc::clone(&self.context().view), self.iterate.now());
        let wanted = WantedServer { aside, asked, unanswered: false, view, at };
        self.iterate.shared.dead.want(wanted, false);
    }

    pub(super) fn add(&mut self, address: SocketAddr) {
        let avoid = self.context().avoids();
        if avoid.is_some_and(|avoid| self.iterate.are_one(self.lookup, self.cut, avoid, address.ip())) {
            if self.avoided.len() < MAX_ADDRESSES {
                self.avoided.push(address);
            }
            return;
        }
        self.put(address);
    }

    pub(super) fn put(&mut self, address: SocketAddr) {
        let full = self.candidates.len() >= MAX_ADDRESSES || self.lookup.avoid.contains(&address);
        if full || self.candidates.iter().any(|candidate| candidate.address == address) {
            return;
        }
        let now = self.iterate.now();
        if self.iterate.may_ask(self.context(), self.cut, address.ip(), now) {
            let standing = self.iterate.server(address).standing(&self.cut.zone, now);
            if standing.health >= Health::Due && !self.lookup.route.policy.one_at_a_time {
                self.want_dead(address);
            }
            // A server that was silent already when this question began is not asked. A server that became silent later is asked. If no client
            // waits for the question (a test or a probe), both are asked.
            let known = !self.context().is_on_the_side();
            let silent = known && standing.silent_since.is_some_and(|since| since < self.context().began());
            let progress = if silent { CandidateProgress::Spent } else { CandidateProgress::Untried };
            if silent {
                self.faults.push((address, Conduct::Silent));
            }
            self.candidates.push(Candidate { progress, ..Candidate::new(address, standing) });
        }
    }

    fn next_candidate(&self) -> Option<usize> {
        select::next(&self.candidates, MAX_TRIES, |below| self.iterate.toss(below))
    }

    /// Returns the index of a server that was not asked yet and is likely to answer.
    pub(super) fn untried(&self) -> Option<usize> {
        let place = self.next_candidate()?;
        self.candidates.get(place).is_some_and(Candidate::is_promising).then_some(place)
    }

    /// Excludes servers with addresses of a family that this host cannot use. Returns true if it excluded any.
    fn drop_unusable(&mut self) -> bool {
        let (iterate, cut, context, now) = (self.iterate, self.cut, self.context(), self.iterate.now());
        let mut dropped = false;
        for candidate in &mut self.candidates {
            if !iterate.may_ask(context, cut, candidate.address.ip(), now)
                && candidate.progress != CandidateProgress::Spent
            {
                candidate.progress = CandidateProgress::Spent;
                dropped = true;
            }
        }
        dropped
    }

    /// Returns the number of queries whose answers could still change the result.
    pub(super) fn awaited(&self) -> usize {
        self.candidates.iter().map(Candidate::awaited).sum()
    }

    /// Returns true if the timer of a query in progress has not expired yet.
    pub(super) fn is_waiting(&self) -> bool {
        self.candidates.iter().any(|candidate| candidate.progress == CandidateProgress::Waiting)
    }

    /// Returns true if two servers have refused the query and the policy of the zone then forbids further queries.
    fn is_refused(&self) -> bool {
        self.lookup.route.policy.refusals_end && select::refused_twice(&self.faults)
    }

    fn candidate(&mut self, address: SocketAddr) -> Option<&mut Candidate> {
        self.candidates.iter_mut().find(|candidate| candidate.address == address)
    }

    /// Ends the wait for the answer to a query. Returns false if nothing waited for it.
    fn give_up_waiting(&mut self, address: SocketAddr, tries: u8) -> bool {
        let crowded = self.iterate.shared().late.is_crowded(address);
        let Some(candidate) = self.candidate(address) else { return false };
        // The end of an older attempt at a server does not end the wait for the newest one.
        let is_waited_for =
            candidate.progress == CandidateProgress::Waiting && candidate.tries == tries.saturating_add(1);
        if is_waited_for {
            // If many questions wait for a dead server, each question sends only one query to it, which is enough to notice that it works again. A
            // server that failed and then does not answer the query in the client's spelling is not asked a third time: it may limit the rate of
            // its error replies, as BIND does.
            candidate.answered |= candidate.own_case;
            let is_known_dead =
                candidate.standing.health == Health::Dead && !candidate.standing.silent_elsewhere;
            let enough = candidate.own_case || crowded && is_known_dead;
            candidate.progress = if enough { CandidateProgress::Spent } else { CandidateProgress::Overdue };
        }
        is_waited_for
    }

    pub(super) fn context(&self) -> &'a Context {
        self.lookup.context
    }
}
