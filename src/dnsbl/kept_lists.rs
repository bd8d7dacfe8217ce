//! The file with the states of the DNS lists and their numbers of queries today and yesterday, so that a restart does not lose them. A file that
//! cannot be read is ignored.

use std::io::{self, Read};

use hickory_proto::rr::Name;
use serde::{Deserialize, Serialize};

use super::breaker::OpenReason;
use super::entry::ListEntry;
use super::list_way::Way;
use super::quota::Quota;
use super::state::{KnownList, ListStanding, ListState};
use super::table::Lists;
use crate::limits::{KEPT_BREAKER_TIME, MAX_LIST_WAYS, MAX_LISTS_FILE};
use dns::clock::Now;

/// The name of the file in the state directory that keeps the states and counters of DNS lists over a restart.
pub const FILE: &str = "lists.json";

const VERSION: u32 = 1;

/// The states and counters of all DNS lists, as in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptLists {
    version: u32,
    /// The time at which the file was written, in seconds since 1970.
    #[serde(default)]
    written: u64,
    lists: Vec<KeptList>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KeptList {
    list: String,
    #[serde(default, skip_serializing_if = "Way::is_public")]
    way: Way,
    #[serde(flatten)]
    known: KnownList,
    quota: Quota,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    open: Option<OpenReason>,
}

impl KeptLists {
    /// Copies the current states and counters of `lists`. `unix` is the time in seconds since 1970.
    pub fn from_lists(lists: &Lists, unix: u64) -> Self {
        let list = |entry: &ListEntry| KeptList {
            list: entry.apex.to_ascii(),
            way: entry.way.clone(),
            known: entry.known(),
            quota: entry.watch.counted(),
            // After a restart, the first query shows if the list still refuses queries.
            open: entry.watch.open().map(|(why, _)| why).filter(|why| *why != OpenReason::Refusing),
        };
        Self { version: VERSION, written: unix, lists: lists.all().iter().map(|entry| list(entry)).collect() }
    }

    /// Returns true if the states and counters are equal. The times of writing may differ.
    pub fn are_those_of(&self, other: &Self) -> bool {
        self.lists == other.lists
    }

    /// Copies the states and counters from the file to `lists`, except those of a list for which `are_asked` returns false. If the file is not
    /// older than `KEPT_BREAKER_TIME`, each circuit breaker that was open is opened again, so that the list is probed before mail waits for it.
    pub fn restore(self, lists: &Lists, now: Now, are_asked: impl Fn(&Name, &Way) -> bool) {
        if self.version != VERSION {
            return;
        }
        let is_recent = now.unix.saturating_sub(self.written) <= KEPT_BREAKER_TIME.as_secs();
        let read = |kept: KeptList| Some((Name::from_ascii(&kept.list).ok()?.to_lowercase(), kept));
        let known = self.lists.into_iter().filter_map(read).filter(|(apex, kept)| are_asked(apex, &kept.way));
        for (apex, kept) in known.take(MAX_LIST_WAYS) {
            let entry = lists.entry(&apex, &kept.way);
            entry.watch.restore(kept.quota);
            let open = kept.open.filter(|_| is_recent);
            if let Some(why) = open {
                entry.watch.reopen(why, now.mono);
            }
            let mut known = kept.known;
            if known.standing.state == ListState::Silent && open.is_none() {
                known.standing = ListStanding::default();
            }
            entry.restore(known);
        }
    }

