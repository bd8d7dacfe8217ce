//! Which DNS records of the domains that this gateway mails with have changed, from what to what, and when.
//!
//! The code reads no clock and no cache: the caller passes each set of records that came from servers, with the time at which it came. Sets are
//! compared as sets: neither order nor TTL counts. A failure is no value and is never passed.
//!
//! # Decisions
//!
//! - A domain is watched from its first MX record on, and the hosts in its MX set for their addresses and TLSA records. Of a watched name, a proven
//!   denial is the value "none", so that the first DS or DMARC record is a change. Names without records, such as those that spam invents, take
//!   no memory.
//! - Several sets that come again (load balancing, answers by place) are a rotation and no change. The module `record` has the rule that tells a
//!   change and its undoing from a rotation.
//! - A change is shown at once, because `why` needs it at once. If it turns out to be a part of a rotation, it is withdrawn.
//! - A host of many domains is stored once. The screen of a domain shows the changes of its mail hosts too.
//! - If the table is full, names are removed in this order: without a change and seen on one day only, as in a flood of spam; without a change;
//!   others. In each group, the name that was not seen for the longest time goes first.
//! - A set with a TTL of 0, which is not cached, is not seen.

mod record;
mod value;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::record::WatchedRecord;
pub use self::record::{Change, RecordKind};
pub use self::value::Value;
use crate::limits::{CHANGES_TIME, MAX_CHANGES_OCTETS, MAX_WATCHED_HOSTS, MAX_WATCHED_RECORDS};

const VERSION: u32 = 1;
const DAY: u64 = 24 * 60 * 60;

/// A set of records that came from servers.
#[derive(Clone, Debug)]
pub struct Observed<'a> {
    /// The domain or mail host, in lower case with a dot at the end.
    pub name: &'a str,
    /// The owner of the records if it is not `name`, for instance the name of a DKIM key.
    pub owner: Option<&'a str>,
    /// What the records are for.
    pub kind: RecordKind,
    /// The value; `None` if the servers proved that there is none.
    pub value: Option<Value>,
    /// When the set came, in seconds since 1970. A set that came at the time of the last one is the same set, read twice.
    pub at: u64,
}

/// The last known values of the records of all watched names, and their changes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Changes {
    version: u32,
    names: BTreeMap<Box<str>, WatchedName>,
    /// The sum of the weights of `names`: an upper bound of their size in the file, in octets.
    #[serde(skip)]
    weight: usize,
    /// The name after which `next_domains` goes on.
    #[serde(skip)]
    cursor: Box<str>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct WatchedName {
    /// When the name was first and last seen, in seconds since 1970.
    #[serde(rename = "f")]
    first: u64,
    #[serde(rename = "l")]
    last: u64,
    #[serde(rename = "h", default, skip_serializing_if = "Vec::is_empty")]
    hosts: Vec<Box<str>>,
    #[serde(rename = "r")]
    records: Vec<WatchedRecord>,
}

/// A change of a record, for the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeRow {
    /// When the new value was first seen, in seconds since 1970.
    pub at: u64,
    /// The owner of the record.
    pub name: String,
    /// What the record is for.
    pub record: RecordKind,
    /// The old value: records in alphabetical order, with commas between them; `none` if there were none.
    pub old: String,
    /// The new value.
    pub new: String,
}

/// The changes of a domain and its mail hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangesReport {
    /// The changes, the latest first.
    pub changes: Vec<ChangeRow>,
    /// Since when the name is watched, in seconds since 1970; `None` if it is not watched.
    pub since: Option<u64>,
}

impl Changes {
    /// Takes a set of records.
    pub fn observe(&mut self, observed: &Observed<'_>) {
        let Observed { name, owner, kind, value, at } = observed;
        if !self.names.contains_key(*name) {
            let begins = matches!(kind, RecordKind::Mx | RecordKind::A | RecordKind::Aaaa);
            if !begins || value.is_none() {
                return;
            }
            self.names.insert((*name).into(), WatchedName { first: *at, ..WatchedName::default() });
        }
        self.change(name, |watched| {
            watched.last = watched.last.max(*at);
            let value = value.clone().unwrap_or_default();
            if let Some(known) = watched.records.iter_mut().find(|known| known.is_of(*owner, *kind)) {
                known.observe(value, *at);
            } else if watched.records.len() < MAX_WATCHED_RECORDS {
                watched.records.push(WatchedRecord::new(*owner, *kind, value, *at));
            }
        });
        self.fit();
    }

    /// Sets the mail hosts of a watched domain.
    pub fn set_hosts(&mut self, domain: &str, hosts: impl Iterator<Item = Box<str>>) {
        self.change(domain, |watched| watched.hosts = hosts.take(MAX_WATCHED_HOSTS).collect());
        self.fit();
    }

    /// Calls `change` for a watched name, and keeps `weight` right.
    fn change(&mut self, name: &str, change: impl FnOnce(&mut WatchedName)) {
        let Some(watched) = self.names.get_mut(name) else { return };
        let before = if watched.records.is_empty() { 0 } else { watched.weight(name) };
        change(watched);
        self.weight = self.weight.saturating_sub(before).saturating_add(watched.weight(name));
    }

