//! `tls` statements of BIND: the name of a server's certificate, and the certificate and key of a listener.

use std::path::Path;

use super::reader::{Statement, find};
use crate::config::usable_pair;
use crate::import::draft::Draft;
use crate::import::finding::Weight::Dangerous;
use crate::import::values::texts;

/// The `tls` statement of a name.
pub(super) fn named<'s>(statements: &'s [Statement], name: &str) -> Option<&'s Statement> {
    statements.iter().find(|statement| statement.option() == "tls" && statement.value() == name)
}

/// The name that the certificate of a server must have.
pub(super) fn remote_name(statements: &[Statement], name: &str) -> Option<String> {
    let remote = find(named(statements, name)?.block(), "remote-hostname")?;
    Some(remote.value().trim_end_matches('.').to_ascii_lowercase())
}

/// Adds the addresses at which named served DNS over TLS. The certificate is taken over if it can be used here.
pub(super) fn serve(list: &Statement, statements: &[Statement], addresses: &[String], draft: &mut Draft) {
    let words = list.words();
    let name = words.iter().skip_while(|word| **word != "tls").nth(1).copied().unwrap_or_default();
    let block = named(statements, name).map_or(&[][..], Statement::block);
    let addresses = texts(addresses.iter().cloned());
    let why = match (find(block, "cert-file"), find(block, "key-file")) {
        (Some(certificate), Some(key)) => {
            match usable_pair(Path::new(certificate.value()), Path::new(key.value())) {
                Ok(()) => {
                    let (place, shown) = (&list.place, list.shown());
                    draft.set(place, &shown, ("[listen]", "tls"), addresses);
                    draft.set(
                        &certificate.place,
                        &certificate.shown(),
                        ("[listen]", "certificate"),
                        certificate.value(),
                    );
                    draft.set(&key.place, &key.shown(), ("[listen]", "key"), key.value());
                    return;
                }
                Err(why) => why,
            }
        }
        _ => "its tls statement names no files".to_owned(),
    };
    let instead = format!("set tls = {addresses}, certificate and key of [listen]; not done, because {why}");
    draft.tell(Dangerous, &list.place, &list.shown(), ("served DNS over TLS", &instead));
}
