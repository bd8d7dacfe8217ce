//! The part of the daemon that checks the watched domains. The checks ask the same questions as `resolverctl check`. The history
//! of the domains is in a file of the state directory.

use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::task::block_in_place;

use super::running::Running;
use super::{own_mail, state_files};
use config::{Config, OwnSection};
use control::{facts, root_servers};
use dns::clock::Clock;
use dns::random::Random;
use doctor::facts::own_mail::OwnMail;
use doctor::facts::{Got, Want};
use gather::Sources;
use gather::connections::{ServicePorts, connect};
use record::Recorder;
use watched::kept::KeptWatches;
use watched::{WatchHost, WatchedName, WatchedSubject, Watches, kept};

/// Returns the domains with the history of the previous process, and the path of the file with the history.
pub(super) fn begin(
    config: &Config,
    (clock, random): (&Clock, &Random),
    recorder: &Arc<Recorder>,
) -> (Watches, Option<PathBuf>) {
    let path = state_files::path_of(kept::FILE);
    let watched = Watches::new(
        &WatchedSubject::all_of(config),
        path.as_deref().map(read).unwrap_or_default(),
        (clock.clone(), random.clone()),
        Arc::clone(recorder),
    );
    (watched, path)
}

/// Reads the history of the watched domains, which is empty at the first start. A file that cannot be used is renamed, and the
/// log says so.
fn read(path: &Path) -> KeptWatches {
    let error = match state_files::open(path).and_then(KeptWatches::read) {
        Ok(kept) => return kept,
        Err(error) if error.kind() == ErrorKind::NotFound => return KeptWatches::default(),
        Err(error) => error,
    };
    let moved = state_files::set_aside(path);
    tracing::warn!(
        "cannot use the history of watched domains {}: {error}; {moved}; the history starts again with the next checks",
        path.display()
    );
    KeptWatches::default()
}

impl Sources for Running {
    fn ask<'a>(&'a self, want: &'a Want) -> BoxFuture<'a, Got> {
        connect(want, ServicePorts::USUAL).unwrap_or_else(|| Box::pin(facts::ask(self, want)))
    }
}

impl WatchHost for Running {
    fn is_busy(&self) -> bool {
        !self.resolver.lookahead().has_room()
    }

    fn is_network_down(&self) -> bool {
        self.recorder.troubles().down.is_some()
    }

    fn root_servers(&self) -> BoxFuture<'_, Vec<IpAddr>> {
        Box::pin(root_servers::ask(self))
    }

    fn ask_own_lists<'a>(&'a self, subject: &'a str) -> BoxFuture<'a, Got> {
        Box::pin(facts::ask_own_lists(self, subject))
    }

    fn own_mail(&self, own: &OwnSection, name: &WatchedName) -> OwnMail {
        block_in_place(|| own_mail::read(own, name))
    }

    fn keep(&self, kept: &KeptWatches) {
        let Some(path) = &self.watched_file else { return };
        let written =
            block_in_place(|| kept.to_octets().and_then(|octets| state_files::replace(path, &octets)));
        if let Err(error) = written {
            tracing::warn!(
                "cannot write {}: {error}; after a restart the history of watched domains starts again",
                path.display()
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    // The file that replaces it is private.
    #[test]
    fn broken_watch_file_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(kept::FILE);
        assert_eq!(read(&path), KeptWatches::default());
        fs::write(&path, "{\"version\":1,\"domains\":[").unwrap();
        assert_eq!(read(&path), KeptWatches::default());
        assert!(!path.exists() && folder.path().join("watched.json.refused").exists());
        state_files::replace(&path, &KeptWatches::default().to_octets().unwrap()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&path), KeptWatches::default());
        assert!(path.exists());
    }
}
