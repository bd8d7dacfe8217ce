//! An answer as it is compared: DNS data, without order and without TTL.

use std::collections::BTreeSet;

use crate::facts::record_set::{compared_data, in_words, is_known};
use crate::facts::{Record, ReplyFacts, canonical};

/// The answer for a name: that it does not exist, its alias, or its records of the type.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Told {
    /// NXDOMAIN for the name itself, not for the target of an alias.
    pub(super) denied: bool,
    /// The target of the name: lower case, with its last dot.
    pub(super) alias: Option<String>,
    /// The records, as they are compared; empty with an alias.
    pub(super) records: BTreeSet<String>,
}

impl Told {
    /// The answer in a reply; none if the reply tells none. A truncated one may lack records (RFC 2181 section 9).
    pub(super) fn of(reply: &ReplyFacts, name: &str, kind: &str) -> Option<Self> {
        (is_known(reply) && !reply.truncated)
            .then(|| Self::of_records(&reply.answers, (name, kind), reply.rcode == "NXDOMAIN"))
    }

    /// The answer in an answer section.
    pub(super) fn of_records(answers: &[Record], (name, kind): (&str, &str), denied: bool) -> Self {
        let own = |wanted: &'static str| {
            answers.iter().find(move |record| record.name == name && record.kind == wanted)
        };
        let alias = own("CNAME").filter(|_| kind != "CNAME").map(|record| canonical(&record.data));
        let records = answers.iter().filter(|record| record.name == name && record.kind == kind);
        let records: BTreeSet<String> = match alias {
            Some(_) => BTreeSet::new(),
            None => records.map(|record| compared_data(&record.data, kind)).collect(),
        };
        Self { denied: denied && alias.is_none() && records.is_empty(), alias, records }
    }

    /// Whether there is neither an alias nor a record.
    pub(super) fn is_empty(&self) -> bool {
        self.alias.is_none() && self.records.is_empty()
    }

    /// The records, or the alias, as they are shown.
    pub(super) fn shown(&self) -> Vec<String> {
        let alias = self.alias.iter().map(|target| format!("CNAME {target}"));
        alias.chain(self.records.iter().cloned()).collect()
    }

    /// In words.
    pub(super) fn words(&self, kind: &str) -> String {
        match &self.alias {
            _ if self.denied => "the name does not exist".to_owned(),
            Some(target) => format!("CNAME {target}"),
            None => in_words(&self.records, kind),
        }
    }
}
