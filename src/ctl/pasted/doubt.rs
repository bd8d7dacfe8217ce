//! Doubt about a message that was quick: a wait of the same client may belong to the same mail.
//!
//! The queries about the address of a host and those about the domain of a sender are joined by time only. If many mails of one client
//! are under way, the wait for the first ones may stand in another message.
//!
//! # Decisions
//!
//! - A part of a mail begins with the first query of its message, with the first query about the wanted subject, and with each of these that
//!   the message has asked before: then two mails of one domain are one message.
//! - A wait belongs to the mail possibly if it ended, or a chain of quick queries behind it ended, within `MESSAGE_BURST` before such a
//!   begin. By that pause the messages are joined too.
//! - A message with queries about the address that was asked for is not in doubt: its first part is known.
//! - A wait that does not fit the delay of a line is not that of its mail.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::fit::{DELAYED, SHARE, TimeFit, is_of_dns_kind, time_fit};
use super::line::PastedLine;
use crate::ctl::render::words::time;
use crate::dnsbl::list::{NIBBLES, OCTETS, reversed};
use crate::limits::{MAX_DEADLINE, MAX_WHY_MESSAGES, MESSAGE_BURST};
use crate::record::culprit::CulpritKind;
use crate::record::why::{CulpritReport, MessageReport, QuestionReport};

/// A wait that may be the delay of a mail, in seconds: the least one that explains a delay.
const WAIT: f64 = DELAYED * SHARE;

/// Waits that a sentence names.
const NAMED: usize = 3;

/// Seconds by which the sum of a moment and some spans may differ from the same moment.
const ROUNDED: f64 = 1e-6;

/// The part of a second that a delay of a line leaves out, if it is written with a fraction.
const FRACTION: f64 = 0.1;

/// The messages of the same client that a message, or several of one client, must be compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct NeighboursWanted {
    /// The begin of their time, in seconds since 1970.
    pub from: f64,
    /// Its end.
    pub to: f64,
    /// The client; none if the record does not have it.
    pub client: Option<String>,
}

impl NeighboursWanted {
    /// Of messages of one client; none if there are none.
    pub fn of<'m>(messages: impl Iterator<Item = &'m MessageReport> + Clone) -> Option<Self> {
        let client = messages.clone().next()?.client.clone();
        let begins = messages.flat_map(begins);
        let (first, last) =
            begins.fold((f64::MAX, f64::MIN), |(first, last), at| (first.min(at), last.max(at)));
        let before = MAX_DEADLINE.as_secs_f64() + MESSAGE_BURST.as_secs_f64();
        (first <= last).then(|| Self {
            from: first - before,
            to: last,
            client: client.parse::<IpAddr>().is_ok().then_some(client),
        })
    }
}

/// Whether the verdict on a message says that DNS did not delay it, though the first part of its mail may stand in another message.
/// `addresses` were asked for.
pub fn may_lack_queries(message: &MessageReport, addresses: &[IpAddr]) -> bool {
    let is_of_these = |question: &QuestionReport| {
        address_of(&question.name).is_some_and(|address| addresses.contains(&address))
    };
    let is_quick = matches!(message.culprit.kind, CulpritKind::None | CulpritKind::NotDns);
    is_quick && !message.is_absent() && !message.questions.iter().any(is_of_these)
}

/// The messages that may be that of a line with a quick message: this one first, then others of its client and of the time of the line.
pub fn rivals(line: &PastedLine, message: &MessageReport, found: Vec<MessageReport>) -> Vec<MessageReport> {
    let mut rivals = vec![message.clone()];
    for other in found {
        let is_known = |known: &MessageReport| known.began == other.began && known.client == other.client;
        let is_of_line = other.client == message.client && time_fit(line, &other) == TimeFit::LastTry;
        let has_room = rivals.len() < MAX_WHY_MESSAGES;
        if has_room && is_of_line && !rivals.iter().any(is_known) && may_lack_queries(&other, &[]) {
            rivals.push(other);
        }
    }
    rivals
}

