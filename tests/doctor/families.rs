//! Checks of name servers with IPv4 and IPv6 addresses: all addresses of a name must count as one host.

use std::sync::Arc;

use crate::faults::{SOUND, tree};
use crate::simulated::check;
use config::Family;
use doctor::codes::Code;
use doctor::facts::CheckSubject;
use doctor::finding::{Finding, Level};
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::simulation::{Simulation, config_for, paused};
use lab::world::ServerPlan;

/// Checks a domain with these name servers: name, addresses and faults.
fn found(servers: &[(&str, &[&str], &[Fault])]) -> Vec<Finding> {
    found_with(servers, "")
}

fn found_with(servers: &[(&str, &[&str], &[Fault])], records: &str) -> Vec<Finding> {
    found_over(servers, records, Family::On)
}

fn found_over(servers: &[(&str, &[&str], &[Fault])], records: &str, ipv6: Family) -> Vec<Finding> {
    let mut tree = tree(SOUND, &[]);
    let second = "ns A 198.18.5.1\nns AAAA 2001:2::53\n";
    tree.zone("second.com.", &["ns1.hosts.com".to_owned()], second).unwrap();
    for (name, addresses, faults) in servers {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        let mut plan = ServerPlan::new(name, addresses);
        plan.faults = faults.to_vec();
        tree.server(plan).unwrap();
    }
    let names: Vec<String> = servers.iter().map(|(name, _, _)| (*name).to_owned()).collect();
    tree.zone("both.com.", &names, &format!("{SOUND}{records}")).unwrap();
    let lab = Arc::new(tree.build().unwrap());
    let mut config = config_for(&lab);
    config.resolve.ipv6 = ipv6;
    let subject = CheckSubject { domain: "both.com.".to_owned(), ..CheckSubject::default() };
    paused(async { check(&Simulation::new(lab, config, 1), subject).await.1 })
}

fn evidence(findings: &[Finding], code: Code) -> Option<&str> {
    findings.iter().find(|finding| finding.code == code).map(|finding| finding.evidence.as_str())
}

#[test]
fn failing_servers_count_by_host() {
    let found = found(&[
        ("ns3.hosts.com", &["198.18.5.1", "2001:2::53"], &[Fault::Refused]),
        ("ns4.hosts.com", &["198.18.6.1", "2001:2::54"], &[Fault::Refused]),
        ("ns5.hosts.com", &["198.18.7.1", "2001:2::55"], &[]),
    ]);
    assert_eq!(
        evidence(&found, Code::NsLame),
        Some(
            "198.18.5.1 and 2001:2::53 (ns3.hosts.com.) answers REFUSED for both.com.; \
             198.18.6.1 and 2001:2::54 (ns4.hosts.com.) answers REFUSED for both.com."
        ),
        "{found:#?}"
    );
}

#[test]
fn two_names_of_host_are_single() {
    let servers: [(&str, &[&str], &[Fault]); 1] = [("ns3.hosts.com", &["198.18.5.1", "2001:2::53"], &[])];
    let found = found_with(&servers, "@ NS ns3.hosts.com.\n@ NS ns.second.com.\n");
    assert_eq!(
        evidence(&found, Code::NsSingle),
        Some("198.18.5.1 and 2001:2::53 (ns.second.com., ns3.hosts.com.)"),
        "{found:#?}"
    );
    assert_eq!(evidence(&found, Code::NsOneNetwork), None, "{found:#?}");
}

#[test]
fn dual_stack_hosts_share_network() {
    let of = |second: [&str; 2]| {
        let found =
            found(&[("ns3.hosts.com", &["9.9.5.1", "2a00:1::53"], &[]), ("ns4.hosts.com", &second, &[])]);
        evidence(&found, Code::NsOneNetwork).map(str::to_owned)
    };
    assert_eq!(
        of(["9.9.5.2", "2a00:1::54"]).as_deref(),
        Some("9.9.5.1 and 2a00:1::53 (ns3.hosts.com.), 9.9.5.2 and 2a00:1::54 (ns4.hosts.com.)")
    );
    assert_eq!(of(["9.9.6.2", "2a00:1::54"]), None);
}

