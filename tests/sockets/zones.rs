//! Zones with configured servers or data: which servers are queried, and which answers resolverd gives itself.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{RData, RecordType};

use config::{Config, ConfiguredHost, ConfiguredRecord, ConfiguredZone, Forwarder, Listener, ZoneKind};
use dnsbl::list::Guard;
use lab::client::LabClient;
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::prelude::ask;
use lab::server::Distance;
use lab::simulation::{Simulation, config_for, paused};
use lab::world::{Lab, ServerPlan};
use stage::{PATIENCE, Stage, name};

const ADDRESS_OF_CORP: [u8; 4] = [10, 1, 1, 1];

/// The public internet, and the private zone `corp.test.` with servers at private addresses, and with a child zone on another server.
fn lab() -> Arc<Lab> {
    let mut tree = Tree::default();
    for (server, address) in [
        ("a.root", [127, 0, 0, 1]),
        ("ns.tld", [127, 0, 0, 2]),
        ("ns1.corp.test", ADDRESS_OF_CORP),
        ("ns2.corp.test", [10, 1, 1, 2]),
        ("ns.sub.corp.test", [10, 1, 1, 3]),
    ] {
        let mut plan = ServerPlan::new(server, vec![address.into()]);
        plan.distance = Distance::steady(Duration::from_millis(20));
        tree.server(plan).unwrap();
    }
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    tree.zone(".", &owned(&["a.root"]), "").unwrap();
    tree.zone(
        "tld.",
        &owned(&["ns.tld"]),
        "www 300 A 10.0.0.1\ninside 300 CNAME host.corp.test.\n\
         outer 300 CNAME app.inner.tld.\napp.inner 300 A 10.0.0.66\ngone 300 CNAME none.inner.tld.\n\
         mailed 300 MX 10 www\nmailed 300 A 10.0.0.2\nmailed 300 AAAA fd00::2\nmailed 300 TXT \"v=spf1 mx -all\"\n\
         host.alias 300 CNAME mailed\n",
    )
    .unwrap();
    let hosts: String = (0..50).map(|number| format!("h{number} 300 A 10.0.1.{number}\n")).collect();
    tree.zone(
        "corp.test.",
        &owned(&["ns1.corp.test", "ns2.corp.test"]),
        &format!("host 300 A 10.0.0.7\n{hosts}"),
    )
    .unwrap();
    tree.zone("sub.corp.test.", &owned(&["ns.sub.corp.test"]), "deep 300 A 10.0.0.8\n").unwrap();
    Arc::new(tree.build().unwrap())
}

fn zone(apex: &str, kind: ZoneKind) -> ConfiguredZone {
    ConfiguredZone { name: name(apex), kind, ..ConfiguredZone::default() }
}

fn stub(apex: &str, addresses: &[[u8; 4]]) -> ConfiguredZone {
    zone(apex, ZoneKind::Stub(addresses.iter().map(|address| SocketAddr::from((*address, 53))).collect()))
}

fn forward(apex: &str, addresses: &[[u8; 4]]) -> ConfiguredZone {
    let forwarder =
        |address: &[u8; 4]| Forwarder { address: SocketAddr::from((*address, 53)), encryption: None };
    zone(apex, ZoneKind::Forward(addresses.iter().map(forwarder).collect()))
}

/// Simulates a resolver with these configured zones. As in the default configuration, servers with private addresses are denied.
fn simulate<Ran: Future>(
    zones: Vec<ConfiguredZone>,
    run: impl FnOnce(Simulation, Arc<Lab>) -> Ran,
) -> Ran::Output {
    paused(async {
        let lab = lab();
        let mut config = config_for(&lab);
        config.resolve.deny_servers = vec!["10.0.0.0/8".parse().unwrap()];
        config.zones = zones;
        run(Simulation::new(Arc::clone(&lab), config, 1), lab).await
    })
}

