//! Validation of Unbound, its anchors, and the modules that answers pass.

use std::path::Path;

use toml::Value;

use super::reader::{Section, UnboundSetting};
use crate::import::draft::Draft;
use crate::import::finding::Weight::{self, Dangerous, Different, Unneeded};
use crate::import::source::{Sources, matching};
use crate::import::values::texts;

/// Modules whose effect is missing here: effect, and what to do.
const MODULES: [(&str, Weight, &str, &str); 5] = [
    (
        "dns64",
        Dangerous,
        "made IPv6 addresses for IPv4 servers (DNS64)",
        "resolverd has no DNS64; keep another resolver for these clients",
    ),
    (
        "python",
        Dangerous,
        "changed answers by a program",
        "resolverd runs no programs; use [[zone]], [[host]] and [[record]]",
    ),
    (
        "dynlib",
        Dangerous,
        "changed answers by a program",
        "resolverd runs no programs; use [[zone]], [[host]] and [[record]]",
    ),
    (
        "ipset",
        Dangerous,
        "added addresses to a set of the firewall",
        "resolverd does not change the firewall",
    ),
    ("subnetcache", Different, "told servers the network of the client", "resolverd never does"),
];

/// The effect of the root's keys, and the reason for which they are not needed.
const OF_THE_ROOT: &str = "held the keys of the root";
const FOLLOWED: &str = "resolverd has them built in and follows their changes (dnssec.update_trust_anchors)";

/// Adds them.
pub(super) fn add(server: &Section, draft: &mut Draft) {
    let modules = server.last("module-config").filter(|modules| !modules.value().contains("validator"));
    if let Some(modules) = modules {
        draft.set(&modules.place, &modules.shown(), ("[dnssec]", "validate"), false);
    }
    if let Some(permissive) = server.last("val-permissive-mode").filter(|setting| setting.is_yes()) {
        let did = "answered although signatures were wrong";
        let instead = "resolverd answers SERVFAIL then; set dnssec.validate = false to have no validation";
        draft.tell(Dangerous, &permissive.place, &permissive.shown(), (did, instead));
    }
    let mut names: Vec<String> =
        server.all("domain-insecure").map(|setting| setting.value().to_ascii_lowercase()).collect();
    names.sort();
    names.dedup();
    if let Some(first) = server.all("domain-insecure").next() {
        draft.set(&first.place, &first.shown(), ("[dnssec]", "negative_trust_anchors"), texts(names));
    }
    tell_modules(server, draft);
    anchors(server, draft);
    single_keys(server, draft);
    if let Some(hints) = server.last("root-hints").filter(|hints| !hints.value().is_empty()) {
        let did = "named the servers of the root";
        let instead = "resolverd has them built in; for a private root set resolve.root_hints to the file";
        draft.tell(Unneeded, &hints.place, &hints.shown(), (did, instead));
    }
}

/// The files of trust anchors. Anchors of the root are built in, and resolverd keeps a state of its own about them.
fn anchors(server: &Section, draft: &mut Draft) {
    let files = server.all("auto-trust-anchor-file").chain(server.all("trust-anchor-file"));
    for file in files.filter(|file| !file.value().is_empty()) {
        let of_the_root = Path::new(file.value()).file_name().is_some_and(|name| {
            ["root.key", "root.ds", "root-anchors.txt", "trusted-key.key"].iter().any(|known| name == *known)
        });
        if of_the_root {
            draft.tell(Unneeded, &file.place, &file.shown(), (OF_THE_ROOT, FOLLOWED));
        } else {
            draft.set(&file.place, &file.shown(), ("[dnssec]", "trust_anchor"), Value::from(file.value()));
            if file.option.starts_with("auto") {
                let did = "updated the keys in the file";
                let instead = "resolverd follows the keys of the root only; replace the file when the owner of the zone changes its keys";
                draft.tell(Different, &file.place, &file.shown(), (did, instead));
            }
        }
    }
}

/// Reports the modules that have no counterpart.
fn tell_modules(server: &Section, draft: &mut Draft) {
    let Some(typed) = server.last("module-config") else { return };
    for module in typed.value().split_whitespace() {
        if let Some((_, weight, did, instead)) = MODULES.iter().find(|(name, ..)| *name == module) {
            draft.tell(*weight, &typed.place, &typed.shown(), (did, instead));
        }
    }
}

/// Keys that stand in the file itself, and files of keys in the form of BIND.
fn single_keys(server: &Section, draft: &mut Draft) {
    for key in server.all("trust-anchor") {
        if key.value().split_whitespace().next() == Some(".") {
            draft.tell(Unneeded, &key.place, "trust-anchor: .", (OF_THE_ROOT, FOLLOWED));
        } else {
            let instead = "write it into a file and set dnssec.trust_anchor";
            draft.tell(Dangerous, &key.place, &key.shown(), ("gave a key to validate with", instead));
        }
    }
    let directory = server.last("directory").map_or("", UnboundSetting::value);
    for file in server.all("trusted-keys-file").filter(|file| !file.value().is_empty()) {
        if gives_no_keys(&Path::new(directory).join(file.value())) {
            let did = "named files of keys, and none of them has a key";
            draft.tell(Unneeded, &file.place, &file.shown(), (did, "resolverd needs no such setting"));
        } else {
            let instead = "set dnssec.trust_anchor to the file";
            draft.tell(Dangerous, &file.place, &file.shown(), ("gave keys to validate with", instead));
        }
    }
}

/// Whether all files of a pattern are there, and have comments only, as those of Red Hat.
fn gives_no_keys(pattern: &Path) -> bool {
    let is_empty = |line: &str| {
        let line = line.trim_start();
        line.is_empty() || ["#", "//"].iter().any(|comment| line.starts_with(comment))
    };
    pattern.parent().is_some_and(Path::is_dir)
        && matching(pattern)
            .iter()
            .all(|file| Sources::default().begin(file).is_ok_and(|source| source.text.lines().all(is_empty)))
}
