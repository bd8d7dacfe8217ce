//! Parses an SPF record and its terms (RFC 7208 section 12).

use std::borrow::Cow;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::authentication::tags::{Versioned, texts};
use crate::facts::{DomainFacts, canonical};
use crate::spf::macros::{SpfClient, expanded};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SpfRecords {
    None {
        /// True if the domain has no TXT record. Receivers then count the lookup as void (RFC 7208 section 4.6.4).
        void: bool,
        /// TXT records that were probably meant as an SPF record.
        meant: Vec<String>,
    },
    /// There is exactly one SPF record. Its terms may still be invalid.
    One(String),
    /// There are several SPF records, which is an error for receivers.
    Several(Vec<String>),
    /// The lookup failed; the text has the question and the reason.
    Unknown(String),
    NotAsked,
}

/// A mechanism such as `ip4`, or a modifier such as `redirect`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TermKind {
    All,
    Include,
    A,
    Mx,
    Ptr,
    Address(IpNet),
    Exists,
    Redirect,
    /// The modifier `exp` or an unknown modifier, which have no effect on the result.
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    /// The qualifier: `+`, `-`, `~` or `?`.
    pub(crate) qualifier: char,
    pub(crate) kind: TermKind,
    /// The term as it is written.
    pub(crate) text: String,
    /// The domain in canonical form, or as it is written if it has macros.
    pub(crate) target: Option<String>,
    /// The prefix lengths for IPv4 and IPv6.
    pub(crate) prefixes: (u8, u8),
}

impl Term {
    /// Returns the domain whose records a term in the SPF record of `current` looks up. Returns `None` if this domain depends on unknown
    /// facts about the client.
    pub(crate) fn domain<'t>(
        &'t self,
        current: &'t str,
        client: Option<SpfClient<'_>>,
    ) -> Option<Cow<'t, str>> {
        let target = self.target.as_deref().unwrap_or(current);
        if target.contains('%') {
            expanded(target, current, client).map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(target))
        }
    }

    /// Returns the name of a modifier in lower case.
    fn modifier(&self) -> Option<String> {
        let is_modifier = matches!(self.kind, TermKind::Redirect | TermKind::Other);
        modifier(&self.text).filter(|_| is_modifier).map(|(name, _)| name.to_ascii_lowercase())
    }

    /// Returns the network around an address, with the prefix length of this term.
    pub(crate) fn around(&self, address: IpAddr) -> Option<IpNet> {
        let (ipv4, ipv6) = self.prefixes;
        Some(IpNet::new(address, if address.is_ipv4() { ipv4 } else { ipv6 }).ok()?.trunc())
    }
}

/// Returns the SPF records of a domain (RFC 7208 section 4.5).
pub(crate) fn records(facts: &DomainFacts, domain: &str) -> SpfRecords {
    let texts = match texts(facts, domain, "") {
        Versioned::NotAsked => return SpfRecords::NotAsked,
        Versioned::Unknown(why) => return SpfRecords::Unknown(why),
        Versioned::Texts(texts) => texts,
    };
    let void = texts.is_empty();
    let (mut found, other): (Vec<String>, Vec<String>) = texts.into_iter().partition(|text| is_spf(text));
    match (found.pop(), found.is_empty()) {
        (None, _) => {
            SpfRecords::None { void, meant: other.into_iter().filter(|text| is_meant(text)).collect() }
        }
        (Some(one), true) => SpfRecords::One(one),
        (Some(last), false) => {
            found.push(last);
            SpfRecords::Several(found)
        }
    }
}

pub(crate) fn is_spf(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower == "v=spf1" || lower.starts_with("v=spf1 ")
}

/// Returns true if a TXT record was probably meant as an SPF record.
fn is_meant(text: &str) -> bool {
    let lower = text.trim_start_matches(|letter: char| !letter.is_ascii_alphanumeric()).to_ascii_lowercase();
    ["v=spf", "v= spf", "v =spf", "v = spf", "spf1", "spf2.0/"].iter().any(|begin| lower.starts_with(begin))
}

/// Parses the terms of an SPF record.
///
/// # Errors
/// Fails if a term is invalid; the text says which term and why.
pub(crate) fn terms(record: &str) -> Result<Vec<Term>, String> {
    let terms: Vec<Term> =
        record.split(' ').filter(|text| !text.is_empty()).skip(1).map(term).collect::<Result<_, _>>()?;
    for name in ["redirect", "exp"] {
        // `redirect` and `exp` may occur only once (RFC 7208 section 6).
        if terms.iter().filter(|term| term.modifier().as_deref() == Some(name)).count() > 1 {
            return Err(format!("it has {name}= more than once"));
        }
    }
    Ok(terms)
}

/// Returns unknown modifiers that look like a mechanism with an equals sign. Receivers ignore them.
pub(crate) fn mistaken(terms: &[Term]) -> Vec<String> {
    let names = ["all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists", "v"];
    let is_mistaken = |term: &&Term| term.modifier().is_some_and(|name| names.contains(&name.as_str()));
    terms.iter().filter(is_mistaken).map(|term| term.text.clone()).collect()
}

