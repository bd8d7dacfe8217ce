//! Stale answers: made of RRsets past their TTL, for clients whose servers do not answer.
//!
//! RFC 8767. `cache::freshness` decides which entries may be used, and for how long. This module composes the answer,
//! name by name along a chain of aliases. A stale answer is not cached, so that the next client gets the fresh one as
//! soon as there is one.
//!
//! # Decisions
//!
//! - Only NOERROR and NXDOMAIN with AA renew data (RFC 8767 section 4). SERVFAIL, REFUSED and lame answers do not: the stale
//!   answer is given after them, also if one server sent an empty answer without AA. If all servers of a zone send such
//!   an answer it is believed for a short time, and ends the stale data.
//! - A bogus answer is no answer either, but may be an attack: the stale data of its name end with it, of all types.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::chase::goes_in_a_circle;
use super::chased::{Chased, compose_answer};
use super::client_question::ClientQuestion;
use super::recall::held;
use super::{Asked, Replied, Resolver};
use crate::cache::Memory;
use crate::cache::freshness::{self, Age, LastWord};
use crate::cache::rrsets::may_be_stale;
use crate::clock::{Calendar, Clock};
use crate::iterate::classify::End;
use crate::iterate::kept_answers::AnswerSecurity;
use crate::limits::STALE_TTL;
use crate::question::{Answer, ExtendedError, Outcome, Question, Security};
use crate::record::trail::{Progress, Trail};
use crate::validate::signature;
use crate::zones::{Kind, Route, View};

/// Makes stale answers of memory alone.
pub(super) struct StaleAnswers {
    pub(super) clock: Clock,
    pub(super) memory: Memory,
}

impl StaleAnswers {
    /// The stale answer to a question; `why` says why there is no fresh one. None if memory has no entry that may be
    /// given, or if no entry is stale: then servers have just answered.
    pub(super) fn answer(&self, question: &Question, view: &View, why: &str) -> Option<Answer> {
        if !may_be_stale(question.kind) {
            return None;
        }
        let checks = view.config.dnssec.validate && !question.checking_disabled;
        let mut chased = Chased::default();
        let mut past: Option<Duration> = None;
        let mut name = Cow::Borrowed(&question.name);
        loop {
            let word = self.last_word(&name, question.kind, view)?;
            if let Age::Stale(span) = word.age {
                past = Some(past.map_or(span, |past| past.max(span)));
            }
            match self.take_stale(&name, &word, checks, &mut chased)? {
                Some(target) if word.kind != question.kind => {
                    if goes_in_a_circle(&chased.answers, &target) {
                        return None;
                    }
                    name = Cow::Owned(target.to_lowercase());
                }
                _ => break,
            }
        }
        let text = format!("stale answer, expired {} s ago: {why}", past?.as_secs());
        chased.extended_error = Some(ExtendedError::new(ExtendedError::STALE_ANSWER, text));
        compose_answer(question, &chased, self.clock.mono()).ok()
    }

    /// The last answer of servers about a name. None if another answer may apply: a local one, a denial of a name
    /// above, or a DNAME above.
    fn last_word(&self, name: &Name, kind: RecordType, view: &View) -> Option<LastWord> {
        let Route { zone, kind: way, policy, .. } = &**view.route(name, kind);
        if policy.serve_stale.is_zero() || matches!(way, Kind::Local(_)) {
            return None;
        }
        let (rrsets, now) = (self.memory.rrsets.of(view.knows), self.clock.mono());
        let redirects =
            |above: &Name| rrsets.last_word(above, RecordType::DNAME, policy.serve_stale, now).is_some();
        let above = std::iter::successors(Some(name.clone()), |above| {
            (above != zone && !above.is_root()).then(|| above.base_name())
        });
        if rrsets.may_redirect() && above.skip(1).any(|above| redirects(&above)) {
            return None;
        }
        let word = rrsets.last_word(name, kind, policy.serve_stale, now)?;
        let is_denied = policy.nxdomain_cut && rrsets.is_denied_above(name, zone, &word);
        (!is_denied).then_some(word)
    }

