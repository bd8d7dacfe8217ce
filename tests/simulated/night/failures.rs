//! Log lines about single questions that fail or are slow.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use hickory_proto::rr::RecordType;
use tokio::time::sleep;

use crate::night::log::{Line, lines};
use crate::night::tell;
use config::Redact;
use control::health::judge;
use control::limits::JUDGED;
use dns::conduct::Conduct;
use dns::question::wire_name;
use explain::failed::{FailedServer, FailedWanted, StillFails};
use explain::limits::{FAILURE_LINES_A_MINUTE, FOLLOW_PAUSE, SLOW_LINES_A_MINUTE};
use explain::why::{Wanted, WantedSubject};
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::prelude::{ask, ask_with, name};
use lab::server::Distance;
use lab::simulation::{Flags, Simulation, config_for};
use lab::world::ServerPlan;
use protocol::Severity;
use record::culprit::CulpritKind;
use record::store::Store;
use stage::memory_store::MemoryStore;

/// Adds a zone with one server, which has the address 192.0.2.`last`.
pub(crate) fn zone_of_one_server(
    tree: &mut Tree,
    zone: &str,
    last: u8,
    faults: &[Fault],
    distance: Distance,
) {
    let server =
        if zone == "." { "a.root".to_owned() } else { format!("ns1.{}", zone.trim_end_matches('.')) };
    let mut plan = ServerPlan::new(&server, vec![IpAddr::from([192, 0, 2, last])]);
    plan.distance = distance;
    plan.faults = faults.to_vec();
    tree.server(plan).unwrap();
    let text = if zone == "." { "" } else { "* 300 A 198.51.100.7\n" };
    tree.zone(zone, &[server], text).unwrap();
}

/// Simulates domains. Each domain has a server with its faults and its round trip in milliseconds.
pub(crate) fn simulation(domains: &[(&str, &[Fault], u64)]) -> Simulation {
    let mut tree = Tree::default();
    let mut last = 0;
    let mut zone = |zone: &str, faults: &[Fault], millis: u64| {
        last += 1;
        zone_of_one_server(&mut tree, zone, last, faults, Distance::steady(Duration::from_millis(millis)));
    };
    zone(".", &[], 10);
    zone("tld.", &[], 15);
    for (domain, faults, millis) in domains {
        zone(domain, faults, *millis);
    }
    let lab = Arc::new(tree.build().unwrap());
    let config = config_for(&lab);
    Simulation::new(lab, config, 5)
}

fn told<'a>(lines: &'a [Line], incident: &str) -> Vec<&'a Line> {
    lines.iter().filter(|line| line.is(incident)).collect()
}

// Later failures are counted in a line each hour.
#[test]
fn first_failure_of_zone_is_logged() {
    let lines = lines(|| async {
        let simulation = simulation(&[
            ("silent.tld.", &[Fault::Dead], 20),
            ("refused.tld.", &[Fault::Refused], 20),
            ("fine.tld.", &[], 20),
        ]);
        let _tended = simulation.tend();
        let tells = tell(&simulation);
        ask(&simulation, "w.fine.tld.", RecordType::A).await;
        for number in 0..4 {
            let client = Some([10, 0, 0, 7].into());
            let flags = Flags { client, ..Flags::default() };
            ask_with(&simulation, &format!("mx{number}.refused.tld."), RecordType::A, flags).await;
            ask(&simulation, &format!("mx{number}.silent.tld."), RecordType::MX).await;
            sleep(Duration::from_secs(70)).await;
        }
        sleep(Duration::from_secs(3_700)).await;
        tells.abort();
    });
    let failed = told(&lines, "query_failed");
    let [refused, silent] = failed.as_slice() else { panic!("{lines:#?}") };
    assert!(refused.second <= 4, "{refused:?}");
    assert!(refused.text.starts_with("query mx0.refused.tld. A from 10.0.0.7 failed: no server of refused.tld. gave a usable answer: 192.0.2.4 REFUSED (extended DNS error 22, No Reachable Authority); `resolverctl failed` shows further failures of refused.tld."), "{refused:?}");
    for field in [
        "zone=\"refused.tld.\"",
        "servers=\"192.0.2.4\"",
        "name=\"mx0.refused.tld.\"",
        "type=\"A\"",
        "client=\"10.0.0.7\"",
        "extended_error=22",
        "conduct=\"192.0.2.4 REFUSED\"",
    ] {
        assert!(refused.text.contains(field), "{field}: {refused:?}");
    }
    assert!(
        silent.text.contains("query mx0.silent.tld. MX from 127.0.0.1 failed: no answer within 4 s"),
        "{silent:?}"
    );
    assert!(silent.text.contains("; the last queried server was 192.0.2.3 of silent.tld. ("), "{silent:?}");
    assert!(!silent.text.contains("servers: 192.0.2.3 no answer; "), "the server once: {silent:?}");
    let hour = told(&lines, "queries_failed");
    let [hour] = hour.as_slice() else { panic!("{lines:#?}") };
    assert!(
        hour.text
            .starts_with("6 failed queries of the last hour were not logged one by one, of 2 zones (most: "),
        "{hour:?}"
    );
}

