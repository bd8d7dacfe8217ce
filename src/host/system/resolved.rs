//! Checks that programs which use systemd-resolved reach resolverd.
//!
//! Drop-in files add values to lists, and an empty value clears a list (resolved.conf(5)). Files are read in the order of their names, including
//! those in /usr/lib. The address 127.0.0.53 of systemd-resolved does not conflict with 127.0.0.1.

use std::net::IpAddr;

use super::host::HostFile;
use super::resolv_conf::is_ours;
use crate::system::HostFinding;

/// The name of this check in the output of `check system`.
pub const CHECK: &str = "systemd-resolved";

/// Checks if systemd-resolved forwards to resolverd. `runs` is true if it runs, `files` are its configuration files, and `ours` are the addresses of
/// resolverd.
pub(super) fn check(runs: bool, files: &[HostFile], ours: &[IpAddr]) -> HostFinding {
    if !runs {
        return HostFinding::ok(CHECK, "does not run");
    }
    let (servers, domains) = (setting(files, "DNS"), setting(files, "Domains"));
    let only_ours = !servers.is_empty() && servers.iter().all(|server| is_ours(server, ours));
    if only_ours && domains.iter().any(|domain| domain == "~.") {
        return HostFinding::ok(CHECK, format!("runs, and forwards to {}", servers.join(", ")));
    }
    if let Some(unread) = files.iter().find_map(|file| file.unread(CHECK)) {
        return unread;
    }
    let asked = match servers.as_slice() {
        [] => "the servers that the network provides".to_owned(),
        servers => servers.join(", "),
    };
    HostFinding::warning(
        CHECK,
        format!("runs, and forwards to {asked}; programs that use it bypass resolverd"),
        "run `systemctl disable --now systemd-resolved`, or write `[Resolve]`, `DNS=127.0.0.1` and `Domains=~.` to /etc/systemd/resolved.conf.d/resolverd.conf, then run `systemctl restart systemd-resolved`",
    )
}

/// Returns the values of a list. Each file may add values or clear the list.
fn setting(files: &[HostFile], key: &str) -> Vec<String> {
    let mut list = Vec::new();
    for value in files.iter().filter_map(HostFile::text).flat_map(|text| values(text, "Resolve", key)) {
        if value.is_empty() {
            list.clear();
        }
        list.extend(value.split_ascii_whitespace().map(str::to_owned));
    }
    list
}

/// Returns the values of a key in one section. systemd and NetworkManager use this format.
pub(super) fn values<'a>(
    text: &'a str,
    section: &'a str,
    key: &'a str,
) -> impl Iterator<Item = &'a str> + use<'a> {
    let mut within = false;
    text.lines().map(str::trim).filter_map(move |line| {
        if let Some(title) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            within = title == section;
            return None;
        }
        let (name, value) = line.split_once('=')?;
        (within && !line.starts_with(['#', ';']) && name.trim() == key).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::CheckVerdict;

    #[test]
    fn resolved_may_forward_to_resolverd() {
        let file = |text: &str| HostFile::Text { path: "resolved.conf".to_owned(), text: text.to_owned() };
        let ours = [IpAddr::from([127, 0, 0, 1])];
        assert_eq!(check(false, &[], &ours).verdict, CheckVerdict::Ok);
        let network = file("[Resolve]\n#DNS=\nDNS=192.0.2.53\n");
        assert_eq!(check(true, std::slice::from_ref(&network), &ours).verdict, CheckVerdict::Warning);
        let drop_in = file("[Resolve]\nDNS=\nDNS=127.0.0.1\nDomains=~.\n");
        assert_eq!(check(true, &[network.clone(), drop_in.clone()], &ours).verdict, CheckVerdict::Ok);
        assert_eq!(check(true, &[drop_in, network], &ours).verdict, CheckVerdict::Warning);
    }

    #[test]
    fn key_counts_in_own_section() {
        let text = "DNS=0\n[Resolve]\n#DNS=1\nDNS = 2\nLLMNR=no\nDNS=\n[Other]\nDNS=3\n";
        assert_eq!(values(text, "Resolve", "DNS").collect::<Vec<_>>(), ["2", ""]);
    }
}
