//! Checks of domains whose parent zone has many servers, or servers that disagree or fail.

use std::collections::BTreeSet;
use std::sync::Arc;

use doctor::codes::Code;
use doctor::facts::CheckSubject;
use doctor::finding::{Finding, Level};
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::simulation::{Simulation, config_for, config_trusting, paused};
use lab::world::{Lab, ServerPlan};

use crate::faults::{SOUND, tree};
use crate::simulated::check;

const NEW: &[&str] = &["ns1.hosts.com", "ns2.hosts.com"];

const OLD: &[&str] = &["old1.hosts.com", "old2.hosts.com"];

fn naming(servers: &[&str]) -> String {
    servers.iter().map(|name| format!("@ NS {name}.\n")).collect::<String>() + SOUND
}

/// A lab with `count` servers for `com.`, and with these name servers of `faulty.com.`.
fn with_parents(count: u8, servers: &[&str]) -> Tree {
    with_zone(count, servers, SOUND)
}

fn with_zone(count: u8, servers: &[&str], text: &str) -> Tree {
    let names = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<String>>();
    let mut tree = tree(SOUND, &[]);
    let parents: Vec<String> = (1..=count).map(|number| format!("c{number}.com")).collect();
    for (number, name) in (1..).zip(&parents) {
        tree.server(ServerPlan::new(name, vec![[198, 18, 20, number].into()])).unwrap();
    }
    let others: [(&str, u8, &[Fault]); 3] = [
        ("old1.hosts.com", 5, &[Fault::Refused]),
        ("old2.hosts.com", 6, &[Fault::Dead]),
        ("former.hosts.com", 8, &[]),
    ];
    for (name, net, faults) in others {
        let mut plan = ServerPlan::new(name, vec![[198, 18, net, 1].into()]);
        plan.faults = faults.to_vec();
        tree.server(plan).unwrap();
    }
    tree.zone("com.", &parents, "").unwrap();
    tree.zone("faulty.com.", &names(servers), text).unwrap();
    tree
}

/// Gives these servers of `com.` the zone that they have in the lab `other`.
fn take(lab: &Lab, parents: &[&str], other: &Lab) {
    for name in parents {
        lab.server(name).unwrap().set_authority(other.server(name).unwrap().authority());
    }
}

fn found(lab: &Arc<Lab>, seed: u64, signed: bool) -> Vec<Finding> {
    let config = if signed { config_trusting(lab) } else { config_for(lab) };
    let subject = CheckSubject { domain: "faulty.com.".to_owned(), ..CheckSubject::default() };
    paused(async { check(&Simulation::new(Arc::clone(lab), config, seed), subject).await.1 })
}

fn of(findings: &[Finding], code: Code) -> Option<&Finding> {
    findings.iter().find(|finding| finding.code == code)
}

// Two of four servers of the parent zone name servers that do not serve the zone.
#[test]
fn stale_parent_delegation_is_single_failure() {
    let old = with_parents(4, OLD).build().unwrap();
    let mut told = BTreeSet::new();
    for seed in 1..=24 {
        let lab = Arc::new(with_parents(4, NEW).build().unwrap());
        take(&lab, &["c2.com", "c3.com"], &old);
        let findings = found(&lab, seed, false);
        let first = &findings[0];
        assert_eq!((first.code, first.level), (Code::ParentDiffers, Level::Failure), "{seed}: {findings:#?}");
        told.insert(first.evidence.clone());
        for code in
            [Code::NsLame, Code::NsSilent, Code::NsNoneAnswers, Code::DelegationUnknown, Code::CachedHere]
        {
            assert_eq!(of(&findings, code), None, "{seed}: {findings:#?}");
        }
    }
    assert_eq!(told.len(), 1, "{told:#?}");
    let told = told.into_iter().next().unwrap();
    assert!(
        told.starts_with("198.18.20.2 (c2.com.) delegates faulty.com. to old1.hosts.com., old2.hosts.com.; "),
        "{told}"
    );
    for fault in
        ["(old1.hosts.com.) answers REFUSED", "(old2.hosts.com.) answers neither over UDP nor over TCP"]
    {
        assert!(told.contains(fault), "{told}");
    }
}

