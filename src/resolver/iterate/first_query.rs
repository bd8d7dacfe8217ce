//! The form of the first query of an attempt, and the use of its answer.

use super::edns::Signed;
use super::select::Candidate;
use crate::exchange::network::Path;
use crate::limits::MIXED_CASE_TRIES;
use dns::conduct::Transport;

/// The use of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WantedAnswer {
    /// Any answer is kept.
    Any,
    /// Only a referral is kept: a part of the name is asked for.
    Referral,
}

/// The form of the first query to a server.
#[derive(Clone, Copy, Debug)]
pub(super) struct FirstQuery {
    /// Its transport. TCP, though the server did not take it a moment ago, if its answer was truncated and no other
    /// server is left.
    pub(super) transport: Transport,
    /// Whether it has EDNS.
    pub(super) edns: bool,
    /// The case of its name.
    pub(super) case: NameCase,
}

/// The case of the name in queries to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameCase {
    /// Mixed, if the server repeats it.
    Mixed,
    /// The case of the question, because the server answered mixed case with errors or not at all.
    AsAsked,
}

impl FirstQuery {
    /// The form of the next query to `candidate` over `path`, for an answer that must be `signed`.
    pub(super) fn of(candidate: &Candidate, path: &Path, signed: Signed) -> Self {
        let as_asked = candidate.own_case || candidate.tries >= MIXED_CASE_TRIES;
        Self {
            transport: if candidate.over_tcp.is_some() { Transport::Tcp } else { first_transport(path) },
            edns: signed.asks_with_edns(candidate.standing.features.edns, candidate.tries),
            case: if as_asked { NameCase::AsAsked } else { NameCase::Mixed },
        }
    }
}

/// The transport of the first query to a server.
pub(super) fn first_transport(path: &Path) -> Transport {
    match &path.encryption {
        None => Transport::Udp,
        Some(encryption) if encryption.https.is_some() => Transport::Https,
        Some(_) => Transport::Tls,
    }
}
