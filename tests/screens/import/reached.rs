//! Imports of files in which the defaults of the other resolver decide which clients are allowed and which zones they see. The import keeps
//! their effect, or reports the difference.

use super::{imported, keys, weight};

const ZONE: &str = "@ 300 SOA a. b. 1 2 3 4 5\n@ NS a.\n";
const CORP: &str = "zone \"corp.lan\" { type primary; file \"a.zone\"; };\n";
const OWN_HOST: &str = "listen-on { 127.0.0.1; }; listen-on-v6 { none; };";

fn named(text: &str) -> String {
    imported("named", &[("named.conf", text), ("a.zone", ZONE)])
}

fn unbound(text: &str) -> String {
    imported("unbound", &[("unbound.conf", text)])
}

// A client must be in allow-query-cache and in allow-recursion.
#[test]
fn bind_query_and_recursion_lists_intersect() {
    let recursion = "allow-recursion { 127.0.0.1; 10.1.0.0/16; 10.2.0.0/16; };";
    let found =
        named(&format!("options {{ allow-query-cache {{ 127.0.0.1; 10.1.0.0/16; }}; {recursion} }};\n"));
    assert!(keys(&found).contains("allow = [\"127.0.0.1/32\", \"10.1.0.0/16\"]"), "{found}");
    let found = named("options { allow-query-cache { 10.0.0.0/8; }; allow-recursion { 10.1.0.0/16; }; };\n");
    assert!(keys(&found).contains("allow = [\"10.1.0.0/16\"]"), "{found}");
    assert!(found.contains("answered more clients from its cache"), "{found}");
    // If `allow-recursion` or `allow-query-cache` is set, BIND uses it for both. It uses `allow-query` only if neither is set.
    let queries = "allow-query { 127.0.0.1; };";
    for lists in ["allow-recursion { 10.2.0.0/16; };", "allow-query-cache { 10.2.0.0/16; };"] {
        let found = named(&format!("options {{ {queries} {lists} }};\n"));
        assert!(keys(&found).contains("allow = [\"10.2.0.0/16\"]"), "{found}");
    }
    let found = named(&format!("options {{ {queries} }};\n"));
    assert!(keys(&found).contains("allow = [\"127.0.0.1/32\"]"), "{found}");
}

#[test]
fn differing_zone_clients_are_reported() {
    let wider = "had an answer for more clients than those that names were resolved for";
    let recursion = "allow-recursion { 127.0.0.1; 10.2.0.0/16; };";
    let found = named(&format!("options {{ {recursion} }};\n{CORP}"));
    assert!(found.contains("zone corp.lan") && found.contains(wider), "{found}");
    // There is no finding: no other host can query the zone, there is no zone, or all clients of the zone may also use recursion.
    for quiet in [
        named(&format!("options {{ {OWN_HOST} {recursion} }};\n{CORP}")),
        named(&format!("options {{ {recursion} }};\n")),
        named(&format!("options {{ allow-query {{ 10.2.0.0/16; }}; {recursion} }};\n{CORP}")),
    ] {
        assert!(!quiet.contains(wider), "{quiet}");
    }
    let found =
        named(&format!("options {{ {OWN_HOST} allow-query {{ 127.0.0.1; }}; {recursion} }};\n{CORP}"));
    assert!(found.contains("kept its own zones from some of the clients"), "{found}");
    let found = named(&format!("options {{ allow-query {{ any; }}; {recursion} }};\n"));
    assert!(found.contains("chose the clients of zones without a list of their own"), "{found}");
}

// Later elements decide about a client that a nested list denies.
#[test]
fn nested_acl_denial_is_not_final() {
    let found = named(
        "acl inner { !10.2.0.1; 10.0.0.0/8; };\noptions { allow-recursion { inner; 127.0.0.1; 10.2.0.1; }; };\n",
    );
    assert!(keys(&found).contains("allow = [\"10.0.0.0/8\", \"127.0.0.1/32\"]"), "{found}");
    assert!(!keys(&found).contains("refuse") && !found.contains("had no effect"), "{found}");
}

// The view does not answer this host.
#[test]
fn view_without_host_is_reported() {
    let found = named(&format!("view \"lan\" {{ match-clients {{ 10.2.0.0/16; }}; {CORP} }};\n"));
    assert!(found.contains("add 127.0.0.0/8 and ::1 to listen.allow"), "{found}");
    assert!(!found.contains("answered this host"), "{found}");
}

