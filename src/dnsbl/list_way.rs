//! The way to a DNS list: the servers that resolverd asks. They are the list's own servers, or servers that the operator has configured.
//!
//! A list may be asked at a local mirror in one view, and at its public servers in another view. It then has two states: the mirror may be silent
//! while the public servers work, and only the public servers have a daily quota.

use std::fmt;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// The servers to which questions to a DNS list are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The public servers of the DNS list, which are found by recursion.
    #[default]
    Public,
    /// These configured servers, which serve the zone of the DNS list, such as a local mirror.
    Stub(Vec<SocketAddr>),
    /// These forwarders, which are recursive servers.
    Forwarders(Vec<SocketAddr>),
}

impl Way {
    /// Returns true if the questions go to the public servers of the DNS list.
    pub fn is_public(&self) -> bool {
        *self == Self::Public
    }

    /// Returns true if the questions go to forwarders.
    pub fn is_forwarded(&self) -> bool {
        matches!(self, Self::Forwarders(_))
    }
}

impl fmt::Display for Way {
    /// Writes the servers as words that follow the name of the DNS list, such as "at" and an address. Writes nothing for the public servers.
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
    fn list_way_has_words_and_json() {
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
