//! Runs resolutions (flights): resolves a question for which several clients may wait, caches the answer or the failure, and reports the
//! result to the history.

use std::sync::Arc;

use futures_util::FutureExt;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Record, RecordType};

use super::chase::{AtList, Chaser, is_address};
use super::chased::{Chased, compose_answer};
use super::client_question::ClientQuestion;
use super::flights::{BegunFlight, FlightEnd, Flights, Landed, Shed};
use super::lists::ListResolver;
use super::shares::ShedReason;
use super::stale::StaleAnswers;
use super::{private, shares};
use crate::cache::Memory;
use crate::cache::failures::ServersMeanwhile;
use crate::iterate::Iterate;
use crate::iterate::context::Context;
use crate::iterate::failure::Failure;
use crate::iterate::flight_progress::FlightProgress;
use crate::limits::MAX_REPORTED_REMOVED;
use dns::cached::Delegation;
use dns::clock::{Clock, Mono, minute};
use dns::conduct::Conduct;
use dns::question::{Answer, Question, Security};
use dns::wire::compose;
use record::event::{FlightEnded, RouteKind, ServerOrigin};
use record::note::{Note, Words};
use record::{Counter, Flown, Recorder};
use supervise::driven::Driven;
#[cfg(feature = "simulated")]
use supervise::strike::Strike;
use supervise::{Panicked, caught};
use validate::verdict::SecurityStatus;
use zones::{Route, RouteTarget, View};

/// The record types that are looked up for ANY. The first type that exists is the answer. SOA is looked up only at the apex of a zone,
/// where it always exists.
const ANY_KINDS: [RecordType; 5] =
    [RecordType::A, RecordType::MX, RecordType::TXT, RecordType::AAAA, RecordType::SOA];

/// Runs resolutions. It does not know which clients wait.
pub(super) struct FlightResolver {
    pub(super) clock: Clock,
    pub(super) memory: Memory,
    pub(super) recorder: Arc<Recorder>,
    pub(super) iterate: Arc<Iterate>,
    pub(super) flights: Arc<Flights>,
    pub(super) chaser: Arc<Chaser>,
    pub(super) lists: Arc<ListResolver>,
    pub(super) stale: StaleAnswers,
    /// For tests: causes panics in resolutions.
    #[cfg(feature = "simulated")]
    pub(super) strike: Strike,
}

impl FlightResolver {
    pub(super) fn new(chaser: &Arc<Chaser>, lists: &Arc<ListResolver>) -> Arc<Self> {
        let (clock, memory) = (chaser.clock.clone(), chaser.memory.clone());
        Arc::new(Self {
            recorder: Arc::clone(&chaser.recorder),
            iterate: Arc::clone(&chaser.iterate),
            flights: Arc::clone(&chaser.flights),
            chaser: Arc::clone(chaser),
            lists: Arc::clone(lists),
            stale: StaleAnswers { clock: clock.clone(), memory: memory.clone() },
            clock,
            memory,
            #[cfg(feature = "simulated")]
            strike: Strike::default(),
        })
    }

    /// Resolves a question. A question for ANY gets one RRset of a common type (RFC 8482 section 4.3), because many servers refuse ANY
    /// queries or invent an answer.
    pub(super) async fn answer(&self, asked: &ClientQuestion, context: &Context) -> Result<Chased, Failure> {
        let name = &asked.question.name;
        if asked.question.kind != RecordType::ANY {
            let chased = self.lists.guarded(asked, context).await?;
            let is_sentinel = is_address(asked.question.kind) && context.anchors.refute_sentinel(name);
            if is_sentinel && context.checks() && chased.security == Some(Security::Secure) {
                return Err(Failure::Sentinel { name: name.clone() });
            }
            return Ok(self.without_private(chased, context));
        }
        // The future is boxed, because it would make every resolution larger, and hardly any question is for ANY.
        Box::pin(self.answer_any(asked, context)).await
    }

    async fn answer_any(&self, asked: &ClientQuestion, context: &Context) -> Result<Chased, Failure> {
        let name = &asked.question.name;
        let mut found = Chased::default();
        for kind in ANY_KINDS {
            // Only an apex has a SOA record. The denial of an earlier type has the apex as the owner name of its SOA (RFC 2308 section 3).
            let is_apex = |soa: &Record| soa.name == *name;
            if kind == RecordType::SOA && !found.soa.as_deref().is_some_and(is_apex) {
                break;
            }
            found = self.without_private(self.lists.guarded(&asked.of_kind(kind), context).await?, context);
            let data = found.answers.iter().any(|record| record.record_type() == kind);
            if data || found.rcode == ResponseCode::NXDomain {
                break;
            }
        }
        Ok(found)
    }

