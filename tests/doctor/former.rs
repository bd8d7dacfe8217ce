//! Resolvers of others after a move to other name servers: their records are those of the former servers, and end with these.

use std::sync::Arc;

use resolverd::check::domain::codes::Code;
use resolverd::check::domain::facts::{CheckSubject, OtherResolver, ResolverWay};
use resolverd::check::domain::finding::{Finding, Level};
use resolverd::clock::minute;
use resolverd::lab::fault::Fault;
use resolverd::lab::simulation::{Simulation, config_for, config_trusting, paused};
use resolverd::lab::world::{Lab, ServerPlan, UNIX_AT_START};

use crate::faults::{SOUND, tree};
use crate::simulated::check;

/// The former servers, and the address of a resolver of others.
const FORMER: [(&str, u8); 2] = [("former1.hosts.com", 11), ("former2.hosts.com", 12)];
const RESOLVER: &str = "198.18.13.1";

/// The internet with these servers of `faulty.com.` and this text of the zone; signed so, with the zones above, if `signing` is not empty.
fn lab(servers: &[&str], text: &str, signing: &str) -> Lab {
    let mut tree = tree(SOUND, &[]);
    for (name, net) in FORMER {
        tree.server(ServerPlan::new(name, vec![[198, 18, net, 1].into()])).unwrap();
    }
    let mut plan = ServerPlan::new("public.resolver", vec![RESOLVER.parse().unwrap()]);
    plan.faults = vec![Fault::Recursive];
    tree.server(plan).unwrap();
    if servers.contains(&"public.resolver") {
        // It has the DS records in its cache.
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

/// The zone before the move, with these TTLs of its NS and MX records.
fn former(names: u32, mail: u32) -> String {
    let soa = "@ 300 SOA former1.hosts.com. hostmaster 2026010101 7200 900 1209600 300\n";
    let set = FORMER.map(|(name, _)| format!("@ {names} NS {name}.\n")).concat();
    format!("{soa}{set}{}", SOUND.replace("@ MX 10 mx1.hosts.com.\n@ MX 20", &format!("@ {mail} MX 20")))
}

/// The findings of a check with this resolver, if the former servers have these faults, and the zone was and is signed so.
fn found(faults: &[Fault], serves_old: bool, [was, is]: [&str; 2]) -> Vec<Finding> {
    let now = lab(&["ns1.hosts.com", "ns2.hosts.com"], &SOUND.replace("@ MX", "@ 3600 MX"), is);
    let names = FORMER.map(|(name, _)| name);
    let old = lab(&names, &former(3_600, 3_600), was);
    for name in names {
        let server = now.server(name).unwrap();
        if serves_old {
            server.set_authority(old.server(name).unwrap().authority());
        }
        server.set_faults(faults);
    }
    // Its records have been in its cache for a while.
    let cached = lab(&["public.resolver"], &former(1_800, 120), was);
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

#[test]
fn records_of_before_a_move_are_called_old_until_the_former_servers_have_no_part_in_them() {
    let by = |seconds: u64| format!("They have the new records by {}", minute(UNIX_AT_START + seconds));
    for (faults, serves_old, seconds, words) in [
        ([].as_slice(), true, 1_800 + 3_600, "still give old records (TTL 3600 s)"),
        (&[Fault::Refused], false, 1_800, "names former1.hosts.com., former2.hosts.com. any more. They"),
        (&[Fault::Dead], false, 1_800 + 3_600, "could not be told"),
    ] {
        let findings = found(faults, serves_old, ["", ""]);
        let first = &findings[0];
        assert_eq!((first.code, first.level), (Code::OthersOld, Level::Warning), "{findings:#?}");
        let begin = format!("{RESOLVER} (public) faulty.com. MX: 20 mx2.hosts.com. until ");
        assert!(first.evidence.starts_with(&begin) && first.evidence.contains(words), "{first:#?}");
        assert!(first.evidence.contains(&by(seconds)), "{}: {first:#?}", by(seconds));
        assert!(findings.iter().all(|finding| finding.code != Code::OthersDiffer), "{findings:#?}");
    }
}

/// The finding about old records after a move, if the zone was and is signed so.
fn old(signed: [&str; 2]) -> Finding {
    let findings = found(&[], true, signed);
    let old = findings.iter().find(|finding| finding.code == Code::OthersOld);
    old.cloned().unwrap_or_else(|| panic!("{findings:#?}"))
}

#[test]
fn a_move_with_the_keys_of_both_needs_the_ds_records_of_both() {
    // The servers of now sign with the keys of both, and the zone above has the new DS record alone.
    let both = "ksk=old,new zsk=old,new signs=old,new";
    let unnamed = old(["algorithm=13", &format!("{both} ds=new")]);
    assert!(
        unnamed.evidence.contains("these servers sign with keys that the DS records of now do not name"),
        "{unnamed:#?}"
    );
    let begin = format!("{RESOLVER} (public) has the old DS record of faulty.com. until ");
    assert!(
        unnamed.evidence.contains(&begin) && unnamed.evidence.contains("DNSSEC validation fails"),
        "{unnamed:#?}"
    );
    assert!(unnamed.remedy().starts_with("At the registrar, enter the DS record of the key"), "{unnamed:#?}");
    // With the DS records of both above and at the resolver, the zones of both sides validate.
    let named = old(["ds=old,new", &format!("{both} ds=old,new")]);
    assert!(!named.evidence.contains("DNSSEC validation"), "{named:#?}");
    assert!(named.remedy().starts_with("Let the former name servers give the new records"), "{named:#?}");
    // But the resolver has the old DNSKEY records longer than the old NS records, and the new keys are not among them.
    let kept = old(["ds=old,new", "ksk=new zsk=new signs=new ds=old,new"]);
    let words = "longer than the old NS records, and those of now are not signed with these keys";
    assert!(kept.evidence.contains(words), "{kept:#?}");
    assert!(kept.remedy().contains("with the keys of both providers in its DNSKEY records"), "{kept:#?}");
    // A resolver with the old DS record alone fails once it asks the servers of now.
    let late = old(["algorithm=13", "ksk=new zsk=new signs=new ds=old,new"]);
    assert!(
        late.evidence.contains("has the old DS record of faulty.com. without that of now until"),
        "{late:#?}"
    );
}

#[test]
fn after_a_move_to_other_keys_the_failure_that_is_to_come_is_told() {
    let moved = old(["algorithm=15", "algorithm=13"]);
    assert!(moved.evidence.contains("these servers sign with other keys than those of now"), "{moved:#?}");
    assert!(moved.evidence.contains("DNSSEC validation fails"), "{moved:#?}");
    assert!(moved.remedy().contains("signed with the keys of both"), "{moved:#?}");
    let unsigned = old(["", "algorithm=13"]);
    assert!(
        unsigned.evidence.contains("these servers do not sign the zone, and those of now do"),
        "{unsigned:#?}"
    );
    let begin = format!("{RESOLVER} (public) has the answer that faulty.com. has no DS record until ");
    assert!(unsigned.evidence.contains(&begin), "{unsigned:#?}");
    assert!(unsigned.remedy().starts_with("Sign the zone at the former name servers"), "{unsigned:#?}");
    let never = old(["", ""]);
    assert!(never.remedy().starts_with("Let the former name servers give the new records"), "{never:#?}");
}
