//! Reads the log of a simulation line by line.

use std::sync::{Arc, Mutex};

use lab::prelude::Lines;
use lab::simulation::paused;
use tokio::time::Instant;
use tracing::Level;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

/// The time since the start of the simulation.
struct Moment(Arc<Mutex<Option<Instant>>>);

impl FormatTime for Moment {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        let began = self.0.lock().unwrap().unwrap();
        write!(writer, "{}", Instant::now().duration_since(began).as_secs())
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The time since the test began, in seconds.
    pub(crate) second: u64,
    pub(crate) level: String,
    /// The sentence and its fields.
    pub(crate) text: String,
}

impl Line {
    pub(crate) fn is(&self, incident: &str) -> bool {
        self.text.contains(&format!("incident=\"{incident}\""))
    }

    /// Returns the zone that the log line names, without the final dot.
    pub(crate) fn zone(&self) -> Option<&str> {
        let (_, rest) = self.text.split_once("zone=\"")?;
        rest.split('"').next()?.strip_suffix('.')
    }
}

pub(crate) fn lines<Run: Future<Output = ()>>(run: impl FnOnce() -> Run) -> Vec<Line> {
    lines_from(Level::INFO, run)
}

/// Returns the log lines of this level or a more serious one.
pub(crate) fn lines_from<Run: Future<Output = ()>>(level: Level, run: impl FnOnce() -> Run) -> Vec<Line> {
    let (written, began) = (Lines::default(), Arc::new(Mutex::new(None)));
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .with_timer(Moment(Arc::clone(&began)))
        .with_target(false)
        .with_max_level(level)
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        paused(async {
            *began.lock().unwrap() = Some(Instant::now());
            run().await;
        });
    });
    let text = written.text();
    let line = |line: &str| {
        let mut parts = line.trim().splitn(3, ' ');
        let second = parts.next().unwrap().parse().unwrap();
        let rest = parts.next().unwrap().to_owned() + " " + parts.next().unwrap_or_default();
        let (level, text) = rest.trim().split_once(' ').unwrap();
        Line { second, level: level.to_owned(), text: text.trim().to_owned() }
    };
    let lines: Vec<Line> = text.lines().map(line).collect();
    for line in &lines {
        let (hours, minutes, seconds) = (line.second / 3_600, line.second / 60 % 60, line.second % 60);
        println!("{hours:02}:{minutes:02}:{seconds:02} {} {}", line.level, line.text);
    }
    lines
}