// At most ten such lines are logged a minute.
#[test]
fn slow_query_line_names_culprit() {
    let lines = lines(|| async {
        let simulation = simulation(&[("slow.tld.", &[], 1_800), ("fine.tld.", &[], 20)]);
        let _tended = simulation.tend();
        let tells = tell(&simulation);
        for number in 0..3 {
            ask(&simulation, &format!("w{number}.fine.tld."), RecordType::A).await;
        }
        for number in 0..15 {
            ask(&simulation, &format!("w{number}.slow.tld."), RecordType::A).await;
        }
        sleep(Duration::from_secs(70)).await;
        tells.abort();
    });
    let slow = told(&lines, "query_slow");
    assert_eq!(slow.len(), SLOW_LINES_A_MINUTE as usize, "{lines:#?}");
    assert!(
        slow.iter()
            .all(|line| line.text.contains("culprit=\"server_slow\"") && line.zone() == Some("slow.tld")),
        "{slow:#?}"
    );
    let first = &slow[0].text;
    assert!(first.starts_with("query w0.slow.tld. A from 127.0.0.1 took "), "{first}");
    assert!(first.contains("server slow; 192.0.2.3 answered ") && first.contains("; to do: "), "{first}");
    let counted = told(&lines, "queries_slow");
    assert!(
        matches!(counted.as_slice(), [one] if one.text.starts_with("5 more queries were slow")),
        "{lines:#?}"
    );
    assert_eq!(lines.len(), slow.len() + 1, "{lines:#?}");
}

#[test]
fn joined_slow_queries_share_log_line() {
    let lines = lines(|| async {
        let simulation = simulation(&[("slow.tld.", &[], 1_800)]);
        let _tended = simulation.tend();
        let tells = tell(&simulation);
        join_all((0..5).map(|_| ask(&simulation, "w.slow.tld.", RecordType::A))).await;
        sleep(Duration::from_secs(70)).await;
        tells.abort();
    });
    let [slow] = told(&lines, "query_slow")[..] else { panic!("{lines:#?}") };
    assert!(slow.text.starts_with("query w.slow.tld. A from 127.0.0.1 took "), "{slow:?}");
    let [counted] = told(&lines, "queries_slow")[..] else { panic!("{lines:#?}") };
    assert!(counted.text.starts_with("4 more queries were slow"), "{counted:?}");
}

#[test]
fn many_dead_domains_cause_few_lines() {
    let lines = lines(|| async {
        let names: Vec<String> = (0..40).map(|number| format!("d{number}.tld.")).collect();
        let domains: Vec<(&str, &[Fault], u64)> =
            names.iter().map(|name| (name.as_str(), &[Fault::Refused][..], 5)).collect();
        let simulation = simulation(&domains);
        let tells = tell(&simulation);
        for domain in &names {
            simulation.ask(&name(domain), RecordType::MX).await.unwrap();
        }
        sleep(Duration::from_secs(3_700)).await;
        tells.abort();
    });
    assert_eq!(told(&lines, "query_failed").len(), FAILURE_LINES_A_MINUTE as usize, "{lines:#?}");
    let hour = told(&lines, "queries_failed");
    assert!(
        hour.len() == 1
            && hour[0].text.starts_with(
                "30 failed queries of the last hour were not logged one by one, of 30 zones (most: "
            ),
        "{lines:#?}"
    );
}

