//! Reads what a domain publishes for MTA-STS (RFC 8461): the TXT record that announces a policy, and the policy file.

use crate::authentication::tags::value;
use crate::facts::canonical;

/// The version in the TXT record and in the policy file.
pub const VERSION: &str = "STSv1";

/// The mode of a policy: what senders must do if a mail host does not match the policy, or its certificate is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They must not deliver to the host.
    Enforce,
    /// They deliver, and report the fault.
    Testing,
    /// The domain has no policy any more.
    None,
}

/// The modes with their words in the policy file.
const MODES: [(&str, Mode); 3] =
    [("enforce", Mode::Enforce), ("testing", Mode::Testing), ("none", Mode::None)];

impl Mode {
    /// Returns the word in the policy file.
    pub fn word(self) -> &'static str {
        MODES.iter().find(|(_, mode)| *mode == self).map_or("", |(word, _)| word)
    }
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StsPolicy {
    /// What senders must do.
    pub mode: Mode,
    /// Names and patterns of the allowed mail hosts: lower case, with their last dots.
    pub hosts: Vec<String>,
    /// How long senders keep the policy, in seconds.
    pub max_age: u64,
}

/// The longest `max_age`, in seconds (RFC 8461 section 3.2).
const MAX_AGE: u64 = 31_557_600;

impl StsPolicy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// Says what the file lacks.
    pub fn read(text: &str) -> Result<Self, String> {
        let pairs: Vec<(&str, &str)> = text
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(key, value)| (key.trim(), value.trim()))
            .collect();
        let of = |key: &str| pairs.iter().find(|(known, _)| *known == key).map(|(_, value)| *value);
        if of("version") != Some(VERSION) {
            return Err("it has no \"version: STSv1\"".to_owned());
        }
        let named = of("mode").ok_or_else(|| "it has no mode".to_owned())?;
        let known = MODES.iter().find(|(word, _)| *word == named);
        let (_, mode) = *known.ok_or_else(|| format!("the mode \"{named}\" is unknown"))?;
        let age = of("max_age").and_then(|age| age.parse::<u64>().ok()).filter(|age| *age <= MAX_AGE);
        let max_age = age.ok_or_else(|| format!("it has no max_age between 0 and {MAX_AGE}"))?;
        let hosts: Vec<String> =
            pairs.iter().filter(|(key, _)| *key == "mx").map(|(_, value)| canonical(value)).collect();
        if hosts.is_empty() && mode != Mode::None {
            return Err("it names no mx".to_owned());
        }
        Ok(Self { mode, hosts, max_age })
    }

    /// Returns the lines of a file with this policy.
    pub fn lines(&self) -> Vec<String> {
        let hosts = self.hosts.iter().map(|host| format!("mx: {}", host.trim_end_matches('.')));
        let head = [format!("version: {VERSION}"), format!("mode: {}", self.mode.word())];
        head.into_iter().chain(hosts).chain([format!("max_age: {}", self.max_age)]).collect()
    }
}

/// Returns true if a pattern matches a mail host. An asterisk stands for one label (RFC 8461 section 4.1).
pub fn covers(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(rest) => host.split_once('.').is_some_and(|(_, above)| above == rest),
        None => pattern == host,
    }
}

/// Returns the value of the `id` tag of a record, if it is valid (RFC 8461 section 3.1).
pub fn id(text: &str) -> Option<&str> {
    let sound =
        |id: &&str| (1..=32).contains(&id.len()) && id.bytes().all(|octet| octet.is_ascii_alphanumeric());
    value(text, "id").filter(sound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_has_letters_and_digits() {
        assert_eq!(id("v=STSv1; id=20260101T1;"), Some("20260101T1"));
        assert!(id("v=STSv1; id=a-b").is_none() && id("v=STSv1").is_none());
        assert!(id(&format!("v=STSv1; id={}", "1".repeat(33))).is_none());
    }

    #[test]
    fn each_mode_has_its_word() {
        for (word, mode) in MODES {
            assert_eq!(mode.word(), word);
        }
    }
}
