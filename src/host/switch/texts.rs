//! Creates the new texts of the configuration files that the switch writes.

use std::net::IpAddr;

/// The first line of a file that the switch writes.
pub(super) const MARK: &str = "# Written by `resolverctl switch`; `resolverctl switch --back` undoes it.\n";

/// With this line in its hook file, dhcpcd does not write `/etc/resolv.conf`.
pub(super) const DHCPCD_OFF: &str = "skip_hooks=\"$skip_hooks resolv.conf\"";

/// Options in every new `resolv.conf`: EDNS, and the AD bit, which DANE needs.
const OPTIONS: [&str; 2] = ["edns0", "trust-ad"];

/// Returns a `resolv.conf` with `address` as the only name server, and the search list and the other options of `old`.
pub(super) fn resolv_conf(old: &str, address: IpAddr) -> String {
    let (mut kept, mut options) = (String::new(), OPTIONS.map(str::to_owned).to_vec());
    for line in old.lines() {
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            Some("search" | "domain" | "sortlist") => kept.push_str(&format!("{line}\n")),
            Some("options") => {
                options.extend(words.filter(|word| !OPTIONS.contains(word)).map(str::to_owned))
            }
            _ => {}
        }
    }
    format!("{MARK}{kept}nameserver {address}\noptions {}\n", options.join(" "))
}

/// Returns an `nsswitch.conf` in which `dns` replaces `resolve` and the action in brackets after `resolve`. Returns `None` if `hosts` has no
/// `resolve`.
pub(super) fn nsswitch(old: &str) -> Option<String> {
    let mut lines: Vec<String> = old.lines().map(str::to_owned).collect();
    // Of several `hosts` lines, the C library uses the last one.
    let hosts = lines.iter_mut().rfind(|line| line.trim_start().starts_with("hosts:"))?;
    let (sources, comment) = hosts.split_at(hosts.find('#').unwrap_or(hosts.len()));
    let words: Vec<&str> = sources.trim_start().trim_start_matches("hosts:").split_whitespace().collect();
    let (before, after) = words.split_at(words.iter().position(|word| *word == "resolve")?);
    let after = after.iter().skip(1).skip_while(|word| word.starts_with('[') && word.ends_with(']'));
    let dns = if words.contains(&"dns") { None } else { Some("dns") };
    let kept: Vec<&str> = before.iter().copied().chain(dns).chain(after.copied()).collect();
    let gap = if comment.is_empty() { "" } else { " " };
    *hosts = format!("hosts: {}{gap}{comment}", kept.join(" "));
    Some(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolv_conf_keeps_the_search_list() {
        let here = IpAddr::from([127, 0, 0, 1]);
        let old = "# NetworkManager\nsearch a.example b.example\nnameserver 10.0.0.1\noptions rotate edns0\noptions ndots:2\n";
        assert_eq!(
            resolv_conf(old, here),
            format!(
                "{MARK}search a.example b.example\nnameserver 127.0.0.1\noptions edns0 trust-ad rotate ndots:2\n"
            )
        );
        assert_eq!(resolv_conf("", here), format!("{MARK}nameserver 127.0.0.1\noptions edns0 trust-ad\n"));
    }

    #[test]
    fn nsswitch_loses_resolve_alone() {
        let ubuntu = "passwd: files\nhosts:          files mdns4_minimal [NOTFOUND=return] dns\n";
        assert_eq!(nsswitch(ubuntu), None);
        for (old, new) in [
            ("hosts: files resolve [!UNAVAIL=return] dns # x\n", "hosts: files dns # x\n"),
            (
                "hosts: files resolve [!UNAVAIL=return] [SUCCESS=merge] myhostname dns\n",
                "hosts: files myhostname dns\n",
            ),
            ("hosts:resolve\n", "hosts: dns\n"),
            ("hosts:\t files resolve", "hosts: files dns\n"),
            ("hosts: files resolve myhostname\n", "hosts: files dns myhostname\n"),
            (
                "hosts: resolve\nhosts: files dns resolve\nnetworks: files\n",
                "hosts: resolve\nhosts: files dns\nnetworks: files\n",
            ),
        ] {
            assert_eq!(nsswitch(old).as_deref(), Some(new), "{old}");
        }
        assert_eq!(nsswitch("hosts: files resolved dns\n"), None);
        assert_eq!(nsswitch("hosts: files dns # resolve\n"), None);
    }
}
