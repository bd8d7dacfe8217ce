//! The state and health of the daemon, for the control socket and for metrics. Each problem is described by a sentence and has
//! advice.
//!
//! The health comes from the counters of a short period and from current problems, so yesterday's problems are not reported.

mod failing_zones;
pub mod listeners;
mod own_mail;
mod root_keys;
mod slow_networks;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;

use self::slow_networks::slow_networks;
use super::controlled::Controlled;
use super::lists;
use crate::limits::JUDGED;
use dns::clock::micros;
use dns::question::Outcome;
use protocol::fleet::FleetState;
use protocol::{Severity, Status, Warning};
use record::{ClockJump, FailuresByZone, Recorder, StatsReport, TimeSpan, Troubles, ZoneFailures};

/// Returns the current state and health of the daemon, for `resolverctl status`.
pub fn status(subject: &impl Controlled) -> Status {
    let recorder = subject.recorder();
    // The judged figures begin after the last fault of this host; those of the screen have the whole period.
    let shown = recorder.report(JUDGED);
    Status {
        questions: shown.questions,
        seconds: shown.seconds,
        ..status_by(subject, &recorder.judged(JUDGED))
    }
}

/// Returns the current state and health of the daemon, like `status`. `judged` has the counters of the last five minutes.
pub fn status_by(subject: &impl Controlled, judged: &StatsReport) -> Status {
    let daemon = subject.status();
    let missing = listeners::missing(&daemon.missing, &subject.config());
    let root_keys = root_keys::warnings(&daemon.root_keys, subject.now().unix);
    let certificates = listeners::certificates(&daemon.certificates, subject.now().unix);
    let metrics = daemon.metrics.as_ref().and_then(listeners::metrics);
    let recorder = subject.recorder();
    let troubles = recorder.troubles();
    // Reading the failures by zone takes long, and metrics may be read ten times per second. So resolverd reads them only if many
    // questions failed.
    let by_zone = if much_fails(judged) { recorder.failures_by_zone(JUDGED) } else { None };
    let (mut lists, of_lists): (BTreeSet<String>, Vec<Warning>) =
        lists::warnings(subject).into_iter().unzip();
    lists.extend(lists::recovered(subject));
    Status {
        daemon,
        uptime: judged.uptime,
        questions: judged.questions,
        seconds: judged.seconds,
        stores: subject.fill(),
        warnings: judge(judged, by_zone.as_ref(), &troubles, &lists)
            .into_iter()
            .chain(missing)
            .chain(root_keys)
            .chain(certificates)
            .chain(metrics)
            .chain(fleet(&subject.fleet().0))
            .chain(of_lists)
            .chain(own_mail::warnings(&subject.watched()))
            .chain(slow_servers(recorder, subject.now().unix, &troubles))
            .collect(),
    }
}

/// Reports a store that does not work, or does not accept writes. This is only a notice, because mail works without the store.
fn fleet(state: &FleetState) -> Option<Warning> {
    let (why, what) = match (&state.failing, &state.refuses_writes) {
        (Some(why), _) => (why, "does not work"),
        (None, Some(why)) => (why, "does not accept writes"),
        (None, None) => return None,
    };
    Some(Warning {
        severity: Severity::Notice,
        problem: format!("The store of the fleet {what}: {why}."),
        remedy: "Queries are answered without it. `resolverctl fleet` shows its state.".to_owned(),
    })
}

/// If clients asked fewer questions than this, or servers got fewer queries, failures may be chance, and are not reported as a problem.
const ENOUGH: u64 = 20;

/// If at least this percentage of the questions failed, the cause is probably on this host. Dead domains in spam make 1 to 3 % of
/// the questions fail.
const FAILURES_PER_HUNDRED: u64 = 10;

/// The largest number of failing zones and DNS lists that do not count as a fault of this host. For example, one DNS list that
/// refuses its queries makes one question of each email fail.
const FEW_ZONES: usize = 3;

/// If more zones than this fail, the cause may be on this host. The zones of one hoster count as one.
const FEW_HOSTERS: usize = 10;

/// Returns true if so many questions failed that their zones must be examined.
pub(crate) fn much_fails(counts: &StatsReport) -> bool {
    is_much(counts.failures(), counts)
}

fn is_much(failed: u64, counts: &StatsReport) -> bool {
    counts.questions >= ENOUGH && failed * 100 >= counts.questions * FAILURES_PER_HUNDRED
}