#[test]
fn failed_shows_zones_and_recovery() {
    lines(|| async {
        let simulation = simulation(&[
            ("silent.tld.", &[Fault::Dead], 20),
            ("refused.tld.", &[Fault::Refused], 20),
            ("failing.tld.", &[Fault::ServFail], 20),
            ("fine.tld.", &[], 20),
        ]);
        let _tended = simulation.tend();
        for number in 0..3 {
            for domain in ["silent", "refused", "failing", "fine"].iter().skip(number) {
                ask(&simulation, &format!("w{number}.{domain}.tld."), RecordType::A).await;
            }
        }
        simulation.lab().server("ns1.refused.tld").unwrap().set_faults(&[]);
        sleep(Duration::from_secs(40)).await;
        ask(&simulation, "w1.refused.tld.", RecordType::A).await;
        let rows = simulation.explainer().failed(FailedWanted::default()).await.zones;
        let told: Vec<_> =
            rows.iter().map(|row| (row.zone.as_deref().unwrap(), row.questions, row.still_fails)).collect();
        let (yes, no) = (StillFails::Yes, StillFails::No);
        let expected = [("failing.tld.", 3, yes), ("refused.tld.", 2, no), ("silent.tld.", 1, yes)];
        assert_eq!(told, expected, "{rows:#?}");
        assert_eq!(
            rows.iter().map(|row| row.culprit).collect::<Vec<_>>(),
            [CulpritKind::ServerFailed, CulpritKind::ServerRefused, CulpritKind::ServerSilent]
        );
        assert_eq!(
            rows[0].servers,
            [FailedServer { server: "192.0.2.5".to_owned(), conduct: Some(Conduct::ServFail) }]
        );
        assert_eq!(rows[2].servers[0].server, "192.0.2.3");
        assert!(
            rows[1].reason.contains("192.0.2.4 REFUSED") && rows[1].advice.contains("refuse queries"),
            "{rows:#?}"
        );
        let client = Some("192.0.2.0/24".parse().unwrap());
        assert_eq!(
            simulation.explainer().failed(FailedWanted { client, ..FailedWanted::default() }).await.zones,
            []
        );
        sleep(Duration::from_secs(700)).await;
        let rows = simulation.explainer().failed(FailedWanted::default()).await.zones;
        assert_eq!(rows[0].still_fails, StillFails::Unknown);
    });
}

#[test]
fn zone_recovers_by_own_servers_only() {
    lines(|| async {
        let simulation = simulation(&[("fine.tld.", &[], 20)]);
        let _tended = simulation.tend();
        let still_fails = async || {
            let rows = simulation.explainer().failed(FailedWanted::default()).await.zones;
            rows.iter().map(|row| (row.zone.clone().unwrap(), row.still_fails)).collect::<Vec<_>>()
        };
        ask(&simulation, "w0.fine.tld.", RecordType::A).await;
        simulation.lab().server("ns1.tld").unwrap().set_faults(&[Fault::Dead]);
        ask(&simulation, "first.tld.", RecordType::A).await;
        assert_eq!(still_fails().await, [("tld.".to_owned(), StillFails::Yes)]);
        sleep(Duration::from_secs(1)).await;
        // The delegation of fine.tld. is cached, so this answer does not show that tld. works again.
        ask(&simulation, "w1.fine.tld.", RecordType::A).await;
        assert_eq!(still_fails().await, [("tld.".to_owned(), StillFails::Yes)]);
        simulation.lab().server("ns1.tld").unwrap().set_faults(&[]);
        sleep(Duration::from_secs(120)).await;
        ask(&simulation, "second.tld.", RecordType::A).await;
        assert_eq!(still_fails().await, [("tld.".to_owned(), StillFails::No)]);
    });
}

// Failures of one zone are a warning.
#[test]
fn failures_of_many_zones_are_critical() {
    lines(|| async {
        let names: Vec<String> = (0..9).map(|number| format!("d{number}.tld.")).collect();
        let domains: Vec<(&str, &[Fault], u64)> =
            names.iter().map(|name| (name.as_str(), &[Fault::Refused][..], 5)).collect();
        let simulation = simulation(&domains);
        let tells = tell(&simulation);
        let warnings = async || {
            sleep(2 * FOLLOW_PAUSE).await;
            let recorder = simulation.recorder();
            let by_zone = recorder.failures_by_zone(JUDGED);
            judge(&recorder.report(JUDGED), by_zone.as_ref(), &recorder.troubles(), &BTreeSet::new())
        };
        for number in 0..30 {
            ask(&simulation, &format!("w{number}.d0.tld."), RecordType::A).await;
        }
        let of_one = warnings().await;
        assert_eq!(of_one[0].problem, "30 of 30 queries failed with SERVFAIL (d0.tld. 30).");
        assert!(of_one.iter().all(|warning| warning.severity == Severity::Warning), "{of_one:#?}");
        for domain in &names {
            ask(&simulation, domain, RecordType::MX).await;
        }
        let of_many = &warnings().await[0];
        assert_eq!(
            of_many.problem,
            "39 of 39 queries failed with SERVFAIL (d0.tld. 31, d1.tld. 1, d2.tld. 1, others 6)."
        );
        assert_eq!(of_many.severity, Severity::Critical);
        tells.abort();
    });
}

