//! The answers of the name servers, and what they say together.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::answer::{AnswerSource, AnswerVerdict, ComparedAnswer};
use super::cuts::{Asked, Cut, FORMS, Way, at, former};
use super::told::Told;
use crate::check::domain::delegation::newest;
use crate::check::domain::facts::{
    DomainFacts, Got, NoReply, QueryForm, ReplyFacts, ReplySecurity, Want, lookup,
};
use crate::check::domain::record_set::{ADDRESS_TTL, is_known};
use crate::check::domain::zone;

/// The forms in which a server is asked again, to see whether it answers in turn. Not in mixed case, which some servers fail to find.
const AGAIN: [QueryForm; 2] = [QueryForm::Plain, QueryForm::Tcp];

/// The questions to the servers of the zone that are needed next. With `is_close` answers differ: then serials count, and second
/// answers show whether a server answers in turn.
pub(super) fn wants(
    facts: &DomainFacts,
    asked: Asked<'_>,
    (cut, under_way, is_close): (&Cut, &BTreeSet<Want>, bool),
) -> Vec<Want> {
    let mut wants = Vec::new();
    for server in cut.servers.keys().copied() {
        let first = at(server, asked, QueryForm::Udp);
        match facts.got.get(&first) {
            // A slow server, or one that is not reached over UDP, has more time over TCP.
            None if under_way.contains(&first) => wants.push(at(server, asked, QueryForm::Tcp)),
            Some(Got::NoReply(NoReply::Silent | NoReply::Unfit)) => {
                wants.push(at(server, asked, QueryForm::Tcp));
            }
            // It may be an error about EDNS (RFC 6891 section 7).
            Some(Got::Reply(reply)) if ["FORMERR", "NOTIMP", "BADVERS"].contains(&reply.rcode.as_str()) => {
                wants.push(at(server, asked, QueryForm::Plain));
            }
            _ => {}
        }
        if is_close && told_by(facts, asked, server).is_some() {
            wants.push(at(server, (&cut.zone, "SOA"), QueryForm::Udp));
            wants.extend(AGAIN.map(|way| at(server, asked, way)));
            // As the daemon asks.
            wants.push(at(server, asked, QueryForm::MixedCase));
        }
    }
    wants
}

/// The questions to servers that this resolver may still ask although the zone above names others, if no server of the zone gives its answer.
pub(super) fn of_former(facts: &DomainFacts, asked: Asked<'_>, cut: &Cut) -> Vec<Want> {
    let (mut wants, servers) = former(facts, cut);
    wants.extend(servers.into_keys().map(|server| at(server, asked, QueryForm::Udp)));
    wants
}

/// The best reply of a server: one with an answer, else any reply, else why there is none.
fn said<'f>(facts: &'f DomainFacts, asked: Asked<'_>, server: IpAddr) -> Option<&'f Got> {
    let all: Vec<&Got> =
        FORMS.iter().filter_map(|way| facts.server(server, asked.0, asked.1, *way)).collect();
    let answers = |got: &&&Got| matches!(got, Got::Reply(reply) if told_in(reply, asked).is_some());
    let replies = |got: &&&Got| matches!(got, Got::Reply(_));
    all.iter().find(answers).or_else(|| all.iter().find(replies)).or_else(|| all.first()).copied()
}

/// The answer of a reply with authority.
fn told_in(reply: &ReplyFacts, (name, kind): Asked<'_>) -> Option<Told> {
    Told::of(reply, name, kind).filter(|_| reply.authoritative)
}

fn told_by(facts: &DomainFacts, asked: Asked<'_>, server: IpAddr) -> Option<Told> {
    match said(facts, asked, server)? {
        Got::Reply(reply) => told_in(reply, asked),
        _ => None,
    }
}

/// Whether a server denies records that it has, because the name is in mixed case (0x20).
fn fails_mixed_case(facts: &DomainFacts, asked: Asked<'_>, (server, first): (IpAddr, &Told)) -> bool {
    match facts.server(server, asked.0, asked.1, QueryForm::MixedCase) {
        Some(Got::Reply(reply)) => {
            !first.is_empty() && told_in(reply, asked).is_some_and(|told| told.is_empty())
        }
        _ => false,
    }
}

