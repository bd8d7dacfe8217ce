//! The snapshot of the cache: its file in the state directory, the times at which the daemon writes it, and its status.
//!
//! The daemon writes a new file next to the old one and then renames it, so the old file remains if the process is killed. The
//! daemon does not sync the file to the disk, because a sync delays mail queues on the same disk. After a power failure,
//! checksums show if the file is complete.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::Notify;
use tokio::time::sleep;

use super::state_files;
use crate::limits::{CACHE_SNAPSHOT_INTERVAL, CACHE_SNAPSHOT_PAUSE, STOP_SNAPSHOT};
use dns::clock::{Calendar, Clock, Mono, Now};
use protocol::SnapshotStatus;
use record::TimeSpan;
use resolver::cache::Memory;
use resolver::cache::snapshot::{Restoration, Scope, UnusableSnapshot, Written};

pub(super) const FILE: &str = "cache.snapshot";

pub(super) struct Snapshot {
    path: PathBuf,
    /// Notified when entries of the file were removed from the cache, so that the file must be written again.
    outdated: Notify,
    /// True while the file has entries that were removed from the cache.
    is_outdated: AtomicBool,
    /// The time at which a write must end. It is set when the daemon begins to stop; a read then ends at once.
    ends: OnceLock<Mono>,
    clock: Clock,
    known: Mutex<FileState>,
}

/// A file whose writes fail after the time `ends` of the snapshot.
struct Bounded<'a> {
    file: File,
    snapshot: &'a Snapshot,
}

impl Write for Bounded<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let Snapshot { ends, clock, .. } = self.snapshot;
        if ends.get().is_some_and(|ends| clock.mono() >= *ends) {
            return Err(io::Error::new(
                ErrorKind::TimedOut,
                "the disk is too slow to write it before resolverd stops",
            ));
        }
        self.file.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Bounded<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[derive(Clone, Copy, Default)]
struct FileState {
    /// True if the file of the previous process was read. Before that, the file must not be replaced.
    is_read: bool,
    restored: u64,
    /// The file that this process wrote last, and when.
    written: Option<(Written, Mono)>,
}

/// Removes the file of an earlier process if the daemon writes no snapshot. Otherwise a later process would restore that old cache.
pub(super) fn remove(path: &Path) {
    let shown = path.display();
    match fs::remove_file(path) {
        Ok(()) => tracing::info!(
            "removed the cache snapshot {shown}, because `snapshot` of [cache] is false, or resolverd was started with --no-snapshot"
        ),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => {
            tracing::warn!(
                "cannot remove the cache snapshot {shown}: {error}; remove it by hand, or resolverd restores the cache from it at a later start"
            );
        }
    }
}

impl Snapshot {
    pub(super) fn new(path: PathBuf, clock: Clock) -> Self {
        Self {
            path,
            outdated: Notify::new(),
            is_outdated: AtomicBool::new(false),
            ends: OnceLock::new(),
            clock,
            known: Mutex::default(),
        }
    }

    /// Called when entries of the file were removed from the cache: the file must be written again soon.
    pub(super) fn outdated(&self) {
        self.is_outdated.store(true, Ordering::Relaxed);
        self.outdated.notify_one();
    }

    /// Called when the daemon begins to stop. Ends the reading of the file, and limits each writing of the file to `STOP_SNAPSHOT` from now
    /// on.
    pub(super) fn end(&self) {
        // Only the first call sets the time.
        let _ = self.ends.set(self.clock.mono().after(STOP_SNAPSHOT));
    }

    fn is_ending(&self) -> bool {
        self.ends.get().is_some()
    }

    pub(super) fn status(&self, now: Mono) -> SnapshotStatus {
        let FileState { is_read, restored, written, .. } = *self.known();
        SnapshotStatus {
            read: is_read,
            age: written.map(|(_, at)| now.since(at).as_secs_f64()),
            entries: written.map_or(0, |(written, _)| written.entries),
            bytes: written.map_or(0, |(written, _)| written.octets),
            restored,
        }
    }

    /// Returns true if the file of the previous process was read.
    pub(super) fn is_read(&self) -> bool {
        self.known().is_read
    }

    /// Waits until the file must be written: for `CACHE_SNAPSHOT_INTERVAL`, or only for `CACHE_SNAPSHOT_PAUSE` after entries of the file were removed
    /// from the cache.
    pub(super) async fn is_due(&self) {
        let outdated = async {
            self.outdated.notified().await;
            sleep(CACHE_SNAPSHOT_PAUSE).await;
        };
        tokio::select! {
            () = sleep(CACHE_SNAPSHOT_INTERVAL) => {}
            () = outdated => {}
        }
    }

    fn known(&self) -> MutexGuard<'_, FileState> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Restores the cache from the file of the previous process. A file that cannot be used is renamed.
    pub(super) fn read(&self, memory: &Memory, scope: &Scope, now: Now, calendar: Calendar) {
        let read = state_files::open(&self.path).map_err(UnusableSnapshot::Unread).and_then(|mut file| {
            if matches!(calendar, Calendar::After(_)) {
                return Err(UnusableSnapshot::SlowClock);
            }
            memory.read_snapshot(scope, now, &mut file, || !self.is_ending())
        });
        if self.is_ending() {
            return;
        }
        let path = self.path.display();
        match read {
            Ok(Restoration { entries, restored, age }) => {
                self.known().restored = restored;
                tracing::info!(
                    entries,
                    restored,
                    "restored {restored} of {entries} cache entries from {path}, written {} ago{}",
                    TimeSpan(age),
                    if restored < entries {
                        "; the others have expired, or do not fit in the cache"
                    } else {
                        ""
                    }
                );
            }
            Err(UnusableSnapshot::Unread(error)) if error.kind() == ErrorKind::NotFound => {}
            Err(refused) => {
                let moved = state_files::set_aside(&self.path);
                tracing::warn!(
                    "cannot use the cache snapshot {path}: {refused}; {moved}; the cache starts empty"
                );
            }
        }
        self.known().is_read = true;
    }

