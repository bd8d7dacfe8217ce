//! Gathers the facts about a domain: sends the questions of a plan (such as the checks in the crate `doctor`) in rounds until no question
//! is left. A slow answer does not delay the next round.
//!
//! A plan derives its next questions from the facts so far, so it can follow a chain of lookups, such as MX, address and PTR. Questions and
//! time are limited for all rounds together; questions beyond the limits are reported as "could not tell".
//!
//! Only this crate waits for answers, so that the checks in `doctor` are pure functions. The caller asks the questions (`Sources`): the
//! daemon for watched domains, or `resolverctl` through the control socket.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod budget;
pub mod connections;
pub mod direct;
pub mod limits;
mod peer;
mod policy_file;
mod server_time;
mod smtp;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};

use self::budget::{Budget, OpenQuery};
use crate::limits::{
    CHECK_CASE_TURNS, CHECK_DOMAIN_TIME, CHECK_EDNS_TURNS, CHECK_ERROR_TURNS, CHECK_FAILED_CASE_TURNS,
    CHECK_QUESTIONS_AT_ONCE, CHECK_QUESTIONS_AT_ONE_SERVER, CHECK_RESOLVER_TRIES, CHECK_ROUND_TIME,
    CONNECTION_TIME, MAX_CHECK_ROUNDS,
};
use doctor::Plan;
use doctor::facts::{
    BOUND_REACHED, CheckSubject, DomainFacts, Got, LOST, NoReply, QueryForm, ReplyFacts, Want, is_within,
};
use doctor::limits::{CHECK_TRIES, CHECK_TRY_TIME, MAX_CHECK_QUESTIONS};
use doctor::zone::serves;

/// A source of answers: the daemon, `resolverctl` through the control socket, or a test.
pub trait Sources: Sync {
    /// Asks the question `want` once.
    fn ask<'a>(&'a self, want: &'a Want) -> BoxFuture<'a, Got>;
}

