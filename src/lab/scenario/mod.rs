//! Scenarios: text files with a small simulated internet, questions of clients, and the expected results.
//!
//! The idea comes from Unbound's testbound: a bug report is a file that anybody can read and run. The files are in `tests/scenarios`.
//!
//! ```
//! use lab::scenario::Scenario;
//! use lab::simulation::paused;
//!
//! let scenario: Scenario = "
//! title: A referral with glue is followed
//! server a.root 127.0.0.1 rtt=10ms
//! server ns1.example 127.0.0.2 rtt=20ms no-tcp
//! zone . a.root
//! zone example. ns1.example
//!   www 300 A 10.0.0.1
//! ask www.example. A
//!   rcode NOERROR
//!   answer www.example. 300 A 10.0.0.1
//!   outcome upstream
//!   packets 3
//!   elapsed 40ms
//! ".parse()?;
//! let seed = 1;
//! paused(scenario.play(seed))?;
//! # Ok::<(), lab::scenario::ScenarioError>(())
//! ```
//!
//! # The world
//!
//! - `server NAME ADDRESS [rtt=SPAN] [FAULT]...`: an authoritative server. The module `fault` lists the faults.
//! - `zone ZONE SERVER...`: a zone and its servers; the lines below it are its records. The module `delegations` generates NS,
//!   SOA, delegations and glue. If the zone text has `@ NS` lines, the zone has only these NS records, and its parent has the NS
//!   records of the `zone` line.
//! - `private ZONE`: the parent does not delegate this zone.
//! - `sign ZONE [WORD]...`: signs a zone. The module `signing` lists the words. After a question, this line changes the internet
//!   at that moment. If the root is signed, the resolver trusts its keys and validates.
//! - `toml`: the lines below it are a configuration file without `version`. Keys that are not set have the values that the lab
//!   needs: `race = false`, `ipv6 = false`, no validation if the root is unsigned, no look-ahead. Relative paths start at the
//!   directory in which the test was started.
//! - `for zone=1..3`: repeats the lines below it, and replaces `{zone}` and `{zone+1}` in them. A word with `{1..3}` is written
//!   three times.
//!
//! # Steps
//!
//! - `ask NAME TYPE`: a question. `x5` asks it from five clients at the same time. `+DO`, `+CD` and `+AD` set flags. `via=1`
//!   asks the first `[[listener]]`, and `from=ADDRESS` sets the address of the client.
//! - `reload`: changes to another configuration file, which is in the lines below.
//! - `network down|up`, `ipv6 open|unrouted|swallowed`, `fault SERVER [FAULT]...`: change the simulated internet.
//! - `advance SPAN`: lets time pass. `clock slow|fast SPAN` and `clock right` set the clock of the host.
//! - `cache NAME [TYPE]`: the lines below are all cache entries under the name, except stored answers to whole questions: `none`, `rrset RECORD`,
//!   `glue RECORD`, `negative NXDOMAIN|NODATA`, `delegation SERVER...`, `failure CODE`.
//! - `unpoisoned`: no cache contains the false data that a fault sends.
//! - `counted WORD=COUNT...`: counters since the start. A word is a behaviour of servers (`answered`, `timeout`) or the JSON
//!   name of a row of `record::counters` (`scrubbed`, `strays`).
//!
//! # Expectations below `ask`
//!
//! - `rcode`, `flags WORD...` (`ad`, `!tc`), `outcome NAME[=COUNT]...`, `elapsed SPAN[..SPAN]`.
//! - `answer` and `authority`: all records of the section in any order, or `answer none`. The TTL may be left out.
//! - `signatures COUNT` (RRSIG in the answer section) and `proofs COUNT` (NSEC and NSEC3 in the authority section). These
//!   records are not part of `answer` and `authority`.
//! - `ede CODE` or `ede none`. `why WORDS` is a part of the extended error's text and of the last step of the resolution.
//! - `packets COUNT [SERVER]`, where COUNT may be LOW..HIGH; `packet: SERVER NAME TYPE [tcp] [plain]` lists all queries to servers in order.

