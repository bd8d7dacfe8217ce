//! Decides whether the name servers of a zone give the same answer, and which of different answers is right.
//!
//! # Decisions
//!
//! - Different answers count as given in turn (rotation) only if nothing else explains them: all answers are addresses, each server has the
//!   same serial in all its answers, and no server always gives an answer that only this server gives.
//! - Serials show which answer is newer if all servers name the same primary server (MNAME). If a serial is not known, even an answer of
//!   most servers does not count as right. A server with two serials has several machines with different versions of the zone at its
//!   address.
//! - Among servers with the same serial, the answer of more than half of them is right. Servers with several answers do not count for this,
//!   unless the zone gives answers in turn.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::answer::{AnswerData, Doubt};
use crate::zone::{is_older, newest};

/// All answers of one name server, which is asked several times.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Samples {
    /// The answers in the order of arrival. The user sees the first one.
    pub(super) answers: Vec<AnswerData>,
    /// The serial in each answer.
    pub(super) serials: Vec<u32>,
}

impl Samples {
    pub(super) fn distinct(&self) -> BTreeSet<&AnswerData> {
        self.answers.iter().collect()
    }

    /// Returns an answer that differs from the first one.
    pub(super) fn other(&self) -> Option<&AnswerData> {
        self.answers.iter().find(|answer| Some(*answer) != self.answers.first())
    }

    /// Returns the serial of the server, if it gave exactly one.
    pub(super) fn serial(&self) -> Option<u32> {
        let first = self.serials.first().copied()?;
        self.serials.iter().all(|serial| *serial == first).then_some(first)
    }
}

/// The result of comparing one name server with the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The server gives the present answer of the zone.
    Same,
    /// The zone gives its addresses in turn, so different answers are normal.
    InTurn,
    /// The server gives a different answer and has an older serial.
    Behind,
    /// The server gives several answers, although the zone does not give addresses in turn.
    Unsteady,
    /// Most servers with the same serial give another answer.
    Fewer,
    /// It is unknown which answer is right.
    Open(Doubt),
}

/// The result of comparing all name servers of the zone.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Agreement {
    pub(super) standings: BTreeMap<IpAddr, Standing>,
    /// The newest serial, if serials are known and can be compared.
    pub(super) newest: Option<u32>,
    /// The right answer: the only answer of the servers, or that of more than half of them. `None` if it is unknown, or if there are several.
    pub(super) most: Option<AnswerData>,
    /// The answers of all servers, except those that have an older version of the zone than another server.
    pub(super) current: BTreeSet<AnswerData>,
    /// True if the zone gives its addresses in turn.
    pub(super) is_in_turn: bool,
    /// The reason why it is unknown which answer is right.
    pub(super) doubt: Option<Doubt>,
}

/// Further facts about the compared question.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Context {
    /// True if the question is for A or AAAA records.
    pub(super) is_address: bool,
    /// True if all TTLs are short.
    pub(super) is_short: bool,
    /// True if all servers name the same primary server (MNAME).
    pub(super) has_one_primary: bool,
}

pub(super) fn agreement(servers: &BTreeMap<IpAddr, Samples>, context: Context) -> Agreement {
    let serials: BTreeMap<u32, ()> =
        servers.values().flat_map(|server| &server.serials).map(|serial| (*serial, ())).collect();
    let newest = newest(&serials).filter(|_| context.has_one_primary);
    let is_newest = |server: &&Samples| newest.is_some() && server.serial() == newest;
    let of_newest: BTreeSet<&AnswerData> =
        servers.values().filter(is_newest).flat_map(|server| &server.answers).collect();
    let is_behind = |samples: &Samples| {
        matches!((samples.serial(), newest), (Some(own), Some(newest)) if is_older(own, newest))
            && !samples.answers.iter().any(|answer| of_newest.contains(answer))
    };
    let (behind, rest): (BTreeMap<_, _>, BTreeMap<_, _>) = servers
        .iter()
        .map(|(server, samples)| (*server, samples))
        .partition(|(_, samples)| is_behind(samples));
    let current: BTreeSet<AnswerData> = rest.values().flat_map(|samples| samples.answers.clone()).collect();
    let mut agreed = Agreement {
        standings: behind.into_keys().map(|server| (server, Standing::Behind)).collect(),
        newest,
        current,
        ..Agreement::default()
    };
    among_equals(&mut agreed, &rest, context);
    agreed
}

