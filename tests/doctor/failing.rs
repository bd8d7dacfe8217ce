//! Resolvers of others that fail for a signed domain and say why: a server of the zone with a fault that explains it, or some site of one.

use std::sync::Arc;

use doctor::codes::Code;
use doctor::facts::{CheckSubject, OtherResolver, ResolverWay};
use doctor::finding::Finding;
use lab::fault::Fault;
use lab::simulation::{Simulation, config_trusting, paused};
use lab::world::{Lab, ServerPlan};

use hickory_proto::rr::RecordType;

use crate::faults::{SOUND, tree};
use crate::simulated::check;

const RESOLVER: &str = "9.9.9.9";

/// The findings about a signed domain whose second server has this fault, with a resolver that fails with this extended error.
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

/// The finding about resolvers that fail.
fn failure(findings: &[Finding]) -> &Finding {
    let fails = findings.iter().find(|finding| finding.code == Code::OthersFail);
    fails.unwrap_or_else(|| panic!("{findings:#?}"))
}

#[test]
fn a_server_with_the_fault_that_an_error_names_is_the_likely_cause() {
    let server = "198.18.4.1 (ns2.hosts.com.)";
    for (fault, error, conduct) in [
        (Fault::RefusesDnskey, 9, "answers REFUSED for faulty.com. DNSKEY"),
        (Fault::Drops(RecordType::DNSKEY), 6, "does not answer for faulty.com. DNSKEY"),
        (Fault::Drops(RecordType::MX), 22, "does not answer for faulty.com. MX"),
        (Fault::Fails(RecordType::TXT), 23, "answers SERVFAIL for faulty.com. TXT"),
    ] {
        let findings = found(Some(fault), error);
        let fails = failure(&findings);
        let begin = format!("the likely cause: {server} {conduct}");
        assert!(fails.evidence.starts_with(&begin), "{fault}: {fails:#?}");
        assert!(fails.remedy().starts_with("Mend the name servers in the evidence"), "{fails:#?}");
        let place = |code: Code| findings.iter().position(|finding| finding.code == code).unwrap();
        assert!(place(Code::NsPartly) < place(Code::OthersFail), "the cause comes first: {findings:#?}");
    }
}

#[test]
fn a_server_without_proofs_is_named_whatever_the_error_says() {
    let conduct = "198.18.4.1 (ns2.hosts.com.) denies ";
    for (error, begin) in [
        (12, "the likely cause: "),
        (6, "the likely cause: "),
        (10, "the likely cause: "),
        (9, "the cause could not be told; a possible one: "),
        (22, "the cause could not be told; a possible one: "),
    ] {
        let findings = found(Some(Fault::StripsProofs), error);
        let fails = failure(&findings);
        assert!(fails.evidence.starts_with(&format!("{begin}{conduct}")), "{error}: {fails:#?}");
        assert!(!fails.evidence.contains("are right"), "{fails:#?}");
        let place = |code: Code| findings.iter().position(|finding| finding.code == code).unwrap();
        assert!(
            place(Code::NsWithoutProof) < place(Code::OthersFail),
            "the cause comes first: {findings:#?}"
        );
    }
}

/// A signed internet with a resolver that fails and has its keys in its cache; `faulty.com.` is signed so.
fn with_resolver(plan: &str) -> Lab {
    let mut tree = tree(SOUND, &[]);
    let mut resolver = ServerPlan::new("public.resolver", vec![RESOLVER.parse().unwrap()]);
    resolver.faults = vec![Fault::ExtendedError(6), Fault::Recursive];
    tree.server(resolver).unwrap();
    for (zone, plan) in [(".", ""), ("com.", ""), ("faulty.com.", plan)] {
        tree.sign(zone, Some(plan.parse().unwrap())).unwrap();
    }
    tree.build().unwrap()
}

#[test]
fn keys_that_the_ds_records_name_are_not_called_old() {
    let (lab, other) = (with_resolver(""), with_resolver("ksk=new zsk=new signs=new"));
    lab.server("ns2.hosts.com").unwrap().set_authority(other.server("ns2.hosts.com").unwrap().authority());
    let lab = Arc::new(lab);
    let way = ResolverWay::Plain(RESOLVER.parse().unwrap());
    // The resolver has the keys of the one server or of the other.
    for (server, is_old) in [("ns1.hosts.com", false), ("ns2.hosts.com", true)] {
        let authority = lab.server(server).unwrap().authority();
        lab.server("public.resolver").unwrap().set_authority(authority);
        let subject = CheckSubject {
            domain: "faulty.com.".to_owned(),
            resolvers: vec![OtherResolver { way: way.clone(), name: format!("{RESOLVER} (Quad9)") }],
            ..CheckSubject::default()
        };
        let findings = paused(async {
            check(&Simulation::new(Arc::clone(&lab), config_trusting(&lab), 1), subject).await.1
        });
        let fails = failure(&findings);
        assert_eq!(fails.evidence.contains("has DNSKEY records of faulty.com. that"), is_old, "{fails:#?}");
        assert!(!fails.evidence.contains("old DNSKEY records"), "{fails:#?}");
    }
}

#[test]
fn each_error_has_its_remedy_where_all_servers_are_right() {
    for (error, words, remedy) in [
        (7, "seems to send signatures that have ended", "Let all sites and machines"),
        (9, "seems to send other keys than the DS records name", "Let all sites and machines"),
        (22, "(No Reachable Authority)", "Let all name servers answer this resolver"),
        (18, "(Prohibited)", "Ask the operator of the resolver"),
    ] {
        let findings = found(None, error);
        let fails = failure(&findings);
        assert!(fails.evidence.contains(words) && fails.remedy().starts_with(remedy), "{error}: {fails:#?}");
        assert!(!fails.evidence.contains("the likely cause"), "{fails:#?}");
    }
}
