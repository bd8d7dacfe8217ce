//! Views: the one of this host's queries is for all clients. Other views of BIND become `[[view]]`s; views that cannot be carried over
//! are refused and told.

use super::{import, imported, keys};

/// The result for BIND's views, behind options that name a file's directory.
fn named(views: &str) -> String {
    imported("named", &[("named.conf", views), ("a.zone", ZONE), ("b.zone", ZONE)])
}

const ZONE: &str = "@ 300 SOA a. b. 1 2 3 4 5\n@ NS a.\n";

/// Two zones of the same name.
const A: &str = "zone \"corp.example\" { type primary; file \"a.zone\"; };";
const B: &str = "zone \"corp.example\" { type primary; file \"b.zone\"; };";

#[test]
fn the_only_view_of_all_clients_is_the_file() {
    let found = named(&format!(
        "options {{ listen-on {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; }};\nview \"all\" {{ match-clients {{ any; }}; {A} }};\n"
    ));
    assert!(keys(&found).contains("a.zone\"") && !keys(&found).contains("allow = "), "{found}");
    assert!(!found.contains("\"dangerous\""), "{found}");
    let found = named(&format!("view \"all\" {{ allow-recursion {{ 10/8; }}; {A} }};\n"));
    assert!(keys(&found).contains("allow = [\"10.0.0.0/8\"]"), "{found}");
}

#[test]
fn the_view_of_this_host_is_imported_and_strangers_are_refused() {
    let inside =
        format!("view \"in\" {{ match-clients {{ localhost; 10/8; }}; allow-recursion {{ any; }}; {A} }};\n");
    let outside = format!("view \"out\" {{ match-clients {{ any; }}; recursion no; {B} }};\n");
    let found = named(&format!("{inside}{outside}"));
    assert!(keys(&found).contains("a.zone\"") && !keys(&found).contains("b.zone"), "{found}");
    assert!(keys(&found).contains("allow = [\"127.0.0.0/8\", \"::1/128\", \"10.0.0.0/8\"]"), "{found}");
    assert!(
        found.contains("gave all other clients answers from its own zones only, own data for corp.example"),
        "{found}"
    );
    assert!(found.contains("let one on another address answer them"), "{found}");

    // The first view that takes a client counts.
    let found = named(&format!("{outside}{inside}"));
    assert!(keys(&found).contains("b.zone\"") && !keys(&found).contains("10.0.0.0/8"), "{found}");
    assert!(found.contains("had no clients, because the views before it took them"), "{found}");

    // The idiom of a view of strangers that stands first.
    let strangers =
        format!("view \"out\" {{ match-clients {{ !localhost; !10/8; any; }}; recursion no; {B} }};\n");
    let all = format!("view \"in\" {{ match-clients {{ any; }}; allow-recursion {{ any; }}; {A} }};\n");
    let found = named(&format!("{strangers}{all}"));
    assert!(keys(&found).contains("a.zone\"") && !keys(&found).contains("0.0.0.0/0"), "{found}");
    assert!(keys(&found).contains("10.0.0.0/8"), "{found}");
}

