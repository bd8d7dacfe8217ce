//! `deny-answer-addresses` of BIND: addresses that strangers must not give to their names.

use super::belonging::Belonging;
use super::clients;
use super::lists::Lists;
use super::reader::{Part, Statement, find};
use crate::import::draft::Draft;
use crate::import::finding::Weight::{Dangerous, Different};
use crate::import::values::texts;

/// Adds the networks, and the domains of `except-from`.
pub(super) fn add(options: &[Statement], lists: &Lists<'_>, draft: &mut Draft) {
    let Some(denied) = find(options, "deny-answer-addresses") else { return };
    let mut blocks = denied.parts.iter().filter_map(|part| match part {
        Part::Block(statements) => Some(statements.as_slice()),
        Part::Word(_) => None,
    });
    let addresses = Part::Block(blocks.next().unwrap_or_default().to_vec());
    let excepted = blocks.next().unwrap_or_default();
    let alone = Statement { place: denied.place.clone(), parts: vec![addresses] };
    let networks = clients::clients(&alone, lists, Belonging::Private, draft);
    if networks.refuse.iter().any(|net| net.prefix_len() > 0) {
        let did = "let some of these addresses through";
        let instead = "resolverd removes them; add the domains that have them to resolve.private_domains";
        draft.report(Dangerous, denied, (did, instead));
    }
    let networks = texts(networks.allow.iter().map(ToString::to_string));
    draft.set(denied, ("[resolve]", "private_addresses"), networks);
    if !excepted.is_empty() {
        let names = texts(excepted.iter().map(|name| name.option().to_ascii_lowercase()));
        draft.set(denied, ("[resolve]", "private_domains"), names);
    }
    let did = "answered SERVFAIL if an answer had such an address";
    let instead = "resolverd removes these addresses, and answers NODATA if none is left";
    draft.report(Different, denied, (did, instead));
}
