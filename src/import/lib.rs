//! `resolverctl import`: converts the configuration of another resolver to one for resolverd.
//!
//! Each file format has a reader, which stores the position of each word, and a conversion of its settings. Options that are not
//! converted are rows of the format's `options.toml`. `draft` collects the result, and `imported` writes it as a file.
//!
//! # Decisions
//!
//! - The result is a `Config`. The reader of resolverd's own configuration file checks each value. A value that this reader refuses becomes a finding
//!   with the error text.
//! - The import supports the resolvers that mail gateways replace: BIND, Unbound and dnsmasq. Only one view is imported; the
//!   others are reported, and their clients are refused.
//! - Every setting is either converted, or reported with its position, its effect, and how to get the same effect in resolverd. Dangerous findings
//!   come first. The findings are also comments in the file, so that they are not lost with the terminal.
//! - Secrets are never shown. Of an unknown setting, only the name is shown, because its value may be a secret.
//! - Includes and file name patterns are followed, with limits on depth, number and size.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod dnsmasq;
mod draft;
mod error;
mod finding;
mod format;
mod imported;
mod limits;
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

use std::path::Path;

pub use self::error::ImportError;
pub use self::finding::{ImportFinding, SourcePlace, Weight};
pub use self::format::{FORMATS, Format};
pub use self::imported::Imported;
use draft::Draft;

/// Imports the configuration file at `path`. If `format` is `None`, the format is found from the file.
///
/// # Errors
/// Fails if a file cannot be read, or if its text is not in the expected format.
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
