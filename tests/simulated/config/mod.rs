//! Configuration files are loaded, and the error messages are compared.

mod errors;
mod ranges;

use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use hickory_proto::rr::Name;
use tempfile::TempDir;

use config::{Config, ConfiguredHost, Family, Forwarder, ZoneKind};
use dns::conduct::{EncryptedProtocol, Encryption};
use lab::prelude::name;

fn file(text: &str) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("resolverd.toml");
    std::fs::write(&path, text).unwrap();
    (directory, path)
}

fn load(text: &str) -> Result<Config, String> {
    let (_directory, path) = file(text);
    Config::load(Some(&path)).map_err(|errors| {
        let here = format!("{}: ", path.display());
        errors.to_string().lines().map(|line| line.strip_prefix(&here).unwrap().to_owned() + "\n").collect()
    })
}

/// Returns the only error message. `text` begins in line 2, after `version = 1`.
fn complaint(text: &str) -> String {
    load(&format!("version = 1\n{text}")).unwrap_err().trim_end().to_owned()
}

#[test]
fn the_shipped_file_says_the_defaults() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("conf/resolverd.toml");
    assert_eq!(Config::load(Some(&shipped)).unwrap(), Config::default());
}

#[test]
fn version_alone_is_default_configuration() {
    assert_eq!(load("version = 1\n").unwrap(), Config::default());
    assert_eq!(load("").unwrap_err(), "line 1: version is missing; write `version = 1` at the top\n");
    assert_eq!(
        load("version = \"v1\"").unwrap_err(),
        "line 1: version is not a supported version; write `version = 1`\n"
    );
}

#[test]
fn a_named_file_must_exist() {
    let errors = Config::load(Some(Path::new("/nowhere/resolverd.toml"))).unwrap_err().to_string();
    assert!(errors.starts_with("/nowhere/resolverd.toml: cannot be read: "), "{errors}");
}

#[test]
fn every_key_does_something() {
    let (directory, path) = file(
        "version = 1\nlisten.workers = 3\nlisten.allow = [\"10.1.2.3/8\", \"10.0.0.1\"]\n[resolve]\nroot_hints = \"hints\"\nipv4 = true\nipv6 = false\nrace = false\n\
         qname_minimisation = false\nprivate_addresses = [\"10.1.2.3/8\"]\nprivate_domains = [\"Corp.example\"]\ndeny_servers = []\nupstream_port = 5353\nsource_ports = \"20000 - 29999\"\ndeadline = \"2500ms\"\n[cache]\nsize = \"64MiB\"\nmax_ttl = \"2h\"\n\
         negative_max_ttl = \"5m\"\nserve_stale = \"0s\"\nprefetch = false\n[dnssec]\nvalidate = false\ntrust_anchor = \"anchors\"\nupdate_trust_anchors = false\nnegative_trust_anchors = [\"broken.example\"]\nsha1 = true\n\
         [control]\nsocket = \"/run/r.sock\"\n[metrics]\nlisten = \"[::1]:9453\"\n[dnstap]\nsocket = \"/run/tap.sock\"\nmessages = [\"client_query\"]\nidentity = \"mx1\"\nversion = \"1\"\n[log]\nlevel = \"debug\"\nqueries = true\n",
    );
    std::fs::write(directory.path().join("hints"), ". NS ns.test.\nns.test. A 127.1.0.1\n").unwrap();
    std::fs::write(directory.path().join("anchors"), ". DS 4711 13 2 00FF\n").unwrap();
    let config = Config::load(Some(&path)).unwrap().with_listen(vec!["127.0.0.1:0".parse().unwrap()]);
    assert_eq!(config.listen.workers, 3);
    assert_eq!(config.listen.allow, ["10.0.0.0/8".parse().unwrap(), "10.0.0.1/32".parse().unwrap()]);
    assert_eq!(config.listen.addresses, ["127.0.0.1:0".parse().unwrap()]);
    assert_eq!(config.cache.size, 64 << 20);
    assert_eq!(config.cache.max_ttl, Duration::from_secs(7_200));
    assert_eq!(config.cache.negative_max_ttl, Duration::from_secs(300));
    assert_eq!((config.cache.serve_stale, config.cache.prefetch), (Duration::ZERO, false));
    assert_eq!(config.resolve.deadline, Duration::from_millis(2_500));
    assert_eq!((config.resolve.ipv4, config.resolve.ipv6), (Family::On, Family::Off));
    assert_eq!(config.resolve.root_hints.servers.len(), 1);
    assert!(config.resolve.deny_servers.is_empty() && !config.resolve.race);
    assert_eq!(config.resolve.private_addresses, ["10.0.0.0/8".parse().unwrap()]);
    assert_eq!(config.resolve.private_domains.first().unwrap().to_string(), "corp.example.");
    assert!(!config.resolve.qname_minimisation);
    assert_eq!(config.resolve.upstream_port, 5_353);
    assert_eq!(config.resolve.source_ports, 20_000..=29_999);
    let dnssec = &config.dnssec;
    assert_eq!((dnssec.validate, dnssec.sha1, dnssec.negative_trust_anchors.len()), (false, true, 1));
    assert!(!dnssec.update_trust_anchors);
    let tags = dnssec.trust_anchor.anchors.tags(&hickory_proto::rr::Name::root());
    assert_eq!(tags.into_iter().collect::<Vec<_>>(), [4_711]);
    assert_eq!(config.control.socket, Path::new("/run/r.sock"));
    assert_eq!(config.metrics.listen, Some("[::1]:9453".parse().unwrap()));
    let dnstap = &config.dnstap;
    assert_eq!(dnstap.socket.as_deref(), Some(Path::new("/run/tap.sock")));
    assert_eq!((dnstap.identity.as_str(), dnstap.version.as_str(), dnstap.messages.len()), ("mx1", "1", 1));
    assert_eq!((config.log.level, config.log.queries), (tracing::Level::DEBUG, true));
}

