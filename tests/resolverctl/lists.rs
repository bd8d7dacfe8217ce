//! What lists say of an address, asked through the socket.

use super::World;

#[test]
fn lists_that_cannot_be_asked_are_told_and_text_alone_is_shown() {
    let world = World::new();
    let (code, text, _) = world.run(&["dnsbl", "test", "192.0.2.1", "--all"]);
    let row = |list: &str| {
        text.lines()
            .find(|line| line.split(' ').next() == Some(list))
            .unwrap_or_else(|| panic!("{list}: {text}"))
    };
    for keyed in ["zen.dq.spamhaus.net", "combined.mail.abusix.zone"] {
        assert!(row(keyed).contains("needs your key in the question: not asked"), "{text}");
    }
    let tells = row("asn.rspamd.com");
    assert!(tells.contains("has something") && tells.contains("v=spf1 mx -all"), "{tells}");
    assert!(row("zen.spamhaus.org").contains("could not tell"), "{text}");
    assert_eq!(code, 4, "{text}");
    let (_, text, _) = world.run(&["dnsbl", "test", "mail.example", "--all"]);
    assert!(text.contains("is asked for hashes: not asked"), "{text}");
}
