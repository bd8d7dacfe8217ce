//! Imports of zones with servers: addresses in answers, repeated servers, and servers without addresses.

use super::{imported, keys, zone};

#[test]
fn zones_losing_private_addresses_are_reported() {
    let told = "removed these addresses from answers of the servers of list.example too";
    for (format, protected, zones) in [
        (
            "unbound",
            "server:\n private-address: 10.0.0.0/8\n private-domain: \"corp.example\"\n",
            "stub-zone:\n name: \"list.example\"\n stub-addr: 192.0.2.4\nforward-zone:\n name: \"a.corp.example\"\n forward-addr: 10.0.0.2\nforward-zone:\n name: \".\"\n forward-addr: 192.0.2.53\n",
        ),
        (
            "dnsmasq",
            "no-hosts\nno-resolv\nstop-dns-rebind\nrebind-domain-ok=/corp.example/\n",
            "server=192.0.2.53\nserver=/corp.example/10.0.0.2\nserver=/list.example/192.0.2.4\n",
        ),
        (
            "named",
            "options { deny-answer-addresses { 10/8; } except-from { \"corp.example\"; }; forward only; forwarders { 192.0.2.53; }; };\n",
            "zone \"list.example\" { type forward; forward only; forwarders { 192.0.2.4; }; };\nzone \"corp.example\" { type forward; forward only; forwarders { 10.0.0.2; }; };\n",
        ),
    ] {
        let found = imported(format, &[("a.conf", &format!("{protected}{zones}"))]);
        assert!(keys(&found).contains("private_addresses") && found.contains(told), "{format}: {found}");
        for without in [protected, zones] {
            let found = imported(format, &[("a.conf", without)]);
            assert!(!found.contains("from answers of the servers of"), "{format}: {found}");
        }
    }
}

#[test]
fn duplicate_server_is_queried_once() {
    for (format, text, wanted) in [
        (
            "named",
            "primaries a { 192.0.2.9; };\nprimaries b { 192.0.2.9; a; };\nzone \"fw.example\" { type stub; primaries { b; }; };\n",
            "stub",
        ),
        (
            "unbound",
            "stub-zone:\n name: \"fw.example\"\n stub-addr: 192.0.2.9\n stub-addr: 192.0.2.9@53\n",
            "stub",
        ),
    ] {
        let found = imported(format, &[("a.conf", text)]);
        assert_eq!(zone(&found, "fw.example"), format!("{wanted} = [\"192.0.2.9\"]"), "{format}: {found}");
    }
}

// The servers of the stub zone are known by name alone.
#[test]
fn private_reverse_stub_stays_local() {
    let forward = "forward-zone:\n name: \".\"\n forward-addr: 192.0.2.53\n";
    let stub = "stub-zone:\n name: \"0.0.10.in-addr.arpa\"\n stub-host: ns.corp.example\n";
    for around in ["", forward] {
        let found = imported("unbound", &[("a.conf", &format!("server:\n port: 53\n{around}{stub}"))]);
        assert_eq!(zone(&found, "0.0.10.in-addr.arpa"), "", "{found}");
        assert!(found.contains("is left out: resolverd answers them itself, too"), "{found}");
        assert!(!found.contains("the [[zone]] sends them") && !found.contains("recurse = true"), "{found}");
    }
    let opened = "server:\n local-zone: \"10.in-addr.arpa\" nodefault\n";
    let found = imported("unbound", &[("a.conf", &format!("{opened}{forward}{stub}"))]);
    assert_eq!(zone(&found, "0.0.10.in-addr.arpa"), "recurse = true", "{found}");
}