// This host has no IPv6, so the servers are not a failure.
#[test]
fn ipv6_only_servers_are_unknown() {
    let servers: &[(&str, &[&str], &[Fault])] =
        &[("ns3.hosts.com", &["2001:2::53"], &[]), ("ns4.hosts.com", &["2001:2::54"], &[])];
    let found = found_over(servers, "", Family::Off);
    assert!(found.iter().all(|finding| finding.level != Level::Failure), "{found:#?}");
    let untold = found.iter().find(|finding| finding.code == Code::DelegationUnknown);
    assert!(untold.is_some_and(|finding| finding.remedy().contains("IPv6")), "{found:#?}");
    let over_ipv6 = found_over(servers, "", Family::On);
    assert!(over_ipv6.iter().any(|finding| finding.code == Code::NsWithoutIpv4), "{over_ipv6:#?}");
}

fn found_without_ipv6(tree: Tree) -> Vec<Finding> {
    let lab = Arc::new(tree.build().unwrap());
    let mut config = config_for(&lab);
    config.resolve.ipv6 = Family::Off;
    let subject = CheckSubject { domain: "both.com.".to_owned(), ..CheckSubject::default() };
    paused(async { check(&Simulation::new(lab, config, 1), subject).await.1 })
}

/// Checks `both.com.` on a host without IPv6. One of the two name servers of `both.com.` has the faults `faults`. The name of the other one
/// is in a zone whose only name server has only an IPv6 address.
fn found_beside_far_name(faults: &[Fault]) -> Vec<Finding> {
    let mut tree = tree(SOUND, &[]);
    for (name, address, faults) in [
        ("ns3.hosts.com", "198.18.5.1", faults),
        ("six.far.net", "2001:2::60", &[]),
        ("n.far.net", "198.18.7.1", &[]),
    ] {
        let mut plan = ServerPlan::new(name, vec![address.parse().unwrap()]);
        plan.faults = faults.to_vec();
        tree.server(plan).unwrap();
    }
    let at = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<String>>();
    tree.zone("net.", &at(&["ns.com"]), "").unwrap();
    tree.zone("far.net.", &at(&["six.far.net"]), "").unwrap();
    tree.zone("both.com.", &at(&["ns3.hosts.com", "n.far.net"]), SOUND).unwrap();
    found_without_ipv6(tree)
}

#[test]
fn unfound_name_server_may_answer() {
    let found = found_beside_far_name(&[Fault::Refused]);
    assert_eq!(evidence(&found, Code::NsNoneAnswers), None, "{found:#?}");
    let told = |finding: &&Finding| {
        finding.code == Code::DelegationUnknown && finding.evidence.contains("n.far.net. was not asked: ")
    };
    let untold = found.iter().find(told).unwrap_or_else(|| panic!("{found:#?}"));
    assert!(untold.evidence.contains("198.18.5.1 (ns3.hosts.com.) answers REFUSED"), "{untold:#?}");
    assert!(untold.evidence.contains("2001:2::60"), "{untold:#?}");
}

/// Checks `both.com.` on a host without IPv6. The name server of `far.net.` has only an IPv6 address.
fn found_beside_far_zone(servers: &[&str], records: &str) -> Vec<Finding> {
    let mut tree = tree(SOUND, &[]);
    for (name, address) in [("six.far.net", "2001:2::60"), ("n.far.net", "198.18.7.1")] {
        tree.server(ServerPlan::new(name, vec![address.parse().unwrap()])).unwrap();
    }
    let at = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<String>>();
    tree.zone("net.", &at(&["ns.com"]), "").unwrap();
    tree.zone("far.net.", &at(&["six.far.net"]), "mx A 198.18.9.1\nmx2 A 198.18.9.2\n").unwrap();
    tree.zone("both.com.", &at(servers), records).unwrap();
    found_without_ipv6(tree)
}

// This host has no route to the zone of the name servers' names.
#[test]
fn unrouted_zone_is_only_unknown() {
    let found = found_beside_far_zone(&["n.far.net"], SOUND);
    let unknown: Vec<&Finding> =
        found.iter().filter(|finding| finding.level == Level::CouldNotTell).collect();
    assert_eq!(unknown.len(), 1, "{unknown:#?}");
    assert!(unknown[0].evidence.contains("2001:2::60"), "{unknown:#?}");
    assert!(found.iter().all(|finding| finding.level != Level::Failure), "{found:#?}");
}
