//! A lookup: a question with its route (which servers are asked), its budget and its options.

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use hickory_proto::rr::{Name, Record, RecordType};

use super::context::Context;
use super::failure::Failure;
use dns::cached::Delegation;
use dnsbl::rewrite::Rewrite;
use exchange::network::Path;
use zones::{Route, RouteTarget};

/// Asks the sub-questions of a resolution, for example for the addresses of servers. They are resolved by recursion, stub zones or forwarders, as
/// configured for their names. They use the budget of the question that needs them, and do not wait for the resolutions (flights) of other questions.
pub trait SubQuestions: Send + Sync {
    /// Returns the records of type `kind` at `name`, after following aliases. The result is empty if there are none.
    fn ask<'a>(
        &'a self,
        name: &'a Name,
        kind: RecordType,
        context: &'a Context,
    ) -> BoxFuture<'a, Result<Vec<Record>, Failure>>;

    /// Called when the servers of `cut` are about to be asked, to fetch the DNSSEC keys of the zone at the same time.
    fn entering(&self, cut: &Delegation, context: &Context);
}

/// A question with everything that is needed to resolve it.
#[derive(Clone, Copy)]
pub struct Lookup<'a> {
    /// The queried name.
    pub name: &'a Name,
    /// The queried record type.
    pub kind: RecordType,
    /// Which servers or forwarders are asked.
    pub route: &'a Route,
    /// The budget of the question, the list of its steps (trail), and the questions that need its answer.
    pub context: &'a Context,
    /// The replacement of a label of the name by a customer's key, for a name in a DNS list.
    pub rewrite: Option<&'a Rewrite>,
    /// Resolves the sub-questions of this question, such as the addresses of servers.
    pub(crate) sub_questions: &'a dyn SubQuestions,
    /// Servers that gave a bogus answer to this question.
    pub avoid: &'a [SocketAddr],
    /// The closest known zone cut at or above the name, if known to the caller.
    pub cut: Option<&'a Arc<Delegation>>,
}

impl Lookup<'_> {
    /// Returns true if the lookup does not use cache entries whose TTL ends soon. Entries for a DNS list are always used, so that the list gets no
    /// more queries than its clients cause.
    pub fn renews(&self) -> bool {
        self.context.renews() && self.route.policy.list.is_none()
    }

    /// Returns the name from which the closest zone cut is searched upwards. For DS, this is the parent name (RFC 4035 section 3.1.4.1).
    pub(super) fn at_or_above(&self) -> Name {
        if self.is_asked_above() { self.name.base_name() } else { self.name.clone() }
    }

    /// Returns `cut`, unless the search begins at the parent name.
    pub(super) fn known_cut(&self) -> Option<&Arc<Delegation>> {
        self.cut.filter(|_| !self.is_asked_above())
    }

    fn is_asked_above(&self) -> bool {
        self.kind == RecordType::DS && !self.name.is_root()
    }
}

/// Returns the address, the source address for its family, and the encryption of a server of `cut`.
pub(super) fn path(route: &Route, cut: &Delegation, server: SocketAddr) -> Path {
    let source = route.source_for(server.ip());
    let encryption = match &route.target {
        RouteTarget::Forward { encryption, .. } => {
            let place = cut.configured.iter().position(|configured| *configured == server);
            place.and_then(|place| encryption.get(place)).cloned().flatten()
        }
        _ => None,
    };
    Path { server, source, encryption }
}
