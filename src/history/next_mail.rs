//! Where the next mail begins in a message: mails of one sender from one host, or two deliveries to one domain, have the same names, so that
//! grouping by names takes them for one message if they are near to each other.
//!
//! Pure: a function over the queries of a message.
//!
//! # Decisions
//!
//! - A mail begins with its opening: its first query, and those behind it for reverse names, for addresses of hosts and to DNS lists.
//! - Several programs look at one mail, and each may repeat a query of the opening: a filter looks up the host and its lists again. So a
//!   repeated query alone begins no mail. The message must have been quiet before it, and must have gone past its end: either it has asked
//!   for a key of DKIM or a policy of DMARC, which are looked up behind the content, and then the whole opening comes again before the next
//!   such query; or all its queries come again.
//! - Without a query about the content, the queries of a host must come again in the same order: another program has an order of its own.
//! - If the MX of another domain follows where the first mail has asked for that of its sender, the host has another mail, whatever
//!   follows.
//! - If the queries that come again are too few, the mails stay one message, and `culprit` does not blame the pause between them on the
//!   client.

use smallvec::SmallVec;

use super::asked_subjects::Step;
use crate::limits::{MESSAGE_BURST, MIN_REPEATED_OF_DELIVERY, MIN_REPEATED_OF_HOST};
use dns::clock::micros;

/// A query of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct MailQuery {
    /// When it came, in microseconds.
    pub(super) at: u64,
    /// When its reply left.
    pub(super) end: u64,
    /// The number of its name and type.
    pub(super) asked: usize,
    /// Its part of the message.
    pub(super) part: u32,
    /// The step of a mail that it is of.
    pub(super) step: Step,
    /// Whether it is about an address.
    pub(super) connects: bool,
    /// Whether it is for an MX.
    pub(super) exchangers: bool,
}

/// The places in a message at which another mail begins. `queries` are in the order of time.
pub(super) fn begins(queries: &[MailQuery]) -> SmallVec<[usize; 4]> {
    let mut begins = SmallVec::new();
    let (mut first, mut quiet) = (0, 0_u64);
    for (place, query) in queries.iter().enumerate() {
        let is_quiet = place > first && query.at > quiet.saturating_add(micros(MESSAGE_BURST));
        if is_quiet && let (Some(head), Some(rest)) = (queries.get(first..place), queries.get(place..)) {
            let opens = opening(head).any(|one| one.asked == query.asked);
            if opens && is_next(head, rest) {
                begins.push(place);
                first = place;
            }
        }
        quiet = quiet.max(query.at).max(query.end);
    }
    begins
}

/// The opening of a mail.
fn opening(queries: &[MailQuery]) -> impl Iterator<Item = &MailQuery> {
    let own = of_first_part(queries).enumerate();
    let opens = |step: Step| matches!(step, Step::Reverse | Step::Host | Step::List);
    own.take_while(move |(place, query)| *place == 0 || opens(query.step)).map(|(_, query)| query)
}

/// The queries that are certainly of one mail with the first one.
fn of_first_part(queries: &[MailQuery]) -> impl Iterator<Item = &MailQuery> {
    let part = queries.first().map(|first| first.part);
    queries.iter().filter(move |query| Some(query.part) == part)
}

/// Whether `rest` is another mail than `head`, whose opening it begins with.
fn is_next(head: &[MailQuery], rest: &[MailQuery]) -> bool {
    let is_content = |query: &MailQuery| query.step == Step::Content;
    let is_past = head.iter().any(is_content);
    let opening = distinct(opening(head).filter(|query| query.step != Step::List), usize::MAX);
    if is_past && opening.len() >= MIN_REPEATED_OF_DELIVERY {
        let before: Vec<usize> =
            rest.iter().take_while(|query| !is_content(query)).map(|query| query.asked).collect();
        return opening.iter().all(|asked| before.contains(asked));
    }
    if opening.len() >= MIN_REPEATED_OF_DELIVERY && has_another_sender(head, rest) {
        return true;
    }
    // A mail that has got no further than its envelope may go on with its content.
    (is_past || !rest.iter().any(is_content)) && is_repeated(head, rest, is_past)
}

/// Whether the opening of a mail comes again in the same order, and the MX of another sender's domain behind it.
fn has_another_sender(head: &[MailQuery], rest: &[MailQuery]) -> bool {
    let known = distinct(opening(head), usize::MAX);
    let sender = |queries: &[MailQuery]| {
        let behind = |query: &&MailQuery| !known.contains(&query.asked);
        let first = queries.iter().filter(|query| query.step != Step::List).find(behind)?;
        first.exchangers.then_some(first.asked)
    };
    let hosts = |queries: &[MailQuery]| {
        let until = queries.iter().position(|query| query.exchangers).unwrap_or(queries.len());
        let opens = |query: &&MailQuery| matches!(query.step, Step::Reverse | Step::Host);
        distinct(queries.iter().take(until).filter(opens), usize::MAX)
    };
    let (own, next) = (sender(head), sender(rest));
    own.is_some() && next.is_some() && own != next && hosts(head) == hosts(rest)
}

