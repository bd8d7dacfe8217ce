//! The decision about the answers of the name servers of a zone: a pure function of samples.
//!
//! # Decisions
//!
//! - A zone answers in turn only if nothing else explains the answers: addresses alone, one serial at each server in each sample, and no
//!   answer that only one server gave and that this server always gave.
//! - A server with two serials has machines of different versions behind its address, or the zone has just changed.
//! - Serials say which answer is newer. Where answers differ and a serial is not known, no answer is right because most give it.
//! - More than half of the servers of one serial are a majority. A server that gives several answers without rotation counts for none.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::told::Told;
use crate::zone::{is_older, newest};

/// The answers of one server, each time that it was asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Samples {
    /// The answer that is shown.
    pub(super) first: Told,
    /// The answers over UDP.
    pub(super) over_udp: Vec<Told>,
    /// The answer over TCP.
    pub(super) over_tcp: Option<Told>,
    /// The serials of the zone, one for each time that the server told it.
    pub(super) serials: Vec<u32>,
}

impl Samples {
    /// All answers.
    pub(super) fn answers(&self) -> BTreeSet<&Told> {
        self.over_udp.iter().chain(&self.over_tcp).chain([&self.first]).collect()
    }

    /// An answer that is not the first.
    pub(super) fn other(&self) -> Option<&Told> {
        self.answers().into_iter().find(|told| **told != self.first)
    }

    /// The answer over TCP, if it differs from two equal ones over UDP.
    fn only_over_tcp(&self) -> Option<&Told> {
        let is_steady = self.over_udp.len() > 1 && self.over_udp.iter().all(|told| *told == self.first);
        self.over_tcp.as_ref().filter(|told| is_steady && **told != self.first)
    }

    /// The serial, if there is one alone.
    pub(super) fn serial(&self) -> Option<u32> {
        let serials = self.versions();
        serials.first().copied().filter(|_| serials.len() == 1)
    }

    /// The different serials.
    pub(super) fn versions(&self) -> BTreeSet<u32> {
        self.serials.iter().copied().collect()
    }
}

/// Why it cannot be told which answer is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The answers differ, and not all serials are known or can be compared.
    Serials,
    /// The servers differ in addresses with a short TTL.
    Short,
    /// A server gives several addresses, and not all answers are explained by that.
    Turns,
}

/// A server beside the others.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Standing {
    /// The answer of now.
    Same,
    /// The zone answers in turn.
    InTurn,
    /// It has an older serial and another answer.
    Behind,
    /// It has told two serials.
    TwoVersions,
    /// It has this answer only over TCP.
    OverTcp(Told),
    /// It gave another answer when it was asked again, and the zone does not answer in turn.
    Unsteady(Told),
    /// Most servers of its serial have another answer.
    Fewer,
    /// The servers differ without a majority.
    Tie,
    /// It cannot be told.
    Open(Doubt),
}

/// The facts about the question that count beside the samples.
#[derive(Clone, Debug, Default)]
pub(super) struct Asking {
    /// A or AAAA.
    pub(super) is_address: bool,
    /// All TTLs of the records are short.
    pub(super) is_short: bool,
    /// The answer that this resolver has validated.
    pub(super) validated: Option<Told>,
}

/// The servers together.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Agreement {
    /// Each server beside the others.
    pub(super) standings: BTreeMap<IpAddr, Standing>,
    /// The newest serial, if serials are known and can be compared.
    pub(super) newest: Option<u32>,
    /// The answer of now; none if there is none that is alone.
    pub(super) most: Option<Told>,
    /// All answers of servers that are not behind.
    pub(super) current: BTreeSet<Told>,
    /// Whether the zone answers in turn.
    pub(super) is_in_turn: bool,
    /// Whether the answer of now is that which this resolver has validated.
    pub(super) is_validated: bool,
    /// Why it cannot be told which answer is right.
    pub(super) doubt: Option<Doubt>,
}

/// Decides.
pub(super) fn agreement(servers: &BTreeMap<IpAddr, Samples>, asking: &Asking) -> Agreement {
    let serials: BTreeMap<u32, ()> =
        servers.values().flat_map(|server| &server.serials).map(|serial| (*serial, ())).collect();
    let mut agreed = Agreement { newest: newest(&serials), ..Agreement::default() };
    let newest = agreed.newest;
    let is_newest = |server: &&Samples| newest.is_some() && server.serial() == newest;
    let of_newest: BTreeSet<&Told> = servers.values().filter(is_newest).flat_map(Samples::answers).collect();
    let mut rest = BTreeMap::<IpAddr, &Samples>::new();
    for (server, samples) in servers {
        let is_behind = matches!((samples.serial(), newest), (Some(own), Some(newest)) if is_older(own, newest))
            && !of_newest.contains(&samples.first);
        let standing = match samples.only_over_tcp() {
            _ if samples.versions().len() > 1 => Standing::TwoVersions,
            _ if is_behind => Standing::Behind,
            Some(told) => Standing::OverTcp(told.clone()),
            None => {
                rest.insert(*server, samples);
                continue;
            }
        };
        if standing != Standing::Behind {
            agreed.current.extend(samples.answers().into_iter().cloned());
        }
        agreed.standings.insert(*server, standing);
    }
    agreed.current.extend(rest.values().flat_map(|samples| samples.answers()).cloned());
    let is_alone = agreed.standings.values().all(|standing| *standing == Standing::Behind);
    among_equals(&mut agreed, (&rest, is_alone), asking);
    agreed
}

