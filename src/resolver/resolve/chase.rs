//! Follows a name along its aliases (CNAME and DNAME). Each name is first looked up in the cache, and then queried along its own route: the
//! servers that are asked for it, or the local zone with which resolverd answers it itself.
//!
//! See RFC 1034 section 3.6.2 (aliases) and RFC 2308 (negative answers). Sub-questions of the iterator also go through this module, so that
//! they are routed and cached.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, Record, RecordType};

use super::answered_events::WaitingEvents;
use super::chased::Chased;
use super::fleet::Fleet;
use super::flights::Flights;
use super::reload::ChangedRoutes;
use super::trust::Validator;
use super::trust::chain::note_refuted;
use crate::cache::Memory;
use crate::iterate::classify::{Classified, End, Found, classify};
use crate::iterate::context::Context;
use crate::iterate::failure::Failure;
use crate::iterate::kept_answers::AnswerSecurity;
use crate::iterate::{Iterate, Lookup, SubQuestions};
use crate::limits::{MAX_ALIASES, MAX_BOGUS_TRIES};
use dns::cached::Delegation;
use dns::clock::Clock;
use dns::question::{QuestionKey, Security};
use dnsbl::gate;
use dnsbl::list::{AskedAbout, List};
use record::event::StepEvent;
use record::note::Note;
use record::{Counter, Recorder};
use validate::verdict::{SecurityStatus, Verdict};
use zones::authority::Authority;
use zones::{Route, RouteTarget, local};

/// Follows a name along its aliases. It knows no clients.
pub(super) struct Chaser {
    pub(super) clock: Clock,
    pub(super) memory: Memory,
    pub(super) recorder: Arc<Recorder>,
    pub(super) iterate: Arc<Iterate>,
    pub(super) trust: Arc<Validator>,
    pub(super) flights: Arc<Flights>,
    /// The names whose route a recent reload has changed.
    pub(super) changed: Arc<ChangedRoutes>,
    /// The queue through which look-ahead learns that a delegation was found.
    pub(super) leading: Arc<WaitingEvents>,
    pub(super) fleet: Fleet,
}

/// What to do when an alias leads to a name of a DNS list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AtList {
    /// The name is followed, like any other name.
    Passes,
    /// The name is not followed. `lists::guard` then asks the list, so that the question counts for the quota of the list, and the answer
    /// of the list is checked.
    Stops,
}

impl Chaser {
    /// Follows a name to the last name of its alias chain. `way`: the route of `name`, and the closest known zone cut if the caller has
    /// already looked it up.
    pub(super) async fn chase(
        &self,
        (name, kind): (&Name, RecordType),
        way: (&Arc<Route>, Option<&Arc<Delegation>>),
        at_list: AtList,
        context: &Context,
    ) -> Result<Chased, Failure> {
        let mut denied = self.follow((name, kind), way, at_list, context).await?;
        let is_denial = denied.rcode == ResponseCode::NXDomain;
        let Some(alias) = denied.recalled_alias.take().filter(|_| is_denial && is_address(kind)) else {
            return Ok(denied);
        };
        // Some servers answer each type differently, and the cached alias may come from an answer for another type. Before the client gets
        // NXDOMAIN, which would make mail bounce, the servers are asked for the alias with this type.
        let route = context.view.route(&alias, kind);
        let mut asked = Chased::default();
        let lookup = self.lookup((&alias, kind), (route, None), context);
        if route.policy.list.is_some() || self.seek(lookup, &mut asked).await.is_err() {
            return Ok(denied);
        }
        let again = self.follow((name, kind), way, at_list, context).await?;
        Ok(Chased { zone: again.zone.or(asked.zone), answered: again.answered.or(asked.answered), ..again })
    }

