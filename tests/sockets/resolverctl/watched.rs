//! The command `resolverctl check watched` over the control socket.

use std::time::Duration;

use crate::resolverctl::{World, object};
use ::watched::WatchedDomain;
use ::watched::ended::CheckEnd;
use ::watched::history::DomainHistory;
use config::ConfiguredWatch;
use doctor::codes::Code;
use doctor::finding::Finding;
use lab::prelude::name;

/// One domain with a failure, one without findings, and one that was not checked yet.
pub(crate) fn domains() -> Vec<WatchedDomain> {
    let domain = |domain: &str, findings: Option<&[Code]>| {
        let mut history = DomainHistory::default();
        if let Some(codes) = findings {
            let finding = |code: &Code| Finding::new(*code, "192.0.2.4 answers REFUSED");
            for check in 0..2 {
                let findings = codes.iter().map(finding).collect();
                history.take(CheckEnd::Judged(findings), 1_795_230_000 + check * 600);
            }
        }
        let watch = ConfiguredWatch { domain: name(domain), ..ConfiguredWatch::default() };
        WatchedDomain { watch, history, next: Duration::from_secs(600) }
    };
    vec![
        domain("lame.example.", Some(&[Code::NsLame, Code::NsSingle])),
        domain("new.example.", None),
        domain("sound.example.", Some(&[Code::MailOk])),
    ]
}

#[test]
fn watched_domains_are_shown_with_their_findings() {
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
