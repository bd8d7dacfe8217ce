//! Reloads of the configuration, by resolverctl and by a signal.

use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use rustix::process::Signal;

use crate::daemon::client::Client;
use crate::daemon::process::{Process, Setting, World, told};

/// Returns the exit code and stdout.
fn resolverctl(setting: &Setting, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_resolverctl"));
    command.arg("--socket").arg(setting.socket()).args(arguments);
    let (code, text, error) = told(&command.output().unwrap());
    assert_eq!(error, "", "{arguments:?}");
    (code, text)
}

/// Returns the exit code, stdout and stderr.
fn failing(setting: &Setting, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_resolverctl"));
    told(&command.arg("--socket").arg(setting.socket()).args(arguments).output().unwrap())
}

/// Returns the log line about a reload.
fn said(process: &Process) -> String {
    let mut line = process.next_line();
    while !line.contains("configuration") {
        line = process.next_line();
    }
    line
}

#[test]
fn reload_applies_or_changes_nothing() {
    let world = World::new(Duration::from_millis(1));
    let setting = Setting::new(&world, "");
    let process = setting.start();
    let file = std::fs::read_to_string(setting.config()).unwrap();
    assert_eq!(resolverctl(&setting, &["reload"]), (0, "no changes\n".to_owned()));

    let host = "[[host]]\nname = \"printer.lan\"\naddresses = [\"10.0.0.9\"]\n";
    setting.write("resolverd.toml", &format!("{file}{host}[cache]\nmax_ttl = \"2h\"\n"));
    let changes = "cache.max_ttl: 2h, was 1d\nhost printer.lan: added\n";
    assert_eq!(resolverctl(&setting, &["reload"]), (0, changes.to_owned()));
    let (code, answer) = resolverctl(&setting, &["query", "printer.lan"]);
    assert!(code == 0 && answer.contains("10.0.0.9"), "{answer}");
    let (_, shown) = resolverctl(&setting, &["config", "show", "--changed"]);
    assert!(shown.contains("max_ttl = \"2h\"") && shown.contains("name = \"printer.lan\""), "{shown}");

    setting.write("resolverd.toml", &format!("{file}[cache]\nsise = 1\n"));
    let (code, wrong) = resolverctl(&setting, &["reload"]);
    assert!(code == 6 && wrong.contains("cache.sise is not a known key; did you mean size?"), "{wrong}");
    assert_eq!(resolverctl(&setting, &["config", "show", "--changed"]), (0, shown.clone()));

    // The configuration file is correct, but its zone file has an error, which the command and the log must report.
    setting.write("lan.zone", "@ A ten\n");
    setting.write("resolverd.toml", &format!("{file}[[zone]]\nname = \"lan\"\nfile = \"lan.zone\"\n"));
    let (code, wrong) = resolverctl(&setting, &["reload"]);
    assert!(code == 6 && wrong.contains("lan.zone"), "{wrong}");
    assert_eq!(setting.run(&["--check"]).0, 6);
    assert_eq!(resolverctl(&setting, &["config", "show", "--changed"]), (0, shown.clone()));

    // That another program uses the listen address is noticed only in the last step of the reload. Even then, nothing must have changed.
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let listener = format!("[[listener]]\naddresses = [\"{}\"]\n", taken.local_addr().unwrap());
    let host = "[[host]]\nname = \"scanner.lan\"\naddresses = [\"10.0.0.10\"]\n";
    setting.write("resolverd.toml", &format!("{file}{host}{listener}"));
    let (code, wrong) = resolverctl(&setting, &["reload"]);
    assert!(code == 6 && wrong.contains("another program uses it"), "{code} {wrong}");
    let (_, answer) = resolverctl(&setting, &["query", "scanner.lan"]);
    assert!(!answer.contains("10.0.0.10"), "{answer}");
    assert_eq!(resolverctl(&setting, &["config", "show", "--changed"]), (0, shown));
    drop(process);
}

