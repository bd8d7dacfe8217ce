//! The configuration of dnsmasq, with the files that it names and the options of its service: it may serve DHCP too.

use std::collections::BTreeSet;
use std::fs;

use crate::limits::MAX_CHECKED_DROP_INS;
use crate::system::host::{CheckedHost, HostFile};

/// The file that is read if the options of the service name no other one.
const MAIN: &str = "/etc/dnsmasq.conf";

/// The directory that Debian's service reads.
const FOLDER: &str = "/etc/dnsmasq.d";

/// The options of Debian's service.
const DEFAULTS: &str = "/etc/default/dnsmasq";

/// Short options of dnsmasq(8), and their long forms.
const SHORT: [(&str, &str); 3] = [("-C", "conf-file"), ("-7", "conf-dir"), ("-F", "dhcp-range")];

/// Its files, and those that they name, with any ending: a file too many is read, and never one too few. A path that is not absolute is
/// one from `/`, where the service runs.
pub(super) fn files(host: &CheckedHost<'_>) -> Vec<HostFile> {
    let mut found = vec![options(host)];
    let mut wanted = named(found.first().and_then(HostFile::text).unwrap_or_default());
    wanted.extend([Named::File(MAIN.to_owned()), Named::Folder(FOLDER.to_owned())]);
    let mut known = BTreeSet::new();
    while let Some(next) = wanted.pop() {
        if found.len() > MAX_CHECKED_DROP_INS {
            break;
        }
        match next {
            Named::File(path) if known.insert(path.clone()) => {
                let file = host.file(&path);
                wanted.extend(named(file.text().unwrap_or_default()));
                found.push(file);
            }
            Named::Folder(path) if known.insert(path.clone()) => {
                let entries = fs::read_dir(host.path(&path)).into_iter().flatten().flatten();
                let names = entries.map(|entry| entry.file_name()).take(MAX_CHECKED_DROP_INS);
                let file = |name: std::ffi::OsString| {
                    Named::File(format!("{}/{}", path.trim_end_matches('/'), name.to_string_lossy()))
                };
                wanted.extend(names.map(file));
            }
            Named::File(_) | Named::Folder(_) => {}
        }
    }
    found
}

/// A file or directory that a file names.
#[derive(Debug, PartialEq, Eq)]
enum Named {
    File(String),
    Folder(String),
}

/// The files and directories that a text names.
fn named(text: &str) -> Vec<Named> {
    let named = |line: &str| {
        let (option, value) = line.split(" #").next()?.split_once('=')?;
        let value = value.trim();
        match option.trim() {
            "conf-file" | "servers-file" => Some(Named::File(value.to_owned())),
            "conf-dir" => Some(Named::Folder(value.split(',').next()?.trim().to_owned())),
            _ => None,
        }
    };
    text.lines().filter_map(named).collect()
}

/// The options of the service as lines of a configuration.
fn options(host: &CheckedHost<'_>) -> HostFile {
    match host.file(DEFAULTS) {
        HostFile::Text { path, text } => HostFile::Text { path, text: of_service(&text) },
        other => other,
    }
}

/// The lines of a configuration that do the same as a file of a service's variables.
fn of_service(text: &str) -> String {
    let mut lines = String::new();
    for line in text.lines() {
        let line = line.trim().trim_start_matches("export ");
        let Some((name, value)) = line.split_once('=') else { continue };
        let value = value.trim().trim_matches(['"', '\'']);
        match name.trim() {
            "CONFIG_DIR" => lines.push_str(&format!("conf-dir={value}\n")),
            "DNSMASQ_OPTS" => lines.push_str(&of_options(value)),
            _ => {}
        }
    }
    lines
}

/// The lines of a configuration that do the same as options of a command line.
fn of_options(options: &str) -> String {
    let mut lines = String::new();
    let mut words = options.split_ascii_whitespace().peekable();
    while let Some(word) = words.next() {
        if let Some(long) = word.strip_prefix("--") {
            // The value may be the next word.
            let value = words.next_if(|next| !next.starts_with('-') && !long.contains('='));
            let value = value.map(|value| format!("={value}")).unwrap_or_default();
            lines.push_str(&format!("{long}{value}\n"));
        } else if let Some((short, long)) = SHORT.iter().find(|(short, _)| word.starts_with(short)) {
            let joined = word.strip_prefix(short).unwrap_or_default().trim_start_matches('=');
            let value = if joined.is_empty() { words.next().unwrap_or_default() } else { joined };
            lines.push_str(&format!("{long}={value}\n"));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_the_service_are_lines() {
        let text = "# DNSMASQ_OPTS=\"-F x\"\nDNSMASQ_OPTS=\"--conf-file=/a -7/b -F 10.0.0.1,10.0.0.9 --no-poll --conf-dir /c,*.d\"\nCONFIG_DIR=/e,.bak\n";
        assert_eq!(
            of_service(text),
            "conf-file=/a\nconf-dir=/b\ndhcp-range=10.0.0.1,10.0.0.9\nno-poll\nconf-dir=/c,*.d\nconf-dir=/e,.bak\n"
        );
        let names = [Named::File("/a".to_owned()), Named::Folder("/c".to_owned())];
        assert_eq!(named("conf-file = /a # x\n#conf-file=/b\nconf-dir=/c,*.d\n"), names);
    }
}