    fn without_private(&self, mut chased: Chased, context: &Context) -> Chased {
        let mut records = private::remove(&mut chased, &context.view);
        if !records.is_empty() {
            let dropped = records.len();
            records.truncate(MAX_REPORTED_REMOVED);
            self.recorder.count(Counter::PrivateRemoved, dropped);
            context.note(Note::PrivateRemoved { dropped, records });
        }
        chased
    }

    /// Returns a zone in wire form. The question counts against the limit of resolutions of this zone, until its resolution sends queries to the
    /// servers of a zone below.
    pub(super) fn zone_at_first<'a>(&self, asked: &'a ClientQuestion) -> &'a [u8] {
        let ClientQuestion { key, view, way, .. } = asked;
        let cut = self.cut_on(view, way, key.name());
        let labels = cut.as_ref().map_or(0, |cut| cut.zone.iter().len());
        if let Some(cut) = cut {
            asked.cut.get_or_init(|| cut);
        }
        shares::zone_at_first(key.name(), labels.max(way.zone.iter().len()))
    }

    /// Returns the closest known zone cut at or above a name in wire form. Returns `None` for forwarders and local zones.
    pub(super) fn cut_on(&self, view: &View, route: &Route, name: &[u8]) -> Option<Arc<Delegation>> {
        match route.target {
            RouteTarget::Iterate | RouteTarget::Stub(_) => {
                self.memory.rrsets.in_view(view.knows).closest_delegation_of_wire(name, self.clock.mono())
            }
            RouteTarget::Forward { .. } | RouteTarget::Local(_) => None,
        }
    }

    /// Returns the future of a resolution. If the resolution panics, the future returns no result, and the waiting clients learn of it.
    pub(super) fn take_off(
        self: Arc<Self>,
        asked: Arc<ClientQuestion>,
        context: Context,
        begun: BegunFlight,
    ) -> Driven<Option<Arc<Landed>>> {
        self.memory.room.flight_began();
        #[cfg(feature = "simulated")]
        let strike = self.strike.clone();
        // The future is boxed immediately, because it has thousands of octets and would otherwise be copied when it is moved.
        let flight = Box::pin(self.fly(asked, context, begun));
        #[cfg(feature = "simulated")]
        let flight = strike.on(flight);
        let flown = caught(flight);
        let report = |panicked: &Panicked| {
            tracing::error!(
                "{panicked}; the resolution of a query was stopped, and its clients got SERVFAIL; please send this line to the makers of resolverd"
            )
        };
        Driven::new(Box::pin(flown.map(move |flown| flown.inspect_err(report).ok())))
    }

    /// Resolves the question, caches and records the result, and removes the resolution from the table.
    async fn fly(
        self: Arc<Self>,
        asked: Arc<ClientQuestion>,
        context: Context,
        mut begun: BegunFlight,
    ) -> Arc<Landed> {
        let ClientQuestion { question, key, .. } = &*asked;
        context.note(Note::Question { name: question.name.clone(), kind: question.kind });
        let chased = tokio::select! {
            biased;
            chased = self.answer(&asked, &context) => match chased {
                Err(Failure::NoRoom { zone }) => Err(Shed { why: ShedReason::LongReply, zone }),
                chased => self.unless_reloaded(question, chased, &context),
            },
            shed = begun.gives_way() => Err(shed),
        };
        let chased = match chased {
            Ok(chased) => chased,
            Err(shed) => {
                let answer = compose::failure(question, shed.extended_error(), self.clock.mono());
                let answer = Arc::new(answer);
                let packets = context.budget.packets();
                return begun.land(Landed { answer, end: FlightEnd::Shed(shed), packets }, None);
            }
        };
        let now = self.clock.mono();
        self.lists.report_to_batches(question, key, &chased, &context);
        let shared = chased.as_ref().is_ok_and(|chased| chased.shared);
        let composed = chased.as_ref().map_err(Clone::clone);
        let composed = composed.and_then(|chased| compose_answer(question, chased, now));
        let (answer, failed, end) = match composed {
            Ok(answer) => {
                let answer = Arc::new(answer);
                self.keep_answer(&asked, &answer);
                (answer, None, if shared { FlightEnd::Shared } else { FlightEnd::Answered })
            }
            Err(failure) => {
                Box::pin(self.ask_stale_target(&asked, &failure, &context)).await;
                let (answer, end) = self.answer_failure(&asked, &failure, &context, now);
                (Arc::new(answer), Some(failure), end)
            }
        };
        let result = failed.as_ref().map_or(Words::Code(answer.rcode), |failure| failure.to_string().into());
        context.note(Note::Ended { result });
        let packets = context.budget.packets();
        self.record_flight(&asked, &context, (&chased, failed.as_ref()), now);
        let view = Arc::clone(&context.view);
        let answered = failed.is_none().then_some(now);
        let landed = begun.land(Landed { answer, end, packets }, answered);
        if packets > 0 && self.iterate.is_priming_due(&view) {
            self.begin_priming(view);
        }
        landed
    }

    /// Returns the result of a resolution, or an error if a reload changed the route of a name in the alias chain meanwhile. The clients
    /// then begin another resolution.
    fn unless_reloaded(
        &self,
        question: &Question,
        chased: Result<Chased, Failure>,
        context: &Context,
    ) -> Result<Result<Chased, Failure>, Shed> {
        let reloaded = |zone| Err(Shed { why: ShedReason::Reloaded, zone });
        match chased {
            Err(Failure::Reloaded { name }) => reloaded(name),
            Ok(chased) if self.is_outdated(question, &chased, context) => reloaded(question.name.clone()),
            chased => Ok(chased),
        }
    }

    /// Returns true if a reload has changed the route of a name in this answer since the resolution began. The answer must then not be cached.
    pub(super) fn is_outdated(&self, question: &Question, chased: &Chased, context: &Context) -> bool {
        let chain = (&question.name, &*chased.answers);
        self.chaser.changed.concern_chain((&context.view, context.began()), chain)
    }

    fn record_flight(
        &self,
        asked: &ClientQuestion,
        context: &Context,
        (chased, failed): (&Result<Chased, Failure>, Option<&Failure>),
        now: Mono,
    ) {
        let ClientQuestion { question, key, .. } = asked;
        let found = chased.as_ref().ok();
        let zone = found.and_then(|chased| chased.zone.clone()).or_else(|| failed.and_then(Failure::zone));
        let mut lost = failed.map(|failure| {
            let route = zone.as_ref().map(|zone| context.view.route(zone, question.kind));
            let configured = route.is_some_and(|route| !matches!(route.target, RouteTarget::Iterate));
            let of_route = if configured { ServerOrigin::Configuration } else { ServerOrigin::Recursion };
            failure.of_flight(failure.origin().unwrap_or(of_route))
        });
        if let (Some(lost), Some(failure)) = (&mut lost, failed) {
            lost.why.extend(self.host_fault(failure));
        }
        let (at_fault, faults) = failed.map(Failure::at_fault).unwrap_or_default();
        self.recorder.flown(&Flown {
            trail: context.trail(),
            question,
            name: key.name(),
            zone: at_fault.as_ref().or(zone.as_ref()),
            failed: lost.as_ref(),
            faults: &faults,
            answers: found.map_or(&[][..], |chased| &chased.answers),
            concluded_from: found.and_then(|chased| chased.concluded_from.as_ref()),
        });
        let route = context.view.route_of((&question.name, key.name()), question.kind);
        // A DNS list that refuses queries has answered, so no zone has failed. The failure is recorded for the zone of the list.
        let of_list =
            || route.policy.list.as_ref().filter(|_| failed.is_some()).map(|list| list.apex.clone());
        self.recorder.flight(&FlightEnded {
            question,
            route: route_kind(&route.target),
            zone: zone.or_else(of_list),
            failed: lost,
            doubted: found.is_some_and(|chased| chased.doubted),
            state: context.checks().then(|| state_of(chased)).flatten(),
            elapsed: now.since(context.began()),
            patience: context.view.config.resolve.deadline,
            packets: context.budget.packets(),
        });
    }

    /// Returns the part of an error message that says that this host, and not the servers, caused a failure over TCP.
    fn host_fault(&self, failure: &Failure) -> Option<String> {
        let (_, faults) = failure.at_fault();
        let needs_tcp = faults.iter().any(|(_, conduct)| *conduct == Conduct::NoTcp);
        self.without_tcp().filter(|_| needs_tcp)
    }

    /// Returns the part of an error message that says that TCP is blocked on the path from this host; `None` if it is not.
    pub(super) fn without_tcp(&self) -> Option<String> {
        let blocked = self.recorder.tcp_blocked()?;
        let since = minute(self.clock.now().unix.saturating_sub(blocked.as_secs()));
        Some(format!("; TCP port 53 of other hosts is blocked on the path from this host since {since}"))
    }

    /// If the stale answer to the question would lead to stale data of another name, asks for that name, so that the answer has its current data.
    async fn ask_stale_target(&self, asked: &ClientQuestion, failure: &Failure, context: &Context) {
        let (question, view) = (&asked.question, &context.view);
        if !failure.extended_error().is_lack_of_answer() {
            return;
        }
        let Some(target) = self.stale.outdated_target(question, view) else { return };
        let way = (view.route(&target, question.kind), None);
        // If its servers fail too, the stale data are used.
        let _ = self.chaser.chase((&target, question.kind), way, AtList::Stops, context).await;
    }

    /// Caches a failure. Returns a stale answer if there is one, otherwise SERVFAIL.
    fn answer_failure(
        &self,
        asked: &ClientQuestion,
        failure: &Failure,
        context: &Context,
        now: Mono,
    ) -> (Answer, FlightEnd) {
        let ClientQuestion { question, key, .. } = asked;
        let mut error = failure.extended_error();
        error.text.extend(self.host_fault(failure));
        let lacks = error.is_lack_of_answer();
        let stale = lacks.then(|| self.stale.answer(question, &context.view, &error.text)).flatten();
        if !failure.is_known_silence() {
            let servers = match self.iterate.servers_since(context.began()) {
                ServersMeanwhile::Answered if failure.is_silence() => ServersMeanwhile::AnsweredOthers,
                servers => servers,
            };
            self.memory.failures.put(key.clone(), error.clone(), servers, now);
        }
        match stale {
            Some(answer) => (answer, FlightEnd::Stale),
            None => (compose::failure(question, error, now), FlightEnd::Failed),
        }
    }

    /// Begins to query the root servers for the current list of root servers (priming), in another task.
    fn begin_priming(self: Arc<Self>, view: Arc<View>) {
        // A panic during priming must not prevent the answer of the resolution.
        let primed = caught(async move {
            #[cfg(feature = "simulated")]
            self.iterate.strike().fall();
            let context = Context::new(Arc::new(FlightProgress::new(&self.clock)), view);
            // If priming fails, the known root servers stay in use until their TTL ends.
            let _ = self.iterate.prime_again(&context, &*self.chaser).await;
        });
        let report = |panicked: &Panicked| {
            tracing::error!(
                "{panicked}; the list of root servers was not renewed, and the known ones stay in use; please send this line to the makers of resolverd"
            )
        };
        let priming = Driven::new(Box::pin(primed.map(move |primed| primed.inspect_err(report).ok())));
        let _ = priming.now_or_never();
    }

    /// Caches an answer, and removes a cached failure of its question.
    pub(super) fn keep_answer(&self, asked: &ClientQuestion, answer: &Arc<Answer>) {
        if asked.has_failed.get() != Some(&false) {
            self.memory.failures.clear(&asked.key);
        }
        self.memory.answers.put(asked.key.clone(), answer);
    }
}

