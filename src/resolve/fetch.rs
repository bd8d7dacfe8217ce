//! DS and keys for the chain of trust: from memory, from a fetch that is under way, or from servers.
//!
//! May call: `iterate`, `cache`, `zones`. A zone's keys are sought as soon as its servers are asked for anything, so that
//! they are there when the answer is. What is fetched is kept unchecked; the chain judges it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use hickory_proto::rr::{Name, Record, RecordType};

use super::Resolver;
use super::chase::sub_key;
use crate::cache::rrsets::{Delegation, Known, Rank};
use crate::cache::security::ZoneState;
use crate::iterate::Errand;
use crate::iterate::context::Context;
use crate::iterate::failure::Failure;
use crate::iterate::keep::Checked;
use crate::limits::{BOGUS_TIME, MAX_FETCHES, REFRESH_SHARE};
use crate::question::QuestionKey;
use crate::record::event::StepEvent;
use crate::validate::anchors::Trust;
use crate::validate::verdict::{Fault, State};
use crate::zones::Kind;

/// What was fetched.
#[derive(Clone, Debug)]
pub(super) struct Fetched {
    /// The records; none where there are none.
    pub(super) answers: Vec<Record>,
    /// What came along to prove them, or their absence.
    pub(super) evidence: Vec<Record>,
    /// The zone that was asked.
    pub(super) zone: Name,
    /// Who said it; none where it was in memory.
    pub(super) server: Option<SocketAddr>,
}

type Fetch = Shared<BoxFuture<'static, Result<Arc<Fetched>, Failure>>>;

/// The fetches under way: one for each name and type.
#[derive(Clone, Default)]
pub(super) struct Fetches(Arc<Mutex<HashMap<QuestionKey, Fetch>>>);

impl Fetches {
    fn table(&self) -> MutexGuard<'_, HashMap<QuestionKey, Fetch>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resolver {
    /// Seeks DS or DNSKEY of `name`; in the first round memory and what is under way are enough.
    ///
    /// # Errors
    /// No server gives an answer.
    pub(super) async fn fetch(
        &self,
        name: &Name,
        kind: RecordType,
        round: usize,
        avoid: &[SocketAddr],
        context: &Context,
    ) -> Result<Arc<Fetched>, Failure> {
        if round > 0 {
            return self.fetch_now(name, kind, avoid, context).await.map(Arc::new);
        }
        if let Some(fetched) = self.recall_fetched(name, kind, context) {
            return Ok(Arc::new(fetched));
        }
        match self.begin_fetch(name, kind, context) {
            Some(fetch) => fetch.await,
            None => self.fetch_now(name, kind, avoid, context).await.map(Arc::new),
        }
    }

    /// Seeks the keys of a zone whose servers are about to be asked, where they will be needed and are not there.
    pub(super) fn foresee_keys(&self, cut: &Delegation, context: &Context) {
        if !context.checks() {
            return;
        }
        let zone = &cut.zone;
        let signed = match self.trust(zone, context) {
            Trust::None => false,
            Trust::Anchor(anchor, _) => {
                let brought = || cut.evidence.records(0);
                anchor == zone || brought().iter().any(|record| record.record_type() == RecordType::DS)
            }
        };
        let (rrsets, now) = (self.memory.rrsets.of(context.view.knows), self.clock.mono());
        let known = || {
            rrsets.zone_state(zone, now).is_some()
                || rrsets.get(zone, RecordType::DNSKEY, Rank::Answer, now).is_some()
        };
        if signed && !known() {
            // Whoever needs the keys waits for it.
            drop(self.begin_fetch(zone, RecordType::DNSKEY, context));
        }
    }

    /// Finds out anew, on the side, what the keys of a zone in use are worth, before that runs out.
    pub(super) fn refresh_if_old(&self, state: &Arc<ZoneState>, context: &Context) {
        let now = self.clock.mono();
        let (left, whole) = (state.expires.since(now), state.expires.since(state.stored));
        if state.state() != State::Secure || left > whole / REFRESH_SHARE || !context.checks() {
            return;
        }
        let Some(me) = self.me.upgrade() else { return };
        let Some(fetch) = self.begin_fetch(&state.zone, RecordType::DNSKEY, context) else { return };
        let (state, context) = (Arc::clone(state), context.clone());
        let rrsets = self.memory.rrsets.clone();
        tokio::spawn(async move {
            let fetched = fetch.await.is_ok();
            let current = rrsets.of(context.view.knows).zone_state(&state.zone, me.clock.mono());
            // One refresh is enough, and the old state holds on where there is no better one.
            if fetched && current.is_some_and(|current| Arc::ptr_eq(&current, &state)) {
                drop(me.establish(&state.zone, &context).await);
            }
        });
    }