/// Decides among the servers that are neither behind nor at odds with themselves. `is_alone`: no other servers are at odds.
fn among_equals(
    agreed: &mut Agreement,
    (rest, is_alone): (&BTreeMap<IpAddr, &Samples>, bool),
    asking: &Asking,
) {
    let answers: BTreeSet<&Told> = rest.values().flat_map(|samples| samples.answers()).collect();
    let mut all = |standing: Standing| {
        agreed.standings.extend(rest.keys().map(|server| (*server, standing.clone())));
    };
    if answers.len() < 2 {
        agreed.most = answers.first().map(|told| (*told).clone());
        return all(Standing::Same);
    }
    let serials: BTreeSet<Option<u32>> = rest.values().map(|samples| samples.serial()).collect();
    if serials.contains(&None) || agreed.newest.is_none() {
        agreed.doubt = Some(Doubt::Serials);
        return all(Standing::Open(Doubt::Serials));
    }
    let are_addresses = asking.is_address && answers.iter().all(|told| !told.records.is_empty());
    let turns = rest.values().any(|samples| samples.other().is_some());
    if are_addresses && turns {
        agreed.is_in_turn = is_alone && serials.len() == 1 && is_rotation(rest);
        agreed.doubt = (!agreed.is_in_turn).then_some(Doubt::Turns);
        return all(if agreed.is_in_turn { Standing::InTurn } else { Standing::Open(Doubt::Turns) });
    }
    let mut counts = BTreeMap::<&Told, usize>::new();
    for samples in rest.values().filter(|samples| samples.other().is_none()) {
        *counts.entry(&samples.first).or_default() += 1;
    }
    let is_short = are_addresses && asking.is_short;
    agreed.doubt = is_short.then_some(Doubt::Short);
    let majority = counts.iter().find(|(_, count)| **count * 2 > rest.len()).map(|(told, _)| (*told).clone());
    let validated = asking.validated.clone().filter(|told| !is_short && !turns && counts.contains_key(told));
    agreed.is_validated = validated.is_some();
    agreed.most = validated.or(majority);
    for (server, samples) in rest {
        let standing = match (samples.other(), &agreed.most) {
            (Some(other), _) => Standing::Unsteady(other.clone()),
            (None, Some(most)) if *most == samples.first => Standing::Same,
            (None, _) if is_short => Standing::Open(Doubt::Short),
            (None, Some(_)) => Standing::Fewer,
            (None, None) => Standing::Tie,
        };
        agreed.standings.insert(*server, standing);
    }
}

