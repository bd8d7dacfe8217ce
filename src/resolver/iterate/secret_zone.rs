//! Determines which servers may get a query with a customer's key in its name: only the servers of the DNS list to which the key belongs, and not the
//! servers of a zone above it.
//!
//! Recursion may send the whole name to servers of all zones from the root down. Therefore the zone is first found with a query for the SOA of the
//! part of the name that follows the key. The real query begins at the zone cut whose servers answer this query. The cut is cached, so one more query
//! is needed only after the cut has expired.

use std::sync::Arc;

use hickory_proto::rr::RecordType;

use super::failure::Failure;
use super::{Iterate, Lookup};
use dns::cached::Delegation;
use dnsbl::rewrite::Rewrite;

impl Iterate {
    /// Returns the zone cut whose servers may get the key of `rewrite`.
    pub(super) async fn home(
        &self,
        lookup: Lookup<'_>,
        rewrite: &Rewrite,
    ) -> Result<Arc<Delegation>, Failure> {
        let open = Lookup {
            name: rewrite.secret().base(),
            kind: RecordType::SOA,
            rewrite: None,
            cut: None,
            ..lookup
        };
        if let Some(cut) = self.closest_delegation(open).filter(|cut| rewrite.is_home(&cut.zone)) {
            return Ok(cut);
        }
        let from = self.closest_cut(open).await?;
        let cut = self.walk(open, from, &[]).await?.cut;
        rewrite.set_home(&cut.zone);
        Ok(cut)
    }
}
