//! Converts the source ports of queries: `outgoing-port-permit` and `outgoing-port-avoid` of Unbound.
//!
//! Of two settings for the same port, the later one applies. By default, the ports from 1024 on are permitted (unbound.conf(5)).

use std::ops::RangeInclusive;

use super::reader::{Section, UnboundSetting};
use crate::draft::Draft;
use crate::finding::Weight::Different;

/// The first default source port of Unbound. resolverd uses no lower port.
const FIRST: u16 = 1024;

/// Sets the source ports if the settings permit other ports than Unbound's defaults.
pub(super) fn add(server: &Section, draft: &mut Draft) {
    let typed = server.settings.iter().filter(|setting| setting.option.starts_with("outgoing-port-"));
    let typed: Vec<&UnboundSetting> = typed.collect();
    let Some(last) = typed.last() else { return };
    for wrong in typed.iter().filter(|setting| range(setting.value()).is_none()) {
        let did = "is no port and no range of ports";
        draft.report(Different, wrong, (did, "set resolve.source_ports"));
    }
    let mut ranges = permitted(&typed);
    let longest = ranges.iter().copied().max_by_key(|(from, to)| to.abs_diff(*from));
    let Some((from, to)) = longest else {
        let did = "left no port to send queries from";
        return draft.report(Different, last, (did, "set resolve.source_ports"));
    };
    ranges.retain(|range| *range != (from, to));
    if !ranges.is_empty() {
        let did = format!("permitted {} more ranges of ports", ranges.len());
        let instead = "resolverd takes one range (resolve.source_ports); the longest is set";
        draft.report(Different, last, (&did, instead));
    }
    if (from, to) != (FIRST, u16::MAX) {
        draft.set(last, ("[resolve]", "source_ports"), format!("{from}-{to}"));
    }
}

fn permitted(typed: &[&UnboundSetting]) -> Vec<(u16, u16)> {
    let typed: Vec<_> = typed
        .iter()
        .filter_map(|setting| Some((range(setting.value())?, setting.option.ends_with("permit"))))
        .collect();
    let is_permitted = |port: u16| {
        let of = typed.iter().rfind(|(range, _)| range.contains(&port));
        of.is_none_or(|(_, permits)| *permits)
    };
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for port in (FIRST..=u16::MAX).filter(|port| is_permitted(*port)) {
        match ranges.last_mut() {
            Some((_, to)) if to.checked_add(1) == Some(port) => *to = port,
            _ => ranges.push((port, port)),
        }
    }
    ranges
}

/// Parses a port or a range such as `1024-65535`.
fn range(typed: &str) -> Option<RangeInclusive<u16>> {
    let (from, to) = typed.split_once('-').unwrap_or((typed, typed));
    let number = |text: &str| text.trim().parse::<u16>().ok();
    Some(number(from)?..=number(to)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::SourcePlace;
    use std::path::Path;
    use std::sync::Arc;

    #[test]
    fn last_port_setting_counts() {
        let ranges = |settings: &[(&str, &str)]| {
            let place = SourcePlace { file: Arc::from(Path::new("f")), line: 1 };
            let settings: Vec<UnboundSetting> = settings
                .iter()
                .map(|(option, value)| UnboundSetting {
                    place: place.clone(),
                    option: format!("outgoing-port-{option}"),
                    values: vec![(*value).to_owned()],
                })
                .collect();
            permitted(&settings.iter().collect::<Vec<_>>())
        };
        assert_eq!(ranges(&[("permit", "5353")]), [(1024, 65_535)]);
        assert_eq!(ranges(&[("avoid", "0-65535"), ("permit", "40000-40100")]), [(40_000, 40_100)]);
        assert_eq!(ranges(&[("permit", "40000-40100"), ("avoid", "0-65535")]), []);
        assert_eq!(ranges(&[("avoid", "5353")]), [(1024, 5_352), (5_354, 65_535)]);
    }
}
