//! The answers of the name servers, and what they say together.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::agreement::{Agreement, Asking, Doubt, Samples, Standing, agreement};
use super::answer::{AnswerSource, AnswerVerdict, CUT, ComparedAnswer, DIFFER};
use super::beyond::{Beyond, beyond, cached};
use super::cuts::{Asked, Cut, FORMS, Way, at};
use super::told::Told;
use crate::facts::record_set::{ADDRESS_TTL, is_known};
use crate::facts::{DomainFacts, Got, NoReply, QueryForm, Record, ReplyFacts, ReplySecurity, Want, lookup};
use crate::zone;

/// The forms over UDP. In mixed case some servers fail to find the name, so a denial in it does not count as an answer.
const OVER_UDP: [QueryForm; 3] = [QueryForm::Udp, QueryForm::Plain, QueryForm::MixedCase];

/// The questions to the servers of the zone that are needed next. With `is_close` answers differ: then serials count, and further
/// answers show whether a server answers in turn.
pub(super) fn wants(
    facts: &DomainFacts,
    asked: Asked<'_>,
    (cut, under_way, is_close): (&Cut, &BTreeSet<Want>, bool),
) -> Vec<Want> {
    let beyond = beyond(facts, asked, cut);
    let mut wants = Vec::new();
    for server in cut.servers.keys().copied() {
        wants.extend(of_server(facts, asked, (&cut.zone, server), (under_way, is_close)));
    }
    for server in beyond.named.keys().copied() {
        wants.push(at(server, asked, QueryForm::Udp));
        wants.extend(of_server(facts, asked, (&cut.zone, server), (under_way, is_close)));
    }
    wants.extend(beyond.wants);
    wants
}

fn of_server(
    facts: &DomainFacts,
    asked: Asked<'_>,
    (apex, server): (&str, IpAddr),
    (under_way, is_close): (&BTreeSet<Want>, bool),
) -> Vec<Want> {
    let mut wants = over_tcp(facts, under_way, (server, asked));
    if let Some(Got::Reply(reply)) = facts.got.get(&at(server, asked, QueryForm::Udp))
        && ["FORMERR", "NOTIMP", "BADVERS"].contains(&reply.rcode.as_str())
    {
        // It may be an error about EDNS (RFC 6891 section 7).
        wants.push(at(server, asked, QueryForm::Plain));
    }
    if told_by(facts, asked, server).is_none() {
        return wants;
    }
    // One of several machines behind the address may have another answer.
    wants.push(at(server, asked, QueryForm::Plain));
    if is_close {
        for form in [QueryForm::Udp, QueryForm::Plain] {
            wants.push(at(server, (apex, "SOA"), form));
        }
        wants.extend(over_tcp(facts, under_way, (server, (apex, "SOA"))));
        wants.push(at(server, asked, QueryForm::Tcp));
        // As the daemon asks.
        wants.push(at(server, asked, QueryForm::MixedCase));
    }
    wants
}

