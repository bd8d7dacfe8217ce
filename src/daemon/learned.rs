//! The file of the state directory with what was learned about the mail programs of this host. The crate `resolver` describes it.

use std::io::ErrorKind;

use super::running::Running;
use super::state_files;
use resolver::learned::{FILE, KeptLearned};
use resolver::lookahead::Lookahead;
use resolver::resolve::Resolver;
use resolver::resolve::list_keys::redaction_of;

/// Restores what the previous process has learned. Without a state directory there is nothing to restore.
pub(super) fn begin(resolver: &Resolver, lookahead: &Lookahead) {
    let Some(path) = state_files::path_of(FILE) else { return };
    match state_files::open(&path).and_then(KeptLearned::read) {
        Ok(kept) => kept.restore(resolver, lookahead),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(
            "cannot read {}: {error}; resolverd learns again which DNS lists and records mail software asks for",
            path.display()
        ),
    }
}

impl Running {
    /// Writes what was learned if it has changed since the `last` write. Returns what is in the file.
    pub(super) fn keep_learned(&self, last: Option<&KeptLearned>) -> Option<KeptLearned> {
        let path = state_files::path_of(FILE)?;
        let has_names = !redaction_of(&self.state().config).names;
        let kept = KeptLearned::of(&self.resolver, &self.lookahead, has_names);
        if last.is_some_and(|last| last.equals(&kept)) {
            return Some(kept);
        }
        match kept.to_octets().and_then(|octets| state_files::replace(&path, &octets)) {
            Ok(()) => Some(kept),
            Err(error) => {
                tracing::warn!(
                    "cannot write {}: {error}; after the next start, mail waits longer until resolverd has learned again",
                    path.display()
                );
                None
            }
        }
    }
}
