//! The screen and the JSON output of `resolverctl compare`.

use super::golden;
use doctor::side_by_side::{AnswerSource, AnswerVerdict, Compared, ComparedAnswer, conclude};
use resolverctl::render::{Style, compare, json};

fn answer(source: AnswerSource, server: &str, verdict: AnswerVerdict, why: &str) -> ComparedAnswer {
    ComparedAnswer {
        name: "example.com.".to_owned(),
        kind: "MX",
        source,
        server: server.to_owned(),
        address: None,
        verdict,
        why: why.to_owned(),
        rcode: Some("NOERROR".to_owned()),
        records: vec!["10 mx.example.com.".to_owned()],
        ttl: Some(3_600),
        serial: None,
        elapsed: Some(0.012),
    }
}

fn answers() -> Vec<ComparedAnswer> {
    use AnswerSource::{NameServer, Resolver, ThisResolver};
    let until = "an old answer in the cache: its signature expired at 2026-11-22 12:00 UTC; it stays in the cache until 2026-11-22 13:05 UTC at the latest (1804 s left)";
    let old = ComparedAnswer {
        records: vec!["10 old.example.com.".to_owned()],
        ttl: Some(1_804),
        ..answer(Resolver, "8.8.8.8 (Google)", AnswerVerdict::Old, until)
    };
    let denied = ComparedAnswer {
        rcode: Some("NXDOMAIN".to_owned()),
        records: Vec::new(),
        ttl: None,
        ..answer(
            Resolver,
            "192.0.2.9 (resolv.conf)",
            AnswerVerdict::Filtered,
            "it filters the name: its answer does not contain the SOA of the zone",
        )
    };
    let silent = ComparedAnswer {
        rcode: None,
        records: Vec::new(),
        ttl: None,
        elapsed: None,
        ..answer(NameServer, "192.0.2.54 (ns2.example.com.)", AnswerVerdict::NoAnswer, "no reply within 2 s")
    };
    vec![
        answer(ThisResolver, "this resolver", AnswerVerdict::Same, ""),
        old,
        denied,
        ComparedAnswer {
            serial: Some(2_026_112_201),
            ..answer(NameServer, "192.0.2.53 (ns1.example.com.)", AnswerVerdict::Same, "")
        },
        silent,
    ]
}

#[test]
fn answers_side_by_side() {
    let alias = ComparedAnswer {
        name: "www.example.com.".to_owned(),
        records: vec!["CNAME example.com.".to_owned()],
        ..answer(AnswerSource::ThisResolver, "this resolver", AnswerVerdict::Same, "")
    };
    let of_server = ComparedAnswer {
        source: AnswerSource::NameServer,
        server: "192.0.2.53 (ns1.example.com.)".to_owned(),
        serial: Some(2_026_112_201),
        ..alias.clone()
    };
    let of = |answers: Vec<ComparedAnswer>, left_out: Vec<String>| {
        let compared = Compared {
            answers,
            zone: Some("example.com.".to_owned()),
            servers_left_out: left_out.clone(),
            resolvers_left_out: left_out.clone(),
            ..Compared::default()
        };
        let conclusion = conclude(&compared, left_out);
        (compared, conclusion)
    };
    let all = [of(vec![alias, of_server], Vec::new()), of(answers(), Vec::new())];
    golden("compare.txt", &compare::text(&all, Style::Plain));
    let left_out = of(answers(), vec!["192.0.2.99\u{1b}[2J".to_owned()]);
    let text = compare::text(&[left_out], Style::Plain);
    for most in [
        "at most 6 resolvers",
        "at most 24 addresses of name servers",
        "at most 4 names of a chain of aliases",
    ] {
        assert!(text.contains(&format!("{most}: 192.0.2.99\\u{{1b}}[2J\n")), "{text}");
    }
    let lines: String = all[1].0.answers.iter().map(json::line).collect();
    golden("compare.json", &format!("{lines}{}", json::line(&all[1].1)));
}
