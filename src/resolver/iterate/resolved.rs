//! The result of recursion.

use std::sync::Arc;

use hickory_proto::rr::Name;

use super::classify::Found;
use crate::cache::entries::Delegation;

/// The result of recursion, and its zone.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The answer.
    pub found: Found,
    /// The zone whose server gave it.
    pub zone: Name,
    /// The cut that this server serves.
    pub(super) cut: Arc<Delegation>,
}
