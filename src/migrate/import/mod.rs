//! The configuration of another resolver as ours: `resolverctl import`.
//!
//! Each format has a reader, which keeps the place of each word, and a translation of its settings. Options without a translation are
//! rows of its `options.toml`. `draft` gathers the result, `imported` is its file.
//!
//! # Decisions
//!
//! - The result is a `Config`. Each value goes through the reader of our own file on its way in; a value that it
//!   refuses becomes a finding with the words of that reader. So the result always passes `resolverd --check`.
//! - The import reads what gateways leave: BIND, Unbound and dnsmasq. Views are reported, and their clients refused.
//! - Every setting is carried over, or named with its place, its effect and the way to it here. The dangerous ones come
//!   first. The findings also stand as comments in the file, so that they are not lost with the terminal.
//! - Secrets are never shown: of a setting that is not known only its name is, as its file may be of another kind.
//! - Includes and patterns are followed with bounds on depth, number and size.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod dnsmasq;
mod draft;
mod encrypted;
mod finding;
mod format;
mod imported;
mod named;
mod names;
mod option_table;
mod secret;
mod served;
mod source;
mod unbound;
mod upstreams;
mod values;
mod whole;

use std::path::{Path, PathBuf};

pub use self::finding::{ImportFinding, SourcePlace, Weight};
pub use self::format::{FORMATS, Format};
pub use self::imported::Imported;
use draft::Draft;

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

/// Imports the file at `path`.
///
/// # Errors
/// A file cannot be read, or its text is not of the format.
pub fn import(path: &Path, format: Option<Format>) -> Result<Imported, ImportError> {
    let format = match format {
        Some(format) => format,
        None => format::format_of(path)?,
    };
    let mut draft = Draft::default();
    match format {
        Format::Unbound => unbound::import(path, &mut draft)?,
        Format::Named => named::import(path, &mut draft)?,
        Format::Dnsmasq => dnsmasq::import(path, &mut draft)?,
    }
    if matches!(format, Format::Unbound | Format::Named) {
        draft.asked_any_server();
    }
    Ok(draft.finish())
}
