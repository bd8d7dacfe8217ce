//! Reads the `tls` statements of BIND, which say how named checked the certificate of a server.

use super::reader::{Statement, find};
use crate::draft::Draft;
use crate::finding::Weight::Dangerous;
use crate::finding::{CAS_OF_HOST, OWN_CAS};
use crate::values::plain;

/// Returns the name that the certificate of the server must contain.
pub(super) fn remote_name(tls: &Statement) -> Option<String> {
    Some(plain(find(tls.block(), "remote-hostname")?.value()))
}

/// Reports that a `tls` statement has its own certificate authorities (CAs).
pub(super) fn report_own_cas(tls: &Statement, draft: &mut Draft) {
    if let Some(file) = find(tls.block(), "ca-file") {
        draft.report(Dangerous, file, (OWN_CAS, CAS_OF_HOST));
    }
}
