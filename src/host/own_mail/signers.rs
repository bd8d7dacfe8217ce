//! The DKIM keys of rspamd (dkim_signing.conf) and of OpenDKIM (opendkim.conf(5)).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::system::host::CheckedHost;

/// A key that signs mail, in the form of the KeyTable of OpenDKIM.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SigningKeyPlace {
    domain: String,
    selector: String,
    pub(super) path: String,
}

impl fmt::Display for SigningKeyPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.domain, self.selector, self.path)
    }
}

/// Returns the keys of the domains whose files exist.
pub(super) fn keys(host: &CheckedHost<'_>, domains: &BTreeSet<String>) -> Vec<SigningKeyPlace> {
    let mut keys = of_rspamd(host, domains);
    keys.extend(of_opendkim(host));
    keys.retain(|key| domains.contains(&key.domain) && host.is_there(&key.path));
    keys
}

/// The settings of rspamd without its file (its dkim_signing.conf).
const USUAL: [(&str, &str); 2] =
    [("path", "/var/lib/rspamd/dkim/$domain.$selector.key"), ("selector", "dkim")];

fn of_rspamd(host: &CheckedHost<'_>, domains: &BTreeSet<String>) -> Vec<SigningKeyPlace> {
    if !host.is_there("/etc/rspamd") {
        return Vec::new();
    }
    let mut settings: BTreeMap<String, String> =
        USUAL.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    for directory in ["local.d", "override.d"] {
        let file = host.file(&format!("/etc/rspamd/{directory}/dkim_signing.conf"));
        settings.extend(blocks(file.text().unwrap_or_default()));
    }
    let of_domain = |domain: &String| {
        let own = |name: &str| {
            settings.get(&format!("domain.{domain}.{name}")).or_else(|| settings.get(name)).cloned()
        };
        let selector = own("selector")?;
        let path = own("path")?.replace("$domain", domain).replace("$selector", &selector);
        Some(SigningKeyPlace { domain: domain.clone(), selector, path })
    };
    domains.iter().filter_map(of_domain).collect()
}

/// Reads settings of UCL: `name = value;` in blocks `name { … }`. Returns each value with the names of its blocks and its own, joined by dots.
fn blocks(text: &str) -> Vec<(String, String)> {
    let (mut place, mut found) = (Vec::new(), Vec::new());
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    for part in lines.flat_map(|line| line.split_inclusive(['{', '}', ';'])).map(str::trim) {
        let word = |text: &str| text.trim().trim_end_matches([';', '{']).trim().trim_matches('"').to_owned();
        match part.chars().last() {
            Some('{') => place.push(word(part).trim_end_matches([' ', '=']).to_owned()),
            Some('}') => drop(place.pop()),
            _ => {
                let Some((name, value)) = part.split_once('=').or_else(|| part.split_once(' ')) else {
                    continue;
                };
                let mut names = place.clone();
                names.push(word(name));
                found.push((names.join("."), word(value)));
            }
        }
    }
    found
}

fn of_opendkim(host: &CheckedHost<'_>) -> Vec<SigningKeyPlace> {
    let conf = host.file("/etc/opendkim.conf");
    let settings: BTreeMap<String, &str> = conf
        .text()
        .unwrap_or_default()
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim())
        .filter_map(|line| line.split_once(char::is_whitespace))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim()))
        .collect();
    let table = settings.get("keytable").map(|table| host.file(table.rsplit(':').next().unwrap_or(table)));
    let of_table =
        table.iter().filter_map(|file| file.text()).flat_map(|text| text.lines()).filter_map(|line| {
            let mut parts = line.split_whitespace().nth(1)?.splitn(3, ':').map(str::to_owned);
            Some(SigningKeyPlace { domain: parts.next()?, selector: parts.next()?, path: parts.next()? })
        });
    let single = || {
        let get = |name: &str| settings.get(name).map(|value| (*value).to_owned());
        Some(SigningKeyPlace { domain: get("domain")?, selector: get("selector")?, path: get("keyfile")? })
    };
    of_table.chain(single()).collect()
}
