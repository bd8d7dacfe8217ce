//! Imports of the local zones of Unbound, and of the locally served zones (RFC 6303) of Unbound, BIND and dnsmasq.

use super::{imported, keys, zone};

fn unbound(text: &str) -> String {
    imported("unbound", &[("unbound.conf", text)])
}

fn named(text: &str) -> String {
    imported("named", &[("named.conf", text)])
}

fn dnsmasq(text: &str) -> String {
    imported("dnsmasq", &[("dnsmasq.conf", text)])
}

const FORWARD: &str = "forward-zone:\n name: \".\"\n forward-addr: 192.0.2.53\n";

const SERVED: &str = "forward = [\"192.0.2.53\"]\nlocally_served = true";
const OPEN: &str = "forward = [\"192.0.2.53\"]";

// A forwarder of all names does not get these names.
#[test]
fn unbound_local_zones_stay_local() {
    let found = unbound(&format!("server:\n port: 53\n{FORWARD}"));
    assert_eq!(zone(&found, "."), SERVED, "{found}");
    assert_eq!(zone(&found, "test"), "records = []", "{found}");
    assert_eq!(keys(&found).matches("[[zone]]").count(), 2, "{found}");
    // If the file has a `local-zone` line or data for a locally served zone, the zone is imported as the file says.
    let data = " local-zone: \"10.in-addr.arpa\" nodefault\n local-zone: \"1.168.192.in-addr.arpa\" transparent\n local-data-ptr: \"172.16.0.1 gw.lan\"\n";
    let found = unbound(&format!("server:\n{data}{FORWARD}"));
    assert_eq!(zone(&found, "10.in-addr.arpa"), OPEN, "{found}");
    assert_eq!(zone(&found, "1.168.192.in-addr.arpa"), OPEN, "{found}");
    assert_eq!(zone(&found, "."), SERVED, "{found}");
    assert!(keys(&found).contains("name = \"1.0.16.172.in-addr.arpa\"\ntype = \"PTR\""), "{found}");
    assert!(!found.contains("has no records of other types"), "{found}");
    let found = unbound(&format!("server:\n unblock-lan-zones: yes\n{FORWARD}"));
    assert_eq!(zone(&found, "."), OPEN, "{found}");
    assert_eq!(zone(&found, "home.arpa"), "records = []", "{found}");
    assert!(!keys(&unbound("server:\n port: 53\n")).contains("[[zone]]"));
}

// Unbound does not use servers of a zone below one of its local zones.
#[test]
fn ignored_unbound_sections_are_reported() {
    let zone_of = |name: &str| format!("forward-zone:\n name: \"{name}\"\n forward-addr: 192.0.2.54\n");
    let found = unbound(&format!("server:\n port: 53\n{FORWARD}{}", zone_of("15.10.in-addr.arpa")));
    assert_eq!(zone(&found, "15.10.in-addr.arpa"), "forward = [\"192.0.2.54\"]", "{found}");
    assert!(found.contains("it has no local-zone nodefault for them"), "{found}");
    let opened = "server:\n local-zone: \"10.in-addr.arpa\" nodefault\n";
    let found = unbound(&format!("{opened}{FORWARD}{}", zone_of("15.10.in-addr.arpa")));
    assert!(!found.contains("nodefault for them"), "{found}");
    let found = unbound(&format!("server:\n local-zone: \"lan\" static\n{}", zone_of("dev.lan")));
    assert_eq!(zone(&found, "dev.lan"), "", "{found}");
    assert!(found.contains("had no effect: local-zone lan. static came first"), "{found}");
}

#[test]
fn open_zone_below_static_is_recursed() {
    let zones = "server:\n local-zone: \"lan\" static\n local-zone: \"dev.lan\" transparent\n local-data: \"a.dev.lan. A 10.0.0.1\"\n";
    let found = unbound(zones);
    assert_eq!(zone(&found, "dev.lan"), "recurse = true", "{found}");
    assert_eq!(zone(&found, "lan"), "records = []", "{found}");
    assert!(keys(&found).contains("[[record]]\nname = \"a.dev.lan\""), "{found}");
    assert_eq!(zone(&unbound(&format!("{zones}{FORWARD}")), "dev.lan"), OPEN);
}

