//! Selects the `[[view]]` of a client by its address: the network with the longest matching prefix decides.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

use config::ConfiguredView;

#[derive(Debug, Default)]
pub(super) struct ClientNetworks {
    networks: HashMap<IpNet, usize>,
    /// The prefix lengths in `networks`. Each is tried once for a client, the longest first.
    lengths: BTreeSet<u8>,
}

impl ClientNetworks {
    /// Creates the table from these views. The index of a view is its position in `views`.
    pub(super) fn from_views(views: &[ConfiguredView]) -> Self {
        let networks = |(place, view): (usize, &ConfiguredView)| {
            view.clients.clone().into_iter().map(move |network| (network, place))
        };
        Self::new(views.iter().enumerate().flat_map(networks))
    }

    /// Creates the table from networks and the indexes of their views. No network may occur twice.
    fn new(networks: impl Iterator<Item = (IpNet, usize)>) -> Self {
        let networks: HashMap<IpNet, usize> = networks.collect();
        let lengths = networks.keys().map(IpNet::prefix_len).collect();
        Self { networks, lengths }
    }

    /// Returns the index of the view of a client. An IPv4 address must not be given in IPv6-mapped form.
    pub(super) fn view(&self, client: IpAddr) -> Option<usize> {
        // Prefix lengths above 32 are impossible for an IPv4 address, and are skipped here.
        let around = self.lengths.iter().rev().filter_map(|length| IpNet::new(client, *length).ok());
        around.map(|network| network.trunc()).find_map(|network| self.networks.get(&network)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::random::Random;

    fn networks(texts: &[&str]) -> ClientNetworks {
        ClientNetworks::new((0..).zip(texts).map(|(place, text)| (text.parse().unwrap(), place)))
    }

    fn view(networks: &ClientNetworks, client: &str) -> Option<usize> {
        networks.view(client.parse().unwrap())
    }

    // Clients outside all networks have no view.
    #[test]
    fn longest_client_prefix_selects_view() {
        let found = networks(&["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32", "fd00::/8", "fd00::1/128"]);
        for (client, wanted) in [
            ("9.255.255.255", None),
            ("10.0.0.0", Some(0)),
            ("10.0.255.255", Some(0)),
            ("10.1.0.0", Some(1)),
            ("10.1.2.2", Some(1)),
            ("10.1.2.3", Some(2)),
            ("10.1.2.4", Some(1)),
            ("10.1.255.255", Some(1)),
            ("10.2.0.0", Some(0)),
            ("10.255.255.255", Some(0)),
            ("11.0.0.0", None),
            ("255.255.255.255", None),
            ("::", None),
            ("fd00::1", Some(4)),
            ("fd00::2", Some(3)),
            ("fe00::", None),
        ] {
            assert_eq!(view(&found, client), wanted, "{client}");
        }
        assert_eq!(view(&networks(&[]), "127.0.0.1"), None);
    }

    #[test]
    fn random_networks_match_linear_search() {
        let random = Random::seeded(11);
        let octet = || u8::try_from(random.below(4)).unwrap() * 64;
        for _ in 0..300 {
            let mut all: Vec<IpNet> = Vec::new();
            for _ in 0..random.below(12) {
                let address = IpAddr::from([10, octet(), octet(), octet()]);
                let prefix = u8::try_from(random.below(33)).unwrap();
                let network = IpNet::new(address, prefix).unwrap().trunc();
                if !all.contains(&network) {
                    all.push(network);
                }
            }
            let found = ClientNetworks::new(all.iter().copied().zip(0..));
            for _ in 0..50 {
                let client = IpAddr::from([10, octet(), octet(), octet()]);
                let around = all.iter().enumerate().filter(|(_, network)| network.contains(&client));
                let longest = around.max_by_key(|(_, network)| network.prefix_len());
                assert_eq!(found.view(client), longest.map(|(place, _)| place), "{client} in {all:?}");
            }
        }
    }
}
