//! Checks the HELO name of a client: its form (RFC 5321 sections 2.3.5 and 4.1.1.1) and its address (section 4.1.4).

use std::net::IpAddr;

use crate::codes::Code;
use crate::facts::{DomainFacts, LookupFound, Want, addresses, canonical, lookup};
use crate::finding::Finding;
use crate::message::refusal::RefusalReason;
use crate::part::About;
use dns::wire::presentation::read_name;

/// The tag before an IPv6 address in brackets (RFC 5321 section 4.1.3).
const IPV6_TAG: &str = "IPv6:";

#[derive(Debug, PartialEq, Eq)]
enum Form {
    /// A host name: lower case, with its last dot.
    Host(String),
    /// An IP address in brackets.
    Literal(IpAddr),
    /// The name has no correct form, for this reason.
    Wrong(&'static str),
}

fn form(helo: &str) -> Form {
    if let Some(inside) = helo.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let of_ipv6 = inside.split_at_checked(IPV6_TAG.len());
        let of_ipv6 = of_ipv6.filter(|(tag, _)| tag.eq_ignore_ascii_case(IPV6_TAG)).map(|(_, rest)| rest);
        let address = of_ipv6.unwrap_or(inside).parse::<IpAddr>().ok();
        let address = address.filter(|address| address.is_ipv6() == of_ipv6.is_some());
        return address.map_or(
            Form::Wrong("the brackets hold no address, or an IPv6 address without IPv6: before it"),
            Form::Literal,
        );
    }
    let name = helo.trim_end_matches('.');
    // Underscores are not allowed in host names, but common in HELO names, and Postfix accepts them.
    let is_label = |label: &str| {
        let is_sound = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_';
        label.bytes().all(is_sound) && !label.starts_with('-') && !label.ends_with('-')
    };
    match () {
        () if helo.parse::<IpAddr>().is_ok() => Form::Wrong("an address needs brackets"),
        () if read_name(name).is_none() || !name.split('.').all(is_label) => {
            Form::Wrong("it is no host name")
        }
        () if !name.contains('.') => Form::Wrong("it has no domain"),
        () => Form::Host(canonical(name)),
    }
}

/// Returns the HELO name if it is checked: if the address of the sending host is known (`client`), or if a receiver has refused the name.
fn examined(facts: &DomainFacts, client: Option<IpAddr>) -> Option<&str> {
    let is_refused = facts.subject.refusal.reason == Some(RefusalReason::Helo);
    facts.subject.helo.as_deref().filter(|_| is_refused || client.is_some())
}

pub(crate) fn wants(facts: &DomainFacts, client: Option<IpAddr>) -> Vec<Want> {
    match examined(facts, client).map(form) {
        Some(Form::Host(name)) => addresses(&name).into_iter().chain([lookup(&name, "MX")]).collect(),
        _ => Vec::new(),
    }
}

/// Returns the address lookup of the HELO name.
pub(crate) fn needed(facts: &DomainFacts, client: Option<IpAddr>) -> Option<(String, &'static str)> {
    match form(examined(facts, client)?) {
        Form::Host(name) => Some((name, "A")),
        Form::Literal(_) | Form::Wrong(_) => None,
    }
}

