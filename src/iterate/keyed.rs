//! Where a question with a secret in its name may be asked: at the servers of the zone that the secret belongs to, and nowhere above.
//!
//! Recursion tells every server on its way the whole name. So the way to the name in front of which the secret stands is
//! walked first, with a question that anybody may hear (its SOA); the cut where that is answered is where the real question
//! begins. It is remembered, so that this costs a message only once, and again when the cut has expired.

use std::sync::Arc;

use hickory_proto::rr::RecordType;

use super::failure::Failure;
use super::{Errand, Iterate};
use crate::cache::rrsets::Delegation;
use crate::dnsbl::rewrite::Rewrite;

impl Iterate {
    /// The cut whose servers may be told the secret of `rewrite`.
    pub(super) async fn home(
        &self,
        errand: Errand<'_>,
        rewrite: &Rewrite,
    ) -> Result<Arc<Delegation>, Failure> {
        let open = Errand { name: rewrite.secret().base(), kind: RecordType::SOA, rewrite: None, ..errand };
        if let Some(cut) = self.closest_delegation(open).filter(|cut| rewrite.is_home(&cut.zone)) {
            return Ok(cut);
        }
        let from = self.closest_cut(open).await?;
        let cut = self.walk(open, from, &[]).await?.cut;
        rewrite.set_home(&cut.zone);
        Ok(cut)
    }
}