    /// Notes that a server's DS or keys are bogus; it is asked after the others for its zone for a while.
    pub(super) fn distrust(&self, fetched: &Fetched, fault: &Fault, context: &Context) {
        if let Some(server) = fetched.server {
            self.distrust_server(server, &fetched.zone, fault, context);
        }
    }

    /// The same of any answer.
    pub(super) fn distrust_server(&self, server: SocketAddr, zone: &Name, fault: &Fault, context: &Context) {
        self.memory.servers.get(server).is_lame(zone, BOGUS_TIME, self.clock.mono());
        let subject = format!("what {} says for {zone}", server.ip());
        context.note(StepEvent::Checked { subject, state: State::Bogus, why: Some(fault.text.clone()) });
    }

    fn recall_fetched(&self, name: &Name, kind: RecordType, context: &Context) -> Option<Fetched> {
        let now = self.clock.mono();
        let known = self.memory.rrsets.of(context.view.knows).get(name, kind, Rank::Answer, now)?;
        let (answers, evidence) = match known {
            Known::Rrset(rrset) => (rrset.records(name, now), rrset.evidence(now)),
            Known::Negative(negative) => (Vec::new(), negative.evidence(now)),
        };
        Some(Fetched { answers, evidence, zone: name.clone(), server: None })
    }

    /// Begins a fetch that goes on by itself, or joins the one under way; none where there are too many.
    fn begin_fetch(&self, name: &Name, kind: RecordType, context: &Context) -> Option<Fetch> {
        let key = sub_key(name, kind, context.view.knows);
        let mut table = self.fetches.table();
        if let Some(fetch) = table.get(&key) {
            return Some(fetch.clone());
        }
        if table.len() >= MAX_FETCHES {
            return None;
        }
        let me = self.me.upgrade()?;
        let (fetches, name, context) = (self.fetches.clone(), name.clone(), context.clone());
        let own = key.clone();
        let fetch = async move {
            let fetched = me.fetch_now(&name, kind, &[], &context).await.map(Arc::new);
            fetches.table().remove(&own);
            fetched
        };
        let fetch = fetch.boxed().shared();
        table.insert(key, fetch.clone());
        drop(table);
        tokio::spawn(fetch.clone());
        Some(fetch)
    }

    async fn fetch_now(
        &self,
        name: &Name,
        kind: RecordType,
        avoid: &[SocketAddr],
        context: &Context,
    ) -> Result<Fetched, Failure> {
        let context = &context.below(name, kind)?;
        context.note(StepEvent::Question { name: name.to_string(), kind: kind.to_string() });
        let key = sub_key(name, kind, context.view.knows);
        if let Some(failed) = self.memory.failures.get(key.as_bytes(), self.clock.mono()) {
            return Err(Failure::Remembered { why: failed.error.text.clone() });
        }
        let route = context.view.route(name, kind);
        if matches!(route.kind, Kind::Local(_)) {
            let zone = route.zone.clone();
            return Ok(Fetched { answers: Vec::new(), evidence: Vec::new(), zone, server: None });
        }
        let errand = Errand { name, kind, route, context, rewrite: None, sub_questions: self, avoid };
        let resolved = self.iterate.find(errand).await;
        if let Err(failure @ (Failure::Servers { .. } | Failure::Addresses { .. })) = &resolved
            && avoid.is_empty()
        {
            self.memory.failures.put(key, failure.extended_error(), self.clock.mono());
        }
        let resolved = resolved?;
        let (server, evidence) = (resolved.found.server, resolved.found.evidence.clone());
        let found = self.iterate.keep(errand, resolved.found, &Checked::default());
        let of_kind = |record: &Record| record.record_type() == kind;
        let answers = found.answers.into_iter().filter(of_kind).collect();
        Ok(Fetched { answers, evidence, zone: resolved.zone, server })
    }
}
