//! Healthy domains.

use std::sync::Arc;

use resolverd::check::domain::codes::Code;
use resolverd::check::domain::facts::CheckSubject;
use resolverd::check::domain::finding::{Finding, Level};
use resolverd::lab::internet::Internet;
use resolverd::lab::simulation::{Simulation, config_trusting, paused};
use resolverd::limits::MAX_CHECK_QUESTIONS;

use crate::simulated::check;

const DOMAINS: usize = 400;

#[test]
fn four_hundred_healthy_domains_have_no_failure_and_one_note_at_most() {
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
            // The hosts of this internet have addresses for benchmarks.
            let notes = findings.iter().filter(|finding| finding.code != Code::SpfSpecialAddress);
            let notes: Vec<&Finding> = notes.filter(|finding| finding.level == Level::Note).collect();
            assert!(notes.len() <= 1, "{domain}: {notes:#?}");
            assert!(findings.iter().any(|finding| finding.level == Level::Ok), "{domain}");
            assert!(facts.got.len() <= MAX_CHECK_QUESTIONS, "{domain}: {}", facts.got.len());
        }
    });
}
