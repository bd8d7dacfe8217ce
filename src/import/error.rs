//! Why an import fails.

use std::path::PathBuf;

use super::finding::SourcePlace;

/// Why nothing could be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file of the other resolver cannot be read.
    #[error("{} {reason}", .file.display())]
    File {
        /// The path of the file.
        file: PathBuf,
        /// Why the file cannot be read.
        reason: String,
    },
    /// A file of the other resolver is not in the expected format.
    #[error("{place}: {reason}")]
    Text {
        /// The position of the faulty text.
        place: SourcePlace,
        /// Why the text is not in the expected format.
        reason: String,
    },
    /// The file belongs to another resolver whose files cannot be imported.
    #[error(
        "{} is a file of {program}, which cannot be imported; resolverd-migration(7) has a table of its options",
        .file.display()
    )]
    Other {
        /// The path of the file.
        file: PathBuf,
        /// The name of the other resolver.
        program: &'static str,
    },
    /// Neither the text nor the name of the file shows its format.
    #[error("{} is of no known format by its text and its name; give the format with --from", .0.display())]
    Format(PathBuf),
}
