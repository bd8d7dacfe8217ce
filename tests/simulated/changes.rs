//! `resolverctl changes`, and the line of `why` about a change: the records of a domain change at its servers, and resolverd notices it.

#![cfg(feature = "lab")]

use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::RecordType;

use explain::why::{Wanted, WantedSubject};
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::prelude::{ask, name};
use lab::signing::Signing;
use lab::simulation::{Simulation, config_for, config_trusting, paused};
use lab::world::{Lab, ServerPlan};
use record::changes::ChangesReport;

/// `one.tld.` with these records, without DNSSEC.
fn lab(records: &str) -> Arc<Lab> {
    Arc::new(tree("ns.one", records).build().unwrap())
}

/// `one.tld.` with these records, on this server.
fn tree(server: &str, records: &str) -> Tree {
    let mut tree = Tree::default();
    for (server, last) in [("a.root", 1), ("ns.tld", 2), ("ns.one", 3), ("ns.two", 4)] {
        tree.server(ServerPlan::new(server, vec![[127, 0, 0, last].into()])).unwrap();
    }
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    tree.zone("tld.", &["ns.tld".to_owned()], "").unwrap();
    tree.zone("one.tld.", &[server.to_owned()], records).unwrap();
    tree
}

const BEFORE: &str = "@ 300 MX 10 old\nold 300 A 10.0.0.1\nnew 300 A 10.0.0.2\n@ 300 TXT \"v=spf1 mx -all\"\n@ 300 TXT other\n";

/// Asks what mail software asks, and waits until the answers have expired.
async fn mail(simulation: &Simulation, hosts: &[&str]) {
    ask(simulation, "one.tld.", RecordType::MX).await;
    for host in hosts {
        ask(simulation, host, RecordType::A).await;
    }
    ask(simulation, "one.tld.", RecordType::TXT).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    simulation.resolver().look_for_changes();
    tokio::time::sleep(Duration::from_secs(300)).await;
}

fn set(simulation: &Simulation, records: &str) {
    simulation.lab().take_zones_of(&lab(records));
}

fn shown(report: &ChangesReport) -> Vec<String> {
    report
        .changes
        .iter()
        .map(|row| format!("{} {} {} -> {}", row.name, row.record.label(), row.old, row.new))
        .collect()
}

#[test]
fn changed_records_of_domain_are_named() {
    let world = lab(BEFORE);
    paused(async {
        let simulation = Simulation::new(Arc::clone(&world), config_for(&world), 1);
        let begin = simulation.clock().now().unix;
        for _ in 0..2 {
            mail(&simulation, &["old.one.tld."]).await;
        }
        let report = simulation.resolver().changes(&name("one.tld."), 0);
        assert!(report.changes.is_empty() && report.since.is_some_and(|since| since.abs_diff(begin) < 20));
        let after = BEFORE.replace("MX 10 old", "MX 10 new\n@ 300 MX 5 old").replace("10.0.0.1", "10.0.0.9");
        set(&simulation, &after.replace(" other", " another"));
        let changed = simulation.clock().now().unix;
        mail(&simulation, &["old.one.tld.", "new.one.tld."]).await;
        let report = simulation.resolver().changes(&name("one.tld."), 0);
        assert_eq!(
            shown(&report),
            [
                "old.one.tld. A 10.0.0.1 -> 10.0.0.9",
                "one.tld. MX 10 old.one.tld. -> 10 new.one.tld., 5 old.one.tld."
            ]
        );
        assert!(report.changes.iter().all(|row| row.at.abs_diff(changed) <= 2), "{report:?}");
        // After a restart, the changes are still there, and a further one is noticed.
        let kept = simulation.resolver().changes_to_octets().unwrap();
        let next = simulation.restarted(2);
        next.resolver().restore_changes(&kept).unwrap();
        assert_eq!(next.resolver().changes(&name("one.tld."), 0), report);
        set(&next, &after.replace("-all", "~all"));
        mail(&next, &["old.one.tld.", "new.one.tld."]).await;
        let last = next.resolver().changes(&name("one.tld."), changed + 60);
        assert_eq!(shown(&last), ["one.tld. SPF v=spf1 mx -all -> v=spf1 mx ~all"]);
    });
}

