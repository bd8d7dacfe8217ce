//! The lines of `log.level = "debug"` and `"trace"`.

use std::time::Duration;

use hickory_proto::rr::RecordType;
use rustix::process::Signal;

use crate::daemon::client::Client;
use crate::daemon::process::{Process, Setting, World};

/// The lines of the log with this level after a query for this name was answered.
fn lines(world: &World, level: &str, name: &str) -> Vec<String> {
    let setting = Setting::new(world, &format!("[log]\nlevel = \"{level}\"\n"));
    let mut process = Process::start(setting.command(), setting.socket());
    Client::new(process.address).ask(name, RecordType::A);
    // The end writes the lines about all that was not read yet.
    process.end(Signal::TERM);
    process.said_later()
}

#[test]
fn trace_writes_the_messages_of_a_query_below_its_line() {
    let world = World::new(Duration::from_millis(1));
    for (level, has_line, has_steps) in
        [("trace", true, true), ("debug", true, false), ("info", false, false)]
    {
        let said = lines(&world, level, "n0.tld.");
        let line =
            said.iter().position(|line| line.contains("query n0.tld. A from 127.0.0.1: from servers in "));
        assert_eq!(line.is_some(), has_line, "{level}: {said:#?}");
        let step = |line: &&String| {
            line.contains("query n0.tld. A: ") && line.contains(" s after the begin of the query, ")
        };
        let steps: Vec<&String> = said.iter().filter(step).collect();
        assert_eq!(!steps.is_empty(), has_steps, "{level}: {said:#?}");
        let Some(last) = steps.last() else { continue };
        assert!(
            last.contains(" resolverd queried 127.78.0.2, a server of tld., over UDP (first choice); "),
            "{last}"
        );
        assert!(said.iter().position(|line| line == *last) > line, "{said:#?}");
    }
}
