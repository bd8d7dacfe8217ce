//! Keeps the part of the record that is in memory across a restart, in a file of the state directory. `history::saved_memory`
//! describes its format.
//!
//! # Decisions
//!
//! - The file is written only when the daemon stops, because it has up to `history.size` octets. After a crash, the segments of
//!   `history` still have the failed and slow queries.
//! - The file is removed after it is read. Otherwise, after a crash, an outdated file would be restored, and the record would
//!   seem complete although the last queries are missing.
//! - With `history.redact` no file is written, because the memory has clients and names that must not be on the disk.

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use super::state_files;
use crate::limits::STOP_HISTORY;
use dns::clock::Clock;
use history::Recorder;
use resolver::config::{Config, Redact};
use resolver::resolve::Resolver;

/// The name of the file in the state directory that stores the history for the next process.
pub(super) const FILE: &str = "history.snapshot";

/// The maximum size of the file in octets for each octet of `history.size`. Each entry also has a checksum.
const GROWTH: u64 = 2;

/// Returns true if the configuration asks for a file with the history.
fn is_wanted(config: &Config) -> bool {
    config.history_size() > 0 && config.history.redact == Redact::None
}

/// Restores the history from the file of the last process, and removes the file. Without a usable file, the history starts empty.
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

/// Writes the history in memory to the file, completely or not at all, within `STOP_HISTORY`.
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