#[test]
fn clients_of_a_view_with_the_same_settings_are_allowed_and_others_get_a_view_of_their_own() {
    let host = format!(
        "options {{ listen-on {{ 127.0.0.1; 10.0.0.25; }}; listen-on-v6 {{ none; }}; }};\nview \"host\" {{ match-clients {{ localhost; }}; {A} }};\n"
    );
    let office = |zone: &str| format!("view \"office\" {{ match-clients {{ 10.1.0.0/16; }}; {zone} }};\n");
    let wide = format!("view \"wide\" {{ match-clients {{ 10.0.0.0/8; }}; {A} }};\n");
    let found = named(&format!("{host}{}", office(A)));
    assert!(keys(&found).contains("\"10.1.0.0/16\"") && !found.contains("\"dangerous\""), "{found}");
    let found = named(&format!("{host}{}{wide}", office(B)));
    assert!(keys(&found).contains("\"10.0.0.0/8\"") && !keys(&found).contains("refuse = "), "{found}");
    let view = "[[view]]\nname = \"office\"\nclients = [\"10.1.0.0/16\"]\nzones = []";
    assert!(keys(&found).contains(view), "{found}");
    let zones: Vec<String> = keys(&found).split("\n[[zone]]\n").skip(1).map(str::to_owned).collect();
    let has = |zone: &str, file: &str, is_of_view: bool| {
        zone.contains("corp.example")
            && zone.contains(file)
            && zone.contains("view = \"office\"") == is_of_view
    };
    assert!(zones.len() == 2 && has(&zones[0], "a.zone", false) && has(&zones[1], "b.zone", true), "{found}");
    let told = "gave 10.1.0.0/16 own data for corp.example; they are the clients of the [[view]] office";
    assert!(found.contains(told) && !found.contains("\"dangerous\""), "{found}");
    let found = named(&format!("{host}{}", office("")));
    assert!(
        found.contains("gave 10.1.0.0/16 no data for corp.example") && keys(&found).contains(view),
        "{found}"
    );
    assert!(!keys(&found).contains("view = \"office\""), "{found}");
    let found = named(&format!("{host}{}", office("zone \"corp.example\" { in-view \"host\"; };")));
    assert!(keys(&found).contains("\"10.1.0.0/16\"") && !found.contains("\"dangerous\""), "{found}");
    let found = named("view \"host\" { zone \"x.example\" { in-view \"none\"; }; };\n");
    assert!(found.contains("took the zone of a view that does not have it"), "{found}");
    let found = named(&format!("{host}{}", office(&format!("response-policy {{ zone \"rpz\"; }}; {A}"))));
    assert!(found.contains("gave 10.1.0.0/16 other settings") && keys(&found).contains(view), "{found}");
    assert!(found.contains("applied response policy zones"), "{found}");
}

#[test]
fn the_first_view_that_takes_a_client_counts_although_the_longest_prefix_does_here() {
    let view = |name: &str, clients: &str, zone: &str| {
        format!("view \"{name}\" {{ match-clients {{ {clients} }}; allow-recursion {{ any; }}; {zone} }};\n")
    };
    // A longer prefix of a later view has no effect, and one of an earlier view cuts the network of a later one.
    let host = view("host", "localhost; 10.1.9.0/24;", A);
    let views = [view("office", "10.1.0.0/16;", B), view("guests", "10.1.7.0/24; 10.0.0.0/8;", "")].concat();
    let found = named(&format!("{host}{views}"));
    let clients = |name: &str| {
        let views = keys(&found);
        let view = views.split("[[view]]\n").find(|view| view.starts_with(&format!("name = \"{name}\"")));
        view.and_then(|view| view.lines().nth(1).map(str::to_owned)).unwrap_or_default()
    };
    assert_eq!(clients("office"), "clients = [\"10.1.0.0/16\"]", "{found}");
    assert_eq!(clients("guests"), "clients = [\"10.0.0.0/8\"]", "{found}");
    // Clients of the view of this host inside of the network of another one.
    assert_eq!(clients("host"), "clients = [\"10.1.9.0/24\"]", "{found}");
    assert!(keys(&found).contains("allow = [\"127.0.0.0/8\", \"::1/128\", \"10.0.0.0/8\"]"), "{found}");
}

#[test]
fn clients_for_whom_a_view_resolved_no_names_and_views_beyond_the_most_are_refused() {
    let some = format!(
        "view \"host\" {{ match-clients {{ localhost; }}; {A} }};\nview \"office\" {{ match-clients {{ 10/8; }}; allow-recursion {{ 10.1/16; }}; {B} }};\n"
    );
    let found = named(&some);
    assert!(keys(&found).contains("allow = [\"127.0.0.0/8\", \"::1/128\", \"10.1.0.0/16\"]"), "{found}");
    assert!(keys(&found).contains("clients = [\"10.1.0.0/16\"]"), "{found}");
    assert!(found.contains("resolved names for some of its clients only"), "{found}");
    let found = named(&some.replace("10.1/16", "192.0.2.1"));
    assert!(!keys(&found).contains("[[view]]") && !keys(&found).contains("b.zone"), "{found}");
    assert!(found.contains("resolverd refuses them, as the view resolved names for none of them"), "{found}");
    let office = |number: usize| {
        format!(
            "view \"v{number}\" {{ match-clients {{ 10.{number}.0.0/16; }}; zone \"z{number}\" {{ type primary; file \"b.zone\"; }}; }};\n"
        )
    };
    let offices: String = (1..=8).map(office).collect();
    let found = named(&format!("view \"host\" {{ match-clients {{ localhost; }}; {A} }};\n{offices}"));
    assert_eq!(keys(&found).matches("[[view]]").count(), 7, "{found}");
    assert!(!keys(&found).contains("10.8.0.0/16"), "{found}");
    assert!(
        found.contains("gave 10.8.0.0/16 own data for z8, no data for corp.example; resolverd refuses them"),
        "{found}"
    );
}