/// Returns the current problems: those in `troubles`, and those that the counters of a period show. `by_zone` has the number of failed questions in
/// this period for each zone; `None` if these numbers are not known. `lists` has the DNS lists with a problem, which are reported separately, and
/// those whose problem has ended.
pub fn judge(
    counts: &StatsReport,
    by_zone: Option<&FailuresByZone>,
    troubles: &Troubles,
    lists: &BTreeSet<String>,
) -> Vec<Warning> {
    let outcome = |outcome| counts.outcomes.get(&outcome).copied().unwrap_or(0);
    let messages: u64 = counts.upstream.messages.values().sum();
    let came_back = counts.upstream.messages.iter().filter(|(conduct, _)| conduct.came_back());
    let came_back: u64 = came_back.map(|(_, count)| count).sum();
    let unknown = by_zone.map(|by_zone| without_known(by_zone, troubles, lists));
    let failed = match (&unknown, by_zone) {
        (Some(unknown), Some(all)) => {
            counts.failures().saturating_sub(all.sum().saturating_sub(unknown.sum()))
        }
        _ => counts.failures(),
    };
    let shed = outcome(Outcome::Shed);
    let mut judged = Vec::new();
    if let Some(span) = troubles.down {
        let problem = format!("No server on the internet has answered for {}.", TimeSpan(span));
        judged.push((u64::MAX, unreachable(problem)));
    } else if messages >= ENOUGH && came_back == 0 {
        judged.push((u64::MAX, unreachable(format!("No server answered any of {messages} queries."))));
    } else if is_much(failed, counts) {
        judged.push((failed, failing(failed, counts, unknown.as_ref())));
    }
    if let Some(loss) = troubles.lossy {
        let span = TimeSpan(loss.span);
        let problem = format!("The network of this host loses packets since {span}: {loss}.");
        judged.push((u64::MAX, Warning::new(problem, "Check the uplink of this host and its load.")));
    }
    if let Some(span) = troubles.without_tcp {
        let problem = format!(
            "TCP port 53 of other hosts is blocked on the path from this host since {}: names with long answers fail.",
            TimeSpan(span)
        );
        let remedy = "Allow outgoing TCP to port 53 in the firewalls of this host and its network: `resolverctl check system`.";
        judged.push((u64::MAX, Warning::new(problem, remedy)));
    }
    judged.extend(troubles.without_ipv6.map(|span| (0, without_ipv6(span))));
    judged.extend(troubles.clock_jump.map(|jump| (0, clock_set(jump))));
    if shed > 0 {
        let problem = format!(
            "Overload: {shed} queries were answered with SERVFAIL at once, because too many were in progress."
        );
        let remedy = "See `overload` in `resolverctl stats` for the zones and clients with the most queries.";
        let warning = Warning { severity: severity(shed, counts), ..Warning::new(problem, remedy) };
        judged.push((shed, warning));
    }
    judged.sort_by_key(|(count, warning)| Reverse((warning.severity, *count)));
    let mut warnings: Vec<Warning> = judged.into_iter().map(|(_, warning)| warning).collect();
    warnings.extend(troubles.unkept.as_deref().map(unkept));
    warnings.extend(failing_zones::warnings(&troubles.zones));
    warnings
}

/// Removes the failures that are reported separately: those of DNS lists with a problem, and of zones whose owners are at fault. Also removes those of
/// zones that answer again.
/// If zones of very many hosters fail, the cause may be on this host, so the failures of these zones stay.
fn without_known(by_zone: &FailuresByZone, troubles: &Troubles, lists: &BTreeSet<String>) -> FailuresByZone {
    let of_others: BTreeSet<&str> =
        troubles.zones.iter().filter(|zone| !zone.configured).map(|zone| &*zone.zone).collect();
    let ended: BTreeSet<&str> = troubles.ended.iter().map(|zone| &**zone).collect();
    let hosters = failing_zones::by_hoster(&troubles.zones).len();
    let is_known = |row: &ZoneFailures| {
        let is_of_others = hosters <= FEW_HOSTERS && of_others.contains(&*row.zone);
        let is_reported = row.is_owned && (is_of_others || lists.contains(&row.zone));
        is_reported || ended.contains(&*row.zone)
    };
    let zones = by_zone.zones.iter().filter(|row| !is_known(row)).cloned().collect();
    FailuresByZone { zones, others: by_zone.others }
}

