//! Imports of configurations that include other files. The import must read each included file, or report that it does not.

use super::{import, imported, weight, zone};

const CORP: &str = "zone \"corp.example\" { type forward; forward only; forwarders { 192.0.2.53; }; };\n";
const STUB: &str = "forward-zone:\n name: \"corp.example\"\n forward-addr: 192.0.2.53\n";
const FORWARD: &str = "forward = [\"192.0.2.53\"]";

#[test]
fn bind_include_follows_directory_option() {
    for include in ["include \"zones.d/*.conf\";", "include \"zones.d/a.conf\";"] {
        let main = format!("options {{ directory \"DIR/var\"; }};\n{include}\n");
        let found = imported("named", &[("etc/named.conf", &main), ("var/zones.d/a.conf", CORP)]);
        assert_eq!(zone(&found, "corp.example"), FORWARD, "{found}");
        // Before named has read the option `directory`, relative paths start at the working directory of named.
        let main = format!("{include}\noptions {{ directory \"DIR/var\"; }};\n");
        let found = imported("named", &[("etc/named.conf", &main), ("etc/zones.d/a.conf", CORP)]);
        assert_eq!(zone(&found, "corp.example"), FORWARD, "{found}");
    }
    // This `directory` belongs to `key-store`, not to `options`.
    let main = "key-store \"x\" { directory \"DIR/var\"; };\ninclude \"a.conf\";\n";
    let found = imported("named", &[("etc/named.conf", main), ("etc/a.conf", CORP), ("var/a.conf", "")]);
    assert_eq!(zone(&found, "corp.example"), FORWARD, "{found}");
}

#[test]
fn unbound_include_follows_directory_option() {
    for include in [" include: \"zones.d/*.conf\"", " include: zones.d/a.conf"] {
        let main = format!("server:\n directory: \"DIR/var\"\n{include}\n");
        let found = imported("unbound", &[("etc/unbound.conf", &main), ("var/zones.d/a.conf", STUB)]);
        assert_eq!(zone(&found, "corp.example"), FORWARD, "{found}");
        let main = format!("server:\n{include}\nserver:\n directory: \"DIR/var\"\n");
        let found = imported("unbound", &[("etc/unbound.conf", &main), ("etc/zones.d/a.conf", STUB)]);
        assert_eq!(zone(&found, "corp.example"), FORWARD, "{found}");
    }
}

#[test]
fn missing_include_directory_is_reported() {
    let told = "which is not on this host";
    for (format, main, included) in [
        ("named", "options { directory \"DIR/none\"; };\ninclude \"a.conf\";\n", CORP),
        ("unbound", "server:\n directory: \"DIR/none\"\n include: \"a.conf\"\n", STUB),
    ] {
        let found = imported(format, &[("etc/x.conf", main), ("etc/a.conf", included)]);
        assert_eq!(zone(&found, "corp.example"), FORWARD, "{found}");
        assert!(found.contains(told) && found.contains("x.conf:"), "{found}");
        let whole = main.replace("\"a.conf\"", "\"DIR/etc/a.conf\"");
        let found = imported(format, &[("etc/x.conf", &whole), ("etc/a.conf", included)]);
        assert_eq!(zone(&found, "corp.example"), FORWARD, "{found}");
        assert!(!found.contains(told), "{found}");
    }
}

#[test]
fn pattern_without_files_is_reported() {
    let told = "named no file on this host";
    for (format, line, main) in [
        ("named", 2, "options { };\ninclude \"DIR/none/*.conf\";\n"),
        ("unbound", 2, "server:\n include: \"DIR/none/*.conf\"\n"),
        ("dnsmasq", 1, "conf-dir=DIR/none,*.conf\n"),
        ("dnsmasq", 1, "hostsdir=DIR/none\n"),
    ] {
        let found = imported(format, &[("x.conf", main)]);
        assert!(found.contains(told) && found.contains(&format!("\"line\":{line},")), "{main}: {found}");
        assert!(!found.contains("its files are imported too"), "{main}: {found}");
        // There is no finding about an included file that exists.
        let found = imported(format, &[("x.conf", main), ("none/a.conf", "")]);
        assert!(!found.contains(told), "{main}: {found}");
    }
}

/// The user who runs the import may not be able to read all files of the other resolver.
#[test]
fn unreadable_directory_is_dangerous() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    // Even root cannot read a symbolic link that points to itself.
    std::os::unix::fs::symlink("loop", path("loop")).unwrap();
    for (format, main) in [
        ("named", "options { };\ninclude \"LOOP/*.conf\";\n"),
        ("unbound", "server:\n include: \"LOOP/*.conf\"\n"),
        ("dnsmasq", "conf-dir=LOOP,*.conf\n"),
        ("dnsmasq", "hostsdir=LOOP\n"),
    ] {
        let main = main.replace("LOOP", path("loop").to_str().unwrap());
        let found = imported(format, &[("x.conf", &main)]);
        assert_eq!(weight(&found, "loop cannot be read: "), "dangerous", "{main}: {found}");
        assert!(!found.contains("named no file on this host"), "{main}: {found}");
    }
}

/// Relative paths are in the working directory of the other resolver, not in the directory of the included file.
#[test]
fn nested_relative_includes_share_directory() {
    let files =
        |main, inner, zones| [("etc/x.conf", main), ("etc/d/inner.conf", inner), ("etc/a.conf", zones)];
    let found = imported("named", &files("include \"d/inner.conf\";\n", "include \"a.conf\";\n", CORP));
    assert_eq!(zone(&found, "corp.example"), FORWARD, "{found}");
    let main = "server:\n include: \"d/inner.conf\"\n";
    let found = imported("unbound", &files(main, " include: \"a.conf\"\n", STUB));
    assert_eq!(zone(&found, "corp.example"), FORWARD, "{found}");
}

/// If an included file is missing, BIND, Unbound and dnsmasq do not start, but the import continues without the file.
#[test]
fn missing_include_leaves_rest_imported() {
    for (format, line, main) in [
        ("named", 1, format!("include \"DIR/none.conf\";\n{CORP}")),
        ("named", 1, format!("include \"none.conf\";\n{CORP}")),
        ("unbound", 2, format!("server:\n include: \"DIR/none.conf\"\n{STUB}")),
        ("unbound", 2, format!("server:\n include: none.conf\n{STUB}")),
        ("dnsmasq", 1, "conf-file=DIR/none.conf\nserver=/corp.example/192.0.2.53\n".to_owned()),
        ("dnsmasq", 1, "servers-file=DIR/none.conf\nserver=/corp.example/192.0.2.53\n".to_owned()),
    ] {
        let output = import(format, &[("etc/x.conf", &main)]);
        assert_eq!(output.status.code(), Some(1), "{main}: {output:?}");
        let found = super::text(&output);
        assert!(zone(&found, "corp.example").starts_with(FORWARD), "{main}: {found}");
        assert!(found.contains("none.conf cannot be read: No such file"), "{main}: {found}");
        let list: serde_json::Value = serde_json::from_str(&found).unwrap();
        let first = &list["findings"][0];
        assert_eq!((&first["weight"], &first["line"]), (&"dangerous".into(), &line.into()), "{found}");
    }
    assert_eq!(import("unbound", &[("x.conf", "server:\n include: x.conf\n")]).status.code(), Some(6));
}
