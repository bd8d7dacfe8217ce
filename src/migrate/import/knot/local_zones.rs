//! The local zones of Knot Resolver 6: it answers their names itself, also if all names are forwarded. kresd.conf of version 5 forwards
//! them.
//!
//! resolverd has these zones too, but a `[[zone]]` around them replaces them: below servers they are kept by `locally_served`, and those
//! that it is not about are written out.

use super::gathered::Gathered;
use crate::import::finding::Weight::Different;

/// The zones that `locally_served` is not about.
const OTHERS: [&str; 2] = ["local", "test"];

impl Gathered<'_> {
    /// Keeps these zones on this host where the file has servers for a zone around them.
    pub(super) fn keep_local(&mut self) {
        let Some((place, typed)) = self.zones.keep_local(&OTHERS) else { return };
        let did = "got no query for names of private networks, home.arpa, local and test: Knot Resolver answered them itself";
        let instead = "locally_served = true and a [[zone]] for each of \"local\" and \"test\" do the same; for a network whose names these servers have add a [[zone]]";
        self.draft.tell(Different, &place, &typed, (did, instead));
    }
}
