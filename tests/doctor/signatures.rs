//! Checks of signed zones: with a server that gives bogus records, during changes of keys, or with two signers.

use std::sync::Arc;

use doctor::codes::Code;
use doctor::facts::CheckSubject;
use doctor::finding::{Finding, Level};
use doctor::limits::MAX_CHECK_QUESTIONS;
use lab::fault::Fault;
use lab::simulation::{Simulation, config_trusting, paused};
use lab::world::Lab;

use crate::faults::tree;
use crate::simulated::check;

const TEXT: &str = "@ MX 10 mx\nmx A 198.18.9.1\n@ TXT \"v=spf1 mx -all\"\n@ TXT \"odd\" \"\\\"\\\\\\200;\"\n_25._tcp.mx TLSA 3 1 1 \
    0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF\n";

fn signed(plan: &str) -> Lab {
    let mut tree = tree(TEXT, &[]);
    for (zone, plan) in [(".", ""), ("com.", ""), ("faulty.com.", plan)] {
        tree.sign(zone, Some(plan.parse().unwrap())).unwrap();
    }
    tree.build().unwrap()
}

/// Returns a lab in which the first server signs according to `plan`, the second one according to `other`. The DS records are those of
/// `plan`.
fn half_signed(plan: &str, other: &str) -> Lab {
    let (lab, other) = (signed(plan), signed(other));
    let second = "ns2.hosts.com";
    lab.server(second).unwrap().set_authority(other.server(second).unwrap().authority());
    lab
}

/// Returns the findings of three checks. Each check asks the servers in another order.
fn found(lab: Lab, loss: u32) -> Vec<Vec<Finding>> {
    let lab = Arc::new(lab);
    let of_seed = |seed| {
        paused(async {
            let simulation = Simulation::new(Arc::clone(&lab), config_trusting(&lab), seed);
            simulation.network().set_loss(loss);
            let subject = CheckSubject { domain: "faulty.com.".to_owned(), ..CheckSubject::default() };
            let (facts, findings) = check(&simulation, subject).await;
            assert!(facts.got.len() <= MAX_CHECK_QUESTIONS, "{}", facts.got.len());
            findings
        })
    };
    (1..=3).map(of_seed).collect()
}

/// Returns the evidence of the first finding. It must be `NsBogus`, with the same evidence in each of the three checks.
fn evidence(lab: Lab) -> String {
    let mut told = Vec::new();
    for findings in found(lab, 0) {
        let first = findings.first().unwrap();
        assert_eq!((first.code, first.level), (Code::NsBogus, Level::Failure), "{findings:#?}");
        assert!(findings.iter().all(|finding| finding.code != Code::DnssecOk), "{findings:#?}");
        told.push(first.evidence.clone());
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:#?}");
    told.remove(0)
}

#[test]
fn server_with_bad_signatures_is_named() {
    for algorithm in ["8", "10", "13", "15"] {
        let lab = signed(&format!("algorithm={algorithm} nsec3"));
        lab.server("ns2.hosts.com").unwrap().set_faults(&[Fault::BadSignatures]);
        let told = evidence(lab);
        assert!(told.starts_with("198.18.4.1 (ns2.hosts.com.) gives faulty.com. MX"), "{algorithm}: {told}");
        assert!(
            told.contains("gives faulty.com. DNSKEY") && told.contains("that does not verify"),
            "{algorithm}: {told}"
        );
        assert!(!told.contains("ns1."), "{algorithm}: {told}");
    }
    // Signatures with P-384 (algorithm 14) take long to verify, so a check verifies only a few that fail. It must still report the server.
    let lab = signed("algorithm=14");
    lab.server("ns2.hosts.com").unwrap().set_faults(&[Fault::BadSignatures]);
    for findings in found(lab, 0) {
        let bogus = findings.iter().find(|finding| finding.code == Code::NsBogus);
        assert_eq!(bogus.map(|finding| finding.level), Some(Level::Failure), "{findings:#?}");
    }
}

#[test]
fn server_without_signatures_is_named() {
    let told = evidence(half_signed("", "missing-rrsig"));
    assert!(told.starts_with("198.18.4.1 (ns2.hosts.com.) gives faulty.com. MX, "), "{told}");
    assert!(told.ends_with(" without a signature"), "{told}");
}

#[test]
fn signer_with_unpublished_key_is_named() {
    let told = evidence(half_signed("", "zsk=old,new signs=new"));
    assert!(told.starts_with("198.18.4.1 (ns2.hosts.com.) signs faulty.com. MX"), "{told}");
    assert!(told.ends_with("which is not in the DNSKEY records of all servers"), "{told}");
    let nobody = evidence(half_signed("", "signs=new"));
    assert!(nobody.starts_with("198.18.4.1 (ns2.hosts.com.) gives faulty.com. MX"), "{nobody}");
    assert!(nobody.ends_with("that does not verify"), "{nobody}");
    let forged = evidence(half_signed("", "wrong-key"));
    assert!(forged.ends_with("that does not verify"), "{forged}");
}

/// Signing plans of the two servers with which the zone is healthy.
const HEALTHY: [(&str, &str); 8] = [
    ("algorithm=8,13", "algorithm=8,13"),
    ("algorithm=14 nsec3", "algorithm=14 nsec3"),
    ("zsk=none algorithm=15", "zsk=none algorithm=15"),
    // One server has an older version of the zone: before the new key was added, before it was used, or before all records were signed with
    // it.
    ("", "zsk=old,new"),
    ("zsk=old,new", "zsk=old,new signs=new"),
    ("", "zsk=old,new signs=old,new"),
    // The second server has a later version in which the key `new` is revoked.
    ("ksk=old,new", "ksk=old,new revoked=new"),
    // Each of two DNS providers signs with its own keys and publishes the keys of both (RFC 8901).
    (
        "ksk=old,new signs-keys=old zsk=old,new signs=old ds=old,new",
        "ksk=old,new signs-keys=new zsk=old,new signs=new ds=old,new",
    ),
];

#[test]
fn key_changes_and_two_signers_pass() {
    for (one, other) in HEALTHY {
        for findings in found(half_signed(one, other), 0) {
            let bogus = findings.iter().find(|finding| finding.code == Code::NsBogus);
            assert_eq!(bogus, None, "{one} and {other}");
            assert!(
                findings.iter().any(|finding| finding.code == Code::DnssecOk),
                "{one} {other}: {findings:#?}"
            );
        }
    }
}

#[test]
fn packet_loss_makes_no_server_bogus() {
    // 190 or 510 per mille of the queries get no reply, because about 10 % or 30 % of the packets are lost in each direction.
    for loss in [190, 510] {
        for (one, other) in HEALTHY {
            for findings in found(half_signed(one, other), loss) {
                let bogus = findings.iter().find(|finding| finding.code == Code::NsBogus);
                assert_eq!(bogus, None, "{loss}: {one} and {other}");
            }
        }
    }
}

// Its DS records are right, and stay.
#[test]
fn expired_zone_needs_new_signatures() {
    for findings in found(signed("expired"), 0) {
        let bogus = findings.iter().find(|finding| finding.code == Code::DnssecBogus);
        let bogus = bogus.unwrap_or_else(|| panic!("{findings:#?}"));
        assert!(bogus.remedy().starts_with("Sign the zone again."), "{bogus:#?}");
        assert!(bogus.remedy().contains("The DS records fit"), "{bogus:#?}");
    }
}
