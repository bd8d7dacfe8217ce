//! The keys of the root in a file of the state directory; `validate::root_keys_text` has its form.

use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use tokio::task::block_in_place;

use super::state_files;
use crate::limits::MAX_ROOT_KEYS_FILE;
use crate::resolve::root_keys::{RootKeyFollower, RootKeyStore};
use crate::validate::root_keys::RootKeys;

/// The name of the file in the state directory.
const FILE: &str = "root.keys";

/// The file that keeps the keys of the root.
pub(super) struct RootKeysFile(PathBuf);

impl RootKeyStore for RootKeysFile {
    fn keep(&self, text: &str) -> io::Result<()> {
        block_in_place(|| state_files::replace(&self.0, text.as_bytes()))
    }
}

/// Continues with the keys of the last process; returns the file, where there is a state directory.
pub(super) fn begin(follower: &RootKeyFollower) -> Option<RootKeysFile> {
    let path = state_files::path_of(FILE)?;
    follower.restore(read(&path));
    Some(RootKeysFile(path))
}

/// The keys in the file; none at the first start. A file that cannot be used is renamed, and the log has a line.
fn read(path: &Path) -> RootKeys {
    let error = match text(path).and_then(|text| RootKeys::of_text(&text).map_err(io::Error::other)) {
        Ok(keys) => return keys,
        Err(error) if error.kind() == ErrorKind::NotFound => return RootKeys::default(),
        Err(error) => error,
    };
    let moved = state_files::set_aside(path);
    tracing::warn!(
        "cannot use the keys of the root in {}: {error}; {moved}; resolverd validates with the built-in and configured keys, learns new keys again in 30 days, and trusts revoked keys until the root shows them as revoked; if another host has a whole file, copy it and restart resolverd",
        path.display()
    );
    RootKeys::default()
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
        assert_eq!(read(&path), RootKeys::default());
        fs::write(&path, "; autotrust trust anchor file\n").unwrap();
        assert_eq!(read(&path), RootKeys::default());
        assert!(!path.exists() && folder.path().join("root.keys.refused").exists());
        let keys = RootKeys { checked: Some(7), ..RootKeys::default() };
        state_files::replace(&path, keys.to_text().as_bytes()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&path), keys);
        fs::write(&path, [0xff; 40]).unwrap();
        assert_eq!(read(&path), RootKeys::default());
        assert!(!path.exists());
    }
}
