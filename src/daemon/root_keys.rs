//! The keys of the root in a file of the state directory; `validate::root_keys_text` has its form.

use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use tokio::task::block_in_place;

use super::state_files;
use crate::limits::MAX_ROOT_KEYS_FILE;
use resolver::resolve::root_keys::{RootKeyFollower, RootKeyStore};
use validate::root_keys::RootKeys;

/// The name of the file in the state directory.
const FILE: &str = "root.keys";

/// The file that keeps the keys of the root.
pub(super) struct RootKeysFile {
    path: PathBuf,
    /// Whether the file is there and could not be read at the start: it may be whole, so it is not replaced.
    is_unread: bool,
}

impl RootKeyStore for RootKeysFile {
    fn keep(&self, text: &str) -> io::Result<()> {
        let with_path =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", self.path.display()));
        if self.is_unread && self.path.symlink_metadata().is_ok() {
            let why = "it could not be read at the start, and may be whole; repair its permissions and restart resolverd, or remove it";
            return Err(with_path(io::Error::new(ErrorKind::AlreadyExists, why)));
        }
        block_in_place(|| state_files::replace(&self.path, text.as_bytes())).map_err(with_path)
    }
}

/// Continues with the keys of the last process; returns the file, where there is a state directory.
pub(super) fn begin(follower: &RootKeyFollower) -> Option<RootKeysFile> {
    let path = state_files::path_of(FILE)?;
    let (keys, is_unread) = read(&path);
    follower.restore(keys);
    Some(RootKeysFile { path, is_unread })
}

/// The keys in the file; none at the first start. A file that cannot be used is renamed, and the log has a line. Then whether the file is
/// there and could not be read, for a reason that says nothing about its text.
fn read(path: &Path) -> (RootKeys, bool) {
    let (error, is_damaged) = match text(path) {
        Ok(text) => match RootKeys::of_text(&text) {
            Ok(keys) => return (keys, false),
            Err(error) => (io::Error::other(error), true),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => return (RootKeys::default(), false),
        Err(error) => {
            let is_damaged = matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::InvalidData);
            (error, is_damaged)
        }
    };
    if !is_damaged {
        tracing::warn!(
            "cannot read the keys of the root in {}: {error}; resolverd leaves the file as it is, validates with the built-in and configured keys, and trusts revoked keys until the root shows them as revoked; repair the permissions of the file or the disk, and restart resolverd",
            path.display()
        );
        return (RootKeys::default(), true);
    }
    let moved = state_files::set_aside(path);
    tracing::warn!(
        "cannot use the DNSSEC keys of the root zone in {}: {error}; {moved}; resolverd uses the built-in and configured keys; it trusts newer keys only after 30 days, and may trust revoked keys until its next query for the keys; if another host has an undamaged file, copy it and restart resolverd",
        path.display()
    );
    (RootKeys::default(), false)
}

fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    state_files::open(path)?.take(MAX_ROOT_KEYS_FILE).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_broken_file_is_set_aside_and_the_next_is_whole_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let none = (RootKeys::default(), false);
        assert_eq!(read(&path), none);
        fs::write(&path, "; autotrust trust anchor file\n").unwrap();
        assert_eq!(read(&path), none);
        assert!(!path.exists() && folder.path().join("root.keys.refused").exists());
        let keys = RootKeys { checked: Some(7), ..RootKeys::default() };
        state_files::replace(&path, keys.to_text().as_bytes()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&path), (keys, false));
        fs::write(&path, [0xff; 40]).unwrap();
        assert_eq!(read(&path), none);
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_could_not_be_read_at_the_start_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let text = RootKeys { checked: Some(7), ..RootKeys::default() }.to_text();
        fs::write(&path, &text).unwrap();
        let file = |is_unread| RootKeysFile { path: path.clone(), is_unread };
        let refused = file(true).keep("other").unwrap_err().to_string();
        assert!(refused.starts_with(&format!("{}: it could not be read", path.display())), "{refused}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        fs::remove_file(&path).unwrap();
        file(true).keep("other").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "other");
        // A part of the path is no directory: an error of the disk, not of the text.
        assert_eq!(read(&path.join("root.keys")), (RootKeys::default(), true));
        assert_eq!(fs::read_to_string(&path).unwrap(), "other");
    }
}
