//! The sentences about a culprit: what was seen in the history, and what the operator can do.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::culprit::{Cause, ExplainedQuestion, MessageVerdict};
use crate::failure::turned_away;
use crate::why::DaemonFacts;
use dns::question::{ExtendedError, is_within, kind_text, name_of_wire, name_text};
use record::culprit::CulpritKind;
use record::event::ListFault;
use record::line::named;

/// A culprit: what delayed a message (email) or made it fail, with the evidence and the advice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CulpritReport {
    /// What made the message slow or fail.
    pub kind: CulpritKind,
    /// The zone whose servers or data are the culprit; none if no zone is.
    pub zone: Option<String>,
    /// The server for which the client waited longest.
    pub server: Option<String>,
    /// The DNS list that is the culprit, or whose questions were delayed or failed; none if no list is concerned.
    pub list: Option<String>,
    /// What the history shows about the culprit, as a sentence.
    pub evidence: String,
    /// How the servers of the zone usually behave, as a sentence; none if this is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<String>,
    /// What the operator can do, as a sentence.
    pub advice: String,
}

const NAMED: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absence {
    Off,
    Empty,
    Others,
    /// Some questions are stored on disk without client addresses. The wanted question may be one of these.
    HiddenClients,
}

impl CulpritReport {
    /// Creates a report with a culprit that belongs to no zone and no server.
    pub fn new(kind: CulpritKind, evidence: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { kind, evidence: evidence.into(), advice: advice.into(), ..Self::default() }
    }
}

pub(crate) fn unknown(absence: Absence) -> CulpritReport {
    let row = match absence {
        Absence::Off => "off",
        Absence::Empty => "empty",
        Absence::Others => "unknown",
        Absence::HiddenClients => "hidden_clients",
    };
    CulpritReport::new(CulpritKind::Unknown, sentence(EVIDENCE, row), sentence(ADVICE, row))
}

pub(crate) fn culprit(
    cause: &Cause,
    asked: &[ExplainedQuestion<'_>],
    verdict: &MessageVerdict,
    facts: &DaemonFacts<'_>,
) -> CulpritReport {
    let zone = (!cause.zone.is_empty()).then(|| name_text(&name_of_wire(&cause.zone)));
    let mut servers: Vec<_> = cause.servers.iter().collect();
    servers.sort_by_key(|(_, (_, time))| std::cmp::Reverse(*time));
    let named = named(servers.iter().map(|(server, _)| *server));
    let seen = Seen { cause, named, asked, verdict, zone: zone_with_lists(cause) };
    let addresses: Vec<IpAddr> = cause.servers.keys().copied().collect();
    CulpritReport {
        kind: cause.kind,
        list: cause.lists.first().map(|apex| name_text(&name_of_wire(apex))),
        server: servers.first().map(|(server, _)| server.to_string()),
        evidence: seen.evidence(),
        usual: zone.as_deref().and_then(facts.usual),
        advice: advice_of(cause, &addresses, (facts.configured)(&cause.zone)),
        zone,
    }
}

/// Returns the zone as text. If the zone is no DNS list, but delayed questions to DNS lists, the text names these lists too.
fn zone_with_lists(cause: &Cause) -> String {
    if cause.zone.is_empty() {
        return String::new();
    }
    let zone = name_text(&name_of_wire(&cause.zone));
    if cause.lists.is_empty() || cause.lists.contains(&cause.zone) {
        return zone;
    }
    let is_above = cause.lists.iter().all(|apex| is_within(apex, &cause.zone));
    let relation = if is_above { "a zone above" } else { "which is needed for" };
    format!("{zone}, {relation} {}", lists_text(cause))
}

fn lists_text(cause: &Cause) -> String {
    let lists = if cause.lists.len() == 1 { "DNS list" } else { "DNS lists" };
    format!("{lists} {}", list_names(cause))
}

fn list_names(cause: &Cause) -> String {
    let names: Vec<String> =
        cause.lists.iter().take(NAMED).map(|apex| name_text(&name_of_wire(apex))).collect();
    let more = cause.lists.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", names.join(", "))
}

struct Seen<'a> {
    cause: &'a Cause,
    named: String,
    asked: &'a [ExplainedQuestion<'a>],
    verdict: &'a MessageVerdict,
    zone: String,
}

const EVIDENCE: &str = include_str!("evidence.txt");

