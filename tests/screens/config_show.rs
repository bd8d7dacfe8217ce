//! Tests that the output of `config show` is a configuration file with the same settings.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};
use proptest::prelude::*;

use config::{
    Config, ConfiguredHost, ConfiguredList, ConfiguredRecord, ConfiguredView, ConfiguredWatch,
    ConfiguredZone, Family, Forwarder, Listener, PageReaders, Redact, RootHints, WatchAs, WatchLevel,
    ZoneKind, changes, show,
};
use dns::conduct::{EncryptedProtocol, Encryption};
use dnsbl::list::{Guard, ListSubject, OnRefusal, Purpose, TestEntries, WhenSilent, WhenStale};

fn reread(text: &str) -> Config {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("resolverd.toml");
    std::fs::write(&path, text).unwrap();
    Config::load(Some(&path)).unwrap_or_else(|errors| panic!("{errors}\n{text}"))
}

/// Returns an IPv4 address for an even number, and an IPv6 address for an odd number.
fn address(number: u16) -> IpAddr {
    let [high, low] = number.to_be_bytes();
    if number.is_multiple_of(2) {
        IpAddr::from([10, 0, high, low])
    } else {
        IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 0, number])
    }
}

fn server(number: u16) -> SocketAddr {
    SocketAddr::new(address(number), if number.is_multiple_of(3) { 53 } else { number.max(1) })
}

fn span() -> impl Strategy<Value = Duration> {
    prop_oneof![Just(0), 0_u64..86_400_000].prop_map(Duration::from_millis)
}

fn forwarder(number: u16, secure: bool) -> Forwarder {
    let protocol = match number % 7 {
        2 => EncryptedProtocol::Https("/own".to_owned()),
        _ => EncryptedProtocol::Tls,
    };
    let encryption = Encryption { certificate: "dns.example".to_owned(), protocol };
    Forwarder { address: server(number), encryption: secure.then_some(encryption) }
}

fn numbers() -> impl Strategy<Value = Vec<u16>> {
    proptest::collection::btree_set(any::<u16>(), 1..8).prop_map(|numbers| numbers.into_iter().collect())
}

prop_compose! {
    fn zone(path: std::path::PathBuf)(
        label in "_?[a-z0-9]{1,20}",
        kind in 0_u8..6,
        servers in numbers(),
        secure in any::<bool>(),
        sourced in any::<bool>(),
        max_ttl in proptest::option::of(span()),
        negative_max_ttl in proptest::option::of(span()),
        validate in any::<bool>(),
    ) -> ConfiguredZone {
        let kind = match kind {
            0 => ZoneKind::Forward(servers.iter().map(|number| forwarder(*number, secure)).collect()),
            1 => ZoneKind::Stub(servers.into_iter().map(server).collect()),
            3 => ZoneKind::Recurse,
            4 => ZoneKind::Blocked,
            2 => ZoneKind::Records(vec!["* MX 10 mx".to_owned(), "@ 60 TXT \"\"".to_owned()]),
            _ => ZoneKind::File { path: path.join("zone"), text: "@ SOA a. b. 1 2 3 4 5\n".to_owned() },
        };
        let source = if sourced { vec![address(1), address(2)] } else { Vec::new() };
        let name = Name::from_ascii(format!("{label}.example.")).unwrap();
        let forward_first = sourced && matches!(kind, ZoneKind::Forward(_));
        ConfiguredZone { name, view: None, forward_first, locally_served: secure, kind, source, max_ttl, negative_max_ttl, validate }
    }
}

fn list(number: u8) -> ConfiguredList {
    let bit = |bit: u8| number & bit != 0;
    ConfiguredList {
        name: Name::from_ascii(format!("bl{number}.example.")).unwrap(),
        purpose: Some(if bit(1) { Purpose::Allow } else { Purpose::Block }),
        subjects: Some(if bit(2) {
            vec![ListSubject::Ip4, ListSubject::Ip6]
        } else {
            vec![ListSubject::Hash]
        }),
        listed: bit(4).then(|| vec!["127.255.255.4-127.255.255.9".parse().unwrap()]),
        refused: bit(8).then(|| vec!["127.0.0.1".parse().unwrap()]),
        tests: bit(64).then(|| {
            let point = |text: &str| Name::from_ascii(format!("{text}.bl{number}.example.")).unwrap();
            TestEntries { listed: vec![point("2.0.0.127"), point("test")], unlisted: vec![] }
        }),
        on_refusal: bit(16).then_some(OnRefusal::Pass),
        when_silent: bit(32).then_some(WhenSilent::Nxdomain),
        key: None,
        max_age: bit(8).then(|| Duration::from_secs(7_200)),
        when_stale: bit(8).then_some(WhenStale::Public),
        with_key: bit(16).then(|| Name::from_ascii("dq.example.").unwrap()),
        quota: bit(64).then_some(300_000),
    }
}