#[test]
fn names_of_lists_and_denied_lists_choose_the_view() {
    let lists = "acl bad { 10.6.6.6; };\nacl strangers { !127.0.0.1; !::1; !10/8; any; };\nacl inside { !bad; !strangers; any; };\n";
    let inside = format!("view \"in\" {{ match-clients {{ inside; }}; allow-recursion {{ any; }}; {A} }};\n");
    let outside = format!("view \"out\" {{ match-clients {{ any; }}; recursion no; {B} }};\n");
    let found = named(&format!("{lists}{inside}{outside}"));
    assert!(keys(&found).contains("a.zone\"") && !keys(&found).contains("0.0.0.0/0"), "{found}");
    assert!(keys(&found).contains("allow = [\"::1/128\", \"127.0.0.1/32\", \"10.0.0.0/8\"]"), "{found}");
    assert!(!found.contains("left these clients"), "{found}");
    // An exempt client is left to the elements after the list.
    let found = named("options { allow-recursion { !{ !10/8; any; }; 10.1.0.0/16; }; };\n");
    assert!(
        keys(&found).contains("allow = [\"10.1.0.0/16\"]") && !found.contains("had no effect"),
        "{found}"
    );
    let keyed = format!("view \"keyed\" {{ match-clients {{ key k; }}; {B} }};\n");
    let rest = format!("view \"rest\" {{ match-clients {{ !key k; any; }}; {A} }};\n");
    let found = named(&format!("{keyed}{rest}"));
    assert!(keys(&found).contains("a.zone\""), "{found}");
    assert!(found.contains("gave clients that it does not name by addresses, such as those with a TSIG key, own data for corp.example"), "{found}");
}

#[test]
fn clients_whose_networks_the_file_does_not_have_get_the_zones_of_no_other_view() {
    let view = |name: &str, clients: &str, zone: &str| {
        format!("view \"{name}\" {{ match-clients {{ {clients} }}; allow-recursion {{ any; }}; {zone} }};\n")
    };
    let allowed = |found: &str| {
        keys(found).lines().find(|line| line.starts_with("allow = ")).map(str::to_owned).unwrap_or_default()
    };
    let own_and = |more: &str| format!("allow = [\"127.0.0.0/8\", \"::1/128\"{more}]");
    let (host, guests) = (view("host", "localhost;", A), view("guests", "any;", ""));
    for element in ["localnets;", "geoip country DE;", "elsewhere;", "{ localnets; };"] {
        let found =
            named(&format!("{host}{}{guests}", view("office", &format!("{element} 10.1.0.0/16;"), B)));
        // The guests have their view; clients of the office may be among them, so they are not answered yet.
        assert!(keys(&found).contains("clients = [\"0.0.0.0/0\", \"::/0\"]"), "{element}: {found}");
        assert_eq!(allowed(&found), own_and(", \"10.1.0.0/16\""), "{element}: {found}");
        let advice = "add their prefixes to `clients` of the [[view]] office, and to listen.allow";
        assert!(found.contains(advice) && found.contains("\"dangerous\""), "{element}: {found}");
        assert!(found.contains("they may be in 0.0.0.0/0, ::/0; resolverd refuses"), "{element}: {found}");
    }
    // Denied clients are those of a later view.
    let found = named(&format!("{}{}", view("out", "!localnets; any;", B), view("in", "any;", A)));
    assert_eq!(allowed(&found), "", "{found}");
    assert!(found.contains("add their prefixes to `clients` of the [[view]] with their zones"), "{found}");
    // Nobody else is known to be of the view.
    let found = named(&format!("{host}{}{guests}", view("office", "localnets;", B)));
    assert_eq!(allowed(&found), "", "{found}");
    assert!(found.contains("gave clients whose networks the file does not have own data"), "{found}");
    // All get the same.
    let found = named(&format!("{}{}", view("in", "localhost; localnets;", A), view("lan", "10/8;", A)));
    assert_eq!(allowed(&found), own_and(", \"10.0.0.0/8\""), "{found}");
    assert!(found.contains("add their prefixes to listen.allow"), "{found}");
    // This host is in a network of its own.
    let found = named(&format!("{}{guests}", view("in", "localnets;", A)));
    assert!(keys(&found).contains("name = \"in\"\nclients = [\"127.0.0.0/8\", \"::1/128\"]"), "{found}");
    assert!(found.contains("to `clients` of a [[view]] of their own without `zones`"), "{found}");
}

