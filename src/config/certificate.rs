//! Reads the certificate and the private key of encrypted listeners from PEM files (RFC 7468).
//!
//! Both are checked when the configuration is read, so that `--check` and a reload name the wrong file. An expired certificate is used and reported,
//! because clients that do not verify it still get answers.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio_rustls::rustls::client::verify_server_cert_signed_by_trust_anchor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{CertificateError, Error, RootCertStore};

use super::files::{Opened, Unreadable};
use super::report::WrongValue;
use super::value::Read;
use crate::limits::MAX_CERTIFICATE_FILE;

const REMEDY: &str = "give a PEM file with the certificate of this host first, and then those of its issuers (certbot calls it fullchain.pem)";

const KEY_REMEDY: &str = "give the PEM file with the private key of the certificate, without a password (certbot calls it privkey.pem)";

/// The certificate of this host, with the certificates of its issuers.
#[derive(Clone, Debug, PartialEq)]
pub struct CertificateFile {
    /// The path of the file.
    pub path: PathBuf,
    /// The first one is the certificate of this host.
    chain: Vec<CertificateDer<'static>>,
}

/// The private key of the certificate. It is never shown.
#[derive(Clone, Debug, PartialEq)]
pub struct PrivateKeyFile {
    /// The path of the file.
    pub path: PathBuf,
    key: Arc<PrivateKeyDer<'static>>,
}

/// The validity period of a certificate. A value is `None` if it cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validity {
    /// The begin, in seconds since 1970.
    pub from: Option<u64>,
    /// The end, in seconds since 1970.
    pub until: Option<u64>,
}

fn provider() -> CryptoProvider {
    ring::default_provider()
}

pub(super) fn certificate_file(path: &Path) -> Read<CertificateFile> {
    let wrong = |why: String| WrongValue::new(format!("{} {why}", path.display()), REMEDY);
    let opened = Opened::regular(path).map_err(|error| unreadable(path, &error, REMEDY))?;
    let text = opened.text(MAX_CERTIFICATE_FILE).map_err(|error| unreadable(path, &error, REMEDY))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let chain = chain.map_err(|error| wrong(format!("is not a PEM file: {error}")))?;
    let Some(first) = chain.first() else { return Err(wrong("contains no certificate".to_owned())) };
    if let Err(error) = ParsedCertificate::try_from(first) {
        return Err(wrong(format!("contains a certificate that cannot be read: {error}")));
    }
    Ok(CertificateFile { path: path.to_owned(), chain })
}

/// Reads the file of a private key. Other users must not be able to read the file, because everyone with the key can impersonate this host.
pub(super) fn private_key_file(path: &Path) -> Read<PrivateKeyFile> {
    let file = path.display();
    let opened = Opened::regular(path).map_err(|error| unreadable(path, &error, KEY_REMEDY))?;
    opened.refuse_others(path)?;
    let text = opened.text(MAX_CERTIFICATE_FILE).map_err(|error| unreadable(path, &error, KEY_REMEDY))?;
    // The library's error message is not used, because it may contain octets of the file, which is secret.
    let key = PrivateKeyDer::from_pem_slice(text.as_bytes())
        .map_err(|_| WrongValue::new(format!("{file} does not contain a private key"), KEY_REMEDY))?;
    Ok(PrivateKeyFile { path: path.to_owned(), key: Arc::new(key) })
}

/// Reads a certificate and a private key, and checks that they can be used together.
///
/// # Errors
/// Returns the end of a sentence that names the wrong file and the reason.
pub fn usable_pair(certificate: &Path, key: &Path) -> Result<(), String> {
    let certificate = certificate_file(certificate).map_err(|wrong| wrong.to_string())?;
    let key = private_key_file(key).map_err(|wrong| wrong.to_string())?;
    pair(&certificate, &key).map(|_| ())
}

/// Returns the error for a certificate or key file that cannot be read. If permissions are missing, the remedy names them: often only root
/// can read a private key.
fn unreadable(path: &Path, error: &Unreadable, remedy: &str) -> WrongValue {
    let file = path.display();
    let denied =
        matches!(error, Unreadable::System(error) if error.kind() == io::ErrorKind::PermissionDenied);
    let remedy = if denied {
        "let the group of the user resolverd read it, and enter the directories above it: see the section CERTIFICATES of resolverd(8)"
    } else {
        remedy
    };
    WrongValue::new(format!("{file} {error}"), remedy)
}