#[test]
fn bind_forwarders_precede_stub_servers() {
    let forwarders = "options { forward only; forwarders { 10.77.0.1; }; };\n";
    let zone = |more: &str| {
        format!("zone \"sec.lan\" {{ type static-stub; server-addresses {{ 10.77.0.2; }}; {more} }};\n")
    };
    let found = named(&format!("{forwarders}{}", zone("")));
    assert!(!keys(&found).contains("10.77.0.2") && found.contains("named asked these first"), "{found}");
    let found = named(&format!("{forwarders}{}", zone("forwarders { };")));
    assert!(
        keys(&found).contains("stub = [\"10.77.0.2:53\"]") || keys(&found).contains("stub = [\"10.77.0.2\"]"),
        "{found}"
    );
    let found = named(&zone("forwarders { 10.77.0.3; };"));
    assert!(keys(&found).contains("forward = [\"10.77.0.3\"]"), "{found}");
    let lan = "zone \"lan\" { type forward; forwarders { 10.77.0.4; }; };\n";
    let found = named(&format!("{lan}{}", zone("")));
    assert!(!keys(&found).contains("10.77.0.2"), "{found}");
}

// The lists are localhost and localnets.
#[test]
fn bind_builtin_lists_get_known_addresses() {
    // `localhost` stands for every address of this host, and `localnets` for every network of its interfaces.
    let found = named(
        "options { listen-on { 127.0.0.1; 10.0.0.25; }; listen-on-v6 { none; }; allow-recursion { localhost; 10.2.0.0/16; }; };\n",
    );
    assert!(
        keys(&found).contains("allow = [\"127.0.0.0/8\", \"::1/128\", \"10.0.0.25/32\", \"10.2.0.0/16\"]"),
        "{found}"
    );
    assert!(!found.contains("\"dangerous\""), "{found}");
    let found = named("options {\n  allow-recursion { localhost; 10.2.0.0/16; }; };\n");
    assert!(
        found.contains("stood for all addresses of this host") && found.contains("named.conf:2\"")
            || found.contains("\"line\":2"),
        "{found}"
    );
    let found =
        named("acl own { localhost; };\noptions { listen-on { own; }; allow-recursion { 10/8; }; };\n");
    assert!(keys(&found).contains("addresses = [\"0.0.0.0:53\", \"[::]:53\"]"), "{found}");
    assert!(!found.contains("add their prefixes to listen.allow"), "{found}");
    // The named.conf of Red Hat's package.
    let found = named(
        "options { listen-on port 53 { 127.0.0.1; }; listen-on-v6 port 53 { ::1; }; allow-query { localhost; }; };\n",
    );
    assert!(!found.contains("\"dangerous\""), "{found}");
    // Without a list of clients, named answers the networks of this host's interfaces.
    let found = named("options { listen-on { 127.0.0.1; 10.0.0.25; }; listen-on-v6 { none; }; };\n");
    assert!(keys(&found).contains("allow = [\"127.0.0.0/8\", \"::1/128\", \"10.0.0.25/32\"]"), "{found}");
    assert!(found.contains("as no allow-recursion names others"), "{found}");
    // The list in `listen-on` may contain named lists (`acl`) and nested lists.
    for (acl, listed) in [
        ("acl lan { 10.0.0.25; 127.0.0.1; };", "lan;"),
        ("acl lan { inner; };\nacl inner { 10.0.0.25; };", "127.0.0.1; lan;"),
        ("", "{ 10.0.0.25; 127.0.0.1; };"),
    ] {
        let text = format!("{acl}\noptions {{ listen-on {{ {listed} }}; listen-on-v6 {{ none; }}; }};\n");
        let found = named(&text);
        let allowed = "allow = [\"127.0.0.0/8\", \"::1/128\", \"10.0.0.25/32\"]";
        assert!(keys(&found).contains(allowed), "{text}: {found}");
        assert!(found.contains("as no allow-recursion names others"), "{text}: {found}");
    }
}

#[test]
fn blackhole_of_bind_chooses_no_clients() {
    let own_nets = "listen-on { 127.0.0.1; 192.0.2.1; }; listen-on-v6 { none; };";
    let own = "allow = [\"127.0.0.0/8\", \"::1/128\", \"192.0.2.1/32\"]";
    for (blackhole, drop) in [
        ("", None),
        ("blackhole { none; };", None),
        ("blackhole { 10.6.6.6; };", Some("drop = [\"10.6.6.6/32\"]")),
    ] {
        let found = named(&format!("options {{ {own_nets} {blackhole} }};\n"));
        assert!(keys(&found).contains(own), "{blackhole}: {found}");
        assert!(found.contains("as no allow-recursion names others"), "{blackhole}: {found}");
        assert_eq!(keys(&found).lines().find(|line| line.starts_with("drop")), drop, "{blackhole}: {found}");
    }
    // Only this host is allowed, because no list selects the clients.
    let found = named("options { blackhole { 10.6.6.6; }; };\n");
    assert!(keys(&found).contains("drop = [\"10.6.6.6/32\"]"), "{found}");
    assert!(!keys(&found).contains("192.0.2.1") && !found.contains("\"dangerous\""), "{found}");
    // Clients in `blackhole` got no answers, not even from named's own zones.
    let found = named(&format!("options {{ allow-query {{ 10/8; }}; blackhole {{ 10.6.6.6; }}; }};\n{CORP}"));
    assert!(!found.contains("had an answer for more clients"), "{found}");
}

