//! Queries over TLS, HTTPS and QUIC from one daemon to another. The second one has a certificate for dns.example from the certificate
//! authority of the tests.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;

use crate::daemon::client::{Client, is_servfail};
use crate::daemon::process::{Process, Setting, World, told};

fn counted(process: &Process, name: &str) -> u64 {
    let stats = serde_json::to_value(process.stats()).unwrap();
    stats["upstream"][name].as_u64().unwrap()
}

/// Starts a daemon that answers clients over TLS, HTTPS and QUIC.
fn forwarder(world: &World) -> (Setting, Process) {
    let setting = Setting::new(world, "");
    for file in ["first.pem", "first.key"] {
        let copy = setting.config().with_file_name(file);
        std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(file), &copy).unwrap();
        std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o640)).unwrap();
    }
    let text = std::fs::read_to_string(setting.config()).unwrap();
    let encrypted = "workers = 2\ntls = [\"127.0.0.1:0\"]\nquic = [\"127.0.0.1:0\"]\nhttps = [\"127.0.0.1:0\"]\ncertificate = \"first.pem\"\nkey = \"first.key\"\n";
    setting.write("resolverd.toml", &text.replace("workers = 2\n", encrypted));
    let process = setting.start();
    (setting, process)
}

/// Starts a daemon that forwards all names to `server`, and trusts the certificate authority of the tests.
fn forwards(world: &World, server: &str) -> (Setting, Process) {
    let setting = Setting::new(world, "");
    let text = std::fs::read_to_string(setting.config()).unwrap();
    setting.write("resolverd.toml", &format!("{text}[[zone]]\nname = \".\"\nforward = [\"{server}\"]\n"));
    let process = Process::start(trusting(setting.command()), setting.socket());
    (setting, process)
}

