//! Access providers on the rough internet: the hosts of their customers send most spam.
//!
//! Each provider has two /24 with reverse zones, on name servers of its own. One in five gives its customers no PTR
//! records; of the others, every second one has no address record for the names in them.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use super::delegations::Tree;
use super::world::LabError;

/// Access providers: most messages of spam come from a network that sent none before.
pub(super) const NETWORKS: u8 = 80;

/// Top-level domains of their names, in turn.
const TLDS: [&str; 4] = ["net", "com", "de", "org"];

/// The first octets of their networks, in benchmarking space (RFC 2544), and the first third octet. Hosters have lower ones.
const BLOCKS: [[u8; 2]; 2] = [[198, 18], [198, 19]];
const FIRST_NETWORK: u8 = 128;

/// Last octets of the hosts that send spam.
const BOTS: std::ops::Range<u8> = 200..208;

/// Medians of the distance of their servers, in milliseconds, in turn: access providers are all over the world.
const MEDIANS: [u32; 5] = [25, 60, 110, 160, 220];

fn domain(number: u8) -> String {
    let tld = TLDS.get(usize::from(number) % TLDS.len()).unwrap_or(&"net");
    format!("access{number}.{tld}")
}

/// The names of a provider's name servers.
pub(super) fn servers(number: u8) -> Vec<String> {
    [1, 2].map(|server| format!("ns{server}.{}", domain(number))).to_vec()
}

/// The median of the distance of its servers, in milliseconds.
pub(super) fn median(number: u8) -> u32 {
    MEDIANS.get(usize::from(number) % MEDIANS.len()).copied().unwrap_or(60)
}

/// Writes a provider into the tree; returns its hosts that send spam.
pub(super) fn write(tree: &mut Tree, number: u8, servers: &[String]) -> Result<Vec<Ipv4Addr>, LabError> {
    let (domain, third) = (domain(number), FIRST_NETWORK.saturating_add(number));
    let (mut bots, mut names) = (Vec::new(), String::new());
    let has_pointers = !number.is_multiple_of(5);
    for [first, second] in BLOCKS {
        let mut pointers = String::new();
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
