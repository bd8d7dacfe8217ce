//! The configuration: checked, with every default in one place, shared behind an `Arc`.
//!
//! `file` reads the file by the `table` of its keys, `check` compares its parts with each other, and `report`
//! describes the errors. Each section's type stands beside the rows of its keys: `sections`, `listener`, `zone`,
//! `dnsbl`, `list`, `lookahead`.
//!
//! # Decisions
//!
//! - One row describes a key: its name, how it is read, shown and compared. Before, a new key was written in seven
//!   places; now it is a field with its row, a default and its use.
//! - All errors are reported at once, each with file, line, key and advice. An unknown key is an error with the
//!   nearest known key, as a misspelt key would otherwise do nothing.
//! - The file starts with `version = 1`, so that a later format can be told from this one.
//! - Files must be regular and are bounded while they are read. Without that, /dev/zero was read until memory ended,
//!   a pipe was waited for without end, and an error repeated a value of 10 MB with its control characters. Only the
//!   configuration file itself may be a pipe, so that a generated file can be checked.
//! - `[listen]` and `[[listener]]` are one type, so that a key of one is a key of the other.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

mod addresses;
mod changes;
mod check;
pub mod defaults;
mod dnsbl;
mod file;
mod files;
mod included;
mod keys;
mod list;
mod list_files;
mod listener;
mod lookahead;
mod reader;
mod records;
mod report;
mod root_hints;
mod sections;
mod show;
mod table;
mod trust_anchor;
mod value;
mod written;
mod zone;

use std::net::SocketAddr;
use std::path::Path;

pub use self::addresses::Forwarder;
pub use self::changes::changes;
pub use self::dnsbl::Dnsbl;
pub use self::list::ConfiguredList;
pub use self::list_files::KeyFile;
pub use self::listener::{Access, Listener};
pub use self::lookahead::{Lookahead, LookaheadMode};
pub use self::records::{ConfiguredRecord, RECORD_TTL, line_of};
pub use self::report::{ConfigProblem, Errors};
pub use self::root_hints::RootHints;
pub use self::sections::{Cache, Control, Dnssec, Family, LogSection, Resolve};
pub use self::show::show;
pub use self::trust_anchor::TrustAnchor;
pub use self::zone::{ConfiguredHost, ConfiguredZone, ZoneKind};
pub use crate::dnsbl::list::Guard;

/// All settings of the operator.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// `[listen]`
    pub listen: Listener,
    /// Whether the command line named the addresses of `[listen]`: those of the file are ignored then.
    pub has_fixed_addresses: bool,
    /// Whether the command line said that no snapshot is kept: the file is ignored then.
    pub is_without_snapshot: bool,
    /// `[[listener]]`: more listeners, each with its own policy.
    pub listeners: Vec<Listener>,
    /// `[cache]`
    pub cache: Cache,
    /// `[resolve]`
    pub resolve: Resolve,
    /// `[dnssec]`
    pub dnssec: Dnssec,
    /// `[[zone]]`: zones with servers or data of their own.
    pub zones: Vec<ConfiguredZone>,
    /// `[[host]]`: names with addresses of their own.
    pub hosts: Vec<ConfiguredHost>,
    /// `[[record]]`: records of any type.
    pub records: Vec<ConfiguredRecord>,
    /// `[dnsbl]`
    pub dnsbl: Dnsbl,
    /// `[[list]]`: DNS lists that are not in the registry, and changes to those that are.
    pub lists: Vec<ConfiguredList>,
    /// `[lookahead]`
    pub lookahead: Lookahead,
    /// `[control]`
    pub control: Control,
    /// `[log]`
    pub log: LogSection,
}

impl Config {
    /// Reads the file at `path`; none: the one at `defaults::FILE`, if it exists.
    ///
    /// # Errors
    /// The file cannot be read, or has errors; all errors are reported at once.
    pub fn load(path: Option<&Path>) -> Result<Self, Errors> {
        let usual = Path::new(defaults::FILE);
        let mut config = match path {
            Some(path) => file::read(path),
            None if matches!(usual.try_exists(), Ok(false)) => Ok(Self::default()),
            None => file::read(usual),
        }?;
        if config.dnssec.trust_anchor.path.is_none() {
            config.dnssec.trust_anchor = trust_anchor::newest();
        }
        Ok(config)
    }

    /// Reads `text` as a file of `directory`; missing keys are as in `base`, which may have entries. It reads no
    /// trust anchors of the host.
    ///
    /// # Errors
    /// The text has errors.
    pub fn read_over(base: Self, text: &str, directory: &Path) -> Result<Self, Errors> {
        file::read_over(base, text, directory)
    }

    /// All listeners: `[listen]`, then each `[[listener]]`.
    pub fn all_listeners(&self) -> impl Iterator<Item = &Listener> {
        std::iter::once(&self.listen).chain(&self.listeners)
    }

    /// The same with other addresses of `[listen]`: `--listen` on the command line.
    #[must_use]
    pub fn with_listen(mut self, addresses: Vec<SocketAddr>) -> Self {
        self.listen.addresses = addresses;
        self.has_fixed_addresses = true;
        self
    }

    /// The same, with no snapshot of the cache: `--no-snapshot` on the command line.
    #[must_use]
    pub fn without_snapshot(mut self) -> Self {
        self.cache.snapshot = false;
        self.is_without_snapshot = true;
        self
    }
}
