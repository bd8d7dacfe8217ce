use super::*;
use crate::answer::SideAnswer;
use crate::answer::SideReply;
use crate::answer::tests::answer;
use doctor::facts::ReplyFacts;
use doctor::side_by_side::{AnswerSource, AnswerVerdict, Compared, ComparedAnswer, Doubt};

fn sample(words: &str) -> Sample {
    let (in_place, resolverd) = words.split_once(' ').unwrap();
    Sample { in_place: answer(in_place), resolverd: answer(resolverd) }
}

/// Returns evidence from several rounds, in each of which both resolvers were asked. A text of `words` has the two answers of one round: first
/// that of the current resolver, then that of resolverd.
fn samples(words: &[&str]) -> Evidence {
    Evidence { samples: words.iter().map(|words| sample(words)).collect(), ..Evidence::default() }
}

fn row(source: AnswerSource, records: &str, verdict: AnswerVerdict, ttl: u32) -> ComparedAnswer {
    ComparedAnswer {
        name: "www.example.".to_owned(),
        kind: "A",
        source,
        server: "192.0.2.53".to_owned(),
        address: None,
        verdict,
        why: "for a reason".to_owned(),
        rcode: Some("NOERROR".to_owned()),
        records: records.split('+').map(str::to_owned).collect(),
        ttl: Some(ttl),
        serial: None,
        elapsed: None,
    }
}

fn compared(
    in_place: (&str, AnswerVerdict, u32),
    resolverd: (&str, AnswerVerdict, u32),
    server: (&str, AnswerVerdict, u32),
) -> Option<Compared> {
    let rows = [
        (AnswerSource::Resolver, in_place),
        (AnswerSource::ThisResolver, resolverd),
        (AnswerSource::NameServer, server),
    ];
    let answers =
        rows.into_iter().map(|(source, (records, verdict, ttl))| row(source, records, verdict, ttl));
    Some(Compared { answers: answers.collect(), ..Compared::default() })
}

fn expect(evidence: &Evidence, cause: Cause, weight: Weight, side: Option<Side>) {
    let judged = judge(evidence);
    assert_eq!((judged.cause, judged.weight, judged.side), (cause, weight, side), "{judged:#?}");
}

const OTHER: &str = "192.0.2.1@100 192.0.2.2@100";

use AnswerVerdict::{Failed, Filtered, InTurn, NotTransferred, Old, Same, Unknown};
use Side::{InPlace, Resolverd};
use Weight::{Harmless, Look};

#[test]
fn equal_answers_have_no_cause() {
    expect(&samples(&["192.0.2.1 192.0.2.1"]), Cause::None, Harmless, None);
    expect(&samples(&["192.0.2.1@9 192.0.2.1@8"]), Cause::Ttl, Harmless, None);
    expect(&samples(&["192.0.2.1+192.0.2.2 192.0.2.2+192.0.2.1"]), Cause::Rotation, Harmless, None);
    expect(&samples(&["nx nx"]), Cause::None, Harmless, None);
    expect(&samples(&["refused refused"]), Cause::None, Harmless, None);
    expect(&samples(&["fail fail"]), Cause::BrokenZone, Harmless, None);
    expect(&samples(&["silent silent"]), Cause::Unknown, Weight::Unknown, None);
}

// It does not come again when the question is repeated.
#[test]
fn passing_failure_is_timing() {
    expect(&samples(&["silent 192.0.2.1", "192.0.2.1 192.0.2.1"]), Cause::Timing, Harmless, Some(InPlace));
    expect(&samples(&["192.0.2.1 fail", "192.0.2.1 192.0.2.1"]), Cause::Timing, Harmless, Some(Resolverd));
    expect(&samples(&["192.0.2.1 192.0.2.2", "192.0.2.2 192.0.2.2"]), Cause::Timing, Harmless, None);
}

// Both resolvers must show the addresses, or the zone must prove them.
#[test]
fn rotation_needs_both_resolvers_or_zone() {
    let in_turn = ["192.0.2.1 192.0.2.2", "192.0.2.2 192.0.2.1", "192.0.2.1 192.0.2.2"];
    expect(&samples(&in_turn), Cause::Rotation, Harmless, None);
    // The two resolvers never give the same addresses.
    let apart = ["192.0.2.1 192.0.2.3", "192.0.2.2 192.0.2.4", "192.0.2.1 192.0.2.3"];
    expect(&samples(&apart), Cause::Unknown, Weight::Unknown, None);
    // The two resolvers have only one address in common.
    let partly = ["192.0.2.1 192.0.2.1+192.0.2.2", "192.0.2.1 192.0.2.1+192.0.2.2"];
    expect(&samples(&partly), Cause::Unknown, Weight::Unknown, None);
    expect(
        &samples(&["192.0.2.1 nx", "nx 192.0.2.1", "192.0.2.1 nx"]),
        Cause::Unknown,
        Weight::Unknown,
        None,
    );
    let proven = Evidence {
        compared: compared(
            ("192.0.2.1", InTurn, 100),
            ("192.0.2.2", InTurn, 100),
            ("192.0.2.2", InTurn, 300),
        ),
        ..samples(&[OTHER, OTHER, OTHER])
    };
    expect(&proven, Cause::Rotation, Harmless, None);
}

