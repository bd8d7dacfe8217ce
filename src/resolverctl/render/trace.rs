//! The output of `resolverctl trace`: the steps of a resolution, and then the answer.

use super::style::{Paint, Style};
use super::{text, words};
use dns::wire::presentation::harmless;
use protocol::QueryReply;
use record::event::{DsFact, DsSource, KeyFact, Step, StepEvent};
use record::reason::reason_label;

/// Returns the end of a trace as text: the answer and, if there were no steps, a note that the answer came from the cache. `fresh` is true
/// if the trace does not use the cache.
pub fn end(reply: &QueryReply, has_steps: bool, fresh: bool, style: Style) -> String {
    let end = text::answer(reply, fresh, style);
    if has_steps || fresh {
        format!("\n{end}")
    } else {
        format!("{end}no steps: no server was queried; --fresh resolves past the cache\n")
    }
}

/// Returns the line for a step. `fresh` is true if the trace does not use the cache.
pub fn step(step: &Step, fresh: bool, style: Style) -> String {
    let at = format!("{:>9.1} ms", step.at * 1e3);
    let (word, said, paint) = match &step.event {
        StepEvent::Memory { found } if fresh => ("note", found.clone(), Paint::Plain),
        StepEvent::Dnskey { zone, records, server: None } if fresh => {
            ("dnskey", keys(zone, records, "already known in this trace"), Paint::Plain)
        }
        other => event(other),
    };
    let indent = "  ".repeat(usize::from(step.depth));
    let said = harmless(&said);
    format!(
        "{}  {indent}{} {said}\n",
        style.paint(Paint::Faint, &at),
        style.paint(paint, &format!("{word:<9}"))
    )
}

/// Returns the word for a step, its details, and the colour of the word.
fn event(step: &StepEvent) -> (&'static str, String, Paint) {
    match step {
        StepEvent::Question { name, kind } => ("query", format!("{name} {kind}"), Paint::Head),
        StepEvent::Memory { found } => ("cache", found.clone(), Paint::Plain),
        StepEvent::Synthesized { zone } => {
            ("cache", format!("NXDOMAIN, concluded from signed records of {zone} (RFC 8198)"), Paint::Plain)
        }
        StepEvent::Cut { zone, addresses } => {
            let s = if *addresses == 1 { "" } else { "es" };
            let found =
                format!("{zone} is the closest zone whose servers are known ({addresses} address{s})");
            ("zone cut", found, Paint::Plain)
        }
        StepEvent::Probe { name } => (
            "minimised",
            format!("the next query asks only for {name}, not for the whole name"),
            Paint::Plain,
        ),
        StepEvent::Sent { .. } => ("→", sent(step), Paint::Plain),
        StepEvent::Unanswered { server, waited } => {
            let time = words::time(*waited);
            ("←", format!("{server} no reply within {time}; resolverd still waits for it"), Paint::Bad)
        }
        StepEvent::Received { server, conduct, round_trip, said } => {
            let time = words::time(*round_trip);
            let paint = if conduct.is_fault() { Paint::Bad } else { Paint::Good };
            let label = conduct.label();
            let said = if said.starts_with(label) {
                format!("{server} {said} {time} after the query")
            } else {
                format!("{server} {label} after {time}: {said}")
            };
            ("←", said, paint)
        }
        StepEvent::Scrubbed { .. } | StepEvent::PrivateRemoved { .. } => removed(step),
        StepEvent::Ds { zone, records, from } => ("ds", ds(zone, records, *from), Paint::Plain),
        StepEvent::Dnskey { zone, records, server } => {
            let from =
                server.as_ref().map_or_else(|| "in the cache".to_owned(), |server| format!("from {server}"));
            ("dnskey", keys(zone, records, &from), Paint::Plain)
        }
        StepEvent::Checked { subject, state, why } => {
            let why = why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
            let paint = if step.is_bogus() { Paint::Bad } else { Paint::Plain };
            ("checked", format!("{subject} is {state}{why}"), paint)
        }
        StepEvent::Referral { zone } => ("referral", format!("to {zone}"), Paint::Plain),
        StepEvent::Outdated { .. } | StepEvent::ForwardersFailed { .. } => turned(step),
        StepEvent::Alias { target } => ("alias", format!("to {target}"), Paint::Plain),
        StepEvent::Ended { result } => ("ended", result.clone(), Paint::Head),
    }
}