// Only some servers of the parent zone name the lame server.
#[test]
fn lame_server_joins_parent_difference() {
    let old = with_parents(4, &["ns1.hosts.com", "old1.hosts.com"]).build().unwrap();
    for seed in 1..=6 {
        let lab = Arc::new(with_parents(4, NEW).build().unwrap());
        take(&lab, &["c1.com"], &old);
        let findings = found(&lab, seed, false);
        let first = &findings[0];
        assert_eq!((first.code, first.level), (Code::ParentDiffers, Level::Failure), "{seed}: {findings:#?}");
        assert!(first.evidence.contains("198.18.5.1 (old1.hosts.com.) answers REFUSED"), "{findings:#?}");
        assert_eq!(of(&findings, Code::NsLame), None, "{seed}: {findings:#?}");
    }
}

// The zone itself names the lame server too.
#[test]
fn lame_server_in_zone_joins_difference() {
    // The NS records in the zone: the servers of the old delegation, or one of them and one server that serves the zone.
    for old in [OLD, &["ns1.hosts.com", "old1.hosts.com"]] {
        let text = naming(old);
        let other = with_zone(4, old, &text).build().unwrap();
        for seed in 1..=6 {
            let lab = Arc::new(with_zone(4, NEW, &text).build().unwrap());
            take(&lab, &["c2.com"], &other);
            let findings = found(&lab, seed, false);
            let first = &findings[0];
            assert_eq!(
                (first.code, first.level),
                (Code::ParentDiffers, Level::Failure),
                "{seed}: {findings:#?}"
            );
            let lame = "198.18.5.1 (old1.hosts.com.) answers REFUSED for faulty.com.";
            assert!(first.evidence.contains(lame), "{first:#?}");
            for code in [Code::NsLame, Code::NsSilent] {
                assert_eq!(of(&findings, code), None, "{seed}: {findings:#?}");
            }
        }
    }
}

/// Returns a lab in which the parent zone delegates to these servers. The zone has the text `text` at the servers `NEW`, and `at_others` at
/// all other servers.
fn delegated(servers: &[&str], text: &str, at_others: &str) -> Arc<Lab> {
    let lab = with_zone(4, NEW, text).build().unwrap();
    let other = with_zone(4, servers, at_others).build().unwrap();
    take(&lab, &["c1.com", "c2.com", "c3.com", "c4.com", "former.hosts.com"], &other);
    Arc::new(lab)
}

// Only the registrar or only the zone names the lame server.
#[test]
fn lame_server_joins_ns_difference() {
    for (above, own, level, lame) in [
        (
            ["ns1.hosts.com", "old1.hosts.com"],
            NEW,
            Level::Failure,
            "198.18.5.1 (old1.hosts.com.) answers REFUSED for faulty.com.",
        ),
        (
            ["ns1.hosts.com", "ns2.hosts.com"],
            &["ns1.hosts.com", "old1.hosts.com"],
            Level::Failure,
            "198.18.5.1 (old1.hosts.com.) answers REFUSED for faulty.com.",
        ),
        (
            ["ns1.hosts.com", "old2.hosts.com"],
            NEW,
            Level::Warning,
            "198.18.6.1 (old2.hosts.com.) answers neither over UDP nor over TCP",
        ),
    ] {
        let lab = delegated(&above, &naming(own), &naming(own));
        for seed in 1..=6 {
            let findings = found(&lab, seed, false);
            let first = &findings[0];
            assert_eq!((first.code, first.level), (Code::NsDiffer, level), "{seed}: {findings:#?}");
            assert!(
                first.evidence.starts_with("com. delegates faulty.com. to ns1.hosts.com., "),
                "{first:#?}"
            );
            assert!(first.evidence.contains(lame), "{first:#?}");
            for code in [Code::NsLame, Code::NsSilent] {
                assert_eq!(of(&findings, code), None, "{seed}: {findings:#?}");
            }
        }
    }
}