// Only current name servers that give both addresses show that they depend on the place.
#[test]
fn differing_addresses_need_name_servers() {
    let of = |doubt, second: ComparedAnswer| {
        let mut compared =
            compared(("192.0.2.1", Unknown, 20), ("192.0.2.2", Unknown, 20), ("192.0.2.2", Unknown, 60));
        compared.as_mut().unwrap().answers.push(second);
        compared.as_mut().unwrap().doubt = doubt;
        Evidence { compared, ..samples(&[OTHER; 3]) }
    };
    let server = |records, verdict| row(AnswerSource::NameServer, records, verdict, 60);
    let by_place = Some(Doubt::Addresses);
    expect(&of(by_place, server("192.0.2.1", Unknown)), Cause::Geography, Harmless, None);
    let unknown = |evidence: &Evidence| expect(evidence, Cause::Unknown, Weight::Unknown, None);
    unknown(&of(Some(Doubt::Serials), server("192.0.2.1", Unknown)));
    unknown(&of(None, server("192.0.2.1", Unknown)));
    unknown(&of(by_place, server("192.0.2.3", Unknown)));
    unknown(&of(by_place, server("192.0.2.1", NotTransferred)));
    unknown(&of(by_place, row(AnswerSource::Resolver, "192.0.2.1", Unknown, 60)));
    let rows = compared(("192.0.2.1", Unknown, 100), ("192.0.2.2", Same, 100), ("192.0.2.2", Same, 300));
    let of_resolverd = Evidence { compared: rows, ..samples(&[OTHER; 3]) };
    unknown(&of_resolverd);
    let advice = judge(&of_resolverd).advice;
    assert!(
        advice.contains("`resolverctl import`") && advice.contains("remove the name from its cache"),
        "{advice}"
    );
}

#[test]
fn outdated_answer_matches_older_zone() {
    let of = |in_place, resolverd| Evidence {
        compared: compared(
            ("192.0.2.1", in_place, 100),
            ("192.0.2.2", resolverd, 100),
            ("192.0.2.2", Same, 3_600),
        ),
        ..samples(&[OTHER, OTHER, OTHER])
    };
    let taken_for_old = of(Old, Same);
    expect(&taken_for_old, Cause::Unknown, Weight::Unknown, None);
    assert!(judge(&taken_for_old).why.contains("of a forwarder, a view or a zone"));
    let next_to = |server| {
        let mut evidence = of(Old, Same);
        let answers = &mut evidence.compared.as_mut().unwrap().answers;
        answers.push(row(AnswerSource::NameServer, server, NotTransferred, 3_600));
        evidence
    };
    expect(&next_to("192.0.2.1"), Cause::Old, Harmless, Some(InPlace));
    expect(&next_to("192.0.2.3"), Cause::Unknown, Weight::Unknown, None);
    expect(&of(Same, Old), Cause::Old, Look, Some(Resolverd));
}

fn with(words: &str, change: impl Fn(&mut SideReply, &mut SideReply)) -> Evidence {
    let mut sample = sample(words);
    if let (SideAnswer::Reply(in_place), SideAnswer::Reply(resolverd)) =
        (&mut sample.in_place, &mut sample.resolverd)
    {
        change(in_place, resolverd);
    }
    Evidence { samples: vec![sample; 3], ..Evidence::default() }
}

// Blocked, refused or filtered names and answers with AA show a policy of the resolver.
#[test]
fn local_answer_is_policy() {
    let own = with(OTHER, |in_place, _| in_place.facts.authoritative = true);
    expect(&own, Cause::Policy, Look, Some(InPlace));
    let blocked = with("nx 192.0.2.2", |in_place, _| in_place.facts.extended_errors = vec![15]);
    expect(&blocked, Cause::Policy, Look, Some(InPlace));
    let refused = with("refused 192.0.2.2", |_, _| {});
    let answers_others = Evidence { answers_others: true, ..refused.clone() };
    expect(&answers_others, Cause::Policy, Look, Some(InPlace));
    expect(&refused, Cause::Unknown, Weight::Unknown, None);
    let filtered = Evidence {
        compared: compared(("0.0.0.0", Filtered, 100), ("192.0.2.2", Same, 100), ("192.0.2.2", Same, 300)),
        ..samples(&["0.0.0.0 192.0.2.2"])
    };
    expect(&filtered, Cause::Policy, Look, Some(InPlace));
    // An alias that the zone does not have may be old, but this is not proven.
    let alias = Evidence {
        compared: compared(
            ("CNAME a.example.", Unknown, 100),
            ("192.0.2.2", Same, 100),
            ("192.0.2.2", Same, 300),
        ),
        ..samples(&["a.example.+192.0.2.9 192.0.2.2"])
    };
    expect(&alias, Cause::Unknown, Weight::Unknown, None);
}

