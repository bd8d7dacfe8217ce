//! Questions of operators in forums. The first line of the output must answer the question.

use std::process::Stdio;

use crate::gateway::Gateway;
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::world::{Lab, ServerPlan};
use zones::authority::Authority;

const SERVERS: [(&str, u8); 8] = [
    ("a.root", 1),
    ("ns.com", 2),
    ("ns1.host.com", 3),
    ("ns2.host.com", 4),
    ("ns3.host.com", 5),
    ("old1.former.com", 6),
    ("old2.former.com", 7),
    ("public.resolver", 8),
];

/// Returns a lab in which `moved.com.` has this mail host, and `registered.com.` is delegated to these servers.
fn lab(mail_host: &str, servers: &[&str]) -> Lab {
    let names = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut tree = Tree::default();
    for (name, last) in SERVERS {
        let mut plan = ServerPlan::new(name, vec![[127, 91, 0, last].into()]);
        if name == "ns3.host.com" {
            plan.faults = vec![Fault::Refused];
        }
        tree.server(plan).unwrap();
    }
    let hosts = names(&["ns1.host.com", "ns2.host.com"]);
    tree.zone(".", &names(&["a.root"]), "").unwrap();
    tree.zone("com.", &names(&["ns.com"]), "").unwrap();
    tree.zone(
        "host.com.",
        &hosts,
        "new A 198.18.0.10\nold A 198.18.0.11\nweb A 198.18.0.80\nsmtp A 127.91.0.20\nother A 127.91.0.20\n",
    )
    .unwrap();
    let policy = "_mta-sts TXT \"v=STSv1; id=1\"\nmta-sts A 127.91.0.20\n";
    for (name, host) in [("excluded", "other"), ("untrusted", "smtp")] {
        let text = format!("@ MX 10 {host}.host.com.\n{policy}");
        tree.zone(&format!("{name}.com."), &hosts, &text).unwrap();
    }
    tree.zone("connected.com.", &hosts, "@ MX 10 smtp.host.com.\n").unwrap();
    tree.zone("misnamed.com.", &hosts, "@ MX 10 other.host.com.\n").unwrap();
    tree.zone("former.com.", &names(&["old1.former.com", "old2.former.com"]), "").unwrap();
    tree.zone(
        "18.198.in-addr.arpa.",
        &hosts,
        "10.0 PTR new.host.com.\n11.0 PTR old.host.com.\n80.0 PTR web.host.com.\n82.0 PTR web.host.com.\n",
    )
    .unwrap();
    tree.zone("moved.com.", &hosts, &format!("@ MX 10 {mail_host}.host.com.\n")).unwrap();
    tree.zone("website.com.", &hosts, "@ A 198.18.0.80\n").unwrap();
    // Hosting panels create such an SPF record: only the address of the domain itself may send mail.
    for (name, last) in [("nameless", 81), ("otherwise", 82)] {
        let text = format!("@ A 198.18.0.{last}\n@ TXT \"v=spf1 a mx -all\"\n");
        tree.zone(&format!("{name}.com."), &hosts, &text).unwrap();
    }
    let own = "@ NS ns1.host.com.\n@ NS ns2.host.com.\n@ MX 10 new.host.com.\n";
    tree.zone("registered.com.", &names(servers), own).unwrap();
    // The delegation of outdated.com still has the servers of the former provider, with the former mail host.
    let mail = if servers.iter().all(|server| server.starts_with("old")) { "old" } else { "new" };
    let own = own.replace("new", mail);
    tree.zone("outdated.com.", &names(servers), &own).unwrap();
    tree.zone("unfound.com.", &names(&["ns1.host.com", "ns3.host.com"]), "@ MX 10 new.host.com.\n").unwrap();
    tree.build().unwrap()
}

