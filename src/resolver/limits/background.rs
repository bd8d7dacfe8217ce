//! Bounds of the tasks in the background.

use std::time::Duration;

/// The time between two questions to root servers during a silence.
pub(crate) const NETWORK_WITNESS_PAUSE: Duration = Duration::from_secs(1);
