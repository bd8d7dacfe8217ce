//! Gathering: asks the questions that a plan wants, such as those of the checks, round by round, until none is left. A slow answer does not hold up the next
//! round.
//!
//! A check names its questions by the facts that are known so far. So a chain, such as MX, host, address, PTR, needs
//! no code here. All rounds together have a bound of questions and of time; what is left over "could not be told".

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};

use super::facts::{
    BOUND_REACHED, CheckSubject, DomainFacts, Got, LOST, NoReply, QueryForm, ReplyFacts, Want, is_within,
};
use super::sent::{QueryEnd, SentQueries};
use super::server_time::ServerTime;
use crate::limits::{
    CHECK_CASE_TURNS, CHECK_DOMAIN_TIME, CHECK_EDNS_TURNS, CHECK_QUESTIONS_AT_ONCE,
    CHECK_QUESTIONS_AT_ONE_SERVER, CHECK_RESOLVER_TRIES, CHECK_ROUND_TIME, CHECK_SERVER_TIME, CHECK_TRIES,
    CONNECTION_TIME, MAX_CHECK_QUESTIONS, MAX_CHECK_ROUNDS,
};

/// Answers the questions: the daemon through its control socket, or a test.
pub trait Sources: Sync {
    /// Asks once.
    fn ask<'a>(&'a self, want: &'a Want) -> BoxFuture<'a, Got>;
}

/// The questions of one purpose.
pub trait Plan: Sync {
    /// The questions that are needed next by the facts so far. Some of them may have been asked already, or are under way.
    fn wants(&self, facts: &DomainFacts, under_way: &BTreeSet<Want>) -> Vec<Want>;

    /// Notes what follows from new facts.
    fn note(&self, _: &mut DomainFacts) {}
}

/// The questions that may still be asked, and the time until which.
struct Budget {
    left: AtomicUsize,
    end: Instant,
    /// From its begin to its end.
    time: Duration,
    /// The queries to each server.
    sent: Mutex<BTreeMap<IpAddr, SentQueries>>,
    /// The time that was spent on each server.
    times: Mutex<BTreeMap<IpAddr, ServerTime>>,
}

impl Budget {
    /// A budget of `questions` queries and of `time`, which begins now.
    fn new(questions: usize, time: Duration) -> Self {
        let end = Instant::now() + time;
        let left = AtomicUsize::new(questions);
        Self { left, end, time, sent: Mutex::default(), times: Mutex::default() }
    }

    /// Takes one question; false if none is left.
    fn take(&self) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    /// The queries to each server.
    fn sent(&self) -> BTreeMap<IpAddr, SentQueries> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes a query to a server, or what it tells.
    fn note(&self, want: &Want, note: impl FnOnce(&mut SentQueries)) {
        if let Want::Server { server, .. } = want {
            note(self.sent.lock().unwrap_or_else(PoisonError::into_inner).entry(*server).or_default());
        }
    }

    /// Whether the server of a question has answered any query.
    fn has_answered(&self, want: &Want) -> bool {
        let Want::Server { server, .. } = want else { return false };
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.get(server).is_some_and(|sent| sent.answered > 0)
    }

    /// Runs `note` on the time that was spent on the server of a question; none if the question goes to no server.
    fn time_of<Out>(&self, want: &Want, note: impl FnOnce(&mut ServerTime) -> Out) -> Option<Out> {
        let Want::Server { server, .. } = want else { return None };
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        Some(note(times.entry(*server).or_default()))
    }

    /// The moment until which a question may wait, and why it may not wait longer.
    fn until(&self, want: &Want, now: Instant) -> (Instant, String) {
        let of_server = self.time_of(want, |time| time.end(now)).filter(|end| *end < self.end);
        match of_server {
            Some(end) => {
                (end, format!("the check spends {} s on one server at most", CHECK_SERVER_TIME.as_secs_f64()))
            }
            None => (self.end, format!("the check has ended after {} s", seconds(self.time))),
        }
    }

    /// Notes that a datagram was lost.
    fn note_loss(&self, want: &Want) {
        self.note(want, |sent| sent.is_lossy = true);
    }
}