/// Returns a lab in which `public.resolver`, the resolver of a third party, has these records of a zone below `com.`.
pub(crate) fn public_resolver(zone: &str, records: &str) -> Lab {
    let mut tree = Tree::default();
    for (name, last) in [("a.root", 1), ("public.resolver", 8)] {
        tree.server(ServerPlan::new(name, vec![[127, 91, 0, last].into()])).unwrap();
    }
    let at = |name: &str| vec![name.to_owned()];
    tree.zone(".", &at("a.root"), "").unwrap();
    tree.zone("com.", &at("a.root"), "").unwrap();
    tree.zone(zone, &at("public.resolver"), records).unwrap();
    tree.build().unwrap()
}

/// The records of `moved.com.` that the public resolver has, with this serial.
fn with_older_mail_host(serial: u32) -> Authority {
    let records = format!(
        "@ 300 SOA ns hostmaster {serial} 7200 900 1209600 300\n@ NS ns1.host.com.\n@ NS ns2.host.com.\n\
         @ MX 10 older.host.com.\n_dmarc TXT \"v=DMARC1; p=none\"\n"
    );
    public_resolver("moved.com.", &records).server("public.resolver").unwrap().authority()
}

pub(crate) fn world() -> Gateway {
    let former = ["old1.former.com", "old2.former.com"];
    let present = ["ns1.host.com", "ns2.host.com"];
    let world = lab("new", &former);
    for (server, other) in [("ns1.host.com", lab("new", &present)), ("ns2.host.com", lab("old", &present))] {
        let authority = other.server(server).unwrap().authority();
        world.server(server).unwrap().set_authority(authority);
    }
    // The public resolver has an old MX record with serial 0. The name servers have serial 1.
    let resolver = world.server("public.resolver").unwrap();
    resolver.set_authority(with_older_mail_host(0));
    resolver.set_faults(&[Fault::Recursive]);
    // This address is a resolver and not a name server, so the daemon must not query it.
    Gateway::start(world, "deny_servers = [\"127.91.0.8\"]", "[dnssec]\nvalidate = false")
}

#[test]
fn ineffective_check_options_are_refused() {
    let world = world();
    let refused = |arguments: &str| {
        let words: Vec<&str> = arguments.split(' ').collect();
        let output = world.command(&words);
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        String::from_utf8(output.stderr).unwrap()
    };
    for option in [
        "--as-sender",
        "--as-recipient",
        "--selector x",
        "--from 198.18.9.1",
        "--connect",
        "--resolver 9.9.9.9",
    ] {
        let told = refused(&format!("check 198.18.9.1 {option}"));
        let name = option.split(' ').next().unwrap();
        assert!(told.contains(&format!("{name} has no effect on the check of an address")), "{told}");
    }
    for option in ["--selector x", "--from 198.18.9.1"] {
        let told = refused(&format!("check moved.com --as-recipient {option}"));
        assert!(told.contains("has no effect with --as-recipient"), "{told}");
    }
    assert!(refused("check moved.com --helo a.example").contains("--helo has no effect without --from"));
    let many = " --selector x".repeat(11);
    assert!(refused(&format!("check moved.com{many}")).contains("has 10 selectors at most"));
    assert!(refused("check localhost.").contains("this is the host itself"));
}

/// Returns the text as the first line of a check shows it.
pub(crate) fn cut(text: &str) -> String {
    match text.char_indices().nth(159) {
        Some((place, _)) if text.chars().count() > 160 => format!("{}…", &text[..place]),
        _ => text.to_owned(),
    }
}

