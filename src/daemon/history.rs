//! The files with failed and slow queries in the state directory (segments). `record::stored` describes their format.
//!
//! Entries are appended to the newest segment. If all segments take more than `limits::MAX_STORED` octets, the daemon removes the
//! oldest one. A segment gets no more entries after a day, and the daemon removes it within a minute after its last entry is
//! seven days old. At the start, the daemon cuts off an incomplete last entry. If more is damaged, the daemon leaves the segment
//! unchanged, logs its name, and begins a new segment. The daemon skips a segment that it cannot read or remove.
//!
//! The daemon does not sync the files to the disk, because a sync delays mail queues on the same disk. The daemon's group, which
//! may also use the control socket, may read the files.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use super::state_files;
use crate::limits::{MAX_SEGMENT, MAX_STORED, MAX_TORN, SEGMENT_TIME};
use dns::clock::{Clock, micros};
use record::limits::STORED_TIME;
use record::store::Store;
use record::stored;
use record::stored::SEGMENT_HEAD;

pub(super) const DIRECTORY: &str = "history";

const EXTENSION: &str = "record";

/// The segments in a directory.
#[derive(Debug)]
pub(super) struct HistoryFiles {
    directory: PathBuf,
    clock: Clock,
    open: Mutex<Option<OpenSegment>>,
    /// Why entries cannot be written; `None` if the last write succeeded.
    trouble: Mutex<Option<String>>,
}

/// The segment to which entries are appended.
#[derive(Debug)]
struct OpenSegment {
    path: PathBuf,
    file: File,
    octets: u64,
    /// The start of the segment, in microseconds since 1970.
    begun: u64,
}

impl HistoryFiles {
    /// Opens the newest segment. If the directory cannot be created or used, resolverd tries again when it writes the next entry.
    pub(super) fn open(directory: PathBuf, clock: Clock) -> Self {
        let files = Self { directory, clock, open: Mutex::default(), trouble: Mutex::default() };
        let newest = files.make_directory().and_then(|()| files.segments());
        match newest.map(|mut segments| segments.pop()) {
            Ok(Some(newest)) => match resumed(&newest) {
                Ok(segment) => *files.lock() = segment,
                Err(error) => tracing::warn!(
                    "cannot open the history file {}: {error}; resolverd leaves it as it is and begins a new one; its failed and slow queries may be missing in `resolverctl why` and `resolverctl failed`; make the user resolverd its owner, or remove it",
                    newest.display()
                ),
            },
            Ok(None) => {}
            Err(error) => files.note(Some(format!("cannot use {}: {error}", files.directory.display()))),
        }
        files
    }

