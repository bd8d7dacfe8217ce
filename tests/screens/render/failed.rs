//! The screen of `resolverctl failed`.

use super::{both, golden, lines};
use dns::conduct::Conduct;
use explain::failed::{FailedServer, FailedZone, StillFails};
use protocol::{FailedRequest, Reply};
use record::culprit::CulpritKind;
use resolverctl::render::{Style, failed};

/// Returns the time `seconds` after midnight of the day of the test, as text.
fn moment(seconds: f64) -> String {
    let utc = jiff::Timestamp::from_second(1_795_132_800 + seconds as i64).unwrap();
    utc.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn since(from: f64) -> FailedRequest {
    FailedRequest { from, ..FailedRequest::default() }
}

fn server(server: &str, conduct: Option<Conduct>) -> FailedServer {
    FailedServer { server: server.to_owned(), conduct }
}

fn silent() -> FailedZone {
    let zone = "badly-run.example.";
    FailedZone {
        zone: Some(zone.to_owned()),
        questions: 1_204,
        first: 12.0 * 60.0,
        last: 8.0 * 3_600.0 + 58.0 * 60.0,
        name: "_dmarc.badly-run.example.".to_owned(),
        kind: "TXT".to_owned(),
        user: Some("postfix".to_owned()),
        culprit: CulpritKind::ServerSilent,
        reason: "no server of badly-run.example. has answered recently (192.0.2.53, 198.51.100.53); resolverd probes them in the background".to_owned(),
        other_causes: 0,
        extended_error: Some(22),
        servers: vec![server("192.0.2.53", Some(Conduct::Silent)), server("198.51.100.53", Some(Conduct::Silent))],
        still_fails: StillFails::Yes,
        advice: "the owner of badly-run.example. must repair its servers; resolverd probes them, and `resolverctl servers` shows when they answer".to_owned(),
    }
}

fn replies(begin: Option<f64>, zones: Vec<FailedZone>) -> Vec<Reply> {
    let zones = zones.into_iter().map(|zone| Reply::FailedZone(Box::new(zone)));
    zones.chain([Reply::RecordBegin { begin, off: false }]).collect()
}

#[test]
fn failed_zones_show_reason_and_advice() {
    let refused = FailedZone {
        zone: Some("2.0.192.in-addr.arpa.".to_owned()),
        questions: 9,
        first: 3_600.0,
        last: 3_600.0,
        name: "7.2.0.192.in-addr.arpa.".to_owned(),
        kind: "PTR".to_owned(),
        user: None,
        culprit: CulpritKind::ServerRefused,
        reason: "no server of 2.0.192.in-addr.arpa. gave a usable answer: 192.0.2.1 REFUSED".to_owned(),
        other_causes: 3,
        servers: vec![server("192.0.2.1", Some(Conduct::Refused))],
        still_fails: StillFails::Unknown,
        advice: "tell the owner of 2.0.192.in-addr.arpa. that its servers refuse queries".to_owned(),
        ..silent()
    };
    let shed = FailedZone {
        zone: None,
        questions: 2,
        first: -3_600.0,
        last: 3_600.0,
        culprit: CulpritKind::Overload,
        reason: "too many queries in progress; the query for badly-run.example. got SERVFAIL so that other zones are answered".to_owned(),
        extended_error: Some(14),
        servers: Vec::new(),
        still_fails: StillFails::No,
        advice: "check whether other programs use up the CPU of this host; otherwise find the client and the zone that cause the load with `resolverctl stats`, and let this client send fewer queries at the same time".to_owned(),
        ..silent()
    };
    let replies = replies(Some(0.0), vec![silent(), refused, shed]);
    both("failed", &failed::zones(&replies, &since(0.0), &moment, Style::Plain), &lines(&replies));
    golden("failed_colored.ansi", &failed::zones(&replies, &since(0.0), &moment, Style::Colored));
}

#[test]
fn failed_says_reach_of_history() {
    let text = |replies: &[Reply]| failed::zones(replies, &since(60.0), &moment, Style::Plain);
    let none = replies(Some(3_600.0), Vec::new());
    both("failed_none", &text(&none), &lines(&none));
    let (zone, client) = (Some("mail.example".to_owned()), Some("192.0.2.0/24".to_owned()));
    let few = FailedRequest { from: 60.0, zone, client };
    assert!(
        failed::zones(&none, &few, &moment, Style::Plain)
            .starts_with("No query of 192.0.2.0/24 for mail.example failed since 2026-11-20 01:00:00 UTC.\n")
    );
    assert_eq!(
        text(&replies(None, Vec::new())),
        "The query history is empty: no client has sent a query since resolverd started.\n"
    );
    let many = failed::zones(&replies(Some(0.0), vec![silent(); 300]), &since(0.0), &moment, Style::Plain);
    assert!(many.lines().count() < 120 && many.contains("and "), "{many}");
}
