//! What a reader of the record needs to know of the configuration and of the resolver, which the
//! record itself does not contain.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::MutexGuard;

use crate::changes::Changes;
use crate::redact::{Redaction, Secrets};

/// Who knows these facts: the resolver. A reader asks for them each time, because a reload changes
/// them.
pub trait FactSource: Send + Sync + 'static {
    /// Returns the facts of now.
    fn facts(&self) -> Facts;

    /// Returns the changes of records of the domains that were asked for.
    fn changes(&self) -> MutexGuard<'_, Changes>;
}

/// DNS lists, zones, and what nobody may see. All names are in wire form.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Customer keys of DNS lists, which no report and no log line may contain.
    pub secrets: Secrets,
    /// What is written neither to disk nor to the log.
    pub redaction: Redaction,
    /// The configured DNS lists, by apex.
    pub lists: BTreeMap<Vec<u8>, KnownList>,
    /// The DNS lists for which the log has a line that they do not work.
    pub failing_lists: BTreeSet<Vec<u8>>,
    /// The zones whose servers the configuration names.
    pub zones_with_servers: BTreeSet<Vec<u8>>,
}

/// What is known of a DNS list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KnownList {
    /// True if the label before the apex is a customer key.
    pub keyed: bool,
    /// True if the list refuses queries of this host now.
    pub refuses: bool,
}
