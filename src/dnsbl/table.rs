//! The table of the DNS lists that clients have asked. Each set of servers of a list has its own entry.
//!
//! The apex of the list and the set of servers identify an entry, so a reload keeps the entries of all lists that are still in use. Answers in the
//! cache contain the number of the entry, and no number is used twice.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use hickory_proto::rr::Name;
use tokio::sync::Notify;

use super::batch::Batch;
use super::entry::{ListEntry, ListTally};
use super::list_events::ListEventQueue;
use super::list_way::Way;
use super::lookalike::Lookalikes;
use super::network_answers::NetworkAnswers;
use crate::limits::MAX_LIST_WAYS;
use dns::clock::Mono;
use dns::question::ListMark;

/// All DNS lists that clients have asked since the start and that some view still uses.
#[derive(Debug, Default)]
pub struct Lists {
    entries: ArcSwap<ListEntries>,
    full_reported: AtomicBool,
    lookalikes: Lookalikes,
    /// For each set of forwarders: the times of those answers that came from the internet and not from the forwarders' caches.
    through: Mutex<BTreeMap<Way, NetworkAnswers>>,
    /// Wakes the task that tests and probes the DNS lists.
    wake: Notify,
    /// True if the task that tests and probes the DNS lists sleeps for a long time.
    resting: AtomicBool,
    /// What was learned about the order in which clients ask DNS lists, for batches.
    batch: Mutex<Batch>,
    /// The events about clients' questions to DNS lists, from which the batches are learned.
    pub events: ListEventQueue,
}

#[derive(Clone, Debug, Default)]
struct ListEntries {
    by_number: BTreeMap<u32, Arc<ListEntry>>,
    by_apex: HashMap<Name, Vec<Arc<ListEntry>>>,
    /// The counters of lists whose last entry was removed by a reload, at most `MAX_LIST_WAYS`. If such a list is asked again, its counters continue.
    left: HashMap<Name, Arc<ListTally>>,
    next: u32,
}

impl ListEntries {
    fn find(&self, apex: &Name, way: &Way) -> Option<&Arc<ListEntry>> {
        self.by_apex.get(apex)?.iter().find(|entry| entry.way == *way)
    }

    fn add(&mut self, apex: &Name, way: &Way) {
        let tally = self.left.remove(apex).unwrap_or_default();
        let entry = Arc::new(ListEntry::new(apex.clone(), way.clone(), self.next, tally));
        self.by_number.insert(self.next, Arc::clone(&entry));
        self.by_apex.entry(apex.clone()).or_default().push(entry);
        self.next = self.next.saturating_add(1);
    }

    fn remove(&mut self, number: u32) {
        let Some(entry) = self.by_number.remove(&number) else { return };
        if let Some(ways) = self.by_apex.get_mut(&entry.apex) {
            ways.retain(|other| other.number() != number);
            if ways.is_empty() {
                self.by_apex.remove(&entry.apex);
            }
        }
    }

    /// Removes an entry that no view uses. The counters of the list are kept in `left` if this was its last entry.
    fn leave(&mut self, entry: &ListEntry) {
        self.remove(entry.number());
        if !self.by_apex.contains_key(&entry.apex) && self.left.len() < MAX_LIST_WAYS {
            self.left.insert(entry.apex.clone(), entry.tally());
        }
    }

    /// Removes the entry of the DNS list to which clients have sent no question for the longest time.
    fn make_room(&mut self) {
        let idlest = self.by_number.values().min_by_key(|entry| entry.watch.last_wanted());
        if let Some(number) = idlest.map(|entry| entry.number()) {
            self.remove(number);
        }
    }
}

