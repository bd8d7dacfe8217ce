//! A log line: the begin or the end of an incident, or a failed or slow question, as a sentence and as fields.
//!
//! The fields are spelled as in JSON: see `Fields`. The sentence describes what was seen, so that it is true for any
//! cause.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};

use super::culprit::CulpritKind;
use super::entry::QuestionEntry;
use super::evidence::CulpritReport;
use super::failure::FailedQuestion;
use super::redact::{Redaction, Secrets};
use dns::question::{
    ClientTransport, ExtendedError, Question, kind_text, name_of_wire, name_text, zone_text,
};

/// A line for the log.
#[derive(Clone, Debug, PartialEq)]
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
    /// The first question of a zone in an hour has failed.
    QueryFailed(Box<FailedLine>),
    /// Questions of an hour that failed without a line.
    QueriesFailed {
        /// Their number.
        queries: u64,
        /// The number of their zones.
        zones: usize,
        /// The zones with the most of them, and their number.
        most: Vec<(Name, u64)>,
    },
    /// A question was slow, and did not fail.
    QuerySlow(Box<SlowLine>),
    /// Slow questions of a minute that have no line.
    QueriesSlow {
        /// Their number.
        queries: u64,
    },
}

/// The question of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AskedLine {
    name: Name,
    kind: RecordType,
    client: String,
    /// The way in which it came.
    transport: Option<ClientTransport>,
    /// The local user of the client.
    user: Option<Box<str>>,
}

/// A question that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FailedLine {
    asked: AskedLine,
    /// The zone at whose servers it failed.
    zone: Option<Name>,
    /// The sentence that its client got.
    error: String,
    code: Option<u16>,
    /// Why its flight failed, if its client got another reason.
    why: Option<String>,
    servers: Vec<IpAddr>,
    /// The conduct of each of them.
    conduct: String,
}

/// A question that was slow.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SlowLine {
    asked: AskedLine,
    elapsed: Duration,
    culprit: CulpritReport,
}

/// The fields of a line; one without value is left out.
#[derive(Debug, Default)]
struct Fields {
    zone: Option<String>,
    /// The servers with faults, separated by spaces.
    servers: Option<String>,
    /// The question.
    name: Option<String>,
    kind: Option<String>,
    client: Option<String>,
    /// The way in which it came.
    transport: Option<&'static str>,
    /// The local user of the client.
    user: Option<String>,
    /// The code of the extended error (RFC 8914).
    extended_error: Option<u16>,
    /// The conduct of each server.
    conduct: Option<String>,
    /// The kind of the culprit.
    culprit: Option<String>,
}

/// Writes a line at a level.
macro_rules! write_at {
    ($level:ident, $line:expr) => {{
        let fields = $line.fields();
        tracing::$level!(
            incident = $line.incident(),
            zone = fields.zone,
            servers = fields.servers,
            name = fields.name,
            "type" = fields.kind,
            client = fields.client,
            transport = fields.transport,
            user = fields.user,
            extended_error = fields.extended_error,
            conduct = fields.conduct,
            culprit = fields.culprit,
            "{}",
            $line
        )
    }};
}

impl Line {
    /// Writes it to the log: the begin of an incident is a warning. A failed question alone is none, because most are about
    /// domains of spam; one that this resolver turned away is.
    pub(super) fn write(&self) {
        match self {
            Self::QueryFailed(failed) if failed.zone.is_none() => write_at!(warn, self),
            Self::ZoneFails { .. } | Self::NetworkDown { .. } | Self::Withheld { .. } => {
                write_at!(warn, self);
            }
            _ => write_at!(info, self),
        }
    }

    /// The line without the keys of DNS lists. Lines about recorded questions are made of names without keys.
    pub(super) fn without_keys(&self, secrets: &Secrets) -> Self {
        let mut line = self.clone();
        match &mut line {
            Self::ZoneFails { zone, why, question, .. } => {
                *why = secrets.without_keys(std::mem::take(why));
                (*zone, question.name) = (secrets.name(zone), secrets.name(&question.name));
            }
            Self::ZoneAnswers { zone, question, .. } => {
                (*zone, question.name) = (secrets.name(zone), secrets.name(&question.name));
            }
            _ => {}
        }
        line
    }

