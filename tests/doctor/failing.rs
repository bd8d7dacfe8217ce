//! Checks of a signed domain with public resolvers that fail and report an extended error. The check looks for a server of the zone with a
//! fault that explains the failure. If it finds none, only some sites of an anycast server may have the fault.

use std::sync::Arc;

use doctor::codes::Code;
use doctor::facts::{CheckSubject, OtherResolver, ResolverWay};
use doctor::finding::Finding;
use lab::fault::Fault;
use lab::simulation::{Simulation, config_trusting, paused};
use lab::world::ServerPlan;

use hickory_proto::rr::RecordType;

use crate::faults::{SOUND, tree};
use crate::simulated::check;

const RESOLVER: &str = "9.9.9.9";

/// Checks a domain whose second server has the fault `fault`. The other resolver fails with the extended error `error`.
fn found(fault: Option<Fault>, error: u16) -> Vec<Finding> {
    let faults: Vec<Fault> = fault.into_iter().collect();
    let mut tree = tree(SOUND, &faults);
    let mut plan = ServerPlan::new("public.resolver", vec![RESOLVER.parse().unwrap()]);
    plan.faults = vec![Fault::ExtendedError(error)];
    tree.server(plan).unwrap();
    for zone in [".", "com.", "faulty.com."] {
        tree.sign(zone, Some("".parse().unwrap())).unwrap();
    }
    let lab = Arc::new(tree.build().unwrap());
    let way = ResolverWay::Plain(RESOLVER.parse().unwrap());
    let subject = CheckSubject {
        domain: "faulty.com.".to_owned(),
        resolvers: vec![OtherResolver { way, name: format!("{RESOLVER} (Quad9)") }],
        ..CheckSubject::default()
    };
    paused(async { check(&Simulation::new(Arc::clone(&lab), config_trusting(&lab), 1), subject).await.1 })
}

/// Returns the finding that other resolvers fail to resolve the domain.
fn failure(findings: &[Finding]) -> &Finding {
    let fails = findings.iter().find(|finding| finding.code == Code::OthersFail);
    fails.unwrap_or_else(|| panic!("{findings:#?}"))
}

// The finding about other resolvers shows their extended error.
#[test]
fn server_fault_precedes_public_failures() {
    for (fault, error, code, words) in [
        (Fault::RefusesDnskey, 9, Code::NsPartly, "SERVFAIL (DNSKEY Missing)"),
        (Fault::Drops(RecordType::MX), 22, Code::NsPartly, "SERVFAIL (No Reachable Authority)"),
        (Fault::StripsProofs, 12, Code::NsWithoutProof, "SERVFAIL (NSEC Missing)"),
    ] {
        let findings = found(Some(fault), error);
        let fails = failure(&findings);
        assert!(fails.evidence.contains(words), "{fault}: {fails:#?}");
        let place = |code: Code| findings.iter().position(|finding| finding.code == code).unwrap();
        assert!(place(code) < place(Code::OthersFail), "the cause comes first: {findings:#?}");
    }
}