/// Combines a certificate with its private key.
///
/// # Errors
/// Returns why the two cannot be used together, as the end of a sentence.
pub(super) fn pair(certificate: &CertificateFile, key: &PrivateKeyFile) -> Result<CertifiedKey, String> {
    let pair = CertifiedKey::from_der(certificate.chain.clone(), key.key.clone_key(), &provider());
    pair.map_err(|error| match error {
        Error::InconsistentKeys(_) => {
            let (key, certificate) = (key.path.display(), certificate.path.display());
            format!("{key} is not the key of the certificate in {certificate}")
        }
        _ => format!(
            "the kind of key in {} is not supported (supported: ECDSA P-256 and P-384, Ed25519, RSA from 2048 bits)",
            key.path.display()
        ),
    })
}

impl CertificateFile {
    /// Returns the validity period.
    pub fn validity(&self) -> Validity {
        // The TLS library returns the dates of a certificate only in verification errors. So the certificate is verified for a time before its period
        // and a time after it.
        let refused = |unix: u64| {
            let parsed = ParsedCertificate::try_from(self.chain.first()?).ok()?;
            let now = UnixTime::since_unix_epoch(Duration::from_secs(unix));
            let algorithms = provider().signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&parsed, &RootCertStore::empty(), &[], now, algorithms)
                .err()
        };
        let from = match refused(0) {
            Some(Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. })) => {
                Some(not_before.as_secs())
            }
            _ => None,
        };
        let until = match refused(u64::from(u32::MAX) * 64) {
            Some(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
                Some(not_after.as_secs())
            }
            _ => None,
        };
        Validity { from, until }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/tls").join(name)
    }

    /// Reads a copy of the key file with the permissions `mode`. The original may have any permissions, because a checkout does not keep them.
    fn key(name: &str, mode: u32) -> (tempfile::TempDir, Read<PrivateKeyFile>) {
        let directory = tempfile::tempdir().unwrap();
        let copy = directory.path().join("a.key");
        std::fs::copy(file(name), &copy).unwrap();
        std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(mode)).unwrap();
        let read = private_key_file(&copy);
        (directory, read)
    }

    #[test]
    fn certificate_validity_is_read() {
        let validity = certificate_file(&file("first.pem")).unwrap().validity();
        // From `openssl x509 -noout -dates`.
        assert_eq!(
            validity.from.zip(validity.until).map(|(from, until)| until - from),
            Some(36_500 * 86_400)
        );
        assert!(
            validity.from.is_some_and(|from| (1_790_000_000..1_800_000_000).contains(&from)),
            "{validity:?}"
        );
    }

    #[test]
    fn wrong_certificate_file_is_named() {
        let error = |read: Read<CertificateFile>| read.unwrap_err().to_string();
        assert!(
            error(certificate_file(&file("none.pem")))
                .contains("tests/tls/none.pem cannot be read: No such file")
        );
        let other = error(certificate_file(&file("first.key")));
        assert!(other.contains("tests/tls/first.key contains no certificate; give a PEM file"), "{other}");
        let (_kept, wide) = key("first.key", 0o644);
        assert!(
            wide.unwrap_err()
                .to_string()
                .contains("is 0644, so other users may read or write it; run `chmod 0640")
        );
        let (_kept, none) = key("first.pem", 0o640);
        assert!(none.unwrap_err().to_string().contains("a.key does not contain a private key"));
        let (_kept, second) = key("second.key", 0o640);
        let second = second.unwrap();
        let wrong = pair(&certificate_file(&file("first.pem")).unwrap(), &second).unwrap_err();
        assert!(
            wrong.contains("a.key is not the key of the certificate in") && wrong.ends_with("first.pem"),
            "{wrong}"
        );
        assert!(!format!("{second:?}").contains("MIG"), "the key is not shown");
        assert!(pair(&certificate_file(&file("second.pem")).unwrap(), &second).is_ok());
    }
}