    /// The line without what `redaction` withholds of names. The zone of a line stays: it is the one that its owner must repair.
    pub(super) fn without_names(mut self, redaction: Redaction) -> Self {
        if !redaction.names {
            return self;
        }
        match &mut self {
            Self::ZoneFails { zone, why, question, .. } => {
                *why = redaction.text(why, &[&name_text(zone)]);
                question.name = redaction.shortened(&question.name);
            }
            Self::ZoneAnswers { question, .. } => question.name = redaction.shortened(&question.name),
            Self::QueryFailed(failed) => failed.shorten(redaction),
            Self::QuerySlow(slow) => slow.shorten(redaction),
            _ => {}
        }
        self
    }

    /// The word of the incident.
    const fn incident(&self) -> &'static str {
        match self {
            Self::ZoneFails { .. } => "zone_fails",
            Self::ZoneAnswers { .. } => "zone_answers",
            Self::NetworkDown { .. } => "network_down",
            Self::NetworkUp { .. } => "network_up",
            Self::Withheld { .. } => "zones_withheld",
            Self::QueryFailed(_) => "query_failed",
            Self::QueriesFailed { .. } => "queries_failed",
            Self::QuerySlow(_) => "query_slow",
            Self::QueriesSlow { .. } => "queries_slow",
        }
    }

    fn fields(&self) -> Fields {
        match self {
            Self::ZoneFails { zone, servers, .. } => {
                Fields { zone: Some(name_text(zone)), servers: spaced(servers), ..Fields::default() }
            }
            Self::ZoneAnswers { zone, .. } => Fields { zone: Some(name_text(zone)), ..Fields::default() },
            Self::QueryFailed(failed) => Fields {
                zone: failed.zone.as_ref().map(name_text),
                servers: spaced(&failed.servers),
                extended_error: failed.code,
                conduct: Some(failed.conduct.clone()).filter(|conduct| !conduct.is_empty()),
                ..failed.asked.fields()
            },
            Self::QuerySlow(slow) => Fields {
                zone: slow.culprit.zone.clone(),
                servers: slow.culprit.server.clone(),
                culprit: Some(slow.culprit.kind.word().to_owned()),
                ..slow.asked.fields()
            },
            _ => Fields::default(),
        }
    }
}

/// Addresses, separated by spaces; none if there are none.
fn spaced(servers: &[IpAddr]) -> Option<String> {
    let servers: Vec<String> = servers.iter().map(ToString::to_string).collect();
    (!servers.is_empty()).then(|| servers.join(" "))
}

impl AskedLine {
    fn of(question: &QuestionEntry) -> Self {
        let (kind, client, user) = (question.kind, question.client_text(), question.user.clone());
        Self { name: name_of_wire(&question.name), kind, client, transport: question.transport, user }
    }

    fn fields(&self) -> Fields {
        Fields {
            name: Some(name_text(&self.name)),
            kind: Some(kind_text(self.kind)),
            client: Some(self.client.clone()),
            transport: self.transport.map(ClientTransport::word),
            user: self.user.as_ref().map(|user| user.to_string()),
            ..Fields::default()
        }
    }
}

impl fmt::Display for AskedLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} from {}", name_text(&self.name), kind_text(self.kind), self.client)?;
        if let Some(encrypted) = self.transport.filter(|transport| transport.is_encrypted()) {
            write!(formatter, " over {}", encrypted.word())?;
        }
        self.user.iter().try_for_each(|user| write!(formatter, " (user {user})"))
    }
}

