//! Converts the settings for DNSSEC validation: trust anchors, and the modules that process answers.

use std::path::{Path, PathBuf};

use toml::Value;

use super::reader::{Section, UnboundSetting};
use super::reported::OPTIONS;
use crate::draft::Draft;
use crate::finding::Weight::{Dangerous, Different, Unneeded};
use crate::finding::{PARTLY_VALIDATED, UNVALIDATED};
use crate::source::{Matched, Sources, matching};
use crate::values::texts;
use config::TrustAnchor;

/// Settings with trust anchors, except `trusted-keys-file`, which `key_files` reads.
const ANCHORS: [&str; 3] = ["auto-trust-anchor-file", "trust-anchor-file", "trust-anchor"];

const OF_THE_ROOT: &str = "held the keys of the root";
const FOLLOWED: &str = "resolverd has them built in and follows their changes (dnssec.update_trust_anchors)";

pub(super) fn add(server: &Section, draft: &mut Draft) {
    let validates = validates(server, draft);
    report_lenient(server, validates, draft);
    let mut names: Vec<String> =
        server.all("domain-insecure").map(|setting| setting.value().to_ascii_lowercase()).collect();
    names.sort();
    names.dedup();
    if let Some(first) = server.all("domain-insecure").next() {
        draft.set(first, ("[dnssec]", "negative_trust_anchors"), texts(names));
    }
    report_modules(server, draft);
    anchors(server, draft);
    single_keys(server, draft);
    if let Some(hints) = server.last("root-hints").filter(|hints| !hints.value().is_empty()) {
        let did = "named the servers of the root";
        let instead = "resolverd has them built in; for a private root set resolve.root_hints to the file";
        draft.report(Unneeded, hints, (did, instead));
    }
}

/// Unbound validates if it has the module `validator` and a trust anchor (unbound.conf(5), "auto-trust-anchor-file").
fn validates(server: &Section, draft: &mut Draft) -> bool {
    let key = ("[dnssec]", "validate");
    let modules = server.last("module-config").filter(|modules| !modules.value().contains("validator"));
    if let Some(modules) = modules {
        draft.set(modules, key, false);
        return false;
    }
    if has_anchor(server) {
        report_partly_validated(server, draft);
        return true;
    }
    let (place, option) = (&server.place, "auto-trust-anchor-file");
    draft.set(&(place, option), key, false);
    let did = "passed answers on without validation, as the file names no trust anchor";
    draft.report(Different, &(place, option), (did, UNVALIDATED));
    false
}

/// Reports trust anchors if all of them are for zones other than the root. Nothing is reported if there is a file of trust anchors, because
/// it may be for the root.
fn report_partly_validated(server: &Section, draft: &mut Draft) {
    let is_named =
        |setting: &&UnboundSetting| ANCHORS.contains(&setting.option.as_str()) && !setting.value().is_empty();
    let mut named = server.settings.iter().filter(is_named).peekable();
    let first = named.peek().copied();
    let of_other_zone = |setting: &UnboundSetting| {
        setting.option == "trust-anchor" && setting.value().split_whitespace().next() != Some(".")
    };
    let has_files = key_files(server).any(|(_, path)| !gives_no_keys(&path));
    if let Some(first) = first.filter(|_| !has_files && named.all(of_other_zone)) {
        draft.report(Different, first, PARTLY_VALIDATED);
    }
}

fn has_anchor(server: &Section) -> bool {
    let names = |option: &&str| server.all(option).any(|setting| !setting.value().is_empty());
    ANCHORS.iter().any(names) || key_files(server).any(|(_, path)| !gives_no_keys(&path))
}