impl Seen<'_> {
    fn evidence(&self) -> String {
        use CulpritKind::*;
        let Self { cause, named, zone, .. } = self;
        let count: u32 = cause.servers.values().map(|(count, _)| *count).sum();
        let is_one = cause.servers.len() <= 1;
        let row = match cause.kind {
            Client => return self.pauses(),
            None => return self.nothing(),
            Unknown if cause.other_mail => {
                return format!(
                    "{}; the queries behind it begin as this mail began, so that they may be of another mail",
                    self.pauses()
                );
            }
            ServerSilent | ListSilent if named.is_empty() => "why",
            ServerSilent | ListSilent if count == 0 => "silent_before",
            ServerSilent | ListSilent => "silent",
            ServerSlow | ListSlow => "slow",
            ServerRefused | ListRefused if count > 0 => "refused",
            ServerLame if is_one => "lame",
            ServerLame => "lame_all",
            ServerFailed => "failed",
            Truncated if is_one => "truncated",
            Truncated => "truncated_all",
            Unreachable if cause.is_of_this_host() => "no_route",
            // No query was sent. The sentence gives the reason and the addresses of the servers.
            Unreachable if count == 0 => "why",
            Unreachable if cause.silent_path => "silent_path",
            Unreachable => "unreachable",
            Loss => "loss",
            Network => "network",
            NetworkLossy => "network_lossy",
            TcpBlocked => "tcp_blocked",
            Unknown if cause.why.is_empty() && !named.is_empty() => "simpler",
            Overload if cause.why.is_empty() => "overload",
            _ if cause.why.is_empty() => "not_shown",
            _ => "why",
        };
        let time: u64 = cause.servers.values().map(|(_, time)| *time).sum();
        let average = if count == 1 { "" } else { " on average" };
        let mean = format!("{:.1} s{average}", seconds(time.checked_div(count.into()).unwrap_or(0)));
        let queries = if count == 1 { "1 query".to_owned() } else { format!("{count} queries") };
        let one = if is_one { "" } else { "one of them " };
        let facts = [
            ("{mean}", &*mean),
            ("{queries}", &queries),
            ("{one}", one),
            ("{servers}", named),
            ("{zone}", zone),
        ];
        let facts = facts.into_iter().chain([("{why}", &*cause.why)]);
        let seen =
            facts.fold(sentence(EVIDENCE, row).to_owned(), |seen, (word, fact)| seen.replace(word, fact));
        format!("{seen}{}", self.cost())
    }

    /// Returns the end of the sentence: how long the message waited because of this cause, and how many questions failed.
    fn cost(&self) -> String {
        let (cause, waited) = (self.cause, self.verdict.waited);
        let [time, waited] = [cause.micros, waited].map(span);
        let time = match time == waited {
            // The question failed at once, so the sentence gives no duration.
            _ if time == span(0) && cause.failures > 0 => String::new(),
            true => format!("; this took all of the {waited}"),
            false => format!("; this took {time} of the {waited}"),
        };
        let failed = match cause.failures {
            0 => String::new(),
            1 => "; 1 query of the client failed".to_owned(),
            many => format!("; {many} queries of the client failed"),
        };
        let away = match cause.turned_away {
            0 => String::new(),
            // The sentence about overload already says how many questions failed.
            _ if cause.kind == CulpritKind::Overload => String::new(),
            count => format!("; {}", turned_away(count.into())),
        };
        format!("{time}{failed}{away}")
    }

    fn pauses(&self) -> String {
        let (idle, took) = (seconds(self.cause.micros), seconds(self.verdict.took));
        let (mut end, mut longest) = (0, (0, None));
        for question in self.asked.iter().map(|one| one.question) {
            if end > 0 {
                longest = longest
                    .max((question.at.saturating_sub(end), Some((&question.name, u16::from(question.kind)))));
            }
            end = end.max(question.end());
        }
        let before = longest.1.map(|(name, kind)| {
            let (name, kind) = (name_text(&name_of_wire(name)), kind_text(kind.into()));
            format!("; the longest pause, {:.1} s, was before {name} {kind}", seconds(longest.0))
        });
        format!("the client sent no query for {idle:.1} s of {took:.1} s{}", before.unwrap_or_default())
    }

    fn nothing(&self) -> String {
        let count = self.asked.len();
        let queries = if count == 1 { "1 query".to_owned() } else { format!("{count} queries") };
        let longest = self.asked.iter().map(|one| one.question.elapsed).max().unwrap_or(0);
        format!(
            "{queries} took {:.0} ms together, the longest {:.0} ms",
            seconds(self.verdict.waited) * 1e3,
            seconds(longest) * 1e3
        )
    }
}

/// Advice for each kind of culprit and some special cases. `{}` stands for the zone or the DNS list.
const ADVICE: &str = include_str!("advice.txt");

fn advice(key: &str, zone: &str) -> String {
    sentence(ADVICE, key).replace("{}", zone)
}