    /// Reads the states and counters from a file.
    ///
    /// # Errors
    /// The file cannot be read, or it has another format.
    pub fn read(file: impl Read) -> io::Result<Self> {
        let mut text = String::new();
        file.take(MAX_LISTS_FILE).read_to_string(&mut text)?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Returns the content of the file to write, in JSON.
    ///
    /// # Errors
    /// There is none, because the content has only numbers and texts.
    pub fn to_octets(&self) -> io::Result<Vec<u8>> {
        Ok(serde_json::to_vec(self)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};

    use crate::breaker::ListQueryEnd;
    use crate::limits::BREAKER_MAX_PATIENCE;
    use crate::network_answers::NetworkAnswers;
    use crate::watch::ListOutcome;
    use dns::clock::Mono;
    use dns::question::ViewId;
    use std::time::Duration;

    const NOW: Now = Now { mono: Mono::START, unix: 1_767_225_600 };

    // Except the silence of a list.
    #[test]
    fn list_states_survive_restart() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE);
        let before = Lists::default();
        for (number, state) in [ListState::ListsTheWorld, ListState::Silent].into_iter().enumerate() {
            let apex = Name::from_ascii(format!("l{number}.example.")).unwrap();
            let way = Way::Stub(vec![([127, 0, 0, 1], 530).into()]);
            let entry = before.entry(&apex, if number == 0 { &Way::Public } else { &way });
            let standing = ListStanding { state: ListState::Silent, since: 1, why: "silent".to_owned() };
            entry.restore(KnownList { standing, ..KnownList::default() });
            if state == ListState::ListsTheWorld {
                entry.tested(state, "because", NOW);
            }
            entry.watch.asked(NOW.mono).ended();
            let (end, elapsed) = (ListQueryEnd::Worked, Duration::ZERO);
            let asked = ListOutcome {
                end,
                elapsed,
                round_trip: None,
                went_out: true,
                sent: 1,
                probe: false,
                negative_ttl: None,
            };
            entry.watch.ended(&asked, NOW);
        }
        fs::write(&path, KeptLists::from_lists(&before, NOW.unix).to_octets().unwrap()).unwrap();
        let after = Lists::default();
        KeptLists::read(File::open(&path).unwrap()).unwrap().restore(&after, NOW, |_, _| true);
        let ways = |lists: &Lists| lists.all().iter().map(|entry| entry.way.clone()).collect::<Vec<_>>();
        assert_eq!(ways(&after), ways(&before));
        let known: Vec<_> = after.all().iter().map(|entry| entry.standing()).collect();
        let world = before.all()[0].standing();
        assert_eq!(known, [world, ListStanding::default()]);
        assert!(after.all().iter().all(|entry| entry.watch.quota(NOW.unix).0 == 1));
        let asked = Lists::default();
        KeptLists::read(File::open(&path).unwrap()).unwrap().restore(&asked, NOW, |_, way| way.is_public());
        assert_eq!(ways(&asked), [Way::Public], "a mirror that no listener asks any more");
    }

    #[test]
    fn silent_list_is_probed_after_restart() {
        let before = Lists::default();
        let apex = Name::from_ascii("silent.example.").unwrap();
        let entry = before.entry(&apex, &Way::Public);
        entry.watch.wanted(ViewId::default(), None, NOW.mono);
        entry.watch.asked(NOW.mono).ended();
        let late = Now { mono: NOW.mono.after(BREAKER_MAX_PATIENCE), unix: NOW.unix + 2 };
        let up = NetworkAnswers { last: Some(late.mono), streak: Mono::START };
        entry.watch.due(up, true, late.mono);
        entry.not_answering(late);
        assert_eq!(entry.state(), ListState::Silent);
        for (passed, is_known) in
            [(KEPT_BREAKER_TIME.as_secs(), true), (KEPT_BREAKER_TIME.as_secs() + 1, false)]
        {
            let (after, start) = (Lists::default(), Now { mono: NOW.mono, unix: late.unix + passed });
            KeptLists::from_lists(&before, late.unix).restore(&after, start, |_, _| true);
            let entry = after.entry(&apex, &Way::Public);
            assert_eq!(
                (entry.watch.open().is_some(), entry.state() == ListState::Silent),
                (is_known, is_known)
            );
            assert!(entry.watch.wanted(ViewId::default(), None, start.mono), "the task is woken");
            let due = entry.watch.due(up, true, start.mono);
            assert_eq!(due.probe, is_known, "a list that may work again is probed at once");
        }
    }

    #[test]
    fn foreign_list_file_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE);
        for text in ["", "{", "{\"version\":1}", "[1]"] {
            fs::write(&path, text).unwrap();
            assert!(KeptLists::read(File::open(&path).unwrap()).is_err(), "{text}");
        }
        fs::write(&path, "{\"version\":2,\"lists\":[]}").unwrap();
        let lists = Lists::default();
        KeptLists::read(File::open(&path).unwrap()).unwrap().restore(&lists, NOW, |_, _| true);
        assert!(lists.all().is_empty());
    }
}
