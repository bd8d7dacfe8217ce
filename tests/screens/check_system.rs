//! `resolverctl check system` on simulated hosts. The output is compared with golden files as in `render`.

use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use dns::random::Random;
use host::system::gather::gather;
use host::system::root_keys::{RootKeysHere, RootKeysVerdict};
use host::system::root_zone::{RootZoneAnswer, RootZoneReplies};
use host::system::{CheckVerdict, HostFinding, judge};
use lab::delegations::Tree;
use lab::server::Distance;
use lab::sockets::LabSockets;
use lab::world::ServerPlan;
use resolverctl::render::{Style, findings, json};

/// 2026-11-20 09:00 UTC.
const NOW: u64 = 1_795_165_200;

const DAY: u64 = 86_400;

/// The columns after the address in a socket table of /proc/net: a UDP socket, and a listening TCP socket.
const DATAGRAMS: &str = "00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0";
const STREAM: &str = "00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0";

/// A directory tree with the files that `resolverctl check system` reads.
struct Host {
    root: TempDir,
}

impl Host {
    fn new(files: &[(&str, &str)]) -> Self {
        let host = Self { root: tempfile::tempdir().unwrap() };
        for (path, text) in files {
            host.write(path, text);
        }
        host
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn link(&self, path: &str, target: &str) {
        let path = self.root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    /// Adds a process that has sockets with these inodes.
    fn process(&self, number: u32, name: &str, inodes: &[u32]) {
        self.write(&format!("proc/{number}/comm"), &format!("{name}\n"));
        for (place, inode) in inodes.iter().enumerate() {
            self.link(&format!("proc/{number}/fd/{place}"), &format!("socket:[{inode}]"));
        }
    }

    /// Writes /proc/net with these sockets at port 53: transport, address and inode.
    fn sockets(&self, sockets: &[(&str, [u8; 4], u32)]) {
        for (transport, state) in [("udp", DATAGRAMS), ("tcp", STREAM)] {
            let mut table = "  sl  local_address rem_address   st\n".to_owned();
            for (_, address, inode) in sockets.iter().filter(|(of, ..)| *of == transport) {
                let address = u32::from_ne_bytes(*address);
                table.push_str(&format!("   0: {address:08X}:0035 {state} {inode} 2 0000000000000000 0\n"));
            }
            self.write(&format!("proc/net/{transport}"), &table);
        }
    }

    fn findings(&self, heard: RootZoneReplies, verdict: RootKeysVerdict) -> Vec<HostFinding> {
        let mut facts = gather(self.root.path(), &[], NOW);
        facts.heard = heard;
        facts.root_keys =
            Some(Ok(RootKeysHere { verdict, tags: vec![20_326, 38_696], secure: 1_234, bogus: 3 }));
        judge(&facts)
    }
}

/// A mail gateway without faults.
fn healthy() -> Host {
    let host = Host::new(&[
        ("etc/resolv.conf", "nameserver 127.0.0.1\noptions edns0 trust-ad\n"),
        ("etc/nsswitch.conf", "passwd: files\nhosts: files dns\n"),
        ("etc/resolverd/resolverd.toml", "version = 1\n[listen]\naddresses = [\"127.0.0.1:53\"]\n"),
        ("etc/postfix/master.cf", "smtp inet n - y - - smtpd\nsmtp unix - - y - - smtp\n"),
        ("var/spool/postfix/etc/resolv.conf", "nameserver 127.0.0.1\noptions edns0 trust-ad\n"),
        ("etc/opendkim.conf", "Syslog yes\nNameservers 127.0.0.1\n"),
    ]);
    host.sockets(&[("udp", [127, 0, 0, 1], 11), ("tcp", [127, 0, 0, 1], 12)]);
    host.process(1, "systemd", &[11, 12]);
    host.process(200, "resolverd", &[11, 12, 13]);
    host
}

/// Returns a gateway whose resolverd.toml has these configured zones.
fn with_zones(zones: &str) -> Host {
    let host = healthy();
    let listen = "version = 1\n[listen]\naddresses = [\"127.0.0.1:53\"]\n";
    host.write("etc/resolverd/resolverd.toml", &format!("{listen}{zones}"));
    host
}

/// A mail gateway on which each program queries another server than resolverd.
fn sick() -> Host {
    let host = Host::new(&[
        ("run/systemd/resolve/stub-resolv.conf", "nameserver 127.0.0.53\noptions edns0 trust-ad\n"),
        ("etc/nsswitch.conf", "hosts: files resolve [!UNAVAIL=return] dns\n"),
        ("etc/systemd/resolved.conf", "[Resolve]\nDNS=192.0.2.53\n"),
        ("run/NetworkManager/resolv.conf", ""),
        ("etc/NetworkManager/NetworkManager.conf", "[main]\nplugins=keyfile\n"),
        ("etc/cloud/cloud.cfg", "users: []\n"),
        ("etc/cloud/cloud.cfg.d/50-dns.cfg", "manage_resolv_conf: true\n"),
        ("etc/postfix/master.cf", "smtp inet n - y - - smtpd\nrelay unix - - y - - smtp\n"),
        ("var/spool/postfix/etc/resolv.conf", "nameserver 198.51.100.53\n"),
        ("etc/opendkim.conf", "Syslog yes\n"),
    ]);
    host.link("etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf");
    host.sockets(&[("udp", [0; 4], 21), ("tcp", [0; 4], 22), ("udp", [127, 0, 0, 53], 31)]);
    host.process(300, "named", &[21, 22]);
    host.process(301, "systemd-resolve", &[31]);
    host
}

fn heard(recursive: bool, signature: Option<(u64, u64)>) -> RootZoneReplies {
    let server: SocketAddr = "198.41.0.4:53".parse().unwrap();
    let said = RootZoneAnswer { authoritative: !recursive, recursive, signature };
    RootZoneReplies { udp: Ok((server, said)), tcp: Ok((server, said)) }
}

fn golden(name: &str, found: &[HostFinding]) {
    let lines: String = found.iter().map(json::line).collect();
    for (ending, actual) in [("txt", findings::text(found, Style::Plain)), ("json", lines)] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.{ending}"));
        if std::env::var_os("RESOLVERD_WRITE_GOLDEN").is_some() {
            std::fs::write(&path, &actual).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(actual, expected, "differs from {}", path.display());
    }
}

#[test]
fn healthy_and_sick_hosts_match_screens() {
    let sound = heard(false, Some((NOW - 7 * DAY, NOW + 7 * DAY)));
    golden("check_system_well", &healthy().findings(sound, RootKeysVerdict::Secure));
    let mut redirected = heard(true, Some((NOW, NOW)));
    redirected.tcp = Err("192.33.4.12:53: timeout after 2 s".to_owned());
    let other_keys =
        "no DNSKEY of the root zone matches a trust anchor of resolverd (key tag 20326, 38696)".to_owned();
    golden("check_system_sick", &sick().findings(redirected, RootKeysVerdict::Bogus(other_keys)));
}

#[test]
fn an_empty_host_makes_nothing_up() {
    let host = Host::new(&[]);
    let old = heard(false, Some((NOW - 60 * DAY, NOW - 46 * DAY)));
    golden(
        "check_system_empty",
        &host.findings(old, RootKeysVerdict::NoAnswer("no server answers".to_owned())),
    );
}

/// systemd-resolved reads all drop-ins in the order of their file names (resolved.conf(5)). NetworkManager reads them directory by
/// directory (NetworkManager.conf(5)).
#[test]
fn last_drop_in_decides() {
    let verdict = |check: &str, files: &[(&str, &str)], masked: &[&str]| {
        let host = healthy();
        host.write("run/systemd/resolve/stub-resolv.conf", "");
        host.write("run/NetworkManager/resolv.conf", "");
        files.iter().for_each(|(path, text)| host.write(path, text));
        masked.iter().for_each(|path| host.link(path, "/dev/null"));
        let found = host.findings(heard(false, None), RootKeysVerdict::Secure);
        found.iter().find(|finding| finding.check == check).unwrap().verdict
    };
    let (ours, other) = ("[Resolve]\nDNS=\nDNS=127.0.0.1\nDomains=~.\n", "[Resolve]\nDNS=192.0.2.53\n");
    let (own, late) = ("etc/systemd/resolved.conf.d/zz.conf", "usr/lib/systemd/resolved.conf.d/zzz.conf");
    let resolved = |files: &[(&str, &str)], masked: &[&str]| verdict("systemd-resolved", files, masked);
    assert_eq!(
        resolved(&[(own, ours), ("usr/lib/systemd/resolved.conf.d/9.conf", other)], &[]),
        CheckVerdict::Ok
    );
    for path in
        [late, "usr/local/lib/systemd/resolved.conf.d/zzz.conf", "run/systemd/resolved.conf.d/zzz.conf"]
    {
        assert_eq!(resolved(&[(own, ours), (path, other)], &[]), CheckVerdict::Warning, "{path}");
        // A file in /etc replaces the file with the same name in another directory.
        let same = "etc/systemd/resolved.conf.d/zzz.conf";
        assert_eq!(resolved(&[(own, ours), (path, other), (same, "")], &[]), CheckVerdict::Ok, "{path}");
        assert_eq!(resolved(&[(own, ours), (path, other)], &[same]), CheckVerdict::Ok, "{path}");
    }
    let (none, default) = ("[main]\ndns=none\n", "[main]\ndns=default\n");
    let manager = |files: &[(&str, &str)]| verdict("networkmanager", files, &[]);
    let (own, main) = ("etc/NetworkManager/conf.d/a.conf", "etc/NetworkManager/NetworkManager.conf");
    for path in ["usr/lib/NetworkManager/conf.d/zzz.conf", "run/NetworkManager/conf.d/zzz.conf", main] {
        assert_eq!(manager(&[(own, none), (path, default)]), CheckVerdict::Ok, "{path}");
        assert_eq!(manager(&[(own, default), (path, none)]), CheckVerdict::Warning, "{path}");
    }
    let late = "usr/lib/NetworkManager/conf.d/zzz.conf";
    assert_eq!(manager(&[(main, none), (late, default)]), CheckVerdict::Ok);
    assert_eq!(manager(&[(own, none), ("etc/NetworkManager/conf.d/b.conf", default)]), CheckVerdict::Warning);
}

#[test]
fn process_of_other_user_is_unknown() {
    let host = healthy();
    std::fs::remove_dir_all(host.root.path().join("proc/1")).unwrap();
    std::fs::remove_dir_all(host.root.path().join("proc/200")).unwrap();
    let found = host.findings(heard(false, None), RootKeysVerdict::Secure);
    let port = found.iter().find(|finding| finding.check == "port 53").unwrap();
    assert_eq!(port.verdict, CheckVerdict::CouldNotTell);
    assert_eq!(port.evidence, "unknown process listens at 127.0.0.1:53");
}

/// Returns the exit code and the lines of `check system`.
fn run(host: &Host, server: SocketAddr, more: &[&str]) -> (i32, Vec<String>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_resolverctl"));
    // No daemon listens at this control socket.
    command.arg("--socket").arg(host.root.path().join("control.sock"));
    command.args(["check", "system", "--root"]).arg(host.root.path());
    command.arg("--root-server").arg(server.to_string()).args(more).stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), text.lines().map(str::to_owned).collect())
}

