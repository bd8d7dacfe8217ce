//! Follows the keys of the root: asks for them on schedule, writes each change to the log, and keeps them. RFC 5011.
//!
//! A task of the daemon: no question waits for it.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use hickory_proto::rr::Name;

use super::chase::Chaser;
use super::trust::RootKeyLook;
use crate::clock::date;
use crate::limits::{FIRST_ROOT_KEY_QUERY, MIN_ROOT_KEY_QUERY};
use crate::validate::root_keys::{RootKeyChange, RootKeyEvent, RootKeys, next_query};
use crate::zones::{View, Views};

/// The place where the keys are kept over a restart.
pub trait RootKeyStore: Send + Sync {
    /// Replaces the kept keys by `text`.
    ///
    /// # Errors
    /// The keys cannot be written.
    fn keep(&self, text: &str) -> io::Result<()>;
}

/// Follows the keys of the root.
pub struct RootKeyFollower {
    views: Arc<ArcSwap<Views>>,
    chaser: Arc<Chaser>,
    state: Mutex<FollowerState>,
}

#[derive(Default)]
struct FollowerState {
    /// Whether the task runs: there is a place to keep the keys.
    runs: bool,
    /// Why the last look failed, in words that end a sentence.
    trouble: Option<String>,
    /// Seconds for which the last keys could be kept.
    ttl: u32,
    /// Whether the keys have changed since they were last written.
    unwritten: bool,
    /// Whether the log has a line about a failed writing.
    told_unwritten: bool,
}

/// The keys of the root and their state, for the operator.
#[derive(Clone, Debug)]
pub struct RootKeysReport {
    /// Whether they are followed.
    pub follows: bool,
    /// The keys that were seen.
    pub keys: RootKeys,
    /// Tags of configured keys that were not seen yet.
    pub unseen: Vec<u16>,
    /// Why the last look failed, in words that end a sentence.
    pub trouble: Option<String>,
}

impl RootKeyFollower {
    pub(super) fn new(views: &Arc<ArcSwap<Views>>, chaser: &Arc<Chaser>) -> Arc<Self> {
        Arc::new(Self { views: Arc::clone(views), chaser: Arc::clone(chaser), state: Mutex::default() })
    }

    /// Continues with the keys of an earlier process.
    pub fn restore(&self, keys: RootKeys) {
        self.views.load().anchors().adopt(keys);
    }

    /// The keys at this moment.
    pub fn report(&self) -> RootKeysReport {
        let views = self.views.load();
        let dnssec = &views.config().dnssec;
        let updates = dnssec.update_trust_anchors;
        let configured = &dnssec.trust_anchor.anchors;
        // Keys that were learned from another root do not count.
        let followed = Some(views.anchors().root_keys()).filter(|keys| updates && keys.belong_to(configured));
        let keys = followed.unwrap_or_default();
        let mut unseen = configured.tags(&Name::root());
        unseen.retain(|tag| !keys.keys.iter().any(|known| known.tag == *tag));
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        RootKeysReport {
            follows: state.runs && dnssec.validate && updates,
            keys,
            unseen: unseen.into_iter().collect(),
            trouble: state.trouble.clone(),
        }
    }

    /// Asks for the keys on schedule, as long as it runs.
    pub async fn run(self: Arc<Self>, store: Arc<dyn RootKeyStore>) -> Infallible {
        self.with_state(|state| state.runs = true);
        // The first queries of clients go first.
        tokio::time::sleep(FIRST_ROOT_KEY_QUERY).await;
        loop {
            let wait = self.look(&*store).await;
            tokio::time::sleep(wait).await;
        }
    }

    /// Looks once; returns the time until the next look.
    async fn look(&self, store: &dyn RootKeyStore) -> Duration {
        let views = self.views.load_full();
        let Some(view) = views.general().filter(|view| self.is_wanted(view)) else {
            self.with_state(|state| state.trouble = None);
            return MIN_ROOT_KEY_QUERY;
        };
        let known = views.anchors().root_keys();
        let look = self.chaser.trust.look_at_root_keys(&known, view).await;
        let now = self.chaser.clock.now().unix;
        look.changes.iter().for_each(|change| tell(change, now));
        let is_new = look.keys.keys != known.keys;
        views.anchors().adopt(look.keys.clone());
        self.with_state(|state| state.unwritten |= is_new);
        self.write(&look.keys, store);
        let wait = self.next(&look);
        self.chaser.trust.use_root_keys(look, view).await;
        wait
    }

