//! Checks of name servers whose glue has the address of another server than their zone. The finding says whether the glue or the zone must
//! be changed.

use std::sync::Arc;

use doctor::codes::Code;
use doctor::facts::CheckSubject;
use doctor::finding::{Finding, Level};
use lab::fault::Fault;
use lab::simulation::{Simulation, config_for, paused};
use lab::world::{Lab, ServerPlan};

use crate::faults::{SOUND, tree};
use crate::simulated::check;

const NAMES: [&str; 2] = ["ns1.faulty.com", "ns2.faulty.com"];

/// The name servers have addresses in 198.18.`net`.0, where `net` is 21 or 22. In the other one of these networks, there are servers that
/// serve no zone.
fn lab(net: u8, serial: u32, text: &str) -> Lab {
    let mut tree = tree(SOUND, &[]);
    let other = if net == 21 { 22 } else { 21 };
    for (last, name) in (1..).zip(NAMES) {
        tree.server(ServerPlan::new(name, vec![[198, 18, net, last].into()])).unwrap();
        let other = ServerPlan::new(&format!("other{last}.hosts.com"), vec![[198, 18, other, last].into()]);
        tree.server(other).unwrap();
    }
    let soa = format!("@ 300 SOA ns1 hostmaster {serial} 7200 900 1209600 300\n");
    tree.zone("faulty.com.", &NAMES.map(str::to_owned), &(soa + text)).unwrap();
    tree.build().unwrap()
}

/// Returns the zone as it is at its former provider, with another MX record.
fn former() -> String {
    SOUND.replace("10 mx1.hosts.com.", "10 mx2.hosts.com.").replace("@ MX 20 mx2.hosts.com.\n", "")
}

/// Returns the findings about a zone whose name servers have addresses in 198.18.22.0 according to the zone, and in 198.18.21.0 according to
/// the glue. `own` is the zone (serial and text) that the servers in 198.18.22.0 serve, and `glued` that of the servers in 198.18.21.0. With
/// `None`, the servers there serve no zone and have the faults `faults`.
fn found(glued: Option<(u32, &str)>, own: Option<(u32, &str)>, faults: &[Fault]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for seed in 1..=4 {
        let world = lab(21, 1, SOUND);
        for (last, name) in (1..=2).zip(NAMES) {
            let other = format!("other{last}.hosts.com");
            for (server, zone) in [(name, glued), (other.as_str(), own)] {
                let server = world.server(server).unwrap();
                match zone {
                    Some((serial, text)) => {
                        let zone = lab(22, serial, text);
                        server.set_authority(zone.server(name).unwrap().authority());
                    }
                    None => server.set_faults(faults),
                }
            }
        }
        let world = Arc::new(world);
        let config = config_for(&world);
        let subject = CheckSubject { domain: "faulty.com.".to_owned(), ..CheckSubject::default() };
        findings = paused(async { check(&Simulation::new(world, config, seed), subject).await.1 });
        let first = &findings[0];
        assert_eq!(first.code, Code::GlueDiffers, "{seed} {findings:#?}");
        for contrary in [
            Code::NsLame,
            Code::NsSilent,
            Code::NsNoneAnswers,
            Code::MxDiffers,
            Code::SerialDiffers,
            Code::RecordsDiffer,
        ] {
            assert!(findings.iter().all(|finding| finding.code != contrary), "{seed} {findings:#?}");
        }
    }
    findings
}

// The glue leads to the servers of the zone.
#[test]
fn zone_address_is_changed_to_glue() {
    let (now, former) = ((9, SOUND), former());
    for (own, faults) in
        [(None, [Fault::Dead].as_slice()), (None, &[Fault::Refused]), (Some((3, former.as_str())), &[])]
    {
        let findings = found(Some(now), own, faults);
        let first = &findings[0];
        assert_eq!(first.level, Level::Failure, "{findings:#?}");
    }
}

// The address in the zone leads to the servers of the zone.
#[test]
fn glue_is_changed_to_zone_address() {
    let former = former();
    let findings = found(Some((3, &former)), Some((9, SOUND)), &[]);
    assert_eq!(findings[0].remedy(), Code::GlueDiffers.entry().remedy, "{findings:#?}");
}
