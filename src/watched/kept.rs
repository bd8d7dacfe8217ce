//! The file that stores the history of watched domains, so that it survives a restart of the daemon.

use std::io::{self, ErrorKind, Read};

use serde::{Deserialize, Serialize};

use super::history::DomainHistory;
use super::subject::WatchedState;
use crate::limits::{MAX_WATCH_CHANGES, MAX_WATCH_FILE, MAX_WATCH_FINDINGS};
use config::WatchAs;
use config::limits::MAX_WATCHED;
use dns::wire::presentation::harmless;

/// The name of the file with the history of watched domains, in the state directory.
pub const FILE: &str = "watched.json";

const VERSION: u32 = 1;

/// The content of the file with the history of all watched domains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptWatches {
    version: u32,
    domains: Vec<KeptDomain>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptDomain {
    /// A domain in lower case with its final dot, or an address.
    pub(super) domain: String,
    #[serde(rename = "as")]
    pub(super) side: WatchAs,
    #[serde(flatten)]
    pub(super) history: DomainHistory,
}

impl Default for KeptWatches {
    fn default() -> Self {
        Self { version: VERSION, domains: Vec::new() }
    }
}

impl KeptWatches {
    pub(super) fn from_domains(domains: &[WatchedState]) -> Self {
        let kept = |domain: &WatchedState| KeptDomain {
            domain: domain.subject.name.key(),
            side: domain.subject.side,
            history: domain.history.clone(),
        };
        Self { version: VERSION, domains: domains.iter().map(kept).collect() }
    }

    pub(super) fn into_domains(self) -> Vec<KeptDomain> {
        self.domains
    }

    /// Reads the file.
    ///
    /// # Errors
    /// The file cannot be read, has another format or version, or is too large.
    pub fn read(file: impl Read) -> io::Result<Self> {
        let mut text = String::new();
        file.take(MAX_WATCH_FILE).read_to_string(&mut text)?;
        let kept: Self = serde_json::from_str(&text)?;
        let fits = |domain: &KeptDomain| {
            let DomainHistory { findings, changes, could_not_tell, .. } = &domain.history;
            let evidence = findings.iter().map(|finding| &finding.evidence);
            let mut texts =
                evidence.chain(changes.iter().map(|change| &change.evidence)).chain(could_not_tell);
            findings.len() <= MAX_WATCH_FINDINGS
                && changes.len() <= MAX_WATCH_CHANGES
                // The texts were escaped before they were written. If escaping changes them, the file is damaged.
                && texts.all(|text| harmless(text) == *text)
        };
        if kept.version != VERSION || kept.domains.len() > MAX_WATCHED || !kept.domains.iter().all(fits) {
            return Err(io::Error::new(ErrorKind::InvalidData, "it is of another version, or damaged"));
        }
        Ok(kept)
    }

    /// Returns the content of the file.
    ///
    /// # Errors
    /// There are none in practice: the content has only numbers and texts.
    pub fn to_octets(&self) -> io::Result<Vec<u8>> {
        Ok(serde_json::to_vec(self)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ended::CheckEnd;
    use crate::subject::WatchedSubject;
    use config::{Config, ConfiguredWatch};
    use doctor::codes::Code;
    use doctor::finding::Finding;
    use std::time::Duration;

    #[test]
    fn damaged_watch_file_is_refused() {
        let mut history = DomainHistory::default();
        let end = || CheckEnd::Judged(vec![Finding::new(Code::NsLame, "\"192.0.2.1\"\u{1b}[2J")]);
        history.take(end(), 1_800_000_000);
        history.take(end(), 1_800_000_001);
        let config = Config { watches: vec![ConfiguredWatch::default()], ..Config::default() };
        let domain = WatchedState {
            subject: WatchedSubject::all_of(&config).remove(0),
            history: history.clone(),
            next: Duration::ZERO,
        };
        let octets = KeptWatches::from_domains(&[domain]).to_octets().unwrap();
        let read = KeptWatches::read(octets.as_slice()).unwrap().into_domains();
        assert_eq!((read.len(), &read[0].history), (1, &history));
        let text = String::from_utf8(octets).unwrap();
        for (from, to) in [
            ("\"version\":1", "\"version\":2"),
            ("ns_lame", "ns_unheard_of"),
            ("\"came\"", "\"left\""),
            ("1800000000", "-1"),
            ("}", ""),
            ("\"could_not_tell\":null", "\"could_not_tell\":\"\\u001b[2J\""),
            ("\\\\u{1b}", "\\u001b"),
        ] {
            assert!(KeptWatches::read(text.replace(from, to).as_bytes()).is_err(), "{from} {to}");
        }
    }
}
