//! Reads the entries of a name from all tables, for `resolverctl cache`.
//!
//! The functions read whole tables, because a lookup by key counts as a use of the entry and delays its eviction.

use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::{Name, Record, RecordType};

use super::entries::{CacheEntry, Known};
use super::memory::{Memory, weigh_answer};
use super::negative::Negative;
use super::security::ZoneTrust;
use super::{entries, failures};
use dns::cached::{Delegation, Rank};
use dns::clock::Mono;
use dns::question::{Answer, ExtendedError, Question, ViewId, wire_name};

/// A cache entry whose TTL has not expired.
#[derive(Clone, Debug)]
pub struct Held {
    /// The record type; `None` for an entry for all types.
    pub kind: Option<RecordType>,
    /// The view. Views do not share entries.
    pub view: ViewId,
    /// The remaining TTL.
    pub left: Duration,
    /// The memory of the entry in octets.
    pub octets: u32,
    /// The content.
    pub what: HeldData,
}

/// The content of a cache entry.
#[derive(Clone, Debug)]
pub enum HeldData {
    /// An answer in wire form, with its question and flags.
    Answer(Question, Arc<Answer>),
    /// The rank of an RRset, and its records with the remaining TTL.
    Rrset(Rank, Vec<Record>),
    /// A denial.
    Negative(Arc<Negative>),
    /// A delegation.
    Delegation(Arc<Delegation>),
    /// The DNSSEC state of the zone.
    State(Arc<ZoneTrust>),
    /// A recent failure of a question.
    Failure(Question, ExtendedError),
}

impl Memory {
    /// Returns the entries of `name`, sorted by table, view and type.
    pub fn look(&self, name: &Name, kind: Option<RecordType>, now: Mono) -> Vec<Held> {
        let mut held = self.look_at_answers(name, kind, now);
        held.extend(self.look_at_rrsets(name, kind, now));
        held.extend(self.look_at_failures(name, kind, now));
        held
    }

    /// Returns the names of all answers, RRsets, denials and delegations. For tests only.
    #[cfg(feature = "simulated")]
    pub fn names(&self) -> Vec<Name> {
        let answers = self.answers.0.entries(|_, _| true).into_iter().map(|(key, _)| key);
        let rrsets = self.rrsets.store().entries(|_, _| true).into_iter().map(|(key, _)| key);
        answers.chain(rrsets).filter_map(|key| key.question().map(|question| question.name)).collect()
    }

    fn look_at_answers(&self, name: &Name, kind: Option<RecordType>, now: Mono) -> Vec<Held> {
        let wire = wire_name(name);
        let found = self.answers.0.entries(|key, answer| {
            key.name() == wire && kind.is_none_or(|kind| key.kind() == kind) && answer.is_fresh(now)
        });
        let mut held: Vec<_> = found
            .into_iter()
            .filter_map(|(key, answer)| {
                let question = key.question()?;
                Some(Held {
                    kind: Some(question.kind),
                    view: question.view,
                    left: answer.expires.since(now),
                    octets: weigh_answer(&key, &answer),
                    what: HeldData::Answer(question, answer),
                })
            })
            .collect();
        held.sort_by_key(|held| match &held.what {
            HeldData::Answer(question, _) => Some(question.key().as_bytes().to_vec()),
            _ => None,
        });
        held
    }

    fn look_at_rrsets(&self, name: &Name, kind: Option<RecordType>, now: Mono) -> Vec<Held> {
        let wire = wire_name(name);
        let mut held = Vec::new();
        for (key, entry) in self.rrsets.store().entries(|key, _| key.name() == wire) {
            let octets = entries::weigh(&key, &entry);
            let (of, left, what) = match entry {
                CacheEntry::Known(Known::Rrset(rrset)) => {
                    let what = HeldData::Rrset(rrset.rank(), rrset.records(name, now));
                    (Some(key.kind()), rrset.left(now), what)
                }
                CacheEntry::Known(Known::Negative(negative)) => {
                    let of = (key.kind() != RecordType::ZERO).then(|| key.kind());
                    (of, negative.left(now), HeldData::Negative(negative))
                }
                CacheEntry::Delegation(delegation) => {
                    (None, delegation.expires.since(now), HeldData::Delegation(delegation))
                }
                CacheEntry::State(state) => (None, state.expires.since(now), HeldData::State(state)),
                CacheEntry::Exists(_) | CacheEntry::Ranges(_) | CacheEntry::Mark(_) => continue,
            };
            if !left.is_zero() && (kind.is_none() || of.is_none() || of == kind) {
                let view = key.view();
                held.push(Held { kind: of, view, left, octets, what });
            }
        }
        held.sort_by_key(|held| (held.view, held.kind.map(u16::from)));
        held
    }

