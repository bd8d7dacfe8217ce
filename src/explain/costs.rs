//! The answer to `resolverctl why` without a subject: the causes of delayed mail in a period, and the delay by each. The delays are summed
//! up by who can remove their cause: this host, other operators, or the client programs.
//!
//! # Decisions
//!
//! - An email counts if it waited as long as a slow question, or if a failed question defers it. An email consists of groups of questions
//!   (see `emails`); its causes are those that the module `culprit` finds for each group.
//! - A failed question to a DNS list defers no mail, so only the time until its answer counts. A pause of the client does not count if
//!   another mail may have begun after the pause.
//! - The share of emails is known only for the time in which all questions are in memory. The disk has only slow and failed questions.
//! - If packets get lost on the path to the servers of one zone, that path is blamed. If they get lost on paths to several zones, the
//!   network of this host is blamed.
//! - Zones whose silent or slow servers are in the same networks have one row: the fault is that of their common hosting provider.
//! - Memory has all questions of the last minutes, the disk those of mail that waited long or had a failed query, and the sums of each minute
//!   (see `delays`). All are read, so the sums of a period do not depend on what memory still has.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::culprit::{Cause, ExplainedQuestion, judge};
use crate::delays::{Covered, ListDelays, OfList};
use crate::emails::{Email, emails};
use crate::evidence::seconds;
use crate::explained::Explained;
use crate::limits::{MAX_COST_ROWS, MAX_SUM_SERVERS, WHY_MARGIN};
use crate::message::{Message, group};
use crate::traffic::{Traffic, slow_answer};
use crate::why::{DaemonFacts, is_zero};
use dns::clock::micros;
use dns::conduct::network_text;
use dns::question::{name_of_wire, name_text};
use record::culprit::{CulpritKind, Side};
use record::entry::{DelayEntry, QuestionEntry};
use record::line::named;
use record::{ReadSpan, Recorded};

/// The period and the clients of a report about delayed mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CostsWanted {
    /// The start of the period, in microseconds since 1970.
    pub from: u64,
    /// The end of the period, in microseconds since 1970.
    pub to: u64,
    /// If set, only messages (emails) of these clients are counted.
    pub client: Option<IpNet>,
    /// If set, the report also has the messages (emails) that this DNS list delayed. Its apex in wire form.
    pub list: Option<Box<[u8]>>,
}

/// How much mail a cause, or all causes of a side, delayed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CostRow {
    /// The party that can remove the cause.
    pub side: Side,
    /// The kind of the cause; none in the row with the sum of a side.
    pub kind: Option<CulpritKind>,
    /// The zone or list of the cause; the first zone of several with servers in the same networks.
    pub zone: Option<String>,
    /// The networks in which several zones have their silent or slow servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub servers: Option<String>,
    /// The number of zones with servers in these networks; 0 for other causes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub zones: u64,
    /// The time that mail waited, in seconds.
    pub time: f64,
    /// The time that mail waited in the previous period of equal length, in seconds; none if the history does not reach back so far.
    pub before: Option<f64>,
    /// The number of failed queries, without queries to DNS lists: mail software does not defer a mail when these fail.
    pub failed: u64,
    /// The number of delayed or failed messages (emails).
    pub messages: u64,
    /// The share of all messages (emails) of the period; none if the history has only slow and failed queries.
    pub share: Option<f64>,
    /// The command that shows more about the cause.
    pub next: Option<String>,
}

/// The period of a report about delayed mail.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CostSpan {
    /// The start, in seconds since 1970.
    pub from: f64,
    /// True if the history, in memory and on disk, begins after the wanted start.
    #[serde(default)]
    pub cut: bool,
    /// The end, in seconds since 1970.
    pub to: f64,
    /// The number of messages (emails); none if the history has only slow and failed queries.
    pub messages: Option<u64>,
    /// The number of messages (emails) that waited long, or that mail software deferred because of a failed query.
    pub touched: u64,
    /// The time, in seconds, from which a wait is long.
    pub slow: f64,
    /// True if the history has nothing of the period.
    pub empty: bool,
    /// The time since which the history has questions, in seconds since 1970.
    #[serde(default)]
    pub begin: Option<f64>,
    /// True if the configuration turns off the recording of questions.
    pub off: bool,
}

/// The report about delayed mail in a period.
#[derive(Clone, Debug, PartialEq)]
pub struct CostReport {
    /// For each side (this host, other operators, or the clients) its sum, followed by its causes, the greatest first.
    pub rows: Vec<CostRow>,
    /// The period of the rows.
    pub span: CostSpan,
    /// The messages that the wanted DNS list delayed.
    pub list: Option<ListDelays>,
}

