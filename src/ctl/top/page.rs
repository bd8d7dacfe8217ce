//! The page of `resolverctl top` about a row: the messages (emails) with its queries. Pure, except for the request.

use super::table::TopSubject;
use crate::limits::TOP_MESSAGES;
use crate::render::{Style, why};
use control::protocol::{Reply, WhyRequest};
use history::Window;
use history::limits::MAX_WHY_MESSAGES;
use history::why::{MessageReport, QuestionReport};

/// The page about a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhyPage {
    /// The subject of the row.
    pub subject: TopSubject,
    /// The time of its messages: the time of the table.
    pub window: Window,
    /// The lines; none while they are read.
    pub lines: Option<Vec<String>>,
    /// The first line that is shown.
    pub first: usize,
}

/// The messages that a page is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageWanted {
    /// See `WhyPage`.
    pub subject: TopSubject,
    /// See `WhyPage`.
    pub window: Window,
}

impl WhyPage {
    /// The messages that it is about.
    pub fn wanted(&self) -> PageWanted {
        PageWanted { subject: self.subject.clone(), window: self.window }
    }
}

impl PageWanted {
    /// The title of the page, without the time.
    pub fn title(&self) -> String {
        match &self.subject {
            TopSubject::Name(name) => format!("messages (emails) with queries for {name} or below it"),
            TopSubject::Client(client) => format!("messages (emails) of client {client}"),
            TopSubject::Server(server) => format!("messages (emails) with queries to server {server}"),
            TopSubject::All => "the slowest messages (emails)".to_owned(),
        }
    }

    /// The request at the moment `now`, in seconds since 1970.
    pub(super) fn request(&self, now: f64) -> WhyRequest {
        let from = self.window.length().map(|length| now - length.as_secs_f64());
        let mut request = WhyRequest { from, most: TOP_MESSAGES, ..WhyRequest::default() };
        match &self.subject {
            TopSubject::Name(name) => request.subject = Some(name.clone()),
            TopSubject::Client(client) => request.client = Some(client.clone()),
            // The daemon knows no servers as a subject.
            TopSubject::Server(_) => request.most = MAX_WHY_MESSAGES,
            TopSubject::All => {}
        }
        request
    }

    /// The messages as text: first the one that waited longest in the queries of the row. `moment` shows a moment in local time.
    pub fn text(&self, replies: &[Reply], moment: &dyn Fn(f64) -> String) -> String {
        let mut messages: Vec<MessageReport> = replies
            .iter()
            .filter_map(
                |reply| if let Reply::Message(message) = reply { Some((**message).clone()) } else { None },
            )
            .filter(|message| !message.is_absent())
            .collect();
        let is_own = |question: &QuestionReport| match &self.subject {
            TopSubject::Server(server) => question.messages.iter().any(|sent| sent.server == *server),
            _ => question.of_subject,
        };
        if let TopSubject::Server(_) = self.subject {
            for question in messages.iter_mut().flat_map(|message| &mut message.questions) {
                question.of_subject = is_own(question);
            }
            messages.retain(|message| message.questions.iter().any(is_own));
        }
        if messages.is_empty() {
            return match &self.subject {
                TopSubject::Server(_) => {
                    format!("none of the {MAX_WHY_MESSAGES} slowest messages of this time has such a query")
                }
                _ => "the query history has no such query in this time; `w` in the table changes the time"
                    .to_owned(),
            };
        }
        let waited = |message: &MessageReport| -> f64 {
            message
                .questions
                .iter()
                .filter(|question| is_own(question))
                .map(|question| question.elapsed)
                .sum()
        };
        messages.sort_by(|one, other| waited(other).total_cmp(&waited(one)));
        why::messages(&messages.iter().collect::<Vec<_>>(), moment, Style::Plain)
    }
}
