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
    /// A file of a resolver whose files cannot be imported.
    #[error(
        "{} is a file of {program}, which cannot be imported; resolverd-migration(7) has a table of its options",
        .file.display()
    )]
    Other {
        /// The file.
        file: PathBuf,
        /// The resolver.
        program: &'static str,
    },
    /// The text and the name of the file do not show its format.
    #[error("{} is of no known format by its text and its name; give the format with --from", .0.display())]
    Format(PathBuf),
}