#[test]
fn missing_last_dot_is_named() {
    let text = format!("@ NS ns1.hosts.com.\n@ NS ns2.hosts.com\n{SOUND}");
    let findings = found(&delegated(NEW, &text, &text), 1, false);
    assert_eq!(findings[0].code, Code::NsDiffer, "{findings:#?}");
    let told = "ns2.hosts.com.faulty.com. (the zone file may name ns2.hosts.com. without its last dot)";
    assert!(findings[0].evidence.contains(told), "{findings:#?}");
    assert_eq!(of(&findings, Code::NsWithoutAddress), None, "{findings:#?}");
}

/// Returns the records of the zone as the name server of its former provider has them: with another mail host.
fn former(servers: &[&str]) -> String {
    naming(servers).replace("MX 10 mx1.hosts.com.", "MX 5 mx2.hosts.com.")
}

#[test]
fn old_records_join_ns_difference() {
    let effect = "; because of that, the name servers of the zone give different MX records: 198.18.8.1 (former.hosts.com.) has ";
    // The delegation still names a server of the former provider, which has old records. In the first two cases, it also names a server of the new
    // provider.
    let beside = ["ns1.hosts.com", "former.hosts.com"];
    for (old, own) in
        [(beside, beside.as_slice()), (beside, NEW), (["former.hosts.com", "old1.hosts.com"], NEW)]
    {
        let lab = delegated(&old, &naming(NEW), &former(own));
        for seed in 1..=6 {
            let findings = found(&lab, seed, false);
            let first = &findings[0];
            assert_eq!((first.code, first.level), (Code::NsDiffer, Level::Failure), "{seed}: {findings:#?}");
            assert!(first.evidence.contains(effect), "{first:#?}");
            assert_eq!(of(&findings, Code::MxDiffers), None, "{seed}: {findings:#?}");
        }
    }
    // One server of the parent zone still names the server of the former provider.
    let old = with_zone(4, &["former.hosts.com"], &former(&["former.hosts.com"])).build().unwrap();
    for seed in 1..=6 {
        let lab = Arc::new(with_zone(4, NEW, &naming(NEW)).build().unwrap());
        take(&lab, &["c2.com", "former.hosts.com"], &old);
        let findings = found(&lab, seed, false);
        let first = &findings[0];
        assert_eq!((first.code, first.level), (Code::ParentDiffers, Level::Failure), "{seed}: {findings:#?}");
        assert!(first.evidence.contains(effect), "{first:#?}");
        assert_eq!(of(&findings, Code::MxDiffers), None, "{seed}: {findings:#?}");
    }
}

#[test]
fn any_answering_parent_shows_delegation() {
    for fault in [Fault::Refused, Fault::Dead, Fault::ServFail] {
        for seed in 1..=8 {
            let lab = Arc::new(with_parents(4, NEW).build().unwrap());
            for parent in ["c1.com", "c2.com"] {
                lab.server(parent).unwrap().set_faults(&[fault]);
            }
            let findings = found(&lab, seed, false);
            assert_eq!(of(&findings, Code::DelegationUnknown), None, "{fault} {seed}: {findings:#?}");
            let well = of(&findings, Code::DelegationOk).unwrap_or_else(|| panic!("{seed} {findings:#?}"));
            assert!(well.evidence.starts_with("ns1.hosts.com., ns2.hosts.com."), "{well:#?}");
        }
    }
}

#[test]
fn same_parent_servers_are_queried() {
    let old = with_parents(8, &["ns1.hosts.com", "old1.hosts.com"]).build().unwrap();
    for seed in 1..=12 {
        let lab = Arc::new(with_parents(8, NEW).build().unwrap());
        take(&lab, &["c2.com"], &old);
        let findings = found(&lab, seed, false);
        let first = &findings[0];
        assert_eq!(first.code, Code::ParentDiffers, "{seed}: {findings:#?}");
        assert!(
            first.evidence.contains("(c2.com.) delegates faulty.com. to ns1.hosts.com., old1.hosts.com."),
            "{first:#?}"
        );
    }
}

