//! Settings of the PowerDNS Recursor: the import reads them as versions 4.8 and 5.2 do.

use super::{imported, keys, weight, zone};

fn yaml(text: &str) -> String {
    imported("recursor", &[("recursor.yml", text)])
}

fn lines(text: &str) -> String {
    imported("recursor", &[("recursor.conf", &format!("dnssec=validate\n{text}"))])
}

const STUB: &str = "stub = [\"192.0.2.1\"]\nvalidate = false";
const FORWARD: &str = "forward = [\"192.0.2.1\"]\nvalidate = false";

/// YAML 1.2: yes, no, on and off are texts.
#[test]
fn truth_values_of_the_recursor_are_read_in_all_spellings() {
    for off in ["false", "False", "FALSE"] {
        let found = yaml(&format!(
            "outgoing:\n  dont_query: []\nrecursor:\n  qname_minimization: {off}\n  serve_rfc1918: {off}\n  export_etc_hosts: {off}\n  forward_zones_recurse:\n    - {{zone: ., forwarders: [192.0.2.1]}}\n"
        ));
        assert!(keys(&found).contains("qname_minimisation = false"), "{off}: {found}");
        assert!(found.contains("sent reverse names of private networks to servers"), "{off}: {found}");
        assert!(!keys(&found).contains("locally_served"), "{off}: {found}");
        assert!(!found.contains("answered with the names in /etc/hosts"), "{off}: {found}");
    }
    for (typed, wanted) in [
        ("true", FORWARD),
        ("True", FORWARD),
        ("TRUE", FORWARD),
        ("false", STUB),
        ("False", STUB),
        ("FALSE", STUB),
    ] {
        let main = "recursor:\n  forward_zones_file: zones.yml\n";
        let zones = format!("- zone: corp.example\n  forwarders: [192.0.2.1]\n  recurse: {typed}\n");
        let found = imported("recursor", &[("recursor.yml", main), ("zones.yml", &zones)]);
        assert_eq!(zone(&found, "corp.example"), wanted, "{typed}: {found}");
    }
}

#[test]
fn recurse_counts_in_the_file_of_zones_only() {
    let entries = "    - {zone: a.example, recurse: true, forwarders: [192.0.2.1]}\n    - {zone: b.example, recurse: false, forwarders: [192.0.2.1]}\n    - {zone: c.example, forwarders: [192.0.2.1]}\n";
    for (option, wanted, void) in [
        ("forward_zones", STUB, "had no effect with recurse: true"),
        ("forward_zones_recurse", FORWARD, "had no effect with recurse: false"),
    ] {
        let found = yaml(&format!("recursor:\n  {option}:\n{entries}"));
        for name in ["a.example", "b.example", "c.example"] {
            assert_eq!(zone(&found, name), wanted, "{option} {name}: {found}");
        }
        assert_eq!(found.matches("had no effect with").count(), 2, "in the file and in the list: {found}");
        assert_eq!(weight(&found, void), "different", "{found}");
    }
}

/// Both versions answer everybody then.
#[test]
fn an_empty_list_of_clients_of_the_recursor_closes_nothing() {
    for found in [
        lines("local-address=0.0.0.0\nallow-from=\n"),
        yaml("incoming:\n  listen: [0.0.0.0]\n  allow_from: []\n"),
    ] {
        assert!(keys(&found).contains("allow = [\"0.0.0.0/0\", \"::/0\"]"), "{found}");
        assert_eq!(weight(&found, "answered every client"), "dangerous", "{found}");
        assert!(!found.contains("refused or dropped the queries of this host"), "{found}");
    }
    assert!(!lines("local-address=0.0.0.0\nallow-from=10.0.0.0/8\n").contains("answered every client"));
    // Other clients get no reply.
    let strangers = "drop = [\"0.0.0.0/0\", \"::/0\"]";
    let dropped = |text: &str| keys(&lines(text)).contains(strangers);
    assert!(dropped("local-address=0.0.0.0\nallow-from=10.0.0.0/8\n"));
    assert!(!dropped("local-address=127.0.0.1\nallow-from=10.0.0.0/8\n"));
    let found = lines("local-address=0.0.0.0\nallow-from=0.0.0.0/0\n");
    assert!(keys(&found).contains("drop = [\"::/0\"]"), "{found}");
}

#[test]
fn the_recursor_asks_port_853_over_tls_for_all_zones() {
    let told = "asked 192.0.2.1:853 over TLS without a check of the certificate";
    for option in ["forward-zones", "forward-zones-recurse"] {
        let found = lines(&format!("{option}=a.example=192.0.2.1:853\n"));
        assert_eq!(weight(&found, told), "dangerous", "{option}: {found}");
        assert_eq!(zone(&found, "a.example"), "", "{option}: {found}");
        let found = lines(&format!("dot-to-port-853=no\n{option}=a.example=192.0.2.1:853\n"));
        assert!(zone(&found, "a.example").contains("[\"192.0.2.1:853\"]"), "{option}: {found}");
    }
}

#[test]
fn included_files_of_the_recursor_have_the_form_of_the_first_one() {
    let (conf, yml) = (
        "forward-zones-recurse=conf.example=192.0.2.1\n",
        "recursor:\n  forward_zones_recurse:\n    - {zone: yml.example, forwarders: [192.0.2.1]}\n",
    );
    for (main, read, left) in [
        ("include-dir=DIR/d\n", "conf.example", "yml.example"),
        ("recursor:\n  include_dir: DIR/d\n", "yml.example", "conf.example"),
    ] {
        let found = imported("recursor", &[("main.conf", main), ("d/a.conf", conf), ("d/b.yml", yml)]);
        assert_eq!((zone(&found, read).as_str(), zone(&found, left).as_str()), (FORWARD, ""), "{found}");
    }
}