#[test]
fn failed_of_client_matches_all() {
    lines(|| async {
        let simulation = simulation(&[("refused.tld.", &[Fault::Refused], 20)]);
        let of = |last: u8, name: &'static str| {
            let flags = Flags { client: Some([10, 0, 0, last].into()), ..Flags::default() };
            ask_with(&simulation, name, RecordType::A, flags)
        };
        let rows = async |last: Option<u8>, zone: Option<&str>| {
            let client = last.map(|last| IpAddr::from([10, 0, 0, last]).into());
            let zone = zone.map(|zone| wire_name(&name(zone)).into());
            let rows = simulation.explainer().failed(FailedWanted { from: 0, zone, client }).await.zones;
            rows.iter().map(|row| (row.questions, row.still_fails)).collect::<Vec<_>>()
        };
        of(1, "mx.refused.tld.").await;
        assert_eq!(rows(Some(1), None).await, [(1, StillFails::Yes)]);
        simulation.lab().server("ns1.refused.tld").unwrap().set_faults(&[]);
        sleep(Duration::from_secs(40)).await;
        // Another client gets an answer for the name that failed for client 1, so the zone no longer fails.
        of(2, "mx.refused.tld.").await;
        assert_eq!(rows(None, None).await, [(1, StillFails::No)]);
        assert_eq!(rows(Some(1), None).await, [(1, StillFails::No)]);
        assert_eq!(rows(Some(2), None).await, []);
        // The failed query of client 2 counts for the row of all clients, and for the state of the zone in the row of client 1.
        simulation.lab().server("ns1.refused.tld").unwrap().set_faults(&[Fault::Refused]);
        of(2, "other.refused.tld.").await;
        assert_eq!(rows(None, None).await, [(2, StillFails::Yes)]);
        assert_eq!(rows(Some(1), None).await, [(1, StillFails::Yes)]);
        // The name in the request need not be a zone: names at and below it are counted.
        assert_eq!(rows(None, Some("mx.refused.tld.")).await, [(1, StillFails::Yes)]);
        assert_eq!(rows(None, Some("tld.")).await, [(2, StillFails::Yes)]);
        assert_eq!(rows(None, Some("www.refused.tld.")).await, []);
    });
}

/// Asks for names in a silent, a refusing, a slow and a healthy domain, and in a DNS list with a customer key in the name. Returns the data
/// on the disk.
pub(crate) fn stored(redact: Redact) -> Arc<MemoryStore> {
    stored_and_told(redact).0
}

/// Like `stored`, but returns the lines of the log too.
pub(crate) fn stored_and_told(redact: Redact) -> (Arc<MemoryStore>, Vec<Line>) {
    let store = Arc::new(MemoryStore::default());
    let told = lines(|| async {
        let domains: [(&str, &[Fault], u64); 5] = [
            ("silent.tld.", &[Fault::Dead], 20),
            ("refused.tld.", &[Fault::Refused], 20),
            ("slow.tld.", &[], 1_800),
            ("fine.tld.", &[], 20),
            ("zen.dq.spamhaus.net.", &[Fault::Refused], 20),
        ];
        let simulation = simulation(&domains);
        let mut config = config_for(simulation.lab());
        config.history.redact = redact;
        simulation.reload(config).await;
        simulation.recorder().store_in(Arc::clone(&store) as Arc<dyn Store>);
        let _tended = simulation.tend();
        let tells = tell(&simulation);
        for name in ["www.silent", "www.refused", "www.slow", "www.fine"] {
            let client = Some([10, 0, 0, 7].into());
            let flags = Flags { client, ..Flags::default() };
            ask_with(&simulation, &format!("{name}.tld."), RecordType::A, flags).await;
            // After this pause, the questions count as those of another email.
            sleep(Duration::from_secs(5)).await;
        }
        ask(&simulation, "2.0.0.127.s3cret-s3cret-s3cret.zen.dq.spamhaus.net.", RecordType::A).await;
        sleep(Duration::from_secs(20)).await;
        tells.abort();
    });
    (store, told)
}