#[test]
fn local_data_follows_zone_type() {
    let of = |kind: &str| {
        unbound(&format!(
            "server:\n local-zone: \"t.lan.\" {kind}\n local-data: \"t.lan. A 10.0.0.6\"\n local-data: \"w.t.lan. A 10.0.0.7\"\n"
        ))
    };
    for kind in ["always_transparent", "always_nxdomain", "always_nodata", "always_refuse", "always_deny"] {
        let found = of(kind);
        assert!(!keys(&found).contains("10.0.0."), "{kind}: {found}");
        assert!(found.contains(&format!("had no effect, because the zone around it is {kind}")), "{found}");
    }
    for kind in ["deny", "refuse", "static", "inform_deny"] {
        let found = of(kind);
        assert!(zone(&found, "t.lan").contains("w.t.lan. 3600 IN A 10.0.0.7"), "{kind}: {found}");
        assert!(!found.contains("had no effect"), "{kind}: {found}");
    }
    for kind in ["transparent", "typetransparent", "inform", "noview"] {
        let found = of(kind);
        assert!(!keys(&found).contains("[[zone]]") && keys(&found).contains("[[record]]"), "{kind}: {found}");
    }
    // If a name has data of its own, `always_null` affects only the record types without data.
    let found = of("always_null");
    assert_eq!(
        zone(&found, "t.lan"),
        "records = [\"* A 0.0.0.0\", \"@ AAAA ::\", \"w.t.lan. AAAA ::\", \"* AAAA ::\", \"t.lan. 3600 IN A 10.0.0.6\", \"w.t.lan. 3600 IN A 10.0.0.7\"]",
        "{found}"
    );
}

#[test]
fn undotted_local_data_is_absolute() {
    let found = unbound(
        "server:\n local-zone: \"corp.lan\" static\n local-data: \"corp.lan MX 10 relay.corp.lan\"\n local-data: \"s.corp.lan SRV 0 0 25 relay.corp.lan.\"\n local-data: 'corp.lan TXT \"v=spf1 mx\"'\n local-zone: \"0.0.10.in-addr.arpa\" static\n local-data-ptr: \"10.0.0.25 relay.corp.lan\"\n",
    );
    assert_eq!(
        zone(&found, "corp.lan"),
        "records = [\"corp.lan. 3600 IN MX 10 relay.corp.lan.\", \"s.corp.lan. 3600 IN SRV 0 0 25 relay.corp.lan.\", 'corp.lan. 3600 IN TXT \"v=spf1 mx\"']",
        "{found}"
    );
    assert_eq!(
        zone(&found, "0.0.10.in-addr.arpa"),
        "records = [\"25.0.0.10.in-addr.arpa. 3600 IN PTR relay.corp.lan.\"]",
        "{found}"
    );
}

#[test]
fn duplicate_records_are_imported_once() {
    let data = |addresses: &[&str]| {
        let lines = addresses.iter().map(|address| format!(" local-data: \"a.example. A {address}\"\n"));
        format!("server:\n{}", lines.collect::<String>())
    };
    for (addresses, taken) in [
        (["192.0.2.1", "192.0.2.2", "192.0.2.1"], "data = [\"192.0.2.1\", \"192.0.2.2\"]"),
        (["192.0.2.2", "192.0.2.1", "192.0.2.2"], "data = [\"192.0.2.2\", \"192.0.2.1\"]"),
        (["192.0.2.1", "192.0.2.1", "192.0.2.2"], "data = [\"192.0.2.1\", \"192.0.2.2\"]"),
    ] {
        let found = unbound(&data(&addresses));
        assert!(keys(&found).contains(taken) && !found.contains("cannot be carried over"), "{found}");
    }
}

