//! Checks the copy of `resolv.conf` in Postfix's chroot. Programs of Postfix in the chroot read this copy, which Postfix renews only when it starts.
//!
//! Debian's master.cf runs smtp and smtpd in the chroot /var/spool/postfix (fifth column, see master(5)). Without a copy, the C library queries
//! 127.0.0.1 (resolv.conf(5)), so a missing copy is correct.

use std::net::IpAddr;

use super::host::{CheckedHost, HostFile};
use super::resolv_conf::{ResolvConf, is_ours};
use crate::system::HostFinding;

/// The name of this check in the output of `check system`.
pub const CHECK: &str = "postfix";

/// The index of the column of master.cf that says if a service runs in the chroot.
const CHROOT_COLUMN: usize = 4;

/// The number of columns from the chroot column to the name of the program.
const COMMAND_COLUMNS_LATER: usize = 2;

/// The programs of Postfix that send DNS queries. Others may run in the chroot without harm.
const LOOKING_UP: [&str; 4] = ["dnsblog", "lmtp", "smtp", "smtpd"];

const QUEUE: &str = "/var/spool/postfix";

/// The files of Postfix's default instance. Other instances (postmulti(1)) are not checked.
#[derive(Clone, Debug)]
pub struct Postfix {
    /// `/etc/postfix/master.cf`, the services of Postfix.
    pub master: HostFile,
    /// The copy of `resolv.conf` in the queue directory, the root of the chroot (postconf(5), "queue_directory").
    pub copy: HostFile,
}

pub(super) fn gather(host: &CheckedHost<'_>) -> Postfix {
    let copy = copy(host.file("/etc/postfix/main.cf").text().unwrap_or_default());
    Postfix { master: host.file("/etc/postfix/master.cf"), copy: host.file(&copy) }
}

/// Returns the path of the copy of `resolv.conf` that Postfix programs use in a chroot. `main` is the text of main.cf. The last
/// `queue_directory` applies; variables are not expanded.
fn copy(main: &str) -> String {
    let queue = main.lines().rev().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim_end() == "queue_directory").then(|| value.trim())
    });
    let queue = queue.filter(|queue| queue.starts_with('/') && !queue.contains('$')).unwrap_or(QUEUE);
    format!("{}/etc/resolv.conf", queue.trim_end_matches('/'))
}

/// `ours` are the addresses of resolverd.
pub(super) fn check(postfix: &Postfix, ours: &[IpAddr]) -> HostFinding {
    let Postfix { master, copy } = postfix;
    if let Some(unread) = master.unread(CHECK) {
        return unread;
    }
    let Some(master) = master.text() else { return HostFinding::ok(CHECK, "is not installed") };
    let jailed = jailed(master);
    if jailed.is_empty() {
        return HostFinding::ok(CHECK, "no service that resolves names runs in a chroot");
    }
    if let Some(unread) = copy.unread(CHECK) {
        return unread;
    }
    let copied = ResolvConf::parse(copy.text().unwrap_or_default());
    let says = match copy.text() {
        Some(_) => format!("resolv.conf in the chroot names {}", copied.nameservers.join(", ")),
        None => "there is no resolv.conf in the chroot, so they use 127.0.0.1".to_owned(),
    };
    let evidence = format!("services that run in the chroot of Postfix: {}; {says}", jailed.join(", "));
    let renew = "restart Postfix, which copies /etc/resolv.conf to its chroot: `systemctl restart postfix`";
    let strangers = copied.nameservers.iter().filter(|nameserver| !is_ours(nameserver, ours)).count();
    if !copied.nameservers.first().is_some_and(|first| is_ours(first, ours)) {
        HostFinding::failure(CHECK, format!("{evidence}, which is not resolverd"), renew)
    } else if strangers > 0 {
        let evidence = format!("{evidence}, of which {strangers} are not resolverd");
        HostFinding::warning(CHECK, evidence, renew)
    } else {
        HostFinding::ok(CHECK, format!("{evidence}, which is this host"))
    }
}

/// Returns the services in the chroot that send DNS queries. `master` is the text of master.cf.
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
    fn postfix_chroot_needs_same_resolver() {
        let missing = HostFile::Missing { path: "f".to_owned() };
        let (here, there) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([10, 0, 0, 1]));
        let judge = |master: &HostFile, copy: &HostFile, ours: &[IpAddr]| {
            check(&Postfix { master: master.clone(), copy: copy.clone() }, ours).verdict
        };
        let verdict = |copy: &HostFile| judge(&file(MASTER), copy, &[here]);
        assert_eq!(judge(&missing, &missing, &[here]), CheckVerdict::Ok);
        assert_eq!(judge(&file("smtp inet n - n - - smtpd\n"), &missing, &[there]), CheckVerdict::Ok);
        assert_eq!(verdict(&file("# generated\nnameserver   127.0.0.1\n")), CheckVerdict::Ok);
        assert_eq!(verdict(&file("nameserver 127.0.0.1\nnameserver 192.0.2.53\n")), CheckVerdict::Warning);
        assert_eq!(verdict(&file("nameserver 192.0.2.53\n")), CheckVerdict::Failure);
        assert_eq!(verdict(&missing), CheckVerdict::Ok, "the C library asks 127.0.0.1 then");
        let without = judge(&file(MASTER), &missing, &[there]);
        assert_eq!(without, CheckVerdict::Failure, "where nobody listens");
        assert_eq!(jailed(MASTER), ["smtp"]);
        let usual = "/var/spool/postfix/etc/resolv.conf";
        for (main, path) in [
            ("", usual),
            ("#queue_directory = /a\n", usual),
            ("queue_directory = /a\nqueue_directory=/data/spool/\n", "/data/spool/etc/resolv.conf"),
            ("queue_directory = $config_directory/q\n", usual),
        ] {
            assert_eq!(copy(main), path, "{main}");
        }
    }
}
