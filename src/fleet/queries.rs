//! The counts of queries to DNS lists, which the gateways of a fleet add up in the store.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use crate::clock::millis_of;
use crate::error::StoreError;
use crate::gateway::{Gateway, ListQueries};
use crate::limits::QUOTA_TIME;
use crate::link::Link;
use crate::reply::Command;
use crate::store::Shared;

/// What this gateway knows of the counts in the store, for each DNS list and day (in days since 1970).
pub(crate) type Added = BTreeMap<(String, u64), Counted>;

/// The numbers of queries to one DNS list on one day.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counted {
    /// The queries that this gateway has added to the count in the store.
    own: u64,
    /// The count in the store when this gateway last added to it.
    all: u64,
}

impl Shared {
    /// Adds the new queries to DNS lists to the counts of the fleet.
    ///
    /// # Errors
    /// The store did not add them.
    pub(crate) async fn add_queries(
        &self,
        link: &Link,
        added: &mut Added,
        gateway: &impl Gateway,
    ) -> Result<(), StoreError> {
        let own = gateway.list_queries();
        added.retain(|(list, day), _| own.iter().any(|own| own.list == *list && own.day == *day));
        let before = &*added;
        let totals = join_all(own.iter().map(|queries| {
            let before = before.get(&(queries.list.clone(), queries.day)).copied().unwrap_or_default();
            self.add_to(link, queries, before)
        }));
        for (queries, all) in own.iter().zip(totals.await) {
            let all = all?;
            added.insert((queries.list.clone(), queries.day), Counted { own: queries.sent, all });
            gateway.fleet_queries(&ListQueries { sent: all, ..queries.clone() });
        }
        Ok(())
    }

    /// Adds the queries to one DNS list to the count of the fleet, and returns this count. `before`: the counts after the last time.
    async fn add_to(&self, link: &Link, queries: &ListQueries, before: Counted) -> Result<u64, StoreError> {
        let ListQueries { list, day, sent } = queries;
        let name = self.stored("queries", &self.sealer.name(format!("{day}:{list}").as_bytes()));
        let new = sent.saturating_sub(before.own);
        let mut total = self.add_number(link, &name, new).await?;
        let is_first = total == new;
        if total < before.all.saturating_add(new) {
            // A count only grows, so the store has lost its counts. Each gateway then adds its total again.
            total = self.add_number(link, &name, before.own).await?;
        }
        if is_first {
            link.command(&Command::new("PEXPIRE").key(&name).number(millis_of(QUOTA_TIME))).await?;
        }
        Ok(total)
    }

    async fn add_number(&self, link: &Link, name: &str, number: u64) -> Result<u64, StoreError> {
        let add = Command::new("INCRBY").key(name).number(number);
        match self.own(link, name, &add).await?.number() {
            Some(total) => Ok(total),
            // The count is negative, so a gateway did not write it.
            None => {
                self.remove_foreign(link, name).await?;
                self.own(link, name, &add).await?.number().ok_or(StoreError::Garbled)
            }
        }
    }
}
