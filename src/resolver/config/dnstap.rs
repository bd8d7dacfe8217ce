//! `[dnstap]`: copies of messages for other programs.

use std::path::{Path, PathBuf};

use toml::Value;

use super::keys::{ConfigKey, SingleSection, set};
use super::report::{WrongValue, quoted};
use super::value::{Read, Typed};
use super::{value, written};
use crate::dnstap::tapped::TapKind;
use crate::limits::{MAX_SOCKET_PATH, MAX_TAP_WORDS};

/// `[dnstap]`
#[derive(Clone, Debug, PartialEq)]
pub struct DnstapSection {
    /// The Unix socket of the program that reads; none: there is none.
    pub socket: Option<PathBuf>,
    /// The file; none: there is none.
    pub file: Option<PathBuf>,
    /// The kinds of messages that are copied.
    pub messages: Vec<TapKind>,
    /// The name of this host for the reader; empty: its host name.
    pub identity: String,
    /// The name of this program for the reader; empty: its name and version.
    pub version: String,
}

pub(super) const DNSTAP: SingleSection<DnstapSection> = SingleSection {
    name: "dnstap",
    keys: &[
        ConfigKey::<DnstapSection>::new(
            "socket",
            |dnstap, typed, _| set(&mut dnstap.socket, socket(typed)),
            |dnstap| Some(written::path(dnstap.socket.as_deref())),
        )
        .comment(&[(Some("\"\""), "no copies of DNS messages")]),
        ConfigKey::<DnstapSection>::new(
            "file",
            |dnstap, typed, directory: &Path| set(&mut dnstap.file, value::path(typed, directory)),
            |dnstap| Some(written::path(dnstap.file.as_deref())),
        )
        .comment(&[(Some("\"\""), "no copies of DNS messages")]),
        ConfigKey::<DnstapSection>::new(
            "messages",
            |dnstap, typed, _| {
                let kind = |typed: &Typed<'_>| value::word(typed, &TapKind::ALL);
                set(&mut dnstap.messages, value::list(typed, kind))
            },
            |dnstap| {
                let words = dnstap.messages.iter().map(|kind| written::word(*kind, &TapKind::ALL));
                Some(Value::Array(words.collect()))
            },
        ),
        ConfigKey::<DnstapSection>::new(
            "identity",
            |dnstap, typed, _| set(&mut dnstap.identity, words(typed)),
            |dnstap| Some(Value::String(dnstap.identity.clone())),
        )
        .comment(&[(Some("\"\""), "the name of this host")]),
        ConfigKey::<DnstapSection>::new(
            "version",
            |dnstap, typed, _| set(&mut dnstap.version, words(typed)),
            |dnstap| Some(Value::String(dnstap.version.clone())),
        )
        .comment(&[(Some("\"\""), "the name and version of resolverd")]),
    ],
};

/// The absolute path of a socket; none if it is empty.
fn socket(typed: &Typed<'_>) -> Read<Option<PathBuf>> {
    let typed = value::text(typed)?;
    let remedy = "write a path like \"/run/dnstap/dnstap.sock\"";
    if typed.is_empty() {
        return Ok(None);
    }
    if !typed.starts_with('/') {
        return Err(WrongValue::new(format!("{} is not an absolute path", quoted(typed)), remedy));
    }
    if typed.len() > MAX_SOCKET_PATH {
        let wrong = format!("is longer than the maximum of {MAX_SOCKET_PATH} bytes for a socket path");
        return Err(WrongValue::new(wrong, remedy));
    }
    Ok(Some(PathBuf::from(typed)))
}

fn words(typed: &Typed<'_>) -> Read<String> {
    let typed = value::text(typed)?;
    if typed.len() > MAX_TAP_WORDS {
        let wrong = format!("is longer than the maximum of {MAX_TAP_WORDS} bytes");
        return Err(WrongValue::new(wrong, "write fewer words"));
    }
    Ok(typed.to_owned())
}
