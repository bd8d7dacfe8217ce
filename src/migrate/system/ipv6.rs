//! IPv6: whether this host has all of it or none; incomplete IPv6 costs the time of every server with such an
//! address.
//!
//! Formats: proc(5), net/ipv6_route and net/if_inet6.

use super::host::HostFile;
use crate::system::HostFinding;

const CHECK: &str = "ipv6";

/// `RTF_REJECT` of the route's flags: the kernel's own entry that says "no route".
const REJECT: u32 = 0x0200;

/// `scope` of a global address.
const GLOBAL: &str = "00";

/// Addresses and the default route.
pub(super) fn check(routes: &HostFile, addresses: &HostFile) -> HostFinding {
    if let Some(unread) = routes.unread(CHECK).or_else(|| addresses.unread(CHECK)) {
        return unread;
    }
    let (Some(routes), Some(addresses)) = (routes.text(), addresses.text()) else {
        return HostFinding::ok(CHECK, "this host has no IPv6; resolverd queries servers over IPv4");
    };
    let switch = "complete the IPv6 setup, or set `resolve.ipv6 = false`";
    match (routes.lines().any(is_default), addresses.lines().any(is_global)) {
        (true, true) => HostFinding::ok(CHECK, "this host has a global address and a default route"),
        (false, false) => HostFinding::ok(
            CHECK,
            "this host has no global address and no default route; resolverd queries servers over IPv4",
        ),
        (true, false) => {
            HostFinding::warning(CHECK, "this host has a default route, but no global address", switch)
        }
        (false, true) => {
            HostFinding::warning(CHECK, "this host has a global address, but no default route", switch)
        }
    }
}

fn is_default(route: &str) -> bool {
    let columns: Vec<&str> = route.split_ascii_whitespace().collect();
    let [destination, prefix, .., flags, device] = columns.as_slice() else { return false };
    let rejects = u32::from_str_radix(flags, 16).map_or(true, |flags| flags & REJECT != 0);
    destination.bytes().all(|digit| digit == b'0') && *prefix == "00" && *device != "lo" && !rejects
}

/// A global address that others can reach: not of the loopback device, and no unique local one (fc00::/7).
fn is_global(address: &str) -> bool {
    let columns: Vec<&str> = address.split_ascii_whitespace().collect();
    let [address, _, _, scope, _, device] = columns.as_slice() else { return false };
    *scope == GLOBAL && *device != "lo" && !address.starts_with("fc") && !address.starts_with("fd")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::CheckVerdict;

    const NONE: &str = "00000000000000000000000000000000";
    const REJECTED: &str = "ffffffff 00000001 00000000 00200200       lo";
    const ADDRESS: &str = "20010db8000000000000000000000001 02 40 00 80     eth0\n";
    const LINK: &str = "fe800000000000000000000000000001 02 40 20 80     eth0\n";

    #[test]
    fn all_or_nothing() {
        let file = |text: &str| HostFile::Text { path: "f".to_owned(), text: text.to_owned() };
        let route =
            format!("{NONE} 00 {NONE} 00 fe800000000000000000000000000002 00000400 1 0 00000003 eth0\n");
        let reject = format!("{NONE} 00 {NONE} 00 {NONE} {REJECTED}\n");
        let verdict = |routes: &str, addresses: &str| check(&file(routes), &file(addresses)).verdict;
        assert_eq!(verdict(&route, ADDRESS), CheckVerdict::Ok);
        assert_eq!(verdict(&reject, LINK), CheckVerdict::Ok);
        assert_eq!(verdict(&route, LINK), CheckVerdict::Warning);
        assert_eq!(verdict(&reject, ADDRESS), CheckVerdict::Warning);
    }
}
