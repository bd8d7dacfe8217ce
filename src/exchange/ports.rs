//! The source ports of outgoing datagrams.
//!
//! All allowed ports are used with the same probability (RFC 5452 section 9.2), except those that the operator reserves for other services (RFC 6056
//! section 3.2).

use std::io;
use std::ops::RangeInclusive;

use dns::random::Random;

/// The ports that the operator reserves for services of this host, for IPv4 and IPv6 (Documentation/networking/ip-sysctl.rst of the kernel).
const RESERVED: &str = "/proc/sys/net/ipv4/ip_local_reserved_ports";

/// The source ports for queries that the configuration allows, without those that the system reserves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcePorts(Vec<u16>);

impl SourcePorts {
    /// Returns the ports in `range` that are not in `reserved`, which has the format of the kernel's file: `8080,9000-9100`.
    pub fn in_range(range: RangeInclusive<u16>, reserved: &str) -> Self {
        let spans: Vec<_> = reserved.split([',', '\n']).filter_map(span).collect();
        let kept = |port: &u16| spans.iter().any(|span| span.contains(port));
        Self(range.filter(|port| !kept(port)).collect())
    }

    /// Returns the number of source ports.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns all ports, beginning with a random one. They ascend, and the lowest port follows the highest.
    pub(super) fn in_turn(&self, random: &Random) -> impl Iterator<Item = u16> {
        let place = random.below(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
        let (before, behind) = self.0.split_at(usize::try_from(place).unwrap_or(0).min(self.0.len()));
        behind.iter().chain(before).copied()
    }
}

/// Reads from the kernel the ports that the operator reserves for services of this host.
///
/// # Errors
/// The file cannot be read, for example because `/proc/sys` is hidden.
pub fn reserved() -> io::Result<String> {
    std::fs::read_to_string(RESERVED)
}

/// Parses a port number, or a range such as `9000-9100`.
fn span(text: &str) -> Option<RangeInclusive<u16>> {
    let text = text.trim();
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some(first.parse().ok()?..=last.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(first: u16, last: u16, reserved: &str) -> SourcePorts {
        SourcePorts::in_range(first..=last, reserved)
    }

    #[test]
    fn reserved_ports_are_not_used() {
        let range = |reserved| ports(5_000, 5_009, reserved).0;
        assert_eq!(range("\n"), (5_000..=5_009).collect::<Vec<_>>());
        assert_eq!(range("5003\n"), [5_000, 5_001, 5_002, 5_004, 5_005, 5_006, 5_007, 5_008, 5_009]);
        assert_eq!(range("80,4000-5001,5003-5007,65535\n"), [5_002, 5_008, 5_009]);
        assert_eq!(range("1-65535\n"), [] as [u16; 0]);
        assert_eq!(ports(1_024, 65_535, "").count(), 64_512);
    }

    #[test]
    fn source_ports_are_drawn_evenly() {
        let (random, ports) = (Random::seeded(7), ports(5_000, 5_009, "5005"));
        let mut drawn = std::collections::BTreeMap::new();
        for _ in 0..9_000 {
            *drawn.entry(ports.in_turn(&random).next().unwrap()).or_insert(0) += 1;
        }
        assert_eq!(drawn.len(), 9);
        assert!(drawn.values().all(|times| (850..1_150).contains(times)), "{drawn:?}");
        let mut all: Vec<u16> = ports.in_turn(&random).collect();
        assert_eq!(all.len(), 9);
        all.sort_unstable();
        assert_eq!(all, ports.0);
        assert_eq!(SourcePorts::in_range(1..=1, "1").in_turn(&random).next(), None);
    }
}
