//! Checks with public resolvers whose caches have old answers of the parent zone: NXDOMAIN for a new domain, or the DS record of an old
//! key.

use std::sync::Arc;

use doctor::codes::Code;
use doctor::facts::{CheckSubject, OtherResolver, ResolverWay};
use doctor::finding::{Finding, Level};
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::simulation::{Simulation, config_for, paused};
use lab::world::{Lab, ServerPlan};

use crate::faults::{SOUND, tree};
use crate::simulated::check;

const RESOLVER: &str = "9.9.9.9";

/// Returns a lab in which a resolver of a third party has these records of `com.` in its cache.
fn resolver(records: &str) -> Lab {
    let mut tree = Tree::default();
    tree.server(ServerPlan::new("a.root", vec!["198.18.1.1".parse().unwrap()])).unwrap();
    tree.server(ServerPlan::new("public.resolver", vec![RESOLVER.parse().unwrap()])).unwrap();
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    tree.zone("com.", &["public.resolver".to_owned()], records).unwrap();
    tree.build().unwrap()
}

fn found(records: &str, faults: &[Fault]) -> Vec<Finding> {
    of_zone(SOUND, &resolver(records), faults)
}

/// Checks a zone with the records `text`. The public resolver gives the answers that it has in the lab `resolver`, which are from an older
/// version of the zone.
fn of_zone(text: &str, resolver: &Lab, faults: &[Fault]) -> Vec<Finding> {
    let mut tree = tree(text, &[]);
    let mut plan = ServerPlan::new("public.resolver", vec![RESOLVER.parse().unwrap()]);
    plan.faults = faults.to_vec();
    tree.server(plan).unwrap();
    let lab = Arc::new(tree.build().unwrap());
    let cached = resolver.server("public.resolver").unwrap().authority();
    lab.server("public.resolver").unwrap().set_authority(cached);
    let way = ResolverWay::Plain(RESOLVER.parse().unwrap());
    let subject = CheckSubject {
        domain: "faulty.com.".to_owned(),
        resolvers: vec![OtherResolver { way, name: format!("{RESOLVER} (Quad9)") }],
        ..CheckSubject::default()
    };
    paused(async { check(&Simulation::new(Arc::clone(&lab), config_for(&lab), 1), subject).await.1 })
}

/// Returns a lab in which a resolver of a third party has the records `text` of the checked domain in its cache.
fn of_domain(text: &str) -> Lab {
    let mut tree = Tree::default();
    tree.server(ServerPlan::new("a.root", vec!["198.18.1.1".parse().unwrap()])).unwrap();
    tree.server(ServerPlan::new("public.resolver", vec![RESOLVER.parse().unwrap()])).unwrap();
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    let names = "@ NS ns1.hosts.com.\n@ NS ns2.hosts.com.\n";
    tree.zone("faulty.com.", &["public.resolver".to_owned()], &format!("{names}{text}")).unwrap();
    tree.build().unwrap()
}

fn level(findings: &[Finding], code: Code) -> Option<Level> {
    findings.iter().find(|finding| finding.code == code).map(|finding| finding.level)
}

#[test]
fn old_negative_answer_shows_end() {
    let without = SOUND.replace("@ MX 10 mx1.hosts.com.\n@ MX 20 mx2.hosts.com.\n", "");
    let findings = of_zone(SOUND, &of_domain(&without), &[Fault::Recursive]);
    assert_eq!(findings[0].code, Code::OthersOld, "{findings:#?}");
    let evidence = &findings[0].evidence;
    assert!(evidence.starts_with("9.9.9.9 (Quad9) faulty.com. MX: no MX until "), "{evidence}");
    assert!(evidence.contains(". They have the new records by "), "{evidence}");
}

#[test]
fn once_failing_resolver_is_sound() {
    let findings = of_zone(SOUND, &of_domain(SOUND), &[Fault::Recursive, Fault::ServFailFirst]);
    assert_eq!(level(&findings, Code::OthersFail), None, "{findings:#?}");
    assert_eq!(level(&findings, Code::OthersOk), Some(Level::Ok), "{findings:#?}");
}

#[test]
fn cached_denial_of_domain_shows_end() {
    let findings = found("", &[Fault::Recursive]);
    let first = &findings[0];
    assert_eq!(first.code, Code::OthersOld, "{findings:#?}");
    let begin = "9.9.9.9 (Quad9) faulty.com. MX: no MX until ";
    assert!(first.evidence.starts_with(begin), "{first:#?}");
    assert!(findings.iter().all(|finding| finding.code != Code::OthersDiffer), "{findings:#?}");
}
