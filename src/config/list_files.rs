//! Reads the files of `[dnsbl]` and `[[list]]`: a registry of DNS lists, and the customer key of a list (a secret label in the names that paying
//! customers look up).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{Opened, Unreadable};
use super::report::WrongValue;
use super::value::{self, Read};
use crate::limits;
use dns::secret::Key;
use dnsbl::registry::Registry;

const REMEDY: &str = "give a file in the format of src/dnsbl/registry.toml in the source, or leave it empty for the built-in table";

const KEY_REMEDY: &str = "give a file that contains only the key (one DNS label) and that resolverd may read";

/// A customer key of a DNS list, and its file.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyFile {
    /// The path of the file.
    pub path: PathBuf,
    /// The secret key.
    pub key: Key,
}

pub(super) fn registry(path: &Path) -> Read<Arc<Registry>> {
    let text = value::file(path, limits::MAX_REGISTRY_FILE, REMEDY)?;
    let registry = Registry::read(&text)
        .map_err(|wrong| WrongValue::new(format!("{}: {wrong}", path.display()), "correct it"))?;
    Ok(Arc::new(registry))
}

/// Reads a file with a customer key. A relative path starts at `directory`. Other users must not be able to read the file, because everyone who knows
/// the key can use it.
pub(super) fn key_file(directory: &Path, named: &str) -> Read<KeyFile> {
    let path = &directory.join(named);
    if !named.contains('/') && !path.exists() {
        // The operator may have written the key itself instead of its file. Error messages go to logs, so this one does not show the value.
        let wrong = format!("the file with the key cannot be read: {} has no such file", directory.display());
        return Err(WrongValue::new(wrong, KEY_REMEDY));
    }
    let file = path.display();
    let unreadable = |error: Unreadable| WrongValue::new(format!("{file} {error}"), KEY_REMEDY);
    let opened = Opened::regular(path).map_err(unreadable)?;
    opened.refuse_others(path)?;
    let text = opened.text(limits::MAX_KEY_FILE).map_err(unreadable)?;
    let key = Key::read(&text)
        .ok_or_else(|| WrongValue::new(format!("{file} does not contain a key"), KEY_REMEDY))?;
    Ok(KeyFile { path: path.to_owned(), key })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_typed_as_path_is_hidden() {
        let folder = tempfile::tempdir().unwrap();
        let wrong = key_file(folder.path(), "sekretkey0123456789abcd").unwrap_err().to_string();
        assert!(wrong.contains("cannot be read") && !wrong.contains("sekret"), "{wrong}");
        let wrong = key_file(folder.path(), "keys/list.key").unwrap_err().to_string();
        assert!(wrong.contains("keys/list.key"), "{wrong}");
    }
}
