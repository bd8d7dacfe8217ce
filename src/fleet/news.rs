//! News that one gateway has for all others, and in which order they are taken.

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::limits::{MAX_MEMBERS, NEWS_TIME};

/// Something that one gateway has learned or was ordered to do, and that concerns the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum News {
    /// The operator has removed data from the caches of the fleet.
    Flush {
        /// The name whose data are removed; `None` means all names.
        name: Option<String>,
        /// The only record type whose data are removed, as a number; `None` means all types.
        kind: Option<u16>,
        /// True if data of names below `name` are removed too.
        tree: bool,
        /// True if only negative answers and failures are removed.
        negative: bool,
        /// The only gateway that the flush concerns, by its host name; `None` means all gateways. The gateway itself reads it after a restart,
        /// because older data are still in the store.
        #[serde(default)]
        host: Option<String>,
    },
    /// The operator has added a negative trust anchor.
    AddNta {
        /// The name at and below which nothing is validated.
        name: String,
        /// The time for which the anchor applies, in seconds from when the news were sent.
        seconds: u64,
    },
    /// The operator has removed a negative trust anchor.
    RemoveNta {
        /// The name of the anchor.
        name: String,
    },
    /// A gateway has found out that a DNS list is faulty, or works again, for a reason that does not depend on the address of the gateway.
    List {
        /// The apex of the list.
        list: String,
        /// The state of the list, in the word that JSON shows.
        state: String,
        /// Why the list has this state.
        why: String,
    },
    /// Mail software uses the queries of these rules of look-ahead.
    Rules {
        /// The rules, in the words that JSON shows.
        active: Vec<String>,
    },
    /// A server is dead or lame: the record of the server, in the form of a snapshot.
    Server {
        /// The record.
        record: Vec<u8>,
    },
}

/// News as they are in the store, before they are sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sent {
    /// The gateway that sent them.
    pub(crate) sender: u64,
    /// The number of these news. It grows with each news of a gateway.
    pub(crate) number: u64,
    /// When they were sent, by the clock of the store, in milliseconds since 1970.
    pub(crate) sent: u64,
    pub(crate) news: News,
}

/// Decides which news of the others are taken.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    /// The number of the last news of each sender.
    last: HashMap<u64, u64>,
}

impl Inbox {
    /// Returns true if news are taken: they are not repeated, and not so old that they no longer apply. A repeated order, for instance to
    /// validate nothing, would be a way to attack.
    pub(crate) fn takes(&mut self, sent: &Sent, age: Duration) -> bool {
        if self.last.len() >= MAX_MEMBERS && !self.last.contains_key(&sent.sender) {
            self.last.clear();
        }
        let last = self.last.entry(sent.sender).or_default();
        let is_new = sent.number > *last;
        *last = sent.number.max(*last);
        // Data from before a flush must not come back, and habits change only with the mail software.
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