/// The message with the culprit `unknown` if a wait of a neighbour may be its own, and none if that is not so. `neighbours` are those that
/// were wanted, the one that waited longest first, at most `MAX_WHY_MESSAGES`.
pub fn doubted(
    message: &MessageReport,
    line: Option<&PastedLine>,
    neighbours: &[MessageReport],
) -> Option<MessageReport> {
    let is_of_line = |wait: f64| line.is_none_or(|line| fits(line, message.waited, wait));
    let is_other = |other: &&MessageReport| other.client == message.client && other.began != message.began;
    let begins = begins(message);
    let mut waits: Vec<Wait<'_>> =
        neighbours.iter().filter(is_other).filter_map(|other| nearest(&begins, other, &is_of_line)).collect();
    waits.sort_by(|one, another| one.gap.total_cmp(&another.gap));
    let is_cut = neighbours.len() >= MAX_WHY_MESSAGES
        && neighbours.last().is_some_and(|last| last.waited >= WAIT)
        && is_of_line(MAX_DEADLINE.as_secs_f64());
    let evidence = match (waits.is_empty(), is_cut) {
        (true, false) => return None,
        (true, true) => "its own queries were quick, but too many other messages of the same client waited at this time to compare it with all of them".to_owned(),
        (false, _) => evidence(message, &waits),
    };
    let culprit = CulpritReport {
        kind: CulpritKind::Unknown,
        zone: None,
        server: None,
        list: None,
        evidence,
        usual: None,
        advice: "look in the mail log for the address of the host that sent this mail: `resolverctl why` with that address shows whether its queries waited".to_owned(),
    };
    Some(MessageReport { culprit, ..message.clone() })
}

/// The moments at which a part of a mail begins in a message, in seconds since 1970.
fn begins(message: &MessageReport) -> Vec<f64> {
    let mut own = BTreeSet::new();
    let begins = message.questions.iter().enumerate().filter(|(place, question)| {
        let is_first_own = question.of_subject && own.is_empty();
        let is_again = question.of_subject && !own.insert((question.name.as_str(), question.kind.as_str()));
        (*place == 0 || is_first_own || is_again) && address_of(&question.name).is_none()
    });
    begins.map(|(_, question)| message.began + question.at).collect()
}

/// A wait that ended before a part of a mail.
struct Wait<'m> {
    /// Seconds from its end to that part.
    gap: f64,
    question: &'m QuestionReport,
    /// The message that has it.
    of: &'m MessageReport,
}

/// Of the waits of a message that ended before one of these moments, the one that is nearest to it.
fn nearest<'m>(begins: &[f64], of: &'m MessageReport, is_wanted: &dyn Fn(f64) -> bool) -> Option<Wait<'m>> {
    let waits = begins.iter().filter_map(|begin| wait_before(*begin, of, is_wanted));
    waits.min_by(|one, other| one.gap.total_cmp(&other.gap))
}

/// The last wait of a message that ended before a moment, and behind which came at most quick queries until then.
fn wait_before<'m>(at: f64, of: &'m MessageReport, is_wanted: &dyn Fn(f64) -> bool) -> Option<Wait<'m>> {
    let span = |question: &QuestionReport| {
        let begin = of.began + question.at;
        (begin, begin + question.elapsed)
    };
    let mut asked: Vec<&QuestionReport> =
        of.questions.iter().filter(|question| span(question).1 <= at + ROUNDED).collect();
    asked.sort_by(|one, other| span(other).1.total_cmp(&span(one).1));
    let mut reached = at;
    for question in asked {
        let (begin, end) = span(question);
        if reached - end > MESSAGE_BURST.as_secs_f64() {
            return None;
        }
        if question.elapsed >= WAIT && is_wanted(question.elapsed) {
            return Some(Wait { gap: (at - end).max(0.0), question, of });
        }
        reached = reached.min(begin);
    }
    None
}

