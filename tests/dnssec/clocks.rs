//! Hosts whose clock is wrong when they boot, and is set a little later.

use super::{TOP, ZONE, play_all};

fn played(title: &str, text: &str) -> (String, String) {
    (title.to_owned(), format!("{TOP}{ZONE}sign zone.tld.\n{text}"))
}

/// The root's signatures show that the clock is slow. Names resolve without AD, so that it can be set. The first
/// question after that is answered as usual.
#[test]
fn a_slow_clock_does_not_keep_names_from_resolving() {
    let untimed = "  rcode NOERROR\n  flags !ad\n  ede 5\n";
    let secure = "  rcode NOERROR\n  flags ad\n  ede none\n";
    play_all([
        played(
            "a month",
            &format!(
                "clock slow 720h\nask www.zone.tld. A +DO\n{untimed}ask www.zone.tld. A +DO\n{untimed}\
                 ask none.zone.tld. A +DO\n  rcode NXDOMAIN\n  flags !ad\n\
                 clock right\nask mail.zone.tld. A +DO\n{secure}advance 61s\nask www.zone.tld. A +DO\n{secure}"
            ),
        ),
        played("years", &format!("clock slow 400000h\nask www.zone.tld. A\n{untimed}")),
        played("half a day is borne", &format!("clock slow 12h\nask www.zone.tld. A +DO\n{secure}")),
        played(
            "unsigned zones too",
            "sign zone.tld. ds=none unsigned\nclock slow 720h\nask www.zone.tld. A\n  rcode NOERROR\n  flags !ad\n",
        ),
        played(
            "what was over when the root was signed is over",
            "sign zone.tld. expired\nclock slow 720h\nask www.zone.tld. A\n  rcode SERVFAIL\n  ede 7\n",
        ),
        played(
            "what does not fit does not fit",
            "sign zone.tld. wrong-key\nclock slow 720h\nask www.zone.tld. A\n  rcode SERVFAIL\n  ede 6\n",
        ),
    ]);
}

/// An answer that is bogus by a fast clock may be replayed old data: it stays bogus, and is forgotten when the clock
/// is set.
#[test]
fn what_failed_by_a_fast_clock_is_asked_again_when_it_is_set() {
    play_all([played(
        "a month",
        "clock fast 720h\nask www.zone.tld. A +DO\n  rcode SERVFAIL\n  ede 7\n\
         ask www.zone.tld. A +DO\n  rcode SERVFAIL\n  ede 7\n  packets 0\n\
         clock right\nask www.zone.tld. A +DO\n  rcode NOERROR\n  flags ad\n",
    )]);
}

/// Only the root shows the time: no signature of another zone makes a right clock count as slow.
#[test]
fn a_right_clock_is_not_talked_out_of_it() {
    play_all([
        (
            "a zone that signs ahead".to_owned(),
            format!(
                "{TOP}{ZONE}sign tld. not-yet-valid\nsign zone.tld. not-yet-valid\nask www.zone.tld. A\n  rcode SERVFAIL\n  ede 8\n"
            ),
        ),
        (
            "a root that has run out".to_owned(),
            format!(
                "{TOP}{ZONE}sign . expired\nsign zone.tld.\nask www.zone.tld. A\n  rcode SERVFAIL\n  ede 7\n"
            ),
        ),
    ]);
}
