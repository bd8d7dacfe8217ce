//! The trust anchors in use: those of the configuration, and the keys of the root as RFC 5011 follows them.
//!
//! All views of a daemon share one value, which also survives reloads: a reload and an answer of the root may come at the same time, and neither may
//! be lost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

use crate::config::Dnssec;
use validate::anchors::Anchors;
use validate::root_keys::RootKeys;

/// The trust anchors in use.
#[derive(Debug)]
pub struct AnchorsInUse {
    parts: Mutex<AnchorParts>,
    used: ArcSwap<Anchors>,
}

#[derive(Debug)]
struct AnchorParts {
    configured: Anchors,
    /// True if changes of the root's keys are followed.
    follows: bool,
    keys: RootKeys,
}

impl AnchorParts {
    fn used(&self) -> Arc<Anchors> {
        Arc::new(if self.follows { self.keys.in_use(&self.configured) } else { self.configured.clone() })
    }
}

impl AnchorsInUse {
    /// The anchors of a configuration; no key of the root was seen yet.
    pub(super) fn new(dnssec: &Dnssec) -> Self {
        let configured = dnssec.trust_anchor.anchors.clone();
        let parts =
            AnchorParts { configured, follows: dnssec.update_trust_anchors, keys: RootKeys::default() };
        Self { used: ArcSwap::new(parts.used()), parts: Mutex::new(parts) }
    }

    /// The anchors at this moment.
    pub fn used(&self) -> Arc<Anchors> {
        self.used.load_full()
    }

    /// Replaces the configured anchors, at a reload.
    pub fn configure(&self, dnssec: &Dnssec) {
        let mut parts = self.parts();
        parts.configured = dnssec.trust_anchor.anchors.clone();
        parts.follows = dnssec.update_trust_anchors;
        self.used.store(parts.used());
    }

    /// Replaces the followed keys of the root.
    pub fn adopt(&self, keys: RootKeys) {
        let mut parts = self.parts();
        parts.keys = keys;
        self.used.store(parts.used());
    }

    /// The keys of the root that were followed.
    pub fn root_keys(&self) -> RootKeys {
        self.parts().keys.clone()
    }

    fn parts(&self) -> MutexGuard<'_, AnchorParts> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
