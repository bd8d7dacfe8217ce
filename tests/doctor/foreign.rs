//! A name server that has another zone of the name, from elsewhere: its higher serial makes it no newer.

use std::sync::Arc;

use doctor::codes::Code;
use doctor::facts::CheckSubject;
use doctor::finding::Finding;
use lab::delegations::Tree;
use lab::simulation::{Simulation, config_for, config_trusting, paused};
use lab::world::ServerPlan;

use crate::faults::{SOUND, tree};
use crate::simulated::check;

/// The zone at the second server, which a former provider has kept.
const FOREIGN: &str = "@ 300 SOA ns1.former.com. hostmaster 2026010101 7200 900 1209600 300\n@ NS ns1.former.com.\n\
    @ NS ns2.former.com.\n@ MX 10 mail.former.com.\n";

/// The findings about a sound zone of such a tree, if its second server has the zone of this text.
fn found(tree_of: impl Fn(&str) -> Tree, foreign: &str) -> Vec<Finding> {
    let [lab, other] = [SOUND, foreign].map(|text| tree_of(text).build().unwrap());
    let second = "ns2.hosts.com";
    lab.server(second).unwrap().set_authority(other.server(second).unwrap().authority());
    let lab = Arc::new(lab);
    let subject = CheckSubject { domain: "faulty.com.".to_owned(), ..CheckSubject::default() };
    paused(async { check(&Simulation::new(Arc::clone(&lab), config_for(&lab), 1), subject).await.1 })
}

/// The findings about a signed zone, if its second server has the zone of this text, signed so; unsigned without a plan.
fn beside_signed(foreign: &str, plan: Option<&str>) -> Vec<Finding> {
    let (mut signed, mut other) = (tree(SOUND, &[]), tree(foreign, &[]));
    for zone in [".", "com.", "faulty.com."] {
        signed.sign(zone, Some("".parse().unwrap())).unwrap();
    }
    if let Some(plan) = plan {
        other.sign("faulty.com.", Some(plan.parse().unwrap())).unwrap();
    }
    let (lab, other) = (signed.build().unwrap(), other.build().unwrap());
    let second = "ns2.hosts.com";
    lab.server(second).unwrap().set_authority(other.server(second).unwrap().authority());
    let lab = Arc::new(lab);
    let subject = CheckSubject { domain: "faulty.com.".to_owned(), ..CheckSubject::default() };
    paused(async { check(&Simulation::new(Arc::clone(&lab), config_trusting(&lab), 1), subject).await.1 })
}

#[test]
fn the_ds_records_of_the_zone_tell_a_foreign_zone() {
    let overlapping = FOREIGN.replace("@ NS ns2.former.com.", "@ NS ns2.hosts.com.");
    let same = overlapping.replace("@ NS ns1.former.com.", "@ NS ns1.hosts.com.");
    let unsigned = "it is not signed, and the DS records at the zone above fit the zone of the others";
    let signed =
        "it is signed with other keys, and the DS records at the zone above fit the keys of the others";
    for (foreign, plan, words) in [
        (&overlapping, None, unsigned),
        (&overlapping, Some("algorithm=15"), signed),
        (&same, None, unsigned),
        (&same, Some("algorithm=15"), signed),
    ] {
        let found = beside_signed(foreign, plan);
        let differs = found.iter().find(|finding| finding.code == Code::MxDiffers);
        let differs = differs.unwrap_or_else(|| panic!("{found:#?}"));
        assert!(differs.evidence.contains(WORDS) && differs.evidence.contains(words), "{differs:#?}");
        assert!(differs.remedy().starts_with("Remove the other zone"), "{differs:#?}");
        for code in [Code::NsDiffer, Code::SerialDiffers, Code::MxWithoutAddress] {
            assert!(found.iter().all(|finding| finding.code != code), "{found:#?}");
        }
    }
}

/// The tree with a third server.
fn of_three(text: &str) -> Tree {
    let mut tree = tree(text, &[]);
    tree.server(ServerPlan::new("ns3.hosts.com", vec!["198.18.5.1".parse().unwrap()])).unwrap();
    let all = ["ns1", "ns2", "ns3"].map(|name| format!("{name}.hosts.com"));
    tree.zone("faulty.com.", &all, text).unwrap();
    tree
}

const WORDS: &str =
    "(ns2.hosts.com.) has another zone of this name: its SOA record names the primary server ns1.former.com.";

#[test]
fn the_mail_hosts_of_a_foreign_zone_at_one_server_are_the_first_line() {
    let found = found(|text| tree(text, &[]), FOREIGN);
    assert_eq!(found[0].code, Code::MxDiffers, "{found:#?}");
    assert!(found[0].evidence.contains(WORDS), "{found:#?}");
    for code in [Code::NsDiffer, Code::MxWithoutAddress, Code::NsWithoutAddress] {
        assert!(found.iter().all(|finding| finding.code != code), "{found:#?}");
    }
}

#[test]
fn a_foreign_zone_that_names_its_server_of_the_delegation_is_the_first_line_if_most_servers_are_right() {
    let foreign = FOREIGN.replace("@ NS ns2.former.com.", "@ NS ns2.hosts.com.");
    let found_one = found(of_three, &foreign);
    assert_eq!(found_one[0].code, Code::MxDiffers, "{found_one:#?}");
    assert!(found_one[0].evidence.contains(WORDS), "{found_one:#?}");
    assert!(found_one[0].remedy().starts_with("Remove the other zone"), "{found_one:#?}");
    for code in [Code::NsDiffer, Code::MxWithoutAddress, Code::NsWithoutAddress] {
        assert!(found_one.iter().all(|finding| finding.code != code), "{found_one:#?}");
    }
    let of_same_mail = format!("{foreign}{SOUND}").replace("@ MX 10 mail.former.com.\n", "");
    let same = found(of_three, &of_same_mail);
    assert_eq!(same[0].code, Code::NsDiffer, "{same:#?}");
    assert!(same[0].evidence.contains(WORDS), "{same:#?}");
    assert!(same[0].remedy().starts_with("Remove the other zone"), "{same:#?}");
    // One against one.
    let both = found(|text| tree(text, &[]), &foreign);
    assert_eq!(both[0].code, Code::NsDiffer, "{both:#?}");
    assert!(
        both[0].evidence.contains("which of them has the zone of the domain could not be told"),
        "{both:#?}"
    );
    assert!(both[0].remedy().starts_with("Find out at which of these primary servers"), "{both:#?}");
}
