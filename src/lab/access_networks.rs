//! Adds access providers to the rough internet (a simulated internet with losses and broken servers). The hosts of their customers send
//! most of the spam.
//!
//! Each provider has two /24 networks with reverse zones on its own name servers. One provider in five gives its customers no PTR records.
//! Of the other providers, every second one has PTR records whose names have no address records.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use super::delegations::Tree;
use super::fault::Fault;
use super::world::LabError;

/// The number of providers: so large that most spam comes from a network that has sent none before.
pub(super) const NETWORKS: u8 = 80;

/// The top-level domains of the providers, assigned round robin.
const TLDS: [&str; 4] = ["net", "com", "de", "org"];

/// The first two octets of the networks (RFC 2544).
const BLOCKS: [[u8; 2]; 2] = [[198, 18], [198, 19]];
/// The third octet of the networks of the first provider. The networks of the hosters have lower third octets.
const FIRST_NETWORK: u8 = 128;

/// The last octets of the hosts that send spam.
const BOTS: std::ops::Range<u8> = 200..208;

/// Median round trips to the name servers in milliseconds, assigned round robin: access providers are all over the world.
const MEDIANS: [u32; 5] = [25, 60, 110, 160, 220];

/// The median round trip to the name servers of the farthest providers, in milliseconds: one provider in four. One of the two name servers
/// of such a provider is lame.
const FAR: u32 = 280;

fn is_far(number: u8) -> bool {
    number % 4 == 3
}

fn domain(number: u8) -> String {
    let tld = TLDS.get(usize::from(number) % TLDS.len()).unwrap_or(&"net");
    format!("access{number}.{tld}")
}

pub(super) fn servers(number: u8) -> Vec<String> {
    [1, 2].map(|server| format!("ns{server}.{}", domain(number))).to_vec()
}

/// Returns the median round trip to a provider's name servers, in milliseconds.
pub(super) fn median(number: u8) -> u32 {
    if is_far(number) {
        return FAR;
    }
    MEDIANS.get(usize::from(number) % MEDIANS.len()).copied().unwrap_or(60)
}

pub(super) fn faults(number: u8, place: usize) -> &'static [Fault] {
    if is_far(number) && place == 0 { &[Fault::Refused] } else { &[] }
}

/// Adds the zones of a provider to the tree. Returns the addresses of its hosts that send spam.
pub(super) fn write(tree: &mut Tree, number: u8, servers: &[String]) -> Result<Vec<Ipv4Addr>, LabError> {
    let (domain, third) = (domain(number), FIRST_NETWORK.saturating_add(number));
    let (mut bots, mut names) = (Vec::new(), "$TTL 3600\n".to_owned());
    let has_pointers = !number.is_multiple_of(5);
    for [first, second] in BLOCKS {
        let mut pointers = "$TTL 3600\n".to_owned();
        for last in BOTS {
            let (host, address) =
                (format!("dyn-{second}-{third}-{last}"), Ipv4Addr::new(first, second, third, last));
            bots.push(address);
            if has_pointers {
                let _ = writeln!(pointers, "{last} PTR {host}.{domain}.");
            }
            if has_pointers && number.is_multiple_of(2) {
                let _ = writeln!(names, "{host} A {address}");
            }
        }
        tree.zone(&format!("{third}.{second}.{first}.in-addr.arpa"), servers, &pointers)?;
    }
    tree.zone(&domain, servers, &names)?;
    Ok(bots)
}
