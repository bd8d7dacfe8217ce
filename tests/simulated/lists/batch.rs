//! Batches: if a client asks the DNS lists one after the other, resolverd queries the other lists in advance.

use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};

use super::stage::{DOMAIN_LISTS, LISTS, SLOWEST, Stage, all, median, name, pass, question, sender};
use config::{ConfiguredList, LookaheadMode};
use dns::random::Random;
use dnsbl::batch::{BatchCounts, Mode};
use dnsbl::list_way::Way;
use lab::simulation::paused;

fn counts(stage: &Stage) -> BatchCounts {
    let lists = stage.simulation.resolver().lists();
    let mut batch = lists.batch();
    batch.settle(stage.simulation.clock().mono());
    let of = |apex: &str| batch.counts(lists.entry(&name(apex), &Way::Public).number());
    LISTS.iter().map(|(apex, _)| of(apex)).fold(BatchCounts::default(), |sum, of| BatchCounts {
        used: sum.used + of.used,
        wasted: sum.wasted + of.wasted,
        saved_micros: sum.saved_micros + of.saved_micros,
    })
}

/// Looks up one sender every three seconds. Returns the time of each look-up.
async fn run(stage: &Stage, senders: std::ops::Range<u32>) -> Vec<Duration> {
    let mut times = Vec::new();
    for number in senders {
        times.push(stage.check(sender(number), &all()).await.0);
        pass(Duration::from_secs(3)).await;
    }
    times
}

/// Asks all lists of domains about one, one after the other. Returns the time that it took.
async fn check_domain(stage: &Stage, number: u32) -> Duration {
    let began = stage.simulation.clock().mono();
    for (apex, _) in DOMAIN_LISTS {
        stage.ask(&format!("shop{number}.example.{apex}")).await;
    }
    stage.simulation.clock().mono().since(began)
}

#[test]
fn after_ten_addresses_slowest_list_decides() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |_| {});
        let learning = run(&stage, 0..10).await;
        let sum = Duration::from_millis(LISTS.iter().map(|(_, millis)| millis).sum());
        assert_eq!(learning[7], sum, "the sum before anything is learnt");
        let times = run(&stage, 10..400).await;
        assert!(times[..10].iter().all(|time| *time * 100 <= SLOWEST * 115), "{:?}", &times[..10]);
        let slowest = times.iter().max().unwrap();
        assert!(median(&times) * 100 <= SLOWEST * 115, "{:?}, at most {slowest:?}", median(&times));
        pass(Duration::from_secs(60)).await;
        let BatchCounts { used, wasted, .. } = counts(&stage);
        assert!(used >= 1_400 && wasted == 0, "{used} of use, {wasted} in vain");
    });
}

/// A third of the DNS lists is not in the registry. One of their answers is not a valid listing, and the client gets it unchanged.
#[test]
fn unregistered_lists_join_batches() {
    paused(async {
        let unknown = ["b.barracudacentral.org.", "psbl.surriel.com.", "truncate.gbudb.net."];
        let text = |apex: &str| {
            let odd = format!("{} 60 A 203.0.113.7\n", question(sender(150), apex));
            if apex == unknown[0] { odd } else { String::new() }
        };
        let stage = Stage::new(&text, |config| {
            let registry = Arc::make_mut(&mut config.dnsbl.registry);
            unknown.iter().for_each(|apex| drop(registry.lists.remove(&name(apex))));
        });
        let learning = run(&stage, 0..150).await;
        // Eight addresses show that the zones are lists, and eight more that clients ask them.
        let soon = &learning[22..32];
        assert!(soon.iter().all(|time| *time * 100 <= SLOWEST * 115), "{soon:?}");
        let odd = stage.ask(&question(sender(150), unknown[0])).await;
        assert_eq!(odd.message.answers.len(), 1);
        run(&stage, 151..200).await;
        let times = run(&stage, 200..400).await;
        let slowest = times.iter().max().unwrap();
        println!("median {:?}, at most {slowest:?}", median(&times));
        assert!(median(&times) * 100 <= SLOWEST * 115, "{:?}, at most {slowest:?}", median(&times));
        pass(Duration::from_secs(60)).await;
        let lists = stage.simulation.resolver().lists();
        assert_eq!(lists.all().len(), LISTS.len() - unknown.len(), "they are no lists");
        let learned = lists.lookalikes().list();
        let mut batch = lists.batch();
        batch.settle(stage.simulation.clock().mono());
        assert_eq!(learned.len(), unknown.len());
        for alike in learned {
            let BatchCounts { used, wasted, .. } = batch.counts(alike.number.unwrap());
            assert!(used >= 190 && wasted <= 1, "{}: {used} of use, {wasted} in vain", alike.zone);
        }
    });
}

