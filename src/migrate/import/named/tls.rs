//! Converts `tls` statements of BIND, which have the name in a server's certificate or the certificate and key of listeners, and `http` statements.

use std::net::SocketAddr;

use super::reader::{Statement, find};
use crate::import::draft::Draft;
use crate::import::encrypted;
use crate::import::encrypted::{EncryptedListeners, NamedFile};
use crate::import::finding::Setting;
use crate::import::finding::Weight::Dangerous;
use crate::import::finding::{CAS_OF_HOST, OWN_CAS};
use crate::import::values::plain;
use resolver::config::defaults::{HTTPS_PORT, TLS_PORT};

/// Returns the `tls` statement with this name.
pub(super) fn named<'s>(statements: &'s [Statement], name: &str) -> Option<&'s Statement> {
    statements.iter().find(|statement| statement.option() == "tls" && statement.value() == name)
}

/// Returns the name that the certificate of a server must contain.
pub(super) fn remote_name(statements: &[Statement], name: &str) -> Option<String> {
    let remote = find(named(statements, name)?.block(), "remote-hostname")?;
    Some(plain(remote.value()))
}

/// Reports that a `tls` statement checked the certificate of a server with its own CAs.
pub(super) fn report_own_cas(statements: &[Statement], name: &str, draft: &mut Draft) {
    if let Some(file) = named(statements, name).and_then(|tls| find(tls.block(), "ca-file")) {
        draft.report(Dangerous, file, (OWN_CAS, CAS_OF_HOST));
    }
}

/// The addresses for DNS over TLS, and those for DNS over HTTPS.
type ForTlsAndHttps = (Vec<SocketAddr>, Vec<SocketAddr>);

/// The listeners for encrypted clients, grouped by the name of their `tls` statement.
#[derive(Debug, Default)]
pub(super) struct FoundListeners {
    found: Vec<(String, EncryptedListeners)>,
}

impl FoundListeners {
    /// Takes the addresses of a list if it has a `tls` statement. `of_port` returns the addresses for the default port, which applies if the
    /// list names no port. Returns true if the list was taken.
    pub(super) fn take(
        &mut self,
        list: &Statement,
        (options, statements): (&[Statement], &[Statement]),
        draft: &mut Draft,
        of_port: impl FnOnce(u16, &mut Draft) -> Vec<SocketAddr>,
    ) -> bool {
        let [tls, http] = ["tls", "http"].map(|word| behind(list, word));
        let usual = |option: &str, port: u16| {
            find(options, option).and_then(|typed| typed.value().parse().ok()).unwrap_or(port)
        };
        match (tls.filter(|name| *name != "none"), http) {
            (None, None) => false,
            (None, Some(_)) => {
                let instead = "resolverd serves DNS over HTTPS only: see https of [listen]";
                draft.report(Dangerous, list, ("served DNS over HTTP without TLS", instead));
                true
            }
            (Some(name), None) => {
                let addresses = of_port(usual("tls-port", TLS_PORT), draft);
                self.put(name, list, statements, (addresses, Vec::new()));
                true
            }
            (Some(name), Some(http)) => {
                report_paths(statements, http, draft);
                let addresses = of_port(usual("https-port", HTTPS_PORT), draft);
                self.put(name, list, statements, (Vec::new(), addresses));
                true
            }
        }
    }

    /// Adds the listeners of the first certificate, and reports the others, because `[listen]` has only one certificate.
    pub(super) fn add(self, draft: &mut Draft) {
        let mut found = self.found.iter().map(|(_, listeners)| listeners);
        if let Some(first) = found.next() {
            first.add(draft);
        }
        found.for_each(|listeners| listeners.report_other_certificate(draft));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Adds addresses to the listeners of a `tls` statement. Findings about them name the first list with this statement.
    fn put(&mut self, name: &str, list: &Statement, statements: &[Statement], addresses: ForTlsAndHttps) {
        let (tls, https) = addresses;
        if let Some((_, known)) = self.found.iter_mut().find(|(known, _)| known == name) {
            known.tls.extend(tls);
            known.https.extend(https);
            return;
        }
        let block = named(statements, name).map_or(&[][..], Statement::block);
        let files = find(block, "cert-file").map(file).zip(find(block, "key-file").map(file));
        self.found.push((
            name.to_owned(),
            EncryptedListeners { setting: list.typed(), tls, https, quic: Vec::new(), files },
        ));
    }
}

/// Returns the word after a word of a list.
fn behind<'s>(list: &'s Statement, word: &str) -> Option<&'s str> {
    list.words().into_iter().skip_while(|typed| *typed != word).nth(1)
}

fn file(typed: &Statement) -> NamedFile {
    NamedFile { setting: typed.typed(), path: typed.value().to_owned() }
}

/// Reports the paths of an `http` statement that differ from the path of resolverd. The statement `default` has the same path.
fn report_paths(statements: &[Statement], name: &str, draft: &mut Draft) {
    let is_it = |statement: &&Statement| statement.option() == "http" && statement.value() == name;
    let Some(endpoints) = statements.iter().find(is_it).and_then(|http| find(http.block(), "endpoints"))
    else {
        return;
    };
    for path in endpoints.block() {
        let option = format!("endpoints {{ {} }}", path.option());
        encrypted::report_path(&(&path.place, option), path.option(), draft);
    }
}
