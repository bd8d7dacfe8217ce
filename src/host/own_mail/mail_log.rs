//! The domains of senders in the mail log: of mail that was given to Postfix on this host, or by a user who had logged in.

use std::collections::{BTreeMap, BTreeSet};

/// A domain counts as own from this many mails on, so that a single forwarded mail counts nothing.
const ENOUGH_MAILS: usize = 3;

/// Returns the domains of senders of at least `ENOUGH_MAILS` own mails.
pub(super) fn senders(log: &str) -> BTreeSet<String> {
    let (mut own, mut mails) = (BTreeSet::new(), BTreeMap::<String, usize>::new());
    for line in log.lines() {
        let Some((service, id, rest)) = parts(line) else { continue };
        if service.ends_with("/pickup") || rest.contains("sasl_username=") {
            own.insert(id);
        } else if service.ends_with("/qmgr")
            && own.remove(id)
            && let Some(domain) = rest.strip_prefix("from=<").and_then(domain_of)
        {
            *mails.entry(domain).or_default() += 1;
        }
    }
    mails.into_iter().filter(|(_, count)| *count >= ENOUGH_MAILS).map(|(domain, _)| domain).collect()
}

/// Returns the name of the service, the queue id, and the rest of the line.
fn parts(line: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = line.split_once("]: ")?;
    let (service, _) = before.rsplit_once('[')?;
    let service = service.rsplit(' ').next()?;
    let (id, rest) = rest.split_once(": ")?;
    service.starts_with("postfix").then_some((service, id, rest))
}

fn domain_of(address: &str) -> Option<String> {
    let (address, _) = address.split_once('>')?;
    let (_, domain) = address.rsplit_once('@')?;
    domain.contains('.').then(|| domain.to_ascii_lowercase())
}