/// Gathers the facts about a subject.
pub async fn gather(subject: CheckSubject, plan: &impl Plan, sources: &impl Sources) -> DomainFacts {
    let mut facts = DomainFacts::new(subject);
    let time = CHECK_DOMAIN_TIME + if facts.subject.connect { CONNECTION_TIME } else { Duration::ZERO };
    let budget = Budget::new(MAX_CHECK_QUESTIONS, time);
    let (mut places, mut running, mut under_way) =
        (Places::default(), FuturesUnordered::new(), BTreeSet::new());
    let mut rounds = 0;
    while rounds < MAX_CHECK_ROUNDS {
        let mut wanted = plan.wants(&facts, &under_way);
        // Their order stays: the first ones are asked before the bound is reached.
        let mut named = BTreeSet::new();
        wanted.retain(|want| {
            !facts.got.contains_key(want) && !under_way.contains(want) && named.insert(want.clone())
        });
        let is_new = !wanted.is_empty();
        rounds += usize::from(is_new);
        let mut fresh: BTreeSet<Want> = wanted.iter().cloned().collect();
        for (want, place) in places.in_turn(wanted, &facts.subject.domain) {
            under_way.insert(want.clone());
            running.push(asked(want, sources, &budget, place));
        }
        // Without new questions the next answer decides what is asked next.
        let wait = if is_new { CHECK_ROUND_TIME } else { time };
        let Ok(Some(first)) = timeout(wait, running.next()).await else {
            if running.is_empty() {
                break;
            }
            continue;
        };
        let end = Instant::now() + CHECK_ROUND_TIME;
        fresh.remove(&first.0);
        let mut answers = vec![first];
        // Questions of earlier rounds that still wait hold up no round.
        while !fresh.is_empty()
            && let Ok(Some(answer)) = timeout_at(end, running.next()).await
        {
            fresh.remove(&answer.0);
            answers.push(answer);
        }
        for (want, got, other) in answers {
            under_way.remove(&want);
            facts.got.insert(want, got);
            facts.got.extend(other);
        }
        facts.sent = budget.sent();
        plan.note(&mut facts);
    }
    facts
}

/// The places for questions at one server or at the daemon, and the places at all of them together.
type Place = [Arc<Semaphore>; 2];

/// A question with its answer, and the answer to another question that replaces an earlier one.
type Answered = (Want, Got, Option<(Want, Got)>);

/// Asks a question once there is a place for it.
async fn asked(want: Want, sources: &impl Sources, budget: &Budget, [own, all]: Place) -> Answered {
    let (got, other) = match (own.acquire().await, all.acquire().await) {
        (Ok(_own), Ok(_all)) => {
            let got = answer(&want, sources, budget).await;
            confirmed(&want, got, sources, budget).await
        }
        // Nobody closes them.
        (Err(closed), _) | (_, Err(closed)) => (left_out(&closed.to_string()), None),
    };
    (want, got, other)
}

/// The destination of a question: questions to one destination at the same time have a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Destination {
    Server(IpAddr),
    /// The daemon, for a name of the domain. If its servers are silent, such lookups take seconds.
    Domain,
    /// The daemon, for another name, or a stranger who is asked once.
    Daemon,
}

fn destination(want: &Want, domain: &str) -> Destination {
    match want {
        Want::Server { server, .. } => Destination::Server(*server),
        Want::Resolver { server, .. } => Destination::Server(server.ip()),
        Want::Lookup { name, .. } if !domain.is_empty() && is_within(name, domain) => Destination::Domain,
        _ => Destination::Daemon,
    }
}

/// The places for questions at the same time: of all, and of each destination.
struct Places {
    all: Arc<Semaphore>,
    own: BTreeMap<Destination, Arc<Semaphore>>,
}

impl Default for Places {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(CHECK_QUESTIONS_AT_ONCE)), own: BTreeMap::new() }
    }
}

impl Places {
    /// The questions with their places: the first question to each destination before the second, so that the questions to
    /// one server do not take the time of the questions to others.
    fn in_turn(&mut self, wanted: Vec<Want>, domain: &str) -> Vec<(Want, Place)> {
        let (mut turns, mut counts) = (Vec::new(), BTreeMap::<Destination, usize>::new());
        for want in wanted {
            let destination = destination(&want, domain);
            let own = self.own.entry(destination);
            let own = own.or_insert_with(|| Arc::new(Semaphore::new(CHECK_QUESTIONS_AT_ONE_SERVER)));
            let turn = counts.entry(destination).or_default();
            turns.push((*turn, want, [Arc::clone(own), Arc::clone(&self.all)]));
            *turn += 1;
        }
        turns.sort_by_key(|(turn, _, _)| *turn);
        turns.into_iter().map(|(_, want, place)| (want, place)).collect()
    }
}

