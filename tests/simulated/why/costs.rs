//! How long each cause delayed mail in a period: sums for this host, for other hosts and for the clients.

use super::*;
use explain::costs::{CostReport, CostRow, CostsWanted};
use explain::delays::ListDelays;
use record::culprit::Side;
use record::store::Store;
use stage::memory_store::MemoryStore;

/// Returns the causes as `resolverctl why` lists them.
async fn costs(simulation: &Simulation, seconds: u64) -> CostReport {
    let now = simulation.clock().unix_micros();
    let wanted = CostsWanted { from: now - seconds * 1_000_000, to: now, client: None, list: None };
    simulation.explainer().costs(wanted).await
}

fn keys(rows: &[CostRow]) -> Vec<(Side, Option<CulpritKind>, &str)> {
    rows.iter().map(|row| (row.side, row.kind, row.zone.as_deref().unwrap_or_default())).collect()
}

#[test]
fn costliest_cause_comes_first() {
    use CulpritKind as Kind;
    paused(async {
        let simulation = world();
        let work = async {
            mail(&simulation, "slow.tld.").await;
            tokio::time::sleep(Duration::from_secs(1_800)).await;
            mail(&simulation, "fine.tld.").await;
            ask(&simulation, "w1.slow.tld.", RecordType::A).await;
            tokio::time::sleep(Duration::from_secs(20)).await;
            for domain in ["silent.tld.", "dead.tld."] {
                mail(&simulation, domain).await;
                tokio::time::sleep(Duration::from_secs(20)).await;
            }
            // The client itself pauses between its queries.
            ask(&simulation, "mx.fine.tld.", RecordType::A).await;
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            ask(&simulation, "mx.fine.tld.", RecordType::AAAA).await;
            tokio::time::sleep(Duration::from_secs(20)).await;
        };
        work.await;
        let CostReport { rows, span, .. } = costs(&simulation, 600).await;
        let expected = [
            (Side::Theirs, None, ""),
            (Side::Theirs, Some(Kind::ServerSilent), "dead.tld."),
            (Side::Theirs, Some(Kind::ServerSlow), "slow.tld."),
            (Side::Client, None, ""),
            (Side::Client, Some(Kind::Client), ""),
        ];
        assert_eq!(keys(&rows), expected, "{rows:#?} {span:#?}");
        // The servers of dead.tld. and silent.tld. are in one network.
        assert_eq!((rows[1].zones, rows[2].zones), (2, 0), "{rows:#?}");
        assert_eq!((span.touched, rows[0].messages, rows[3].messages), (4, 3, 1), "{rows:#?} {span:#?}");
        assert!(rows[1].failed > 0 && rows[2].failed == 0, "{rows:#?}");
        let sum: f64 = rows[1..3].iter().map(|row| row.time).sum();
        assert!((rows[0].time - sum).abs() < 1e-3, "{rows:#?}");
        let all = span.messages.unwrap() as f64;
        assert!(rows.iter().all(|row| row.share == Some(row.messages as f64 / all)), "{rows:#?} {span:#?}");
        assert_eq!(rows[1].next.as_deref().map(|next| next.starts_with("resolverctl check ")), Some(true));
        assert!(rows.iter().all(|row| row.before == Some(0.0)), "{rows:#?}");
        // The history has only the last hour, so there is no earlier hour to compare with.
        let CostReport { rows, span, .. } = costs(&simulation, 3_600).await;
        let slow = rows.iter().find(|row| row.kind == Some(Kind::ServerSlow)).unwrap();
        assert_eq!((slow.messages, slow.before), (2, None), "{rows:#?}");
        assert!(span.from > span.to - 3_600.0, "{span:#?}");
        assert!(costs(&simulation, 5).await.rows.is_empty());
    });
}

