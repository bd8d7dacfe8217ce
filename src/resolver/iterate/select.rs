//! Chooses the server that is asked next: the fastest one that answers. A server that is known to answer comes before an unknown one.

use std::net::SocketAddr;
use std::time::Duration;

use crate::cache::servers::ServerStanding;
use crate::limits::{
    LAST_TRIES, LAST_TRIES_OF_LOSSY, LOSSY, MAX_ASKED_SERVERS, MAX_STREAM_TRIES, NEAR_ENOUGH,
};
use dns::conduct::{Conduct, Health};

/// The round-trip time that is assumed for a server that has not been measured.
const UNKNOWN_DISTANCE: Duration = Duration::from_millis(100);

/// A server of the zone that a question is asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The address and port of the server.
    pub address: SocketAddr,
    /// The server's round trip, health and so on.
    pub standing: ServerStanding,
    /// The number of queries to this server since the question began to ask the servers of the zone.
    pub tries: u8,
    /// The progress of the last query to this server.
    pub progress: CandidateProgress,
    /// The number of queries of the question that the server may still answer.
    pub under_way: u8,
    /// True if the server has replied to the last query. The question waits for no other reply of this server.
    pub answered: bool,
    /// True if the server has sent a truncated answer. Later queries to it go over TCP, so if it does not answer one of them, it does not
    /// answer over TCP.
    pub truncated: bool,
    /// The number of queries over TCP since the server has sent a truncated answer over UDP. From then on, it is asked only over TCP.
    /// `None` if no answer was truncated.
    pub over_tcp: Option<u8>,
    /// True if the server is asked again after an error, now in the case of the question: some servers do not find names in mixed case
    /// (0x20).
    pub own_case: bool,
    /// True if the server has denied a name in mixed case, so that the next query has no mixed case.
    pub doubted: bool,
}

/// The progress of the last query to a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CandidateProgress {
    /// No query was sent to the server yet.
    Untried,
    /// The timer of the query has not expired yet.
    Waiting,
    /// The timer of the query has expired. An answer may still arrive.
    Overdue,
    /// The answer over UDP was truncated. The server is asked over TCP when no other server is left.
    Truncated,
    /// The server gave no usable answer, and is not asked again.
    Spent,
}

/// Before a server of last resort (see `is_last_resort`) is asked, each server that is likely to answer is asked this many times.
const LAST_RESORT: u8 = 2;

impl Candidate {
    /// Creates a candidate to which no query was sent yet.
    pub fn new(address: SocketAddr, standing: ServerStanding) -> Self {
        Self {
            address,
            standing,
            tries: 0,
            progress: CandidateProgress::Untried,
            under_way: 0,
            answered: false,
            truncated: false,
            over_tcp: None,
            own_case: false,
            doubted: false,
        }
    }

    /// Records that a query is being sent.
    pub fn sent(&mut self) {
        self.tries = self.tries.saturating_add(1);
        self.over_tcp = self.over_tcp.map(|queries| queries.saturating_add(1));
        self.progress = CandidateProgress::Waiting;
        self.under_way = self.under_way.saturating_add(1);
        self.answered = false;
    }

    /// Records that a query has ended. Returns false if this changes nothing: a copy over UDP got a truncated answer while the server is already
    /// asked over TCP.
    pub fn ended(&mut self, conduct: Conduct) -> bool {
        self.under_way = self.under_way.saturating_sub(1);
        if conduct == Conduct::Truncated && self.over_tcp.is_some_and(|queries| queries > 0) {
            return false;
        }
        if conduct == Conduct::Truncated {
            self.truncated = true;
            self.over_tcp = Some(0);
        }
        self.answered |= conduct.came_back();
        true
    }

    /// Returns the fault of a server whose query has ended. Silence after a truncated answer is silence over TCP.
    pub fn fault(&self, conduct: Conduct) -> Conduct {
        if conduct == Conduct::Silent && self.truncated { Conduct::NoTcp } else { conduct }
    }

    /// Returns the number of queries to this server whose answers are still of use: 0 if the server has answered.
    pub(crate) fn awaited(&self) -> usize {
        if self.answered { 0 } else { self.under_way.into() }
    }