/// Whether all queries of a mail come again.
fn is_repeated(head: &[MailQuery], rest: &[MailQuery], is_past: bool) -> bool {
    let connects = head.iter().any(|query| query.connects);
    let least = if connects { MIN_REPEATED_OF_HOST } else { MIN_REPEATED_OF_DELIVERY };
    let mut known = distinct(of_first_part(head), usize::MAX);
    let mut again = distinct(of_first_part(rest), known.len());
    if is_past || !connects {
        known.sort_unstable();
        again.sort_unstable();
    }
    known.len() >= least && known == again
}

/// The first `most` names and types, each once.
fn distinct<'q>(queries: impl Iterator<Item = &'q MailQuery>, most: usize) -> Vec<usize> {
    let mut distinct = Vec::new();
    for query in queries {
        if distinct.len() >= most {
            break;
        }
        if !distinct.contains(&query.asked) {
            distinct.push(query.asked);
        }
    }
    distinct
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Queries of a message, each behind a pause in milliseconds and 2 ms long. The first letter is the step: reverse name, host, list,
    /// MX or other query about a domain, content.
    fn message<'n>(queries: &[(u64, &'n str)]) -> Vec<MailQuery> {
        let (mut now, mut names) = (0, Vec::new());
        let query = |(pause, name): &(u64, &'n str)| {
            let asked = names.iter().position(|known: &&str| known == name).unwrap_or_else(|| {
                names.push(*name);
                names.len() - 1
            });
            let step = match name.as_bytes()[0] {
                b'r' => Step::Reverse,
                b'h' => Step::Host,
                b'l' => Step::List,
                b'c' => Step::Content,
                _ => Step::Other,
            };
            let at = now + pause * 1_000;
            now = at + 2_000;
            let connects = matches!(step, Step::Reverse | Step::List);
            MailQuery { at, end: now, asked, part: 0, step, connects, exchangers: name.starts_with("mx") }
        };
        queries.iter().map(query).collect()
    }

    /// The begins of mails whose queries come after 1 ms each, or after the pause before them.
    fn of(text: &str) -> Vec<usize> {
        let mut queries = Vec::new();
        let mut pause = 1;
        for word in text.split_whitespace() {
            match word.parse() {
                Ok(millis) => pause = millis,
                Err(_) => queries.push((std::mem::replace(&mut pause, 1), word)),
            }
        }
        begins(&message(&queries)).to_vec()
    }

    #[test]
    fn a_mail_begins_where_the_whole_opening_comes_again_behind_the_content() {
        for (case, text, begins) in [
            ("two mails", "r h l mx txt c 700 r h l mx txt c", &[6][..]),
            ("three mails", "r h l mx c 150 r h l mx c 1900 r h mx c", &[5, 10]),
            ("the lists are answered by the client", "l r h mx c 700 r h mx c", &[5]),
            ("the lists come in another order", "l1 l2 r h mx c 700 l2 l1 r h mx c", &[6]),
            ("another sender", "r h l mx txt c 700 r h l mx2 txt2 c2", &[6]),
            ("the second one is rejected", "r h l mx txt c 700 r h l", &[6]),
            ("no pause", "r h l mx txt c 90 r h l mx txt c", &[]),
            ("a filter asks the lists again", "r h l mx txt c 700 l txt c", &[]),
            ("a milter asks the host and the domain again", "r h l mx c 300 r mx txt c2", &[]),
            ("a filter asks all at once", "r h l mx c 300 r txt c h mx l", &[]),
            ("the content comes late", "r h l mx 300 r h l txt c", &[]),
            ("the dialogue of SMTP", "r h 300 l 300 mx 300 txt 300 c", &[]),
        ] {
            assert_eq!(of(text), begins, "{case}");
        }
    }

    #[test]
    fn without_content_a_mail_begins_where_all_queries_come_again() {
        for (case, text, begins) in [
            ("two rejected mails", "r h l mx 700 r h l mx", &[4][..]),
            ("of two senders", "r h l mx 700 r h l mx2", &[4]),
            ("of two senders, the second one with content", "r h l mx 700 r h l mx2 txt2 c2", &[4]),
            ("of two senders, and of a host with less", "r h l mx 700 r l mx2", &[]),
            ("another program", "r h l mx 700 l r h mx", &[]),
            ("a program asks for less", "r h l mx 300 r mx", &[]),
            ("two queries", "r h 700 r h", &[]),
            ("deliveries", "mx h 700 mx h 700 mx h", &[2, 4]),
            ("deliveries in another order", "mx h1 h2 700 mx h2 h1", &[3]),
            ("a query alone", "mx 700 mx", &[]),
            ("a filter without opening", "txt c l 700 txt l c", &[3]),
        ] {
            assert_eq!(of(text), begins, "{case}");
        }
    }

    #[test]
    fn a_query_in_progress_is_no_pause_and_other_parts_open_no_mail() {
        let whole = "r h l mx txt c r h l mx txt c".split(' ').map(|name| (1, name));
        let mut queries: Vec<(u64, &str)> = whole.collect();
        queries[6].0 = 700;
        let mut message = message(&queries);
        assert_eq!(begins(&message).to_vec(), [6]);
        message[4].end = message[6].at + 1;
        assert!(begins(&message).is_empty(), "the first mail waits");
        message[4].end = message[4].at;
        // An address of a link, whose mail is not certain.
        message.insert(1, MailQuery { part: 1, asked: 99, ..message[1] });
        assert_eq!(begins(&message).to_vec(), [7]);
    }
}
