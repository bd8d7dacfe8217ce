//! Expands the macros of SPF (RFC 7208 section 7). The local part of the sender is not known, and the macro `p` should no longer be used
//! (section 7.2), so both are not expanded.

use std::net::IpAddr;

use crate::facts::{canonical, reverse};

/// The client for whose address an SPF record is evaluated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpfClient<'c> {
    pub(crate) address: IpAddr,
    /// The domain of MAIL FROM.
    pub(crate) sender: &'c str,
    /// The HELO or EHLO name, if it is known.
    pub(crate) helo: Option<&'c str>,
}

/// Replaces the macros in a text with their values. Returns `None` if a value is not known.
pub(crate) fn expanded(text: &str, domain: &str, client: Option<SpfClient<'_>>) -> Option<String> {
    let (mut name, mut rest) = (String::new(), text);
    while let Some((before, behind)) = rest.split_once('%') {
        name.push_str(before);
        rest = if let Some(behind) = behind.strip_prefix('%') {
            name.push('%');
            behind
        } else {
            let (of_macro, behind) = behind.strip_prefix('{')?.split_once('}')?;
            let letter = of_macro.chars().next().filter(char::is_ascii)?;
            name.push_str(&transformed(of_macro.get(1..)?, &value(letter, domain, client)?)?);
            behind
        };
    }
    name.push_str(rest);
    Some(canonical(&name))
}

fn value(letter: char, domain: &str, client: Option<SpfClient<'_>>) -> Option<String> {
    let bare = |name: &str| name.trim_end_matches('.').to_owned();
    match letter.to_ascii_lowercase() {
        'd' => Some(bare(domain)),
        'o' => Some(bare(client?.sender)),
        'h' => Some(bare(client?.helo?)),
        'i' => Some(match client?.address {
            IpAddr::V4(address) => address.to_string(),
            address @ IpAddr::V6(_) => digits(address),
        }),
        'v' => Some(if client?.address.is_ipv4() { "in-addr" } else { "ip6" }.to_owned()),
        _ => None,
    }
}

/// Returns the hexadecimal digits of an IPv6 address, separated by dots.
fn digits(address: IpAddr) -> String {
    let name = reverse(address);
    let mut digits: Vec<&str> = name.trim_end_matches("ip6.arpa.").trim_end_matches('.').split('.').collect();
    digits.reverse();
    digits.join(".")
}

/// Applies the transformers of an SPF macro to its value: a number (how many labels are kept), `r` (reverses the labels) and delimiters.
fn transformed(transformers: &str, value: &str) -> Option<String> {
    let behind = transformers.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let digits = transformers.strip_suffix(behind)?;
    let delimiters = behind.strip_prefix(['r', 'R']).unwrap_or(behind);
    let is_reversed = delimiters.len() < behind.len();
    let ends = |letter: char| if delimiters.is_empty() { letter == '.' } else { delimiters.contains(letter) };
    let mut parts: Vec<&str> = value.split(ends).collect();
    if is_reversed {
        parts.reverse();
    }
    let most = if digits.is_empty() { parts.len() } else { digits.parse().ok()? };
    Some(parts.get(parts.len().saturating_sub(most)..)?.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domain_macros_follow_transformers() {
        for (text, expected) in [
            ("%{d}.x.test", Some("mail.a-b.test.x.test.")),
            ("%{D}", Some("mail.a-b.test.")),
            ("%{d1}.nope.test", Some("test.nope.test.")),
            ("_spf.%{d2}", Some("_spf.a-b.test.")),
            ("%{d9}", Some("mail.a-b.test.")),
            ("%{dr}.x.test", Some("test.a-b.mail.x.test.")),
            ("%{d2r}.x.test", Some("a-b.mail.x.test.")),
            ("%{d-}.x.test", Some("mail.a.b.test.x.test.")),
            ("100%%.x.test", Some("100%.x.test.")),
            ("%{i}.x.test", None),
            ("%{d}.%{s}.test", None),
            ("%_x.test", None),
            ("%{d", None),
            ("x.test", Some("x.test.")),
        ] {
            assert_eq!(expanded(text, "mail.a-b.test.", None).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn client_macros_follow_rfc_7208() {
        let of = |text: &str, address: &str, helo| {
            let (address, sender) = (address.parse().unwrap(), "strong.example.com.");
            expanded(text, "email.example.com.", Some(SpfClient { address, sender, helo }))
        };
        // The examples of RFC 7208 section 7.4.
        for (text, expected) in [
            ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com."),
            ("%{i}._i.%{d}._d.espf.test", "192.0.2.3._i.email.example.com._d.espf.test."),
            ("%{o}.%{o1r}.x.test", "strong.example.com.strong.x.test."),
            ("%{h}.x.test", "mx.example.org.x.test."),
        ] {
            assert_eq!(of(text, "192.0.2.3", Some("mx.example.org")).as_deref(), Some(expected), "{text}");
        }
        let nibbles = "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2";
        let v6 = of("%{ir}.%{v}._spf.%{d2}", "2001:db8::cb01", None);
        assert_eq!(v6, Some(format!("{nibbles}.ip6._spf.example.com.")));
        for unknown in ["%{s}.x.test", "%{l}.x.test", "%{p}.x.test", "%{h}.x.test"] {
            assert_eq!(of(unknown, "192.0.2.3", None), None, "{unknown}");
        }
    }
}