/// Compares the servers whose version of the zone is not older than that of others.
fn among_equals(agreed: &mut Agreement, rest: &BTreeMap<IpAddr, &Samples>, context: Context) {
    let serials: BTreeSet<Option<u32>> = rest.values().map(|samples| samples.serial()).collect();
    let are_addresses = context.is_address && agreed.current.iter().all(|answer| !answer.records.is_empty());
    let turns = rest.values().any(|samples| samples.other().is_some());
    let mut counts = BTreeMap::<&AnswerData, usize>::new();
    for samples in rest.values().filter(|samples| samples.other().is_none()) {
        if let Some(first) = samples.answers.first() {
            *counts.entry(first).or_default() += 1;
        }
    }
    let majority =
        counts.into_iter().find(|(_, count)| *count * 2 > rest.len()).map(|(answer, _)| answer.clone());
    let all = if agreed.current.len() < 2 {
        agreed.most = agreed.current.first().cloned();
        Some(Standing::Same)
    } else if serials.contains(&None) || agreed.newest.is_none() {
        Some(Standing::Open(Doubt::Serials))
    } else if are_addresses && turns && serials.len() == 1 && is_rotation(rest) {
        agreed.is_in_turn = true;
        Some(Standing::InTurn)
    } else if are_addresses && (turns || context.is_short) {
        Some(Standing::Open(Doubt::Addresses))
    } else {
        agreed.most = majority;
        None
    };
    for (server, samples) in rest {
        let standing = all.unwrap_or_else(|| match (samples.other(), &agreed.most) {
            (Some(_), _) => Standing::Unsteady,
            (None, Some(most)) if samples.answers.first() == Some(most) => Standing::Same,
            (None, Some(_)) => Standing::Fewer,
            (None, None) => Standing::Open(Doubt::Tie),
        });
        agreed.standings.insert(*server, standing);
    }
    agreed.doubt = agreed.standings.values().find_map(|standing| match standing {
        Standing::Open(doubt) => Some(*doubt),
        _ => None,
    });
}

