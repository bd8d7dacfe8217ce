//! Postfix's chroot: a copy of `resolv.conf` that its services read instead, and that only its start renews.
//!
//! May call: `check`. Debian's master.cf runs smtp and smtpd in /var/spool/postfix; master(5): the fifth column.

use super::gather::File;
use super::resolv_conf::ResolvConf;
use crate::check::Finding;

const CHECK: &str = "postfix";

/// The column of master.cf that says whether a service is in the chroot.
const CHROOT_COLUMN: usize = 4;

/// How many columns after that one the program stands.
const COMMAND_COLUMNS_LATER: usize = 2;

/// Programs of Postfix that look names up; others may be in the chroot without harm.
const LOOKING_UP: [&str; 4] = ["dnsblog", "lmtp", "smtp", "smtpd"];

/// Whether the copy says what `conf` says.
pub(super) fn check(master: &File, copy: &File, conf: Option<&ResolvConf>) -> Finding {
    let jailed = match master {
        File::Missing { .. } => return Finding::ok(CHECK, "is not installed"),
        File::Unreadable { path, error } => {
            return Finding::could_not_tell(
                CHECK,
                format!("{path} cannot be read: {error}"),
                "run it with sudo",
            );
        }
        File::Text { text, .. } => jailed(text),
    };
    if jailed.is_empty() {
        return Finding::ok(CHECK, "no service that looks names up runs in a chroot");
    }
    let whose = format!("{} in the chroot", jailed.join(", "));
    let copied = match copy {
        File::Text { text, .. } => Some(ResolvConf::parse(text)),
        File::Missing { .. } => None,
        File::Unreadable { path, error } => {
            return Finding::could_not_tell(
                CHECK,
                format!("{path} cannot be read: {error}"),
                "run it with sudo",
            );
        }
    };
    let wanted = conf.cloned().unwrap_or_else(|| ResolvConf::parse(""));
    let renew = "restart Postfix, which copies /etc/resolv.conf to its chroot: `systemctl restart postfix`";
    match copied {
        Some(copied) if copied == wanted => Finding::ok(CHECK, format!("{whose} have the same resolv.conf")),
        Some(copied) if copied.nameservers == wanted.nameservers => Finding::warning(
            CHECK,
            format!("{whose} have other options: {}", copied.options.join(" ")),
            renew,
        ),
        Some(copied) => {
            Finding::failure(CHECK, format!("{whose} ask {}", copied.nameservers.join(", ")), renew)
        }
        None if wanted == ResolvConf::parse("") => {
            Finding::ok(CHECK, format!("{whose} have no resolv.conf and ask 127.0.0.1"))
        }
        None => Finding::failure(CHECK, format!("{whose} have no resolv.conf and ask 127.0.0.1"), renew),
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
    use crate::check::Verdict;

    const MASTER: &str = "# c\nsmtp inet n - y - - smtpd\n  -o a=y\nsmtp unix - - y - - smtp\nshowq unix - - y - - showq\nlmtp unix - - n - - lmtp\n";

    fn file(text: &str) -> File {
        File::Text { path: "f".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn the_copy_must_say_the_same() {
        let missing = File::Missing { path: "f".to_owned() };
        let conf = ResolvConf::parse("nameserver 127.0.0.1\noptions trust-ad\n");
        let verdict = |master: &File, copy: &File| check(master, copy, Some(&conf)).verdict;
        assert_eq!(verdict(&missing, &missing), Verdict::Ok);
        assert_eq!(verdict(&file("smtp inet n - n - - smtpd\n"), &missing), Verdict::Ok);
        let same = file("# generated\nnameserver   127.0.0.1\noptions trust-ad\n");
        assert_eq!(verdict(&file(MASTER), &same), Verdict::Ok);
        assert_eq!(verdict(&file(MASTER), &file("nameserver 127.0.0.1\n")), Verdict::Warning);
        assert_eq!(verdict(&file(MASTER), &file("nameserver 192.0.2.53\n")), Verdict::Failure);
        assert_eq!(verdict(&file(MASTER), &missing), Verdict::Failure);
        assert_eq!(jailed(MASTER), ["smtp"]);
    }
}
