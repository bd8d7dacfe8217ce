//! A log line: the start or the end of an incident, or what is observed about a question, as a sentence and fields.
//!
//! The fields have the same names as in JSON, see `Fields`. The sentence describes only what was observed, so it is true for every cause.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use hickory_proto::rr::Name;

use crate::entry::QuestionEntry;
use crate::redact::{Redaction, Secrets};
use crate::report::{ClockJump, LossReport};
use dns::question::{ClientTransport, Question, kind_text, name_of_wire, name_text, zone_text};

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Line {
    ZoneFails {
        zone: Name,
        failures: u32,
        /// True if the servers denied some names without authority (no AA flag), instead of failing.
        doubted: bool,
        /// From the first failed question to the last one.
        span: Duration,
        why: String,
        question: Question,
        /// The servers that had a fault when the last question failed.
        servers: Vec<IpAddr>,
    },
    /// A question in the zone failed before, and is answered again.
    ZoneAnswers {
        zone: Name,
        question: Question,
        after: Duration,
    },
    /// A server that an incident of the zone blamed answers again.
    ServerAnswers {
        zone: Name,
        server: IpAddr,
        after: Duration,
    },
    NetworkDown {
        servers: usize,
        /// Since the first unanswered query.
        span: Duration,
    },
    /// A server on the internet answers again.
    NetworkUp {
        after: Duration,
    },
    /// TCP to servers in this number of networks and to a root server fails, since the time `span` ago.
    TcpBlocked {
        networks: usize,
        span: Duration,
    },
    TcpWorks {
        after: Duration,
    },
    /// Servers answer over IPv4, but none in several networks does over IPv6.
    Ipv6Broken,
    Ipv6Works {
        after: Duration,
    },
    ClockSet(ClockJump),
    NetworkLossy(LossReport),
    NetworkLossEnds {
        after: Duration,
    },
    /// More zones failed than the log may report in an hour.
    Withheld {
        zones: u32,
    },
}

/// A log line: a sentence, and fields. Fields without a value are not written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogText {
    /// True for the start of an incident, and for a question that resolverd rejected. A single failed question is no warning: most of these
    /// are about domains in spam.
    pub is_warning: bool,
    /// The word for what happened.
    pub incident: &'static str,
    /// The sentence.
    pub text: String,
    /// The zone that it is about.
    pub zone: Option<String>,
    /// The DNS list that it is about.
    pub list: Option<String>,
    /// Addresses of the servers with faults, separated by spaces.
    pub servers: Option<String>,
    /// The queried name.
    pub name: Option<Name>,
    /// The record type.
    pub kind: Option<String>,
    /// The address of the client.
    pub client: Option<String>,
    /// How the question reached resolverd, for instance UDP.
    pub transport: Option<&'static str>,
    /// The client's local user, if it is known.
    pub user: Option<String>,
    /// The code of the extended error (RFC 8914).
    pub extended_error: Option<u16>,
    /// The behaviour of the servers with faults.
    pub conduct: Option<String>,
    /// The kind of the culprit.
    pub culprit: Option<&'static str>,
}

macro_rules! write_at {
    ($level:ident, $line:expr) => {
        tracing::$level!(
            incident = $line.incident,
            zone = $line.zone,
            servers = $line.servers,
            name = $line.name.as_ref().map(name_text),
            "type" = $line.kind,
            client = $line.client,
            transport = $line.transport,
            user = $line.user,
            extended_error = $line.extended_error,
            conduct = $line.conduct,
            culprit = $line.culprit,
            "{}",
            $line.text
        )
    };
}

impl LogText {
    /// Begins a line about a question of a client.
    pub fn of_question(question: &QuestionEntry) -> Self {
        let name = name_of_wire(&question.name);
        let mut text = format!(
            "query {} {} from {}",
            name_text(&name),
            kind_text(question.kind),
            question.client_text()
        );
        if let Some(encrypted) = question.transport.filter(|transport| transport.is_encrypted()) {
            text.push_str(&format!(" over {}", encrypted.label()));
        }
        text.extend(question.user.iter().map(|user| format!(" (user {user})")));
        Self {
            text,
            name: Some(name),
            kind: Some(kind_text(question.kind)),
            client: Some(question.client_text()),
            transport: question.transport.map(ClientTransport::label),
            user: question.user.as_ref().map(|user| user.to_string()),
            ..Self::default()
        }
    }

    /// Writes the line to the log, without the keys in `secrets` and what `redaction` withholds.
    pub fn write(self, secrets: &Secrets, redaction: Redaction) {
        let line = self.withheld(secrets, redaction);
        if line.is_warning { write_at!(warn, line) } else { write_at!(info, line) }
    }

    /// Removes customer keys of DNS lists, and what `redaction` withholds. The zone stays: it shows whose servers fail.
    fn withheld(mut self, secrets: &Secrets, redaction: Redaction) -> Self {
        for text in [Some(&mut self.text), self.zone.as_mut(), self.list.as_mut()].into_iter().flatten() {
            *text = secrets.without_keys(std::mem::take(text));
        }
        self.name = self.name.map(|name| secrets.name(&name));
        if redaction.names {
            let kept = [&self.zone, &self.list].map(|name| name.as_deref().unwrap_or_default());
            self.text = redaction.text(&self.text, &kept);
            self.name = self.name.map(|name| redaction.shortened(&name));
        }
        self
    }
}

