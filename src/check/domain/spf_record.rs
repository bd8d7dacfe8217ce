//! An SPF record: its terms (RFC 7208 section 12).

use std::net::IpAddr;

use ipnet::IpNet;

use super::facts::{DomainFacts, canonical};
use super::tags::{Versioned, texts};

/// The SPF records of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SpfRecords {
    /// There is none. True if the domain has no TXT record at all: the lookup is then void.
    None { void: bool },
    /// One.
    One(String),
    /// Several, which is an error.
    Several(Vec<String>),
    /// The aliases of the name lead in a circle.
    Circle(String),
    /// The lookup failed: the question, and why.
    Unknown(String),
    /// It was not looked up yet.
    NotAsked,
}

/// A mechanism or modifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TermKind {
    All,
    Include,
    A,
    Mx,
    Ptr,
    Address(IpNet),
    Exists,
    Redirect,
    /// `exp` and unknown modifiers: without effect on the result.
    Other,
}

/// A term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    /// `+`, `-`, `~` or `?`.
    pub(super) qualifier: char,
    pub(super) kind: TermKind,
    /// As it stands in the record.
    pub(super) text: String,
    /// The domain that it names, if any: canonical, or with macros as it stands.
    pub(super) target: Option<String>,
    /// Lengths of prefixes: for IPv4 and for IPv6.
    pub(super) prefixes: (u8, u8),
}

impl Term {
    /// The domain that it asks; none if it has macros.
    pub(super) fn domain<'t>(&'t self, current: &'t str) -> Option<&'t str> {
        let target = self.target.as_deref().unwrap_or(current);
        (!target.contains('%')).then_some(target)
    }

    /// Whether an address of the target equals the address of the client.
    pub(super) fn covers(&self, of_target: IpAddr, client: IpAddr) -> bool {
        let (ipv4, ipv6) = self.prefixes;
        let length = if of_target.is_ipv4() { ipv4 } else { ipv6 };
        IpNet::new(of_target, length).is_ok_and(|net| net.contains(&client))
    }
}

/// The SPF records of a domain (RFC 7208 section 4.5).
pub(super) fn records(facts: &DomainFacts, domain: &str) -> SpfRecords {
    let texts = match texts(facts, domain, "") {
        Versioned::NotAsked => return SpfRecords::NotAsked,
        Versioned::Circle(circle) => return SpfRecords::Circle(circle),
        Versioned::Unknown(why) => return SpfRecords::Unknown(why),
        Versioned::Texts(texts) if texts.is_empty() => return SpfRecords::None { void: true },
        Versioned::Texts(texts) => texts,
    };
    let mut found: Vec<String> = texts.into_iter().filter(|text| is_spf(text)).collect();
    match (found.pop(), found.is_empty()) {
        (None, _) => SpfRecords::None { void: false },
        (Some(one), true) => SpfRecords::One(one),
        (Some(last), false) => {
            found.push(last);
            SpfRecords::Several(found)
        }
    }
}

/// Whether the text of a TXT record is an SPF record.
pub(super) fn is_spf(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower == "v=spf1" || lower.starts_with("v=spf1 ")
}

/// The terms of a record.
///
/// # Errors
/// A term is invalid; the text says which and why.
pub(super) fn terms(record: &str) -> Result<Vec<Term>, String> {
    record.split_ascii_whitespace().skip(1).map(term).collect()
}

