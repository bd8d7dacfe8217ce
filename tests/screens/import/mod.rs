//! Imports with `resolverctl import`: each result is compared with a golden file, and the daemon must accept it.

mod bind;
mod bounds;
mod includes;
mod local_zones;
mod own_answers;
mod reached;
mod servers;
mod trust;
mod views;
mod whole_files;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SAMPLES: [(&str, &[&str]); 3] = [
    ("unbound", &["debian", "red-hat", "containers", "gateway", "encrypted", "rare"]),
    ("named", &["debian", "red-hat", "gateway", "rare", "queries", "views", "offices"]),
    ("dnsmasq", &["exception", "debian", "red-hat", "sample", "gateway"]),
];

/// Returns the directory of the samples. Commands run in this directory, so findings name the files by their relative paths.
fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/screens/import")
}

fn resolverctl(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_resolverctl")).args(arguments).current_dir(samples()).output().unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Compares the output with a golden file. The daemon must accept the output as its configuration.
fn compare(arguments: &[&str], golden: &str) {
    let found = text(&resolverctl(arguments));
    let directory = tempfile::tempdir().unwrap();
    let written = directory.path().join("resolverd.toml");
    fs::write(&written, &found).unwrap();
    let checked = resolverctl(&["config", "check", written.to_str().unwrap()]);
    assert!(checked.status.success(), "{golden}: {}", text(&checked));
    // The path of the repository differs from host to host.
    let found = found.replace(samples().to_str().unwrap(), "/samples");
    let golden = samples().join(golden);
    if std::env::var_os("RESOLVERD_WRITE_GOLDEN").is_some() {
        fs::write(&golden, &found).unwrap();
    }
    assert_eq!(found, fs::read_to_string(&golden).unwrap_or_default(), "{}", golden.display());
}

#[test]
fn samples_become_valid_configurations() {
    for (format, names) in SAMPLES {
        for name in names {
            let sample = format!("{format}/{name}.conf");
            compare(&["import", "--from", format, &sample], &format!("{format}/{name}.toml"));
        }
    }
}

#[test]
fn published_configurations_of_gateways_are_imported() {
    let mut published: Vec<PathBuf> = fs::read_dir(samples().join("published"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "conf"))
        .collect();
    published.sort();
    assert!(published.len() >= 20);
    for path in published {
        let name = path.file_stem().unwrap().to_str().unwrap();
        // Without a format in the command, the import recognises the format of the file.
        compare(&["import", &format!("published/{name}.conf")], &format!("published/{name}.toml"));
    }
}

#[test]
fn exit_code_reports_needed_decision() {
    let code = |sample: &str| resolverctl(&["import", "--from", "unbound", sample]).status.code();
    assert_eq!(code("unbound/debian.conf"), Some(0));
    assert_eq!(code("unbound/gateway.conf"), Some(1));
    assert_eq!(code("unbound/nowhere.conf"), Some(6));
}

#[test]
fn output_file_is_never_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("resolverd.toml");
    let arguments = ["import", "--from", "unbound", "unbound/debian.conf", "-o", path.to_str().unwrap()];
    let screen = text(&resolverctl(&arguments));
    assert!(screen.contains("unbound/debian.d/remote-control.conf:1: remote-control: "), "{screen}");
    assert!(screen.ends_with(&format!("resolverctl config check {}\n", path.display())), "{screen}");
    let written = fs::read_to_string(&path).unwrap();
    assert!(written.ends_with("version = 1\n"), "{written}");
    assert_eq!(resolverctl(&arguments).status.code(), Some(4));
    assert_eq!(fs::read_to_string(&path).unwrap(), written);
}

// The source may be readable by fewer users.
#[test]
fn output_mode_is_not_wider() {
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("unbound.conf");
    fs::write(&source, "server:\n  port: 5353\n").unwrap();
    for (mode, most) in [(0o644, 0o640), (0o600, 0o600), (0o640, 0o640), (0o400, 0o600)] {
        fs::set_permissions(&source, fs::Permissions::from_mode(mode)).unwrap();
        let path = directory.path().join(format!("{mode:o}.toml"));
        text(&resolverctl(&["import", source.to_str().unwrap(), "-o", path.to_str().unwrap()]));
        let written = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        // The umask may have removed further permissions.
        assert_eq!((written & !most, written & 0o600), (0, 0o600), "{mode:o}: {written:o}");
    }
}

