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
        let of_all: Vec<QuestionEntry> = all.iter().map(|(_, question)| question.clone()).collect();
        let of_all = parts(&of_all, &world);
        for mail in 0..4 {
            let own = of_all.iter().zip(&all).filter(|(_, (of, _))| *of == mail);
            let own: BTreeSet<u32> = own.map(|(part, _)| *part).collect();
            assert_eq!(own.len(), 1, "mail {mail} at a shift of {shift} ms");
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
        for mail in [of_postscreen(0, 1, "one.example.", 29), delivery()] {
            let begin = end(&mail) + pause;
            for kind in ["A", "AAAA", "TXT", "PTR"] {
                is_told_apart(&[mail.clone(), vec![question(begin, 29, "stranger.test.", kind)]], &world);
            }
        }
        // A key of DKIM is of the mail, whoever has signed it, and so is the domain of a link.
        for (name, kind) in [("s1._domainkey.stranger.test.", "TXT"), ("stranger.test.bl.spamcop.net.", "A")]
        {
            let mail = of_postscreen(0, 1, "one.example.", 29);
            let next = question(end(&mail) + pause, 29, name, kind);
            assert_eq!(group(&[mail, vec![next]].concat(), &world).len(), 1, "{name}");
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

/// The part of each question, each with its own name and type.
fn parts(questions: &[QuestionEntry], world: &World) -> Vec<u32> {
    parts_of(questions, world, false)
}

/// As `parts`, in memory or in a record that lacks the questions that were answered soon.
fn parts_of(questions: &[QuestionEntry], world: &World, sparse: bool) -> Vec<u32> {
    let asked: Vec<_> = questions.iter().map(|question| (&*question.name, question.kind)).collect();
    let names = NamesOfEntries { asked, known: world };
    let asking = |place: usize| {
        let question = questions.get(place)?;
        let (at, end, client) = (question.at, question.end(), question.client);
        Some(Asking { at, end, client, asked: place, sparse })
    };
    let grouped = group_numbered(questions.len(), asking, &names);
    (0..).take(questions.len()).map(|place| grouped.part(place)).collect()
}

#[test]
fn a_stranger_beside_a_mail_is_not_certainly_of_it() {
    let world = world();
    let mail = of_postscreen(0, 1, "one.example.", 29);
    let begin = end(&mail) + 5;
    let with = |next: &[(&str, &str)]| {
        let next = (0..).zip(next).map(|(place, (name, kind))| question(begin + 30 * place, 29, name, kind));
        let all = parts(&[mail.clone(), next.collect()].concat(), &world);
        all[mail.len()..].iter().map(|part| *part == all[0]).collect::<Vec<_>>()
    };
    for kind in ["A", "AAAA", "TXT"] {
        assert_eq!(with(&[("www.stranger.test.", kind)]), [false], "{kind}");
    }
    // A filter looks up the domain of a link in a list, and then its host.
    let link = [("stranger.test.bl.spamcop.net.", "A"), ("www.stranger.test.", "A")];
    assert_eq!(with(&link), [true, true]);
    assert_eq!(with(&[("s1._domainkey.stranger.test.", "TXT")]), [true]);
}

#[test]
fn on_the_disk_a_domain_at_once_behind_its_host_is_of_one_mail() {
    let world = world();
    let host = question(0, 1_800, "mail.slow.test.", "A");
    for (pause, is_certain) in [(5, true), (90, true), (300, false)] {
        for kind in ["MX", "TXT"] {
            let both = [host.clone(), question(1_800 + pause, 1_800, "slow.test.", kind)];
            let of_both = parts_of(&both, &world, true);
            assert_eq!(of_both[0] == of_both[1], is_certain, "{kind} {pause} ms behind the host");
        }
    }
    let stranger = [host, question(1_805, 1_800, "other.test.", "MX")];
    let of_both = parts_of(&stranger, &world, true);
    assert_ne!(of_both[0], of_both[1]);
}

#[test]
fn a_delivery_while_a_host_is_looked_up_is_of_no_mail_of_that_host() {
    let world = world();
    let opening = vec![question(0, 1_800, "1.2.0.192.in-addr.arpa.", "PTR")];
    let delivery = |begin| vec![question(begin, 29, "customer.test.", "MX")];
    for begin in [150, 300, 1_700] {
        is_told_apart(&[opening.clone(), delivery(begin)], &world);
    }
    let both = [opening.clone(), delivery(30)].concat();
    let of_both = parts(&both, &world);
    assert_ne!(of_both[0], of_both[1], "a filter may ask for both at once");
    // The sender's domain, which is asked for behind it.
    let both = [opening, delivery(1_830)].concat();
    let of_both = parts(&both, &world);
    assert_eq!(of_both[0], of_both[1]);
}

#[test]
fn a_delivery_while_a_list_is_waited_for_is_of_no_mail_of_that_host() {
    let world = world();
    let mail = |waited: u64| {
        let (mut mail, sender) = (of_postscreen(0, 1, "sender1.example.", 29), 5);
        mail[2].elapsed = waited * 1_000;
        for (step, question) in (0..).zip(&mut mail[sender..]) {
            question.at = (waited + 5 + 30 * step) * 1_000;
        }
        mail
    };
    let delivery = |begin| vec![question(begin, 29, "customer.test.", "MX")];
    for begin in [250, 600, 1_400] {
        is_told_apart(&[mail(1_500), delivery(begin)], &world);
    }
    // A filter asks for the sender's domain beside the lists, but a delivery may begin then, too.
    let lists = &mail(1_500)[..3];
    for begin in [1, 5, 90, 200] {
        let of_all = parts(&[lists, &delivery(begin)[..]].concat(), &world);
        assert_ne!(of_all[0], of_all[3], "{begin} ms behind the lists");
    }
}

#[test]
fn a_slow_domain_beside_which_another_one_is_asked_for_is_not_certainly_the_sender() {
    let world = world();
    let mail = of_postscreen(0, 1, "one.example.", 29);
    let (opening, sender) = mail.split_at(5);
    let slow = question(95, 3_600, "slow.test.", "MX");
    let with = |next: &[QuestionEntry]| {
        let all = [opening, std::slice::from_ref(&slow), next].concat();
        let of_all = parts(&all, &world);
        of_all[opening.len()] == of_all[0]
    };
    let later = |questions: &[QuestionEntry], by: u64| -> Vec<QuestionEntry> {
        questions.iter().map(|one| QuestionEntry { at: one.at + by * 1_000, ..one.clone() }).collect()
    };
    assert!(with(&[]));
    assert!(!with(&later(sender, 300)));
    // The sender of another connection.
    assert!(with(&later(&of_postscreen(0, 2, "two.example.", 29), 400)));
}

#[test]
fn a_link_to_the_domain_of_a_delivery_is_of_another_mail() {
    let world = world();
    let delivery = vec![question(0, 1_400, "customer.test.", "MX")];
    for pause in [150, 1_000, 1_900] {
        let list = question(1_400 + pause, 29, "customer.test.bl.spamcop.net.", "A");
        is_told_apart(&[delivery.clone(), vec![list]], &world);
    }
}
