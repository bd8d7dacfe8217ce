//! The screens of `resolverctl why`.

use super::{both, golden, lines};
use dns::conduct::{Conduct, Transport};
use dns::question::{DnsResult, Outcome};
use explain::costs::{CostRow, CostSpan};
use explain::delays::{ListDelay, ListDelays};
use explain::why::{CulpritReport, HistoryReach, MessageReport, QuestionReport, SentReport};
use protocol::Reply;
use record::culprit::{CulpritKind, Side};
use resolverctl::render::{Style, costs, list_delays, why};

fn sent(at: f64, server: &str, zone: &str, conduct: Option<Conduct>, round_trip: f64) -> SentReport {
    SentReport {
        at,
        server: server.to_owned(),
        zone: zone.to_owned(),
        transport: Transport::Udp,
        reason: "first".to_owned(),
        conduct,
        round_trip,
    }
}

/// Returns the report about a question. `at` and `elapsed` are its begin and its duration, in seconds.
fn question((at, elapsed): (f64, f64), name: &str, kind: &str, outcome: Outcome) -> QuestionReport {
    QuestionReport {
        at,
        name: name.to_owned(),
        kind: kind.to_owned(),
        outcome,
        result: DnsResult::Unknown,
        list: None,
        codes: Vec::new(),
        named_by: None,
        concluded_from: None,
        elapsed,
        queued: 0.0,
        servers: if elapsed > 0.001 { elapsed } else { 0.0 },
        of_subject: false,
        transport: None,
        user: None,
        error: None,
        messages: Vec::new(),
    }
}

fn culprit(kind: CulpritKind, zone: Option<&str>, evidence: &str, advice: &str) -> CulpritReport {
    CulpritReport {
        kind,
        zone: zone.map(str::to_owned),
        server: zone.map(|_| "192.0.2.53".to_owned()),
        list: None,
        evidence: evidence.to_owned(),
        usual: None,
        advice: advice.to_owned(),
    }
}

pub(super) fn silent() -> MessageReport {
    let slow = "badly-run.example.";
    let mut failed = question((0.067, 4.0), slow, "MX", Outcome::Deadline);
    failed.user = Some("postfix".to_owned());
    failed.error = Some("timeout at the servers of badly-run.example.".to_owned());
    failed.messages = vec![
        sent(0.067, "192.0.2.53", slow, Some(Conduct::Silent), 4.0),
        sent(0.467, "198.51.100.53", slow, None, 3.6),
        sent(0.069, "192.0.2.1", "example.", Some(Conduct::Answered), 0.02),
    ];
    let questions = vec![
        question((0.0, 0.031), "9.100.51.198.zen.spamhaus.org.", "A", Outcome::Upstream),
        question((0.0, 0.0), "9.100.51.198.bl.spamcop.net.", "A", Outcome::Cache),
        question((0.032, 0.012), "9.100.51.198.in-addr.arpa.", "PTR", Outcome::Upstream),
        question((0.045, 0.021), "mail.badly-run.example.", "A", Outcome::Upstream),
        failed,
        question((4.07, 0.000_4), "_dmarc.badly-run.example.", "TXT", Outcome::Remembered),
    ];
    let evidence = "192.0.2.53, 198.51.100.53 did not answer 2 queries for badly-run.example.; this took 4.0 s of the 4.1 s; 2 queries of the client failed";
    let advice = "the owner of badly-run.example. must repair its servers; resolverd probes them, and `resolverctl servers` shows when they answer";
    let mut found = culprit(CulpritKind::ServerSilent, Some(slow), evidence, advice);
    found.usual =
        Some("12 resolutions since start, 9 of them failed; its servers: 31 timeout, 9 ok".to_owned());
    MessageReport {
        line: None,
        times: None,
        more_lines: 0,
        fitting: 0,
        note: None,
        of_disk: false,
        exceeds_delay: false,
        began: 1_795_165_921.25,
        client: "127.0.0.1".to_owned(),
        took: 4.0704,
        waited: 4.068,
        sums: [(Side::Theirs, 4.0)].into(),
        questions,
        left_out: 0,
        possible_waits: Vec::new(),
        possible_waits_left_out: 0,
        history_begin: None,
        history: None,
        culprit: found,
        also: Vec::new(),
        changed: None,
    }
}

