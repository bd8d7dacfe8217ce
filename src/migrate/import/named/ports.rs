//! `use-v4-udp-ports` and `use-v6-udp-ports` of BIND: the ports that its queries come from.

use super::reader::{Statement, find};
use crate::import::draft::Draft;
use crate::import::finding::Weight::Different;

/// The options, that of IPv4 first.
const OPTIONS: [&str; 2] = ["use-v4-udp-ports", "use-v6-udp-ports"];

/// The first port that BIND takes by itself; resolverd takes no lower one.
const FIRST: u16 = 1024;

/// Sets the source ports, if the options permit others than the usual ones.
pub(super) fn add(options: &[Statement], draft: &mut Draft) {
    let mut typed = OPTIONS.iter().filter_map(|option| find(options, option));
    let Some(first) = typed.next() else { return };
    let ranges = ranges(first);
    let mut tell = |list: &Statement, did: &str, instead: &str| {
        draft.report(Different, list, (did, instead));
    };
    if let Some(other) = typed.find(|other| self::ranges(other) != ranges) {
        let instead = "resolverd takes one range for both (resolve.source_ports): that of IPv4 is set";
        tell(other, "permitted other ports over IPv6", instead);
    }
    let longest = ranges.iter().copied().max_by_key(|(from, to)| to.abs_diff(*from));
    let Some((from, to)) = longest else {
        return tell(first, "has no range of ports from 1024 on", "set resolve.source_ports");
    };
    if ranges.len() > 1 {
        let did = format!("permitted {} ranges of ports", ranges.len());
        tell(first, &did, "resolverd takes one range (resolve.source_ports); the longest is set");
    }
    if (from, to) != (FIRST, u16::MAX) {
        let key = ("[resolve]", "source_ports");
        draft.set(first, key, format!("{from}-{to}"));
    }
}

/// The ranges of a list, `range 1024 65535` or a port, without the ports that resolverd does not take.
fn ranges(list: &Statement) -> Vec<(u16, u16)> {
    let of = |element: &Statement| {
        let words = element.words();
        let (from, to) = match words.as_slice() {
            ["range", from, to] => (*from, *to),
            [port] => (*port, *port),
            _ => return None,
        };
        let (from, to) = (from.parse::<u16>().ok()?.max(FIRST), to.parse::<u16>().ok()?);
        (from <= to).then_some((from, to))
    };
    list.block().iter().filter_map(of).collect()
}
