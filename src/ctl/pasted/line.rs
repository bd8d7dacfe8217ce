//! A pasted line of mail software, as far as it is understood.

use super::delay::LineDelay;
use crate::limits::SESSION_PART;

/// A line, as far as it is understood.
#[derive(Clone, Debug, PartialEq)]
pub struct PastedLine {
    /// The line itself.
    pub text: String,
    /// Its time, in seconds since 1970.
    pub at: Option<f64>,
    /// The last moment of its time, if that has no seconds, or came twice because clocks were set back; else the same as `at`.
    pub at_last: Option<f64>,
    /// Addresses and names in it. Names that were certainly looked up come first.
    pub subjects: Vec<String>,
    /// The delay that the line names.
    pub delay: LineDelay,
    /// Whether it says itself that a lookup failed.
    pub blames_dns: bool,
    /// Whether it is written at the end of a session, or of a part of it, that may have taken minutes.
    pub ends_session: bool,
}

impl PastedLine {
    /// The time in which its queries came: from `around` seconds before it, or the delay of the line, until `after` seconds after it. The
    /// transmission of a mail comes behind its queries. None if it has no time.
    pub fn span(&self, around: f64, after: f64) -> Option<(f64, f64)> {
        let sending = self.delay.parts.map_or(0.0, |[.., sending]| sending);
        let (end, last) = (self.at? - sending, self.at_last.or(self.at)? - sending);
        let session = if self.ends_session { SESSION_PART.as_secs_f64() } else { 0.0 };
        let before = around.max(self.delay.with_dns().unwrap_or(0.0)).max(session);
        Some((end - before, last + after))
    }
}
