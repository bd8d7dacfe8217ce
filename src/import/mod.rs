//! The configuration of another resolver as ours: `resolverctl import`.
//!
//! Each format has a reader, which keeps the place of each word, and a translation of its settings. `draft` gathers the
//! result, `write` writes it.
//!
//! # Decisions
//!
//! - The result is a `Config`. Each value goes through the reader of our own file on its way in; a value that it
//!   refuses becomes a finding with the words of that reader. So the result always passes `resolverd --check`.
//! - Every setting is carried over, or named with its place, its effect and the way to it here. The dangerous ones come
//!   first. The findings also stand as comments in the file, so that they are not lost with the terminal.
//! - Includes and patterns are followed with bounds on depth, number and size.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod draft;
mod error;
mod finding;
mod imported;
mod named;
mod source;
mod unbound;
mod values;
mod write;

use std::path::Path;

pub use self::error::ImportError;
pub use self::finding::{ImportFinding, SourcePlace, Weight};
pub use self::imported::Imported;
use draft::Draft;

/// A format that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// unbound.conf of Unbound
    Unbound,
    /// named.conf of BIND 9
    Named,
}

/// The formats by the name of the program, as it is typed.
pub const FORMATS: [(&str, Format); 2] = [("unbound", Format::Unbound), ("named", Format::Named)];

/// Imports the file at `path`.
///
/// # Errors
/// A file cannot be read, or its text is not of the format.
pub fn import(path: &Path, format: Option<Format>) -> Result<Imported, ImportError> {
    let format = format.or_else(|| format_of(path)).ok_or_else(|| ImportError::Format(path.to_owned()))?;
    let mut draft = Draft::default();
    match format {
        Format::Unbound => unbound::import(path, &mut draft)?,
        Format::Named => named::import(path, &mut draft)?,
    }
    let (config, findings, more) = draft.finish();
    Ok(Imported { config, findings, more })
}

/// The format of a file with this name.
fn format_of(path: &Path) -> Option<Format> {
    let name = path.file_name()?.to_str()?;
    FORMATS.iter().find(|(known, _)| name.starts_with(known)).map(|(_, format)| *format)
}
