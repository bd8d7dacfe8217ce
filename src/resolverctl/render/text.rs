//! The output of `status`, `query`, `flush`, `reload` and `config check` as text.

use std::path::Path;

use super::style::{Paint, Style};
use super::{screen, words};
use config::{ConfigProblem, Errors};
use dns::cached::StoreFill;
use dns::clock::{date, minute};
use dns::question::{Outcome, Security};
use dns::wire::presentation::harmless;
use doctor::facts::Record;
use protocol::{
    CertificateStatus, DaemonStatus, QueryReply, Removed, Reply, RootKeyRow, RootKeyStanding, RootKeysStatus,
    Severity, SnapshotStatus, Status,
};
use record::Window;

/// The words after a configured listen address that this host does not have.
const LATER: &str = "resolverd listens there as soon as it appears";

/// Returns the predicate of the first line of `resolverctl status`.
pub fn verdict(status: &Status) -> String {
    let others = status.faults_of_others();
    match (status.warnings.len().saturating_sub(others), others) {
        (0, 0) => "is healthy".to_owned(),
        (0, 1) => "works; 1 fault outside resolverd affects your mail, see below".to_owned(),
        (0, _) => format!("works; {others} faults outside resolverd affect your mail, see below"),
        (1, _) => "is not healthy: 1 problem, see below".to_owned(),
        (count, _) => format!("is not healthy: {count} problems, see below"),
    }
}

/// Returns the words before a warning in `resolverctl status`.
pub fn warning_label(severity: Severity) -> &'static str {
    if severity == Severity::Notice { "fault outside resolverd" } else { "problem" }
}

/// Returns the output of `resolverctl status`.
pub fn status(status: &Status, style: Style) -> String {
    let daemon = &status.daemon;
    let paint = if status.works() { Paint::Good } else { Paint::Bad };
    let (verdict, up) = (style.paint(paint, &verdict(status)), words::age(status.uptime));
    let mut text = format!("resolverd {} {verdict}; up {up}\n\n", daemon.version);
    let listen: Vec<String> = daemon.listen.iter().map(ToString::to_string).collect();
    let config = daemon.config.as_deref().unwrap_or("defaults (no file)");
    let window = words::window(Window::FiveMinutes, status.seconds);
    let questions = format!("{} ({window})", words::number(status.questions));
    let flights =
        format!("{} (limit {} queries)", words::number(daemon.flights), words::number(daemon.flights_max));
    let mut item = |label: &str, value: String| text.push_str(&screen::items(label, &[value], style));
    item("process ID", daemon.process.to_string());
    item("config", config.to_owned());
    item("listens at", listen.join("   "));
    for missing in &daemon.missing {
        item("", format!("not yet at {}: {}; {LATER}", missing.address, missing.why));
    }
    text.push_str(&encrypted(daemon, style));
    if let Some(metrics) = daemon.metrics.as_ref().filter(|metrics| metrics.why.is_none()) {
        text.push_str(&screen::items("metrics at", &[metrics.address.to_string()], style));
    }
    text.push_str(&screen::items("queries", &[questions], style));
    text.push_str(&screen::items("in progress", &[flights], style));
    if !status.stores.is_empty() {
        text.push_str(&screen::items("cache", &[cache(&status.stores)], style));
    }
    if let Some(written) = &daemon.snapshot {
        text.push_str(&screen::items("snapshot", &snapshot(written), style));
    }
    if !daemon.root_keys.keys.is_empty() {
        text.push_str(&screen::items("root keys", &root_keys(&daemon.root_keys), style));
    }
    for warning in &status.warnings {
        let problem = style.paint(Paint::Bad, &harmless(&warning.problem));
        let (to_do, remedy) = (style.paint(Paint::Faint, "to do:"), harmless(&warning.remedy));
        let label = warning_label(warning.severity);
        text.push_str(&format!("\n{label}: {problem}\n  {to_do} {remedy}\n"));
    }
    text
}

/// Returns the lines about the addresses at which the daemon listens for encrypted DNS, and about the certificates.
fn encrypted(daemon: &DaemonStatus, style: Style) -> String {
    let mut text = String::new();
    let [tls, https, quic] = [&daemon.listen_tls, &daemon.listen_https, &daemon.listen_quic];
    for (label, listen) in [("TLS at", tls), ("HTTPS at", https), ("QUIC at", quic)] {
        if !listen.is_empty() {
            let listen: Vec<String> = listen.iter().map(ToString::to_string).collect();
            text.push_str(&screen::items(label, &[listen.join("   ")], style));
        }
    }
    if !text.is_empty() {
        let items: Vec<String> = daemon.certificates.iter().map(certificate).collect();
        text.push_str(&screen::items("certificate", &items, style));
    }
    text
}

