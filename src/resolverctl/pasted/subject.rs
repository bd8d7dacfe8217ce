//! Finds the DNS name or IP address in a word of a pasted line, and the queries of a message (email) about this name or address.

use std::net::IpAddr;

use hickory_proto::rr::Name;

use dnsbl::list::{NIBBLES, OCTETS, reversed};
use explain::why::MessageReport;

pub(super) fn subject(word: &str) -> Option<String> {
    let word = word.trim_matches(['.', ':', '`', '*', '?']);
    let word = word.strip_prefix("IPv6:").or_else(|| word.strip_prefix("dns;")).unwrap_or(word);
    // A port may follow the name, as in `mx.example:25`.
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
    // A mail with SMTPUTF8 may have domains with non-ASCII letters (RFC 6531). Queries have the ASCII form.
    let ascii = Name::from_utf8(domain).ok()?.to_ascii();
    let ascii = ascii.trim_end_matches('.');
    (domain.contains('.') && is_domain(ascii)).then(|| ascii.to_owned())
}

/// File names in log lines end with these words. None of them is a top-level domain.
const FILES: [&str; 8] = ["c", "cf", "conf", "db", "eml", "log", "lua", "sock"];

/// Returns true for a domain name with at least two labels.
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

/// A domain publishes the keys and policies of its mail below these labels, such as `_dmarc.DOMAIN`.
const SERVICES: [&str; 3] = ["_dmarc", "_domainkey", "_mta-sts"];

/// Returns true if the message has a query about `subject`, an address or a domain.
pub(super) fn has(message: &MessageReport, subject: &str) -> bool {
    let address = subject.parse::<IpAddr>().ok();
    message.questions.iter().any(|question| match address {
        Some(address) => address_of(&question.name) == Some(address),
        None => is_about(&question.name, subject),
    })
}

/// Returns true if a query is for the domain itself, for a key or a policy of its mail, or for the domain in a DNS list. Queries
/// for other names below the domain may belong to other mails, such as those of a provider's customers.
pub(super) fn is_about(name: &str, domain: &str) -> bool {
    name.match_indices(domain).any(|(place, _)| {
        let before = name.get(..place).unwrap_or_default();
        let is_own = before.is_empty() || before.strip_suffix('.').is_some_and(is_service);
        is_own && name.as_bytes().get(place.saturating_add(domain.len())) == Some(&b'.')
    })
}

fn is_service(labels: &str) -> bool {
    labels.rsplit('.').next().is_some_and(|last| SERVICES.contains(&last))
}

/// Returns the address in a reverse name, or in a name of a DNS list.
pub(super) fn address_of(name: &str) -> Option<IpAddr> {
    let labels: Vec<&[u8]> = name.split('.').map(str::as_bytes).collect();
    [NIBBLES, OCTETS].into_iter().find_map(|count| reversed(labels.get(..count)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Other names below the domain are not about it.
    #[test]
    fn domain_covers_policies_and_list_names() {
        for (name, domain, found) in [
            ("sender.example.", "sender.example", true),
            ("_dmarc.sender.example.", "sender.example", true),
            ("s1._domainkey.sender.example.", "sender.example", true),
            ("sender.example.dbl.test.", "sender.example", true),
            ("mysender.example.", "sender.example", false),
            ("sender.example1.", "sender.example", false),
            ("customer.sender.example.", "sender.example", false),
            ("_spf.sender.example.", "sender.example", false),
            ("mysender.example.sender.example.", "sender.example", false),
        ] {
            assert_eq!(is_about(name, domain), found, "{name}");
        }
    }

    #[test]
    fn labels_of_addresses_are_known() {
        let (four, six) = (IpAddr::from([192, 0, 2, 7]), "2001:db8::1".parse().unwrap());
        for (name, address) in [
            ("7.2.0.192.list.test.".to_owned(), Some(four)),
            (hickory_proto::rr::Name::from(six).to_ascii(), Some(six)),
            ("sender.test.".to_owned(), None),
            ("1.2.".to_owned(), None),
            (".".to_owned(), None),
        ] {
            assert_eq!(address_of(&name), address, "{name}");
        }
    }
}
