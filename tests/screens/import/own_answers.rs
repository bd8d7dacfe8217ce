//! Imports of settings by which another resolver answers names itself, although resolverd gives other answers for them. The import reports each
//! difference once.

use super::{imported, keys, zone};

fn unbound(text: &str) -> String {
    imported("unbound", &[("unbound.conf", &format!("server:\n{text}"))])
}

fn dnsmasq(text: &str) -> String {
    imported("dnsmasq", &[("dnsmasq.conf", &format!("no-resolv\nno-hosts\nserver=192.0.2.53\n{text}"))])
}

const NAME_DENIED: &str = "answered that the name of the zone does not exist (NXDOMAIN)";

/// dnsmasq 2.90 answers NXDOMAIN for a blocked domain itself too, not only for the names below it.
#[test]
fn nxdomain_of_blocked_domains_is_reported() {
    let found = dnsmasq("address=/ads.example/\nlocal=/lan/\naddress=/x.example/0.0.0.0\n");
    assert_eq!(found.matches(NAME_DENIED).count(), 2, "in the file and in the list: {found}");
    assert!(found.contains(&format!("{NAME_DENIED}; so did ads.example")), "{found}");
    // dnsmasq does not answer NXDOMAIN for a name that has names below it.
    let found = dnsmasq("local=/lan/\nhost-record=a.lan,10.0.0.5\n");
    assert!(!found.contains(NAME_DENIED), "{found}");
    let found = dnsmasq("address=/x.example/0.0.0.0\n");
    assert!(!found.contains(NAME_DENIED), "{found}");
}

/// Only in zone files does a name with an asterisk stand for other names.
#[test]
fn asterisk_in_local_data_is_literal() {
    let told = "gave a record of the name with the asterisk itself";
    for (zone_line, name) in
        [(" local-zone: \"x.example\" static\n", "*.x.example"), ("", "*.y.example"), ("", "*.z.y.example")]
    {
        let found = unbound(&format!("{zone_line} local-data: \"{name}. A 10.0.0.5\"\n"));
        assert!(found.contains(told) && !keys(&found).contains("10.0.0.5"), "{found}");
        assert!(!found.contains("add a [[zone]] with records = [\\\"* ...\\\"]"), "{found}");
    }
    let found = unbound(" local-zone: \"x.example\" redirect\n local-data: \"x.example. A 10.0.0.5\"\n");
    assert!(zone(&found, "x.example").contains("*.x.example. 3600 IN A 10.0.0.5"), "{found}");
    let found = dnsmasq("host-record=*.a.example,10.0.0.5\n");
    assert!(keys(&found).contains("[[host]]\nname = \"*.a.example\""), "{found}");
    for text in ["cname=*.a.example,b.example\n", "ptr-record=*.a.example,b.example\n"] {
        let found = dnsmasq(text);
        assert!(found.contains(told) && !keys(&found).contains("*.a"), "{found}");
        assert!(!found.contains("dangerous"), "{found}");
    }
}

/// Unbound 1.17 answers NOERROR without records for all names of a `redirect` zone without data.
#[test]
fn unbound_redirect_without_data_is_nodata() {
    let told = "answered that the names have no records (NODATA)";
    for kind in ["redirect", "inform_redirect"] {
        let found =
            unbound(&format!(" local-zone: \"a.example\" {kind}\n local-zone: \"b.example\" {kind}\n"));
        assert_eq!(zone(&found, "a.example"), "records = []", "{found}");
        assert_eq!(found.matches(told).count(), 2, "in the file and in the list: {found}");
        assert!(found.contains("so did b.example"), "{found}");
        let with = " local-data: \"a.example. A 10.0.0.5\"\n";
        let found = unbound(&format!(" local-zone: \"a.example\" {kind}\n{with}"));
        assert!(!found.contains(told), "{found}");
    }
}

/// With `nodefault`, Unbound 1.17 removes only the default zone of exactly this name.
#[test]
fn nodefault_opens_exact_zone_only() {
    let told = "had no effect: Unbound has no default zone of this name";
    let forward = "forward-zone:\n name: \".\"\n forward-addr: 192.0.2.53\n";
    for name in ["1.168.192.in-addr.arpa", "x.test", "corp.example"] {
        let found = unbound(&format!(" local-zone: \"{name}.\" nodefault\n{forward}"));
        assert_eq!(zone(&found, name), "", "{found}");
        assert!(found.contains(told), "{found}");
        assert!(!found.contains("leave this host"), "{found}");
    }
    for name in ["168.192.in-addr.arpa", "30.172.IN-ADDR.arpa"] {
        let found = unbound(&format!(" local-zone: \"{name}.\" nodefault\n{forward}"));
        let name = name.to_ascii_lowercase();
        assert_eq!(zone(&found, &name), "forward = [\"192.0.2.53\"]", "{found}");
        assert!(!found.contains(told), "{found}");
    }
    // The zone with `nodefault` is inside a `static` zone, for which Unbound answers all names itself.
    let closed = " local-zone: \"168.192.in-addr.arpa.\" nodefault\n local-zone: \"in-addr.arpa\" static\n";
    assert_eq!(zone(&unbound(&format!("{closed}{forward}")), "168.192.in-addr.arpa"), "");
    // Here, `nodefault` has no effect, because its zone is only a part of the zone 168.192.in-addr.arpa. that Unbound answers itself. So the
    // forwarder got no queries.
    let part = "forward-zone:\n name: \"1.168.192.in-addr.arpa\"\n forward-addr: 192.0.2.54\n";
    let found = unbound(&format!(" local-zone: \"1.168.192.in-addr.arpa.\" nodefault\n{part}"));
    assert!(found.contains("had no effect: Unbound answered these names itself"), "{found}");
    for name in ["localhost", "127.in-addr.arpa"] {
        let found = unbound(&format!(" local-zone: \"{name}.\" nodefault\n{forward}"));
        assert!(found.contains("looked up names of the host itself as others"), "{name}: {found}");
    }
}
