//! Converts listeners for encrypted clients of other resolvers: their addresses, their certificate and their path.

use std::net::SocketAddr;
use std::path::Path;

use toml::Value;

use super::draft::Draft;
use super::finding::Weight::Dangerous;
use super::finding::{Setting, TypedSetting};
use super::values::texts;
use resolver::config::defaults::HTTPS_PATH;
use resolver::config::{ListenFor, usable_pair};

/// A setting that names a file.
#[derive(Clone, Debug)]
pub(super) struct NamedFile {
    pub(super) setting: TypedSetting,
    /// The path as it was typed.
    pub(super) path: String,
}

/// The listeners that use one certificate.
#[derive(Debug)]
pub(super) struct EncryptedListeners {
    /// The setting that is named in findings.
    pub(super) setting: TypedSetting,
    /// Addresses for DNS over TLS.
    pub(super) tls: Vec<SocketAddr>,
    /// Addresses for DNS over HTTPS.
    pub(super) https: Vec<SocketAddr>,
    /// Addresses for DNS over QUIC.
    pub(super) quic: Vec<SocketAddr>,
    /// The files of the certificate and of its key; `None` if the configuration names no files.
    pub(super) files: Option<(NamedFile, NamedFile)>,
}

impl EncryptedListeners {
    /// Adds the listeners to `[listen]`. If their certificate cannot be used in resolverd, they are reported instead.
    pub(super) fn add(&self, draft: &mut Draft) {
        let keys = self.keys();
        if keys.is_empty() {
            return;
        }
        let usable = match &self.files {
            Some((certificate, key)) => usable_pair(Path::new(&certificate.path), Path::new(&key.path)),
            None => Err("the configuration names no files".to_owned()),
        };
        if let Err(why) = usable {
            let instead =
                format!("set {}certificate and key of [listen]; not done, because {why}", written(&keys));
            return self.report(&instead, draft);
        }
        for (key, value) in keys {
            draft.set(&self.setting, ("[listen]", key), value);
        }
        if let Some((certificate, private)) = &self.files {
            for (key, file) in [("certificate", certificate), ("key", private)] {
                draft.set(&file.setting, ("[listen]", key), file.path.as_str());
            }
        }
    }

    /// Reports the listeners instead of adding them, because `[listen]` already has another certificate.
    pub(super) fn report_other_certificate(&self, draft: &mut Draft) {
        let keys = self.keys();
        if !keys.is_empty() {
            let instead = format!(
                "add a [[listener]] with {}certificate, key and allow: each listener shows one certificate",
                written(&keys)
            );
            self.report(&instead, draft);
        }
    }

    /// Describes the kinds of queries that these listeners serve, with the addresses.
    fn served(&self) -> impl Iterator<Item = (ListenFor, &Vec<SocketAddr>)> {
        let all =
            [(ListenFor::Tls, &self.tls), (ListenFor::Https, &self.https), (ListenFor::Quic, &self.quic)];
        all.into_iter().filter(|(_, addresses)| !addresses.is_empty())
    }

    /// Returns the keys of resolverd's configuration for these listeners.
    fn keys(&self) -> Vec<(&'static str, Value)> {
        self.served()
            .map(|(serves, addresses)| (serves.key(), texts(addresses.iter().map(ToString::to_string))))
            .collect()
    }

    fn report(&self, instead: &str, draft: &mut Draft) {
        let words: Vec<&str> = self.served().map(|(serves, _)| serves.word()).collect();
        let did = match words.split_last() {
            Some((last, others)) if !others.is_empty() => {
                format!("served DNS over {} and {last}", others.join(", "))
            }
            _ => format!("served DNS over {}", words.concat()),
        };
        draft.report(Dangerous, &self.setting, (&did, instead));
    }
}

/// Reports a path for DNS over HTTPS if it differs from that of resolverd, because clients must change it.
pub(super) fn report_path(setting: &impl Setting, path: &str, draft: &mut Draft) {
    if path != HTTPS_PATH {
        let instead = format!("let the clients use {HTTPS_PATH}");
        draft.report(Dangerous, setting, ("was a path of DNS over HTTPS", &instead));
    }
}

/// Writes keys with their values, each followed by a comma.
fn written(keys: &[(&'static str, Value)]) -> String {
    keys.iter().map(|(key, value)| format!("{key} = {value}, ")).collect()
}
