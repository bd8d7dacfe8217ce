use proptest::prelude::*;

use super::*;

const MS: Duration = Duration::from_millis(1);

fn at(millis: u64) -> Mono {
    Mono::from_micros(millis * 1000)
}

fn evidence(last: u64) -> NetworkAnswers {
    NetworkAnswers { last: Some(at(last)), streak: Mono::START }
}

/// Creates a breaker that knows the usual round trip of the DNS list: `usual`, in ms.
fn known(usual: u64) -> Breaker {
    let mut breaker = Breaker::default();
    for _ in 0..20 {
        breaker.asked(Mono::START);
        ended(&mut breaker, ListQueryEnd::Worked, MS * u32::try_from(usual).unwrap(), false, Mono::START);
    }
    breaker
}

/// Ends a question that took one query, so the round trip is the time of the question.
fn ended(breaker: &mut Breaker, end: ListQueryEnd, elapsed: Duration, probe: bool, now: Mono) -> bool {
    breaker.ended(EndedQuery { end, elapsed, round_trip: Some(elapsed), probe }, now)
}

/// Returns how long after `begin` (both in ms) the breaker opens if the DNS list is silent from `begin` on, and other servers answer all the time.
fn opens_after(mut breaker: Breaker, begin: u64) -> Option<u64> {
    breaker.asked(at(begin));
    (begin..begin + 60_000)
        .step_by(10)
        .find(|now| breaker.judge(evidence(*now), at(*now)) == Judgement::Opened)
        .map(|now| now - begin)
}

// A slow list does not.
#[test]
fn silent_list_opens_breaker_soon() {
    for usual in [5, 20, 80, 150] {
        let after = opens_after(known(usual), 1_000).unwrap();
        assert!((1_000..2_000).contains(&after), "{usual} ms: {after}");
    }
    assert!(opens_after(Breaker::default(), 1_000).unwrap() < 2_000);
    let after = opens_after(known(1_500), 1_000).unwrap();
    assert!(after >= 4_500, "{after}");
}

#[test]
fn fleet_report_shortens_breaker_time() {
    let reported = |usual: Option<u64>| {
        let mut breaker = usual.map_or_else(Breaker::default, known);
        breaker.others_found_silence(at(900));
        assert!(breaker.open().is_none());
        breaker
    };
    assert!(opens_after(Breaker::default(), 1_000).unwrap() > 1_500);
    assert_eq!(opens_after(reported(None), 1_000), Some(1_000));
    assert!(opens_after(reported(Some(1_500)), 1_000).unwrap() >= 4_500, "a slow list is not silent");
    let mut answered = reported(None);
    answered.asked(at(950));
    ended(&mut answered, ListQueryEnd::Worked, MS * 500, false, at(970));
    assert!(opens_after(answered, 1_000).unwrap() > 1_100, "it has answered since");
    assert!(opens_after(reported(None), 70_000).unwrap() > 1_500, "the report is old");
}

#[test]
fn single_late_answers_are_not_slow() {
    let mut breaker = known(50);
    for elapsed in [1_000, 2_000] {
        breaker.asked(Mono::START);
        let (end, elapsed, round_trip) = (ListQueryEnd::Worked, MS * elapsed, Some(50 * MS));
        breaker.ended(EndedQuery { end, elapsed, round_trip, probe: false }, Mono::START);
    }
    assert!(opens_after(breaker, 3_000).unwrap() <= 1_010);
    // Neither a single late answer after many fast ones nor a slow first answer makes the breaker open much later.
    for before in [known(50), Breaker::default()] {
        let mut breaker = before;
        breaker.asked(Mono::START);
        ended(&mut breaker, ListQueryEnd::Worked, 560 * MS, false, Mono::START);
        assert!(opens_after(breaker, 3_000).unwrap() < 2_000);
    }
}

#[test]
fn nothing_opens_while_nobody_else_answers() {
    let mut breaker = known(50);
    breaker.asked(at(1_000));
    // All other servers became silent too, so the network of this host is down.
    for now in (1_500..60_000).step_by(100) {
        assert!(matches!(
            breaker.judge(evidence(1_050), at(now)),
            Judgement::Witness(_) | Judgement::Later(_)
        ));
    }
    // The network works again, so the DNS list gets some time to answer.
    let back = NetworkAnswers { last: Some(at(60_010)), streak: at(60_000) };
    assert!(matches!(breaker.judge(back, at(60_010)), Judgement::Later(_)));
    ended(&mut breaker, ListQueryEnd::Worked, 60 * MS, false, at(60_100));
    assert_eq!(breaker.judge(back, at(61_000)), Judgement::Rest);
}

