//! The return codes of a DNS list: the meanings of the addresses in its answers.
//!
//! According to RFC 5782 section 2.1, a listing is an address in 127.0.0.0/8. Each list defines what each of these addresses means: 127.0.0.1 is a
//! refusal at one list and a good reputation at another.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// The first three octets of return codes that report an error. This is a convention of Spamhaus that other DNS lists follow.
/// <https://www.spamhaus.org/faqs/dnsbl-usage/#200>
pub(crate) const ERRORS: [u8; 3] = [127, 255, 255];

/// A range of IPv4 addresses, including its first and its last address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    first: Ipv4Addr,
    last: Ipv4Addr,
}

/// A return code of a DNS list: a range of addresses, and the meaning of an answer with an address in this range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// The range of addresses in answers of the DNS list.
    pub span: Span,
    /// The meaning of an answer with an address in this range, in a few words.
    pub means: String,
}

impl Span {
    /// Returns the first address of this range.
    pub const fn first(self) -> Ipv4Addr {
        self.first
    }

    /// Returns the last address of this range.
    pub const fn last(self) -> Ipv4Addr {
        self.last
    }

    /// Returns true if this range contains `address`.
    pub fn contains(self, address: Ipv4Addr) -> bool {
        (self.first..=self.last).contains(&address)
    }

    /// Returns true if the two ranges have at least one address in common.
    pub fn meets(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

impl FromStr for Span {
    type Err = String;

    /// Parses a single address, such as `127.0.0.2`, or a range, such as `127.0.0.10-127.0.0.20`.
    fn from_str(text: &str) -> Result<Self, String> {
        let address =
            |text: &str| text.parse::<Ipv4Addr>().map_err(|_| format!("\"{text}\" is not an IPv4 address"));
        let (first, last) = match text.split_once('-') {
            Some((first, last)) => (address(first)?, address(last)?),
            None => (address(text)?, address(text)?),
        };
        if first > last {
            return Err(format!("\"{text}\" is a range that ends before it starts"));
        }
        if !first.is_loopback() || !last.is_loopback() {
            return Err(format!("\"{text}\" is not in 127.0.0.0/8, the range for answers of DNS lists"));
        }
        Ok(Self { first, last })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(formatter, "{}", self.first)
        } else {
            write!(formatter, "{}-{}", self.first, self.last)
        }
    }
}

/// Returns the first of the return codes `codes` whose range contains `address`.
pub fn find(codes: &[Code], address: Ipv4Addr) -> Option<&Code> {
    codes.iter().find(|code| code.span.contains(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_spans_include_both_ends() {
        for text in ["127.0.0.2", "127.0.0.10-127.0.0.20"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        let span: Span = "127.0.0.10-127.0.0.20".parse().unwrap();
        assert_eq!([span.first(), span.last()].map(|end| end.octets()[3]), [10, 20]);
        let holds = |last| span.contains(Ipv4Addr::new(127, 0, 0, last));
        assert_eq!([9, 10, 20, 21].map(holds), [false, true, true, false]);
        for wrong in ["", "127.0.0", "127.0.0.3-127.0.0.2", "203.0.113.7", "127.0.0.2-203.0.113.7"] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn address_finds_code_of_span() {
        let code = |span: &str| Code { span: span.parse().unwrap(), means: span.to_owned() };
        let codes = [code("127.0.0.2"), code("127.0.0.10-127.0.0.20")];
        let means = |last| find(&codes, Ipv4Addr::new(127, 0, 0, last)).map(|code| code.means.as_str());
        assert_eq!([2, 3, 15].map(means), [Some("127.0.0.2"), None, Some("127.0.0.10-127.0.0.20")]);
    }

    #[test]
    fn overlapping_code_spans_meet() {
        let span = |text: &str| text.parse::<Span>().unwrap();
        let middle = span("127.0.0.10-127.0.0.20");
        for (text, meet) in [
            ("127.0.0.9", false),
            ("127.0.0.10", true),
            ("127.0.0.15", true),
            ("127.0.0.20", true),
            ("127.0.0.21", false),
            ("127.0.0.2-127.0.0.9", false),
            ("127.0.0.2-127.0.0.10", true),
            ("127.0.0.2-127.0.0.30", true),
            ("127.0.0.20-127.0.0.30", true),
        ] {
            assert_eq!(middle.meets(span(text)), meet, "{text}");
            assert_eq!(span(text).meets(middle), meet, "{text}");
        }
    }
}