fn term(text: &str) -> Result<Term, String> {
    let wrong = |why: &str| format!("\"{text}\": {why}");
    if let Some((name, value)) = modifier(text) {
        return read_modifier(text, &name.to_ascii_lowercase(), value).map_err(wrong);
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
    if value.contains("://") {
        return Err(wrong("it holds a URL instead of the name of a domain"));
    }
    let (named, prefix) = split_lengths(value);
    let prefixes = match prefix {
        None => (32, 128),
        Some(prefix) if matches!(kind, TermKind::A | TermKind::Mx) => {
            lengths(prefix).ok_or_else(|| wrong("the prefix length is invalid"))?
        }
        Some(_) => return Err(wrong("it takes no prefix length")),
    };
    let named = named.strip_prefix(':');
    match (&kind, named) {
        (TermKind::Include | TermKind::Exists, None) => return Err(wrong("it names no domain")),
        (TermKind::All, Some(_)) => return Err(wrong("all takes no domain")),
        (_, Some(named)) if named.contains(':') && !named.contains('%') => {
            return Err(wrong("it looks like two terms without a space between them"));
        }
        (_, Some(named)) if named.parse::<IpAddr>().is_ok() => {
            return Err(wrong("an address needs ip4 or ip6 in place of the mechanism"));
        }
        (_, Some(named)) => domain(named).map_err(wrong)?,
        (_, None) => {}
    }
    Ok(Term { qualifier, kind, text: text.to_owned(), target: named.map(target), prefixes })
}

/// Reads a modifier, such as `redirect`. `name` must be in lower case.
fn read_modifier(text: &str, name: &str, value: &str) -> Result<Term, &'static str> {
    let kind = if name == "redirect" { TermKind::Redirect } else { TermKind::Other };
    if ["redirect", "exp"].contains(&name) {
        domain(value)?;
    }
    Ok(Term { qualifier: '+', kind, text: text.to_owned(), target: Some(target(value)), prefixes: (32, 128) })
}

fn modifier(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    let sound = name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter));
    (sound && name.starts_with(|first: char| first.is_ascii_alphabetic())).then_some((name, value))
}

fn target(text: &str) -> String {
    if text.contains('%') { text.to_owned() } else { canonical(text) }
}

/// Checks the labels and macros of the domain in a term (RFC 7208 sections 7.1 and 12).
///
/// # Errors
/// Returns the reason why the domain is invalid.
fn domain(text: &str) -> Result<(), &'static str> {
    let (mut rest, mut literal) = (text, String::new());
    while let Some((before, after)) = rest.split_once('%') {
        literal.push_str(before);
        literal.push('m');
        rest = match after.strip_prefix('{').and_then(|inside| inside.split_once('}')) {
            Some((inside, after)) if is_macro(inside) => after,
            None if after.starts_with(['%', '_', '-']) => after.get(1..).unwrap_or_default(),
            _ => return Err("there is no such macro"),
        };
    }
    literal.push_str(rest);
    let bare = literal.strip_suffix('.').unwrap_or(&literal);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'/')
    };
    // A macro can expand to several labels, so a name that ends with a macro needs no top-level domain.
    let top = bare.rsplit('.').next().filter(|top| *top != bare).unwrap_or_default();
    let is_top = top.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
        && top.bytes().any(|octet| !octet.is_ascii_digit())
        && !top.starts_with('-')
        && !top.ends_with('-');
    match bare.split('.').all(is_label) && (is_top || text.ends_with('}')) {
        true => Ok(()),
        false => Err("it names no domain"),
    }
}

/// Returns true if `inside`, the text in the braces of `%{...}`, is a macro: a letter, then digits, `r` and delimiters, which may all be missing.
fn is_macro(inside: &str) -> bool {
    let rest = inside.get(1..).unwrap_or_default().trim_start_matches(|digit: char| digit.is_ascii_digit());
    let rest = rest.strip_prefix(['r', 'R']).unwrap_or(rest);
    inside.starts_with(|letter: char| "slodiphvcrt".contains(letter.to_ascii_lowercase()))
        && rest.chars().all(|delimiter| ".-+,/_=".contains(delimiter))
}

/// Splits the value of a term such as `b.example/24//64` at the first slash outside of macros.
fn split_lengths(value: &str) -> (&str, Option<&str>) {
    let after_macros = value.rfind('}').map_or(0, |place| place + 1);
    let (macros, rest) = value.split_at(after_macros);
    match rest.find('/') {
        Some(place) => {
            let (named, lengths) = value.split_at(macros.len() + place);
            (named, lengths.strip_prefix('/'))
        }
        None => (value, None),
    }
}

/// Parses the prefix lengths after the first slash, such as `24//64` or `/64`, for IPv4 and IPv6.
fn lengths(text: &str) -> Option<(u8, u8)> {
    match text.split_once('/') {
        None => Some((length(text, 32)?, 128)),
        Some(("", ipv6)) => Some((32, length(ipv6, 128)?)),
        Some((ipv4, ipv6)) => Some((length(ipv4, 32)?, length(ipv6.strip_prefix('/')?, 128)?)),
    }
}