    /// Removes a sixteenth of the names while the table is too large, so that the search for them is rare.
    fn fit(&mut self) {
        while self.weight > MAX_CHANGES_OCTETS && !self.names.is_empty() {
            let mut ranked: Vec<_> =
                self.names.iter().map(|(name, watched)| (watched.worth(), name.clone())).collect();
            ranked.sort_unstable();
            let count = ranked.len().div_ceil(16);
            for (_, name) in ranked.into_iter().take(count) {
                self.remove(&name);
            }
        }
    }

    fn remove(&mut self, name: &str) {
        if let Some(removed) = self.names.remove(name) {
            self.weight = self.weight.saturating_sub(removed.weight(name));
        }
    }

    /// Removes the names that were not seen for `CHANGES_TIME`, and changes that are older. `now` is in seconds since 1970.
    pub fn tend(&mut self, now: u64) {
        let begin = now.saturating_sub(CHANGES_TIME.as_secs());
        self.names.retain(|_, watched| watched.last >= begin);
        self.names
            .values_mut()
            .flat_map(|watched| &mut watched.records)
            .for_each(|record| record.forget(begin));
        self.weight = self.names.iter().map(|(name, watched)| watched.weight(name)).sum();
    }

    /// Returns the next watched domains. After the last one, begins again with the first.
    pub fn next_domains(&mut self, most: usize) -> Vec<Box<str>> {
        use std::ops::Bound::{Excluded, Unbounded};
        let behind = (Excluded(&*self.cursor), Unbounded);
        let names = self.names.range::<str, _>(behind).filter(|(_, watched)| watched.is_domain());
        let names: Vec<Box<str>> = names.take(most).map(|(name, _)| name.clone()).collect();
        self.cursor = names.last().filter(|_| names.len() == most).cloned().unwrap_or_default();
        names
    }

    /// Returns the mail hosts of a watched domain.
    pub fn hosts_of(&self, domain: &str) -> Vec<Box<str>> {
        self.names.get(domain).map(|watched| watched.hosts.clone()).unwrap_or_default()
    }

    /// Returns the names of the DKIM keys of a domain that were seen.
    pub fn keys_of(&self, domain: &str) -> Vec<Box<str>> {
        let records = self.names.get(domain).into_iter().flat_map(|watched| &watched.records);
        records.filter(|record| record.kind() == RecordKind::Dkim).filter_map(WatchedRecord::owner).collect()
    }

    /// Returns true if the name is watched.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// Returns the changes since `from` (in seconds since 1970) of a domain and its mail hosts.
    pub fn report(&self, domain: &str, from: u64) -> ChangesReport {
        let Some(watched) = self.names.get(domain) else { return ChangesReport::default() };
        let names = std::iter::once(domain)
            .chain(watched.hosts.iter().map(|host| &**host).filter(|host| *host != domain));
        let mut changes: Vec<ChangeRow> = names
            .filter_map(|name| Some((name, self.names.get(name)?)))
            .flat_map(|(name, watched)| watched.records.iter().map(move |record| (name, record)))
            .flat_map(|(name, record)| record.changes().iter().map(move |change| row(name, record, change)))
            .filter(|row| row.at >= from)
            .collect();
        changes.sort_by(|one, other| (other.at, &one.name).cmp(&(one.at, &other.name)));
        ChangesReport { changes, since: Some(watched.first) }
    }

    /// Returns the content of the file.
    ///
    /// # Errors
    /// There is none, because the content has only numbers and texts.
    pub fn to_octets(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Self { version: VERSION, names: self.names.clone(), ..Self::default() })
    }

    /// Reads the content of the file. Returns `None` if another version wrote it.
    ///
    /// # Errors
    /// The content has another format.
    pub fn from_octets(octets: &[u8], now: u64) -> serde_json::Result<Option<Self>> {
        let mut read: Self = serde_json::from_slice(octets)?;
        if read.version != VERSION {
            return Ok(None);
        }
        read.tend(now);
        read.fit();
        Ok(Some(read))
    }
}

fn row(name: &str, record: &WatchedRecord, change: &Change) -> ChangeRow {
    let owner = record.owner().map_or_else(|| name.to_owned(), Into::into);
    let [old, new] = [&change.old, &change.new].map(|text| text.to_string());
    ChangeRow { at: change.at, name: owner, record: record.kind(), old, new }
}

impl WatchedName {
    /// An upper bound of the size in the file, in octets.
    fn weight(&self, name: &str) -> usize {
        const FIELDS: usize = 64;
        let hosts = self.hosts.iter().map(|host| host.len().saturating_add(3)).sum::<usize>();
        let records = self.records.iter().map(WatchedRecord::weight).sum::<usize>();
        FIELDS.saturating_add(name.len()).saturating_add(hosts).saturating_add(records)
    }

    /// Returns true for a domain, false for a host that only the MX records of domains name.
    fn is_domain(&self) -> bool {
        self.records.iter().any(|record| record.kind() == RecordKind::Mx)
    }

    /// The name with the least worth is removed first.
    fn worth(&self) -> (bool, bool, u64) {
        let has_changes = self.records.iter().any(|record| !record.changes().is_empty());
        (has_changes, self.first / DAY != self.last / DAY, self.last)
    }
}

#[cfg(test)]
mod tests;
