//! The subject of `check` on the command line. A mail address, a URL or a network is refused with the word to type, because each would
//! be looked up as a strange name, which does not exist.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use super::typed_name::typed_name;
use dns::question::MAX_LABEL;
use dns::wire::presentation::ascii_name;

/// A domain or an address as it is typed.
///
/// # Errors
/// It is something else; the text says what to write.
pub(super) fn typed_subject(text: &str) -> Result<String, String> {
    // Escapes are of names that somebody writes on purpose.
    match mistaken(text).filter(|_| !text.contains('\\')) {
        Some(advice) => Err(advice),
        None => typed_name(text),
    }
}

/// The advice for a text that is neither a domain nor an address; none if it is one.
fn mistaken(text: &str) -> Option<String> {
    if text.parse::<IpAddr>().is_ok() || text.is_empty() {
        return None;
    }
    if !text.is_ascii()
        && let Some(address) = ascii_name(text).and_then(|ascii| ascii.parse::<IpAddr>().ok())
    {
        return Some(format!("this is an address in other digits: write {address}"));
    }
    if text == "." {
        return Some("the root has no mail: write a domain".to_owned());
    }
    if text.trim_end_matches('.').eq_ignore_ascii_case("localhost") {
        return Some("this is the host itself: write a domain, or use `check system`".to_owned());
    }
    if let Some((_, rest)) = text.split_once("://") {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let domain = host.rsplit('@').next().unwrap_or_default();
        return Some(match domain {
            "" => "this is a URL without a host: write a domain".to_owned(),
            domain => format!("this is a URL: write its domain, {domain}"),
        });
    }
    if let Some((_, domain)) = text.rsplit_once('@') {
        return Some(format!("this is a mail address: write its domain, {}", domain.trim_end_matches('>')));
    }
    if text.contains([',', ';']) || text.contains(char::is_whitespace) {
        return Some("write one domain or address".to_owned());
    }
    let bare = text.trim_matches(['[', ']']);
    // As mail software writes it (RFC 5321 section 4.1.3).
    let tag = bare.get(..5).filter(|tag| tag.eq_ignore_ascii_case("ipv6:"));
    let bare = bare.get(tag.map_or(0, str::len)..).unwrap_or(bare);
    if bare.len() < text.len() && bare.parse::<IpAddr>().is_ok() {
        return Some(format!("write the address without brackets: {bare}"));
    }
    if let Ok(server) = text.parse::<SocketAddr>() {
        return Some(format!("write the address without the port: {}", server.ip()));
    }
    if let Some((address, _)) = text.split_once('%').filter(|(address, _)| address.parse::<IpAddr>().is_ok())
    {
        return Some(format!("write the address without the interface: {address}"));
    }
    if let Some((first, _)) =
        text.split_once('/').filter(|_| !text.ends_with("arpa") && !text.ends_with("arpa."))
    {
        let is_network = first.parse::<IpAddr>().is_ok();
        let kind =
            if is_network { "a network: write one of its addresses" } else { "a URL: write its domain" };
        return Some(format!("this is {kind}, for example {first}"));
    }
    if let Some((name, _)) = text.split_once(':') {
        return Some(format!("this is no address; if it is a name with a port, write {name}"));
    }
    let last = text.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let is_number = !last.is_empty() && last.bytes().all(|octet| octet.is_ascii_digit());
    is_number.then(|| "this is no domain, and no IPv4 address, which has four numbers".to_owned())
}

/// A DKIM selector as it is typed, in the ASCII form that DNS has (RFC 8616 section 4): the labels before `_domainkey` (RFC 6376 section 3.1).
///
/// # Errors
/// No name has its characters, or its labels.
pub(super) fn typed_selector(text: &str) -> Result<String, String> {
    let ascii = if text.is_ascii() { Some(text.to_owned()) } else { ascii_name(text) };
    let is_of_selector = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet);
    let ascii = ascii.filter(|ascii| ascii.bytes().all(is_of_selector));
    let ascii = ascii.ok_or_else(|| "no selector has these characters".to_owned())?;
    let is_label = |label: &str| (1..=MAX_LABEL).contains(&label.len());
    match ascii.split('.').all(is_label) {
        true => Ok(ascii),
        false => Err("write the word after s= of a signature: labels of 1 to 63 characters".to_owned()),
    }
}

/// The file of a report.
///
/// # Errors
/// It is a hyphen: the report is no output for a terminal or a pipe.
pub(super) fn report_file(text: &str) -> Result<PathBuf, String> {
    if text == "-" {
        return Err("the page is written to a file: name one, or use /dev/stdout".to_owned());
    }
    Ok(PathBuf::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_domain_and_no_address_is_refused_with_the_word_to_write() {
        for sound in [
            "good.example",
            "good.example.",
            "m\u{fc}nchen.example",
            "192.0.2.1",
            "2001:db8::1",
            "::ffff:192.0.2.2",
            "-x.example.",
            "a\\@b.example",
            "0/25.2.0.192.in-addr.arpa",
            "",
        ] {
            assert_eq!(typed_subject(sound), Ok(sound.to_owned()));
        }
        for (typed, word) in [
            ("user@good.example", "good.example"),
            ("<user@good.example>", "good.example"),
            ("https://good.example/x", "good.example"),
            ("https://u@good.example?x", "good.example"),
            ("good.example/x", "good.example"),
            ("192.0.2.2/24", "192.0.2.2"),
            ("[::1]", "::1"),
            ("[IPv6:2001:db8::1]", "without brackets: 2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("192.0.2.1:25", "192.0.2.1"),
            ("good.example:25", "good.example"),
            ("192.0.2", "four numbers"),
            ("a.example,b.example", "one domain"),
            ("\u{ff11}\u{ff19}\u{ff12}.0.2.1", "192.0.2.1"),
            (".", "write a domain"),
        ] {
            let advice = typed_subject(typed).unwrap_err();
            assert!(advice.ends_with(word) || advice.contains(word), "{typed}: {advice}");
        }
        assert_eq!(typed_selector("M\u{fc}ller").as_deref(), Ok("xn--mller-kva"));
        assert_eq!(typed_selector("s1._domainkey").as_deref(), Ok("s1._domainkey"));
        for no_selector in ["\u{fc} x", "a b", "", "a..b", ".", "a\\.b", "a@b", &"x".repeat(64)] {
            assert!(typed_selector(no_selector).is_err(), "{no_selector}");
        }
        assert!(report_file("-").is_err() && report_file("./-").is_ok());
    }
}