/// Returns the warning about failed questions. The `FEW_ZONES` zones or DNS lists with the most failures are left out. If many failures still
/// remain, the warning is critical. Failures of the root and of top-level domains are never left out, because the zones below them have many
/// owners.
fn failing(failed: u64, counts: &StatsReport, by_zone: Option<&FailuresByZone>) -> Warning {
    let zones = by_zone.map_or(&[][..], |by_zone| &by_zone.zones);
    let elsewhere = by_zone.map_or(failed, |by_zone| {
        let (owned, above): (Vec<_>, Vec<_>) = zones.iter().partition(|zone| zone.is_owned);
        let left = owned.iter().skip(FEW_ZONES).chain(&above).map(|zone| zone.failed);
        left.fold(by_zone.others, u64::saturating_add)
    });
    let (mut shown, mut left) = (Vec::new(), failed);
    for ZoneFailures { zone, failed, .. } in zones.iter().take(FEW_ZONES) {
        // A zone's failures are counted in whole minutes, so the count may include failures from before the period.
        let failed = left.min(*failed);
        left = left.saturating_sub(failed);
        shown.extend((failed > 0).then(|| format!("{zone} {failed}")));
    }
    shown.extend((left > 0 && !shown.is_empty()).then(|| format!("others {left}")));
    let zones = if shown.is_empty() { String::new() } else { format!(" ({})", shown.join(", ")) };
    let problem = format!("{failed} of {} queries failed with SERVFAIL{zones}.", counts.questions);
    let remedy = "See `resolverctl failed` for the zones that failed, and why.";
    Warning { severity: severity(elsewhere, counts), ..Warning::new(problem, remedy) }
}

fn severity(failed: u64, counts: &StatsReport) -> Severity {
    if is_much(failed, counts) { Severity::Critical } else { Severity::Warning }
}

/// Returns a notice about networks whose servers are slow now. `unix` is the current time in seconds since 1970. While the network of this host has a fault, and as long as the judged minute has a part of
/// one, the times show this fault.
pub fn slow_servers(recorder: &Recorder, unix: u64, troubles: &Troubles) -> Option<Warning> {
    let begin = unix.saturating_sub(slow_networks::JUDGED_SECONDS);
    let had_fault = micros(Duration::from_secs(begin)) < recorder.host_fault_ended();
    let has_fault = troubles.down.is_some() || troubles.lossy.is_some() || troubles.without_tcp.is_some();
    if had_fault || has_fault { None } else { slow_networks(&recorder.paces(slow_networks::JUDGED)) }
}

fn without_ipv6(span: Duration) -> Warning {
    let problem = format!(
        "IPv6 is broken on the path from this host since {}: servers answer over IPv4, but not over IPv6.",
        TimeSpan(span)
    );
    Warning::new(
        problem,
        "Queries go over IPv4 only. Repair IPv6 of this host or its network, or set resolve.ipv6 = false.",
    )
}

fn clock_set(jump: ClockJump) -> Warning {
    Warning::new(
        format!("The {jump} {} ago.", TimeSpan(jump.ago)),
        "Compare it with the right time: it decides which DNSSEC signatures are valid, and dates the history.",
    )
}

fn unreachable(problem: String) -> Warning {
    let remedy = "Check whether this host reaches port 53 of other hosts over UDP and TCP: `resolverctl check system`.";
    Warning::critical(problem, remedy)
}

