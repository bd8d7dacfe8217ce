//! The keys and the servers of the root that another resolver names. resolverd has those of the internet built in; those of a private
//! root are carried over, or told as dangerous.

use std::path::Path;

use super::draft::Draft;
use super::finding::SourcePlace;
use super::finding::Weight::{Dangerous, Different, Unneeded};
use super::source::{Source, Sources};
use resolver::config::{RootHints, RootOf, TrustAnchor};

/// The names of files with the keys of the root of the internet, as packages and the programs themselves name them.
const KEY_FILES: [&str; 5] = ["root.keys", "root.key", "root.ds", "root-anchors.txt", "trusted-key.key"];

/// The names of such files with its servers.
const HINT_FILES: [&str; 4] = ["root.hints", "named.root", "named.cache", "root.cache"];

/// Whether records of keys have those of the internet.
pub(super) fn has_internet_keys(records: &str) -> bool {
    TrustAnchor::root_of(records) == RootOf::Internet
}

/// Reports keys of the root, as records.
pub(super) fn key((place, typed): (&SourcePlace, &str), records: &str, draft: &mut Draft) {
    if has_internet_keys(records) {
        let did = "gave a key of the root";
        return draft.tell(Unneeded, place, typed, (did, "resolverd has them built in"));
    }
    let did = "gave a key of the root that resolverd does not have, as of a private root";
    let instead = "write it as a DS record into a file, and set dnssec.trust_anchor to the file";
    draft.tell(Dangerous, place, typed, (did, instead));
}

/// Adds a file of keys, unless they are those of the root of the internet.
pub(super) fn keys_file((place, typed): (&SourcePlace, &str), path: &Path, draft: &mut Draft) {
    if is_of_internet(root_of(path, TrustAnchor::root_of), path, &KEY_FILES) {
        let did = "held the keys of the root";
        let instead = "resolverd has them built in and follows their changes (dnssec.update_trust_anchors)";
        return draft.tell(Unneeded, place, typed, (did, instead));
    }
    draft.set(place, typed, ("[dnssec]", "trust_anchor"), path.display().to_string());
}

/// Adds a file of the servers of the root, unless they are those of the internet.
pub(super) fn hints_file((place, typed): (&SourcePlace, &str), path: &Path, draft: &mut Draft) {
    let found = root_of(path, RootHints::root_of);
    if is_of_internet(found, path, &HINT_FILES) {
        let did = "named the servers of the root";
        let instead = "resolverd has them built in; for a private root set resolve.root_hints to the file";
        return draft.tell(Unneeded, place, typed, (did, instead));
    }
    draft.set(place, typed, ("[resolve]", "root_hints"), path.display().to_string());
    // Else the draft reports it.
    if found == RootOf::Others {
        let did = "named servers of the root that are not those of the internet";
        draft.tell(Different, place, typed, (did, "resolve.root_hints has the file"));
    }
}

/// Whether a file is about the root of the internet. The name decides if the file cannot be read here.
fn is_of_internet(found: RootOf, path: &Path, usual: &[&str]) -> bool {
    match found {
        RootOf::Internet => true,
        RootOf::Others => false,
        RootOf::CannotTell => path.file_name().is_some_and(|name| usual.iter().any(|known| name == *known)),
    }
}

/// The root that a file is about.
fn root_of(path: &Path, read: impl Fn(&str) -> RootOf) -> RootOf {
    match Sources::default().begin(path) {
        Ok(Source { text, .. }) => read(&text),
        Err(_) => RootOf::CannotTell,
    }
}
