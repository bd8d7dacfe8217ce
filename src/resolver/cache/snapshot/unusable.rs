//! Why a snapshot cannot be used.

use std::io;
use std::time::Duration;

/// Why a snapshot is not used.
#[derive(Debug, thiserror::Error)]
pub enum UnusableSnapshot {
    /// The file is not a snapshot of resolverd.
    #[error("it is not a cache snapshot")]
    Foreign,
    /// The file has another version of the format. The first number is the version in the file, the second one that of this program.
    #[error("it has format version {0}, and this resolverd reads version {1}")]
    Version(u32, u32),
    /// The snapshot is incomplete or was changed.
    #[error("it is damaged: a checksum does not match")]
    Broken,
    /// The file was written in the future of the system clock.
    #[error("it was written {} s after the time of the system clock", .0.as_secs())]
    Future(Duration),
    /// The system clock is wrong, so the age of the file is unknown.
    #[error("the system clock is wrong, so its age is unknown")]
    SlowClock,
    /// The configuration of the views has changed.
    #[error("it was written with other views, root hints, trust anchors, private addresses or cache TTLs")]
    OtherViews,
    /// The file cannot be read.
    #[error(transparent)]
    Unread(#[from] io::Error),
}
