//! Tests which servers or local data answer the questions for a name (its route), and which cached data a change of the configuration
//! affects.

use std::sync::Arc;

use hickory_proto::rr::{Name, RecordType};

use super::*;
use config::{Config, ConfiguredHost, ConfiguredZone, Forwarder, Listener, ZoneKind};
use dns::stage::name;
use dnsbl::list::Guard;

fn stub(text: &str) -> ConfiguredZone {
    ConfiguredZone {
        name: name(text),
        kind: ZoneKind::Stub(vec!["127.0.0.1:5300".parse().unwrap()]),
        ..ConfiguredZone::default()
    }
}

fn views(zones: Vec<ConfiguredZone>, listeners: Vec<Listener>) -> Views {
    let hosts = vec![ConfiguredHost {
        name: name("printer.lan."),
        addresses: vec!["10.0.0.9".parse().unwrap()],
        view: None,
    }];
    Views::new(&Arc::new(Config { zones, hosts, listeners, ..Config::default() })).unwrap()
}

fn apex(view: &View, text: &str) -> String {
    view.route(&name(text), RecordType::A).zone.to_string()
}

// A [[host]] comes before the zone around it.
#[test]
fn longest_suffix_selects_route() {
    let views = views(vec![stub("corp.example."), stub("mail.corp.example."), stub("lan.")], Vec::new());
    let view = views.of_listener(0).unwrap();
    assert_eq!(apex(view, "a.b.corp.example."), "corp.example.");
    assert_eq!(apex(view, "MX1.mail.CORP.example."), "mail.corp.example.");
    assert_eq!(apex(view, "example."), ".");
    assert_eq!(apex(view, "printer.lan."), "printer.lan.");
    assert_eq!(apex(view, "9.0.0.10.in-addr.arpa."), "9.0.0.10.in-addr.arpa.");
    assert_eq!(view.route(&name("mail.corp.example."), RecordType::DS).zone, name("corp.example."));
}

// A configured zone that covers such a name has precedence (RFC 6303, RFC 6761).
#[test]
fn special_names_are_answered_locally() {
    let plain = views(Vec::new(), Vec::new());
    let view = plain.of_listener(0).unwrap();
    assert_eq!(apex(view, "4.3.2.10.in-addr.arpa."), "10.in-addr.arpa.");
    assert_eq!(apex(view, "www.localhost."), "localhost.");
    assert_eq!(apex(view, "a.onion."), "onion.");
    let inner = views(vec![stub("10.in-addr.arpa."), stub("1.168.192.in-addr.arpa.")], Vec::new());
    let view = inner.of_listener(0).unwrap();
    assert!(matches!(
        view.route(&name("1.2.10.in-addr.arpa."), RecordType::PTR).target,
        RouteTarget::Stub(_)
    ));
    assert_eq!(apex(view, "9.1.168.192.in-addr.arpa."), "1.168.192.in-addr.arpa.");
    assert_eq!(apex(view, "9.2.168.192.in-addr.arpa."), "168.192.in-addr.arpa.");
    let mut all = stub(".");
    all.kind =
        ZoneKind::Forward(vec![Forwarder { address: "10.0.0.1:53".parse().unwrap(), encryption: None }]);
    let all = views(vec![all], Vec::new());
    let view = all.of_listener(0).unwrap();
    assert_eq!(apex(view, "4.3.2.10.in-addr.arpa."), ".");
    assert_eq!(apex(view, "localhost."), "localhost.");
}

// A reload does not build the locally served zones again.
#[test]
fn built_in_zones_are_shared() {
    let (one, next) = (views(Vec::new(), Vec::new()), views(vec![stub("corp.example.")], Vec::new()));
    for apex in super::locally_served().chain(["localhost.".to_owned(), "invalid.".to_owned()]) {
        let zone = |views: &Views| match &views
            .of_listener(0)
            .unwrap()
            .route(&name(&apex), RecordType::SOA)
            .target
        {
            RouteTarget::Local(authority) => Arc::clone(&authority.zones()[0]),
            _ => panic!("{apex} is not local"),
        };
        assert!(Arc::ptr_eq(&zone(&one), &zone(&next)), "{apex} was made twice");
    }
}

#[test]
fn locally_served_key_keeps_private_zones() {
    let forward = |text: &str, locally_served: bool| {
        let forwarder = Forwarder { address: "10.0.0.1:53".parse().unwrap(), encryption: None };
        ConfiguredZone { kind: ZoneKind::Forward(vec![forwarder]), locally_served, ..stub(text) }
    };
    let zones =
        vec![forward(".", true), forward("1.10.in-addr.arpa.", false), forward("100.in-addr.arpa.", false)];
    let kept = views(zones, Vec::new());
    let view = kept.of_listener(0).unwrap();
    for (name, zone) in [
        ("4.3.2.10.in-addr.arpa.", "10.in-addr.arpa."),
        ("4.3.1.10.in-addr.arpa.", "1.10.in-addr.arpa."),
        ("4.3.64.100.in-addr.arpa.", "100.in-addr.arpa."),
        ("8.8.8.8.in-addr.arpa.", "."),
        ("a.home.arpa.", "home.arpa."),
        // `local.` and `test.` are no locally served zones, so the configured root zone answers.
        ("a.local.", "."),
        ("a.test.", "."),
        ("a.onion.", "onion."),
    ] {
        assert_eq!(apex(view, name), zone, "{name}");
    }
    // The closest configured zone decides whether the locally served zones below it remain.
    let inner = views(vec![forward(".", false), forward("in-addr.arpa.", true)], Vec::new());
    let view = inner.of_listener(0).unwrap();
    assert_eq!(apex(view, "4.3.2.10.in-addr.arpa."), "10.in-addr.arpa.");
    assert_eq!(apex(view, "a.home.arpa."), ".");
    for apex in ["10.in-addr.arpa.", "corp.example."] {
        let zones = vec![forward(apex, true)];
        let wrong = Views::new(&Arc::new(Config { zones, ..Config::default() })).unwrap_err();
        assert!(wrong.reason.starts_with("locally_served has no effect"), "{apex}: {wrong}");
    }
}

