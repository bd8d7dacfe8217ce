//! Removes texts that no finding may show. These are secrets, and lines that cannot be parsed: such a line may be from a file that was named by
//! mistake.

/// Words in the names of settings whose values are secrets.
const SECRET: [&str; 9] =
    ["secret", "password", "passwd", "passphrase", "token", "credential", "api-key", "api_key", "apikey"];

/// Characters between the name and the value of a setting, and quotes around a name.
const BETWEEN: &str = " =:([{]\"'";

/// The longest name of a setting, in characters. The names in the supported formats have at most 44.
const LONGEST: usize = 48;

/// Removes everything after the name of a secret.
pub(super) fn masked(typed: &str) -> String {
    // `to_ascii_lowercase` does not change lengths, so an offset in one text is valid in the other.
    let plain = typed.to_ascii_lowercase();
    let Some(begin) = SECRET.iter().filter_map(|secret| plain.find(secret)).min() else {
        return typed.to_owned();
    };
    let rest = typed.get(begin..).unwrap_or_default();
    let name = rest.find(|letter: char| !is_of_name(letter)).unwrap_or(rest.len());
    let after = rest.get(name..).unwrap_or_default();
    let value = after.find(|letter: char| !BETWEEN.contains(letter)).unwrap_or(after.len());
    if value == after.len() {
        return typed.to_owned();
    }
    let shown = begin.saturating_add(name).saturating_add(value);
    format!("{}...", typed.get(..shown).unwrap_or_default())
}

/// Returns the name of an unknown setting, or `a line`. The value may be secret, so it is not shown.
pub(super) fn keyword(name: &str) -> &str {
    let name = name.trim();
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.len() <= LONGEST
        && name.chars().all(is_of_name);
    if is_name { name } else { "a line" }
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "-_.".contains(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_values_are_not_shown() {
        for (typed, shown) in [
            ("api-key=hidden", "api-key=..."),
            ("cookie-secret: hidden", "cookie-secret: ..."),
            ("f({ tsigSecret = 'hidden' }, 'x')", "f({ tsigSecret = '..."),
            ("f({ ['password'] = 'hidden' })", "f({ ['password'] = '..."),
            ("net.tls_sticket_secret('hidden')", "net.tls_sticket_secret('..."),
            ("local-zone: a static", "local-zone: a static"),
            ("api-key=", "api-key="),
            ("é password é", "é password ..."),
        ] {
            assert_eq!(masked(typed), shown);
        }
    }

    #[test]
    fn only_a_name_is_a_keyword() {
        assert_eq!(keyword(" a.b_c-d "), "a.b_c-d");
        for line in ["root:$6$x:1:::", "a b", "", "1a", &"a".repeat(49)] {
            assert_eq!(keyword(line), "a line");
        }
    }
}
