//! The configuration: how it is read, checked and shown, and its defaults.
//!
//! `file` reads the configuration file, `table` has its keys, `check` finds invalid combinations, and `report` describes errors. The type of a
//! section and the rows of its keys are in one module: `sections`, `listener`, `zone`, `view`, `dnsbl`, `list`, `lookahead`, `dnstap`, `fleet`,
//! `watch`, `own`, `tls_policy`. This crate calls `dnsbl`, `dnstap`, `record`, `validate` and `dns`.
//!
//! # Decisions
//!
//! - One row has everything about a key: its name, and how it is read, shown and compared. A new key needs a field with its row, a default, and the
//!   code that uses it.
//! - All errors are reported together, each with file, line, key and advice. An unknown key is an error, because a misspelled key would have no
//!   effect; the error text suggests the most similar key.
//! - The file starts with `version = 1`, so that a later format can be recognised.
//! - Files must be regular, and their size is limited. Otherwise `/dev/zero` would use up the memory, and a pipe without a writer would block
//!   resolverd. Only the configuration file may be a pipe, so that a generated file can be checked.
//! - `[listen]` and `[[listener]]` have the same type and thus the same keys.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

mod addresses;
mod certificate;
mod changes;
mod check;
mod check_views;
pub mod defaults;
mod dnsbl;
mod dnstap;
mod file;
pub mod files;
mod fleet;
mod forms;
mod keys;
pub mod limits;
mod list;
mod list_files;
mod listener;
mod lookahead;
mod lookahead_rule;
mod notes;
mod own;
mod reader;
mod records;
mod report;
mod root_hints;
mod sections;
pub mod seen;
mod settings;
mod show;
mod table;
mod tls_policy;
mod trust_anchor;
mod value;
mod view;
mod watch;
mod zone;

pub use self::addresses::{Forwarder, mapped, overlap};
pub use self::certificate::{CertificateFile, PrivateKeyFile, Validity, usable_pair};
pub use self::changes::changes;
pub use self::dnsbl::Dnsbl;
pub use self::dnstap::DnstapSection;
pub use self::fleet::{FleetSection, PemFile, STORE_MODES, SecretFile, StoreMode, StoreServer};
pub use self::list::ConfiguredList;
pub use self::list_files::KeyFile;
pub use self::listener::{Access, ListenAt, ListenFor, Listener};
pub use self::lookahead::{LookaheadMode, LookaheadSection};
pub use self::lookahead_rule::{Rule, RuleState};
pub use self::notes::notes;
pub use self::own::{OwnSection, SigningKeyFile};
pub use self::records::{ConfiguredRecord, line_of};
pub use self::report::{ConfigProblem, Errors};
pub use self::root_hints::RootHints;
pub use self::sections::{
    Cache, Control, Dnssec, Family, HistorySection, LogSection, MetricsSection, PageReaders, Redact, Resolve,
};
pub use self::settings::Config;
pub use self::show::show;
pub use self::tls_policy::{TlsPolicyListen, TlsPolicySection};
pub use self::trust_anchor::TrustAnchor;
pub use self::view::ConfiguredView;
pub use self::watch::{ConfiguredWatch, WatchAs, WatchLevel};
pub use self::zone::{ConfiguredHost, ConfiguredZone, ZoneKind};
