//! The snapshot: a file with the entries of the cache, so that a restart of resolverd loses little of the cache.
//!
//! The file is written and read in blocks on threads that do not serve clients, and is never in memory as a whole. The reader checks all checksums
//! before it uses the first entry, and skips entries that it cannot read. A view is stored as its position in the configuration, because its id is
//! valid in one process only. The age of the entries is the system time minus the time at which the file was written.
//!
//! Expired entries are written while they may be stale answers, because a restart during an outage must not stop mail to known domains. Expired
//! secure NXDOMAINs are written too, because they prevent stale answers for names below.
//!
//! Answers are not written. After a restart, the first question for an answer makes it from the restored RRsets.
//!
//! Knot Resolver maps the files of its cache into memory. Unbound has the command `dump_cache`. resolverd writes the snapshot without a command, and
//! no question waits for it.

mod blocks;
mod entry;
mod server;
pub(crate) mod shared;
mod times;
mod trust;
mod unusable;

use std::collections::{HashMap, HashSet};
use std::io::{self, Read, Seek, Write};
use std::sync::atomic::Ordering;
use std::time::Duration;

use hickory_proto::rr::RecordType;

use self::blocks::{Octets, SnapshotReader, Writer};
use self::entry::{Begin, EntryFrame, EntryTag};
use self::times::Moments;
pub use self::unusable::UnusableSnapshot;
use super::Memory;
use super::keys::KeySlot;
use crate::limits::MAX_SNAPSHOT_SET_BACK;
use dns::clock::Now;
use dns::question::{ViewId, label_places};

/// Decides which entries are written and restored, according to the configuration of this process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The digest of the configuration that influences all names.
    pub fingerprint: [u8; 32],
    /// For each configured zone, host or record, its name in wire form and the digest of its configuration. If the snapshot has another digest, data
    /// at and below the name are not restored.
    pub configured: HashMap<Vec<u8>, [u8; 32]>,
    /// The ids of the views, in the order of the configuration.
    pub views: Vec<ViewId>,
    /// The apexes of DNS lists in wire form. Answers of DNS lists are not written.
    pub lists: HashSet<Vec<u8>>,
    /// Temporary negative trust anchors, and names whose configured servers have just changed, in wire form. Data at and below these names are
    /// neither written nor restored.
    pub overlooked: HashSet<Vec<u8>>,
    /// The longest validity of a restored entry.
    pub max_ttl: Duration,
    /// How long after its expiry an entry may be used if no server answers.
    pub serve_stale: Duration,
}

/// The result of writing a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The number of written entries.
    pub entries: u64,
    /// The size of the file in octets.
    pub octets: u64,
}

/// The result of reading a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restoration {
    /// The number of entries in the file.
    pub entries: u64,
    /// The number of restored entries. The others had expired, or the cache had newer ones.
    pub restored: u64,
    /// The time since the snapshot was written.
    pub age: Duration,
}

impl Scope {
    /// Returns true if entries for `name` are written and restored. `said` is true for data, and false for a delegation. Data in the zones of DNS
    /// lists are left out, and everything at or below a name in `overlooked`.
    fn keeps(&self, name: &[u8], said: bool) -> bool {
        let is_left_out = said && lies_in(&self.lists, name) || lies_in(&self.overlooked, name);
        !is_left_out
    }

    /// Compares the digest of a configured name in the snapshot with that of this configuration. Removes the name from `changed` if the digests are
    /// equal, and otherwise adds it.
    fn compare(&self, octets: &[u8], changed: &mut HashSet<Vec<u8>>) {
        let Some((digest, name)) = octets.split_first_chunk() else { return };
        if self.configured.get(name) == Some(digest) {
            changed.remove(name);
        } else {
            changed.insert(name.to_owned());
        }
    }

    /// Returns the position of the view `knows` in the configuration.
    fn place(&self, knows: ViewId) -> Option<u16> {
        u16::try_from(self.views.iter().position(|own| *own == knows)?).ok()
    }
}

/// Returns true if `name` is at or below one of `apexes`.
pub(crate) fn lies_in(apexes: &HashSet<Vec<u8>>, name: &[u8]) -> bool {
    let mut suffixes = label_places(name).filter_map(|place| name.get(place..));
    !apexes.is_empty() && (apexes.contains(&[0][..]) || suffixes.any(|suffix| apexes.contains(suffix)))
}

/// Returns true for data of a zone, and false for delegations. `kind` and `flags` are those of the entry's key.
fn is_said(kind: RecordType, flags: u8) -> bool {
    !KeySlot::leads(kind, flags)
}