/// The key of a row: the side, and the kind and zone (in wire form) of the cause. `None` for the row with the sum of the side.
pub(crate) type RowKey = (Side, Option<ZoneFault>);

pub(crate) type CostTable = BTreeMap<RowKey, Cost>;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// The sum of `Cause::delay` in microseconds: the waiting time plus a fixed time for failures.
    worth: u64,
    micros: u64,
    failed: u64,
    messages: u64,
}

impl CostsWanted {
    /// Returns the previous period of equal length.
    fn before(&self) -> Self {
        let from = self.from.saturating_sub(self.to.saturating_sub(self.from));
        Self { from, to: self.from, ..self.clone() }
    }

    /// Returns the times to read from the history: both periods, and a margin before and after them.
    pub fn span(&self) -> ReadSpan {
        let (from, client) = (self.before().from.saturating_sub(micros(WHY_MARGIN)), self.client);
        ReadSpan {
            from,
            to: self.to.saturating_add(micros(WHY_MARGIN)),
            client,
            hits: true,
            sums: client.is_none(),
        }
    }
}

/// Returns the causes that delayed mail in a period.
pub fn costs(recorded: &Recorded, wanted: &CostsWanted, facts: &DaemonFacts<'_>) -> CostReport {
    let whole = recorded.whole().max(recorded.lost_hits).unwrap_or(u64::MAX);
    // The disk has what memory has lost: all mail that waited long or had a failed query, and the sums of all mail.
    let reach = [recorded.stored_since, recorded.summed_since].into_iter().flatten().fold(whole, u64::min);
    let from = if reach < wanted.to { wanted.from.max(reach) } else { wanted.from };
    let (wanted, cut) = (CostsWanted { from, ..wanted.clone() }, from > wanted.from);
    let all = group(recorded, facts.list).all;
    let emails = emails(all.iter(), recorded);
    let of_span = |span: &CostsWanted| -> Vec<&Email<'_>> {
        emails.iter().filter(|one| (span.from..span.to).contains(&one.lead.began)).collect()
    };
    let earlier = wanted.before();
    let (covered, covered_before) = (Covered::new(recorded, &wanted), Covered::new(recorded, &earlier));
    let [now, before] = explained_costs(recorded, facts, |traffic, explain| {
        [(&wanted, &covered), (&earlier, &covered_before)].map(|(span, covered)| {
            let uncounted = of_span(span).into_iter().filter(|email| !covered.has(email));
            JudgedMessages::new(uncounted.collect(), recorded, traffic, explain).with_sums(covered)
        })
    });
    let common = CommonFaults::from_causes(
        now.causes
            .iter()
            .chain(&before.causes)
            .flatten()
            .chain(&now.summed_causes)
            .chain(&before.summed_causes),
    );
    let table = |judged: &JudgedMessages| judged.table(&common, facts.configured);
    let begin = [recorded.begin, recorded.stored_since, recorded.summed_since].into_iter().flatten().min();
    let is_summed =
        wanted.client.is_none() && recorded.summed_since.is_some_and(|since| since <= wanted.from);
    let messages = (whole <= wanted.from || is_summed).then_some(now.messages);
    let earlier = (reach <= earlier.from).then(|| table(&before));
    let of_list = OfList { recorded, list: facts.list };
    let list = wanted.list.as_ref();
    CostReport {
        rows: rows((&table(&now), earlier.as_ref()), &common, messages),
        list: list.map(|list| ListDelays::new(list, &of_span(&wanted), &covered, &of_list)),
        span: CostSpan {
            from: seconds(wanted.from),
            cut,
            to: seconds(wanted.to),
            messages,
            touched: now.touched,
            slow: seconds(slow_answer(facts.slow)),
            empty: begin.is_none_or(|begin| begin >= wanted.to),
            begin: begin.map(seconds),
            off: recorded.off,
        },
    }
}

/// Calls `judge` with the traffic and the function that explains a question.
pub(crate) fn explained_costs<'r, Judged>(
    recorded: &'r Recorded,
    facts: &DaemonFacts<'_>,
    judge: impl FnOnce(&Traffic, &dyn Fn(&'r QuestionEntry) -> ExplainedQuestion<'r>) -> Judged,
) -> Judged {
    let explained = Explained::from_recorded(recorded, facts.list);
    let traffic = Traffic::from_recorded(recorded, facts.slow);
    judge(&traffic, &|one| explained.explain(one, facts.list))
}

