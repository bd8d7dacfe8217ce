//! Cases of a server whose keys no DS record names.

use super::*;
use crate::dnssec;
use crate::keys::tests::{SIGNED, at_quad9};

/// The finding about a zone with a second server, of which this is the SOA record and these are the NS and DNSKEY records.
fn found(soa: &str, names: &str, keys: &str) -> Finding {
    let lines = format!(
        "lookup ns2.a.b. A | 192.0.2.2\nserver 192.0.2.9 a.b. NS udp | >a.b. NS ns.a.b. | >a.b. NS ns2.a.b.\n\
         server 192.0.2.1 a.b. NS mixed aa | ns.a.b. | ns2.a.b.\nserver 192.0.2.2 a.b. NS mixed aa | {names}\n\
         server 192.0.2.2 a.b. SOA udp aa | {soa} 2 3 4 5\nserver 192.0.2.2 a.b. DNSKEY udp aa{keys}"
    );
    let found = dnssec::check(&at_quad9(SIGNED, &lines));
    let told = found.iter().find(|finding| finding.code == Code::NsWithoutKeys);
    told.unwrap_or_else(|| panic!("{found:#?}")).clone()
}

#[test]
fn the_change_depends_on_the_zone_that_the_server_has() {
    let own = " | 257 3 13 AAEC | =a.b. RRSIG DNSKEY 13 2 300 4000000000 1 1551 a.b. x";
    let (both, default) = ("ns.a.b. | ns2.a.b.", Code::NsWithoutKeys.entry().remedy);
    for (soa, names, keys, remedy) in [
        ("other. h. 1", both, own, remedies::SECOND_SIGNER),
        ("ns. h. 1", both, own, remedies::SECOND_SIGNER),
        ("ns. h. 0", both, own, default),
        ("ns. h. 1", both, "", default),
        ("other. h. 1", "ns.x.", own, remedies::FOREIGN_SIGNED_ZONE),
        ("other. h. 1", "ns.x.", "", remedies::FOREIGN_ZONE),
    ] {
        let told = found(soa, names, keys);
        assert_eq!(told.remedy(), remedy, "{soa} {names} {keys}: {told:#?}");
    }
}
