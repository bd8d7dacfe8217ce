//! How long each cause delayed mail in a period: sums for this host, for other hosts and for the clients.

use super::*;
use history::costs::{CostReport, CostRow, CostsWanted, Side};

/// Returns the causes as `resolverctl why` lists them.
async fn costs(simulation: &Simulation, seconds: u64) -> CostReport {
    let now = simulation.clock().unix_micros();
    let wanted = CostsWanted { from: now - seconds * 1_000_000, to: now, client: None };
    simulation.resolver().costs(wanted).await
}

fn keys(rows: &[CostRow]) -> Vec<(Side, Option<CulpritKind>, &str)> {
    rows.iter().map(|row| (row.side, row.kind, row.zone.as_deref().unwrap_or_default())).collect()
}

#[test]
fn the_largest_cause_of_the_side_that_cost_most_comes_first_with_its_change() {
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
        let CostReport { rows, span } = costs(&simulation, 600).await;
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
        let CostReport { rows, span } = costs(&simulation, 3_600).await;
        let slow = rows.iter().find(|row| row.kind == Some(Kind::ServerSlow)).unwrap();
        assert_eq!((slow.messages, slow.before), (2, None), "{rows:#?}");
        assert!(span.from > span.to - 3_600.0, "{span:#?}");
        assert!(costs(&simulation, 5).await.rows.is_empty());
    });
}

#[test]
fn loss_on_the_way_to_zones_of_one_network_is_of_others() {
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