    /// Returns the level of this candidate. The candidate with the lowest level is asked first.
    fn level(&self) -> u8 {
        self.tries.saturating_add(if self.is_last_resort() { LAST_RESORT } else { 0 })
    }

    /// Returns true if the server is dead, does not serve the zone, or has sent a truncated answer.
    pub(crate) fn is_last_resort(&self) -> bool {
        let useless = self.standing.lame || self.over_tcp.is_some();
        useless || self.standing.health == Health::Dead
    }

    pub(crate) fn is_promising(&self) -> bool {
        self.level() == 0
    }

    /// Returns the number of queries that the server may get, if others get `most`.
    fn most_tries(&self, most: u8) -> u8 {
        let standing = &self.standing;
        let answers = standing.round_trip.is_some() && standing.health == Health::Answering;
        match standing.loss > LOSSY {
            _ if !answers || standing.lame => most,
            true => most.saturating_add(LAST_TRIES_OF_LOSSY),
            false => most.saturating_add(LAST_TRIES),
        }
    }
}

/// Returns the index of the candidate to ask next. Candidates that were not asked come first, then those that have not answered, perhaps because
/// packets were lost. Dead and lame servers are asked after the others have been asked twice. Each candidate is asked at most `max_tries` times,
/// or `LAST_TRIES` times more if it answered before, and at most `MAX_STREAM_TRIES` times over TCP. At most `MAX_ASKED_SERVERS` candidates are asked. `toss` chooses among equal candidates.
pub fn next(candidates: &[Candidate], max_tries: u8, toss: impl Fn(u32) -> u32) -> Option<usize> {
    let rank = |candidate: &Candidate| {
        let standing = candidate.standing;
        let health = if standing.health == Health::Due { Health::Doubtful } else { standing.health };
        let distance = standing.round_trip.unwrap_or(UNKNOWN_DISTANCE);
        (candidate.level(), standing.lame, health, distance)
    };
    // Fewer candidates than the bound need not be counted.
    let may_be_many = candidates.len() > MAX_ASKED_SERVERS;
    let is_full = may_be_many && candidates.iter().filter(|one| one.tries > 0).count() >= MAX_ASKED_SERVERS;
    let fits = |candidate: &&Candidate| {
        let may_be = matches!(
            candidate.progress,
            CandidateProgress::Untried | CandidateProgress::Overdue | CandidateProgress::Truncated
        );
        may_be
            && candidate.tries < candidate.most_tries(max_tries)
            && (candidate.tries > 0 || !is_full)
            && candidate.over_tcp.is_none_or(|queries| queries < MAX_STREAM_TRIES)
    };
    let least = candidates.iter().filter(fits).map(rank).min()?;
    let equals: Vec<usize> = candidates
        .iter()
        .enumerate()
        .filter(|(_, candidate)| fits(candidate) && rank(candidate) == least)
        .map(|(place, _)| place)
        .collect();
    let tossed = toss(u32::try_from(equals.len()).unwrap_or(u32::MAX));
    equals.get(usize::try_from(tossed).unwrap_or(0)).copied()
}

/// Returns the index of a server whose round-trip time is measured in the background. The server was not asked and is likely to answer. A server
/// whose round-trip time is not known is preferred to one that was not measured for a long time. Returns `None` if no round-trip time is known,
/// because the next question then asks two servers. Also returns `None` if the nearest server is nearer than `NEAR_ENOUGH`, because no other can be
/// much better.
pub(crate) fn to_measure(candidates: &[Candidate], toss: impl Fn(u32) -> u32) -> Option<usize> {
    let nearest = candidates.iter().filter_map(|candidate| candidate.standing.round_trip).min()?;
    if nearest < NEAR_ENOUGH {
        return None;
    }
    let fits = |candidate: &Candidate| {
        let standing = candidate.standing;
        let is_untried = candidate.progress == CandidateProgress::Untried;
        is_untried && standing.to_be_measured && standing.health == Health::Answering && !standing.lame
    };
    let is_known = |candidate: &Candidate| candidate.standing.round_trip.is_some();
    let least = candidates.iter().filter(|candidate| fits(candidate)).map(is_known).min()?;
    let equals: Vec<usize> = (0..candidates.len())
        .filter(|place| {
            candidates.get(*place).is_some_and(|candidate| fits(candidate) && is_known(candidate) == least)
        })
        .collect();
    let tossed = toss(u32::try_from(equals.len()).unwrap_or(u32::MAX));
    equals.get(usize::try_from(tossed).unwrap_or(0)).copied()
}

