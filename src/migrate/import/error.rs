//! Why nothing was imported.

use std::path::PathBuf;

use super::finding::SourcePlace;

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file.
    #[error("{} {reason}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// The reason.
        reason: String,
    },
    /// A text that is not of its format.
    #[error("{place}: {reason}")]
    Text {
        /// The place.
        place: SourcePlace,
        /// The reason.
        reason: String,
    },
    /// The format cannot be told from the text and the name of the file.
    #[error("{} is of no known format by its text and its name; give the format with --from", .0.display())]
    Format(PathBuf),
}
