//! `lua-config-file` of the Recursor: anchors are read, all other calls are reported.

use std::path::Path;

use super::settings::RecursorSetting;
use crate::import::draft::Draft;
use crate::import::finding::SourcePlace;
use crate::import::finding::Weight::{Dangerous, Different, Unneeded};
use crate::import::lua::{LuaKind, LuaValue, statements};
use crate::import::root;
use crate::import::source::{Source, Sources};
use crate::import::told::{ToldSetting, find};
use crate::import::values::plain;

/// Calls whose effect is missing here.
const TOLD: [ToldSetting; 11] = [
    (
        "rpz*",
        Dangerous,
        "applied a response policy zone",
        "resolverd has none; put names to block into a [[zone]] with records",
    ),
    (
        "addSortList",
        Different,
        "sorted the addresses of an answer",
        "clients choose among addresses themselves",
    ),
    ("protobufServer", Different, "sent logs to another host", "see [dnstap]"),
    ("outgoingProtobufServer", Different, "sent logs to another host", "see [dnstap]"),
    ("dnstapFrameStreamServer", Different, "sent logs in the form of dnstap", "see [dnstap]"),
    ("dnstapNODFrameStreamServer", Different, "reported names that are new", "resolverd does not"),
    ("setProtobufMasks", Different, "configured logs to another host", "see [dnstap]"),
    (
        "zoneToCache",
        Unneeded,
        "kept a copy of a zone in the cache",
        "resolverd caches what is asked, and renews it",
    ),
    ("addAllowedAdditionalQType", Unneeded, "added records to answers", "clients ask for them"),
    (
        "addProxyMapping",
        Dangerous,
        "took other addresses for those of clients",
        "resolverd sees the address of the proxy; let clients ask it directly",
    ),
    (
        "clearNTA",
        Unneeded,
        "removed negative trust anchors",
        "those of this file are set in dnssec.negative_trust_anchors",
    ),
];

/// The names without validation; all else is reported.
pub(super) fn add(setting: &RecursorSetting, sources: &mut Sources, draft: &mut Draft) -> Vec<String> {
    let Source { path, text } = match sources.begin(&setting.path()) {
        Ok(source) => source,
        Err(error) => {
            let did = format!("ran a program: {error}");
            let instead = "import again where the file is, or carry over what it did";
            draft.tell(Dangerous, &setting.place, &setting.typed, (&did, instead));
            return Vec::new();
        }
    };
    sources.end();
    let mut untrusted = Vec::new();
    for statement in statements(&path, &text) {
        let (place, typed) = (&statement.place, statement.typed.as_str());
        let keyword = statement.keyword();
        let LuaKind::Call(name, arguments) = &statement.kind else {
            let did = "is a program, or a value that a program uses";
            draft.tell(
                Dangerous,
                place,
                &keyword,
                (did, "carry over what it did: resolverd runs no programs"),
            );
            continue;
        };
        let first = arguments.first().and_then(|value| value.texts().first().map(|text| (*text).to_owned()));
        match (name.as_str(), first) {
            ("addNTA", Some(name)) => untrusted.push(plain(&name)),
            ("addTA" | "addDS", Some(name)) => {
                let records = arguments.get(1).map(LuaValue::texts).unwrap_or_default();
                tell_anchor((&name, &records), place, typed, draft);
            }
            ("readTrustAnchorsFromFile", Some(file)) => {
                let directory = path.parent().unwrap_or_else(|| Path::new(""));
                root::keys_file((place, typed), &directory.join(file), draft);
            }
            ("clearTA" | "clearDS", name) if name.as_deref().is_none_or(|name| name == ".") => {
                let did = "removed the keys of the root";
                let instead = "resolverd has them built in; see dnssec.trust_anchor";
                draft.tell(Different, place, typed, (did, instead));
            }
            ("dofile", Some(file)) if file.ends_with("/rootkeys.lua") => {
                let did = "held the keys of the root";
                draft.tell(Unneeded, place, typed, (did, "resolverd has them built in"));
            }
            (name, _) => match find(&TOLD, name) {
                Some((_, weight, did, instead)) => draft.tell(*weight, place, &keyword, (did, instead)),
                None => {
                    let did = "is a call that is not known to this import";
                    let instead = "see the manual of PowerDNS Recursor for its effect";
                    draft.tell(Dangerous, place, &keyword, (did, instead));
                }
            },
        }
    }
    untrusted
}

/// Reports keys to validate with: the data of DS records.
pub(super) fn tell_anchor(
    (name, records): (&str, &[impl AsRef<str>]),
    place: &SourcePlace,
    typed: &str,
    draft: &mut Draft,
) {
    if name.trim_end_matches('.').is_empty() {
        let records: String = records.iter().map(|data| format!(". DS {}\n", data.as_ref())).collect();
        return root::key((place, typed), &records, draft);
    }
    let did = "gave a key to validate with";
    let instead = "write it as a DS record into a file, and set dnssec.trust_anchor to the file";
    draft.tell(Dangerous, place, typed, (did, instead));
}