/// Checks a domain. Two of the four servers of `com.` have a DS record for another key, or no DS record.
fn with_other_signers(plan: Option<&str>, seed: u64) -> Vec<Finding> {
    let signed = |plan: Option<&str>| {
        let mut tree = with_parents(4, NEW);
        for (zone, plan) in [(".", Some("")), ("com.", Some("")), ("faulty.com.", plan)] {
            tree.sign(zone, plan.map(|plan| plan.parse().unwrap())).unwrap();
        }
        tree.build().unwrap()
    };
    let lab = Arc::new(signed(Some("")));
    take(&lab, &["c2.com", "c3.com"], &signed(plan));
    found(&lab, seed, true)
}

// Only some servers of the parent zone have these DS records.
#[test]
fn wrong_ds_at_parent_is_failure() {
    let mut told = BTreeSet::new();
    for seed in 1..=12 {
        let findings = with_other_signers(Some("algorithm=15"), seed);
        let first = &findings[0];
        assert_eq!((first.code, first.level), (Code::ParentDiffers, Level::Failure), "{seed}: {findings:#?}");
        assert!(first.evidence.contains(", which names no key that signs the zone"), "{first:#?}");
        told.insert(first.evidence.clone());
        for code in [Code::DnssecBogus, Code::DsRepaired, Code::NsWithoutKeys, Code::DnssecOk] {
            assert_eq!(of(&findings, code), None, "{seed}: {findings:#?}");
        }
    }
    assert_eq!(told.len(), 1, "{told:#?}");
}

// Only some servers of the parent zone lack the DS records.
#[test]
fn missing_ds_at_parent_is_warning() {
    let mut told = BTreeSet::new();
    for seed in 1..=12 {
        let findings = with_other_signers(None, seed);
        let first = &findings[0];
        assert_eq!((first.code, first.level), (Code::ParentDiffers, Level::Warning), "{seed}: {findings:#?}");
        assert!(first.evidence.contains(" with no DS"), "{first:#?}");
        told.insert(first.evidence.clone());
    }
    assert_eq!(told.len(), 1, "{told:#?}");
}

#[test]
fn records_some_parent_gives_are_current() {
    let old = with_zone(8, &["former.hosts.com"], &former(&["former.hosts.com"])).build().unwrap();
    let mut told = 0;
    for (parents, fault) in [(["c7.com", "c8.com"], None), (["c7.com", "c8.com"], Some(Fault::AnswersFirst))]
    {
        for seed in 1..=12 {
            let lab = Arc::new(with_zone(8, NEW, &naming(NEW)).build().unwrap());
            take(&lab, &parents, &old);
            take(&lab, &["former.hosts.com"], &old);
            for parent in parents {
                lab.server(parent).unwrap().set_faults(fault.as_slice());
            }
            let findings = found(&lab, seed, false);
            assert_eq!(of(&findings, Code::CachedHere), None, "{seed}: {findings:#?}");
            if let Some(differs) = of(&findings, Code::ParentDiffers) {
                assert!(
                    differs.evidence.contains("(c7.com.) delegates faulty.com. to former.hosts.com."),
                    "{differs:#?}"
                );
                told += 1;
            }
        }
    }
    assert!(told > 0, "in some runs this host has the delegation of one of these servers");
}

#[test]
fn ds_some_parent_gives_is_unrepaired() {
    let signed = |plan: Option<&str>| {
        let mut tree = with_parents(8, NEW);
        for (zone, plan) in [(".", Some("")), ("com.", Some("")), ("faulty.com.", plan)] {
            tree.sign(zone, plan.map(|plan| plan.parse().unwrap())).unwrap();
        }
        tree.build().unwrap()
    };
    let old = signed(Some("algorithm=15"));
    let mut told = 0;
    for seed in 1..=12 {
        let lab = Arc::new(signed(Some("")));
        take(&lab, &["c7.com", "c8.com"], &old);
        let findings = found(&lab, seed, true);
        for code in [Code::DsRepaired, Code::DnssecBogus] {
            assert_eq!(of(&findings, code), None, "{seed}: {findings:#?}");
        }
        if let Some(differs) = of(&findings, Code::ParentDiffers) {
            assert!(differs.evidence.contains("(c7.com.) delegates faulty.com. to "), "{differs:#?}");
            assert_eq!(differs.level, Level::Failure);
            told += 1;
        }
    }
    assert!(told > 0, "in some runs this host has the DS of one of these servers");
}
