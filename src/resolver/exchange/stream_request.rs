//! A message for a stream, and its result.

use std::io;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::long_replies::ReplyRoom;

/// A message to be sent, and where its reply goes.
pub(super) struct StreamRequest {
    pub(super) message: Vec<u8>,
    pub(super) reply: ReplySender,
}

/// Takes the reply to a message.
pub(super) type ReplySender = oneshot::Sender<Result<StreamReply, LostStream>>;

/// A reply, with its room.
#[derive(Clone, Debug)]
pub(super) struct StreamReply {
    pub(super) octets: Vec<u8>,
    pub(super) room: ReplyRoom,
}

/// Why there is no answer.
#[derive(Clone)]
pub(super) enum LostStream {
    /// The stream could not be opened, or was closed before it carried any answer; or the server has failed with this query.
    Failed(Arc<io::Error>),
    /// It carried answers and was closed before this one, or takes no further query: another stream may bring it.
    Closed,
    /// The answer came, and there is no room for it. The stream goes on.
    NoRoom,
}