/// The answer of this resolver, if it has validated it.
fn validated(facts: &DomainFacts, (name, kind): Asked<'_>) -> Option<Told> {
    match facts.got.get(&lookup(name, kind))? {
        Got::Reply(reply) if reply.security == ReplySecurity::Secure => Told::of(reply, name, kind),
        _ => None,
    }
}

/// Another answer of a server when it was asked again.
fn again(facts: &DomainFacts, asked: Asked<'_>, (server, first): (IpAddr, &Told)) -> Option<Told> {
    AGAIN.iter().find_map(|way| match facts.server(server, asked.0, asked.1, *way)? {
        Got::Reply(reply) => told_in(reply, asked).filter(|told| told != first),
        _ => None,
    })
}

/// The serial of the zone at a server: as it was asked for it, or in its negative answer.
fn serial(facts: &DomainFacts, asked: Asked<'_>, (apex, server): (&str, IpAddr)) -> Option<u32> {
    let of_zone = |got: Option<&Got>| match got {
        Some(Got::Reply(reply)) if reply.authoritative && is_known(reply) => {
            zone::soa(reply).filter(|soa| soa.owner == apex).map(|soa| soa.serial)
        }
        _ => None,
    };
    of_zone(facts.server(server, apex, "SOA", QueryForm::Udp)).or_else(|| of_zone(said(facts, asked, server)))
}

/// Whether a serial is older than another (RFC 1982 section 3.2).
fn is_older(one: u32, other: u32) -> bool {
    (1..1 << 31).contains(&other.wrapping_sub(one))
}

/// The answer of one server that has given one.
#[derive(Clone, Debug)]
struct OfServer {
    told: Told,
    serial: Option<u32>,
    /// Its server has an older version of the zone than another, and another answer than the servers of the newest version.
    is_behind: bool,
}

/// The name servers together.
#[derive(Clone, Debug, Default)]
pub(super) struct ZoneSays {
    /// The apex; empty if the zone was not found.
    pub(super) apex: String,
    answers: BTreeMap<IpAddr, OfServer>,
    /// Servers that the zone above does not name any more, with their names and their answers.
    former: BTreeMap<IpAddr, (String, Told)>,
    /// The newest serial, if serials were asked for and can be compared.
    newest: Option<u32>,
    /// The answers of the newest version of the zone.
    pub(super) current: BTreeSet<Told>,
    /// The answer of most servers of the newest version; none if two are equal.
    pub(super) most: Option<Told>,
    /// Whether a server denies the records to queries in mixed case, as the daemon sends them.
    pub(super) fails_mixed_case: bool,
    /// Whether this resolver has validated that answer, so that it is right however many servers give it.
    is_validated: bool,
    /// Whether a server gives other records when it is asked again, so that the zone answers in turn.
    pub(super) is_in_turn: bool,
    /// Whether the servers differ in addresses with a short TTL: services that answer in turn or by place have these, and so have zones
    /// that are changed by hand before a move.
    pub(super) is_short: bool,
}

impl ZoneSays {
    /// Reads the answers of the servers of the zone.
    pub(super) fn new(facts: &DomainFacts, asked: Asked<'_>, way: &Way) -> Self {
        let Some(cut) = &way.zone else { return Self::default() };
        let of_server = |server: &IpAddr| {
            let told = told_by(facts, asked, *server)?;
            let serial = serial(facts, asked, (&cut.zone, *server));
            Some((*server, OfServer { told, serial, is_behind: false }))
        };
        let mut answers: BTreeMap<IpAddr, OfServer> = cut.servers.keys().filter_map(of_server).collect();
        let serials: BTreeMap<u32, ()> =
            answers.values().filter_map(|answer| Some((answer.serial?, ()))).collect();
        let newest = newest(&serials);
        let of_newest: BTreeSet<Told> = answers
            .values()
            .filter(|answer| newest.is_some() && answer.serial == newest)
            .map(|answer| answer.told.clone())
            .collect();
        for answer in answers.values_mut() {
            answer.is_behind = !of_newest.contains(&answer.told)
                && matches!((answer.serial, newest), (Some(serial), Some(newest)) if is_older(serial, newest));
        }
        let of_former = |(server, names): (IpAddr, BTreeSet<String>)| {
            Some((server, (zone::shown(server, &names), told_by(facts, asked, server)?)))
        };
        let former = former(facts, cut).1.into_iter().filter_map(of_former).collect();
        let mut says = Self { apex: cut.zone.clone(), answers, former, newest, ..Self::default() };
        says.agree(facts, asked);
        let mut servers = says.answers.iter();
        says.fails_mixed_case =
            servers.any(|(server, answer)| fails_mixed_case(facts, asked, (*server, &answer.told)));
        says
    }