/// Whether rotation explains all answers: each was also seen at another server, or its server gave several; and each server told its
/// serial twice.
fn is_rotation(rest: &BTreeMap<IpAddr, &Samples>) -> bool {
    let mut seen = BTreeMap::<&Told, usize>::new();
    for told in rest.values().flat_map(|samples| samples.answers()) {
        *seen.entry(told).or_default() += 1;
    }
    let is_explained = |samples: &&Samples| {
        let answers = samples.answers();
        let is_elsewhere = |told: &&Told| seen.get(told).is_some_and(|count| *count > 1);
        samples.serials.len() > 1 && (answers.len() > 1 || answers.iter().all(is_elsewhere))
    };
    rest.values().all(is_explained)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answer in a word: addresses, `nx`, `none`, or an alias with a last dot.
    fn told(word: &str) -> Told {
        match word {
            "nx" => Told { denied: true, ..Told::default() },
            "none" => Told::default(),
            alias if alias.ends_with('.') => Told { alias: Some(alias.to_owned()), ..Told::default() },
            records => Told { records: records.split('+').map(str::to_owned).collect(), ..Told::default() },
        }
    }

    /// Servers, one a word: the answers over UDP separated by commas, `/` and the answer over TCP, `@` and the serials.
    fn servers(line: &str) -> BTreeMap<IpAddr, Samples> {
        let of = |(place, word): (u8, &str)| {
            let (answers, serials) = word.split_once('@').unwrap();
            let (over_udp, over_tcp) = answers.split_once('/').unwrap_or((answers, ""));
            let over_udp: Vec<Told> = over_udp.split(',').map(told).collect();
            let over_tcp = Some(over_tcp).filter(|word| !word.is_empty()).map(told);
            let serials = serials.split(',').filter_map(|serial| serial.parse().ok()).collect();
            ([198, 18, 1, place].into(), Samples { first: over_udp[0].clone(), over_udp, over_tcp, serials })
        };
        (1..).zip(line.split_whitespace()).map(of).collect()
    }

    fn standings(line: &str, asking: &Asking) -> Vec<Standing> {
        agreement(&servers(line), asking).standings.into_values().collect()
    }

    #[test]
    fn each_case_has_its_standing() {
        use Doubt::{Serials, Short, Turns};
        use Standing::{Behind, Fewer, InTurn, Open, Same, Tie, TwoVersions};
        let long = Asking { is_address: true, ..Asking::default() };
        let short = Asking { is_short: true, ..long.clone() };
        let mail = Asking::default();
        let other = |word: &str| Standing::Unsteady(told(word));
        let cases: Vec<(&str, &Asking, Vec<Standing>)> = vec![
            ("a,a/a@7,7 a,a/a@7,7", &long, vec![Same, Same]),
            ("a@ a@", &long, vec![Same, Same]),
            // Rotation.
            ("a,b/c@7,7 b,c/a@7,7", &long, vec![InTurn, InTurn]),
            ("a,b/a@7,7 a,a/a@7,7", &long, vec![InTurn, InTurn]),
            ("a,b@7,7 c,d@7,7", &short, vec![InTurn, InTurn]),
            // Not proven: a server that always gives what no other gives, a serial that was told once, other versions.
            ("a,b/c@7,7 x,x/x@7,7", &long, vec![Open(Turns), Open(Turns)]),
            ("a,b@7,7 b,a@7", &long, vec![Open(Turns), Open(Turns)]),
            ("a,b@7,7 b,a@7,8", &long, vec![Behind, TwoVersions]),
            ("a,b@7,7 b,a@", &long, vec![Open(Serials), Open(Serials)]),
            // No rotation: denials, aliases, other types.
            ("a,b@7,7 a,nx/nx@7,7", &long, vec![other("b"), other("nx")]),
            ("a,nx@7,7 a,a@7,7 a,a@7,7", &long, vec![other("nx"), Same, Same]),
            ("a,b@7,7 x.,x.@7,7", &long, vec![other("b"), Tie]),
            ("a,b@7,7 a,b@7,7", &mail, vec![other("b"), other("b")]),
            // Machines of two versions.
            ("a,b@1,2 a,b@2,1", &long, vec![TwoVersions, TwoVersions]),
            ("a,b@1,2 a,b@2,1", &mail, vec![TwoVersions, TwoVersions]),
            ("a,b@1,2 a,a@1,1", &mail, vec![TwoVersions, Behind]),
            // TCP goes elsewhere.
            ("a,a/b@7,7 c,c/c@7,7", &long, vec![Standing::OverTcp(told("b")), Same]),
            ("a,b/b@7,7 b,a/a@7,7", &long, vec![InTurn, InTurn]),
            // Versions.
            ("b,b@2,2 a,a@1,1 a,a@1,1", &mail, vec![Same, Behind, Behind]),
            ("b@2 a@4294967295", &mail, vec![Same, Behind]),
            ("b,b@2,2 a,a@1,1 b,b@1,1", &mail, vec![Same, Behind, Same]),
            // Serials that are not known or cannot be compared.
            ("b@ a@ a@", &mail, vec![Open(Serials); 3]),
            ("b@ a@7,7 a@7,7", &mail, vec![Open(Serials); 3]),
            ("b@ a@ a@", &short, vec![Open(Serials); 3]),
            ("b@0 a@2147483648", &mail, vec![Open(Serials); 2]),
            // One version.
            ("a@7 a@7 b@7", &mail, vec![Same, Same, Fewer]),
            ("a@7 a@7 nx@7", &long, vec![Same, Same, Fewer]),
            ("a@7 b@7", &mail, vec![Tie, Tie]),
            ("a@7 a@7 b@7 c@7", &mail, vec![Tie; 4]),
            ("a@7 a@7 b@7", &long, vec![Same, Same, Fewer]),
            ("a@7 a@7 b@7", &short, vec![Same, Same, Open(Short)]),
            ("a@7 b@7", &short, vec![Open(Short), Open(Short)]),
            ("a@7 nx@7", &short, vec![Tie, Tie]),
        ];
        for (line, asking, expected) in cases {
            assert_eq!(standings(line, asking), expected, "{line}");
        }
    }

    #[test]
    fn a_validated_answer_wins_only_where_others_may_be_wrong() {
        let asking = |is_short| Asking { is_address: true, is_short, validated: Some(told("a")) };
        let of = |line: &str, is_short| {
            let agreed = agreement(&servers(line), &asking(is_short));
            (agreed.is_validated, agreed.most, agreed.doubt)
        };
        assert_eq!(of("a@7 b@7", false), (true, Some(told("a")), None));
        assert_eq!(of("a@7 b@7", true), (false, None, Some(Doubt::Short)), "by place, each signed");
        assert_eq!(of("a@ b@", false), (false, None, Some(Doubt::Serials)));
        assert_eq!(of("b@7 b@7", false), (false, Some(told("b")), None));
    }

    #[test]
    fn all_answers_but_old_ones_are_current() {
        let current = |line: &str| agreement(&servers(line), &Asking::default()).current.len();
        assert_eq!(current("a,b@1,2 c@1"), 2);
        assert_eq!(current("a,a/x@7,7 b@7"), 3);
        assert_eq!(current("a@2 b@1"), 1);
    }
}
