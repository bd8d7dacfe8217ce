//! Tests how a check repeats its questions, limits their number, and orders them.

use std::sync::Mutex;

use super::*;
use dns::limits::DIRECT_TIME;
use dns::stage::paused;
use doctor::WholeDomain;
use doctor::facts::sent::QueryEnd;

/// A source that always gives this answer. The three counts: all questions, those in progress, and the largest number in progress so far.
struct Fixed(Got, Mutex<(usize, usize, usize)>);

impl Sources for Fixed {
    fn ask<'a>(&'a self, _: &'a Want) -> BoxFuture<'a, Got> {
        Box::pin(async {
            {
                let mut counts = self.1.lock().unwrap();
                counts.0 += 1;
                counts.1 += 1;
                counts.2 = counts.2.max(counts.1);
            }
            tokio::time::sleep(Duration::from_millis(900)).await;
            self.1.lock().unwrap().1 -= 1;
            self.0.clone()
        })
    }
}

fn subject() -> CheckSubject {
    CheckSubject { domain: "a.example.".to_owned(), ..CheckSubject::default() }
}

// Its questions are bounded as well, in all and at once.
#[test]
fn check_is_bounded_in_time() {
    let reply = Got::Reply(ReplyFacts { rcode: "SERVFAIL".to_owned(), ..ReplyFacts::default() });
    let fixed = Fixed(reply, Mutex::default());
    let elapsed = paused(async {
        let began = Instant::now();
        gather(subject(), &WholeDomain, &fixed).await;
        began.elapsed()
    });
    let (asked, _, most) = *fixed.1.lock().unwrap();
    assert!(elapsed <= CHECK_DOMAIN_TIME && asked <= MAX_CHECK_QUESTIONS, "{elapsed:?} {asked}");
    assert!((2..=2 * CHECK_QUESTIONS_AT_ONE_SERVER).contains(&most), "{most}");
}

/// A source that gives truncated replies over UDP, and this reply over TCP.
struct Cut(Got);

impl Sources for Cut {
    fn ask<'a>(&'a self, want: &'a Want) -> BoxFuture<'a, Got> {
        let over_tcp = matches!(want, Want::Server { way: QueryForm::Tcp, .. });
        let cut = ReplyFacts { truncated: true, millis: 9, ..ReplyFacts::default() };
        Box::pin(async move { if over_tcp { self.0.clone() } else { Got::Reply(cut) } })
    }
}

#[test]
fn truncated_reply_is_fetched_over_tcp() {
    let want = server(QueryForm::MixedCase);
    let ask = |over_tcp: Got, left: usize| {
        paused(async { answer(&want, &Cut(over_tcp), &Budget::new(left, CHECK_DOMAIN_TIME)).await })
    };
    let sound = ReplyFacts { rcode: "NOERROR".to_owned(), millis: 70, ..ReplyFacts::default() };
    let expected = Got::Reply(ReplyFacts { millis: 9, ..sound.clone() });
    assert_eq!(ask(Got::Reply(sound.clone()), 2), expected);
    assert!(matches!(ask(Got::Reply(sound), 1), Got::NoReply(NoReply::Unknown(_))));
    let cut = Got::Reply(ReplyFacts { truncated: true, ..ReplyFacts::default() });
    assert_eq!(ask(cut, 2), Got::NoReply(NoReply::Truncated));
    for lost in [NoReply::Silent, NoReply::Unreachable, NoReply::Unfit] {
        assert_eq!(ask(Got::NoReply(lost), 2), Got::NoReply(NoReply::Truncated));
    }
}

/// A source with a list for each form of query: true for a query that gets a reply. After the end of its list, a query gets no reply.
struct Turns(Mutex<BTreeMap<QueryForm, Vec<bool>>>);

impl Sources for Turns {
    fn ask<'a>(&'a self, want: &'a Want) -> BoxFuture<'a, Got> {
        let Want::Server { way, .. } = want else { panic!("{want:?}") };
        let mut turns = self.0.lock().unwrap();
        let left = turns.entry(*way).or_default();
        let replies = !left.is_empty() && left.remove(0);
        let got = if replies { Got::Reply(ReplyFacts::default()) } else { Got::NoReply(NoReply::Silent) };
        Box::pin(async { got })
    }
}

