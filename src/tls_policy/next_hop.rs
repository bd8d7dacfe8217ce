//! The next hop of mail, as Postfix writes it: `domain`, `domain:port`, `[host]`, `[host]:port`, or `[address]`.

use std::net::IpAddr;

use hickory_proto::rr::Name;

use dns::wire::presentation::read_name;

/// A next hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NextHop {
    /// The domain or the host.
    pub(crate) name: Name,
    /// True for a domain, whose MX records name the mail hosts. False for a host in brackets.
    pub(crate) has_mx: bool,
    /// The port of the mail hosts.
    pub(crate) port: u16,
}

/// The port of mail hosts (RFC 5321 section 4.5.4.2).
pub(crate) const SMTP: u16 = 25;

/// The names of the other ports of mail (RFC 6409, RFC 8314).
const PORTS: [(&str, u16); 4] = [("smtp", SMTP), ("submission", 587), ("submissions", 465), ("smtps", 465)];

impl NextHop {
    /// Returns `None` if no policy can be looked up: for an address, for the parent domain `.example`, for which Postfix asks after its
    /// domains, and for anything that is not a next hop.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (host, port, has_mx) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']')?;
                let port = if port.is_empty() { None } else { Some(port.strip_prefix(':')?) };
                (host, port, false)
            }
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port), true),
                None => (text, None, true),
            },
        };
        let of_name = |text: &str| PORTS.iter().find(|(name, _)| *name == text).map(|(_, port)| *port);
        let port = port.map_or(Some(SMTP), |port| port.parse().ok().or_else(|| of_name(port)))?;
        let is_address = host.parse::<IpAddr>().is_ok();
        let is_host = |octet: u8| octet.is_ascii_alphanumeric() || b"-._".contains(&octet);
        if is_address || host.starts_with('.') || host.is_empty() || !host.bytes().all(is_host) {
            return None;
        }
        let mut name = read_name(host)?.to_lowercase();
        name.set_fqdn(true);
        (!name.is_root() && port > 0).then_some(Self { name, has_mx, port })
    }

    /// Returns true if a policy of MTA-STS may apply: it is about mail to the MX of a domain (RFC 8461 section 2).
    pub(crate) fn may_have_sts(&self) -> bool {
        self.has_mx && self.port == SMTP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_hop_of_postfix_is_read() {
        let read = |text| NextHop::read(text).map(|hop| (hop.name.to_ascii(), hop.has_mx, hop.port));
        let hop = |name: &str, has_mx, port| Some((name.to_owned(), has_mx, port));
        assert_eq!(read("Example.ORG"), hop("example.org.", true, 25));
        assert_eq!(read("example.org."), hop("example.org.", true, 25));
        assert_eq!(read("example.org:587"), hop("example.org.", true, 587));
        assert_eq!(read("[mx.example.org]"), hop("mx.example.org.", false, 25));
        assert_eq!(read("[mx.example.org]:submission"), hop("mx.example.org.", false, 587));
        assert_eq!(read("_x.example"), hop("_x.example.", true, 25));
        for none in [
            "",
            ".",
            ".example.org",
            "[192.0.2.1]",
            "192.0.2.1",
            "[IPv6:2001:db8::1]",
            "[2001:db8::1]:25",
            "[]",
            "[mx.example",
            "[mx.example]25",
            "example.org:",
            "example.org:x",
            "example.org:0",
            "a b",
            "a\u{7f}b",
            "ä.example",
            "unix:private/x",
            "inet:host:25",
            "/path",
            "a..b",
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
