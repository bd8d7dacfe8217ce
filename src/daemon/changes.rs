//! The file of the state directory with the changes of records. [`record::changes`] describes them. If `history.redact` hides names, there is no
//! file, because names of domains must not be on the disk.

use std::convert::Infallible;
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;

use tokio::task::block_in_place;
use tokio::time::sleep;

use super::running::Running;
use super::state_files;
use crate::limits::{CHANGES_WRITE_INTERVAL, MAX_CHANGES_FILE};
use config::Config;
use resolver::resolve::Resolver;
use resolver::resolve::list_keys::redaction_of;

const FILE: &str = "changes.json";

fn is_wanted(config: &Config) -> bool {
    config.history_size() > 0 && !redaction_of(config).names
}

/// Restores what the previous process has seen. Without a state directory there is nothing to restore.
pub(super) fn begin(resolver: &Resolver) {
    let Some(path) = state_files::path_of(FILE) else { return };
    if !is_wanted(resolver.views().config()) {
        remove(&path);
        return;
    }
    match read(&path).and_then(|octets| resolver.restore_changes(&octets)) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(
            "cannot read {}: {error}; `resolverctl changes` shows no change from before the restart",
            path.display()
        ),
    }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    state_files::open(path)?.take(MAX_CHANGES_FILE).read_to_end(&mut octets)?;
    Ok(octets)
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != ErrorKind::NotFound
    {
        tracing::warn!(
            "cannot remove {}: {error}; it has names that history.redact hides; remove it by hand",
            path.display()
        );
    }
}

impl Running {
    /// Writes the file; removes it if it must not exist.
    pub(super) fn keep_changes(&self) {
        let Some(path) = state_files::path_of(FILE) else { return };
        if !is_wanted(&self.state().config) {
            remove(&path);
            return;
        }
        let written =
            self.resolver.changes_to_octets().and_then(|octets| state_files::replace(&path, &octets));
        if let Err(error) = written {
            tracing::warn!(
                "cannot write {}: {error}; after the next start, `resolverctl changes` lacks the latest changes",
                path.display()
            );
        }
    }
}

/// Looks for changes, and writes the file every `CHANGES_WRITE_INTERVAL`. Runs forever.
pub(super) async fn follow(subject: Arc<Running>) -> Infallible {
    let write = async {
        loop {
            sleep(CHANGES_WRITE_INTERVAL).await;
            block_in_place(|| subject.keep_changes());
        }
    };
    tokio::select! {
        never = Arc::clone(&subject.resolver).follow_changes() => never,
        never = write => never,
    }
}
