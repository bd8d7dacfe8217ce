//! Checks with DNS lists whose answers must not be trusted. Their test entries show this (RFC 5782 section 5).

use lab::delegations::Tree;
use lab::fault::Fault;
use lab::world::{Lab, ServerPlan};

use crate::gateway::Gateway;

/// DNS lists below `lists.com` with their zones, or `None` if the zone does not exist. All except the last two have test entries.
const LISTS: &[(&str, Option<&str>)] = &[
    ("good", Some("2.0.0.127 A 127.0.0.2\n9.9.18.198 A 127.0.0.2\n9.9.18.198 TXT \"spam\"\n")),
    ("wild", Some("* A 127.0.0.2\n")),
    ("emptied", Some("www A 198.18.9.1\n")),
    ("misspelt", None),
    ("untested", Some("* A 127.0.0.2\n")),
];

fn lab() -> Lab {
    let mut tree = Tree::default();
    for (name, last, faults) in [
        ("a.root", 1, vec![]),
        ("ns.com", 2, vec![]),
        ("ns.lists.com", 3, vec![]),
        ("dark.com", 4, vec![Fault::ServFail]),
    ] {
        let mut plan = ServerPlan::new(name, vec![[127, 93, 0, last].into()]);
        plan.faults = faults;
        tree.server(plan).unwrap();
    }
    let server = |name: &str| vec![name.to_owned()];
    tree.zone(".", &server("a.root"), "").unwrap();
    tree.zone("com.", &server("ns.com"), "").unwrap();
    tree.zone("lists.com.", &server("ns.lists.com"), "").unwrap();
    tree.zone("dark.lists.com.", &server("dark.com"), "").unwrap();
    tree.zone("18.198.in-addr.arpa.", &server("ns.lists.com"), "9.9 PTR a.lists.com.\n").unwrap();
    // A DNS list of the built-in registry that is not configured, and that no client has asked.
    tree.zone("net.", &server("ns.com"), "").unwrap();
    tree.zone("bl.spamcop.net.", &server("ns.lists.com"), LISTS[0].1.unwrap()).unwrap();
    for (name, text) in LISTS {
        if let Some(text) = text {
            tree.zone(&format!("{name}.lists.com."), &server("ns.lists.com"), text).unwrap();
        }
    }
    tree.build().unwrap()
}

fn gateway(lists: &[&str]) -> Gateway {
    let list = |name: &&str| {
        let tests = if ["misspelt", "untested"].contains(name) {
            ""
        } else {
            "tests = { listed = [\"2.0.0.127\"], unlisted = [\"1.0.0.127\"] }\n"
        };
        format!("[[list]]\nname = \"{name}.lists.com\"\npurpose = \"block\"\nsubjects = [\"ip4\"]\n{tests}")
    };
    Gateway::start(
        lab(),
        "deny_servers = []",
        &format!("[dnssec]\nvalidate = false\n{}", lists.iter().map(list).collect::<String>()),
    )
}

fn evidence(gateway: &Gateway, address: &str, code: &str) -> Option<String> {
    let (_, lines) = gateway.run(&["--json", "check", address]);
    let mut findings = lines.iter().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let found = findings.find(|finding| finding["code"] == code)?;
    found["evidence"].as_str().map(str::to_owned)
}

#[test]
fn list_with_correct_tests_is_trusted() {
    let gateway = gateway(&["good"]);
    let listed = evidence(&gateway, "198.18.9.9", "listed");
    assert_eq!(listed.as_deref(), Some("198.18.9.9 in good.lists.com (127.0.0.2; spam)"));
    assert_eq!(evidence(&gateway, "198.18.9.8", "lists_ok").as_deref(), Some("1 answer about 198.18.9.8"));
}