impl Lists {
    /// Returns the entry for questions to the DNS list at `apex` that go to the servers `way`, and creates it if necessary. In a full table, it
    /// replaces the least recently used entry, because every question to a list needs an entry.
    pub fn entry(&self, apex: &Name, way: &Way) -> Arc<ListEntry> {
        loop {
            if let Some(entry) = self.find(apex, way) {
                return entry;
            }
            let before = self.entries.rcu(|entries| {
                let mut entries = ListEntries::clone(entries);
                if entries.find(apex, way).is_none() {
                    if entries.by_number.len() >= MAX_LIST_WAYS {
                        entries.make_room();
                    }
                    entries.add(apex, way);
                }
                entries
            });
            if before.by_number.len() >= MAX_LIST_WAYS && !self.full_reported.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    "too many DNS lists: resolverd keeps the state of at most {MAX_LIST_WAYS} lists (a list counts once for each set of forwarders); it has forgotten the list that was not queried for the longest time, and tests it again at its next query; use fewer lists, or fewer [[listener]] with their own forwarders"
                );
            }
        }
    }

    /// Returns the entry for the DNS list at `apex` and the servers `way`, or `None` if it has not been asked yet.
    pub fn find(&self, apex: &Name, way: &Way) -> Option<Arc<ListEntry>> {
        self.entries.load().find(apex, way).cloned()
    }

    /// Removes the entries for which `are_asked` returns false, because no view uses them. The arguments of `are_asked` are the apex and the servers.
    pub fn keep(&self, are_asked: impl Fn(&Name, &Way) -> bool) {
        self.entries.rcu(|entries| {
            let mut entries = ListEntries::clone(entries);
            let is_gone = |entry: &&Arc<ListEntry>| !are_asked(&entry.apex, &entry.way);
            for gone in entries.by_number.values().filter(is_gone).cloned().collect::<Vec<_>>() {
                entries.leave(&gone);
            }
            entries
        });
        let entries = self.entries.load();
        if entries.by_number.len() < MAX_LIST_WAYS {
            self.full_reported.store(false, Ordering::Relaxed);
        }
        let in_use = |way: &Way| entries.by_number.values().any(|entry| entry.way == *way);
        self.through.lock().unwrap_or_else(PoisonError::into_inner).retain(|way, _| in_use(way));
    }

    /// Returns the zones that clients use like DNS lists.
    pub fn lookalikes(&self) -> &Lookalikes {
        &self.lookalikes
    }

    /// Locks what was learned about the order in which clients ask DNS lists, even after a panic. Counts may then be wrong, but at most one batch
    /// question too many or too few is sent.
    pub fn batch(&self) -> MutexGuard<'_, Batch> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the entries of all DNS lists that clients have asked, in the order of their first questions.
    pub fn all(&self) -> Vec<Arc<ListEntry>> {
        self.entries.load().by_number.values().cloned().collect()
    }

    /// Counts a question that was answered from the cache. `mark` comes from the cached answer.
    pub fn hit(&self, mark: ListMark) {
        if let Some(entry) = self.entries.load().by_number.get(&mark.list) {
            entry.hit(mark.says);
        }
    }

    /// Returns the entry of the DNS list with this number.
    pub fn numbered(&self, number: u32) -> Option<Arc<ListEntry>> {
        self.entries.load().by_number.get(&number).cloned()
    }

    /// Records that an answer of a DNS list came through the forwarders `way`. The caller passes only answers that no forwarder can have in its
    /// cache, so they prove that the forwarders reach the internet.
    pub fn heard_through(&self, way: &Way, now: Mono) {
        let mut through = self.through.lock().unwrap_or_else(PoisonError::into_inner);
        through.entry(way.clone()).or_default().heard(now);
    }

    /// Returns the times at which answers showed that the forwarders `way` reach the internet.
    pub fn through(&self, way: &Way) -> NetworkAnswers {
        let through = self.through.lock().unwrap_or_else(PoisonError::into_inner);
        through.get(way).copied().unwrap_or_default()
    }

    /// Wakes the task that tests and probes the DNS lists.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Wakes the task that tests and probes the DNS lists, if it sleeps for a long time.
    pub fn wake_in_time(&self) {
        if self.resting.swap(false, Ordering::Relaxed) {
            self.wake();
        }
    }

    /// Called when the task that tests and probes the DNS lists begins to sleep, for a long time if `rests` is true.
    pub fn rests(&self, rests: bool) {
        self.resting.store(rests, Ordering::Relaxed);
    }

    /// Waits until the background task has something to do.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use dns::question::{ListSays, ViewId};
    use dns::stage::name;

    fn mirror(number: u16) -> Way {
        Way::Stub(vec![([127, 0, 0, 1], number).into()])
    }

    #[test]
    fn list_entry_has_one_number() {
        let lists = Lists::default();
        let (first, second) =
            (lists.entry(&name("l0.example."), &Way::Public), lists.entry(&name("l0.example."), &mirror(1)));
        assert_ne!(first.number(), second.number());
        assert!(Arc::ptr_eq(&first, &lists.entry(&name("L0.example."), &Way::Public)));
        lists.hit(first.mark(ListSays::Listed));
        first.miss(ListSays::Unknown, Some(Duration::from_millis(20)));
        let counts = first.counts();
        assert_eq!((counts.questions, counts.hits, counts.listed, counts.unknown), (2, 1, 1, 1));
        assert_eq!(second.counts().questions, 0);
    }

    #[test]
    fn unused_list_number_is_not_reused() {
        let lists = Lists::default();
        let apex = name("bl.example.");
        for number in 0..3_000 {
            let way = mirror(number);
            let entry = lists.entry(&apex, &way);
            assert_eq!(entry.number(), u32::from(number));
            lists.heard_through(&way, Mono::START);
            lists.keep(|of, by| *of == apex && *by == way);
            assert_eq!(lists.all().len(), 1);
            assert_eq!(lists.through(&way).last, Some(Mono::START));
        }
        assert_eq!(lists.through.lock().unwrap().len(), 1);
        // The cache may have an answer of a DNS list that was removed from the table. A hit for this answer is not counted.
        lists.hit(ListMark { list: 7, says: ListSays::Listed });
        assert_eq!(lists.all()[0].counts().questions, 0);
    }

    #[test]
    fn list_counts_survive_server_change() {
        let lists = Lists::default();
        let (apex, other) = (name("bl.example."), name("other.example."));
        let before = lists.entry(&apex, &mirror(1));
        before.miss(ListSays::Listed, Some(Duration::from_millis(20)));
        lists.keep(|_, way| *way == mirror(2));
        assert!(lists.all().is_empty());
        assert_eq!(lists.entry(&other, &mirror(2)).counts().questions, 0, "another list");
        let after = lists.entry(&apex, &mirror(2));
        after.miss(ListSays::NotListed, Some(Duration::from_millis(20)));
        let counts = after.counts();
        assert_eq!((counts.questions, counts.listed, counts.not_listed), (2, 1, 1));
        // Two sets of servers that are used at the same time have separate counters, because screens show them in separate rows.
        assert_eq!(lists.entry(&apex, &mirror(3)).counts().questions, 0);
    }

    #[test]
    fn full_list_table_drops_idlest() {
        let lists = Lists::default();
        let wanted = |entry: &ListEntry, seconds: u64| {
            entry.watch.wanted(ViewId::default(), None, Mono::START.after(Duration::from_secs(seconds)));
        };
        for number in 0..MAX_LIST_WAYS {
            let entry = lists.entry(&name(&format!("l{number}.example.")), &Way::Public);
            wanted(&entry, if number == 5 { 1 } else { 2 + number as u64 });
        }
        assert!(!lists.full_reported.load(Ordering::Relaxed));
        let late = lists.entry(&name("late.example."), &Way::Public);
        assert!(Arc::ptr_eq(&late, &lists.entry(&name("late.example."), &Way::Public)), "it is looked after");
        assert_eq!(lists.all().len(), MAX_LIST_WAYS);
        assert!(lists.numbered(5).is_none() && lists.numbered(0).is_some());
        assert!(lists.full_reported.load(Ordering::Relaxed));
        lists.keep(|apex, _| *apex == late.apex);
        assert!(!lists.full_reported.load(Ordering::Relaxed), "the next time is another");
    }
}
