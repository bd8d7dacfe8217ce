//! Writes log lines to the systemd journal. Each line is a datagram with fields, so `journalctl ZONE=example.` finds the lines about this zone.
//!
//! The format is the native journal protocol of systemd. If the journal does not accept a datagram, the sentence is written to stderr after its
//! priority (sd-daemon(3)).

use std::fs::File;
use std::io::{self, stderr};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::PathBuf;

use tracing::Level;

use super::event_text::{EventText, write_line};
use crate::limits::MAX_LOG_FIELD;

const IDENTIFIER: &str = "resolverd";

pub(super) struct Journal {
    socket: UnixDatagram,
    /// The path of the journal's datagram socket, if it is known.
    path: Option<PathBuf>,
}

impl Journal {
    /// Returns the journal if stderr is the stream in `JOURNAL_STREAM` (systemd.exec(5)). The presence of this variable does not suffice: it is
    /// set even if stderr was redirected to a file.
    pub(super) fn of_stderr(stream: Option<&str>) -> Option<Self> {
        let own = stderr().as_fd().try_clone_to_owned().ok()?;
        is_stream(stream?, &own).then(|| Self::for_stream(own)).flatten()
    }

    /// Returns the journal to which stderr is connected. The datagram socket of the journal is in the same directory as the stream socket, even if
    /// the unit has a journal of its own (`LogNamespace=`).
    fn for_stream(stream: OwnedFd) -> Option<Self> {
        let socket = UnixDatagram::unbound().ok()?;
        // If the journal does not read its socket, the threads that answer queries must not wait.
        socket.set_nonblocking(true).ok()?;
        let peer = UnixStream::from(stream).peer_addr().ok();
        let path = peer.and_then(|peer| Some(peer.as_pathname()?.with_file_name("socket")));
        Some(Self { socket, path })
    }

    /// Sends a log line to the journal. If the journal does not accept it, writes its sentence to stderr.
    pub(super) fn write(&self, level: Level, said: &EventText) -> io::Result<()> {
        let sent = self.path.as_ref().map(|path| self.socket.send_to(&entry(level, said), path));
        match sent {
            Some(Ok(_)) => Ok(()),
            Some(Err(_)) | None => write_line(format!("<{}>", priority(level)), &said.sentence),
        }
    }
}

/// Formats a log line as a journal entry. Each of the `servers` gets a field `SERVER` of its own, so that `journalctl SERVER=...` finds the
/// entry by any of them.
fn entry(level: Level, said: &EventText) -> Vec<u8> {
    let mut entry = Vec::new();
    put(&mut entry, "MESSAGE", &said.sentence);
    put(&mut entry, "PRIORITY", &priority(level).to_string());
    put(&mut entry, "SYSLOG_IDENTIFIER", IDENTIFIER);
    for (name, value) in &said.fields {
        if *name == "servers" {
            value.split_whitespace().for_each(|server| put(&mut entry, "SERVER", server));
        } else {
            put(
                &mut entry,
                &name.to_ascii_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_"),
                value,
            );
        }
    }
    entry
}

/// Appends a field to a journal entry. A value of several lines needs its length before it.
fn put(entry: &mut Vec<u8>, name: &str, value: &str) {
    let value = value.get(..value.floor_char_boundary(MAX_LOG_FIELD)).unwrap_or_default();
    entry.extend_from_slice(name.as_bytes());
    if value.contains('\n') {
        entry.push(b'\n');
        entry.extend_from_slice(&(value.len() as u64).to_le_bytes());
    } else {
        entry.push(b'=');
    }
    entry.extend_from_slice(value.as_bytes());
    entry.push(b'\n');
}

/// The number is a syslog priority (syslog(3)).
const fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

/// Returns true if `given`, in the form "device:inode", names the stream `own`.
fn is_stream(given: &str, own: &OwnedFd) -> bool {
    let given = given.split_once(':');
    let given = given.and_then(|(device, inode)| device.parse().ok().zip(inode.parse().ok()));
    let about = own.try_clone().and_then(|own| File::from(own).metadata());
    about.is_ok_and(|about| given == Some((about.dev(), about.ino())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(sentence: &str, fields: &[(&'static str, &str)]) -> EventText {
        let fields = fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        EventText { sentence: sentence.to_owned(), fields }
    }

    #[test]
    fn another_stream_is_not_the_journal() {
        let (own, _other) = UnixStream::pair().unwrap();
        let own = OwnedFd::from(own);
        for stream in ["", "1", "a:b", "0:0", "1:2:3"] {
            assert!(!is_stream(stream, &own), "{stream:?}");
        }
        let about = File::from(own.try_clone().unwrap()).metadata().unwrap();
        assert!(is_stream(&format!("{}:{}", about.dev(), about.ino()), &own));
        assert!(Journal::of_stderr(None).is_none());
    }

    #[test]
    fn journal_entry_has_field_per_server() {
        let said =
            said("two\nlines", &[("zone", "tld."), ("servers", "192.0.2.1 2001:db8::1"), ("a.b", "=")]);
        let mut expected = b"MESSAGE\n\x09\0\0\0\0\0\0\0two\nlines\n".to_vec();
        expected.extend_from_slice(
            b"PRIORITY=4\nSYSLOG_IDENTIFIER=resolverd\nZONE=tld.\nSERVER=192.0.2.1\nSERVER=2001:db8::1\nA_B==\n",
        );
        assert_eq!(entry(Level::WARN, &said), expected);
    }

    // It is cut between characters.
    #[test]
    fn long_journal_value_is_cut() {
        let long = said(&format!("a{}", "é".repeat(MAX_LOG_FIELD)), &[]);
        let entry = String::from_utf8(entry(Level::ERROR, &long)).unwrap();
        let sentence = entry.lines().next().unwrap();
        assert_eq!(sentence.len(), "MESSAGE=".len() + MAX_LOG_FIELD - 1);
    }
}
