//! `check mail` of bounces and log lines whose fault is in the MX records of the recipient.

use resolverd::lab::prelude::skipped;

use crate::gateway::Gateway;
use crate::stage::{gateway, own_address};

/// The lines about a message.
fn lines(gateway: &Gateway, text: &str) -> Vec<String> {
    let file = gateway.path("bounce");
    std::fs::write(&file, text).unwrap();
    gateway.run(&["check", "mail", file.to_str().unwrap()]).1
}

#[test]
fn a_loop_and_a_numeric_exchanger_lead_to_the_recipient_s_domain() {
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
