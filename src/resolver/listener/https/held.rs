//! The requests of a connection that wait until the client has read the earlier replies, or until the client may have
//! another question in progress.
//!
//! Only the DNS message of a request is stored, not its header. With the longest headers, a client could otherwise fill
//! 32 MiB with all its connections.

use std::collections::VecDeque;
use std::io::Cursor;

use h2::RecvStream;
use h2::server::SendResponse;

use super::octets::UnsentReply;
use super::request::{RefusedRequest, SentMessage};
use crate::limits::MAX_PIPELINED;

/// What is needed to respond to an HTTP request.
pub(super) struct Exchange {
    pub(super) respond: SendResponse<Cursor<UnsentReply>>,
    /// True if the response must have a body, which is not the case for a HEAD request.
    pub(super) has_body: bool,
}

/// An HTTP request whose header was read, and which waits to be answered.
pub(super) struct HeldRequest {
    pub(super) exchange: Exchange,
    pub(super) sent: Result<SentMessage, RefusedRequest>,
    /// The body of the request, which may not have arrived yet.
    pub(super) body: RecvStream,
}

/// The waiting HTTP requests of a connection, in the order of their arrival.
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
    /// Adds a request. Returns false if more requests would wait than a connection may have streams at the same time.
    /// This is possible if the client has reset some streams.
    pub(super) fn add(&mut self, request: HeldRequest) -> bool {
        let has_room = self.requests.len() < MAX_PIPELINED;
        if has_room {
            self.octets = self.octets.saturating_add(request.octets());
            self.requests.push_back(request);
        }
        has_room
    }

    /// Removes and returns the HTTP request that has waited longest.
    pub(super) fn take(&mut self) -> Option<HeldRequest> {
        let request = self.requests.pop_front()?;
        self.octets = self.octets.saturating_sub(request.octets());
        Some(request)
    }

    /// Returns the size of the DNS messages in all waiting HTTP requests, in octets.
    pub(super) const fn octets(&self) -> usize {
        self.octets
    }
}