mod check;
mod memory;
mod reader;
mod repeat;
mod runner;

use std::ops::RangeInclusive;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, Record, RecordType};
use thiserror::Error;

use super::delegations::Tree;
use super::fault::Fault;
use super::signing::Signing;
use super::simulated::Ipv6Way;
use super::simulation::Flags;
use dns::cached::Rank;
use dns::question::Outcome;

/// Why a scenario cannot be run, or how its result differs.
#[derive(Debug, Error)]
pub enum ScenarioError {
    /// A line of the scenario cannot be parsed.
    #[error("line {line}: {reason}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// Why, in words.
        reason: String,
    },
    /// The configuration has errors. Their line numbers are those of the scenario.
    #[error("{0}")]
    Config(#[from] config::Errors),
    /// The simulated internet cannot be built.
    #[error(transparent)]
    Lab(#[from] super::world::LabError),
    /// The result of a step differs from what the scenario expects.
    #[error("{title}: line {line}: {}", .differences.join("\n  "))]
    Different {
        /// The title of the scenario.
        title: String,
        /// The line of the step, counted from 1.
        line: usize,
        /// All differences. After an `ask` step also the queries to servers in this step.
        differences: Vec<String>,
    },
}

/// A scenario, read from its text.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The title of the scenario.
    pub title: String,
    /// The text of the configuration file, if there is one.
    toml: Option<String>,
    tree: Tree,
    steps: Vec<ScenarioStep>,
}

#[derive(Clone, Debug)]
struct ScenarioStep {
    line: usize,
    action: Action,
}

#[derive(Clone, Debug)]
enum Action {
    Ask(Box<Ask>),
    Advance(Duration),
    Fault {
        server: String,
        faults: Vec<Fault>,
    },
    NetworkDown(bool),
    Ipv6(Ipv6Way),
    Cache {
        name: Name,
        kind: Option<RecordType>,
        held: Vec<Holding>,
    },
    Unpoisoned,
    Counted(Vec<(String, RangeInclusive<u64>)>),
    Sign {
        zone: String,
        signing: Signing,
    },
    /// Sets the clock of the host wrong by this number of seconds.
    Clock(i64),
    Reload(String),
}

#[derive(Clone, Debug, PartialEq)]
enum Holding {
    /// A record of an RRset with this rank (RFC 2181 section 5.4.1).
    Record(Rank, Box<ExpectedRecord>),
    /// A negative answer: true for NXDOMAIN, false for NODATA.
    Negative(bool),
    Delegation(Vec<Name>),
    /// A failure whose extended error has this code.
    Failure(u16),
}

/// A record that an answer must contain. Its TTL is compared only if the scenario gives a TTL.
#[derive(Clone, Debug, PartialEq)]
struct ExpectedRecord {
    record: Record,
    with_ttl: bool,
}

#[derive(Clone, Debug)]
struct Ask {
    name: Name,
    kind: RecordType,
    clients: u16,
    with: Flags,
    expected: Expected,
}

/// What the reply must be. Fields that are not set are not checked.
#[derive(Clone, Debug, Default)]
struct Expected {
    rcode: Option<ResponseCode>,
    answers: Option<Vec<ExpectedRecord>>,
    authorities: Option<Vec<ExpectedRecord>>,
    /// `Some(None)`: there must be no extended error.
    extended_error: Option<Option<u16>>,
    why: Option<String>,
    flags: Vec<String>,
    outcomes: Vec<(Outcome, usize)>,
    packets: Vec<(Option<String>, RangeInclusive<usize>)>,
    packet_lines: Vec<String>,
    elapsed: Option<RangeInclusive<Duration>>,
    signatures: Option<RangeInclusive<usize>>,
    proofs: Option<RangeInclusive<usize>>,
}
