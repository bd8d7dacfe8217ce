//! Follows the DNSSEC keys of the root zone (RFC 5011): queries them on schedule, logs each change, and stores them in a file.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use hickory_proto::rr::Name;

use super::chase::Chaser;
use super::trust::RootKeyLook;
use crate::limits::FIRST_ROOT_KEY_QUERY;
use dns::clock::date;
use validate::limits::{MAX_DNSKEYS, MIN_ROOT_KEY_QUERY};
use validate::root_keys::{
    RootKeyChange, RootKeyEvent, RootKeys, RootKeysReport, RootKeysUnfollowed, next_query,
};
use zones::{View, Views};

/// Stores the keys of the root zone for the next start of the daemon.
pub trait RootKeyStore: Send + Sync {
    /// Replaces the stored keys with `text`.
    ///
    /// # Errors
    /// The keys could not be written.
    fn keep(&self, text: &str) -> io::Result<()>;
}

/// Updates the trust anchors of the root zone (RFC 5011).
pub struct RootKeyFollower {
    views: Arc<ArcSwap<Views>>,
    chaser: Arc<Chaser>,
    state: Mutex<FollowerState>,
}

#[derive(Default)]
struct FollowerState {
    /// True if the task that updates the keys runs. It needs a file or directory in which it can store the keys.
    runs: bool,
    /// True if the file of the keys exists, but cannot be read.
    is_file_unreadable: bool,
    /// Why the last query for the keys failed, as the end of a sentence. `None` if it succeeded.
    trouble: Option<String>,
    /// The TTL of the keys in the last valid answer, in seconds.
    ttl: u32,
    /// Since when all queries have failed, in seconds since 1970. `None` if the last one succeeded.
    failing_since: Option<u64>,
    /// True if the keys have changed or were validated again since they were written to their file.
    unwritten: bool,
    /// Why the last attempt to write the keys failed. The log has reported this.
    unkept: Option<String>,
    /// The tags of new keys that cannot become trust anchors, because there are too many keys. The log has reported them.
    reported_too_many: BTreeSet<u16>,
}

impl RootKeyFollower {
    pub(super) fn new(views: &Arc<ArcSwap<Views>>, chaser: &Arc<Chaser>) -> Arc<Self> {
        Arc::new(Self { views: Arc::clone(views), chaser: Arc::clone(chaser), state: Mutex::default() })
    }

    /// Continues with the root keys that an earlier process has stored.
    pub fn restore(&self, keys: RootKeys) {
        self.views.load().anchors().adopt(keys);
    }

    /// Records that the keys of an earlier process are stored, but cannot be read.
    pub fn file_is_unreadable(&self) {
        self.with_state(|state| state.is_file_unreadable = true);
    }

    /// Returns the current keys of the root zone and their state.
    pub fn report(&self) -> RootKeysReport {
        let views = self.views.load();
        let dnssec = &views.config().dnssec;
        let updates = dnssec.update_trust_anchors;
        let configured = &dnssec.trust_anchor.anchors;
        // Stored keys do not count if they were learned from another root zone than that of the configured trust anchors.
        let followed = Some(views.anchors().root_keys()).filter(|keys| updates && keys.belong_to(configured));
        let keys = followed.unwrap_or_default();
        let mut unseen = configured.tags(&Name::root());
        unseen.retain(|tag| !keys.keys.iter().any(|known| known.tag == *tag));
        let trusts_root = views.general().is_some_and(|view| self.chaser.trust.trusts_root(view));
        let is_usable = !trusts_root || keys.in_use(configured).can_check(&Name::root());
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let reasons = [
            (!dnssec.validate, RootKeysUnfollowed::ValidationOff),
            (!trusts_root, RootKeysUnfollowed::RootNotValidated),
            (!updates, RootKeysUnfollowed::UpdatesOff),
            (state.is_file_unreadable, RootKeysUnfollowed::FileUnreadable),
            (!state.runs, RootKeysUnfollowed::NoStateDirectory),
        ];
        RootKeysReport {
            unfollowed: reasons.into_iter().find(|(is_so, _)| *is_so).map(|(_, reason)| reason),
            keys,
            unseen: unseen.into_iter().collect(),
            trouble: state.trouble.clone(),
            failing_since: state.failing_since,
            unkept: state.unkept.clone(),
            is_usable,
        }
    }

    /// Queries the DNSKEY records of the root zone on schedule. Never returns.
    pub async fn run(self: Arc<Self>, store: Arc<dyn RootKeyStore>) -> Infallible {
        self.with_state(|state| state.runs = true);
        // The first query must not delay the first queries of clients.
        tokio::time::sleep(FIRST_ROOT_KEY_QUERY).await;
        loop {
            let wait = self.look(&*store).await;
            tokio::time::sleep(wait).await;
        }
    }