#[test]
fn hangup_reloads_and_logs_result() {
    let world = World::new(Duration::from_millis(1));
    let setting = Setting::new(&world, "");
    let process = setting.start();
    let file = std::fs::read_to_string(setting.config()).unwrap();
    setting.write("resolverd.toml", &format!("{file}[cache]\nmax_ttl = \"2h\"\n"));
    process.signal(Signal::HUP);
    let line = said(&process);
    assert!(
        line.contains("INFO") && line.ends_with("configuration reloaded: cache.max_ttl: 2h, was 1d"),
        "{line}"
    );
    setting.write("resolverd.toml", "version = 2\n");
    process.signal(Signal::HUP);
    let line = said(&process);
    assert!(
        line.contains("ERROR") && line.contains("reload failed, the old configuration stays in effect: "),
        "{line}"
    );
    assert!(line.contains("line 1: version is not a supported version; "), "{line}");
}

#[test]
fn reload_switches_to_wildcard_and_back() {
    let world = World::new(Duration::from_millis(1));
    let setting = Setting::new(&world, "");
    let file = std::fs::read_to_string(setting.config()).unwrap();
    // The reload fails if another program uses the port at another address of this host. The daemon is then started again, with another port.
    let (process, port) = loop {
        setting.write("resolverd.toml", &file);
        let process = setting.start();
        let port = process.address.port();
        setting.write("resolverd.toml", &file.replace("127.0.0.1:0", &format!("0.0.0.0:{port}")));
        let (code, said) = resolverctl(&setting, &["reload"]);
        if code == 0 {
            break (process, port);
        }
        assert!(said.contains("another program uses it"), "{said}");
    };
    let mut client = Client::new(process.address);
    for address in ["127.0.0.1", "0.0.0.0", "127.0.0.1"] {
        let wanted = format!("{address}:{port}");
        setting.write("resolverd.toml", &file.replace("127.0.0.1:0", &wanted));
        for number in 0..20 {
            client.send(&format!("n{number}.{address}.tld."), RecordType::A);
        }
        let (code, changes) = resolverctl(&setting, &["reload"]);
        assert!(code == 0 && changes.contains(&wanted), "{changes}");
        assert_eq!(process.status().daemon.listen, [wanted.parse().unwrap()]);
        for _ in 0..20 {
            assert_eq!(client.next_reply().metadata.response_code, ResponseCode::NoError);
        }
        assert_eq!(client.ask("www.tld.", RecordType::A).answers.len(), 1);
        TcpStream::connect(process.address).unwrap();
    }
}

#[test]
fn removed_address_returns_during_query() {
    let world = World::new(Duration::from_millis(500));
    let setting = Setting::new(&world, "");
    let file = std::fs::read_to_string(setting.config()).unwrap();
    // If another program uses this port at 127.0.0.2, the daemon is started again with another port.
    let (process, other, both) = loop {
        setting.write("resolverd.toml", &file);
        let process = setting.start();
        let other = SocketAddr::from(([127, 0, 0, 2], process.address.port()));
        let both = file.replace("\"127.0.0.1:0\"", &format!("\"127.0.0.1:0\", \"{other}\""));
        setting.write("resolverd.toml", &both);
        let (code, said) = resolverctl(&setting, &["reload"]);
        if code == 0 {
            break (process, other, both);
        }
        assert!(said.contains("another program uses it"), "{said}");
    };
    let mut waits = Client::new(other);
    waits.send("last.tld.", RecordType::A);
    process.wait_until("the query is in progress", |process| process.status().daemon.flights > 0);
    for text in [&file, &both] {
        setting.write("resolverd.toml", text);
        let (code, said) = resolverctl(&setting, &["reload"]);
        assert_eq!(code, 0, "{said}");
    }
    assert_eq!(waits.next_reply().answers.len(), 1);
    assert_eq!(Client::new(other).ask("www.tld.", RecordType::A).answers.len(), 1);
    TcpStream::connect(other).unwrap();
}

