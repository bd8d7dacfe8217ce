//! A busy gateway gets its mail from a few providers. The hosts and customers of a provider have names below its domain. For a line of the
//! mail log, `resolverctl why` must find the cause of the delay, and never report the zone of another customer.

#![cfg(feature = "lab")]

mod played;
mod world;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::sleep;

use dns::question::wire_name;
use explain::limits::{FOLLOW_PAUSE, MAX_WHY_MESSAGES};
use explain::why::{MessageReport, Wanted, WantedSubject};
use lab::prelude::{by_hand, name};
use lab::simulation::{Simulation, paused};
use played::{Plan, PlayedLine, PlayedMail, play};
use record::culprit::CulpritKind;
use record::store::Store;
use resolverctl::limits::WHY_AROUND;
use resolverctl::pasted;
use resolverctl::pasted::PastedLine;
use stage::memory_store::MemoryStore;
use world::host;

/// How many verdicts on log lines were right or wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Verdicts {
    right: u32,
    could_not_tell: u32,
    /// The verdict was another domain's zone, or no zone although the email's own zone was at fault.
    wrong: u32,
}

async fn ask(simulation: &Simulation, subject: &str, (from, to): (f64, f64)) -> Vec<MessageReport> {
    let subject = match subject.parse() {
        Ok(address) => WantedSubject::Address(address),
        Err(_) => WantedSubject::Itself(wire_name(&name(&format!("{subject}."))).into()),
    };
    let micros = |seconds: f64| (seconds.max(0.0) * 1e6) as u64;
    let (from, to, client) = (micros(from), micros(to), None);
    simulation
        .explainer()
        .why(Wanted { subject: Some(subject), from, to, client, most: MAX_WHY_MESSAGES, decisive: None })
        .await
}

/// Returns the emails that `resolverctl why -` finds for a log line.
async fn found(simulation: &Simulation, line: &PastedLine) -> Vec<MessageReport> {
    let mut found = Vec::new();
    for span in line.spans(WHY_AROUND.as_secs_f64()) {
        found.clear();
        for subject in &line.subjects {
            found.extend(ask(simulation, subject, span.unwrap()).await);
        }
        if found.iter().any(|message| pasted::is_of_line(line, message)) {
            break;
        }
    }
    found
}

/// Compares the verdict on each log line with the truth, and prints the wrong ones.
async fn verdicts(simulation: &Simulation, lines: &[PlayedLine], is_restarted: bool) -> Verdicts {
    let mut verdicts = Verdicts::default();
    for played in lines {
        let line = pasted::read(&played.text, 1_795_305_600.0).remove(0);
        let shown = pasted::settle(&line, found(simulation, &line).await, &|began| began.to_string());
        let told = &shown[0];
        let zone = told.culprit.zone.as_deref();
        let is_quick = matches!(told.culprit.kind, CulpritKind::NotDns | CulpritKind::None);
        let causes: BTreeSet<_> =
            shown.iter().filter_map(|message| message.culprit.zone.as_deref()).collect();
        if told.culprit.kind == CulpritKind::Unknown || causes.len() > 1 {
            verdicts.could_not_tell += 1;
        } else if played.zone.as_deref().map_or(is_quick, |own| zone == Some(own)) {
            verdicts.right += 1;
        } else {
            verdicts.wrong += 1;
            let (kind, began) = (told.culprit.kind, told.began);
            println!(
                "restarted {is_restarted}: {kind:?} of {zone:?} since {began:.3} instead of {:?}: {}",
                played.zone, played.text
            );
            if by_hand("PROVIDERS_SHOW", 0) > 0 {
                for question in &told.questions {
                    println!(
                        "    {:.3} {} {} {:?} {:.3} {}",
                        question.at,
                        question.name,
                        question.kind,
                        question.outcome,
                        question.elapsed,
                        question.of_subject
                    );
                }
            }
        }
    }
    verdicts
}

/// Counts the verdicts on the log lines of the emails in `plans`, before and after a restart of the daemon.
fn judged(plans: &[Plan]) -> [Verdicts; 2] {
    paused(async {
        let store = Arc::new(MemoryStore::default());
        let first = host(Some(Arc::clone(&store) as Arc<dyn Store>));
        let _tended = first.tend();
        let explainer = Arc::clone(first.explainer());
        let tells = tokio::spawn(async move {
            loop {
                sleep(FOLLOW_PAUSE).await;
                explainer.write_new_log();
            }
        });
        let mails: Vec<PlayedMail> = join_all(plans.iter().map(|plan| play(&first, plan))).await;
        sleep(Duration::from_secs(30)).await;
        tells.abort();
        first.explainer().write_last_log();
        let lines: Vec<PlayedLine> = mails.into_iter().flat_map(|mail| mail.lines()).collect();
        let before = verdicts(&first, &lines, false).await;
        let next = host(Some(store as Arc<dyn Store>));
        let after = verdicts(&next, &lines, true).await;
        [before, after]
    })
}

#[test]
fn log_lines_get_own_cause_only() {
    let (mails, rate) = (by_hand("PROVIDERS_MAILS", 150), by_hand("PROVIDERS_RATE", 10));
    let [before, after] = judged(&Plan::many(by_hand("PROVIDERS_SEED", 1), mails, rate));
    println!("before a restart: {before:?}\nafter a restart: {after:?}");
    assert_eq!((before.wrong, after.wrong), (0, 0), "{before:?} {after:?}");
}

// Both emails go to customers of the same provider.
#[test]
fn mail_after_failed_mail_is_healthy() {
    for shift in [150, 600, 1_900] {
        let failed = Plan::delivery(0, "c0.one.tld.");
        let [before, after] = judged(&[failed.clone(), Plan::delivery(shift, "c9.one.tld.")]);
        assert_eq!(
            (before.wrong, before.could_not_tell, after.wrong),
            (0, 0, 0),
            "{shift}: {before:?} {after:?}"
        );
        let [before, after] = judged(&[failed, Plan::delivery(shift, "one.tld.")]);
        assert_eq!(
            (before.wrong, before.could_not_tell, after.wrong),
            (0, 0, 0),
            "{shift}: {before:?} {after:?}"
        );
        let arrivals = vec![
            Plan::arrival(0, ("one", 1), "c0.one.tld."),
            Plan::arrival(shift, ("one", 2), "c9.one.tld."),
        ];
        let [before, after] = judged(&arrivals);
        assert_eq!((before.wrong, after.wrong), (0, 0), "{shift}: {before:?} {after:?}");
    }
}

#[test]
fn next_session_gets_own_cause() {
    for shift in [300, 1_000, 1_900] {
        let sessions = |first: &str, next: &str| {
            vec![Plan::arrival(0, ("one", 1), first), Plan::arrival(shift, ("one", 1), next)]
        };
        for (first, next) in [("c0.one.tld.", "c9.one.tld."), ("c9.one.tld.", "c0.one.tld.")] {
            let [before, after] = judged(&sessions(first, next));
            assert_eq!((before.wrong, after.wrong), (0, 0), "{shift} {first}: {before:?} {after:?}");
            assert!(before.right > before.could_not_tell, "{shift} {first}: {before:?}");
        }
    }
}
