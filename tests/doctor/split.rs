//! Checks of domains for which this host has its own records, as with a split zone. The check must use the public records.

use lab::delegations::Tree;
use lab::world::{Lab, ServerPlan};

use crate::gateway::Gateway;

const INSIDE: &str = r#"
[dnssec]
validate = false
[[host]]
name = "mx.mailer.com"
addresses = ["10.0.0.5"]
[[zone]]
name = "hidden.com"
records = ["mx.hidden.com. 60 A 10.0.0.5"]
[[zone]]
name = "address.com"
records = ["@ MX 5 inside.address.com.", "inside A 10.0.0.5"]
[[zone]]
name = "twice.com"
records = ["@ MX 5 inside.twice.com.", "inside A 10.0.0.5"]
[[zone]]
name = "sound.com"
records = ["@ MX 5 inside.sound.com.", "inside A 10.0.0.5"]
[[zone]]
name = "moved.com"
records = ["@ MX 5 old.moved.com.", "old A 198.18.9.7"]
"#;

fn lab() -> Lab {
    let mut tree = Tree::default();
    for (name, last) in [("a.root", 1), ("ns.com", 2), ("ns1.host.com", 3), ("ns2.host.com", 4)] {
        tree.server(ServerPlan::new(name, vec![[127, 95, 0, last].into()])).unwrap();
    }
    let at = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    tree.zone(".", &at(&["a.root"]), "").unwrap();
    tree.zone("com.", &at(&["ns.com"]), "").unwrap();
    let both = at(&["ns1.host.com", "ns2.host.com"]);
    for (zone, text) in [
        ("host", ""),
        ("mailer", "mx A 198.18.9.1\nmx AAAA 2001:2::9\n"),
        ("hidden", "mx A 198.18.9.1\nmx AAAA 2001:2::9\n"),
        ("at-mailer", "@ MX 10 mx.mailer.com.\n"),
        ("at-hidden", "@ MX 10 mx.hidden.com.\n"),
        ("moved", "@ MX 10 mx\nmx A 198.18.9.1\n"),
        ("address", "@ MX 10 198.18.9.1.\n"),
        ("twice", "@ MX 10 mx\nmx A 198.18.9.1\n@ TXT \"v=spf1 mx -all\"\n@ TXT \"v=spf1 -all\"\n"),
        (
            "sound",
            "@ MX 10 mx\nmx A 198.18.9.1\n@ TXT \"v=spf1 ip4:198.18.9.8 -all\"\n_dmarc TXT \"v=DMARC1; p=reject\"\n",
        ),
    ] {
        tree.zone(&format!("{zone}.com."), &both, text).unwrap();
    }
    tree.build().unwrap()
}

fn found(gateway: &Gateway, domain: &str) -> Vec<(String, String)> {
    let (_, lines) = gateway.run(&["--json", "check", domain]);
    let objects = lines.iter().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    objects.map(|object| (text(&object["code"]), text(&object["level"]))).collect()
}

fn has(found: &[(String, String)], code: &str) -> bool {
    found.iter().any(|(known, _)| known == code)
}

#[test]
fn split_domain_uses_public_records() {
    let gateway = Gateway::start(lab(), "deny_servers = []", INSIDE);
    let differs = |level: &str| ("configured_differs".to_owned(), level.to_owned());
    for (domain, fault) in
        [("address.com", "mx_is_address"), ("twice.com", "spf_multiple"), ("sound.com", "spf_ok")]
    {
        let found = found(&gateway, domain);
        assert!(found.contains(&differs("note")), "{domain}: {found:?}");
        assert!(has(&found, fault) && !has(&found, "mx_private_address"), "{domain}: {found:?}");
        assert!(domain == "sound.com" || found[0] == (fault.to_owned(), "failure".to_owned()), "{found:?}");
    }
    let sound = found(&gateway, "sound.com");
    assert!(has(&sound, "mail_ok") && has(&sound, "dmarc_ok") && !has(&sound, "mail_unknown"), "{sound:?}");
    assert!(sound.iter().all(|(_, level)| ["note", "ok"].contains(&level.as_str())), "{sound:?}");
    let moved = found(&gateway, "moved.com");
    assert_eq!(moved[0], differs("warning"), "mail from this host goes to another public host: {moved:?}");
}

// This host cannot see the address that others see.
#[test]
fn configured_mail_host_address_is_unknown() {
    let gateway = Gateway::start(lab(), "deny_servers = []", INSIDE);
    for domain in ["at-mailer.com", "at-hidden.com"] {
        let found = found(&gateway, domain);
        assert!(has(&found, "mail_unknown"), "{domain}: {found:?}");
        for fault in ["mx_private_address", "mx_without_ipv6", "mail_ok"] {
            assert!(!has(&found, fault), "{domain}: {found:?}");
        }
    }
}