#[test]
fn the_first_line_is_the_answer() {
    let world = world();
    let first = |domain: &str| {
        let (code, lines) = world.run(&["check", domain]);
        (code, lines.first().cloned().unwrap_or_default(), lines)
    };
    // An operator's question: "The MX record is right and mail still goes to the old server."
    let (code, line, lines) = first("moved.com");
    assert_eq!(
        line,
        cut(
            "moved.com: the name servers of the zone give different MX records: 127.91.0.3 (ns1.host.com.) has \
         10 new.host.com.; 127.91.0.4 (ns2.host.com.) has 10 old.host.com."
        ),
        "{lines:#?}"
    );
    assert_eq!(code, 1);
    // An operator asked about such a domain: "Mails are sent as A record."
    let (code, line, lines) = first("website.com");
    assert_eq!(
        line,
        cut(
            "website.com: the domain has no MX record, so mail goes to the address of the domain itself: website.com. \
         has no MX; it has the address 198.18.0.80."
        ),
        "{lines:#?}"
    );
    assert_eq!(code, 0, "that DNSSEC validation is off here is a note");
    // The first host has no PTR record. The PTR record of the second host has the name of another host.
    for (domain, last, fault) in
        [("nameless.com", 81, "has no PTR record"), ("otherwise.com", 82, "does not lead back")]
    {
        let (code, line, lines) = first(domain);
        let answer = format!(
            "{domain}: the domain has no MX record, so mail goes to the address of the domain itself: {domain}. has no MX; it has the \
             address 198.18.0.{last}."
        );
        assert_eq!((line, code), (cut(&answer), 1), "{lines:#?}");
        assert!(
            lines.iter().any(|line| line.starts_with("  failure  ") && line.contains(fault)),
            "{lines:#?}"
        );
    }
    // An operator's question: "The name servers at the registrar differ from those in the zone."
    let (code, line, lines) = first("registered.com");
    assert!(
        line.starts_with(
            "registered.com: the name servers in the zone above (at the registrar) differ from those in the zone: com. delegates"
        ),
        "{lines:#?}"
    );
    assert_eq!(code, 0);
    // An operator's question: "One recipient domain cannot find us."
    let (code, line, lines) = first("unfound.com");
    assert_eq!(
        line,
        "unfound.com: a name server does not serve the zone: 127.91.0.5 (ns3.host.com.) answers REFUSED for unfound.com.",
        "{lines:#?}"
    );
    assert_eq!(code, 1);
}

#[test]
fn registrar_servers_show_old_records() {
    let world = world();
    let (code, lines) = world.run(&["check", "outdated.com"]);
    let line = &lines.join("\n");
    assert!(lines[0].chars().count() <= 160, "{lines:#?}");
    let begin = "outdated.com: the name servers in the zone above (at the registrar) differ from those in the zone: com. delegates";
    assert!(line.starts_with(begin), "{lines:#?}");
    let both = "com. delegates outdated.com. to old1.former.com., old2.former.com.; the zone itself names ns1.host.com., ns2.host.com.; because of that, ";
    assert!(line.contains(both), "{lines:#?}");
    let effect = "; because of that, the name servers of the zone give different MX records: 127.91.0.3 (ns1.host.com.) and 127.91.0.4 (ns2.host.com.) have 10 new.host.com.; \
                  127.91.0.6 (old1.former.com.) and 127.91.0.7 (old2.former.com.) have 10 old.host.com.";
    assert!(line.contains(effect), "{lines:#?}");
    assert_eq!(code, 1);
}

#[test]
fn json_has_object_per_finding() {
    let world = world();
    let (code, lines) = world.run(&["--json", "check", "unfound.com"]);
    assert_eq!(code, 1);
    let first: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!((first["level"].as_str(), first["topic"].as_str()), (Some("failure"), Some("delegation")));
    assert_eq!(first["code"], "ns_lame");
    for key in ["evidence", "effect", "remedy", "source"] {
        assert!(!first[key].as_str().unwrap().is_empty(), "{key}");
    }
    assert!(lines.len() > 3 && lines.iter().all(|line| line.starts_with("{\"level\":")));
    // The addresses of two mail clients that have connected to the gateway.
    let (code, lines) = world.run(&["check", "198.18.0.10"]);
    assert_eq!((code, lines[0].as_str()), (0, "198.18.0.10: no problems found"));
    let (code, lines) = world.run(&["check", "198.18.0.12"]);
    assert_eq!(
        (code, lines[0].as_str()),
        (1, "198.18.0.12: an address of a mail host has no PTR record: 198.18.0.12.")
    );
}