prop_compose! {
    fn config(path: std::path::PathBuf)(
        workers in 0_usize..=4,
        mebibytes in 32_u64..10_000,
        spans in (span(), span(), 1_000_u64..9_000),
        families in 0_usize..4,
        (race, qname_minimisation) in any::<(bool, bool)>(),
        (port, ports) in (1_u16.., 1_024_u16..60_000),
        hints in any::<bool>(),
        mut zones in proptest::collection::vec(zone(path.clone()), 0..5),
        hosts in proptest::collection::btree_map("[a-z]{1,9}", numbers(), 0..4),
        listeners in proptest::option::of((numbers(), any::<bool>(), any::<bool>())),
        (allow, deny) in (numbers(), numbers()),
        lists in proptest::collection::btree_set(0_u8..128, 0..4),
    ) -> Config {
        zones.sort_by_key(|zone| zone.name.clone());
        zones.dedup_by_key(|zone| zone.name.clone());
        let mut config = Config::default();
        config.listen.workers = workers;
        config.listen.allow = allow.into_iter().map(|number| address(number).into()).collect();
        config.cache.size = mebibytes << 20;
        config.history.size = [None, Some(0), Some(mebibytes.clamp(1, 1_024) << 20)][workers % 3];
        config.log.queries = race;
        config.dnstap.socket = (!race).then(|| "/run/tap.sock".into());
        config.dnstap.messages.truncate(families.max(1));
        config.dnstap.identity = format!("mx{workers}");
        config.metrics.listen = (workers > 2).then(|| SocketAddr::new(address(port), 9_453));
        config.metrics.page =
            [PageReaders::ControlUsers, PageReaders::Everyone, PageReaders::Nobody][families % 3];
        config.history.redact = [Redact::None, Redact::Client, Redact::Names][families % 3];
        config.history.slow = Duration::from_millis(10 + u64::from(port) % 50_000);
        (config.cache.max_ttl, config.cache.negative_max_ttl) = (spans.0, spans.1);
        config.resolve.deadline = Duration::from_millis(spans.2);
        let known = [Family::Auto, Family::On, Family::Off, Family::On];
        (config.resolve.ipv4, config.resolve.ipv6) = (known[families], known[(families + 1) % 4]);
        config.resolve.deny_servers = deny.into_iter().map(|number| address(number).into()).collect();
        config.resolve.private_addresses = config.listen.allow.iter().filter(|_| hints).copied().collect();
        config.resolve.private_domains = zones.iter().map(|zone| zone.name.clone()).collect();
        (config.resolve.race, config.resolve.upstream_port) = (race, port);
        config.resolve.qname_minimisation = qname_minimisation;
        config.resolve.source_ports = ports..=ports + 1_023;
        if hints {
            let servers = vec![(Name::from_ascii("ns.test.").unwrap(), vec![address(0)])];
            config.resolve.root_hints = RootHints { path: Some(path.join("hints")), servers };
        }
        config.listeners = listeners.into_iter().map(|(numbers, own, some)| Listener {
            addresses: numbers.into_iter().map(|number| SocketAddr::new(address(number), 5_300)).collect(),
            allow: if own { vec!["10.0.0.0/8".parse().unwrap()] } else { Config::default().listen.allow },
            refuse: if some { vec!["10.0.3.0/24".parse().unwrap()] } else { Vec::new() },
            drop: if own { vec!["10.0.4.0/24".parse().unwrap()] } else { Vec::new() },
            zones: some.then(|| zones.iter().map(|zone| zone.name.clone()).collect()),
            dnsbl: if own { Guard::Pass } else { Guard::Guard },
            on_refusal: if some { Some(OnRefusal::Servfail) } else { None },
            ..Listener::default()
        }).collect();
        config.listen.dnsbl = if race { Guard::Guard } else { Guard::Pass };
        config.listen.on_refusal = if qname_minimisation { None } else { Some(OnRefusal::Nxdomain) };
        config.lists = lists.into_iter().map(list).collect();
        config.hosts = hosts.into_iter().map(|(name, numbers)| ConfiguredHost {
            name: Name::from_ascii(format!("{name}.lan.")).unwrap(),
            addresses: numbers.into_iter().map(address).collect(),
            view: race.then(|| "office".to_owned()),
        }).collect();
        config.watches = config.hosts.iter().map(|host| ConfiguredWatch {
            domain: host.name.clone(),
            side: [WatchAs::Both, WatchAs::Sender, WatchAs::Recipient][workers % 3],
            interval: Duration::from_secs(600 + 60 * u64::from(port % 9_000)),
            level: [WatchLevel::Failure, WatchLevel::Warning, WatchLevel::CouldNotTell, WatchLevel::Note][families],
        }).collect();
        if race {
            let names: Vec<Name> = zones.iter().map(|zone| zone.name.clone()).collect();
            let view = |name: &str, clients: &str, zones| {
                ConfiguredView { name: name.to_owned(), clients: vec![clients.parse().unwrap()], zones }
            };
            config.views = vec![
                view("office", "10.1.0.0/16", hints.then_some(names)),
                view("guests", "fd00::/8", hints.then(Vec::new)),
            ];
            let of_view = zones.iter().map(|zone| ConfiguredZone { view: Some("office".to_owned()), ..zone.clone() });
            let of_view: Vec<ConfiguredZone> = of_view.collect();
            zones.extend(of_view);
        }
        config.zones = zones;
        let data = ["\"v=spf1 -all\"", "\"a \\\" quote\""].map(str::to_owned).to_vec();
        let record = |kind| ConfiguredRecord {
            name: Name::from_ascii("of.example.").unwrap(), kind, data: data.clone(), ttl: race.then_some(spans.0), view: race.then(|| "office".to_owned()),
        };
        let kinds = [RecordType::TXT, RecordType::Unknown(99)];
        config.records = kinds.into_iter().filter(|_| hints).map(record).collect();
        config
    }
}

