//! The faults of a night, six hours of healthy traffic, and a restart: the disk still names each culprit.

use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::RecordType;
use resolverd::lab::fault::Fault;
use resolverd::lab::prelude::ask;
use resolverd::lab::simulation::{Simulation, config_for};
use resolverd::limits::MIN_RECORD;
use resolverd::record::culprit::CulpritKind;
use resolverd::record::failed::FailedWanted;
use resolverd::record::store::Store;
use tokio::time::sleep;

use crate::failures::{MemoryStore, of, simulation};
use crate::log::lines;
use crate::tell;

/// Domains and lists with their faults, the round trip of their servers in milliseconds, and their culprit.
const FAULTS: [(&str, &[Fault], u64, CulpritKind); 7] = [
    ("silent.tld.", &[Fault::Dead], 20, CulpritKind::ServerSilent),
    ("slow.tld.", &[], 1_800, CulpritKind::ServerSlow),
    ("refused.tld.", &[Fault::Refused], 20, CulpritKind::ServerRefused),
    ("lame.tld.", &[Fault::UpwardReferral], 20, CulpritKind::ServerLame),
    ("cut.tld.", &[Fault::AlwaysTruncates, Fault::NoTcp], 20, CulpritKind::Truncated),
    ("psbl.surriel.com.", &[Fault::Refused], 20, CulpritKind::ListRefused),
    // The last one: its resolution fails after its question, and nothing else that is worth a line follows.
    ("bl.spamcop.net.", &[Fault::Dead], 20, CulpritKind::ListSilent),
];

/// Healthy questions: one in four seconds, each for a name of its own.
const QUESTIONS: u32 = 6 * 60 * 60 / 4;

/// A host with the smallest record in memory.
fn host(store: Option<&Arc<MemoryStore>>) -> Simulation {
    let mut domains: Vec<(&str, &[Fault], u64)> =
        FAULTS.iter().map(|(domain, faults, millis, _)| (*domain, *faults, *millis)).collect();
    domains.push(("fine.tld.", &[], 20));
    let lab = Arc::clone(simulation(&domains).lab());
    let mut config = config_for(&lab);
    config.history.size = Some(MIN_RECORD);
    let host = Simulation::new(lab, config, 5);
    if let Some(store) = store {
        host.recorder().store_in(Arc::clone(store) as Arc<dyn Store>);
    }
    host
}

/// The name that is asked of a domain or a list.
fn asked(domain: &str) -> String {
    if domain.ends_with(".tld.") { format!("www.{domain}") } else { format!("9.100.51.198.{domain}") }
}

/// The faults, and then six hours of healthy traffic.
async fn night(host: &Simulation) {
    let _tended = host.tend();
    let tells = tell(host);
    for (domain, ..) in FAULTS {
        ask(host, &asked(domain), RecordType::A).await;
        // Another mail.
        sleep(Duration::from_secs(5)).await;
    }
    for number in 0..QUESTIONS {
        ask(host, &format!("w{number}.fine.tld."), RecordType::A).await;
        sleep(Duration::from_secs(4)).await;
    }
    tells.abort();
}

/// The culprit of each domain and list.
async fn culprits(host: &Simulation) -> Vec<CulpritKind> {
    let mut kinds = Vec::new();
    for (domain, ..) in FAULTS {
        kinds.push(host.resolver().why(of(&asked(domain))).await[0].culprit.kind);
    }
    kinds
}

#[test]
fn six_hours_later_and_after_a_restart_the_culprits_are_still_named() {
    let wanted = FAULTS.map(|(.., kind)| kind);
    let store = Arc::new(MemoryStore::default());
    lines(|| async {
        let first = host(Some(&store));
        night(&first).await;
        assert_eq!(culprits(&first).await, wanted, "by the disk, six hours later");
        let next = host(Some(&store));
        assert_eq!(culprits(&next).await, wanted, "after a restart");
        let failed = next.resolver().failed(FailedWanted::default()).await.zones;
        for (domain, _, _, kind) in FAULTS {
            let is_told = failed.iter().any(|row| row.zone.as_deref() == Some(domain));
            assert_eq!(is_told, kind != CulpritKind::ServerSlow, "{domain}: {failed:#?}");
        }
    });
}

#[test]
fn without_the_disk_six_hours_are_too_long_for_a_small_record() {
    lines(|| async {
        let host = host(None);
        night(&host).await;
        assert_eq!(culprits(&host).await, FAULTS.map(|_| CulpritKind::Unknown));
    });
}