// Zones below it are followed by their delegations.
#[test]
fn stub_zone_uses_own_servers() {
    simulate(vec![stub("corp.test.", &[ADDRESS_OF_CORP])], async |simulation, lab| {
        assert_eq!(ask(&simulation, "host.corp.test.", RecordType::A).await.message.answers.len(), 1);
        assert_eq!(lab.log().total(), 1, "its server alone");
        assert_eq!(ask(&simulation, "deep.sub.corp.test.", RecordType::A).await.message.answers.len(), 1);
        assert_eq!(lab.log().count("ns.sub.corp.test"), 1);
        assert_eq!(ask(&simulation, "x.sub.corp.test.", RecordType::A).await.message.answers.len(), 0);
        assert_eq!(lab.log().count("ns1.corp.test"), 2, "the cut of the sub-zone is known");
        assert_eq!(lab.log().count("a.root"), 0);
    });
}

#[test]
fn alias_leads_into_stub_zone() {
    simulate(vec![stub("corp.test.", &[ADDRESS_OF_CORP])], async |simulation, lab| {
        let reply = ask(&simulation, "inside.tld.", RecordType::A).await;
        assert_eq!(reply.message.answers.len(), 2);
        assert_eq!(lab.log().count("ns1.corp.test"), 1);
    });
}

// The server of a public alias also answers for names in the stub zone.
#[test]
fn public_answer_for_stub_is_ignored() {
    // The public server of tld. also answers for names in the stub zone `inner.tld.`. These answers must not be used.
    simulate(vec![stub("inner.tld.", &[ADDRESS_OF_CORP])], async |simulation, lab| {
        let reply = ask(&simulation, "outer.tld.", RecordType::A).await;
        assert_eq!(
            lab.log().count("ns1.corp.test"),
            3,
            "REFUSED, also in lower case, and asked once more: {:#?}",
            reply.steps
        );
        assert!(!format!("{:?}", reply.message.answers).contains("10.0.0.66"));
        let now = simulation.clock().mono();
        let held = simulation.resolver().memory().look(&name("app.inner.tld."), None, now);
        assert!(held.is_empty(), "{held:?}");
        let reply = ask(&simulation, "gone.tld.", RecordType::A).await;
        assert_ne!(reply.message.metadata.response_code, ResponseCode::NXDomain);
    });
}

#[test]
fn denied_servers_need_configured_zone() {
    simulate(Vec::new(), async |simulation, lab| {
        assert_eq!(
            ask(&simulation, "host.corp.test.", RecordType::A).await.message.metadata.response_code,
            ResponseCode::NXDomain,
            "test. is a special name"
        );
        assert_eq!(lab.log().total(), 0);
    });
}

#[test]
fn faulty_forwarder_costs_no_answer() {
    for fault in [Fault::Refused, Fault::ServFail, Fault::Dead] {
        let zones = vec![forward("corp.test.", &[ADDRESS_OF_CORP, [10, 1, 1, 2]])];
        simulate(zones, async |simulation, lab| {
            lab.server("ns1.corp.test").unwrap().set_faults(&[fault]);
            let mut times = Vec::new();
            for number in 0..50 {
                let reply = ask(&simulation, &format!("h{number}.corp.test."), RecordType::A).await;
                assert_eq!(reply.message.answers.len(), 1, "{fault:?} {:#?}", reply.steps);
                times.push(reply.elapsed);
            }
            times.sort();
            // The limit is 1.2 times the round trip of the forwarder without faults. Two of the fifty questions may take longer.
            assert!(times[47] <= Duration::from_millis(24), "{fault:?}: {times:?}");
        });
    }
}

#[test]
fn forward_zone_is_not_recursed() {
    simulate(vec![forward("corp.test.", &[[10, 1, 1, 2]])], async |simulation, lab| {
        lab.server("ns2.corp.test").unwrap().set_faults(&[Fault::Refused]);
        let reply = ask(&simulation, "host.corp.test.", RecordType::A).await;
        assert_eq!(reply.message.metadata.response_code, ResponseCode::ServFail);
        assert_eq!(lab.log().count("a.root") + lab.log().count("ns1.corp.test"), 0);
    });
}

