//! Decides which answers are permitted at a moment. This depends on the zones that the client sees, and on lies: false answers of servers
//! that a resolver cannot recognise.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use tokio::time::Instant;

use crate::plan::{Plan, SPLIT, SPLIT_VERSIONS, Sees, split_text};
use dnsbl::limits::{HEALTH_INTERVAL, HEALTH_JITTER_PERCENT};
use lab::fault::{Fault, MixedCaseReply};
use lab::internet::{Internet, LabList, ListKind};
use lab::oracle::Oracle;
use lab::server::LabServer;
use lab::zone_file::read_zone;
use record::limits::FLIGHT_TIME;

/// The time after a reload in which answers may still come from the old configuration.
const LINGERING: Duration = FLIGHT_TIME.saturating_add(Duration::from_secs(1));

/// The TTL of listings and of "not listed".
const LISTING_TTL: Duration = Duration::from_secs(60);

/// The longest time until the resolver detects that a DNS list lists every address: until the next test of the list, plus the duration of
/// this test.
const WORLD_IS_KNOWN: Duration = Duration::from_secs(
    HEALTH_INTERVAL.as_secs() * (100 + HEALTH_JITTER_PERCENT) / 100 + 2 * FLIGHT_TIME.as_secs(),
);

/// The values of a setting, each with the time at which it began to apply. The last value is the current one.
type History<What> = Vec<(Instant, What)>;

/// Knows the permitted answers to each question at each time.
pub(crate) struct Truth<'a> {
    internet: &'a Internet,
    /// The correct answers without the configured zone `SPLIT`.
    world: Oracle,
    /// The correct answers with each version of the configured zone `SPLIT`.
    split: Vec<Oracle>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The version of the configured zone `SPLIT` that the clients of each view see.
    seen: BTreeMap<Sees, History<Option<usize>>>,
    /// The DNS list that is resolved like any other zone.
    unguarded: History<Option<usize>>,
    /// The DNS list for which NXDOMAIN ("not listed") is the configured answer if it does not answer.
    told: History<Option<usize>>,
    /// The DNS lists that have listed every address, with the begin and the end of this time.
    worlds: BTreeMap<Name, (Instant, Option<Instant>)>,
    lied: BTreeSet<Name>,
    /// Zones with opt-out about which a server has lied: such a server can forge an unsigned zone at a name that NSEC3 records deny (RFC 5155
    /// section 12.2).
    lied_with_opt_out: BTreeSet<Name>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    /// The reply agrees with the zones of the simulated internet.
    True,
    /// The reply is an error, such as SERVFAIL.
    Failed,
    /// The reply is false, but the resolver could not know this, for example because the zone is not signed.
    Excused,
    /// The reply is false, and the resolver could have known this. The text says why.
    Wrong(String),
}

impl<'a> Truth<'a> {
    pub(crate) fn new(internet: &'a Internet, plan: &Plan) -> Self {
        let world = Oracle::new(&internet.lab);
        let apex = &internet.domains[SPLIT].name;
        let version = |version| world.with(&[Arc::new(read_zone(apex, &split_text(version)).unwrap())]);
        let split = (0..SPLIT_VERSIONS).map(version).collect();
        let truth = Self { internet, world, split, state: Mutex::default() };
        truth.reloaded(plan);
        truth
    }

    pub(crate) fn reloaded(&self, plan: &Plan) {
        let (now, mut state) = (Instant::now(), self.state.lock().unwrap());
        for sees in Sees::ALL {
            let version = plan.split.filter(|_| sees != Sees::Nothing);
            state.seen.entry(sees).or_default().push((now, version));
        }
        state.unguarded.push((now, plan.unguarded));
        state.told.push((now, plan.told));
    }

    /// Records that a server has these faults. If one of them makes the server lie, all unsigned zones at or below the zones of the server
    /// count as lied about. A resolver must accept answers of a parent's server for names in its child zones, because the server may serve
    /// the parent and the child.
    pub(crate) fn broken(&self, server: &LabServer, faults: &[Fault]) {
        if faults.iter().any(|fault| lies(*fault)) {
            let (authority, lab) = (server.authority(), &self.internet.lab);
            let below = |zone: &Name| authority.zones().iter().any(|served| served.origin().zone_of(zone));
            let zones = lab.zones().map(|(zone, _)| zone);
            let unsigned = zones.filter(|zone| lab.trust_anchor(zone).is_empty() && below(zone));
            let mut state = self.state.lock().unwrap();
            state.lied.extend(unsigned.cloned());
            let opting_out =
                lab.zones().map(|(zone, _)| zone).filter(|zone| below(zone) && self.internet.opts_out(zone));
            state.lied_with_opt_out.extend(opting_out.cloned());
        }
        // If all servers of a zone have no data of a type, and say so without authority, the zone may lack the type.
        let lab = &self.internet.lab;
        let empty = lab.zones().filter(|(_, servers)| servers.iter().all(|server| seems_empty(server)));
        let unsigned = empty.map(|(zone, _)| zone).filter(|zone| lab.trust_anchor(zone).is_empty());
        self.state.lock().unwrap().lied.extend(unsigned.cloned());
    }

    pub(crate) fn lists_the_world(&self, list: &Name, does: bool) {
        let mut state = self.state.lock().unwrap();
        if does {
            state.worlds.insert(list.clone(), (Instant::now(), None));
        } else if let Some((_, until)) = state.worlds.get_mut(list) {
            *until = until.or(Some(Instant::now()));
        }
    }