impl Line {
    /// Writes the line to the log, without the keys in `secrets` and what `redaction` withholds.
    pub(crate) fn write(self, secrets: &Secrets, redaction: Redaction) {
        self.log_text().write(secrets, redaction);
    }

    pub(crate) fn log_text(self) -> LogText {
        let line = |is_warning: bool, incident: &'static str, text: String| LogText {
            is_warning,
            incident,
            text,
            ..LogText::default()
        };
        match self {
            Self::ZoneFails { zone, failures, doubted, span, why, question, servers } => {
                let (words, failed, span) = (zone_words(&zone), failed_text(doubted), age(span));
                let text = format!(
                    "{failures} resolutions for {words} {failed} within {span}; cause of the last failure: {why}; {}",
                    Trace(&question)
                );
                let zone = Some(name_text(&zone));
                LogText { zone, servers: spaced(&servers), ..line(true, "zone_fails", text) }
            }
            Self::ZoneAnswers { zone, question, after } => {
                let text = answers_text(&zone, after, &question);
                LogText { zone: Some(name_text(&zone)), ..line(false, "zone_answers", text) }
            }
            Self::ServerAnswers { zone, server, after } => {
                let text = server_text(&zone, server, after);
                LogText { zone: Some(name_text(&zone)), ..line(false, "zone_answers", text) }
            }
            Self::NetworkDown { servers, span } => line(true, "network_down", down_text(servers, span)),
            Self::NetworkUp { after } => {
                let text = format!("servers on the internet answer again after an outage of {}", age(after));
                line(false, "network_up", text)
            }
            Self::TcpBlocked { networks, span } => line(true, "tcp_blocked", blocked_text(networks, span)),
            Self::TcpWorks { after } => {
                line(false, "tcp_works", format!("servers answer over TCP again after {}", age(after)))
            }
            Self::Ipv6Broken => line(true, "ipv6_broken", IPV6_BROKEN.to_owned()),
            Self::Ipv6Works { after } => {
                line(false, "ipv6_works", format!("servers answer over IPv6 again after {}", age(after)))
            }
            Self::ClockSet(jump) => line(true, "clock_set", clock_text(jump)),
            Self::NetworkLossy(loss) => line(true, "network_lossy", lossy_text(loss)),
            Self::NetworkLossEnds { after } => {
                let text = format!("the network of this host no longer loses packets, after {}", age(after));
                line(false, "network_loss_ends", text)
            }
            Self::Withheld { zones } => {
                let text = format!(
                    "{zones} more zones failed in the last hour; `resolverctl failed --since 1h` shows them"
                );
                line(true, "zones_withheld", text)
            }
        }
    }
}

const IPV6_BROKEN: &str = "IPv6 is broken on the path from this host: servers in several networks do not answer over it, although servers answer over IPv4; resolverd uses IPv4 only and tries IPv6 again from time to time; repair it, or set resolve.ipv6 = false";

/// Less than a second is shown as one second.
fn age(span: Duration) -> TimeSpan {
    TimeSpan(span.max(Duration::from_secs(1)))
}

fn answers_text(zone: &Name, after: Duration, question: &Question) -> String {
    let (words, after) = (zone_words(zone), age(after));
    format!(
        "queries for {words} are answered again, {after} after the first failed query; the first answered query was {question}"
    )
}

fn server_text(zone: &Name, server: IpAddr, after: Duration) -> String {
    let (words, after) = (zone_words(zone), age(after));
    format!("{server}, a server of {words}, answers again, {after} after the first failed query")
}

fn clock_text(jump: ClockJump) -> String {
    format!("the {jump}; the time decides which DNSSEC signatures are valid: check it")
}

fn down_text(servers: usize, span: Duration) -> String {
    format!(
        "no server on the internet has answered for {}: resolverd queried {servers} servers, among them root servers; check whether this host reaches port 53 of other hosts: `resolverctl check system`",
        age(span)
    )
}

fn blocked_text(networks: usize, span: Duration) -> String {
    format!(
        "TCP port 53 of other hosts is blocked on the path from this host for {}: TCP fails to {networks} networks, among them a root server, although servers answer over UDP; allow outgoing TCP to port 53 in the firewall: `resolverctl check system`",
        age(span)
    )
}

fn lossy_text(loss: LossReport) -> String {
    format!("the network of this host loses packets: {loss}; check the uplink")
}

/// Returns addresses separated by spaces; none if there is no address.
pub fn spaced(servers: &[IpAddr]) -> Option<String> {
    let servers: Vec<String> = servers.iter().map(ToString::to_string).collect();
    (!servers.is_empty()).then(|| servers.join(" "))
}

fn zone_words(zone: &Name) -> String {
    if zone.is_root() { zone_text(zone) } else { format!("zone {}", name_text(zone)) }
}

