//! Turns zones that clients use like DNS lists into learned lists, so that they may be asked in batches.
//!
//! # Decisions
//!
//! - On an internet with one list that the registry did not have, a third of the time of a message went to this list: it was asked last and alone.
//!   What clients usually ask is learned from their questions, so the registry is needed only to judge answers.
//! - A learned list is forgotten at a restart, and learned again within some messages.

use crate::config::Config;
use crate::dnsbl::batch::Mode;
use crate::dnsbl::lookalike::Lookalikes;
use crate::limits::MAX_LEARNED_LISTS;

/// Returns the configuration with the zones that clients use like DNS lists as learned lists. Returns `None` if nothing changes, or if no list is
/// asked in advance because of what clients asked earlier.
pub fn with_learned_lists(config: &Config, lookalikes: &Lookalikes) -> Option<Config> {
    if !matches!(config.dnsbl.batch, Mode::Learned | Mode::Observe) {
        return None;
    }
    let mut learned = config.learned_lists.clone();
    for alike in lookalikes.list() {
        if learned.len() >= MAX_LEARNED_LISTS {
            break;
        }
        if !alike.keyed && config.list(&alike.zone).is_none() {
            learned.insert(alike.zone);
        }
    }
    (learned != config.learned_lists).then(|| Config { learned_lists: learned, ..config.clone() })
}
