//! Finds the servers that may get a question with a secret in its name: only the servers of the zone of the secret, and no
//! server of a zone above it.
//!
//! Recursion sends the whole name to every server on its way. So the way to the name below the secret is walked
//! first, with a question without the secret (its SOA). The real question begins at the cut that answers it. The cut
//! is remembered, so that this costs one query, and again one when the cut has expired.

use std::sync::Arc;

use hickory_proto::rr::RecordType;

use super::failure::Failure;
use super::{Iterate, Lookup};
use crate::cache::entries::Delegation;
use crate::dnsbl::rewrite::Rewrite;

impl Iterate {
    /// The cut whose servers may get the secret of `rewrite`.
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