/// Keys that name the file `path`.
fn sections_with(path: &str) -> [(&'static str, String); 5] {
    [
        ("resolve.root_hints", format!("[resolve]\nroot_hints = \"{path}\"")),
        ("dnssec.trust_anchor", format!("[dnssec]\ntrust_anchor = \"{path}\"")),
        ("dnsbl.registry", format!("[dnsbl]\nregistry = \"{path}\"")),
        ("zone.file", format!("[[zone]]\nname = \"lan\"\nfile = \"{path}\"")),
        ("list.key", format!("[[list]]\nname = \"zen.spamhaus.org\"\nkey = \"{path}\"")),
    ]
}

// Devices, directories and pipes without an end are refused.
#[test]
fn special_files_are_refused_as_configuration() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    assert!(Command::new("mkfifo").arg("-m").arg("0600").arg(&pipe).status().unwrap().success());
    let pipe = pipe.to_str().unwrap();
    for (path, kind) in [("/dev/zero", "a device"), (pipe, "a pipe"), ("/proc", "a directory")] {
        for (key, section) in sections_with(path) {
            let said = complaint(&section);
            assert!(said.contains(&format!(": {key}: {path} is {kind}, not a regular file; ")), "{said}");
        }
    }
    for (path, why) in [
        ("/dev/zero", "is a device, not a regular file"),
        ("/", "is a directory, not a regular file"),
        (pipe, "is a pipe whose writer did not finish within 2s"),
    ] {
        let said = Config::load(Some(Path::new(path))).unwrap_err().to_string();
        assert_eq!(said, format!("{path}: {why}; name a file that the daemon may read"));
    }
}

#[test]
fn file_sizes_are_limited_while_reading() {
    let (directory, path) = file("");
    let large = |file: &str, octets: u64| {
        let file = std::fs::File::create(directory.path().join(file)).unwrap();
        file.set_permissions(std::fs::Permissions::from_mode(0o600)).unwrap();
        // The file is sparse, so it takes no room on the disk.
        file.set_len(octets).unwrap();
    };
    large("resolverd.toml", config::limits::MAX_CONFIG_FILE + 1);
    let said = Config::load(Some(&path)).unwrap_err().to_string();
    assert!(said.contains("resolverd.toml: is larger than 4194304 octets; "), "{said}");
    large("large", config::limits::MAX_ZONE_FILE + 1);
    for (key, section) in sections_with("large") {
        std::fs::write(&path, format!("version = 1\n{section}\n")).unwrap();
        let said = Config::load(Some(&path)).unwrap_err().to_string();
        assert!(said.contains(&format!(": {key}: ")) && said.contains("large is larger than "), "{said}");
    }
}

#[test]
fn configuration_is_read_from_pipe() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let written = std::thread::spawn(move || {
        writer.write_all(b"version = 1\n[cache]\n").unwrap();
        // This text is longer than the buffer of a pipe, so it cannot be read at once.
        writer.write_all(&b"# a comment\n".repeat(20_000)).unwrap();
        writer.write_all(b"size = \"64MiB\"\n").unwrap();
    });
    let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader));
    assert_eq!(Config::load(Some(Path::new(&path))).unwrap().cache.size, 64 << 20);
    written.join().unwrap();
}

