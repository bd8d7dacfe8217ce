//! Checks of domains below a zone whose servers fail. The check must report this zone, and must not say that this host has no network.

use std::sync::Arc;

use doctor::codes::Code;
use doctor::facts::CheckSubject;
use doctor::finding::{Finding, Level};
use lab::fault::Fault;
use lab::simulation::{Simulation, config_for, paused};
use lab::world::ServerPlan;

use crate::faults::{SOUND, tree};
use crate::simulated::check;

/// Returns the findings about a domain. All servers of the zone `failing.com.` have the faults `of_zone`, and all servers of its parent `com.`
/// the faults `of_above`.
fn found(domain: &str, of_zone: &[Fault], of_above: &[Fault]) -> Vec<Finding> {
    let mut tree = tree(SOUND, &[]);
    for (name, last) in [("ns3.hosts.com", 5_u8), ("ns4.hosts.com", 6)] {
        let address = [198, 18, last, 1].into();
        tree.server(ServerPlan::new(name, vec![address])).unwrap();
    }
    tree.zone("failing.com.", &["ns3.hosts.com", "ns4.hosts.com"].map(str::to_owned), SOUND).unwrap();
    let lab = tree.build().unwrap();
    for (server, faults) in [("ns3.hosts.com", of_zone), ("ns4.hosts.com", of_zone), ("ns.com", of_above)] {
        lab.server(server).unwrap().set_faults(faults);
    }
    let (lab, domain) = (Arc::new(lab), domain.to_owned());
    let subject = CheckSubject { domain, ..CheckSubject::default() };
    paused(async { check(&Simulation::new(Arc::clone(&lab), config_for(&lab), 1), subject).await.1 })
}

// The check is of a name below a zone whose servers all fail.
#[test]
fn failing_parent_zone_is_named() {
    for (fault, words) in [
        (Fault::Refused, &["answers REFUSED"][..]),
        (Fault::ServFail, &["answers SERVFAIL"]),
        (Fault::Dead, &["answers neither over UDP nor over TCP", "does not answer over UDP"]),
    ] {
        for domain in ["failing.com.", "sub.failing.com.", "a.b.sub.failing.com."] {
            let findings = found(domain, &[fault], &[]);
            let first = &findings[0];
            assert_eq!(
                (first.code, first.level),
                (Code::NsNoneAnswers, Level::Failure),
                "{fault} {domain}: {findings:#?}"
            );
            let is_told =
                |words: &&str| first.evidence.contains(&format!("198.18.5.1 (ns3.hosts.com.) {words}"));
            assert!(words.iter().any(is_told), "{fault} {domain}: {findings:#?}");
            let zone = "of the zone failing.com.: ";
            assert_eq!(first.evidence.starts_with(zone), domain != "failing.com.", "{fault} {domain}");
            let unknown = [Code::DelegationUnknown, Code::MailUnknown, Code::DomainMissing];
            assert!(findings.iter().all(|found| !unknown.contains(&found.code)), "{domain}: {findings:#?}");
        }
    }
}

// The servers of the zone above are silent too.
#[test]
fn silence_above_blames_no_zone() {
    for domain in ["failing.com.", "sub.failing.com."] {
        let findings = found(domain, &[Fault::Dead], &[Fault::Dead]);
        let failures: Vec<&Finding> = findings.iter().filter(|found| found.level == Level::Failure).collect();
        assert!(
            failures
                .iter()
                .all(|found| found.code == Code::NsNoneAnswers && found.evidence.contains(" com.")),
            "{domain}: {findings:#?}"
        );
        let is_of_zone = |found: &&Finding| found.evidence.contains("198.18.5.1");
        assert!(!failures.iter().any(is_of_zone), "{domain}: {findings:#?}");
    }
}
