//! Flushing: removes entries from all tables of the cache, and counts them.
//!
//! A flush reads whole tables, so it must not run on threads that serve clients.

use std::collections::HashSet;
use std::sync::Arc;

use hickory_proto::rr::{Name, RecordType};

use super::entries::{CacheEntry, EntryKind, kind_of};
use super::memory::Memory;
use dns::cached::{Flush, Flushed};
use dns::question::{Answer, QuestionKey, Security, ViewId, wire_name};

/// A [`Flush`] with names in wire form, as in the keys of entries.
#[derive(Debug)]
pub(crate) enum Aim {
    Name(Vec<u8>, Option<RecordType>),
    Tree(Vec<u8>, Option<RecordType>),
    Negative,
    All,
}

impl Memory {
    /// Removes the entries for `name` and for all names below it. Does this on a thread that does not serve clients.
    pub(crate) async fn flush_tree(&self, name: &Name) {
        let tree = Flush::Tree { name: name.clone(), kind: None };
        self.walk(move |memory| memory.flush(&tree)).await;
    }

    /// Removes the entries that `flush` selects. Reads all tables, so run it with `walk`. Answers are removed last: until the RRsets are removed, a
    /// client's question could make a new answer from them.
    pub fn flush(&self, flush: &Flush) -> Flushed {
        let aim = Aim::new(flush);
        let mut flushed = Flushed::default();
        let is_hit = |key: &QuestionKey, entry: &CacheEntry| match kind_of(entry) {
            EntryKind::Ranges => aim.hits_ranges(key),
            kind => aim.hits(key, kind == EntryKind::Negative),
        };
        self.rrsets.store().remove_each(is_hit, |entry| {
            let count = match kind_of(entry) {
                EntryKind::Rrset => &mut flushed.rrsets,
                EntryKind::Negative => &mut flushed.negatives,
                EntryKind::Delegation => &mut flushed.delegations,
                // Not counted: resolverd derived these entries from others.
                EntryKind::State | EntryKind::Exists | EntryKind::Ranges => return,
            };
            *count += 1;
        });
        self.failures.store().remove_each(|key, _| aim.hits(key, true), |_| flushed.failures += 1);
        if *flush == Flush::All {
            flushed.servers = self.servers.clear();
        }
        let is_hit = |key: &QuestionKey, answer: &Arc<Answer>| aim.hits(key, answer.is_negative());
        self.answers.0.remove_each(is_hit, |answer| {
            *(if answer.is_negative() { &mut flushed.negatives } else { &mut flushed.answers }) += 1;
        });
        self.answers.1.end_all();
        flushed
    }

    /// Removes entries at or below `names`, and entries of unused views. If `names` is not empty, all failures and all answers that are not secure
    /// are removed too, because an alias elsewhere may have led to one of `names`. Reads all tables, so run it with `walk`.
    pub fn forget(&self, names: &[Name], is_in_use: impl Fn(ViewId) -> bool) {
        let trees: HashSet<Vec<u8>> = names.iter().map(wire_name).collect();
        let is_gone = |key: &QuestionKey| {
            !is_in_use(key.view()) || suffixes(key.name()).any(|suffix| trees.contains(suffix))
        };
        let is_unchecked = |answer: &Answer| !names.is_empty() && answer.security != Security::Secure;
        self.rrsets.store().remove_each(|key, _| is_gone(key), |_| ());
        self.failures.store().remove_each(|key, _| !names.is_empty() || is_gone(key), |_| ());
        self.answers.0.remove_each(|key, answer| is_gone(key) || is_unchecked(answer), |_| ());
        self.answers.1.end_all();
    }
}

impl Aim {
    pub(crate) fn new(flush: &Flush) -> Self {
        match flush {
            Flush::Name { name, kind } => Self::Name(wire_name(name), *kind),
            Flush::Tree { name, kind } => Self::Tree(wire_name(name), *kind),
            Flush::Negative => Self::Negative,
            Flush::All => Self::All,
        }
    }

    /// Returns true if the entry under `key` is to be flushed. `negative` is true for a denial. The entry of an NXDOMAIN has no type, so it is
    /// flushed with any type.
    fn hits(&self, key: &QuestionKey, negative: bool) -> bool {
        let of_kind = |kind: &Option<RecordType>| {
            kind.is_none_or(|kind| key.kind() == kind || key.kind() == RecordType::ZERO)
        };
        self.concerns(key.name())
            && match self {
                Self::Name(_, kind) | Self::Tree(_, kind) => of_kind(kind),
                Self::Negative => negative,
                Self::All => true,
            }
    }

    /// Returns true if entries of `name` (in wire form) may be flushed.
    pub(crate) fn concerns(&self, name: &[u8]) -> bool {
        match self {
            Self::Name(flushed, _) => name == flushed.as_slice(),
            Self::Tree(tree, _) => suffixes(name).any(|suffix| suffix == tree),
            Self::Negative | Self::All => true,
        }
    }

    /// Returns true if one of the denied ranges (NSEC and NSEC3) of a zone may deny a flushed name. `key` is the cache key of these ranges, which has
    /// the name of the zone.
    fn hits_ranges(&self, key: &QuestionKey) -> bool {
        let (Self::Name(name, _) | Self::Tree(name, _)) = self else { return true };
        suffixes(name).any(|suffix| suffix == key.name()) || self.hits(key, true)
    }
}