/// Reports the settings with which Unbound accepts bogus answers.
fn report_lenient(server: &Section, validates: bool, draft: &mut Draft) {
    let (permissive, stripped) = ("val-permissive-mode", "harden-dnssec-stripped");
    let permissive = server.last(permissive).filter(|setting| setting.is_yes());
    let stripped = server.last(stripped).filter(|setting| setting.value() == "no");
    for (setting, did, instead) in [
        (
            permissive,
            "answered although signatures were wrong",
            "resolverd answers SERVFAIL then; set dnssec.validate = false to have no validation",
        ),
        (
            stripped,
            "took a signed domain as unsigned if its answers had no signatures",
            "resolverd answers SERVFAIL then; if a forwarder removes signatures, set validate = false in its [[zone]], or name another forwarder",
        ),
    ] {
        let Some(setting) = setting else { continue };
        let (weight, instead) = match validates {
            true => (Dangerous, instead),
            false => (Unneeded, "without validation resolverd does, too"),
        };
        draft.report(weight, setting, (did, instead));
    }
}

/// Files for the root are not needed: resolverd has the keys of the root built in, and stores their state.
fn anchors(server: &Section, draft: &mut Draft) {
    let files = server.all("auto-trust-anchor-file").chain(server.all("trust-anchor-file"));
    for file in files.filter(|file| !file.value().is_empty()) {
        let of_the_root = Path::new(file.value()).file_name().is_some_and(|name| {
            ["root.key", "root.ds", "root-anchors.txt", "trusted-key.key"].iter().any(|known| name == *known)
        });
        if of_the_root {
            draft.report(Unneeded, file, (OF_THE_ROOT, FOLLOWED));
        } else {
            draft.set(file, ("[dnssec]", "trust_anchor"), Value::from(file.value()));
            if file.option.starts_with("auto") {
                let did = "updated the keys in the file";
                let instead = "resolverd follows the keys of the root only; replace the file when the owner of the zone changes its keys";
                draft.report(Different, file, (did, instead));
            }
        }
    }
}

/// Reports modules that have no counterpart in resolverd.
fn report_modules(server: &Section, draft: &mut Draft) {
    let Some(typed) = server.last("module-config") else { return };
    for module in typed.value().split_whitespace() {
        if let Some(row) = OPTIONS.modules.row(module, "") {
            row.report(typed, draft);
        }
    }
}

/// Reports trust anchors inside the configuration file, and key files in the format of BIND.
fn single_keys(server: &Section, draft: &mut Draft) {
    for key in server.all("trust-anchor") {
        let is_of_root = key.value().split_whitespace().next() == Some(".");
        if is_of_root && TrustAnchor::is_of_internet(key.value()) {
            draft.report(Unneeded, &(&key.place, "trust-anchor: ."), (OF_THE_ROOT, FOLLOWED));
        } else {
            let instead = "write it into a file and set dnssec.trust_anchor";
            draft.report(Dangerous, key, ("gave a key to validate with", instead));
        }
    }
    for (file, path) in key_files(server) {
        if gives_no_keys(&path) {
            let did = "named files of keys, and none of them has a key";
            draft.report(Unneeded, file, (did, "resolverd needs no such setting"));
        } else {
            let instead = "set dnssec.trust_anchor to the file";
            draft.report(Dangerous, file, ("gave keys to validate with", instead));
        }
    }
}

/// Returns the settings that name key files in the format of BIND, each with the pattern of the files as an absolute path.
fn key_files(server: &Section) -> impl Iterator<Item = (&UnboundSetting, PathBuf)> {
    let directory = Path::new(server.last("directory").map_or("", UnboundSetting::value));
    let files = server.settings.iter().filter(|setting| setting.option == "trusted-keys-file");
    files.filter(|file| !file.value().is_empty()).map(move |file| (file, directory.join(file.value())))
}

/// Returns true if all files that match the pattern are readable and contain only comments, like the file of Red Hat.
fn gives_no_keys(pattern: &Path) -> bool {
    let is_empty = |line: &str| {
        let line = line.trim_start();
        line.is_empty() || ["#", "//"].iter().any(|comment| line.starts_with(comment))
    };
    let Matched { files, unread } = matching(pattern);
    pattern.parent().is_some_and(Path::is_dir)
        && unread.is_empty()
        && files
            .iter()
            .all(|file| Sources::default().begin(file).is_ok_and(|source| source.text.lines().all(is_empty)))
}