#[test]
fn blackhole_does_not_select_view() {
    let of = |blackhole: &str| {
        named(&format!(
            "options {{ {OWN_HOST} blackhole {{ {blackhole} }}; }};\nview \"in\" {{ match-clients {{ localhost; 10.1.0.0/16; }}; {CORP} }};\n"
        ))
    };
    let told = "resolved names for those of its clients that are in networks of this host's interfaces";
    let found = of("none;");
    assert!(found.contains(told) && !found.contains("blackhole"), "{found}");
    assert!(keys(&found).contains("\"10.1.0.0/16\"") && !keys(&found).contains("drop"), "{found}");
    let found = of("10.1.6.6;");
    assert!(found.contains(told) && !found.contains("blackhole"), "{found}");
    assert!(keys(&found).contains("drop = [\"10.1.6.6/32\"]") && !keys(&found).contains("refuse"), "{found}");
}

#[test]
fn blackhole_exceptions_are_kept() {
    let of = |clients: &str, blackhole: &str| {
        let found =
            named(&format!("options {{ allow-recursion {{ {clients} }}; blackhole {{ {blackhole} }}; }};\n"));
        let lists: Vec<String> = keys(&found)
            .lines()
            .filter(|line| ["allow = ", "refuse = ", "drop = "].iter().any(|key| line.starts_with(key)))
            .map(|line| line.replace('"', ""))
            .collect();
        (lists.join("; "), found.contains("exempted "), found)
    };
    for (clients, blackhole, lists, is_told) in [
        (
            "any;",
            "!203.0.113.7; 203.0.113.0/24;",
            "allow = [0.0.0.0/0, ::/0, 203.0.113.7/32]; drop = [203.0.113.0/24]",
            false,
        ),
        (
            "10.0.0.0/8;",
            "!203.0.113.7; 203.0.113.0/24;",
            "allow = [10.0.0.0/8]; refuse = [203.0.113.7/32]; drop = [203.0.113.0/24]",
            true,
        ),
        (
            "!203.0.113.7; any;",
            "!203.0.113.7; 203.0.113.0/24;",
            "allow = [0.0.0.0/0, ::/0]; refuse = [203.0.113.7/32]; drop = [203.0.113.0/24]",
            false,
        ),
        // `!` exempts a client from `blackhole`. Here it has no effect, because no prefix contains this client.
        (
            "10.0.0.0/8;",
            "!192.0.2.7; 203.0.113.0/24;",
            "allow = [10.0.0.0/8]; drop = [203.0.113.0/24]",
            false,
        ),
        ("10.0.0.0/8;", "!203.0.113.7; none;", "allow = [10.0.0.0/8]", false),
        // The first prefix of the clients is inside the prefix in `blackhole`.
        ("10.1.0.0/16; 192.0.2.0/24;", "10.0.0.0/8;", "allow = [192.0.2.0/24]; drop = [10.0.0.0/8]", false),
    ] {
        let (found, told, text) = of(clients, blackhole);
        assert_eq!((found.as_str(), told), (lists, is_told), "{clients} {blackhole}: {text}");
    }
    let (.., found) = of("10.0.0.0/8;", "!203.0.113.7; 203.0.113.0/24;");
    assert!(
        found.contains("exempted 203.0.113.7/32 from blackhole") && found.contains("\"dangerous\""),
        "{found}"
    );
}

// An access-control-tag alone makes Unbound answer the network.
#[test]
fn tagged_unbound_network_is_allowed() {
    let found = unbound("server:\n define-tag: \"a\"\n access-control-tag: 0.0.0.0/0 \"a\"\n");
    assert!(keys(&found).contains("\"0.0.0.0/0\"") && found.contains("answered every client"), "{found}");
}

// resolverd answers NODATA for the own name of the zone, and not NXDOMAIN.
#[test]
fn empty_unbound_zone_name_is_reported() {
    let found = unbound(
        "server:\n local-zone: \"ads.example.\" always_nxdomain\n local-zone: \"bad.example.\" static\n",
    );
    assert!(found.contains("does not exist (NXDOMAIN); so did bad.example."), "{found}");
    let found =
        unbound("server:\n local-zone: \"a.example.\" static\n local-data: \"a.example. A 10.0.0.1\"\n");
    assert!(!found.contains("(NXDOMAIN)"), "{found}");
}

