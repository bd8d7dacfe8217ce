//! Gets the DS and DNSKEY records for the chain of trust: from the cache, from a fetch in progress, or from servers. The DNSKEY records of
//! a zone are fetched as soon as its servers are asked for anything, so that they arrive together with the answer. Fetched records are
//! cached unvalidated; the module `chain` validates them.

use std::net::SocketAddr;
use std::sync::Arc;

use hickory_proto::rr::{Name, Record, RecordType};

use super::Validator;
use crate::cache::entries::Known;
use crate::cache::freshness;
use crate::cache::security::ZoneTrust;
use crate::iterate::Lookup;
use crate::iterate::classify::{Classified, classify};
use crate::iterate::context::Context;
use crate::iterate::failure::Failure;
use crate::iterate::flight_progress::FlightProgress;
use crate::iterate::kept_answers::AnswerSecurity;
use crate::limits::BOGUS_TIME;
use crate::resolve::shared_work::{JoinedWork, SharedResult, SharedWork};
use dns::cached::{Delegation, Rank};
use dns::clock::Mono;
use dns::question::QuestionKey;
use exchange::ReplyRoom;
use record::event::StepEvent;
use record::note::Note;
use validate::anchors::Trust;
use validate::verdict::{SecurityStatus, ValidationFailure};
use zones::authority::Authority;
use zones::{RouteTarget, local};

#[derive(Clone, Debug)]
pub(crate) struct Fetched {
    /// The records, or an alias in their place. Empty if the zone has none.
    pub(crate) answers: Vec<Record>,
    pub(super) evidence: Vec<Record>,
    pub(super) zone: Name,
    /// The server that gave the records. `None` if they were in the cache.
    pub(super) server: Option<SocketAddr>,
    /// When the answer arrived from the server. For a denial from the cache, the current time.
    pub(super) since: Mono,
    /// Reserves the memory of a long reply until this value is dropped.
    pub(super) _room: ReplyRoom,
}

pub(super) type Fetches = SharedWork<Result<Arc<Fetched>, Failure>>;

pub(crate) type Fetch = SharedResult<Result<Arc<Fetched>, Failure>>;

#[derive(Clone, Copy)]
pub(crate) enum Round<'a> {
    /// The records come from the cache, from a fetch of the same records in progress, or from servers.
    First,
    /// The records come only from servers that are not in `avoid`.
    Again {
        /// The servers whose earlier answers were bogus.
        avoid: &'a [SocketAddr],
    },
}

impl<'a> Round<'a> {
    /// Returns the round with this number. Round 0 may use all sources, later rounds only servers.
    pub(super) fn numbered(number: usize, avoid: &'a [SocketAddr]) -> Self {
        if number == 0 { Self::First } else { Self::Again { avoid } }
    }
}

impl Validator {
    /// Fetches the DS or DNSKEY records of `name`. Fails if no server gave an answer, or if the fetch could not be made.
    pub(crate) async fn fetch(
        &self,
        name: &Name,
        kind: RecordType,
        round: Round<'_>,
        context: &Context,
    ) -> Result<Arc<Fetched>, Failure> {
        let avoid = match round {
            Round::First => &[],
            Round::Again { avoid } => return self.fetch_now(name, kind, avoid, context).await.map(Arc::new),
        };
        if let Some(fetched) = self.recall_fetched(name, kind, context) {
            return Ok(Arc::new(fetched));
        }
        match self.begin_fetch(name, kind, context) {
            Some(fetch) => match fetch.await {
                // The question that began the fetch had used up its queries or its time, or was given up. The current question has its own
                // limits, so it fetches the records itself.
                Ok(Err(Failure::Packets { .. } | Failure::Time { .. } | Failure::Depth { .. })) | Err(_) => {
                    self.fetch_now(name, kind, avoid, context).await.map(Arc::new)
                }
                Ok(fetched) => fetched,
            },
            None => self.fetch_now(name, kind, avoid, context).await.map(Arc::new),
        }
    }

    /// Begins to fetch the DNSKEY records of a zone whose servers are about to be asked, if validation will need them.
    pub(in crate::resolve) fn foresee_keys(&self, cut: &Delegation, context: &Context) {
        if !context.checks() {
            return;
        }
        let zone = &cut.zone;
        let (rrsets, now) = (self.memory.rrsets.in_view(context.view.knows), self.clock.mono());
        let known = || {
            rrsets.zone_state(zone, now).is_some()
                || rrsets.get(zone, RecordType::DNSKEY, Rank::Answer, now).is_some()
        };
        if self.is_signed(cut, context) && !known() {
            // The result is dropped: the code that needs the keys joins the same fetch.
            drop(self.begin_fetch(zone, RecordType::DNSKEY, context));
        }
    }