    /// Finds the answers of now.
    fn agree(&mut self, facts: &DomainFacts, asked: Asked<'_>) {
        let mut counts = BTreeMap::<&Told, usize>::new();
        let mut others = BTreeSet::new();
        for (server, answer) in self.answers.iter().filter(|(_, answer)| !answer.is_behind) {
            *counts.entry(&answer.told).or_default() += 1;
            others.extend(again(facts, asked, (*server, &answer.told)));
        }
        let best = counts.values().copied().max().unwrap_or_default();
        let leaders: Vec<&Told> =
            counts.iter().filter(|(_, count)| **count == best).map(|(told, _)| *told).collect();
        self.most = if let [only] = leaders.as_slice() { Some((*only).clone()) } else { None };
        let are_short = ["A", "AAAA"].contains(&asked.1)
            && counts.len() > 1
            && counts.keys().all(|told| !told.records.is_empty())
            && self.ttls(facts, asked).all(|ttl| ttl <= ADDRESS_TTL);
        // A denial beside records is no rotation.
        self.is_in_turn =
            others.iter().any(|told| !told.is_empty()) && counts.keys().all(|told| !told.is_empty());
        self.is_short = are_short;
        self.current = counts.into_keys().cloned().collect();
        if let Some(validated) =
            validated(facts, asked).filter(|told| !self.is_in_turn && self.current.contains(told))
        {
            (self.most, self.is_validated, self.is_short) = (Some(validated), true, false);
        }
        if self.is_in_turn {
            self.current.extend(others);
        }
    }

    /// The TTLs of the records.
    fn ttls(&self, facts: &DomainFacts, asked: Asked<'_>) -> impl Iterator<Item = u32> {
        let replies = self.answers.keys().filter_map(move |server| match said(facts, asked, *server) {
            Some(Got::Reply(reply)) => Some(reply),
            _ => None,
        });
        let of_type = move |reply: &ReplyFacts| -> Vec<u32> {
            reply.answers.iter().filter(|record| record.kind == asked.1).map(|record| record.ttl).collect()
        };
        replies.flat_map(of_type)
    }

    /// The answers of the servers, one for each server.
    pub(super) fn told(&self) -> impl Iterator<Item = &Told> {
        self.answers.values().map(|answer| &answer.told)
    }

    /// The server that the zone above does not name any more and that gives this answer.
    pub(super) fn former(&self, told: &Told) -> Option<&str> {
        self.former.values().find(|(_, of_server)| of_server == told).map(|(name, _)| name.as_str())
    }

    /// Whether a server with an older version of the zone gives this answer.
    pub(super) fn is_behind(&self, told: &Told) -> bool {
        self.answers.values().any(|answer| answer.is_behind && answer.told == *told)
    }

    /// The rows of the name servers, and of servers of zones above that do not delegate the zone as others do.
    pub(super) fn rows(&self, facts: &DomainFacts, asked: Asked<'_>, way: &Way) -> Vec<ComparedAnswer> {
        let Some(cut) = &way.zone else { return Vec::new() };
        let mut rows = Vec::new();
        for (server, names) in &cut.servers {
            let Some(got) = said(facts, asked, *server) else { continue };
            let from = (AnswerSource::NameServer, zone::shown(*server, names));
            let mut row = ComparedAnswer::unjudged((from.0, &from.1), asked, got);
            (row.verdict, row.why) = self.verdict(facts, asked, (*server, got));
            row.serial = serial(facts, asked, (&cut.zone, *server));
            rows.push(row);
        }
        for (server, names) in way.undelegating.iter().filter(|(server, _)| !cut.servers.contains_key(server))
        {
            let Some(got) = said(facts, asked, *server) else { continue };
            let mut row = ComparedAnswer::unjudged(
                (AnswerSource::NameServer, &zone::shown(*server, names)),
                asked,
                got,
            );
            row.verdict = AnswerVerdict::Different;
            row.why = format!("it does not delegate {}, and others of its zone do", cut.zone);
            rows.push(row);
        }
        rows.extend(self.rows_of_former(facts, asked));
        rows
    }