// The forwarders are asked first, and the root servers if they fail.
#[test]
fn bind_empty_zones_stay_local() {
    let of = |options: &str, zones: &str| {
        named(&format!("options {{ forwarders {{ 192.0.2.53; }}; {options} }};\n{zones}"))
    };
    let first = "forward = [\"192.0.2.53\"]\nforward_first = true";
    let served = "forward = [\"192.0.2.53\"]\nforward_first = true\nlocally_served = true";
    assert_eq!(zone(&of("", ""), "."), served);
    assert_eq!(zone(&of("forward only;", ""), "."), OPEN);
    assert_eq!(zone(&of("empty-zones-enable no;", ""), "."), first);
    let found = of("disable-empty-zone \"168.192.in-addr.arpa\";", "");
    assert_eq!(
        (zone(&found, "."), zone(&found, "168.192.in-addr.arpa")),
        (served.to_owned(), first.to_owned()),
        "{found}"
    );
    let forward = |more: &str| {
        format!("zone \"15.10.in-addr.arpa\" {{ type forward; forwarders {{ 192.0.2.54; }}; {more} }};\n")
    };
    let found = of("", &forward("forward only;"));
    assert!(!found.contains("had no effect"), "{found}");
    let found = of("", &forward(""));
    assert!(found.contains("with `forward first` named answers them itself"), "{found}");
    // named asks the servers of this stub zone, although it is inside an empty zone, which named would answer itself.
    let stub = "zone \"16.10.in-addr.arpa\" { type static-stub; server-addresses { 192.0.2.55; }; };\n";
    let found = of("", stub);
    assert_eq!(zone(&found, "16.10.in-addr.arpa"), first, "{found}");
    // named does not forward the names of this forward zone without forwarders. It answers from its empty zone.
    let closed = "zone \"10.in-addr.arpa\" { type forward; forwarders { }; };\n";
    assert_eq!(zone(&of("", closed), "10.in-addr.arpa"), "");
    assert_eq!(zone(&of("forward only;", closed), "10.in-addr.arpa"), "records = []");
}

#[test]
fn dnsmasq_bogus_priv_stays_local() {
    let found = dnsmasq(
        "no-resolv\nno-hosts\nbogus-priv\nserver=192.0.2.53\nserver=/15.0.10.in-addr.arpa/192.0.2.54\n",
    );
    let plain = "forward = [\"192.0.2.53\"]\nvalidate = false";
    let served = "forward = [\"192.0.2.53\"]\nlocally_served = true\nvalidate = false";
    for (name, wanted) in
        [(".", plain), ("in-addr.arpa", served), ("ip6.arpa", served), ("100.in-addr.arpa", plain)]
    {
        assert_eq!(zone(&found, name), wanted, "{name}: {found}");
    }
    assert!(zone(&found, "15.0.10.in-addr.arpa").starts_with("forward = [\"192.0.2.54\"]"), "{found}");
    let found = dnsmasq("no-resolv\nno-hosts\nserver=192.0.2.53\n");
    assert_eq!(keys(&found).matches("[[zone]]").count(), 1, "{found}");
    assert!(!keys(&dnsmasq("no-resolv\nno-hosts\nbogus-priv\n")).contains("[[zone]]"));
}

#[test]
fn unreadable_record_leaves_others() {
    let data = " local-zone: \"d.lan\" static\n local-data: \"x.d.lan A 10.0.0.1\"\n local-data: \"x.d.lan A 10.0.0.1\"\n local-data: \"y.d.lan A 10.0.0\"\n";
    let found = unbound(&format!("server:\n{data}"));
    assert_eq!(zone(&found, "d.lan"), "records = [\"x.d.lan. 3600 IN A 10.0.0.1\"]", "{found}");
    assert!(found.contains("local-data: y.d.lan A 10.0.0: gave a record that cannot be read"), "{found}");
}

