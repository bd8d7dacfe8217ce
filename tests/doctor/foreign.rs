//! A name server that has another zone of the name, from elsewhere: its higher serial makes it no newer.

use std::sync::Arc;

use resolverd::check::domain::codes::Code;
use resolverd::check::domain::facts::CheckSubject;
use resolverd::lab::simulation::{Simulation, config_for, paused};

use crate::faults::{SOUND, tree};
use crate::simulated::check;

/// The zone at the second server, which a former provider has kept.
const FOREIGN: &str = "@ 300 SOA ns1.former.com. hostmaster 2026010101 7200 900 1209600 300\n@ NS ns1.former.com.\n\
    @ NS ns2.former.com.\n@ MX 10 mail.former.com.\n";

#[test]
fn the_mail_hosts_of_a_foreign_zone_at_one_server_are_the_first_line() {
    let [lab, other] = [SOUND, FOREIGN].map(|text| tree(text, &[]).build().unwrap());
    let second = "ns2.hosts.com";
    lab.server(second).unwrap().set_authority(other.server(second).unwrap().authority());
    let lab = Arc::new(lab);
    let subject = CheckSubject { domain: "faulty.com.".to_owned(), ..CheckSubject::default() };
    let found =
        paused(async { check(&Simulation::new(Arc::clone(&lab), config_for(&lab), 1), subject).await.1 });
    assert_eq!(found[0].code, Code::MxDiffers, "{found:#?}");
    let words = "(ns2.hosts.com.) has another zone of this name: its SOA record names the primary server ns1.former.com.";
    assert!(found[0].evidence.contains(words), "{found:#?}");
    for code in [Code::NsDiffer, Code::MxWithoutAddress, Code::NsWithoutAddress] {
        assert!(found.iter().all(|finding| finding.code != code), "{found:#?}");
    }
}
