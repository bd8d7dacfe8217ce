//! Checks that NetworkManager will not overwrite `/etc/resolv.conf`.
//!
//! The keys `dns` and `rc-manager` of `[main]` decide this, and the last file that sets a key applies (NetworkManager.conf(5)). Drop-in files in
//! /usr/lib and /run are read before NetworkManager.conf, those in /etc after it.

use super::host::HostFile;
use super::resolved::values;
use crate::system::HostFinding;

pub(crate) const CHECK: &str = "networkmanager";

/// `files` are the configuration files of NetworkManager.
pub(super) fn check(runs: bool, files: &[HostFile]) -> HostFinding {
    if !runs {
        return HostFinding::ok(CHECK, "does not run");
    }
    let last =
        |key| files.iter().filter_map(HostFile::text).flat_map(|text| values(text, "main", key)).last();
    match (last("dns"), last("rc-manager")) {
        (Some("none"), _) => HostFinding::ok(CHECK, "runs with dns=none: does not write resolv.conf"),
        (_, Some("unmanaged")) => {
            HostFinding::ok(CHECK, "runs with rc-manager=unmanaged: does not write resolv.conf")
        }
        _ => files.iter().find_map(|file| file.unread(CHECK)).unwrap_or_else(|| {
            HostFinding::warning(
                CHECK,
                "runs, and overwrites /etc/resolv.conf when a connection changes",
                "write `[main]` and `dns=none` to /etc/NetworkManager/conf.d/resolverd.conf, then run `systemctl reload NetworkManager`",
            )
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::CheckVerdict;

    #[test]
    fn the_last_file_counts() {
        let file = |text: &str| HostFile::Text { path: "x.conf".to_owned(), text: text.to_owned() };
        assert_eq!(check(false, &[]).verdict, CheckVerdict::Ok);
        let unread = HostFile::Unreadable { path: "x.conf".to_owned(), error: "no".to_owned() };
        assert_eq!(check(true, std::slice::from_ref(&unread)).verdict, CheckVerdict::CouldNotTell);
        assert_eq!(check(true, &[file("[main]\ndns=none\n"), unread]).verdict, CheckVerdict::Ok);
        assert_eq!(check(true, &[file("[main]\nplugins=keyfile\n")]).verdict, CheckVerdict::Warning);
        assert_eq!(check(true, &[file("[main]\nrc-manager=unmanaged\n")]).verdict, CheckVerdict::Ok);
        let (none, default) = (file("[main]\ndns=none\n"), file("[main]\ndns=default\n"));
        assert_eq!(check(true, &[default.clone(), none.clone()]).verdict, CheckVerdict::Ok);
        assert_eq!(check(true, &[none, default]).verdict, CheckVerdict::Warning);
    }
}