/// Returns the name and each name above, in wire form.
fn suffixes(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(Some(name), |suffix| match suffix.split_first() {
        Some((length, rest)) if *length > 0 => rest.get(usize::from(*length)..),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::failures::ServersMeanwhile;
    use crate::cache::stage::{DAY, memory, name};
    use dns::cached::Rank;
    use dns::clock::Mono;
    use dns::question::{ExtendedError, Question};
    use dns::wire::compose;
    use dns::wire::compose::AnswerParts;
    use hickory_proto::rr::{RData, Record, rdata};

    fn filled() -> Memory {
        let memory = memory();
        for owner in ["example.", "a.example.", "b.a.example.", "notexample.", "other."] {
            for kind in [RecordType::A, RecordType::TXT, RecordType::TLSA] {
                let question = Question::new(&name(owner), kind);
                let record = Record::from_rdata(name(owner), 60, RData::A(rdata::A::new(192, 0, 2, 1)));
                let answer = compose::answer(&AnswerParts::positive(
                    &question,
                    std::slice::from_ref(&record),
                    Mono::START,
                ));
                let answer = Answer { security: Security::Secure, ..answer.unwrap() };
                memory.answers.put(question.key(), &Arc::new(answer));
                memory.failures.put(
                    question.key(),
                    ExtendedError::new(22, "no"),
                    ServersMeanwhile::Answered,
                    Mono::START,
                );
            }
            let record = Record::from_rdata(name(owner), 60, RData::A(rdata::A::new(192, 0, 2, 1)));
            memory.rrsets.in_view(ViewId::default()).put(&[&record], Rank::Answer, DAY, Mono::START);
        }
        memory
    }

    #[test]
    fn flush_covers_name_tree_or_type() {
        let memory = filled();
        let one = memory.flush(&Flush::Name { name: name("A.example."), kind: None });
        assert_eq!((one.answers, one.rrsets, one.failures), (3, 1, 3));
        let typed = memory.flush(&Flush::Tree { name: name("example."), kind: Some(RecordType::TLSA) });
        assert_eq!((typed.answers, typed.rrsets, typed.failures), (2, 0, 2));
        let tree = memory.flush(&Flush::Tree { name: name("example."), kind: None });
        assert_eq!((tree.answers, tree.rrsets, tree.failures), (4, 2, 4));
        let negative = memory.flush(&Flush::Negative);
        assert_eq!((negative.answers, negative.failures), (0, 6));
        let all = memory.flush(&Flush::All);
        assert_eq!((all.answers, all.rrsets), (6, 2));
        assert_eq!(memory.flush(&Flush::All), Flushed::default());
    }

    // A client composes an answer from cached records while the flush of all is running.
    #[test]
    fn answer_composed_during_flush_is_flushed() {
        let memory = memory();
        let address =
            |owner: &str| Record::from_rdata(name(owner), 60, RData::A(rdata::A::new(192, 0, 2, 1)));
        let owners: Vec<String> = (0..3_000).map(|number| format!("a{number}.example.")).collect();
        for owner in &owners {
            memory.rrsets.in_view(ViewId::default()).put(&[&address(owner)], Rank::Answer, DAY, Mono::START);
        }
        let (owner, record) = (name(&owners[0]), address(&owners[0]));
        let question = Question::new(&owner, RecordType::A);
        let made =
            compose::answer(&AnswerParts::positive(&question, std::slice::from_ref(&record), Mono::START));
        let (made, key) = (Arc::new(made.unwrap()), question.key());
        memory.answers.put(key.clone(), &made);
        let is_there = || memory.answers.get(key.as_bytes(), Mono::START).is_some();
        let is_flushed = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_flushed.load(std::sync::atomic::Ordering::Relaxed) {
                    let rrsets = memory.rrsets.in_view(ViewId::default());
                    if !is_there() && rrsets.last_word(&owner, RecordType::A, DAY, Mono::START).is_some() {
                        memory.answers.put(key.clone(), &made);
                    }
                }
            });
            memory.flush(&Flush::All);
            is_flushed.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        assert!(!is_there());
    }

    // Cached data below changed names and those of removed views are dropped.
    #[test]
    fn configuration_change_forgets_names_and_views() {
        let memory = filled();
        let other = ViewId::default().following().unwrap();
        let record = Record::from_rdata(name("other."), 60, RData::A(rdata::A::new(192, 0, 2, 1)));
        memory.rrsets.in_view(other).put(&[&record], Rank::Answer, DAY, Mono::START);
        let alias = Question::new(&name("other."), RecordType::A).key();
        let secure = memory.answers.get(alias.as_bytes(), Mono::START).unwrap();
        for security in [Security::Unchecked, Security::Insecure] {
            memory.answers.put(alias.clone(), &Arc::new(Answer { security, ..(*secure).clone() }));
            memory.forget(&[], |_| true);
            assert!(memory.answers.get(alias.as_bytes(), Mono::START).is_some());
            memory.forget(&[name("a.example."), name("gone.")], |_| true);
            assert!(memory.answers.get(alias.as_bytes(), Mono::START).is_none(), "it may lead there");
        }
        let left = |memory: &Memory| memory.flush(&Flush::Tree { name: name("example."), kind: None });
        assert_eq!(left(&memory).answers, 3, "only the apex");
        memory.forget(&[], |view| view == other);
        let all = memory.flush(&Flush::All);
        assert_eq!((all.answers, all.rrsets, all.failures), (0, 1, 0), "what the other view knows");
    }
}