pub(super) fn fine() -> MessageReport {
    let advice =
        "no single server, list or pause took long, and no query failed: look at the other steps of the mail";
    let evidence = "1 query took 20 ms together, the longest 20 ms";
    MessageReport {
        began: 1_795_165_900.0,
        took: 0.02,
        waited: 0.02,
        questions: vec![question((0.0, 0.02), "mail.badly-run.example.", "A", Outcome::Upstream)],
        culprit: culprit(CulpritKind::None, None, evidence, advice),
        ..silent()
    }
}

fn moment(unix: f64) -> String {
    let utc = jiff::Timestamp::from_second(unix as i64).unwrap();
    utc.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn replies(messages: &[MessageReport]) -> Vec<Reply> {
    messages.iter().map(|message| Reply::Message(Box::new(message.clone()))).collect()
}

#[test]
fn why_shows_waterfall_with_culprit() {
    let messages = [silent(), fine()];
    let told: Vec<&MessageReport> = messages.iter().collect();
    both("why", &why::messages(&told, &moment, Style::Plain), &lines(&replies(&messages)));
    golden("why_colored.ansi", &why::messages(&told, &moment, Style::Colored));
}

#[test]
fn why_without_record_shows_reach() {
    let history = HistoryReach {
        resolved: Some(1_795_160_000.0),
        cache: Some(1_795_163_600.0),
        disk: Some(1_794_700_000.0),
        slow: Some(1.0),
    };
    let line = "Nov 20 09:11:40 mx postfix/smtp[9]: 4A1B2C: to=<a@nohost.example>, relay=none, delay=31, status=deferred";
    let unknown = MessageReport {
        line: Some(line.to_owned()),
        history: Some(history),
        more_lines: 2,
        began: 1_795_165_900.0,
        client: String::new(),
        took: 0.0,
        waited: 0.0,
        questions: Vec::new(),
        culprit: culprit(
            CulpritKind::Unknown,
            None,
            "the query history has no query for this name and time",
            "check the name and the time; increase history.size if the query history does not reach back far enough",
        ),
        ..silent()
    };
    let text = why::messages(&[&unknown], &moment, Style::Plain);
    both("why_unknown", &text, &lines(&replies(std::slice::from_ref(&unknown))));
}

#[test]
fn the_outcome_has_what_dns_said() {
    let said = |at: f64, (name, kind): (&str, &str), result: DnsResult, outcome: Outcome| QuestionReport {
        result,
        of_subject: true,
        ..question((at, if outcome == Outcome::Cache { 0.0 } else { 0.028 }), name, kind, outcome)
    };
    let list = "zen.spamhaus.org.";
    let listed = said(0.0, ("7.2.0.192.zen.spamhaus.org.", "A"), DnsResult::Listed, Outcome::Upstream);
    let host = said(0.1, ("mail.nohost.example.", "A"), DnsResult::NoName, Outcome::Upstream);
    let questions = vec![
        QuestionReport { list: Some(list.to_owned()), codes: vec![[127, 0, 0, 4].into()], ..listed },
        said(0.03, ("nohost.example.", "MX"), DnsResult::Answer, Outcome::Upstream),
        said(0.06, ("null.example.", "MX"), DnsResult::NullMx, Outcome::Cache),
        QuestionReport { named_by: Some("nohost.example.".to_owned()), ..host },
        said(0.13, ("nohost.example.", "A"), DnsResult::NoData, Outcome::Cache),
        said(0.13, ("nohost.example.", "AAAA"), DnsResult::NoData, Outcome::Cache),
    ];
    let is_it = |name: &str| name == "nohost.example.";
    let culprit = explain::answer::culprit(&questions, DnsResult::NoName, &is_it).unwrap();
    let is_listed = |name: &str| name.ends_with(list);
    let also = explain::answer::culprit(&questions, DnsResult::Listed, &is_listed).into_iter().collect();
    let answered = MessageReport {
        line: Some("Nov 20 09:11:40 mx postfix/smtp[9]: 4A1B2C: to=<a@nohost.example>, relay=none, delay=0.2, status=bounced (Host or domain name not found)".to_owned()),
        times: Some("these queries waited 84 ms for DNS; the whole delay was 0.2 s".to_owned()),
        took: 0.13,
        waited: 0.084,
        questions,
        culprit,
        also,
        ..fine()
    };
    both(
        "why_answer",
        &why::messages(&[&answered], &moment, Style::Plain),
        &lines(&replies(std::slice::from_ref(&answered))),
    );
}

#[test]
fn why_costs_have_three_sums() {
    use CulpritKind as Kind;
    let row =
        |side, cause: Option<(Kind, &str)>, (time, before, messages, failed), next: Option<&str>| CostRow {
            side,
            kind: cause.map(|(kind, _)| kind),
            zone: cause.map(|(_, zone)| zone.to_owned()).filter(|zone| !zone.is_empty()),
            servers: None,
            zones: 0,
            time,
            before,
            failed,
            messages,
            share: Some(messages as f64 / 1_284.0),
            next: next.map(str::to_owned),
        };
    let (zone, list) = ("badly-run.example.", "bl.spamcop.net.");
    let mut rows = [
        row(Side::Theirs, None, (201.3, Some(64.0), 33, 42), None),
        row(
            Side::Theirs,
            Some((Kind::ServerSilent, zone)),
            (184.0, Some(3.5), 21, 40),
            Some("resolverctl check badly-run.example"),
        ),
        row(Side::Theirs, Some((Kind::ListSlow, list)), (17.3, Some(60.5), 12, 0), Some("resolverctl dnsbl")),
        row(
            Side::Theirs,
            Some((Kind::Bogus, "bank.example.")),
            (0.000_04, Some(0.0), 2, 2),
            Some("resolverctl check bank.example"),
        ),
        row(Side::Mine, None, (9.5, Some(9.5), 4, 0), None),
        row(
            Side::Mine,
            Some((Kind::NetworkLossy, "")),
            (9.5, Some(9.5), 4, 0),
            Some("resolverctl check system"),
        ),
        row(Side::Client, None, (3.1, Some(0.0), 1, 0), None),
        row(Side::Client, Some((Kind::Client, "")), (3.1, Some(0.0), 1, 0), None),
    ];
    (rows[1].servers, rows[1].zones) = (Some("198.51.100.53, 198.51.100.54".to_owned()), 4);
    let (from, to) = (1_795_161_600.0, 1_795_165_200.0);
    let span = CostSpan {
        from,
        cut: false,
        to,
        messages: Some(1_284),
        touched: 37,
        slow: 0.3,
        empty: false,
        begin: Some(from - 7_200.0),
        off: false,
    };
    let replies: Vec<Reply> = rows.into_iter().map(Reply::Cost).chain([Reply::CostSpan(span)]).collect();
    both("why_costs", &costs::costs(&replies, &moment, Style::Plain), &lines(&replies));
}

#[test]
fn new_history_has_unknown_change() {
    let row = CostRow {
        side: Side::Client,
        kind: None,
        zone: None,
        servers: None,
        zones: 0,
        time: 3.1,
        before: None,
        failed: 0,
        messages: 1,
        share: None,
        next: None,
    };
    let from = 1_795_161_600.0;
    let span = CostSpan {
        from,
        cut: true,
        to: from + 3_600.0,
        messages: None,
        touched: 1,
        slow: 0.3,
        empty: false,
        begin: Some(from),
        off: false,
    };
    let text = costs::costs(&[Reply::Cost(row), Reply::CostSpan(span)], &moment, Style::Plain);
    assert!(text.contains(" (the history begins here) to "), "{text}");
    assert!(text.contains("  not known  "), "{text}");
    let text = costs::costs(&[Reply::CostSpan(span)], &moment, Style::Plain);
    assert!(text.ends_with("Next command: resolverctl why --slowest 5\n"), "{text}");
}

#[test]
fn pasted_line_precedes_message() {
    let line = "Nov 20 09:11:40 mx postfix/smtp[9]: 4A1B2C: to=<a@badly-run.example>, relay=mail.badly-run.example[192.0.2.9]:25, delay=31, delays=0.1/0.01/30/0.9, dsn=2.0.0, status=sent";
    let evidence = "these queries waited 20 ms for DNS; the delay was 0.1 s before the queue manager, 0.0 s in the queue manager, 30.0 s until the greeting of the remote server, 0.9 s during sending";
    let advice = "look at the server or the content filter that got the mail (relay=): it accepted the connection late or greeted late";
    let pasted = MessageReport {
        line: Some(line.to_owned()),
        culprit: culprit(CulpritKind::NotDns, None, evidence, advice),
        ..fine()
    };
    let text = why::messages(&[&pasted], &moment, Style::Plain);
    both("why_pasted", &text, &lines(&replies(std::slice::from_ref(&pasted))));
}

#[test]
fn hidden_queries_are_counted_by_kind() {
    let shown = |slow: usize, quick: usize, left_out: u64, of_subject: usize| {
        let mut report = fine();
        report.questions = (0..slow + quick)
            .map(|place| {
                let elapsed = if place < slow { 0.02 } else { 0.000_1 };
                let mut asked =
                    question((place as f64, elapsed), &format!("w{place}.example."), "A", Outcome::Upstream);
                asked.of_subject = place >= slow + quick - of_subject;
                asked
            })
            .collect();
        report.left_out = left_out;
        why::messages(&[&report], &moment, Style::Plain)
    };
    let quick = "\nand 305 more queries (less than 1 ms each)\n";
    assert!(shown(10, 190, 115, 0).contains(quick), "those left out took less than those sent");
    let slow = "\nand 300 more queries (only the failed and the slowest ones are shown)\n";
    for (text, count) in
        [(shown(10, 0, 300, 0), 10), (shown(10, 190, 110, 190), 10), (shown(60, 0, 280, 0), 40)]
    {
        assert!(text.contains(slow), "{text}");
        assert_eq!(text.matches(".example. A").count(), count, "{text}");
    }
    // The queries for the given name come first, with a mark.
    let text = shown(60, 0, 0, 1);
    assert!(text.contains(" *w59.example. A") && !text.contains("w39.example. A"), "{text}");
    assert!(!shown(3, 0, 0, 3).contains('*'), "all of them were asked for");
}

#[test]
fn mail_that_list_delayed_has_sums() {
    let row = |began: f64, about: &str, delay: f64, waited: f64| ListDelay {
        began,
        client: [192, 0, 2, 25].into(),
        about: about.to_owned(),
        delay,
        waited,
    };
    let from = 1_795_161_600.0;
    let delays = ListDelays {
        list: "zen.spamhaus.org.".to_owned(),
        messages: 412,
        time: 61.8,
        longest: 2.1,
        rows: vec![
            row(from + 60.0, "news.example.", 2.1, 2.4),
            row(from + 1_260.5, "198.51.100.7", 0.9, 0.9),
        ],
        more: 3,
    };
    let span = CostSpan {
        from,
        cut: false,
        to: from + 86_400.0,
        messages: Some(9_120),
        touched: 37,
        slow: 0.3,
        empty: false,
        begin: Some(from - 7_200.0),
        off: false,
    };
    let none = ListDelays { list: delays.list.clone(), ..ListDelays::default() };
    let replies = [Reply::ListDelays(Box::new(delays)), Reply::CostSpan(span)];
    both("why_list", &list_delays::text(&replies, &moment, Style::Plain), &lines(&replies));
    golden("why_list.csv", &list_delays::csv(&replies));
    let replies = [Reply::ListDelays(Box::new(none)), Reply::CostSpan(span)];
    let text = list_delays::text(&replies, &moment, Style::Plain);
    assert!(text.ends_with("zen.spamhaus.org. delayed no message\n"), "{text}");
}
