//! Commands to the store and its replies, in the protocol of Redis and Valkey (RESP, version 2).
//!
//! The store may be hostile, and anybody who can reach it may write to it. So each command has a bound of the memory of its reply, and a length
//! above the bound is noticed before the data are read. Then nothing more is read, and the connection must be ended.

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

use crate::error::StoreError;
use crate::limits::{MAX_DEPTH, MAX_LINE, SHORT_REPLY};

/// A part of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Nothing,
    Number(i64),
    Text(Vec<u8>),
    Error(Vec<u8>),
    List(Vec<Value>),
}

impl Value {
    pub(crate) fn into_list(self) -> Result<Vec<Self>, StoreError> {
        if let Self::List(values) = self { Ok(values) } else { Err(StoreError::Garbled) }
    }

    pub(crate) fn into_text(self) -> Result<Vec<u8>, StoreError> {
        if let Self::Text(text) = self { Ok(text) } else { Err(StoreError::Garbled) }
    }

    /// Returns a number, also one in the form of a text.
    pub(crate) fn number<Number: TryFrom<i64> + std::str::FromStr>(&self) -> Option<Number> {
        match self {
            Self::Number(number) => Number::try_from(*number).ok(),
            Self::Text(text) => str::from_utf8(text).ok()?.parse().ok(),
            _ => None,
        }
    }
}

/// A command with its arguments.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    words: Vec<Vec<u8>>,
    /// The place in `words` of the key, which selects the node of a cluster.
    key: Option<usize>,
    /// The most memory of the reply, in octets.
    pub(crate) bound: usize,
}

impl Command {
    /// Creates a command whose reply is a number or a few words.
    pub(crate) fn new(name: &str) -> Self {
        Self { words: vec![name.as_bytes().to_vec()], key: None, bound: SHORT_REPLY }
    }

    pub(crate) fn key(mut self, key: &str) -> Self {
        self.key = Some(self.words.len());
        self.word(key)
    }

    pub(crate) fn word(mut self, word: impl AsRef<[u8]>) -> Self {
        self.words.push(word.as_ref().to_vec());
        self
    }

    pub(crate) fn number(self, number: impl TryInto<i128>) -> Self {
        self.word(number.try_into().unwrap_or_default().to_string())
    }

    pub(crate) fn at_most(mut self, octets: usize) -> Self {
        self.bound = octets;
        self
    }

    pub(crate) fn key_octets(&self) -> Option<&[u8]> {
        self.words.get(self.key?).map(Vec::as_slice)
    }

    pub(crate) fn to_octets(&self) -> Vec<u8> {
        let mut octets = format!("*{}\r\n", self.words.len()).into_bytes();
        for word in &self.words {
            octets.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            octets.extend_from_slice(word);
            octets.extend_from_slice(b"\r\n");
        }
        octets
    }
}

/// Reads a reply of at most `bound` octets.
///
/// # Errors
/// The connection ended, the reply is too large, or it is not in the form of the protocol. Then the connection cannot be used any longer.
pub(crate) async fn read_reply(
    stream: &mut (impl AsyncBufRead + Unpin + Send),
    bound: usize,
) -> Result<Value, StoreError> {
    let mut reading = Reading { stream, left: bound, is_cut: false };
    let value = reading.value(0).await?;
    if reading.is_cut { Err(StoreError::TooLarge(value)) } else { Ok(value) }
}

struct Reading<'s, Stream> {
    stream: &'s mut Stream,
    /// The memory that the rest of the reply may take, in octets.
    left: usize,
    /// True if a part is above its bound. Then nothing more is read.
    is_cut: bool,
}

impl<Stream: AsyncBufRead + Unpin + Send> Reading<'_, Stream> {
    async fn value(&mut self, depth: u8) -> Result<Value, StoreError> {
        let line = self.line().await?;
        let (kind, rest) = line.split_first().ok_or(StoreError::Garbled)?;
        match kind {
            b'+' if self.takes(rest.len()) => Ok(Value::Text(rest.to_vec())),
            b'-' if self.takes(rest.len()) => Ok(Value::Error(rest.to_vec())),
            b'+' | b'-' => Ok(Value::Nothing),
            b':' => number(rest).map(Value::Number),
            b'$' => self.text(number(rest)?).await,
            b'*' if depth < MAX_DEPTH => Box::pin(self.list(number(rest)?, depth)).await,
            _ => Err(StoreError::Garbled),
        }
    }

    async fn text(&mut self, length: i64) -> Result<Value, StoreError> {
        // A length of -1 stands for a missing value.
        let Ok(length) = usize::try_from(length) else { return Ok(Value::Nothing) };
        if !self.takes(length) {
            return Ok(Value::Nothing);
        }
        let (mut text, mut end) = (vec![0; length], [0; 2]);
        self.stream.read_exact(&mut text).await.map_err(|error| ended(&error))?;
        self.stream.read_exact(&mut end).await.map_err(|error| ended(&error))?;
        if end == *b"\r\n" { Ok(Value::Text(text)) } else { Err(StoreError::Garbled) }
    }

    async fn list(&mut self, length: i64, depth: u8) -> Result<Value, StoreError> {
        let Ok(length) = usize::try_from(length) else { return Ok(Value::Nothing) };
        if !self.takes(length.saturating_mul(size_of::<Value>())) {
            return Ok(Value::List(Vec::new()));
        }
        let mut values = Vec::with_capacity(length);
        while values.len() < length && !self.is_cut {
            values.push(self.value(depth.saturating_add(1)).await?);
        }
        Ok(Value::List(values))
    }

    /// Returns true if the reply may have a further part of this size. Otherwise nothing more is read.
    fn takes(&mut self, octets: usize) -> bool {
        let left = self.left.checked_sub(octets);
        self.is_cut = left.is_none();
        self.left = left.unwrap_or_default();
        !self.is_cut
    }

    async fn line(&mut self) -> Result<Vec<u8>, StoreError> {
        let mut line = Vec::new();
        (&mut *self.stream)
            .take(MAX_LINE)
            .read_until(b'\n', &mut line)
            .await
            .map_err(|error| ended(&error))?;
        match line.strip_suffix(b"\r\n") {
            Some(text) => Ok(text.to_vec()),
            None if line.is_empty() => Err(ended(&std::io::ErrorKind::UnexpectedEof.into())),
            None => Err(StoreError::Garbled),
        }
    }
}

