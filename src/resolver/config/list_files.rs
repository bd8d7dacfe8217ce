//! Reads the files that `[dnsbl]` and `[[list]]` mention: a registry of DNS lists, and the customer's key for a list (a secret label in the names
//! that paying customers look up).

use crate::limits;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{Opened, Unreadable};
use super::report::WrongValue;
use super::value::{self, Read};
use crate::dnsbl::registry::Registry;
use crate::exchange::secret::Key;

/// The advice that an error message gives if a registry file cannot be used.
const REMEDY: &str = "give a file in the format of src/resolver/dnsbl/registry.toml in the source, or leave it empty for the built-in table";

/// The advice that an error message gives if a file with a customer's key cannot be used.
const KEY_REMEDY: &str = "give a file that contains only the key (one DNS label) and that resolverd may read";

/// A customer's key for a DNS list, and the file from which it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyFile {
    /// The path of the file that contains the key.
    pub path: PathBuf,
    /// The customer's secret key for the DNS list.
    pub key: Key,
}

/// Reads a file with a registry (the descriptions) of DNS lists.
pub(super) fn registry(path: &Path) -> Read<Arc<Registry>> {
    let text = value::file(path, limits::MAX_REGISTRY_FILE, REMEDY)?;
    let registry = Registry::read(&text)
        .map_err(|wrong| WrongValue::new(format!("{}: {wrong}", path.display()), "correct it"))?;
    Ok(Arc::new(registry))
}

/// Reads a customer's key from the file `named`. A relative path starts at `directory`. The mode of the file must not permit other users to read
/// it, because everyone who knows the key can use it.
pub(super) fn key_file(directory: &Path, named: &str) -> Read<KeyFile> {
    let path = &directory.join(named);
    if !named.contains('/') && !path.exists() {
        // The operator may have written the key itself instead of the path of its file. Error messages are written to logs, so this one does not
        // show the value.
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
    fn a_key_in_the_place_of_its_file_is_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let wrong = key_file(folder.path(), "sekretkey0123456789abcd").unwrap_err().to_string();
        assert!(wrong.contains("cannot be read") && !wrong.contains("sekret"), "{wrong}");
        let wrong = key_file(folder.path(), "keys/list.key").unwrap_err().to_string();
        assert!(wrong.contains("keys/list.key"), "{wrong}");
    }
}
