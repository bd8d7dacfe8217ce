//! Checks that cloud-init will not overwrite `/etc/resolv.conf` at the next boot.
//!
//! cloud-init's module cc_resolv_conf overwrites the file if `manage_resolv_conf` is true.

use super::host::HostFile;
use crate::system::HostFinding;

pub(crate) const CHECK: &str = "cloud-init";

/// `files` are the configuration files of cloud-init.
pub(super) fn check(used: bool, files: &[HostFile]) -> HostFinding {
    if !used {
        return HostFinding::ok(CHECK, "is not in use");
    }
    let manages = files.iter().rev().find_map(|file| Some((file.path(), manages(file.text()?)?)));
    match manages {
        Some((path, true)) => HostFinding::warning(
            CHECK,
            format!("{path} has `manage_resolv_conf: true`"),
            "set `manage_resolv_conf` to false; otherwise the next boot overwrites /etc/resolv.conf",
        ),
        manages => {
            let unread = files.iter().find_map(|file| file.unread(CHECK)).filter(|_| manages.is_none());
            unread.unwrap_or_else(|| HostFinding::ok(CHECK, "does not write resolv.conf"))
        }
    }
}

/// Returns the value of `manage_resolv_conf`, if the file sets it.
fn manages(text: &str) -> Option<bool> {
    let value =
        text.lines().rev().find_map(|line| line.split('#').next()?.strip_prefix("manage_resolv_conf:"))?;
    Some(matches!(value.trim().to_ascii_lowercase().as_str(), "true" | "yes" | "on"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::CheckVerdict;

    #[test]
    fn it_may_not_manage_the_file() {
        let file = |text: &str| HostFile::Text { path: "99.cfg".to_owned(), text: text.to_owned() };
        assert_eq!(check(false, &[file("manage_resolv_conf: true\n")]).verdict, CheckVerdict::Ok);
        assert_eq!(check(true, &[file("#cloud-config\nusers: []\n")]).verdict, CheckVerdict::Ok);
        let unread = HostFile::Unreadable { path: "99.cfg".to_owned(), error: "no".to_owned() };
        assert_eq!(check(true, &[unread]).verdict, CheckVerdict::CouldNotTell);
        let (yes, no) = (file("manage_resolv_conf: true # x\n"), file("manage_resolv_conf: false\n"));
        assert_eq!(check(true, &[no.clone(), yes.clone()]).verdict, CheckVerdict::Warning);
        assert_eq!(check(true, &[yes, no]).verdict, CheckVerdict::Ok);
    }
}