#[test]
fn zone_max_ttl_caps_answers() {
    let mut capped = stub("corp.test.", &[ADDRESS_OF_CORP]);
    capped.max_ttl = Some(Duration::from_secs(30));
    simulate(vec![capped], async |simulation, _| {
        assert_eq!(ask(&simulation, "host.corp.test.", RecordType::A).await.message.answers[0].ttl, 30);
    });
}

// Zone files, [[host]] entries and special names cause no query.
#[test]
fn local_data_is_answered_here() {
    let text = "$TTL 600\n@ IN SOA ns host 1 2 3 4 60\n@ IN NS ns\nns IN A 10.0.0.2\nout IN CNAME www.tld.\n";
    let file = ZoneKind::File { path: "corp.zone".into(), text: text.to_owned() };
    paused(async {
        let lab = lab();
        let mut config = config_for(&lab);
        config.zones = vec![zone("corp.test.", file)];
        config.hosts = vec![ConfiguredHost {
            name: name("printer.lan."),
            addresses: vec![[10, 0, 0, 9].into()],
            view: None,
        }];
        let simulation = Simulation::new(Arc::clone(&lab), config, 1);
        for (owner, kind, rcode, answers) in [
            ("ns.corp.test.", RecordType::A, ResponseCode::NoError, 1),
            ("none.corp.test.", RecordType::A, ResponseCode::NXDomain, 0),
            ("printer.lan.", RecordType::A, ResponseCode::NoError, 1),
            ("printer.lan.", RecordType::AAAA, ResponseCode::NoError, 0),
            ("9.0.0.10.in-addr.arpa.", RecordType::PTR, ResponseCode::NoError, 1),
            ("8.0.0.10.in-addr.arpa.", RecordType::PTR, ResponseCode::NXDomain, 0),
            ("localhost.", RecordType::AAAA, ResponseCode::NoError, 1),
            ("1.0.0.127.in-addr.arpa.", RecordType::PTR, ResponseCode::NoError, 1),
            ("a.onion.", RecordType::A, ResponseCode::NXDomain, 0),
        ] {
            let reply = ask(&simulation, owner, kind).await.message;
            assert_eq!(
                (reply.metadata.response_code, reply.answers.len()),
                (rcode, answers),
                "{owner} {kind}"
            );
            assert_eq!(
                reply.authorities.len(),
                usize::from(answers == 0),
                "{owner}: a negative answer has its SOA"
            );
        }
        assert_eq!(lab.log().total(), 0);
        let out = ask(&simulation, "out.corp.test.", RecordType::A).await.message;
        assert!(matches!(out.answers[1].data, RData::A(_)), "the alias leads out into the world");
    });
}

#[test]
fn configured_ptr_replaces_host_reverse_name() {
    paused(async {
        let lab = lab();
        let mut config = config_for(&lab);
        let addresses = vec![[10, 0, 0, 9].into(), [10, 0, 0, 8].into()];
        config.hosts = vec![ConfiguredHost { name: name("mail.lan."), addresses, view: None }];
        config.records = vec![ConfiguredRecord {
            name: name("9.0.0.10.in-addr.arpa."),
            kind: RecordType::PTR,
            data: vec!["out.lan.".to_owned()],
            ttl: None,
            view: None,
        }];
        let simulation = Simulation::new(lab, config, 1);
        for (reverse, named) in
            [("9.0.0.10.in-addr.arpa.", "out.lan."), ("8.0.0.10.in-addr.arpa.", "mail.lan.")]
        {
            let reply = ask(&simulation, reverse, RecordType::PTR).await.message;
            let data: Vec<String> = reply.answers.iter().map(|record| record.data.to_string()).collect();
            assert_eq!(data, [named]);
        }
    });
}

/// Simulates a resolver that has `[[host]]` entries for these names, each with an IPv4 address.
fn with_hosts(hosts: &[&str], run: impl AsyncFnOnce(Simulation, Arc<Lab>)) {
    paused(async {
        let lab = lab();
        let mut config = config_for(&lab);
        let host = |owner: &&str| ConfiguredHost {
            name: name(owner),
            addresses: vec![[10, 0, 0, 9].into()],
            view: None,
        };
        config.hosts = hosts.iter().map(host).collect();
        run(Simulation::new(Arc::clone(&lab), config, 1), lab).await;
    });
}