/// Two of three lists of domains are not in the registry.
#[test]
fn unregistered_domain_lists_are_prefetched() {
    paused(async {
        let unknown = ["multi.surbl.org.", "multi.uribl.com."];
        let stage = Stage::new(&|_| String::new(), |config| {
            let registry = Arc::make_mut(&mut config.dnsbl.registry);
            unknown.iter().for_each(|apex| drop(registry.lists.remove(&name(apex))));
        });
        let mut times = Vec::new();
        for number in 0..120 {
            times.push(check_domain(&stage, number).await);
            // The names of hosts are asked too, and none of them is a question to a list.
            stage.ask(&format!("mail.eu.shop{number}.example.")).await;
            pass(Duration::from_secs(3)).await;
        }
        assert!(times[7] >= Duration::from_millis(40 + 90 + 120), "{times:?}");
        let soon = &times[22..32];
        assert!(soon.iter().all(|time| *time == Duration::from_millis(120)), "{soon:?}");
        pass(Duration::from_secs(60)).await;
        let lists = stage.simulation.resolver().lists();
        let learned = lists.lookalikes().list();
        let mut zones: Vec<&Name> = learned.iter().map(|alike| &alike.zone).collect();
        zones.sort();
        assert_eq!(zones, [&name(unknown[1]), &name(unknown[0])]);
        let mut batch = lists.batch();
        batch.settle(stage.simulation.clock().mono());
        for alike in learned {
            let BatchCounts { used, wasted, .. } = batch.counts(alike.number.unwrap());
            assert!(used >= 90 && wasted == 0, "{}: {used} of use, {wasted} in vain", alike.zone);
        }
    });
}

/// Half of the mail comes from a domain with the SPF macro `exists:%{ir}.spf.example`. Its names look like those of a DNS list, but
/// spf.example is no list.
#[test]
fn spf_macro_zone_joins_no_batch() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |_| {});
        for number in 0..300 {
            stage.check(sender(number), &all()).await;
            if number.is_multiple_of(2) {
                stage.ask(&question(sender(number), "spf.example.")).await;
            }
            pass(Duration::from_secs(3)).await;
        }
        assert_eq!(stage.simulation.lab().log().count("ns.spf.example"), 150);
    });
}

#[test]
fn batches_waste_few_queries_with_listings() {
    for percent in [3, 20, 60] {
        paused(async {
            // Each address is listed by one of the DNS lists, chosen at random, or by none.
            let random = Random::seeded(11);
            let listed: Vec<Option<usize>> = (0..600)
                .map(|_| {
                    let by = usize::try_from(random.below(8)).unwrap();
                    (random.below(100) < percent).then_some(by)
                })
                .collect();
            let text = |apex: &str| {
                let place = LISTS.iter().position(|(list, _)| *list == apex);
                let listed = listed.iter().enumerate().filter(|(_, by)| **by == place);
                let line = |(number, _): (usize, _)| {
                    let question = question(sender(u32::try_from(number).unwrap()), apex);
                    format!("{question} 60 A 127.0.0.2\n")
                };
                listed.map(line).collect()
            };
            let stage = Stage::new(&text, |_| {});
            run(&stage, 0..200).await;
            let times = run(&stage, 200..600).await;
            pass(Duration::from_secs(60)).await;
            let BatchCounts { used, wasted, .. } = counts(&stage);
            let out: u64 = LISTS.iter().map(|(apex, _)| stage.asked_of(apex)).sum();
            println!(
                "{percent} % listed: median {:?}, {used} of use, {wasted} in vain of {out}",
                median(&times)
            );
            assert!(wasted * 100 <= 3 * out, "{percent} %: {wasted} in vain of {out}, {used} of use");
            if percent == 3 {
                assert!(median(&times) * 100 <= SLOWEST * 115, "{:?}", median(&times));
            }
        });
    }
}