#[test]
fn views_by_address_and_by_recursion_are_told() {
    let views = format!(
        "options {{ listen-on {{ 127.0.0.1; 10.0.0.25; }}; }};\nview \"lan\" {{ match-destinations {{ 10.0.0.25; }}; {B} }};\nview \"in\" {{ match-recursive-only yes; {A} }};\n"
    );
    let found = named(&views);
    assert!(keys(&found).contains("a.zone\""), "{found}");
    assert!(
        found.contains("answered other addresses of this host, with own data for corp.example"),
        "{found}"
    );
    assert!(found.contains("left queries without the RD bit to the views after it"), "{found}");
    // named does not listen at the loopback address: its programs ask the other one.
    let found = named(&views.replace("127.0.0.1; ", ""));
    assert!(
        keys(&found).contains("b.zone\"") && found.contains("answered at some addresses of this host only"),
        "{found}"
    );
    let found = named(&format!("view \"lan\" {{ match-clients {{ 10/8; }}; {A} }};\n"));
    assert!(
        keys(&found).contains("a.zone\"") && found.contains("none took the queries of this host"),
        "{found}"
    );
}

#[test]
fn options_of_a_view_count_before_those_of_the_file() {
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
fn a_zone_outside_of_the_views_is_an_error_as_in_bind() {
    let output = import("named", &[("named.conf", &format!("view \"in\" {{ }};\n{A}\n"))]);
    assert_eq!(output.status.code(), Some(6));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("named.conf:2: zone \"corp.example\" stands outside of the views"), "{told}");
}

/// The result for Unbound's views, with these settings of `server:`.
fn unbound(server: &str, views: &str) -> String {
    imported(
        "unbound",
        &[("unbound.conf", &format!("server:\n access-control: 10.0.0.0/8 allow\n{server}{views}"))],
    )
}

const CORP: &str = " local-zone: \"corp.lan.\" static\n local-data: \"www.corp.lan. A 10.0.0.9\"\n";
const PUBLIC: &str = " local-zone: \"corp.lan.\" static\n local-data: \"www.corp.lan. A 192.0.2.9\"\n";

#[test]
fn clients_of_a_view_of_unbound_with_other_data_get_a_view_or_are_refused() {
    let chosen = format!("{CORP} access-control-view: 10.1.0.0/16 guests\n");
    let guests = |data: &str| format!("view:\n name: \"guests\"\n{data}");
    let found = unbound(&chosen, &guests(PUBLIC));
    let view = "[[view]]\nname = \"guests\"\nclients = [\"10.1.0.0/16\"]\n";
    assert!(keys(&found).contains(view) && !keys(&found).contains("refuse = "), "{found}");
    let zones: Vec<String> = keys(&found).split("\n[[zone]]\n").skip(1).map(str::to_owned).collect();
    let has = |zone: &str, address: &str, is_of_view: bool| {
        zone.contains(address) && zone.contains("view = \"guests\"") == is_of_view
    };
    assert!(zones.len() == 2 && zones.iter().any(|zone| has(zone, "10.0.0.9", false)), "{found}");
    assert!(zones.iter().any(|zone| has(zone, "192.0.2.9", true)), "{found}");
    assert!(
        found.contains("access-control-view: 10.1.0.0/16 guests")
            && found.contains("gave these clients own data for corp.lan")
            && !found.contains("\"dangerous\""),
        "{found}"
    );
    // Zones beside those of the others, and clients inside of the network that see those of the others.
    let blocked =
        format!("{CORP} access-control-view: 10.1.0.0/16 guests\n access-control-view: 10.1.9.0/24 staff\n");
    let views = format!(
        "{}view:\n name: \"staff\"\n view-first: yes\n",
        guests(" view-first: yes\n local-zone: \"ads.example\" always_nxdomain\n")
    );
    let found = unbound(&blocked, &views);
    assert!(keys(&found).contains(view) && keys(&found).contains("clients = [\"10.1.9.0/24\"]"), "{found}");
    assert_eq!(keys(&found).matches("view = \"guests\"").count(), 1, "{found}");
    assert!(!found.contains("\"dangerous\""), "{found}");
    // The data of the others would be seen, too.
    let found = unbound(&chosen, &guests(" local-zone: \"ads.example\" always_nxdomain\n"));
    assert!(
        !keys(&found).contains("[[view]]") && keys(&found).contains("refuse = [\"10.1.0.0/16\"]"),
        "{found}"
    );
    let found = unbound(&chosen, &guests(CORP));
    assert!(!keys(&found).contains("refuse = ") && !found.contains("\"dangerous\""), "{found}");
    let found = unbound(&chosen, &guests(" view-first: yes\n"));
    assert!(!keys(&found).contains("refuse = ") && !found.contains("\"dangerous\""), "{found}");
    let found = unbound(&chosen, &guests(" local-data: \"x.lan. A 10.0.0.1\"\n"));
    assert!(found.contains("gave these clients own data for x.lan., no data for corp.lan."), "{found}");
    let found = unbound(&chosen, "");
    assert!(found.contains("its view is not among the first 16 of the file"), "{found}");
}