    fn look_at_failures(&self, name: &Name, kind: Option<RecordType>, now: Mono) -> Vec<Held> {
        let wire = wire_name(name);
        let found = self.failures.store().entries(|key, failed| {
            key.name() == wire && kind.is_none_or(|kind| key.kind() == kind) && now < failed.until
        });
        let mut held: Vec<_> = found
            .into_iter()
            .filter_map(|(key, failed)| {
                let question = key.question()?;
                let octets = failures::weigh(&key, &failed);
                let left = failed.until.since(now);
                let view = question.view;
                let what = HeldData::Failure(question, failed.error.clone());
                Some((key.flags(), Held { kind: Some(key.kind()), view, left, octets, what }))
            })
            .collect();
        held.sort_by_key(|(flags, held)| (held.kind.map(u16::from), *flags));
        held.into_iter().map(|(_, held)| held).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::failures::ServersMeanwhile;
    use crate::cache::negative::Denial;
    use crate::cache::stage::{DAY, memory, name};
    use dns::wire::compose;
    use dns::wire::compose::AnswerParts;
    use hickory_proto::rr::RData;
    use hickory_proto::rr::rdata::{A, SOA};

    fn filled() -> Memory {
        let memory = memory();
        let soa = SOA::new(name("ns.example."), name("hostmaster.example."), 1, 2, 3, 4, 60);
        let soa = Record::from_rdata(name("example."), 60, RData::SOA(soa));
        for owner in ["mail.example.", "other.example."] {
            let record = Record::from_rdata(name(owner), 100, RData::A(A::new(192, 0, 2, 1)));
            for dnssec_ok in [false, true] {
                let question = Question { dnssec_ok, ..Question::new(&name(owner), RecordType::A) };
                let answer = compose::answer(&AnswerParts::positive(
                    &question,
                    std::slice::from_ref(&record),
                    Mono::START,
                ));
                memory.answers.put(question.key(), &Arc::new(answer.unwrap()));
            }
            memory.rrsets.in_view(ViewId::default()).put(&[&record], Rank::Glue, DAY, Mono::START);
            memory.rrsets.in_view(ViewId::default()).put_negative(
                Denial { name: &name(owner), kind: RecordType::MX, nxdomain: false, soa: &soa },
                DAY,
                Mono::START,
            );
            memory.rrsets.in_view(ViewId::default()).put_delegation(Arc::new(Delegation::plain(
                name(owner),
                vec![name("ns.example.")],
                Vec::new(),
                (Mono::START, Mono::START.after(DAY)),
            )));
            let question = Question::new(&name(owner), RecordType::TXT);
            memory.failures.put(
                question.key(),
                ExtendedError::new(22, "no"),
                ServersMeanwhile::Answered,
                Mono::START,
            );
        }
        memory
    }

    fn rows(held: &[Held]) -> Vec<(&'static str, Option<RecordType>, u64)> {
        let word = |what: &HeldData| match what {
            HeldData::Answer(question, _) if question.dnssec_ok => "answer with DO",
            HeldData::Answer(..) => "answer",
            HeldData::Rrset(Rank::Glue, _) => "glue",
            HeldData::Rrset(..) => "rrset",
            HeldData::Negative(_) => "negative",
            HeldData::Delegation(_) => "delegation",
            HeldData::State(_) => "trust",
            HeldData::Failure(..) => "failure",
        };
        held.iter().map(|held| (word(&held.what), held.kind, held.left.as_secs())).collect()
    }

    #[test]
    fn cache_lookup_lists_unexpired_entries() {
        let memory = filled();
        let held = memory.look(&name("Mail.Example."), None, Mono::START);
        let expected = [
            ("answer", Some(RecordType::A), 100),
            ("answer with DO", Some(RecordType::A), 100),
            ("delegation", None, 86_400),
            ("glue", Some(RecordType::A), 100),
            ("negative", Some(RecordType::MX), 60),
            ("failure", Some(RecordType::TXT), 1),
        ];
        assert_eq!(rows(&held), expected);
        assert!(held.iter().all(|held| held.octets > 112));
        let later = memory.look(&name("mail.example."), None, Mono::START.after(Duration::from_secs(80)));
        assert_eq!(rows(&later).len(), 4);
        let typed = memory.look(&name("mail.example."), Some(RecordType::MX), Mono::START);
        assert_eq!(rows(&typed), [expected[2], expected[4]]);
        assert!(memory.look(&name("example."), None, Mono::START).is_empty());
    }
}
