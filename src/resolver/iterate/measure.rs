//! Measures servers in the background, so that a better server does not stay unknown, and a nearest server that has become slow is
//! noticed.
//!
//! A step that has its answer asks one more server of the zone for the zone's SOA. The server is one whose round trip is not known, or
//! that has not answered for a long time (`select::to_measure`). No question waits for the answer. The number of these queries is a
//! share of all queries (`measurements`). The servers of DNS lists are not measured, because they count queries.

use std::sync::Arc;

use hickory_proto::rr::RecordType;

use super::ask::Asking;
use super::attempt::Attempt;
use super::attempt_events::EventReceiver;
use super::context::Context;
use super::flight_progress::FlightProgress;
use super::lookup::path;
use super::query_form::{FirstQuery, WantedAnswer};
use super::select::{self, Candidate};
use super::server_role::ServerRole;
use crate::supervise::driven::Driven;
use history::Counter;

impl Asking<'_> {
    /// Called when the step has its answer: measures another server of the zone if that is worth a query. Questions that no client
    /// waits for measure nothing, and nothing is measured while half of the places for queries are taken.
    pub(super) fn measure(&mut self) {
        let (context, policy, shared) = (self.context(), &self.lookup.route.policy, self.iterate.shared());
        let is_aside = context.is_ahead() || context.is_on_the_side();
        if !policy.race || policy.one_at_a_time || is_aside || shared.exchange.is_half_taken() {
            return;
        }
        let place = select::to_measure(&self.candidates, |below| self.iterate.toss(below));
        let Some(candidate) = place.and_then(|place| self.candidates.get(place)) else { return };
        let (server, now) = (self.iterate.server(candidate.address), self.iterate.now());
        if !shared.measurements.take() || !server.begin_measurement(&self.cut.zone, now) {
            return;
        }
        shared.recorder.count(Counter::Measured, 1);
        server.earn_hedge();
        let attempt = self.measurement(candidate);
        // It continues as a task when the step is dropped.
        self.attempts.push(Driven::new(Box::pin(attempt.run("measure"))));
    }

    /// The query to a server. Its answer also shows whether the server serves the zone.
    fn measurement(&self, candidate: &Candidate) -> Attempt {
        let (lookup, shared) = (self.lookup, self.iterate.shared());
        let path = path(lookup.route, self.cut, candidate.address);
        let progress = Arc::new(FlightProgress::new(&shared.clock));
        Attempt {
            server: self.iterate.server(candidate.address),
            first: FirstQuery::for_candidate(candidate, &path, self.signed),
            path,
            role: ServerRole::for_cut(lookup.route, self.cut),
            cut: Arc::clone(self.cut),
            zone: self.cut.zone.clone(),
            name: self.cut.zone.clone(),
            kind: RecordType::SOA,
            wanted: WantedAnswer::Any,
            secret: None,
            signed: self.signed,
            tries: 0,
            outages: shared.uplink.outages(),
            round_trip: candidate.standing.round_trip,
            timer: candidate.standing.timer,
            patience: candidate.standing.patience,
            context: Context::new(progress, Arc::clone(&lookup.context.view)).on_the_side(None),
            // No step listens.
            sender: EventReceiver::default().sender(),
            shared,
        }
    }
}
