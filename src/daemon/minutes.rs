//! The store of minutes: the statistics of each minute, in files of the state directory. The module `record::minutes` describes the files.
//!
//! The daemon appends a row each minute, and when it stops. The daemon does not sync the files, because a sync delays mail queues
//! on the same disk. A file of another version is moved aside. If a row cannot be written, the daemon logs one warning, and tries
//! the next row.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hickory_proto::rr::Name;
use tokio::task::block_in_place;
use tokio::time::sleep;

use super::running::Running;
use super::state_files;
use config::Config;
use dns::question::{name_of_wire, name_text, wire_name};
use record::minute::MinuteMark;
use record::minutes::day::{self, HEAD, MINUTES};
use record::minutes::limits::{KEPT_DAYS, MAX_DAY_FILE, NAMES_INTERVAL};
use record::minutes::row::{Busy, BusyKind, BusyMark, ListingCounts, Names, Row};
use record::minutes::span::Span;
use record::redact::Secrets;
use resolver::resolve::list_keys::{redaction_of, secrets_of};

const DIRECTORY: &str = "minutes";

const EXTENSION: &str = "minutes";

const MINUTE: u64 = 60;

/// A row is written this long after the end of its minute.
const MARGIN: Duration = Duration::from_millis(50);

/// The files with the statistics of minutes, one for each day, and the counters at the time when the last row was written.
#[derive(Debug)]
pub(super) struct MinuteFiles {
    directory: PathBuf,
    written: Mutex<Written>,
}

#[derive(Debug, Default)]
struct Written {
    mark: MinuteMark,
    busy: BusyMark,
    open: Option<OpenDay>,
    /// The last row could not be written, and the log has a warning.
    is_failing: bool,
}

#[derive(Debug)]
struct OpenDay {
    day: u64,
    file: File,
    size: u64,
    names: Names,
}

impl MinuteFiles {
    /// Returns the files in the state directory, or `None` if the service manager provides no state directory.
    pub(super) fn of_state_directory() -> Option<Arc<Self>> {
        let directory = state_files::path_of(DIRECTORY)?;
        Some(Arc::new(Self { directory, written: Mutex::default() }))
    }

    fn path(&self, day: u64) -> PathBuf {
        self.directory.join(format!("{day}.{EXTENSION}"))
    }

    /// Adds the minutes between `from` and `to` to the `spans` in which they lie. Reads one file (one day) after the other.
    pub(super) fn read(&self, spans: &mut [Span], (from, to): (u64, u64)) {
        let day = |unix: u64| unix / MINUTE / MINUTES;
        let first = day(from).max(day(to).saturating_sub(KEPT_DAYS));
        for day in first..=day(to) {
            // A day without a file has no rows. The reply says for how many minutes there are rows.
            if let Ok(file) = self.content(day) {
                day::read(&file, |row| spans.iter_mut().for_each(|span| span.add(&row)));
            }
        }
    }

    fn content(&self, day: u64) -> io::Result<Vec<u8>> {
        let mut octets = Vec::new();
        state_files::open(&self.path(day))?.take(2 * MAX_DAY_FILE).read_to_end(&mut octets)?;
        Ok(octets)
    }

    fn write(&self, row: &Row, written: &mut Written) {
        let result = self.append(row, &mut written.open);
        match (&result, written.is_failing) {
            (Err(error), false) => tracing::warn!(
                "cannot write to {}: {error}; until this works again, `resolverctl stats --since 24h` lacks the minutes",
                self.directory.display()
            ),
            (Ok(()), true) => tracing::info!("writing to {} works again", self.directory.display()),
            _ => {}
        }
        written.is_failing = result.is_err();
    }

    fn append(&self, row: &Row, open: &mut Option<OpenDay>) -> io::Result<()> {
        let day = row.minute / MINUTES;
        // After an error the file is closed, and an incomplete last row is cut off when it is opened again.
        let mut file = match open.take().filter(|open| open.day == day) {
            Some(open) => open,
            None => self.open(day)?,
        };
        let octets = day::appended(row, &mut file.names, file.size);
        file.file.write_all(&octets)?;
        file.size = file.size.saturating_add(octets.len() as u64);
        *open = Some(file);
        Ok(())
    }

    /// Opens the file of a day. Cuts off an incomplete last row, and removes the files that are too old.
    fn open(&self, day: u64) -> io::Result<OpenDay> {
        if !self.directory.is_dir() {
            DirBuilder::new().mode(0o750).create(&self.directory)?;
        }
        self.remove_old(day)?;
        let path = self.path(day);
        let content = self.content(day);
        let known = content.as_deref().map(|octets| day::read(octets, |_| ())).unwrap_or_default();
        let is_new = match &content {
            Ok(octets) => octets.is_empty(),
            Err(error) => error.kind() == ErrorKind::NotFound,
        };
        if known.end == 0 && !is_new {
            let why = content
                .err()
                .map_or_else(|| "it is of another version".to_owned(), |error| error.to_string());
            tracing::warn!(
                "cannot use {}: {why}; {}; `resolverctl stats --since 24h` lacks its minutes",
                path.display(),
                state_files::set_aside(&path)
            );
        }
        let mut file = File::options().append(true).create(true).mode(0o640).open(&path)?;
        file.set_len(known.end as u64)?;
        if known.end == 0 {
            file.write_all(&HEAD)?;
        }
        let size = known.end.max(HEAD.len()) as u64;
        Ok(OpenDay { day, file, size, names: known.names })
    }