/// The question over TCP, if there was no reply over UDP: a slow server, or one that is not reached over UDP, has more time so.
fn over_tcp(
    facts: &DomainFacts,
    under_way: &BTreeSet<Want>,
    (server, asked): (IpAddr, Asked<'_>),
) -> Vec<Want> {
    let first = at(server, asked, QueryForm::Udp);
    let is_lost = match facts.got.get(&first) {
        None => under_way.contains(&first),
        Some(got) => matches!(got, Got::NoReply(NoReply::Silent | NoReply::Unfit)),
    };
    if is_lost { vec![at(server, asked, QueryForm::Tcp)] } else { Vec::new() }
}

/// The questions to servers that only the cache of this resolver has, if no server of the zone gives its answer.
pub(super) fn of_cached(facts: &DomainFacts, asked: Asked<'_>, cut: &Cut) -> Vec<Want> {
    let (mut wants, servers) = cached(facts, cut, &beyond(facts, asked, cut));
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

/// The answer of a server in a form.
fn told_in_form(facts: &DomainFacts, asked: Asked<'_>, server: IpAddr, form: QueryForm) -> Option<Told> {
    match facts.server(server, asked.0, asked.1, form)? {
        Got::Reply(reply) => told_in(reply, asked),
        _ => None,
    }
}

/// Whether a server denies records that it has, because the name is in mixed case (0x20).
fn fails_mixed_case(facts: &DomainFacts, asked: Asked<'_>, (server, samples): (IpAddr, &Samples)) -> bool {
    !samples.answers().iter().any(|told| told.is_empty())
        && told_in_form(facts, asked, server, QueryForm::MixedCase).is_some_and(|told| told.is_empty())
}

/// All that a server has told.
fn samples(facts: &DomainFacts, asked: Asked<'_>, (apex, server): (&str, IpAddr)) -> Option<Samples> {
    let first = told_by(facts, asked, server)?;
    let of_form = |form| told_in_form(facts, asked, server, form);
    let over_udp = OVER_UDP.into_iter().filter_map(|form| {
        of_form(form).filter(|told| form != QueryForm::MixedCase || !told.is_empty() || first.is_empty())
    });
    let serial = |got: &Got| match got {
        Got::Reply(reply) if reply.authoritative && is_known(reply) => {
            zone::soa(reply).filter(|soa| soa.owner == apex).map(|soa| soa.serial)
        }
        _ => None,
    };
    let questions = [(apex, "SOA"), asked];
    let questions = questions.into_iter().take(if questions[0] == asked { 1 } else { 2 });
    let replies = questions.flat_map(|(name, kind)| {
        FORMS.into_iter().filter_map(move |form| facts.server(server, name, kind, form))
    });
    Some(Samples {
        over_udp: over_udp.collect(),
        over_tcp: of_form(QueryForm::Tcp),
        serials: replies.filter_map(serial).collect(),
        first,
    })
}

/// The answer of this resolver, if it has validated it.
fn validated(facts: &DomainFacts, (name, kind): Asked<'_>) -> Option<Told> {
    match facts.got.get(&lookup(name, kind))? {
        Got::Reply(reply) if reply.security == ReplySecurity::Secure => Told::of(reply, name, kind),
        _ => None,
    }
}

/// The name servers together.
#[derive(Clone, Debug, Default)]
pub(super) struct ZoneSays {
    /// The apex; empty if the zone was not found.
    pub(super) apex: String,
    servers: BTreeMap<IpAddr, Samples>,
    /// Servers that the zone itself names and the zone above does not.
    beyond: Beyond,
    own: BTreeMap<IpAddr, Samples>,
    /// Servers that only the cache of this resolver has, with their names and their answers.
    former: BTreeMap<IpAddr, (String, Told)>,
    /// Servers of a zone above that answer instead of a referral, with their names and their answers.
    undelegating: BTreeMap<IpAddr, (String, Told)>,
    /// The decision about the servers of the delegation.
    pub(super) agreed: Agreement,
    /// Whether a server denies the records to queries in mixed case, as the daemon sends them.
    pub(super) fails_mixed_case: bool,
    /// The longest TTL of the records at the servers, in seconds; none without records.
    pub(super) ttl: Option<u32>,
}

impl ZoneSays {
    /// Reads the answers of the servers of the zone.
    pub(super) fn new(facts: &DomainFacts, asked: Asked<'_>, way: &Way) -> Self {
        let Some(cut) = &way.zone else { return Self::default() };
        let beyond = beyond(facts, asked, cut);
        let samples = |server: &IpAddr| Some((*server, samples(facts, asked, (&cut.zone, *server))?));
        let servers: BTreeMap<IpAddr, Samples> = cut.servers.keys().filter_map(samples).collect();
        let own = beyond.named.keys().filter_map(samples).collect();
        let of_former = |(server, names): (IpAddr, BTreeSet<String>)| {
            Some((server, (zone::shown(server, &names), told_by(facts, asked, server)?)))
        };
        let former = cached(facts, cut, &beyond).1.into_iter().filter_map(of_former).collect();
        let given: BTreeSet<&Told> = servers.values().flat_map(Samples::answers).collect();
        let undelegating = way.undelegating.iter().filter(|(server, _)| !cut.servers.contains_key(server));
        let undelegating = undelegating
            .filter_map(|(server, names)| of_former((*server, names.clone())))
            .filter(|(_, (_, told))| !given.contains(told))
            .collect();
        let ttls = || ttls(facts, asked, servers.keys().chain(beyond.named.keys()).copied());
        let asking = Asking {
            is_address: is_address(asked.1),
            is_short: ttls().iter().all(|ttl| *ttl <= ADDRESS_TTL),
            validated: validated(facts, asked),
        };
        let fails =
            |(server, samples): (&IpAddr, &Samples)| fails_mixed_case(facts, asked, (*server, samples));
        Self {
            apex: cut.zone.clone(),
            agreed: agreement(&servers, &asking),
            fails_mixed_case: servers.iter().any(fails),
            ttl: ttls().into_iter().max(),
            beyond,
            own,
            former,
            undelegating,
            servers,
        }
    }

    /// The answers of the servers, one for each server.
    pub(super) fn told(&self) -> impl Iterator<Item = &Told> {
        self.servers.values().map(|server| &server.first)
    }

    /// All answers of the servers that the zone or the zone above names, and of those that do not delegate it.
    pub(super) fn all_told(&self) -> BTreeSet<&Told> {
        let all = self.servers.values().chain(self.own.values()).flat_map(Samples::answers);
        all.chain(self.undelegating.values().map(|(_, told)| told)).collect()
    }

    /// Whether the servers that the zone itself names have another answer than those of the delegation.
    pub(super) fn is_apart(&self) -> bool {
        self.own.values().flat_map(Samples::answers).any(|told| !self.agreed.current.contains(told))
    }

    /// Whether each server has given its answer twice, the same each time, and all are the same.
    pub(super) fn is_steady(&self) -> bool {
        let mut all = self.servers.values().chain(self.own.values()).peekable();
        let first = all.peek().map(|server| server.first.clone());
        first.is_some()
            && self.undelegating.is_empty()
            && all.all(|server| {
                server.answers().into_iter().eq(&first)
                    && server.over_udp.len() + usize::from(server.over_tcp.is_some()) > 1
            })
    }

    /// The server that only the cache of this resolver has and that gives this answer, in words.
    pub(super) fn former(&self, told: &Told) -> Option<&str> {
        self.former.values().find(|(_, of_server)| of_server == told).map(|(name, _)| name.as_str())
    }

    /// Whether it is known which servers the zone itself names, so that others are former ones.
    pub(super) fn knows_own(&self) -> bool {
        !self.beyond.own.is_empty()
    }

    /// The server of the zone above that gives this answer instead of a referral, in words.
    pub(super) fn undelegating(&self, told: &Told) -> Option<&str> {
        self.undelegating.values().find(|(_, of_server)| of_server == told).map(|(name, _)| name.as_str())
    }

    /// The server that gives this answer and that the zone itself names, but the zone above does not, in words.
    pub(super) fn own(&self, told: &Told) -> Option<String> {
        let (server, _) = self.own.iter().find(|(_, samples)| samples.answers().contains(told))?;
        Some(zone::shown(*server, self.beyond.named.get(server)?))
    }

    /// Whether a server with an older version of the zone gives this answer.
    pub(super) fn is_behind(&self, told: &Told) -> bool {
        let is_behind = |server: &IpAddr| self.agreed.standings.get(server) == Some(&Standing::Behind);
        self.servers.iter().any(|(server, samples)| is_behind(server) && samples.answers().contains(told))
    }

    /// The rows of the name servers, and of servers of zones above that do not delegate the zone as others do.
    pub(super) fn rows(&self, facts: &DomainFacts, asked: Asked<'_>, way: &Way) -> Vec<ComparedAnswer> {
        let Some(cut) = &way.zone else { return Vec::new() };
        let row = |source, server: IpAddr, name: &str| {
            Some(ComparedAnswer::unjudged((source, name), asked, said(facts, asked, server)?))
        };
        let mut rows = Vec::new();
        for (server, names) in cut.servers.iter().chain(&self.beyond.named) {
            let Some(got) = said(facts, asked, *server) else { continue };
            let name = zone::shown(*server, names);
            let Some(mut row) = row(AnswerSource::NameServer, *server, &name) else { continue };
            (row.verdict, row.why) = self.verdict(facts, asked, (*server, got));
            let samples = self.servers.get(server).or_else(|| self.own.get(server));
            row.serial = samples.and_then(|samples| samples.serials.first().copied());
            rows.push(row);
        }
        rows.extend(cut.unaddressed.iter().map(|server| {
            let got = Got::NoReply(NoReply::Unknown(server.why.clone()));
            let mut row = ComparedAnswer::unjudged((AnswerSource::NameServer, &server.name), asked, &got);
            row.verdict = if server.is_certain { AnswerVerdict::Failed } else { AnswerVerdict::Unknown };
            row.why = server.why.clone();
            row
        }));
        for (server, (name, _)) in &self.undelegating {
            let Some(mut row) = row(AnswerSource::NameServer, *server, name) else { continue };
            row.verdict = AnswerVerdict::Different;
            row.why = format!("it does not delegate {}, and others of its zone do", cut.zone);
            rows.push(row);
        }
        for (server, (name, _)) in self.former.iter().filter(|(_, (_, told))| !self.all_told().contains(told))
        {
            let Some(mut row) = row(AnswerSource::FormerServer, *server, name) else { continue };
            (row.verdict, row.why) = self.verdict_on_former();
            rows.push(row);
        }
        rows.extend(self.referral(asked, cut));
        rows
    }

    /// The row of the delegation, if the zone has other NS records.
    fn referral(&self, (name, kind): Asked<'_>, cut: &Cut) -> Option<ComparedAnswer> {
        let record = |server: &String| Record {
            name: name.to_owned(),
            ttl: 0,
            kind: kind.to_owned(),
            data: server.clone(),
        };
        let answers: Vec<Record> = cut.names.iter().map(record).collect();
        let told = Told::of_records(&answers, (name, kind), false);
        if (name, kind) != (cut.zone.as_str(), "NS") || told.is_empty() || self.agreed.current.contains(&told)
        {
            return None;
        }
        let got = Got::Reply(ReplyFacts { rcode: "NOERROR".to_owned(), answers, ..ReplyFacts::default() });
        let mut row =
            ComparedAnswer::unjudged((AnswerSource::NameServer, "the zone above"), (name, kind), &got);
        (row.ttl, row.elapsed, row.verdict) = (None, None, AnswerVerdict::Different);
        row.why = "its delegation has other name servers than the NS records of the zone".to_owned();
        Some(row)
    }

    fn verdict_on_former(&self) -> (AnswerVerdict, String) {
        let only = "only the cache of this resolver has this name server";
        if self.knows_own() {
            return (AnswerVerdict::Old, only.to_owned());
        }
        let why = format!("{only}; whether {} names it itself is not known", self.apex);
        (AnswerVerdict::Unknown, why)
    }

    fn verdict(
        &self,
        facts: &DomainFacts,
        asked: Asked<'_>,
        (server, got): (IpAddr, &Got),
    ) -> (AnswerVerdict, String) {
        let different = |why: String| (AnswerVerdict::Different, why);
        if let Some(samples) = self.own.get(&server) {
            if samples.answers().into_iter().all(|told| self.agreed.current.contains(told)) {
                return (AnswerVerdict::Same, String::new());
            }
            return different("the zone itself names this server, the zone above does not".to_owned());
        }
        let Some(samples) = self.servers.get(&server) else { return failure(got) };
        if fails_mixed_case(facts, asked, (server, samples)) {
            return different("it denies the name in mixed case (0x20), as resolverd asks".to_owned());
        }
        if self.is_apart() && !self.beyond.own.contains(&server) {
            return different("the zone above names this server, the zone itself does not".to_owned());
        }
        match self.agreed.standings.get(&server) {
            Some(standing) => self.in_words(standing, samples, asked.1),
            None => failure(got),
        }
    }

    /// The verdict about a server, with its reason.
    fn in_words(&self, standing: &Standing, samples: &Samples, kind: &str) -> (AnswerVerdict, String) {
        let newest = self.agreed.newest;
        let serial = newest.map(|serial| format!(" with serial {serial}")).unwrap_or_default();
        let most = self.agreed.most.as_ref().map(|told| told.words(kind)).unwrap_or_default();
        match standing {
            Standing::Same => (AnswerVerdict::Same, String::new()),
            Standing::InTurn => match samples.other() {
                Some(told) => {
                    (AnswerVerdict::InTurn, format!("asked again, it answers \"{}\"", told.words(kind)))
                }
                None => (AnswerVerdict::InTurn, "the zone answers in turn".to_owned()),
            },
            Standing::Behind => {
                let (own, newest) = (samples.serial().unwrap_or_default(), newest.unwrap_or_default());
                let why =
                    format!("it has not yet transferred the zone: serial {own}, and another has {newest}");
                (AnswerVerdict::NotTransferred, why)
            }
            Standing::TwoVersions => {
                let serials: Vec<String> = samples.versions().iter().map(ToString::to_string).collect();
                let cause = "machines behind this address differ, or the zone has just changed";
                let why =
                    format!("it has two versions of the zone, serials {}: {cause}", serials.join(" and "));
                (AnswerVerdict::Different, why)
            }
            Standing::OverTcp(told) => {
                (AnswerVerdict::Different, format!("over TCP it answers \"{}\"", told.words(kind)))
            }
            Standing::Unsteady(told) => {
                (AnswerVerdict::Different, format!("asked again, it answers \"{}\"", told.words(kind)))
            }
            Standing::Fewer if self.agreed.is_validated => {
                let why =
                    format!("this resolver has validated {most}; the signature of this one was not checked");
                (AnswerVerdict::Different, why)
            }
            Standing::Fewer => (AnswerVerdict::Different, format!("most name servers have {most}{serial}")),
            Standing::Tie => {
                let why = format!("{DIFFER}{serial}, and no answer has a majority");
                (AnswerVerdict::Different, why)
            }
            Standing::Open(doubt) => doubtful(*doubt, &serial),
        }
    }
}

/// The verdict where it cannot be told which answer is right, with its reason.
pub(super) fn doubtful(doubt: Doubt, serial: &str) -> (AnswerVerdict, String) {
    match doubt {
        Doubt::Serials => {
            let why = "without comparable serials of all it cannot be told which is newer";
            (AnswerVerdict::Unknown, format!("{DIFFER}, and {why}"))
        }
        Doubt::Short => {
            let why = "a short TTL: in turn or by place, or the zone was changed without a new serial";
            (AnswerVerdict::Elsewhere, format!("{DIFFER}{serial} and {why}"))
        }
        Doubt::Turns => {
            let why = "some give other addresses when they are asked again: in turn, by place, or a fault";
            (AnswerVerdict::Elsewhere, format!("{DIFFER}{serial}; {why}"))
        }
    }
}

/// Whether records of a type are addresses.
pub(super) fn is_address(kind: &str) -> bool {
    ["A", "AAAA"].contains(&kind)
}

/// The TTLs of the records of a type at these servers.
fn ttls(facts: &DomainFacts, asked: Asked<'_>, servers: impl Iterator<Item = IpAddr>) -> Vec<u32> {
    let replies = servers.filter_map(|server| match said(facts, asked, server) {
        Some(Got::Reply(reply)) => Some(reply),
        _ => None,
    });
    let records = replies.flat_map(|reply| &reply.answers);
    records.filter(|record| record.kind == asked.1).map(|record| record.ttl).collect()
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
