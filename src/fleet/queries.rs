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

/// The queries that this gateway has added to the count of the fleet, for each DNS list and day (in days since 1970).
pub(crate) type Added = BTreeMap<(String, u64), u64>;

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
        for (queries, total) in own.iter().zip(totals.await) {
            let total = total?;
            added.insert((queries.list.clone(), queries.day), queries.sent);
            gateway.fleet_queries(&ListQueries { sent: total, ..queries.clone() });
        }
        Ok(())
    }

    /// Adds the queries to one DNS list to the count of the fleet, and returns this count. `before`: how many of these queries this gateway
    /// has already added.
    async fn add_to(&self, link: &Link, queries: &ListQueries, before: u64) -> Result<u64, StoreError> {
        let ListQueries { list, day, sent } = queries;
        let name = self.stored("queries", &self.sealer.name(format!("{day}:{list}").as_bytes()));
        let new = sent.saturating_sub(before);
        let mut total = self.add_number(link, &name, new).await?;
        let is_first = total == new;
        if total < before.saturating_add(new) {
            // The count is below that of this gateway alone, so the store has lost its counts. Each gateway then adds its total again.
            total = self.add_number(link, &name, before).await?;
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