#[test]
fn lost_packet_is_no_silence() {
    let mut breaker = known(50);
    breaker.asked(at(0));
    for now in (0..20_000).step_by(400) {
        breaker.asked(at(now));
        ended(&mut breaker, ListQueryEnd::Worked, 50 * MS, false, at(now + 50));
        assert_ne!(breaker.judge(evidence(now + 60), at(now + 60)), Judgement::Opened);
    }
}

#[test]
fn old_silence_does_not_count() {
    let mut breaker = known(50);
    breaker.asked(at(0));
    ended(&mut breaker, ListQueryEnd::Silent, 10 * MS, false, at(500));
    assert_eq!(breaker.judge(evidence(20_000), at(20_000)), Judgement::Rest);
    breaker.asked(at(60_000));
    assert!(matches!(breaker.judge(evidence(60_010), at(60_010)), Judgement::Later(_)));
}

fn failing() -> Breaker {
    let mut breaker = known(50);
    for round in 0..2 * u64::from(BREAKER_FAILURES) {
        breaker.asked(at(1_000 + round));
        assert!(!ended(&mut breaker, ListQueryEnd::Failed, MS, false, at(1_000 + round)));
    }
    breaker
}

fn probe_fails(breaker: &mut Breaker, begin: u64) {
    assert!(breaker.next_probe().is_some_and(|next| next <= at(begin)));
    breaker.probing(at(begin), Duration::ZERO);
    assert_eq!(breaker.next_probe(), None, "one is under way");
    breaker.asked(at(begin));
    assert!(!ended(breaker, ListQueryEnd::Failed, 50 * MS, true, at(begin + 50)));
}

// An answer closes it.
#[test]
fn errors_open_breaker_after_probe() {
    let mut breaker = failing();
    assert_eq!(breaker.judge(evidence(1_090), at(1_090)), Judgement::Rest, "mail may have made us ask so");
    probe_fails(&mut breaker, 1_100);
    assert_eq!(breaker.judge(evidence(1_150), at(1_150)), Judgement::Opened);
    assert_eq!(breaker.open(), Some((OpenReason::Failing, at(1_150))));
    breaker.asked(at(5_000));
    assert!(ended(&mut breaker, ListQueryEnd::Worked, 50 * MS, false, at(5_004)));
    assert_eq!((breaker.open(), breaker.next_probe()), (None, None));
}

#[test]
fn errors_that_all_meet_open_nothing() {
    let mut breaker = failing();
    probe_fails(&mut breaker, 1_100);
    // No other server has answered since the failed probe, so the cause may be the network of this host.
    for now in (1_150..9_000).step_by(250) {
        assert!(matches!(breaker.judge(evidence(1_149), at(now)), Judgement::Witness(_)));
    }
    // Other servers answer again, so one more probe must show whether the list answers.
    let back = NetworkAnswers { last: Some(at(9_100)), streak: at(9_000) };
    assert!(matches!(breaker.judge(back, at(9_100)), Judgement::Later(_)));
    probe_fails(&mut breaker, 9_200);
    let back = NetworkAnswers { last: Some(at(9_300)), ..back };
    assert_eq!(breaker.judge(back, at(9_300)), Judgement::Opened);
}

#[test]
fn inconclusive_probes_back_off() {
    let mut breaker = failing();
    let mut now = at(1_100);
    for _ in 0..10 {
        breaker.probing(now, Duration::ZERO);
        breaker.asked(now);
        ended(&mut breaker, ListQueryEnd::Failed, 50 * MS, true, now.after(50 * MS));
        let next = breaker.next_probe().unwrap();
        assert!((FIRST_PROBE_TIME..=MAX_PROBE_TIME).contains(&next.since(now)));
        now = next;
    }
    assert!(now.since(at(1_100)) > 6 * MAX_PROBE_TIME);
}