/// Returns the time that a message (email) with these causes waited because of each side, in seconds.
pub(crate) fn sums(causes: &[Cause], configured: Configured<'_>) -> BTreeMap<Side, f64> {
    let table = table(&[causes.to_vec()], &CommonFaults::default(), configured);
    let sums = table.iter().filter(|((_, cause), _)| cause.is_none());
    sums.map(|((side, _), cost)| (*side, seconds(cost.micros))).collect()
}

/// The kinds of causes that zones of one hosting provider have in common.
const OF_HOSTERS: [CulpritKind; 2] = [CulpritKind::ServerSilent, CulpritKind::ServerSlow];

/// The key of a cause of a zone: the kind, and the zone in wire form.
pub(crate) type ZoneFault = (CulpritKind, Box<[u8]>);

#[derive(Default)]
pub(crate) struct CommonFaults {
    /// For each zone whose silent or slow servers are in the same networks as those of other zones: the first zone of these networks.
    first: BTreeMap<ZoneFault, Box<[u8]>>,
    /// For each such first zone: the networks, and the number of zones with servers in them.
    hosters: BTreeMap<ZoneFault, (String, u64)>,
}

impl CommonFaults {
    fn from_causes<'c>(causes: impl Iterator<Item = &'c Cause>) -> Self {
        let mut networks = BTreeMap::<(CulpritKind, &[u8]), BTreeSet<String>>::new();
        for cause in causes.filter(|cause| OF_HOSTERS.contains(&cause.kind)) {
            let of_zone = networks.entry((cause.kind, &cause.zone)).or_default();
            of_zone.extend(cause.servers.keys().map(|server| network_text(*server)));
        }
        let mut hosters = BTreeMap::<(CulpritKind, BTreeSet<String>), Vec<&[u8]>>::new();
        for ((kind, zone), networks) in networks.into_iter().filter(|(_, networks)| !networks.is_empty()) {
            hosters.entry((kind, networks)).or_default().push(zone);
        }
        let mut common = Self::default();
        for ((kind, networks), zones) in &hosters {
            let [first, _, ..] = zones.as_slice() else { continue };
            common.first.extend(zones.iter().map(|zone| ((*kind, (*zone).into()), (*first).into())));
            common.hosters.insert((*kind, (*first).into()), (named(networks.iter()), zones.len() as u64));
        }
        common
    }

    fn key(&self, is_of_zone: bool, cause: &Cause) -> ZoneFault {
        if !is_of_zone {
            return (cause.kind, Box::default());
        }
        let own = (cause.kind, cause.zone.clone());
        match self.first.get(&own) {
            Some(first) => (cause.kind, first.clone()),
            None => own,
        }
    }
}

/// The messages (emails) of a period.
#[derive(Default)]
pub(crate) struct JudgedMessages {
    pub(crate) messages: u64,
    /// The number of messages that waited long or had a failed question that defers mail.
    pub(crate) touched: u64,
    /// The causes of each message.
    pub(crate) causes: Vec<Vec<Cause>>,
    /// The zones and servers of the causes in sums on disk.
    summed_causes: Vec<Cause>,
    /// The sums on disk.
    summed: Vec<DelayEntry>,
}