#[test]
fn reload_keeps_command_line_addresses() {
    let world = World::new(Duration::from_millis(1));
    let setting = Setting::new(&world, "");
    let mut command = setting.command();
    command.args(["--listen", "127.0.0.1:0"]);
    let process = Process::start(command, setting.socket());
    let file = std::fs::read_to_string(setting.config()).unwrap();
    setting.write("resolverd.toml", &file.replace("127.0.0.1:0", "192.0.2.1:53"));
    assert_eq!(resolverctl(&setting, &["reload"]), (0, "no changes\n".to_owned()));
    assert_eq!(process.status().daemon.listen, [process.address]);
}

// By --check, at the start and at a reload.
#[test]
fn zone_forwarding_to_itself_is_refused() {
    let world = World::new(Duration::from_millis(1));
    let setting = Setting::new(&world, "");
    let process = setting.start();
    let own = process.address;
    let file = std::fs::read_to_string(setting.config()).unwrap().replace("127.0.0.1:0", &own.to_string());
    for (key, server) in [
        ("forward", own.to_string()),
        ("stub", own.to_string()),
        ("forward", format!("tls://{own}#dns.example")),
    ] {
        let zone = format!("[[zone]]\nname = \"partner.example\"\n{key} = [\"127.0.0.1:1\", \"{server}\"]\n");
        setting.write("resolverd.toml", &format!("{file}{zone}"));
        let sentence = format!(
            "zone partner.example.: {key} contains {own}, at which resolverd itself listens ({own}): its queries would come back to it; write the address and port of another server\n"
        );
        assert_eq!(setting.run(&["--check"]), (6, String::new(), sentence.clone()));
        // With port 0, the configured server is not resolverd itself.
        assert_eq!(setting.run(&["--check", "--listen", "127.0.0.1:0"]).0, 0);
        let (code, _, error) = setting.run(&[]);
        assert_eq!((code, error), (1, format!("resolverd: {sentence}")));
        let (code, wrong) = resolverctl(&setting, &["reload"]);
        assert!(code == 6 && wrong.contains(sentence.trim_end()), "{wrong}");
        let path = setting.config().display().to_string();
        let (code, wrong) = resolverctl(&setting, &["config", "check", &path]);
        assert!(code == 6 && wrong.contains("at which resolverd itself listens"), "{wrong}");
    }
}

