//! Streams of news in the store: one with the orders of operators, one with the reports of gateways. So reports never delay an order.
//!
//! Anybody who can write to the store can add items. Items without a valid seal are skipped. Each heartbeat reads until the end of a stream, with
//! several commands, so that thousands of foreign items do not delay those of gateways.

use crate::clock::millis_of;
use crate::error::StoreError;
use crate::limits::{LARGE_NEWS_AT_ONCE, LONG_REPLY, MAX_NEWS, MAX_ORDERS, NEWS_AHEAD, NEWS_AT_ONCE};
use crate::link::Link;
use crate::news::{News, Sent};
use crate::reply::{Command, Value};
use crate::store::Shared;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Orders,
    Reports,
}

impl Kind {
    /// Returns true if news of this kind belong into the stream. An order among reports is not carried out.
    pub(crate) const fn has(self, news: &News) -> bool {
        matches!(self, Self::Orders) == news.is_order()
    }
}

/// The id of an item: the time at which it was added, in milliseconds since 1970 by the clock of the store, and a number within it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ItemId(u64, u64);

impl ItemId {
    fn read(text: &[u8]) -> Option<Self> {
        let (millis, number) = str::from_utf8(text).ok()?.split_once('-')?;
        Some(Self(millis.parse().ok()?, number.parse().ok()?))
    }
}

impl std::fmt::Display for ItemId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}-{}", self.0, self.1)
    }
}

/// How far a stream was read.
#[derive(Debug, Default)]
pub(crate) struct Position {
    read: ItemId,
    /// True if a reply was too large. Then fewer items are read with one command, until the end of the stream.
    has_large_items: bool,
    /// True if the end of the stream was reached once.
    pub(crate) has_reached_end: bool,
}

/// The next news of a stream.
pub(crate) struct Page {
    pub(crate) news: Vec<Sent>,
    /// False if the stream has further items. An error says that the next one is too large, and that the connection has ended.
    pub(crate) is_last: Result<bool, StoreError>,
}

impl Shared {
    /// Returns the name of a stream. That of the orders cannot be guessed, and gateways with another key have another one.
    pub(crate) fn stream(&self, kind: Kind) -> String {
        match kind {
            Kind::Orders => self.stored("orders", &self.sealer.name(b"orders")),
            Kind::Reports => self.stored("news", ""),
        }
    }

    /// Adds news to a stream, and returns the id of the item.
    ///
    /// # Errors
    /// The store did not add it.
    pub(crate) async fn add_news(&self, link: &Link, kind: Kind, sent: &Sent) -> Result<ItemId, StoreError> {
        let stream = self.stream(kind);
        let text = serde_json::to_vec(sent).unwrap_or_default();
        let most = if kind == Kind::Orders { MAX_ORDERS } else { MAX_NEWS };
        let add = Command::new("XADD").key(&stream).word("MAXLEN").word("~").number(most).word("*");
        let add = add.word("news").word(self.sealer.seal(&stream, &text));
        let added = self.own(link, &stream, &add).await?;
        added.into_text().ok().and_then(|id| ItemId::read(&id)).ok_or(StoreError::Garbled)
    }

    /// Returns true if a stream still has the item.
    ///
    /// # Errors
    /// The store does not say.
    pub(crate) async fn has_item(&self, link: &Link, kind: Kind, id: ItemId) -> Result<bool, StoreError> {
        let range = Command::new("XRANGE").key(&self.stream(kind)).word(id.to_string()).word(id.to_string());
        let found = link.command(&range.at_most(LONG_REPLY)).await?;
        Ok(!found.into_list()?.is_empty())
    }

    /// Reads the next news of a stream, and moves the position past them. If a part of the reply is too large, the position is past this part, and
    /// the connection has ended.
    ///
    /// # Errors
    /// The store did not reply with items after the position.
    pub(crate) async fn read_page(
        &self,
        link: &Link,
        kind: Kind,
        position: &mut Position,
    ) -> Result<Page, StoreError> {
        let stream = self.stream(kind);
        let Some(now) = self.millis() else { return Ok(Page { news: Vec::new(), is_last: Ok(true) }) };
        let at_once = if position.has_large_items { LARGE_NEWS_AT_ONCE } else { NEWS_AT_ONCE };
        let range = Command::new("XRANGE").key(&stream).word(format!("({}", position.read));
        let last = now.saturating_add(millis_of(NEWS_AHEAD));
        let range = range.number(last);
        let range = range.word("COUNT").number(at_once).at_most(LONG_REPLY);
        let (items, is_cut) = match self.own(link, &stream, &range).await {
            Err(StoreError::TooLarge(items)) => (items, true),
            items => (items?, false),
        };
        let items = items.into_list()?;
        let is_end = items.len() < at_once && !is_cut;
        let mut news = Vec::new();
        for item in items {
            let mut parts = item.into_list()?.into_iter();
            let id = parts.next().and_then(|id| ItemId::read(&id.into_text().ok()?));
            // A hostile store could repeat items forever, or hide all later ones.
            let is_next = |id: &ItemId| *id > position.read && id.0 <= last;
            position.read = id.filter(is_next).ok_or(StoreError::Garbled)?;
            news.extend(parts.next().and_then(|fields| self.open_news(&stream, fields)));
        }
        news.retain(|sent| sent.sender != self.id && kind.has(&sent.news));
        position.has_large_items = is_cut || position.has_large_items && !is_end;
        position.has_reached_end |= is_end;
        let is_last = if is_cut { Err(StoreError::TooLarge(Value::Nothing)) } else { Ok(is_end) };
        Ok(Page { news, is_last })
    }

    fn open_news(&self, stream: &str, fields: Value) -> Option<Sent> {
        let Value::List(fields) = fields else { return None };
        let Some(Value::Text(sealed)) = fields.get(1) else { return None };
        serde_json::from_slice(&self.sealer.open(stream, sealed)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_has_time_and_number() {
        let read = |text: &str| ItemId::read(text.as_bytes());
        assert_eq!(read("1700000000000-7"), Some(ItemId(1_700_000_000_000, 7)));
        assert!(read("5-1") < read("5-2") && read("5-2") < read("18446744073709551615-18446744073709551615"));
        for wrong in ["", "5", "-", "a-1", "5-18446744073709551616", "5-1-1"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
