//! Converts states of the daemon to rows of replies: servers, resolutions (flights), cache entries of a name, look-ahead, and watched domains.
//!
//! All durations are in seconds.

use std::net::IpAddr;
use std::time::Duration;

use hickory_proto::rr::Name;

use super::controlled::Controlled;
use crate::limits;
use ::watched::WatchedState;
use ::watched::history::FollowedFinding;
use dns::cached::Delegation;
use dns::clock::Mono;
use dns::question::Question;
use dns::wire::presentation;
use dns::wire::presentation::{kind_text, rcode_text};
use dns::zone_file::data_text;
use protocol::Reply;
use protocol::rows::{FlightState, HeldAs, HeldRow, LookaheadRule, LookaheadState, ServerState};
use protocol::watched::{WatchedFinding, WatchedRow};
use record::{Counter, Recorder, Window};
use resolver::cache::look::{Held, HeldData};
use resolver::cache::security::{ZoneSecurity, ZoneTrust};
use resolver::cache::servers::KnownServer;
use resolver::limits::NO_TCP_TIME;
use resolver::lookahead::RuleStanding;
use resolver::resolve::inflight::InFlight;

/// Converts rows to replies. If there are too many rows, the last line says how many are missing.
pub(super) fn bounded<Row>(rows: Vec<Row>, reply: impl Fn(Row) -> Reply) -> Vec<Reply> {
    let left_out = rows.len().saturating_sub(limits::MAX_CONTROL_ROWS);
    let mut replies: Vec<Reply> = rows.into_iter().take(limits::MAX_CONTROL_ROWS).map(reply).collect();
    if left_out > 0 {
        replies.push(Reply::LeftOut { left_out: left_out as u64 });
    }
    replies
}

/// Returns a name without the final dot, as screens show the zones of DNS lists.
pub(super) fn apex_text(name: &Name) -> String {
    let text = presentation::name_text(name);
    text.strip_suffix('.').unwrap_or(&text).to_owned()
}

/// Returns the servers with the address `address`, or all servers if it is `None`.
pub(super) fn servers(known: Vec<KnownServer>, address: Option<IpAddr>, recorder: &Recorder) -> Vec<Reply> {
    let asked_for = |known: &KnownServer| address.is_none_or(|address| known.address.ip() == address);
    let known = without_own_faults(known, recorder).into_iter().filter(asked_for).collect();
    bounded(known, |known| Reply::ServerState(server_state(&known)))
}

/// Returns the servers without the faults that are those of this host: if TCP is blocked on the path from this host, none supports TCP.
pub fn without_own_faults(mut known: Vec<KnownServer>, recorder: &Recorder) -> Vec<KnownServer> {
    if recorder.was_tcp_blocked_within(NO_TCP_TIME) {
        known.iter_mut().for_each(|known| known.features.tcp = true);
    }
    known
}

fn server_state(known: &KnownServer) -> ServerState {
    ServerState {
        address: known.address,
        asked: known.asked,
        round_trip: known.round_trip.map(|round_trip| round_trip.as_secs_f64()),
        retry_after: known.timer.as_secs_f64(),
        health: known.health,
        dead_for: known.dead_for.map(|span| span.as_secs_f64()),
        unanswered: known.silences,
        features: known.features,
        lame: known.lame.iter().map(ToString::to_string).collect(),
    }
}

/// Returns the resolutions in progress.
pub(super) fn flights(flights: Vec<InFlight>) -> Vec<Reply> {
    bounded(flights, |flight| Reply::Flight(flight_state(flight)))
}

fn flight_state(flight: InFlight) -> FlightState {
    let InFlight { question, age, clients, last_query } = flight;
    FlightState {
        name: presentation::name_text(&question.name),
        kind: kind_text(question.kind),
        age: age.as_secs_f64(),
        clients,
        messages: last_query.messages,
        zone: last_query.zone,
        server: last_query.server,
    }
}

/// Converts a cache entry to a row of the reply. `now`: the current time, for the remaining TTL of an SOA record.
pub(super) fn held_row(held: Held, now: Mono) -> HeldRow {
    let mut row = HeldRow {
        held: HeldAs::Failure,
        kind: held.kind.map(kind_text),
        view: held.view.number(),
        flags: Vec::new(),
        ttl: held.left.as_secs(),
        source: None,
        octets: held.octets,
        data: Vec::new(),
    };
    match held.what {
        HeldData::Answer(question, answer) => {
            row.held = HeldAs::Answer;
            row.flags = flags(&question);
            let records = answer
                .wire
                .get(6..8)
                .map_or(0, |count| count.iter().fold(0_u16, |count, octet| count << 8 | u16::from(*octet)));
            let records = if records == 1 { "1 record".to_owned() } else { format!("{records} records") };
            row.data = vec![format!("{}, {records}", rcode_text(answer.rcode))];
        }
        HeldData::Rrset(rank, records) => {
            row.held = HeldAs::Rrset;
            row.source = Some(rank);
            row.data = records.iter().map(|record| data_text(&record.data)).collect();
        }
        HeldData::Negative(negative) => {
            row.held = HeldAs::Negative;
            let what = if negative.nxdomain { "NXDOMAIN" } else { "NODATA" };
            row.data = vec![match negative.soa(now) {
                Some(soa) => format!("{what}, SOA of {}", presentation::name_text(&soa.name)),
                None => format!("{what}, from empty answers of all servers"),
            }];
        }
        HeldData::Delegation(delegation) => {
            row.held = HeldAs::Delegation;
            row.data = servers_of(&delegation);
        }
        HeldData::State(state) => {
            row.held = HeldAs::Trust;
            row.data = vec![trust_text(&state)];
        }
        HeldData::Failure(question, error) => {
            row.flags = flags(&question);
            row.data = vec![error.text];
        }
    }
    row
}

