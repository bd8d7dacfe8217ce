//! A lookup: a question with its route and its budget. Also the trait through which a lookup asks sub-questions.

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use hickory_proto::rr::{Name, Record, RecordType};

use super::context::Context;
use super::failure::Failure;
use crate::cache::entries::Delegation;
use crate::dnsbl::rewrite::Rewrite;
use crate::exchange::network::Path;
use crate::zones::{Route, RouteTarget};

/// Asks the sub-questions of recursion. They are routed like all questions, use the budget of the question that needs them, and do not
/// wait for the flights of other questions.
pub trait SubQuestions: Send + Sync {
    /// Returns the records of `kind` at `name`, after following aliases. Empty if there are no such records.
    fn ask<'a>(
        &'a self,
        name: &'a Name,
        kind: RecordType,
        context: &'a Context,
    ) -> BoxFuture<'a, Result<Vec<Record>, Failure>>;

    /// Called when the servers of `cut` are about to be asked, so that the keys of the zone are fetched at the same time.
    fn entering(&self, cut: &Delegation, context: &Context);
}

/// A question with its route, its budget, and what else is needed to answer it.
#[derive(Clone, Copy)]
pub struct Lookup<'a> {
    /// The name that is asked for.
    pub name: &'a Name,
    /// The type that is asked for.
    pub kind: RecordType,
    /// The route of the name.
    pub route: &'a Route,
    /// The budget, trail and ancestors of the question.
    pub context: &'a Context,
    /// The replacement of a label of the name that stands for a secret key, if the name has such a label.
    pub rewrite: Option<&'a Rewrite>,
    /// Asks the sub-questions.
    pub(crate) sub_questions: &'a dyn SubQuestions,
    /// Servers that are not asked, because an earlier answer from them was bogus.
    pub avoid: &'a [SocketAddr],
    /// The closest known zone cut at or above the name, if it was looked up a moment ago.
    pub cut: Option<&'a Arc<Delegation>>,
}

impl Lookup<'_> {
    /// Returns true if cached entries that are about to expire are not used. Entries of a DNS list are always used, so that the list
    /// gets no more queries than its clients send.
    pub fn renews(&self) -> bool {
        self.context.renews() && self.route.policy.list.is_none()
    }

    /// Returns the name whose closest zone is asked. For DS this is the parent's side of a zone cut (RFC 4035 section 3.1.4.1).
    pub(super) fn at_or_above(&self) -> Name {
        if self.is_asked_above() { self.name.base_name() } else { self.name.clone() }
    }

    /// Returns the closest known zone cut for the name that `at_or_above` returns, if this cut was looked up a moment ago.
    pub(super) fn known_cut(&self) -> Option<&Arc<Delegation>> {
        self.cut.filter(|_| !self.is_asked_above())
    }

    fn is_asked_above(&self) -> bool {
        self.kind == RecordType::DS && !self.name.is_root()
    }
}

/// Returns the path to a server of `cut` on `route`: with the source address that is configured for its family, and encrypted if so
/// configured.
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