#[test]
fn invalid_file_error_has_place() {
    let directory = tempfile::tempdir().unwrap();
    let told = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        let output = resolverctl(&["import", path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(6));
        String::from_utf8(output.stderr).unwrap().replace(&format!("{}/", directory.path().display()), "")
    };
    assert_eq!(
        told("unbound.conf", "server:\n\ninclude: unbound.conf\n"),
        "resolverctl: unbound.conf includes itself, or is included too deep\n"
    );
    assert_eq!(told("unbound.conf", "port: 53\n"), "resolverctl: unbound.conf:1: port: is in no section\n");
    assert_eq!(
        told("unbound.conf", "server:\n  port: 53\n  access-control 10.0.0.0/8 allow\n"),
        "resolverctl: unbound.conf:3: the line is no setting: the name of a setting ends with a colon\n"
    );
    let circle = "conf-file=circle.conf\nserver=192.0.2.53\n";
    fs::write(directory.path().join("circle.conf"), circle).unwrap();
    let path = directory.path().join("circle.conf");
    let found = text(&resolverctl(&["import", "--from", "dnsmasq", path.to_str().unwrap()]));
    assert!(found.contains("forward = [\"192.0.2.53\"]"), "dnsmasq reads each file once: {found}");
    assert_eq!(
        told("x.conf", ""),
        "resolverctl: x.conf is of no known format by its text and its name; give the format with --from\n"
    );
}

/// Settings that only change other settings, or refer to files that do not exist. Alone, they have no effect.
const NOTHING_ALONE: [(&str, &[&str]); 3] = [
    (
        "unbound",
        &[
            "directory",
            "https-port",
            "private-domain",
            "quic-port",
            "serve-expired-ttl",
            "ssl-port",
            "ssl-service-key",
            "ssl-service-pem",
            "ssl-upstream",
            "tls-port",
            "tls-service-key",
            "tls-service-pem",
            "tls-upstream",
        ],
    ),
    ("named", &["directory", "forward", "max-stale-ttl"]),
    ("dnsmasq", &["dnssec", "local-ttl", "mx-target", "conf-file", "conf-dir", "servers-file", "hostsdir"]),
];

#[test]
fn every_manual_setting_is_reported() {
    for (format, nothing_alone) in NOTHING_ALONE {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("one.conf");
        let imported = |typed: &str| {
            fs::write(&path, typed).unwrap();
            let output = resolverctl(&["--json", "import", "--from", format, path.to_str().unwrap()]);
            text(&output)
        };
        let (begin, end) = match format {
            "unbound" => ("server:\n", "\n"),
            "named" => ("options { ", " };\n"),
            _ => ("", "\n"),
        };
        let nothing = imported("\n");
        let every = fs::read_to_string(samples().join(format!("every/{format}.txt"))).unwrap();
        for setting in every.lines().filter(|line| !line.starts_with('#')) {
            let name = setting.split(['=', ':', ' ']).next().unwrap();
            if nothing_alone.contains(&name) {
                continue;
            }
            let found = imported(&format!("{begin}{setting}{end}"));
            assert!(!found.contains("is not known to this import"), "{format}: {setting}: {found}");
            assert_ne!(found, nothing, "{format}: {setting}: neither carried over nor reported");
        }
    }
}

#[test]
fn long_block_list_is_cut() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dnsmasq.conf");
    let names: String = (0..1_100).map(|number| format!("address=/n{number}.example/\n")).collect();
    fs::write(&path, format!("no-resolv\nno-hosts\n{names}")).unwrap();
    let found = text(&resolverctl(&["import", path.to_str().unwrap()]));
    assert_eq!(found.matches("\n[[zone]]\nname = ").count(), 1_024);
    assert!(
        found.contains("dnsmasq.conf:1027: address=/n1024.example/: is left out, with 1100 [[zone]]"),
        "{found}"
    );
    assert_eq!(found.matches("left out").count(), 1 + usize::from(found.contains("Keys that are left out")));
}