/// Parses a prefix length of at most `most`, without a leading zero.
fn length(text: &str, most: u8) -> Option<u8> {
    let is_padded = text.len() > 1 && text.starts_with('0');
    let is_number = text.bytes().all(|octet| octet.is_ascii_digit());
    text.parse().ok().filter(|length| *length <= most && !is_padded && is_number)
}

fn network(text: &str) -> Option<IpNet> {
    let Some((address, prefix)) = text.split_once('/') else {
        return text.parse::<IpAddr>().ok().map(IpNet::from);
    };
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    IpNet::new(address, length(prefix, most)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_follow_rfc_7208_grammar() {
        let good = "v=spf1 a A:b.example/24//64 mx//64 ip4:192.0.2.0/24 ip6:2001:db8::/32 ?include:c.example \
            exists:%{i}._spf.example ptr exp=e.example x-y=z redirect=d.example ~all";
        let read = terms(good).unwrap();
        assert_eq!(read.len(), 12);
        assert_eq!(read[1].target.as_deref(), Some("b.example."));
        assert_eq!((read[1].prefixes, read[2].prefixes), ((24, 64), (32, 64)));
        assert_eq!((read[5].qualifier, &read[5].kind), ('?', &TermKind::Include));
        assert_eq!((read[11].qualifier, &read[11].kind), ('~', &TermKind::All));
        assert!(read[6].domain("a.", None).is_none());
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
            "include:b.example/24",
            "exists:b.example/24",
            "ptr/24",
            "all/24",
            "a:192.0.2.1",
            "mx:localhost",
            "include:b..example",
            "ip4:192.0.2.1/08",
            "a:%{d1r",
            "include:%d.b.example",
            "redirect=b.example redirect=b.example",
            "exp=b.example exp=c.example",
            "mx\tptr",
            "v=spf1",
        ] {
            // A second `v=spf1` has the form of an unknown modifier.
            let expected = bad == "v=spf1";
            assert_eq!(terms(&format!("v=spf1 {bad} -all")).is_ok(), expected, "{bad}");
        }
    }

    #[test]
    fn mechanism_with_equals_sign_is_mistaken() {
        let terms = terms("v=spf1 ip4=192.0.2.1 A=b.example x=y exp=e.example mx -all").unwrap();
        assert_eq!(mistaken(&terms), ["ip4=192.0.2.1", "A=b.example"]);
    }

    #[test]
    fn malformed_version_is_meant_as_spf() {
        for text in [
            "v=spf1-all",
            " v=spf1 -all",
            "v=spf1; mx",
            "v=spf1:mx",
            "\"v=spf1 -all\"",
            "spf1 mx",
            "V=SPF2 mx",
        ] {
            assert!(is_meant(text) && !is_spf(text), "{text}");
        }
        assert!(!is_meant("google-site-verification=spf1") && !is_meant(""));
    }

    #[test]
    fn a_prefix_covers_the_client() {
        let term = &terms("v=spf1 a/24").unwrap()[0];
        let around = |known: &str| term.around(known.parse().unwrap()).unwrap().to_string();
        assert_eq!(
            (around("192.0.2.1").as_str(), around("2001:db8::1").as_str()),
            ("192.0.2.0/24", "2001:db8::1/128")
        );
    }

    #[test]
    fn domain_must_end_with_valid_label() {
        for good in [
            "a.example",
            "a.example.",
            "_spf.a.xn--p1ai",
            "%{i}._spf.%{d2}",
            "%{ir}.a.example",
            "%%x.%_y.%-z.example",
            "%{d1r-}.a.b",
            "%{L/}.a.b",
        ] {
            assert_eq!(domain(good), Ok(()), "{good}");
        }
        for bad in [
            "localhost",
            "192.0.2.1",
            "a.example.-all",
            "a..example",
            "%{z}.a.example",
            "%d.a.example",
            "a.%{d1r",
            "a.example/24",
            "m\u{fc}nchen.example",
            ".",
        ] {
            assert!(domain(bad).is_err(), "{bad}");
        }
        assert!(domain(&format!("{}.example", "a".repeat(64))).is_err());
    }

    #[test]
    fn prefix_lengths_follow_domain() {
        assert_eq!(split_lengths(":a.example/24//64"), (":a.example", Some("24//64")));
        assert_eq!(split_lengths(":%{d/}.a.example"), (":%{d/}.a.example", None));
        assert_eq!(split_lengths(":%{d}/24"), (":%{d}", Some("24")));
        assert_eq!(split_lengths("/24"), ("", Some("24")));
        assert_eq!(
            (lengths("24//64"), lengths("/64"), lengths("24")),
            (Some((24, 64)), Some((32, 64)), Some((24, 128)))
        );
        for bad in ["33", "08", "", "24/64", "/129", "+8"] {
            assert_eq!(lengths(bad), None, "{bad}");
        }
        assert_eq!((network("192.0.2.0/024"), network("192.0.2.1/33")), (None, None));
        assert_eq!(network("192.0.2.0/24").map(|net| net.prefix_len()), Some(24));
    }
}
