//! Imports of BIND statements whose effect depends on files, or that are easily imported wrongly.

use super::{imported, keys, zone};

const SOA: &str = "@ 300 SOA a. b. 1 2 3 4 5\n@ NS localhost.\n";

fn named(text: &str) -> String {
    imported("named", &[("named.conf", text)])
}

// The usual zones of this host are built in, and are left out.
#[test]
fn host_zone_with_names_is_imported() {
    let of = |name: &str, records: &str| {
        let text = format!("zone \"{name}\" {{ type master; file \"a.zone\"; }};\n");
        imported("named", &[("named.conf", &text), ("a.zone", &format!("{SOA}{records}"))])
    };
    for (name, records, is_usual) in [
        ("localhost", "@ A 127.0.0.1\n@ AAAA ::1\n", true),
        ("127.in-addr.arpa", "1.0.0 PTR localhost.\n", true),
        ("1.0.0.127.in-addr.arpa", "@ A 127.0.0.1\n@ PTR localhost.\n", true),
        ("0.in-addr.arpa", "", true),
        ("127.in-addr.arpa", "1.0.0 PTR localhost.\n5.0.0 PTR list.corp.example.\n", false),
        ("127.in-addr.arpa", "1.0.0 PTR mail.corp.example.\n", false),
        ("0.in-addr.arpa", "1 TXT \"own\"\n", false),
        ("255.in-addr.arpa", "9 PTR list.corp.example.\n", false),
        ("localdomain", "@ A 127.0.0.1\n", false),
        ("localdomain", "mail A 10.0.0.25\n", false),
    ] {
        let found = of(name, records);
        assert_eq!(found.contains("resolverd has this zone built in"), is_usual, "{name} {records}: {found}");
        assert_eq!(zone(&found, name).contains("a.zone\""), !is_usual, "{name} {records}: {found}");
    }
    for missing in
        [named("zone \"localhost\" { type master; file \"a.zone\"; };\n"), of("localhost", "no record\n")]
    {
        assert!(missing.contains("gave names of this host, and maybe others: "), "{missing}");
        assert!(missing.contains("\"different\"") && !keys(&missing).contains("[[zone]]"), "{missing}");
    }
}

#[test]
fn fixed_source_port_is_reported() {
    for (option, is_fixed) in [
        ("query-source address 10.0.0.2 port 10053;", true),
        ("query-source port 53;", true),
        ("query-source-v6 address * port 53;", true),
        ("query-source address 10.0.0.2 port *;", false),
        ("query-source 10.0.0.2;", false),
    ] {
        let found = named(&format!("options {{ {option} }};\n"));
        assert_eq!(found.contains("sent all queries from one port"), is_fixed, "{option}: {found}");
        assert_eq!(found.contains("\"dangerous\""), is_fixed, "{option}: {found}");
    }
}

#[test]
fn bogus_servers_become_denied_servers() {
    let found = named("server 9.9.9.9 { bogus yes; };\nserver 9.9.9.8 { bogus yes; edns no; };\n");
    for text in ["deny_servers = [", "\"9.9.9.9/32\"", "\"9.9.9.8/32\"", "\"10.0.0.0/8\""] {
        assert!(keys(&found).contains(text), "{text}: {found}");
    }
    assert!(found.contains("changed the queries to one server"), "{found}");
    let found = named("server 9.9.9.9 { bogus yes; };\n");
    assert!(!found.contains("changed the queries to one server"), "{found}");
    let found = named("server 9.9.9.9 { bogus no; };\n");
    assert!(!keys(&found).contains("deny_servers"), "{found}");
}

#[test]
fn own_root_hints_are_imported() {
    let hints = ". 3600000 NS a.root.example.\na.root.example. 3600000 A 198.41.0.4\n";
    let of = |name: &str| {
        let text = format!("zone \".\" {{ type hint; file \"{name}\"; }};\n");
        imported("named", &[("named.conf", &text), ("private.hints", hints)])
    };
    let found = of("private.hints");
    assert!(keys(&found).lines().any(|line| line.starts_with("root_hints = ")), "{found}");
    assert!(found.contains("resolve.root_hints has the file"), "{found}");
    let found = of("missing.hints");
    assert!(found.contains("cannot be carried over") && !keys(&found).contains("root_hints"), "{found}");
    for usual in ["/usr/share/dns/root.hints", "db.root", "named.ca", "named.root"] {
        let found = of(usual);
        assert!(found.contains("resolverd has them built in") && !found.contains("root_hints"), "{found}");
    }
}

