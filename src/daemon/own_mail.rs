//! Reads the files that `[own]` names, for the checks of own mail. They are read before each check, because programs renew them.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::limits::MAX_OWN_FILE;
use config::{OwnSection, SigningKeyFile};
use doctor::facts::own_mail::{CertificateFile, OwnMail, SigningKey, read_certificates, read_public_key};
use watched::WatchedName;

/// Returns what the check of an own domain compares with the DNS. A check of an address needs no files.
pub(super) fn read(own: &OwnSection, name: &WatchedName) -> OwnMail {
    let WatchedName::Domain(domain) = name else { return OwnMail::default() };
    let certificate = |path: &PathBuf| CertificateFile {
        path: path.display().to_string(),
        chain: octets(path).and_then(|octets| read_certificates(&octets)),
        is_of_one_domain: own.domains.len() == 1,
    };
    let signing_key = |key: &SigningKeyFile| SigningKey {
        selector: key.selector.clone(),
        path: key.path.display().to_string(),
        public: octets(&key.path).and_then(|octets| read_public_key(&octets)),
    };
    OwnMail {
        senders: own.addresses.clone(),
        certificates: own.certificates.iter().map(certificate).collect(),
        signing_keys: own.dkim_keys.iter().filter(|key| key.domain == *domain).map(signing_key).collect(),
    }
}

fn octets(path: &Path) -> Result<Vec<u8>, String> {
    let read = || -> io::Result<Vec<u8>> {
        let mut octets = Vec::new();
        File::open(path)?.take(MAX_OWN_FILE).read_to_end(&mut octets)?;
        Ok(octets)
    };
    read().map_err(|error| error.to_string())
}