#[test]
fn root_server_is_queried_udp_tcp() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut tree = Tree::default();
    let mut plan = ServerPlan::new("a.root", vec![[127, 80, 0, 1].into()]);
    plan.distance = Distance::steady(Duration::from_millis(1));
    tree.server(plan).unwrap();
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    let lab = Arc::new(tree.build().unwrap());
    let sockets = runtime.block_on(LabSockets::start(lab, Random::system().unwrap())).unwrap();
    let server = SocketAddr::from(([127, 80, 0, 1], sockets.port()));

    let (code, lines) = run(&healthy(), server, &[]);
    // Two results are unknown: the root zone of the lab has no signatures whose dates the clock could be compared with, and no daemon reports
    // the keys of the root zone.
    assert_eq!((code, lines.last().map(String::as_str)), (4, Some("2 unknown results")), "{lines:#?}");
    assert!(
        lines.iter().any(|line| line.starts_with("unknown ") && line.contains("root keys")),
        "{lines:#?}"
    );
    for check in ["outgoing UDP", "outgoing TCP"] {
        let line = lines.iter().find(|line| line.contains(check)).unwrap();
        assert!(
            line.starts_with("ok ") && line.ends_with(&format!("the root server {server} answers")),
            "{line}"
        );
    }
    let (code, lines) = run(&sick(), server, &["--json"]);
    assert_eq!(code, 1);
    assert!(lines.iter().any(|line| line.contains("resolverd does not run")), "{lines:#?}");
    for line in &lines {
        let finding: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(finding["check"].is_string() && finding["verdict"].is_string(), "{line}");
    }
}