#[test]
fn zones_hosts_and_listeners_are_parsed() {
    let (directory, path) = file(
        "version = 1\nresolve.source = [\"192.0.2.5\", \"2001:db8::5\"]\n\
         [[zone]]\nname = \"Corp.Example\"\nsource = [\"10.0.0.5\"]\nmax_ttl = \"1h\"\nnegative_max_ttl = \"5m\"\n\
         forward = [\"10.1.1.1\", \"10.1.1.1:5353\", \"[2001:db8::1]:53\", \"2001:db8::2\", \
         \"https://192.0.2.1#DNS.example\", \"https://[2001:db8::1]:8443/Own/path%20one#dns.example\", \
         \"https://[2620:fe::9]/dns-query#dns.example.\", \
         \"tls://192.0.2.1#DNS.example\", \"tls://[2001:db8::1]:8853#dns.example\", \
         \"[2001:db8::3]\", \"tls://[2620:fe::fe]#dns.example\", \"tls://2620:fe::9#dns.example\"]\n\
         [[zone]]\nname = \"bl.example.\"\nstub = [\"127.0.0.1:5300\", \"::1\", \"[::2]\"]\n\
         [[zone]]\nname = \"lan\"\nfile = \"lan.zone\"\n\
         [[host]]\nname = \"Printer.lan\"\naddresses = [\"10.0.0.9\", \"fd00::9\"]\n\
         [[listener]]\naddresses = [\"127.0.0.2:53\"]\n\
         [[listener]]\naddresses = [\"127.0.0.3:0\", \"127.0.0.3:53\"]\nallow = [\"10.0.0.0/8\"]\nzones = [\"LAN\"]\n",
    );
    std::fs::write(directory.path().join("lan.zone"), "@ SOA a. b. 1 2 3 4 5\n").unwrap();
    let config = Config::load(Some(&path)).unwrap();
    let zone = &config.zones[0];
    assert_eq!((zone.name.clone(), zone.source.len()), (name("corp.example."), 1));
    assert_eq!(zone.max_ttl, Some(Duration::from_secs(3_600)));
    assert_eq!(zone.negative_max_ttl, Some(Duration::from_secs(300)));
    let encrypted = |name: &str, protocol| Some(Encryption { certificate: name.to_owned(), protocol });
    let forwarder = |address: &str, tls: Option<&str>| Forwarder {
        address: address.parse().unwrap(),
        encryption: tls.and_then(|name| encrypted(name, EncryptedProtocol::Tls)),
    };
    let over_https = |address: &str, path: &str| Forwarder {
        address: address.parse().unwrap(),
        encryption: encrypted("dns.example", EncryptedProtocol::Https(path.to_owned())),
    };
    let expected = [
        forwarder("10.1.1.1:53", None),
        forwarder("10.1.1.1:5353", None),
        forwarder("[2001:db8::1]:53", None),
        forwarder("[2001:db8::2]:53", None),
        over_https("192.0.2.1:443", "/dns-query"),
        over_https("[2001:db8::1]:8443", "/Own/path%20one"),
        over_https("[2620:fe::9]:443", "/dns-query"),
        forwarder("192.0.2.1:853", Some("dns.example")),
        forwarder("[2001:db8::1]:8853", Some("dns.example")),
        forwarder("[2001:db8::3]:53", None),
        forwarder("[2620:fe::fe]:853", Some("dns.example")),
        forwarder("[2620:fe::9]:853", Some("dns.example")),
    ];
    assert_eq!(zone.kind, ZoneKind::Forward(expected.to_vec()));
    let stub = ["127.0.0.1:5300", "[::1]:53", "[::2]:53"].map(|address| address.parse().unwrap());
    assert_eq!(config.zones[1].kind, ZoneKind::Stub(stub.to_vec()));
    let text = "@ SOA a. b. 1 2 3 4 5\n".to_owned();
    let path = directory.path().join("lan.zone");
    assert_eq!(config.zones[2].kind, ZoneKind::File { path, text });
    let addresses = ["10.0.0.9", "fd00::9"].map(|address| address.parse().unwrap()).to_vec();
    assert_eq!(config.hosts, [ConfiguredHost { name: name("printer.lan."), addresses, view: None }]);
    let [first, second] = config.listeners.as_slice() else { panic!("{:?}", config.listeners) };
    assert_eq!((&first.allow, &first.zones), (&config.listen.allow, &None));
    assert_eq!((second.addresses.len(), &second.zones), (2, &Some(vec![name("lan.")])));
    assert_eq!(
        config.resolve.source,
        ["192.0.2.5", "2001:db8::5"].map(|text| text.parse::<IpAddr>().unwrap())
    );
}