    /// Stores why entries cannot be written; `None` means that they can. Each change is logged.
    fn note(&self, trouble: Option<String>) {
        let mut known = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*known, &trouble) {
            (None, Some(trouble)) => tracing::warn!(
                "{trouble}; until this works again, failed and slow queries are not kept over a restart"
            ),
            (Some(_), None) => {
                tracing::info!(
                    "writing to {} works again: failed and slow queries are kept over a restart",
                    self.directory.display()
                );
            }
            _ => {}
        }
        *known = trouble;
    }

    fn make_directory(&self) -> io::Result<()> {
        if !self.directory.is_dir() {
            fs::DirBuilder::new().mode(0o750).create(&self.directory)?;
        }
        Ok(())
    }

    /// Returns the segments, the oldest first. The name of a segment is its start time.
    fn segments(&self) -> io::Result<Vec<PathBuf>> {
        let mut segments = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == EXTENSION) {
                segments.push(path);
            }
        }
        segments.sort();
        Ok(segments)
    }

    fn write(&self, entries: &[u8]) -> io::Result<()> {
        let mut open = self.lock();
        let length = entries.len() as u64;
        let mut segment = match open.take() {
            // If somebody has removed the open file from the directory (`nlink` is 0), a new file is begun: entries in the removed file would be
            // lost at the next start.
            Some(segment)
                if segment.octets.saturating_add(length) <= MAX_SEGMENT
                    && !self.is_past(segment.begun, SEGMENT_TIME)
                    && segment.file.metadata()?.nlink() > 0 =>
            {
                segment
            }
            _ => self.begin()?,
        };
        // After an error, the segment gets no more entries, because a reader might not find entries after the incomplete one.
        if let Err(error) = segment.file.write_all(entries) {
            // A file without entries is removed. Otherwise each failed query would create another file on a full disk.
            if segment.octets == SEGMENT_HEAD.len() as u64 {
                fs::remove_file(&segment.path)?;
            }
            return Err(error);
        }
        segment.octets = segment.octets.saturating_add(length);
        *open = Some(segment);
        Ok(())
    }

    /// Begins a segment, and removes the oldest segments if all of them take more than `MAX_STORED` octets.
    fn begin(&self) -> io::Result<OpenSegment> {
        self.make_directory()?;
        // All other steps that can fail come before the new file is created. Otherwise each failed attempt would leave another
        // file.
        let segments = self.segments()?;
        let begun = self.clock.unix_micros();
        let path = self.directory.join(format!("{begun:020}.{EXTENSION}"));
        let mut file = File::options().append(true).create_new(true).mode(0o640).open(&path)?;
        if let Err(error) = file.write_all(&SEGMENT_HEAD) {
            fs::remove_file(&path)?;
            return Err(error);
        }
        let mut sum = MAX_SEGMENT;
        for segment in segments.iter().rev() {
            let Ok(metadata) = fs::metadata(segment) else { continue };
            sum = sum.saturating_add(metadata.len());
            if sum > MAX_STORED
                && let Err(error) = fs::remove_file(segment)
            {
                tracing::debug!("cannot remove {}: {error}", segment.display());
            }
        }
        Ok(OpenSegment { path, file, octets: SEGMENT_HEAD.len() as u64, begun })
    }

    /// Removes segments whose last entry is too old, even the open one. Continues after an error, and returns the first error.
    fn remove_old(&self) -> io::Result<()> {
        let mut open = self.lock();
        let mut result = Ok(());
        for segment in &self.segments()? {
            let removed = self.is_too_old(segment).and_then(|is_too_old| {
                if !is_too_old {
                    return Ok(());
                }
                open.take_if(|open| open.path == *segment);
                fs::remove_file(segment)
            });
            result = result.and(removed);
        }
        result
    }

    fn is_too_old(&self, segment: &Path) -> io::Result<bool> {
        let written = fs::metadata(segment)?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(self.is_past(micros(written), STORED_TIME))
    }

    fn is_past(&self, at: u64, span: Duration) -> bool {
        self.clock.unix_micros().saturating_sub(at) > micros(span)
    }

    fn lock(&self) -> MutexGuard<'_, Option<OpenSegment>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for HistoryFiles {
    fn begin(&self) -> Option<u64> {
        begin_of(self.segments().ok()?.first()?)
    }

    fn append(&self, entries: &[u8]) {
        let directory = self.directory.display();
        self.note(self.write(entries).err().map(|error| format!("cannot write to {directory}: {error}")));
    }

    fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tend(&self) {
        if let Err(error) = self.remove_old() {
            // A warning every minute would fill the log. If the directory is not writable, `append` logs a warning.
            tracing::debug!("cannot remove old files from {}: {error}", self.directory.display());
        }
    }

    fn read_back(&self, take: &mut dyn FnMut(&[u8]) -> bool) {
        let segments = self.segments().unwrap_or_default();
        for segment in segments.iter().rev() {
            // A segment that was just removed or cannot be read is skipped.
            if let Ok(octets) = read_segment(segment)
                && !take(&octets)
            {
                return;
            }
        }
    }
}

/// Returns the start of a segment, which is in its file name, in microseconds since 1970.
fn begin_of(segment: &Path) -> Option<u64> {
    segment.file_stem()?.to_str()?.parse().ok()
}

/// Reads at most `MAX_SEGMENT` octets.
fn read_segment(path: &Path) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    state_files::open(path)?.take(MAX_SEGMENT).read_to_end(&mut octets)?;
    Ok(octets)
}

/// Opens the newest segment (history file) to append entries, and cuts off an incomplete last entry. Returns `None` if the segment has another
/// version, or if more than `MAX_TORN` octets at its end are damaged. A new segment must then be begun.
fn resumed(newest: &Path) -> io::Result<Option<OpenSegment>> {
    let octets = read_segment(newest)?;
    let check = stored::check(&octets);
    let torn = octets.len().saturating_sub(check.end);
    // A segment of another version is left unchanged.
    if check.end == 0 {
        return Ok(None);
    }
    let is_torn = torn <= MAX_TORN;
    if check.damaged > 0 || !is_torn {
        tracing::warn!(
            "the history file {} is damaged: some of its failed and slow queries are missing in `resolverctl why` and `resolverctl failed`; check the disk and the file system",
            newest.display()
        );
    }
    if !is_torn {
        return Ok(None);
    }
    let (file, whole) = (File::options().append(true).open(newest)?, check.end as u64);
    if torn > 0 {
        file.set_len(whole)?;
    }
    Ok(Some(OpenSegment {
        path: newest.to_owned(),
        file,
        octets: whole,
        begun: begin_of(newest).unwrap_or(0),
    }))
}

