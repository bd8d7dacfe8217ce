//! Connects to a mail host for `check DOMAIN --connect`: sends EHLO, STARTTLS and QUIT, and nothing else.
//!
//! This command opens the connection, not the daemon, so the connection has the source address that mail software of this host
//! has by default. The functions block, so callers use a separate thread.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};

use super::peer::{Handshake, connected, lost, words};
use crate::limits::{CONNECTION_TIME, MAX_MAIL_HOST_REPLY};
use doctor::facts::{Got, MailHostSaid, MailHostTls, NoReply};

/// Returns the replies and certificates of a mail host. Its certificate must contain the name `host`.
pub(super) fn hear(host: &str, server: SocketAddr) -> Got {
    let begun = Handshake::new().and_then(|handshake| Ok((handshake, connected(server)?)));
    let (handshake, stream) = match begun {
        Ok(begun) => begun,
        Err(error) => return Got::NoReply(lost(&error)),
    };
    match said(host.trim_end_matches('.'), handshake, stream) {
        Ok(said) => Got::MailHost(said),
        Err(error) => Got::NoReply(NoReply::Unknown(format!("takes the connection, {}", ended(&error)))),
    }
}

/// Why an SMTP session ended too early.
fn ended(error: &io::Error) -> String {
    match lost(error) {
        NoReply::Silent => format!("and says nothing for {} s", CONNECTION_TIME.as_secs()),
        NoReply::Unfit => "and ends it or sends a reply that cannot be read".to_owned(),
        other => format!("and it fails: {}", other.words()),
    }
}

fn said(host: &str, handshake: Handshake, stream: TcpStream) -> io::Result<MailHostSaid> {
    // EHLO has an address literal (RFC 5321 section 4.1.3), because the mail host may not be able to resolve the name of this
    // host.
    let own = match stream.local_addr()?.ip() {
        IpAddr::V4(address) => format!("[{address}]"),
        IpAddr::V6(address) => format!("[IPv6:{address}]"),
    };
    let mut said = MailHostSaid { greeting: reply(&stream)?.first, ..MailHostSaid::default() };
    if !said.greeting.starts_with("220") {
        quit(&stream);
        return Ok(said);
    }
    let hello = command(&stream, &format!("EHLO {own}"))?;
    said.hello = hello.first;
    if !hello.starttls {
        quit(&stream);
        return Ok(said);
    }
    let ready = command(&stream, "STARTTLS")?;
    if !ready.first.starts_with("220") {
        said.tls = MailHostTls::Failed(format!("answers STARTTLS with {}", ready.first));
        quit(&stream);
        return Ok(said);
    }
    said.tls = match handshake.secure(host, stream) {
        Err(error) => MailHostTls::Failed(match lost(&error) {
            NoReply::Silent => {
                format!("no answer to the TLS handshake within {} s", CONNECTION_TIME.as_secs())
            }
            _ => words(&error),
        }),
        Ok(mut secured) => {
            quit(&mut secured.stream);
            // The rest of the session is read, so that the host sees its end, and logs no lost connection.
            let _ = reply(&mut secured.stream);
            secured.stream.conn.send_close_notify();
            let _ = secured.stream.flush();
            MailHostTls::Done { chain: secured.chain, fault: secured.fault }
        }
    };
    Ok(said)
}

/// The first line of a reply, and true if one of its lines offers STARTTLS.
struct HostReply {
    first: String,
    starttls: bool,
}

/// Reads a reply of a mail host, which may have several lines (RFC 5321 section 4.2.1).
fn reply(stream: impl Read) -> io::Result<HostReply> {
    let mut lines = BufReader::new(stream.take(MAX_MAIL_HOST_REPLY)).lines();
    let mut read = HostReply { first: String::new(), starttls: false };
    loop {
        let line = lines.next().ok_or(io::ErrorKind::InvalidData)??;
        let (code, rest) = line.split_at_checked(3).ok_or(io::ErrorKind::InvalidData)?;
        if !code.bytes().all(|octet| octet.is_ascii_digit()) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        read.starttls |= rest.get(1..).is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS"));
        if read.first.is_empty() {
            read.first = format!("{code} {}", rest.get(1..).unwrap_or_default().trim());
        }
        if !rest.starts_with('-') {
            return Ok(read);
        }
    }
}

fn command(mut stream: &TcpStream, line: &str) -> io::Result<HostReply> {
    stream.write_all(format!("{line}\r\n").as_bytes())?;
    reply(stream)
}

/// Sends the command QUIT. An error is ignored, because the host may already have closed the connection.
fn quit(mut stream: impl Write) {
    let _ = stream.write_all(b"QUIT\r\n").and_then(|()| stream.flush());
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    // The host takes the connection and sends no SMTP greeting.
    #[test]
    fn faulty_mail_host_differs_from_unreachable() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = listener.local_addr().unwrap();
        let host = std::thread::spawn(move || listener.accept().unwrap().0.write_all(b"\xff\r\n").unwrap());
        let heard = hear("mx.example.", server);
        host.join().unwrap();
        let Got::NoReply(NoReply::Unknown(why)) = heard else { panic!("{heard:?}") };
        assert!(why.starts_with("takes the connection, and "), "{why}");
        assert_eq!(hear("mx.example.", server), Got::NoReply(NoReply::Unreachable));
    }
}