    fn lookup<'a>(
        &'a self,
        (name, kind): (&'a Name, RecordType),
        (route, cut): (&'a Route, Option<&'a Arc<Delegation>>),
        context: &'a Context,
    ) -> Lookup<'a> {
        Lookup { name, kind, route, context, rewrite: None, sub_questions: self, avoid: &[], cut }
    }

    /// Follows a name to the last name of its alias chain, as `chase` does, but believes each alias in the cache, even if it comes from an
    /// answer for another type.
    async fn follow(
        &self,
        (name, kind): (&Name, RecordType),
        (way, cut): (&Arc<Route>, Option<&Arc<Delegation>>),
        at_list: AtList,
        context: &Context,
    ) -> Result<Chased, Failure> {
        let mut chased = Chased::default();
        let (mut current, mut route, mut cut) = (Cow::Borrowed(name), way, cut);
        loop {
            if context.is_ahead() && route.list_asked(&current).is_some() {
                // Look-ahead does not follow a name into the zone of a DNS list. Otherwise an alias or a server name that a stranger chose could
                // use up the query quota of the list.
                return Err(Failure::Aliases { name: name.clone() });
            }
            if at_list == AtList::Stops
                && let Some(list) = list_entered(route, &current, kind)
            {
                chased.entered = Some((current.into_owned(), list));
                return Ok(chased);
            }
            let lookup = self.lookup((&current, kind), (route, cut), context);
            match self.rewritten(lookup, &mut chased).await? {
                End::Data => return Ok(chased),
                End::TooLong => {
                    chased.rcode = ResponseCode::YXDomain;
                    return Ok(chased);
                }
                End::Negative { nxdomain, soa, .. } => {
                    // `recalled_alias` is the alias that is checked before the client gets a denial. A denial of a zone that resolverd serves itself
                    // needs no such check.
                    if matches!(route.target, RouteTarget::Local(_)) {
                        chased.recalled_alias = None;
                    }
                    let here = nxdomain && context.view.exists_here(&current);
                    if here {
                        chased.exists_here();
                    }
                    let denied = nxdomain && !here;
                    chased.rcode = if denied { ResponseCode::NXDomain } else { ResponseCode::NoError };
                    chased.soa = soa;
                    return Ok(chased);
                }
                End::Alias(target) => {
                    if goes_in_a_circle(&chased.answers, &target) {
                        return Err(Failure::Aliases { name: name.clone() });
                    }
                    context.note(StepEvent::Alias { target: target.to_string() });
                    current = Cow::Owned(target.to_lowercase());
                    route = context.view.route(&current, kind);
                    cut = None;
                }
            }
        }
    }

    /// Finds the result for one name. If the name is in a DNS list that requires a secret key in its names, the servers are asked for the
    /// name with the key, and the key is removed from the answer.
    async fn rewritten(&self, lookup: Lookup<'_>, chased: &mut Chased) -> Result<End, Failure> {
        let list =
            lookup.route.policy.list.as_ref().filter(|list| list.asked(lookup.name) != AskedAbout::Nothing);
        let Some(rewrite) = list.and_then(|list| list.rewrite.as_deref()) else {
            return self.step(lookup, chased).await;
        };
        let Some(inside) = rewrite.inward(lookup.name) else {
            return Err(Failure::TooLong { name: lookup.name.clone() });
        };
        let mut found = Chased::default();
        let end = self
            .step(Lookup { name: &inside, rewrite: Some(rewrite), cut: None, ..lookup }, &mut found)
            .await?;
        chased.zone = found.zone;
        chased.answered = found.answered;
        chased.doubted = found.doubted;
        chased.rooms.append(&mut found.rooms);
        // The signatures cover the name with the customer key. The client gets the name without the key, so the answer counts as unsigned.
        chased.security = found.security.map(|security| security.and(Security::Insecure));
        chased.answers.extend(found.answers.into_iter().map(|record| rewrite.outward_record(record)));
        Ok(match end {
            End::Data => End::Data,
            End::TooLong => End::TooLong,
            End::Alias(target) => End::Alias(rewrite.outward(&target)),
            End::Negative { nxdomain, name, soa } => {
                let soa = soa.map(|soa| Box::new(rewrite.outward_record(*soa)));
                End::Negative { nxdomain, name: rewrite.outward(&name), soa }
            }
        })
    }

    /// Finds the result for one name: from a local zone, from the cache, or from servers.
    async fn step(&self, lookup: Lookup<'_>, chased: &mut Chased) -> Result<End, Failure> {
        self.refuse_changed(lookup)?;
        if let RouteTarget::Local(authority) = &lookup.route.target {
            return Box::pin(self.answer_here(lookup, authority, chased)).await;
        }
        if !lookup.context.is_on_the_side()
            && let Some(end) = self.remember(lookup, chased).await
        {
            return Ok(end);
        }
        self.seek_or_share(lookup, chased).await
    }

    /// Asks the servers for the name. If the answer of a server is bogus (DNSSEC), another server is asked.
    pub(super) async fn seek(&self, lookup: Lookup<'_>, chased: &mut Chased) -> Result<End, Failure> {
        let mut avoid: Vec<SocketAddr> = Vec::new();
        let mut refuted_for: Vec<(SocketAddr, Name)> = Vec::new();
        let mut bogus: Option<Failure> = None;
        for _ in 0..MAX_BOGUS_TRIES {
            // After a bogus answer, the zone cut is looked up again.
            let cut = lookup.cut.filter(|_| avoid.is_empty());
            let resolved = self.iterate.find(Lookup { avoid: &avoid, cut, ..lookup }).await;
            let mut resolved = match resolved {
                Ok(resolved) => resolved,
                Err(failure) => return Err(bogus.unwrap_or(failure)),
            };
            let zone = resolved.zone;
            chased.zone = Some(zone.clone());
            resolved.found.cut_where(|target| leads_away(lookup, target));
            if !lookup.context.checks() {
                let found = self.keep(lookup, &zone, resolved.found, &AnswerSecurity::default())?;
                return Ok(chased.take(found, &AnswerSecurity::default()));
            }
            let judged = Box::pin(self.trust.judge(lookup, &zone, &mut resolved.found)).await;
            let (state, fault) = (judged.verdict.state(), judged.verdict.fault().cloned());
            let why = fault.as_ref().map(|fault| fault.text.clone());
            lookup.context.judged(state);
            lookup.context.note(Note::Checked { name: lookup.name.clone(), kind: lookup.kind, state, why });
            let fault = match judged.verdict {
                Verdict::Secure | Verdict::Insecure(_) => {
                    // This answer is not bogus, so the servers that gave bogus answers are at fault, and not the zone.
                    for (server, zone) in &refuted_for {
                        self.trust.distrust_server(*server, zone, lookup.context);
                    }
                    let found = self.keep(lookup, &zone, resolved.found, &judged.checked)?;
                    chased.fault = chased.fault.take().or(fault);
                    return Ok(chased.take(found, &judged.checked));
                }
                Verdict::Bogus(fault) | Verdict::Indeterminate(fault) => fault,
            };
            // Stale data are removed only if a client's question was bogus. If a question of look-ahead was bogus, the same question of a
            // client may still be valid, because it fetches the DNSSEC keys again.
            if state == SecurityStatus::Bogus && !lookup.context.is_ahead() {
                let rrsets = self.memory.rrsets.in_view(lookup.context.view.knows);
                rrsets.end_stale(lookup.name, self.clock.mono());
                if let Some(server) = resolved.found.server {
                    self.recorder.bogus(server.ip(), &zone);
                }
            }
            let worst = match &bogus {
                Some(Failure::Untrusted { fault: before, .. }) => {
                    before.as_ref().clone().or_more_telling(fault.clone())
                }
                _ => fault.clone(),
            };
            let failure = Failure::Untrusted { zone: zone.clone(), state, fault: Box::new(worst) };
            match resolved.found.server {
                Some(server) if judged.at_fault => {
                    note_refuted(Some(server), &zone, &fault, lookup.context);
                    avoid.push(server);
                    refuted_for.push((server, zone));
                    bogus = Some(failure);
                }
                _ => return Err(failure),
            }
        }
        Err(bogus.unwrap_or_else(|| Failure::Referrals { name: lookup.name.clone() }))
    }

    /// Caches the records of an answer. Fails if a reload has changed the route of the name: the data may then come from the wrong servers.
    fn keep(
        &self,
        lookup: Lookup<'_>,
        zone: &Name,
        mut found: Found,
        checked: &AnswerSecurity,
    ) -> Result<Found, Failure> {
        self.refuse_changed(lookup)?;
        if let Some(list) = lookup.route.list_asked(lookup.name) {
            gate::shorten_refusal(&list, &mut found.answers);
        }
        let found = self.iterate.keep(lookup, zone, found, checked);
        self.share(lookup, zone);
        Ok(found)
    }

    fn refuse_changed(&self, Lookup { name, context, .. }: Lookup<'_>) -> Result<(), Failure> {
        match self.changed.concern((&context.view, context.began()), name) {
            true => Err(Failure::Reloaded { name: name.clone() }),
            false => Ok(()),
        }
    }

    /// Answers from a local zone or, if this zone delegates the name, from the servers of the delegation.
    async fn answer_here(
        &self,
        lookup: Lookup<'_>,
        authority: &Authority,
        chased: &mut Chased,
    ) -> Result<End, Failure> {
        let zone = &lookup.route.zone;
        lookup.context.note(StepEvent::Memory { found: format!("local zone {zone}") });
        let message = local::respond(authority, lookup.name, lookup.kind);
        let (said, _) = classify(zone, lookup.name, lookup.kind, &message);
        match said {
            Classified::Found(mut found) | Classified::Doubtful(mut found) => {
                found.cut_where(|target| leads_away(lookup, target));
                let checked = self.check_here(lookup, authority, zone, &mut found).await?;
                Ok(chased.take(found, &checked))
            }
            Classified::Referral(referral) => {
                let mut resolved = self.iterate.find_from(lookup, referral).await?;
                let checked = self.check_here(lookup, authority, &resolved.zone, &mut resolved.found).await?;
                let found = self.keep(lookup, &resolved.zone, resolved.found, &checked)?;
                chased.zone = Some(resolved.zone);
                Ok(chased.take(found, &checked))
            }
            Classified::Nothing(_) | Classified::NoRoom => {
                Err(Failure::Aliases { name: lookup.name.clone() })
            }
        }
    }

    /// Validates an answer from a local zone. If it is bogus, no other server is asked.
    async fn check_here(
        &self,
        lookup: Lookup<'_>,
        authority: &Authority,
        zone: &Name,
        found: &mut Found,
    ) -> Result<AnswerSecurity, Failure> {
        if !lookup.context.checks() || !local::is_signed(authority) {
            return Ok(here(lookup.context));
        }
        let judged = Box::pin(self.trust.judge(lookup, zone, found)).await;
        let state = judged.verdict.state();
        match judged.verdict {
            Verdict::Secure | Verdict::Insecure(_) => Ok(judged.checked),
            Verdict::Bogus(fault) | Verdict::Indeterminate(fault) => {
                Err(Failure::Untrusted { zone: zone.clone(), state, fault: Box::new(fault) })
            }
        }
    }
}

