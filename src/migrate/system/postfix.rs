//! Checks the copy of `resolv.conf` in Postfix's chroot. Programs of Postfix in the chroot read this copy, and it is renewed only when Postfix
//! starts.
//!
//! In Debian's master.cf, the fifth column (see master(5)) says that smtp and smtpd run in the chroot /var/spool/postfix. Without a copy, the C
//! library asks 127.0.0.1 (resolv.conf(5)). So only the content of a copy matters, and not whether the copy exists.

use std::net::IpAddr;

use super::host::{CheckedHost, HostFile};
use super::resolv_conf::{ResolvConf, is_ours};
use crate::system::HostFinding;

/// The name of the check of Postfix, as `check system` shows it.
pub const CHECK: &str = "postfix";

/// The index of the column of master.cf that says whether a service runs in the chroot. The first column has index 0.
const CHROOT_COLUMN: usize = 4;

/// How many columns after the chroot column master.cf has the name of the program.
const COMMAND_COLUMNS_LATER: usize = 2;

/// The programs of Postfix that send DNS queries. Other programs may run in the chroot without harm.
const LOOKING_UP: [&str; 4] = ["dnsblog", "lmtp", "smtp", "smtpd"];

/// The default queue directory of Postfix.
const QUEUE: &str = "/var/spool/postfix";

/// The files of Postfix that are checked. Only the default instance is checked, no others (postmulti(1)).
#[derive(Clone, Debug)]
pub struct Postfix {
    /// The file `/etc/postfix/master.cf`, which configures the services of Postfix.
    pub master: HostFile,
    /// The copy of `resolv.conf` in the queue directory, which is the root of the chroot (postconf(5), "queue_directory").
    pub copy: HostFile,
}

/// Reads the configuration files of Postfix that are checked.
pub(super) fn gather(host: &CheckedHost<'_>) -> Postfix {
    let copy = copy(host.file("/etc/postfix/main.cf").text().unwrap_or_default());
    Postfix { master: host.file("/etc/postfix/master.cf"), copy: host.file(&copy) }
}

/// Returns the path of the copy of `resolv.conf` in the queue directory. `main` is the text of main.cf. If it sets `queue_directory` several times,
/// the last line is used; variables are not expanded.
fn copy(main: &str) -> String {
    let queue = main.lines().rev().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim_end() == "queue_directory").then(|| value.trim())
    });
    let queue = queue.filter(|queue| queue.starts_with('/') && !queue.contains('$')).unwrap_or(QUEUE);
    format!("{}/etc/resolv.conf", queue.trim_end_matches('/'))
}

/// Checks that programs of Postfix in the chroot also query resolverd, whose addresses are `ours`.
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
        HostFinding::ok(CHECK, format!("{evidence}, which is resolverd"))
    }
}

/// Returns the names of Postfix's services that run in the chroot and send DNS queries. `master` is the text of master.cf.
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
