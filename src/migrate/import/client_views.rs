//! The `[[view]]` of each view whose clients see other zones than this host: their networks.
//!
//! named takes the first view that takes a client, and Unbound the longest prefix, as it does here. A network inside of that of an earlier
//! view of named is left out. A network of this host's view inside of that of another one becomes a `[[view]]` that sees the zones of
//! all.

use std::collections::BTreeMap;

use ipnet::IpNet;

use resolver::limits::{MAX_VIEW_NAME, MAX_VIEW_NETWORKS, MAX_VIEWS};

/// The zones that the clients of a network get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NetworkZones {
    /// The zones of this host.
    OfHost,
    /// The zones of the view at this place.
    OfView(usize),
}

/// The networks of each `[[view]]`, by the view whose zones its clients get. A verdict about a prefix holds for all addresses of it that
/// are in no longer prefix of `nets`; without a verdict the clients are refused, and their zones do not matter.
pub(super) fn networks(
    nets: &[IpNet],
    verdict: impl Fn(&IpNet) -> Option<NetworkZones>,
) -> BTreeMap<NetworkZones, Vec<IpNet>> {
    let mut decided: Vec<(IpNet, NetworkZones)> = Vec::new();
    for net in nets {
        if let Some(zones) = verdict(net).filter(|_| !decided.iter().any(|(known, _)| known == net)) {
            decided.push((*net, zones));
        }
    }
    let around = |net: &IpNet| {
        let wider = decided.iter().filter(|(other, _)| other != net && other.contains(net));
        wider.max_by_key(|(other, _)| other.prefix_len()).map_or(NetworkZones::OfHost, |(_, zones)| *zones)
    };
    let mut found: BTreeMap<NetworkZones, Vec<IpNet>> = BTreeMap::new();
    for (net, zones) in decided.iter().filter(|(net, zones)| around(net) != *zones) {
        found.entry(*zones).or_default().push(*net);
    }
    found
}

/// The places of the views that become a `[[view]]`: as many as our file takes beside the zones of this host.
pub(super) fn carried(
    views: usize,
    is_candidate: impl Fn(usize) -> bool,
    networks_of: impl Fn(usize) -> usize,
) -> Vec<usize> {
    let fits = |place: &usize| is_candidate(*place) && networks_of(*place) <= MAX_VIEW_NETWORKS;
    (0..views).filter(fits).take(MAX_VIEWS.saturating_sub(1)).collect()
}

/// The name of a view in our file, which takes fewer letters than named, and each name once.
pub(super) fn name(typed: &str, taken: &[String]) -> String {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let word: String = typed.chars().map(|letter| if fits(letter) { letter } else { '-' }).collect();
    let word = if word.is_empty() { "view".to_owned() } else { word };
    let numbered = (2_usize..).map(|number| format!("-{number}"));
    let mut names = std::iter::once(String::new()).chain(numbered).map(|end| {
        let room = MAX_VIEW_NAME.saturating_sub(end.len());
        format!("{}{end}", word.get(..room).unwrap_or(&word))
    });
    names.find(|name| !taken.contains(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use NetworkZones::{OfHost, OfView};

    fn found(verdicts: &[(&str, Option<NetworkZones>)]) -> Vec<(NetworkZones, Vec<String>)> {
        let verdicts: Vec<(IpNet, Option<NetworkZones>)> =
            verdicts.iter().map(|(net, zones)| (net.parse().unwrap(), *zones)).collect();
        let nets: Vec<IpNet> = verdicts.iter().map(|(net, _)| *net).collect();
        let found = networks(&nets, |net| verdicts.iter().find(|(known, _)| known == net).unwrap().1);
        let texts = |nets: Vec<IpNet>| nets.iter().map(ToString::to_string).collect();
        found.into_iter().map(|(zones, nets)| (zones, texts(nets))).collect()
    }

    #[test]
    fn each_network_is_there_once_and_only_if_it_changes_the_zones() {
        let all = [
            ("0.0.0.0/0", Some(OfView(1))),
            ("10.0.0.0/8", Some(OfHost)),
            ("10.1.0.0/16", Some(OfView(0))),
            ("10.1.2.0/24", Some(OfView(0))),
            ("10.1.3.0/24", Some(OfView(1))),
            ("10.2.0.0/16", Some(OfHost)),
            ("10.3.0.0/16", None),
            ("10.3.1.0/24", Some(OfView(0))),
        ];
        let texts = |nets: &[&str]| nets.iter().map(|net| (*net).to_owned()).collect::<Vec<_>>();
        let expected = vec![
            (OfHost, texts(&["10.0.0.0/8"])),
            (OfView(0), texts(&["10.1.0.0/16", "10.3.1.0/24"])),
            (OfView(1), texts(&["0.0.0.0/0", "10.1.3.0/24"])),
        ];
        assert_eq!(found(&all), expected);
        assert!(found(&[("10.0.0.0/8", Some(OfHost)), ("10.1.0.0/16", None)]).is_empty());
    }

    #[test]
    fn a_name_has_the_letters_of_our_file_and_is_there_once() {
        assert_eq!(name("in house", &[]), "in-house");
        assert_eq!(name("in/house", &["in-house".to_owned()]), "in-house-2");
        assert_eq!(name("", &[]), "view");
        let long = "x".repeat(100);
        let first = name(&long, &[]);
        assert_eq!(first.len(), MAX_VIEW_NAME);
        assert_eq!(name(&long, std::slice::from_ref(&first)), format!("{}-2", &first[..MAX_VIEW_NAME - 2]));
    }
}