#[test]
fn mirror_zone_is_not_root_mirror() {
    let of =
        |name: &str| named(&format!("zone \"{name}\" {{ type mirror; primaries {{ 192.0.2.1; }}; }};\n"));
    let found = of("mirror.example");
    assert!(
        found.contains("kept a validated copy of the zone") && found.contains("\"different\""),
        "{found}"
    );
    assert!(!found.contains("of the root zone"), "{found}");
    assert!(of(".").contains("kept a copy of the root zone"));
}

#[test]
fn nonrecursive_named_allows_host_only() {
    for clients in
        ["", "allow-query { any; };", "allow-query { 10.0.0.0/8; }; allow-recursion { 10.0.0.0/8; };"]
    {
        let text = format!(
            "options {{ recursion no; listen-on {{ 10.0.0.5; }}; {clients} }};\nzone \"corp.test\" {{ type forward; forwarders {{ 192.0.2.1; }}; }};\n"
        );
        let found = named(&text);
        let config = keys(&found);
        assert!(!config.contains("0.0.0.0/0") && !config.contains("10.0.0.0/8"), "{clients}: {found}");
        assert!(found.contains("listen.allow has this host only"), "{clients}: {found}");
    }
}

#[test]
fn forward_zone_without_forwarders_is_recursed() {
    let options = "options { forwarders { 192.0.2.53; }; };\n";
    for off in ["", "forwarders { };", "forward only;"] {
        let found = named(&format!("{options}zone \"corp.example\" {{ type forward; {off} }};\n"));
        assert_eq!(zone(&found, "corp.example"), "recurse = true", "{off}: {found}");
        let found = named(&format!("zone \"corp.example\" {{ type forward; {off} }};\n"));
        assert!(found.contains("was not forwarded") && zone(&found, "corp.example").is_empty(), "{found}");
        let found = named(&format!(
            "{options}view \"all\" {{ match-clients {{ any; }}; zone \"corp.example\" {{ type forward; {off} }}; }};\n"
        ));
        assert_eq!(zone(&found, "corp.example"), "recurse = true", "{off}: {found}");
        // Two cases: the zone turns off the forwarders of `example`, the zone around it; and it turns off the global forwarders for
        // `sub.corp.example`, a zone inside it.
        let around = "zone \"example\" { type forward; forwarders { 192.0.2.54; }; };\n";
        let found = named(&format!("{around}zone \"corp.example\" {{ type forward; {off} }};\n"));
        assert_eq!(zone(&found, "corp.example"), "recurse = true", "{off}: {found}");
        let stub = "zone \"sub.corp.example\" { type stub; primaries { 10.0.0.5; }; };\n";
        let found = named(&format!("{options}zone \"corp.example\" {{ type forward; {off} }};\n{stub}"));
        assert_eq!(zone(&found, "sub.corp.example"), "stub = [\"10.0.0.5\"]", "{off}: {found}");
    }
}

#[test]
fn static_stub_server_names_are_reported() {
    let of = |block: &str| named(&format!("zone \"corp.example\" {{ type static-stub; {block} }};\n"));
    let found = of("server-addresses { 10.0.0.1; }; server-names { \"ns.corp.example\"; };");
    assert_eq!(zone(&found, "corp.example"), "stub = [\"10.0.0.1\"]", "{found}");
    assert!(found.contains("server-names") && found.contains("\"dangerous\""), "{found}");
    assert!(!of("server-addresses { 10.0.0.1; };").contains("server-names"));
}

#[test]
fn family_without_source_is_disabled() {
    for (option, key) in [
        ("query-source-v6 none;", "ipv6"),
        ("query-source-v6 address none;", "ipv6"),
        ("query-source address none;", "ipv4"),
    ] {
        let found = imported("named", &[("named.conf", &format!("options {{ {option} }};\n"))]);
        assert!(keys(&found).contains(&format!("[resolve]\n{key} = false")), "{option}: {found}");
    }
}
