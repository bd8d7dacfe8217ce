//! Monitors the DNS lists: sends probes to silent lists, tests lists, and opens the circuit breaker of a silent list.
//!
//! This is a task of the daemon, so no client's question waits for it. Its questions go to the same servers as those of clients.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::Name;
use tokio::task::JoinSet;

use crate::limits::{MAX_SIDE_QUESTIONS, MAX_WITNESSES, TEND_AGAIN, WITNESS_PAUSE};
use crate::resolve::Resolver;
use crate::resolve::lists::Probed;
use crate::resolve::side::nowhere;
use dns::clock::Mono;
use dns::question::{ListSays, ViewId};
use dns::random::Random;
use dnsbl::breaker::Judgement;
use dnsbl::entry::ListEntry;
use dnsbl::health::{Point, TestResult, Tested};
use dnsbl::limits::BREAKER_MIN_PATIENCE;
use dnsbl::list::{List, ListSubject};
use dnsbl::list_way::Way;
use dnsbl::state::ListState;
use zones::View;

/// The result of one check of all DNS lists.
#[derive(Default)]
struct DueWork {
    /// The servers of DNS lists (found by recursion, configured, or forwarders) of which none has answered recently, each with a view that uses them.
    /// A witness query (for a name in another zone) then shows if any server answers.
    witnesses: BTreeMap<Way, ViewId>,
    /// The time after which the lists must be checked again; `None` if no list needs a check at a certain time.
    wait: Option<Duration>,
}

/// Sends the probes and tests of all DNS lists when they are due. Never returns.
pub async fn tend(resolver: Arc<Resolver>, random: Random) -> Infallible {
    let mut asking = JoinSet::new();
    let mut called: BTreeMap<Way, Mono> = BTreeMap::new();
    loop {
        let mut found = round(&resolver, &random, &mut asking);
        let rests = found.wait.is_none_or(|wait| wait > BREAKER_MIN_PATIENCE / 2);
        resolver.lists().rests(rests);
        if rests {
            // A question that arrived after the first `round` and before `rests` did not wake this task, so a second `round` looks for it.
            let again = round(&resolver, &random, &mut asking);
            found.witnesses.extend(again.witnesses);
            found.wait = again.wait;
        }
        let now = resolver.clock().mono();
        called.retain(|_, last| now.since(*last) < WITNESS_PAUSE);
        for (way, view) in found.witnesses {
            if !called.contains_key(&way) && asking.len() < MAX_SIDE_QUESTIONS + MAX_WITNESSES {
                called.insert(way.clone(), now);
                call_witness(&resolver, &way, view, &random, &mut asking);
            }
        }
        tokio::select! {
            biased;
            () = resolver.lists().woken() => {}
            Some(_) = asking.join_next() => {}
            () = tokio::time::sleep(found.wait.unwrap_or(TEND_AGAIN)) => {}
        }
    }
}

/// Sends a witness query to find out if any server answers through `way` (recursion, configured servers, or forwarders). With recursion, the query is
/// for a name that does not exist. A forwarder could deny this name from its cache, so it gets a query for a name that nobody has asked for, in
/// another DNS list.
fn call_witness(
    resolver: &Arc<Resolver>,
    way: &Way,
    view: ViewId,
    random: &Random,
    asking: &mut JoinSet<()>,
) {
    let (resolver, random) = (Arc::clone(resolver), random.clone());
    if way.is_public() {
        asking.spawn(async move { resolver.side().ask_for_nothing(view, &nowhere(&random)).await });
        return;
    }
    let now = resolver.clock().mono();
    let same = resolver.lists().all().into_iter().filter(|entry| entry.way == *way);
    let mut others: Vec<_> =
        same.filter_map(|entry| entry.watch.answers_in(now).map(|view| (entry, view))).collect();
    if others.is_empty() {
        return;
    }
    let lot = random.below(u32::try_from(others.len()).unwrap_or(u32::MAX));
    let (entry, view) = others.swap_remove(usize::try_from(lot).unwrap_or_default());
    asking.spawn(async move {
        if let Some((list, view)) = resolver.list_resolver().asked_as(&entry, view) {
            probe(&resolver, ListInView { list: &list, entry: &entry, view: &view }, &random).await;
        }
    });
}

/// Checks every DNS list once, and begins the probes and tests that are due.
fn round(resolver: &Arc<Resolver>, random: &Random, asking: &mut JoinSet<()>) -> DueWork {
    let now = resolver.clock().now();
    let mut round = DueWork::default();
    for entry in resolver.lists().all() {
        let room = asking.len() < MAX_SIDE_QUESTIONS;
        let due = entry.watch.due(resolver.list_resolver().evidence(&entry.way), room, now.mono);
        match due.judgement {
            Judgement::Opened => entry.not_answering(now),
            Judgement::Witness(_) => {
                // For a list at a local mirror (a configured server), the witness query goes to the internet, and shows if only the mirror is silent.
                let way = if entry.way.is_forwarded() { entry.way.clone() } else { Way::Public };
                round.witnesses.insert(way, due.view);
            }
            Judgement::Later(_) | Judgement::Rest => {}
        }
        let next = due.next.map(|next| next.since(now.mono));
        round.wait = round.wait.into_iter().chain(next).min();
        if due.probe || due.test {
            let (resolver, random) = (Arc::clone(resolver), random.clone());
            asking.spawn(async move {
                let Some((list, view)) = resolver.list_resolver().asked_as(&entry, due.view) else { return };
                let list = ListInView { list: &list, entry: &entry, view: &view };
                if due.probe {
                    probe(&resolver, list, &random).await;
                }
                if due.test {
                    test(&resolver, list, &random).await;
                }
            });
        }
    }
    round
}

