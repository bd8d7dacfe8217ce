//! Why the store did not do what a gateway asked for.

use std::time::Duration;

use thiserror::Error;

use crate::limits::MAX_REASON;
use crate::reply::Value;

/// The reason why a command has no usable reply.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum StoreError {
    /// There is no connection, or it ended. The text says why.
    #[error("{0}")]
    Broken(String),
    /// There was no reply within this time.
    #[error("no reply within {} ms", .0.as_millis())]
    Silent(Duration),
    /// The store replied with this error.
    #[error("{0}")]
    Refused(String),
    /// A reply, or a part of it, is longer than its bound. It has the values before the part that was not read.
    #[error("it has data that are too large to be those of a gateway; they were not read")]
    TooLarge(Value),
    /// The reply does not have the form that the command gives.
    #[error("its reply is not one of Valkey or Redis")]
    Garbled,
    /// The store names a server on a host that the configuration does not name.
    #[error("it names the server {0}, and fleet.servers does not name that host")]
    UnnamedHost(String),
    /// Too many commands wait for a reply.
    #[error("too many commands wait for its replies")]
    Busy,
    /// The clock of the store differs too much from the clock of this host, by this number of seconds.
    #[error("its clock and the clock of this host differ by {0} s")]
    ClockOff(u64),
    /// The clock of the store stands still, or it has jumped.
    #[error("its clock stands still or jumps")]
    ClockUnsteady,
}

impl StoreError {
    /// Creates the error for an error reply. The store may be hostile, so characters that control a terminal are replaced.
    pub(crate) fn refused(text: &[u8]) -> Self {
        let plain = |octet: &u8| if (b' '..=b'~').contains(octet) { char::from(*octet) } else { '?' };
        Self::Refused(text.iter().take(MAX_REASON).map(plain).collect())
    }

    /// Returns true if the connection cannot be used any longer.
    pub(crate) const fn is_broken(&self) -> bool {
        matches!(
            self,
            Self::Broken(_)
                | Self::Silent(_)
                | Self::TooLarge(_)
                | Self::Garbled
                | Self::UnnamedHost(_)
                | Self::Busy
        )
    }

    /// Returns true if the key holds what no gateway writes, so that commands of gateways cannot work with it: a value of another type, a
    /// count that is no number, or a stream whose last id is the largest one.
    pub(crate) fn is_foreign_content(&self) -> bool {
        let Self::Refused(text) = self else { return false };
        text.starts_with("WRONGTYPE")
            || ["not an integer", "would overflow", "equal or smaller", "exhausted"]
                .iter()
                .any(|words| text.contains(words))
    }

    /// Returns true if the server refuses to write because another one is the primary server.
    pub(crate) fn is_of_replica(&self) -> bool {
        matches!(self, Self::Refused(text) if text.starts_with("READONLY"))
    }

    /// Returns a word for the kind of the error. The log has one line for each kind in a while.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Broken(_) | Self::Silent(_) => "broken",
            Self::Refused(_) => "refused",
            Self::TooLarge(_) => "too large",
            Self::Garbled => "garbled",
            Self::UnnamedHost(_) => "unnamed host",
            Self::Busy => "busy",
            Self::ClockOff(_) => "clock off",
            Self::ClockUnsteady => "clock unsteady",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reply_controls_no_terminal() {
        let error = StoreError::refused(b"ERR \x1b[2J\xff away");
        assert_eq!(error.to_string(), "ERR ?[2J? away");
        assert_eq!(StoreError::refused(&[b'x'; 9_000]).to_string().len(), MAX_REASON);
    }

    #[test]
    fn foreign_content_differs_from_other_refusals() {
        for text in [
            "WRONGTYPE Operation against a key holding the wrong kind of value",
            "ERR value is not an integer or out of range",
            "ERR increment or decrement would overflow",
            "ERR The ID specified in XADD is equal or smaller than the target stream top item",
            "ERR The stream has exhausted the last possible ID, unable to add more items",
        ] {
            assert!(StoreError::refused(text.as_bytes()).is_foreign_content(), "{text}");
        }
        for text in ["OOM command not allowed when used memory > 'maxmemory'.", "NOPERM", "READONLY"] {
            assert!(!StoreError::refused(text.as_bytes()).is_foreign_content(), "{text}");
        }
    }
}
