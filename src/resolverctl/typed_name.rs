//! Reads names, record types, and the domain or address for `check` from the command line.
//!
//! A name may begin with a hyphen, so that users can type each name of a screen as it is shown. A mail address stands for its domain. `check` refuses
//! URLs and networks: as a domain name, such a text does not exist, and the findings would be misleading.

use std::net::IpAddr;

use dns::question::MAX_LABEL;
use dns::wire::presentation::ascii_name;

/// The question of `resolverctl query` and `resolverctl trace`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct TypedQuestion {
    /// Name, or an address for its PTR record. A mail address stands for its domain.
    #[arg(allow_hyphen_values = true, value_parser = typed_name)]
    name: String,
    /// Record type. Default: A; PTR for an address, MX for a mail address.
    #[arg(value_name = "TYPE", allow_hyphen_values = true, value_parser = typed_kind)]
    kind: Option<String>,
}

impl TypedQuestion {
    /// Returns the name and the type. Without a type, the daemon uses its default.
    pub(super) fn name_and_kind(&self) -> (String, Option<String>) {
        let domain = domain_of_mail(&self.name);
        let is_mail = domain.is_some_and(|domain| domain.parse::<IpAddr>().is_err());
        let kind = self.kind.clone().or_else(|| is_mail.then(|| "MX".to_owned()));
        (domain.unwrap_or(&self.name).to_owned(), kind)
    }
}

/// Fails for a word with a hyphen first and no dot, which is a mistyped option: screens show names with a dot at the end.
pub(super) fn typed_name(text: &str) -> Result<String, String> {
    if text.len() > 1 && text.starts_with('-') && !text.contains('.') {
        return Err("there is no such option; a name that begins with a hyphen needs a dot in it".to_owned());
    }
    Ok(text.to_owned())
}

/// For a mail address, returns the domain after the `@`, because bounces and complaints contain mail addresses.
pub(super) fn typed_domain(text: &str) -> Result<String, String> {
    typed_name(domain_of_mail(text).unwrap_or(text))
}

/// Returns the part of a mail address after the `@`: a domain, or the IP address in brackets (RFC 5321 section 4.1.3). Returns
/// `None` if the text is not a mail address. A text with a backslash is a DNS name from a screen, because screens write a
/// backslash before each `@` in a DNS name.
fn domain_of_mail(text: &str) -> Option<&str> {
    let (_, domain) = text.rsplit_once('@').filter(|_| !text.contains('\\'))?;
    let domain = domain.trim_end_matches('>');
    let literal = domain.strip_prefix('[').and_then(|literal| literal.strip_suffix(']'));
    let domain = literal.map_or(domain, |literal| literal.strip_prefix("IPv6:").unwrap_or(literal));
    (!domain.is_empty()).then_some(domain)
}

/// Accepts every word as a record type, unless it begins with a hyphen: it is then a mistyped option, because no record type begins with a hyphen.
pub(super) fn typed_kind(text: &str) -> Result<String, String> {
    if text.starts_with('-') {
        return Err("there is no such option, and no such record type".to_owned());
    }
    Ok(text.to_owned())
}

/// Fails if the text is neither a domain nor an address; the error says what the user must write.
pub(super) fn typed_subject(text: &str) -> Result<String, String> {
    let is_url = text.contains("://");
    let text = domain_of_mail(text).filter(|_| !is_url).unwrap_or(text);
    // A name with escapes (`\`) is no mistake: it was copied, or typed on purpose.
    match mistaken(text).filter(|_| !text.contains('\\')) {
        Some(advice) => Err(advice),
        None => typed_name(text),
    }
}

/// Returns advice if a text is neither a domain nor an address, such as a URL or a network.
fn mistaken(text: &str) -> Option<String> {
    if text.parse::<IpAddr>().is_ok() || text.is_empty() {
        return None;
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
    let is_reverse = text.trim_end_matches('.').ends_with("arpa");
    if text.contains([',', ';', ':', '[', '%', '/']) && !is_reverse || text.contains(char::is_whitespace) {
        return Some(
            "write one domain, or one address without brackets, port, interface and mask".to_owned(),
        );
    }
    let last = text.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let is_number = !last.is_empty() && last.bytes().all(|octet| octet.is_ascii_digit());
    is_number.then(|| "this is no domain, and no IPv4 address, which has four numbers".to_owned())
}

/// Returns the ASCII form of a DKIM selector (RFC 8616 section 4): the labels before `_domainkey` (RFC 6376 section 3.1). Fails
/// if no DNS name can have these characters or labels.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hyphenated_word_with_dot_is_name() {
        for name in ["-x.example.", "--all.example", "-all.", "example", "192.0.2.1", "-", ""] {
            assert_eq!(typed_name(name), Ok(name.to_owned()));
        }
        for option in ["--al", "-x"] {
            assert!(typed_name(option).is_err(), "{option}");
        }
    }

    #[test]
    fn mail_address_stands_for_domain() {
        for (typed, domain) in [
            ("user@good.example", "good.example"),
            ("<user@good.example.>", "good.example."),
            ("\"a@b\"@good.example", "good.example"),
            ("user@[192.0.2.1]", "192.0.2.1"),
            ("<user@[IPv6:2001:db8::1]>", "2001:db8::1"),
            ("a\\@b.example", "a\\@b.example"),
            ("good.example", "good.example"),
            ("user@", "user@"),
            ("-", "-"),
        ] {
            assert_eq!(typed_domain(typed).as_deref(), Ok(domain), "{typed}");
        }
        assert!(typed_domain("--al").is_err());
    }

    #[test]
    fn invalid_subject_is_refused_with_advice() {
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
        assert_eq!(typed_subject("<user@good.example>").as_deref(), Ok("good.example"));
        for (typed, word) in [
            ("https://good.example/x", "good.example"),
            ("https://u@good.example?x", "good.example"),
            ("good.example/x", "one domain"),
            ("192.0.2.2/24", "without brackets"),
            ("[::1]", "without brackets"),
            ("fe80::1%eth0", "interface"),
            ("192.0.2.1:25", "port"),
            ("192.0.2", "four numbers"),
            ("a.example,b.example", "one domain"),
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
    }
}