/// Returns true if the answers may differ because the servers give addresses in turn. For this, each server must have given its serial at least
/// twice. It must also have given several answers, or only answers that another server has given too.
fn is_rotation(rest: &BTreeMap<IpAddr, &Samples>) -> bool {
    let mut seen = BTreeMap::<&AnswerData, usize>::new();
    for answer in rest.values().flat_map(|samples| samples.distinct()) {
        *seen.entry(answer).or_default() += 1;
    }
    let is_explained = |samples: &&Samples| {
        let answers = samples.distinct();
        let is_elsewhere = |answer: &&AnswerData| seen.get(answer).is_some_and(|count| *count > 1);
        samples.serials.len() > 1 && (answers.len() > 1 || answers.iter().all(is_elsewhere))
    };
    rest.values().all(is_explained)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Creates an answer from addresses, `nx` (NXDOMAIN), `none` (no records), or an alias, which ends with a dot.
    fn answer(word: &str) -> AnswerData {
        match word {
            "nx" => AnswerData { is_denied: true, ..AnswerData::default() },
            "none" => AnswerData::default(),
            alias if alias.ends_with('.') => {
                AnswerData { alias: Some(alias.to_owned()), ..AnswerData::default() }
            }
            records => AnswerData {
                records: records.split('+').map(str::to_owned).collect(),
                ..AnswerData::default()
            },
        }
    }

    /// Creates the samples from one word for each server: its answers, then `@` and its serials.
    fn servers(line: &str) -> BTreeMap<IpAddr, Samples> {
        let of = |(place, word): (u8, &str)| {
            let (answers, serials) = word.split_once('@').unwrap();
            let answers: Vec<AnswerData> = answers.split(',').map(answer).collect();
            let serials = serials.split(',').filter_map(|serial| serial.parse().ok()).collect();
            ([198, 18, 1, place].into(), Samples { answers, serials })
        };
        (1..).zip(line.split_whitespace()).map(of).collect()
    }

    #[test]
    fn each_case_has_its_standing() {
        use Doubt::{Addresses, Serials, Tie};
        use Standing::{Behind, Fewer, InTurn, Open, Same, Unsteady};
        let mail = Context { has_one_primary: true, ..Context::default() };
        let long = Context { is_address: true, ..mail };
        let short = Context { is_short: true, ..long };
        let others = Context { has_one_primary: false, ..mail };
        let cases: Vec<(&str, Context, Vec<Standing>)> = vec![
            ("a,a,a@7,7 a,a,a@7,7", long, vec![Same, Same]),
            ("a@ a@", long, vec![Same, Same]),
            // The zone gives its addresses in turn.
            ("a,b,c@7,7 b,c,a@7,7", long, vec![InTurn, InTurn]),
            ("a,b,a@7,7 a,a,a@7,7", long, vec![InTurn, InTurn]),
            ("a,b@7,7 c,d@7,7", short, vec![InTurn, InTurn]),
            // It is not proven that the zone gives addresses in turn. In each line, another reason: an answer comes from only one server; a
            // serial was given only once; serials differ; a serial is unknown.
            ("a,b,c@7,7 x,x,x@7,7", long, vec![Open(Addresses), Open(Addresses)]),
            ("a,b@7,7 b,a@7", long, vec![Open(Addresses), Open(Addresses)]),
            ("a,b@7,7 b,a@7,8", long, vec![Behind, Open(Serials)]),
            ("a,b@7,7 b,a@", long, vec![Open(Serials), Open(Serials)]),
            // Only addresses may differ because the zone gives them in turn. Different negative answers, aliases or records of other types
            // are a fault.
            ("a,b@7,7 a,nx,nx@7,7", long, vec![Unsteady, Unsteady]),
            ("a,nx@7,7 a,a@7,7 a,a@7,7", long, vec![Unsteady, Same, Same]),
            ("a,b@7,7 x.,x.@7,7", long, vec![Unsteady, Open(Tie)]),
            ("a,b@7,7 a,b@7,7", mail, vec![Unsteady, Unsteady]),
            // Several machines with different versions of the zone have one address.
            ("a,b@1,2 a,b@2,1", mail, vec![Open(Serials), Open(Serials)]),
            // The servers have different versions of the zone.
            ("b,b@2,2 a,a@1,1 a,a@1,1", mail, vec![Same, Behind, Behind]),
            ("b@2 a@4294967295", mail, vec![Same, Behind]),
            ("b,b@2,2 a,a@1,1 b,b@1,1", mail, vec![Same, Behind, Same]),
            // The serials are not known, or cannot be compared.
            ("b@ a@ a@", mail, vec![Open(Serials); 3]),
            ("b@ a@7,7 a@7,7", mail, vec![Open(Serials); 3]),
            ("b@ a@ a@", short, vec![Open(Serials); 3]),
            ("b@0 a@2147483648", mail, vec![Open(Serials); 2]),
            ("b@2 a@1", others, vec![Open(Serials); 2]),
            // The servers have the same version of the zone.
            ("a@7 a@7 b@7", mail, vec![Same, Same, Fewer]),
            ("a@7 a@7 nx@7", short, vec![Same, Same, Fewer]),
            ("a@7 b@7", mail, vec![Open(Tie); 2]),
            ("a@7 a@7 b@7 c@7", mail, vec![Open(Tie); 4]),
            ("a@7 a@7 b@7", long, vec![Same, Same, Fewer]),
            ("a@7 a@7 b@7", short, vec![Open(Addresses); 3]),
            ("a@7 nx@7", short, vec![Open(Tie); 2]),
        ];
        for (line, context, expected) in cases {
            let standings: Vec<Standing> =
                agreement(&servers(line), context).standings.into_values().collect();
            assert_eq!(standings, expected, "{line}");
        }
    }

    #[test]
    fn all_but_old_answers_are_current() {
        let mail = Context { has_one_primary: true, ..Context::default() };
        let current = |line: &str| agreement(&servers(line), mail).current.len();
        assert_eq!(current("a,b@1,2 c@1"), 2);
        assert_eq!(current("a,a,x@7,7 b@7"), 3);
        assert_eq!(current("a@2 b@1"), 1);
    }
}
