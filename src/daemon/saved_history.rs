//! Keeps the memory of the record in the state directory, from the stop of a process to the start of the next one; `history::saved_memory`
//! has its form.
//!
//! # Decisions
//!
//! - It is written at the stop only, because it has up to `history.size` octets. After a crash, the segments of `history` still have the
//!   failed and slow queries.
//! - The file is removed when it is read. After a crash it would be older than the last queries, and memory would claim to have all.
//! - With `history.redact` no file is written: memory has the clients and the names that the disk must not have.

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use super::state_files;
use crate::limits::STOP_HISTORY;
use dns::clock::Clock;
use history::Recorder;
use resolver::config::{Config, Redact};
use resolver::resolve::Resolver;

/// The file in the state directory.
pub(super) const FILE: &str = "history.snapshot";

/// Octets that the file may have for each octet of `history.size`: an entry has a checksum next to it.
const GROWTH: u64 = 2;

/// Whether the file is wanted.
fn is_wanted(config: &Config) -> bool {
    config.history_size() > 0 && config.history.redact == Redact::None
}

/// Restores what the last process had in memory, and removes the file. Without a file, and with one that cannot be used, memory begins
/// empty.
pub(super) fn restore(path: &Path, config: &Config, recorder: &Recorder) {
    let shown = path.display();
    let read = read(path, config.history_size().saturating_mul(GROWTH));
    if let Err(error) = &read
        && error.kind() == ErrorKind::NotFound
    {
        return;
    }
    if let Err(error) = fs::remove_file(path) {
        tracing::warn!(
            "cannot remove {shown}: {error}; resolverd does not read it, so `resolverctl why` does not find the quick queries from before the restart; remove it by hand"
        );
        return;
    }
    if !is_wanted(config) {
        return;
    }
    let restored = read
        .map_err(|error| error.to_string())
        .and_then(|octets| recorder.restore_memory(&octets).map_err(|unusable| unusable.to_string()));
    match restored {
        Ok(queries) => tracing::info!(queries, "restored {queries} queries of the history from {shown}"),
        Err(error) => tracing::warn!(
            "cannot use {shown}: {error}; `resolverctl why` does not find the quick queries from before the restart; the failed and slow ones are kept apart"
        ),
    }
}

fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    state_files::open(path)?.take(most).read_to_end(&mut octets)?;
    Ok(octets)
}

/// Writes what the record has in memory, whole or not at all. The disk has `STOP_HISTORY` for it.
pub(super) fn save(path: &Path, config: &Config, resolver: &Resolver, clock: &Clock) {
    if !is_wanted(config) {
        return;
    }
    let new = state_files::with_extension_added(path, "new");
    if let Err(error) = write(path, &new, resolver, clock) {
        let _ = fs::remove_file(&new);
        tracing::warn!(
            "cannot write {}: {error}; `resolverctl why` will not find the quick queries from before the restart; the failed and slow ones are kept apart",
            path.display()
        );
    }
}

fn write(path: &Path, new: &Path, resolver: &Resolver, clock: &Clock) -> io::Result<()> {
    let ends = clock.mono().after(STOP_HISTORY);
    let mut file = state_files::create_new(new)?;
    resolver.save_history(|octets| {
        if clock.mono() >= ends {
            return Err(io::Error::new(
                ErrorKind::TimedOut,
                "the disk is too slow to write it before resolverd stops",
            ));
        }
        file.write_all(octets)
    })?;
    fs::rename(new, path)
}