#[test]
fn bogus_bind_servers_are_left_out() {
    let bogus = "server 192.0.2.9 { bogus yes; };\n";
    let text = format!(
        "options {{ forward only; forwarders {{ 192.0.2.9; 192.0.2.8; }}; }};\n{bogus}zone \"st.example\" {{ type static-stub; forwarders {{ }}; server-addresses {{ 192.0.2.9; 192.0.2.7; }}; }};\n"
    );
    let found = imported("named", &[("a.conf", &text)]);
    assert_eq!(zone(&found, "."), "forward = [\"192.0.2.8\"]", "{found}");
    assert!(zone(&found, "st.example").starts_with("stub = [\"192.0.2.7\"]"), "{found}");
}

#[test]
fn bind_port_applies_to_forwarders() {
    let text = "options { port 5300; listen-on { 127.0.0.1; }; forward only; forwarders { 192.0.2.9; 192.0.2.8 port 53; }; };\n";
    let found = imported("named", &[("a.conf", text)]);
    assert_eq!(zone(&found, "."), "forward = [\"192.0.2.9:5300\", \"192.0.2.8\"]", "{found}");
}

fn is_dangerous(format: &str, text: &str, told: &str) -> bool {
    let found = imported(format, &[("a.conf", text)]);
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    let findings = found["findings"].as_array().unwrap().iter();
    let is_told =
        |finding: &&serde_json::Value| finding["did"].as_str().is_some_and(|did| did.contains(told));
    findings.filter(is_told).any(|finding| finding["weight"] == "dangerous")
}

#[test]
fn unserved_dnsmasq_names_are_dangerous() {
    let dangerous = |text: &str, told: &str| is_dangerous("dnsmasq", text, told);
    let refused = "refused all names for which no server is named";
    assert!(dangerous("no-resolv\nserver=/corp.test/192.0.2.1\n", refused));
    assert!(!dangerous("no-resolv\nserver=192.0.2.2\nserver=/corp.test/192.0.2.1\n", refused));
    assert!(!dangerous("server=/corp.test/192.0.2.1\n", refused));
    assert!(dangerous("server=//192.0.2.1\n", "had a server for names without a dot"));
}

// Unbound resolved the addresses of the other family from the internet.
#[test]
fn single_family_typetransparent_is_dangerous() {
    let own = "local-data: \"www.a.test A 192.0.2.1\"\n";
    let both = format!("{own}local-data: \"www.a.test AAAA 2001:db8::1\"\n");
    for (kind, data, expected) in
        [("typetransparent", own, true), ("transparent", own, false), ("typetransparent", &both, false)]
    {
        let text = format!("server:\nlocal-zone: \"a.test\" {kind}\n{data}");
        let told = is_dangerous("unbound", &text, "resolved the addresses of the other family");
        assert_eq!(told, expected, "{kind} {data}");
    }
}

/// Unlike resolverd, Unbound and BIND query the name servers of a delegation even if these have private addresses.
#[test]
fn private_delegations_are_reported() {
    let told = "asked servers with private addresses";
    let of = |format: &str, text: &str| imported(format, &[("a.conf", text)]).matches(told).count();
    for (format, text) in [
        ("unbound", "server:\n access-control: 10.0.0.0/8 allow\n access-control: 192.168.0.0/16 allow\n"),
        ("unbound", "stub-zone:\n name: \"a.example\"\n stub-addr: 10.0.0.5\n"),
        ("named", "options { allow-query { 10.0.0.0/8; localhost; }; };\n"),
    ] {
        assert_eq!(of(format, text), 2, "once, in the file and in the list: {text}");
    }
    for (format, text) in [
        ("unbound", "server:\n port: 53\n"),
        ("unbound", "server:\n access-control: 192.0.2.0/24 allow\n"),
        // With forwarders for all names, resolverd follows no delegations, so it never meets a delegation to private addresses.
        (
            "unbound",
            "server:\n access-control: 10.0.0.0/8 allow\nforward-zone:\n name: \".\"\n forward-addr: 192.0.2.53\n",
        ),
        ("dnsmasq", "no-resolv\nserver=/a.example/10.0.0.5\n"),
    ] {
        assert_eq!(of(format, text), 0, "{text}");
    }
}