#[test]
fn error_answer_ends_silence() {
    let mut breaker = known(50);
    breaker.asked(at(1_000));
    while breaker.judge(evidence(3_000), at(3_000)) != Judgement::Opened {}
    breaker.asked(at(4_000));
    assert!(ended(&mut breaker, ListQueryEnd::Failed, 50 * MS, true, at(4_050)));
    assert_eq!(breaker.open(), None);
}

#[test]
fn unanswered_name_keeps_breaker_closed() {
    let mut breaker = known(50);
    breaker.asked(at(1_000));
    let probe = breaker.next_probe().unwrap();
    assert!(probe > at(1_000) && probe < at(1_000).after(BREAKER_MIN_PATIENCE));
    breaker.probing(probe, Duration::ZERO);
    breaker.asked(probe);
    ended(&mut breaker, ListQueryEnd::Worked, 50 * MS, true, probe.after(50 * MS));
    // The answer of the probe ends the silence, although the first question still waits. The next question begins a new silence.
    assert_eq!(breaker.judge(evidence(9_000), at(9_000)), Judgement::Rest);
    assert_eq!(breaker.next_probe(), None);
    breaker.asked(at(9_000));
    assert!(breaker.next_probe().is_some());
}

#[test]
fn probe_pauses_are_bounded() {
    let mut breaker = known(50);
    breaker.asked(at(0));
    while breaker.judge(evidence(1_900), at(1_900)) != Judgement::Opened {}
    let mut now = breaker.next_probe().unwrap();
    assert_eq!(now, at(1_900).after(FIRST_PROBE_TIME));
    for _ in 0..20 {
        breaker.probing(now, Duration::ZERO);
        let next = breaker.next_probe().unwrap();
        assert!(next.since(now) <= MAX_PROBE_TIME);
        now = next;
    }
    breaker.wanted(at(2_000));
    assert_eq!(breaker.next_probe(), Some(at(2_000)));
}

proptest! {
    #[test]
    fn never_by_silence_alone(steps in prop::collection::vec((0_u8..5, 1_u64..3_000), 1..200)) {
        let mut breaker = Breaker::default();
        let mut now = 0;
        for (step, pause) in steps {
            now += pause;
            match step {
                0 | 1 => breaker.asked(at(now)),
                2 => { ended(&mut breaker, ListQueryEnd::Worked, MS, false, at(now)); }
                3 => { ended(&mut breaker, ListQueryEnd::Silent, MS, true, at(now)); }
                _ => {}
            }
            let judged = breaker.judge(NetworkAnswers { last: None, streak: Mono::START }, at(now));
            prop_assert_ne!(judged, Judgement::Opened);
            prop_assert_eq!(breaker.open(), None);
        }
    }
}

#[test]
fn refusal_opens_after_confirming_probe() {
    let mut breaker = known(20);
    let mut ends = |end, probe, millis| {
        breaker.asked(at(millis));
        ended(&mut breaker, end, MS, probe, at(millis));
        (breaker.open().map(|(why, _)| why), breaker.next_probe())
    };
    assert_eq!(ends(ListQueryEnd::Refused, false, 1_000), (None, Some(at(1_000))), "a probe is due at once");
    assert_eq!(ends(ListQueryEnd::Worked, true, 1_100), (None, None));
    ends(ListQueryEnd::Refused, false, 2_000);
    let next = at(2_100).after(REFUSAL_PROBE_TIME);
    assert_eq!(ends(ListQueryEnd::Refused, true, 2_100), (Some(OpenReason::Refusing), Some(next)));
    assert_eq!(ends(ListQueryEnd::Answered, false, 2_200).0, Some(OpenReason::Refusing), "shows nothing");
    assert_eq!(ends(ListQueryEnd::Refused, false, 9_000).1, Some(next), "delays no probe");
    assert_eq!(ends(ListQueryEnd::Worked, false, 9_100), (None, None));
}

#[test]
fn refusals_without_probes_show_refusal() {
    let mut breaker = Breaker::default();
    for number in 1..=BREAKER_FAILURES {
        breaker.asked(Mono::START);
        ended(&mut breaker, ListQueryEnd::Refused, MS, false, Mono::START);
        assert_eq!(breaker.is_refusing(), number == BREAKER_FAILURES);
    }
    assert!(breaker.open().is_none(), "nothing would end it");
}
