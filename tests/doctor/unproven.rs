//! Name servers of a signed domain that deny records without the proof.

use std::sync::Arc;

use resolverd::check::domain::codes::Code;
use resolverd::check::domain::facts::CheckSubject;
use resolverd::check::domain::finding::{Finding, Level};
use resolverd::lab::fault::Fault;
use resolverd::lab::simulation::{Simulation, config_trusting, paused};

use crate::faults::{SOUND, tree};
use crate::simulated::check;

/// The findings about `faulty.com.`, signed so, if these of its servers leave out the proofs in this way.
fn found(plan: &str, fault: Fault, stripping: &[&str]) -> Vec<Finding> {
    let mut tree = tree(SOUND, &[]);
    for (zone, plan) in [(".", ""), ("com.", ""), ("faulty.com.", plan)] {
        tree.sign(zone, Some(plan.parse().unwrap())).unwrap();
    }
    let lab = Arc::new(tree.build().unwrap());
    for server in stripping {
        lab.server(server).unwrap().set_faults(&[fault]);
    }
    let subject = CheckSubject { domain: "faulty.com.".to_owned(), ..CheckSubject::default() };
    paused(async { check(&Simulation::new(Arc::clone(&lab), config_trusting(&lab), 1), subject).await.1 })
}

#[test]
fn a_server_that_denies_without_a_proof_is_the_answer_though_no_other_resolver_is_asked() {
    for (plan, fault) in [
        ("", Fault::StripsProofs),
        ("nsec3", Fault::StripsProofs),
        ("nsec3 optout algorithm=15", Fault::StripsProofs),
        ("nsec3", Fault::BareDenials),
        ("", Fault::StripsAuthority),
    ] {
        let one = found(plan, fault, &["ns2.hosts.com"]);
        assert_eq!(
            (one[0].code, one[0].level),
            (Code::NsWithoutProof, Level::Warning),
            "{plan} {fault:?}: {one:#?}"
        );
        assert!(
            one[0].evidence.starts_with("198.18.4.1 (ns2.hosts.com.) denies "),
            "{plan} {fault:?}: {one:#?}"
        );
        assert!(!one[0].evidence.contains("ns1."), "{plan} {fault:?}: {one:#?}");
        let all = found(plan, fault, &["ns1.hosts.com", "ns2.hosts.com"]);
        assert_eq!(
            (all[0].code, all[0].level),
            (Code::NsWithoutProof, Level::Failure),
            "{plan} {fault:?}: {all:#?}"
        );
        for name in ["ns1", "ns2"] {
            assert!(
                all[0].evidence.contains(&format!("({name}.hosts.com.) denies ")),
                "{plan} {fault:?}: {all:#?}"
            );
        }
        for findings in [one, all] {
            let repeats = [Code::DnssecBogus, Code::DnssecOk, Code::PolicyUnanswered, Code::NsBogus];
            assert!(
                findings.iter().all(|finding| !repeats.contains(&finding.code)),
                "{plan} {fault:?}: {findings:#?}"
            );
        }
        let sound = found(plan, fault, &[]);
        assert!(sound.iter().any(|finding| finding.code == Code::DnssecOk), "{plan} {fault:?}: {sound:#?}");
        assert!(
            sound.iter().all(|finding| finding.code != Code::NsWithoutProof),
            "{plan} {fault:?}: {sound:#?}"
        );
    }
}
