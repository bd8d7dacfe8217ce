//! Flushing: what an operator wants gone, from all memories, every type, with its number.
//!
//! May call: `question`. Walks whole tables, so it runs off the threads that serve.

use hickory_proto::rr::{Name, RecordType};

use super::{Memory, rrsets};
use crate::question::{QuestionKey, Security, wire_name};

/// What is to be flushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flush {
    /// One name: all types, or one.
    Name {
        /// The name.
        name: Name,
        /// Only this type.
        kind: Option<RecordType>,
    },
    /// A name and all below it.
    Tree {
        /// The name.
        name: Name,
        /// Only this type.
        kind: Option<RecordType>,
    },
    /// Negative answers and failures of any name.
    Negative,
    /// Everything.
    All,
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flushed {
    /// Answers, the negative ones not counted.
    pub answers: u64,
    /// RRsets.
    pub rrsets: u64,
    /// Negative answers, kept as answers or as RRsets.
    pub negatives: u64,
    /// Zone cuts, and what their zones' keys turned out to be.
    pub delegations: u64,
    /// Failures.
    pub failures: u64,
    /// Servers.
    pub servers: u64,
}

impl Memory {
    /// Removes what `flush` names, expired entries too.
    pub fn flush(&self, flush: &Flush) -> Flushed {
        let mut flushed = Flushed::default();
        self.flush_answers(flush, &mut flushed);
        self.flush_rrsets(flush, &mut flushed);
        let failed: Vec<_> = self.failures.store().iter().map(|(key, _)| key).collect();
        for key in failed.iter().filter(|key| *flush == Flush::Negative || flush.reaches(key)) {
            flushed.failures += u64::from(self.failures.store().remove(key.as_ref()).is_some());
        }
        if *flush == Flush::All {
            flushed.servers = self.servers.clear();
        }
        flushed
    }

    /// Removes answers that are insecure, which may follow from a negative trust anchor or an exemption that is no
    /// more; RRsets stay.
    pub fn forget_insecure_answers(&self) {
        let store = &self.answers.0;
        let insecure = store.iter().filter(|(_, answer)| answer.security == Security::Insecure);
        let keys: Vec<_> = insecure.map(|(key, _)| key).collect();
        for key in keys {
            store.invalidate(key.as_ref());
        }
    }

    fn flush_answers(&self, flush: &Flush, flushed: &mut Flushed) {
        let store = &self.answers.0;
        let entries: Vec<_> = store.iter().map(|(key, answer)| (key, answer.is_negative())).collect();
        for (key, negative) in entries {
            if !(flush.reaches(&key) || negative && *flush == Flush::Negative) {
                continue;
            }
            let removed = u64::from(store.remove(key.as_ref()).is_some());
            *(if negative { &mut flushed.negatives } else { &mut flushed.answers }) += removed;
        }
    }

    fn flush_rrsets(&self, flush: &Flush, flushed: &mut Flushed) {
        let store = self.rrsets.store();
        let entries: Vec<_> = store.iter().map(|(key, entry)| (key, rrsets::sort_of(&entry))).collect();
        for (key, sort) in entries {
            let negative = sort == rrsets::Sort::Negative;
            if !(flush.reaches(&key) || negative && *flush == Flush::Negative) {
                continue;
            }
            let removed = u64::from(store.remove(key.as_ref()).is_some());
            let count = match sort {
                rrsets::Sort::Rrset => &mut flushed.rrsets,
                rrsets::Sort::Negative => &mut flushed.negatives,
                rrsets::Sort::Delegation | rrsets::Sort::State => &mut flushed.delegations,
            };
            *count += removed;
        }
    }
}

impl Flush {
    /// Whether it names the entry under `key`. The entry that says "no such name" has no type and goes with any.
    fn reaches(&self, key: &QuestionKey) -> bool {
        let of_kind = |kind: &Option<RecordType>| {
            kind.is_none_or(|kind| key.kind() == kind || key.kind() == RecordType::ZERO)
        };
        match self {
            Self::Name { name, kind } => key.name() == wire_name(name) && of_kind(kind),
            Self::Tree { name, kind } => is_below(key.name(), &wire_name(name)) && of_kind(kind),
            Self::Negative => false,
            Self::All => true,
        }
    }
}

/// Whether the wire name `name` is `tree` or lies below it.
fn is_below(name: &[u8], tree: &[u8]) -> bool {
    let mut rest = name;
    loop {
        if rest == tree {
            return true;
        }
        match rest.split_first() {
            Some((length, labels)) if *length > 0 => {
                rest = labels.get(usize::from(*length)..).unwrap_or_default();
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::rrsets::Rank;
    use crate::cache::stage::{DAY, memory, name};
    use crate::clock::Mono;
    use crate::question::{ExtendedError, Question, ViewId};
    use crate::wire::compose::{self, Parts};
    use hickory_proto::op::ResponseCode;
    use hickory_proto::rr::{RData, Record, rdata};
    use std::sync::Arc;

    fn filled() -> Memory {
        let memory = memory();
        for owner in ["example.", "a.example.", "b.a.example.", "notexample.", "other."] {
            for kind in [RecordType::A, RecordType::TXT, RecordType::TLSA] {
                let question = Question::new(&name(owner), kind);
                let record = Record::from_rdata(name(owner), 60, RData::A(rdata::A::new(192, 0, 2, 1)));
                let answer = compose::answer(&Parts {
                    question: &question,
                    rcode: ResponseCode::NoError,
                    answers: std::slice::from_ref(&record),
                    authorities: &[],
                    stored: Mono::START,
                    extended_error: None,
                    list: None,
                });
                memory.answers.put(question.key(), &Arc::new(answer.unwrap()));
                memory.failures.put(question.key(), ExtendedError::new(22, "no"), true, Mono::START);
            }
            let record = Record::from_rdata(name(owner), 60, RData::A(rdata::A::new(192, 0, 2, 1)));
            memory.rrsets.of(ViewId::default()).put(&[&record], Rank::Answer, DAY, Mono::START);
        }
        memory
    }

    #[test]
    fn a_name_a_tree_a_type_and_all() {
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
}
