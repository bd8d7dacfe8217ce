//! Checks of healthy domains.

use std::sync::Arc;

use doctor::codes::Code;
use doctor::facts::CheckSubject;
use doctor::finding::{Finding, Level};
use doctor::limits::MAX_CHECK_QUESTIONS;
use lab::internet::Internet;
use lab::simulation::{Simulation, config_trusting, paused};
use lab::world::ServerPlan;

use crate::faults::tree;
use crate::simulated::check;

const DOMAINS: usize = 400;

#[test]
fn healthy_domains_have_no_failures() {
    let internet = Internet::signed(3, DOMAINS).unwrap();
    let config = config_trusting(&internet.lab);
    let simulation_lab = Arc::clone(&internet.lab);
    paused(async {
        let simulation = Simulation::new(simulation_lab, config, 3);
        for domain in &internet.domains {
            let domain = domain.name.to_string();
            let subject = CheckSubject { domain: domain.clone(), ..CheckSubject::default() };
            let (facts, findings) = check(&simulation, subject).await;
            let bad: Vec<&Finding> = findings.iter().filter(|finding| finding.level < Level::Note).collect();
            assert!(bad.is_empty(), "{domain}: {bad:#?}");
            let notes: Vec<&Finding> =
                findings.iter().filter(|finding| finding.level == Level::Note).collect();
            assert!(notes.len() <= 1, "{domain}: {notes:#?}");
            assert!(findings.iter().any(|finding| finding.level == Level::Ok), "{domain}");
            assert!(facts.got.len() <= MAX_CHECK_QUESTIONS, "{domain}: {}", facts.got.len());
        }
    });
}

/// Checks the domain `many.com.`, which has no faults and `servers` name servers. Findings with the level "ok" are left out.
fn notes_of_many(servers: u8, text: &str) -> Vec<Finding> {
    let mut tree = tree("", &[]);
    let names: Vec<String> = (1..=servers).map(|number| format!("ns{number}.many.com")).collect();
    for (name, net) in names.iter().zip(100..) {
        tree.server(ServerPlan::new(name, vec![[198, 18, net, 1].into()])).unwrap();
    }
    tree.zone("many.com.", &names, text).unwrap();
    for zone in [".", "com."] {
        tree.sign(zone, Some("".parse().unwrap())).unwrap();
    }
    let lab = Arc::new(tree.build().unwrap());
    let subject = CheckSubject { domain: "many.com.".to_owned(), ..CheckSubject::default() };
    let findings = paused(async {
        check(&Simulation::new(Arc::clone(&lab), config_trusting(&lab), 1), subject).await.1
    });
    assert!(findings.iter().any(|finding| finding.code == Code::NsMany), "{findings:#?}");
    findings.into_iter().filter(|finding| finding.level != Level::Ok).collect()
}

#[test]
fn large_healthy_domain_has_no_note() {
    let policies = "@ TXT \"v=spf1 ip4:198.18.9.1 -all\"\n_dmarc TXT \"v=DMARC1; p=reject\"\n";
    let mail: String = (1..=9)
        .map(|number| format!("@ MX {number} m{number}\nm{number} A 198.18.9.1\nm{number} AAAA 2001:2::1\n"))
        .collect();
    let many = notes_of_many(26, &format!("{policies}{mail}"));
    assert!(many.is_empty(), "{many:#?}");
}
