//! Observes the certificate files of encrypted listeners: other programs renew the certificates, so the daemon looks at the files
//! every few seconds.
//!
//! # Decisions
//!
//! - A file counts as changed if its device, inode, size or change time (ctime) differs. ACME clients replace a symbolic link, so
//!   the daemon compares the target of the link. inotify was rejected, because it does not follow links.
//! - The daemon reads new files only after one interval without a change, because the certificate and its key are written one
//!   after the other. If they do not match even then, the daemon logs this once, and continues to use the old certificate and
//!   key.
//! - The daemon does not read the configuration again, because an operator may be editing it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use config::{Config, Listener, Validity};
use protocol::CertificateStatus;

/// Certificate files that cannot be used, each with its path and the reason. The daemon continues to use the old certificates.
#[derive(Debug, Default)]
pub(super) struct Certificates(Mutex<Vec<(PathBuf, String)>>);

/// The path of a file, and its device, inode, size and change time. `None` if the file does not exist.
type Seen = (PathBuf, Option<[u64; 5]>);

impl Certificates {
    fn wrong(&self) -> MutexGuard<'_, Vec<(PathBuf, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the certificates that could not be used. Called after a reload has read all certificates without an error.
    pub(super) fn are_read(&self) {
        self.wrong().clear();
    }

    /// Returns the certificates in use, each with the reason why a newer one is not used.
    pub(super) fn status(&self, config: &Config) -> Vec<CertificateStatus> {
        let wrong = self.wrong();
        let mut rows: Vec<CertificateStatus> = Vec::new();
        for certificate in config.all_listeners().filter_map(|listener| listener.certificate.as_ref()) {
            let file = certificate.path.display().to_string();
            if rows.iter().any(|row| row.file == file) {
                continue;
            }
            let Validity { from, until } = certificate.validity();
            let why = wrong.iter().find(|(path, _)| *path == certificate.path);
            rows.push(CertificateStatus { file, from, until, wrong: why.map(|(_, why)| why.clone()) });
        }
        rows
    }
}

#[derive(Debug, Default)]
pub(super) struct CertificateFiles {
    /// The files at the last check.
    seen: Vec<Seen>,
    /// The files when the certificates were last read.
    judged: Vec<Seen>,
}

impl CertificateFiles {
    /// Returns true if the files have changed, and then stayed unchanged since the last check.
    pub(super) fn have_changed(&mut self, config: &Config) -> bool {
        let now = files(config);
        let has = now == self.seen && now != self.judged;
        if has {
            self.judged.clone_from(&now);
        }
        self.seen = now;
        has
    }
}

fn files(config: &Config) -> Vec<Seen> {
    let of = |listener: &Listener| {
        let certificate = listener.certificate.as_ref().map(|file| file.path.clone());
        [certificate, listener.key.as_ref().map(|file| file.path.clone())]
    };
    let paths = config.all_listeners().flat_map(of).flatten();
    let seen = |path: PathBuf| {
        let about = fs::metadata(&path).ok().map(|about| {
            let [seconds, nanoseconds] = [about.ctime(), about.ctime_nsec()].map(i64::cast_unsigned);
            [about.dev(), about.ino(), about.size(), seconds, nanoseconds]
        });
        (path, about)
    };
    paths.map(seen).collect()
}

/// Returns the configuration with the new certificates, and the paths of the changed ones. Files that cannot be used are logged
/// and stored in `known`; their old certificates stay in use.
pub(super) fn read_again(config: &Config, known: &Certificates) -> (Config, Vec<PathBuf>) {
    let mut new = config.clone();
    let (mut renewed, mut wrong) = (Vec::new(), Vec::<(PathBuf, String)>::new());
    for listener in std::iter::once(&mut new.listen).chain(&mut new.listeners) {
        let Some(path) = listener.certificate.as_ref().map(|file| file.path.clone()) else { continue };
        match listener.with_files_read_again() {
            Ok(read) if read != *listener => {
                *listener = read;
                renewed.push(path);
            }
            Ok(_) => {}
            Err(why) => wrong.push((path, why)),
        }
    }
    wrong.dedup();
    renewed.dedup();
    for (_, why) in &wrong {
        tracing::error!(
            "the new certificate of the encrypted listeners cannot be used, the old one stays in use: {why}"
        );
    }
    *known.wrong() = wrong;
    (new, renewed)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

    use super::*;

    /// Changes the symbolic links to the files, as ACME clients do.
    fn link(directory: &Path, [certificate, key]: [&str; 2]) {
        for (link, to) in [("a.pem", format!("{certificate}.pem")), ("a.key", format!("{key}.key"))] {
            let _ = fs::remove_file(directory.join(link));
            symlink(directory.join(to), directory.join(link)).unwrap();
        }
    }

    // Renewed files are read when they no longer change; the wrong pair is reported.
    #[test]
    fn mismatched_renewal_keeps_old_certificate() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        for name in ["first.pem", "first.key", "second.pem", "second.key"] {
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/tls").join(name);
            fs::copy(from, path.join(name)).unwrap();
            fs::set_permissions(path.join(name), fs::Permissions::from_mode(0o640)).unwrap();
        }
        link(path, ["first", "first"]);
        let text =
            "version = 1\n[listen]\ntls = [\"127.0.0.1:853\"]\ncertificate = \"a.pem\"\nkey = \"a.key\"\n";
        fs::write(path.join("resolverd.toml"), text).unwrap();
        let config = Config::load(Some(&path.join("resolverd.toml"))).unwrap();
        let (mut watch, known) = (CertificateFiles::default(), Certificates::default());
        let mut looks = |count: usize| (0..count).filter(|_| watch.have_changed(&config)).count();
        assert_eq!(looks(5), 1, "the first time");
        assert_eq!(read_again(&config, &known), (config.clone(), Vec::new()));
        link(path, ["first", "second"]);
        assert_eq!(looks(1), 0, "the certificate may follow");
        assert_eq!(looks(5), 1);
        assert_eq!(read_again(&config, &known), (config.clone(), Vec::new()));
        let wrong = known.status(&config)[0].wrong.clone().unwrap();
        assert!(wrong.contains("a.key is not the key of the certificate in"), "{wrong}");
        link(path, ["second", "second"]);
        assert_eq!(looks(5), 1);
        let (new, renewed) = read_again(&config, &known);
        assert_eq!((renewed, known.status(&new)[0].wrong.as_ref()), (vec![path.join("a.pem")], None));
        assert_ne!(new.listen.certificate, config.listen.certificate);
        assert!(known.status(&new)[0].until.is_some());
        fs::remove_file(path.join("second.key")).unwrap();
        assert_eq!(looks(5), 1, "a file that is gone");
    }
}