// The first list ends most checks, so the other lists wait for two lists in a row.
#[test]
fn batch_waits_after_usually_listing_list() {
    paused(async {
        // The first DNS list lists two of three senders, as if most mail were spam.
        let is_listed = |number: u32| !number.is_multiple_of(3);
        let text = |apex: &str| {
            let listed = (0..600).filter(|number| apex == LISTS[0].0 && is_listed(*number));
            listed.map(|number| format!("{} 60 A 127.0.0.2\n", question(sender(number), apex))).collect()
        };
        let stage = Stage::new(&text, |_| {});
        run(&stage, 0..200).await;
        let times = run(&stage, 200..600).await;
        let passed: Vec<Duration> =
            (200..).zip(&times).filter(|(it, _)| !is_listed(*it)).map(|(_, it)| *it).collect();
        let first = Duration::from_millis(LISTS[0].1);
        assert!(median(&passed) <= SLOWEST + first, "{:?}", median(&passed));
        pass(Duration::from_secs(60)).await;
        let BatchCounts { used, wasted, .. } = counts(&stage);
        assert!(used > 0 && wasted == 0, "{used} of use, {wasted} in vain");
    });
}

#[test]
fn domain_lists_are_prefetched() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |_| {});
        let mut times = Vec::new();
        for number in 0..120 {
            times.push(check_domain(&stage, number).await);
            pass(Duration::from_secs(3)).await;
        }
        assert_eq!(times[7], Duration::from_millis(40 + 90 + 120));
        assert_eq!(median(&times[10..]), Duration::from_millis(120));
    });
}

#[test]
fn list_near_quota_is_not_prefetched() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |config| {
            config.lists.push(ConfiguredList {
                name: name("b.barracudacentral.org."),
                quota: Some(100),
                ..ConfiguredList::default()
            });
        });
        run(&stage, 0..200).await;
        let entry = stage.entry("b.barracudacentral.org.");
        let lists = stage.simulation.resolver().lists();
        let used = lists.batch().counts(entry.number()).used;
        assert!((1..=80).contains(&used), "{used} before 80 were spent");
        let unix = stage.simulation.clock().now().unix;
        let (today, _, quota) = entry.watch.quota(unix);
        // The first NXDOMAIN of the list was queried again in lower case. Both queries count against the quota.
        assert_eq!((today, quota), (stage.asked_of("b.barracudacentral.org."), Some(100)));
    });
}

#[test]
fn observing_and_off_send_nothing() {
    for mode in [Mode::Observe, Mode::Off] {
        paused(async {
            let stage = Stage::new(&|_| String::new(), |config| config.dnsbl.batch = mode);
            let times = run(&stage, 0..120).await;
            let sum = Duration::from_millis(LISTS.iter().map(|(_, millis)| millis).sum());
            assert!(times[60..].iter().all(|time| *time == sum), "{mode:?}");
            assert_eq!(counts(&stage).used > 0, mode == Mode::Observe);
        });
    }
}

// The first two addresses only show the round trip to each list.
#[test]
fn configured_group_is_batched_from_start() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |config| {
            config.dnsbl.batch = Mode::Configured;
            config.dnsbl.batch_groups = vec![LISTS.iter().map(|(apex, _)| name(apex)).collect()];
        });
        let times = run(&stage, 0..20).await;
        // The first two addresses are left out: they show the round trip to each DNS list. A list with an unknown round trip may be near, and
        // is not put into a batch.
        assert!(times[2..].iter().all(|time| *time == SLOWEST), "{times:?}");
    });
}