fn certificate(row: &CertificateStatus) -> String {
    let until = row.until.map(|until| format!(", valid until {}", date(until))).unwrap_or_default();
    format!("{}{until}", harmless(&row.file))
}

/// The number of entries and the memory of all parts of the cache together.
fn cache(stores: &[StoreFill]) -> String {
    let sum = |part: fn(&StoreFill) -> u64| stores.iter().map(part).fold(0, u64::saturating_add);
    let used = words::mebibytes(sum(|fill| fill.bytes), sum(|fill| fill.capacity));
    format!("{} entries, {used} MiB used", words::number(sum(|fill| fill.entries)))
}

/// Returns the age and the size of the snapshot, and the number of entries that were restored from the previous one.
fn snapshot(status: &SnapshotStatus) -> [String; 2] {
    let written = status.age.map_or_else(
        || "cache not saved to disk yet".to_owned(),
        |age| {
            let (entries, mebibytes) = (words::number(status.entries), words::in_mebibytes(status.bytes));
            format!(
                "{entries} cache entries saved to disk {} ago ({mebibytes} MiB); answers of DNS lists are not saved",
                words::age(age)
            )
        },
    );
    let restored = if status.read { "loaded from disk at start" } else { "loaded from disk so far" };
    [written, format!("{} cache entries {restored}", words::number(status.restored))]
}

/// The state of each root key, and the last query for the keys.
fn root_keys(status: &RootKeysStatus) -> Vec<String> {
    let key = |row: &RootKeyRow| {
        let since = row.since.map(date).unwrap_or_default();
        let state = match row.state {
            RootKeyStanding::Pending => {
                format!(
                    "new since {since}; resolverd trusts it when the root zone has published it for 30 days"
                )
            }
            RootKeyStanding::Configured if status.follows => {
                "configured, not yet seen in the root zone".to_owned()
            }
            RootKeyStanding::Configured => "configured".to_owned(),
            RootKeyStanding::Valid => format!("valid since {since}"),
            RootKeyStanding::Missing => format!("valid, but not in the root zone since {since}"),
            RootKeyStanding::Revoked => format!("revoked since {since}"),
            RootKeyStanding::Removed => format!("removed since {since}"),
        };
        format!("key tag {}: {state}", row.tag)
    };
    let checked = match (status.unfollowed, status.checked, &status.why) {
        (Some(reason), ..) => format!("changes of the keys are not followed: {}", reason.label()),
        (None, _, Some(why)) => format!("last check failed: {}", harmless(why)),
        (None, Some(checked), None) => format!("last checked at {}", minute(checked)),
        (None, None, None) => "keys not checked yet".to_owned(),
    };
    status.keys.iter().map(key).chain([checked]).collect()
}

/// Returns the answer to a query, and a line with its source and the time that resolverd needed for it.
pub fn query(reply: &QueryReply, style: Style) -> String {
    let text = answer(reply, false, style);
    if is_answer(reply) {
        return text;
    }
    text + &format!("to do: `resolverctl trace {} {}` shows each step\n", reply.name, reply.kind)
}

/// Returns true if the reply is not an error: it has records, or denies the name or the type.
pub(super) fn is_answer(reply: &QueryReply) -> bool {
    matches!(reply.rcode.as_str(), "NOERROR" | "NXDOMAIN")
}

/// Returns an answer without the advice of `query`. `fresh` is true if it was resolved without the cache.
pub(super) fn answer(reply: &QueryReply, fresh: bool, style: Style) -> String {
    let mut text = String::new();
    let is_answer = is_answer(reply);
    if reply.answers.is_empty() {
        let none = match reply.rcode.as_str() {
            "NXDOMAIN" => "the name does not exist",
            _ if is_answer => "the name has no records of this type",
            _ => "no answer",
        };
        text.push_str(&format!("{}  {}  {none}\n", reply.name, reply.kind));
    }
    text.push_str(&records(&reply.answers));
    let paint = if is_answer { Paint::Good } else { Paint::Bad };
    let rcode = style.paint(paint, &reply.rcode);
    let source = match reply.outcome {
        Outcome::Cache if fresh => "known without a server in",
        outcome => source(outcome),
    };
    text.push_str(&format!("{rcode}, {source} {}", words::time(reply.elapsed)));
    if let Some(soa) = reply.authority.iter().find(|record| record.is("SOA")) {
        text.push_str(&format!(
            ", negative answer {} {} (SOA of {})",
            if fresh { "may be cached for" } else { "cached for another" },
            words::age(f64::from(soa.ttl)),
            soa.name
        ));
    }
    match reply.security {
        Security::Secure => text.push_str(", validated with DNSSEC (secure)"),
        Security::Insecure => text.push_str(", not validated with DNSSEC (insecure)"),
        Security::Unchecked => {}
    }
    text.push('\n');
    if let Some(error) = &reply.extended_error {
        let name = error.name().map(|name| format!(" ({name})")).unwrap_or_default();
        let said = if error.text.is_empty() { String::new() } else { format!(": {}", harmless(&error.text)) };
        text.push_str(&format!("extended error {}{name}{said}\n", error.code));
    }
    if !reply.views.is_empty() {
        let views = reply.views.join(", ");
        text.push_str(&format!(
            "clients of these views get other data: {views} (`resolverctl` asks as a client in no [[view]])\n"
        ));
    }
    text
}

