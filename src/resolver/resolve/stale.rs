//! Stale answers (RFC 8767): made from RRsets whose TTL has ended, for clients that would otherwise get SERVFAIL because the servers do not
//! answer. `cache::freshness` decides which cache entries may be used, and for how long. A stale answer is not cached, so that the next
//! client gets a fresh answer as soon as a server gives one.
//!
//! # Decisions
//!
//! - Cached data are replaced only by NOERROR and NXDOMAIN answers with AA (RFC 8767 section 4). After SERVFAIL, REFUSED and lame answers,
//!   the stale answer is given. If all servers of a zone send an empty answer without AA, it is believed for a short time, and the stale
//!   data are no longer used.
//! - The TTL of a stale answer with signatures is limited to the time until the first signature expires (RFC 4035 section 5.3.3). Otherwise
//!   a resolver that forwards to resolverd could cache the answer for longer than its signatures are valid.
//! - If an alias is stale, its target is asked for before it is used, unless it is fresh: its servers may work.
//! - A bogus answer may be a sign of an attack. Therefore the stale data of its name are no longer used.

use std::borrow::Cow;
use std::time::Duration;

use hickory_proto::dnssec::rdata::DNSSECRData;
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::chase::goes_in_a_circle;
use super::chased::{Chased, compose_answer};
use super::private;
use super::recall::held;
use crate::cache::Memory;
use crate::cache::freshness::{Age, LastWord};
use crate::cache::rrsets::may_be_stale;
use crate::extended_error;
use crate::iterate::classify::End;
use crate::iterate::kept_answers::AnswerSecurity;
use crate::limits::{MAX_ALIASES, STALE_TTL};
use dns::clock::{Calendar, Clock};
use dns::question::{Answer, Question, Security};
use validate::signature;
use zones::{Route, RouteTarget, View};

/// Makes answers from expired data of the cache. It sends no queries.
pub(super) struct StaleAnswers {
    pub(super) clock: Clock,
    pub(super) memory: Memory,
}

impl StaleAnswers {
    /// Returns the stale answer to a question. `why` says why there is no fresh answer. Returns `None` if the cache has no usable entry, or
    /// if all entries are fresh: then servers have answered recently, and the failure has another reason.
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
        chased.extended_error = Some(extended_error::stale_answer(past?, why));
        let _ = private::remove(&mut chased, view);
        compose_answer(question, &chased, self.clock.mono()).ok()
    }

    /// Returns the name to which the cached aliases of the question lead, if its data are stale. Its servers may work although those of an alias do
    /// not answer.
    pub(super) fn outdated_target(&self, question: &Question, view: &View) -> Option<Name> {
        let mut name = question.name.clone();
        for _ in 0..MAX_ALIASES {
            let word = self.last_word(&name, question.kind, view)?;
            let is_stale = matches!(word.age, Age::Stale(_));
            let target = (word.kind != question.kind).then(|| {
                let records = word.rrset.records(&name, self.clock.mono());
                records.iter().find_map(alias)
            });
            match target.flatten() {
                Some(target) => name = target.to_lowercase(),
                None => return (is_stale && name != question.name).then_some(name),
            }
        }
        None
    }

    /// Returns the RRset that the servers last sent for a name. Returns `None` if another answer may apply: from a local zone, or from a
    /// denial or a DNAME at a name above it.
    fn last_word(&self, name: &Name, kind: RecordType, view: &View) -> Option<LastWord> {
        let Route { zone, target, policy, .. } = &**view.route(name, kind);
        if policy.serve_stale.is_zero() || matches!(target, RouteTarget::Local(_)) {
            return None;
        }
        let (rrsets, now) = (self.memory.rrsets.in_view(view.knows), self.clock.mono());
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

    /// Adds an RRset to a stale answer. Returns `None` if the RRset may not be used. Otherwise returns its target if it is an alias, and
    /// `Some(None)` if it is not.
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
        let calendar = self.clock.calendar();
        let most = match security {
            Security::Unchecked if checks => return None,
            Security::Insecure => STALE_TTL,
            Security::Secure | Security::Unchecked
                if evidence.iter().any(|record| signature::has_expired(record, calendar)) =>
            {
                return None;
            }
            Security::Secure | Security::Unchecked => {
                evidence.iter().map(|record| seconds_left(record, calendar)).fold(STALE_TTL, u32::min)
            }
        };
        let mut records = word.rrset.records(name, now);
        for record in records.iter_mut().chain(&mut evidence) {
            record.ttl = if word.age == Age::Fresh { record.ttl.min(most) } else { most };
        }
        let target = records.iter().find_map(alias);
        let end = target.clone().map_or(End::Data, End::Alias);
        let checked = AnswerSecurity { sets: vec![security], end: Security::default() };
        chased.take(held(records, end, evidence, word.rrset.rank()), &checked);
        Some(target)
    }
}

/// Returns the seconds until a signature expires, or the maximum of `u32` for other records.
fn seconds_left(record: &Record, calendar: Calendar) -> u32 {
    let (Calendar::Clock(unix) | Calendar::After(unix)) = calendar;
    let now = u32::try_from(unix & u64::from(u32::MAX)).unwrap_or(0);
    match &record.data {
        // Times in signatures are serial numbers of 32 bits, which start again at 0 in 2106 (RFC 4034 section 3.1.5).
        RData::DNSSEC(DNSSECRData::RRSIG(signature)) => {
            signature.input().sig_expiration.get().wrapping_sub(now)
        }
        _ => u32::MAX,
    }
}

fn alias(record: &Record) -> Option<Name> {
    match &record.data {
        RData::CNAME(target) => Some(target.0.clone()),
        _ => None,
    }
}