fn term(text: &str) -> Result<Term, String> {
    let wrong = |why: &str| format!("\"{text}\": {why}");
    if let Some((name, value)) = modifier(text) {
        let redirect = name.eq_ignore_ascii_case("redirect");
        if redirect && value.is_empty() {
            return Err(wrong("it names no domain"));
        }
        let kind = if redirect { TermKind::Redirect } else { TermKind::Other };
        let (target, text) = (Some(target(value)), text.to_owned());
        return Ok(Term { qualifier: '+', kind, text, target, prefixes: (32, 128) });
    }
    let (qualifier, rest) = match text.chars().next() {
        Some(sign @ ('+' | '-' | '~' | '?')) => (sign, text.get(1..).unwrap_or_default()),
        _ => ('+', text),
    };
    let end = rest.find([':', '/']).unwrap_or(rest.len());
    let (name, value) = rest.split_at(end);
    let name = name.to_ascii_lowercase();
    if name == "ip4" || name == "ip6" {
        let net =
            value.strip_prefix(':').and_then(network).filter(|net| (name == "ip4") == net.addr().is_ipv4());
        let net = net.ok_or_else(|| wrong("it holds no such address"))?;
        let (kind, text) = (TermKind::Address(net), text.to_owned());
        return Ok(Term { qualifier, kind, text, target: None, prefixes: (32, 128) });
    }
    let kind = match name.as_str() {
        "all" => TermKind::All,
        "include" => TermKind::Include,
        "a" => TermKind::A,
        "mx" => TermKind::Mx,
        "ptr" => TermKind::Ptr,
        "exists" => TermKind::Exists,
        _ => return Err(wrong("there is no such mechanism")),
    };
    let (named, prefixes) = match value.split_once('/') {
        // A macro may hold a slash as its delimiter.
        Some((named, lengths)) if !value.contains('%') => {
            (named, lengths_of(lengths).ok_or_else(|| wrong("the prefix length is invalid"))?)
        }
        _ => (value, (32, 128)),
    };
    let target = match named.strip_prefix(':') {
        Some("") => return Err(wrong("it names no domain")),
        Some(named) if named.contains(':') && !named.contains('%') => {
            return Err(wrong("it looks like two terms without a space between them"));
        }
        Some(named) => Some(target(named)),
        None => None,
    };
    match (&kind, &target) {
        (TermKind::Include | TermKind::Exists, None) => Err(wrong("it names no domain")),
        (TermKind::All, Some(_)) => Err(wrong("all takes no domain")),
        _ => Ok(Term { qualifier, kind, text: text.to_owned(), target, prefixes }),
    }
}

/// Name and value of a modifier.
fn modifier(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    let sound = name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter));
    (sound && name.starts_with(|first: char| first.is_ascii_alphabetic())).then_some((name, value))
}

fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// The lengths behind the first slash: `24`, `24//64`, or `/64`.
fn lengths_of(text: &str) -> Option<(u8, u8)> {
    let length = |text: &str, most: u8| text.parse().ok().filter(|length| *length <= most);
    match text.split_once('/') {
        None => Some((length(text, 32)?, 128)),
        Some(("", ipv6)) => Some((32, length(ipv6, 128)?)),
        Some((ipv4, ipv6)) => Some((length(ipv4, 32)?, length(ipv6.strip_prefix('/')?, 128)?)),
    }
}

fn target(text: &str) -> String {
    if text.contains('%') { text.to_owned() } else { canonical(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_read_as_the_grammar_says() {
        let good = "v=spf1 a A:b.example/24//64 mx//64 ip4:192.0.2.0/24 ip6:2001:db8::/32 ?include:c.example \
            exists:%{i}._spf.example ptr exp=e.example x-y=z redirect=d.example ~all";
        let read = terms(good).unwrap();
        assert_eq!(read.len(), 12);
        assert_eq!(read[1].target.as_deref(), Some("b.example."));
        assert_eq!((read[1].prefixes, read[2].prefixes), ((24, 64), (32, 64)));
        assert_eq!((read[5].qualifier, &read[5].kind), ('?', &TermKind::Include));
        assert_eq!((read[11].qualifier, &read[11].kind), ('~', &TermKind::All));
        assert!(read[6].domain("a.").is_none());
        for bad in [
            "ip4:192.0.2.300",
            "ip4:2001:db8::1",
            "ip6:192.0.2.1",
            "include",
            "include:",
            "a/33",
            "a//129",
            "all:x.",
            "mx:a.exampleinclude:b.example",
            "ipv4:192.0.2.1",
            "redirect=",
            "v=spf1",
        ] {
            // A second version is an unknown modifier by its form.
            let expected = bad == "v=spf1";
            assert_eq!(terms(&format!("v=spf1 {bad} -all")).is_ok(), expected, "{bad}");
        }
    }

    #[test]
    fn a_prefix_covers_the_client() {
        let term = &terms("v=spf1 a/24").unwrap()[0];
        let address = |text: &str| text.parse().unwrap();
        assert!(term.covers(address("192.0.2.1"), address("192.0.2.200")));
        assert!(!term.covers(address("192.0.2.1"), address("192.0.3.1")));
        assert!(!term.covers(address("192.0.2.1"), address("2001:db8::1")));
    }
}