/// Returns the words for the source of an answer. In the output, the time that the answer took follows these words.
const fn source(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Cache => "from cache in",
        Outcome::Shared => "from servers (the same query was in progress already) in",
        Outcome::Upstream => "from servers in",
        Outcome::Stale => "stale answer from cache (no server answered) in",
        Outcome::Failed => "failed after",
        Outcome::Remembered => "cached failure, answered in",
        Outcome::Deadline => "timeout after",
        Outcome::Crashed => "failed because of an internal error of resolverd (see its log) in",
        Outcome::Shed => "not resolved because of overload (too many queries in progress), in",
        Outcome::FormError | Outcome::NotImplemented | Outcome::BadVersion | Outcome::Refused => {
            "rejected in"
        }
    }
}

/// Returns the records in aligned columns, as in a zone file.
fn records(records: &[Record]) -> String {
    let width = |of: fn(&Record) -> usize| records.iter().map(of).max().unwrap_or(0);
    let names = width(|record| record.name.chars().count());
    let ttls = width(|record| record.ttl.to_string().len());
    let kinds = width(|record| record.kind().len());
    let line = |record: &Record| {
        let (Record { name, ttl, .. }, kind) = (record, record.kind());
        let data = record.signature().unwrap_or_else(|| record.text());
        // The data of a record type that the DNS library does not know can contain any characters.
        harmless(&format!("{name:names$}  {ttl:>ttls$}  {kind:kinds$}  {data}")) + "\n"
    };
    records.iter().map(line).collect()
}

const FLUSHED: &str = "answers: complete replies to clients; record sets: the records of one name and type; resolverd makes replies from them\n";

/// Returns a line such as "removed 41 cache entries: 29 answers, 9 record sets (RRsets), 3 negative answers".
pub fn removed(removed: &Removed) -> String {
    let entries = removed.entries;
    let counts = [
        (entries.answers, "answer", "answers"),
        (entries.rrsets, "record set (RRset)", "record sets (RRsets)"),
        (entries.negatives, "negative answer", "negative answers"),
        (entries.delegations, "delegation", "delegations"),
        (entries.failures, "cached failure", "cached failures"),
        (entries.servers, "server", "servers"),
    ];
    let removed_entries: Vec<String> = counts
        .iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| {
            format!("{} {}", words::number(*count), if *count == 1 { one } else { many })
        })
        .collect();
    if removed_entries.is_empty() {
        return "nothing removed: not in the cache\n".to_owned();
    }
    let noun = if removed.removed == 1 { "entry" } else { "entries" };
    let terms = if entries.answers > 0 && entries.rrsets > 0 { FLUSHED } else { "" };
    format!(
        "removed {} cache {noun}: {}\n{terms}",
        words::number(removed.removed),
        removed_entries.join(", ")
    )
}

/// Returns what a reload of the configuration changed, or why it changed nothing.
pub fn reloaded(replies: &[Reply], style: Style) -> String {
    let mut text = String::new();
    for reply in replies {
        match reply {
            Reply::Change { sentence } => text.push_str(&format!("{}\n", harmless(sentence))),
            Reply::Wrong { sentence } => {
                text.push_str(&format!("{}\n", style.paint(Paint::Bad, &harmless(sentence))));
            }
            _ => {}
        }
    }
    if replies.iter().any(|reply| matches!(reply, Reply::Wrong { .. })) {
        text.push_str("the old configuration stays in effect\n");
    } else if text.is_empty() {
        text.push_str("no changes\n");
    }
    text
}

/// Returns the path of a checked configuration file, with its errors or with notes about valid settings. Without a path,
/// resolverctl checked the built-in defaults.
pub fn checked(file: Option<&Path>, checked: &Result<Vec<ConfigProblem>, Errors>) -> String {
    let notes = match checked {
        Ok(notes) => notes.iter().map(|note| format!("note: {note}\n")).collect::<String>(),
        Err(errors) => return format!("{errors}\n"),
    };
    match file {
        Some(file) => format!("{}: ok\n{notes}", file.display()),
        None => format!("no configuration file; the defaults apply\n{notes}"),
    }
}