impl FailedLine {
    pub(super) fn of(failed: &FailedQuestion<'_>) -> Self {
        let question = failed.asked.question;
        let why = Some(failed.why()).filter(|why| !question.error.contains(why));
        let (error, why) = match why {
            Some(why) if question.error.is_empty() => (why, None),
            why => (&*question.error, why),
        };
        Self {
            asked: AskedLine::of(question),
            zone: (!failed.zone.is_empty()).then(|| name_of_wire(&failed.zone)),
            error: error.to_owned(),
            code: question.code,
            why: why.map(str::to_owned),
            servers: failed.servers.iter().map(|(server, _)| *server).collect(),
            conduct: failed.servers_text(),
        }
    }

    fn shorten(&mut self, redaction: Redaction) {
        let zone = self.zone.as_ref().map(name_text).unwrap_or_default();
        self.asked.name = redaction.shortened(&self.asked.name);
        self.error = redaction.text(&self.error, &[&zone]);
        self.why = self.why.as_ref().map(|why| redaction.text(why, &[&zone]));
    }
}

impl fmt::Display for FailedLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { asked, error, why, conduct, .. } = self;
        let error = if error.is_empty() { "SERVFAIL" } else { error };
        write!(formatter, "query {asked} failed: {error}")?;
        if let Some(code) = self.code {
            let name =
                ExtendedError::new(code, "").name().map(|name| format!(", {name}")).unwrap_or_default();
            write!(formatter, " (extended DNS error {code}{name})")?;
        }
        if let Some(why) = why {
            write!(formatter, "; {why}")?;
        }
        // The sentence of most failures has the servers already; that of a timeout has the last one.
        let last = match self.servers.as_slice() {
            [one] if ["no answer", "timeout"].iter().any(|silent| *conduct == format!("{one} {silent}")) => {
                Some(format!("the last queried server was {one} of "))
            }
            _ => None,
        };
        let has_servers = [Some(error), why.as_deref()].into_iter().flatten().any(|words| {
            words.contains(conduct) || last.as_ref().is_some_and(|last| words.contains(last.as_str()))
        });
        if !has_servers {
            write!(formatter, "; servers: {conduct}")?;
        }
        match &self.zone {
            Some(zone) => {
                write!(formatter, "; `resolverctl failed` shows further failures of {}", zone_text(zone))
            }
            None => formatter.write_str(
                "; `resolverctl stats` shows the clients and the zones that cause the load, `resolverctl failed` shows further failures",
            ),
        }
    }
}

impl SlowLine {
    pub(super) fn of(question: &QuestionEntry, culprit: CulpritReport) -> Self {
        Self { asked: AskedLine::of(question), elapsed: Duration::from_micros(question.elapsed), culprit }
    }

    fn shorten(&mut self, redaction: Redaction) {
        self.asked.name = redaction.shortened(&self.asked.name);
        let CulpritReport { zone, list, evidence, advice, .. } = &mut self.culprit;
        let kept = [zone, list].map(|name| name.as_deref().unwrap_or_default());
        *evidence = redaction.text(evidence, &kept);
        *advice = redaction.text(advice, &kept);
    }
}

impl fmt::Display for SlowLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { asked, elapsed, culprit } = self;
        let kind = match culprit.kind {
            CulpritKind::Loss => "packet loss".to_owned(),
            CulpritKind::None => "not known".to_owned(),
            kind => kind.word().replace('_', " "),
        };
        let (seconds, evidence, advice) = (elapsed.as_secs_f32(), &culprit.evidence, &culprit.advice);
        write!(formatter, "query {asked} took {seconds:.1} s; cause: {kind}; {evidence}; to do: {advice}")
    }
}