    fn is_wanted(&self, view: &Arc<View>) -> bool {
        view.config.dnssec.update_trust_anchors && self.chaser.trust.trusts_root(view)
    }

    /// The time until the next look (RFC 5011 section 2.3).
    fn next(&self, look: &RootKeyLook) -> Duration {
        self.with_state(|state| {
            if let (Err(why), None) = (&look.seen, &state.trouble) {
                tracing::warn!(
                    "cannot check the keys of the root: {why}; the known keys stay trusted; resolverd tries again within a day; `resolverctl trace . DNSKEY` shows the answers"
                );
            }
            if let Ok(ttl) = &look.seen {
                state.ttl = *ttl;
            }
            state.trouble = look.seen.as_ref().err().cloned();
            next_query(state.ttl, look.seen.is_ok(), &look.keys)
        })
    }

    /// Writes the keys if they have changed. If that fails, the next look tries again.
    fn write(&self, keys: &RootKeys, store: &dyn RootKeyStore) {
        if !self.with_state(|state| state.unwritten) {
            return;
        }
        match store.keep(&keys.to_text()) {
            Ok(()) => self.with_state(|state| (state.unwritten, state.told_unwritten) = (false, false)),
            Err(error) if !self.with_state(|state| std::mem::replace(&mut state.told_unwritten, true)) => {
                tracing::warn!(
                    "cannot write the keys of the root: {error}; after a restart resolverd continues with the keys of the file that is there; resolverd tries again with its next query for the keys; make room on the disk, or repair the state directory"
                )
            }
            Err(_) => {}
        }
    }

    fn with_state<Out>(&self, change: impl FnOnce(&mut FollowerState) -> Out) -> Out {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Writes a change to the log.
fn tell(change: &RootKeyChange, now: u64) {
    let tag = change.tag;
    match change.event {
        RootKeyEvent::Appeared { trusted_from } => tracing::info!(
            key_tag = tag,
            "the root shows a new key (key tag {tag}); resolverd trusts it from {} on, if the root zone still publishes it then; nothing is to be done, https://data.iana.org/root-anchors/root-anchors.xml has the keys of the root",
            date(trusted_from)
        ),
        RootKeyEvent::Vanished => tracing::warn!(
            key_tag = tag,
            "the root no longer shows its new key (key tag {tag}), so resolverd does not trust it; if it is in https://data.iana.org/root-anchors/root-anchors.xml, other servers may answer in place of the root servers"
        ),
        RootKeyEvent::Trusted => tracing::info!(
            key_tag = tag,
            "the new key of the root (key tag {tag}) is a trust anchor since {}: the root has shown it for 30 days; nothing is to be done",
            date(now)
        ),
        RootKeyEvent::Missing => tracing::info!(
            key_tag = tag,
            "the root no longer shows its key with key tag {tag}; it stays a trust anchor until the root revokes it; nothing is to be done"
        ),
        RootKeyEvent::Returned => {
            tracing::info!(key_tag = tag, "the root shows its key with key tag {tag} again");
        }
        RootKeyEvent::Revoked { last: false } => tracing::warn!(
            key_tag = tag,
            "the root has revoked its key with key tag {tag}: resolverd no longer trusts it, even if it is built in or in the file of dnssec.trust_anchor; nothing is to be done"
        ),
        RootKeyEvent::Revoked { last: true } => tracing::error!(
            key_tag = tag,
            "the root has revoked its key with key tag {tag}, and resolverd knows no other key: signed names fail; update resolverd or the package dns-root-data, or set dnssec.trust_anchor to a file with the keys of https://data.iana.org/root-anchors/root-anchors.xml"
        ),
        RootKeyEvent::Removed => tracing::info!(
            key_tag = tag,
            "the root revoked its key with key tag {tag} 30 days ago; the revocation is final"
        ),
        RootKeyEvent::TooMany => tracing::warn!(
            key_tag = tag,
            "the root shows a new key (key tag {tag}), but resolverd already follows the maximum number of keys and ignores it; update resolverd for the keys of the root"
        ),
    }
}
