//! After a panic, a task must be started again, the log must report this, and questions must be answered.

use std::time::Duration;

use hickory_proto::rr::RecordType;
use tokio::time::timeout;

use control::Controlled;
use dns::question::Question;
use lab::prelude::Lines;
use stage::{PATIENCE, Stage, name};
use supervise::limits::MAX_RESTARTS;

/// The tasks that are restarted after a panic, without the threads of the listeners.
const TASKS: [&str; 11] = [
    "the control socket task",
    "the statistics task",
    "the local mirror task",
    "the lists file task",
    "the task that probes dead servers",
    "the list health task",
    "the batch task",
    "the missing address task",
    "the late answer task",
    "the watched domains task",
    "udp-0",
];

/// Waits until `so` returns true. `what` describes this condition in the error message.
async fn until(what: &str, so: impl Fn() -> bool) {
    let waited = timeout(PATIENCE, async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn panicked_task_restarts() {
    let log = Lines::of_process();
    let stage = Stage::set("* 300 A 10.0.0.1\n", |_| {}).await;
    let pulses = stage.daemon.pulses();
    let names = pulses.names();
    let stream = format!("the TCP listener at {}", stage.address);
    for task in TASKS.iter().copied().chain([stream.as_str()]) {
        assert!(names.iter().any(|name| name == task), "{task} of {names:?}");
    }
    for (number, whose) in names.iter().enumerate() {
        assert!(pulses.strike(whose), "{whose}");
        let line = format!("{whose} crashed (panic: struck by the lab) and was restarted");
        until(&line, || log.count(&line) == 1).await;
        until(&format!("{whose} comes round"), || !pulses.round().contains(whose)).await;
        let owner = name(&format!("n{number}.tld."));
        let client = stage.client();
        for _ in ["from its server", "from memory"] {
            assert_eq!(client.ask_datagram(&owner, RecordType::A).await.unwrap().answers.len(), 1, "{whose}");
            assert_eq!(client.ask_stream(&owner, RecordType::A).await.unwrap().answers.len(), 1, "{whose}");
        }
        let asked = stage.daemon.subject();
        assert!(asked.query(Question::new(&owner, RecordType::A)).await.answer.wire.len() > 12);
    }
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_panics_stop_daemon() {
    let log = Lines::of_process();
    let stage = Stage::set("* 300 A 10.0.0.1\n", |_| {}).await;
    let (pulses, whose) = (stage.daemon.pulses(), format!("the TCP listener at {}", stage.address));
    for times in 1..=MAX_RESTARTS {
        assert!(pulses.strike(&whose));
        let line = format!("{whose} crashed (panic: struck by the lab) and was restarted");
        until(&line, || log.count(&line) == times).await;
        until(&format!("{whose} comes round"), || !pulses.round().contains(&whose)).await;
    }
    assert!(pulses.strike(&whose));
    assert_eq!(timeout(PATIENCE, stage.daemon.given_up()).await.unwrap(), whose);
    assert_eq!(log.count(&format!("{whose} crashed (panic: struck by the lab) more than")), 1);
    // The task does not run any more, so the watchdog reports it.
    pulses.round();
    assert!(pulses.round().contains(&whose));
    stage.daemon.stop().await;
}