impl JudgedMessages {
    pub(crate) fn new<'r>(
        mut found: Vec<&Email<'_>>,
        recorded: &'r Recorded,
        traffic: &Traffic,
        explain: &dyn Fn(&'r QuestionEntry) -> ExplainedQuestion<'r>,
    ) -> Self {
        let messages = found.len() as u64;
        found.retain(|email| {
            email.groups().any(|group| group.took() >= traffic.slow || group.has_failed(recorded))
        });
        // An email has one or more groups of queries. Each group is judged as `resolverctl why NAME` judges it.
        let of_group = |group: &Message| {
            let mut verdict = judge(&group.queries(recorded).map(explain).collect::<Vec<_>>(), traffic);
            verdict.causes.retain(|cause| cause.delay() >= traffic.slow);
            (verdict.waited >= traffic.slow || !verdict.causes.is_empty()).then_some(verdict.causes)
        };
        let causes = |email: &Email<'_>| {
            let touched: Vec<_> = email.groups().filter_map(of_group).collect();
            (!touched.is_empty()).then(|| touched.concat())
        };
        let causes: Vec<_> = found.into_iter().filter_map(causes).collect();
        Self { messages, touched: causes.len() as u64, causes, ..Self::default() }
    }

    /// Adds the sums of the period on disk.
    fn with_sums(mut self, covered: &Covered<'_>) -> Self {
        for sum in covered.of_period() {
            if sum.is_total() {
                self.messages = self.messages.saturating_add(sum.messages);
                self.touched = self.touched.saturating_add(sum.failed);
            }
            if sum.side.is_none() {
                continue;
            }
            if let Some(kind) = sum.kind {
                let servers = sum.servers.iter().map(|server| (*server, (0, 0))).collect();
                self.summed_causes.push(Cause { servers, ..Cause::new(kind, (*sum.zone).into()) });
            }
            self.summed.push(sum.clone());
        }
        self
    }

    /// Returns the first servers of each cause.
    pub(crate) fn servers(&self) -> BTreeMap<ZoneFault, BTreeSet<IpAddr>> {
        let mut servers = BTreeMap::<ZoneFault, BTreeSet<IpAddr>>::new();
        for cause in self.causes.iter().flatten() {
            let of_cause = servers.entry((cause.kind, cause.zone.clone())).or_default();
            let room = MAX_SUM_SERVERS.saturating_sub(of_cause.len());
            of_cause.extend(cause.servers.keys().take(room));
        }
        servers
    }

    fn table(&self, common: &CommonFaults, configured: Configured<'_>) -> CostTable {
        let mut table = table(&self.causes, common, configured);
        for DelayEntry { side, kind, zone, worth, micros, failed, messages, .. } in &self.summed {
            let Some(side) = *side else { continue };
            let cause = kind.map(|kind| common.key(!zone.is_empty(), &Cause::new(kind, (**zone).into())));
            let cost = Cost { worth: *worth, micros: *micros, failed: *failed, messages: *messages };
            table.entry((side, cause)).or_default().join(cost);
        }
        table
    }
}

/// Returns true if the configuration names the servers of a zone (see `DaemonFacts::configured`).
pub(crate) type Configured<'a> = &'a dyn Fn(&[u8]) -> bool;

pub(crate) fn table(judged: &[Vec<Cause>], common: &CommonFaults, configured: Configured<'_>) -> CostTable {
    let mut table = CostTable::new();
    for causes in judged {
        // A side is the party that can remove a cause: for servers that the configuration names, the operator of this host. Those of a DNS list are
        // another operator's, unless they run on this host. A message with two causes of a side counts once for it.
        let mut of_message = CostTable::new();
        for cause in causes.iter().filter(|cause| cause.kind != CulpritKind::None && cause.delay() > 0) {
            let is_own = (cause.kind.is_of_servers() || cause.has_servers_here()) && configured(&cause.zone);
            let side = if is_own { Side::Mine } else { side(cause) };
            let is_of_zone = is_own || side != Side::Mine;
            let (worth, micros, failed) = (cause.delay(), cause.micros, cause.deferring.into());
            for key in [(side, None), (side, Some(common.key(is_of_zone, cause)))] {
                of_message.entry(key).or_default().join(Cost { worth, micros, failed, messages: 0 });
            }
        }
        for (key, cost) in of_message {
            table.entry(key).or_default().join(Cost { messages: 1, ..cost });
        }
    }
    table
}

/// Returns the rows: the side with the greatest sum first, each side followed by its causes.
fn rows(
    (table, before): (&CostTable, Option<&CostTable>),
    common: &CommonFaults,
    messages: Option<u64>,
) -> Vec<CostRow> {
    let row = |key: &RowKey, cost: &Cost| {
        let (side, cause) = (key.0, key.1.as_ref());
        let hoster = cause.and_then(|cause| common.hosters.get(cause));
        let zone = cause.filter(|(_, zone)| !zone.is_empty()).map(|(_, zone)| name_text(&name_of_wire(zone)));
        CostRow {
            side,
            kind: cause.map(|(kind, _)| *kind),
            servers: hoster.map(|(servers, _)| servers.clone()),
            zones: hoster.map_or(0, |(_, zones)| *zones),
            time: seconds(cost.micros),
            before: before.map(|before| before.get(key).map_or(0.0, |cost| seconds(cost.micros))),
            failed: cost.failed,
            messages: cost.messages,
            share: messages.map(|all| cost.messages as f64 / all.max(1) as f64),
            next: cause.map(|(kind, _)| next(side, *kind, zone.as_deref().unwrap_or_default())),
            zone,
        }
    };
    let mut sorted: Vec<_> = table.iter().collect();
    sorted.sort_by_key(|(_, cost)| Reverse(cost.worth));
    let mut rows = Vec::new();
    for (sum, cost) in sorted.iter().filter(|((_, cause), _)| cause.is_none()) {
        rows.push(row(sum, cost));
        let of_side = sorted.iter().filter(|((side, cause), _)| *side == sum.0 && cause.is_some());
        rows.extend(of_side.take(MAX_COST_ROWS).map(|(key, cost)| row(key, cost)));
    }
    rows
}

