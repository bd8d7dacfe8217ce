//! Findings about an imported file as a whole: a byte order mark, the needed memory, and the commands in findings.

use std::fs;
use std::path::Path;

use super::{imported, keys};
use daemon::allowance::needed;

#[test]
fn a_byte_order_mark_is_skipped() {
    for (format, text) in [
        ("unbound", "server:\n port: 5353\n"),
        ("named", "options { listen-on port 5353 { 127.0.0.1; }; listen-on-v6 { none; }; };\n"),
        ("dnsmasq", "port=5353\nlisten-address=127.0.0.1\n"),
    ] {
        let plain = imported(format, &[("a.conf", text)]);
        let marked = imported(format, &[("a.conf", &format!("\u{feff}{text}"))]);
        assert!(keys(&plain).contains(":5353\""), "{format}: {plain}");
        assert_eq!(keys(&marked), keys(&plain), "{format}");
    }
}

#[test]
fn cache_beyond_unit_memory_is_reported() {
    let unit = include_str!("../../../systemd/resolverd.service");
    assert!(unit.contains("\nMemoryMax=600M\n"));
    // Besides the cache, the history needs a sixteenth of the cache size, but at most 64 MiB.
    for (size, record, is_told) in [(256, 16, false), (257, 17, true), (768, 48, true), (4_096, 64, true)] {
        let found = imported("unbound", &[("a.conf", &format!("server:\n rrset-cache-size: {size}m\n"))]);
        let needed = needed(size << 20, record << 20).div_ceil(1 << 20);
        assert_eq!(found.contains("resolverd.service permits 600 MiB"), is_told, "{size}: {found}");
        if size != 257 {
            assert_eq!(found.contains(&format!("set MemoryMax={needed}M")), is_told, "{size}: {found}");
        }
    }
}

#[test]
fn included_file_suggests_main_file() {
    let told = "if another file includes this one, import that file instead";
    let zone = "zone \"corp.example\" { type forward; forward only; forwarders { 192.0.2.1; }; };\n";
    let forward = "forward-zone:\n name: \"corp.example\"\n forward-addr: 192.0.2.1\n";
    for (format, file, part, whole) in [
        ("named", "named.conf.local", zone.to_owned(), format!("options {{ }};\n{zone}")),
        ("unbound", "forward.conf", forward.to_owned(), format!("server:\n{forward}")),
    ] {
        assert!(imported(format, &[(file, &part)]).contains(told), "{part}");
        assert!(!imported(format, &[(file, &whole)]).contains(told), "{whole}");
    }
}

#[test]
fn commands_in_findings_exist() {
    let commands = String::from_utf8(super::resolverctl(&["--help"]).stdout).unwrap();
    let commands: Vec<&str> = commands.lines().filter_map(|line| line.split_whitespace().next()).collect();
    // In a sentence such as `resolverctl uses the socket`, the next word is a verb and not a command.
    let verbs = ["uses", "needs", "reads", "changes"];
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/import")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for after in text.split("resolverctl ").skip(1) {
                let word = after.split(|letter: char| !letter.is_ascii_lowercase()).next().unwrap();
                assert!(verbs.contains(&word) || commands.contains(&word), "{}: {word}", path.display());
            }
        }
    }
}

#[test]
fn disabled_settings_are_not_reported_enabled() {
    for (format, text, told, is_told) in [
        ("named", "options { querylog no; };\n", "logged each query", false),
        ("named", "options { querylog yes; };\n", "logged each query", true),
        ("named", "options { filter-aaaa-on-v4 no; };\n", "removed IPv6 addresses", false),
        ("named", "options { minimal-any no; };\n", "answered ANY with the records of one type", false),
        ("named", "options { empty-zones-enable no; };\n", "turned the empty zones", true),
        // This option is on by default, so the import reports it if it is off.
        ("unbound", "server:\n do-not-query-localhost: no\n", "allowed servers at 127.0.0.0/8", true),
        ("unbound", "server:\n do-not-query-localhost: yes\n", "allowed servers at 127.0.0.0/8", false),
    ] {
        let found = imported(format, &[("a.conf", text)]);
        assert_eq!(found.contains(told), is_told, "{text}: {found}");
    }
}