impl fmt::Display for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Less than a second is shown as one second.
        let age = |span: &Duration| TimeSpan((*span).max(Duration::from_secs(1)));
        match self {
            Self::ZoneFails { zone, failures, doubted, span, why, question, .. } => write!(
                formatter,
                "{failures} queries for {} {} within {}; cause of the last failure: {why}; {}",
                zone_words(zone),
                failed_text(*doubted),
                age(span),
                Trace(question)
            ),
            Self::ZoneAnswers { zone, question, after } => write!(
                formatter,
                "queries for {} are answered again after {}; the first answered query was {question}",
                zone_words(zone),
                age(after)
            ),
            Self::NetworkDown { servers, span } => write!(
                formatter,
                "no server on the internet has answered for {}: resolverd queried {servers} servers, among them root servers; check whether this host reaches port 53 of other hosts: `resolverctl check system`",
                age(span)
            ),
            Self::NetworkUp { after } => {
                write!(formatter, "servers on the internet answer again after an outage of {}", age(after))
            }
            Self::Withheld { zones } => write!(
                formatter,
                "{zones} more zones failed in the last hour; `resolverctl failed --since 1h` shows them"
            ),
            Self::QueryFailed(failed) => failed.fmt(formatter),
            Self::QueriesFailed { queries, zones, most } => {
                let queries = counted(
                    *queries,
                    "failed query of the last hour was not logged by itself",
                    "failed queries of the last hour were not logged one by one",
                );
                let most: Vec<String> =
                    most.iter().map(|(zone, count)| format!("{} {count}", name_text(zone))).collect();
                let zones = match zones {
                    0 => String::new(),
                    count => format!(
                        ", of {} (most: {})",
                        counted(*count as u64, "zone", "zones"),
                        most.join(", ")
                    ),
                };
                write!(formatter, "{queries}{zones}; `resolverctl failed --since 1h` shows them")
            }
            Self::QuerySlow(slow) => slow.fmt(formatter),
            Self::QueriesSlow { queries } => write!(
                formatter,
                "{} slow in the last minute; `resolverctl why --slowest 20` shows the emails whose queries were slowest",
                counted(*queries, "more query was", "more queries were")
            ),
        }
    }
}

/// A zone in a sentence.
fn zone_words(zone: &Name) -> String {
    if zone.is_root() { zone_text(zone) } else { format!("zone {}", name_text(zone)) }
}

/// A number with its word for one and for many.
fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// The verb for queries that failed, of which some were denied without authority if `doubted`.
pub fn failed_text(doubted: bool) -> &'static str {
    if doubted { "failed or got negative answers that were not authoritative" } else { "failed" }
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
            7_200..172_800 if whole % 3_600 / 60 == 0 => write!(formatter, "{} h", whole / 3_600),
            7_200..172_800 => write!(formatter, "{} h {} min", whole / 3_600, whole % 3_600 / 60),
            _ if whole % 86_400 / 3_600 == 0 => write!(formatter, "{} d", whole / 86_400),
            _ => write!(formatter, "{} d {} h", whole / 86_400, whole % 86_400 / 3_600),
        }
    }
}

/// The command that shows how a question fails; a name with characters that a shell would interpret is left out.
pub(super) struct Trace<'a>(pub(super) &'a Question);

impl fmt::Display for Trace<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, kind) = (name_text(&self.0.name), kind_text(self.0.kind));
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
        if name.chars().all(plain) && !name.starts_with('-') {
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
    fn a_line_about_a_zone_has_no_key_of_a_list() {
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
                let line = line.without_keys(secrets);
                let told = format!("{line} {:?}", line.fields());
                assert!(told.contains("7.2._key.dq.list.test. A") && !told.contains(KEY), "{told}");
            }
        }
    }

    #[test]
    fn a_name_that_a_shell_would_read_is_not_part_of_a_command() {
        let told = |label: &[u8]| {
            let name = Name::from_labels([label, b"example"]).unwrap();
            Trace(&Question::new(&name, RecordType::MX)).to_string()
        };
        assert_eq!(told(b"mail"), "`resolverctl trace mail.example. MX` shows each step");
        for label in ["$(reboot)", "a;b", "-rf", "a b", "`"] {
            assert_eq!(
                told(label.as_bytes()),
                "`resolverctl trace NAME` with a name of this zone shows each step"
            );
        }
    }
}