/// Writes these files and imports the first one. Returns the result as JSON.
fn imported(format: &str, files: &[(&str, &str)]) -> String {
    text(&import(format, files))
}

/// Writes these files and imports the first one. `DIR` stands for their directory.
fn import(format: &str, files: &[(&str, &str)]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content.replace("DIR", directory.path().to_str().unwrap())).unwrap();
    }
    let path = directory.path().join(files.first().unwrap().0);
    resolverctl(&["--json", "import", "--from", format, path.to_str().unwrap()])
}

#[test]
fn secrets_of_settings_are_never_shown() {
    for (format, shown, typed) in [
        ("unbound", "cookie-secret", "server:\n  cookie-secret: hidden\n"),
        ("unbound", "weird-setting", "server:\n  weird-setting: hidden\n"),
        ("unbound", "remote-control", "remote-control:\n  control-key-file: hidden\n"),
        ("named", "key k", "key k { algorithm hmac-sha256; secret \"hidden\"; };\n"),
        ("named", "secret", "secret \"hidden\";\n"),
        ("named", "weird", "options { weird \"hidden\"; };\n"),
        ("dnsmasq", "weird", "weird=hidden\n"),
    ] {
        let found = imported(format, &[("a.conf", typed)]);
        assert!(!found.contains("hidden") && found.contains(shown), "{format}: {typed}: {found}");
    }
}

/// A wrong file such as /etc/shadow may be given by mistake.
#[test]
fn lines_of_wrong_file_stay_hidden() {
    let wrong = "root:$6$hidden$hidden/hidden:19000:0:99999:7:::\nbin:*:1::::::\nhidden = hidden\nhidden \"hidden\" hidden\n";
    for (format, typed) in [
        ("dnsmasq", "addn-hosts=wrong\n"),
        ("dnsmasq", "conf-file=wrong\n"),
        ("dnsmasq", "servers-file=wrong\n"),
        ("dnsmasq", "resolv-file=wrong\n"),
        ("unbound", "server:\n  local-zone: x.example static\n  include: wrong\n"),
    ] {
        // dnsmasq reads these two files as configuration. The import shows the name of an unknown option if it consists only of letters. So
        // the lines of which `hidden` would be the option are removed or changed.
        let wrong = if typed.contains("conf-file") || typed.contains("servers-file") {
            wrong.replace("hidden = hidden\n", "").replace("hidden \"", "x \"")
        } else {
            wrong.to_owned()
        };
        let output = import(format, &[("a.conf", typed), ("wrong", &wrong)]);
        let found = format!(
            "{}{}",
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap()
        );
        assert!(!found.is_empty() && !found.contains("hidden"), "{format}: {typed}: {found}");
    }
}

/// Returns the weight (such as "dangerous") of the first finding whose text contains `did`, or an empty text.
fn weight(found: &str, did: &str) -> String {
    let found: serde_json::Value = serde_json::from_str(found).unwrap();
    let mut findings = found["findings"].as_array().unwrap().iter();
    let told = findings.find(|finding| finding["did"].as_str().is_some_and(|told| told.contains(did)));
    told.map_or_else(String::new, |finding| finding["weight"].as_str().unwrap().to_owned())
}

/// Returns the written configuration file without its comments.
fn keys(found: &str) -> String {
    let found: serde_json::Value = serde_json::from_str(found).unwrap();
    let config = found["config"].as_str().unwrap();
    config.split_inclusive('\n').filter(|line| !line.starts_with('#')).collect()
}

/// Returns the `[[zone]]` with this name, without the name and comments, or an empty text.
fn zone(found: &str, name: &str) -> String {
    let keys: Vec<String> =
        keys(found).lines().map(|line| line.split("  # ").next().unwrap().to_owned()).collect();
    let keys = keys.join("\n");
    let begin = format!("name = \"{name}\"\n");
    let mut entries = keys.split("[[zone]]\n").skip(1).filter_map(|entry| entry.strip_prefix(begin.as_str()));
    entries.next().map_or_else(String::new, |entry| entry.split("\n\n").next().unwrap().trim_end().to_owned())
}