impl Memory {
    /// Writes the entries of the views in `scope` to a file. Reads all tables, so run it with `walk`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_snapshot(
        &self,
        scope: &Scope,
        now: Now,
        file: &mut (impl Write + Seek),
    ) -> io::Result<Written> {
        let mut writer = Writer::new(file)?;
        let moment = now.mono;
        // The reader needs the configured names to decide which entries it may restore.
        for (name, digest) in &scope.configured {
            let put = |out: &mut Vec<u8>| out.extend_from_slice(&[&digest[..], name].concat());
            writer.entry(|out| entry::put_entry(out, EntryTag::Configured, false, put))?;
        }
        self.servers.each(|address, server| {
            if !server::is_kept(server) {
                return Ok(());
            }
            let put = |out: &mut Vec<u8>| server::put_server(out, address, server, moment);
            writer.entry(|out| entry::put_entry(out, EntryTag::Server, false, put))
        })?;
        self.rrsets.store().each(|key, known, in_use| {
            let view = scope.place(key.view());
            let is_last = || self.rrsets.in_view(key.view()).is_last_word(key);
            let tag = entry::tag_of(known, scope.serve_stale, is_last, moment);
            let tag = tag.filter(|_| scope.keeps(key.name(), is_said(key.kind(), key.flags())));
            let Some((view, tag)) = view.zip(tag) else { return Ok(()) };
            let put = |out: &mut Vec<u8>| entry::put_known(out, (key, view), known, moment);
            writer.entry(|out| entry::put_entry(out, tag, in_use, put))
        })?;
        let (entries, octets) = writer.end(scope.fingerprint, now.unix)?;
        Ok(Written { entries: entries.saturating_sub(scope.configured.len() as u64), octets })
    }

    /// Reads a snapshot until its end, or until `goes_on` returns false. Entries in the cache stay. Half a million entries take a second, so run it
    /// through [`Memory::walk`], on a thread that serves no client.
    ///
    /// # Errors
    /// The snapshot must not be used. If the file could be read, nothing was restored.
    pub fn read_snapshot(
        &self,
        scope: &Scope,
        now: Now,
        file: &mut (impl Read + Seek),
        goes_on: impl Fn() -> bool,
    ) -> Result<Restoration, UnusableSnapshot> {
        let (mut reader, head) = SnapshotReader::new(file)?;
        if head.fingerprint != scope.fingerprint {
            return Err(UnusableSnapshot::OtherViews);
        }
        let early = Duration::from_secs(head.written.saturating_sub(now.unix));
        if early > MAX_SNAPSHOT_SET_BACK {
            return Err(UnusableSnapshot::Future(early));
        }
        let age = now.unix.saturating_sub(head.written);
        reader.check(&goes_on)?;
        // Both times are whole seconds, so the age may be almost one second more.
        let gone = Duration::from_secs(age.saturating_add(1));
        let moments = Moments { now: now.mono, gone, most: scope.max_ttl, stale: scope.serve_stale };
        let (mut entries, mut restored): (u64, u64) = (head.entries, 0);
        // The names whose configuration has changed since the snapshot was written: at first all configured names. `compare` removes those for which
        // the snapshot has the same configuration.
        let mut changed: HashSet<Vec<u8>> = scope.configured.keys().cloned().collect();
        while let Some(block) = reader.block()?.filter(|_| goes_on()) {
            let mut left = Octets::new(block);
            while let Some(framed) = EntryFrame::read(&mut left) {
                if framed.tag == EntryTag::Configured {
                    scope.compare(framed.octets, &mut changed);
                    entries = entries.saturating_sub(1);
                    continue;
                }
                let is_new = self.restore((scope, &changed), &framed, moments).unwrap_or(false);
                restored = restored.saturating_add(is_new.into());
            }
        }
        Ok(Restoration { entries, restored, age: Duration::from_secs(age) })
    }

    /// Restores an entry, and returns true. Returns false if the cache already has an entry for the same key, and `None` if the entry is too old,
    /// cannot be read, or must not be restored.
    fn restore(
        &self,
        (scope, changed): (&Scope, &HashSet<Vec<u8>>),
        framed: &EntryFrame<'_>,
        moments: Moments,
    ) -> Option<bool> {
        if framed.tag == EntryTag::Server {
            let (address, server) = server::server(framed.octets, moments)?;
            return Some(self.servers.restore(address, server));
        }
        let left = &mut Octets::new(framed.octets);
        let begin = Begin::read(left)?;
        let knows = *scope.views.get(begin.view)?;
        if !scope.keeps(begin.name, is_said(begin.kind, begin.flags)) || lies_in(changed, begin.name) {
            return None;
        }
        let known = entry::known(left, framed.tag, &begin, moments)?;
        if begin.kind == RecordType::DNAME {
            self.rrsets.dnames().store(true, Ordering::Relaxed);
        }
        Some(self.rrsets.store().restore(begin.key(knows), known, framed.in_use))
    }
}

/// Creates a snapshot with correct checksums and `octets` as its only block, for a fuzzer.
///
/// # Errors
/// There are none, because writing to memory always succeeds.
#[cfg(feature = "simulated")]
pub fn forged(octets: &[u8], scope: &Scope, unix: u64) -> io::Result<Vec<u8>> {
    let mut file = io::Cursor::new(Vec::new());
    let mut writer = Writer::new(&mut file)?;
    writer.entry(|out| out.extend_from_slice(octets))?;
    writer.end(scope.fingerprint, unix)?;
    Ok(file.into_inner())
}

#[cfg(test)]
mod tests;