#[test]
fn rotation_and_failure_are_no_change() {
    let world = lab(BEFORE);
    paused(async {
        let simulation = Simulation::new(Arc::clone(&world), config_for(&world), 1);
        for turn in 0..8 {
            set(&simulation, &BEFORE.replace("10.0.0.1", &format!("10.0.0.{}", 1 + turn % 2)));
            mail(&simulation, &["old.one.tld."]).await;
        }
        simulation.lab().server("ns.one").unwrap().set_faults(&[Fault::Dead]);
        mail(&simulation, &["old.one.tld."]).await;
        assert_eq!(shown(&simulation.resolver().changes(&name("one.tld."), 0)), [""; 0]);
        assert_eq!(simulation.resolver().changes(&name("gone.tld."), 0).since, None);
    });
}

#[test]
fn why_names_change_before_failure() {
    let world = lab(BEFORE);
    paused(async {
        let simulation = Simulation::new(Arc::clone(&world), config_for(&world), 1);
        mail(&simulation, &["old.one.tld."]).await;
        set(&simulation, &BEFORE.replace("MX 10 old", "MX 10 new"));
        mail(&simulation, &["new.one.tld."]).await;
        simulation.lab().server("ns.one").unwrap().set_faults(&[Fault::Dead]);
        tokio::time::sleep(Duration::from_secs(5_400)).await;
        ask(&simulation, "_dmarc.one.tld.", RecordType::TXT).await;
        let subject = Some(WantedSubject::Name(dns::question::wire_name(&name("one.tld.")).into()));
        let wanted = Wanted { subject, from: 0, to: u64::MAX, client: None, most: 1, decisive: None };
        let found = simulation.explainer().why(wanted).await;
        let changed = found[0].changed.as_ref().expect("the change");
        assert_eq!((changed.record.label(), &*changed.new), ("MX", "10 new.one.tld."));
    });
}

/// All records that mail software asks for change at once: also behind aliases, and DS and NS in the parent zone.
#[test]
fn each_kind_of_record_is_watched() {
    const ASKED: [(&str, RecordType); 6] = [
        ("one.tld.", RecordType::MX),
        ("old.one.tld.", RecordType::AAAA),
        ("_25._tcp.old.one.tld.", RecordType::TLSA),
        ("_dmarc.one.tld.", RecordType::TXT),
        ("s1._domainkey.one.tld.", RecordType::TXT),
        ("unasked._domainkey.one.tld.", RecordType::TXT),
    ];
    let aliases = "_dmarc 300 CNAME policy\ns1._domainkey 300 CNAME key\n";
    let before = format!(
        "{BEFORE}{aliases}old 300 AAAA ::1\n_25._tcp.old 300 TLSA 3 1 1 aa\npolicy 300 TXT \"v=DMARC1; p=none\"\nkey 300 TXT \"v=DKIM1; p=aa\"\n"
    );
    let after = before.replace("::1", "::2").replace("1 1 aa", "1 1 bb").replace("p=none", "p=reject");
    let build = |server: &str, records: &str, signed: &[&str]| {
        let mut tree = tree(server, records);
        signed.iter().for_each(|zone| tree.sign(zone, Some(Signing::default())).unwrap());
        Arc::new(tree.build().unwrap())
    };
    let (world, changed) = (
        build("ns.one", &before, &[".", "tld."]),
        build("ns.two", &after.replace("p=aa", "p=bb"), &[".", "tld.", "one.tld."]),
    );
    paused(async {
        let simulation = Simulation::new(Arc::clone(&world), config_trusting(&world), 1);
        for world in [&world, &changed] {
            simulation.lab().take_zones_of(world);
            for (asked, kind) in ASKED {
                ask(&simulation, asked, kind).await;
            }
            tokio::time::sleep(Duration::from_secs(10)).await;
            simulation.resolver().look_for_changes();
            tokio::time::sleep(Duration::from_secs(90_000)).await;
        }
        let mut seen = shown(&simulation.resolver().changes(&name("one.tld."), 0));
        seen.sort_unstable();
        let signer = seen.iter().position(|row| row.contains(" DS none -> ")).expect("the DS record");
        seen.remove(signer);
        assert_eq!(
            seen,
            [
                "_25._tcp.old.one.tld. TLSA 3 1 1 aa -> 3 1 1 bb",
                "_dmarc.one.tld. DMARC v=DMARC1; p=none -> v=DMARC1; p=reject",
                "old.one.tld. AAAA ::1 -> ::2",
                "one.tld. NS ns.one. -> ns.two.",
                "s1._domainkey.one.tld. DKIM v=DKIM1; p=aa -> v=DKIM1; p=bb",
            ]
        );
    });
}
