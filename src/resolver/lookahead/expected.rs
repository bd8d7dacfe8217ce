//! The questions that clients are expected to ask soon. Look-ahead asks them in advance, or only counts whether clients ask them. Each
//! question is judged as used or unused after `AHEAD_WINDOW`.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::rules::RuleStep;
use crate::limits::{AHEAD_WINDOW, MAX_EXPECTED};
use config::Rule;
use dns::clock::Mono;
use dns::hash::Keyed;
use dns::question::QuestionKey;

/// Name, type and view of a question, as octets. Its flags are set to 0: an answer with signatures can be used for all combinations of
/// flags.
pub(super) type ExpectedKey = Box<[u8]>;

/// The number of a chain: the look-ahead questions about one address or one domain. The answer to one question of a chain leads to further
/// questions of the chain.
pub(super) type ChainNumber = u64;

#[derive(Debug)]
pub(super) struct Expected {
    pub(super) rule: Rule,
    pub(super) step: RuleStep,
    pub(super) chain: ChainNumber,
    pub(super) at: Mono,
    /// The number of queries of this question that count as unused. `None` if look-ahead did not ask the question.
    pub(super) messages: Option<u64>,
    /// How long the resolution of the question took. `None` while it is in progress, or if look-ahead did not ask the question.
    pub(super) took: Option<Duration>,
    /// When the TTL of the answer ends, or when the question failed. `None` in the same cases as `took`.
    pub(super) until: Option<Mono>,
    pub(super) used: bool,
}

#[derive(Debug)]
pub(super) struct ExpectedQuestions {
    by_key: HashMap<ExpectedKey, Expected, Keyed>,
    /// The keys in the order in which they were added, with the time.
    order: VecDeque<(ExpectedKey, Mono)>,
}

/// Returns the key of a question in this table: like `key`, but with all flags set to 0.
pub(super) fn key_of(key: &QuestionKey) -> ExpectedKey {
    let mut octets: Box<[u8]> = key.as_bytes().into();
    let flags =
        octets.len().checked_sub(QuestionKey::TAIL).and_then(|tail| octets.get_mut(tail.saturating_add(4)));
    if let Some(flags) = flags {
        *flags = 0;
    }
    octets
}

impl ExpectedQuestions {
    pub(super) fn new(keyed: Keyed) -> Self {
        Self { by_key: HashMap::with_hasher(keyed), order: VecDeque::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// Returns true if a question may be added. `asks` is true if look-ahead will ask it. A question that look-ahead asks may replace an equal one
    /// that is only counted, unless a client has used that one. A question of an inactive rule is only counted, so it does not prevent an active rule
    /// from asking the same question.
    pub(super) fn takes(&self, key: &[u8], asks: bool) -> bool {
        self.by_key.get(key).is_none_or(|expected| asks && expected.messages.is_none() && !expected.used)
    }

    pub(super) fn has_room(&self) -> bool {
        self.by_key.len() < MAX_EXPECTED
    }

    /// Returns true if there is room for one more question that look-ahead only counts and does not ask. Half of the table is reserved for
    /// questions that look-ahead asks.
    pub(super) fn has_room_to_observe(&self) -> bool {
        self.by_key.len() < MAX_EXPECTED / 2
    }

    pub(super) fn add(&mut self, key: ExpectedKey, expected: Expected) {
        self.order.push_back((key.clone(), expected.at));
        self.by_key.insert(key, expected);
    }

    pub(super) fn get_mut(&mut self, key: &[u8]) -> Option<&mut Expected> {
        self.by_key.get_mut(key)
    }

    /// Removes a question for which no query was needed.
    pub(super) fn remove(&mut self, key: &[u8]) -> Option<Expected> {
        self.by_key.remove(key)
    }

    /// Removes and returns the next question that was added at least `AHEAD_WINDOW` ago.
    pub(super) fn next_over(&mut self, now: Mono) -> Option<Expected> {
        while let Some((_, began)) = self.order.front() {
            if now.since(*began) < AHEAD_WINDOW {
                return None;
            }
            let (key, began) = self.order.pop_front()?;
            // The entry may be outdated: the question may have been removed and added again later.
            if self.by_key.get(&key).is_some_and(|expected| expected.at == began) {
                return self.by_key.remove(&key);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::question::Question;
    use dns::random::Random;
    use hickory_proto::rr::{Name, RecordType};

    #[test]
    fn expected_key_ignores_do_flag() {
        let plain = Question::new(&Name::from_ascii("mail.example.").unwrap(), RecordType::MX);
        let signed = Question { dnssec_ok: true, ..plain.clone() };
        let other = Question { kind: RecordType::TXT, ..plain.clone() };
        assert_eq!(key_of(&plain.key()), key_of(&signed.key()));
        assert_ne!(key_of(&plain.key()), key_of(&other.key()));
    }

    // A question that was not needed is removed and never expires.
    #[test]
    fn expected_question_expires_once() {
        let mut questions = ExpectedQuestions::new(Keyed::new(&Random::seeded(1)));
        let key = |number: u8| -> ExpectedKey { [number].into() };
        let at = |seconds| Mono::START.after(Duration::from_secs(seconds));
        let expected = |at| Expected {
            rule: Rule::Spf,
            step: RuleStep::End,
            chain: 1,
            at,
            messages: None,
            took: None,
            until: None,
            used: false,
        };
        questions.add(key(1), expected(at(0)));
        questions.add(key(2), expected(at(1)));
        assert!(!questions.takes(&key(1), false) && questions.takes(&key(3), false) && questions.has_room());
        // A question that look-ahead asks may replace one that is only counted.
        assert!(questions.takes(&key(1), true));
        questions.add(key(3), Expected { messages: Some(2), ..expected(at(0)) });
        questions.add(key(4), Expected { used: true, ..expected(at(0)) });
        assert!(!questions.takes(&key(3), true) && !questions.takes(&key(4), true));
        questions.remove(&key(3));
        questions.remove(&key(4));
        questions.remove(&key(1));
        questions.add(key(1), expected(at(2)));
        let mut over = |seconds| questions.next_over(at(seconds)).map(|expected| expected.at);
        assert_eq!(
            [over(30), over(31), over(31), over(32), over(99)],
            [None, Some(at(1)), None, Some(at(2)), None]
        );
    }
}