fn unkept(why: &str) -> Warning {
    Warning::new(
        format!("Failed and slow queries are not kept over a restart: {why}."),
        "Free space on the disk, or give resolverd the right to write there; it tries again at the next failed query.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAX_STATUS_ZONES;
    use dns::conduct::Conduct;
    use record::{FailingZone, UpstreamReport};

    fn report(outcomes: &[(Outcome, u64)], messages: &[(Conduct, u64)]) -> StatsReport {
        StatsReport {
            questions: outcomes.iter().map(|(_, count)| count).sum(),
            outcomes: outcomes.iter().copied().collect(),
            upstream: UpstreamReport {
                messages: messages.iter().copied().collect(),
                ..UpstreamReport::default()
            },
            ..StatsReport::default()
        }
    }

    fn problems(report: &StatsReport) -> Vec<String> {
        judge(report, None, &Troubles::default(), &BTreeSet::new())
            .into_iter()
            .map(|warning| warning.problem)
            .collect()
    }

    #[test]
    fn few_dead_domains_are_healthy() {
        assert!(problems(&report(&[], &[])).is_empty());
        assert!(problems(&report(&[(Outcome::Failed, 1)], &[(Conduct::Silent, 6)])).is_empty());
        let busy = report(&[(Outcome::Cache, 970), (Outcome::Failed, 30)], &[(Conduct::Answered, 80)]);
        assert!(problems(&busy).is_empty());
    }

    #[test]
    fn status_names_each_cause_once() {
        let unplugged = report(&[(Outcome::Failed, 50)], &[(Conduct::Silent, 300)]);
        assert_eq!(problems(&unplugged), ["No server answered any of 300 queries."]);
        let failing = report(&[(Outcome::Cache, 80), (Outcome::Deadline, 20)], &[(Conduct::Answered, 80)]);
        assert_eq!(problems(&failing), ["20 of 100 queries failed with SERVFAIL."]);
        let flooded = report(&[(Outcome::Cache, 80), (Outcome::Shed, 3)], &[]);
        assert_eq!(
            problems(&flooded),
            ["Overload: 3 queries were answered with SERVFAIL at once, because too many were in progress."]
        );
        // The warning that affects more queries is first.
        let flooded = report(&[(Outcome::Failed, 12), (Outcome::Shed, 80)], &[(Conduct::Answered, 80)]);
        let found = problems(&flooded);
        assert!(found[0].starts_with("Overload: 80 ") && found[1].starts_with("12 of 92 "), "{found:?}");
    }

    #[test]
    fn failures_of_many_zones_are_critical() {
        let failing = report(&[(Outcome::Cache, 280), (Outcome::Failed, 40)], &[(Conduct::Answered, 80)]);
        let found = |zones: &[(&str, u64, bool)], others| {
            let row = |(zone, failed, is_owned): &(&str, u64, bool)| ZoneFailures {
                zone: (*zone).to_owned(),
                failed: *failed,
                is_owned: *is_owned,
            };
            let by_zone = FailuresByZone { zones: zones.iter().map(row).collect(), others };
            let warning = judge(&failing, Some(&by_zone), &Troubles::default(), &BTreeSet::new()).remove(0);
            (warning.severity, warning.problem)
        };
        let list = ("list.example.", 38, true);
        assert_eq!(
            found(&[list, ("dead.example.", 2, true)], 0),
            (
                Severity::Warning,
                "40 of 320 queries failed with SERVFAIL (list.example. 38, dead.example. 2).".to_owned()
            )
        );
        let many = ["a.example.", "b.example.", "c.example.", "d.example.", "e.example."];
        let (severity, problem) = found(&many.map(|zone| (zone, 8, true)), 0);
        assert_eq!(severity, Severity::Warning, "16 of 320 are of other zones");
        assert!(problem.ends_with("(a.example. 8, b.example. 8, c.example. 8, others 16)."));
        let spread: Vec<String> = (0..40).map(|number| format!("d{number}.example.")).collect();
        let spread: Vec<_> = spread.iter().map(|zone| (zone.as_str(), 1, true)).collect();
        assert_eq!(found(&spread, 0).0, Severity::Critical);
        assert_eq!(found(&[("tld.", 40, false)], 0).0, Severity::Critical, "many zones are below it");
        assert_eq!(found(&[(".", 40, false)], 0).0, Severity::Critical);
        assert_eq!(found(&[], 40).0, Severity::Critical);
        assert_eq!(
            judge(&failing, None, &Troubles::default(), &BTreeSet::new())[0].severity,
            Severity::Critical
        );
        // None of the 40 failures is counted by zone.
        let (severity, problem) = found(&[], 0);
        assert_eq!((severity, &*problem), (Severity::Warning, "40 of 320 queries failed with SERVFAIL."));
        // A zone's failures are counted in whole minutes, so they (44) may be more than those of the period (40).
        assert!(found(&[("list.example.", 44, true)], 0).1.ends_with("SERVFAIL (list.example. 40)."));
    }

    fn failing_zone(number: u32) -> FailingZone {
        FailingZone {
            zone: format!("z{number}.example."),
            span: Duration::from_secs(720),
            ago: Duration::from_secs(66),
            failures: 9,
            doubted: false,
            configured: false,
            why: "no server of it gave an answer".to_owned(),
            silent: String::new(),
            next: "`resolverctl check z.example` shows what its owner must repair".to_owned(),
        }
    }

    // Failures of lists and zones with a warning of their own are left out.
    #[test]
    fn reported_faults_are_not_counted_again() {
        let failing = report(&[(Outcome::Cache, 280), (Outcome::Failed, 80)], &[(Conduct::Answered, 80)]);
        let row =
            |(zone, failed): (&str, u64)| ZoneFailures { zone: zone.to_owned(), failed, is_owned: true };
        let lists = BTreeSet::from(["list.example.".to_owned()]);
        let severities = |dead: u64, zones: u32| {
            let rows = [("list.example.", 40), ("z0.example.", dead), ("other.example.", 40 - dead)];
            let by_zone = FailuresByZone { zones: rows.into_iter().map(row).collect(), others: 0 };
            let troubles = Troubles { zones: (0..zones).map(failing_zone).collect(), ..Troubles::default() };
            let found = judge(&failing, Some(&by_zone), &troubles, &lists);
            found.into_iter().map(|warning| warning.severity).filter(|one| *one != Severity::Notice).count()
        };
        assert_eq!(severities(30, 1), 0, "10 of 360 are left");
        assert_eq!(severities(0, 1), 1, "40 of 360 are of other.example.");
        assert_eq!(severities(30, 0), 1, "z0.example. is not known to fail");
        assert_eq!(severities(30, 40), 1, "very many zones fail");
    }

    #[test]
    fn full_disk_is_reported() {
        let unkept = Some("cannot write to /var/lib/resolverd/history: No space left on device".to_owned());
        let found =
            judge(&report(&[], &[]), None, &Troubles { unkept, ..Troubles::default() }, &BTreeSet::new());
        assert_eq!(
            found[0].problem,
            "Failed and slow queries are not kept over a restart: cannot write to /var/lib/resolverd/history: No space left on device."
        );
    }

    #[test]
    fn failing_zone_is_reported_at_once() {
        let busy = report(&[(Outcome::Cache, 970), (Outcome::Failed, 30)], &[(Conduct::Answered, 80)]);
        let found = judge(
            &busy,
            None,
            &Troubles { zones: vec![failing_zone(0)], ..Troubles::default() },
            &BTreeSet::new(),
        );
        assert_eq!(
            found,
            [Warning {
                severity: Severity::Notice,
                problem:
                    "9 resolutions for zone z0.example. failed within 12 min, the last one 66 s ago; cause: no server of it gave an answer."
                        .to_owned(),
                remedy: "`resolverctl check z.example` shows what its owner must repair.".to_owned(),
            }]
        );
        let severity = |zone_name: &str| {
            let failing = FailingZone { zone: zone_name.to_owned(), configured: true, ..failing_zone(0) };
            judge(&busy, None, &Troubles { zones: vec![failing], ..Troubles::default() }, &BTreeSet::new())[0]
                .severity
        };
        assert_eq!(severity("corp.example."), Severity::Warning);
        assert_eq!(severity("."), Severity::Notice, "forwarders fail for names that others have broken");
        let many = judge(
            &busy,
            None,
            &Troubles { zones: (0..9).map(failing_zone).collect(), ..Troubles::default() },
            &BTreeSet::new(),
        );
        assert_eq!(many.len(), MAX_STATUS_ZONES + 1);
        assert_eq!(many.last().unwrap().problem, "4 more zones fail.");
        let of_hoster = |number| FailingZone {
            silent: "192.0.2.1, 192.0.2.2".to_owned(),
            span: Duration::from_secs(60 * u64::from(number)),
            ..failing_zone(number)
        };
        let troubles = Troubles {
            zones: (2..6).map(of_hoster).chain([failing_zone(1)]).collect(),
            ..Troubles::default()
        };
        let found = judge(&busy, None, &troubles, &BTreeSet::new());
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(
            found[0].problem,
            "192.0.2.1, 192.0.2.2 do not answer; 4 zones: z2.example., z3.example., z4.example., z5.example.; 36 resolutions failed within 5 min, the last one 66 s ago."
        );
        let down = Troubles { down: Some(Duration::from_secs(61)), ..Troubles::default() };
        let unplugged = report(&[(Outcome::Failed, 50)], &[(Conduct::Silent, 300)]);
        let found: Vec<String> = judge(&unplugged, None, &down, &BTreeSet::new())
            .into_iter()
            .map(|warning| warning.problem)
            .collect();
        assert_eq!(found, ["No server on the internet has answered for 61 s."]);
    }
}