#[test]
fn host_entry_leaves_other_types() {
    with_hosts(&["mailed.tld.", "host.alias.tld."], async |simulation, lab| {
        let address = ask(&simulation, "mailed.tld.", RecordType::A).await.message;
        assert_eq!(address.answers[0].data.ip_addr().unwrap().to_string(), "10.0.0.9");
        let six = ask(&simulation, "mailed.tld.", RecordType::AAAA).await.message;
        assert_eq!((six.answers.len(), six.authorities.len()), (0, 1), "addresses are the host's alone");
        assert_eq!(lab.log().total(), 0);
        for kind in [RecordType::MX, RecordType::TXT] {
            let reply = ask(&simulation, "mailed.tld.", kind).await.message;
            assert_eq!(reply.answers.len(), 1, "{kind}");
            assert_eq!(reply.answers[0].record_type(), kind);
        }
        let nothing = ask(&simulation, "mailed.tld.", RecordType::SRV).await.message;
        assert_eq!((nothing.metadata.response_code, nothing.answers.len()), (ResponseCode::NoError, 0));
        let any = ask(&simulation, "mailed.tld.", RecordType::ANY).await.message;
        assert_eq!(any.answers[0].record_type(), RecordType::A);
        // On the internet, host.alias.tld. is an alias. Its `[[host]]` entry answers only questions for addresses, so other questions
        // follow the alias.
        let alias = ask(&simulation, "host.alias.tld.", RecordType::A).await.message;
        assert_eq!(alias.answers[0].data.ip_addr().unwrap().to_string(), "10.0.0.9");
        let alias = ask(&simulation, "host.alias.tld.", RecordType::MX).await.message;
        assert_eq!(alias.answers.len(), 2, "{alias}");
    });
}

#[test]
fn unknown_host_name_exists_for_types() {
    with_hosts(&["printer.lan.", "none.tld."], async |simulation, _| {
        let kinds = [RecordType::MX, RecordType::TXT, RecordType::A, RecordType::MX];
        for (owner, kind) in kinds.iter().flat_map(|kind| [("printer.lan.", *kind), ("none.tld.", *kind)]) {
            let reply = ask(&simulation, owner, kind).await.message;
            let wanted = usize::from(kind == RecordType::A);
            assert_eq!(
                (reply.metadata.response_code, reply.answers.len()),
                (ResponseCode::NoError, wanted),
                "{owner} {kind}: mail is sent to its address"
            );
        }
        for (owner, rcode) in
            [("below.none.tld.", ResponseCode::NXDomain), ("gone.tld.", ResponseCode::NXDomain)]
        {
            let reply = ask(&simulation, owner, RecordType::MX).await.message;
            assert_eq!(reply.metadata.response_code, rcode, "{owner}");
        }
        let reverse = ask(&simulation, "9.0.0.10.in-addr.arpa.", RecordType::TXT).await.message;
        assert_eq!(reverse.metadata.response_code, ResponseCode::NoError);
    });
}

