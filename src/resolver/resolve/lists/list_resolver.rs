//! The state and the methods that all questions to DNS lists share.

use std::sync::Arc;

use arc_swap::ArcSwap;
use hickory_proto::rr::{Name, RecordType};

use crate::cache::Memory;
use crate::iterate::Iterate;
use crate::iterate::context::Context;
use crate::iterate::failure::Failure;
use crate::limits::MAX_FLIGHTS;
use crate::resolve::chase::Chaser;
use crate::resolve::chased::Chased;
use crate::resolve::shared_work::SharedWork;
use dns::clock::Clock;
use dnsbl::entry::ListEntry;
use dnsbl::list::List;
use dnsbl::table::Lists;
use zones::Views;

/// Asks DNS lists, and interprets their answers.
pub struct ListResolver {
    pub(super) clock: Clock,
    pub(super) memory: Memory,
    pub(super) iterate: Arc<Iterate>,
    pub(super) chaser: Arc<Chaser>,
    pub(super) views: Arc<ArcSwap<Views>>,
    pub(in crate::resolve) table: Lists,
    /// Questions to DNS lists that wait for an answer. Equal questions are asked once.
    pub(super) asking: SharedWork<Arc<Result<Chased, Failure>>>,
}

impl ListResolver {
    pub(in crate::resolve) fn new(chaser: &Arc<Chaser>, views: &Arc<ArcSwap<Views>>) -> Self {
        Self {
            clock: chaser.clock.clone(),
            memory: chaser.memory.clone(),
            iterate: Arc::clone(&chaser.iterate),
            chaser: Arc::clone(chaser),
            views: Arc::clone(views),
            table: Lists::default(),
            // Each resolution (flight) has at most one question in this table. If the table is full, further questions are asked without
            // sharing.
            asking: SharedWork::new(MAX_FLIGHTS),
        }
    }

    #[cfg(feature = "simulated")]
    pub(in crate::resolve) fn under_way(&self) -> usize {
        self.asking.len()
    }
}

/// A question of a client or a test to a DNS list.
#[derive(Clone, Copy)]
pub(in crate::resolve) struct ListQuestion<'a> {
    pub(in crate::resolve) list: &'a List,
    /// The state of the list at the servers that the view asks.
    pub(in crate::resolve) entry: &'a ListEntry,
    pub(in crate::resolve) name: &'a Name,
    pub(in crate::resolve) kind: RecordType,
    pub(in crate::resolve) context: &'a Context,
}
