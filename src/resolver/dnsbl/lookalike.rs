//! Finds zones that clients use like DNS lists although resolverd does not know them as lists. They become learned lists
//! ([`List::learned`](super::list::List::learned)), which may be asked in batches. Their answers are not judged.
//!
//! Names with reversed addresses also occur in zones of SPF macros of large senders (RFC 7208 section 7.2, `%{ir}`). A batch never asks such a
//! zone, because clients ask it only about the addresses of one sender. The number of zones is limited: the zone with the fewest questions is
//! removed first.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hickory_proto::rr::Name;
use tokio::sync::Notify;

use super::list::reversed;
use crate::limits::{LOOKALIKE_ADDRESSES, MAX_LOOKALIKES};
use history::redact::looks_like_a_key;

/// The zones that clients use like DNS lists although they are not known as lists.
#[derive(Debug, Default)]
pub struct Lookalikes {
    zones: Mutex<BTreeMap<Name, AskedZone>>,
    /// Notified when clients have asked about enough addresses in another zone.
    found: Notify,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct AskedZone {
    questions: u64,
    /// The number of questions about an address that differs from the address in the question before.
    changes: u64,
    last: IpAddr,
    /// True if the names probably contain a customer's key.
    keyed: bool,
}

/// A zone that clients use like a DNS list. resolverd does not know it as a DNS list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookalike {
    /// The zone: the part of the asked names after the reversed address.
    pub zone: Name,
    /// The number of questions about names in this zone that were not answered from the cache.
    pub questions: u64,
    /// True if the names in this zone probably contain a customer's key. Such a zone cannot be learned, because the key must not be shown.
    pub keyed: bool,
}

impl Lookalikes {
    /// Counts a question for `name`, which belongs to no known list, if the name begins with a reversed address.
    pub fn notice(&self, name: &Name) {
        let Some((address, zone, keyed)) = split(name) else { return };
        let mut zones = self.lock();
        if let Some(asked) = zones.get_mut(&zone) {
            asked.questions = asked.questions.saturating_add(1);
            if asked.last != address {
                asked.changes = asked.changes.saturating_add(1);
                asked.last = address;
                if asked.changes == LOOKALIKE_ADDRESSES {
                    self.found.notify_one();
                }
            }
            return;
        }
        if zones.len() >= MAX_LOOKALIKES {
            let least = zones.iter().min_by_key(|(_, asked)| asked.questions).map(|(zone, _)| zone.clone());
            if let Some(least) = least {
                zones.remove(&least);
            }
        }
        zones.insert(zone, AskedZone { questions: 1, changes: 0, last: address, keyed });
    }

    /// Waits until clients have asked about enough addresses in another zone.
    pub async fn found(&self) {
        self.found.notified().await;
    }

    /// Returns the zones in which clients asked about so many different addresses that they are probably DNS lists. The zone with the most
    /// questions is first.
    pub fn list(&self) -> Vec<Lookalike> {
        let zones = self.lock();
        let alike = zones.iter().filter(|(_, asked)| asked.changes >= LOOKALIKE_ADDRESSES);
        let lookalike = |(zone, asked): (&Name, &AskedZone)| Lookalike {
            zone: zone.clone(),
            questions: asked.questions,
            keyed: asked.keyed,
        };
        let mut found: Vec<Lookalike> = alike.map(lookalike).collect();
        found.sort_by_key(|alike| std::cmp::Reverse(alike.questions));
        found
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Name, AskedZone>> {
        self.zones.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Splits a name into the reversed address at its start and the zone after it. The boolean is true if a label that looks like a customer's key was
/// removed between the two. Returns `None` if the name does not start with an address, or is in a reverse zone.
fn split(name: &Name) -> Option<(IpAddr, Name, bool)> {
    let labels: Vec<&[u8]> = name.iter().collect();
    if labels.last().is_some_and(|last| last.eq_ignore_ascii_case(b"arpa")) {
        return None;
    }
    // The rest must have two labels or more: a zone with one label is a top-level domain, which is not a list.
    [4, 32].into_iter().find_map(|count| {
        let (front, rest) = labels.split_at_checked(count)?;
        let address = reversed(front)?;
        // If the rest begins with a label that looks like a customer's key, this label is removed, because the key must not be shown.
        let without_key =
            rest.split_first().filter(|(first, _)| looks_like_a_key(first)).map(|(_, rest)| rest);
        let rest = without_key.unwrap_or(rest);
        let mut zone = Name::from_labels(rest.iter().copied()).ok().filter(|_| rest.len() >= 2)?;
        zone.set_fqdn(true);
        Some((address, zone, without_key.is_some()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::stage::name;

    #[test]
    fn what_is_asked_about_many_addresses_looks_like_a_list() {
        let lookalikes = Lookalikes::default();
        for last in 1..=20 {
            lookalikes.notice(&name(&format!("{last}.2.0.192._spf.corp.example.")));
            lookalikes.notice(&name(&format!("{last}.2.0.192.in-addr.arpa.")));
            lookalikes.notice(&name("1.1.1.1.once.example."));
            lookalikes.notice(&name("www.corp.example."));
        }
        let zone = name("_spf.corp.example.");
        assert_eq!(lookalikes.list(), [Lookalike { zone, questions: 20, keyed: false }]);
    }

    #[test]
    fn what_may_be_a_key_is_not_shown() {
        let lookalikes = Lookalikes::default();
        for last in 1..=20 {
            lookalikes
                .notice(&name(&format!("{last}.2.0.192.a1b2c3d4e5f6a7b8c9d0e1f2g3.new.provider.example.")));
        }
        let zone = name("new.provider.example.");
        assert_eq!(lookalikes.list(), [Lookalike { zone, questions: 20, keyed: true }]);
    }

    #[test]
    fn strangers_cannot_fill_the_table() {
        let lookalikes = Lookalikes::default();
        for last in 1..=20 {
            lookalikes.notice(&name(&format!("{last}.2.0.192.much.example.")));
        }
        for number in 0..10_000 {
            lookalikes.notice(&name(&format!("4.3.2.1.z{number}.example.")));
        }
        assert_eq!(lookalikes.lock().len(), MAX_LOOKALIKES);
        assert_eq!(lookalikes.list().len(), 1);
    }
}