/// Returns how a question was answered, for the entry of its resolution in the history.
const fn route_kind(target: &RouteTarget) -> RouteKind {
    match target {
        RouteTarget::Iterate => RouteKind::Recursion,
        RouteTarget::Stub(_) => RouteKind::Stub,
        RouteTarget::Forward { .. } => RouteKind::Forward,
        RouteTarget::Local(_) => RouteKind::Local,
    }
}

/// Returns the result of the DNSSEC validation; `None` if the answer was not validated.
fn state_of(chased: &Result<Chased, Failure>) -> Option<SecurityStatus> {
    match chased {
        Ok(chased) => match chased.security? {
            Security::Secure => Some(SecurityStatus::Secure),
            Security::Insecure => Some(SecurityStatus::Insecure),
            Security::Unchecked => None,
        },
        Err(Failure::Untrusted { state, .. }) => Some(*state),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::{Config, ConfiguredZone, Forwarder, ZoneKind};
    use dns::stage::name;
    use validate::verdict::{ValidationFailure, Why};
    use zones::Views;

    #[test]
    fn history_records_route_kind() {
        let zone = |text: &str, kind| ConfiguredZone { name: name(text), kind, ..ConfiguredZone::default() };
        let address = "127.0.0.1:5300".parse().unwrap();
        let forwarders = vec![Forwarder { address, encryption: None }];
        let zones = vec![
            zone("stub.", ZoneKind::Stub(vec![address])),
            zone("forward.", ZoneKind::Forward(forwarders)),
        ];
        let views = Views::new(&Arc::new(Config { zones, ..Config::default() })).unwrap();
        let view = views.of_listener(0).unwrap();
        for (text, kind) in [
            ("example.", RouteKind::Recursion),
            ("a.stub.", RouteKind::Stub),
            ("a.forward.", RouteKind::Forward),
            ("localhost.", RouteKind::Local),
        ] {
            assert_eq!(route_kind(&view.route(&name(text), RecordType::A).target), kind, "{text}");
        }
    }

    #[test]
    fn history_records_validation_result() {
        for (security, state) in [
            (None, None),
            (Some(Security::Unchecked), None),
            (Some(Security::Insecure), Some(SecurityStatus::Insecure)),
            (Some(Security::Secure), Some(SecurityStatus::Secure)),
        ] {
            assert_eq!(state_of(&Ok(Chased { security, ..Chased::default() })), state);
        }
        let fault = Box::new(ValidationFailure::new(Why::Expired, "expired"));
        let untrusted = Failure::Untrusted { zone: name("example."), state: SecurityStatus::Bogus, fault };
        assert_eq!(state_of(&Err(untrusted)), Some(SecurityStatus::Bogus));
    }
}