#[test]
fn a_view_of_unbound_with_records_of_single_names_gets_them_and_one_without_data_gets_those_of_this_host() {
    let chosen = " local-data: \"www.lan. A 10.0.0.9\"\n local-data: \"www.lan. TXT x\"\n access-control-view: 10.1.0.0/16 guests\n";
    let guests = |data: &str| format!("view:\n name: \"guests\"\n view-first: yes\n{data}");
    let found = unbound(chosen, &guests(" local-data: \"www.lan. A 192.0.2.9\"\n"));
    assert!(
        keys(&found).contains("[[view]]\nname = \"guests\"") && !keys(&found).contains("refuse"),
        "{found}"
    );
    let records: Vec<String> = keys(&found).split("\n[[record]]\n").skip(1).map(str::to_owned).collect();
    let of_view: Vec<&String> =
        records.iter().filter(|record| record.contains("view = \"guests\"")).collect();
    assert_eq!(records.len() - of_view.len(), 2, "{found}");
    // Records of a view take the place of all of the name.
    assert!(of_view.iter().any(|record| record.contains("192.0.2.9")), "{found}");
    assert!(!of_view.iter().any(|record| record.contains("10.0.0.9")), "{found}");
    // Zones that leave their names to resolution.
    for zone in ["10.in-addr.arpa nodefault", "open.lan transparent"] {
        let found = unbound(
            " access-control-view: 10.1.0.0/16 guests\n",
            &format!("view:\n name: \"guests\"\n local-zone: {zone}\n"),
        );
        assert!(!keys(&found).contains("[[view]]") && !keys(&found).contains("refuse"), "{zone}: {found}");
        assert_eq!(
            found.contains("let names of private networks leave"),
            zone.contains("nodefault"),
            "{found}"
        );
    }
}

#[test]
fn a_zone_of_a_view_of_unbound_keeps_its_records_beside_a_soa_and_hides_those_of_others_if_it_is_wrong() {
    let server = " local-zone: corp.example. static\n local-data: \"www.corp.example. A 10.9.0.4\"\n access-control-view: 10.2.0.0/16 guest\n";
    let view = |data: &str| {
        format!(
            "view:\n name: \"guest\"\n view-first: yes\n local-zone: corp.example. static\n local-data: \"{data}\"\n local-data: \"www.corp.example. A 203.0.113.4\"\n"
        )
    };
    let of_view = |found: &str| {
        let keys = keys(found);
        let zones =
            keys.split("[[zone]]").filter(|zone| zone.contains("view = \"guest\"")).map(str::to_owned);
        zones.collect::<Vec<_>>()
    };
    let found =
        unbound(server, &view("corp.example. SOA ns.corp.example. h.corp.example. 1 3600 1200 604800 300"));
    assert!(found.contains("gave the SOA records of the zone"), "{found}");
    let zones = of_view(&found);
    assert!(zones.len() == 1 && zones[0].contains("203.0.113.4"), "{found}");

    // A SOA below the apex.
    let found = unbound(
        server,
        &view("www.corp.example. SOA ns.corp.example. h.corp.example. 1 3600 1200 604800 300"),
    );
    assert!(found.contains("cannot be carried over"), "{found}");
    let zones = of_view(&found);
    assert!(zones.len() == 1 && zones[0].contains("records = []"), "{found}");
}

