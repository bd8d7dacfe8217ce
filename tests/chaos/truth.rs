//! The permitted answers to a question at a moment: by the zones that its listener sees, and by the servers that have
//! lied about it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use history::limits::FLIGHT_TIME;
use lab::fault::{Fault, MixedCaseReply};
use lab::internet::{Internet, LabList, ListKind};
use lab::oracle::Oracle;
use lab::server::LabServer;
use lab::zone_file::read_zone;
use resolver::limits::{HEALTH_INTERVAL, HEALTH_JITTER_PERCENT};
use tokio::time::Instant;

use crate::plan::{Plan, SPLIT, SPLIT_VERSIONS, Sees, split_text};

/// After a reload, answers of earlier flights may be met for as long as these may take; they are then forgotten.
const LINGERING: Duration = FLIGHT_TIME.saturating_add(Duration::from_secs(1));

/// TTL of a listing, and of earlier answers of a list's servers.
const LISTING_TTL: Duration = Duration::from_secs(60);

/// The time within which a list that lists everything is detected: until its next test, and the time of that test.
const WORLD_IS_KNOWN: Duration = Duration::from_secs(
    HEALTH_INTERVAL.as_secs() * (100 + HEALTH_JITTER_PERCENT) / 100 + 2 * FLIGHT_TIME.as_secs(),
);

/// Values, each with the moment of its begin. The last one is the current one.
type History<What> = Vec<(Instant, What)>;

/// The truth.
pub(crate) struct Truth<'a> {
    internet: &'a Internet,
    /// The internet without a zone of our own, and with each version of it.
    world: Oracle,
    split: Vec<Oracle>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The version of the zone of our own, for each view.
    seen: BTreeMap<Sees, History<Option<usize>>>,
    /// The list that is not treated as a list.
    unguarded: History<Option<usize>>,
    /// The list whose silence is "not listed" by the operator's setting.
    told: History<Option<usize>>,
    /// Lists that list everything: the begin, and the end if it is over.
    worlds: BTreeMap<Name, (Instant, Option<Instant>)>,
    /// Unsigned zones about which a server has lied.
    lied: BTreeSet<Name>,
    /// Zones with opt-out about which a server has lied. With opt-out it is not proven that a missing name is not an
    /// unsigned zone (RFC 5155 section 12.2).
    lied_with_opt_out: BTreeSet<Name>,
}

/// The verdict on a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    /// It is true.
    True,
    /// It is a failure.
    Failed,
    /// It is false, but that could not be known.
    Excused,
    /// It is false.
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

    /// Another configuration holds from now on.
    pub(crate) fn reloaded(&self, plan: &Plan) {
        let (now, mut state) = (Instant::now(), self.state.lock().unwrap());
        for sees in Sees::ALL {
            let version = plan.split.filter(|_| sees != Sees::Nothing);
            state.seen.entry(sees).or_default().push((now, version));
        }
        state.unguarded.push((now, plan.unguarded));
        state.told.push((now, plan.told));
    }

    /// A server lies from now on, if these faults make it lie. It may lie about unsigned zones below its own too,
    /// because a server may serve both and need not refer to itself.
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
    }

    /// A list begins or ends to list everything.
    pub(crate) fn lists_the_world(&self, list: &Name, does: bool) {
        let mut state = self.state.lock().unwrap();
        if does {
            state.worlds.insert(list.clone(), (Instant::now(), None));
        } else if let Some((_, until)) = state.worlds.get_mut(list) {
            *until = until.or(Some(Instant::now()));
        }
    }

    /// Whether lies may still be in memory for a question, or for one of its sub-questions.
    pub(crate) fn is_lied_about(&self, name: &Name, kind: RecordType) -> bool {
        let zones = self.world.zones_behind(&self.world.zones_of(name, kind));
        let state = self.state.lock().unwrap();
        !state.lied.is_disjoint(&zones)
            || !state.lied_with_opt_out.is_disjoint(&self.world.lacking(name, kind))
    }

    /// Forgets the liars, when so much time has passed that no memory has their data.
    pub(crate) fn forget_lies(&self) {
        let mut state = self.state.lock().unwrap();
        state.lied.clear();
        state.lied_with_opt_out.clear();
    }

    /// The verdict on a reply that comes now, to a question of `began` in this view.
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

    /// No reply is secure unless its zone is signed.
    fn judge_authenticity(
        &self,
        (name, kind): (&Name, RecordType),
        reply: &Message,
        versions: &[Option<usize>],
    ) -> Judged {
        // The zone of our own is not signed.
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

    /// Whether a list may have answered so: a denial by a lie, for an allowlist in trouble; a listing only until the
    /// resolver can know that the list lists everything, or if it is not treated as a list.
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
            // An allowlist that is silent or refuses lists no address.
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

/// Whether a server with this fault lies in a way that only signatures show. A server of the zones above may answer
/// for all below them, and an unsigned zone may have any alias. A server that has found names in mixed case is believed for
/// a day, also if it then ceases to find them.
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

/// The values between a moment before `began` and now.
fn of_late<What: Clone>(history: &History<What>, began: Instant) -> Vec<What> {
    let ends = |place: usize| history.get(place + 1).map(|(until, _)| *until);
    let late =
        |(place, _): &(usize, &(Instant, What))| ends(*place).is_none_or(|until| until + LINGERING >= began);
    history.iter().enumerate().filter(late).map(|(_, (_, what))| what.clone()).collect()
}
