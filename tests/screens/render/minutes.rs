//! The screens of `resolverctl stats` about earlier times.

use crate::render::{both, golden, quantiles};
use dns::conduct::Conduct;
use dns::question::Outcome;
use record::minutes::row::{Busy, BusyCounts, BusyKind};
use record::minutes::span::SpanReport;
use resolverctl::render::{Style, json, minutes};

/// Returns a report about a period with invented numbers, which grow with `load`. For a single minute, callers give a smaller `load` than for a day.
/// So the times of a minute are 200 times as long as those of a day for the same `load`.
fn span((from, to): (u64, u64), minutes: u64, load: u64) -> SpanReport {
    let slow = load as f64 / if minutes == 1 { 5.0 } else { 1_000.0 };
    let busy = |kind, name: &str, questions, failed, spent_ms| Busy {
        kind,
        name: name.into(),
        counts: BusyCounts { questions, failed, late: 2 * failed, timeouts: 3 * failed, spent_ms },
    };
    SpanReport {
        from,
        to,
        minutes,
        questions: 1_000 * load,
        outcomes: [(Outcome::Cache, 800 * load), (Outcome::Upstream, 199 * load), (Outcome::Failed, load)]
            .into(),
        messages: [(Conduct::Answered, 240 * load), (Conduct::Silent, 3 * load)].into(),
        message_time: quantiles(12 * load, [0.31 * slow, 1.2 * slow, 4.4 * slow, 9.7]),
        latency: quantiles(1_000 * load, [0.000_04, 0.031 * slow, 0.42 * slow, 4.0]),
        round_trip: quantiles(240 * load, [0.021, 0.08 * slow, 0.31 * slow, 1.9]),
        busiest: vec![
            busy(BusyKind::Zone, "badly-run.example.", 5 * load, load, 9_000 * load),
            busy(BusyKind::Zone, "example.net.", 90 * load, 0, 700 * load),
            busy(BusyKind::List, "zen.spamhaus.org.", 64 * load, 0, 1_200 * load),
            Busy {
                kind: BusyKind::User,
                name: "postfix".into(),
                counts: BusyCounts {
                    questions: 70 * load,
                    failed: load,
                    spent_ms: 5_000 * load,
                    ..BusyCounts::default()
                },
            },
        ],
        ..SpanReport::default()
    }
}

#[test]
fn stats_compare_periods_and_show_minutes() {
    const NOW: u64 = 1_795_165_980;
    const DAY: u64 = 86_400;
    let moment: minutes::Moment<'_> = &|unix| dns::clock::minute(unix as u64);
    let time: minutes::Moment<'_> = &|unix| dns::clock::minute(unix as u64)[11..16].to_owned();
    let screen = |span: &SpanReport, other: Option<&SpanReport>, parts: &[SpanReport]| {
        minutes::screen(span, other, parts, (moment, time), Style::Plain)
    };
    let day = span((NOW - DAY, NOW), 1_438, 1_284);
    let before = span((NOW - 8 * DAY, NOW - 7 * DAY), 1_440, 1_107);
    both(
        "stats_day_against_week",
        &screen(&day, Some(&before), &[]),
        &[json::line(&day), json::line(&before)].concat(),
    );
    golden("stats_day.txt", &screen(&day, None, &[]));
    let around = span((NOW - 240, NOW), 3, 12);
    let parts: Vec<SpanReport> = [(240, 1, 3), (180, 1, 4), (120, 0, 0), (60, 1, 5)]
        .map(|(ago, minutes, load)| span((NOW - ago, NOW - ago + 60), minutes, load))
        .into();
    golden("stats_at.txt", &screen(&around, None, &parts));
    let whole = screen(&around, Some(&before), &parts);
    assert!(whole.contains("\n  DNS time p50 ") && whole.contains("\nbegin "), "{whole}");
    let short = [(120, 1_000), (720, 1)].map(|(ago, load)| span((NOW - ago, NOW - ago + 120), 2, load));
    let [short, before] = short.map(|short| SpanReport { message_time: quantiles(60, [0.4; 4]), ..short });
    let few = screen(&short, Some(&before), &[]);
    for (label, changes) in
        [("  DNS time p50 ", "+0 %"), ("  DNS time p90 ", "too few"), ("  latency p90 ", "+99900 %")]
    {
        assert!(few.lines().any(|line| line.starts_with(label) && line.ends_with(changes)), "{label}: {few}");
    }
    assert!(few.contains("\ntoo few: p50 is compared from 20 ") && !few.contains("\nkind "), "{few}");
    let nothing = SpanReport { from: NOW - DAY, to: NOW, ..SpanReport::default() };
    golden("stats_no_minutes.txt", &screen(&nothing, None, &[]));
    golden(
        "stats_day_by_zone.txt",
        &minutes::busiest(&day, |kind| kind != BusyKind::User, usize::MAX, moment, Style::Plain),
    );
}
