//! Postfix's chroot has a copy of `resolv.conf`. The services in the chroot read this copy, and only a start of
//! Postfix renews it.
//!
//! Debian's master.cf runs smtp and smtpd in /var/spool/postfix; master(5): the fifth column. Without a copy the C
//! library asks 127.0.0.1 (resolv.conf(5)), so only the content of a copy matters, and not whether it exists.

use std::net::IpAddr;

use super::host::{CheckedHost, HostFile};
use super::resolv_conf::{ResolvConf, is_ours};
use crate::limits::MAX_POSTFIX_INSTANCES;
use crate::system::HostFinding;

/// The name of this check.
pub const CHECK: &str = "postfix";

/// The column of master.cf that says whether a service is in the chroot.
const CHROOT_COLUMN: usize = 4;

/// Columns from there to the program.
const COMMAND_COLUMNS_LATER: usize = 2;

/// Programs of Postfix that look names up; others may be in the chroot without harm.
const LOOKING_UP: [&str; 4] = ["dnsblog", "lmtp", "smtp", "smtpd"];

/// Options that Postfix sets itself if it needs them: `dns_lookup()` asks for DNSSEC with EDNS, and trusts AD.
const OWN_OPTIONS: [&str; 2] = ["edns0", "trust-ad"];

/// The usual queue directory.
const QUEUE: &str = "/var/spool/postfix";

/// The configuration of the usual instance. Its `main.cf` names the others (postmulti(1)).
const CONFIGURATION: &str = "/etc/postfix";

/// An instance of Postfix.
#[derive(Clone, Debug)]
pub struct PostfixInstance {
    /// `master.cf`
    pub master: HostFile,
    /// The copy of `resolv.conf` in the queue directory, which is the root of the chroot (postconf(5), "queue_directory").
    pub copy: HostFile,
}

/// The instances of Postfix on this host, the usual one first.
pub(super) fn instances(host: &CheckedHost<'_>) -> Vec<PostfixInstance> {
    let read = |folder: &str| {
        let main = host.file(&format!("{folder}/main.cf"));
        let (master, copy) = (host.file(&format!("{folder}/master.cf")), host.file(&copy_of(&main)));
        (main, PostfixInstance { master, copy })
    };
    let (main, usual) = read(CONFIGURATION);
    let others = parameter(&main, "multi_instance_directories").unwrap_or_default();
    let others = others.split([' ', '\t', ',']).filter(|folder| folder.starts_with('/'));
    let others = others.take(MAX_POSTFIX_INSTANCES - 1).map(|folder| read(folder.trim_end_matches('/')).1);
    std::iter::once(usual).chain(others).collect()
}

/// The value of a parameter in a `main.cf`: the last one counts, and lines that begin with a space continue it (postconf(5)).
fn parameter(main: &HostFile, wanted: &str) -> Option<String> {
    let mut found: Option<String> = None;
    let mut is_within = false;
    for line in main.text().unwrap_or_default().lines() {
        if line.trim_start().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        if line.starts_with([' ', '\t']) {
            if let Some(value) = found.as_mut().filter(|_| is_within) {
                value.push(' ');
                value.push_str(line.trim());
            }
            continue;
        }
        let (name, value) = line.split_once('=').unwrap_or((line, ""));
        is_within = name.trim_end() == wanted;
        if is_within {
            found = Some(value.trim().to_owned());
        }
    }
    found.map(|value| value.trim().to_owned())
}

/// The path of the copy of `resolv.conf` for a `main.cf`.
fn copy_of(main: &HostFile) -> String {
    // One with a variable cannot be read here.
    let queue = parameter(main, "queue_directory")
        .filter(|queue| queue.starts_with('/') && !queue.contains('$'))
        .unwrap_or_else(|| QUEUE.to_owned());
    format!("{}/etc/resolv.conf", queue.trim_end_matches('/'))
}