impl Cost {
    pub(crate) fn entry(self, of: &DelayEntry) -> DelayEntry {
        let Self { worth, micros, failed, messages } = self;
        DelayEntry { worth, micros, failed, messages, ..of.clone() }
    }

    fn join(&mut self, other: Self) {
        self.worth = self.worth.saturating_add(other.worth);
        self.micros = self.micros.saturating_add(other.micros);
        self.failed = self.failed.saturating_add(other.failed);
        self.messages = self.messages.saturating_add(other.messages);
    }
}

/// Returns who can remove a cause. If packets get lost on the path to the servers of one zone, the result is `Theirs`: the operators of other
/// hosts. Losses in the network of this host have a kind of their own, `NetworkLossy`.
fn side(cause: &Cause) -> Side {
    match cause.kind {
        kind if kind.is_of_this_host() => Side::Mine,
        CulpritKind::Unreachable if cause.is_of_this_host() || cause.silent_path => Side::Mine,
        CulpritKind::Client => Side::Client,
        CulpritKind::Unknown => Side::Unknown,
        _ => Side::Theirs,
    }
}

/// Returns the command that shows more about a cause.
fn next(side: Side, kind: CulpritKind, zone: &str) -> String {
    let (has_zone, zone) = (!zone.is_empty(), zone.trim_end_matches('.'));
    match kind {
        CulpritKind::ListSilent | CulpritKind::ListSlow | CulpritKind::ListRefused => {
            "resolverctl dnsbl".to_owned()
        }
        CulpritKind::Overload => "resolverctl stats --by client".to_owned(),
        _ if side == Side::Mine && has_zone => "resolverctl zones".to_owned(),
        _ if side == Side::Mine => "resolverctl check system".to_owned(),
        _ if zone.is_empty() => "resolverctl why --slowest 5".to_owned(),
        CulpritKind::Unknown => format!("resolverctl why {zone}"),
        _ => format!("resolverctl check {zone}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::ListName;
    use dns::question::{Outcome, is_within};
    use hickory_proto::rr::RecordType;

    const LIST: &[u8] = b"\x04list\x04test\x00";

    /// Returns the report about questions with a name, a time in milliseconds and an outcome.
    fn report(asked: &[(&[u8], u64, Outcome)]) -> CostReport {
        let question = |(name, at, outcome): &(&[u8], u64, Outcome)| QuestionEntry {
            outcome: *outcome,
            ..QuestionEntry::hit((*name).into(), RecordType::A, [127, 0, 0, 1].into(), 0, (at + 1) * 1_000)
        };
        report_of(asked.iter().map(question).collect())
    }

    fn report_of(questions: Vec<QuestionEntry>) -> CostReport {
        let recorded = Recorded { questions, begin: Some(0), lost_hits: Some(0), ..Recorded::default() };
        let list = |name: &[u8]| {
            is_within(name, LIST).then_some(ListName { apex: LIST.len(), keyed: false, refuses: false })
        };
        let facts = DaemonFacts { list: &list, ..DaemonFacts::default() };
        costs(&recorded, &CostsWanted { to: 60_000_000, ..CostsWanted::default() }, &facts)
    }

    #[test]
    fn instant_failure_and_pause_cost_nothing() {
        let name = b"\x07example\x00";
        let CostReport { rows, span, .. } =
            report(&[(name, 0, Outcome::Cache), (name, 1_500, Outcome::Cache)]);
        assert_eq!((rows, span.touched, span.messages), (Vec::new(), 0, Some(1)));
        let CostReport { rows, span, .. } = report(&[(LIST, 0, Outcome::Failed)]);
        assert_eq!((rows, span.touched), (Vec::new(), 0));
        let CostReport { rows, span, .. } = report(&[(LIST, 0, Outcome::Failed), (name, 1, Outcome::Failed)]);
        let failed: Vec<_> = rows.iter().map(|row| (row.zone.as_deref(), row.failed)).collect();
        assert_eq!((failed, span.touched), (vec![(None, 1), (Some("example."), 1)], 1));
    }

    #[test]
    fn reverse_names_alone_are_no_email() {
        let reverse = |at: u64, kind: RecordType| QuestionEntry {
            kind,
            outcome: Outcome::Failed,
            ..QuestionEntry::failed(b"\x017\x012\x010\x03192\x07in-addr\x04arpa\x00", at * 10_000_000)
        };
        let questions = vec![reverse(0, RecordType::PTR), reverse(1, RecordType::PTR)];
        assert_eq!(report_of(questions.clone()).span.messages, Some(0));
        let CostReport { span, rows, .. } = report_of([questions, vec![reverse(1, RecordType::A)]].concat());
        assert_eq!((span.messages, span.touched, rows.len()), (Some(1), 1, 2));
    }

    #[test]
    fn zones_of_one_hoster_share_row() {
        let of_servers = |kind: CulpritKind, zone: &[u8], servers: &[&str]| Cause {
            micros: 1_000_000,
            servers: servers.iter().map(|server| (server.parse().unwrap(), (1, 1))).collect(),
            ..Cause::new(kind, zone.into())
        };
        let silent = |zone: &[u8], servers: &[&str]| of_servers(CulpritKind::ServerSilent, zone, servers);
        let slow = |zone: &[u8], servers: &[&str]| of_servers(CulpritKind::ServerSlow, zone, servers);
        let judged = [
            vec![silent(b"\x01a\x04test\x00", &["192.0.2.1"]), silent(b"\x01b\x04test\x00", &["192.0.2.2"])],
            vec![silent(b"\x01a\x04test\x00", &["192.0.2.2"])],
            vec![
                silent(b"\x01b\x04test\x00", &["192.0.2.1"]),
                silent(b"\x01c\x04test\x00", &["198.51.100.1"]),
            ],
            vec![slow(b"\x01d\x04test\x00", &["203.0.113.9"]), slow(b"\x01e\x04test\x00", &["203.0.113.10"])],
        ];
        let common = CommonFaults::from_causes(judged.iter().flatten());
        let rows = rows((&table(&judged, &common, &|_| false), None), &common, None);
        let shown: Vec<_> = rows
            .iter()
            .map(|row| (row.zone.as_deref(), row.servers.as_deref(), row.zones, row.messages))
            .collect();
        let expected = [
            (None, None, 0, 4),
            (Some("a.test."), Some("192.0.2.0/24"), 2, 3),
            (Some("d.test."), Some("203.0.113.0/24"), 2, 1),
            (Some("c.test."), None, 0, 1),
        ];
        assert_eq!(shown, expected);
    }

    // rbldnsd on a loopback address answers for a list.
    #[test]
    fn loopback_list_server_is_ours() {
        for (server, side) in [("127.0.0.1", Side::Mine), ("192.0.2.1", Side::Theirs)] {
            let slow = Cause {
                micros: 2_000_000,
                servers: [(server.parse().unwrap(), (1, 1))].into(),
                ..Cause::new(CulpritKind::ListSlow, LIST.into())
            };
            let common = CommonFaults::default();
            let rows = rows((&table(&[vec![slow]], &common, &|_| true), None), &common, None);
            let shown: Vec<_> =
                rows.iter().map(|row| (row.side, row.zone.as_deref(), row.next.as_deref())).collect();
            assert_eq!(shown, [(side, None, None), (side, Some("list.test."), Some("resolverctl dnsbl"))]);
        }
    }

    /// Memory holds some minutes at a busy gateway. An uplink that was dead before that is in the sums all the same.
    #[test]
    fn period_before_memory_comes_from_disk() {
        let failed = |at: u64, stored: bool| QuestionEntry {
            stored,
            kind: RecordType::MX,
            ..QuestionEntry::failed(b"\x07example\x00", at * 1_000_000)
        };
        let recorded = Recorded {
            questions: vec![failed(10, true), failed(50, false)],
            begin: Some(40_000_000),
            lost: Some(40_000_000),
            stored_since: Some(0),
            ..Recorded::default()
        };
        let wanted = CostsWanted { from: 5_000_000, to: 60_000_000, ..CostsWanted::default() };
        let CostReport { rows, span, .. } = costs(&recorded, &wanted, &DaemonFacts::default());
        assert_eq!((span.from, span.cut, span.touched, span.messages), (5.0, false, 2, None));
        assert_eq!(rows.iter().map(|row| row.failed).collect::<Vec<_>>(), [2, 2]);
        assert!(rows.iter().all(|row| row.before == Some(0.0) && row.kind.is_some() == row.next.is_some()));
    }
}
