//! The section `[tls_policy]`: the TLS policies of next hops, for Postfix.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::addresses;
use super::forms::{OrEmpty, Text};
use super::keys::{SingleSection, key};
use super::report::{WrongValue, quoted};
use super::value::{Read, Typed};
use super::{sections, value};
use crate::limits::MAX_GROUP;

/// The section `[tls_policy]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TlsPolicySection {
    /// Where mail servers ask; `None` turns TLS policies off.
    pub listen: Option<TlsPolicyListen>,
    /// The group of the Unix socket; if empty, that of the daemon.
    pub group: String,
}

/// Where mail servers ask for TLS policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsPolicyListen {
    /// A Unix socket.
    Socket(PathBuf),
    /// A loopback address with a port.
    Address(SocketAddr),
}

impl fmt::Display for TlsPolicyListen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => path.display().fmt(formatter),
            Self::Address(address) => address.fmt(formatter),
        }
    }
}

const EXAMPLE: &str = "/run/resolverd/tls-policy";

pub(super) const TLS_POLICY: SingleSection<TlsPolicySection> = SingleSection {
    name: "tls_policy",
    keys: &[
        key!(TlsPolicySection, listen, OrEmpty(Text(listen, TlsPolicyListen::to_string))).comment(&[
            (Some("\"\""), "no TLS policies (DANE, MTA-STS) for Postfix"),
            (None, "a Unix socket or a loopback address for smtp_tls_policy_maps"),
        ]),
        key!(TlsPolicySection, group, Text(group, String::clone))
            .comment(&[(Some("\"\""), "the group of resolverd has the Unix socket")]),
    ],
};

fn listen(typed: &Typed<'_>) -> Read<TlsPolicyListen> {
    if value::text(typed)?.starts_with('/') {
        return sections::socket(typed, EXAMPLE).map(TlsPolicyListen::Socket);
    }
    let address = addresses::of_tls_policy(typed)?;
    if address.ip().is_loopback() {
        return Ok(TlsPolicyListen::Address(address));
    }
    let wrong = format!("{address} is not a loopback address");
    Err(WrongValue::new(
        wrong,
        format!("write a path like {} or \"127.0.0.1:{}\"", quoted(EXAMPLE), address.port()),
    ))
}

fn group(typed: &Typed<'_>) -> Read<String> {
    let group = value::text(typed)?;
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if group.len() > MAX_GROUP || !group.chars().all(is_plain) {
        return Err(WrongValue::new(
            format!("{} is not a group", quoted(group)),
            "write it like \"postfix\"",
        ));
    }
    Ok(group.to_owned())
}
