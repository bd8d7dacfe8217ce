//! Bounds of what is learned and kept over a restart.

use std::time::Duration;

/// The longest time for which the file with what was learned about mail programs is used: mail software changes rarely.
pub(crate) const KEPT_LEARNED_TIME: Duration = Duration::from_secs(30 * 86_400);

/// The greatest size of the file with what was learned about mail programs, in octets: `MAX_BATCH_HABITS` habits with `MAX_BATCH_LISTS` followers take
/// at most 4 MB, and the selectors of `MAX_SELECTOR_DOMAINS` domains 2 MB.
pub(crate) const MAX_LEARNED_FILE: u64 = 8 << 20;
