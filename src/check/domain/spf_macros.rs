//! Macros of SPF that do not depend on the client or the sender: `%{d}` with its transformers (RFC 7208 section 7).

use super::facts::canonical;

/// The text with the domain of the record in place of its macros, as a name; none if another macro stands in it.
pub(super) fn expanded(text: &str, domain: &str) -> Option<String> {
    let (mut name, mut rest) = (String::new(), text);
    while let Some((before, behind)) = rest.split_once('%') {
        name.push_str(before);
        rest = if let Some(behind) = behind.strip_prefix('%') {
            name.push('%');
            behind
        } else {
            let (of_macro, behind) = behind.strip_prefix('{')?.split_once('}')?;
            name.push_str(&of_domain(of_macro, domain.trim_end_matches('.'))?);
            behind
        };
    }
    name.push_str(rest);
    Some(canonical(&name))
}

/// The value of a macro with the letter `d`; none for another letter.
fn of_domain(text: &str, domain: &str) -> Option<String> {
    let transformers = text.strip_prefix(['d', 'D'])?;
    let behind = transformers.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let digits = transformers.strip_suffix(behind)?;
    let delimiters = behind.strip_prefix(['r', 'R']).unwrap_or(behind);
    let is_reversed = delimiters.len() < behind.len();
    let ends = |letter: char| if delimiters.is_empty() { letter == '.' } else { delimiters.contains(letter) };
    let mut parts: Vec<&str> = domain.split(ends).collect();
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
    fn the_domain_is_put_in_as_its_transformers_say() {
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
            assert_eq!(expanded(text, "mail.a-b.test.").as_deref(), expected, "{text}");
        }
    }
}