/// Whether lookups in the chroot of an instance reach resolverd too, with the options of `conf`.
pub(super) fn check(instance: &PostfixInstance, conf: Option<&ResolvConf>, ours: &[IpAddr]) -> HostFinding {
    let PostfixInstance { master, copy } = instance;
    if let Some(unread) = master.unread(CHECK) {
        return unread;
    }
    let folder = master.path().trim_end_matches("/master.cf").to_owned();
    let of = if folder == CONFIGURATION { String::new() } else { format!(" ({folder})") };
    let Some(master) = master.text() else {
        return HostFinding::ok(CHECK, format!("is not installed{of}"));
    };
    let jailed = jailed(master);
    if jailed.is_empty() {
        return HostFinding::ok(CHECK, format!("no service that resolves names runs in a chroot{of}"));
    }
    if let Some(unread) = copy.unread(CHECK) {
        return unread;
    }
    let copied = ResolvConf::parse(copy.text().unwrap_or_default());
    let says = match copy.text() {
        Some(_) => format!("resolv.conf in the chroot names {}", copied.nameservers.join(", ")),
        None => "there is no resolv.conf in the chroot, so they use 127.0.0.1".to_owned(),
    };
    let evidence = format!("services that run in the chroot of Postfix{of}: {}; {says}", jailed.join(", "));
    let renew = "restart Postfix, which copies /etc/resolv.conf to its chroot: `systemctl restart postfix`";
    let strangers = copied.nameservers.iter().filter(|nameserver| !is_ours(nameserver, ours)).count();
    if !copied.nameservers.first().is_some_and(|first| is_ours(first, ours)) {
        return HostFinding::failure(CHECK, format!("{evidence}, which is not resolverd"), renew);
    }
    if strangers > 0 {
        return HostFinding::warning(
            CHECK,
            format!("{evidence}, of which {strangers} are not resolverd"),
            renew,
        );
    }
    let wanted = conf.map(|conf| conf.options.as_slice()).unwrap_or_default();
    let lost = wanted.iter().map(String::as_str);
    let lost = lost
        .filter(|option| !OWN_OPTIONS.contains(option) && !copied.options.iter().any(|set| set == option));
    let lost: Vec<&str> = lost.collect();
    if lost.is_empty() {
        HostFinding::ok(CHECK, format!("{evidence}, which is resolverd"))
    } else {
        HostFinding::warning(CHECK, format!("{evidence}, without the options {}", lost.join(" ")), renew)
    }
}

/// Services that look names up in the chroot.
fn jailed(master: &str) -> Vec<&str> {
    let services = master.lines().filter(|line| !line.starts_with(['#', ' ', '\t']));
    let mut names: Vec<&str> = services
        .filter_map(|line| {
            let mut columns = line.split_ascii_whitespace();
            let name = columns.next()?;
            let jailed = columns.nth(CHROOT_COLUMN - 1)? == "y";
            (jailed && LOOKING_UP.contains(&columns.nth(COMMAND_COLUMNS_LATER)?)).then_some(name)
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::CheckVerdict;

    const MASTER: &str = "# c\nsmtp inet n - y - - smtpd\n  -o a=y\nsmtp unix - - y - - smtp\nshowq unix - - y - - showq\nlmtp unix - - n - - lmtp\n";

    fn file(text: &str) -> HostFile {
        HostFile::Text { path: "f".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn the_chroot_must_lead_to_resolverd_too() {
        let missing = HostFile::Missing { path: "f".to_owned() };
        let conf = ResolvConf::parse("nameserver 127.0.0.1\noptions edns0 trust-ad timeout:2\n");
        let (here, there) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([10, 0, 0, 1]));
        let judge = |master: &HostFile, copy: &HostFile, ours: &[IpAddr]| {
            let instance = PostfixInstance { master: master.clone(), copy: copy.clone() };
            check(&instance, Some(&conf), ours).verdict
        };
        let verdict = |copy: &HostFile| judge(&file(MASTER), copy, &[here]);
        assert_eq!(judge(&missing, &missing, &[here]), CheckVerdict::Ok);
        assert_eq!(judge(&file("smtp inet n - n - - smtpd\n"), &missing, &[there]), CheckVerdict::Ok);
        assert_eq!(
            verdict(&file("# generated\nnameserver   127.0.0.1\noptions timeout:2\n")),
            CheckVerdict::Ok
        );
        assert_eq!(verdict(&file("nameserver 127.0.0.1\n")), CheckVerdict::Warning, "an option is lost");
        assert_eq!(verdict(&file("nameserver 127.0.0.1\nnameserver 192.0.2.53\n")), CheckVerdict::Warning);
        assert_eq!(verdict(&file("nameserver 192.0.2.53\n")), CheckVerdict::Failure);
        let plain = ResolvConf::parse("nameserver 127.0.0.1\noptions edns0 trust-ad\n");
        let uncopied = PostfixInstance { master: file(MASTER), copy: missing.clone() };
        let without = |ours: &[IpAddr]| check(&uncopied, Some(&plain), ours).verdict;
        assert_eq!(without(&[here]), CheckVerdict::Ok, "the C library asks 127.0.0.1 then");
        assert_eq!(without(&[there]), CheckVerdict::Failure, "where nobody listens");
        assert_eq!(jailed(MASTER), ["smtp"]);
        let usual = "/var/spool/postfix/etc/resolv.conf";
        for (main, copy) in [
            ("", usual),
            ("#queue_directory = /a\n", usual),
            ("queue_directory = /a\nqueue_directory=/data/spool/\n", "/data/spool/etc/resolv.conf"),
            ("queue_directory =\n# moved\n /a\n", "/a/etc/resolv.conf"),
            ("other =\n queue_directory = /a\n", usual),
            ("queue_directory = $config_directory/q\n", usual),
        ] {
            assert_eq!(copy_of(&file(main)), copy, "{main}");
        }
        assert_eq!(copy_of(&missing), usual);
    }
}