    /// Returns true if a zone has a trust anchor, or if its parent has sent DS records for it.
    pub(super) fn is_signed(&self, cut: &Delegation, context: &Context) -> bool {
        match self.trust(&cut.zone, context) {
            Trust::None => false,
            Trust::Anchor(anchor, _) => {
                let is_ds = |record: &Record| record.record_type() == RecordType::DS;
                *anchor == cut.zone || cut.evidence.records(0).iter().any(is_ds)
            }
        }
    }

    /// Renews the security state of a zone that is in use, if the state expires soon. The fetch runs in the background.
    pub(super) fn refresh_if_old(&self, state: &Arc<ZoneTrust>, context: &Context) {
        let now = self.clock.mono();
        if !is_to_be_renewed(state, now) || !context.checks() || context.is_ahead() {
            return;
        }
        let cut = self.memory.rrsets.in_view(context.view.knows).delegation(&state.zone, now);
        if cut.is_some_and(|cut| self.iterate.queue_renewal(&cut, context)) {
            // The DS records in the cached delegation expire soon too, and the new state would expire with them. So the delegation is renewed first.
            // The keys are fetched afterwards.
            return;
        }
        let Some(me) = self.me.upgrade() else { return };
        // No client waits for this fetch, so it does not use the query budget of the question.
        let progress = Arc::new(FlightProgress::new(&self.clock));
        let context = Context::new(progress, Arc::clone(&context.view));
        let Some(fetch) = self.begin_fetch(&state.zone, RecordType::DNSKEY, &context) else { return };
        let state = Arc::clone(state);
        tokio::spawn(async move { me.refresh(&state, fetch, &context).await });
    }

    /// Renews the security state of a zone whose delegation was just renewed, if the state expires soon.
    pub(in crate::resolve) async fn renew_keys(&self, zone: &Name, context: &Context) {
        let state = self.memory.rrsets.in_view(context.view.knows).zone_state(zone, self.clock.mono());
        let Some(state) = state.filter(|state| is_to_be_renewed(state, self.clock.mono())) else { return };
        if let Some(fetch) = self.begin_fetch(zone, RecordType::DNSKEY, context) {
            self.refresh(&state, fetch, context).await;
        }
    }

    async fn refresh(&self, state: &Arc<ZoneTrust>, fetch: Fetch, context: &Context) {
        let Ok(Ok(keys)) = fetch.await else { return };
        let current =
            self.memory.rrsets.in_view(context.view.knows).zone_state(&state.zone, self.clock.mono());
        // If another renewal has replaced the state while the keys were fetched, the keys are not used. If this renewal fails, the old state stays in
        // the cache.
        if current.is_some_and(|current| Arc::ptr_eq(&current, state)) {
            drop(self.establish(&state.zone, Some(keys), context).await);
        }
    }

    /// Marks those servers whose DS or DNSKEY records were bogus although the records of another server were valid. For `BOGUS_TIME`, resolverd asks
    /// the other servers first.
    pub(super) fn distrust(&self, refuted: &[(Arc<Fetched>, ValidationFailure)], context: &Context) {
        for (fetched, _) in refuted {
            if let Some(server) = fetched.server {
                self.distrust_server(server, &fetched.zone, context);
            }
        }
    }

    /// Marks a server whose answer was bogus, although the answer of another server was valid. For `BOGUS_TIME`, the other servers of the zone are
    /// asked before it.
    pub(in crate::resolve) fn distrust_server(&self, server: SocketAddr, zone: &Name, context: &Context) {
        self.memory.servers.get(server).mark_lame(zone, BOGUS_TIME, self.clock.mono());
        let server = server.ip();
        context.note(StepEvent::Memory {
            found: format!("bogus answer of {server}: it is queried last for {zone} for a while"),
        });
    }

    fn recall_fetched(&self, name: &Name, kind: RecordType, context: &Context) -> Option<Fetched> {
        let now = self.clock.mono();
        let known = self.memory.rrsets.in_view(context.view.knows).get(name, kind, Rank::Answer, now)?;
        let (answers, evidence, since) = match known {
            Known::Rrset(rrset) => (rrset.records(name, now), rrset.evidence(now), rrset.stored()),
            Known::Negative(negative) => (Vec::new(), negative.evidence(now), now),
        };
        let room = ReplyRoom::default();
        Some(Fetched { answers, evidence, zone: name.clone(), server: None, since, _room: room })
    }