#[test]
fn shown_configuration_reads_back_equal() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("zone"), "@ SOA a. b. 1 2 3 4 5\n").unwrap();
    std::fs::write(directory.path().join("hints"), ". NS ns.test.\nns.test. A 10.0.0.0\n").unwrap();
    let strategy = config(directory.path().to_owned());
    proptest!(|(config in strategy)| {
        for changed in [false, true] {
            let again = reread(&show(&config, changed));
            prop_assert!(changes(&config, &again).is_empty());
            prop_assert_eq!(&again, &config);
        }
    });
}

#[test]
fn changed_option_shows_differences_only() {
    assert_eq!(show(&Config::default(), true), "version = 1\n");
    let mut config = Config::default();
    config.cache.size = 1 << 30;
    config.resolve.ipv6 = Family::Off;
    let forwarders = vec![
        forwarder(3, false),
        forwarder(853, true),
        forwarder(854, true),
        forwarder(443, true),
        forwarder(436, true),
    ];
    config.zones = vec![ConfiguredZone {
        name: Name::from_ascii("corp.example.").unwrap(),
        view: None,
        kind: ZoneKind::Forward(forwarders),
        forward_first: true,
        locally_served: true,
        source: Vec::new(),
        max_ttl: Some(Duration::from_secs(5_400)),
        negative_max_ttl: None,
        validate: true,
    }];
    assert_eq!(
        show(&config, true),
        "version = 1\n\n[cache]\nsize = \"1GiB\"\n\n[resolve]\nipv6 = false\n\n[[zone]]\nname = \"corp.example\"\n\
         forward = [\"fd00::3\", \"tls://fd00::355#dns.example\", \"tls://10.0.3.86:854#dns.example\", \"https://[fd00::1bb]/own#dns.example\", \"https://10.0.1.180:436/own#dns.example\"]\nforward_first = true  # asks the root servers if no forwarder answers\nlocally_served = true  # answers reverse names of private addresses here\nmax_ttl = \"90m\"\n"
    );
}

#[test]
fn shown_keys_match_shipped_file() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("conf/resolverd.toml");
    let shipped: toml::Table = std::fs::read_to_string(shipped).unwrap().parse().unwrap();
    let shown: toml::Table = show(&Config::default(), false).parse().unwrap();
    assert_eq!(shown, shipped);
}