/// A name above configured names exists even if it has no records (RFC 8020).
#[test]
fn configured_empty_non_terminal_exists() {
    paused(async {
        let lab = lab();
        let mut config = config_for(&lab);
        let empty = |apex| zone(apex, ZoneKind::Records(Vec::new()));
        let records = ZoneKind::Records(vec!["@ A 10.0.0.4".to_owned()]);
        config.zones = vec![
            empty("corp.lan."),
            zone("app.own.corp.lan.", records),
            empty("ads.blocked.corp.lan."),
            stub("ad.stub.corp.lan.", &[ADDRESS_OF_CORP]),
        ];
        let host =
            |owner| ConfiguredHost { name: name(owner), addresses: vec![[10, 0, 0, 9].into()], view: None };
        config.hosts = vec![host("a.b.host.corp.lan."), host("a.none.tld.")];
        config.records = vec![ConfiguredRecord {
            name: name("_dmarc.mail.corp.lan."),
            kind: RecordType::TXT,
            data: vec!["x".to_owned()],
            ttl: None,
            view: None,
        }];
        let simulation = Simulation::new(Arc::clone(&lab), config, 1);
        for (owner, rcode) in [
            ("b.host.corp.lan.", ResponseCode::NoError),
            ("host.corp.lan.", ResponseCode::NoError),
            ("mail.corp.lan.", ResponseCode::NoError),
            // As in Unbound and BIND, the names above a `[[zone]]` do not exist because of it.
            ("own.corp.lan.", ResponseCode::NXDomain),
            ("stub.corp.lan.", ResponseCode::NXDomain),
            ("none.tld.", ResponseCode::NoError),
            ("0.0.10.in-addr.arpa.", ResponseCode::NoError),
            ("blocked.corp.lan.", ResponseCode::NXDomain),
            ("c.host.corp.lan.", ResponseCode::NXDomain),
            ("other.tld.", ResponseCode::NXDomain),
        ] {
            for kind in [RecordType::A, RecordType::MX] {
                let reply = ask(&simulation, owner, kind).await.message;
                assert_eq!((reply.metadata.response_code, reply.answers.len()), (rcode, 0), "{owner} {kind}");
                assert!(rcode == ResponseCode::NXDomain || !reply.authorities.is_empty(), "{owner}: a SOA");
            }
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_have_own_clients_and_zones() {
    let stage = Stage::set("www 300 A 10.0.0.1\n", |config| {
        config.zones = vec![zone(
            "www.tld.",
            ZoneKind::File {
                path: "www.zone".into(),
                text: "$TTL 60\n@ IN SOA @ @ 1 2 3 4 5\n@ IN NS @\n@ IN A 10.9.9.9\n".to_owned(),
            },
        )];
        config.listeners = vec![Listener {
            addresses: vec!["127.0.0.2:0".parse().unwrap()],
            allow: vec!["127.0.0.0/8".parse().unwrap()],
            zones: Some(Vec::new()),
            dnsbl: Guard::Guard,
            on_refusal: None,
            ..Listener::default()
        }];
    })
    .await;
    let address = |reply: hickory_proto::op::Message| reply.answers[0].data.ip_addr().unwrap().to_string();
    let [inside, outside] = stage.daemon.addresses()[..] else { panic!("two listeners") };
    for _ in ["cold", "from memory"] {
        let ask = async |server| {
            LabClient::new(server, PATIENCE).ask(&name("www.tld."), RecordType::A).await.unwrap()
        };
        assert_eq!(address(ask(inside).await), "10.9.9.9");
        assert_eq!(address(ask(outside).await), "10.0.0.1");
    }
    stage.daemon.stop().await;
}

fn with_host(base: &Config, last: u8) -> Config {
    let mut config = base.clone();
    config.hosts = vec![ConfiguredHost {
        name: name("printer.lan."),
        addresses: vec![[10, 0, 0, last].into()],
        view: None,
    }];
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn reloads_under_load_answer_everything() {
    let mut base = Config::default();
    let stage = Stage::set("www 300 A 10.0.0.1\n", |config| base = config.clone()).await;
    base.listen.addresses = vec!["127.0.0.1:0".parse().unwrap()];
    let client = stage.client();
    let asking = tokio::spawn(async move {
        let mut answered = 0;
        for number in 0..3_000_u32 {
            // Every third question is for a new name.
            let owner = if number % 3 == 0 { format!("n{number}.tld.") } else { "www.tld.".to_owned() };
            client.ask_datagram(&name(&owner), RecordType::A).await.unwrap();
            answered += 1;
        }
        answered
    });
    for round in 0..1_000_u32 {
        let mut config = with_host(&base, (round % 200) as u8);
        if round % 2 == 0 {
            // Every second reload adds this listen address, and the next one removes it.
            config.listen.addresses.push("127.0.0.3:0".parse().unwrap());
        }
        stage.daemon.apply(config).await.unwrap();
    }
    assert_eq!(asking.await.unwrap(), 3_000);
    assert_eq!(stage.daemon.addresses(), [stage.address], "the address that stayed kept its port");
    let reply = stage.client().ask(&name("printer.lan."), RecordType::A).await.unwrap();
    assert_eq!(reply.answers[0].data.ip_addr().unwrap().to_string(), "10.0.0.199");
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_served_changes_nothing() {
    let mut base = Config::default();
    let stage = Stage::set("www 300 A 10.0.0.1\n", |config| base = config.clone()).await;
    let mut broken = with_host(&base, 1);
    broken.zones = vec![zone(
        "corp.test.",
        ZoneKind::File { path: "corp.zone".into(), text: "@ IN A ten\n".to_owned() },
    )];
    let said = stage.daemon.apply(broken).await.unwrap_err().to_string();
    assert!(said.contains("corp.test.") && said.contains("corp.zone"), "{said}");
    let held = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut taken = with_host(&base, 1);
    taken.listen.addresses.push(held.local_addr().unwrap());
    let said = stage.daemon.apply(taken).await.unwrap_err().to_string();
    assert!(said.contains("another program uses it"), "{said}");
    let reply = stage.client().ask(&name("printer.lan."), RecordType::A).await.unwrap();
    assert_eq!(reply.metadata.response_code, ResponseCode::NXDomain, "the host of neither has come in");
    stage.daemon.stop().await;
}

/// Returns a private zone that resolverd serves itself.
fn here(apex: &str) -> ConfiguredZone {
    let text = "$TTL 60\n@ IN SOA @ @ 1 2 3 4 5\n@ IN NS @\nhost IN A 10.9.9.9\n".to_owned();
    zone(apex, ZoneKind::File { path: "here.zone".into(), text })
}

/// Returns a listener at 127.0.0.`last` whose clients see these zones.
fn listener(last: u8, sees: &[&str]) -> Listener {
    Listener {
        addresses: vec![SocketAddr::from(([127, 0, 0, last], 0))],
        allow: vec!["127.0.0.0/8".parse().unwrap()],
        zones: Some(sees.iter().map(|apex| name(apex)).collect()),
        dnsbl: Guard::Guard,
        on_refusal: None,
        ..Listener::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_reloads_keep_listener_zones() {
    const ONE: &str = "one.corp.";
    const OTHER: &str = "other.corp.";
    let mut base = Config::default();
    let stage = Stage::set("", |config| {
        config.zones = vec![here(ONE), here(OTHER)];
        config.listeners = vec![listener(2, &[ONE]), listener(3, &[OTHER])];
        base = config.clone();
    })
    .await;
    let held = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let before = stage.daemon.addresses();
    let at =
        |last: u8| *before.iter().find(|address| address.ip() == IpAddr::from([127, 0, 0, last])).unwrap();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut asking = tokio::task::JoinSet::new();
    for (address, own, others) in [(at(2), ONE, OTHER), (at(3), OTHER, ONE)] {
        let stopped = stopped.clone();
        asking.spawn(async move {
            let client = LabClient::new(address, PATIENCE);
            while !*stopped.borrow() {
                for (apex, code) in [(own, ResponseCode::NoError), (others, ResponseCode::NXDomain)] {
                    let reply = client.ask(&name(&format!("host.{apex}")), RecordType::A).await.unwrap();
                    assert_eq!(reply.metadata.response_code, code, "{apex} at {address}");
                }
            }
        });
    }
    for round in 0..200 {
        let mut config = base.clone();
        let refused = match round % 4 {
            0 => {
                config.listeners.reverse();
                false
            }
            1 => {
                config.listeners.insert(0, listener(4, &[ONE, OTHER]));
                false
            }
            2 => {
                // The last listen address is in use by another socket, so the reload must fail and change nothing.
                config.listeners = vec![listener(2, &[OTHER]), listener(3, &[ONE]), listener(5, &[])];
                config.listen.addresses.push(held.local_addr().unwrap());
                true
            }
            _ => false,
        };
        assert_eq!(stage.daemon.apply(config).await.is_err(), refused, "round {round}");
    }
    stop.send_replace(true);
    while let Some(asked) = asking.join_next().await {
        asked.unwrap();
    }
    assert_eq!(stage.daemon.addresses(), before, "what stayed kept its sockets");
    stage.daemon.stop().await;
}
