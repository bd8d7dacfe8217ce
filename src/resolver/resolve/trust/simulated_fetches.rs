//! Lets tests start the fetch of the DNSKEY records of a zone, with servers of the simulated internet.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use hickory_proto::rr::{Name, RecordType};

use super::Validator;
use super::fetch::{Fetched, Round};
use crate::iterate::context::Context;
use crate::iterate::failure::Failure;
use crate::resolve::Resolver;
use crate::resolve::shared_work::{BegunWork, JoinedWork};
use dns::question::QuestionKey;

/// Fetches the DNSKEY records of one zone in tests. The argument `context` of the methods is the context of the question that needs the keys.
#[derive(Clone, Copy)]
pub struct KeyFetches<'a> {
    trust: &'a Validator,
    zone: &'a Name,
}

/// A fetch that has begun but sends no query. Dropping the value gives up the fetch.
pub struct HeldFetch {
    _begun: BegunWork<Result<Arc<Fetched>, Failure>>,
}

impl Resolver {
    /// Returns the fetches of the keys of `zone`.
    pub fn key_fetches<'a>(&'a self, zone: &'a Name) -> KeyFetches<'a> {
        KeyFetches { trust: &self.flight.chaser.trust, zone }
    }
}

impl<'a> KeyFetches<'a> {
    /// Fetches the keys of the zone, or waits for a fetch of them that is in progress. Returns true if the zone has keys.
    ///
    /// # Errors
    /// No server gave an answer.
    pub fn fetch(self, context: &'a Context) -> BoxFuture<'a, Result<bool, Failure>> {
        Box::pin(async move {
            let fetched = self.trust.fetch(self.zone, RecordType::DNSKEY, Round::First, context).await?;
            Ok(!fetched.answers.is_empty())
        })
    }

    /// Begins a fetch in its own task. Returns `None` if there are too many fetches. The future returns `None` if the fetch was given up.
    pub fn begin(
        self,
        context: &Context,
    ) -> Option<impl Future<Output = Option<Result<(), Failure>>> + use<>> {
        let begun = self.trust.begin_fetch(self.zone, RecordType::DNSKEY, context)?;
        Some(async move { begun.await.ok().map(|fetched| fetched.map(|_| ())) })
    }

    /// Begins a fetch that sends no query and ends when the result is dropped, so that questions wait for it. Returns `None` if these keys are
    /// being fetched already, or if there are too many fetches.
    pub fn hold(self, context: &Context) -> Option<HeldFetch> {
        let key = QuestionKey::of_sub_question(self.zone, RecordType::DNSKEY, context.view.knows);
        match self.trust.fetches().join(&key) {
            JoinedWork::First(_, begun) => Some(HeldFetch { _begun: begun }),
            JoinedWork::Waits(_) | JoinedWork::Full => None,
        }
    }

    /// Returns true if the keys of the zone are being fetched.
    pub fn is_fetching(self, context: &Context) -> bool {
        self.trust.is_fetching(self.zone, RecordType::DNSKEY, context)
    }
}
