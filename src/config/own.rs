//! The section `[own]`: the domains, addresses and keys of this host's own mail, which are checked on schedule.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use hickory_proto::rr::Name;

use super::forms::{List, NAME, OrEmpty, Span, Text};
use super::keys::{SingleSection, key};
use super::report::{WrongValue, quoted};
use super::value::{self, Read, Typed};
use super::watch::mail_domain;
use crate::limits::WATCH_INTERVALS;

/// The section `[own]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnSection {
    /// The domains of own mail addresses, absolute and in lower case.
    pub domains: Vec<Name>,
    /// The addresses from which this host, or a host for the same domains, sends mail to others.
    pub addresses: Vec<IpAddr>,
    /// The name that the mail server gives with HELO or EHLO.
    pub helo: Option<Name>,
    /// PEM files with certificates that mail hosts of the domains use, or will use after a renewal.
    pub certificates: Vec<PathBuf>,
    /// The files with the private keys that sign mail (DKIM).
    pub dkim_keys: Vec<SigningKeyFile>,
    /// The time between two checks of a domain or an address.
    pub interval: Duration,
}

impl OwnSection {
    /// Returns the number of domains and addresses, each of which has a check of its own.
    pub fn checks(&self) -> usize {
        self.domains.len() + self.addresses.len()
    }
}

/// The file with a key that signs mail of a domain, written `domain:selector:path` as in the KeyTable of OpenDKIM.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SigningKeyFile {
    /// The signing domain.
    pub domain: Name,
    /// The selector in the signatures.
    pub selector: String,
    /// The path of the PEM file.
    pub path: PathBuf,
}

impl fmt::Display for SigningKeyFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let domain = value::name_text(&self.domain);
        write!(formatter, "{}:{}:{}", domain.trim_end_matches('.'), self.selector, self.path.display())
    }
}

pub(super) const OWN: SingleSection<OwnSection> = SingleSection {
    name: "own",
    keys: &[
        key!(OwnSection, domains, List(Text(mail_domain, value::name_text))),
        key!(OwnSection, addresses, List(Text(sender, IpAddr::to_string))),
        key!(OwnSection, helo, OrEmpty(NAME)).comment(&[(Some("\"\""), "no HELO name is checked")]),
        key!(OwnSection, certificates, List(Text(path, |path| path.display().to_string()))),
        key!(OwnSection, dkim_keys, List(Text(signing_key, SigningKeyFile::to_string))),
        key!(OwnSection, interval, Span(WATCH_INTERVALS)),
    ],
};

fn sender(typed: &Typed<'_>) -> Read<IpAddr> {
    let text = value::text(typed)?;
    let remedy = "write the address that receivers see, like \"192.0.2.1\"";
    let address = text.parse::<IpAddr>().map(|address| address.to_canonical());
    let address =
        address.map_err(|_| WrongValue::new(format!("{} is not an address", quoted(text)), remedy))?;
    if is_seen_by_receivers(address) {
        Ok(address)
    } else {
        Err(WrongValue::new(format!("{} is not a public address", quoted(text)), remedy))
    }
}

/// Returns false for addresses of this host alone, of a private network or of one link (RFC 6890).
fn is_seen_by_receivers(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let is_shared = v4.octets()[0] == 100 && (64..128).contains(&v4.octets()[1]);
            !(v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified() || is_shared)
        }
        IpAddr::V6(v6) => {
            !(v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local())
        }
    }
}

fn path(typed: &Typed<'_>) -> Read<PathBuf> {
    let text = value::text(typed)?;
    absolute(text).ok_or_else(|| {
        WrongValue::new(
            format!("{} is not an absolute path", quoted(text)),
            "write a path like \"/etc/ssl/certs/mail.pem\"",
        )
    })
}

fn absolute(text: &str) -> Option<PathBuf> {
    Some(PathBuf::from(text)).filter(|path| path.is_absolute())
}

fn signing_key(typed: &Typed<'_>) -> Read<SigningKeyFile> {
    let text = value::text(typed)?;
    let read = || {
        let (domain, rest) = text.split_once(':')?;
        let (selector, path) = rest.split_once(':').filter(|(selector, _)| !selector.is_empty())?;
        let domain = Name::from_utf8(domain).ok().filter(|name| !name.is_root())?;
        let domain = Name::from_labels(domain.iter()).ok()?.to_lowercase();
        Some(SigningKeyFile { domain, selector: selector.to_ascii_lowercase(), path: absolute(path)? })
    };
    read().ok_or_else(|| {
        WrongValue::new(
            format!("{} is not a domain, a selector and a path", quoted(text)),
            "write them like \"example.com:mail:/var/lib/rspamd/dkim/example.com.mail.key\"",
        )
    })
}