    /// Replaces the file with a complete new one. If this fails, the old file stays, unless it has entries that were removed from
    /// the cache.
    pub(super) fn write(&self, memory: &Memory, scope: &Scope, now: Now) {
        if !self.known().is_read {
            return;
        }
        let is_outdated = self.is_outdated.swap(false, Ordering::Relaxed);
        let new = state_files::with_extension_added(&self.path, "new");
        match self.replace(&new, memory, scope, now) {
            Ok(written) => {
                self.known().written = Some((written, now.mono));
                let Written { entries, octets } = written;
                tracing::debug!(entries, octets, "wrote {entries} cache entries to {}", self.path.display());
            }
            Err(error) => {
                let _ = fs::remove_file(&new);
                if is_outdated {
                    // If the old file stayed, a restart would restore entries that were removed from the cache.
                    let _ = fs::remove_file(&self.path);
                }
                let path = self.path.display();
                tracing::warn!(
                    "cannot write {path}: {error}; a restart loses the cache entries since the last write"
                );
            }
        }
    }

    fn replace(&self, new: &PathBuf, memory: &Memory, scope: &Scope, now: Now) -> io::Result<Written> {
        let file = state_files::create_new(new)?;
        let written = memory.write_snapshot(scope, now, &mut Bounded { file, snapshot: self })?;
        fs::rename(new, &self.path)?;
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use config::Config;
    use dns::random::Random;
    use dns::stage::paused;
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    fn stage() -> (tempfile::TempDir, Snapshot, Memory) {
        let folder = tempfile::tempdir().unwrap();
        let snapshot = Snapshot::new(folder.path().join(FILE), Clock::machine());
        snapshot.known().is_read = true;
        (folder, snapshot, Memory::new(Config::default().cache.size, &Random::seeded(1)))
    }

    // A flush makes it due soon.
    #[test]
    fn snapshot_is_due_periodically() {
        paused(async {
            let (_folder, snapshot, _) = stage();
            let took = async || {
                let began = tokio::time::Instant::now();
                snapshot.is_due().await;
                began.elapsed().as_secs()
            };
            assert_eq!([took().await, took().await], [600, 600]);
            snapshot.outdated();
            assert_eq!([took().await, took().await], [CACHE_SNAPSHOT_PAUSE.as_secs(), 600]);
        });
    }

    #[test]
    fn late_final_snapshot_keeps_previous_file() {
        let (folder, snapshot, memory) = stage();
        let now = snapshot.clock.now();
        snapshot.write(&memory, &Scope::default(), now);
        let before = fs::read(&snapshot.path).unwrap();
        snapshot.ends.set(now.mono).unwrap();
        snapshot.write(&memory, &Scope::default(), Now { unix: now.unix + 60, ..now });
        assert_eq!(fs::read(&snapshot.path).unwrap(), before);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    // A file must not bring flushed entries back after a restart.
    #[test]
    fn failed_write_removes_flushed_snapshot() {
        let (_folder, snapshot, memory) = stage();
        let now = snapshot.clock.now();
        snapshot.write(&memory, &Scope::default(), now);
        snapshot.ends.set(now.mono).unwrap();
        snapshot.outdated();
        snapshot.write(&memory, &Scope::default(), now);
        assert!(!snapshot.path.exists());
    }

    // A pipe, directory, link or socket in its place is never waited for.
    #[test]
    fn irregular_snapshot_file_is_set_aside() {
        let (folder, snapshot, memory) = stage();
        let (path, aside) =
            (snapshot.path.clone(), state_files::with_extension_added(&snapshot.path, "refused"));
        let makes: [fn(&Path); 4] = [
            |path| mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap(),
            |path| fs::create_dir(path).unwrap(),
            |path| std::os::unix::fs::symlink("/dev/zero", path).unwrap(),
            |path| drop(std::os::unix::net::UnixListener::bind(path).unwrap()),
        ];
        for make in makes {
            make(&path);
            let found = fs::symlink_metadata(&path).unwrap().file_type();
            let (done, is_done) = std::sync::mpsc::channel();
            std::thread::scope(|threads| {
                threads.spawn(|| {
                    snapshot.read(&memory, &Scope::default(), snapshot.clock.now(), Calendar::Clock(0));
                    done.send(()).unwrap();
                });
                let is_done = is_done.recv_timeout(Duration::from_secs(30));
                // If the thread waits for a writer of the pipe, opening the pipe for writing lets the thread end.
                let _ = is_done.is_err().then(|| File::options().write(true).open(&path));
                assert!(is_done.is_ok(), "{found:?} is waited for");
            });
            assert_eq!(fs::symlink_metadata(&aside).unwrap().file_type(), found);
            assert!(!path.exists());
            // The renamed file is removed, because the file of the next round cannot replace a directory.
            if found.is_dir() { fs::remove_dir(&aside).unwrap() } else { fs::remove_file(&aside).unwrap() }
        }
        drop(folder);
    }
}
