//! Checks `/etc/nsswitch.conf`: the C library must query DNS servers, and no other source first.
//!
//! See nsswitch.conf(5) and nss-resolve(8).

use super::host::HostFile;
use crate::system::HostFinding;

/// The name of this check, as `check system` prints it.
pub const CHECK: &str = "nsswitch";

pub(super) fn check(file: &HostFile) -> HostFinding {
    if let Some(unread) = file.unread(CHECK) {
        return unread;
    }
    let default = "default of the C library: files, then DNS";
    let Some(text) = file.text() else {
        return HostFinding::ok(CHECK, format!("{} does not exist; {default}", file.path()));
    };
    let hosts = text.lines().rev().find_map(|line| line.split('#').next()?.trim().strip_prefix("hosts:"));
    let Some(hosts) = hosts else { return HostFinding::ok(CHECK, format!("no hosts line; {default}")) };
    let evidence = format!(
        "nsswitch.conf has `hosts: {}`",
        hosts.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
    );
    let place = |service: &str| hosts.split_ascii_whitespace().position(|word| word == service);
    match (place("resolve"), place("dns")) {
        (None, Some(_)) => HostFinding::ok(CHECK, evidence),
        (Some(resolve), dns) if dns.is_none_or(|dns| resolve < dns) => HostFinding::failure(
            CHECK,
            evidence,
            "remove `resolve` and the words in [ ] after it from this line; otherwise programs ask systemd-resolved before any DNS server",
        ),
        (Some(_), _) => HostFinding::warning(
            CHECK,
            evidence,
            "remove `resolve` from this line; otherwise programs ask systemd-resolved again for each name that resolverd does not find",
        ),
        (None, None) => HostFinding::failure(
            CHECK,
            evidence,
            "add `dns` to this line; without it programs that use getaddrinfo do not use DNS",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::CheckVerdict;

    #[test]
    fn nothing_stands_before_dns() {
        let verdict = |text: &str| {
            check(&HostFile::Text { path: "/etc/nsswitch.conf".to_owned(), text: text.to_owned() }).verdict
        };
        assert_eq!(
            verdict("passwd: files\nhosts:\tfiles mdns4_minimal [NOTFOUND=return] dns\n"),
            CheckVerdict::Ok
        );
        assert_eq!(verdict("hosts: files resolve [!UNAVAIL=return] dns # x\n"), CheckVerdict::Failure);
        assert_eq!(verdict("hosts: files resolve\n"), CheckVerdict::Failure);
        assert_eq!(verdict("hosts: files dns resolve\n"), CheckVerdict::Warning);
        assert_eq!(verdict("hosts: files\n"), CheckVerdict::Failure);
        assert_eq!(verdict("passwd: files\n#hosts: resolve\n"), CheckVerdict::Ok);
    }
}
