//! Who looks after the lists: judges their silence, probes and tests them, and asks them ahead of clients.
//!
//! May call: `resolve` for its questions on the side, `dnsbl`, `clock`, `random`, `limits`. Tasks of the daemon; nothing on
//! the way of a question waits for them. What they ask goes the way of all questions.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::Name;
use tokio::task::JoinSet;

use super::breaker::Judgement;
use super::health::{Point, Shown, Tested};
use super::list::{List, Subject};
use super::state::{Entry, State};
use crate::limits::{BREAKER_MIN_PATIENCE, MAX_SIDE_QUESTIONS, MAX_WITNESSES, TEND_AGAIN, WITNESS_PAUSE};
use crate::question::ViewId;
use crate::random::Random;
use crate::resolve::Resolver;

/// What one round found to be done.
struct Round {
    /// Nobody answers in this view: another zone is to be asked.
    witness: Option<ViewId>,
    /// When to look again, at the latest.
    wait: Option<Duration>,
}

/// Looks after all lists, as long as it runs.
pub async fn tend(resolver: Arc<Resolver>, random: Random) {
    let mut asking = JoinSet::new();
    let mut last_witness = None;
    loop {
        let mut found = round(&resolver, &random, &mut asking);
        let rests = found.wait.is_none_or(|wait| wait > BREAKER_MIN_PATIENCE / 2);
        resolver.lists().rests(rests);
        if rests {
            // What was asked between the round and the rest has woken nobody.
            let again = round(&resolver, &random, &mut asking);
            found = Round { witness: found.witness.or(again.witness), ..again };
        }
        let Round { witness, wait } = found;
        let now = resolver.clock().mono();
        if let Some(view) = witness
            && last_witness.is_none_or(|last| now.since(last) >= WITNESS_PAUSE)
            && asking.len() < MAX_SIDE_QUESTIONS + MAX_WITNESSES
        {
            last_witness = Some(now);
            let (resolver, name) = (Arc::clone(&resolver), nowhere(&random));
            asking.spawn(async move { resolver.ask_for_nothing(view, &name).await });
        }
        tokio::select! {
            biased;
            () = resolver.lists().woken() => {}
            Some(_) = asking.join_next() => {}
            () = tokio::time::sleep(wait.unwrap_or(TEND_AGAIN)) => {}
        }
    }
}

/// Looks at every list once and begins what is due.
fn round(resolver: &Arc<Resolver>, random: &Random, asking: &mut JoinSet<()>) -> Round {
    let now = resolver.clock().now();
    let evidence = resolver.lists().evidence();
    let mut round = Round { witness: None, wait: None };
    for entry in resolver.lists().all() {
        let due = entry.watch.due(evidence, now.mono);
        match due.judgement {
            Judgement::Opened => entry.not_answering(now),
            Judgement::Witness(_) => round.witness = Some(due.view),
            Judgement::Later(_) | Judgement::Rest => {}
        }
        let next = due.next.map(|next| next.since(now.mono));
        round.wait = round.wait.into_iter().chain(next).min();
        if (due.probe || due.test) && asking.len() < MAX_SIDE_QUESTIONS {
            let (resolver, random) = (Arc::clone(resolver), random.clone());
            asking.spawn(async move {
                let Some(list) = resolver.list(due.view, &entry.apex) else { return };
                if due.probe {
                    probe(&resolver, &list, due.view, &random).await;
                } else {
                    test(&resolver, &list, &entry, due.view, &random).await;
                }
            });
        }
    }
    round
}

/// Asks a list something that it will not have in memory, and that it does not list.
async fn probe(resolver: &Resolver, list: &List, view: ViewId, random: &Random) {
    let name = probe_name(list, random.u64());
    resolver.probe(view, list, &name, None).await;
}

/// A name of `list` that nobody asks: an address of 127.0.0.0/8, a domain or a hash drawn by lot; its apex where its names
/// need a key.
fn probe_name(list: &List, lot: u64) -> Name {
    let [.., second, third, fourth] = lot.to_be_bytes();
    // Test points have 0 there.
    let address = Ipv4Addr::new(127, second.max(1), third, fourth);
    let hash = || Name::from_ascii(format!("{lot:016x}{lot:024x}")).ok()?.append_domain(&list.apex).ok();
    let drawn = list.subjects.iter().find_map(|subject| match subject {
        Subject::Ip4 => list.name_of(address.into()),
        Subject::Ip6 => list.name_of(address.to_ipv6_mapped().into()),
        Subject::Domain => list.name_of_domain(&Name::from_ascii(format!("x{lot:016x}.invalid")).ok()?),
        Subject::Hash => hash().filter(|_| !list.keyed),
    });
    drawn.unwrap_or_else(|| list.apex.clone())
}

/// Tests a list by its own test points.
async fn test(resolver: &Resolver, list: &List, entry: &Entry, view: ViewId, random: &Random) {
    let Some(points) = &list.tests else { return };
    let (Some(listed), Some(unlisted)) = (points.listed.first(), points.unlisted.first()) else { return };
    let avoid = entry.watch.avoid();
    let mut servers = 0;
    let mut said = Vec::new();
    for name in [listed, unlisted] {
        let Some(probed) = resolver.probe(view, list, name, avoid).await else { return };
        servers = servers.max(probed.servers);
        said.push(Point { says: probed.says, server: probed.server });
    }
    let [listed, unlisted] = said.as_slice() else { return };
    let tested = Tested { listed: *listed, unlisted: *unlisted, usual: None, servers };
    let now = resolver.clock().now();
    let Shown::Is(state) = entry.watch.tested(tested, now.mono, |below| random.below(below)) else { return };
    // What answers show of refusals and silence is newer than a test.
    let known = entry.state();
    if matches!(known, State::Refusing | State::Parked | State::Dead) {
        return;
    }
    resolver.list_is(list, state, &why(list, state, listed, unlisted));
}

/// Why a list is believed to be so; empty where all is well.
fn why(list: &List, state: State, listed: &Point, unlisted: &Point) -> String {
    let apex = list.apex.to_ascii();
    let apex = apex.trim_end_matches('.');
    let at =
        |point: &Point| point.server.map_or_else(String::new, |server| format!(", as {server} says too"));
    match state {
        State::ListsTheWorld => {
            format!(
                "{apex} lists what it must not list, by its own test point{}: it lists the world",
                at(unlisted)
            )
        }
        State::ListsNothing => {
            format!(
                "{apex} does not list what it must list, by its own test point{}: it lists nothing",
                at(listed)
            )
        }
        State::Slow => format!("{apex} takes long to answer"),
        _ => String::new(),
    }
}

/// A name that no zone has.
fn nowhere(random: &Random) -> Name {
    Name::from_ascii(format!("{:016x}.", random.u64())).unwrap_or_default()
}
