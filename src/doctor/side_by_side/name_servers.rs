//! The name servers' answers to the compared question, and the verdicts about them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::agreement::{Agreement, Context, Samples, Standing, agreement};
use super::answer::{AnswerData, AnswerSource, AnswerVerdict, ComparedAnswer};
use super::zone_cut::{Asked, ZoneServers};
use crate::facts::record_set::{ADDRESS_TTL, is_known};
use crate::facts::{DomainFacts, Got, NoReply, QueryForm, ReplyFacts, Want, at_server};
use crate::zone;

/// The forms of query to each server, the usual form first. Names in mixed case are included, because the daemon sends such names, and some
/// servers answer that these names do not exist.
const FORMS: [QueryForm; 4] = [QueryForm::Udp, QueryForm::Plain, QueryForm::Tcp, QueryForm::MixedCase];

/// Returns the next questions to the servers of the zone. `is_close`: true for a closer look, because the answers differ. Then the servers
/// are asked for the serials, and again for the records.
pub(super) fn wants(facts: &DomainFacts, asked: Asked<'_>, zone: &ZoneServers, is_close: bool) -> Vec<Want> {
    let mut wants = Vec::new();
    for server in zone.servers.keys().copied() {
        let mut want = |(name, kind): Asked<'_>, form| wants.push(at_server(server, name, kind, form));
        let first = facts.server(server, asked.0, asked.1, QueryForm::Udp);
        // The first reply may be an error because of EDNS (RFC 6891 section 7), and several machines at one address may give different
        // answers. So the question is repeated without EDNS.
        if matches!(first, Some(Got::Reply(_))) {
            want(asked, QueryForm::Plain);
        }
        if is_close && first_answer(facts, asked, server).is_some() {
            want((&zone.zone, "SOA"), QueryForm::Udp);
            want((&zone.zone, "SOA"), QueryForm::Plain);
            want(asked, QueryForm::Tcp);
            want(asked, QueryForm::MixedCase);
        }
    }
    wants
}

fn replies<'f>(
    facts: &'f DomainFacts,
    (name, kind): Asked<'_>,
    server: IpAddr,
) -> impl Iterator<Item = &'f ReplyFacts> {
    FORMS.into_iter().filter_map(move |form| facts.reply_of(server, name, kind, form))
}

/// Returns the authoritative answers of a server, in all forms of query.
fn answers(facts: &DomainFacts, asked: Asked<'_>, server: IpAddr) -> Vec<AnswerData> {
    let authoritative = replies(facts, asked, server).filter(|reply| reply.authoritative);
    authoritative.filter_map(|reply| AnswerData::from_reply(reply, asked)).collect()
}

fn first_answer<'f>(facts: &'f DomainFacts, asked: Asked<'_>, server: IpAddr) -> Option<&'f ReplyFacts> {
    replies(facts, asked, server)
        .find(|reply| reply.authoritative && AnswerData::from_reply(reply, asked).is_some())
}

/// The answers of all name servers of the zone.
#[derive(Clone, Debug, Default)]
pub(super) struct NameServers {
    /// The apex of the zone; empty if the zone was not found.
    pub(super) apex: String,
    servers: BTreeMap<IpAddr, Samples>,
    pub(super) agreed: Agreement,
    /// True if no TTL in the answers exceeds `ADDRESS_TTL`. With such short TTLs, the servers may give addresses in turn or by location.
    pub(super) is_short: bool,
}

impl NameServers {
    pub(super) fn new(facts: &DomainFacts, asked: Asked<'_>, zone: Option<&ZoneServers>) -> Self {
        let Some(zone) = zone else { return Self::default() };
        let (mut servers, mut primaries, mut ttls) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        for server in zone.servers.keys().copied() {
            let Some(first) = first_answer(facts, asked, server) else { continue };
            ttls.extend(first.answers.iter().filter(|record| record.is(asked.1)).map(|record| record.ttl));
            let soas = replies(facts, (&zone.zone, "SOA"), server).filter(|reply| reply.authoritative);
            let soas = soas.filter_map(zone::soa).filter(|soa| soa.owner == zone.zone);
            let mut serials = Vec::new();
            for soa in soas {
                serials.push(soa.serial);
                primaries.insert(soa.primary);
            }
            servers.insert(server, Samples { answers: answers(facts, asked, server), serials });
        }
        let is_short = ttls.iter().all(|ttl| *ttl <= ADDRESS_TTL);
        let is_address = ["A", "AAAA"].contains(&asked.1);
        let context = Context { is_address, is_short, has_one_primary: primaries.len() < 2 };
        Self { apex: zone.zone.clone(), agreed: agreement(&servers, context), servers, is_short }
    }

    pub(super) fn first_answers(&self) -> impl Iterator<Item = &AnswerData> {
        self.servers.values().filter_map(|samples| samples.answers.first())
    }

