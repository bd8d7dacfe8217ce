//! Measures servers on the side, so that a better one does not stay unknown and a nearest one that got slow is noticed.
//!
//! A step that got its answer asks one more server of the zone for the zone's SOA: one that is not known, or was not
//! heard for long (`select::to_measure`). Nobody waits for the answer. The queries are a share of all
//! (`measurements`). DNS lists count queries, so their servers are not measured.

use std::sync::Arc;

use hickory_proto::rr::RecordType;

use super::ask::Asking;
use super::attempt::Attempt;
use super::context::Context;
use super::errand::path;
use super::news::Events;
use super::progress::FlightProgress;
use super::query_form::{FirstQuery, WantedAnswer};
use super::role::ServerRole;
use super::select::{self, Candidate};
use crate::supervise::driven::Driven;
use history::Counter;

impl Asking<'_> {
    /// The step has its answer: another server of the zone is measured if that is worth a query. Questions that no
    /// client waits for measure nothing, and nothing is measured while half of the places for queries are taken.
    pub(super) fn measure(&mut self) {
        let (context, policy, means) = (self.context(), &self.errand.route.policy, self.iterate.means());
        let is_aside = context.is_ahead() || context.is_on_the_side();
        if !policy.race || policy.one_at_a_time || is_aside || means.exchange.is_half_taken() {
            return;
        }
        let place = select::to_measure(&self.candidates, |below| self.iterate.toss(below));
        let Some(candidate) = place.and_then(|place| self.candidates.get(place)) else { return };
        let (server, now) = (self.iterate.server(candidate.address), self.iterate.now());
        if !means.measurements.take() || !server.begin_measurement(&self.cut.zone, now) {
            return;
        }
        means.recorder.count(Counter::Measured, 1);
        server.earn_hedge();
        let attempt = self.measurement(candidate);
        // It continues as a task when the step is dropped.
        self.attempts.push(Driven::new(Box::pin(attempt.run("measure"))));
    }

    /// The query to a server. Its answer also shows whether the server serves the zone.
    fn measurement(&self, candidate: &Candidate) -> Attempt {
        let (errand, means) = (self.errand, self.iterate.means());
        let path = path(errand.route, self.cut, candidate.address);
        let progress = Arc::new(FlightProgress::new(&means.clock));
        Attempt {
            server: self.iterate.server(candidate.address),
            first: FirstQuery::of(candidate, &path, self.signed),
            path,
            role: ServerRole::of(errand.route, self.cut),
            cut: Arc::clone(self.cut),
            zone: self.cut.zone.clone(),
            name: self.cut.zone.clone(),
            kind: RecordType::SOA,
            wanted: WantedAnswer::Any,
            secret: None,
            signed: self.signed,
            tries: 0,
            outages: means.uplink.outages(),
            round_trip: candidate.standing.round_trip,
            timer: candidate.standing.timer,
            patience: candidate.standing.patience,
            context: Context::new(progress, Arc::clone(&errand.context.view)).on_the_side(None),
            // No step listens.
            reports: Events::default().reports(),
            means,
        }
    }
}
