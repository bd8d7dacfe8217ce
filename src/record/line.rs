//! A log line: the begin or the end of an incident, as a sentence and as fields.
//!
//! The fields are `incident`, `zone` and `servers`, spelled as elsewhere. The sentence describes what was seen, so
//! that it is true for any cause.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use hickory_proto::rr::Name;

use crate::question::Question;

/// A line for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Questions about a zone fail.
    ZoneFails {
        /// The zone.
        zone: Name,
        /// Questions that failed.
        failures: u32,
        /// Whether some of them were denied without authority instead.
        doubted: bool,
        /// Since the first of them.
        span: Duration,
        /// Why the last one failed.
        why: String,
        /// The last one.
        question: Question,
        /// Servers with faults in the last one.
        servers: Vec<IpAddr>,
    },
    /// A question that failed is answered.
    ZoneAnswers {
        /// The zone.
        zone: Name,
        /// The question.
        question: Question,
        /// Since the first failure.
        after: Duration,
    },
    /// No server on the internet answers.
    NetworkDown {
        /// Servers that did not answer.
        servers: usize,
        /// Since the first message that was not answered.
        span: Duration,
    },
    /// A server on the internet answers again.
    NetworkUp {
        /// Since the first message that was not answered.
        after: Duration,
    },
    /// More zones failed than may have a line in an hour.
    Withheld {
        /// Their number.
        zones: u32,
    },
}

/// Writes a line at a level; a field without value is left out.
macro_rules! write_at {
    ($level:ident, $line:expr) => {
        tracing::$level!(
            incident = $line.incident(),
            zone = $line.zone().map(ToString::to_string),
            servers = $line.servers(),
            "{}",
            $line
        )
    };
}

impl Line {
    /// Writes it to the log: the begin of an incident is a warning.
    pub(super) fn write(&self) {
        match self {
            Self::ZoneFails { .. } | Self::NetworkDown { .. } | Self::Withheld { .. } => {
                write_at!(warn, self);
            }
            Self::ZoneAnswers { .. } | Self::NetworkUp { .. } => {
                write_at!(info, self);
            }
        }
    }

    /// The word of the incident.
    const fn incident(&self) -> &'static str {
        match self {
            Self::ZoneFails { .. } => "zone_fails",
            Self::ZoneAnswers { .. } => "zone_answers",
            Self::NetworkDown { .. } => "network_down",
            Self::NetworkUp { .. } => "network_up",
            Self::Withheld { .. } => "zones_withheld",
        }
    }

    const fn zone(&self) -> Option<&Name> {
        match self {
            Self::ZoneFails { zone, .. } | Self::ZoneAnswers { zone, .. } => Some(zone),
            Self::NetworkDown { .. } | Self::NetworkUp { .. } | Self::Withheld { .. } => None,
        }
    }

    /// The servers with faults, separated by spaces.
    fn servers(&self) -> Option<String> {
        match self {
            Self::ZoneFails { servers, .. } if !servers.is_empty() => {
                let servers: Vec<String> = servers.iter().map(ToString::to_string).collect();
                Some(servers.join(" "))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Less than a second is shown as one second.
        let age = |span: &Duration| TimeSpan((*span).max(Duration::from_secs(1)));
        match self {
            Self::ZoneFails { zone, failures, doubted, span, why, question, .. } => write!(
                formatter,
                "zone {zone}: {failures} queries {} within {}; last: {why}; {}",
                failed_text(*doubted),
                age(span),
                Trace(question)
            ),
            Self::ZoneAnswers { zone, question, after } => write!(
                formatter,
                "zone {zone}: queries are answered again after {}; the first was {question}",
                age(after)
            ),
            Self::NetworkDown { servers, span } => write!(
                formatter,
                "no server on the internet has answered for {}: queried {servers} servers, root servers included; check whether this host reaches port 53 of other hosts: `resolverctl check system`",
                age(span)
            ),
            Self::NetworkUp { after } => {
                write!(formatter, "servers on the internet answer again after an outage of {}", age(after))
            }
            Self::Withheld { zones } => write!(
                formatter,
                "{zones} more zones failed in the last hour; `resolverctl stats --slow --since 1h` shows them"
            ),
        }
    }
}

/// The verb for queries that failed, of which some were denied without authority if `doubted`.
pub fn failed_text(doubted: bool) -> &'static str {
    if doubted { "failed or got a denial without authority (no AA bit)" } else { "failed" }
}

/// A span of time in its two largest units: "61 s", "12 min", "3 h 4 min", "2 d 7 h".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeSpan(pub Duration);

impl fmt::Display for TimeSpan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0.saturating_add(Duration::from_millis(500)).as_secs();
        match whole {
            0..120 => write!(formatter, "{whole} s"),
            120..7_200 => write!(formatter, "{} min", whole / 60),
            7_200..172_800 => write!(formatter, "{} h {} min", whole / 3_600, whole % 3_600 / 60),
            _ => write!(formatter, "{} d {} h", whole / 86_400, whole % 86_400 / 3_600),
        }
    }
}

/// The command that shows how a question fails; a name with characters that a shell would interpret is left out.
pub(super) struct Trace<'a>(pub(super) &'a Question);

impl fmt::Display for Trace<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, kind) = (self.0.name.to_string(), self.0.kind);
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
        if name.chars().all(plain) && !name.starts_with('-') {
            write!(formatter, "`resolverctl query {name} {kind} --trace` shows each step")
        } else {
            write!(formatter, "`resolverctl query NAME --trace` with a name of this zone shows each step")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::RecordType;

    #[test]
    fn a_name_that_a_shell_would_read_is_not_part_of_a_command() {
        let told = |label: &[u8]| {
            let name = Name::from_labels([label, b"example"]).unwrap();
            Trace(&Question::new(&name, RecordType::MX)).to_string()
        };
        assert_eq!(told(b"mail"), "`resolverctl query mail.example. MX --trace` shows each step");
        for label in ["$(reboot)", "a;b", "-rf", "a b", "`"] {
            assert_eq!(
                told(label.as_bytes()),
                "`resolverctl query NAME --trace` with a name of this zone shows each step"
            );
        }
    }
}