/// Gathers the facts about `subject`: asks the questions of `plan`, as long as there are new ones.
pub async fn gather(subject: CheckSubject, plan: &impl Plan, sources: &impl Sources) -> DomainFacts {
    let mut facts = DomainFacts::new(subject);
    let time = CHECK_DOMAIN_TIME + if facts.subject.connect { CONNECTION_TIME } else { Duration::ZERO };
    let budget = Budget::new(MAX_CHECK_QUESTIONS, time);
    let (mut places, mut running, mut under_way) =
        (Places::default(), FuturesUnordered::new(), BTreeSet::new());
    let mut rounds = 0;
    while rounds < MAX_CHECK_ROUNDS {
        let mut wanted = plan.wants(&facts, &under_way);
        // The plan puts the most important questions first, because the limit on questions may be reached.
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
        // If the plan has no new question, new ones are possible only after an answer. So the wait for an answer may then last as long as the
        // check.
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
        // This waits only for the new questions of this round, and not for older ones.
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

/// The limits on concurrent questions: for the destination, and for all questions together.
type Place = [Arc<Semaphore>; 2];

/// A question with its answer. If another query was repeated to check this answer, the second pair is that query with its new answer.
type Answered = (Want, Got, Option<(Want, Got)>);

async fn asked(want: Want, sources: &impl Sources, budget: &Budget, [own, all]: Place) -> Answered {
    let (got, other) = match (own.acquire().await, all.acquire().await) {
        (Ok(_own), Ok(_all)) => {
            let got = answer(&want, sources, budget).await;
            let got = after_failure(&want, got, sources, budget).await;
            confirmed(&want, got, sources, budget).await
        }
        // The semaphores are never closed.
        (Err(closed), _) | (_, Err(closed)) => (left_out(&closed.to_string()), None),
    };
    (want, got, other)
}

/// Where a question is sent. Each destination has its own limit on concurrent questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Destination {
    Server(IpAddr),
    /// The daemon, for a name in the checked domain. If the servers of the domain are silent, such lookups take seconds.
    Domain,
    /// The daemon, for any other name. Questions to hosts of third parties count here too, because each such host is asked only once and needs no
    /// limit of its own.
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

/// The limits on concurrent questions.
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
    /// Orders the questions, and returns them with their limits. Each destination gets its first question before any gets its second one,
    /// so many questions to one server do not delay the others.
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

/// Asks one question. A silent server is asked again. A truncated reply is replaced by the reply over TCP.
async fn answer(want: &Want, sources: &impl Sources, budget: &Budget) -> Got {
    let (over_udp, tries) = match want {
        Want::Server { way: QueryForm::Recursive, .. } | Want::Resolver { way: QueryForm::Recursive, .. } => {
            (true, CHECK_RESOLVER_TRIES)
        }
        // A query for a name in mixed case is sent once, because the function `confirmed` repeats such queries.
        Want::Server { way: QueryForm::MixedCase, .. } => (true, 1),
        Want::Server { way, .. } if way.over_tcp().is_some() => (true, CHECK_TRIES),
        _ => (false, 1),
    };
    let got = match want {
        Want::Server { way: QueryForm::MixedCase, .. } => {
            shortly(want, sources, budget).await.unwrap_or_else(|| left_out(BOUND_REACHED))
        }
        _ => repeated(want, tries, sources, budget).await,
    };
    match &got {
        Got::Reply(cut) if over_udp && cut.truncated => whole(want, cut.millis, sources, budget).await,
        _ => got,
    }
}

/// Sends a query up to `tries` times until a reply comes. A late reply to an earlier copy counts too.
async fn repeated(want: &Want, tries: usize, sources: &impl Sources, budget: &Budget) -> Got {
    budget.keep(want, tries);
    let got = in_tries(want, tries, sources, budget).await;
    budget.give_back(want);
    if got == Got::NoReply(NoReply::Silent) {
        budget.note_silent(want);
    }
    got
}

async fn in_tries(want: &Want, tries: usize, sources: &impl Sources, budget: &Budget) -> Got {
    let one = move |tried: usize, most: Option<Duration>| async move {
        (tried, once(want, most, sources, budget).await)
    };
    let mut open = FuturesUnordered::new();
    // `None`: the first copy of the query waits until the time limit of the check. Later copies get a shorter time, so that all end at
    // about the same time.
    open.push(one(0, None));
    let (mut left, mut silent, mut is_bounded) = (1..tries, 0, false);
    loop {
        let ended = match left.is_empty() {
            true => open.next().await,
            false => timeout(budget.patience(want), open.next()).await.unwrap_or_default(),
        };
        match ended {
            None => match left.next() {
                Some(tried) => {
                    let rest: Duration = (tried..tries).map(|_| CHECK_TRY_TIME).sum();
                    open.push(one(tried, Some(rest.max(budget.patience(want)))));
                }
                // A limit was reached before all copies were sent, so the silence of the server may be chance.
                None if is_bounded => return left_out(BOUND_REACHED),
                None => return Got::NoReply(NoReply::Silent),
            },
            Some((_, None)) => (left, is_bounded) = (tries..tries, true),
            Some((_, Some(Got::NoReply(NoReply::Silent)))) => silent += 1,
            // The time limit of the check has ended the wait for the reply to one copy. But another copy got no reply in its whole time, all copies
            // were sent, and the server has answered no other query. So it counts as silent.
            Some((_, Some(Got::NoReply(NoReply::Unknown(_)))))
                if silent > 0
                    && tries >= CHECK_TRIES
                    && left.is_empty()
                    && !is_bounded
                    && !budget.has_answered(want) =>
            {
                return Got::NoReply(NoReply::Silent);
            }
            Some((tried, Some(answered))) => {
                if tried > 0 && matches!(answered, Got::Reply(_)) {
                    budget.note_loss(want);
                }
                return answered;
            }
        }
    }
}

/// If another resolver failed, asks it once more. One machine of a public resolver may fail for a short time, for example while it waits
/// for a name server.
async fn after_failure(want: &Want, got: Got, sources: &impl Sources, budget: &Budget) -> Got {
    let is_to_resolver = match want {
        Want::Server { way, .. } | Want::Resolver { way, .. } => *way == QueryForm::Recursive,
        Want::Secured { .. } => true,
        _ => false,
    };
    let has_failed = matches!(&got, Got::Reply(reply) if reply.rcode == "SERVFAIL");
    if !is_to_resolver || !has_failed {
        return got;
    }
    match answer(want, sources, budget).await {
        again @ Got::Reply(_) => again,
        _ => got,
    }
}

/// Repeats a query that a server did not answer, alternately with and without a feature (names in mixed case, EDNS, or UDP for some records). The
/// first query may have been lost. So the server counts as one that does not answer queries with the feature only if further ones fail. Returns
/// the answer. If the repetition gave an earlier question a new answer, the earlier question and its new answer are returned too.
async fn confirmed(
    want: &Want,
    got: Got,
    sources: &impl Sources,
    budget: &Budget,
) -> (Got, Option<(Want, Got)>) {
    let with_edns = || with_edns(want);
    match (want, &got) {
        (Want::Server { way: QueryForm::MixedCase, .. }, Got::NoReply(NoReply::Silent)) => {
            for turn in 1..=CHECK_CASE_TURNS {
                match shortly(&with_edns(), sources, budget).await {
                    Some(Got::Reply(_)) => {}
                    _ => {
                        note_silence(want, turn, sources, budget).await;
                        return (left_out(LOST), None);
                    }
                }
                // Only the last query waits as long as the limits of the check allow, because the server may be slow.
                let most = (turn < CHECK_CASE_TURNS).then(|| budget.patience(want));
                match once(want, most, sources, budget).await {
                    Some(Got::NoReply(NoReply::Silent)) => {}
                    again => return (again.unwrap_or_else(|| left_out(BOUND_REACHED)), None),
                }
            }
        }
        (Want::Server { kind, way: QueryForm::MixedCase, .. }, Got::Reply(reply))
            if is_empty(reply, kind) =>
        {
            return after_failed_case(want, reply, sources, budget).await;
        }
        (Want::Server { name, kind: "SOA", way: QueryForm::Udp | QueryForm::Tcp, .. }, Got::Reply(reply))
            if is_error(reply, name) =>
        {
            return (after_error(want, reply, sources, budget).await, None);
        }
        (Want::Server { kind: "SOA", way: QueryForm::Plain, .. }, Got::Reply(_)) => {
            for _ in 0..CHECK_EDNS_TURNS {
                if let Some(again @ Got::Reply(_)) = shortly(&with_edns(), sources, budget).await {
                    return (got, Some((with_edns(), again)));
                }
                if let Some(lost @ Got::NoReply(NoReply::Silent)) = shortly(want, sources, budget).await {
                    budget.note_loss(want);
                    return (lost, None);
                }
            }
        }
        // The server has answered over TCP, but not over UDP. If datagrams to several servers are lost, this may be chance, so the query is
        // repeated over UDP.
        (Want::Server { kind: "SOA", way: QueryForm::Tcp, .. }, Got::Reply(_))
            if budget.slowest(want).is_none() && budget.is_lossy() =>
        {
            let again = again_over_udp(want, with_edns(), sources, budget).await;
            return (got, again);
        }
        // A question for another type than SOA was answered only over TCP, although the server answers other questions over UDP. The UDP
        // queries for it may have been lost by chance, so one more is sent.
        (Want::Server { kind, way: QueryForm::Tcp, .. }, Got::Reply(_))
            if *kind != "SOA" && budget.slowest(want).is_some() && budget.was_silent(&with_edns()) =>
        {
            if let Some(again @ Got::Reply(_)) = shortly(&with_edns(), sources, budget).await {
                budget.note_loss(want);
                return (got, Some((with_edns(), again)));
            }
        }
        _ => {}
    }
    (got, None)
}

fn with_edns(want: &Want) -> Want {
    match want.clone() {
        Want::Server { server, name, kind, .. } => Want::Server { server, name, kind, way: QueryForm::Udp },
        other => other,
    }
}

/// Returns true if a reply for the SOA may be a temporary error. Errors because of EDNS do not count: the check examines them with queries
/// without EDNS.
fn is_error(reply: &ReplyFacts, name: &str) -> bool {
    let has_no_soa = reply.authoritative && reply.rcode == "NOERROR";
    !serves(reply, name)
        && !has_no_soa
        && reply.answers.is_empty()
        && !["FORMERR", "NOTIMP", "BADVERS"].contains(&reply.rcode.as_str())
}

/// Repeats a query for the SOA that got an error. Some servers give errors at random, for example if one of several machines at an address
/// lacks the zone.
async fn after_error(want: &Want, failed: &ReplyFacts, sources: &impl Sources, budget: &Budget) -> Got {
    let Want::Server { name, .. } = want else { return Got::Reply(failed.clone()) };
    for _ in 0..CHECK_ERROR_TURNS {
        match shortly(want, sources, budget).await {
            Some(Got::Reply(again)) if serves(&again, name) => return after(failed, again),
            Some(_) => {}
            None => break,
        }
    }
    Got::Reply(failed.clone())
}

/// Marks a reply that came after a failure of the same question (`failed_before`).
fn after(failed: &ReplyFacts, again: ReplyFacts) -> Got {
    Got::Reply(ReplyFacts { failed_before: failed.rcode.clone(), ..again })
}

/// Repeats a query alternately in lower case and in mixed case, after an error in mixed case. Some servers fail for a short time or at
/// random, also in lower case. Returns the answer in mixed case, and the query in lower case with its answer.
async fn after_failed_case(
    want: &Want,
    failed: &ReplyFacts,
    sources: &impl Sources,
    budget: &Budget,
) -> (Got, Option<(Want, Got)>) {
    let (mut other, over_udp) = (None, with_edns(want));
    let has_records =
        |reply: &ReplyFacts| matches!(want, Want::Server { kind, .. } if !is_empty(reply, kind));
    for _ in 0..CHECK_FAILED_CASE_TURNS {
        match shortly(&over_udp, sources, budget).await {
            Some(Got::Reply(lower)) => {
                let is_failed = !has_records(&lower);
                other = Some((over_udp.clone(), Got::Reply(lower)));
                if is_failed {
                    break;
                }
            }
            _ => break,
        }
        match shortly(want, sources, budget).await {
            Some(Got::Reply(again)) if has_records(&again) => return (after(failed, again), other),
            Some(_) => {}
            None => break,
        }
    }
    (Got::Reply(failed.clone()), other)
}

/// Called when a server has answered a query neither in mixed case nor in lower case. Records a lost datagram. Exception: if the server never
/// answered for this record type (`turn` is 1), but answers for the SOA, it may drop queries for this record type on purpose.
async fn note_silence(want: &Want, turn: usize, sources: &impl Sources, budget: &Budget) {
    let soa = match want.clone() {
        Want::Server { server, name, .. } => Want::Server { server, name, kind: "SOA", way: QueryForm::Udp },
        other => other,
    };
    let may_drop_type = turn == 1 && matches!(shortly(&soa, sources, budget).await, Some(Got::Reply(_)));
    if !may_drop_type {
        budget.note_loss(want);
    }
}

/// Sends a query over UDP again, because the server answered it only over TCP. Returns the reply, if one arrives.
async fn again_over_udp(
    want: &Want,
    over_udp: Want,
    sources: &impl Sources,
    budget: &Budget,
) -> Option<(Want, Got)> {
    for _ in 0..CHECK_CASE_TURNS {
        if let Some(again @ Got::Reply(_)) = shortly(&over_udp, sources, budget).await {
            budget.note_loss(want);
            return Some((over_udp, again));
        }
    }
    None
}

fn is_empty(reply: &ReplyFacts, kind: &str) -> bool {
    reply.records(kind).next().is_none()
}

/// Returns true if the question is sent as a DNS message. Other questions have limits of their own.
const fn is_message(want: &Want) -> bool {
    !matches!(want, Want::MailHost { .. } | Want::PolicyFile { .. })
}

/// Sends a query once, and waits for at most `most`. Returns `None` if the check has no question left. After the time limit of the check or
/// the server, nothing is sent.
async fn once(want: &Want, most: Option<Duration>, sources: &impl Sources, budget: &Budget) -> Option<Got> {
    let began = Instant::now();
    let (end, why) = budget.until(want, began);
    if began >= end {
        return Some(left_out(&why));
    }
    if is_message(want) && !budget.take_for(want) {
        return None;
    }
    let mut open = OpenQuery::begin(budget, want, began);
    let until = most.map_or(end, |most| end.min(began + most));
    let got = match timeout_at(until, sources.ask(want)).await {
        Ok(got) => got,
        Err(_) if until < end => Got::NoReply(NoReply::Silent),
        Err(_) => return Some(left_out(&why)),
    };
    open.end = got.end();
    if let (Want::Server { way, .. }, Got::Reply(reply)) = (want, &got)
        && way.over_tcp().is_some()
    {
        budget.time_of(want, |time| time.note_reply(Duration::from_millis(reply.millis)));
    }
    Some(got)
}

/// Sends a query once, and waits only for the time after which a query is repeated.
async fn shortly(want: &Want, sources: &impl Sources, budget: &Budget) -> Option<Got> {
    once(want, Some(budget.patience(want)), sources, budget).await
}

/// Asks the same question over TCP after a truncated reply, which shows nothing about the records (RFC 2181 section 9). Servers also
/// truncate replies to limit the rate of queries. The result gets `millis`, the response time of the truncated reply.
async fn whole(want: &Want, millis: u64, sources: &impl Sources, budget: &Budget) -> Got {
    let mut want = want.clone();
    if let Want::Server { way, .. } | Want::Resolver { way, .. } = &mut want {
        *way = way.over_tcp().unwrap_or(*way);
    }
    match once(&want, None, sources, budget).await {
        Some(Got::Reply(reply)) if !reply.truncated => Got::Reply(ReplyFacts { millis, ..reply }),
        Some(Got::Reply(_)) => Got::NoReply(NoReply::Truncated),
        Some(Got::NoReply(lost)) if !matches!(lost, NoReply::Unknown(_)) => Got::NoReply(NoReply::Truncated),
        _ => left_out("its reply over UDP was truncated, and the check had no query or no time left for TCP"),
    }
}

fn left_out(why: &str) -> Got {
    Got::NoReply(NoReply::Unknown(why.to_owned()))
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod compared_tests;
