//! A finding about a setting that the import changed or left out: its position, its effect, and how to get the same effect in resolverd.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use config::limits::MAX_SHOWN_SENTENCE;
use dns::wire::presentation::shown;
use dns::words;

/// The position of a line in a configuration file of the other resolver.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourcePlace {
    /// The file, as it was named on the command line or in an include.
    pub file: Arc<Path>,
    /// The number of the line in the file, counted from 1.
    pub line: usize,
}

impl SourcePlace {
    /// Returns the path of a file that this line names. A relative path starts at the directory of the configuration file.
    pub(super) fn sibling(&self, named: impl AsRef<Path>) -> PathBuf {
        self.file.parent().unwrap_or_else(|| Path::new("")).join(named)
    }
}

pub(super) trait Setting {
    fn place(&self) -> &SourcePlace;
    /// Returns the text of the setting, as findings show the setting.
    fn shown(&self) -> String;
    fn typed(&self) -> TypedSetting {
        TypedSetting { place: self.place().clone(), shown: self.shown().into() }
    }
}

#[derive(Clone, Debug)]
pub(super) struct TypedSetting {
    pub(super) place: SourcePlace,
    /// Shared: a line may have many domains, and each is a zone that keeps its setting.
    pub(super) shown: Arc<str>,
}

impl Setting for TypedSetting {
    fn place(&self) -> &SourcePlace {
        &self.place
    }

    fn shown(&self) -> String {
        self.shown.to_string()
    }

    fn typed(&self) -> TypedSetting {
        self.clone()
    }
}

impl<S: Setting> Setting for &S {
    fn place(&self) -> &SourcePlace {
        (**self).place()
    }

    fn shown(&self) -> String {
        (**self).shown()
    }

    fn typed(&self) -> TypedSetting {
        (**self).typed()
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
    /// How serious a finding of an import is. The most serious weight is first.
    pub enum Weight {
        /// If the operator ignores the finding, mail is lost or sent to the wrong host, or resolverd answers clients that it should not answer.
        Dangerous = "dangerous",
        /// resolverd gives some other answers than the other resolver did.
        Different = "different",
        /// The operator need not do anything about the setting.
        Unneeded = "unneeded",
    }
}

/// A finding about a setting that the import changed or left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImportFinding {
    /// The position of the setting in its file.
    pub place: SourcePlace,
    /// The text of the setting in its file, without secrets.
    pub option: String,
    /// What the setting did in the other resolver, as a sentence.
    pub did: String,
    /// How to get the same effect in resolverd, as a sentence.
    pub instead: String,
    /// How serious the finding is.
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
    /// Returns the heading above the findings of this weight.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Dangerous => "Settings that need a decision before you switch:",
            Self::Different => "Settings that resolverd treats differently:",
            Self::Unneeded => "Settings that resolverd does not need:",
        }
    }
}

/// The advice if the other resolver did not validate answers with DNSSEC.
pub(super) const UNVALIDATED: &str = "dnssec.validate = false does the same; remove it unless a forwarder removes signatures: DANE needs validation";

/// The finding about a file without the main section of its format. Another file probably includes it.
pub(super) const FRAGMENT: (&str, &str) = (
    "is missing, with the clients, the addresses and the forwarders that it may have",
    "if another file includes this one, import that file instead",
);

/// Describes a setting of the other resolver: it checked certificates of forwarders with its own certificate authorities (CAs).
pub(super) const OWN_CAS: &str = "checked the certificates of servers with CAs of its own";

/// The advice for [`OWN_CAS`].
pub(super) const CAS_OF_HOST: &str =
    "resolverd checks the name, with the CAs of this host; install a CA of your own there";

/// The finding about trust anchors of the other resolver, if none of them is for the root.
pub(super) const PARTLY_VALIDATED: (&str, &str) = (
    "validated names below its trust anchors only, as none is of the root",
    "resolverd validates all names; if a forwarder removes signatures, set validate = false in its [[zone]]",
);