#[test]
fn other_resolvers_are_compared() {
    let world = world();
    let file = world.path("resolv.conf");
    std::fs::write(&file, "nameserver 127.91.0.8\n").unwrap();
    let resolv_conf = ["--resolv-conf", file.to_str().unwrap()];
    let (_, lines) = world.run(
        &[&["--json", "check", "moved.com", "--resolver", "127.91.0.9"], resolv_conf.as_slice()].concat(),
    );
    let finding = |code: &str| -> Option<serde_json::Value> {
        let mut found = lines.iter().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        found.find(|finding| finding["code"] == code)
    };
    let old = finding("others_old").unwrap();
    assert_eq!((old["level"].as_str(), old["topic"].as_str()), (Some("warning"), Some("others")));
    let evidence = old["evidence"].as_str().unwrap();
    assert!(
        evidence.starts_with("127.91.0.8 (resolv.conf) moved.com. MX: 10 older.host.com. until ")
            && evidence.contains(" UTC: its serial is 0, and the zone has 1. They have the new records by "),
        "{evidence}"
    );
    assert!(evidence.contains("; 127.91.0.8 (resolv.conf) _dmarc.moved.com. TXT: "), "{evidence}");
    let unheard = finding("others_unknown").unwrap();
    assert_eq!(unheard["level"], "note", "another resolver has answered");
    assert_eq!(unheard["evidence"], "127.91.0.9 moved.com. MX: unreachable");
    let (_, lines) = world.run(&["--json", "check", "moved.com"]);
    assert!(lines.iter().all(|line| !line.contains("\"topic\":\"others\"")), "{lines:#?}");
    // The port of this resolver is not 53.
    std::fs::write(&file, "nameserver 127.91.0.99\n").unwrap();
    let server = format!("127.91.0.8:{}", world.port());
    let named = ["--json", "check", "moved.com", "--resolver", &server];
    let (_, lines) = world.run(&[named.as_slice(), &resolv_conf].concat());
    let told = format!("\"{server} moved.com. MX: 10 older.host.com. until ");
    assert!(lines.iter().any(|line| line.contains("\"others_old\"") && line.contains(&told)), "{lines:#?}");
    // The other resolver has the serial of the name servers, but another MX record. It may have its own version of the zone, so its record
    // is not proven to be old.
    world.lab().server("public.resolver").unwrap().set_authority(with_older_mail_host(1));
    let (_, lines) = world.run(&[named.as_slice(), &resolv_conf].concat());
    let differs = lines.iter().any(|line| line.contains("\"others_differ\"") && line.contains(&told));
    assert!(differs && lines.iter().all(|line| !line.contains("\"others_old\"")), "{lines:#?}");
}

#[test]
fn ending_daemon_is_reported_in_line() {
    let mut world = world();
    world.lab().server("ns2.host.com").unwrap().set_faults(&[Fault::Dead]);
    let mut command = world.prepared(&["check", "moved.com", "--local"]);
    let check = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while world.lab().log().count("ns2.host.com") == 0 {
        std::thread::yield_now();
    }
    world.kill();
    let output = check.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(3), 0), "{told}");
    assert!(told.contains("cannot connect to resolverd at ") && told.lines().count() == 1, "{told}");
}