    pub(crate) fn is_fetching(&self, name: &Name, kind: RecordType, context: &Context) -> bool {
        self.fetches.in_progress(&QuestionKey::of_sub_question(name, kind, context.view.knows)).is_some()
    }

    /// Begins a fetch in its own task, or joins the same fetch if it is in progress. Returns `None` if there are too many fetches, or if look-ahead
    /// would have to begin one.
    pub(crate) fn begin_fetch(&self, name: &Name, kind: RecordType, context: &Context) -> Option<Fetch> {
        let me = self.me.upgrade()?;
        let key = QuestionKey::of_sub_question(name, kind, context.view.knows);
        if context.is_ahead() {
            // Look-ahead begins no fetch, because it queries one server at a time: a client that joined such a fetch would wait longer.
            return self.fetches.in_progress(&key);
        }
        let (fetch, begun) = match self.fetches.join(&key) {
            JoinedWork::First(fetch, begun) => (fetch, begun),
            JoinedWork::Waits(fetch) => return Some(fetch),
            JoinedWork::Full => return None,
        };
        let (name, context) = (name.clone(), context.clone());
        #[cfg(feature = "simulated")]
        let strike = me.strike.clone();
        let fetching = async move {
            begun.end(me.fetch_now(&name, kind, &[], &context).await.map(Arc::new));
        };
        #[cfg(feature = "simulated")]
        let fetching = strike.on(Box::pin(fetching));
        tokio::spawn(fetching);
        Some(fetch)
    }

    fn fetched_here(&self, authority: &Authority, zone: &Name, name: &Name, kind: RecordType) -> Fetched {
        let message = local::respond(authority, name, kind);
        let (answers, evidence) = match classify(zone, name, kind, &message).0 {
            Classified::Found(found) | Classified::Doubtful(found) => (found.answers, found.evidence),
            Classified::Referral(_) | Classified::Nothing(_) | Classified::NoRoom => Default::default(),
        };
        let answers = answers.into_iter().filter(|record| record.name == *name).collect();
        let (since, room) = (self.clock.mono(), ReplyRoom::default());
        Fetched { answers, evidence, zone: zone.clone(), server: None, since, _room: room }
    }

    async fn fetch_now(
        &self,
        name: &Name,
        kind: RecordType,
        avoid: &[SocketAddr],
        context: &Context,
    ) -> Result<Fetched, Failure> {
        let context = &context.below(name, kind)?;
        context.note(Note::Question { name: name.clone(), kind });
        let key = QuestionKey::of_sub_question(name, kind, context.view.knows);
        if let Some(failed) = self.failed_a_moment_ago(&key) {
            return Err(Failure::Remembered { why: failed.error.text.clone() });
        }
        let route = context.view.route(name, kind);
        if let RouteTarget::Local(authority) = &route.target {
            return Ok(self.fetched_here(authority, &route.zone, name, kind));
        }
        let Some(questions) = self.questions.upgrade() else {
            return Err(Failure::Remembered { why: "the resolver has ended".to_owned() });
        };
        let lookup = Lookup {
            name,
            kind,
            route,
            context,
            rewrite: None,
            sub_questions: &*questions,
            avoid,
            cut: None,
        };
        let resolved = self.iterate.find(lookup).await;
        if let Err(failure @ (Failure::Servers { .. } | Failure::Addresses { .. })) = &resolved
            && avoid.is_empty()
        {
            self.remember_failure(key, failure, context);
        }
        let resolved = resolved?;
        let (server, evidence) = (resolved.found.server, resolved.found.evidence.clone());
        let found = self.iterate.keep(lookup, &resolved.zone, resolved.found, &AnswerSecurity::default());
        let of_name = |record: &Record| record.name == *name;
        let answers = found.answers.into_iter().filter(of_name).collect();
        let (since, room) = (self.clock.mono(), found.room);
        Ok(Fetched { answers, evidence, zone: resolved.zone, server, since, _room: room })
    }
}

/// Returns true if the keys of a secure zone should be fetched again, because its state expires soon.
fn is_to_be_renewed(state: &ZoneTrust, now: Mono) -> bool {
    state.state() == SecurityStatus::Secure && freshness::is_renewal_due(state.stored, state.expires, now)
}