#[test]
fn bind_tls_forwarder_is_imported() {
    let found = imported(
        "named",
        &[(
            "named.conf",
            "tls google { remote-hostname \"dns.google\"; };\noptions { forward only; forwarders port 853 tls google { 8.8.8.8; }; };\n",
        )],
    );
    assert!(keys(&found).contains("forward = [\"tls://8.8.8.8#dns.google\"]"), "{found}");
    let found = imported("named", &[("named.conf", "options { forwarders tls x { 8.8.8.8; }; };\n")]);
    assert!(found.contains("sent queries over TLS") && !keys(&found).contains("forward = "), "{found}");
}

#[test]
fn bind_listens_at_addresses_not_networks() {
    let found = imported(
        "named",
        &[(
            "named.conf",
            "options { port 5353; listen-on { 10.0.0.0/8; 127.0.0.1; }; listen-on-v6 { none; }; allow-query { 10/8; }; };\n",
        )],
    );
    assert!(found.contains("listened at the addresses of this host in 10.0.0.0/8"), "{found}");
    assert!(keys(&found).contains("addresses = [\"127.0.0.1:5353\"]"), "{found}");
    let found = imported(
        "named",
        &[("named.conf", "options { listen-on { !192.0.2.1; any; }; allow-recursion { 10/8; }; };\n")],
    );
    assert!(found.contains("did not listen at some addresses"), "{found}");
    let found =
        imported("named", &[("named.conf", "options { listen-on port 853 tls own { 192.0.2.1; }; };\n")]);
    assert!(found.contains("served DNS over TLS") && !keys(&found).contains(":853"), "{found}");
}

// They must not become plain listeners.
#[test]
fn encrypted_listeners_are_reported() {
    let bind = "options { listen-on { 127.0.0.1; }; listen-on-v6 { none; };
        listen-on tls own { 192.0.2.1; }; listen-on port 80 tls none http default { 192.0.2.1; };
        listen-on port 5353 tls none { 127.0.0.2; }; };\n";
    let unbound = "server:\n interface: 127.0.0.1\n interface: 127.0.0.2@5353\n interface: 192.0.2.1@853
 interface: 192.0.2.1@443\n interface: 192.0.2.1@8853\n quic-port: 8853
 tls-service-pem: \"a.pem\"\n tls-service-key: \"a.key\"\n";
    for (format, typed) in [("named", bind), ("unbound", unbound)] {
        let found = imported(format, &[("a.conf", typed)]);
        let keys = keys(&found);
        assert!(keys.contains("addresses = [\"127.0.0.1:53\", \"127.0.0.2:5353\"]"), "{format}: {found}");
        assert!(found.contains("served DNS over TLS") && found.contains("dangerous"), "{format}: {found}");
        assert!(!keys.contains("192.0.2.1"), "{format}: {found}");
    }
}

#[test]
fn bind_source_ports_are_imported() {
    let of = |options: &str| imported("named", &[("named.conf", &format!("options {{ {options} }};\n"))]);
    let found = of("use-v4-udp-ports { 5353; range 100 20000; }; use-v6-udp-ports { range 1024 65535; };");
    assert!(keys(&found).contains("source_ports = \"1024-20000\""), "{found}");
    assert!(
        found.contains("permitted 2 ranges") && found.contains("permitted other ports over IPv6"),
        "{found}"
    );
    let found = of("use-v4-udp-ports { range 1024 65535; };");
    assert!(!keys(&found).contains("source_ports"), "{found}");
    assert!(of("use-v4-udp-ports { 53; };").contains("has no range of ports"));
}

#[test]
fn bind_zone_for_clients_is_reported() {
    let zone =
        "zone \"a.example\" { type forward; forwarders { 192.0.2.1; }; allow-query { 10.0.0.0/8; }; };\n";
    let found = imported("named", &[("named.conf", zone)]);
    assert!(found.contains("answered some clients only"), "{found}");
}