/// Makes the command trust the certificate authority of the tests.
fn trusting(mut command: Command) -> Command {
    command.env("SSL_CERT_FILE", Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls/ca.pem"));
    command
}

fn resolverctl(setting: &Setting, arguments: &[&str]) -> String {
    let mut command = trusting(Command::new(env!("CARGO_BIN_EXE_resolverctl")));
    told(&command.arg("--socket").arg(setting.socket()).args(arguments).output().unwrap()).1
}

fn over_https(address: SocketAddr, path: &str, name: &str) -> String {
    format!("https://{address}{path}#{name}")
}

#[test]
fn https_forwarder_uses_one_connection() {
    let world = World::new(Duration::from_millis(20));
    let (_folder, upstream) = forwarder(&world);
    let address = upstream.status().daemon.listen_https[0];
    for path in ["/dns-query", ""] {
        let before = counted(&upstream, "https_handshakes");
        let (setting, process) = forwards(&world, &over_https(address, path, "dns.example"));
        let mut client = Client::new(process.address);
        for number in 0..60 {
            client.send(&format!("host{number}.tld."), RecordType::A);
        }
        while client.waiting() > 0 {
            let reply = client.next_reply();
            assert_eq!((reply.metadata.response_code, reply.answers.len()), (ResponseCode::NoError, 1));
        }
        // The answer is too long for a datagram.
        assert_eq!(client.ask("text.tld.", RecordType::TXT).answers.len(), 1);
        assert_eq!(counted(&upstream, "https_handshakes") - before, 1, "one connection");
        let zones = resolverctl(&setting, &["zones"]);
        assert!(zones.contains(&format!("https://{address}/dns-query#dns.example")), "{zones}");
        let trace = resolverctl(&setting, &["trace", "new.tld", "A"]);
        assert!(trace.contains("HTTPS"), "{trace}");
    }
    assert!(counted(&upstream, "queries_https") >= 122);
    assert_eq!(counted(&upstream, "queries_tls"), 0);
}

#[test]
fn tls_forwarder_gets_queries() {
    let world = World::new(Duration::from_millis(1));
    let (_folder, upstream) = forwarder(&world);
    let server = format!("tls://{}#dns.example", upstream.status().daemon.listen_tls[0]);
    let (_setting, process) = forwards(&world, &server);
    assert_eq!(Client::new(process.address).ask("host.tld.", RecordType::A).answers.len(), 1);
    assert!(counted(&upstream, "queries_tls") >= 1);
    assert_eq!(counted(&upstream, "queries_https"), 0);
}

// The path or the name of the forwarder is wrong; the trace says which.
#[test]
fn wrong_https_forwarder_gets_no_query() {
    let world = World::new(Duration::from_millis(1));
    let (_folder, upstream) = forwarder(&world);
    let (https, tls) = (upstream.status().daemon.listen_https[0], upstream.status().daemon.listen_tls[0]);
    for (server, told) in [
        (over_https(https, "/other", "dns.example"), "HTTP status 404"),
        (over_https(https, "/dns-query", "other.example"), "and not for other.example"),
        // The listener for TLS does not offer HTTP/2.
        (over_https(tls, "/dns-query", "dns.example"), "the server does not offer HTTP/2"),
    ] {
        let (setting, process) = forwards(&world, &server);
        let trace = resolverctl(&setting, &["trace", "host.tld", "A"]);
        assert!(trace.contains(told), "{server}: {trace}");
        assert!(is_servfail(&Client::new(process.address).ask("second.tld.", RecordType::A)), "{server}");
    }
    assert_eq!((counted(&upstream, "queries_https"), counted(&upstream, "queries_tls")), (0, 0));
}

#[test]
fn restarted_https_forwarder_is_used_again() {
    let world = World::new(Duration::from_millis(1));
    let (folder, upstream) = forwarder(&world);
    let address = upstream.status().daemon.listen_https[0];
    let (_setting, process) = forwards(&world, &over_https(address, "", "dns.example"));
    let mut client = Client::new(process.address);
    assert_eq!(client.ask("first.tld.", RecordType::A).answers.len(), 1);
    drop(upstream);
    let text = std::fs::read_to_string(folder.config()).unwrap();
    folder.write(
        "resolverd.toml",
        &text.replace("https = [\"127.0.0.1:0\"]", &format!("https = [\"{address}\"]")),
    );
    let upstream = folder.start();
    assert_eq!(client.ask("second.tld.", RecordType::A).answers.len(), 1);
    assert!(counted(&upstream, "queries_https") >= 1);
}

#[test]
fn compare_queries_tls_https_and_quic() {
    let world = World::new(Duration::from_millis(1));
    let (setting, upstream) = forwarder(&world);
    let listens = upstream.status().daemon;
    setting.write("resolv.conf", "nameserver 127.0.0.99\n");
    let file = setting.config().with_file_name("resolv.conf");
    let compare = |with: &str| {
        resolverctl(
            &setting,
            &["compare", "host.tld", "--with", with, "--resolv-conf", file.to_str().unwrap()],
        )
    };
    for (resolver, counter) in [
        (format!("tls://{}", listens.listen_tls[0]), "queries_tls"),
        (format!("https://{}", listens.listen_https[0]), "queries_https"),
        (format!("quic://{}", listens.listen_quic[0]), "queries_quic"),
    ] {
        let text = compare(&format!("{resolver}#dns.example"));
        let row = text.lines().find(|line| line.starts_with(&format!("{resolver}#dns.example  ")));
        assert!(row.is_some_and(|row| row.contains("  same  ")), "{text}");
        assert_eq!(counted(&upstream, counter), 1, "{text}");
        let text = compare(&format!("{resolver}#other.example"));
        let rejected = format!("{resolver}#other.example (TLS certificate rejected: ");
        assert!(text.contains(&rejected) && text.contains("dns.example"), "{text}");
        assert_eq!(counted(&upstream, counter), 1, "{text}");
    }
    let quic = format!("quic://{}#dns.example", listens.listen_quic[0]);
    let file = file.to_str().unwrap();
    resolverctl(&setting, &["check", "host.tld", "--resolver", &quic, "--resolv-conf", file]);
    assert!(counted(&upstream, "queries_quic") > 1, "check asks it too");
    assert_eq!(counted(&upstream, "quic_handshakes"), 2, "one connection for all questions of a command");
}