/// Returns the security of data from a local zone without signatures. `sets` has an entry for each RRset that a chain of aliases may have.
fn here(context: &Context) -> AnswerSecurity {
    let security = if context.checks() { Security::Insecure } else { Security::Unchecked };
    AnswerSecurity { sets: vec![security; MAX_ALIASES], end: security }
}

impl SubQuestions for Chaser {
    fn ask<'a>(
        &'a self,
        name: &'a Name,
        kind: RecordType,
        context: &'a Context,
    ) -> BoxFuture<'a, Result<Vec<Record>, Failure>> {
        Box::pin(async move {
            context.note(Note::Question { name: name.clone(), kind });
            let key = QuestionKey::of_sub_question(name, kind, context.view.knows);
            if let Some(failed) = self.trust.failed_a_moment_ago(&key) {
                return Err(Failure::Remembered { why: failed.error.text.clone() });
            }
            let way = (context.view.server_route(name, kind), None);
            let chased = self.chase((name, kind), way, AtList::Passes, context).await;
            match &chased {
                Ok(_) => self.memory.failures.clear(&key),
                Err(failure @ (Failure::Servers { .. } | Failure::Addresses { .. })) => {
                    self.trust.remember_failure(key, failure, context);
                }
                // Other failures are not cached, because they depend on how deeply the sub-question is nested.
                Err(_) => {}
            }
            let records = chased?.answers;
            Ok(records.into_iter().filter(|record| record.record_type() == kind).collect())
        })
    }

    fn entering(&self, cut: &Delegation, context: &Context) {
        if let Some(flight) = context.flight()
            && let Some(key) = self.flights.enters(flight, &cut.zone, self.clock.mono())
            && !self.leading.push_delegated(key)
        {
            self.recorder.count(Counter::LookaheadLost, 1);
        }
        self.trust.foresee_keys(cut, context);
    }
}

