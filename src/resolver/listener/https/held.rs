//! Requests that wait until the client has taken the replies before them, or until it has a place among the questions.
//!
//! Of each, the message is kept and not the header: with the longest headers, a client could fill 32 MiB by all its connections.

use std::collections::VecDeque;
use std::io::Cursor;

use h2::RecvStream;
use h2::server::SendResponse;

use super::octets::UnsentReply;
use super::request::{RefusedRequest, SentMessage};
use crate::limits::MAX_PIPELINED;

/// A request that has no response yet.
pub(super) struct Exchange {
    pub(super) respond: SendResponse<Cursor<UnsentReply>>,
    /// Whether the response has a body.
    pub(super) has_body: bool,
}

/// A request whose header was read.
pub(super) struct HeldRequest {
    pub(super) exchange: Exchange,
    pub(super) sent: Result<SentMessage, RefusedRequest>,
    /// Its body, which may not have come yet.
    pub(super) body: RecvStream,
}

/// The requests of a connection that wait, in their order.
#[derive(Default)]
pub(super) struct HeldRequests {
    requests: VecDeque<HeldRequest>,
    octets: usize,
}

impl HeldRequest {
    fn octets(&self) -> usize {
        match &self.sent {
            Ok(SentMessage::InPath(message)) => message.capacity(),
            _ => 0,
        }
    }
}

impl HeldRequests {
    /// Adds a request; false if more than the streams of a connection wait, because the client has reset some.
    pub(super) fn add(&mut self, request: HeldRequest) -> bool {
        let has_room = self.requests.len() < MAX_PIPELINED;
        if has_room {
            self.octets = self.octets.saturating_add(request.octets());
            self.requests.push_back(request);
        }
        has_room
    }

    /// Takes the first out.
    pub(super) fn take(&mut self) -> Option<HeldRequest> {
        let request = self.requests.pop_front()?;
        self.octets = self.octets.saturating_sub(request.octets());
        Some(request)
    }

    /// Octets of their messages.
    pub(super) const fn octets(&self) -> usize {
        self.octets
    }
}
