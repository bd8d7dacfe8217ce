//! When the daemon stops, saves the query history in memory to a file of the state directory, and restores it at the next start.
//! `record::saved_memory` describes the format of the file.
//!
//! # Decisions
//!
//! - The daemon writes the file only when it stops, because the file may have more than `history.size` octets. After a crash, the
//!   files of `history` still have the failed and slow queries.
//! - The daemon removes the file when it reads it. Otherwise it would restore an outdated file after a crash, and the history
//!   would seem complete although the last queries are missing.
//! - If `history.redact` is set, the daemon writes no file, because the history in memory has clients and names that must not be
//!   on the disk.

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use super::state_files;
use crate::limits::STOP_HISTORY;
use config::{Config, Redact};
use dns::clock::Clock;
use record::Recorder;
use resolver::resolve::Resolver;

pub(super) const FILE: &str = "history.snapshot";

/// Each entry in the file also has a checksum, so the file may be larger than `history.size` by this factor.
const GROWTH: u64 = 2;

/// Returns true if the history is on, and `history.redact` hides none of its data.
fn is_wanted(config: &Config) -> bool {
    config.history_size() > 0 && config.history.redact == Redact::None
}

/// Restores the history from the file of the previous process, and removes the file. If the file is missing or cannot be used,
/// the history starts empty.
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

/// Saves the history. If this takes longer than `STOP_HISTORY`, or if it fails, no file is left.
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
