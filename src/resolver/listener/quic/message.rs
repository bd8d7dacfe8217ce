//! Reads the query of a stream: two octets with its length, the DNS message, and the end of the stream (RFC 9250 section 4.2).

use quinn::{ReadError, RecvStream, VarInt};
use tokio::time::timeout;

use crate::limits::{MAX_QUERY, TCP_MESSAGE_TIME};

/// The error code with which a connection or a stream ends (RFC 9250 section 8.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EndCode {
    /// The stream or connection ends without an error.
    NoError,
    /// resolverd has a fault.
    InternalError,
    /// The client violates the protocol.
    ProtocolError,
    /// The client has cancelled its query.
    RequestCancelled,
    /// The client sends too many queries.
    ExcessiveLoad,
    /// A reason for which RFC 9250 has no code.
    Unspecified,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamFault {
    Cancelled,
    /// The DNS message is longer than `MAX_QUERY`.
    Length,
    /// The content violates the rules of RFC 9250.
    Rules,
    /// The connection ended before the query was complete.
    Lost,
}

impl EndCode {
    pub(super) const fn number(self) -> VarInt {
        VarInt::from_u32(match self {
            Self::NoError => 0,
            Self::InternalError => 1,
            Self::ProtocolError => 2,
            Self::RequestCancelled => 3,
            Self::ExcessiveLoad => 4,
            Self::Unspecified => 5,
        })
    }
}

pub(super) async fn read(stream: &mut RecvStream) -> Result<Vec<u8>, StreamFault> {
    let whole = async {
        let mut octets = Vec::new();
        loop {
            // One octet more than allowed shows that the DNS message is too long.
            let room = (MAX_QUERY + 3).saturating_sub(octets.len());
            match stream.read_chunk(room, true).await {
                Ok(Some(chunk)) => octets.extend_from_slice(&chunk.bytes),
                Ok(None) => return message(&octets),
                Err(ReadError::Reset(_)) => return Err(StreamFault::Cancelled),
                Err(_) => return Err(StreamFault::Lost),
            }
            if let Some(fault) = begin_fault(&octets) {
                return Err(fault);
            }
        }
    };
    timeout(TCP_MESSAGE_TIME, whole).await.unwrap_or(Err(StreamFault::Rules))
}

/// Returns a fault if the first octets already show that the stream has no valid query.
fn begin_fault(octets: &[u8]) -> Option<StreamFault> {
    let (length, rest) = octets.split_first_chunk()?;
    match usize::from(u16::from_be_bytes(*length)) {
        length if length > MAX_QUERY => Some(StreamFault::Length),
        length => (rest.len() > length).then_some(StreamFault::Rules),
    }
}

/// Returns the DNS message of a stream that has ended.
fn message(octets: &[u8]) -> Result<Vec<u8>, StreamFault> {
    let Some((length, message)) = octets.split_first_chunk() else { return Err(StreamFault::Rules) };
    // The id of each query must be 0 (RFC 9250 section 4.2.1).
    if usize::from(u16::from_be_bytes(*length)) != message.len() || !message.starts_with(&[0, 0]) {
        return Err(StreamFault::Rules);
    }
    Ok(message.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn framed(length: usize, message: &[u8]) -> Vec<u8> {
        [u16::try_from(length).unwrap().to_be_bytes().as_slice(), message].concat()
    }

    #[test]
    fn message_needs_length_and_id_zero() {
        let query = [&[0, 0], [7; 30].as_slice()].concat();
        assert_eq!(message(&framed(32, &query)), Ok(query.clone()));
        for wrong in [framed(31, &query), framed(33, &query), framed(4, &[0, 1, 7, 7]), framed(0, &[])] {
            assert_eq!(message(&wrong), Err(StreamFault::Rules), "{wrong:?}");
        }
        assert_eq!(message(&[0]), Err(StreamFault::Rules));
        assert_eq!(message(&[]), Err(StreamFault::Rules));
    }

    #[test]
    fn message_beginning_reveals_excess_length() {
        assert_eq!(begin_fault(&framed(MAX_QUERY + 1, &[])), Some(StreamFault::Length));
        assert_eq!(begin_fault(&framed(MAX_QUERY, &[0; MAX_QUERY])), None);
        assert_eq!(begin_fault(&framed(3, &[0; 4])), Some(StreamFault::Rules));
        assert_eq!((begin_fault(&[255]), begin_fault(&framed(3, &[0; 3]))), (None, None));
    }

    proptest! {
        #[test]
        fn any_octets_have_a_verdict(octets in proptest::collection::vec(any::<u8>(), 0..100)) {
            if let Ok(message) = message(&octets) {
                prop_assert_eq!(framed(message.len(), &message), octets.clone());
                prop_assert_eq!(begin_fault(&octets), None);
            }
        }
    }
}