#[test]
fn loss_to_single_network_blames_others() {
    paused(async {
        let domains = ["lossy.tld.", "fine.tld.", "healthy.tld.", "nohost.tld."];
        for (domains, loss) in [(&domains[..1], None), (&domains[..], Some(300))] {
            let simulation = world();
            for domain in domains {
                // The loss of packets begins after the resolver has learned the servers.
                ask(&simulation, domain, RecordType::A).await;
                if let Some(loss) = loss {
                    simulation.network().set_loss(loss);
                }
                for number in 0..200 {
                    ask(&simulation, &format!("w{number}.{domain}"), RecordType::A).await;
                }
                tokio::time::sleep(Duration::from_secs(20)).await;
            }
            let CostReport { rows, .. } = costs(&simulation, 3_000).await;
            let lost = rows.iter().find(|row| row.kind == Some(CulpritKind::Loss));
            let lost = lost.unwrap_or_else(|| panic!("{rows:#?}"));
            assert_eq!((rows[0].side, lost.side), (Side::Theirs, Side::Theirs), "{rows:#?}");
            assert_ne!(lost.next.as_deref(), Some("resolverctl check system"));
        }
    });
}

const DELAYING: &str = "zen.spamhaus.org.";

/// Returns the causes and the delays by a list in the whole history.
async fn all_costs(simulation: &Simulation) -> CostReport {
    let list = Some(wire_name(&name(DELAYING)).into());
    simulation.explainer().costs(CostsWanted { from: 0, to: u64::MAX, client: None, list }).await
}

/// Mail for half an hour. The list delays each by less than a slow query takes; some wait for a slow domain or fail.
async fn half_hour(simulation: &Simulation) {
    for number in 0..60 {
        check(simulation, &format!("{number}.113.0.203"), DELAYING).await;
        if number % 10 == 0 {
            ask(simulation, &format!("w{number}.slow.tld."), RecordType::A).await;
            ask(simulation, &format!("w{number}.dead.tld."), RecordType::MX).await;
        }
        tokio::time::sleep(Duration::from_secs(30)).await;
        simulation.explainer().write_new_log();
    }
    simulation.explainer().write_last_log();
}

fn figures(report: &CostReport) -> Vec<(Side, Option<CulpritKind>, String, u64, u64, u64)> {
    let figure = |row: &CostRow| {
        let millis = (row.time * 1e3).round() as u64;
        (row.side, row.kind, row.zone.clone().unwrap_or_default(), row.messages, row.failed, millis)
    };
    report.rows.iter().map(figure).collect()
}

#[test]
fn sums_of_minutes_agree_with_messages() {
    paused(async {
        let plain = world();
        half_hour(&plain).await;
        let counted = all_costs(&plain).await;
        let list = counted.list.clone().unwrap();
        assert_eq!((list.messages, list.rows.len(), list.unlisted()), (60, 60, 0), "{list:#?}");
        assert!(list.longest < 0.3 && list.time > 60.0 * 0.03, "{list:#?}");
        let store = Arc::new(MemoryStore::default());
        let kept = world();
        kept.recorder().store_in(Arc::clone(&store) as Arc<dyn Store>);
        half_hour(&kept).await;
        let summed = all_costs(&kept).await;
        assert_eq!(figures(&summed), figures(&counted));
        assert_eq!(
            (summed.span.touched, summed.span.messages),
            (counted.span.touched, counted.span.messages)
        );
        assert_eq!(summed.list, counted.list);
        // After a restart, memory has nothing, and the disk only the mail that waited long.
        let restarted = world();
        restarted.recorder().store_in(store as Arc<dyn Store>);
        let stored = all_costs(&restarted).await;
        assert_eq!(figures(&stored), figures(&counted));
        let ListDelays { messages, time, longest, rows, .. } = stored.list.clone().unwrap();
        assert_eq!((messages, longest), (60, list.longest));
        assert!((time - list.time).abs() < 1e-3, "{time} {}", list.time);
        assert!(rows.len() < 10 && stored.list.unwrap().unlisted() >= 50, "{rows:#?}");
    });
}
