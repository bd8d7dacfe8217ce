//! Several domains in one command, and the signatures of an answer.

use crate::stage::gateway;

#[test]
fn several_domains_get_a_row_each() {
    let gateway = gateway();
    let file = gateway.path("domains");
    std::fs::write(&file, "# customers\n\nuser@Moved.com. # a comment\nlame.com\n").unwrap();
    let list = file.to_str().unwrap();
    let typed = ["sound.com", "User@Moved.com.", "lame.com"];
    let (code, lines) = gateway.run(&[&["check"], &typed[..]].concat());
    assert_eq!(code, 1);
    assert!(lines[0].starts_with("3 domains: 1 with a failure"), "{lines:#?}");
    assert!(lines[2].starts_with("domain"), "{lines:#?}");
    assert!(lines[3].starts_with("lame.com   failure  ") && lines.len() == 8, "{lines:#?}");
    let (code, rows) = gateway.run(&["check", "sound.com", "--list", list, "--csv"]);
    assert_eq!((code, rows.len()), (1, 4), "{rows:#?}");
    assert!(rows[2].starts_with("user@Moved.com.,moved.com,"), "{rows:#?}");
    assert!(rows[3].starts_with("lame.com,lame.com,failure,ns_lame,"), "{rows:#?}");
    let (_, objects) = gateway.run(&["--json", "check", "--list", list]);
    for object in objects {
        let object: serde_json::Value = serde_json::from_str(&object).unwrap();
        let typed = if object["subject"] == "moved.com" { "user@Moved.com." } else { "lame.com" };
        assert_eq!(object["typed"], typed);
    }
    std::fs::write(&file, "moved.com\nhttps://moved.com/\n").unwrap();
    let output = gateway.command(&["check", "--list", list]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && error.contains("line 2: https://moved.com/: "), "{error}");
}

#[test]
fn a_query_shows_signatures_with_dates() {
    let gateway = gateway();
    for words in [&["query", "sound.com", "MX", "--dnssec"][..], &["query", "sound.com", "MX", "+dnssec"]] {
        let output = gateway.command(words);
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().find(|line| line.contains("RRSIG")).unwrap_or_else(|| panic!("{text}"));
        assert!(line.contains("MX from 20") && line.contains(" UTC to 20"), "{line}");
        assert!(line.contains(" of sound.com., algorithm 13") && output.status.success(), "{line}");
    }
    let text = String::from_utf8(gateway.command(&["query", "sound.com", "+dnssec"]).stdout).unwrap();
    assert!(text.starts_with("sound.com.  A  "), "{text}");
    assert!(
        !String::from_utf8(gateway.command(&["query", "sound.com", "MX"]).stdout).unwrap().contains("RRSIG")
    );
}