#[test]
fn duplicate_sections_keep_effective_one() {
    let section =
        |kind: &str, server: &str| format!("{kind}-zone:\n name: \"dup.lan\"\n {kind}-addr: {server}\n");
    for (first, second, kept) in [
        (section("forward", "192.0.2.1"), section("forward", "192.0.2.2"), "forward = [\"192.0.2.2\"]"),
        (section("stub", "192.0.2.1"), section("stub", "192.0.2.2"), "stub = [\"192.0.2.2\"]"),
        (section("stub", "192.0.2.1"), section("forward", "192.0.2.2"), "forward = [\"192.0.2.2\"]"),
        (section("forward", "192.0.2.1"), section("stub", "192.0.2.2"), "forward = [\"192.0.2.1\"]"),
    ] {
        let found = unbound(&format!("{first}{second}"));
        assert_eq!(zone(&found, "dup.lan"), kept, "{found}");
        assert!(found.contains("another section for these names came in its place"), "{found}");
    }
}

// Unbound answers these names itself.
#[test]
fn sections_for_special_names_are_reported() {
    let section = |name: &str| format!("stub-zone:\n name: \"{name}\"\n stub-addr: 192.0.2.1\n");
    let found = unbound(&section("corp.test"));
    assert!(
        found.contains("stub-zone corp.test: had no effect: Unbound answered these names itself"),
        "{found}"
    );
    assert_eq!(zone(&found, "corp.test"), "stub = [\"192.0.2.1\"]", "{found}");
    let found = unbound(&section("localhost"));
    assert!(found.contains("stub-zone localhost: had no effect"), "{found}");
    assert!(!keys(&found).contains("[[zone]]"), "{found}");
}

#[test]
fn local_ns_records_make_no_delegation() {
    let data = " local-data: \"sub.lan NS ns.lan\"\n local-data: \"www.sub.lan A 10.0.0.7\"\n";
    let found = unbound(&format!("server:\n local-zone: \"lan\" static\n{data}"));
    let records = zone(&found, "lan");
    assert!(records.contains("www.sub.lan. 3600 IN A 10.0.0.7") && !records.contains(" NS "), "{found}");
    assert!(found.contains("sub.lan NS ns.lan") && found.contains("a delegation"), "{found}");
}

#[test]
fn address_that_stops_mail_is_dangerous() {
    for (address, is_dangerous) in
        [("10.1.1.1", true), ("fd00::1", true), ("0.0.0.0", false), ("::", false), ("#", false), ("", false)]
    {
        let found = dnsmasq(&format!(
            "no-resolv\nno-hosts\nserver=192.0.2.53\nlisten-address=127.0.0.1\naddress=/corp.example/{address}\n"
        ));
        assert_eq!(found.contains(" MX"), is_dangerous, "{address}: {found}");
        assert_eq!(found.contains("\"dangerous\""), is_dangerous, "{address}: {found}");
    }
}

#[test]
fn auth_zone_for_lookups_is_reported() {
    for (downstream, is_told) in
        [("", false), (" for-downstream: yes\n", false), (" for-downstream: no\n", true)]
    {
        let found =
            unbound(&format!("auth-zone:\n name: \"corp.example\"\n zonefile: \"corp.zone\"\n{downstream}"));
        assert_eq!(found.contains("used the file for its own lookups"), is_told, "{downstream}: {found}");
    }
}

#[test]
fn unused_auth_zone_is_left_out() {
    for (downstream, upstream, is_used) in [("no", "no", false), ("no", "yes", true), ("yes", "no", true)] {
        let found = unbound(&format!(
            "auth-zone:\n name: \"corp.example\"\n primary: 10.0.0.1\n for-downstream: {downstream}\n for-upstream: {upstream}\n"
        ));
        assert_eq!(!zone(&found, "corp.example").is_empty(), is_used, "{downstream} {upstream}: {found}");
        assert_eq!(found.contains("gave no answers from it"), !is_used, "{found}");
    }
}