#[test]
fn own_configuration_is_no_broken_zone() {
    let part = "[[zone]] corp.example, which forwards to 192.0.2.9:53".to_owned();
    for words in ["192.0.2.1 fail", "fail 192.0.2.1", OTHER] {
        let evidence = Evidence {
            configured: Some(part.clone()),
            compared: compared(("192.0.2.1", Same, 9), ("192.0.2.1", Failed, 9), ("192.0.2.1", Failed, 9)),
            ..samples(&[words, words, words])
        };
        expect(&evidence, Cause::Policy, Look, Some(Resolverd));
    }
    let silent = Evidence { configured: Some(part), ..samples(&["silent 192.0.2.1"; 3]) };
    expect(&silent, Cause::Unknown, Weight::Unknown, None);
}

// A failure is bogus or of a broken zone only if validation or the zone shows it.
#[test]
fn failure_cause_needs_evidence() {
    let both = |words: &'static str| samples(&[words, words, words]);
    expect(&both("192.0.2.1 fail"), Cause::Unknown, Weight::Unknown, None);
    let unchecked = Evidence { with_cd: Some(sample("192.0.2.1 192.0.2.1")), ..both("192.0.2.1 fail") };
    expect(&unchecked, Cause::Bogus, Look, Some(Resolverd));
    let unchecked = Evidence { with_cd: Some(sample("192.0.2.1 192.0.2.1")), ..both("fail 192.0.2.1") };
    expect(&unchecked, Cause::Bogus, Look, Some(InPlace));
    let bogus = with("fail 192.0.2.1", |in_place, _| in_place.facts.extended_errors = vec![7]);
    expect(&bogus, Cause::Bogus, Look, Some(InPlace));
    let rows =
        |verdict| compared(("192.0.2.1", Same, 9), ("192.0.2.1", Failed, 9), ("192.0.2.1", verdict, 9));
    expect(
        &Evidence { compared: rows(Failed), ..both("192.0.2.1 fail") },
        Cause::BrokenZone,
        Look,
        Some(Resolverd),
    );
    expect(
        &Evidence { compared: rows(Same), ..both("192.0.2.1 fail") },
        Cause::Unknown,
        Weight::Unknown,
        None,
    );
    expect(
        &Evidence { compared: rows(Failed), ..both("fail 192.0.2.1") },
        Cause::BrokenZone,
        Harmless,
        Some(InPlace),
    );
    expect(&Evidence { compared: rows(Failed), ..both("silent fail") }, Cause::BrokenZone, Harmless, None);
    expect(&both("silent 192.0.2.1"), Cause::Unknown, Weight::Unknown, None);
    let stale = with("192.0.2.1 fail", |in_place, _| in_place.facts.extended_errors = vec![3]);
    expect(&stale, Cause::Old, Harmless, Some(InPlace));
}

#[test]
fn list_refusal_is_no_listing() {
    let of = |words: &str, reason: &str| Evidence {
        list: Some("bl.example.".to_owned()),
        reason: reason.to_owned(),
        ..samples(&[words, words])
    };
    expect(&of("127.255.255.254 nx", ""), Cause::List, Harmless, Some(InPlace));
    expect(&of("127.255.255.254 127.0.0.2", ""), Cause::List, Harmless, Some(InPlace));
    expect(&of("127.0.0.2 127.255.255.254", ""), Cause::List, Look, Some(Resolverd));
    expect(&of("127.0.0.2 nx", "the list refuses this resolver"), Cause::List, Look, Some(Resolverd));
    expect(&of("127.0.0.2 nx", ""), Cause::Unknown, Weight::Unknown, None);
    expect(&of("fail 127.0.0.2", ""), Cause::Unknown, Weight::Unknown, None);
}

#[test]
fn missing_ad_matters_at_resolverd() {
    expect(&samples(&["192.0.2.1 192.0.2.1!"; 3]), Cause::AdOnly, Harmless, Some(InPlace));
    expect(&samples(&["192.0.2.1! 192.0.2.1"; 3]), Cause::AdOnly, Look, Some(Resolverd));
    expect(&samples(&["nx! nx"; 3]), Cause::AdOnly, Harmless, Some(Resolverd));
}

#[test]
fn a_reply_without_facts_is_judged() {
    expect(&Evidence::default(), Cause::Unknown, Weight::Unknown, None);
    let empty = SideAnswer::Reply(Box::new(SideReply { facts: ReplyFacts::default(), secure: false }));
    let sample = Sample { in_place: empty.clone(), resolverd: empty };
    expect(&Evidence { samples: vec![sample], ..Evidence::default() }, Cause::None, Harmless, None);
}
