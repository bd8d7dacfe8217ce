//! The entry `[[watch]]`: a domain whose mail settings in DNS are checked on schedule.

use std::net::IpAddr;
use std::time::Duration;

use hickory_proto::rr::Name;
use serde::{Deserialize, Serialize};

use super::forms::{Span, Text, Word};
use super::keys::{ConfigKey, TableEntry, key};
use super::report::{WrongValue, quoted};
use super::value;
use super::value::{Read, Typed};
use crate::limits::{MAX_WATCHED, WATCH_INTERVALS};

/// The role of a watched domain in mail, which decides what is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WatchAs {
    /// The domain sends and receives mail.
    Both,
    /// The domain sends mail.
    Sender,
    /// The domain receives mail.
    Recipient,
}

const SIDES: [(&str, WatchAs); 3] =
    [("both", WatchAs::Both), ("sender", WatchAs::Sender), ("recipient", WatchAs::Recipient)];

/// The setting that says which findings about a domain are logged when they appear or disappear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchLevel {
    /// Only findings that are failures are logged.
    Failure,
    /// Findings that are failures or warnings are logged.
    Warning,
    /// Failures, warnings, and checks that could not get a result are logged.
    CouldNotTell,
    /// All findings are logged, including notes.
    Note,
}

const LEVELS: [(&str, WatchLevel); 4] = [
    ("failure", WatchLevel::Failure),
    ("warning", WatchLevel::Warning),
    ("could_not_tell", WatchLevel::CouldNotTell),
    ("note", WatchLevel::Note),
];

/// Reads a domain of mail addresses. An IP address, a wildcard or the root is an error: a check of such a name could only report that the domain does not
/// exist.
pub(super) fn mail_domain(typed: &Typed<'_>) -> Read<Name> {
    let name = value::name(typed)?;
    let text = value::text(typed)?;
    let is_address = |text: &str| text.trim_end_matches('.').parse::<IpAddr>().is_ok();
    let wrong = if is_address(text) || is_address(&value::name_text(&name)) {
        "is an address"
    } else if text.contains('@') {
        "is a mail address"
    } else if name.is_wildcard() {
        "is a wildcard"
    } else if name.is_root() {
        "is the root"
    } else {
        return Ok(name);
    };
    Err(WrongValue::new(
        format!("{} {wrong}, not a domain of mail addresses", quoted(text)),
        "write the part after the @, like \"example.com\"",
    ))
}

/// The values of a `[[watch]]`: a domain whose mail settings in DNS are checked on schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfiguredWatch {
    /// The domain that is checked, absolute and in lower case.
    pub domain: Name,
    /// The role of the domain in mail, which decides what is checked.
    pub side: WatchAs,
    /// The time between two checks of the domain.
    pub interval: Duration,
    /// Which findings about the domain are logged.
    pub level: WatchLevel,
}

impl TableEntry for ConfiguredWatch {
    const NAME: &'static str = "watch";
    const MOST: usize = MAX_WATCHED;
    const KEYS: &'static [ConfigKey<Self>] = &[
        key!(Self, domain, Text(mail_domain, value::name_text)).required(),
        key!(Self, "as", side, Word(&SIDES)),
        key!(Self, interval, Span(WATCH_INTERVALS)),
        key!(Self, level, Word(&LEVELS)),
    ];

    fn blank() -> Self {
        Self::default()
    }

    fn title(&self) -> String {
        format!("watch {}", value::name_text(&self.domain))
    }
}
