//! The new texts of files.

use std::net::IpAddr;
use std::path::Path;

use crate::system::host::HostFile;

/// The first line of each file that is written as a whole.
pub(super) const MARK: &str = "# Written by `resolverctl switch`; `resolverctl switch --back` undoes it.\n";

/// The line of a hook by which dhcpcd's script passes over its hook for `resolv.conf`.
pub(super) const DHCPCD_OFF: &str = "skip_hooks=\"$skip_hooks resolv.conf\"";

/// The path of our drop-in in a directory: its name sorts after those of the drop-ins that are there, as the last one counts.
pub(super) fn last_drop_in(directory: &str, ending: &str, files: &[HostFile]) -> String {
    let ours = format!("zz-resolverd.{ending}");
    let own = Path::new(directory).file_name();
    let is_drop_in = |file: &&HostFile| Path::new(file.path()).parent().and_then(Path::file_name) == own;
    let drop_ins = files.iter().filter(is_drop_in);
    let names = drop_ins.filter_map(|file| file.path().rsplit('/').next());
    let later = names.filter(|name| *name > ours.as_str()).max();
    let stem = later.and_then(|name| name.strip_suffix(&format!(".{ending}")));
    // "resolverd" is after the ending of the other one.
    let name = stem.map_or(ours, |stem| format!("{stem}.resolverd.{ending}"));
    format!("{directory}/{name}")
}

/// Whether a `dhcpcd.conf` leaves `resolv.conf` alone at all interfaces.
pub(super) fn is_dhcpcd_off(conf: &str) -> bool {
    let first = |line: &str| line.split_ascii_whitespace().next().unwrap_or_default().to_owned();
    let for_all =
        conf.lines().take_while(|line| !["interface", "profile", "ssid"].contains(&first(line).as_str()));
    for_all
        .filter(|line| first(line) == "nohook")
        .any(|line| line.split([' ', '\t', ',']).any(|hook| hook == "resolv.conf"))
}