// Silence to one form of query is a trait if each query of the other form is answered.
#[test]
fn silence_trait_needs_answered_control_query() {
    let ask = |way, turns: &[(QueryForm, &[bool])]| {
        let turns = turns.iter().map(|(way, turns)| (*way, turns.to_vec())).collect();
        let (want, turns) = (server(way), Turns(Mutex::new(turns)));
        paused(async {
            let budget = Budget::new(99, CHECK_DOMAIN_TIME);
            let got = answer(&want, &turns, &budget).await;
            confirmed(&want, got, &turns, &budget).await
        })
    };
    let (reply, silent) = (Got::Reply(ReplyFacts::default()), Got::NoReply(NoReply::Silent));
    let (mixed, udp, plain) = (QueryForm::MixedCase, QueryForm::Udp, QueryForm::Plain);
    let all = [true; 9].as_slice();
    assert_eq!(ask(mixed, &[(udp, all)]), (silent.clone(), None));
    assert_eq!(ask(mixed, &[(udp, all), (mixed, &[false, false, true])]), (reply.clone(), None));
    assert_eq!(ask(mixed, &[(udp, &[true, false, true])]), (left_out(LOST), None));
    assert_eq!(ask(mixed, &[(mixed, &[true])]), (reply.clone(), None));
    assert_eq!(ask(plain, &[(plain, all)]), (reply.clone(), None));
    let heard = Some((server(udp), reply.clone()));
    assert_eq!(ask(plain, &[(plain, all), (udp, &[false, true])]), (reply, heard));
    assert_eq!(ask(plain, &[(plain, &[true, true, false])]), (silent, None));
}

// A reply to the repeated UDP query shows that a datagram was lost.
#[test]
fn udp_silence_is_confirmed_after_tcp() {
    let of =
        |way| Want::Server { server: [192, 0, 2, 1].into(), name: "a.example.".to_owned(), kind: "MX", way };
    let reply = Got::Reply(ReplyFacts::default());
    // The situation: the server has answered other queries over UDP; it was silent to this question; it will reply to the next query over
    // UDP. The expected result: the query is sent again over UDP; the server replies to it.
    for (has_answered, was_silent, over_udp, (again, heard)) in [
        (true, true, true, (true, true)),
        (true, true, false, (true, false)),
        (false, true, true, (false, false)),
        // The server drops only queries for the SOA over UDP, which is not chance, so no lost datagram is recorded.
        (true, false, true, (false, false)),
    ] {
        let turns = [(QueryForm::Tcp, vec![true]), (QueryForm::Udp, vec![over_udp])];
        let turns = Turns(Mutex::new(turns.into_iter().collect()));
        let (got, other, is_lossy) = paused(async {
            let (budget, want) = (Budget::new(9, CHECK_DOMAIN_TIME), of(QueryForm::Tcp));
            if has_answered {
                budget.time_of(&want, |time| time.note_reply(Duration::ZERO));
            }
            if was_silent {
                budget.note_silent(&of(QueryForm::Udp));
            }
            let got = answer(&want, &turns, &budget).await;
            let (got, other) = confirmed(&want, got, &turns, &budget).await;
            (got, other, budget.sent().into_values().any(|sent| sent.is_lossy()))
        });
        assert_eq!(got, reply);
        assert_eq!(other, heard.then(|| (of(QueryForm::Udp), reply.clone())), "{has_answered} {over_udp}");
        assert_eq!(is_lossy, heard, "{has_answered} {over_udp}");
        assert_eq!(
            turns.0.into_inner().unwrap()[&QueryForm::Udp].is_empty(),
            again,
            "{has_answered} {over_udp}"
        );
    }
}

#[test]
fn nothing_is_sent_after_the_end() {
    let fixed = Fixed(Got::NoReply(NoReply::Silent), Mutex::default());
    paused(async {
        let budget = Budget::new(9, Duration::ZERO);
        assert!(matches!(
            answer(&server(QueryForm::Udp), &fixed, &budget).await,
            Got::NoReply(NoReply::Unknown(_))
        ));
    });
    assert_eq!(fixed.1.lock().unwrap().0, 0);
}

/// A source that answers each query after this time. The second field is the number of queries at the start that are lost.
struct Late(Duration, Mutex<usize>);

impl Sources for Late {
    fn ask<'a>(&'a self, _: &'a Want) -> BoxFuture<'a, Got> {
        let is_lost = {
            let mut lost = self.1.lock().unwrap();
            let is_lost = *lost > 0;
            *lost = lost.saturating_sub(1);
            is_lost
        };
        Box::pin(async move {
            if is_lost || self.0 > DIRECT_TIME {
                tokio::time::sleep(DIRECT_TIME).await;
                return Got::NoReply(NoReply::Silent);
            }
            tokio::time::sleep(self.0).await;
            let millis = u64::try_from(self.0.as_millis()).unwrap();
            Got::Reply(ReplyFacts { millis, ..ReplyFacts::default() })
        })
    }
}

