//! The DNSSEC trust anchors in use: those of the configuration, updated when the root zone changes its keys (RFC 5011).
//!
//! All views share one value of this type, also after a reload. If a reload and an update of the root keys happen at the same time, neither
//! change may be lost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

use config::Dnssec;
use validate::anchors::Anchors;
use validate::root_keys::RootKeys;

/// The DNSSEC trust anchors in use.
#[derive(Debug)]
pub struct AnchorsInUse {
    parts: Mutex<AnchorParts>,
    used: ArcSwap<Anchors>,
}

#[derive(Debug)]
struct AnchorParts {
    configured: Anchors,
    /// True if the keys of the root zone are followed according to RFC 5011.
    follows: bool,
    keys: RootKeys,
}

impl AnchorParts {
    fn used(&self) -> Arc<Anchors> {
        Arc::new(if self.follows { self.keys.in_use(&self.configured) } else { self.configured.clone() })
    }
}

impl AnchorsInUse {
    pub(super) fn new(dnssec: &Dnssec) -> Self {
        let configured = dnssec.trust_anchor.anchors.clone();
        let parts =
            AnchorParts { configured, follows: dnssec.update_trust_anchors, keys: RootKeys::default() };
        Self { used: ArcSwap::new(parts.used()), parts: Mutex::new(parts) }
    }

    /// Returns the DNSSEC trust anchors that are currently in use.
    pub fn used(&self) -> Arc<Anchors> {
        self.used.load_full()
    }

    /// Replaces the configured trust anchors, for a reload.
    pub fn configure(&self, dnssec: &Dnssec) {
        let mut parts = self.parts();
        parts.configured = dnssec.trust_anchor.anchors.clone();
        parts.follows = dnssec.update_trust_anchors;
        self.used.store(parts.used());
    }

    /// Replaces the keys of the root zone that are followed according to RFC 5011.
    pub fn adopt(&self, keys: RootKeys) {
        let mut parts = self.parts();
        parts.keys = keys;
        self.used.store(parts.used());
    }

    /// Returns the keys of the root zone that are followed according to RFC 5011.
    pub fn root_keys(&self) -> RootKeys {
        self.parts().keys.clone()
    }

    fn parts(&self) -> MutexGuard<'_, AnchorParts> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
