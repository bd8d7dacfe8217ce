//! The grammar of the parts of SPF terms: domains with macros, and prefix lengths (RFC 7208 sections 7.1 and 12).

use std::net::IpAddr;

use ipnet::IpNet;

/// Letters of macros in terms.
const LETTERS: &str = "slodiphv";

/// Letters of macros that only `exp` may use.
const LETTERS_OF_EXP: &str = "crt";

/// Checks a domain of a term.
///
/// # Errors
/// Why it is invalid.
pub(crate) fn domain(text: &str, of_exp: bool) -> Result<(), String> {
    let literal = without_macros(text, of_exp)?;
    let bare = text.strip_suffix('.').unwrap_or(text);
    if bare.ends_with('}') {
        return Ok(());
    }
    let last = bare.rsplit('.').next().unwrap_or_default();
    if last == bare {
        return Err("its domain has one label only".to_owned());
    }
    if !is_top_label(last) {
        return Err(format!("its domain ends with \"{last}\", which no domain does"));
    }
    let labels = literal.strip_suffix('.').unwrap_or(&literal);
    match labels.split('.').find(|label| label.is_empty() || label.len() > 63) {
        None => Ok(()),
        Some("") => Err("a label of its domain is empty".to_owned()),
        Some(_) => Err("a label of its domain is longer than 63 octets".to_owned()),
    }
}

/// The text with one letter in place of each macro.
fn without_macros(text: &str, of_exp: bool) -> Result<String, String> {
    let (mut rest, mut literal) = (text, String::new());
    while let Some((before, after)) = rest.split_once('%') {
        literal.push_str(before);
        literal.push('m');
        rest = match after.chars().next() {
            Some('%' | '_' | '-') => after.get(1..).unwrap_or_default(),
            Some('{') => {
                let inside = after.get(1..).unwrap_or_default();
                let Some((inside, after)) = inside.split_once('}') else {
                    return Err("a macro has no closing brace".to_owned());
                };
                if !is_macro(inside, of_exp) {
                    return Err(format!("there is no macro %{{{inside}}}"));
                }
                after
            }
            _ => return Err("a percent sign begins no macro such as %{i}".to_owned()),
        };
    }
    literal.push_str(rest);
    match literal.chars().find(|letter| !letter.is_ascii_graphic()) {
        Some(_) => Err("its domain has a letter that is not ASCII".to_owned()),
        None => Ok(literal),
    }
}

/// Whether the text between braces is a macro: a letter, a number, `r`, delimiters.
fn is_macro(inside: &str, of_exp: bool) -> bool {
    let Some(letter) = inside.chars().next().map(|letter| letter.to_ascii_lowercase()) else { return false };
    let is_known = LETTERS.contains(letter) || of_exp && LETTERS_OF_EXP.contains(letter);
    let rest = inside.get(1..).unwrap_or_default().trim_start_matches(|digit: char| digit.is_ascii_digit());
    let rest = rest.strip_prefix(['r', 'R']).unwrap_or(rest);
    is_known && rest.chars().all(|delimiter| ".-+,/_=".contains(delimiter))
}

/// Whether a label may be the last one: letters, digits and hyphens, not all digits, no hyphen at either end.
fn is_top_label(label: &str) -> bool {
    let sound = label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
    sound
        && !label.is_empty()
        && !label.bytes().all(|octet| octet.is_ascii_digit())
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Splits the lengths of prefixes from the end of a term: `b.example` and `24//64`. A macro may have a slash as its delimiter.
pub(crate) fn split_lengths(value: &str) -> (&str, Option<&str>) {
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

/// The lengths behind the first slash: `24`, `24//64`, or `/64`.
pub(crate) fn lengths(text: &str) -> Option<(u8, u8)> {
    match text.split_once('/') {
        None => Some((length(text, 32)?, 128)),
        Some(("", ipv6)) => Some((32, length(ipv6, 128)?)),
        Some((ipv4, ipv6)) => Some((length(ipv4, 32)?, length(ipv6.strip_prefix('/')?, 128)?)),
    }
}

/// A length of a prefix. It has no leading zero.
fn length(text: &str, most: u8) -> Option<u8> {
    let is_padded = text.len() > 1 && text.starts_with('0');
    let is_number = text.bytes().all(|octet| octet.is_ascii_digit());
    text.parse().ok().filter(|length| *length <= most && !is_padded && is_number)
}

/// The network of `ip4` or `ip6`.
pub(crate) fn network(text: &str) -> Option<IpNet> {
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
    fn domains_end_with_a_label_that_a_domain_can_have() {
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
            assert_eq!(domain(good, false), Ok(()), "{good}");
        }
        for bad in [
            "localhost",
            "192.0.2.1",
            "a.example.-all",
            "a..example",
            "%{z}.a.example",
            "%d.a.example",
            "a.%{d1r",
            "%{c}.a.example",
            "a.example/24",
            "m\u{fc}nchen.example",
            ".",
        ] {
            assert!(domain(bad, false).is_err(), "{bad}");
        }
        assert!(domain(&format!("{}.example", "a".repeat(64)), false).is_err());
        assert_eq!(domain("%{c}.a.example", true), Ok(()));
    }

    #[test]
    fn lengths_stand_behind_the_domain_and_its_macros() {
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
