//! What of this host's own mail its files show: domains, addresses, the HELO name, certificates and DKIM keys, for `resolverctl own --suggest`.
//!
//! Only plain settings are read: Postfix and Exim (`mail_server`), rspamd and OpenDKIM (`signers`), and the mail log (`mail_log`). Tables in
//! databases are not. What was not found is left to the operator.

mod mail_log;
mod mail_server;
mod signers;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::system::host::CheckedHost;

/// What `[own]` of the configuration may have on this host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SuggestedMail {
    /// Domains of own mail addresses, in lower case.
    pub domains: BTreeSet<String>,
    /// Public addresses from which this host sends mail.
    pub addresses: Vec<IpAddr>,
    /// The name that the mail server gives with HELO.
    pub helo: Option<String>,
    /// Files with certificates of the mail server.
    pub certificates: BTreeSet<SuggestedFile>,
    /// Keys that sign mail, written as in `dkim_keys`.
    pub dkim_keys: BTreeSet<SuggestedFile>,
}

/// A file for `[own]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SuggestedFile {
    /// The item of the list in the configuration.
    pub item: String,
    /// True if every user may read the file, so that resolverd can.
    pub is_readable: bool,
}

/// Reads what the files below `root` show. `addresses` has the public addresses of the interfaces.
pub fn suggest(root: &Path, addresses: &[IpAddr]) -> SuggestedMail {
    let host = CheckedHost { root };
    let server = mail_server::read(&host);
    let mut domains: BTreeSet<String> = server.domains.iter().cloned().collect();
    domains.extend(mail_log::senders(host.file("/var/log/mail.log").text().unwrap_or_default()));
    // The host's own name is a domain of mail only if there is no other.
    if domains.len() > 1 {
        domains.retain(|domain| Some(domain) != server.host_name.as_ref());
    }
    let keys = signers::keys(&host, &domains);
    let file = |item: String, path: &str| SuggestedFile { item, is_readable: is_readable(&host, path) };
    SuggestedMail {
        addresses: if server.addresses.is_empty() { addresses.to_vec() } else { server.addresses },
        helo: server.helo,
        certificates: server.certificates.iter().map(|path| file(path.clone(), path)).collect(),
        dkim_keys: keys.iter().map(|key| file(key.to_string(), &key.path)).collect(),
        domains,
    }
}

/// Returns true if all users may read the file: the bits for others of the file, and of the directories above it.
fn is_readable(host: &CheckedHost<'_>, path: &str) -> bool {
    let Ok(place) = host.path(path).canonicalize() else { return false };
    let Ok(root) = host.root.canonicalize() else { return false };
    let permits = |place: &Path, bit: u32| {
        std::fs::metadata(place).is_ok_and(|metadata| metadata.permissions().mode() & bit != 0)
    };
    let above = place.ancestors().skip(1).take_while(|above| **above != root && above.starts_with(&root));
    permits(&place, 0o004) && above.into_iter().all(|above| permits(above, 0o001))
}

#[cfg(test)]
mod tests;