#[test]
fn examples_in_shipped_file_are_valid() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("conf/resolverd.toml");
    let shipped = std::fs::read_to_string(shipped).unwrap();
    let uncommented = |line: &str| match line.strip_prefix('#') {
        Some(example) if !example.is_empty() && !example.starts_with(' ') => example.to_owned(),
        _ => line.to_owned(),
    };
    let text: String = shipped.lines().map(|line| uncommented(line) + "\n").collect();
    let (directory, path) = file(&text);
    std::fs::write(directory.path().join("lan.zone"), "").unwrap();
    let key = directory.path().join("spamhaus.key");
    std::fs::write(&key, "abcdefghijklmnopqrstuvwxyz").unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::fs::create_dir(directory.path().join("tls")).unwrap();
    for (from, to) in [("first.pem", "fullchain.pem"), ("first.key", "privkey.pem")] {
        let to = directory.path().join("tls").join(to);
        std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(from), &to).unwrap();
        std::fs::set_permissions(&to, std::fs::Permissions::from_mode(0o640)).unwrap();
    }
    let config = Config::load(Some(&path)).unwrap();
    assert_eq!(
        (
            config.listeners[0].tls.len(),
            config.listeners[0].https.len(),
            config.listeners[0].quic.len(),
            config.listeners[0].certified().unwrap().is_some()
        ),
        (1, 1, 1, true)
    );
    assert!(config.lists[0].key.is_some() && config.lists[0].max_age.is_some());
    assert!(config.lists[0].tests.is_some());
    assert_eq!((config.zones.len(), config.hosts.len(), config.listeners.len()), (7, 1, 1));
    assert_eq!((config.views.len(), config.zones[6].view.as_deref()), (1, Some("office")));
    let zone = &config.zones[0];
    assert!(zone.max_ttl.is_some() && zone.negative_max_ttl.is_some() && zone.source.len() == 2);
    assert!(config.listeners[0].zones.is_some() && config.listeners[0].allow.len() == 2);
    assert_eq!(
        (config.listeners[0].refuse.len(), config.listeners[0].drop.len(), config.records.len()),
        (1, 1, 1)
    );
}

#[test]
fn list_lookup_by_apex_matches_table() {
    let config = load(
        "version = 1\n[[list]]\nname = \"bl.corp.example\"\npurpose = \"block\"\nsubjects = [\"ip4\"]\n[[list]]\nname = \"zen.spamhaus.org\"\nmax_age = \"1h\"\n",
    )
    .unwrap();
    let lists = config.lists();
    assert!(lists.len() > 2 && lists.values().filter(|list| list.configured).count() == 2);
    for (apex, list) in &lists {
        assert_eq!(config.list(apex).as_ref(), Some(list));
    }
    assert_eq!(config.list(&Name::from_ascii("other.corp.example.").unwrap()), None);
}

#[test]
fn own_list_has_configured_test_entries() {
    let list = |more: &str| {
        load(&format!(
            "version = 1\n[[list]]\nname = \"bl.corp.example\"\npurpose = \"block\"\nsubjects = [\"ip4\"]\n{more}"
        ))
    };
    let tests = |more| {
        list(more)
            .map(|config| config.lists().into_values().find(|list| list.configured).unwrap().tests.clone())
    };
    assert_eq!(tests("").unwrap(), None);
    assert_eq!(tests("tests = { listed = [], unlisted = [] }").unwrap(), None);
    let points = tests("tests = { listed = [\"2.0.0.127\"], unlisted = [\"Never\"] }").unwrap().unwrap();
    let told = |points: &[Name]| points.iter().map(Name::to_ascii).collect::<Vec<_>>();
    assert_eq!(told(&points.listed), ["2.0.0.127.bl.corp.example."]);
    assert_eq!(told(&points.unlisted), ["never.bl.corp.example."]);
    for (wrong, told) in [
        ("[]", "is not a table of test entries"),
        ("{ liste = [] }", "liste is not a known key"),
        ("{ listed = [\".\"] }", "\".\" cannot be placed before \"bl.corp.example\""),
        ("{ listed = 5 }", "is an integer, not a list"),
    ] {
        let found = list(&format!("tests = {wrong}\n")).unwrap_err();
        let colon = if told.starts_with("is ") { "" } else { ":" };
        assert!(found.starts_with(&format!("line 6: list.tests{colon} {told}; ")), "{found}");
    }
}

// Both names of the key together are an error.
#[test]
fn former_key_name_is_still_read() {
    let list = |keys: &str| load(&format!("version = 1\n[[list]]\nname = \"zen.spamhaus.org\"\n{keys}\n"));
    let read = |keys| list(keys).unwrap().lists.remove(0).when_silent.unwrap();
    assert_eq!(read("when_dead = \"nxdomain\""), read("when_silent = \"nxdomain\""));
    let both = list("when_dead = \"nxdomain\"\nwhen_silent = \"servfail\"").unwrap_err();
    assert!(
        both.starts_with("line 5: list.when_silent is set twice: line 4 has its former name; "),
        "{both}"
    );
}
