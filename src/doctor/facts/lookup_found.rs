//! The result of a lookup through the daemon.

use crate::facts::reply_facts::ReplyFacts;

/// The result of a lookup through the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupFound<'f> {
    /// There are records of the type.
    Data(&'f ReplyFacts),
    /// The name exists and has no records of the type.
    NoData(&'f ReplyFacts),
    /// The name does not exist.
    NoName(&'f ReplyFacts),
    /// It could not be told.
    Unknown(String),
    /// It was not asked.
    NotAsked,
}

impl<'f> LookupFound<'f> {
    /// The reply, if the answer is known.
    pub const fn reply(&self) -> Option<&'f ReplyFacts> {
        match self {
            Self::Data(reply) | Self::NoData(reply) | Self::NoName(reply) => Some(reply),
            Self::Unknown(_) | Self::NotAsked => None,
        }
    }

    /// The target of the name, if it is an alias.
    pub fn alias(&self) -> Option<&'f str> {
        self.reply()?.data("CNAME").next()
    }

    /// Whether the answer is known: data, or that there are none.
    pub const fn is_known(&self) -> bool {
        matches!(self, Self::Data(_) | Self::NoData(_) | Self::NoName(_))
    }

    /// Whether it is known that there are no such records.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::NoData(_) | Self::NoName(_))
    }
}
