//! Stores the root keys in a file of the state directory. `validate::root_keys_text` describes the format of the file.

use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use tokio::task::block_in_place;

use super::state_files;
use crate::limits::MAX_ROOT_KEYS_FILE;
use resolver::resolve::root_keys::{RootKeyFollower, RootKeyStore};
use validate::root_keys::RootKeys;

const FILE: &str = "root.keys";

pub(super) struct RootKeysFile(PathBuf);

impl RootKeyStore for RootKeysFile {
    fn keep(&self, text: &str) -> io::Result<()> {
        let with_path =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", self.0.display()));
        block_in_place(|| state_files::replace(&self.0, text.as_bytes())).map_err(with_path)
    }
}

/// Restores the root keys of the previous process, and returns the file for later changes. Returns `None` if there is no state
/// directory, or if the file cannot be read; such a file may be intact, so it is not replaced.
pub(super) fn begin(follower: &RootKeyFollower) -> Option<RootKeysFile> {
    let path = state_files::path_of(FILE)?;
    let Some(keys) = read(&path) else {
        follower.file_is_unreadable();
        return None;
    };
    follower.restore(keys);
    Some(RootKeysFile(path))
}

/// Returns no keys at the first start, and `None` if the file cannot be read. A damaged file is renamed. Both errors are logged.
fn read(path: &Path) -> Option<RootKeys> {
    let error = match text(path).map(|text| RootKeys::of_text(&text)) {
        Ok(Ok(keys)) => return Some(keys),
        Ok(Err(error)) => io::Error::other(error),
        Err(error) if error.kind() == ErrorKind::NotFound => return Some(RootKeys::default()),
        Err(error) if error.kind() == ErrorKind::InvalidData => error,
        Err(error) => {
            tracing::warn!(
                "cannot read the DNSSEC keys of the root zone in {}: {error}; resolverd uses the built-in and configured keys, and does not replace the file; repair its permissions or the file system, and restart resolverd",
                path.display()
            );
            return None;
        }
    };
    let moved = state_files::set_aside(path);
    tracing::warn!(
        "cannot use the DNSSEC keys of the root zone in {}: {error}; {moved}; resolverd uses the built-in and configured keys; it trusts newer keys only after 30 days, and may trust revoked keys until its next query for the keys; if the file is undamaged, or another host has one, copy it and restart resolverd",
        path.display()
    );
    Some(RootKeys::default())
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

    // The file that replaces it is whole and private.
    #[test]
    fn broken_key_file_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let none = RootKeys::default();
        assert_eq!(read(&path), Some(none.clone()));
        fs::write(&path, "; autotrust trust anchor file\n").unwrap();
        assert_eq!(read(&path), Some(none.clone()));
        assert!(!path.exists() && folder.path().join("root.keys.refused").exists());
        let keys = RootKeys { checked: Some(7), ..RootKeys::default() };
        state_files::replace(&path, keys.to_text().as_bytes()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&path), Some(keys));
        fs::write(&path, [0xff; 40]).unwrap();
        assert_eq!(read(&path), Some(none.clone()));
        assert!(!path.exists());
    }
}