/// Whether a wait may be a part of the delay of a line whose message waited for `waited` seconds.
fn fits(line: &PastedLine, waited: f64, wait: f64) -> bool {
    let Some(delay) = line.delay.with_dns() else { return true };
    // Sendmail writes whole seconds.
    let is_whole = line.delay.parts.is_none() && delay.fract() == 0.0;
    let left_out = if is_whole { 1.0 } else { FRACTION };
    wait <= delay + left_out && waited + wait >= delay * SHARE
}

/// The sentence about waits, the nearest first.
fn evidence(message: &MessageReport, waits: &[Wait<'_>]) -> String {
    let told = |wait: &Wait<'_>| {
        let Wait { question, of, .. } = wait;
        let culprits = std::iter::once(&of.culprit).chain(&of.also);
        let culprits = culprits.filter(|culprit| is_of_dns_kind(culprit.kind));
        let list = culprits.filter_map(|culprit| culprit.list.as_deref());
        let list = list
            .filter(|list| question.name.ends_with(&format!(".{list}")))
            .map(|list| format!("list {list}, "));
        format!(
            "{} {} ({}{})",
            question.name,
            question.kind,
            list.take(1).collect::<String>(),
            time(question.elapsed)
        )
    };
    let named: Vec<String> = waits.iter().take(NAMED).map(told).collect();
    let more = match waits.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let gap = time(waits.first().map_or(0.0, |wait| wait.gap));
    let (own, named) = (time(message.waited), named.join(", "));
    let before = if waits.len() == 1 {
        format!("a wait of the same client ended {gap} before")
    } else {
        format!("{} waits of the same client ended just before, the last one {gap} before", waits.len())
    };
    let they = if waits.len() == 1 { "it may" } else { "one of them may" };
    format!("its own queries waited {own}, but {before}: {named}{more}; {they} belong to this mail")
}

/// The address of a name in text, if it is a reverse name or that of an address in a DNS list.
fn address_of(name: &str) -> Option<IpAddr> {
    let labels: Vec<&[u8]> = name.split('.').map(str::as_bytes).collect();
    [NIBBLES, OCTETS].into_iter().find_map(|count| reversed(labels.get(..count)?))
}

#[cfg(test)]
mod tests {
    use hickory_proto::rr::Name;

    use super::*;
    use crate::question::Outcome;

    /// The begin of the messages, in seconds since 1970.
    const BEGAN: f64 = 1_795_305_600.0;

    /// A message of queries: their names, begins and times in seconds. Those for `sender.test.` are wanted.
    fn message(began: f64, kind: CulpritKind, queries: &[(&str, f64, f64)]) -> MessageReport {
        let question = |(name, at, elapsed): &(&str, f64, f64)| QuestionReport {
            at: *at,
            name: (*name).to_owned(),
            kind: "MX".to_owned(),
            outcome: Outcome::Upstream,
            elapsed: *elapsed,
            queued: 0.0,
            servers: 0.0,
            depth: 0,
            of_subject: name.ends_with("sender.test."),
            transport: None,
            user: None,
            error: None,
            messages: Vec::new(),
        };
        let culprit = CulpritReport {
            kind,
            zone: None,
            server: None,
            list: (kind == CulpritKind::ListSlow).then(|| "list.test.".to_owned()),
            evidence: String::new(),
            usual: None,
            advice: String::new(),
        };
        MessageReport {
            history_begin: None,
            history: None,
            line: None,
            more_lines: 0,
            note: None,
            began: BEGAN + began,
            client: "127.0.0.1".to_owned(),
            took: queries.iter().map(|(_, at, elapsed)| at + elapsed).fold(0.0, f64::max),
            waited: queries.iter().map(|(.., elapsed)| elapsed).sum(),
            questions: queries.iter().map(question).collect(),
            left_out: 0,
            culprit,
            also: Vec::new(),
        }
    }