/// Asks one question. A datagram may be lost on the way, so a silent server is asked again.
async fn answer(want: &Want, sources: &impl Sources, budget: &Budget) -> Got {
    let (over_udp, tries) = match want {
        Want::Server { way: QueryForm::Recursive, .. } | Want::Resolver { way: QueryForm::Recursive, .. } => {
            (true, CHECK_RESOLVER_TRIES)
        }
        // `confirmed` asks again.
        Want::Server { way: QueryForm::MixedCase, .. } => (true, 1),
        Want::Server { way, .. } if way.over_tcp().is_some() => (true, CHECK_TRIES),
        _ => (false, 1),
    };
    let mut got = left_out(BOUND_REACHED);
    for tried in 0..tries {
        let Some(answered) = once(want, sources, budget).await else { break };
        let is_unknown = matches!(answered, Got::NoReply(NoReply::Unknown(_)));
        // Two lost datagrams of a server that has answered nothing are silence enough if the time for the third is over.
        if !(is_unknown && tried >= CHECK_TRIES - 1 && !budget.has_answered(want)) {
            got = answered;
        }
        if got != Got::NoReply(NoReply::Silent) || is_unknown {
            if tried > 0 && matches!(got, Got::Reply(_)) {
                budget.note_loss(want);
            }
            break;
        }
    }
    match &got {
        Got::Reply(cut) if over_udp && cut.truncated => whole(want, cut.millis, sources, budget).await,
        _ => got,
    }
}

/// Asks both ways in turn before silence to one of them counts as a trait of the server: names in mixed case, and EDNS. On a path
/// that loses many datagrams, chance looks like a trait.
async fn confirmed(
    want: &Want,
    got: Got,
    sources: &impl Sources,
    budget: &Budget,
) -> (Got, Option<(Want, Got)>) {
    let with_edns = || match want.clone() {
        Want::Server { server, name, kind, .. } => Want::Server { server, name, kind, way: QueryForm::Udp },
        other => other,
    };
    match (want, &got) {
        (Want::Server { way: QueryForm::MixedCase, .. }, Got::NoReply(NoReply::Silent)) => {
            for _ in 0..CHECK_CASE_TURNS {
                match once(&with_edns(), sources, budget).await {
                    Some(Got::Reply(_)) => {}
                    _ => {
                        budget.note_loss(want);
                        return (left_out(LOST), None);
                    }
                }
                match once(want, sources, budget).await {
                    Some(Got::NoReply(NoReply::Silent)) => {}
                    again => return (again.unwrap_or_else(|| left_out(BOUND_REACHED)), None),
                }
            }
        }
        // Some servers fail for a moment, whatever the case of the name is.
        (Want::Server { kind, way: QueryForm::MixedCase, .. }, Got::Reply(reply))
            if is_empty(reply, kind) =>
        {
            if let Some(again @ Got::Reply(_)) = once(want, sources, budget).await {
                return (again, None);
            }
        }
        (Want::Server { kind: "SOA", way: QueryForm::Plain, .. }, Got::Reply(_)) => {
            for _ in 0..CHECK_EDNS_TURNS {
                if let Some(again @ Got::Reply(_)) = once(&with_edns(), sources, budget).await {
                    return (got, Some((with_edns(), again)));
                }
                if let Some(lost @ Got::NoReply(NoReply::Silent)) = once(want, sources, budget).await {
                    return (lost, None);
                }
            }
        }
        _ => {}
    }
    (got, None)
}

/// Whether a reply has no records of a type.
fn is_empty(reply: &ReplyFacts, kind: &str) -> bool {
    reply.data(kind).next().is_none()
}

/// Whether it is a question of DNS. Connections to mail hosts and hosts of policies have bounds of their own.
const fn is_message(want: &Want) -> bool {
    !matches!(want, Want::MailHost { .. } | Want::PolicyFile { .. })
}