    /// The rows of servers that the zone above does not name any more, if they have another answer.
    fn rows_of_former(&self, facts: &DomainFacts, asked: Asked<'_>) -> Vec<ComparedAnswer> {
        let differing = self.former.iter().filter(|(_, (_, told))| !self.current.contains(told));
        let row = |(server, (name, _)): (&IpAddr, &(String, Told))| {
            let got = said(facts, asked, *server)?;
            let mut row = ComparedAnswer::unjudged((AnswerSource::FormerServer, name), asked, got);
            row.verdict = AnswerVerdict::Old;
            row.why = format!("the zone above {} does not name this server or address any more", self.apex);
            Some(row)
        };
        differing.filter_map(row).collect()
    }

    fn verdict(
        &self,
        facts: &DomainFacts,
        asked: Asked<'_>,
        (server, got): (IpAddr, &Got),
    ) -> (AnswerVerdict, String) {
        let Some(answer) = self.answers.get(&server) else { return failure(got) };
        if answer.is_behind {
            let (own, newest) = (answer.serial.unwrap_or_default(), self.newest.unwrap_or_default());
            let why = format!("it has not yet transferred the zone: serial {own}, and another has {newest}");
            return (AnswerVerdict::NotTransferred, why);
        }
        if fails_mixed_case(facts, asked, (server, &answer.told)) {
            let why = "it denies the name in mixed case (0x20), as resolverd asks";
            return (AnswerVerdict::Different, why.to_owned());
        }
        let serial = self.newest.map(|serial| format!(" with serial {serial}")).unwrap_or_default();
        let again = again(facts, asked, (server, &answer.told)).map(|told| told.words(asked.1));
        let (verdict, why) = match (&self.most, again) {
            (_, Some(again)) if self.is_in_turn => {
                (AnswerVerdict::InTurn, format!("asked again, it has {again}"))
            }
            (_, None) if self.is_in_turn => (AnswerVerdict::InTurn, "the zone answers in turn".to_owned()),
            (_, Some(again)) => (AnswerVerdict::Different, format!("asked again, it has {again}")),
            (Some(most), None) if *most == answer.told => return (AnswerVerdict::Same, String::new()),
            (_, None) if self.is_short => {
                let why = "a short TTL: in turn or by place, or the zone was changed without a new serial";
                (AnswerVerdict::Elsewhere, format!("the name servers differ{serial} and {why}"))
            }
            (Some(most), None) if self.is_validated => {
                let why = "the signature of this answer may be wrong";
                (
                    AnswerVerdict::Different,
                    format!("this resolver has validated {}; {why}", most.words(asked.1)),
                )
            }
            (Some(most), None) => {
                (AnswerVerdict::Different, format!("most name servers have {}{serial}", most.words(asked.1)))
            }
            (None, None) => {
                let why = format!("the name servers differ{serial}, and no answer has a majority");
                (AnswerVerdict::Different, why)
            }
        };
        (verdict, why)
    }
}

/// The verdict about a server without an answer of the zone.
fn failure(got: &Got) -> (AnswerVerdict, String) {
    match got {
        Got::Reply(reply) if reply.truncated => (AnswerVerdict::Unknown, CUT.to_owned()),
        Got::Reply(reply) if is_known(reply) => {
            let why = "it answers without authority, so it does not serve the zone";
            (AnswerVerdict::Failed, why.to_owned())
        }
        Got::Reply(reply) if reply.rcode == "REFUSED" => {
            (AnswerVerdict::Refused, "REFUSED, so it does not serve the zone".to_owned())
        }
        Got::Reply(reply) => (AnswerVerdict::Failed, reply.rcode.clone()),
        other => without_reply(other),
    }
}

/// Why a truncated reply is no answer.
pub(super) const CUT: &str = "a truncated reply, over TCP too";

/// The verdict about a server or resolver without a reply.
pub(super) fn without_reply(got: &Got) -> (AnswerVerdict, String) {
    match got {
        Got::NoReply(lost @ (NoReply::Silent | NoReply::Unreachable)) => {
            (AnswerVerdict::NoAnswer, lost.words())
        }
        Got::NoReply(lost) => (AnswerVerdict::Unknown, lost.words()),
        _ => (AnswerVerdict::Unknown, String::new()),
    }
}
