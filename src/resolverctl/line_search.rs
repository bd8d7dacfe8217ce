//! Searches the query history of the daemon for the messages (emails) to which pasted log lines belong.
//!
//! # Decisions
//!
//! - Reading and grouping the history takes most of the time of a request, and each line needs several requests (one for each of
//!   its names in each step of the search). So each step of the search sends the requests of all lines together.

use std::net::IpAddr;

use super::client::ControlClient;
use super::pasted::{self, PastedLine};
use super::{CommandFailure, moment};
use crate::limits::{MAX_LINE_SUBJECTS, WHY_AROUND};
use explain::limits::{MAX_WHY_MESSAGES, MAX_WHY_REQUESTS};
use explain::why::MessageReport;
use protocol::limits::MAX_CONTROL_REQUEST;
use protocol::{Reply, Request, WhyRequest};

/// The number of log lines that `resolverctl why` looks up with one request to the daemon: a line needs up to `MAX_LINE_SUBJECTS` selections.
pub(super) const LINES_AT_ONCE: usize = MAX_WHY_REQUESTS / MAX_LINE_SUBJECTS;

/// The size of a request without its list of selections (`WhyRequest`), in octets.
const ENVELOPE: usize = 64;

pub(super) struct LineSearch<'a> {
    /// The options of the command line, such as the client and the period.
    pub(super) asked: &'a WhyRequest,
    pub(super) client: &'a ControlClient,
}

impl LineSearch<'_> {
    /// Returns for each line the messages (emails) to which it may belong, the best match first.
    pub(super) fn settled(&self, lines: &[PastedLine]) -> Result<Vec<Vec<MessageReport>>, CommandFailure> {
        let found = self.found(lines)?.into_iter();
        Ok(lines.iter().zip(found).map(|(line, found)| pasted::settle(line, found, &moment::shown)).collect())
    }

    /// Returns for each line the messages (emails) with queries for a name or an address of the line. Searches several periods
    /// around the time of the line, until a period has such a message. A line without a time uses the period of the command line.
    fn found(&self, lines: &[PastedLine]) -> Result<Vec<Vec<MessageReport>>, CommandFailure> {
        let around = WHY_AROUND.as_secs_f64();
        let mut searched: Vec<_> =
            lines.iter().map(|line| (line, line.spans(around).into_iter(), Vec::new())).collect();
        loop {
            let open: Vec<_> = searched
                .iter_mut()
                .filter_map(|(line, spans, found)| Some((*line, spans.next()?, spans, found)))
                .collect();
            if open.is_empty() {
                return Ok(searched.into_iter().map(|(_, _, found)| found).collect());
            }
            let requests = open.iter().flat_map(|(line, span, ..)| self.requests(line, *span)).collect();
            let mut replies = self.replies(requests)?.into_iter();
            for (line, _, spans, found) in open {
                *found = replies.by_ref().take(line.subjects.len()).flatten().collect();
                if found.iter().any(|message| pasted::is_of_line(line, message)) {
                    *spans = Vec::new().into_iter();
                }
            }
        }
    }

    /// Returns one request for each name and address of the line. A request for a domain does not include the names below it: below the
    /// domain of a provider are its hosts and its customers, which send other mails.
    fn requests(&self, line: &PastedLine, span: Option<(f64, f64)>) -> impl Iterator<Item = WhyRequest> {
        line.subjects.iter().map(move |subject| WhyRequest {
            subject: Some(subject.clone()),
            itself: subject.parse::<IpAddr>().is_err(),
            from: span.map_or(self.asked.from, |(from, _)| Some(from)),
            to: span.map_or(self.asked.to, |(_, to)| Some(to)),
            most: MAX_WHY_MESSAGES,
            decisive: line.decisive(),
            ..self.asked.clone()
        })
    }

    /// Returns the messages (emails) for each request, in the order of the requests. Equal requests are sent to the daemon only once.
    fn replies(&self, requests: Vec<WhyRequest>) -> Result<Vec<Vec<MessageReport>>, CommandFailure> {
        let mut distinct: Vec<WhyRequest> = Vec::new();
        let place = |request: WhyRequest| {
            let known = distinct.iter().position(|known| *known == request);
            known.unwrap_or_else(|| {
                distinct.push(request);
                distinct.len().saturating_sub(1)
            })
        };
        let places: Vec<usize> = requests.into_iter().map(place).collect();
        let mut replies = Vec::new();
        while let Some(left) = distinct.get(replies.len()..).filter(|left| !left.is_empty()) {
            // A reply of the daemon may have results for the first requests only. The next turn of the loop sends the other requests.
            let more = self.ask(fitting(left))?;
            if more.is_empty() {
                return Err(CommandFailure::CutOff("the reply has no messages".to_owned()));
            }
            replies.extend(more);
        }
        Ok(places.into_iter().filter_map(|place| replies.get(place).cloned()).collect())
    }

    /// Returns the messages for each request. If the daemon stops early, the result is shorter than `requests`.
    fn ask(&self, requests: &[WhyRequest]) -> Result<Vec<Vec<MessageReport>>, CommandFailure> {
        let (mut replies, mut messages) = (Vec::new(), Vec::new());
        for reply in self.client.ask(&Request::Why { requests: requests.to_vec() })? {
            match reply {
                Reply::Message(message) => messages.push(*message),
                Reply::MessagesEnd => replies.push(std::mem::take(&mut messages)),
                _ => {}
            }
        }
        Ok(replies)
    }
}

/// Returns the first requests that fit into one request on the control socket, but at least one.
fn fitting(requests: &[WhyRequest]) -> &[WhyRequest] {
    let mut octets = ENVELOPE;
    let fits = |request: &&WhyRequest| {
        let own = serde_json::to_vec(request).map_or(0, |json| json.len());
        octets = octets.saturating_add(own).saturating_add(1);
        octets <= MAX_CONTROL_REQUEST
    };
    let count = requests.iter().take(MAX_WHY_REQUESTS).take_while(fits).count();
    requests.get(..count.max(1)).unwrap_or(requests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batched_requests_fit_control_socket() {
        let of = |octets: usize| WhyRequest { subject: Some("a".repeat(octets)), ..WhyRequest::default() };
        for (requests, fit) in [
            (vec![of(9)], 1),
            (vec![of(9); 100], MAX_WHY_REQUESTS),
            (vec![of(1_004); 60], 15),
            (vec![of(MAX_CONTROL_REQUEST)], 1),
        ] {
            let first = fitting(&requests);
            assert_eq!(first.len(), fit);
            let octets = serde_json::to_vec(&Request::Why { requests: first.to_vec() }).unwrap().len();
            assert!(octets < MAX_CONTROL_REQUEST || fit == 1, "{octets}");
        }
    }
}
