//! Finds zones that clients use like DNS lists although resolverd does not know them as lists. The operator sees them in a table. They are
//! resolved like all other zones.
//!
//! Names with reversed addresses also occur in zones of SPF macros of large senders (RFC 7208 section 7.2, `%{ir}`), so the only effect is a row
//! in that table. The number of zones is limited: the zone with the fewest questions is removed first.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hickory_proto::rr::Name;

use super::list::reversed;
use crate::limits::{LOOKALIKE_ADDRESSES, MAX_LOOKALIKES};
use history::redact::looks_like_a_key;

/// The zones that clients use like DNS lists although they are not known as lists.
#[derive(Debug, Default)]
pub struct Lookalikes(Mutex<BTreeMap<Name, AskedZone>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct AskedZone {
    questions: u64,
    /// The number of questions about an address that differs from the address in the question before.
    changes: u64,
    last: IpAddr,
}

/// A zone that clients use like a DNS list. resolverd does not know it as a DNS list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookalike {
    /// The zone: the part of the asked names after the reversed address.
    pub zone: Name,
    /// The number of questions about names in this zone that were not answered from the cache.
    pub questions: u64,
}

impl Lookalikes {
    /// Counts a question for `name`, which belongs to no known list, if the name begins with a reversed address.
    pub fn notice(&self, name: &Name) {
        let Some((address, zone)) = split(name) else { return };
        let mut zones = self.lock();
        if let Some(asked) = zones.get_mut(&zone) {
            asked.questions = asked.questions.saturating_add(1);
            asked.changes = asked.changes.saturating_add(u64::from(asked.last != address));
            asked.last = address;
            return;
        }
        if zones.len() >= MAX_LOOKALIKES {
            let least = zones.iter().min_by_key(|(_, asked)| asked.questions).map(|(zone, _)| zone.clone());
            if let Some(least) = least {
                zones.remove(&least);
            }
        }
        zones.insert(zone, AskedZone { questions: 1, changes: 0, last: address });
    }

    /// Returns the zones in which clients asked about so many different addresses that they are probably DNS lists. The zone with the most
    /// questions is first.
    pub fn list(&self) -> Vec<Lookalike> {
        let zones = self.lock();
        let alike = zones.iter().filter(|(_, asked)| asked.changes >= LOOKALIKE_ADDRESSES);
        let mut found: Vec<Lookalike> =
            alike.map(|(zone, asked)| Lookalike { zone: zone.clone(), questions: asked.questions }).collect();
        found.sort_by_key(|alike| std::cmp::Reverse(alike.questions));
        found
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Name, AskedZone>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Splits a name into the reversed address at its start and the zone after it. Returns `None` if the name does not start with an address, or is
/// in a reverse zone.
fn split(name: &Name) -> Option<(IpAddr, Name)> {
    let labels: Vec<&[u8]> = name.iter().collect();
    if labels.last().is_some_and(|last| last.eq_ignore_ascii_case(b"arpa")) {
        return None;
    }
    // The rest must have two labels or more: a zone with one label is a top-level domain, which is not a list.
    [4, 32].into_iter().find_map(|count| {
        let (front, rest) = labels.split_at_checked(count)?;
        let address = reversed(front)?;
        // If the rest begins with a label that looks like a customer's key, this label is removed, because the key must not be shown.
        let rest =
            rest.split_first().filter(|(first, _)| looks_like_a_key(first)).map_or(rest, |(_, rest)| rest);
        let mut zone = Name::from_labels(rest.iter().copied()).ok().filter(|_| rest.len() >= 2)?;
        zone.set_fqdn(true);
        Some((address, zone))
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
        assert_eq!(lookalikes.list(), [Lookalike { zone, questions: 20 }]);
    }

    #[test]
    fn what_may_be_a_key_is_not_shown() {
        let lookalikes = Lookalikes::default();
        for last in 1..=20 {
            lookalikes
                .notice(&name(&format!("{last}.2.0.192.a1b2c3d4e5f6a7b8c9d0e1f2g3.new.provider.example.")));
        }
        let zone = name("new.provider.example.");
        assert_eq!(lookalikes.list(), [Lookalike { zone, questions: 20 }]);
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