#[test]
fn batches_separate_address_and_domain_lists() {
    paused(async {
        let (addresses, domains) = (LISTS[0].0, DOMAIN_LISTS[0].0);
        let stage = Stage::new(&|_| String::new(), |config| {
            config.dnsbl.batch = Mode::Configured;
            config.dnsbl.batch_groups = vec![vec![name(addresses), name(domains)]];
        });
        for number in 0..20 {
            stage.ask(&question(sender(number), addresses)).await;
            stage.ask(&format!("shop{number}.example.{domains}")).await;
            pass(Duration::from_secs(30)).await;
        }
        let received = stage.simulation.lab().log().received();
        let asked = |text: &str| received.iter().filter(|one| one.name.to_lowercase() == name(text)).count();
        assert_eq!(asked(&question(sender(19), addresses)), 1);
        assert_eq!(asked(&question(sender(19), domains)), 0);
        assert_eq!(asked(&format!("shop19.example.{addresses}")), 0);
        let BatchCounts { used, wasted, .. } = counts(&stage);
        assert_eq!((used, wasted), (0, 0), "what may not be asked is no waste");
    });
}

// The gateway asks for the PTR record before it asks the DNS lists.
#[test]
fn lists_are_prefetched_beside_ptr() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |config| config.lookahead.mode = LookaheadMode::Learned);
        let mut times = Vec::new();
        for number in 0..200 {
            let reverse = Name::from(std::net::IpAddr::from(sender(number)));
            stage.simulation.ask(&reverse, RecordType::PTR).await.unwrap();
            // smtpd works for a while between two questions.
            pass(Duration::from_millis(30)).await;
            times.push(stage.check(sender(number), &all()).await.0);
            pass(Duration::from_secs(3)).await;
        }
        let sum = Duration::from_millis(LISTS.iter().map(|(_, millis)| millis).sum());
        assert_eq!(times[7], sum);
        assert!(median(&times[10..]) + Duration::from_millis(30) <= SLOWEST, "{:?}", median(&times[10..]));
        pass(Duration::from_secs(60)).await;
        let BatchCounts { used, wasted, .. } = counts(&stage);
        assert!(used >= 400 && wasted == 0, "{used} of use, {wasted} in vain");
    });
}

/// Two kinds of gateways ask alternately. With postscreen, the DNS lists are asked before smtpd asks for the PTR record. Without postscreen,
/// smtpd asks for the PTR record before the lists.
#[test]
fn lists_follow_ptr_in_mixed_order() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |config| config.lookahead.mode = LookaheadMode::Learned);
        let mut times = Vec::new();
        for number in 0..300 {
            let reverse = Name::from(std::net::IpAddr::from(sender(number)));
            let pointer = async || stage.simulation.ask(&reverse, RecordType::PTR).await.unwrap();
            if number.is_multiple_of(2) {
                stage.check(sender(number), &all()).await;
                pointer().await;
            } else {
                pointer().await;
                pass(Duration::from_millis(30)).await;
                times.push(stage.check(sender(number), &all()).await.0);
            }
            pass(Duration::from_secs(3)).await;
        }
        assert!(median(&times[100..]) + Duration::from_millis(30) <= SLOWEST, "{:?}", median(&times[100..]));
        pass(Duration::from_secs(60)).await;
        let BatchCounts { used, wasted, .. } = counts(&stage);
        assert!(used >= 400 && wasted == 0, "{used} of use, {wasted} in vain");
    });
}

#[test]
fn domain_lists_are_prefetched_after_mx() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |config| config.lookahead.mode = LookaheadMode::Learned);
        let mut times = Vec::new();
        for number in 0..200 {
            let sender = format!("shop{number}.mail.example.");
            stage.simulation.ask(&name(&sender), RecordType::MX).await.unwrap();
            pass(Duration::from_millis(200)).await;
            let began = stage.simulation.clock().mono();
            for (apex, _) in DOMAIN_LISTS {
                stage.ask(&format!("{sender}{apex}")).await;
            }
            times.push(stage.simulation.clock().mono().since(began));
            pass(Duration::from_secs(3)).await;
        }
        assert_eq!(times[7], Duration::from_millis(40 + 90 + 120));
        assert_eq!(median(&times[10..]), Duration::ZERO);
        // No DNS list must be queried in advance about a domain that does not exist.
        let before = DOMAIN_LISTS.map(|(apex, _)| stage.asked_of(apex));
        stage.simulation.ask(&name("made-up.example."), RecordType::MX).await.unwrap();
        pass(Duration::from_secs(3)).await;
        assert_eq!(DOMAIN_LISTS.map(|(apex, _)| stage.asked_of(apex)), before);
    });
}