fn sent(step: &StepEvent) -> String {
    let StepEvent::Sent { server, transport, name, kind, reason, usual } = step else {
        return String::new();
    };
    let transport = transport.label();
    let usual = usual.map_or_else(
        || "round trip not known yet".to_owned(),
        |usual| format!("usual round trip {}", words::time(usual)),
    );
    let reason = reason_label(reason);
    let asked = match (name, kind) {
        (Some(name), Some(kind)) => format!(" for {name} {kind}"),
        _ => String::new(),
    };
    format!("{server} over {transport}{asked} ({reason}; {usual})")
}

/// A step after which resolverd queries other servers: those that the parent zone names now, or the root servers instead of the
/// forwarders.
fn turned(step: &StepEvent) -> (&'static str, String, Paint) {
    match step {
        StepEvent::Outdated { zone } => (
            "outdated",
            format!("the known servers of {zone} no longer serve it; asking the parent zone for its servers"),
            Paint::Plain,
        ),
        StepEvent::ForwardersFailed { zone } => (
            "fallback",
            format!("the forwarders of {zone} did not answer; resolverd asks without them (forward_first)"),
            Paint::Bad,
        ),
        _ => ("", String::new(), Paint::Plain),
    }
}

fn removed(step: &StepEvent) -> (&'static str, String, Paint) {
    let s = |one: &'static str, more: &'static str, dropped: usize| if dropped == 1 { one } else { more };
    let (dropped, records, why, paint) = match step {
        StepEvent::Scrubbed { dropped, records } => {
            let what = s("record", "records", *dropped);
            let its = s("its", "their", *dropped);
            (
                *dropped,
                records.as_slice(),
                format!("{what} from the reply, because the server does not serve {its} zone"),
                Paint::Faint,
            )
        }
        StepEvent::PrivateRemoved { dropped, records } => {
            let what = s("address", "addresses", *dropped);
            let why = format!("private {what} from the answer (private_addresses)");
            (*dropped, records.as_slice(), why, Paint::Bad)
        }
        _ => (0, &[][..], String::new(), Paint::Plain),
    };
    let mut text = format!("{dropped} {why}");
    if !records.is_empty() {
        text.push_str(&format!(": {}", records.join("; ")));
    }
    if !records.is_empty() && records.len() < dropped {
        text.push_str("; ...");
    }
    ("removed", text, paint)
}

/// The DS records of a zone, or its trust anchor, with which the keys of the zone are validated.
fn ds(zone: &str, records: &[DsFact], from: DsSource) -> String {
    let key = |ds: &DsFact| format!("key {} (algorithm {}, digest type {})", ds.tag, ds.algorithm, ds.digest);
    let keys: Vec<String> = records.iter().map(key).collect();
    match from {
        _ if records.is_empty() => format!("{zone} has no DS record, so the zone is not signed"),
        DsSource::Parent => format!("the parent zone has a signed DS record of {zone}: {}", keys.join(", ")),
        DsSource::Anchor => format!("the trust anchor of {zone} is {}", keys.join(", ")),
    }
}

/// `from` says where the keys come from.
fn keys(zone: &str, records: &[KeyFact], from: &str) -> String {
    let key = |key: &KeyFact| format!("key {} (algorithm {}, flags {})", key.tag, key.algorithm, key.flags);
    let keys: Vec<String> = records.iter().map(key).collect();
    if keys.is_empty() {
        format!("{zone} has no DNSKEY record, {from}")
    } else {
        format!("{zone} has {}, {from}", keys.join(", "))
    }
}
