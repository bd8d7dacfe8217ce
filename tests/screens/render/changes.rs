//! The screen of `resolverctl changes`, and the line of `why` about a change.

use super::golden;
use super::why::silent;
use explain::why::MessageReport;
use protocol::Reply;
use record::changes::{ChangeRow, RecordKind};
use resolverctl::render::{Style, changes, json, why};

/// Tuesday 2026-11-17 14:02 UTC, in seconds since 1970.
const CHANGED: u64 = 1_794_924_120;

fn moment(unix: f64) -> String {
    let utc = jiff::Timestamp::from_second(unix as i64).unwrap();
    utc.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn row(at: u64, name: &str, record: RecordKind, [old, new]: [&str; 2]) -> ChangeRow {
    ChangeRow { at, name: name.to_owned(), record, old: old.to_owned(), new: new.to_owned() }
}

fn moved() -> ChangeRow {
    row(
        CHANGED,
        "example.com.",
        RecordKind::Mx,
        ["10 mx1.old.example.", "10 mx.new.example., 20 mx1.old.example."],
    )
}

#[test]
fn changes_of_domain() {
    let begin = |since, off| Reply::ChangesBegin { since, off };
    let shown =
        |replies: &[Reply], from| changes::table(replies, ("Example.com", from), &moment, Style::Plain);
    let rows = [
        moved(),
        row(CHANGED - 90_000, "mx1.old.example.", RecordKind::A, ["192.0.2.25", "198.51.100.25"]),
        row(CHANGED - 200_000, "_dmarc.example.com.", RecordKind::Dmarc, ["none", "v=DMARC1; p=none"]),
    ];
    let since = CHANGED - 20 * 86_400;
    let replies: Vec<Reply> =
        rows.into_iter().map(Reply::RecordChange).chain([begin(Some(since), false)]).collect();
    golden("changes.txt", &shown(&replies, 0.0));
    golden("changes.json", &replies.iter().map(json::reply).collect::<String>());
    let none: String = [
        (begin(Some(since), false), 0.0),
        (begin(Some(since), false), CHANGED as f64),
        (begin(None, false), 0.0),
        (begin(None, true), 0.0),
    ]
    .into_iter()
    .map(|(begin, from)| shown(&[begin], from))
    .collect();
    golden("changes_none.txt", &none);
}

#[test]
fn change_before_message_is_shown() {
    let report = MessageReport { changed: Some(moved()), ..silent() };
    let text = why::messages(&[&report], &moment, Style::Plain);
    assert_eq!(
        text.lines().last().unwrap(),
        "Before it: MX of example.com. changed at 2026-11-17 14:02:00 UTC: 10 mx1.old.example. -> 10 mx.new.example., 20 mx1.old.example."
    );
}
