//! A line of the log: the begin or the end of an incident, in a sentence and in fields.
//!
//! May call: `record::event`. The fields are `incident`, `zone` and `servers`; what stands in them is spelled as elsewhere.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use hickory_proto::rr::Name;

use super::event::Conduct;

/// A line for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// No server of a zone helps any more.
    ZoneFails {
        /// The zone.
        zone: Name,
        /// Flights that failed in a row.
        failures: u32,
        /// Since the first of them.
        span: Duration,
        /// Servers that did wrong meanwhile, and what.
        servers: Vec<(IpAddr, Conduct)>,
    },
    /// One does again.
    ZoneAnswers {
        /// The zone.
        zone: Name,
        /// Since the line that said that it fails.
        after: Duration,
    },
    /// Nobody has asked what it fails at for long enough to forget it.
    ZoneQuiet {
        /// The zone.
        zone: Name,
    },
    /// No server of any zone answers.
    NetworkDown {
        /// Messages in a row that nobody answered.
        messages: u32,
        /// Since the first of them.
        span: Duration,
    },
    /// One does again.
    NetworkUp {
        /// Since the line that said that none does.
        after: Duration,
    },
    /// More zones failed than the hour had lines for.
    Withheld {
        /// How many.
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
    /// Writes it to the log: what begins is a warning.
    pub(super) fn write(&self) {
        match self {
            Self::ZoneFails { .. } | Self::NetworkDown { .. } | Self::Withheld { .. } => {
                write_at!(warn, self);
            }
            Self::ZoneAnswers { .. } | Self::ZoneQuiet { .. } | Self::NetworkUp { .. } => {
                write_at!(info, self);
            }
        }
    }

    /// The word for what happened.
    const fn incident(&self) -> &'static str {
        match self {
            Self::ZoneFails { .. } => "zone_fails",
            Self::ZoneAnswers { .. } => "zone_answers",
            Self::ZoneQuiet { .. } => "zone_quiet",
            Self::NetworkDown { .. } => "network_down",
            Self::NetworkUp { .. } => "network_up",
            Self::Withheld { .. } => "zones_withheld",
        }
    }

    const fn zone(&self) -> Option<&Name> {
        match self {
            Self::ZoneFails { zone, .. } | Self::ZoneAnswers { zone, .. } | Self::ZoneQuiet { zone } => {
                Some(zone)
            }
            Self::NetworkDown { .. } | Self::NetworkUp { .. } | Self::Withheld { .. } => None,
        }
    }

    /// The servers that did wrong, a space between them.
    fn servers(&self) -> Option<String> {
        match self {
            Self::ZoneFails { servers, .. } if !servers.is_empty() => {
                let servers: Vec<String> = servers.iter().map(|(server, _)| server.to_string()).collect();
                Some(servers.join(" "))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |span: &Duration| span.as_secs();
        match self {
            Self::ZoneFails { zone, failures, span, servers } => write!(
                formatter,
                "no server of {zone} helps: {failures} questions failed within {} s{}; `resolverctl query --trace` of a name in it shows why",
                seconds(span),
                Blamed(servers)
            ),
            Self::ZoneAnswers { zone, after } => {
                write!(formatter, "the servers of {zone} answer again, after {} s", seconds(after))
            }
            Self::ZoneQuiet { zone } => {
                write!(formatter, "nobody asks any more for what failed in {zone}")
            }
            Self::NetworkDown { messages, span } => write!(
                formatter,
                "no server of any zone answers: {messages} messages within {} s; see whether this host reaches the internet on port 53, `resolverctl check system` tries it",
                seconds(span)
            ),
            Self::NetworkUp { after } => {
                write!(formatter, "servers answer again, after {} s", seconds(after))
            }
            Self::Withheld { zones } => write!(
                formatter,
                "{zones} more zones failed in the last hour; `resolverctl stats --slow --since 1h` names them"
            ),
        }
    }
}

/// Servers and what they did, in brackets; nothing where there are none.
struct Blamed<'a>(&'a [(IpAddr, Conduct)]);

impl fmt::Display for Blamed<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self
            .0
            .iter()
            .filter_map(|(server, conduct)| conduct.fault().map(|fault| format!("{server} {fault}")))
            .collect();
        if words.is_empty() { Ok(()) } else { write!(formatter, " ({})", words.join(", ")) }
    }
}
