//! The command `resolverctl check watched` over the control socket.

use std::sync::Arc;
use std::time::Duration;

use crate::resolverctl::{World, object};
use ::watched::ended::CheckEnd;
use ::watched::history::DomainHistory;
use ::watched::{WatchedName, WatchedState, WatchedSubject};
use config::{OwnSection, WatchAs, WatchLevel};
use doctor::codes::Code;
use doctor::finding::Finding;
use lab::prelude::name;

/// Returns a domain with these findings, or one that was not checked yet.
fn domain(domain: &str, findings: Option<&[Code]>) -> WatchedState {
    let mut history = DomainHistory::default();
    if let Some(codes) = findings {
        let finding = |code: &Code| Finding::new(*code, "192.0.2.4 answers REFUSED");
        for check in 0..2 {
            let findings = codes.iter().map(finding).collect();
            history.take(CheckEnd::Judged(findings), 1_795_230_000 + check * 600);
        }
    }
    let subject = WatchedSubject {
        name: WatchedName::Domain(name(domain)),
        side: WatchAs::Both,
        interval: Duration::from_secs(3_600),
        level: WatchLevel::Warning,
        own: domain.starts_with("own.").then(|| Arc::new(OwnSection::default())),
    };
    WatchedState { subject, history, next: Duration::from_secs(600) }
}

/// One domain with a failure, one without findings, and one that was not checked yet.
pub(crate) fn domains() -> Vec<WatchedState> {
    vec![
        domain("lame.example.", Some(&[Code::NsLame, Code::NsSingle])),
        domain("new.example.", None),
        domain("sound.example.", Some(&[Code::MailOk])),
    ]
}

#[test]
fn watched_domains_show_findings() {
    let world = World::new();
    let (code, text, _) = world.run(&["check", "watched"]);
    assert_eq!(code, 1);
    assert!(text.starts_with("lame.example: 1 failure, 1 warning; checked at "), "{text}");
    assert!(text.contains("\nnew.example: not checked yet, next check in 10 min\n"), "{text}");
    assert!(text.contains("\nsound.example: no problems found; checked at "), "{text}");
    let (code, text, _) = world.run(&["check", "watched", "Lame.Example."]);
    assert!(code == 1 && text.contains("\nChanges\n") && !text.contains("sound.example"), "{text}");
    assert_eq!(world.run(&["check", "watched", "sound.example"]).0, 0);
    assert_eq!(world.run(&["check", "watched", "new.example"]).0, 4);
    let (code, _, error) = world.run(&["check", "watched", "other.example"]);
    assert!(code == 2 && error.contains("other.example is not watched; add a [[watch]]"), "{error}");
    let (code, json, _) = world.run(&["check", "watched", "lame.example", "--json"]);
    let row = object(&json);
    assert_eq!((code, &row["domain"], &row["as"]), (1, &"lame.example".into(), &"both".into()));
    let finding = &row["findings"][0];
    assert_eq!((&finding["code"], &finding["level"]), (&"ns_lame".into(), &"failure".into()));
    assert_eq!((&finding["since"], &finding["standing"]), (&1_795_230_000.into(), &"present".into()));
    assert_eq!(row["changes"][0]["change"], "came");
}

#[test]
fn own_mail_has_table_and_status() {
    let world = World::new();
    let own = domain("own.example.", Some(&[Code::TlsaMismatch, Code::DmarcNone]));
    world.fake.watched.lock().unwrap().push(own);
    let (code, text, _) = world.run(&["own"]);
    assert_eq!(code, 1, "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("THING") && lines[0].contains("STATE") && lines[0].ends_with("SINCE"),
        "{text}"
    );
    assert!(
        lines[1].starts_with("own.example  failure: the certificate of a mail host matches none"),
        "{text}"
    );
    assert!(!text.contains("lame.example") && text.contains("to do: Publish a TLSA record"), "{text}");
    let (_, status, _) = world.run(&["status"]);
    assert!(status.contains("Own mail, own.example: the certificate of a mail host"), "{status}");
    let (_, json, _) = world.run(&["own", "--json"]);
    assert_eq!((&object(&json)["domain"], &object(&json)["own"]), (&"own.example".into(), &true.into()));
}

#[test]
fn own_mail_is_suggested_from_files() {
    let root = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let place = root.path().join(path);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(place, text).unwrap();
    };
    write(
        "etc/postfix/main.cf",
        "myhostname = mx.example.com\nmydestination = example.com\nsmtp_bind_address = 192.0.2.1\nsmtpd_tls_cert_file = /etc/ssl/mx.pem\n",
    );
    write("etc/ssl/mx.pem", "");
    let world = World::new();
    let (code, text, _) = world.run(&["own", "--suggest", "--root", root.path().to_str().unwrap()]);
    let lines = "[own]\ndomains = [\"example.com\"]\naddresses = [\"192.0.2.1\"]\nhelo = \"mx.example.com\"\ncertificates = [\"/etc/ssl/mx.pem\"]\n";
    assert_eq!((code, text.as_str()), (0, lines));
}