    /// Returns true if the cache may still have a false answer to this question or to one of its sub-questions, because a server has lied.
    pub(crate) fn is_lied_about(&self, name: &Name, kind: RecordType) -> bool {
        let zones = self.world.zones_behind(&self.world.zones_of(name, kind));
        let state = self.state.lock().unwrap();
        !state.lied.is_disjoint(&zones)
            || !state.lied_with_opt_out.is_disjoint(&self.world.lacking(name, kind))
    }

    /// Forgets the lies (wrong answers of servers with faults) so far. The caller must know that no cache still has one of them.
    pub(crate) fn forget_lies(&self) {
        let mut state = self.state.lock().unwrap();
        state.lied.clear();
        state.lied_with_opt_out.clear();
    }

    /// Judges a reply that arrived now. `began` is the time of the query, and `sees` is the view of the client.
    pub(crate) fn judge(
        &self,
        (name, kind): (&Name, RecordType),
        reply: &Message,
        sees: Sees,
        began: Instant,
    ) -> Judged {
        if reply.metadata.response_code == ResponseCode::ServFail {
            return Judged::Failed;
        }
        let state = self.state.lock().unwrap();
        let versions = of_late(&state.seen[&sees], began);
        let oracles = versions.iter().map(|version| version.map_or(&self.world, |place| &self.split[place]));
        let objections: Vec<String> =
            oracles.map_while(|oracle| oracle.objection(name, kind, reply)).collect();
        if objections.len() < versions.len() {
            return self.judge_authenticity((name, kind), reply, &versions);
        }
        let excused = match self.internet.lists.iter().position(|list| list.zone.zone_of(name)) {
            Some(place) => self.is_excused_of_list(&state, (place, name), reply, began),
            None => {
                !state.lied.is_disjoint(&self.world.zones_of(name, kind))
                    || !state.lied_with_opt_out.is_disjoint(&self.world.lacking(name, kind))
            }
        };
        if excused { Judged::Excused } else { Judged::Wrong(objections.join("; or ")) }
    }

    /// Judges the AD flag of a reply. Only answers from signed zones may have this flag.
    fn judge_authenticity(
        &self,
        (name, kind): (&Name, RecordType),
        reply: &Message,
        versions: &[Option<usize>],
    ) -> Judged {
        // The configured zone `SPLIT` is not signed.
        let here = &self.internet.domains[SPLIT].name;
        let is_here = |owner: &Name| here.zone_of(owner) && !versions.contains(&None);
        let owners = reply.answers.iter().map(|record| &record.name).chain([name]);
        let unsigned: Vec<&Name> =
            owners.filter(|owner| !self.internet.is_signed(owner) || is_here(owner)).collect();
        if !reply.metadata.authentic_data || unsigned.is_empty() {
            return Judged::True;
        }
        Judged::Wrong(format!("{kind} is said to be secure, and these are unsigned: {unsigned:?}"))
    }

    /// Returns true if a false answer in the zone of a DNS list is permitted. A false "not listed" is permitted after a lie (a false answer of a
    /// server that the resolver cannot recognise), or if an allowlist has a fault. A false listing is permitted if the zone is not configured as a
    /// list, or until the resolver has had time to detect that the list lists every address.
    fn is_excused_of_list(
        &self,
        state: &State,
        (place, name): (usize, &Name),
        reply: &Message,
        began: Instant,
    ) -> bool {
        let LabList { zone, kind } = &self.internet.lists[place];
        let says_address = reply.answers.iter().any(|record| matches!(record.data, RData::A(_)));
        if of_late(&state.unguarded, began).contains(&Some(place)) {
            return true;
        }
        if !says_address {
            // These lists count as "not listed" if they do not answer or refuse queries: allowlists, and the list in `told`.
            let may_deny =
                *kind == ListKind::GoodAddresses || of_late(&state.told, began).contains(&Some(place));
            let denies = reply.metadata.response_code == ResponseCode::NXDomain;
            return (denies && may_deny)
                || !state.lied.is_disjoint(&self.world.zones_of(name, RecordType::A));
        }
        let Some((since, until)) = state.worlds.get(zone) else { return false };
        let early = Instant::now() < *since + WORLD_IS_KNOWN;
        early && until.is_none_or(|until| began < until + LISTING_TTL + LINGERING)
    }
}

/// Returns true if only signatures reveal the lies of a server with this fault. This includes faults that give a plausible answer: an alias
/// in an unsigned zone, an answer of a parent's server for a child zone, and NXDOMAIN for a name in mixed case from a server that has
/// answered such names within a day.
pub(crate) fn lies(fault: Fault) -> bool {
    fault.lies()
        || matches!(
            fault,
            Fault::Poisons
                | Fault::CatchAll
                | Fault::WrongCname
                | Fault::MixedCase(MixedCaseReply::NoData | MixedCaseReply::Nxdomain)
        )
}

fn seems_empty(server: &LabServer) -> bool {
    let seems = |fault: &Fault| matches!(fault, Fault::LameEmpty | Fault::MixedCase(MixedCaseReply::Lame));
    server.faults().iter().any(seems)
}

/// Returns the values of a setting from `LINGERING` before `began` until now.
fn of_late<What: Clone>(history: &History<What>, began: Instant) -> Vec<What> {
    let ends = |place: usize| history.get(place + 1).map(|(until, _)| *until);
    let late =
        |(place, _): &(usize, &(Instant, What))| ends(*place).is_none_or(|until| until + LINGERING >= began);
    history.iter().enumerate().filter(late).map(|(_, (_, what))| what.clone()).collect()
}
