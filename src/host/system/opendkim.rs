//! Checks that OpenDKIM queries resolverd. With libunbound, as on Debian, OpenDKIM has its own resolver. This resolver queries the servers of zones
//! itself unless `Nameservers` names a resolver (opendkim.conf(5)).

use std::net::{IpAddr, Ipv4Addr};

use super::host::HostFile;
use super::resolv_conf::is_ours;
use crate::system::HostFinding;

/// The name of this check in the output of `check system`.
pub const CHECK: &str = "opendkim";

/// The name (in lower case) of the setting with the addresses of the resolvers that opendkim queries.
const NAMESERVERS: &str = "nameservers";

/// Checks that OpenDKIM queries resolverd and no other resolver. `conf` is /etc/opendkim.conf, and `ours` are the addresses of resolverd.
pub(super) fn check(conf: &HostFile, ours: &[IpAddr]) -> HostFinding {
    if let Some(unread) = conf.unread(CHECK) {
        return unread;
    }
    let Some(text) = conf.text() else { return HostFinding::ok(CHECK, "is not installed") };
    let path = conf.path();
    let here = ours.iter().find(|own| !own.is_unspecified());
    let here = here.copied().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let advice =
        format!("write `Nameservers {here}` into {path}, and restart OpenDKIM: `systemctl restart opendkim`");
    let named = nameservers(text);
    if named.is_empty() {
        let evidence = format!(
            "{path} has no Nameservers: if OpenDKIM is built with libunbound, it queries the servers of zones itself, and not resolverd"
        );
        return HostFinding::warning(CHECK, evidence, &advice);
    }
    let others: Vec<&str> = named.iter().copied().filter(|address| !is_ours(address, ours)).collect();
    if others.is_empty() {
        HostFinding::ok(CHECK, format!("Nameservers in {path} names resolverd"))
    } else {
        let evidence = format!("Nameservers in {path} names {}, which is not resolverd", others.join(", "));
        HostFinding::warning(CHECK, evidence, &advice)
    }
}

/// Returns the addresses in the last setting `Nameservers`. Names of settings are case-insensitive (opendkim.conf(5)).
fn nameservers(text: &str) -> Vec<&str> {
    let last = text.lines().rev().find_map(|line| {
        let line = line.split('#').next().unwrap_or_default().trim();
        let (name, addresses) = line.split_once(char::is_whitespace)?;
        name.eq_ignore_ascii_case(NAMESERVERS).then_some(addresses)
    });
    let last = last.unwrap_or_default();
    last.split(',').map(str::trim).filter(|address| !address.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::CheckVerdict;

    #[test]
    fn opendkim_must_query_resolverd() {
        let own = [IpAddr::from([127, 0, 0, 1])];
        let judge = |text: &str| {
            let file = HostFile::Text { path: "f".to_owned(), text: text.to_owned() };
            check(&file, &own).verdict
        };
        assert_eq!(check(&HostFile::Missing { path: "f".to_owned() }, &own).verdict, CheckVerdict::Ok);
        assert_eq!(judge("Syslog yes\n#Nameservers 127.0.0.1\n"), CheckVerdict::Warning);
        assert_eq!(judge("Nameservers 192.0.2.53\nnameservers\t127.0.0.1 # resolverd\n"), CheckVerdict::Ok);
        assert_eq!(judge("Nameservers 127.0.0.1, 192.0.2.53\n"), CheckVerdict::Warning);
    }
}
