//! Imports of BIND's views: only the view that answers this host is imported. All other views must be reported, and their clients refused.

use super::{import, imported, keys};

fn named(views: &str) -> String {
    imported("named", &[("named.conf", views), ("a.zone", ZONE), ("b.zone", ZONE)])
}

const ZONE: &str = "@ 300 SOA a. b. 1 2 3 4 5\n@ NS a.\n";

/// A zone for the first view. `B` is a zone with the same name and other data, for the second view.
const A: &str = "zone \"corp.example\" { type primary; file \"a.zone\"; };";
const B: &str = "zone \"corp.example\" { type primary; file \"b.zone\"; };";

#[test]
fn sole_view_becomes_whole_file() {
    let found = named(&format!(
        "options {{ listen-on {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; }};\nview \"all\" {{ match-clients {{ any; }}; {A} }};\n"
    ));
    assert!(keys(&found).contains("a.zone\"") && !keys(&found).contains("allow = "), "{found}");
    assert!(!found.contains("\"dangerous\""), "{found}");
    let found = named(&format!("view \"all\" {{ allow-recursion {{ 10/8; }}; {A} }};\n"));
    assert!(keys(&found).contains("allow = [\"10.0.0.0/8\"]"), "{found}");
}

const REFUSED: &str = "is not converted, and its clients are refused";

// The clients of the other views are refused.
#[test]
fn view_of_host_is_imported() {
    let inside =
        format!("view \"in\" {{ match-clients {{ localhost; 10/8; }}; allow-recursion {{ any; }}; {A} }};\n");
    let outside = format!("view \"out\" {{ match-clients {{ any; }}; recursion no; {B} }};\n");
    let found = named(&format!("{inside}{outside}"));
    assert!(keys(&found).contains("a.zone\"") && !keys(&found).contains("b.zone"), "{found}");
    assert!(keys(&found).contains("allow = [\"127.0.0.0/8\", \"::1/128\", \"10.0.0.0/8\"]"), "{found}");
    assert!(found.contains(REFUSED) && found.contains("let one on another address answer them"), "{found}");

    // named uses the first view whose list matches the client.
    let found = named(&format!("{outside}{inside}"));
    assert!(keys(&found).contains("b.zone\"") && !keys(&found).contains("10.0.0.0/8"), "{found}");

    // A common form: the first view is for all clients outside the own network.
    let strangers =
        format!("view \"out\" {{ match-clients {{ !localhost; !10/8; any; }}; recursion no; {B} }};\n");
    let all = format!("view \"in\" {{ match-clients {{ any; }}; allow-recursion {{ any; }}; {A} }};\n");
    let found = named(&format!("{strangers}{all}"));
    assert!(keys(&found).contains("a.zone\"") && !keys(&found).contains("0.0.0.0/0"), "{found}");
    assert!(keys(&found).contains("10.0.0.0/8"), "{found}");

    let office = format!("view \"office\" {{ match-clients {{ 10.1/16; }}; {B} }};\n");
    let found = named(&format!("{office}{inside}"));
    assert!(keys(&found).contains("a.zone\"") && !keys(&found).contains("[[view]]"), "{found}");
    assert!(
        keys(&found).contains("\"10.0.0.0/8\"]") && keys(&found).contains("refuse = [\"10.1.0.0/16\"]"),
        "{found}"
    );
    assert!(
        found.contains("view office") && found.contains("write a [[view]] with their networks"),
        "{found}"
    );
    let found = named("view \"host\" { zone \"x.example\" { in-view \"none\"; }; };\n");
    assert!(found.contains("took the zone of a view that does not have it"), "{found}");
}

#[test]
fn nested_lists_choose_view() {
    let lists = "acl bad { 10.6.6.6; };\nacl strangers { !127.0.0.1; !::1; !10/8; any; };\nacl inside { !bad; !strangers; any; };\n";
    let inside = format!("view \"in\" {{ match-clients {{ inside; }}; allow-recursion {{ any; }}; {A} }};\n");
    let outside = format!("view \"out\" {{ match-clients {{ any; }}; recursion no; {B} }};\n");
    let found = named(&format!("{lists}{inside}{outside}"));
    assert!(keys(&found).contains("a.zone\"") && !keys(&found).contains("0.0.0.0/0"), "{found}");
    assert!(keys(&found).contains("allow = [\"::1/128\", \"127.0.0.1/32\", \"10.0.0.0/8\"]"), "{found}");
    // A nested list with `!` does not deny the clients that match an exception inside it (here `!10/8`). For these clients, the elements after the
    // list decide.
    let found = named("options { allow-recursion { !{ !10/8; any; }; 10.1.0.0/16; }; };\n");
    assert!(
        keys(&found).contains("allow = [\"10.1.0.0/16\"]") && !found.contains("had no effect"),
        "{found}"
    );
    let keyed = format!("view \"keyed\" {{ match-clients {{ key k; }}; {B} }};\n");
    let rest = format!("view \"rest\" {{ match-clients {{ !key k; any; }}; {A} }};\n");
    let found = named(&format!("{keyed}{rest}"));
    assert!(keys(&found).contains("a.zone\"") && found.contains("view keyed"), "{found}");
}

