//! The address or the name in a word of a pasted line.

use std::net::IpAddr;

use hickory_proto::rr::Name;

/// The address or the name in a word.
pub(super) fn subject(word: &str) -> Option<String> {
    let word = word.trim_matches(['.', ':', '`', '*', '?']);
    let word = word.strip_prefix("IPv6:").or_else(|| word.strip_prefix("dns;")).unwrap_or(word);
    // A port behind an address of IPv4, or behind a name.
    let port = word.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
    let host = port.map_or(word, |(host, _)| host);
    if let Ok(address) = word.parse::<IpAddr>().or_else(|_| host.parse()) {
        let address = address.to_canonical();
        return (!address.is_loopback() && !address.is_unspecified()).then(|| address.to_string());
    }
    let domain = host.rsplit_once('@').map_or(host, |(_, domain)| domain).trim_end_matches('.');
    if domain.is_ascii() {
        return is_domain(domain).then(|| domain.to_ascii_lowercase());
    }
    // Mail with SMTPUTF8 has domains with other letters (RFC 6531); queries have them in ASCII.
    let ascii = Name::from_utf8(domain).ok()?.to_ascii();
    let ascii = ascii.trim_end_matches('.');
    (domain.contains('.') && is_domain(ascii)).then(|| ascii.to_owned())
}

/// Endings of files that stand in log lines; none of them is a top-level domain.
const FILES: [&str; 8] = ["c", "cf", "conf", "db", "eml", "log", "lua", "sock"];

/// Whether a word is a name with two labels or more.
fn is_domain(word: &str) -> bool {
    let mut labels = word.split('.');
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
    };
    let top = word.rsplit('.').next().unwrap_or_default();
    let is_top =
        top.starts_with("xn--") || (top.len() >= 2 && top.bytes().all(|octet| octet.is_ascii_alphabetic()));
    word.len() <= 253 && word.contains('.') && labels.all(is_label) && is_top && !FILES.contains(&top)
}
