//! The waiting requests of a connection. A request waits until the client has read the earlier replies, or until one of the questions of
//! the connection that are in progress is answered.
//!
//! Only the DNS message of a request is stored. With the longest headers, a client could otherwise fill 32 MiB.

use std::collections::VecDeque;
use std::io::Cursor;

use h2::RecvStream;
use h2::server::SendResponse;

use super::octets::UnsentReply;
use super::request::{RefusedRequest, SentMessage};
use exchange::limits::MAX_PIPELINED;

pub(super) struct Exchange {
    pub(super) respond: SendResponse<Cursor<UnsentReply>>,
    /// False for a HEAD request.
    pub(super) has_body: bool,
}

pub(super) struct HeldRequest {
    pub(super) exchange: Exchange,
    pub(super) sent: Result<SentMessage, RefusedRequest>,
    /// The body, which may not have arrived yet.
    pub(super) body: RecvStream,
}

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
    /// Returns false if the number of waiting requests would exceed the number of streams that a connection may have. This can happen because a
    /// request still waits after the client has reset its stream.
    pub(super) fn add(&mut self, request: HeldRequest) -> bool {
        let has_room = self.requests.len() < MAX_PIPELINED;
        if has_room {
            self.octets = self.octets.saturating_add(request.octets());
            self.requests.push_back(request);
        }
        has_room
    }

    pub(super) fn take(&mut self) -> Option<HeldRequest> {
        let request = self.requests.pop_front()?;
        self.octets = self.octets.saturating_sub(request.octets());
        Some(request)
    }

    pub(super) const fn octets(&self) -> usize {
        self.octets
    }
}
