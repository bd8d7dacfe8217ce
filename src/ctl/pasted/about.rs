//! The names and addresses that the queries of a message are about.

use std::net::IpAddr;

use super::doubt::address_of;
use history::why::MessageReport;

/// Labels of keys and policies of a domain.
const SERVICES: [&str; 3] = ["_dmarc", "_domainkey", "_mta-sts"];

/// Whether a message has a query about an address, or about a name itself.
pub(super) fn has(message: &MessageReport, subject: &str) -> bool {
    let address = subject.parse::<IpAddr>().ok();
    message.questions.iter().any(|question| match address {
        Some(address) => address_of(&question.name) == Some(address),
        None => is_about(&question.name, subject),
    })
}

/// Whether a query is for a domain, for a key or a policy of its mail, or for it in a DNS list. Other names below it may be those of other
/// mails: the hosts and the customers of a provider.
pub(super) fn is_about(name: &str, domain: &str) -> bool {
    name.match_indices(domain).any(|(place, _)| {
        let before = name.get(..place).unwrap_or_default();
        let is_own = before.is_empty() || before.strip_suffix('.').is_some_and(is_service);
        is_own && name.as_bytes().get(place.saturating_add(domain.len())) == Some(&b'.')
    })
}

/// Whether labels end with that of a service.
fn is_service(labels: &str) -> bool {
    labels.rsplit('.').next().is_some_and(|last| SERVICES.contains(&last))
}

/// Whether a domain is in a zone, which ends with a dot.
pub(super) fn is_in(domain: &str, zone: &str) -> bool {
    let zone = zone.trim_end_matches('.');
    let above = domain.strip_suffix(zone);
    zone.is_empty() || above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_found_in_its_policies_and_in_lists_and_not_in_names_below_it() {
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
    fn a_domain_is_in_its_zone_and_in_those_above() {
        for (domain, zone, is) in [
            ("sender.example", "sender.example.", true),
            ("sender.example", "example.", true),
            ("sender.example", ".", true),
            ("sender.example", "customer.sender.example.", false),
            ("mysender.example", "sender.example.", false),
        ] {
            assert_eq!(is_in(domain, zone), is, "{domain} {zone}");
        }
    }
}