fn number(text: &[u8]) -> Result<i64, StoreError> {
    str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(StoreError::Garbled)
}

fn ended(error: &std::io::Error) -> StoreError {
    StoreError::Broken(match error.kind() {
        std::io::ErrorKind::UnexpectedEof => "it ended the connection".to_owned(),
        _ => error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a reply. Returns it with the number of octets that were not read.
    async fn read(mut octets: &[u8], bound: usize) -> (Result<Value, StoreError>, usize) {
        let read = read_reply(&mut octets, bound).await;
        (read, octets.len())
    }

    fn text(text: &str) -> Value {
        Value::Text(text.as_bytes().to_vec())
    }

    #[tokio::test]
    async fn each_kind_of_value_is_read() {
        let reply = b"*6\r\n+OK\r\n:-7\r\n$3\r\na\r\n\r\n$-1\r\n*-1\r\n-ERR no\r\nrest";
        let values = vec![
            text("OK"),
            Value::Number(-7),
            text("a\r\n"),
            Value::Nothing,
            Value::Nothing,
            Value::Error(b"ERR no".to_vec()),
        ];
        assert_eq!(read(reply, 1_000).await, (Ok(Value::List(values)), 4));
    }

    #[tokio::test]
    async fn a_long_text_is_not_read() {
        let data = "x".repeat(500);
        let reply = format!("*2\r\n*2\r\n$3\r\n1-1\r\n$300000000\r\n{data}");
        let cut = Value::List(vec![Value::List(vec![text("1-1"), Value::Nothing])]);
        assert_eq!(read(reply.as_bytes(), 1_000).await, (Err(StoreError::TooLarge(cut)), 500));
    }

    #[tokio::test]
    async fn the_sum_of_texts_is_bounded() {
        let reply = "*3\r\n$60\r\n".to_owned() + &"x".repeat(60) + "\r\n$60\r\n" + &"y".repeat(60) + "\r\n";
        let cut = Value::List(vec![text(&"x".repeat(60)), Value::Nothing]);
        let bound = 100 + 3 * size_of::<Value>();
        assert_eq!(read(reply.as_bytes(), bound).await, (Err(StoreError::TooLarge(cut)), 62));
    }

    #[tokio::test]
    async fn long_or_deep_list_is_refused() {
        let many = StoreError::TooLarge(Value::List(Vec::new()));
        assert_eq!(read(b"*1000000000\r\n:1\r\n", 100).await, (Err(many), 4));
        let nested = "*1\r\n".repeat(usize::from(MAX_DEPTH) + 1);
        assert_eq!(read(nested.as_bytes(), 1_000).await.0, Err(StoreError::Garbled));
        let spread = "*20\r\n*20\r\n";
        let cut = Value::List(vec![Value::List(Vec::new())]);
        assert_eq!(read(spread.as_bytes(), 1_000).await.0, Err(StoreError::TooLarge(cut)));
    }

    #[tokio::test]
    async fn other_protocols_are_refused() {
        let line = "+".to_owned() + &"x".repeat(9_000);
        for reply in ["HTTP/1.1 200 OK\r\n", "$x\r\n", "$3\r\nabcdef", "\r\n", "%1\r\n", &line] {
            assert_eq!(read(reply.as_bytes(), 100_000).await.0, Err(StoreError::Garbled), "{reply}");
        }
        let ended = Err(StoreError::Broken("it ended the connection".to_owned()));
        for reply in ["", "$5\r\nab", "*1\r\n"] {
            assert_eq!(read(reply.as_bytes(), 100).await.0, ended, "{reply}");
        }
    }

    #[test]
    fn command_is_encoded_as_bulk_strings() {
        let command = Command::new("GETRANGE").key("k:1").number(0).number(-1);
        assert_eq!(command.to_octets(), b"*4\r\n$8\r\nGETRANGE\r\n$3\r\nk:1\r\n$1\r\n0\r\n$2\r\n-1\r\n");
        assert_eq!(command.key_octets(), Some(&b"k:1"[..]));
    }
}
