//! DNS lists over the control socket: their answers for an address, and their states.

use std::time::Duration;

use super::{World, name};
use dns::clock::Clock;
use dns::conduct::{Conduct, Transport};
use dnsbl::gate::ListVerdict;
use dnsbl::list_way::Way;
use dnsbl::state::ListState;
use record::event::{Sent, ServerOrigin};

// Lists with TXT records alone show their text.
#[test]
fn unqueryable_lists_are_explained() {
    let world = World::new();
    let (code, text, _) = world.run(&["dnsbl", "test", "192.0.2.1", "--all"]);
    let row = |list: &str| {
        text.lines()
            .find(|line| line.split(' ').next() == Some(list))
            .unwrap_or_else(|| panic!("{list}: {text}"))
    };
    for keyed in ["zen.dq.spamhaus.net", "combined.mail.abusix.zone"] {
        assert!(row(keyed).contains("this list needs your customer key"), "{text}");
    }
    let tells = row("asn.rspamd.com");
    assert!(tells.contains("has data") && tells.contains("v=spf1 mx -all"), "{tells}");
    assert!(row("zen.spamhaus.org").contains("unknown"), "{text}");
    assert_eq!(code, 4, "{text}");
    let (_, text, _) = world.run(&["dnsbl", "test", "mail.example", "--all"]);
    assert!(text.contains("  this list is queried by hash"), "{text}");
}

// A list that lists nothing is reported.
#[test]
fn list_with_differing_tests_is_healthy() {
    let world = World::new();
    let entry = world.fake.lists.entry(&name("zen.spamhaus.org."), &Way::Public);
    let now = Clock::machine().now();
    let ask = |verdict: ListVerdict| {
        entry.miss(verdict.says(), Some(Duration::from_millis(20)));
        entry.heard(&verdict, now);
    };
    for number in 0..100 {
        ask(if number % 9 == 0 { ListVerdict::Listed } else { ListVerdict::NotListed });
    }
    let tested = || entry.tested(entry.judged(ListState::ListsNothing), "its test entry differs", now);
    tested();
    assert_eq!(world.run(&["status"]).0, 0);
    let apex = entry.apex.to_ascii();
    let (code, text, _) = world.run(&["dnsbl", &apex.to_uppercase()]);
    assert!(code == 0 && text.contains("tests differ") && text.contains("blocklist  IPv4, IPv6"), "{text}");
    assert!(!text.contains("bl.spamcop.net"), "{text}");
    let (code, _, error) = world.run(&["dnsbl", "nolist.example"]);
    assert!(code == 2 && error.contains("There is no such DNS list"), "{error}");
    let (code, text, _) = world.run(&["dnsbl", "quota"]);
    assert!(
        code == 0 && text.contains("tests differ") && text.contains("\"quota\" is not the zone of a"),
        "{text}"
    );
    let (_, text, _) = world.run(&["dnsbl"]);
    assert!(text.contains("tests differ") && !text.contains("remove it"), "{text}");
    (0..500).for_each(|_| ask(ListVerdict::NotListed));
    tested();
    let (code, text, _) = world.run(&["status"]);
    assert!(code == 1 && text.contains("remove it from the mail software"), "{text}");
}

#[test]
fn what_to_do_comes_first() {
    let world = World::new();
    let entry = world.fake.lists.entry(&name("zen.spamhaus.org."), &Way::Public);
    let now = Clock::machine().now();
    entry.miss(ListVerdict::NotListed.says(), Some(Duration::from_millis(20)));
    entry.tested(entry.judged(ListState::Refusing), "zen.spamhaus.org refuses queries of this host", now);
    let (code, text, _) = world.run(&["dnsbl"]);
    let first = text.lines().next().unwrap();
    assert!(code == 0 && first.starts_with("zen.spamhaus.org refuses this host since "), "{text}");
    assert!(
        first.ends_with("; or get a key of the provider: `resolverctl dnsbl key zen.spamhaus.org FILE`"),
        "{text}"
    );
    assert!(text.contains("only this list") && !text.contains("this is not a listing"), "{text}");
    let (_, verbose, _) = world.run(&["dnsbl", "--verbose"]);
    assert!(verbose.starts_with(&text) && verbose.contains("): refuses queries of this host; "), "{verbose}");
}

#[test]
fn client_list_key_is_not_shown() {
    const KEY: &str = "k3y0fac11entandnobodyelse9";
    let world = World::new();
    let zone = name(&format!("{KEY}.authbl.dq.spamhaus.net."));
    world.fake.recorder.sent(&Sent {
        server: ([192, 0, 2, 53], 53).into(),
        zone,
        origin: ServerOrigin::Recursion,
        transport: Transport::Udp,
        conduct: Conduct::Silent,
        elapsed: Duration::from_millis(400),
    });
    let (_, text, _) = world.run(&["stats", "--by", "zone"]);
    assert!(text.contains("_key.authbl.dq.spamhaus.net.") && !text.contains(KEY), "{text}");
}
