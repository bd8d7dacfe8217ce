//! The parts of a foreign configuration that no report may show: values of secrets, and lines that nobody could read,
//! because they may be of a file that was named by mistake. Pure.

/// Parts of names whose value is a secret.
const SECRET: [&str; 9] =
    ["secret", "password", "passwd", "passphrase", "token", "credential", "api-key", "api_key", "apikey"];

/// Letters between a name and its value, and of quotes around a name.
const BETWEEN: &str = " =:([{]\"'";

/// The longest name of a setting that is shown: the longest one of the formats has 44 letters.
const LONGEST: usize = 48;

/// A setting as it was typed, without the values of secrets: all that follows the name of one is left out.
pub(super) fn masked(typed: &str) -> String {
    // The letters of ASCII only change, so places in both texts are the same.
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

/// The name of a setting that is not known; `a line` if it is no name. Its value may be anything.
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
    fn all_after_the_name_of_a_secret_is_left_out() {
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