/// Returns the index of the server that replied first, to ask it once more. Returns `None` unless all replies were SERVFAIL or REFUSED, every other
/// server is dead or was asked, and no server was asked again yet.
pub(crate) fn failed_first(candidates: &[Candidate], faults: &[(SocketAddr, Conduct)]) -> Option<usize> {
    let is_failure = |conduct| matches!(conduct, Conduct::ServFail | Conduct::Refused);
    let mut answered = faults.iter().filter(|(_, conduct)| conduct.came_back());
    let (server, _) = answered.clone().next()?;
    let is_left = |candidate: &Candidate| {
        candidate.progress == CandidateProgress::Untried && candidate.standing.health != Health::Dead
    };
    let has_other = answered.any(|(_, conduct)| !is_failure(*conduct));
    if has_other || candidates.iter().any(|candidate| candidate.own_case || is_left(candidate)) {
        return None;
    }
    let is_it = |candidate: &Candidate| {
        candidate.address == *server && candidate.progress == CandidateProgress::Spent
    };
    candidates.iter().position(is_it)
}

/// Returns the indexes of the servers that served lately and have answered SERVFAIL since, those that were asked least first. Returns none if a server
/// gave another error: a server that answers REFUSED has probably lost the zone.
pub(crate) fn failing(candidates: &[Candidate], faults: &[(SocketAddr, Conduct)]) -> Vec<usize> {
    if faults.iter().any(|(_, conduct)| conduct.came_back() && *conduct != Conduct::ServFail) {
        return Vec::new();
    }
    // A server that was silent at the last query may limit the rate of its error replies, as BIND does.
    let has_failed = |candidate: &Candidate| {
        let last = faults.iter().rfind(|(server, _)| *server == candidate.address);
        candidate.under_way == 0 && last.is_some_and(|(_, conduct)| *conduct == Conduct::ServFail)
    };
    let fits = |(_, candidate): &(usize, &Candidate)| {
        let is_spent = candidate.progress == CandidateProgress::Spent;
        is_spent && candidate.standing.served_lately && has_failed(candidate)
    };
    let mut servers: Vec<(usize, &Candidate)> = candidates.iter().enumerate().filter(fits).collect();
    servers.sort_by_key(|(_, candidate)| candidate.tries);
    servers.into_iter().map(|(place, _)| place).collect()
}

