//! Measures the round-trip times of servers in the background, to find nearer servers, and to notice when the nearest server has become slow.
//!
//! When a step (the queries to the servers of one zone) has its answer, it asks one more server of the zone for the SOA: a server whose round-trip
//! time is not known, or was not measured for a long time (`select::to_measure`). These queries are limited to a share of all queries
//! (`measurements`). The servers of DNS lists are not measured, because lists limit the number of queries.

use std::sync::Arc;

use hickory_proto::rr::RecordType;

use super::ask::Asking;
use super::attempt::Attempt;
use super::attempt_events::EventReceiver;
use super::context::Context;
use super::flight_progress::FlightProgress;
use super::lookup::path;
use super::query_form::{UpstreamForm, WantedAnswer};
use super::select::{self, Candidate};
use super::server_role::ServerRole;
use record::Counter;
use supervise::driven::Driven;

impl Asking<'_> {
    /// Measures the round-trip time of another server of the zone if that is worth a query. Nothing is measured for a question without a client,
    /// in a zone whose policy does not let two servers be asked at the same time, or while half of the allowed queries are in progress.
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
        // The attempt continues as a task after the question has got its answer.
        self.attempts.push(Driven::new(Box::pin(attempt.run("measure"))));
    }

    /// Returns a query for the SOA of the zone. Its reply shows the round-trip time, and if the server serves the zone.
    fn measurement(&self, candidate: &Candidate) -> Attempt {
        let (lookup, shared) = (self.lookup, self.iterate.shared());
        let path = path(lookup.route, self.cut, candidate.address);
        let progress = Arc::new(FlightProgress::new(&shared.clock));
        let role = ServerRole::for_cut(lookup.route, self.cut);
        Attempt {
            server: self.iterate.server(candidate.address),
            first: UpstreamForm::for_candidate(candidate, (&path, role), self.signed),
            path,
            role,
            cut: Arc::clone(self.cut),
            zone: self.cut.zone.clone(),
            name: self.cut.zone.clone(),
            kind: RecordType::SOA,
            wanted: WantedAnswer::Any,
            is_list: lookup.route.policy.list.is_some(),
            is_list_server: false,
            secret: None,
            signed: self.signed,
            tries: 0,
            is_after_error: false,
            outages: shared.uplink.outages(),
            round_trip: candidate.standing.round_trip,
            timer: candidate.standing.timer,
            patience: candidate.standing.patience,
            context: Context::new(progress, Arc::clone(&lookup.context.view)).on_the_side(None),
            // Nobody waits for the events of this attempt.
            sender: EventReceiver::default().sender(),
            shared,
        }
    }
}
