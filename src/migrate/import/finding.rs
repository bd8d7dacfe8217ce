//! A setting that the import changed or left out: its place, its effect, and the way to the same effect here.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dns::wire::presentation::shown;
use resolver::limits::MAX_SHOWN_SENTENCE;
use serde::Deserialize;

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourcePlace {
    /// The file, as it was named.
    pub file: Arc<Path>,
    /// The line, from 1.
    pub line: usize,
}

impl SourcePlace {
    /// A path that its line names, from the directory of its file.
    pub(super) fn sibling(&self, named: impl AsRef<Path>) -> PathBuf {
        self.file.parent().unwrap_or_else(|| Path::new("")).join(named)
    }
}

/// A setting that a finding is about.
pub(super) trait Setting {
    /// Its place.
    fn place(&self) -> &SourcePlace;
    /// Its text, as a finding shows it.
    fn shown(&self) -> String;
    /// Its place and its text.
    fn typed(&self) -> TypedSetting {
        TypedSetting { place: self.place().clone(), shown: self.shown() }
    }
}

/// The place of a setting, and its text.
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

/// How much a finding matters, from the most.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// Without it, mail is lost or misled, or strangers are answered.
    Dangerous,
    /// Some answers differ.
    Different,
    /// Nothing is to be done.
    Unneeded,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportFinding {
    /// Its place.
    pub place: SourcePlace,
    /// The setting, as it was typed.
    pub option: String,
    /// The effect that it had.
    pub did: String,
    /// The way to the same effect here.
    pub instead: String,
    /// How much it matters.
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
    /// Its name in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dangerous => "dangerous",
            Self::Different => "different",
            Self::Unneeded => "unneeded",
        }
    }

    /// The heading of the findings of this weight.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Dangerous => "Settings that need a decision before you switch:",
            Self::Different => "Settings that resolverd treats differently:",
            Self::Unneeded => "Settings that resolverd does not need:",
        }
    }
}

/// The advice for a resolver that did not validate.
pub(super) const UNVALIDATED: &str = "dnssec.validate = false does the same; remove it unless a forwarder removes signatures: DANE needs validation";

/// The finding about a file without the main section of its format, which another file may include.
pub(super) const FRAGMENT: (&str, &str) = (
    "is missing, with the clients, the addresses and the forwarders that it may have",
    "if another file includes this one, import that file instead",
);

/// The effect of CAs of its own for the certificates of forwarders.
pub(super) const OWN_CAS: &str = "checked the certificates of servers with CAs of its own";

/// The way to the same effect here.
pub(super) const CAS_OF_HOST: &str =
    "resolverd checks the name, with the CAs of this host; install a CA of your own there";

/// The effect of anchors without one of the root, and what to do.
pub(super) const PARTLY_VALIDATED: (&str, &str) = (
    "validated names below its trust anchors only, as none is of the root",
    "resolverd validates all names; if a forwarder removes signatures, set validate = false in its [[zone]]",
);
