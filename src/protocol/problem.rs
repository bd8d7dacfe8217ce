//! Why a request has no answer.

use serde::{Deserialize, Serialize};

/// The reason why a request could not be served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{sentence}")]
pub struct Problem {
    /// Who must act: the client or the operator of the daemon.
    pub fault: Blame,
    /// The reason, in one sentence for people.
    pub sentence: String,
}

/// Who must act if a request could not be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blame {
    /// The request asks for something impossible, so the client must act.
    Request,
    /// The daemon could not do what was requested, so the operator of the daemon must act.
    Daemon,
    /// The user may only read the state of the daemon, and not change it.
    Permission,
}