#[test]
fn list_with_wrong_tests_is_unknown() {
    let gateway = gateway(&["good", "wild", "emptied", "misspelt", "untested", "dark"]);
    // The second time, the answers come from the cache.
    for _ in 0..2 {
        let unknown = evidence(&gateway, "198.18.9.8", "lists_unknown").unwrap();
        for words in [
            "wild.lists.com about 198.18.9.8: it lists even its test entry 1.0.0.127.wild.lists.com, which must not be listed",
            "emptied.lists.com about 198.18.9.8: it does not list its test entry 2.0.0.127.emptied.lists.com, which must be listed;",
            "misspelt.lists.com about 198.18.9.8: the domain misspelt.lists.com does not exist (NXDOMAIN)",
            "untested.lists.com about 198.18.9.8: it lists even its test entry 1.0.0.127.untested.lists.com, which must not be listed",
            "dark.lists.com about 198.18.9.8: ",
        ] {
            assert!(unknown.contains(words), "{words}: {unknown}");
        }
        assert!(!unknown.contains("good.lists.com"), "{unknown}");
        for code in ["listed", "lists_ok"] {
            assert_eq!(evidence(&gateway, "198.18.9.8", code), None);
        }
    }
    let (code, lines) = (gateway.command(&["dnsbl", "test", "198.18.9.8"]), "wild.lists.com");
    let screen = String::from_utf8_lossy(&code.stdout).into_owned();
    let row = screen.lines().find(|line| line.starts_with(lines)).unwrap();
    assert!(row.contains("unknown"), "{screen}");
}

/// Checks a bounce that contains this reply of the receiving host. Returns the exit code and the lines of the output.
fn bounced(gateway: &Gateway, reply: &str) -> (i32, Vec<String>) {
    let file = gateway.path("bounce");
    let text = format!(
        "From: MAILER-DAEMON@lists.com\n\n<you@nothing.com>: host mx.nothing.com[127.93.0.9] said: {reply}\n\n\
         Return-Path: <me@dark.lists.com>\nFrom: me@dark.lists.com\n"
    );
    std::fs::write(&file, text).unwrap();
    gateway.run(&["check", "mail", file.to_str().unwrap()])
}

#[test]
fn list_of_bounce_is_first() {
    let gateway = gateway(&["good", "dark"]);
    let blocked = |address: &str, list: &str| {
        bounced(
            &gateway,
            &format!("554 5.7.1 Service unavailable; Client host [{address}] blocked using {list}"),
        )
    };
    // The finding about the DNS list must come first.
    for (list, end) in [
        ("good.lists.com", "; spam"),
        ("bl.spamcop.net", ": reported by users; spam; removal: https://www.spamcop.net/bl.shtml"),
    ] {
        let (code, lines) = blocked("198.18.9.9", list);
        let answer = format!(
            "dark.lists.com: the DNS list that the bounce names still lists the sender: 198.18.9.9 in {list} (127.0.0.2{end})."
        );
        assert_eq!((code, &lines[0]), (1, &crate::forum::cut(&answer)), "{lines:#?}");
        let (_, lines) = blocked("198.18.9.8", list);
        let answer = format!(
            "dark.lists.com: the DNS list that the bounce names does not list the sender now: 198.18.9.8 is not in {list}."
        );
        assert_eq!(lines[0], answer, "{lines:#?}");
        assert!(
            lines.iter().any(|line| line.starts_with("nothing.com: the domain does not exist")),
            "{lines:#?}"
        );
    }
    // The bounce names a DNS list that the check asks in any case. The listing must be only one finding. It is in two lines, because the first line
    // of the output repeats the worst finding.
    let (_, lines) = blocked("198.18.9.9", "good.lists.com");
    assert_eq!(
        lines.iter().filter(|line| line.contains("198.18.9.9 in good.lists.com")).count(),
        2,
        "{lines:#?}"
    );
    for (list, words) in [
        ("dark.lists.com", "dark.lists.com about 198.18.9.8: "),
        ("rbl.nothing.com", "rbl.nothing.com: resolverd does not know this list"),
        ("dnsbl.sorbs.net", "dnsbl.sorbs.net about 198.18.9.8: shut down: 2024-06-05"),
    ] {
        let (_, lines) = blocked("198.18.9.8", list);
        assert!(!lines[0].contains("the bounce names"), "{lines:#?}");
        assert!(lines.iter().any(|line| line.contains(words)), "{list}: {lines:#?}");
    }
    let key = "a1b2c3d4e5f6a7b8c9d0e1f2g3";
    let (_, lines) = blocked("198.18.9.8", &format!("{key}.zen.dq.spamhaus.net"));
    assert!(lines.iter().any(|line| line.contains("zen.spamhaus.org about 198.18.9.8: ")), "{lines:#?}");
    assert!(lines.iter().all(|line| !line.contains(key)), "{lines:#?}");
}
