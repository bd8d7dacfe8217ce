//! The word of a code in JSON, and the findings that answer a bounce.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::codes::Code;

impl Code {
    /// Whether it is told before all others, as the answer to a bounce: a page of a provider, the meaning of its status code, and that the
    /// list in the bounce or the certificates that it is about do not tell, only if the check finds no failure itself.
    pub const fn leads(self, beside_failure: bool) -> bool {
        match self {
            Self::BouncePage | Self::BounceStatus | Self::BounceListUnknown | Self::CertificateUnseen => {
                !beside_failure
            }
            _ => self.answers_bounce(),
        }
    }

    /// Whether it is about the DNS list or the page that a bounce names.
    pub const fn answers_bounce(self) -> bool {
        matches!(self, Self::BounceListed | Self::BounceUnlisted | Self::BouncePage)
    }
}

impl Serialize for Code {
    /// Its word.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.entry().word)
    }
}

impl<'de> Deserialize<'de> for Code {
    /// From its word.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let known = Self::ALL.iter().find(|code| code.entry().word == word);
        known.copied().ok_or_else(|| D::Error::custom(format!("{word:?} is no code of a finding")))
    }
}