/// A DNS list in one of its views.
#[derive(Clone, Copy)]
struct ListInView<'a> {
    list: &'a List,
    entry: &'a ListEntry,
    view: &'a Arc<View>,
}

/// Asks a DNS list for the name of `probe_name`, to learn if the list answers.
async fn probe(resolver: &Resolver, list: ListInView<'_>, random: &Random) {
    let ListInView { list, entry, view } = list;
    let name = probe_name(list, random.u64());
    let probed = resolver.list_resolver().probe(view, list, &name, None).await;
    if entry.way.is_forwarded() && probed.server.is_some() && !probed.secure && name != list.apex {
        resolver.lists().heard_through(&entry.way, resolver.clock().mono());
    }
}

/// Returns a name in `list` that no client looks up: a random address in 127.0.0.0/8, domain or hash. If the list needs a customer key, returns its
/// apex.
fn probe_name(list: &List, lot: u64) -> Name {
    let [.., second, third, fourth] = lot.to_be_bytes();
    // The addresses of test entries have 0 in the second octet.
    let address = Ipv4Addr::new(127, second.max(1), third, fourth);
    let hash = || Name::from_ascii(format!("{lot:016x}{lot:024x}")).ok()?.append_domain(&list.apex).ok();
    let drawn = list.subjects.iter().find_map(|subject| match subject {
        ListSubject::Ip4 => list.name_of(address.into()),
        ListSubject::Ip6 => list.name_of(address.to_ipv6_mapped().into()),
        ListSubject::Domain => list.name_of_domain(&Name::from_ascii(format!("x{lot:016x}.invalid")).ok()?),
        ListSubject::Hash => hash().filter(|_| !list.keyed),
    });
    drawn.unwrap_or_else(|| list.apex.clone())
}

/// Tests a DNS list with its test entries: a listed one and an unlisted one.
async fn test(resolver: &Resolver, list: ListInView<'_>, random: &Random) {
    let ListInView { list, entry, view } = list;
    let Some(points) = list.tests.as_ref().filter(|_| list.is_alive()) else { return };
    let avoid = entry.watch.avoid();
    let mut said = [None, None];
    for (name, said) in [points.listed.first(), points.unlisted.first()].into_iter().zip(&mut said) {
        let Some(name) = name else { continue };
        let Probed { verdict: Some(verdict), server, .. } =
            resolver.list_resolver().probe(view, list, name, avoid).await
        else {
            return;
        };
        *said = Some(Point { says: verdict.says(), server });
    }
    let [listed, unlisted] = said;
    let tested = Tested { listed, unlisted, usual: None };
    let now = resolver.clock().mono();
    let state = match entry.watch.tested(tested, now, |below| random.below(below)) {
        TestResult::Is(state) => entry.judged(state),
        TestResult::Suspected(_) => return entry.suspected(),
        TestResult::Nothing => return,
    };
    resolver.list_resolver().list_is(entry, state, &why(list, entry, state, listed, unlisted)).await;
}

/// Returns the reason for the state of a list; empty if the list works.
fn why(
    list: &List,
    entry: &ListEntry,
    state: ListState,
    listed: Option<Point>,
    unlisted: Option<Point>,
) -> String {
    let apex = list.apex.to_ascii();
    let apex = apex.trim_end_matches('.');
    let at = |point: Option<Point>| {
        let server = point.and_then(|point| point.server);
        server.map_or_else(String::new, |server| {
            format!(" (a query sent directly to its server {server} got the same answer)")
        })
    };
    let first = |names: Option<&Vec<Name>>| {
        let name = names.and_then(|names| names.first()).map(Name::to_ascii).unwrap_or_default();
        format!("its test entry {}", name.trim_end_matches('.'))
    };
    let tests = list.tests.as_ref();
    let (lists, lists_not) =
        (first(tests.map(|tests| &tests.listed)), first(tests.map(|tests| &tests.unlisted)));
    let answers = entry.answers();
    let count = answers.since_listing;
    let world = unlisted.is_some_and(|point| point.says == ListSays::Listed);
    match state {
        ListState::ListsTheWorld => format!(
            "{apex} lists everything, even {lists_not}, which a working list does not list{}; its listings are ignored",
            at(unlisted)
        ),
        ListState::ListsNothing => format!(
            "{apex} lists nothing, not even {lists}, which a working list lists{}; none of its last {count} answers was a listing",
            at(listed)
        ),
        ListState::TestsDiffer if world => format!(
            "{apex} lists {lists_not}, which a working list does not list{}, but most of its answers are \"not listed\"; its listings are used",
            at(unlisted)
        ),
        ListState::TestsDiffer if answers.has_listed => format!(
            "{apex} does not list {lists}, which a working list lists{}, but lists other names; the last listing was {count} answers ago",
            at(listed)
        ),
        ListState::TestsDiffer => format!(
            "{apex} does not list {lists}, which a working list lists{}; none of its {count} answers was a listing, but these are too few to decide; its listings are used",
            at(listed)
        ),
        ListState::Slow => format!("{apex} answers slowly"),
        _ => String::new(),
    }
}
