//! Connections of hosts: which of them begin a mail, and which questions of the next ones are of it.

use super::*;

/// The questions of a mail as postscreen and a filter send them: the lists of the host first, then the host, its sender, and the content.
fn of_postscreen(begin: u64, host: u8, sender: &str, elapsed: u64) -> Vec<QuestionEntry> {
    let of_host = format!("{host}.2.0.192");
    let lists = ["zen.spamhaus.org.", "bl.spamcop.net.", "psbl.surriel.com."];
    let lists = lists.map(|list| question(begin, elapsed, &format!("{of_host}.{list}"), "A"));
    let next = [
        (format!("{of_host}.in-addr.arpa."), "PTR"),
        (format!("mail.sender{host}.example."), "A"),
        (sender.to_owned(), "MX"),
        (sender.to_owned(), "TXT"),
        (format!("_dmarc.{sender}"), "TXT"),
    ];
    let next = (1..).zip(next).map(|(step, (name, kind))| question(begin + 30 * step, elapsed, &name, kind));
    lists.into_iter().chain(next).collect()
}

/// An internet in which the hosts of mails are known.
fn world() -> World {
    let mut world = World::of_lists(&LISTS);
    world.lists.push(wire("psbl.surriel.com."));
    for host in 1..=4 {
        let name = format!("mail.sender{host}.example.");
        world.link(&format!("{host}.2.0.192.in-addr.arpa."), RecordType::PTR, &name);
        world.link(&name, RecordType::A, &format!("192.0.2.{host}"));
    }
    world
}

#[test]
fn a_host_whose_lists_come_again_behind_a_pause_connects_again() {
    let world = world();
    for elapsed in [0, 29] {
        for pause in [400, 1_000, 1_900] {
            let mail = |number: u64, sender: &str| {
                let begin = number * (end(&of_postscreen(0, 1, "x.example.", elapsed)) + pause);
                of_postscreen(begin, 1, sender, elapsed)
            };
            let senders = ["one.example.", "two.example.", "three.example."];
            is_told_apart(&[mail(0, senders[0]), mail(1, senders[1]), mail(2, senders[2])], &world);
        }
    }
}

#[test]
fn a_filter_that_asks_the_lists_again_for_the_same_sender_goes_on_in_its_mail() {
    let world = world();
    for pause in [400, 1_000, 1_900] {
        let mut mail = of_postscreen(0, 1, "one.example.", 29);
        let begin = end(&mail) + pause;
        let again = of_postscreen(begin, 1, "one.example.", 29);
        mail.extend(again.into_iter().filter(|question| !matches!(question.kind, RecordType::PTR)));
        is_told_apart(&[mail], &world);
    }
}

#[test]
fn a_host_that_a_delivery_goes_to_may_send_a_mail_meanwhile() {
    let mut world = world();
    world.link("customer.test.", RecordType::MX, "mx.provider.test.");
    world.link("mx.provider.test.", RecordType::A, "192.0.2.1");
    let delivery =
        || vec![question(0, 29, "customer.test.", "MX"), question(30, 1_800, "mx.provider.test.", "A")];
    for begin in [300, 500, 1_790, 2_400] {
        is_told_apart(&[delivery(), of_postscreen(begin, 1, "one.example.", 29)], &world);
        let smtpd = of_postscreen(begin - 30, 1, "one.example.", 29).split_off(3);
        is_told_apart(&[delivery(), smtpd], &world);
    }
}

#[test]
fn a_sender_in_the_domain_of_its_host_is_certainly_of_its_mail_though_others_begin() {
    let world = world();
    for shift in [7, 41, 95, 250] {
        let mails: Vec<Vec<QuestionEntry>> = (1..=4)
            .map(|host| {
                of_postscreen(u64::from(host - 1) * shift, host, &format!("sender{host}.example."), 29)
            })
            .collect();
        let mut all: Vec<(usize, QuestionEntry)> = Vec::new();
        for (mail, questions) in mails.iter().enumerate() {
            all.extend(questions.iter().cloned().map(|question| (mail, question)));
        }
        all.sort_by_key(|(_, question)| question.at);
        let asked: Vec<_> = all.iter().map(|(_, question)| (&*question.name, question.kind)).collect();
        let names = NamesOfEntries { asked, known: &world };
        let asking = |place: usize| {
            let (_, question) = all.get(place)?;
            let (at, end, client) = (question.at, question.end(), question.client);
            Some(Asking { at, end, client, asked: place, sparse: false })
        };
        let grouped = group_numbered(all.len(), asking, &names);
        for mail in 0..4 {
            let places = (0..).zip(&all).filter(|(_, (of, _))| *of == mail).map(|(place, _)| place);
            let parts: BTreeSet<u32> = places.map(|place| grouped.part(place)).collect();
            assert_eq!(parts.len(), 1, "mail {mail} at a shift of {shift} ms");
        }
    }
}

#[test]
fn a_stranger_behind_a_pause_is_of_no_mail_that_knows_its_domain() {
    let mut world = world();
    world.link("customer.test.", RecordType::MX, "mx.provider.test.");
    let delivery =
        || vec![question(0, 29, "customer.test.", "MX"), question(30, 29, "mx.provider.test.", "A")];
    for pause in [150, 500, 1_900] {
        for kind in ["A", "AAAA", "TXT", "PTR"] {
            for mail in [of_postscreen(0, 1, "one.example.", 29), delivery()] {
                let begin = end(&mail) + pause;
                is_told_apart(&[mail, vec![question(begin, 29, "stranger.test.", kind)]], &world);
            }
        }
    }
    // Before its sender is known, a name may be that of HELO.
    let mut mail = of_postscreen(0, 1, "one.example.", 29);
    let (opening, rest) = (mail.drain(..5).collect::<Vec<_>>(), mail);
    let begin = end(&opening) + 300;
    let later = rest.into_iter().map(|one| QuestionEntry { at: one.at + 600_000, ..one });
    let whole: Vec<QuestionEntry> =
        opening.into_iter().chain([question(begin, 29, "helo.test.", "A")]).chain(later).collect();
    assert_eq!(group(&whole, &world).len(), 1);
}
