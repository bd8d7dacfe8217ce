//! Resolvers of others after a move to other name servers: their records are those of the former servers, and end with these.

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

/// The zone of now.
fn now() -> String {
    SOUND.replace("@ MX", "@ 3600 MX")
}

/// The findings of a check with this resolver. The zone has one text at the servers of now, one at the former servers, and one in the cache of the
/// resolver. It was and is signed so. The former servers have these faults, and without a text they do not serve it.
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

/// The findings after a move from these former servers, whose records have been in the cache of the resolver for a while.
fn found(faults: &[Fault], serves_old: bool, signed: [&str; 2]) -> Vec<Finding> {
    let old = if serves_old { former(3_600, 3_600) } else { String::new() };
    of_texts([&now(), &old, &former(1_800, 120)], faults, signed)
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
    // But the former servers give the old DNSKEY records until the old NS records have ended, and the new keys are not among them.
    let kept = old(["ds=old,new", "ksk=new zsk=new signs=new ds=old,new"]);
    let words = "which resolvers fetch until the old NS records have ended, and those of now are not signed with these keys";
    assert!(kept.evidence.contains(words) && closes_last(&kept.evidence), "{kept:#?}");
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
    assert!(closes_last(&moved.evidence), "{}", moved.evidence);
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

/// Whether the last moment of a finding is the latest one.
fn closes_last(evidence: &str) -> bool {
    let moments: Vec<&str> =
        evidence.match_indices(" UTC").filter_map(|(end, _)| evidence.get(end - 16..end)).collect();
    moments.len() > 1 && moments.last() == moments.iter().max()
}

/// The zone before the move, whose name servers are in the zone, with this TTL of their names, and these lines for their addresses.
fn inside(names: u32, addresses: &str) -> String {
    let soa = "@ 300 SOA ns1 hostmaster 2026010101 7200 900 1209600 300\n";
    let mail = SOUND.replace("@ MX 10 mx1.hosts.com.\n@ MX 20", "@ 120 MX 20");
    format!("{soa}@ {names} NS ns1\n@ {names} NS ns2\n{addresses}{mail}")
}

#[test]
fn a_move_of_a_signed_zone_with_name_servers_of_its_own_is_foretold() {
    let addresses = "ns1 7200 A 198.18.11.1\nns2 7200 A 198.18.12.1\n";
    let moved = |new: &str, cached: &str| {
        let (now, old, cached) = (format!("{}{new}", now()), inside(3_600, addresses), inside(1_800, cached));
        let findings = of_texts([&now, &old, &cached], &[], ["algorithm=15", "algorithm=13"]);
        let old = findings.iter().find(|finding| finding.code == Code::OthersOld);
        old.cloned().unwrap_or_else(|| panic!("{findings:#?}"))
    };
    // The zone of now has none of these names, or other addresses: those of the servers of now.
    for new in ["", "ns1 A 198.18.3.1\nns2 A 198.18.4.1\n"] {
        let told = moved(new, addresses);
        let words = "these servers sign with other keys than those of now: 198.18.13.1 (public) has the old DS record";
        assert!(told.evidence.contains(words), "{new}: {told:#?}");
        assert!(told.remedy().contains("signed with the keys of both"), "{told:#?}");
        assert!(closes_last(&told.evidence), "{}", told.evidence);
    }
    // The resolver does not tell the addresses of the former servers.
    let untold = moved("", "");
    assert!(untold.evidence.contains("the keys of these servers could not be told: "), "{untold:#?}");
    assert!(
        untold.evidence.contains("198.18.13.1 (public) has the old DS record of faulty.com. until "),
        "{untold:#?}"
    );
    assert!(
        untold.evidence.ends_with(". By when they have the new records could not be told"),
        "{}",
        untold.evidence
    );
}

#[test]
fn an_old_ds_record_is_told_where_the_name_servers_have_kept_their_names() {
    let names = "@ 1800 NS ns1.hosts.com.\n@ 1800 NS ns2.hosts.com.\n";
    let cached = format!("{names}{SOUND}");
    let moved = of_texts([&now(), "", &cached], &[], ["algorithm=15", "algorithm=13"]);
    let old = moved.iter().find(|finding| finding.code == Code::OthersOld);
    let old = old.unwrap_or_else(|| panic!("{moved:#?}"));
    assert_eq!((old.level, &moved[0]), (Level::Warning, old), "{moved:#?}");
    let begin = format!("{RESOLVER} (public) still has the old DS record of the key ");
    assert!(old.evidence.starts_with(&begin), "{old:#?}");
    assert!(old.evidence.contains("DNSSEC validation fails there, until "), "{old:#?}");
    assert!(closes_last(&old.evidence), "{}", old.evidence);
    assert!(old.remedy().contains("At the next change of keys"), "{old:#?}");
    for signed in ["", "algorithm=13"] {
        let sound = of_texts([&now(), "", &cached], &[], [signed, signed]);
        assert!(sound.iter().any(|finding| finding.code == Code::OthersOk), "{signed}: {sound:#?}");
    }
}
