//! A finding about a domain: a code of the table, and the evidence.

use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::codes::Code;
pub use super::level::{Level, Topic};

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its code.
    pub code: Code,
    /// Its level: that of the code, unless the facts make it milder or worse.
    pub level: Level,
    /// The facts: which server said it.
    pub evidence: String,
}

impl Finding {
    /// A finding with the level of its code.
    pub fn new(code: Code, evidence: impl Into<String>) -> Self {
        Self { code, level: code.entry().level, evidence: evidence.into() }
    }

    /// The same with another level.
    #[must_use]
    pub const fn at(mut self, level: Level) -> Self {
        self.level = level;
        self
    }
}

impl Serialize for Finding {
    /// An object: `level`, `topic`, `code`, `evidence`, `effect`, `remedy`, `source`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entry = self.code.entry();
        let mut object = serializer.serialize_struct("Finding", 7)?;
        object.serialize_field("level", &self.level)?;
        object.serialize_field("topic", &entry.topic)?;
        object.serialize_field("code", entry.word)?;
        object.serialize_field("evidence", &self.evidence)?;
        object.serialize_field("effect", entry.effect)?;
        object.serialize_field("remedy", entry.remedy)?;
        object.serialize_field("source", entry.source)?;
        object.end()
    }
}