    /// Queries the keys once, and applies changes. Returns the time until the next query.
    async fn look(&self, store: &dyn RootKeyStore) -> Duration {
        let views = self.views.load_full();
        let Some(view) = views.general().filter(|view| self.is_wanted(view)) else {
            self.with_state(|state| (state.trouble, state.failing_since) = (None, None));
            return MIN_ROOT_KEY_QUERY;
        };
        let known = views.anchors().root_keys();
        let look = self.chaser.trust.look_at_root_keys(&known, view).await;
        let now = self.chaser.clock.now().unix;
        look.changes
            .iter()
            .filter(|change| self.is_unreported(change))
            .for_each(|change| log_change(change, now));
        let is_new = look.keys.keys != known.keys;
        views.anchors().adopt(look.keys.clone());
        // The file is written after each successful query: it contains the time of the query, and someone may have deleted it.
        self.with_state(|state| {
            state.unwritten |= is_new || look.seen.is_ok();
            state.failing_since = look.seen.is_err().then(|| state.failing_since.unwrap_or(now));
        });
        self.write(&look.keys, store);
        let wait = self.next(&look);
        self.chaser.trust.use_root_keys(look, view).await;
        wait
    }

    fn is_wanted(&self, view: &Arc<View>) -> bool {
        view.config.dnssec.update_trust_anchors && self.chaser.trust.trusts_root(view)
    }

    /// Returns true if the log must report a change. A key that is ignored because there are too many keys is reported once.
    fn is_unreported(&self, change: &RootKeyChange) -> bool {
        change.event != RootKeyEvent::TooMany
            || self.with_state(|state| {
                state.reported_too_many.len() < MAX_DNSKEYS && state.reported_too_many.insert(change.tag)
            })
    }

    /// Returns the time until the next query (RFC 5011 section 2.3).
    fn next(&self, look: &RootKeyLook) -> Duration {
        self.with_state(|state| {
            if let (Err(why), None) = (&look.seen, &state.trouble) {
                tracing::warn!(
                    "cannot check for new DNSSEC keys of the root zone: {why}; the known keys stay trusted; resolverd tries again within a day; `resolverctl trace . DNSKEY` shows each step"
                );
            }
            if let Ok(ttl) = &look.seen {
                state.ttl = *ttl;
            }
            state.trouble = look.seen.as_ref().err().cloned();
            next_query(state.ttl, look.seen.is_ok(), &look.keys)
        })
    }

    /// Writes the keys to their file if needed. If this fails, the next query for the keys is followed by another attempt.
    fn write(&self, keys: &RootKeys, store: &dyn RootKeyStore) {
        if !self.with_state(|state| state.unwritten) {
            return;
        }
        match store.keep(&keys.to_text()) {
            Ok(()) => self.with_state(|state| (state.unwritten, state.unkept) = (false, None)),
            Err(error) if self.with_state(|state| state.unkept.replace(error.to_string())).is_none() => {
                tracing::warn!(
                    "cannot write the DNSSEC keys of the root zone: {error}; a restart loses the changes since the last write; resolverd tries again at its next query for the keys; free disk space, or correct the permissions of the state directory"
                )
            }
            Err(_) => {}
        }
    }

    fn with_state<Out>(&self, change: impl FnOnce(&mut FollowerState) -> Out) -> Out {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn log_change(change: &RootKeyChange, now: u64) {
    let tag = change.tag;
    match change.event {
        RootKeyEvent::Appeared { trusted_from } => tracing::info!(
            key_tag = tag,
            "the root zone publishes a new key (key tag {tag}); resolverd will trust it on {} if the root zone still publishes it then; nothing is to be done; https://data.iana.org/root-anchors/root-anchors.xml lists the keys of the root zone",
            date(trusted_from)
        ),
        RootKeyEvent::Vanished => tracing::warn!(
            key_tag = tag,
            "the root zone no longer publishes its new key (key tag {tag}), so resolverd does not trust the key; if https://data.iana.org/root-anchors/root-anchors.xml lists the key, other servers may answer in place of the root servers"
        ),
        RootKeyEvent::Trusted => tracing::info!(
            key_tag = tag,
            "the new key of the root zone (key tag {tag}) is trusted since {}, because the root zone has published it for 30 days; nothing is to be done",
            date(now)
        ),
        RootKeyEvent::Missing => tracing::info!(
            key_tag = tag,
            "the root zone no longer publishes its key with key tag {tag}; resolverd trusts the key until the root zone revokes it; nothing is to be done"
        ),
        RootKeyEvent::Returned => {
            tracing::info!(key_tag = tag, "the root zone publishes its key with key tag {tag} again");
        }
        RootKeyEvent::Revoked { last: false } => tracing::warn!(
            key_tag = tag,
            "the root zone has revoked its key with key tag {tag}; resolverd no longer trusts it, even if it is built in or in the file of dnssec.trust_anchor; nothing is to be done"
        ),
        RootKeyEvent::Revoked { last: true } => tracing::error!(
            key_tag = tag,
            "the root has revoked its key with key tag {tag}, and resolverd knows no other key: signed names fail; update resolverd or the package dns-root-data, or set dnssec.trust_anchor to a file with the keys of https://data.iana.org/root-anchors/root-anchors.xml"
        ),
        RootKeyEvent::Removed => tracing::info!(
            key_tag = tag,
            "the root zone revoked its key with key tag {tag} 30 days ago; resolverd will never trust this key again; nothing is to be done"
        ),
        RootKeyEvent::TooMany => tracing::warn!(
            key_tag = tag,
            "the root zone publishes a new key (key tag {tag}), but resolverd ignores it, because it already follows the maximum number of keys; install a newer version of resolverd, which has the new key built in"
        ),
    }
}
