//! News: what a gateway reports to all others, or what its operator orders for all.

use std::collections::HashMap;
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

/// News in the store, before encryption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sent {
    /// The number of the sending gateway.
    pub(crate) sender: u64,
    /// The number of the news, in ascending order for each gateway.
    pub(crate) number: u64,
    /// The time of sending by the clock of the store, in milliseconds since 1970.
    pub(crate) sent: u64,
    pub(crate) news: News,
}

#[derive(Debug, Default)]
pub(crate) struct Inbox {
    /// For each gateway (`Sent::sender`): the number (`Sent::number`) of the last notice that came from it.
    last: HashMap<u64, u64>,
}

impl Inbox {
    /// Returns true if a notice of another gateway must be used: it is newer than the last notice of that gateway, and not too old. Otherwise an
    /// attacker could send an old order again, for example to turn off the validation of a name.
    pub(crate) fn takes(&mut self, sent: &Sent, age: Duration) -> bool {
        if self.last.len() >= MAX_MEMBERS && !self.last.contains_key(&sent.sender) {
            self.last.clear();
        }
        let last = self.last.entry(sent.sender).or_default();
        let is_new = sent.number > *last;
        *last = sent.number.max(*last);
        // Flushes and rules have no maximum age (see `NEWS_TIME`).
        is_new && (age <= NEWS_TIME || matches!(sent.news, News::Flush { .. } | News::Rules { .. }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_are_taken_once_and_in_order() {
        let mut inbox = Inbox::default();
        let news = News::RemoveNta { name: "example.".to_owned() };
        let flush = News::Flush { name: None, kind: None, tree: true, negative: false, host: None };
        let sent = |number, news: &News| Sent { sender: 7, number, sent: 0, news: news.clone() };
        let second = Duration::from_secs(1);
        assert!(inbox.takes(&sent(5, &news), second));
        assert!(!inbox.takes(&sent(5, &news), second), "repeated");
        assert!(!inbox.takes(&sent(4, &news), second), "older");
        assert!(!inbox.takes(&sent(6, &news), NEWS_TIME + second), "too old");
        assert!(inbox.takes(&sent(7, &flush), NEWS_TIME + second));
        assert!(inbox.takes(&Sent { sender: 8, ..sent(1, &news) }, second));
    }

    #[test]
    fn their_form_is_json() {
        let news = News::AddNta { name: "example.".to_owned(), seconds: 60 };
        let text = serde_json::to_string(&news).unwrap();
        assert_eq!(text, r#"{"news":"add_nta","name":"example.","seconds":60}"#);
        assert_eq!(serde_json::from_str::<News>(&text).unwrap(), news);
    }
}