// A zone whose servers are known by name alone must not be forwarded.
#[test]
fn unbound_stub_host_is_reported() {
    let zone = "stub-zone:\n name: \"bl.example\"\n stub-host: ns.bl.example\n stub-host: ns2.bl.example\n";
    let found = imported("unbound", &[("unbound.conf", zone)]);
    assert!(!keys(&found).contains("[[zone]]") && found.contains("stub-host"), "{found}");
    let around = "forward-zone:\n name: \".\"\n forward-addr: 192.0.2.53\n";
    let found = imported("unbound", &[("unbound.conf", &format!("{zone}{around}"))]);
    assert!(keys(&found).contains("name = \"bl.example\"\nrecurse = true"), "{found}");
}

#[test]
fn unbound_modules_are_reported_by_effect() {
    let found = imported("unbound", &[("a.conf", "server:\n module-config: \"dns64 validator iterator\"\n")]);
    assert!(found.contains("DNS64"), "{found}");
    let root = "server:\n trust-anchor: \". DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\"\n";
    let found = imported("unbound", &[("a.conf", root)]);
    assert!(found.contains("held the keys of the root") && !found.contains("dangerous"), "{found}");
    let over_tls = "server:\n interface: 192.0.2.3@853\n ssl-service-key: x.key\n ssl-service-pem: x.pem\n";
    let found = imported("unbound", &[("a.conf", over_tls)]);
    assert!(found.contains("served DNS over TLS") && !keys(&found).contains(":853"), "{found}");
}

#[test]
fn dnsmasq_wildcard_server_is_imported() {
    let found = imported("dnsmasq", &[("a.conf", "no-resolv\nserver=/*.bl.example/192.0.2.1\n")]);
    assert!(found.contains("not to the domain itself"), "{found}");
    assert!(keys(&found).contains("name = \"bl.example\"\nforward = [\"192.0.2.1\"]"), "{found}");
    for typed in
        ["address=/*.a.example/192.0.2.1\n", "local=/*.a.example/\n", "server=/*a.example/192.0.2.1\n"]
    {
        let found = imported("dnsmasq", &[("a.conf", &format!("no-resolv\n{typed}"))]);
        assert!(found.contains("to names that end alike"), "{found}");
    }
}

#[test]
fn commented_dnsmasq_has_default_servers() {
    let found = imported("dnsmasq", &[("dnsmasq.conf", "# all\n#domain-needed\n")]);
    assert!(found.contains("sent queries to the servers in /etc/resolv.conf too"), "{found}");
    assert!(found.contains("answered with the names in /etc/hosts"), "{found}");
    assert!(found.contains("listened at all addresses"), "{found}");
    let found = imported("dnsmasq", &[("dnsmasq.conf", "server=192.0.2.53\n")]);
    assert!(found.contains("add them to its `forward`") && !found.contains("from the root"), "{found}");
}

#[test]
fn unsupported_value_is_reported() {
    let found = imported("dnsmasq", &[("a.conf", "host-record=gw.lan,gw,10.0.0.3,300\n")]);
    assert!(found.contains("gave a TTL of its own") && found.contains("10.0.0.3"), "{found}");
}

#[test]
fn unsupported_format_names_migration_page() {
    for (name, text, program) in [
        ("kresd.conf", "net.listen('127.0.0.1', 53)\nmodules = { 'hints > iterate' }\n", "Knot Resolver"),
        ("config.yaml", "workers: 2\nnetwork:\n  listen:\n    - interface: 127.0.0.1\n", "Knot Resolver"),
        ("recursor.conf", "local-address=127.0.0.1\nallow-from=10.0.0.0/8\n", "PowerDNS Recursor"),
        ("recursor.yml", "incoming:\n  listen: [127.0.0.1]\n", "PowerDNS Recursor"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        let output = resolverctl(&["import", path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(6), "{name}");
        let told = format!(
            "resolverctl: {} is a file of {program}, which cannot be imported; resolverd-migration(7) has a table of its options\n",
            path.display()
        );
        assert_eq!(String::from_utf8(output.stderr).unwrap(), told);
    }
}

/// If the time grew with the square of the number of lines, these imports would take minutes.
#[test]
fn long_file_imports_in_linear_time() {
    let from = std::time::Instant::now();
    for format in ["unbound", "named", "dnsmasq"] {
        import(format, &[("a.conf", &"a.\n".repeat(20_000))]);
    }
    assert!(from.elapsed().as_secs() < 30, "{:?}", from.elapsed());
}
