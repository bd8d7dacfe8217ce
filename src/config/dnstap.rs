//! The section `[dnstap]`: copies of DNS messages for another program.

use std::path::PathBuf;

use super::forms::{List, OrEmpty, Text, Word};
use super::keys::{SingleSection, key};
use super::report::WrongValue;
use super::value::{Read, Typed};
use super::{sections, value};
use crate::limits::MAX_TAP_WORDS;
use dnstap::tapped::TapKind;

/// The section `[dnstap]`.
#[derive(Clone, Debug, PartialEq)]
pub struct DnstapSection {
    /// The Unix socket of the program that receives the copies; `None` turns dnstap off.
    pub socket: Option<PathBuf>,
    /// The kinds of DNS messages that are copied.
    pub messages: Vec<TapKind>,
    /// The name of this host in each copy; if empty, the host name of the system.
    pub identity: String,
    /// The name of this software in each copy; if empty, the name and version of resolverd.
    pub version: String,
}

pub(super) const DNSTAP: SingleSection<DnstapSection> = SingleSection {
    name: "dnstap",
    keys: &[
        key!(
            DnstapSection,
            socket,
            OrEmpty(Text(
                |typed| sections::socket(typed, "/run/dnstap/dnstap.sock"),
                |path| path.display().to_string()
            ))
        )
        .comment(&[(Some("\"\""), "no copies of DNS messages")]),
        key!(DnstapSection, messages, List(Word(&TapKind::ALL))),
        key!(DnstapSection, identity, Text(words, String::clone))
            .comment(&[(Some("\"\""), "the name of this host")]),
        key!(DnstapSection, version, Text(words, String::clone))
            .comment(&[(Some("\"\""), "the name and version of resolverd")]),
    ],
};

fn words(typed: &Typed<'_>) -> Read<String> {
    let typed = value::text(typed)?;
    if typed.len() > MAX_TAP_WORDS {
        let wrong = format!("is longer than the maximum of {MAX_TAP_WORDS} bytes");
        return Err(WrongValue::new(wrong, "write fewer words"));
    }
    Ok(typed.to_owned())
}