// It comes after the next query to the server was sent.
#[test]
fn late_reply_is_no_loss() {
    // The situation: the milliseconds until each reply, and the number of lost queries. The expected result: if there is a reply, after how
    // many milliseconds, and if a loss is recorded.
    for (millis, lost, (replies, after, is_lossy)) in [
        (100, 0, (true, 100, false)),
        (2_000, 0, (true, 2_000, false)),
        (2_900, 0, (true, 2_900, false)),
        (2_000, 1, (true, 3_200, true)),
        (100, 2, (true, 2_500, true)),
        (2_000, 3, (false, 3_600, false)),
        (9_000, 0, (false, 3_600, false)),
    ] {
        let (want, late) = (server(QueryForm::Udp), Late(Duration::from_millis(millis), Mutex::new(lost)));
        let (got, elapsed, sent) = paused(async {
            let (began, budget) = (Instant::now(), Budget::new(9, CHECK_DOMAIN_TIME));
            let got = answer(&want, &late, &budget).await;
            (got, began.elapsed(), budget.sent())
        });
        let sent: Vec<_> = sent.into_values().collect();
        let expected = Duration::from_millis(after);
        let case = format!("{millis} {lost}: {got:?} {elapsed:?} {sent:?}");
        assert_eq!(matches!(got, Got::Reply(_)), replies, "{case}");
        // The clock of the tests counts whole milliseconds, so the elapsed time may be a little longer.
        assert!((expected..expected + Duration::from_millis(10)).contains(&elapsed), "{case}");
        assert!(sent.len() == 1 && sent[0].is_lossy() == is_lossy && sent[0].is_any(), "{case}");
    }
}

// Late replies still count.
#[test]
fn exhausted_questions_leave_silence_unknown() {
    let ask = |millis: u64, questions: usize| {
        let late = Late(Duration::from_millis(millis), Mutex::default());
        let budget = || Budget::new(questions, CHECK_DOMAIN_TIME);
        paused(async { answer(&server(QueryForm::Udp), &late, &budget()).await })
    };
    assert!(matches!(ask(2_000, 1), Got::Reply(_)));
    assert_eq!(ask(9_000, 2), left_out(BOUND_REACHED));
    assert_eq!(ask(9_000, 3), Got::NoReply(NoReply::Silent));
}

// Later questions must not take the repeats that show whether a server answers.
#[test]
fn confirming_repeats_are_reserved() {
    let (want, silent) = (server(QueryForm::Udp), Late(Duration::from_secs(9), Mutex::default()));
    let quick = Late(Duration::ZERO, Mutex::default());
    let mail = Want::Server {
        server: [192, 0, 2, 1].into(),
        name: "a.example.".to_owned(),
        kind: "MX",
        way: QueryForm::Udp,
    };
    paused(async {
        let budget = Budget::new(CHECK_TRIES + 1, CHECK_DOMAIN_TIME);
        // After a reply, the questions reserved for repetitions are available again.
        assert!(matches!(answer(&want, &quick, &budget).await, Got::Reply(_)));
        let (soa, other) = tokio::join!(answer(&want, &silent, &budget), answer(&mail, &silent, &budget));
        assert_eq!((soa, other), (Got::NoReply(NoReply::Silent), left_out(BOUND_REACHED)));
    });
}

// The check ends before the server, which has answered others, can be asked again.
#[test]
fn unfinished_silence_is_unknown() {
    for answers in [false, true] {
        let (want, fixed) = (server(QueryForm::Udp), Fixed(Got::NoReply(NoReply::Silent), Mutex::default()));
        let got = paused(async {
            // The time of the check ends during the third query.
            let budget = Budget::new(9, Duration::from_secs(2));
            if answers {
                budget.note(&want, |sent| sent.count(QueryEnd::Answered));
            }
            answer(&want, &fixed, &budget).await
        });
        assert_eq!(got == Got::NoReply(NoReply::Silent), !answers, "{got:?}");
    }
}

/// A source that records the questions and never answers.
struct Noted(Mutex<Vec<Want>>);

impl Sources for Noted {
    fn ask<'a>(&'a self, want: &'a Want) -> BoxFuture<'a, Got> {
        self.0.lock().unwrap().push(want.clone());
        Box::pin(async { Got::NoReply(NoReply::Silent) })
    }
}

#[test]
fn questions_are_asked_as_wanted() {
    let mut named = BTreeSet::new();
    let mut wanted = WholeDomain.wants(&DomainFacts::new(subject()), &BTreeSet::new());
    // Only lookups share one limit on concurrent questions. Questions to DNS lists have limits of their own, so they are left out here.
    let is_lookup = |want: &Want| matches!(want, Want::Lookup { .. });
    wanted.retain(|want| is_lookup(want) && named.insert(want.clone()));
    wanted.truncate(CHECK_QUESTIONS_AT_ONE_SERVER);
    assert!(!wanted.is_sorted(), "another order would not be seen: {wanted:?}");
    let noted = Noted(Mutex::default());
    paused(gather(subject(), &WholeDomain, &noted));
    let mut asked = noted.0.into_inner().unwrap();
    asked.retain(is_lookup);
    assert_eq!(asked[..wanted.len()], wanted);
}

