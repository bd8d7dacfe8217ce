//! Resolvers of others that have kept the answers of the zone above: a denial of a new domain, and a DS record of an old key.

use std::sync::Arc;

use resolverd::check::domain::codes::Code;
use resolverd::check::domain::facts::{CheckSubject, OtherResolver, ResolverWay};
use resolverd::check::domain::finding::Finding;
use resolverd::lab::delegations::Tree;
use resolverd::lab::fault::Fault;
use resolverd::lab::simulation::{Simulation, config_for, paused};
use resolverd::lab::world::{Lab, ServerPlan};

use crate::faults::{SOUND, tree};
use crate::simulated::check;

const RESOLVER: &str = "9.9.9.9";

/// The resolver, which has these records of `com.` in its cache.
fn resolver(records: &str) -> Lab {
    let mut tree = Tree::default();
    tree.server(ServerPlan::new("a.root", vec!["198.18.1.1".parse().unwrap()])).unwrap();
    tree.server(ServerPlan::new("public.resolver", vec![RESOLVER.parse().unwrap()])).unwrap();
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    tree.zone("com.", &["public.resolver".to_owned()], records).unwrap();
    tree.build().unwrap()
}

/// The findings about a sound domain with such a resolver.
fn found(records: &str, faults: &[Fault]) -> Vec<Finding> {
    let mut tree = tree(SOUND, &[]);
    let mut plan = ServerPlan::new("public.resolver", vec![RESOLVER.parse().unwrap()]);
    plan.faults = faults.to_vec();
    tree.server(plan).unwrap();
    let lab = Arc::new(tree.build().unwrap());
    let cached = resolver(records).server("public.resolver").unwrap().authority();
    lab.server("public.resolver").unwrap().set_authority(cached);
    let way = ResolverWay::Plain(RESOLVER.parse().unwrap());
    let subject = CheckSubject {
        domain: "faulty.com.".to_owned(),
        resolvers: vec![OtherResolver { way, name: format!("{RESOLVER} (Quad9)") }],
        ..CheckSubject::default()
    };
    paused(async { check(&Simulation::new(Arc::clone(&lab), config_for(&lab), 1), subject).await.1 })
}

#[test]
fn the_denial_of_a_new_domain_in_a_cache_is_told_with_its_end() {
    let findings = found("", &[Fault::Recursive]);
    let first = &findings[0];
    assert_eq!(first.code, Code::OthersDeny, "{findings:#?}");
    let begin = "9.9.9.9 (Quad9) still has the answer of the zone com. that faulty.com. does not exist (NXDOMAIN), until ";
    assert!(first.evidence.starts_with(begin), "{first:#?}");
    assert!(findings.iter().all(|finding| finding.code != Code::OthersDiffer), "{findings:#?}");
}

#[test]
fn an_old_ds_record_in_the_cache_of_a_resolver_is_the_reason_of_its_failure() {
    let records = "faulty NS ns1.hosts\nfaulty DS 7 13 2 0102030405060708091011121314151617181920212223242526272829303132\n";
    let findings = found(records, &[Fault::Recursive, Fault::Validates]);
    let first = &findings[0];
    assert_eq!(first.code, Code::OthersFail, "{findings:#?}");
    let begin = "9.9.9.9 (Quad9) still has the old DS record of the key 7 for faulty.com. until ";
    assert!(first.evidence.starts_with(begin), "{first:#?}");
    assert!(first.evidence.contains("has none any more; "), "{first:#?}");
    assert!(first.remedy().contains("the old key"), "{first:#?}");
}