/// Returns the finding about the HELO name. The name must have the address of the client. If the client's address is not known, any address
/// is enough.
pub(crate) fn check(facts: &DomainFacts, address: Option<IpAddr>) -> Option<Finding> {
    let helo = examined(facts, address)?;
    let name = match form(helo) {
        Form::Wrong(why) => return Some(Finding::new(Code::HeloSyntax, format!("{helo}: {why}"))),
        Form::Literal(own) => {
            let other = address.filter(|address| *address != own)?;
            return Some(Finding::new(Code::HeloDiffers, format!("{other} says {helo}")));
        }
        Form::Host(name) => name,
    };
    let found = facts.addresses(&name);
    if address.map_or(!found.is_empty(), |address| found.contains(&address)) {
        return None;
    }
    let lookups = ["A", "AAAA", "MX"].map(|kind| (kind, facts.lookup(&name, kind)));
    if lookups.iter().all(|(_, found)| found.is_absent()) {
        return Some(Finding::new(Code::HeloUnknown, name));
    }
    let unknown = lookups.iter().find_map(|(kind, found)| match found {
        LookupFound::Unknown(why) => Some(format!("{name} {kind}: {why}")),
        LookupFound::NotAsked => Some(format!("{name} {kind} was not looked up")),
        _ => None,
    });
    if let Some(why) = unknown {
        return Some(Finding::new(Code::PointerUnknown, why).about([About::Host(name)]));
    }
    let address = address?;
    let list: Vec<String> = found.iter().map(ToString::to_string).collect();
    let has = if list.is_empty() { "no address".to_owned() } else { list.join(", ") };
    Some(Finding::new(Code::HeloDiffers, format!("{address} says {name}, which has {has}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::facts;

    #[test]
    fn each_helo_fault_has_code() {
        let address: IpAddr = "192.0.2.7".parse().unwrap();
        let none = "lookup m.a. A\nlookup m.a. AAAA\nlookup m.a. MX";
        let right = none.replace("m.a. A\n", "m.a. A | 192.0.2.7\n");
        let other = right.replace("2.7", "2.8");
        let failed = none.replace("m.a. A\n", "m.a. A SERVFAIL\n");
        let cases = [
            ("m.a", right.as_str(), None),
            ("M.A.", &right, None),
            ("[192.0.2.7]", "", None),
            ("[192.0.2.8]", "", Some(Code::HeloDiffers)),
            ("[192.0.2]", "", Some(Code::HeloSyntax)),
            ("[2001:db8::7]", "", Some(Code::HeloSyntax)),
            ("[IPv6:192.0.2.7]", "", Some(Code::HeloSyntax)),
            ("[ipv6:2001:db8::7]", "", Some(Code::HeloDiffers)),
            ("192.0.2.7", "", Some(Code::HeloSyntax)),
            ("localhost", "", Some(Code::HeloSyntax)),
            ("m..a", "", Some(Code::HeloSyntax)),
            ("-m.a", "", Some(Code::HeloSyntax)),
            ("m a.b", "", Some(Code::HeloSyntax)),
            ("m.a", none, Some(Code::HeloUnknown)),
            ("m.a", &other, Some(Code::HeloDiffers)),
            ("m.a", &failed, Some(Code::PointerUnknown)),
            ("m.a", "", Some(Code::PointerUnknown)),
        ];
        for (helo, lines, code) in cases {
            let mut facts = facts("", lines);
            facts.subject.helo = Some(helo.to_owned());
            facts.subject.address = Some(address);
            assert_eq!(
                check(&facts, facts.subject.address).map(|finding| finding.code),
                code,
                "{helo}: {lines}"
            );
        }
        assert_eq!(check(&facts("", ""), None), None);
    }

    #[test]
    fn refused_helo_is_checked_without_address() {
        let of = |lines: &str, reason| {
            let mut facts = facts("", lines);
            facts.subject.helo = Some("m.a".to_owned());
            facts.subject.refusal.reason = reason;
            (
                wants(&facts, facts.subject.address).len(),
                check(&facts, facts.subject.address).map(|finding| finding.code),
            )
        };
        let none = "lookup m.a. A\nlookup m.a. AAAA\nlookup m.a. MX";
        assert_eq!(of(none, Some(RefusalReason::Helo)), (3, Some(Code::HeloUnknown)));
        assert_eq!(of(&none.replace(" A\n", " A | 192.0.2.8\n"), Some(RefusalReason::Helo)), (3, None));
        assert_eq!(of(none, Some(RefusalReason::Sender)), (0, None));
    }
}