/// `serve_rfc6303` is on by default in version 5.
#[test]
fn reverse_names_of_ipv6_stay_here_by_default_with_yaml() {
    let forward = "  forward_zones_recurse:\n    - {zone: ., forwarders: [192.0.2.1]}\n";
    let of = |settings: &str| zone(&yaml(&format!("recursor:\n{forward}{settings}")), "ip6.arpa");
    let served = "forward = [\"192.0.2.1\"]\nlocally_served = true\nvalidate = false";
    assert_eq!(of(""), served);
    assert_eq!(of("  serve_rfc6303: true\n"), served);
    assert_eq!(of("  serve_rfc6303: false\n"), "");
    assert_eq!(of("  serve_rfc1918: false\n"), "");
    assert_eq!(zone(&lines("forward-zones-recurse=.=192.0.2.1\n"), "ip6.arpa"), "");
}

/// The servers of a stub zone are asked without recursion, so that no part of it can have them as its own.
#[test]
fn reverse_names_of_private_networks_stay_here_below_a_stub_zone_for_all_names() {
    let served = "locally_served = true\nstub = [\"192.0.2.1\"]\nvalidate = false";
    let told = "locally_served = true of [[zone]] \\\".\\\" does the same";
    for found in [
        yaml("recursor:\n  forward_zones:\n    - {zone: ., forwarders: [192.0.2.1]}\n"),
        imported("recursor", &[("recursor.conf", "forward-zones=.=192.0.2.1\n")]),
        imported("recursor", &[("recursor.conf", "forward-zones=.=192.0.2.1\nserve-rfc1918=yes\n")]),
    ] {
        assert_eq!(zone(&found, "."), served, "{found}");
        for tree in ["in-addr.arpa", "ip6.arpa", "100.in-addr.arpa"] {
            assert_eq!(zone(&found, tree), "", "{tree}: {found}");
        }
        assert_eq!(weight(&found, "answered reverse names of private networks"), "different", "{found}");
        assert!(found.contains(told), "{found}");
    }
    let found = imported("recursor", &[("recursor.conf", "forward-zones=.=192.0.2.1\nserve-rfc1918=no\n")]);
    assert_eq!(zone(&found, "."), STUB, "{found}");
    let own = "forward-zones=.=192.0.2.1, in-addr.arpa=192.0.2.2\n";
    let found = imported("recursor", &[("recursor.conf", own)]);
    assert_eq!(zone(&found, "."), STUB, "{found}");
    assert!(zone(&found, "in-addr.arpa").contains("locally_served = true"), "{found}");
}

#[test]
fn lists_of_entries_of_the_recursor_are_not_off() {
    for (typed, did, wanted) in [
        (
            "incoming:\n  proxymappings:\n    - subnet: 127.0.0.0/8\n      address: 192.0.2.1\n",
            "took other addresses",
            "dangerous",
        ),
        ("incoming:\n  proxymappings: []\n", "turned it off", "unneeded"),
        (
            "recursor:\n  sortlists:\n    - key: 0.0.0.0/0\n      subnets: [{subnet: 192.0.2.0/24, order: 1}]\n",
            "sorted the addresses",
            "different",
        ),
    ] {
        let found = yaml(typed);
        assert_eq!(weight(&found, did), wanted, "{typed}: {found}");
    }
}

#[test]
fn the_default_mode_of_validation_of_the_recursor_is_told() {
    let told = "answered clients that set neither AD nor DO";
    for text in ["quiet=yes\n", "dnssec=process\n"] {
        let found = imported("recursor", &[("recursor.conf", text)]);
        assert_eq!(weight(&found, told), "different", "{text}: {found}");
        assert_eq!(found.matches(told).count(), 2, "in the file and in the list: {found}");
    }
    assert!(!lines("").contains(told));
}

/// Only the whole name is known.
#[test]
fn names_of_hosts_of_the_recursor_are_completed() {
    let main = "export-etc-hosts=yes\netc-hosts-file=hosts\n";
    let hosts = ("hosts", "10.0.0.9 printer print.lan\n10.0.0.8 mail\n");
    let of = |suffix: &str| {
        let main = format!("{main}{suffix}");
        imported("recursor", &[("recursor.conf", &main), hosts])
    };
    let found = of("export-etc-hosts-search-suffix=lan\n");
    for (name, address) in [("printer.lan", "10.0.0.9"), ("mail.lan", "10.0.0.8")] {
        let host = format!("[[host]]\nname = \"{name}\"\naddresses = [\"{address}\"]");
        assert!(keys(&found).contains(&host), "{found}");
    }
    assert!(!keys(&found).contains("\"printer\"") && !keys(&found).contains("\"mail\""), "{found}");
    assert_eq!(weight(&found, "completed names without a dot"), "different", "{found}");
    for suffix in ["", "export-etc-hosts-search-suffix=\n"] {
        let found = of(suffix);
        assert!(keys(&found).contains("name = \"printer\"") && !found.contains("completed"), "{found}");
    }
    assert_eq!(weight(&found, "gave these names a TTL of 86400 s"), "different", "{found}");
}