#[test]
fn the_view_of_unbound_for_this_host_is_imported() {
    let chosen =
        format!("{PUBLIC} local-data: \"x.lan. A 10.0.0.1\"\n access-control-view: 127.0.0.0/8 mail\n");
    let found = unbound(&chosen, &format!("view:\n name: mail\n{CORP}"));
    assert!(keys(&found).contains("10.0.0.9") && !keys(&found).contains("192.0.2.9"), "{found}");
    assert!(!keys(&found).contains("x.lan") && !keys(&found).contains("\"10.0.0.0/8\""), "{found}");
    assert!(found.contains("was not for clients outside of its networks"), "{found}");
    let found = unbound(&chosen, &format!("view:\n name: mail\n view-first: yes\n{CORP}"));
    assert!(keys(&found).contains("10.0.0.9") && keys(&found).contains("x.lan"), "{found}");
    assert!(!keys(&found).contains("192.0.2.9"), "{found}");
}

#[test]
fn ipv4_clients_in_the_form_of_ipv6_are_left_out_and_told() {
    let mapped = "::ffff:10.0.0.0/104";
    let view = format!(
        "view \"in\" {{ match-clients {{ localhost; 10/8; {mapped}; }}; allow-recursion {{ any; }}; {A} }};\n"
    );
    let view = format!(
        "{view}view \"out\" {{ match-clients {{ 192.0.2.0/24; {mapped}; }}; allow-recursion {{ any; }}; }};\n"
    );
    let of_view =
        " access-control-view: ::ffff:10.1.0.0/112 guests\n access-control: ::ffff:127.0.0.1 allow\n";
    for found in [
        named(&format!("options {{ allow-recursion {{ 10/8; {mapped}; }}; }};\n")),
        named(&view),
        unbound(of_view, &format!("view:\n name: \"guests\"\n view-first: yes\n{PUBLIC}")),
    ] {
        assert!(found.contains("in the form of IPv6") && !keys(&found).contains("::ffff"), "{found}");
        assert!(!found.contains("cannot be carried over"), "{found}");
    }
}

/// Unbound looks for a name in the data of the view first; for all others it looks in the zones of `server:`.
#[test]
fn data_of_a_view_of_unbound_below_zones_of_the_server_keep_their_effect() {
    let server = " access-control: 192.168.1.0/24 allow\n access-control-view: 192.168.1.0/24 office\n \
        local-zone: \"ads.net\" always_nxdomain\n \
        local-zone: \"corp.example\" redirect\n local-data: \"corp.example A 10.0.0.80\"\n \
        local-zone: \"host.example\" redirect\n local-data: \"host.example A 10.0.0.81\"\n \
        local-zone: \"lan.example\" always_transparent\n";
    let view = "view:\n name: \"office\"\n view-first: yes\n \
        local-data: \"ok.ads.net A 192.168.1.7\"\n local-data: \"corp.example A 192.168.1.80\"\n \
        local-data: \"a.b.host.example A 192.168.1.81\"\n local-data: \"www.lan.example A 192.168.1.8\"\n";
    let found = unbound(server, view);
    assert!(!found.contains("had no effect"), "{found}");
    let config = keys(&found);
    let of_view = |name: &str| {
        let begin = format!("name = \"{name}\"");
        let mut entries = config
            .split("\n\n")
            .filter(|entry| entry.contains(&begin) && entry.contains("view = \"office\""));
        entries.next().unwrap_or_default().to_owned()
    };
    let ads = of_view("ads.net");
    assert!(ads.contains("ok.ads.net. 3600 IN A 192.168.1.7") && !ads.contains('*'), "{found}");
    let corp = of_view("corp.example");
    for (record, is_there) in [
        ("\"corp.example. 3600 IN A 192.168.1.80\"", true),
        ("\"*.corp.example. 3600 IN A 10.0.0.80\"", true),
        ("\"*.corp.example. 3600 IN A 192.168.1.80\"", false),
        ("\"corp.example. 3600 IN A 10.0.0.80\"", false),
    ] {
        assert_eq!(corp.contains(record), is_there, "{record}: {found}");
    }
    let host = of_view("host.example");
    for record in [
        "\"host.example. 3600 IN A 10.0.0.81\"",
        "\"*.host.example. 3600 IN A 10.0.0.81\"",
        "\"b.host.example. 3600 IN A 10.0.0.81\"",
        "\"*.b.host.example. 3600 IN A 10.0.0.81\"",
        "\"a.b.host.example. 3600 IN A 192.168.1.81\"",
        "\"*.a.b.host.example. 3600 IN A 10.0.0.81\"",
    ] {
        assert!(host.contains(record), "{record}: {found}");
    }
    assert!(!host.contains("\"a.b.host.example. 3600 IN A 10.0.0.81\""), "{found}");
    assert!(of_view("www.lan.example").contains("192.168.1.8"), "{found}");
}
