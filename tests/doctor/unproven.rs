//! Checks of a signed domain whose name servers send denials without the NSEC or NSEC3 records that DNSSEC requires.

use std::sync::Arc;

use doctor::codes::Code;
use doctor::facts::CheckSubject;
use doctor::finding::{Finding, Level};
use hickory_proto::rr::RecordType;
use lab::fault::Fault;
use lab::simulation::{Simulation, config_trusting, paused};

use crate::faults::{SOUND, tree};
use crate::simulated::check;

/// Checks `faulty.com.`, which is signed according to `plan`. The servers `stripping` have the fault `fault`: they leave out proofs.
fn found(plan: &str, fault: Fault, stripping: &[&str]) -> Vec<Finding> {
    found_of(SOUND, plan, fault, stripping)
}

fn found_of(text: &str, plan: &str, fault: Fault, stripping: &[&str]) -> Vec<Finding> {
    let mut tree = tree(text, &[]);
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

// No other resolver is queried.
#[test]
fn denial_without_proof_names_server() {
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

const BOTH: [&str; 2] = ["ns1.hosts.com", "ns2.hosts.com"];

const SECOND: [&str; 1] = ["ns2.hosts.com"];

/// The mail host in the zone has no IPv6 address and no TLSA records.
const WITH_HOST: &str =
    "@ MX 10 mail\nmail A 198.18.9.1\n@ TXT \"v=spf1 mx -all\"\n_dmarc TXT \"v=DMARC1; p=reject\"\n";

/// Returns the first finding. Also checks that the zone has no fault if no server leaves out proofs.
fn first(text: &str, plan: &str, fault: Fault, stripping: &[&str]) -> Finding {
    let sound = found_of(text, plan, fault, &[]);
    assert!(sound.iter().any(|finding| finding.code == Code::DnssecOk), "{plan} {fault}: {sound:#?}");
    let mut found = found_of(text, plan, fault, stripping);
    assert_eq!(found[0].code, Code::NsWithoutProof, "{plan} {fault}: {found:#?}");
    found.remove(0)
}

#[test]
fn unproven_address_denials_are_reported() {
    for plan in ["", "nsec3"] {
        let told = first(WITH_HOST, plan, Fault::StripsProofsOf(RecordType::AAAA), &BOTH);
        assert_eq!(told.level, Level::Failure, "{told:#?}");
        for name in ["faulty.com. AAAA", "mail.faulty.com. AAAA"] {
            assert!(told.evidence.contains(name), "{plan}: {told:#?}");
        }
    }
}

#[test]
fn unproven_tlsa_denial_names_server() {
    for plan in ["", "nsec3"] {
        let told = first(WITH_HOST, plan, Fault::StripsProofsOf(RecordType::TLSA), &SECOND);
        assert_eq!(told.level, Level::Warning, "{told:#?}");
        let words = "198.18.4.1 (ns2.hosts.com.) denies _25._tcp.mail.faulty.com. TLSA without an NSEC or NSEC3 record as the proof";
        assert_eq!(told.evidence, words, "{plan}");
    }
}

#[test]
fn unproven_mx_denial_is_first() {
    let text = "@ A 198.18.9.80\n@ TXT \"v=spf1 mx -all\"\n_dmarc TXT \"v=DMARC1; p=reject\"\n";
    for plan in ["", "nsec3"] {
        let told = first(text, plan, Fault::StripsProofsOf(RecordType::MX), &BOTH);
        assert_eq!(told.level, Level::Failure, "{told:#?}");
        assert!(told.evidence.contains("denies faulty.com. MX"), "{told:#?}");
    }
}

#[test]
fn partial_proof_names_server() {
    let in_part = first(WITH_HOST, "nsec3", Fault::FewProofs(1), &SECOND);
    assert_eq!(in_part.level, Level::Warning, "{in_part:#?}");
    assert!(
        in_part.evidence.starts_with("198.18.4.1 (ns2.hosts.com.) denies ")
            && in_part.evidence.contains("with NSEC or NSEC3 records that do not prove it"),
        "{in_part:#?}"
    );
    let all = first(WITH_HOST, "nsec3", Fault::FewProofs(1), &BOTH);
    assert_eq!(all.level, Level::Failure, "{all:#?}");
}

#[test]
fn unproven_wildcard_names_server() {
    let text = "@ MX 10 mail\nmail A 198.18.9.1\n@ TXT \"v=spf1 mx -all\"\n* TXT \"v=DMARC1; p=reject\"\n";
    for plan in ["", "nsec3"] {
        let told = first(text, plan, Fault::StripsProofsOf(RecordType::TXT), &SECOND);
        assert!(
            told.evidence.contains("gives the records of a wildcard for _dmarc.faulty.com. TXT")
                && told
                    .evidence
                    .ends_with("without an NSEC or NSEC3 record as the proof that no name is closer"),
            "{plan}: {told:#?}"
        );
    }
}

#[test]
fn denials_that_cover_names_are_told() {
    let told = |plan: &str| {
        let mut found = found_of(WITH_HOST, plan, Fault::StripsProofs, &[]);
        found.retain(|finding| finding.code == Code::DenialsCoverNames);
        found.pop()
    };
    for plan in ["one-range", "nsec3 one-range"] {
        let told = told(plan).unwrap();
        for name in ["mail.faulty.com.", "_dmarc.faulty.com.", "(ns1.hosts.com.)", "(ns2.hosts.com.)"] {
            assert!(told.evidence.contains(name), "{plan}: {told:#?}");
        }
    }
    for plan in ["", "nsec3", "nsec3 optout", "nsec3 optout one-range"] {
        assert_eq!(told(plan), None, "{plan}");
    }
}
