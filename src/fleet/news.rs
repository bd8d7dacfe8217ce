//! News: what a gateway reports to all others, or what its operator orders for all.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::limits::{MAX_MEMBERS, NEWS_TIME};

/// A fact that one gateway has found out, or an order of its operator, for all gateways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum News {
    /// The operator has removed data from the caches of the fleet.
    Flush {
        /// The name whose data are removed; `None` for all names.
        name: Option<String>,
        /// The number of the record type whose data are removed; `None` for all types.
        kind: Option<u16>,
        /// True if names below `name` are included.
        tree: bool,
        /// True if only negative answers and failures are removed.
        negative: bool,
        /// The host name of the only gateway that flushes; `None` for all gateways. A flush for one gateway leaves the data in the store. After a
        /// restart, this gateway obeys the order again, so that it does not take the old data from the store.
        #[serde(default)]
        host: Option<String>,
    },
    /// The operator has added a negative trust anchor.
    AddNta {
        /// The name at and below which nothing is validated.
        name: String,
        /// How long the anchor applies after the news were sent, in seconds.
        seconds: u64,
    },
    /// The operator has removed a negative trust anchor.
    RemoveNta {
        /// The name of the anchor.
        name: String,
    },
    /// A gateway has found that a DNS list is faulty or works again.
    List {
        /// The apex of the DNS list.
        list: String,
        /// The JSON word of the list's state.
        state: String,
        /// The reason for the state.
        why: String,
    },
    /// A gateway has activated look-ahead rules, because its mail software asks the predicted questions.
    Rules {
        /// The JSON words of the rules.
        active: Vec<String>,
    },
    /// A server is dead or lame.
    Server {
        /// The record about the server, in the format of the cache's snapshot file.
        record: Vec<u8>,
    },
}

impl News {
    /// Returns true for an order of an operator, and false for a report of a gateway.
    pub const fn is_order(&self) -> bool {
        matches!(self, Self::Flush { .. } | Self::AddNta { .. } | Self::RemoveNta { .. })
    }

    /// Returns true if the news apply at any age (see `NEWS_TIME`).
    const fn has_no_age(&self) -> bool {
        matches!(self, Self::Flush { .. } | Self::Rules { .. })
    }
}

/// News in the store, before encryption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sent {
    /// The number of the sending gateway.
    pub(crate) sender: u64,
    /// The number of the news, in ascending order for each gateway. It is at least the time in `sent`.
    pub(crate) number: u64,
    /// The time of sending by the clock of the store, in milliseconds since 1970.
    pub(crate) sent: u64,
    pub(crate) news: News,
}

/// The news that were seen. The inbox of orders is kept over a restart. Otherwise whoever controls the store could repeat an old order, for
/// example one that turns off the validation of a name.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Inbox {
    /// For each gateway (`Sent::sender`): the number (`Sent::number`) of the last notice that came from it.
    last: BTreeMap<u64, u64>,
    /// Of gateways that are not in `last`, news up to this number were seen.
    forgotten: u64,
}

/// What is done with news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    New,
    /// They were seen before.
    Again,
    TooOld,
}

impl Inbox {
    /// Creates an inbox in which all news until `now` count as seen, in milliseconds since 1970.
    pub(crate) fn since(now: u64) -> Self {
        Self { last: BTreeMap::new(), forgotten: now }
    }

    /// Records a notice, and returns what is done with it. It is new if it is newer than the last notice of its gateway.
    pub(crate) fn takes(&mut self, sent: &Sent, age: Duration) -> Taken {
        let last = self.last.get(&sent.sender).copied().unwrap_or(self.forgotten);
        if sent.number <= last {
            return Taken::Again;
        }
        self.last.insert(sent.sender, sent.number);
        if self.last.len() > MAX_MEMBERS
            && let Some((sender, number)) =
                self.last.iter().map(|(sender, number)| (*sender, *number)).min_by_key(|(_, number)| *number)
        {
            self.last.remove(&sender);
            self.forgotten = self.forgotten.max(number);
        }
        if age <= NEWS_TIME || sent.news.has_no_age() { Taken::New } else { Taken::TooOld }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(sender: u64, number: u64, news: &News) -> Sent {
        Sent { sender, number, sent: 0, news: news.clone() }
    }

    #[test]
    fn news_are_taken_once_in_order() {
        let mut inbox = Inbox::default();
        let news = News::RemoveNta { name: "example.".to_owned() };
        let flush = News::Flush { name: None, kind: None, tree: true, negative: false, host: None };
        let second = Duration::from_secs(1);
        assert_eq!(inbox.takes(&sent(7, 5, &news), second), Taken::New);
        assert_eq!(inbox.takes(&sent(7, 5, &news), second), Taken::Again, "repeated");
        assert_eq!(inbox.takes(&sent(7, 4, &news), second), Taken::Again, "older");
        assert_eq!(inbox.takes(&sent(7, 6, &news), NEWS_TIME + second), Taken::TooOld);
        assert_eq!(inbox.takes(&sent(7, 7, &flush), NEWS_TIME + second), Taken::New);
        assert_eq!(inbox.takes(&sent(8, 1, &news), second), Taken::New);
    }

    #[test]
    fn a_forgotten_gateway_repeats_nothing() {
        let mut inbox = Inbox::default();
        let news = News::RemoveNta { name: "example.".to_owned() };
        let most = MAX_MEMBERS as u64;
        for sender in 0..=most {
            assert_eq!(inbox.takes(&sent(sender, 1_000 + sender, &news), Duration::ZERO), Taken::New);
        }
        assert_eq!(inbox.last.len(), MAX_MEMBERS);
        assert_eq!(inbox.takes(&sent(0, 1_000, &news), Duration::ZERO), Taken::Again);
        assert_eq!(inbox.takes(&sent(0, 9_000, &news), Duration::ZERO), Taken::New);
        let text = serde_json::to_vec(&inbox).unwrap();
        assert_eq!(serde_json::from_slice::<Inbox>(&text).unwrap(), inbox);
    }

    #[test]
    fn news_before_begin_count_as_seen() {
        let mut inbox = Inbox::since(1_000);
        let news = News::AddNta { name: "example.".to_owned(), seconds: 60 };
        assert_eq!(inbox.takes(&sent(7, 1_000, &news), Duration::ZERO), Taken::Again);
        assert_eq!(inbox.takes(&sent(7, 1_001, &news), Duration::ZERO), Taken::New);
    }

    #[test]
    fn their_form_is_json() {
        let news = News::AddNta { name: "example.".to_owned(), seconds: 60 };
        let text = serde_json::to_string(&news).unwrap();
        assert_eq!(text, r#"{"news":"add_nta","name":"example.","seconds":60}"#);
        assert_eq!(serde_json::from_str::<News>(&text).unwrap(), news);
    }
}