    pub(super) fn all_answers(&self) -> BTreeSet<&AnswerData> {
        self.servers.values().flat_map(Samples::distinct).collect()
    }

    /// Returns true if all servers gave the same answer, each at least twice.
    pub(super) fn is_steady(&self) -> bool {
        !self.servers.is_empty()
            && self.all_answers().len() == 1
            && self.servers.values().all(|samples| samples.answers.len() > 1)
    }

    /// Returns true if a server with an older version of the zone gives this answer.
    pub(super) fn is_behind(&self, answer: &AnswerData) -> bool {
        let is_behind = |server: &IpAddr| self.agreed.standings.get(server) == Some(&Standing::Behind);
        self.servers.iter().any(|(server, samples)| is_behind(server) && samples.answers.contains(answer))
    }

    /// Returns the answers with their verdicts, as rows of the output.
    pub(super) fn rows(
        &self,
        facts: &DomainFacts,
        asked: Asked<'_>,
        zone: &ZoneServers,
    ) -> Vec<ComparedAnswer> {
        let mut rows = Vec::new();
        for (server, names) in &zone.servers {
            let usual = FORMS.into_iter().find_map(|form| facts.server(*server, asked.0, asked.1, form));
            let Some(usual) = usual else { continue };
            let shown = first_answer(facts, asked, *server)
                .or_else(|| replies(facts, asked, *server).last())
                .map(|reply| Got::Reply(reply.clone()));
            let got = shown.as_ref().unwrap_or(usual);
            let name = zone::shown(*server, names);
            let mut row = ComparedAnswer::unjudged((AnswerSource::NameServer, &name), asked, Some(got));
            row.address = Some(*server);
            match (self.agreed.standings.get(server), self.servers.get(server)) {
                (Some(standing), Some(samples)) => {
                    (row.verdict, row.why) = self.verdict(*standing, samples, asked.1);
                    row.serial = samples.serials.first().copied();
                }
                _ => (row.verdict, row.why) = failure(got),
            }
            rows.push(row);
        }
        rows.extend(zone.unaddressed.iter().map(|name| {
            let mut row = ComparedAnswer::unjudged((AnswerSource::NameServer, name), asked, None);
            row.why = "no address of the server was found".to_owned();
            row
        }));
        rows
    }

    fn verdict(&self, standing: Standing, samples: &Samples, kind: &str) -> (AnswerVerdict, String) {
        let words = |answer: Option<&AnswerData>| answer.map(|answer| answer.words(kind)).unwrap_or_default();
        let serial = self.agreed.newest.map(|serial| format!(" with serial {serial}")).unwrap_or_default();
        match standing {
            Standing::Same => (AnswerVerdict::Same, String::new()),
            Standing::InTurn => (AnswerVerdict::InTurn, "the zone answers in turn".to_owned()),
            Standing::Behind => {
                let (own, newest) =
                    (samples.serial().unwrap_or_default(), self.agreed.newest.unwrap_or_default());
                let why =
                    format!("it has not yet transferred the zone: serial {own}, and another has {newest}");
                (AnswerVerdict::NotTransferred, why)
            }
            Standing::Unsteady => {
                let why = format!("asked again, it answers \"{}\"", words(samples.other()));
                (AnswerVerdict::Different, why)
            }
            Standing::Fewer => {
                let most = words(self.agreed.most.as_ref());
                (AnswerVerdict::Different, format!("most name servers have {most}{serial}"))
            }
            Standing::Open(doubt) => (doubt.verdict(), doubt.words().to_owned()),
        }
    }
}

/// Returns the verdict about a name server without an authoritative answer.
fn failure(got: &Got) -> (AnswerVerdict, String) {
    let (verdict, why) = match got {
        Got::Reply(reply) if reply.truncated => (AnswerVerdict::Unknown, "a truncated reply"),
        Got::Reply(reply) if is_known(reply) => {
            (AnswerVerdict::Failed, "it answers without authority, so it does not serve the zone")
        }
        Got::Reply(reply) if reply.rcode == "REFUSED" => {
            (AnswerVerdict::Refused, "REFUSED, so it does not serve the zone")
        }
        Got::Reply(reply) => (AnswerVerdict::Failed, reply.rcode.as_str()),
        other => return without_reply(other),
    };
    (verdict, why.to_owned())
}

/// Returns the verdict about a server or resolver that did not reply.
pub(super) fn without_reply(got: &Got) -> (AnswerVerdict, String) {
    match got {
        Got::NoReply(lost @ (NoReply::Silent | NoReply::Unreachable)) => {
            (AnswerVerdict::NoAnswer, lost.words())
        }
        Got::NoReply(lost) => (AnswerVerdict::Unknown, lost.words()),
        _ => (AnswerVerdict::Unknown, String::new()),
    }
}