#[test]
fn closed_port_53_is_failure() {
    // This port was released, so no process listens there.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, lines) = run(&healthy(), nobody, &[]);
    assert_eq!(code, 1, "{lines:#?}");
    let unreachable =
        lines.iter().filter(|line| line.starts_with("failure") && line.ends_with("unreachable")).count();
    assert_eq!(unreachable, 2, "{lines:#?}");
}

/// Returns the results of the two checks of outgoing queries. No query reaches a root server.
fn outgoing(zones: &str) -> Vec<(CheckVerdict, String)> {
    let unreached = || Err("198.41.0.4:53: timeout after 2 s".to_owned());
    let heard = RootZoneReplies { udp: unreached(), tcp: unreached() };
    let found = with_zones(zones).findings(heard, RootKeysVerdict::Secure);
    let outgoing = found.into_iter().filter(|finding| finding.check.starts_with("outgoing "));
    outgoing.map(|finding| (finding.verdict, finding.evidence)).collect()
}

const FORWARD: &str = "[[zone]]\nname = \".\"\nforward = [\"192.0.2.53\"]\n";

#[test]
fn forwarding_host_needs_no_root_server() {
    let verdicts = |zones: &str| outgoing(zones).into_iter().map(|(verdict, _)| verdict).collect::<Vec<_>>();
    let evidence = "no root server answers; 198.41.0.4:53: timeout after 2 s; resolverd forwards all names, so it needs no root server";
    assert_eq!(outgoing(FORWARD), vec![(CheckVerdict::Ok, evidence.to_owned()); 2]);
    // All names are forwarded, except one zone that is resolved from the root servers.
    let recursing = format!("{FORWARD}[[zone]]\nname = \"bl.example\"\nrecurse = true\n");
    assert_eq!(verdicts(&recursing), [CheckVerdict::Failure; 2]);
    // The root servers are needed if `forward_first` is set, if only one zone is forwarded, and if no zone is configured.
    assert_eq!(verdicts(&format!("{FORWARD}forward_first = true\n")), [CheckVerdict::Failure; 2]);
    assert_eq!(verdicts(&FORWARD.replace("\".\"", "\"corp.example\"")), [CheckVerdict::Failure; 2]);
    assert_eq!(verdicts(""), [CheckVerdict::Failure; 2]);
}

// A middlebox answers in place of the root servers.
#[test]
fn redirected_root_is_fine_when_forwarding() {
    let found = with_zones(FORWARD).findings(heard(true, None), RootKeysVerdict::Secure);
    assert!(found.iter().all(|finding| finding.verdict != CheckVerdict::Failure), "{found:#?}");
    let clock = found.iter().find(|finding| finding.check == "clock").unwrap();
    assert_eq!(clock.verdict, CheckVerdict::CouldNotTell);
    assert!(!clock.advice.as_ref().unwrap().contains("outgoing"), "{clock:?}");
}