/// Returns the DNS list that a query for `name` asks, if the type is A or TXT and the list was not shut down.
fn list_entered(route: &Route, name: &Name, kind: RecordType) -> Option<Arc<List>> {
    let list = matches!(kind, RecordType::A | RecordType::TXT).then(|| route.list_asked(name))?;
    list.filter(|list| list.is_alive())
}

pub(super) fn is_address(kind: RecordType) -> bool {
    matches!(kind, RecordType::A | RecordType::AAAA)
}

/// Returns true if `target` has another route than the alias that leads to it. Data for `target` in the answer with the alias are then not
/// used.
pub(super) fn leads_away(lookup: Lookup<'_>, target: &Name) -> bool {
    // A name in a DNS list that requires a key in its names (`rewrite`) is never looked up at other servers than those of the list. So the
    // result is false for such a name.
    lookup.rewrite.is_none()
        && lookup.kind != RecordType::CNAME
        && !std::ptr::eq(&**lookup.context.view.route(target, lookup.kind), lookup.route)
}

/// Returns true if the chain of aliases already contains `target`, or is longer than `MAX_ALIASES`.
pub(super) fn goes_in_a_circle(answers: &[Record], target: &Name) -> bool {
    let aliases = answers.iter().filter(|record| record.record_type() == RecordType::CNAME);
    aliases.clone().any(|alias| alias.name == *target) || aliases.count() > MAX_ALIASES
}
