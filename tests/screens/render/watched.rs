//! The screen and the JSON output of `resolverctl check watched`.

use super::golden;
use ::watched::history::{ChangeKind, FindingChange, Standing};
use config::WatchAs;
use doctor::codes::Code;
use protocol::Reply;
use protocol::watched::{WatchedFinding, WatchedRow};
use resolverctl::render::{Style, json, watched};

/// Monday 2026-11-16 03:00 UTC, in seconds since 1970.
const MONDAY: u64 = 1_794_798_000;

fn moment(unix: f64) -> String {
    let utc = jiff::Timestamp::from_second(unix as i64).unwrap();
    utc.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn finding(code: Code, standing: Standing, evidence: &str) -> WatchedFinding {
    let entry = code.entry();
    WatchedFinding {
        level: entry.level,
        topic: entry.topic,
        code,
        standing,
        unseen: false,
        since: MONDAY,
        seen: MONDAY + 7_200,
        evidence: evidence.to_owned(),
        effect: entry.effect.to_owned(),
        remedy: entry.remedy.to_owned(),
        source: entry.source.to_owned(),
    }
}

fn rows() -> Vec<WatchedRow> {
    let row = |domain: &str, findings, checked, could_not_tell: Option<&str>| WatchedRow {
        domain: domain.to_owned(),
        own: false,
        side: WatchAs::Both,
        interval: 3_600.0,
        checked,
        could_not_tell: could_not_tell.map(str::to_owned),
        could_not_tell_since: could_not_tell.map(|_| MONDAY + 7_200),
        next: 3_000.0,
        findings,
        changes: Vec::new(),
    };
    let mut faulty = row(
        "example.com",
        vec![
            finding(
                Code::NsLame,
                Standing::Present,
                "192.0.2.53 (ns2.example.net.) answers REFUSED for example.com.",
            ),
            finding(
                Code::SerialDiffers,
                Standing::Going,
                "ns1.example.net. 2026111601; ns2.example.net. 2026111500",
            ),
            finding(
                Code::NsTcp,
                Standing::Coming,
                "192.0.2.54 (ns1.example.net.) refuses or closes the connection",
            ),
        ],
        Some(MONDAY + 7_200),
        None,
    );
    faulty.findings[2].since = MONDAY + 7_200;
    let change = |change, code: Code, since, at| FindingChange {
        at,
        change,
        code,
        level: code.entry().level,
        evidence: "192.0.2.53 (ns2.example.net.) answers REFUSED for example.com.".to_owned(),
        since,
    };
    faulty.changes = vec![
        change(ChangeKind::Went, Code::SpfLookups, MONDAY - 82_800, MONDAY + 3_600),
        change(ChangeKind::Came, Code::NsLame, MONDAY, MONDAY + 600),
    ];
    vec![
        faulty,
        row("new.example", Vec::new(), None, None),
        row("sound.example", Vec::new(), Some(MONDAY + 7_200), None),
        row(
            "unheard.example",
            Vec::new(),
            Some(MONDAY + 3_600),
            Some("no name server answered, not even those of the parent zone"),
        ),
    ]
}

#[test]
fn watched_domains() {
    let rows = rows();
    golden("watched.txt", &watched::text(&rows, false, &moment, Style::Plain));
    golden("watched_domain.txt", &watched::text(&rows[..1], true, &moment, Style::Plain));
    golden("watched_none.txt", &watched::text(&[], false, &moment, Style::Plain));
    let lines: String = rows.into_iter().map(|row| json::reply(&Reply::Watched(Box::new(row)))).collect();
    golden("watched.json", &lines);
}
