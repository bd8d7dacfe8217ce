//! Doubt about the message of a pasted line: the waits that may belong to its mail, as far as they fit the delay of the line.
//!
//! The daemon finds these waits, see `history::doubt`.
//!
//! # Decisions
//!
//! - Of a message with queries about an address of the line the first part is known, so only waits behind them are doubts.
//! - A wait that does not fit the delay of a line is not that of its mail, and without a delay before the transmission there is nothing to
//!   fit. A failed query is, however soon it failed, if the line blames a lookup or has no delay.
//! - Another quick message of the same client and of the time of the line may be that of the line too, so its doubts count.

use std::net::IpAddr;

use super::fit::{DELAYED, SHARE, TimeFit, left_out, time_fit, waited};
use super::line::PastedLine;
use history::culprit::CulpritKind;
use history::doubt::{PossibleWait, WaitOrder, culprit};
use history::limits::MAX_DEADLINE;
use history::why::{MessageReport, QuestionReport};
use resolver::dnsbl::list::{NIBBLES, OCTETS, reversed};

/// The message of a line with the culprit `unknown` if a wait may be its own, or that of another quick message of the line in `found`; none
/// if that is not so.
pub(super) fn doubted(
    line: &PastedLine,
    message: &MessageReport,
    found: &[MessageReport],
) -> Option<MessageReport> {
    if !is_quick(message) {
        return None;
    }
    let knows_host = knows_host(line, message);
    let is_rival = |other: &&MessageReport| {
        let is_of_line = other.client == message.client && time_fit(line, other) == TimeFit::LastTry;
        !knows_host && is_of_line && is_quick(other)
    };
    let rivals = std::iter::once(message).chain(found.iter().filter(is_rival));
    let doubted = rivals.filter_map(|rival| in_doubt(line, rival, knows_host)).next()?;
    Some(MessageReport { line: message.line.clone(), ..doubted })
}

/// Whether a message has queries about an address of a line: the first part of its mail.
pub(super) fn knows_host(line: &PastedLine, message: &MessageReport) -> bool {
    let addresses: Vec<IpAddr> = line.addresses().collect();
    let is_of_these = |question: &QuestionReport| {
        address_of(&question.name).is_some_and(|address| addresses.contains(&address))
    };
    message.questions.iter().any(is_of_these)
}

/// Whether DNS did not delay a message, as far as its own queries show.
pub(super) fn is_quick(message: &MessageReport) -> bool {
    let is_quick = matches!(message.culprit.kind, CulpritKind::None | CulpritKind::NotDns);
    (is_quick || is_in_doubt(message)) && !message.is_absent()
}

/// Whether the daemon could not tell if a message was slow.
pub(super) fn is_in_doubt(message: &MessageReport) -> bool {
    message.culprit.kind == CulpritKind::Unknown && !message.possible_waits.is_empty()
}

/// The message with the culprit `unknown` if a wait that fits a line may be its own. `knows_host`: only one behind its queries.
fn in_doubt(line: &PastedLine, message: &MessageReport, knows_host: bool) -> Option<MessageReport> {
    let is_of_line = |wait: &&PossibleWait| {
        let is_open = !knows_host || wait.order == WaitOrder::After;
        is_open && (defers(line, wait) || fits(line, waited(line, message), wait.elapsed))
    };
    let waits: Vec<&PossibleWait> = message.possible_waits.iter().filter(is_of_line).collect();
    let is_cut = !knows_host
        && message.possible_waits_left_out > 0
        && fits(line, waited(line, message), MAX_DEADLINE.as_secs_f64());
    let culprit = || culprit(message.waited, &waits);
    (is_cut || !waits.is_empty()).then(|| MessageReport { culprit: culprit(), ..message.clone() })
}

/// Whether a query that failed may be the reason for a line, though it took no time.
fn defers(line: &PastedLine, wait: &PossibleWait) -> bool {
    wait.failed && (line.blames_dns || line.delay.with_dns().is_none())
}

/// Whether a wait may be a part of the delay of a line whose message waited for `waited` seconds.
fn fits(line: &PastedLine, waited: f64, wait: f64) -> bool {
    let Some(delay) = line.delay.with_dns() else { return true };
    delay >= DELAYED && wait <= delay + left_out(line) && waited + wait >= delay * SHARE
}

/// The address of a name in text, if it is a reverse name or that of an address in a DNS list.
pub(super) fn address_of(name: &str) -> Option<IpAddr> {
    let labels: Vec<&[u8]> = name.split('.').map(str::as_bytes).collect();
    [NIBBLES, OCTETS].into_iter().find_map(|count| reversed(labels.get(..count)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::Name;

    #[test]
    fn labels_of_addresses_are_known() {
        let (four, six) = (IpAddr::from([192, 0, 2, 7]), "2001:db8::1".parse().unwrap());
        for (name, address) in [
            ("7.2.0.192.list.test.".to_owned(), Some(four)),
            (Name::from(six).to_ascii(), Some(six)),
            ("sender.test.".to_owned(), None),
            ("1.2.".to_owned(), None),
            (".".to_owned(), None),
        ] {
            assert_eq!(address_of(&name), address, "{name}");
        }
    }
}
