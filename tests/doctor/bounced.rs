//! `resolverctl check mail` with bounces and log lines: the recipient's side is at fault.

use std::io::Write;
use std::net::UdpSocket;
use std::process::Stdio;

use ::stage::sockets::query;
use hickory_proto::rr::RecordType;
use lab::prelude::skipped;

use crate::gateway::Gateway;
use crate::stage::{gateway, own_address};

fn lines(gateway: &Gateway, text: &str) -> Vec<String> {
    let file = gateway.path("bounce");
    std::fs::write(&file, text).unwrap();
    gateway.run(&["check", "mail", file.to_str().unwrap()]).1
}

// Also a numeric MX, and an MX host without an address.
#[test]
fn bounced_loop_leads_to_recipient() {
    let gateway = gateway();
    let log = "Nov 24 03:00:00 gw postfix/smtp[7]: warning:";
    for (line, first) in [
        (
            format!("{log} numeric domain name in resource data of MX record for address.com: 198.18.9.1"),
            "address.com: an MX record holds an IP address instead of a host name",
        ),
        (
            format!("{log} no MX host for gone.com has a valid address record"),
            "gone.com: an MX record names a host without an address",
        ),
        (
            "From: MAILER-DAEMON@sound.com\n\n<you@private.com>: mail for private.com loops back to myself"
                .to_owned(),
            "private.com: a mail host of the domain is this host",
        ),
    ] {
        let lines = lines(&gateway, &format!("{line}\n"));
        assert!(lines[0].starts_with(first), "{line}: {lines:#?}");
    }
    if own_address().is_none() {
        return skipped("a loop at this host: it has no address but those of loopback");
    }
    for text in [
        "From: MAILER-DAEMON@sound.com (Mail Delivery System)\nTo: al@sound.com\nSubject: Undelivered Mail Returned to Sender\n\n\
         <you@here.com>: mail for here.com loops back to myself\n",
        "Nov 24 03:00:00 gw postfix/smtp[7]: 4A1: to=<you@here.com>, relay=none, delay=0.1, dsn=5.4.6, status=bounced \
         (mail for here.com loops back to myself)\n",
    ] {
        let lines = lines(&gateway, text);
        assert!(lines[0].starts_with("here.com: a mail host of the domain is this host: "), "{lines:#?}");
    }
}

/// Returns a bounce of Exchange Online. It has only an HTML part.
fn exchange_online(domain: &str, reply: &str) -> String {
    let text = include_str!("bounces/exchange_online.eml");
    text.replace("DOMAIN", domain).replace("SENDER", "sound.com").replace("REPLY", reply)
}

#[test]
fn bounces_in_html_alone_are_read() {
    let gateway = gateway();
    for (text, first) in [
        (
            exchange_online("address.com", "550 5.4.310 DNS domain address.com does not exist"),
            "address.com: an MX record holds an IP address instead of a host name",
        ),
        (
            include_str!("bounces/gmail.eml").to_owned(),
            "gone.com: an MX record names a host without an address",
        ),
    ] {
        let lines = lines(&gateway, &text);
        assert!(lines[0].starts_with(first), "{first}: {lines:#?}");
        assert!(!lines.iter().any(|line| line.contains("the message was not read completely")), "{lines:#?}");
    }
}

#[test]
fn big5_bounce_is_parsed() {
    let gateway = gateway();
    // "The server has rejected" in Big5. The last octet is the code of the letter F, and must not be read as the start of a word.
    let rejected = b"\xa6\xf8\xaa\x41\xbe\xb9\xa9\xda\xb5\xb4\xa4\x46";
    let head = b"From: MAILER-DAEMON@sound.com\nContent-Type: text/plain; charset=big5\n\n\
        <you@null.com>: host mx.host.com[198.18.9.2] said: 554 5.7.1 ";
    let file = gateway.path("bounce");
    std::fs::write(&file, [&head[..], rejected, b"198.18.5.1 blocked using bl.host.com\n"].concat()).unwrap();
    let (_, lines) = gateway.run(&["check", "mail", file.to_str().unwrap()]);
    assert!(lines.iter().any(|line| line.contains("198.18.5.1 in bl.host.com")), "{lines:#?}");
}

#[test]
fn tls_bounce_leads_to_bogus_recipient() {
    let gateway = gateway();
    let log = "Nov 24 03:00:00 gw postfix/smtp[7]: 4A1: from=<al@sound.com>, to=<you@pinned.com>, relay=mx.pinned.com[198.18.9.1]:25, \
               delay=0.1, dsn=4.7.5, status=deferred (Server certificate not verified)\n";
    let bogus = lines(&gateway, &log.replace("pinned.com", "bogus.com"));
    assert!(bogus[0].starts_with("bogus.com: the domain fails DNSSEC validation: "), "{bogus:#?}");
}

#[test]
fn bounce_status_code_is_explained() {
    let gateway = gateway();
    let text = "From: MAILER-DAEMON@here.com\n\nFinal-Recipient: rfc822; you@DOMAIN\nAction: failed\nStatus: 4.4.7\n";
    let file = gateway.path("bounce");
    std::fs::write(&file, text.replace("DOMAIN", "sound.com")).unwrap();
    let (code, shown) = gateway.run(&["check", "mail", file.to_str().unwrap()]);
    let first = "sound.com: the bounce has a status code, and no reply of a server: x.4.7: the time for the delivery is over: no mail host of \
                 the recipient was reached, or the receiver deferred the message each time.";
    assert_eq!((&shown[0], code), (&crate::forum::cut(first), 4), "{shown:#?}");
    let faulty = lines(&gateway, &text.replace("DOMAIN", "gone.com"));
    assert!(faulty[0].starts_with("gone.com: an MX record names a host without an address: "), "{faulty:#?}");
}

#[test]
fn pasted_answer_line_shows_check() {
    let gateway = gateway();
    let status: serde_json::Value =
        serde_json::from_slice(&gateway.command(&["--json", "status"]).stdout).unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(status["listen"][0].as_str().unwrap()).unwrap();
    for (name, kind) in [("gone.com.", RecordType::MX), ("nothing.host.com.", RecordType::A)] {
        socket.send(&query(7, name, kind)).unwrap();
        socket.recv(&mut [0; 512]).unwrap();
    }
    let mut why = gateway.prepared(&["why", "-"]);
    let mut why = why.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let line = "mx postfix/smtp[9]: 4A1: to=<a@gone.com>, relay=none, status=bounced (Host or domain name not found. Name service \
                error for name=nothing.host.com type=A: Host not found)\n";
    why.stdin.take().unwrap().write_all(line.as_bytes()).unwrap();
    let text = String::from_utf8(why.wait_with_output().unwrap().stdout).unwrap();
    let check =
        "`resolverctl check gone.com`.\nCheck: gone.com: an MX record names a host without an address: ";
    assert!(text.contains(check), "{text}");
}