/// The number of addresses that a sentence names.
const NAMED: usize = 4;

/// Returns the first `NAMED` addresses as text, and how many are left out.
pub fn named(servers: impl Iterator<Item = impl ToString>) -> String {
    let servers: Vec<String> = servers.map(|server| server.to_string()).collect();
    let more = servers.len().saturating_sub(NAMED);
    let first = servers.get(..NAMED).unwrap_or(&servers).join(", ");
    if more > 0 { format!("{first} and {more} more") } else { first }
}

/// Returns the verb for a sentence about failed queries. `doubted`: some were denials without authority (no AA flag).
pub fn failed_text(doubted: bool) -> &'static str {
    if doubted { "failed or got negative answers that were not authoritative" } else { "failed" }
}

/// Writes a duration in one unit, or in two units from two hours on: "61 s", "12 min", "3 h 4 min", "2 d 7 h".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeSpan(pub Duration);

impl fmt::Display for TimeSpan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0.saturating_add(Duration::from_millis(500)).as_secs();
        match whole {
            0..120 => write!(formatter, "{whole} s"),
            120..7_200 => write!(formatter, "{} min", whole / 60),
            7_200..172_800 if whole % 3_600 / 60 == 0 => write!(formatter, "{} h", whole / 3_600),
            7_200..172_800 => write!(formatter, "{} h {} min", whole / 3_600, whole % 3_600 / 60),
            _ if whole % 86_400 / 3_600 == 0 => write!(formatter, "{} d", whole / 86_400),
            _ => write!(formatter, "{} d {} h", whole / 86_400, whole % 86_400 / 3_600),
        }
    }
}

/// Returns true if no character of the name has a meaning for a shell.
fn is_plain(name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    name.chars().all(plain) && !name.starts_with('-')
}

/// Returns the command that shows more about a failing zone. `configured`: the operator configured its servers. `question`: the one that
/// failed last.
pub(crate) fn next_step(zone: &Name, configured: bool, question: &Question) -> String {
    let name = name_text(zone);
    match name.trim_end_matches('.') {
        name if !configured && !name.is_empty() && is_plain(name) => {
            format!("`resolverctl check {name}` shows what its owner must repair")
        }
        _ => Trace(question).to_string(),
    }
}

/// Writes the `resolverctl trace` command for a failed question, without the name if a character of it has a meaning for a shell.
pub(crate) struct Trace<'a>(pub(crate) &'a Question);

impl fmt::Display for Trace<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, kind) = (name_text(&self.0.name), kind_text(self.0.kind));
        if is_plain(&name) {
            write!(formatter, "`resolverctl trace {name} {kind}` shows each step")
        } else {
            write!(formatter, "`resolverctl trace NAME` with a name of this zone shows each step")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::question::wire_name;
    use hickory_proto::rr::RecordType;

    #[test]
    fn zone_line_hides_list_key() {
        const KEY: &str = "sekretkey0123456789abcd";
        let name = |text: &str| Name::from_ascii(text.replace("KEY", KEY)).unwrap();
        let known = Secrets::before([wire_name(&name("dq.list.test."))]);
        for (secrets, zone) in [
            (&known, "dq.list.test."),
            (&known, "KEY.dq.list.test."),
            (&Secrets::unknown(), "dq.list.test."),
            (&Secrets::unknown(), "KEY.dq.list.test."),
        ] {
            let (zone, question) = (name(zone), Question::new(&name("7.2.KEY.dq.list.test."), RecordType::A));
            let fails = Line::ZoneFails {
                zone: zone.clone(),
                failures: 3,
                doubted: false,
                span: Duration::from_secs(1),
                why: format!("no server of {zone} answers"),
                question: question.clone(),
                servers: Vec::new(),
            };
            let answers = Line::ZoneAnswers { zone, question, after: Duration::from_secs(1) };
            for line in [fails, answers] {
                let line = line.log_text().withheld(secrets, Redaction::default());
                let shown = format!("{} {line:?}", line.text);
                assert!(shown.contains("7.2._key.dq.list.test. A") && !shown.contains(KEY), "{shown}");
            }
        }
    }

    #[test]
    fn shell_characters_leave_command_out() {
        let shown = |label: &[u8]| {
            let name = Name::from_labels([label, b"example"]).unwrap();
            Trace(&Question::new(&name, RecordType::MX)).to_string()
        };
        assert_eq!(shown(b"mail"), "`resolverctl trace mail.example. MX` shows each step");
        let question = Question::new(&Name::from_ascii("mail.example.").unwrap(), RecordType::MX);
        let next =
            |zone: &str, configured| next_step(&Name::from_ascii(zone).unwrap(), configured, &question);
        assert_eq!(next("example.", false), "`resolverctl check example` shows what its owner must repair");
        assert_eq!(next("example.", true), shown(b"mail"));
        assert_eq!(next(".", false), shown(b"mail"));
        for label in ["$(reboot)", "a;b", "-rf", "a b", "`"] {
            assert_eq!(
                shown(label.as_bytes()),
                "`resolverctl trace NAME` with a name of this zone shows each step"
            );
        }
    }
}
