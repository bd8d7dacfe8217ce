//! A lookup: a question with its route and its budget. Also the trait by which a lookup asks sub-questions.

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

/// Sub-questions of recursion. They are routed like all questions, use the budget of the question that needs them,
/// and wait for no other flight.
pub trait SubQuestions: Send + Sync {
    /// The records of `kind` at `name`, aliases followed; empty if there are none.
    fn ask<'a>(
        &'a self,
        name: &'a Name,
        kind: RecordType,
        context: &'a Context,
    ) -> BoxFuture<'a, Result<Vec<Record>, Failure>>;

    /// Called when the servers of `cut` are about to be asked, so that the zone's keys are fetched at the same time.
    fn entering(&self, cut: &Delegation, context: &Context);
}

/// A question with its route, its budget and the parts that its answer needs.
#[derive(Clone, Copy)]
pub struct Lookup<'a> {
    /// The name asked for.
    pub name: &'a Name,
    /// The type asked for.
    pub kind: RecordType,
    /// The route of the name.
    pub route: &'a Route,
    /// The budget, trail and ancestors of the question.
    pub context: &'a Context,
    /// If the name has a label that stands for a key: its replacement.
    pub rewrite: Option<&'a Rewrite>,
    /// The resolver of sub-questions.
    pub(crate) sub_questions: &'a dyn SubQuestions,
    /// Servers that are not asked, because an earlier answer of theirs was bogus.
    pub avoid: &'a [SocketAddr],
    /// The closest cut at or above the name, if it was looked up a moment ago.
    pub cut: Option<&'a Arc<Delegation>>,
}

impl Lookup<'_> {
    /// Returns true if cached entries that are about to expire are not used. Entries of a DNS list are always used, so that the list
    /// gets no more queries than its clients send.
    pub fn renews(&self) -> bool {
        self.context.renews() && self.route.policy.list.is_none()
    }

    /// The name whose closest zone is asked: for DS the parent's side of a cut (RFC 4035 section 3.1.4.1).
    pub(super) fn at_or_above(&self) -> Name {
        if self.is_asked_above() { self.name.base_name() } else { self.name.clone() }
    }

    /// The closest cut to that name, if it was looked up a moment ago.
    pub(super) fn known_cut(&self) -> Option<&Arc<Delegation>> {
        self.cut.filter(|_| !self.is_asked_above())
    }

    fn is_asked_above(&self) -> bool {
        self.kind == RecordType::DS && !self.name.is_root()
    }
}

/// The path to a server of `cut` on `route`: from the configured address of its family, encrypted if configured.
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
