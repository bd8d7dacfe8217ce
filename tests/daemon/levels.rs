//! The lines of `log.level = "debug"` and `"trace"`.

use std::time::Duration;

use hickory_proto::rr::RecordType;
use rustix::process::Signal;

use crate::client::Client;
use crate::process::{Process, Setting, World};

/// The lines of the log with this level after all queries for these names were answered, and the number of queries sent, repeats included.
fn lines(world: &World, level: &str, names: &[String]) -> (Vec<String>, u64) {
    let setting = Setting::new(world, &format!("[log]\nlevel = \"{level}\"\n"));
    let mut process = Process::start(setting.command(), setting.socket());
    let mut client = Client::new(process.address);
    for name in names {
        client.send(name, RecordType::A);
    }
    names.iter().for_each(|_| drop(client.next_reply()));
    // The end writes the lines about all that was not read yet.
    process.end(Signal::TERM);
    (process.said_later(), client.sent)
}

fn names(count: u32) -> Vec<String> {
    (0..count).map(|number| format!("n{number}.tld.")).collect()
}

#[test]
fn trace_writes_the_messages_of_a_query_below_its_line() {
    let world = World::new(Duration::from_millis(1));
    for (level, has_line, has_steps) in
        [("trace", true, true), ("debug", true, false), ("info", false, false)]
    {
        let (said, _) = lines(&world, level, &names(1));
        let line = said.iter().position(|line| line.contains("query n0.tld. A from 127.0.0.1: upstream in "));
        assert_eq!(line.is_some(), has_line, "{level}: {said:#?}");
        let step = |line: &&String| line.contains("query n0.tld. A: after ");
        let steps: Vec<&String> = said.iter().filter(step).collect();
        assert_eq!(!steps.is_empty(), has_steps, "{level}: {said:#?}");
        let Some(last) = steps.last() else { continue };
        assert!(last.contains(" 127.78.0.2 of tld. over UDP (first): answered in "), "{last}");
        assert!(said.iter().position(|line| line == *last) > line, "{said:#?}");
    }
}

#[test]
fn their_number_is_bounded_and_the_other_queries_are_counted() {
    let world = World::new(Duration::from_millis(1));
    let asked = 1_600;
    let (said, sent) = lines(&world, "trace", &names(asked));
    let told = said.iter().filter(|line| line.contains(".tld. A from 127.0.0.1: ")).count() as u64;
    let steps = said.iter().filter(|line| line.contains(".tld. A: after ")).count() as u64;
    let more = said.iter().filter_map(|line| {
        let (_, more) = line.split_once("no log line for ")?;
        more.split_once(' ')?.0.parse::<u64>().ok()
    });
    let more: Vec<u64> = more.collect();
    let all = told + more.iter().sum::<u64>();
    assert!((asked.into()..=sent).contains(&all), "{all} of {sent}; {} lines", said.len());
    assert!(steps >= told && !more.is_empty(), "{told} {steps} {more:?}");
}
