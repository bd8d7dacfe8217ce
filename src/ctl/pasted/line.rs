//! A pasted line of mail software, as far as it is understood.

use super::delay::LineDelay;

/// A line, as far as it is understood.
#[derive(Clone, Debug, PartialEq)]
pub struct PastedLine {
    /// The line itself.
    pub text: String,
    /// Its time, in seconds since 1970.
    pub at: Option<f64>,
    /// Addresses and names in it. Names that were certainly looked up come first.
    pub subjects: Vec<String>,
    /// The delay that the line names.
    pub delay: LineDelay,
    /// Whether it says itself that a lookup failed.
    pub blames_dns: bool,
}
