//! `resolverctl compare`: the answers to one question from this resolver, from other resolvers, and from each name server.

use std::os::unix::fs::PermissionsExt as _;

use lab::delegations::Tree;
use lab::fault::Fault;
use lab::world::{Lab, ServerPlan};

use crate::forum::{public_resolver, world};
use crate::gateway::Gateway;

#[test]
fn compare_names_differing_answer() {
    let world = world();
    let public = format!("127.91.0.8:{}", world.port());
    let file = world.path("resolv.conf");
    std::fs::write(&file, "nameserver 127.91.0.99\n").unwrap();
    let compare = |words: &[&str]| {
        let all = [&["compare"], words, &["--resolv-conf", file.to_str().unwrap()]].concat();
        let output = world.command(&all);
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = compare(&["moved.com", "mx", "--with", &public]);
    assert_eq!(code, Some(1));
    let first = text.lines().next().unwrap();
    assert!(first.starts_with("moved.com. MX: "), "{text}");
    let told = "the name servers differ with one serial, and no answer has a majority; ";
    assert!(first.contains(told), "{text}");
    assert!(
        first.contains(&format!(
            "{public} answers \"10 older.host.com.\" (an answer that no name server gave when it was asked: "
        )),
        "{text}"
    );
    assert!(first.contains("1 of 2 name servers answer: 10 "), "{text}");
    let rows = |word: &str| text.lines().filter(|line| line.contains(word)).count();
    assert_eq!((rows("  different  "), rows("  unknown  "), rows("  no answer  ")), (3, 1, 1), "{text}");
    let (code, text) =
        compare(&["--json", "moved.com", "MX", "--with", &format!("{public},{public},127.91.0.99")]);
    assert_eq!((code, text.lines().count()), (Some(1), 6), "{text}");
    let object: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!((object["source"].as_str(), object["type"].as_str()), (Some("this_resolver"), Some("MX")));
    let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!((last["verdict"].as_str(), last["zone"].as_str()), (Some("different"), Some("moved.com.")));
}

#[test]
fn equal_answers_need_single_line() {
    let world = world();
    let (code, lines) = world.run(&["compare", "website.com"]);
    assert_eq!(code, 0, "{lines:#?}");
    assert_eq!(lines[0], "website.com. A: the 3 answers are the same: 198.18.0.80");
    let (code, lines) = world.run(&["compare", "198.18.0.10"]);
    assert_eq!(code, 0, "{lines:#?}");
    assert!(lines[0].starts_with("10.0.18.198.in-addr.arpa. PTR: the "), "{lines:#?}");
    assert!(lines[0].contains(" answers are the same"), "{lines:#?}");
}

// Also names for which this resolver fails.
#[test]
fn denied_names_query_name_servers() {
    let world = world();
    let (code, lines) = world.run(&["compare", "none.website.com"]);
    assert_eq!(
        (code, lines[0].as_str()),
        (0, "none.website.com. A: the 3 answers are the same: the name does not exist")
    );
    // Both name servers of the zone fail.
    for server in ["old1.former.com", "old2.former.com"] {
        world.lab().server(server).unwrap().set_faults(&[Fault::ServFail]);
    }
    let (code, lines) = world.run(&["compare", "registered.com", "MX"]);
    assert_eq!(code, 1, "{lines:#?}");
    assert!(lines[0].contains("No name server of registered.com. has answered"), "{lines:#?}");
    let failed = |line: &&String| line.contains("former.com.)  failed ");
    assert_eq!(lines.iter().filter(failed).count(), 2, "{lines:#?}");
    let (code, lines) = world.run(&["compare", ".", "NS"]);
    assert_eq!(code, 0, "{lines:#?}");
    assert!(lines[0].starts_with(". NS: the 2 answers are the same: a.root."), "{lines:#?}");
}

#[test]
fn a_type_without_records_is_refused() {
    let world = world();
    for kind in ["ANY", "TYPE65280", "AXFR", "NOTYPE"] {
        let output = world.command(&["compare", "moved.com", kind, "--local"]);
        assert_eq!(output.status.code(), Some(2), "{kind}");
    }
    assert_eq!(world.command(&["compare", "moved.com", "--with", "dns.example"]).status.code(), Some(2));
}

/// A lab with the domain of a shop, and with a resolver that changes answers. The address of the shop ends with `address`.
fn shop(serial: u8, address: u8) -> Lab {
    let mut tree = Tree::default();
    for (name, last) in
        [("a.root", 1), ("ns.com", 2), ("ns1.host.com", 3), ("ns2.host.com", 4), ("public.resolver", 8)]
    {
        tree.server(ServerPlan::new(name, vec![[127, 91, 0, last].into()])).unwrap();
    }
    let at = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    tree.zone(".", &at(&["a.root"]), "").unwrap();
    tree.zone("com.", &at(&["ns.com"]), "").unwrap();
    tree.zone("host.com.", &at(&["ns1.host.com"]), "").unwrap();
    let text = format!(
        "@ 300 SOA ns hostmaster {serial} 7200 900 1209600 300\n@ MX 10 v{serial}.shop.com.\nwww A 198.18.0.{address}\n\
         inner A 10.0.0.1\nours A 198.18.0.7\n"
    );
    tree.zone("shop.com.", &at(&["ns1.host.com", "ns2.host.com"]), &text).unwrap();
    tree.build().unwrap()
}

const FILTERED: &str = "@ NS ns1.host.com.\n@ MX 10 v1.shop.com.\nwww CNAME block.filter.net.\ninner TXT \"x\"\nours A 0.0.0.0\n";

/// Starts a daemon whose configuration has another address for one name of the shop.
fn shop_on_sockets() -> Gateway {
    Gateway::start(
        shop(1, 1),
        "deny_servers = []",
        "[dnssec]\nvalidate = false\n[[host]]\nname = \"ours.shop.com\"\naddresses = [\"10.9.9.9\"]",
    )
}

/// Gives the server of `world` the zones that the server with the same name has in `lab`.
fn serve(world: &Gateway, server: &str, lab: &Lab) {
    let authority = lab.server(server).unwrap().authority();
    world.lab().server(server).unwrap().set_authority(authority);
}

fn expect(world: &Gateway, words: &[&str], code: i32, parts: &[&str]) {
    let (told, lines) = world.run(&[&["compare"], words].concat());
    let text = lines.join("\n");
    assert_eq!(told, code, "{text}");
    for part in parts {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn list_key_reaches_no_other_resolver() {
    const KEY: &str = "s3cretkey1234567890";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("list.key");
    std::fs::write(&file, KEY).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let world = Gateway::start(
        shop(1, 1),
        "deny_servers = []",
        &format!(
            "[dnssec]\nvalidate = false\n[[list]]\nname = \"bl.shop.com\"\npurpose = \"block\"\nsubjects = [\"ip4\"]\n\
             key = \"{}\"\nwith_key = \"zen.dq.shop.com\"\n\
             [[record]]\nname = \"mine.corp\"\ntype = \"CNAME\"\ndata = [\"2.0.0.127.{KEY}.zen.dq.shop.com.\"]",
            file.display()
        ),
    );
    let public = format!("127.91.0.8:{}", world.port());
    let with = format!("{public},tls://127.91.0.8:{},https://127.91.0.8:{}", world.port(), world.port());
    let heard = || -> Vec<String> {
        world.lab().log().take().iter().map(|one| format!("{} {one}", one.server).to_lowercase()).collect()
    };
    let resolv_conf = folder.path().join("resolv.conf");
    std::fs::write(&resolv_conf, "nameserver 127.91.0.8\n").unwrap();
    let compare = |name: &str, with: &str| {
        let words = ["compare", name, "--with", with, "--resolv-conf", resolv_conf.to_str().unwrap()];
        let output = world.command(&words);
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    assert!(compare("www.shop.com", &public).1.contains(&public));
    assert!(heard().iter().any(|line| line.contains("public.resolver")), "the log has what is sent");
    let upper = KEY.to_uppercase();
    for name in [
        "mine.corp".to_owned(),
        format!("2.0.0.127.{upper}.zen.dq.shop.com"),
        format!("2.0.0.127.{KEY}.sbl.dq.shop.com"),
        format!("2.0.0.127.{KEY}.other.shop.com"),
        format!("{KEY}.sub.shop.com"),
        format!("a.x-{KEY}-y.shop.com"),
        "x.onion".to_owned(),
        "host.localhost".to_owned(),
    ] {
        let (code, text) = compare(&name, &with);
        let told = text.lines().filter(|line| line.contains("so only this resolver was asked: ")).count();
        // resolverd itself answers special-use names, so the result for these two names is certain.
        let expected = if ["x.onion", "host.localhost"].contains(&name.as_str()) { 0 } else { 4 };
        assert_eq!((code, told), (Some(expected), 1), "{text}");
        let sent = heard();
        // Only the servers of their own zone may get names with the customer key of a DNS list, .onion names and localhost.
        let is_told = |line: &&String| [KEY, "onion", "localhost"].iter().any(|part| line.contains(part));
        let is_home = |line: &String| line.starts_with("ns1.host.com ") || line.starts_with("ns2.host.com ");
        assert!(sent.iter().filter(is_told).all(is_home), "{name}: {sent:#?}");
    }
    // `resolverctl check DOMAIN` must not send the key to other resolvers.
    let domain = format!("{KEY}.shop.com");
    world.command(&["check", &domain, "--resolver", &public, "--resolver", &format!("tls://{public}")]);
    let sent = heard();
    assert!(!sent.iter().any(|line| line.contains("public.resolver") && line.contains(KEY)), "{sent:#?}");
}

#[test]
fn zone_changes_show_until_transferred() {
    let world = shop_on_sockets();
    expect(&world, &["shop.com", "MX"], 0, &["the 3 answers are the same: 10 v1.shop.com."]);
    expect(&world, &["www.shop.com"], 0, &["the 3 answers are the same: 198.18.0.1"]);
    serve(&world, "ns1.host.com", &shop(2, 2));
    expect(
        &world,
        &["shop.com", "MX"],
        1,
        &[
            "127.91.0.4 (ns2.host.com.) answers \"10 v1.shop.com.\" (it has not yet transferred the zone: serial 1, and another has 2)",
            "; remove it after these have transferred the zone, with `resolverctl flush shop.com.`",
            "  not transferred  ",
        ],
    );
    serve(&world, "ns2.host.com", &shop(2, 2));
    expect(
        &world,
        &["www.shop.com"],
        4,
        &["this resolver answers \"198.18.0.1\" (", "2 of 2 name servers answer: 198.18.0.2"],
    );
    assert!(world.command(&["flush", "www.shop.com"]).status.success());
    expect(&world, &["www.shop.com"], 0, &["the 3 answers are the same: 198.18.0.2"]);
    serve(&world, "ns2.host.com", &shop(2, 3));
    expect(
        &world,
        &["www.shop.com"],
        4,
        &["the name servers give different addresses: in turn, by place, or changed without a new serial"],
    );
    serve(&world, "ns2.host.com", &shop(2, 2));
    let ours = [
        "this resolver answers \"10.9.9.9\" (the configuration of this host answers: [[host]] ours.shop.com). For others, 2 of 2",
    ];
    expect(&world, &["ours.shop.com"], 0, &ours);
}

#[test]
fn resolvers_that_change_answers_are_named() {
    let world = shop_on_sockets();
    serve(&world, "public.resolver", &public_resolver("shop.com.", FILTERED));
    let file = world.path("resolv.conf");
    std::fs::write(&file, "nameserver 127.91.0.99\n").unwrap();
    let public = format!("127.91.0.8:{}", world.port());
    for (name, code, part) in [
        ("www.shop.com", 4, " answers \"CNAME block.filter.net.\" (an answer that no name server gave "),
        ("inner.shop.com", 4, " answers \"no A\" (an answer that no name server gave "),
        ("ours.shop.com", 1, " answers \"0.0.0.0\" (it gives an address that leads nowhere"),
    ] {
        let words = ["compare", name, "--with", &public, "--resolv-conf", file.to_str().unwrap()];
        let output = world.command(&words);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(&format!("{public}{part}")) && output.status.code() == Some(code), "{text}");
        assert!(text.contains("; without an answer: 127.91.0.99 (resolv.conf) (unreachable)"), "{text}");
    }
}

#[test]
fn name_servers_that_fail_are_named() {
    let world = shop_on_sockets();
    let faults: [(&[Fault], i32, &str); 5] = [
        (
            &[Fault::AlwaysTruncates, Fault::NoTcp],
            4,
            "127.91.0.4 (ns2.host.com.): a truncated reply, and no whole one over TCP",
        ),
        (&[Fault::Refused], 1, "127.91.0.4 (ns2.host.com.): REFUSED, so it does not serve the zone"),
        (&[Fault::NoAa], 1, "127.91.0.4 (ns2.host.com.): it answers without authority"),
        (&[Fault::NoEdns], 0, "the 3 answers are the same"),
        (&[Fault::Dead], 1, "127.91.0.4 (ns2.host.com.): no answer"),
    ];
    for (faults, code, part) in faults {
        world.lab().server("ns2.host.com").unwrap().set_faults(faults);
        expect(&world, &["www.shop.com"], code, &[part]);
    }
}
