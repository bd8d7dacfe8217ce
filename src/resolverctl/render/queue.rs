//! The output of `resolverctl why -` for a mail queue: one verdict for all its mails, and a paragraph for each cause.

use std::collections::BTreeSet;

use serde::Serialize;

use super::style::{Paint, Style};
use super::why::named_kind;
use super::{json, words};
use dns::wire::presentation::harmless;
use explain::why::CulpritReport;
use record::culprit::CulpritKind;

/// The number of domains of a cause on the screen. JSON has all.
const DOMAINS: usize = 5;

/// A cause, and the mails in the queue that wait because of it.
#[derive(Clone, Debug, Serialize)]
pub struct QueueCause {
    /// How many mails wait because of it.
    pub mails: usize,
    /// The domains of these mails.
    pub domains: BTreeSet<String>,
    /// The cause, with the evidence of the mails that waited for it.
    pub culprit: CulpritReport,
}

impl QueueCause {
    /// Returns true if the mails wait for the same reason: the same kind, zone and list. Culprits without a zone and a list are the same if
    /// their evidence is.
    pub fn is_same(&self, other: &CulpritReport) -> bool {
        let one = &self.culprit;
        let is_named = one.zone.is_some() || one.list.is_some();
        one.kind == other.kind
            && (&one.zone, &one.list) == (&other.zone, &other.list)
            && (is_named || matches!(one.kind, CulpritKind::Unknown) || one.evidence == other.evidence)
    }
}

/// Returns the verdict and the causes, the one of most mails first. `left_out` is the number of mails that were not looked up.
pub fn text(causes: &[QueueCause], left_out: usize, style: Style) -> String {
    let Some(most) = causes.first() else { return String::new() };
    let mails: usize = causes.iter().map(|cause| cause.mails).sum();
    let verdict = format!(
        "{} mails in the queue: {} {} because of {}",
        words::number((mails + left_out) as u64),
        words::number(most.mails as u64),
        if most.mails == 1 { "waits" } else { "wait" },
        of(&most.culprit)
    );
    let mut text =
        format!("{}\n", style.paint(Paint::Head, &words::cut(&verdict, crate::limits::MAX_FIRST_LINE)));
    for cause in causes {
        let domains: Vec<String> =
            cause.domains.iter().take(DOMAINS).map(|domain| harmless(domain)).collect();
        let more = cause.domains.len().saturating_sub(DOMAINS);
        let more = if more > 0 { format!(" and {more} more domains") } else { String::new() };
        let mails = if cause.mails == 1 { "mail" } else { "mails" };
        let count = words::number(cause.mails as u64);
        text.push_str(&format!("\n{count} {mails} to {}{more}\n", domains.join(", ")));
        let kind = named_kind(&cause.culprit).map(|kind| format!("{kind}; ")).unwrap_or_default();
        text.push_str(&format!("Cause: {kind}{}\n", harmless(&cause.culprit.evidence)));
        text.push_str(&format!("To do: {}.\n", harmless(&cause.culprit.advice)));
    }
    if left_out > 0 {
        text.push_str(&format!(
            "\n{} mails to other domains were not looked up\n",
            words::number(left_out as u64)
        ));
    }
    text
}

/// Returns a line of JSON for each cause.
pub fn lines(causes: &[QueueCause]) -> String {
    causes.iter().map(json::line).collect()
}

fn of(culprit: &CulpritReport) -> String {
    let name = culprit.list.as_ref().or(culprit.zone.as_ref());
    let name = name.map(|name| format!(" of {}", harmless(name))).unwrap_or_default();
    match culprit.kind {
        CulpritKind::Unknown => "something that is not in the query history".to_owned(),
        CulpritKind::NotDns | CulpritKind::None => "something else than DNS".to_owned(),
        kind => format!("{}{name}", kind.label()),
    }
}