    /// Adds an RRset to a stale answer, and gives the name that it is an alias of; none if it may not be given.
    fn take_stale(
        &self,
        name: &Name,
        word: &LastWord,
        checks: bool,
        chased: &mut Chased,
    ) -> Option<Option<Name>> {
        let now = self.clock.mono();
        let security = word.rrset.backing().security;
        let mut evidence = word.rrset.evidence(now);
        let is_over =
            |calendar: Calendar| evidence.iter().any(|record| signature::has_expired(record, calendar));
        match security {
            Security::Unchecked if checks => return None,
            Security::Insecure => {}
            Security::Secure | Security::Unchecked if is_over(self.clock.calendar()) => return None,
            Security::Secure | Security::Unchecked => {}
        }
        let mut records = word.rrset.records(name, now);
        for record in records.iter_mut().chain(&mut evidence) {
            record.ttl = if word.age == Age::Fresh { record.ttl.min(STALE_TTL) } else { STALE_TTL };
        }
        let target = records.iter().find_map(alias);
        let end = target.clone().map_or(End::Data, End::Alias);
        let checked = AnswerSecurity { sets: vec![security], end: Security::default() };
        chased.take(held(records, end, evidence, word.rrset.rank()), &checked);
        Some(target)
    }
}

impl Resolver {
    /// A stale answer as the reply to a client that must not wait.
    pub(super) fn stale_at_once(&self, missed: &ClientQuestion, why: &str) -> Option<Asked> {
        let answer = Arc::new(self.stale.answer(&missed.question, &missed.view, why)?);
        Some(Asked::Replied(Replied { outcome: Outcome::Stale, answer, trail: None }))
    }

    /// The same if the last resolution of the question has failed, and no server at all has answered since it began.
    /// No client waits again then, and the question is tried again in the background.
    pub(super) fn stale_in_an_outage(&self, missed: &ClientQuestion) -> Option<Asked> {
        let heard_since = |moment| self.iterate.heard_since(moment);
        let (key, now) = (&missed.key, self.clock.mono());
        let failed = self.memory.failures.unheard(key.as_bytes(), now, heard_since)?;
        let asked =
            failed.error.is_lack_of_answer().then(|| self.stale_at_once(missed, &failed.error.text))?;
        if asked.is_some() {
            self.try_again(key);
        }
        asked
    }

    /// The same for a client that waits for a flight; none if a server has said something that is bogus.
    fn stale_for(&self, missed: &ClientQuestion, trail: &Trail, why: &str) -> Option<Answer> {
        if trail.is_refuted() {
            return None;
        }
        self.stale.answer(&missed.question, &missed.view, why)
    }

    /// Ends when a client no longer waits, with its answer: a stale one as soon as servers are silent, or SERVFAIL at the deadline.
    pub(super) async fn patience(&self, missed: &ClientQuestion, trail: &Trail) -> (Outcome, Answer) {
        let ClientQuestion { arrived, view, .. } = missed;
        let deadline = view.config.resolve.deadline;
        let ends = arrived.after(deadline);
        loop {
            let (now, from) = (self.clock.mono(), freshness::stale_from(trail.began(), trail.heard()));
            if from >= ends {
                break;
            }
            if now >= from {
                let waited = now.since(trail.began()).as_secs_f32();
                let why = format!("no answer for {waited} s: {}", last_step(trail));
                match self.stale_for(missed, trail, &why) {
                    Some(answer) => return (Outcome::Stale, answer),
                    None => break,
                }
            }
            // If servers have answered meanwhile, the client waits longer.
            tokio::time::sleep(from.since(now)).await;
        }
        tokio::time::sleep(ends.since(self.clock.mono())).await;
        let why = format!("no answer within {} s: {}", deadline.as_secs_f32(), last_step(trail));
        if let Some(answer) = self.stale_for(missed, trail, &why) {
            return (Outcome::Stale, answer);
        }
        let error = ExtendedError::new(ExtendedError::NO_REACHABLE_AUTHORITY, why);
        (Outcome::Deadline, self.lists.overdue(missed, error))
    }
}

fn alias(record: &Record) -> Option<Name> {
    match &record.data {
        RData::CNAME(target) => Some(target.0.clone()),
        _ => None,
    }
}

/// The server that a flight waits for, for the extended error of a deadline.
fn last_step(trail: &Trail) -> String {
    let Progress { server, zone, .. } = trail.progress();
    match (server, zone) {
        (Some(server), Some(zone)) => format!("waiting for {server}, a server of {zone}"),
        _ => "no message sent yet".to_owned(),
    }
}
