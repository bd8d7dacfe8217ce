//! Decides which answers to a question are permitted at a moment. This depends on the zones that clients of the
//! listener see, and on lies: false answers of servers that a resolver cannot recognise.

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

/// The time after a reload until which answers may still come from resolutions that began with the old configuration.
const LINGERING: Duration = FLIGHT_TIME.saturating_add(Duration::from_secs(1));

/// The TTL of all answers of DNS lists, both of listings and of "not listed".
const LISTING_TTL: Duration = Duration::from_secs(60);

/// The time within which the resolver detects that a DNS list lists every address. It is the longest time until the next test of the list, plus the
/// duration of this test.
const WORLD_IS_KNOWN: Duration = Duration::from_secs(
    HEALTH_INTERVAL.as_secs() * (100 + HEALTH_JITTER_PERCENT) / 100 + 2 * FLIGHT_TIME.as_secs(),
);

/// The values that a setting of the configuration has had, each with the time at which it began to apply. The last value is the current one.
type History<What> = Vec<(Instant, What)>;

/// Knows the correct answer to each question at each time of the run.
pub(crate) struct Truth<'a> {
    internet: &'a Internet,
    /// Knows the correct answers of the simulated internet without the configured zone.
    world: Oracle,
    /// For each version of the configured zone (`SPLIT`): knows the correct answers with this version.
    split: Vec<Oracle>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The version of the configured zone `SPLIT` that the clients of each view have seen over time.
    seen: BTreeMap<Sees, History<Option<usize>>>,
    /// The DNS list that was resolved like any other zone, without the checks for lists. The setting changes over time.
    unguarded: History<Option<usize>>,
    /// The DNS list for which NXDOMAIN ("not listed") is the configured answer if the list does not answer. The setting
    /// changes over time.
    told: History<Option<usize>>,
    /// The DNS lists that have listed every address: for each, the time at which this began, and the time at which it
    /// ended (`None` if it goes on).
    worlds: BTreeMap<Name, (Instant, Option<Instant>)>,
    /// The unsigned zones about which a server has lied.
    lied: BTreeSet<Name>,
    /// The zones with opt-out about which a server has lied. With opt-out, a server can forge an unsigned zone for a
    /// name although NSEC3 records deny this name (RFC 5155 section 12.2).
    lied_with_opt_out: BTreeSet<Name>,
}

/// The verdict on a reply to a client: true, failed, or false.
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

    /// Must be called when another configuration begins to apply.
    pub(crate) fn reloaded(&self, plan: &Plan) {
        let (now, mut state) = (Instant::now(), self.state.lock().unwrap());
        for sees in Sees::ALL {
            let version = plan.split.filter(|_| sees != Sees::Nothing);
            state.seen.entry(sees).or_default().push((now, version));
        }
        state.unguarded.push((now, plan.unguarded));
        state.told.push((now, plan.told));
    }

    /// Must be called when a server gets faults. If one of them makes the server lie, all unsigned zones at or below the zones of the server count
    /// as lied about. The reason is that a resolver must accept answers of a parent's server for names in its child zones, because one server may
    /// serve both.
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

    /// Must be called when a DNS list begins or ends to list every address.
    pub(crate) fn lists_the_world(&self, list: &Name, does: bool) {
        let mut state = self.state.lock().unwrap();
        if does {
            state.worlds.insert(list.clone(), (Instant::now(), None));
        } else if let Some((_, until)) = state.worlds.get_mut(list) {
            *until = until.or(Some(Instant::now()));
        }
    }

    /// Returns true if the cache may still have a lie that affects this question or one of its sub-questions.
    pub(crate) fn is_lied_about(&self, name: &Name, kind: RecordType) -> bool {
        let zones = self.world.zones_behind(&self.world.zones_of(name, kind));
        let state = self.state.lock().unwrap();
        !state.lied.is_disjoint(&zones)
            || !state.lied_with_opt_out.is_disjoint(&self.world.lacking(name, kind))
    }

    /// Forgets which zones servers have lied about. It is called when so much time has passed that no cache can have a
    /// lie any more.
    pub(crate) fn forget_lies(&self) {
        let mut state = self.state.lock().unwrap();
        state.lied.clear();
        state.lied_with_opt_out.clear();
    }

    /// Returns the verdict on a reply that arrived now. `began` is the time at which the client sent the
    /// question, and `sees` is its view.
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

    /// Checks the AD flag of a reply: only answers from signed zones may have it.
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

    /// Returns true if a false answer in the zone of a DNS list is permitted. A false "not listed" is permitted after a lie, or if an allowlist has
    /// a fault. A false listing is permitted if the zone is not configured as a list, or until the resolver has had time to detect that the list
    /// lists every address.
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
            // An allowlist that does not answer or refuses queries counts as "not listed". So does a list that is
            // configured this way (`told`).
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

/// Returns true if a server with this fault lies in a way that only signatures reveal. This includes faults that give a plausible answer: an alias
/// in an unsigned zone, an answer of a parent's server for a child zone, and NXDOMAIN for a name in mixed case from a server that has answered such
/// names within a day.
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

/// Returns the values that a setting has had from `LINGERING` before `began` until now.
fn of_late<What: Clone>(history: &History<What>, began: Instant) -> Vec<What> {
    let ends = |place: usize| history.get(place + 1).map(|(until, _)| *until);
    let late =
        |(place, _): &(usize, &(Instant, What))| ends(*place).is_none_or(|until| until + LINGERING >= began);
    history.iter().enumerate().filter(late).map(|(_, (_, what))| what.clone()).collect()
}
