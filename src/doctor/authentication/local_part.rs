//! The local part of the envelope sender, which macros of SPF put into names (RFC 7208 section 7.2).

/// The local part of the envelope sender.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LocalPart {
    /// The sender is a domain alone.
    #[default]
    Absent,
    /// It is this one.
    Known(String),
    /// The sender has one, and it is not known.
    Unknown,
}

/// The local part in the place of an absent one (RFC 7208 section 4.3).
const ABSENT: &str = "postmaster";

impl LocalPart {
    /// Its text; none if it is not known.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Absent => Some(ABSENT),
            Self::Known(local) => Some(local),
            Self::Unknown => None,
        }
    }
}