// An element `none` in a list of BIND matches no client.
#[test]
fn clients_behind_none_are_refused() {
    for (clients, expected) in [
        ("10.1.1.1; none; 10.2.0.0/16;", "allow = [\"10.1.1.1/32\"]"),
        ("10.1.1.1; !none;", "allow = [\"10.1.1.1/32\", \"0.0.0.0/0\", \"::/0\"]"),
        ("nobody; 10.2.0.0/16;", "allow = [\"10.2.0.0/16\"]"),
    ] {
        let found =
            named(&format!("acl nobody {{ none; }};\noptions {{ allow-recursion {{ {clients} }}; }};\n"));
        assert!(keys(&found).contains(expected), "{clients}: {found}");
    }
    let found = named("options { listen-on-v6 { none; }; allow-recursion { none; 10.1.1.1; }; };\n");
    assert!(!keys(&found).contains("10.1.1.1") && !found.contains("did not listen"), "{found}");
}

#[test]
fn restricted_static_stub_is_reported() {
    let of = |zone: &str| {
        named(&format!(
            "options {{ {OWN_HOST} allow-query {{ 127.0.0.1; 10.1.0.0/16; }}; allow-recursion {{ 10.0.0.0/8; 127.0.0.1; }}; }};\n{zone}"
        ))
    };
    let told = "kept its own zones from some of the clients";
    assert!(of("zone \"st.lan\" { type static-stub; server-addresses { 10.0.0.10; }; };\n").contains(told));
    assert!(!of("zone \"fw.lan\" { type forward; forwarders { 10.0.0.10; }; };\n").contains(told));
}

#[test]
fn times_of_bind_may_have_units() {
    let found = named(
        "options { max-cache-ttl 10m; max-ncache-ttl 1h30m; stale-answer-enable yes; max-stale-ttl 2h; };\n",
    );
    for key in ["max_ttl = \"10m\"", "negative_max_ttl = \"90m\"", "serve_stale = \"2h\""] {
        assert!(keys(&found).contains(key), "{key}: {found}");
    }
}

// The other resolver did not answer the programs of this host.
#[test]
fn refused_host_is_reported() {
    let told = "refused or dropped the queries of this host";
    let found = unbound("server:\n access-control: 127.0.0.0/8 refuse\n access-control: 10.0.0.0/8 allow\n");
    assert!(found.contains(told), "{found}");
    let found = unbound("server:\n access-control: 0.0.0.0/0 refuse\n access-control: 10.0.0.0/8 allow\n");
    assert!(!found.contains(told), "{found}");
}

#[test]
fn each_refused_loopback_is_reported() {
    let told = "refused or dropped the queries of this host";
    let of = |rules: &str| unbound(&format!("server:\n{rules}"));
    let found = of(" access-control: ::1 refuse\n access-control: 10.0.0.0/8 allow\n");
    assert_eq!(weight(&found, told), "different", "{found}");
    assert!(found.contains(&format!("{told} (::1/128)")), "{found}");
    let found = of(
        " access-control: 127.0.0.0/8 refuse\n access-control: ::1 deny\n access-control: 10.0.0.0/8 allow\n",
    );
    assert_eq!(weight(&found, told), "dangerous", "{found}");
    assert!(found.contains(&format!("{told} (127.0.0.0/8 and ::1/128)")), "{found}");
    let found = of(" interface: 127.0.0.1\n access-control: ::1 refuse\n access-control: 10.0.0.0/8 allow\n");
    assert!(!found.contains(told), "nobody asks it: {found}");
}

/// With `interface`, dnsmasq listens at the loopback addresses too, whatever the order of the lines.
#[test]
fn dnsmasq_interface_keeps_loopback_addresses() {
    let addresses = "addresses = [\"10.0.0.5:53\", \"127.0.0.1:53\", \"[::1]:53\"]";
    for typed in ["listen-address=10.0.0.5\ninterface=eth0\n", "interface=eth0\nlisten-address=10.0.0.5\n"] {
        let found = imported("dnsmasq", &[("dnsmasq.conf", typed)]);
        assert!(keys(&found).contains(addresses), "{typed}: {found}");
    }
}

#[test]
fn disabled_unbound_settings_are_reported_off() {
    for (typed, did, instead, wanted) in [
        (
            "tls-use-sni: no",
            "without the name of the server in the first message (SNI)",
            "resolverd sends the name",
            "different",
        ),
        ("tls-use-sni: yes", "named the server in TLS", "resolverd always does", "unneeded"),
        ("prefer-ip6: no", "turned it off", "resolverd prefers the fastest server", "unneeded"),
        ("ratelimit: 0", "turned it off", "resolverd gives each zone a share of its work", "unneeded"),
        ("tcp-upstream: no", "turned it off", "resolverd has no such part", "unneeded"),
    ] {
        let found = unbound(&format!("server:\n {typed}\n"));
        assert_eq!(weight(&found, did), wanted, "{typed}: {found}");
        assert!(found.contains(instead), "{typed}: {found}");
    }
}
