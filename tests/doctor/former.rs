//! Checks with public resolvers whose caches still have records from the former name servers of a domain.

use std::sync::Arc;

use dns::clock::minute;
use doctor::codes::Code;
use doctor::facts::{CheckSubject, OtherResolver, ResolverWay};
use doctor::finding::{Finding, Level};
use lab::fault::Fault;
use lab::simulation::{Simulation, config_for, config_trusting, paused};
use lab::world::{Lab, ServerPlan, UNIX_AT_START};

use crate::faults::{SOUND, tree};
use crate::simulated::check;

/// The former name servers, with the last octets of their addresses.
const FORMER: [(&str, u8); 2] = [("former1.hosts.com", 11), ("former2.hosts.com", 12)];
const RESOLVER: &str = "198.18.13.1";

/// Returns a lab in which the servers `servers` serve `faulty.com.` with the records `text`. If `signing` is not empty, `faulty.com.` is signed as
/// `signing` says, and so are the zones above it.
fn lab(servers: &[&str], text: &str, signing: &str) -> Lab {
    let mut tree = tree(SOUND, &[]);
    for (name, net) in FORMER {
        tree.server(ServerPlan::new(name, vec![[198, 18, net, 1].into()])).unwrap();
    }
    let mut plan = ServerPlan::new("public.resolver", vec![RESOLVER.parse().unwrap()]);
    plan.faults = vec![Fault::Recursive];
    tree.server(plan).unwrap();
    if servers.contains(&"public.resolver") {
        // The DS records of the domain are in `com.`, so the public resolver must answer for `com.` too.
        let above = ["ns.com", "public.resolver"].map(str::to_owned);
        tree.zone("com.", &above, "").unwrap();
    }
    let servers: Vec<String> = servers.iter().map(ToString::to_string).collect();
    tree.zone("faulty.com.", &servers, text).unwrap();
    if !signing.is_empty() {
        tree.sign("faulty.com.", Some(signing.parse().unwrap())).unwrap();
        for zone in [".", "com."] {
            tree.sign(zone, Some("".parse().unwrap())).unwrap();
        }
    }
    tree.build().unwrap()
}

/// The zone before the move. `names` and `mail` are the TTLs of its NS and MX records, in seconds.
fn former(names: u32, mail: u32) -> String {
    let soa = "@ 300 SOA former1.hosts.com. hostmaster 2026010101 7200 900 1209600 300\n";
    let set = FORMER.map(|(name, _)| format!("@ {names} NS {name}.\n")).concat();
    format!("{soa}{set}{}", SOUND.replace("@ MX 10 mx1.hosts.com.\n@ MX 20", &format!("@ {mail} MX 20")))
}

/// The zone after the move.
fn now() -> String {
    SOUND.replace("@ MX", "@ 3600 MX")
}

/// Checks a zone that has the text `now` at the present servers, `old` at the former servers, and `cached` in the cache of the public
/// resolver. `was` and `is` say how it was signed before and after the move. If `old` is empty, the former servers do not serve the zone
/// any more.
fn of_texts([now, old, cached]: [&str; 3], faults: &[Fault], [was, is]: [&str; 2]) -> Vec<Finding> {
    let now = lab(&["ns1.hosts.com", "ns2.hosts.com"], now, is);
    let names = FORMER.map(|(name, _)| name);
    for name in names {
        let server = now.server(name).unwrap();
        if !old.is_empty() {
            let old = lab(&names, old, was);
            server.set_authority(old.server(name).unwrap().authority());
        }
        server.set_faults(faults);
    }
    let cached = lab(&["public.resolver"], cached, was);
    let resolver = now.server("public.resolver").unwrap();
    resolver.set_authority(cached.server("public.resolver").unwrap().authority());
    let (lab, name) = (Arc::new(now), format!("{RESOLVER} (public)"));
    let config = if is.is_empty() { config_for(&lab) } else { config_trusting(&lab) };
    let subject = CheckSubject {
        domain: "faulty.com.".to_owned(),
        resolvers: vec![OtherResolver { way: ResolverWay::Plain(RESOLVER.parse().unwrap()), name }],
        ..CheckSubject::default()
    };
    paused(async { check(&Simulation::new(lab, config, 1), subject).await.1 })
}

/// Checks the domain while the cache of the public resolver still has the records of the former servers. `serves_old`: the former
/// servers still serve the zone as it was before the move.
fn found(faults: &[Fault], serves_old: bool, signed: [&str; 2]) -> Vec<Finding> {
    let old = if serves_old { former(3_600, 3_600) } else { String::new() };
    of_texts([&now(), &old, &former(1_800, 120)], faults, signed)
}

// The finding says when their TTL ends.
#[test]
fn records_before_move_are_old() {
    let findings = found(&[], true, ["", ""]);
    let first = &findings[0];
    assert_eq!((first.code, first.level), (Code::OthersOld, Level::Warning), "{findings:#?}");
    let begin = format!("{RESOLVER} (public) faulty.com. MX: 20 mx2.hosts.com. until ");
    let end = format!(". They have the new records by {}", minute(UNIX_AT_START + 1_800));
    assert!(first.evidence.starts_with(&begin) && first.evidence.ends_with(&end), "{first:#?}");
    assert!(first.evidence.contains("its name servers are those of before a change"), "{first:#?}");
    assert!(findings.iter().all(|finding| finding.code != Code::OthersDiffer), "{findings:#?}");
}
