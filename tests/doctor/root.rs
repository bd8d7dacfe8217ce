//! Checks on a host whose trust anchors do not match the root zone, or with root servers whose names have no addresses.

use std::net::SocketAddr;
use std::process::Output;
use std::time::{SystemTime, UNIX_EPOCH};

use lab::delegations::Tree;
use lab::fault::Fault;
use lab::world::{Lab, ServerPlan};

use crate::gateway::Gateway;

/// A signed root and `com.`, an unsigned `plain.com.`, and a zone with the names of the root servers. The servers of this zone do not
/// answer.
fn world() -> Lab {
    let mut tree = Tree::default();
    for (name, last, faults) in
        [("a.root-servers.net", 1, vec![]), ("ns.com", 2, vec![]), ("dead.com", 3, vec![Fault::Dead])]
    {
        let mut plan = ServerPlan::new(name, vec![[127, 93, 0, last].into()]);
        plan.faults = faults;
        tree.server(plan).unwrap();
    }
    let of = |name: &str| vec![name.to_owned()];
    tree.zone(".", &of("a.root-servers.net"), "").unwrap();
    tree.zone("com.", &of("ns.com"), "").unwrap();
    tree.zone("plain.com.", &of("ns.com"), "@ MX 10 mx\nmx A 198.18.9.1\n").unwrap();
    tree.zone("root-servers.net.", &of("dead.com"), "").unwrap();
    for zone in [".", "com."] {
        tree.sign(zone, Some("".parse().unwrap())).unwrap();
    }
    tree.build_at(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

fn gateway() -> Gateway {
    Gateway::start(world(), "deny_servers = []", "[dnssec]\ntrust_anchor = \"anchors\"")
}

fn lines(output: &Output) -> Vec<serde_json::Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Runs `check system`. Returns the verdict and the evidence of this check.
fn of_host(gateway: &Gateway, check: &str) -> (String, String) {
    let (folder, server) = (gateway.path("host"), SocketAddr::from(([127, 93, 0, 1], gateway.port())));
    std::fs::create_dir_all(&folder).unwrap();
    let server = server.to_string();
    let arguments =
        ["--json", "check", "system", "--root", folder.to_str().unwrap(), "--root-server", &server];
    let found = lines(&gateway.command(&arguments));
    let part = found.iter().find(|finding| finding["check"] == check).unwrap_or_else(|| panic!("{found:#?}"));
    let text = |key: &str| part[key].as_str().unwrap().to_owned();
    (text("verdict"), text("evidence"))
}

#[test]
fn wrong_trust_anchor_blames_host() {
    let mut gateway = gateway();
    let (verdict, evidence) = of_host(&gateway, "root keys");
    assert!(verdict == "ok" && evidence.starts_with("DNSSEC validation works: "), "{verdict}: {evidence}");
    let faults = |found: &[serde_json::Value]| -> Vec<String> {
        let is_fault = |finding: &&serde_json::Value| {
            ["failure", "warning"].iter().any(|level| finding["level"] == *level)
        };
        found.iter().filter(is_fault).map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
    };
    let sound = faults(&lines(&gateway.command(&["--json", "check", "plain.com", "--local"])));
    let stray = format!(". DS 4711 13 2 {}\n", "AB".repeat(32));
    std::fs::write(gateway.path("anchors"), stray).unwrap();
    for command in [&["reload"][..], &["flush", "--all"]] {
        assert!(gateway.command(command).status.success(), "{command:?}");
    }
    let (verdict, evidence) = of_host(&gateway, "root keys");
    assert_eq!(verdict, "failure", "{evidence}");
    let words = "no DNSKEY of the root zone matches a trust anchor of resolverd (key tag ";
    assert!(evidence.contains(words) && evidence.contains("4711"), "{evidence}");
    // The check must report the trust anchors and no fault of the domain.
    for domain in ["plain.com", "com"] {
        let found = lines(&gateway.command(&["--json", "check", domain, "--local"]));
        let of = |level: &str, code: &str| {
            found.iter().find(|finding| finding["level"] == level && finding["code"] == code)
        };
        let told = of("could_not_tell", "dnssec_unknown").unwrap_or_else(|| panic!("{found:#?}"));
        assert!(told["evidence"].as_str().unwrap().contains("the trust anchors of this host"), "{told}");
        assert!(told["remedy"].as_str().unwrap().contains("resolverctl check system"), "{told}");
        let raised: Vec<String> = faults(&found).into_iter().filter(|code| !sound.contains(code)).collect();
        assert!(raised.is_empty(), "{raised:?}: {found:#?}");
    }
    gateway.kill();
    let (verdict, evidence) = of_host(&gateway, "resolverd");
    assert!(verdict == "failure" && evidence.contains("cannot connect"), "{verdict}: {evidence}");
}

// The names of the root servers have no addresses.
#[test]
fn top_level_domain_checks_despite_root() {
    let gateway = gateway();
    let (_, lines) = gateway.run(&["check", "com"]);
    assert!(lines.iter().all(|line| !line.contains("zone above")), "{lines:#?}");
    assert!(lines.iter().any(|line| line.contains("the domain is signed and validates")), "{lines:#?}");
}
