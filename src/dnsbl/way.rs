//! Whom the questions to a list go to: its own servers, as the internet names them, or servers that the operator has named.
//!
//! A list that is asked of a local mirror in one view and of its public servers in another is two things to watch: one may
//! be dead while the other is well, and only one of them has a quota.

use std::fmt;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// Whom the questions to a list go to.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The servers that recursion finds.
    #[default]
    Public,
    /// These, which serve the list.
    Stub(Vec<SocketAddr>),
    /// These, which find the answer themselves.
    Forwarders(Vec<SocketAddr>),
}

impl Way {
    /// Whether it is the way of recursion.
    pub fn is_public(&self) -> bool {
        *self == Self::Public
    }

    /// Whether others are asked to find the answers.
    pub fn is_forwarded(&self) -> bool {
        matches!(self, Self::Forwarders(_))
    }
}

impl fmt::Display for Way {
    /// In words that follow the list's name; nothing where its own servers are asked.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, servers) = match self {
            Self::Public => return Ok(()),
            Self::Stub(servers) => ("at", servers),
            Self::Forwarders(servers) => ("through", servers),
        };
        for (place, server) in servers.iter().enumerate() {
            let before = if place == 0 { word } else { "," };
            write!(formatter, "{before} {server}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_is_told_in_words_and_kept_as_json() {
        let servers: Vec<SocketAddr> =
            ["127.0.0.1:530", "[::1]:530"].map(|text| text.parse().unwrap()).into();
        for (way, words) in [
            (Way::Public, ""),
            (Way::Stub(servers.clone()), "at 127.0.0.1:530, [::1]:530"),
            (Way::Forwarders(servers), "through 127.0.0.1:530, [::1]:530"),
        ] {
            assert_eq!(way.to_string(), words);
            let kept = serde_json::to_string(&way).unwrap();
            assert_eq!(serde_json::from_str::<Way>(&kept).unwrap(), way);
        }
    }
}
