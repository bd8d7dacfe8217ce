//! `resolverctl compare`: one question at this resolver, at others, and at each name server.

use crate::forum::world;

#[test]
fn the_first_line_says_which_answer_differs() {
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
    let reason = "the name servers of the zone differ, and no answer has a majority";
    for (server, answer) in [("127.91.0.3 (ns1.host.com.)", "new"), ("127.91.0.4 (ns2.host.com.)", "old")] {
        assert!(first.contains(&format!("{server}: 10 {answer}.host.com. ({reason})")), "{text}");
    }
    assert!(first.contains(&format!("{public}: 10 older.host.com. (old records, until ")), "{text}");
    let rows = |word: &str| text.lines().filter(|line| line.contains(word)).count();
    assert_eq!((rows("  different  "), rows("  old  "), rows("  same  "), rows("  unknown  ")), (2, 1, 1, 1));
    let (code, text) = compare(&["--json", "moved.com", "MX", "--with", &format!("{public},127.91.0.99")]);
    assert_eq!((code, text.lines().count()), (Some(1), 5), "{text}");
    let object: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!((object["source"].as_str(), object["type"].as_str()), (Some("this_resolver"), Some("MX")));
}

#[test]
fn equal_answers_are_told_in_one_line() {
    let world = world();
    let (code, lines) = world.run(&["compare", "website.com"]);
    assert_eq!(code, 0, "{lines:#?}");
    assert_eq!(lines[0], "website.com. A: all 3 answers are the same: 198.18.0.80");
    let (code, lines) = world.run(&["compare", "198.18.0.10"]);
    assert_eq!(code, 0, "{lines:#?}");
    assert!(lines[0].starts_with("10.0.18.198.in-addr.arpa. PTR: all "), "{lines:#?}");
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