/// Asks once; none if no question is left. After the end of the check, or of the time for the server, nothing is sent.
async fn once(want: &Want, sources: &impl Sources, budget: &Budget) -> Option<Got> {
    let began = Instant::now();
    let (end, why) = budget.until(want, began);
    if began >= end {
        return Some(left_out(&why));
    }
    if is_message(want) && !budget.take() {
        return None;
    }
    budget.time_of(want, |time| time.begin_query(began));
    let got = timeout_at(end, sources.ask(want)).await.ok();
    budget.time_of(want, |time| time.end_query(Instant::now()));
    budget.note(want, |sent| sent.count(got.as_ref().map_or(QueryEnd::CutOff, Got::end)));
    Some(got.unwrap_or_else(|| left_out(&why)))
}

/// The reply over TCP in place of one that was truncated, which tells nothing of its records (RFC 2181 section 9):
/// servers truncate also to limit the rate of answers. The time stays that of the datagram.
async fn whole(want: &Want, millis: u64, sources: &impl Sources, budget: &Budget) -> Got {
    let mut want = want.clone();
    if let Want::Server { way, .. } | Want::Resolver { way, .. } = &mut want {
        *way = way.over_tcp().unwrap_or(*way);
    }
    match once(&want, sources, budget).await {
        Some(Got::Reply(reply)) if !reply.truncated => Got::Reply(ReplyFacts { millis, ..reply }),
        Some(Got::Reply(_)) => Got::NoReply(NoReply::Truncated),
        Some(Got::NoReply(lost)) if !matches!(lost, NoReply::Unknown(_)) => Got::NoReply(NoReply::Truncated),
        _ => left_out("its reply over UDP was truncated, and the check had no query or no time left for TCP"),
    }
}

fn left_out(why: &str) -> Got {
    Got::NoReply(NoReply::Unknown(why.to_owned()))
}

fn seconds(time: Duration) -> u64 {
    time.as_secs()
}

#[cfg(test)]
mod tests {
    use super::super::WholeDomain;
    use super::*;
    use crate::clock::paused;

    /// Answers with this, and counts; the most questions at once.
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

    #[test]
    fn a_check_ends_in_time_and_asks_few_questions_at_once() {
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

    /// Truncated over UDP; this over TCP.
    struct Cut(Got);

    impl Sources for Cut {
        fn ask<'a>(&'a self, want: &'a Want) -> BoxFuture<'a, Got> {
            let over_tcp = matches!(want, Want::Server { way: QueryForm::Tcp, .. });
            let cut = ReplyFacts { truncated: true, millis: 9, ..ReplyFacts::default() };
            Box::pin(async move { if over_tcp { self.0.clone() } else { Got::Reply(cut) } })
        }
    }

    #[test]
    fn a_truncated_reply_is_fetched_over_tcp() {
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

    /// Answers by turns: each query takes the next of the answers to its form, which is silence at the end of them.
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

    #[test]
    fn silence_to_one_form_is_a_trait_only_if_the_other_form_is_answered_each_time() {
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

    #[test]
    fn lost_datagrams_before_the_end_are_no_silence_of_a_server_that_answers_others() {
        for answers in [false, true] {
            let (want, fixed) =
                (server(QueryForm::Udp), Fixed(Got::NoReply(NoReply::Silent), Mutex::default()));
            let got = paused(async {
                // The third query is cut off.
                let budget = Budget::new(9, Duration::from_secs(2));
                if answers {
                    budget.note(&want, |sent| sent.count(QueryEnd::Answered));
                }
                answer(&want, &fixed, &budget).await
            });
            assert_eq!(got == Got::NoReply(NoReply::Silent), !answers, "{got:?}");
        }
    }

    /// Notes the questions, and does not answer.
    struct Noted(Mutex<Vec<Want>>);

    impl Sources for Noted {
        fn ask<'a>(&'a self, want: &'a Want) -> BoxFuture<'a, Got> {
            self.0.lock().unwrap().push(want.clone());
            Box::pin(async { Got::NoReply(NoReply::Silent) })
        }
    }

    #[test]
    fn the_first_wanted_is_the_first_asked() {
        let mut named = BTreeSet::new();
        let mut wanted = WholeDomain.wants(&DomainFacts::new(subject()), &BTreeSet::new());
        // Questions to the lists have places of their own.
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

    #[test]
    fn a_silent_server_is_asked_again_and_a_bound_ends_it() {
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
}
