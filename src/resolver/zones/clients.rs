//! The choice of a `[[view]]` by the address of a client: the longest prefix decides. Pure.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::config::ConfiguredView;

/// Networks, each with the place of its view.
///
/// The networks are cut where they begin and end, so that one search finds the longest prefix around an address. A network inside of
/// another one cuts it in two.
#[derive(Debug, Default)]
pub(super) struct ClientNetworks {
    /// Where each piece begins, in order, and its view. A piece ends where the next one begins.
    pieces: Vec<(Place, Option<usize>)>,
}

/// An address in the order of all addresses: those of IPv4 come first. The place after the last address of IPv4 is before the first
/// one of IPv6.
type Place = (bool, u128);

impl ClientNetworks {
    /// The table of the networks of these views, with their places.
    pub(super) fn from_views(views: &[ConfiguredView]) -> Self {
        let networks = |(place, view): (usize, &ConfiguredView)| {
            view.clients.clone().into_iter().map(move |network| (network, place))
        };
        Self::new(views.iter().enumerate().flat_map(networks))
    }

    /// The table of these networks; none occurs twice.
    fn new(networks: impl Iterator<Item = (IpNet, usize)>) -> Self {
        let mut networks: Vec<(IpNet, usize)> = networks.collect();
        // A network stands before those inside of it.
        networks.sort_by_key(|(network, _)| (place(network.network()), network.prefix_len()));
        let mut cut = Self::default();
        // The networks around the present place, the largest first: the last address of each, and its view.
        let mut around: Vec<(Option<Place>, usize)> = Vec::new();
        for (network, view) in networks {
            let begin = place(network.network());
            cut.leave(&mut around, |end| end <= begin);
            cut.begin(begin, Some(view));
            let (is_ipv6, last) = place(network.broadcast());
            around.push((last.checked_add(1).map(|end| (is_ipv6, end)), view));
        }
        cut.leave(&mut around, |_| true);
        cut
    }

    /// Begins the pieces behind the networks that `ended`, up to the first that has not.
    fn leave(&mut self, around: &mut Vec<(Option<Place>, usize)>, ended: impl Fn(Place) -> bool) {
        while let Some((Some(end), _)) = around.last().copied().filter(|(end, _)| end.is_some_and(&ended)) {
            around.pop();
            self.begin(end, around.last().map(|(_, view)| *view));
        }
    }

    fn begin(&mut self, begin: Place, view: Option<usize>) {
        // The smallest network that begins or ends here comes last.
        self.pieces.pop_if(|(last, _)| *last == begin);
        self.pieces.push((begin, view));
    }

    /// The view of a client; none if no network has it. An IPv4 address must not be written as one of IPv6.
    pub(super) fn view(&self, client: IpAddr) -> Option<usize> {
        let client = place(client);
        let piece = self.pieces.partition_point(|(begin, _)| *begin <= client).checked_sub(1)?;
        self.pieces.get(piece).and_then(|(_, view)| *view)
    }
}

fn place(address: IpAddr) -> Place {
    match address {
        IpAddr::V4(address) => (false, u32::from(address).into()),
        IpAddr::V6(address) => (true, address.into()),
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

    #[test]
    fn the_longest_prefix_decides_and_other_clients_have_no_view() {
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
    fn networks_that_begin_or_end_together_and_those_of_all_addresses_are_cut_well() {
        let found =
            networks(&["0.0.0.0/0", "0.0.0.0/1", "0.0.0.0/32", "255.255.255.255/32", "::/0", "ffff::/16"]);
        for (client, wanted) in [
            ("0.0.0.0", Some(2)),
            ("0.0.0.1", Some(1)),
            ("127.255.255.255", Some(1)),
            ("128.0.0.0", Some(0)),
            ("255.255.255.254", Some(0)),
            ("255.255.255.255", Some(3)),
            ("::", Some(4)),
            ("ffff::1", Some(5)),
            ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Some(5)),
        ] {
            assert_eq!(view(&found, client), wanted, "{client}");
        }
        // A network of IPv6 has no clients of IPv4.
        assert_eq!(view(&networks(&["::/0"]), "192.0.2.1"), None);
        let found = networks(&["255.0.0.0/8"]);
        assert_eq!((view(&found, "255.255.255.255"), view(&found, "::1")), (Some(0), None));
    }

    #[test]
    fn any_networks_choose_as_a_search_of_all_prefixes_does() {
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