// With --write, it is added to the configuration file.
#[test]
fn added_zone_lasts_until_removed() {
    let world = World::new(Duration::from_millis(1));
    let host = "[[host]]\nname = \"printer.lan\"\naddresses = [\"10.0.0.9\"]\n";
    let (near, far) = (Setting::new(&world, ""), Setting::new(&world, host));
    let (_process, forwarder) = (near.start(), far.start());
    let server = forwarder.address.to_string();
    let asks = || resolverctl(&near, &["query", "printer.lan"]).0;
    assert_eq!(asks(), 1);
    let (code, text) = resolverctl(&near, &["zone", "add", "lan", "--forward", &server]);
    let note = "until resolverd ends; --write adds it to the configuration file";
    assert_eq!((code, text), (0, format!("zone lan: added\n{note}\n")));
    assert_eq!(asks(), 0, "what was learned before is forgotten");
    assert!(resolverctl(&near, &["zones"]).1.contains("lan. (temporary)"));
    assert_eq!(resolverctl(&near, &["reload"]), (0, "no changes\n".to_owned()));
    assert_eq!(asks(), 0);
    assert_eq!(resolverctl(&near, &["zone", "remove", "lan"]), (0, "zone lan: removed\n".to_owned()));
    assert_eq!(asks(), 1);
    let (code, text) = resolverctl(&near, &["forward", "add", "lan", &server]);
    assert_eq!(
        (code, asks(), text),
        (0, 0, format!("zone lan: added\n{note}\n")),
        "the same without --forward"
    );
    assert_eq!(resolverctl(&near, &["zone", "remove", "lan"]).0, 0);

    // An invalid server must change neither the daemon nor the configuration file.
    let before = std::fs::read_to_string(near.config()).unwrap();
    let words = ["zone", "add", "lan", "--forward", "10.0.0.300"];
    let (code, _, said) = failing(&near, &words);
    assert!(code == 2 && said.contains("zone.forward: \"10.0.0.300\" is not a forwarder"), "{said}");
    let (code, said) = resolverctl(&near, &[&words[..], &["--write"]].concat());
    assert!(code == 6 && said.contains("10.0.0.300"), "{said}");
    assert_eq!(std::fs::read_to_string(near.config()).unwrap(), before);

    let (code, text) =
        resolverctl(&near, &["zone", "add", "lan", "--forward", &server, "--insecure", "--write"]);
    assert!(code == 0 && text.starts_with("zone lan: added\nwritten to "), "{text}");
    let entry = format!("\n[[zone]]\nname = \"lan\"\nforward = [\"{server}\"]\nvalidate = false\n");
    assert_eq!(std::fs::read_to_string(near.config()).unwrap(), format!("{before}{entry}"));
    assert_eq!(asks(), 0);
    let (code, _, said) = failing(&near, &["zone", "remove", "lan"]);
    assert!(code == 2 && said.contains("`resolverctl zone remove lan. --write` removes"), "{said}");
    let (code, text) = resolverctl(&near, &["zone", "remove", "lan.", "--write"]);
    assert!(code == 0 && text.starts_with("zone lan: removed\nwritten to "), "{text}");
    assert_eq!(std::fs::read_to_string(near.config()).unwrap(), before);
    assert_eq!((asks(), resolverctl(&near, &["zone", "list"])), (1, (0, "no configured zones\n".to_owned())));
}

#[test]
fn temporary_zone_ends_in_time() {
    let world = World::new(Duration::from_millis(1));
    let setting = Setting::new(&world, "");
    let process = setting.start();
    for (time, said) in
        [("2h", "zone lan: added"), ("3h", "lan: now ends in 3 h"), ("1s", "lan: now ends in 1 s")]
    {
        let words = ["zone", "add", "lan", "--stub", "127.78.0.3", "--for", time];
        let (code, shown) = resolverctl(&setting, &words);
        assert!(code == 0 && shown.starts_with(&format!("{said}\nuntil 20")), "{shown}");
    }
    process
        .wait_until("the zone has ended", |_| resolverctl(&setting, &["zones"]).1 == "no configured zones\n");
}

#[test]
fn temporary_block_and_host_end() {
    let world = World::new(Duration::from_millis(1));
    let setting = Setting::new(&world, "");
    let process = setting.start();
    let run = |words: &str| resolverctl(&setting, &words.split(' ').collect::<Vec<_>>());
    let is_blocked = |name: &&str| run(&format!("query {name}")).1.contains("NXDOMAIN");
    let names = ["tld TXT", "tld MX", "www.tld"];
    let (code, said) = run("block tld --for 2d");
    assert!(code == 0 && said.starts_with("zone tld: added\nuntil 20"), "{said}");
    for name in names {
        assert!(is_blocked(&name), "{}", run(&format!("query {name}")).1);
    }
    assert_eq!(run("host add mx.host.example 192.0.2.1,2001:db8::1 --for 7d").0, 0);
    assert!(run("query mx.host.example AAAA").1.contains("2001:db8::1"));
    assert!(run("query 192.0.2.1").1.contains("mx.host.example."), "the reverse name too");
    let (_, zones) = run("zone");
    assert!(zones.contains("tld. (for ") && zones.contains("mx.host.example. (for "), "{zones}");
    assert_eq!(run("reload"), (0, "no changes\n".to_owned()));
    assert!(names.iter().all(is_blocked));
    let (_, replaced) = run("block mx.host.example");
    assert!(
        replaced.starts_with("zone mx.host.example: added\nhost mx.host.example: removed\n"),
        "{replaced}"
    );
    assert!(run("host list").1.contains("mx.host.example. (temporary)"), "{:?}", run("host list"));
    assert_eq!(run("block remove mx.host.example"), (0, "zone mx.host.example: removed\n".to_owned()));
    let (code, _, said) = failing(&setting, &["block", "show", "mx.host.example"]);
    assert!(code == 2 && said.contains("`resolverctl zone list`"), "{said}");
    assert_eq!(run("host add a.example 192.0.2.1 192.0.2.2 --for 1s").0, 0);
    assert!(run("block tld --for 1s").1.starts_with("tld: now ends in 1 s\nuntil 20"));
    process.wait_until("both have ended", |_| run("zones").1 == "no configured zones\n");
    assert!(!is_blocked(&"www.tld"));
}

