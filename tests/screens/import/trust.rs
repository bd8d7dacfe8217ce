//! Imports of DNSSEC settings and of forwarder certificates. resolverd must validate exactly the names that the other resolver validated.

use super::{imported, keys, weight};

const ANCHOR: &str = "server:\n auto-trust-anchor-file: \"root.key\"\n";
const DS: &str = "20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D";

/// Imports a text. It may include the file `anchor.conf`, which has a trust anchor.
fn result(format: &str, text: &str) -> String {
    imported(format, &[("a.conf", text), ("anchor.conf", ANCHOR)])
}

/// Returns whether the imported configuration turns validation off, and whether a finding says so.
fn is_off(found: &str) -> (bool, bool) {
    (
        keys(found).contains("[dnssec]\nvalidate = false"),
        found.contains("passed answers on without validation"),
    )
}

#[test]
fn unbound_without_anchor_disables_validation() {
    let forward = "forward-zone:\n name: \".\"\n forward-addr: 192.0.2.53\n";
    let root = format!("server:\n trust-anchor: \". DS {DS}\"\n");
    for (text, off) in [
        ("server:\n port: 53\n", (true, true)),
        (forward, (true, true)),
        ("server:\n auto-trust-anchor-file: \"\"\n", (true, true)),
        ("server:\n trusted-keys-file: \"unbound/keys.d/*.key\"\n", (true, true)),
        ("server:\n module-config: \"iterator\"\n", (true, false)),
        ("server:\n auto-trust-anchor-file: \"root.key\"\n module-config: \"iterator\"\n", (true, false)),
        ("server:\n auto-trust-anchor-file: \"root.key\"\n", (false, false)),
        ("server:\n trust-anchor-file: \"root.key\"\n", (false, false)),
        ("server:\n port: 53\ninclude: \"anchor.conf\"\n", (false, false)),
        ("server:\n port: 53\ninclude-toplevel: \"anch*.conf\"\n", (false, false)),
        (root.as_str(), (false, false)),
    ] {
        let found = result("unbound", text);
        assert_eq!(is_off(&found), off, "{text}: {found}");
        assert!(!found.contains("\"dangerous\""), "{text}: {found}");
    }
}

#[test]
fn bind_validation_needs_trust_anchors() {
    let anchors = format!("{{ . initial-ds {}; }};", DS.replace(" E", " \"E") + "\"");
    let with = |keys: &str| format!("options {{ dnssec-validation yes; }};\n{keys} {anchors}\n");
    for (text, off) in [
        ("options { dnssec-validation yes; };\n", (true, true)),
        ("options { dnssec-validation no; };\n", (true, false)),
        ("options { dnssec-validation auto; };\n", (false, false)),
        ("options { };\n", (false, false)),
        (with("trust-anchors").as_str(), (false, false)),
        (with("managed-keys").as_str(), (false, false)),
        (with("trusted-keys").as_str(), (false, false)),
    ] {
        let found = result("named", text);
        assert_eq!(is_off(&found), off, "{text}: {found}");
    }
}

#[test]
fn anchors_below_root_are_reported() {
    let told = "validated names below its trust anchors only";
    let own = format!("corp.example. DS {DS}");
    let root = format!(". DS {DS}");
    let unbound = |anchors: &[&String]| {
        let lines: String = anchors.iter().map(|anchor| format!(" trust-anchor: \"{anchor}\"\n")).collect();
        result("unbound", &format!("server:\n{lines}"))
    };
    let named = |zones: &[&str]| {
        let keys: String = zones.iter().map(|zone| format!("{zone} static-ds 1 8 2 \"00\"; ")).collect();
        result("named", &format!("options {{ dnssec-validation yes; }};\ntrust-anchors {{ {keys} }};\n"))
    };
    for (found, is_told) in [
        (unbound(&[&own]), true),
        (unbound(&[&own, &root]), false),
        (unbound(&[&root]), false),
        (named(&["corp.example"]), true),
        (named(&["corp.example", "."]), false),
    ] {
        assert_eq!((found.contains(told), is_off(&found)), (is_told, (false, false)), "{found}");
    }
}

// Only if Unbound validated.
#[test]
fn permissive_validation_is_dangerous() {
    for (setting, told) in [
        (
            "harden-dnssec-stripped: no",
            "if a forwarder removes signatures, set validate = false in its [[zone]]",
        ),
        ("val-permissive-mode: yes", "resolverd answers SERVFAIL then"),
    ] {
        let found = result("unbound", &format!("{ANCHOR} {setting}\n"));
        assert!(found.contains(told) && found.contains("\"dangerous\""), "{setting}: {found}");
        let found = result("unbound", &format!("server:\n {setting}\n"));
        assert!(!found.contains(told) && !found.contains("\"dangerous\""), "{setting}: {found}");
        assert!(found.contains("without validation resolverd does, too"), "{setting}: {found}");
    }
}

#[test]
fn private_tls_bundle_is_reported() {
    let told = "add this issuer to those of the system";
    for (file, is_told) in [("/etc/own.pem", true), ("/etc/ssl/certs/ca-certificates.crt", false)] {
        let found = result("unbound", &format!("{ANCHOR} tls-cert-bundle: \"{file}\"\n"));
        assert!(found.contains("tls-cert-bundle: ") && found.contains(told) == is_told, "{file}: {found}");
    }
}

#[test]
fn own_tls_ca_is_reported() {
    let told = "install a CA of your own there";
    let named = |ca: &str| {
        let tls = format!("tls corp {{ remote-hostname \"dns.example\"; {ca} }};\n");
        let options = "options { forward only; forwarders { 192.0.2.1 tls corp; }; };\n";
        imported("named", &[("named.conf", &format!("{tls}{options}"))])
    };
    let (with, without) = (named("ca-file \"/etc/ca.pem\";"), named(""));
    assert!(with.contains(told) && with.contains("tls://192.0.2.1#dns.example"), "{with}");
    assert!(!without.contains(told), "{without}");
}

/// The trust anchor of a private root zone.
const PRIVATE_DS: &str = "37015 13 2 DA5461E2787C6BF3ECA9B386A863402AFC6643CFF4BFD383979896FC1947505D";

#[test]
fn private_root_key_is_dangerous() {
    let found = result("unbound", &format!("server:\n trust-anchor: \". DS {PRIVATE_DS}\"\n"));
    assert_eq!(weight(&found, "gave a key to validate with"), "dangerous", "{found}");
}
