//! Why a snapshot is not used.

use std::io;
use std::time::Duration;

/// Why a snapshot is not used.
#[derive(Debug, thiserror::Error)]
pub enum UnusableSnapshot {
    /// It is not a snapshot.
    #[error("it is not a cache snapshot")]
    Foreign,
    /// Its format has another version.
    #[error("it has format version {0}, and this resolverd reads version {1}")]
    Version(u32, u32),
    /// It was not finished, or was changed.
    #[error("it is damaged: a checksum does not match")]
    Broken,
    /// It was written in the future.
    #[error("it was written {} s after the time of the system clock", .0.as_secs())]
    Future(Duration),
    /// The machine's clock is slow, so its age is unknown.
    #[error("the system clock is wrong, so its age is unknown")]
    SlowClock,
    /// It was written with another configuration.
    #[error("it was written with other zones, views, root hints, trust anchors or cache TTLs")]
    OtherZones,
    /// It cannot be read.
    #[error(transparent)]
    Unread(#[from] io::Error),
}