// With --write, both are added to the configuration file.
#[test]
fn block_and_host_are_written() {
    let world = World::new(Duration::from_millis(1));
    let setting = Setting::new(&world, "");
    let _process = setting.start();
    let run = |words: &str| resolverctl(&setting, &words.split(' ').collect::<Vec<_>>());
    let before = std::fs::read_to_string(setting.config()).unwrap();
    let block = "\n[[zone]]\nname = \"spam.example\"\nblock = true\n";
    let host = "\n[[host]]\nname = \"mx.example\"\naddresses = [\"192.0.2.1\",\"192.0.2.2\"]\n";
    let (code, said) = run("block spam.example --write");
    assert!(code == 0 && said.contains("it has no end: it stays until"), "{said}");
    assert_eq!(run("host add mx.example 192.0.2.1,192.0.2.2 --write").0, 0);
    assert_eq!(std::fs::read_to_string(setting.config()).unwrap(), format!("{before}{block}{host}"));
    assert_eq!(run("query spam.example").0, 1);
    assert_eq!(run("zone remove spam.example --write").0, 0);
    assert_eq!(run("host remove mx.example --write").0, 0);
    assert_eq!(std::fs::read_to_string(setting.config()).unwrap(), before);
    let (code, _, said) = failing(&setting, &["host", "add", "mx.example", "mx2.example"]);
    assert!(code == 2 && said.contains("mx2.example"), "{said}");
    let (code, _, said) = failing(&setting, &["block", "."]);
    assert!(code == 2 && said.contains("zone.block cannot block the root"), "{said}");
}

#[test]
fn list_key_is_written() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new(Duration::from_millis(1));
    let setting = Setting::new(&world, "");
    let _process = setting.start();
    let before = std::fs::read_to_string(setting.config()).unwrap();
    setting.write("zen.key", "abcdefghijklmnopqrstuvwxyz\n");
    let key = setting.config().with_file_name("zen.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
    let key = key.to_str().unwrap();
    let (code, text) = resolverctl(&setting, &["dnsbl", "key", "zen.spamhaus.org", key]);
    assert!(code == 0 && text.starts_with("list zen.spamhaus.org: added\n"), "{text}");
    let entry = format!("\n[[list]]\nname = \"zen.spamhaus.org\"\nkey = \"{key}\"\n");
    let written = std::fs::read_to_string(setting.config()).unwrap();
    assert_eq!(written, format!("{before}{entry}"));
    // A second entry, a list that takes no key, and a file that is missing change nothing.
    for (list, file) in
        [("zen.spamhaus.org", key), ("psbl.surriel.com", key), ("zen.spamhaus.org", "/nowhere")]
    {
        assert_eq!(resolverctl(&setting, &["dnsbl", "key", list, file]).0, 6);
        assert_eq!(std::fs::read_to_string(setting.config()).unwrap(), written);
    }
}
