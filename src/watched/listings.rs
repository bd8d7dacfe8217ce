//! The answers of DNS lists about own mail. Lists are asked twice a day, and more often only about what they list.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;

use super::WatchHost;
use crate::limits::LISTINGS_TIME;
use dns::clock::{Clock, Mono};
use doctor::facts::{Got, Listed, Want};
use gather::Sources;

/// The last answers of the lists, by the address or domain that they are about.
#[derive(Debug, Default)]
pub(super) struct Listings {
    known: Mutex<BTreeMap<String, (Mono, Got)>>,
}

impl Listings {
    /// Returns the answers about `subject` if the lists need not be asked now: they are at most `LISTINGS_TIME` old, and no list lists it.
    fn fresh(&self, subject: &str, now: Mono) -> Option<Got> {
        let known = self.lock();
        let (at, got) = known.get(subject)?;
        let is_listed = match got {
            Got::Lists(listings) => listings.iter().any(|listing| listing.listed == Listed::Yes),
            _ => true,
        };
        (!is_listed && now.since(*at) < LISTINGS_TIME).then(|| got.clone())
    }

    fn keep(&self, subject: &str, got: Got, now: Mono) {
        self.lock().insert(subject.to_owned(), (now, got));
    }

    /// Forgets all answers after a reload, because other lists may be in use, and other subjects.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, (Mono, Got)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sources of a check of own mail: those of the daemon, but the lists are asked rarely.
pub(super) struct OwnSources<'s, Host> {
    pub(super) host: &'s Host,
    pub(super) listings: &'s Listings,
    pub(super) clock: &'s Clock,
    /// True if a finding must be confirmed, so that the lists are asked again.
    pub(super) is_unsure: bool,
}

impl<Host: WatchHost> Sources for OwnSources<'_, Host> {
    fn ask<'a>(&'a self, want: &'a Want) -> BoxFuture<'a, Got> {
        let Want::Lists { subject } = want else { return self.host.ask(want) };
        Box::pin(async move {
            let kept = self.listings.fresh(subject, self.clock.mono()).filter(|_| !self.is_unsure);
            if let Some(kept) = kept {
                return kept;
            }
            let got = self.host.ask_own_lists(subject).await;
            self.listings.keep(subject, got.clone(), self.clock.mono());
            got
        })
    }
}
