//! The search for the messages of pasted lines: the daemon reads its query history once for the requests of several lines.
//!
//! # Decisions
//!
//! - To read and to group the history takes most of the time of a request, and each line has several: one for each of its names, in each
//!   step of its search. So all lines go through their steps together.

use std::net::IpAddr;

use super::CommandFailure;
use super::client::ControlClient;
use super::moment;
use super::pasted::{self, FoundMessages, PastedLine, SearchStep};
use crate::limits::{MAX_LINE_SUBJECTS, WHY_AROUND};
use control::limits::MAX_CONTROL_REQUEST;
use control::protocol::{Reply, Request, WhyRequest};
use history::limits::{MAX_WHY_MESSAGES, MAX_WHY_REQUESTS};
use history::why::MessageReport;

/// Lines that are searched together: their requests fit in one.
pub(super) const LINES_AT_ONCE: usize = MAX_WHY_REQUESTS / MAX_LINE_SUBJECTS;

/// Octets of a request beside the requests in it.
const ENVELOPE: usize = 64;

/// The search for the messages of pasted lines.
pub(super) struct LineSearch<'a> {
    /// The words of the command line.
    pub(super) asked: &'a WhyRequest,
    pub(super) client: &'a ControlClient,
}

impl LineSearch<'_> {
    /// For each line its message, if there is one.
    pub(super) fn settled<'l>(
        &self,
        lines: &'l [PastedLine],
    ) -> Result<Vec<(&'l PastedLine, Option<MessageReport>)>, CommandFailure> {
        let found = self.found(lines)?.into_iter();
        let settle = |line, found| (line, pasted::settle(line, found, &moment::shown));
        self.with_unnamed(lines.iter().zip(found).map(|(line, found)| settle(line, found)).collect())
    }

    /// For each line the messages of the record that match it: same subject, and of the time of the line. If there are none, those of the
    /// time around it. If the line has no time, the time on the command line is used.
    fn found(&self, lines: &[PastedLine]) -> Result<Vec<Vec<MessageReport>>, CommandFailure> {
        let mut searched: Vec<SearchedLine<'_>> = lines.iter().map(SearchedLine::of).collect();
        loop {
            let open: Vec<_> = searched.iter_mut().filter_map(|one| Some((one.steps.next()?, one))).collect();
            if open.is_empty() {
                return Ok(searched.into_iter().map(|one| one.found.messages()).collect());
            }
            let requests = open.iter().flat_map(|(step, one)| self.requests(one.line, *step)).collect();
            let mut replies = self.replies(requests)?.into_iter();
            for (step, one) in open {
                one.take(step, &mut replies);
            }
        }
    }

    /// The requests of a step of the search for a line, one for each of its subjects.
    fn requests(&self, line: &PastedLine, step: SearchStep) -> impl Iterator<Item = WhyRequest> {
        line.subjects.iter().map(move |subject| WhyRequest {
            subject: Some(subject.clone()),
            // No name is below an address, so that one request for it is enough.
            itself: step.itself && subject.parse::<IpAddr>().is_err(),
            from: step.span.map_or(self.asked.from, |(from, _)| Some(from)),
            to: step.span.map_or(self.asked.to, |(_, to)| Some(to)),
            ..self.request_of(line)
        })
    }

    /// A request for messages that may explain a line.
    fn request_of(&self, line: &PastedLine) -> WhyRequest {
        WhyRequest { most: MAX_WHY_MESSAGES, decisive: line.decisive(), ..self.asked.clone() }
    }

    /// The messages of lines. One that does not explain the time of its program is compared with the other messages of its client.
    fn with_unnamed<'l>(
        &self,
        mut settled: Vec<(&'l PastedLine, Option<MessageReport>)>,
    ) -> Result<Vec<(&'l PastedLine, Option<MessageReport>)>, CommandFailure> {
        let (mut unexplained, mut requests) = (Vec::new(), Vec::new());
        for (line, message) in &mut settled {
            let span = message.as_ref().and_then(|message| pasted::unexplained_time(line, message));
            if let Some((from, to)) = span {
                let (from, to) = (Some(from), Some(to));
                requests.push(WhyRequest { subject: None, from, to, ..self.request_of(line) });
                unexplained.push((&*line, message));
            }
        }
        for ((line, message), others) in unexplained.into_iter().zip(self.replies(requests)?) {
            *message = message.take().map(|message| pasted::settle_unnamed(line, message, &others));
        }
        Ok(settled)
    }

    /// The reply to each request. Equal ones are sent once.
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
            // The daemon may have answered some of them: the others are asked again.
            let more = self.ask(fitting(left))?;
            if more.is_empty() {
                return Err(CommandFailure::CutOff("the reply has no messages".to_owned()));
            }
            replies.extend(more);
        }
        Ok(places.into_iter().filter_map(|place| replies.get(place).cloned()).collect())
    }

    /// The replies to the first ones of several requests.
    fn ask(&self, requests: &[WhyRequest]) -> Result<Vec<Vec<MessageReport>>, CommandFailure> {
        let (mut replies, mut messages) = (Vec::new(), Vec::new());
        for reply in self.client.ask(&Request::WhyEach { requests: requests.to_vec() })? {
            match reply {
                Reply::Message(message) => messages.push(*message),
                Reply::MessagesEnd => replies.push(std::mem::take(&mut messages)),
                _ => {}
            }
        }
        Ok(replies)
    }
}

/// The first requests that fit in one for the control socket, at least one.
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

/// A line in its search.
struct SearchedLine<'l> {
    line: &'l PastedLine,
    /// The steps that are left.
    steps: std::vec::IntoIter<SearchStep>,
    found: FoundMessages,
}

impl<'l> SearchedLine<'l> {
    fn of(line: &'l PastedLine) -> Self {
        let steps = line.steps(WHY_AROUND.as_secs_f64()).into_iter();
        Self { line, steps, found: FoundMessages::default() }
    }

    /// Takes the next replies, which are those of a step.
    fn take(&mut self, step: SearchStep, replies: &mut impl Iterator<Item = Vec<MessageReport>>) {
        let of_subjects = self.line.subjects.iter().zip(replies);
        let of_subject = |(subject, messages): (&'l String, Vec<MessageReport>)| {
            messages.into_iter().map(|message| (subject.as_str(), message))
        };
        if self.found.take(self.line, step, of_subjects.flat_map(of_subject).collect()) {
            self.steps = Vec::new().into_iter();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_fit_in_one_for_the_control_socket() {
        let of = |octets: usize| WhyRequest { subject: Some("a".repeat(octets)), ..WhyRequest::default() };
        for (requests, fit) in [
            (vec![of(9)], 1),
            (vec![of(9); 100], MAX_WHY_REQUESTS),
            (vec![of(1_004); 60], 15),
            (vec![of(MAX_CONTROL_REQUEST)], 1),
        ] {
            let first = fitting(&requests);
            assert_eq!(first.len(), fit);
            let octets = serde_json::to_vec(&Request::WhyEach { requests: first.to_vec() }).unwrap().len();
            assert!(octets < MAX_CONTROL_REQUEST || fit == 1, "{octets}");
        }
    }
}
