//! The questions in a file that the host has: a query log, a pcap file or a dnstap file.
//!
//! RFC 1035 section 4.1 (messages).
//!
//! # Decisions
//!
//! - A reader takes any octets: it never panics, and its memory does not grow with the file. What is no question is counted by its
//!   kind, so that "no questions" always has a reason.
//! - A query without RD is one of a resolver to a name server, and not one of a client.

mod dnstap;
mod log;
mod packet;
mod pcap;

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};

use serde::Serialize;

use super::asked::AskedQuestion;
use crate::limits::{MAX_CAPTURE, MAX_SHADOW_QUESTIONS};

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptureFormat {
    /// A query log of resolverd, BIND, Unbound or dnsmasq.
    Log,
    /// Packets in the classic format of libpcap.
    Pcap,
    /// Frame Streams of dnstap.
    Dnstap,
}

impl CaptureFormat {
    /// The names on the command line.
    pub const NAMES: [(&'static str, Self); 3] =
        [("log", Self::Log), ("pcap", Self::Pcap), ("dnstap", Self::Dnstap)];
}

/// Why a line, a packet or a frame has no question to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Skipped {
    /// A line of a log about something else.
    OtherLine,
    /// A question about a name that the log has shortened or in which it has replaced a key.
    Withheld,
    /// A packet of a link type that is not known.
    UnknownLink,
    /// A packet without IP.
    NotIp,
    /// A packet to or from another port than 53, or neither UDP nor TCP.
    OtherPort,
    /// A packet of DNS over TCP.
    OverTcp,
    /// A part of a fragmented packet.
    Fragment,
    /// A packet or frame that the capture has cut.
    Cut,
    /// A frame of dnstap about something else than a query of a client.
    OtherFrame,
    /// A response.
    Response,
    /// A query without RD: of a resolver to a name server.
    NotRecursive,
    /// A message that cannot be read.
    Unreadable,
    /// ANY, AXFR and other types without records of their own, or another class than IN.
    TypeNotCompared,
}

impl Skipped {
    /// In words, after a number.
    pub const fn words(self) -> &'static str {
        match self {
            Self::OtherLine => "lines without a query",
            Self::Withheld => "lines in which a part of the name is withheld",
            Self::UnknownLink => "packets of an unknown link type",
            Self::NotIp => "packets without IP",
            Self::OtherPort => "packets that are not to port 53",
            Self::OverTcp => "packets of DNS over TCP",
            Self::Fragment => "fragments",
            Self::Cut => "packets or frames that the capture has cut",
            Self::OtherFrame => "dnstap messages that are no query of a client",
            Self::Response => "responses",
            Self::NotRecursive => "queries without RD",
            Self::Unreadable => "messages that cannot be read",
            Self::TypeNotCompared => "queries of a type or class that is not compared",
        }
    }
}

/// The questions of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// The different questions in the order of their first queries, each with the number of its queries.
    pub questions: Vec<(AskedQuestion, u64)>,
    places: BTreeMap<AskedQuestion, usize>,
    /// Queries of different questions beyond `MAX_SHADOW_QUESTIONS`.
    pub left_out: u64,
    /// All else, by its kind.
    pub skipped: BTreeMap<Skipped, u64>,
    /// The link types that are not known.
    pub unknown_links: Vec<u32>,
}

impl Captured {
    /// Takes what a reader has found.
    pub fn take(&mut self, found: Result<AskedQuestion, Skipped>) {
        match found {
            Err(why) => {
                let count = self.skipped.entry(why).or_default();
                *count = count.saturating_add(1);
            }
            Ok(question) => self.count(question),
        }
    }

    fn count(&mut self, question: AskedQuestion) {
        let all = self.questions.len();
        let known = self.places.get(&question).and_then(|at| self.questions.get_mut(*at));
        match known {
            Some((_, count)) => *count = count.saturating_add(1),
            None if all >= MAX_SHADOW_QUESTIONS => self.left_out = self.left_out.saturating_add(1),
            None => {
                self.places.insert(question.clone(), all);
                self.questions.push((question, 1));
            }
        }
    }

    /// The queries of the questions.
    pub fn queries(&self) -> u64 {
        self.questions.iter().map(|(_, count)| count).sum()
    }

    /// The parts of the file without a question, in words.
    pub fn skipped_words(&self) -> Vec<String> {
        let told = |(why, count): (&Skipped, &u64)| match why {
            Skipped::UnknownLink => {
                let links: Vec<String> = self.unknown_links.iter().map(ToString::to_string).collect();
                format!("{count} {} ({})", why.words(), links.join(", "))
            }
            _ => format!("{count} {}", why.words()),
        };
        self.skipped.iter().map(told).collect()
    }
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The system refuses.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is of a kind that is not read.
    #[error("{0}")]
    Format(&'static str),
}

/// The kind of a file by its first octets.
///
/// # Errors
/// A known kind that is not read.
fn detected(head: &[u8]) -> Result<CaptureFormat, CaptureError> {
    const PCAPNG: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
    if head.starts_with(&PCAPNG) {
        return Err(CaptureError::Format(
            "this is a pcapng file; convert it with `editcap -F pcap FILE NEW` or `tcpdump -r FILE -w NEW`",
        ));
    }
    let is_packed = |magic: &[u8]| head.starts_with(magic);
    if is_packed(&[0x1f, 0x8b]) || is_packed(&[0x28, 0xb5, 0x2f, 0xfd]) || is_packed(b"\xfd7zXZ") {
        return Err(CaptureError::Format(
            "this file is compressed; unpack it first, or give it as - by a pipe",
        ));
    }
    Ok(match head {
        _ if pcap::is_magic(head) => CaptureFormat::Pcap,
        // The length 0 of a control frame.
        [0, 0, 0, 0, 0, 0, ..] => CaptureFormat::Dnstap,
        _ => CaptureFormat::Log,
    })
}

/// Reads the questions of a file. Without a format it is told by its first octets.
///
/// # Errors
/// It cannot be read, or is of a kind that is not read.
pub fn read(input: impl BufRead, format: Option<CaptureFormat>) -> Result<Captured, CaptureError> {
    let mut input = input.take(MAX_CAPTURE);
    let found = detected(input.fill_buf()?)?;
    let mut captured = Captured::default();
    match format.unwrap_or(found) {
        CaptureFormat::Log => log::read(&mut input, &mut captured)?,
        CaptureFormat::Pcap => pcap::read(&mut input, &mut captured)?,
        CaptureFormat::Dnstap => dnstap::read(&mut input, &mut captured)?,
    }
    Ok(captured)
}

/// Fills `into` from the input; false at its end, also if that is in the middle.
fn fill(input: &mut impl Read, into: &mut [u8]) -> io::Result<bool> {
    match input.read_exact(into) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Reads `length` octets, or fewer at the end of the input.
fn octets(input: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    input.take(u64::try_from(length).unwrap_or(u64::MAX)).read_to_end(&mut octets)?;
    Ok(octets)
}

#[cfg(test)]
mod tests;