fn trust_text(state: &ZoneTrust) -> String {
    let more = match &state.standing {
        ZoneSecurity::Secure(keys) => {
            let tags: Vec<String> = keys.keys.iter().map(|key| key.tag.to_string()).collect();
            Some(format!("keys {}", tags.join(", ")))
        }
        ZoneSecurity::Insecure(fault) => fault.as_ref().map(|fault| fault.text.clone()),
        ZoneSecurity::Bogus(fault) | ZoneSecurity::NoZone(fault) => Some(fault.text.clone()),
    };
    more.map_or_else(|| state.state().to_string(), |more| format!("{}: {more}", state.state()))
}

fn flags(question: &Question) -> Vec<String> {
    let set = [("do", question.dnssec_ok), ("cd", question.checking_disabled)];
    set.into_iter().filter(|(_, set)| *set).map(|(flag, _)| flag.to_owned()).collect()
}

/// Returns a text for each server of a delegation: its name and the addresses that came with the referral. Servers that the
/// operator configured by address come last.
fn servers_of(delegation: &Delegation) -> Vec<String> {
    let server_text = |(place, server): (usize, &hickory_proto::rr::Name)| {
        let glue = delegation.glue.iter().filter(|(of, _)| *of == place);
        std::iter::once(presentation::name_text(server))
            .chain(glue.map(|(_, address)| address.to_string()))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let configured = delegation.configured.iter().map(ToString::to_string);
    delegation.servers.iter().enumerate().map(server_text).chain(configured).collect()
}

/// Returns the rules of look-ahead in their order, then the mode of look-ahead.
pub(super) fn lookahead(subject: &impl Controlled) -> Vec<Reply> {
    let mut rows: Vec<Reply> =
        subject.lookahead().into_iter().map(|rule| Reply::LookaheadRule(rule_row(rule))).collect();
    let counts = subject.recorder().report(Window::Start).upstream.counts;
    let config = subject.config();
    rows.push(Reply::Lookahead(LookaheadState {
        mode: config.lookahead.mode,
        own_modes: config.all_listeners().filter(|listener| listener.lookahead.is_some()).count() as u64,
        refused: counts[Counter::LookaheadRefused],
        lost: counts[Counter::LookaheadLost],
    }));
    rows
}

fn rule_row(standing: RuleStanding) -> LookaheadRule {
    let RuleStanding { rule, state, counts, share } = standing;
    LookaheadRule {
        rule,
        state,
        asked: counts.asked,
        used: counts.used,
        unused: counts.unused,
        saved: Duration::from_micros(counts.saved_micros).as_secs_f64(),
        observed: counts.observed,
        sent_later: counts.sent_later,
        share,
    }
}

/// Converts the state of a watched domain or address to a row.
pub fn watched(state: WatchedState) -> WatchedRow {
    let WatchedState { subject, history, next } = state;
    WatchedRow {
        domain: subject.name.to_string(),
        own: subject.own.is_some(),
        side: subject.side,
        interval: subject.interval.as_secs_f64(),
        checked: history.checked,
        could_not_tell: history.could_not_tell,
        could_not_tell_since: history.could_not_tell_since,
        next: next.as_secs_f64(),
        findings: history.findings.into_iter().map(finding).collect(),
        changes: history.changes,
    }
}

fn finding(finding: FollowedFinding) -> WatchedFinding {
    let FollowedFinding { code, level, evidence, remedy, since, seen, standing, unseen, .. } = finding;
    let entry = code.entry();
    WatchedFinding {
        level,
        topic: entry.topic,
        code,
        standing,
        unseen,
        since,
        seen,
        evidence,
        effect: entry.effect.to_owned(),
        remedy: if remedy.is_empty() { entry.remedy.to_owned() } else { remedy },
        source: entry.source.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_beyond_bound_are_counted() {
        let row = |number: usize| Reply::Change { sentence: number.to_string() };
        let most = limits::MAX_CONTROL_ROWS;
        assert_eq!(bounded((0..most).collect(), row).len(), most);
        let more = bounded((0..most + 7).collect(), row);
        assert_eq!(more.len(), most + 1);
        assert_eq!(more.last(), Some(&Reply::LeftOut { left_out: 7 }));
    }
}