#[test]
fn a_page_has_the_findings() {
    let world = world();
    let file = world.path("report.html");
    let (code, lines) = world.run(&["check", "registered.com", "--html", file.to_str().unwrap()]);
    assert_eq!(code, 0, "both sets of servers have the same records");
    let page = std::fs::read_to_string(&file).unwrap();
    let answer = lines[0].trim_start_matches("registered.com: ").trim_end_matches('…').replace('"', "&quot;");
    assert!(page.contains(&answer), "{page}");
    let unread = "<p>The chain of keys could not be read: resolverd did not validate the answer.</p>";
    assert!(page.contains(unread), "{page}");
    let output = world.command(&["check", "registered.com", "--local", "--html", "/nowhere/report.html"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("cannot write /nowhere/report.html: "), "{told}");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn html_page_draws_key_chain() {
    let world = crate::stage::gateway();
    let file = world.path("report.html");
    let boxes = |arguments: &[&str]| -> Vec<String> {
        world.run(&[arguments, &["--html", file.to_str().unwrap()]].concat());
        let page = std::fs::read_to_string(&file).unwrap();
        page.lines().filter(|line| line.contains("<div class=\"zone ")).map(str::to_owned).collect()
    };
    let last = |domain: &str| {
        let drawn = boxes(&["check", domain]);
        assert!(drawn.len() == 3 && drawn[0].contains("trust anchor "), "{drawn:#?}");
        assert!(drawn[..2].iter().all(|zone| zone.contains("class=\"level\">secure<")), "{drawn:#?}");
        drawn[2].clone()
    };
    let has = |line: &str, words: &[&str]| {
        assert!(words.iter().all(|word| line.contains(word)), "{words:?}: {line}");
    };
    has(&last("sound.com"), &[">DS ", "<b>sound.com</b><span>keys ", ">secure<"]);
    has(&last("bücher.com"), &[">DS ", "<b>xn--bcher-kva.com</b><span>keys ", ">secure<"]);
    has(&last("bogus.com"), &[">DS ", "keys ", ">bogus<", "<span>the RRSIG of bogus.com. DNSKEY expired "]);
    has(&last("lame.com"), &[">no DS: not signed from here on ", ">no keys in use<", ">insecure<"]);
    let steps = world.command(&["trace", "--fresh", "bücher.com"]).stdout;
    has(&String::from_utf8(steps).unwrap(), &["checked   xn--bcher-kva.com. is secure\n"]);
    assert!(boxes(&["check", "198.18.9.1"]).is_empty());
    let mail = world.path("mail");
    std::fs::write(&mail, "From: me@sound.com\n\n").unwrap();
    assert_eq!(boxes(&["check", "mail", mail.to_str().unwrap()]).len(), 3);
}

#[test]
fn bounce_leads_to_recipient_domain() {
    let world = world();
    let file = world.path("bounce");
    let bounce = "From: MAILER-DAEMON@here.com\n\n--x\nFinal-Recipient: rfc822; you@unfound.com\nAction: delayed\n\n--x\n\nFrom: me@moved.com\n";
    std::fs::write(&file, bounce).unwrap();
    let (code, lines) = world.run(&["check", "mail", file.to_str().unwrap()]);
    assert_eq!(code, 1);
    assert!(lines[0].starts_with("unfound.com: a name server does not serve the zone: "), "{lines:#?}");
    assert!(
        lines.iter().any(|line| line.starts_with("moved.com: the name servers of the zone give")),
        "{lines:#?}"
    );
    assert!(!lines.iter().any(|line| line.starts_with("here.com: ")), "{lines:#?}");
    let (_, lines) = world.run(&["--json", "check", "mail", file.to_str().unwrap()]);
    assert!(lines[0].ends_with("\"subject\":\"unfound.com\"}"), "{}", lines[0]);
}

#[test]
fn partly_read_file_is_not_ok() {
    let world = world();
    let file = world.path("log");
    let sent = "Nov 24 09:00:00 mx postfix/smtp[7]: 4A1: to=<you@sound.com>, relay=mx.sound.com[192.0.2.7]:25, dsn=2.0.0, status=sent (ok)\n";
    let bounced = "Nov 24 09:00:00 mx postfix/smtp[7]: 4A2: to=<you@unfound.com>, relay=none, dsn=5.4.4, status=bounced (Host not found)\n";
    std::fs::write(&file, sent.repeat(10_000) + bounced).unwrap();
    let (code, lines) = world.run(&["check", "mail", file.to_str().unwrap()]);
    assert_ne!(code, 0, "{lines:#?}");
    let told = |line: &String| line.contains("the message was not read completely");
    assert!(lines.iter().any(told), "{lines:#?}");
}