#[test]
fn clients_of_earlier_view_are_refused() {
    let view = |name: &str, clients: &str, zone: &str| {
        format!("view \"{name}\" {{ match-clients {{ {clients} }}; allow-recursion {{ any; }}; {zone} }};\n")
    };
    let host = view("host", "any;", A);
    for element in ["geoip country DE;", "elsewhere;", "{ elsewhere; };", "!elsewhere; any;"] {
        let found = named(&format!("{}{host}", view("office", element, B)));
        assert!(!keys(&found).contains("0.0.0.0/0"), "{element}: {found}");
    }
    let found = named(&format!("{}{host}", view("office", "10.1/16;", B)));
    assert!(keys(&found).contains("0.0.0.0/0"), "{found}");
}

// Also views for queries with the RD bit alone.
#[test]
fn views_by_destination_are_reported() {
    let found = named(&format!(
        "view \"lan\" {{ match-destinations {{ 10.0.0.25; }}; {B} }};\nview \"in\" {{ match-destinations {{ 127/8; }}; match-recursive-only yes; allow-recursion {{ 10/8; 127/8; ::1; }}; {A} }};\n"
    ));
    assert!(keys(&found).contains("a.zone\"") && keys(&found).contains("\"10.0.0.0/8\""), "{found}");
    assert!(found.contains("is not converted: remove these addresses"), "{found}");
    assert!(!found.contains("refused or dropped the queries of this host"), "{found}");
    assert!(found.contains("answered at some addresses of this host only"), "{found}");
    assert!(found.contains("left queries without the RD bit to the views after it"), "{found}");
    let found = named(&format!("view \"lan\" {{ match-clients {{ 10/8; }}; {A} }};\n"));
    assert!(
        keys(&found).contains("a.zone\"") && found.contains("none took the queries of this host"),
        "{found}"
    );
}

#[test]
fn view_options_override_global_options() {
    let found = named(&format!(
        "options {{ recursion no; dnssec-validation no; forwarders {{ 192.0.2.1; }}; }};\nview \"in\" {{ recursion yes; forward only; forwarders {{ 192.0.2.2; }}; {A} }};\n"
    ));
    assert!(!found.contains("refused to resolve names of others"), "{found}");
    assert!(
        keys(&found).contains("forward = [\"192.0.2.2\"]") && keys(&found).contains("validate = false"),
        "{found}"
    );
}

#[test]
fn zone_outside_views_is_error() {
    let output = import("named", &[("named.conf", &format!("view \"in\" {{ }};\n{A}\n"))]);
    assert_eq!(output.status.code(), Some(6));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("named.conf:2: zone \"corp.example\" stands outside of the views"), "{told}");
}

#[test]
fn unbound_views_are_reported_and_refused() {
    let of = |networks: &str| {
        let server = "server:\n access-control: 10.0.0.0/8 allow\n local-zone: \"corp.lan\" static\n local-data: \"www.corp.lan. A 10.0.0.9\"\n";
        let views = "view:\n name: \"guests\"\n local-zone: \"corp.lan\" static\n local-data: \"www.corp.lan. A 192.0.2.9\"\n";
        imported("unbound", &[("unbound.conf", &format!("{server}{networks}{views}"))])
    };
    let found = of(" access-control-view: 10.1.0.0/16 guests\n access-control: 10.1.9.0/24 allow\n");
    let clients = "allow = [\"127.0.0.0/8\", \"::1/128\", \"10.0.0.0/8\"]\nrefuse = [\"10.1.0.0/16\"]";
    assert!(keys(&found).contains(clients), "{found}");
    assert!(keys(&found).contains("10.0.0.9") && !keys(&found).contains("192.0.2.9"), "{found}");
    assert!(found.contains("view guests") && found.contains(REFUSED), "{found}");
    let found = of(" access-control-view: 127.9.0.0/16 guests\n");
    assert!(keys(&found).contains("refuse = [\"127.9.0.0/16\"]"), "{found}");
    // This host may always resolve names, even if an `access-control-view` contains its addresses.
    for networks in ["127.0.0.0/8", "0.0.0.0/0"] {
        let found = of(&format!(" access-control-view: {networks} guests\n"));
        assert!(!found.contains("refused or dropped the queries of this host"), "{found}");
        assert!(!keys(&found).contains("\"0.0.0.0/0\"") && found.contains(REFUSED), "{found}");
    }
}

// They are left out of the configuration.
#[test]
fn mapped_ipv4_clients_are_reported() {
    let mapped = "::ffff:10.0.0.0/104";
    let view = format!(
        "view \"in\" {{ match-clients {{ localhost; 10/8; {mapped}; }}; allow-recursion {{ any; }}; {A} }};\n"
    );
    for found in [
        named(&format!("options {{ allow-recursion {{ 10/8; {mapped}; }}; }};\n")),
        named(&view),
        imported("unbound", &[("unbound.conf", "server:\n access-control: ::ffff:127.0.0.1 allow\n")]),
    ] {
        assert!(found.contains("in the form of IPv6") && !keys(&found).contains("::ffff"), "{found}");
        assert!(!found.contains("cannot be carried over"), "{found}");
    }
}
