//! Features of a server that some servers lack.

use serde::{Deserialize, Serialize};

/// The features of a server, as far as is known: each is true until the server has shown that it lacks the feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerFeatures {
    /// Whether it takes EDNS (RFC 6891).
    pub edns: bool,
    /// Whether it repeats the case of the letters of a query name (0x20).
    pub keeps_case: bool,
    /// Whether it takes TCP.
    pub tcp: bool,
}

impl ServerFeatures {
    /// A server that lacks nothing.
    pub const ALL: Self = Self { edns: true, keeps_case: true, tcp: true };
}
