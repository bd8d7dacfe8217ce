//! Reads the `tls` statements of BIND, which say how named checked the certificate of a server.

use super::reader::{Statement, find};
use crate::import::draft::Draft;
use crate::import::finding::Weight::Dangerous;
use crate::import::finding::{CAS_OF_HOST, OWN_CAS};
use crate::import::values::plain;

/// Returns the `tls` statement with this name.
fn named<'s>(statements: &'s [Statement], name: &str) -> Option<&'s Statement> {
    statements.iter().find(|statement| statement.option() == "tls" && statement.value() == name)
}

/// Returns the name that the certificate of a server must contain. `name` is the name of a `tls` statement.
pub(super) fn remote_name(statements: &[Statement], name: &str) -> Option<String> {
    let remote = find(named(statements, name)?.block(), "remote-hostname")?;
    Some(plain(remote.value()))
}

/// Adds a finding if a `tls` statement has its own certificate authorities (CAs) for the certificate of a server.
pub(super) fn report_own_cas(statements: &[Statement], name: &str, draft: &mut Draft) {
    if let Some(file) = named(statements, name).and_then(|tls| find(tls.block(), "ca-file")) {
        draft.report(Dangerous, file, (OWN_CAS, CAS_OF_HOST));
    }
}
