//! The kept file: what the rules have learned, over a restart.
//!
//! One small file in the state directory with the shares of the rules, and no names. A file that cannot be read is
//! ignored: the rules learn again within ten messages.

use std::hash::Hasher;
use std::io::{self, ErrorKind, Read};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::account::RuleAccount;
use super::rule::Rule;
use crate::limits::{AHEAD_RULE_MEMORY, MAX_RULES_FILE};
use dns::hash::Plain;

/// The file in the state directory.
pub const FILE: &str = "lookahead.json";

/// The version of its form.
const VERSION: u32 = 1;

/// The content of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRules {
    version: u32,
    rules: Vec<KeptRule>,
    /// The checksum of `rules`.
    sum: u64,
}

/// The judged questions of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KeptRule {
    rule: Rule,
    /// Questions judged lately.
    used: u32,
    unused: u32,
    /// The usual time from a question to its use.
    gap_millis: Option<u64>,
}

impl KeptRules {
    /// Of the rules that have been judged.
    pub(super) fn from_accounts(accounts: impl Iterator<Item = (Rule, u32, u32, Option<Duration>)>) -> Self {
        let rule = |(rule, used, unused, gap): (_, _, _, Option<Duration>)| {
            let gap_millis = gap.map(|gap| u64::try_from(gap.as_millis()).unwrap_or(u64::MAX));
            KeptRule { rule, used, unused, gap_millis }
        };
        let rules: Vec<KeptRule> = accounts.map(rule).filter(|kept| kept.used + kept.unused > 0).collect();
        let sum = checksum(&rules);
        Self { version: VERSION, rules, sum }
    }

    /// Restores the accounts of the rules.
    pub(super) fn restore(&self, mut to: impl FnMut(Rule, RuleAccount)) {
        for kept in &self.rules {
            let gap = kept.gap_millis.map(Duration::from_millis);
            to(kept.rule, RuleAccount::restored(kept.used, kept.unused, gap));
        }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// It cannot be read, has another form, or was damaged.
    pub fn read(file: impl Read) -> io::Result<Self> {
        let mut text = String::new();
        file.take(MAX_RULES_FILE).read_to_string(&mut text)?;
        let kept: Self = serde_json::from_str(&text)?;
        let is_sound = |rule: &KeptRule| {
            let judged = u64::from(rule.used).saturating_add(rule.unused.into());
            judged <= u64::from(AHEAD_RULE_MEMORY)
        };
        if kept.version != VERSION || kept.sum != checksum(&kept.rules) || !kept.rules.iter().all(is_sound) {
            return Err(io::Error::new(ErrorKind::InvalidData, "it is of another version, or damaged"));
        }
        Ok(kept)
    }

    /// The content of the file.
    ///
    /// # Errors
    /// None: it has only numbers and the names of rules.
    pub fn to_octets(&self) -> io::Result<Vec<u8>> {
        Ok(serde_json::to_vec(self)?)
    }
}

fn checksum(rules: &[KeptRule]) -> u64 {
    let mut sum = Plain::default();
    // Without octets the sums of all contents are equal, and the ranges are checked still.
    sum.write(&serde_json::to_vec(rules).unwrap_or_default());
    sum.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookahead::account::RuleState;

    #[test]
    fn what_was_learned_is_known_again_and_a_damaged_file_is_not_used() {
        let gap = Some(Duration::from_millis(250));
        let accounts = [(Rule::Spf, 150, 10, gap), (Rule::Dmarc, 10, 150, None), (Rule::Ptr, 0, 0, None)];
        let octets = KeptRules::from_accounts(accounts.into_iter()).to_octets().unwrap();
        let mut restored = Vec::new();
        KeptRules::read(octets.as_slice())
            .unwrap()
            .restore(|rule, account| restored.push((rule, account.state(), account.gap())));
        assert_eq!(
            restored,
            [
                (Rule::Spf, RuleState::Active, Duration::from_millis(250)),
                (Rule::Dmarc, RuleState::Inactive, Duration::ZERO)
            ]
        );
        let text = String::from_utf8(octets).unwrap();
        for (from, to) in
            [("150", "151"), ("150", "4294967295"), ("\"version\":1", "\"version\":2"), ("}", "")]
        {
            assert!(KeptRules::read(text.replace(from, to).as_bytes()).is_err(), "{from} {to}");
        }
    }
}
