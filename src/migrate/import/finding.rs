//! A finding about a setting that the import changed or left out: its position, its effect, and how to get the same effect in resolverd.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dns::wire::presentation::shown;
use dns::words;
use resolver::limits::MAX_SHOWN_SENTENCE;

/// A position in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourcePlace {
    /// The file, as it was named on the command line or in an include.
    pub file: Arc<Path>,
    /// The number of the line, from 1.
    pub line: usize,
}

impl SourcePlace {
    /// Returns the path of a file that a setting on this line refers to. A relative path starts at the directory of the configuration file.
    pub(super) fn sibling(&self, named: impl AsRef<Path>) -> PathBuf {
        self.file.parent().unwrap_or_else(|| Path::new("")).join(named)
    }
}

/// A setting that a finding can be about.
pub(super) trait Setting {
    /// Returns the position of the setting.
    fn place(&self) -> &SourcePlace;
    /// Returns the text of the setting as findings show it.
    fn shown(&self) -> String;
    /// Returns the position and the text of the setting.
    fn typed(&self) -> TypedSetting {
        TypedSetting { place: self.place().clone(), shown: self.shown() }
    }
}

/// The position and the text of a setting.
#[derive(Clone, Debug)]
pub(super) struct TypedSetting {
    pub(super) place: SourcePlace,
    pub(super) shown: String,
}

impl Setting for TypedSetting {
    fn place(&self) -> &SourcePlace {
        &self.place
    }

    fn shown(&self) -> String {
        self.shown.clone()
    }
}

impl<S: Setting> Setting for &S {
    fn place(&self) -> &SourcePlace {
        (**self).place()
    }

    fn shown(&self) -> String {
        (**self).shown()
    }
}

impl<T: AsRef<str>> Setting for (&SourcePlace, T) {
    fn place(&self) -> &SourcePlace {
        self.0
    }

    fn shown(&self) -> String {
        self.1.as_ref().to_owned()
    }
}

words! {
    /// How much a finding matters. The most serious weight comes first.
    pub enum Weight {
        /// If the operator ignores the finding, mail is lost or sent to the wrong host, or resolverd answers strangers.
        Dangerous = "dangerous",
        /// resolverd gives some other answers than the other resolver did.
        Different = "different",
        /// The operator need not do anything.
        Unneeded = "unneeded",
    }
}

/// A finding about one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportFinding {
    /// The position of the setting.
    pub place: SourcePlace,
    /// The setting, as it was typed.
    pub option: String,
    /// The effect that the setting had in the other resolver.
    pub did: String,
    /// How to get the same effect in resolverd.
    pub instead: String,
    /// How much the finding matters.
    pub weight: Weight,
}

impl fmt::Display for SourcePlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file.display(), self.line)
    }
}

impl fmt::Display for ImportFinding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}: {}: {}; {}", self.place, self.option, self.did, self.instead);
        formatter.write_str(&shown(&text, MAX_SHOWN_SENTENCE))
    }
}

impl Weight {
    /// The heading of the findings of this weight.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Dangerous => "Settings that need a decision before you switch:",
            Self::Different => "Settings that resolverd treats differently:",
            Self::Unneeded => "Settings that resolverd does not need:",
        }
    }
}

/// How to get the same effect in resolverd if the other resolver did not validate answers with DNSSEC.
pub(super) const UNVALIDATED: &str = "dnssec.validate = false does the same; remove it unless a forwarder removes signatures: DANE needs validation";

/// The finding about a file without the main section of its format. Probably another file includes it.
pub(super) const FRAGMENT: (&str, &str) = (
    "is missing, with the clients, the addresses and the forwarders that it may have",
    "if another file includes this one, import that file instead",
);

/// What the setting did: the other resolver checked the certificates of forwarders with its own certificate authorities (CAs).
pub(super) const OWN_CAS: &str = "checked the certificates of servers with CAs of its own";

/// How to make resolverd trust the same CAs.
pub(super) const CAS_OF_HOST: &str =
    "resolverd checks the name, with the CAs of this host; install a CA of your own there";

/// The effect of trust anchors if none of them is for the root, and what to do in resolverd.
pub(super) const PARTLY_VALIDATED: (&str, &str) = (
    "validated names below its trust anchors only, as none is of the root",
    "resolverd validates all names; if a forwarder removes signatures, set validate = false in its [[zone]]",
);