pub(crate) fn of(name: &str) -> Wanted {
    let name = wire_name(&lab::prelude::name(name)).into();
    Wanted {
        subject: Some(WantedSubject::Name(name)),
        from: 0,
        to: u64::MAX,
        client: None,
        most: 9,
        decisive: None,
    }
}

#[test]
fn why_and_failed_survive_restart() {
    let store = stored(Redact::None);
    lines(|| async {
        let simulation = simulation(&[]);
        simulation.recorder().store_in(Arc::clone(&store) as Arc<dyn Store>);
        for (domain, kind) in [
            ("silent.tld.", CulpritKind::ServerSilent),
            ("refused.tld.", CulpritKind::ServerRefused),
            ("slow.tld.", CulpritKind::ServerSlow),
            ("fine.tld.", CulpritKind::Unknown),
        ] {
            let found = simulation.explainer().why(of(domain)).await;
            assert_eq!(found[0].culprit.kind, kind, "{domain}: {found:#?}");
        }
        let silent = simulation.explainer().why(of("silent.tld.")).await;
        assert_eq!(
            (silent[0].client.as_str(), silent[0].questions[0].name.as_str()),
            ("10.0.0.7", "www.silent.tld.")
        );
        let rows = simulation.explainer().failed(FailedWanted::default()).await;
        let mut zones: Vec<&str> = rows.zones.iter().filter_map(|row| row.zone.as_deref()).collect();
        zones.sort_unstable();
        assert_eq!(zones, ["refused.tld.", "silent.tld.", "zen.dq.spamhaus.net."], "{rows:#?}");
        assert!(rows.begin.is_some());
        // A query that is in memory and on the disk must be counted once.
        sleep(Duration::from_secs(60)).await;
        ask(&simulation, "www.none.", RecordType::A).await;
        simulation.explainer().write_new_log();
        assert_eq!(simulation.explainer().failed(FailedWanted::default()).await.zones.len(), 3);
        simulation.network().set_down(true);
        ask(&simulation, "www.late.tld.", RecordType::A).await;
        simulation.explainer().write_new_log();
        let rows = simulation.explainer().failed(FailedWanted::default()).await.zones;
        assert_eq!(rows.iter().map(|row| row.questions).sum::<u64>(), 4, "{rows:#?}");
    });
    let octets = store.0.lock().unwrap().clone();
    let has = |octets: &[u8], text: &[u8]| octets.windows(text.len()).any(|window| window == text);
    assert!(has(&octets, b"silent") && !has(&octets, b"fine") && !has(&octets, b"s3cret"));
}

// With `redact = "names"`, the disk has only the domain.
#[test]
fn redacted_name_is_found_by_domain() {
    let store = stored(Redact::Names);
    lines(|| async {
        let simulation = simulation(&[]);
        simulation.recorder().store_in(Arc::clone(&store) as Arc<dyn Store>);
        let kind = async |name: &str| simulation.explainer().why(of(name)).await.remove(0).culprit.kind;
        assert_eq!(kind("silent.tld.").await, CulpritKind::ServerSilent);
        assert_eq!(kind("www.silent.tld.").await, CulpritKind::Unknown);
    });
}

#[test]
fn unnamed_type_is_shown_by_number() {
    let lines = lines(|| async {
        let simulation = simulation(&[("silent.tld.", &[Fault::Dead], 20)]);
        let tells = tell(&simulation);
        ask(&simulation, "www.silent.tld.", RecordType::Unknown(65_280)).await;
        sleep(Duration::from_secs(20)).await;
        tells.abort();
        assert_eq!(simulation.explainer().why(of("silent.tld.")).await[0].questions[0].kind, "TYPE65280");
        assert_eq!(simulation.explainer().failed(FailedWanted::default()).await.zones[0].kind, "TYPE65280");
    });
    let told = lines.iter().map(|line| &line.text).filter(|text| text.contains("www.silent.tld."));
    let told: Vec<_> = told.collect();
    assert!(
        !told.is_empty() && told.iter().all(|text| text.contains("www.silent.tld. TYPE65280")),
        "{told:?}"
    );
}