fn sentence(table: &'static str, key: &str) -> &'static str {
    let mut rows = table.lines().filter_map(|line| line.split_once(": "));
    rows.find(|(row, _)| *row == key).map_or("", |(_, text)| text)
}

/// Returns the advice for a cause. `servers`: the servers that the sentence of evidence names. `configured`: the configuration names the servers
/// of the zone.
pub(crate) fn advice_of(cause: &Cause, servers: &[IpAddr], configured: bool) -> String {
    use CulpritKind::{ListRefused, ListSilent, ListSlow, Unknown};
    let zone = match cause.kind {
        ListSilent | ListSlow | ListRefused if !cause.lists.is_empty() => list_names(cause),
        _ if cause.zone.is_empty() => String::new(),
        _ => name_text(&name_of_wire(&cause.zone)),
    };
    let or = |none: &str| if zone.is_empty() { none.to_owned() } else { zone.clone() };
    let kind = cause.kind;
    // For most zones, the advice is to write to the owner. The owner of the root zone cannot be asked, so this zone has advice of its own. If its
    // answers are bogus, the configuration is at fault. The variants of `CulpritKind` up to `Truncated` are faults of the servers of a zone.
    match kind {
        CulpritKind::Bogus if zone == "." => advice("root_keys", ""),
        _ if cause.other_mail => advice("other_mail", ""),
        Unknown if &*cause.why == ExtendedError::STOPPING => advice("stopped", ""),
        Unknown if cause.why.is_empty() && !servers.is_empty() => advice("simpler", &zone),
        Unknown if !cause.why.is_empty() => advice("traced", &or("the name")),
        _ if matches!(cause.list_fault, Some(ListFault::NewOwner | ListFault::ListsEverything)) => {
            advice("useless_list", &zone)
        }
        _ if cause.is_of_this_host() && servers.iter().any(IpAddr::is_ipv4) => advice("own_route", ""),
        _ if configured && kind.is_of_servers() => advice("configured", &zone),
        _ if zone == "." && kind <= CulpritKind::Truncated => advice("root", ""),
        CulpritKind::ServerSlow if cause.failures > 0 => advice("server_too_slow", &or("the zone")),
        CulpritKind::Unreachable => advice_of_route(&or("the zone"), servers),
        _ => advice(kind.word(), &or("the zone")),
    }
}

fn advice_of_route(zone: &str, servers: &[IpAddr]) -> String {
    if servers.iter().all(IpAddr::is_ipv6) {
        return advice(if servers.is_empty() { "addresses" } else { "ipv6" }, zone);
    }
    let servers = named(servers.iter().filter(|server| server.is_ipv4()));
    format!(
        "nothing answers at the DNS port of {servers}: the owner of {zone} must repair it; if it answers other hosts, check the routes of this host"
    )
}

/// Formats a duration in seconds, or in milliseconds below 0.1 s.
pub(crate) fn span(micros: u64) -> String {
    match micros {
        0..100 => "0 ms".to_owned(),
        100..1_000 => format!("{:.1} ms", seconds(micros) * 1e3),
        1_000..100_000 => format!("{:.0} ms", seconds(micros) * 1e3),
        _ => format!("{:.1} s", seconds(micros)),
    }
}

pub(crate) const MICROS: f64 = 1e6;

pub(crate) fn seconds(micros: u64) -> f64 {
    micros as f64 / MICROS
}

#[cfg(test)]
mod tests {
    use super::*;

    // The owner of the root zone is never named.
    #[test]
    fn root_faults_advise_firewall() {
        for kind in [CulpritKind::ServerSilent, CulpritKind::ServerRefused, CulpritKind::Truncated] {
            let shown =
                |configured| advice_of(&Cause::new(kind, [0].into()), &[[192, 0, 2, 1].into()], configured);
            assert!(shown(false).contains("firewall") && !shown(false).contains("owner"), "{}", shown(false));
            assert!(shown(true).starts_with("repair the servers of the [[zone]] \".\""), "{}", shown(true));
        }
    }

    #[test]
    fn culprit_kinds_have_advice() {
        for kind in CulpritKind::ALL {
            let shown = advice_of(&Cause::new(kind, Box::default()), &[], false);
            assert!(!shown.is_empty() && !shown.contains("{}"), "{kind:?}: {shown}");
        }
    }

    #[test]
    fn slow_server_with_failures_needs_repair() {
        let of = |failures| {
            let cause =
                Cause { failures, ..Cause::new(CulpritKind::ServerSlow, (*b"\x07example\x00").into()) };
            advice_of(&cause, &[], false)
        };
        assert!(of(0).starts_with("nothing; ") && of(10).starts_with("the owner of example. must repair"));
    }

    #[test]
    fn short_time_is_in_milliseconds() {
        let shown = [0, 400, 7_100, 99_400, 100_000, 4_000_000].map(span);
        assert_eq!(shown, ["0 ms", "0.4 ms", "7 ms", "99 ms", "0.1 s", "4.0 s"]);
    }

    // An unreachable IPv4 server is for its owner.
    #[test]
    fn unreachable_ipv6_advises_own_routes() {
        let (four, six) = ([192, 0, 2, 1].into(), "2001:db8::1".parse().unwrap());
        let cause = Cause::new(CulpritKind::Unreachable, (*b"\x07example\x00").into());
        let shown = |servers: &[IpAddr]| advice_of(&cause, servers, false);
        for servers in [&[four][..], &[four, six]] {
            let closed =
                "nothing answers at the DNS port of 192.0.2.1: the owner of example. must repair it; ";
            assert!(shown(servers).starts_with(closed), "{}", shown(servers));
            assert!(!shown(servers).contains("resolve.ipv6"));
        }
        assert!(shown(&[six]).contains("resolve.ipv6 = false"));
    }
}