    fn remove_old(&self, today: u64) -> io::Result<()> {
        let entries = fs::read_dir(&self.directory)?;
        let day = |entry: fs::DirEntry| entry.path().file_stem()?.to_str()?.parse::<u64>().ok();
        let stored = entries.filter_map(|entry| entry.map(day).transpose()).collect::<io::Result<_>>()?;
        for day in day::outdated(&stored, today) {
            // Today's rows are written even if an old file cannot be removed.
            let _ = fs::remove_file(self.path(day));
        }
        Ok(())
    }
}

impl Running {
    /// Writes the row of the minute that has ended. One row in `NAMES_INTERVAL` minutes, and the last row before the daemon stops
    /// (`is_last`), also have the names of zones.
    pub(super) fn write_minute(&self, is_last: bool) {
        let Some(files) = &self.minutes else { return };
        let mut written = files.written.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = self.clock.now().unix / MINUTE;
        let counts = self.recorder.minute(&mut written.mark);
        let busy = match is_last || minute.is_multiple_of(NAMES_INTERVAL) {
            true => self.grown(&mut written.busy),
            false => Vec::new(),
        };
        files.write(&Row::new(minute, &counts, busy.into_iter()), &mut written);
    }

    /// Returns the end of the current minute, in minutes since 1970, and the counts of zones, lists, users and networks that are not yet
    /// in a row. If this minute ends after `to` (in seconds since 1970), there are no counts.
    pub(super) fn current_busy(&self, to: u64) -> (u64, Vec<Busy>) {
        let end = self.clock.now().unix / MINUTE + 1;
        let Some(files) = self.minutes.as_ref().filter(|_| end * MINUTE <= to) else {
            return (end, Vec::new());
        };
        let mut mark = files.written.lock().unwrap_or_else(PoisonError::into_inner).busy.clone();
        (end, self.grown(&mut mark))
    }

    /// Returns the counts of the answers of each DNS list since the start. If a list has several sets of servers, their counts are added.
    fn listings(&self) -> Vec<Busy> {
        let lists = self.resolver.lists();
        let batch = lists.batch();
        let mut sums = BTreeMap::<String, ListingCounts>::new();
        for entry in lists.all() {
            let (said, compared) = (entry.counts(), batch.listings(entry.number()));
            let sum = sums.entry(name_text(&entry.apex)).or_default();
            sum.answers = sum.answers.saturating_add(said.listed).saturating_add(said.not_listed);
            sum.listed = sum.listed.saturating_add(said.listed);
            sum.compared = sum.compared.saturating_add(compared.compared);
            sum.sole = sum.sole.saturating_add(compared.sole);
        }
        sums.iter().map(|(list, counts)| Busy::listings(list, *counts)).collect()
    }

    /// Returns how much the counts of zones, lists, users and networks have grown since `mark`, in the form for the disk.
    fn grown(&self, mark: &mut BusyMark) -> Vec<Busy> {
        let config = Arc::clone(&self.state().config);
        let list = |zone: &str| Name::from_ascii(zone).ok().and_then(|name| config.list(&name));
        let mut all = Busy::all(&self.recorder, |zone| list(zone).is_some());
        all.extend(self.listings());
        let grown = mark.grown(all);
        let secrets = secrets_of(&config);
        grown.into_iter().filter_map(|busy| on_disk(busy, &config, &secrets)).collect()
    }
}

/// Returns the form of a name and its counts for the disk: without customer keys of DNS lists, and as `history.redact` demands.
/// If `history.redact` hides clients, returns `None` for users.
fn on_disk(busy: Busy, config: &Config, secrets: &Secrets) -> Option<Busy> {
    let redaction = redaction_of(config);
    match busy.kind {
        BusyKind::User => return Some(busy).filter(|_| !redaction.clients),
        BusyKind::Network => return Some(busy),
        BusyKind::Zone | BusyKind::List | BusyKind::Listings => {}
    }
    let name = Name::from_ascii(&busy.name).ok()?;
    let name = name_text(&name_of_wire(&redaction.name(&wire_name(&name))));
    Some(Busy { name: secrets.without_keys(name).into(), ..busy })
}

/// Writes a row at the end of each minute. Runs forever.
pub(super) async fn keep(subject: Arc<Running>) -> Infallible {
    loop {
        let passed = subject.clock.unix_micros() % (MINUTE * 1_000_000);
        // Without the margin, a small adjustment of the clock during this sleep could wake the task before the minute has ended,
        // and cause a second row for the minute before.
        sleep(Duration::from_micros(MINUTE * 1_000_000 - passed) + MARGIN).await;
        block_in_place(|| subject.write_minute(false));
    }
}