#[test]
fn listeners_with_equal_zones_share_view() {
    let listener = |zones: Option<Vec<Name>>| Listener {
        addresses: Vec::new(),
        allow: Vec::new(),
        zones,
        dnsbl: Guard::Guard,
        on_refusal: None,
        ..Listener::default()
    };
    let views = views(
        vec![stub("corp.example.")],
        vec![listener(None), listener(Some(Vec::new())), listener(Some(Vec::new()))],
    );
    let of = |place| views.of_listener(place).unwrap();
    assert_eq!(of(0).id, of(1).id);
    assert_eq!(of(2).id, of(3).id);
    assert_ne!(of(0).id, of(2).id);
    assert_ne!(of(0).knows, of(2).knows);
    assert_eq!(apex(of(0), "corp.example."), "corp.example.");
    assert_eq!(apex(of(2), "corp.example."), ".");
    assert!(views.of_listener(4).is_none());
}

fn configured(text: &str) -> Config {
    Config::read_over(Config::default(), &format!("version = 1\n{text}"), std::path::Path::new("/")).unwrap()
}

const OFFICE: &str = "[[view]]\nname = \"office\"\nclients = [\"10.1.0.0/16\"]\n";

// Other clients get the shared zone.
#[test]
fn view_zone_replaces_shared_zone() {
    let zone = |name: &str, more: &str| format!("[[zone]]\nname = \"{name}\"\nrecords = []\n{more}");
    let of_office = "view = \"office\"\n";
    let text = format!(
        "{OFFICE}{}{}{}{}[[view]]\nname = \"guests\"\nclients = [\"10.9.0.0/16\"]\nzones = [\"corp.example\"]\n[[listener]]\naddresses = [\"127.0.0.2:53\"]\nzones = []\n[[host]]\nname = \"printer.lan\"\naddresses = [\"10.0.0.9\"]\n",
        zone("corp.example", of_office),
        zone("corp.example", "max_ttl = \"1h\"\n"),
        zone("office.example", of_office),
        zone("lan", "")
    );
    let views = Views::new(&Arc::new(configured(&text))).unwrap();
    let of =
        |place: usize, client: &str| views.of_clients(place).unwrap().for_client(client.parse().unwrap());
    let (office, guest, other) = (of(0, "10.1.0.1"), of(0, "10.9.0.1"), of(0, "10.2.0.1"));
    let max_ttl = |view: &View| view.route(&name("corp.example."), RecordType::A).policy.max_ttl.as_secs();
    assert_eq!([max_ttl(office), max_ttl(guest), max_ttl(other)], [86_400, 3_600, 3_600]);
    assert_eq!([apex(office, "office.example."), apex(other, "office.example.")], ["office.example.", "."]);
    assert_eq!([apex(office, "a.lan."), apex(guest, "a.lan.")], ["lan.", "."]);
    assert_eq!([apex(office, "printer.lan."), apex(guest, "printer.lan.")], ["printer.lan.", "."]);
    assert!(Arc::ptr_eq(other, views.general().unwrap()));
    // A listener with a list of zones has one view for all clients.
    assert_eq!(apex(of(1, "10.1.0.1"), "office.example."), ".");
}

#[test]
fn reload_keeps_view_with_equal_zones() {
    let before = Views::new(&Arc::new(configured(OFFICE))).unwrap();
    let office = |views: &Views| views.of_clients(0).unwrap().for_client([10, 1, 0, 1].into()).id;
    assert_eq!(office(&before), before.general().unwrap().id);
    let zone = "[[zone]]\nname = \"a\"\nview = \"office\"\nrecords = []\n";
    let own = before.following(&Arc::new(configured(&format!("{OFFICE}{zone}")))).unwrap();
    assert_ne!(office(&own), own.general().unwrap().id);
    assert_eq!(own.general().unwrap().id, before.general().unwrap().id);
    // The `[[view]]` gets other clients and another zone. It keeps its id and its cached data, except the data of the two zones.
    let text = format!("{}{}", OFFICE.replace("10.1.", "10.3."), zone.replace("\"a\"", "\"b\""));
    let moved = Arc::new(configured(&text));
    let later = own.following(&moved).unwrap();
    let in_place = later.of_clients(0).unwrap().for_client([10, 3, 0, 1].into());
    assert_eq!(in_place.id, office(&own));
    assert_eq!(changed(own.config(), &moved), [name("a."), name("b.")]);
    let renamed = Arc::new(configured(&text.replace("office", "guests")));
    let renamed = later.following(&renamed).unwrap();
    assert_ne!(renamed.of_clients(0).unwrap().for_client([10, 3, 0, 1].into()).id, office(&own));
}
