//! Networks that no sender of mail has an address of, although they stand in SPF records: most were copied from an example.

use ipnet::IpNet;

/// Networks without hosts on the internet: of documentation and measurements (RFC 5737, RFC 2544, RFC 3849, RFC 9637, RFC 5180), private
/// ones and others that are not routed (RFC 6890).
const SPECIAL: [&str; 20] = [
    "192.0.2.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "198.18.0.0/15",
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/3",
    "2001:db8::/32",
    "3fff::/20",
    "2001:2::/48",
    "::/127",
    "::ffff:0:0/96",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
];

/// Whether no host on the internet has an address of this network.
pub(super) fn is_special(net: IpNet) -> bool {
    SPECIAL.iter().filter_map(|text| text.parse::<IpNet>().ok()).any(|special| special.contains(&net))
}