#[test]
fn servers_are_asked_in_turn() {
    let ask = |last: u8, kind| Want::Server {
        server: [192, 0, 2, last].into(),
        name: "a.example.".to_owned(),
        kind,
        way: QueryForm::Udp,
    };
    let turns = Places::default().in_turn(vec![ask(1, "A"), ask(1, "MX"), ask(2, "A"), ask(2, "MX")], "");
    let turns: Vec<Want> = turns.into_iter().map(|(want, _)| want).collect();
    assert_eq!(turns, [ask(1, "A"), ask(2, "A"), ask(1, "MX"), ask(2, "MX")]);
}

fn server(way: QueryForm) -> Want {
    Want::Server { server: [192, 0, 2, 1].into(), name: "a.example.".to_owned(), kind: "SOA", way }
}

// The bound of questions ends it.
#[test]
fn silent_server_is_asked_again() {
    let fixed = Fixed(Got::NoReply(NoReply::Silent), Mutex::default());
    paused(async {
        let budget = Budget::new(CHECK_TRIES + 1, CHECK_DOMAIN_TIME);
        assert_eq!(answer(&server(QueryForm::Udp), &fixed, &budget).await, Got::NoReply(NoReply::Silent));
        assert_eq!(answer(&server(QueryForm::Tcp), &fixed, &budget).await, Got::NoReply(NoReply::Silent));
        assert!(matches!(
            answer(&server(QueryForm::Udp), &fixed, &budget).await,
            Got::NoReply(NoReply::Unknown(_))
        ));
    });
    assert_eq!(fixed.1.lock().unwrap().0, CHECK_TRIES + 1);
}

/// A source that drops queries for NS. The field is true if it answers other queries.
struct DropsNames(bool);

impl Sources for DropsNames {
    fn ask<'a>(&'a self, want: &'a Want) -> BoxFuture<'a, Got> {
        let replies = self.0 && !matches!(want, Want::Server { kind: "NS", .. });
        let got = if replies { Got::Reply(ReplyFacts::default()) } else { Got::NoReply(NoReply::Silent) };
        Box::pin(async { got })
    }
}

#[test]
fn silence_to_type_is_no_loss() {
    for answers in [true, false] {
        let want = match server(QueryForm::MixedCase) {
            Want::Server { server, name, way, .. } => Want::Server { server, name, kind: "NS", way },
            other => other,
        };
        let (got, lost) = paused(async {
            let (sources, budget) = (DropsNames(answers), Budget::new(9, CHECK_DOMAIN_TIME));
            let got = answer(&want, &sources, &budget).await;
            let got = confirmed(&want, got, &sources, &budget).await.0;
            (got, budget.sent().values().any(|sent| sent.is_lossy()))
        });
        assert_eq!((got, lost), (left_out(LOST), !answers));
    }
}

/// A source that answers the first query with a failure, and the next one with a reply.
struct FailsFirst(Mutex<usize>);

impl Sources for FailsFirst {
    fn ask<'a>(&'a self, _: &'a Want) -> BoxFuture<'a, Got> {
        let mut asked = self.0.lock().unwrap();
        *asked += 1;
        let rcode = if *asked == 1 { "SERVFAIL" } else { "NOERROR" };
        let reply = ReplyFacts { rcode: rcode.to_owned(), ..ReplyFacts::default() };
        Box::pin(async { Got::Reply(reply) })
    }
}

#[test]
fn failing_resolver_is_asked_again() {
    let ask = |way, left: usize| {
        let sources = FailsFirst(Mutex::default());
        let got = paused(async {
            let (want, budget) = (server(way), Budget::new(left, CHECK_DOMAIN_TIME));
            let got = answer(&want, &sources, &budget).await;
            after_failure(&want, got, &sources, &budget).await
        });
        let Got::Reply(reply) = got else { panic!("{got:?}") };
        (reply.rcode, sources.0.into_inner().unwrap())
    };
    assert_eq!(ask(QueryForm::Recursive, 9), ("NOERROR".to_owned(), 2));
    assert_eq!(ask(QueryForm::Recursive, 1), ("SERVFAIL".to_owned(), 1));
    assert_eq!(ask(QueryForm::Udp, 9), ("SERVFAIL".to_owned(), 1), "a server of the zone");
}