/// The servers that a `dhclient.conf` gives to all interfaces in place of those of a lease; none if it gives none, or one that is not an
/// address.
pub(super) fn superseding_servers(conf: &str) -> Option<Vec<IpAddr>> {
    let text: String =
        conf.lines().map(|line| format!("{} ", line.split('#').next().unwrap_or_default())).collect();
    let mut depth = 0_usize;
    let mut servers = None;
    for statement in text.split_inclusive([';', '{', '}']) {
        let words = statement.trim_end_matches([';', '{', '}']).trim();
        if let Some(named) = words.strip_prefix("supersede domain-name-servers").filter(|_| depth == 0) {
            // The last statement counts.
            let addresses = named.split(',').map(|address| address.trim().parse().ok());
            servers = Some(addresses.collect::<Option<Vec<IpAddr>>>()?);
        }
        match statement.chars().last() {
            Some('{') => depth = depth.saturating_add(1),
            Some('}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    servers
}

/// Options that every such file has: EDNS, and the AD bit for DANE.
const OPTIONS: [&str; 2] = ["edns0", "trust-ad"];

/// A `resolv.conf` that names only `address`, with the search list and the other options of the old one.
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

/// An `nsswitch.conf` without `resolve` and the actions after it; `dns` takes its place unless it is there already. None if
/// its `hosts` line has no `resolve`.
pub(super) fn nsswitch(old: &str) -> Option<String> {
    let is_hosts = |line: &str| line.trim_start().starts_with("hosts:");
    let at = old.split_inclusive('\n').filter(|line| is_hosts(line)).count();
    let mut seen = 0;
    let mut changed = false;
    let text = old
        .split_inclusive('\n')
        .map(|line| {
            seen += usize::from(is_hosts(line));
            // The last line counts.
            let new = (is_hosts(line) && seen == at).then(|| without_resolve(line)).flatten();
            changed |= new.is_some();
            new.unwrap_or_else(|| line.to_owned())
        })
        .collect();
    changed.then_some(text)
}

/// A `hosts` line without `resolve`.
fn without_resolve(line: &str) -> Option<String> {
    let (sources, comment) = line.split_at(line.find('#').unwrap_or_else(|| line.trim_end().len()));
    let (before, after) = sources.split_once("resolve").filter(|(before, after)| {
        let is_gap = |text: &str, letter: Option<char>| {
            text.is_empty() || letter.is_some_and(|letter| letter.is_whitespace() || ":[".contains(letter))
        };
        is_gap(before, before.chars().last()) && is_gap(after, after.chars().next())
    })?;
    let mut after = after.trim_start();
    while let Some((_, rest)) = after.strip_prefix('[').and_then(|action| action.split_once(']')) {
        after = rest.trim_start();
    }
    let has_dns =
        before.split_ascii_whitespace().chain(after.split_ascii_whitespace()).any(|word| word == "dns");
    let dns = match (has_dns, after.is_empty()) {
        (true, _) => "",
        (false, true) => "dns",
        (false, false) => "dns ",
    };
    Some(format!("{before}{dns}{after}{comment}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_drop_in_is_the_last_one() {
        let path = |names: &[&str]| {
            let file = |name: &&str| HostFile::Text { path: format!("/etc/{name}"), text: String::new() };
            last_drop_in("/etc/d", "conf", &names.iter().map(file).collect::<Vec<_>>())
        };
        assert_eq!(path(&["zzz.conf"]), "/etc/d/zz-resolverd.conf", "the main file");
        assert_eq!(path(&["d/10-a.conf", "main", "d/zz-r.conf"]), "/etc/d/zz-resolverd.conf");
        assert_eq!(path(&["main", "d/zz-resolverd.conf"]), "/etc/d/zz-resolverd.conf");
        let later = path(&["d/zzz.conf", "main", "d/zzz-a.conf"]);
        assert_eq!(later, "/etc/d/zzz.resolverd.conf");
        assert!(later.as_str() > "/etc/d/zzz.conf" && later.as_str() > "/etc/d/zzz-a.conf");
    }

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
    fn servers_of_dhclient_are_those_of_all_interfaces() {
        let here = vec![IpAddr::from([127, 0, 0, 1])];
        for (conf, servers) in [
            ("supersede domain-name-servers 127.0.0.1;\n", Some(here.clone())),
            ("# x\nsupersede domain-name-servers\n  127.0.0.1; # y\n", Some(here)),
            ("supersede domain-name-servers 127.0.0.1, x.example;\n", None),
            ("interface \"a\" { supersede domain-name-servers 127.0.0.1; }\n", None),
            ("#supersede domain-name-servers 127.0.0.1;\n", None),
            ("request domain-name-servers;\n", None),
        ] {
            assert_eq!(superseding_servers(conf), servers, "{conf}");
        }
    }

    #[test]
    fn dhcpcd_is_off_for_all_interfaces_only() {
        for (conf, is_off) in [
            ("hostname\nnohook lookup-hostname, resolv.conf\n", true),
            ("  nohook resolv.conf\ninterface eth0\n", true),
            ("interface eth0\nnohook resolv.conf\n", false),
            ("#nohook resolv.conf\nnohook wpa_supplicant\n", false),
        ] {
            assert_eq!(is_dhcpcd_off(conf), is_off, "{conf}");
        }
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
            ("hosts:resolve\n", "hosts:dns\n"),
            ("hosts: files resolve", "hosts: files dns"),
            ("hosts: files resolve myhostname\n", "hosts: files dns myhostname\n"),
            (
                "hosts: resolve\nhosts: files dns resolve\nnetworks: files\n",
                "hosts: resolve\nhosts: files dns \nnetworks: files\n",
            ),
        ] {
            assert_eq!(nsswitch(old).as_deref(), Some(new), "{old}");
        }
        assert_eq!(nsswitch("hosts: files resolved dns\n"), None);
        assert_eq!(nsswitch("hosts: files dns # resolve\n"), None);
    }
}
