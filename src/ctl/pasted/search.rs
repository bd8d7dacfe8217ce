//! Where the record is searched for the message of a pasted line.
//!
//! # Decisions
//!
//! - A domain of a line stands for itself: the names below that of a provider are those of its hosts and its customers, whose mails are
//!   others. Only if the record has no query for the domain, names below it count, as far as the zone at fault has the domain too.
//! - Few mails have the same address, so with one the time may be wide. Of other lines the nearest time is searched first.

use std::net::IpAddr;

use super::about::{has, is_in};
use super::fit::{TimeFit, has_failed, is_of_dns, time_fit};
use super::line::PastedLine;
use history::culprit::CulpritKind;
use history::why::MessageReport;

/// A step of the search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SearchStep {
    /// The time that is searched; none: all.
    pub span: Option<(f64, f64)>,
    /// Whether a domain stands for itself alone.
    pub itself: bool,
}

/// The messages that a search has found so far.
#[derive(Debug, Default)]
pub struct FoundMessages {
    /// Those of the last step.
    last: Vec<MessageReport>,
    /// Those of the last step in which a domain stood for itself.
    itself: Vec<MessageReport>,
    /// Whether the message of the line is among the last ones.
    is_found: bool,
}

impl PastedLine {
    /// The steps of the search, until one finds the message: those of the time of the line, then those of `around` seconds before it.
    pub fn steps(&self, around: f64) -> Vec<SearchStep> {
        let has_address = self.addresses().next().is_some();
        let own = self.nearest().map(Some).into_iter().chain([self.last_try(), self.whole_delay()]);
        let mut spans: Vec<Option<(f64, f64)>> = if has_address { Vec::new() } else { own.collect() };
        spans.push(self.span(around));
        spans.dedup();
        let with = |itself: bool| spans.iter().map(move |span| SearchStep { span: *span, itself });
        with(true).chain(with(false)).collect()
    }

    /// Whether a message is of the time of the line, and has a failed query if the line says so.
    fn is_own(&self, message: &MessageReport) -> bool {
        time_fit(self, message) > TimeFit::Elsewhere && (!self.blames_dns || has_failed(message))
    }
}

impl FoundMessages {
    /// Takes the replies of a step, each with its subject. Whether the message of a line is among them.
    pub fn take(&mut self, line: &PastedLine, step: SearchStep, replies: Vec<(&str, MessageReport)>) -> bool {
        let counts = |(subject, message): &(&str, MessageReport)| step.itself || counts(subject, message);
        self.last = replies.into_iter().filter(counts).map(|(_, message)| message).collect();
        self.is_found = self.last.iter().any(|message| !message.is_absent() && line.is_own(message));
        if step.itself {
            self.itself.clone_from(&self.last);
        }
        self.is_found
    }

    /// The messages of the step that has found the message; else those about the domain itself, or else below it.
    pub fn messages(self) -> Vec<MessageReport> {
        let is_known = |messages: &[MessageReport]| messages.iter().any(|message| !message.is_absent());
        let is_below = !is_known(&self.itself) && is_known(&self.last);
        if self.is_found || is_below { self.last } else { self.itself }
    }
}

/// Whether a message that names below a domain have found may be one about the domain.
fn counts(subject: &str, message: &MessageReport) -> bool {
    if message.is_absent() || subject.parse::<IpAddr>().is_ok() {
        return true;
    }
    if !is_of_dns(message) {
        return has(message, subject);
    }
    let culprit = &message.culprit;
    let is_of_all = matches!(culprit.kind, CulpritKind::Network | CulpritKind::Overload);
    let is_of_zone = culprit.zone.as_ref().is_some_and(|zone| is_in(subject, zone));
    is_of_all || is_of_zone || (culprit.list.is_some() && has(message, subject))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, message};
    use super::*;
    use dns::question::Outcome;

    const LINE: &str = "Nov 21 03:12:05 mx postfix/qmgr[7]: 4A: from=<bob@provider.example>, size=1234, nrcpt=1 (queue active)";

    #[test]
    fn the_mail_of_a_customer_is_not_that_of_its_provider() {
        let line = super::super::read(LINE, NOW).remove(0);
        let below = SearchStep { span: None, itself: false };
        for (name, zone, is_found) in [
            ("customer.provider.example.", "customer.provider.example.", false),
            ("www.provider.example.", "provider.example.", true),
            ("www.provider.example.", "example.", true),
            ("_dmarc.provider.example.", "provider.example.", true),
        ] {
            let mut one = message(0.1, CulpritKind::ServerRefused, Outcome::Failed);
            one.began = line.at.unwrap() - 1.0;
            one.questions[0].name = name.to_owned();
            one.culprit.zone = Some(zone.to_owned());
            let mut found = FoundMessages::default();
            assert_eq!(found.take(&line, below, vec![("provider.example", one)]), is_found, "{name}");
            assert_eq!(found.messages().len(), usize::from(is_found), "{name}");
        }
    }

    #[test]
    fn a_domain_stands_for_itself_first_and_the_nearest_time_comes_first() {
        let line = super::super::read(LINE, NOW).remove(0);
        let steps = line.steps(120.0);
        let itself: Vec<bool> = steps.iter().map(|step| step.itself).collect();
        let half = steps.len() / 2;
        assert!(half > 1 && itself[..half].iter().all(|one| *one) && !itself[half..].iter().any(|one| *one));
        let width = |step: &SearchStep| step.span.map_or(f64::MAX, |(from, to)| to - from);
        assert!(steps[..half].is_sorted_by_key(|step| width(step) as u64), "{steps:?}");
    }
}
