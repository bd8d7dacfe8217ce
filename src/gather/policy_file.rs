//! Fetches the policy file of MTA-STS over HTTPS (RFC 8461 section 3.3), for `check DOMAIN --connect`.
//!
//! The request uses HTTP/1.0, so that the server does not send the file in chunks. Redirects are not followed (RFC 8461). The
//! functions block, so the caller runs them on a separate thread.

use std::io::{self, Read, Write};
use std::net::SocketAddr;

use super::peer::{Handshake, connected, lost};
use crate::limits::MAX_POLICY_FILE;
use doctor::facts::{Got, PolicyFile};

/// Downloads the MTA-STS policy file of `host` from `server`. The certificate of the server must be valid for `host`.
pub(super) fn fetch(host: &str, server: SocketAddr) -> Got {
    match fetched(host.trim_end_matches('.'), server) {
        Ok(file) => Got::PolicyFile(file),
        Err(error) => Got::NoReply(lost(&error)),
    }
}

fn fetched(host: &str, server: SocketAddr) -> io::Result<PolicyFile> {
    let handshake = Handshake::new()?;
    let stream = connected(server)?;
    let mut secured = match handshake.secure(host, stream) {
        Ok(secured) => secured,
        Err(error) => return Ok(PolicyFile::Fault(format!("TLS fails: {error}"))),
    };
    if let Some(fault) = secured.fault {
        return Ok(PolicyFile::Fault(fault));
    }
    let request = format!(
        "GET /.well-known/mta-sts.txt HTTP/1.0\r\nHost: {host}\r\nUser-Agent: resolverd\r\nAccept: text/plain\r\n\r\n"
    );
    secured.stream.write_all(request.as_bytes())?;
    secured.stream.flush()?;
    let mut octets = Vec::new();
    match secured.stream.take(MAX_POLICY_FILE).read_to_end(&mut octets) {
        // Some servers close the connection without the TLS message `close_notify`, so the part of the policy that has arrived
        // counts.
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
        _ => Ok(read(&String::from_utf8_lossy(&octets))),
    }
}

/// A status other than 200 is a fault.
fn read(reply: &str) -> PolicyFile {
    let (head, text) =
        reply.split_once("\r\n\r\n").or_else(|| reply.split_once("\n\n")).unwrap_or((reply, ""));
    let status = head.lines().next().unwrap_or_default();
    match status.split(' ').nth(1) {
        Some("200") => PolicyFile::Text(text.to_owned()),
        _ => PolicyFile::Fault(format!("the server answers \"{status}\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_status_200_has_a_policy() {
        let text = |text: &str| PolicyFile::Text(text.to_owned());
        assert_eq!(read("HTTP/1.1 200 OK\r\nA: b\r\n\r\nversion: STSv1\r\n"), text("version: STSv1\r\n"));
        assert_eq!(read("HTTP/1.0 200 OK\n\nx"), text("x"));
        assert_eq!(read("HTTP/1.0 200 OK\nContent-Type: text/Plain; charset=utf-8\n\nx"), text("x"));
        for reply in
            ["HTTP/1.1 301 Moved\r\nLocation: /x\r\n\r\nversion: STSv1", "", "garbage", "HTTP/1.1 404"]
        {
            assert!(matches!(read(reply), PolicyFile::Fault(_)), "{reply}");
        }
    }
}