/// Opens the files of the history in the state directory. Returns `None` if the service manager provides no state directory.
pub(super) fn of_state_directory(clock: &Clock) -> Option<HistoryFiles> {
    let directory = state_files::path_of(DIRECTORY)?;
    Some(HistoryFiles::open(directory, clock.clone()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Arc;

    use super::*;
    use explain::logging::{LogFacts, LogState};
    use explain::why::DaemonFacts;
    use record::entry::QuestionEntry;
    use record::redact::{Redaction, Secrets};
    use record::{ReadSpan, Recorder};

    fn files(directory: &Path) -> HistoryFiles {
        HistoryFiles::open(directory.join("history"), Clock::machine())
    }

    fn all(files: &HistoryFiles) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        files.read_back(&mut |octets| {
            all.push(octets.to_vec());
            true
        });
        all
    }

    // The history goes on in the same segment after a crash.
    #[test]
    fn torn_segment_end_is_cut() {
        let directory = tempfile::tempdir().unwrap();
        let first = files(directory.path());
        first.append(&[]);
        first.append(b"torn by a crash");
        drop(first);
        let second = files(directory.path());
        assert_eq!(all(&second), [SEGMENT_HEAD.to_vec()]);
        let segments = second.segments().unwrap();
        assert_eq!(segments.len(), 1);
        assert_eq!(fs::metadata(&segments[0]).unwrap().permissions().mode() & 0o777, 0o640);
        second.append(b"more");
        assert_eq!(all(&second), [[&SEGMENT_HEAD[..], b"more"].concat()]);
    }

    // A segment with more damage than a torn end is left as it is.
    #[test]
    fn damaged_segment_starts_next_segment() {
        let directory = tempfile::tempdir().unwrap();
        let first = files(directory.path());
        first.append(&vec![7; MAX_TORN + 1]);
        let before = all(&first);
        drop(first);
        let second = files(directory.path());
        second.append(b"more");
        assert_eq!(all(&second), [vec![[&SEGMENT_HEAD[..], b"more"].concat()], before].concat());
    }

    #[test]
    fn removed_history_directory_is_recreated() {
        let directory = tempfile::tempdir().unwrap();
        let files = files(directory.path());
        files.append(b"removed");
        fs::remove_dir_all(directory.path().join("history")).unwrap();
        files.append(b"more");
        assert_eq!(all(&files), [[&SEGMENT_HEAD[..], b"more"].concat()]);
        assert_eq!(files.trouble(), None);
    }

    #[test]
    fn history_write_error_lasts_until_success() {
        let directory = tempfile::tempdir().unwrap();
        let files = files(directory.path());
        let path = directory.path().join("history");
        fs::remove_dir(&path).unwrap();
        fs::write(&path, "a file in the place of the directory").unwrap();
        files.append(b"lost");
        let trouble = files.trouble().unwrap();
        assert!(trouble.starts_with(&format!("cannot write to {}: ", path.display())), "{trouble}");
        fs::remove_file(&path).unwrap();
        files.append(b"more");
        assert_eq!(files.trouble(), None);
    }

    // The open segment is removed too, and the next entry begins another.
    #[test]
    fn segment_older_than_week_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let files = files(directory.path());
        let half = vec![0; usize::try_from(MAX_SEGMENT).unwrap() / 2 + 1];
        (0..3).for_each(|_| files.append(&half));
        let segments = files.segments().unwrap();
        let date_back = |path: &Path, more: bool| {
            let second = std::time::Duration::from_secs(60);
            let age = if more { STORED_TIME + second } else { STORED_TIME - second };
            File::options()
                .append(true)
                .open(path)
                .unwrap()
                .set_modified(std::time::SystemTime::now() - age)
                .unwrap();
        };
        date_back(&segments[0], true);
        date_back(&segments[1], false);
        files.tend();
        assert_eq!(files.segments().unwrap(), segments[1..]);
        segments[1..].iter().for_each(|path| date_back(path, true));
        files.tend();
        assert_eq!(files.segments().unwrap().len(), 0, "the open one too");
        files.append(b"more");
        assert_eq!(all(&files), [[&SEGMENT_HEAD[..], b"more"].concat()]);
    }

    // A directory or dangling link in the history must not keep old segments behind it.
    #[test]
    fn undeletable_entry_spares_no_segments() {
        let old = std::time::SystemTime::now() - STORED_TIME - Duration::from_secs(86_400);
        let date_back = |path: &Path| File::open(path).unwrap().set_modified(old).unwrap();
        let held = |path: &Path| {
            fs::create_dir(path).unwrap();
            date_back(path);
        };
        let dangling = |path: &Path| std::os::unix::fs::symlink("nowhere", path).unwrap();
        for make in [&held as &dyn Fn(&Path), &dangling] {
            let directory = tempfile::tempdir().unwrap();
            let files = files(directory.path());
            files.append(b"old");
            files.segments().unwrap().iter().for_each(|path| date_back(path));
            let foreign = directory.path().join("history/00000000000000000007.record");
            make(&foreign);
            assert!(files.remove_old().is_err());
            assert_eq!(files.segments().unwrap(), [foreign]);
        }
    }

    struct FailingRecord {
        recorder: Arc<Recorder>,
        state: LogState,
        clock: Clock,
    }

    impl FailingRecord {
        fn new(files: &Arc<HistoryFiles>, clock: &Clock) -> Self {
            let recorder = Recorder::new(clock.clone(), 1);
            recorder.store_in(Arc::clone(files) as Arc<dyn Store>);
            Self { recorder, state: LogState::default(), clock: clock.clone() }
        }

        /// Moves the clock by this number of hours, and then records a failed question.
        fn fails_after(&mut self, hours: u64) {
            self.clock.sleep(Duration::from_secs(hours * 3_600));
            let failed = QuestionEntry {
                elapsed: 1_000,
                error: "no server of it answered".into(),
                code: Some(22),
                ..QuestionEntry::failed(b"\x07example\x00", self.clock.mono().as_micros())
            };
            self.recorder.asked(&failed, None);
            let facts = DaemonFacts::default();
            let (secrets, redaction) = (&Secrets::default(), Redaction::default());
            let facts = LogFacts { secrets, redaction, facts, is_list_logged: &|_| false };
            self.state.write(&self.recorder, &facts);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn segment_closes_daily_entries_last_week() {
        let now = std::time::SystemTime::now();
        let clock = Clock::simulated(now.duration_since(UNIX_EPOCH).unwrap().as_secs());
        let directory = tempfile::tempdir().unwrap();
        let files = Arc::new(HistoryFiles::open(directory.path().join("history"), clock.clone()));
        let mut record = FailingRecord::new(&files, &clock);
        record.fails_after(0);
        record.fails_after(23);
        assert_eq!(files.segments().unwrap().len(), 1);
        record.fails_after(2);
        let segments = files.segments().unwrap();
        assert_eq!(segments.len(), 2);
        // The modification time of each file is set to the time at which its last entry was written on the simulated clock: after 23 and 25 hours.
        for (segment, hours) in segments.iter().zip([23, 25]) {
            let written = now + Duration::from_secs(hours * 3_600);
            File::options().append(true).open(segment).unwrap().set_modified(written).unwrap();
        }
        let shown = || {
            let record = FailingRecord::new(&files, &clock);
            record.recorder.recorded(&ReadSpan::default(), &Secrets::default())
        };
        assert_eq!(shown().questions.len(), 3);
        // After this sleep, the ages of the three entries are 180, 157 and 155 hours. Seven days are 168 hours.
        clock.sleep(Duration::from_secs(155 * 3_600));
        files.tend();
        assert_eq!(files.segments().unwrap(), segments);
        assert_eq!(shown().questions.len(), 2);
        assert!(shown().stored_since >= Some(clock.unix_micros() - micros(STORED_TIME)));
        clock.sleep(Duration::from_secs(12 * 3_600));
        files.tend();
        assert_eq!(files.segments().unwrap(), segments[1..]);
        clock.sleep(Duration::from_secs(2 * 3_600));
        files.tend();
        assert_eq!(files.segments().unwrap().len(), 0, "the open one too");
        record.fails_after(0);
        assert_eq!(shown().questions.len(), 1);
    }

    #[test]
    fn the_oldest_segments_give_way() {
        let directory = tempfile::tempdir().unwrap();
        let files = files(directory.path());
        // These two are not segments, although they have the extension: a directory, and a link to a file that does not exist.
        let history = directory.path().join("history");
        fs::create_dir(history.join("00000000000000000007.record")).unwrap();
        std::os::unix::fs::symlink("nowhere", history.join("x.record")).unwrap();
        let lengths = || -> Vec<u64> {
            let mut segments = files.segments().unwrap();
            segments.retain(|path| path.is_file());
            segments.iter().map(|path| fs::metadata(path).unwrap().len()).collect()
        };
        let part = vec![0; usize::try_from(MAX_SEGMENT).unwrap() / 2];
        for _ in 0..2 * MAX_STORED / MAX_SEGMENT + 20 {
            files.append(&part);
            assert_eq!(files.trouble(), None);
            let sum: u64 = lengths().iter().sum();
            assert!(sum <= MAX_STORED, "{sum}");
        }
        assert!(lengths().len() as u64 >= MAX_STORED / MAX_SEGMENT - 1);
    }

    #[test]
    fn unlistable_directory_gets_no_segments() {
        let directory = tempfile::tempdir().unwrap();
        let files = files(directory.path());
        let history = directory.path().join("history");
        let allow = |mode| fs::set_permissions(&history, fs::Permissions::from_mode(mode)).unwrap();
        allow(0o300);
        let is_root = fs::read_dir(&history).is_ok();
        (0..3).for_each(|_| files.append(b"entry"));
        allow(0o700);
        // The user root may list every directory.
        assert_eq!(files.segments().unwrap().len(), usize::from(is_root));
    }
}
