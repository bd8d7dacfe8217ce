//! The protocol of a socketmap: a netstring with the name of the map and the key, and a netstring with the reply (socketmap_table(5)).

use std::io::{self, ErrorKind};

use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader,
};
use tokio::time::timeout;

use crate::limits::{IDLE_TIME, MAX_REQUEST, TRANSFER_TIME};
use crate::reply::Attributes;

/// The names of the map, as Postfix's configuration has them.
const MAPS: [(&str, Attributes); 2] =
    [("QUERY", Attributes::Plain), ("QUERYwithTLSRPT", Attributes::Reports)];

/// A request of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lookup {
    pub(crate) attributes: Attributes,
    /// The next hop.
    pub(crate) key: String,
}

/// Answers the requests of a connection, one after the other, until the client closes it or is idle for too long.
///
/// # Errors
/// Fails if the connection breaks, or if a request is no netstring or too long.
pub(crate) async fn serve<Answering: Future<Output = String>>(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: impl Fn(Lookup) -> Answering,
) -> io::Result<()> {
    let mut stream = BufReader::with_capacity(MAX_REQUEST, stream);
    loop {
        let Ok(begun) = timeout(IDLE_TIME, stream.fill_buf()).await else { return Ok(()) };
        if begun?.is_empty() {
            return Ok(());
        }
        let request = timeout(TRANSFER_TIME, read(&mut stream)).await??;
        let reply = match lookup(&request) {
            Ok(lookup) => answer(lookup).await,
            Err(wrong) => format!("PERM {wrong}"),
        };
        let netstring = format!("{}:{reply},", reply.len());
        timeout(TRANSFER_TIME, stream.get_mut().write_all(netstring.as_bytes())).await??;
    }
}

/// Reads a netstring: the length in decimal, a colon, the octets, a comma.
async fn read(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Vec<u8>> {
    let wrong = || io::Error::new(ErrorKind::InvalidData, "the request is no netstring, or is too long");
    let mut length = 0_usize;
    for place in 0.. {
        let octet = stream.read_u8().await?;
        match octet {
            b':' if place > 0 => break,
            b'0'..=b'9' => length = length * 10 + usize::from(octet - b'0'),
            _ => return Err(wrong()),
        }
        if length > MAX_REQUEST || place > 3 {
            return Err(wrong());
        }
    }
    let mut octets = vec![0; length];
    stream.read_exact(&mut octets).await?;
    if stream.read_u8().await? == b',' { Ok(octets) } else { Err(wrong()) }
}

fn lookup(request: &[u8]) -> Result<Lookup, String> {
    let text = String::from_utf8_lossy(request);
    let (map, key) = text.split_once(' ').unwrap_or((&text, ""));
    match MAPS.iter().find(|(name, _)| *name == map) {
        Some((_, attributes)) => Ok(Lookup { attributes: *attributes, key: key.to_owned() }),
        None => Err(format!("the map is {} or {}", MAPS[0].0, MAPS[1].0)),
    }
}