/// Returns true if the last two results are REFUSED from two different servers.
pub(crate) fn refused_twice(faults: &[(SocketAddr, Conduct)]) -> bool {
    matches!(faults, [.., (one, Conduct::Refused), (other, Conduct::Refused)] if one != other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::conduct::ServerFeatures;

    fn candidate(last: u8, round_trip: Option<u64>, health: Health) -> Candidate {
        Candidate::new(
            SocketAddr::from(([192, 0, 2, last], 53)),
            ServerStanding {
                round_trip: round_trip.map(Duration::from_millis),
                timer: Duration::from_millis(50),
                patience: Duration::from_millis(100),
                health,
                silent_since: None,
                silent_elsewhere: false,
                lame: false,
                served_lately: false,
                features: ServerFeatures::ALL,
                loss: 0,
                finds_mixed_case: false,
                to_be_measured: round_trip.is_none(),
            },
        )
    }

    // Then come the unknown, the slow and the dead.
    #[test]
    fn fast_live_servers_are_asked_first() {
        let mut candidates = [
            candidate(1, Some(5), Health::Dead),
            candidate(2, Some(200), Health::Answering),
            candidate(3, None, Health::Answering),
            candidate(4, Some(40), Health::Answering),
            candidate(5, Some(1), Health::Doubtful),
        ];
        let mut order = Vec::new();
        while let Some(place) = next(&candidates, 1, |_| 0) {
            order.push(place);
            candidates[place].progress = CandidateProgress::Spent;
        }
        assert_eq!(order, [3, 2, 1, 4, 0]);
    }

    #[test]
    fn silent_servers_precede_lame_and_dead() {
        let mut candidates = [
            candidate(1, Some(1), Health::Answering),
            candidate(2, Some(90), Health::Answering),
            candidate(3, Some(1), Health::Dead),
        ];
        candidates[0].standing.lame = true;
        let mut order = Vec::new();
        while let Some(place) = next(&candidates, 3, |_| 0) {
            order.push(place);
            candidates[place].progress = CandidateProgress::Overdue;
            candidates[place].tries += 1;
        }
        let last = usize::from(LAST_TRIES);
        assert_eq!(order.iter().filter(|place| **place == 1).count(), 3 + last, "it answered before");
        order.retain(|place| *place != 1);
        assert_eq!(order, [2, 0, 2, 0, 2, 0], "at most three messages each");
        candidates[1].tries = 1;
        candidates[1].progress = CandidateProgress::Waiting;
        assert_eq!(next(&candidates, 3, |_| 0), None);
    }

    // No server is measured beside a near one.
    #[test]
    fn unknown_servers_are_measured_first() {
        let mut candidates = [
            candidate(1, Some(80), Health::Answering),
            candidate(2, None, Health::Dead),
            candidate(3, Some(90), Health::Answering),
            candidate(4, None, Health::Answering),
        ];
        candidates[2].standing.to_be_measured = true;
        let measured = |candidates: &[Candidate]| to_measure(candidates, |_| 0);
        assert_eq!(measured(&candidates), Some(3));
        candidates[3].sent();
        assert_eq!(measured(&candidates), Some(2), "the other one is asked by this step itself");
        candidates[2].standing.lame = true;
        assert_eq!(measured(&candidates), None);
        candidates[2].standing.lame = false;
        candidates[0].standing.round_trip = Some(NEAR_ENOUGH);
        assert_eq!(measured(&candidates), Some(2));
        candidates[0].standing.round_trip = Some(NEAR_ENOUGH / 2);
        assert_eq!(measured(&candidates), None, "no other is much better");
        assert_eq!(measured(&candidates[3..]), None, "nothing is known: two are raced");
    }

    // A lame, dead or already asked server is not.
    #[test]
    fn untried_server_is_promising() {
        let is_promising = |change: fn(&mut Candidate)| {
            let mut candidate = candidate(1, None, Health::Doubtful);
            change(&mut candidate);
            candidate.is_promising()
        };
        assert!(is_promising(|_| ()));
        assert!(!is_promising(Candidate::sent));
        assert!(!is_promising(|candidate| candidate.standing.lame = true));
        assert!(!is_promising(|candidate| candidate.standing.health = Health::Dead));
        assert!(!is_promising(|candidate| candidate.over_tcp = Some(0)));
    }

    // A server that answered a later copy of a query is not awaited for the earlier ones.
    #[test]
    fn answered_copy_ends_earlier_waits() {
        let mut candidate = candidate(1, None, Health::Answering);
        candidate.sent();
        candidate.sent();
        assert_eq!((candidate.tries, candidate.awaited()), (2, 2));
        candidate.ended(Conduct::Silent);
        assert_eq!(candidate.awaited(), 1);
        candidate.sent();
        candidate.ended(Conduct::ServFail);
        assert_eq!((candidate.under_way, candidate.awaited()), (1, 0));
        candidate.sent();
        assert_eq!(candidate.awaited(), 2, "asked again, as its answer was truncated");
    }

    #[test]
    fn truncated_server_is_awaited_over_tcp() {
        let mut candidates = [candidate(1, Some(1), Health::Answering)];
        candidates[0].sent();
        candidates[0].sent();
        assert!(candidates[0].ended(Conduct::Truncated));
        assert_eq!((candidates[0].over_tcp, candidates[0].awaited()), (Some(0), 0));
        candidates[0].progress = CandidateProgress::Truncated;
        for _ in 0..MAX_STREAM_TRIES {
            assert_eq!(next(&candidates, 8, |_| 0), Some(0));
            candidates[0].sent();
            candidates[0].progress = CandidateProgress::Overdue;
        }
        assert_eq!(next(&candidates, 8, |_| 0), None);
        assert!(!candidates[0].ended(Conduct::Truncated), "the other copy over UDP");
        assert_eq!(candidates[0].fault(Conduct::Silent), Conduct::NoTcp);
        assert_eq!(candidates[0].fault(Conduct::Refused), Conduct::Refused);
        assert_eq!(candidate(1, None, Health::Answering).fault(Conduct::Silent), Conduct::Silent);
        assert_eq!(candidates[0].awaited(), usize::from(MAX_STREAM_TRIES));
    }

    // It is asked again only if all servers gave errors.
    #[test]
    fn first_failed_server_is_retried_once() {
        let mut candidates = [candidate(1, None, Health::Answering), candidate(2, None, Health::Dead)];
        candidates[0].progress = CandidateProgress::Spent;
        let fault = |last: u8, conduct| (SocketAddr::from(([192, 0, 2, last], 53)), conduct);
        let (failed, silent) = (fault(1, Conduct::ServFail), fault(2, Conduct::Silent));
        assert_eq!(failed_first(&candidates, &[silent, failed]), Some(0));
        assert_eq!(failed_first(&candidates, &[fault(1, Conduct::Refused)]), Some(0));
        assert_eq!(failed_first(&candidates, &[failed, fault(2, Conduct::Refused)]), Some(0));
        for faults in [&[silent][..], &[failed, fault(2, Conduct::Lame)], &[fault(1, Conduct::Lame)]] {
            assert_eq!(failed_first(&candidates, faults), None, "{faults:?}");
        }
        candidates[1].standing.health = Health::Doubtful;
        assert_eq!(failed_first(&candidates, &[failed]), None, "the other was not asked");
        candidates[1].progress = CandidateProgress::Overdue;
        assert_eq!(failed_first(&candidates, &[failed]), Some(0));
        candidates[0].own_case = true;
        assert_eq!(failed_first(&candidates, &[failed, failed]), None, "it has been asked again");
    }

    // It is not asked again while a query to it may still be answered.
    #[test]
    fn first_answering_failed_server_is_retried() {
        let mut candidates = [candidate(1, None, Health::Answering), candidate(2, None, Health::Answering)];
        candidates.iter_mut().for_each(|candidate| candidate.progress = CandidateProgress::Spent);
        let fault = |place: usize, conduct| (candidates[place].address, conduct);
        let faults = [fault(1, Conduct::ServFail), fault(0, Conduct::Refused)];
        assert_eq!(failed_first(&candidates, &faults), Some(1));
        candidates[1].progress = CandidateProgress::Overdue;
        assert_eq!(failed_first(&candidates, &faults), None);
    }

    #[test]
    fn failing_servers_that_served_are_repeated() {
        let mut candidates = [candidate(1, None, Health::Answering), candidate(2, None, Health::Answering)];
        for one in &mut candidates {
            (one.progress, one.standing.served_lately) = (CandidateProgress::Spent, true);
        }
        candidates[0].tries = 2;
        let fault = |place: usize, conduct| (candidates[place].address, conduct);
        let (one, other) = (fault(0, Conduct::ServFail), fault(1, Conduct::ServFail));
        let [silent, refused] = [fault(1, Conduct::Silent), fault(1, Conduct::Refused)];
        assert_eq!(failing(&candidates, &[one, other]), [1, 0], "the other was asked less");
        assert_eq!(failing(&candidates, &[one, other, silent]), [0], "the other limits its errors");
        assert!(failing(&candidates, &[one, refused]).is_empty());
        candidates[0].standing.served_lately = false;
        assert_eq!(failing(&candidates, &[one, other]), [1]);
    }

    #[test]
    fn two_successive_refusals_are_noticed() {
        let fault = |last: u8, conduct| (SocketAddr::from(([192, 0, 2, last], 53)), conduct);
        let (one, other) = (fault(1, Conduct::Refused), fault(2, Conduct::Refused));
        assert!(refused_twice(&[fault(3, Conduct::Silent), one, other]));
        assert!(!refused_twice(&[one, one]));
        assert!(!refused_twice(&[one, fault(3, Conduct::Silent), other]));
        assert!(!refused_twice(&[one]));
    }
}
