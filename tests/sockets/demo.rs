//! The demo: the lab and the daemon on sockets, some messages, and a question for every domain of the lab.

use std::process::Command;

use daemon::Daemon;
use lab::demo::{Demo, Options};
use lab::prelude::skipped;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_lab_domain_resolves_with_times() {
    let listen = vec!["127.0.0.1:0".parse().unwrap()];
    let demo = Demo::start(Options { listen, once: true, messages: 24, seed: 1 }).await.unwrap();
    let daemon = Daemon::start(demo.config(), None).unwrap();
    let mut screen = Vec::new();
    let ended = demo.show(daemon.addresses()[0], &|| "the stats screen".to_owned(), &mut screen).await;
    daemon.stop().await;
    let screen = String::from_utf8(screen).unwrap();
    println!("{screen}");
    assert!(ended.is_ok(), "{ended:?}\n{screen}");
    for part in [
        "60 of 60 lab domains resolve; 15 of them are signed",
        "TLSA _25._tcp.mail.",
        "the stats screen",
        "  cold ",
        "  warm ",
        "dig @127.0.0.1 -p ",
    ] {
        assert!(screen.contains(part), "{part:?} is not in\n{screen}");
    }
}

/// The demo sends its mail through an installed resolver, which is resolverd here. The simulated servers use port 53, so the test runs in a
/// network namespace of its own.
#[test]
fn demo_mails_through_installed_resolver() {
    let program = env!("CARGO_BIN_EXE_resolverd");
    let folder = std::env::temp_dir().join(format!("resolverd-through-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let configuration = r#"version = 1
        [listen]
        addresses = ["127.0.0.1:53"]
        [resolve]
        root_hints = "root.hints"
        deny_servers = []
        ipv6 = false
        [dnssec]
        trust_anchor = "root.ds"
        [control]
        socket = "FOLDER/control.sock""#;
    let configuration = configuration.replace("FOLDER", folder.to_str().unwrap());
    std::fs::write(folder.join("resolverd.toml"), configuration).unwrap();
    let alone = |words: &[&str]| {
        let script = "ip link set lo up && exec \"$@\"";
        let mut shell = Command::new("unshare");
        shell.args(["--user", "--map-root-user", "--net", "sh", "-euc", script, "sh"]).args(words);
        shell.current_dir(&folder).output()
    };
    if !alone(&["true"]).is_ok_and(|output| output.status.success()) {
        return skipped("no network of its own is to be had here");
    }
    let through = format!("installed={program} --no-snapshot --config resolverd.toml");
    let words = [program, "demo", "--bench", "--seeds", "1", "--messages", "12", "--through", &through];
    let output = alone(&words).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let (shown, said) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{shown}{said}");
    let row = |title: &str| {
        let line =
            shown.lines().find(|line| line.starts_with(title)).unwrap_or_else(|| panic!("{title}: {shown}"));
        line[46..].split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(row("mean ms of a message's DNS")[..3], ["installed", "limit", "limit,"]);
    assert_eq!(row("failed questions")[0], "0");
    assert_eq!(row("signed domains found secure")[..2], ["92", "(92)"]);
    assert!(row("queries to servers")[0].parse::<f64>().unwrap() > 5.0, "{shown}");
}