    fn slow(began: f64) -> MessageReport {
        message(began, CulpritKind::ListSlow, &[("7.2.0.192.list.test.", 0.0, 1.2)])
    }

    fn evidence_of(message: &MessageReport, neighbours: &[MessageReport]) -> Option<String> {
        doubted(message, None, neighbours).map(|told| told.culprit.evidence)
    }

    #[test]
    fn two_mails_of_one_domain_in_one_message_are_in_doubt_at_the_second_question() {
        let queries = [
            ("8.2.0.192.in-addr.arpa.", 0.0, 0.001),
            ("sender.test.", 0.01, 0.001),
            ("mx.sender.test.", 0.02, 0.001),
            ("sender.test.", 0.9, 0.001),
        ];
        let quick = message(0.0, CulpritKind::None, &queries);
        assert!(may_lack_queries(&quick, &[]));
        assert!(
            !may_lack_queries(&quick, &[[192, 0, 2, 8].into()])
                && may_lack_queries(&quick, &[[192, 0, 2, 9].into()])
        );
        let told = evidence_of(&quick, &[slow(0.895 - 1.2), slow(5.0)]).unwrap();
        let wait = "a wait of the same client ended 5.0 ms before: 7.2.0.192.list.test. MX (list list.test., 1.2 s); it may belong to this mail";
        assert!(told.ends_with(wait), "{told}");
        // It ended in the middle of the first mail, behind its begin.
        assert_eq!(evidence_of(&quick, &[slow(0.4 - 1.2)]), None);
        let two = evidence_of(&quick, &[slow(0.85 - 1.2), slow(0.895 - 1.2)]).unwrap();
        assert!(
            two.contains("but 2 waits of the same client ended just before, the last one 5.0 ms before: "),
            "{two}"
        );
        assert!(two.ends_with("; one of them may belong to this mail"), "{two}");
        let of_another = MessageReport { client: "192.0.2.1".to_owned(), ..slow(0.895 - 1.2) };
        assert_eq!(evidence_of(&quick, &[of_another]), None);
        assert_eq!(evidence_of(&quick, &[]), None);
    }

    #[test]
    fn quick_queries_behind_a_wait_lead_back_to_it() {
        let quick = message(0.0, CulpritKind::None, &[("sender.test.", 0.0, 0.001)]);
        let with_list = |pause: f64| {
            let queries =
                [("8.2.0.192.in-addr.arpa.", 0.0, 1.5), ("8.2.0.192.list.test.", 1.5 + pause, 0.06)];
            message(-1.5 - pause - 0.06 - 0.05, CulpritKind::ServerSlow, &queries)
        };
        let told = evidence_of(&quick, &[with_list(0.03)]).unwrap();
        assert!(told.contains("8.2.0.192.in-addr.arpa. MX (1.5 s)"), "{told}");
        assert_eq!(evidence_of(&quick, &[with_list(0.2)]), None);
    }

    #[test]
    fn nothing_is_certain_if_not_all_neighbours_were_read() {
        let quick = message(0.0, CulpritKind::None, &[("sender.test.", 0.0, 0.001)]);
        let far = vec![slow(-5.0); MAX_WHY_MESSAGES];
        assert!(evidence_of(&quick, &far).unwrap().contains("too many other messages"));
        assert_eq!(evidence_of(&quick, &far[1..]), None);
        let wanted = NeighboursWanted::of(std::iter::once(&quick)).unwrap();
        assert_eq!((wanted.to, wanted.client.as_deref()), (BEGAN, Some("127.0.0.1")));
        assert!((BEGAN - wanted.from - 9.1).abs() < 0.01);
        // A message that begins with the address of its host, and has no query about a domain, is whole.
        let whole = message(0.0, CulpritKind::None, &[("8.2.0.192.list.test.", 0.0, 0.001)]);
        assert_eq!(NeighboursWanted::of(std::iter::once(&whole)), None);
    }

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
