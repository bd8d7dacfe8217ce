//! The figures of the bench: what is measured, and the result of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use resolver::config::LookaheadMode;

use super::super::traffic::Played;
use super::mails::{MailKind, Popularity};

/// Mail domains of the internet.
pub const DOMAINS: usize = 400;

/// The options of a run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Mail domains.
    pub domains: usize,
    /// Messages of a run.
    pub messages: usize,
    /// Messages in a second.
    pub rate: u32,
    /// The runs of each resolver: the table shows their medians.
    pub seeds: Vec<u64>,
    /// How often each domain occurs.
    pub popularity: Popularity,
    /// Exchanges of a thousand that are lost on all paths, in addition to the losses of each path.
    pub loss_per_mille: u32,
    /// Whether one server of each zone is dead, if another one is not.
    pub dead_servers: bool,
    /// Installed resolvers, in real time. Only `dead_servers` applies to them, not `loss_per_mille`.
    pub installed: Vec<Installed>,
    /// The other resolvers, on the virtual clock.
    pub resolvers: Vec<Measured>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            domains: DOMAINS,
            messages: 1_200,
            rate: 25,
            seeds: vec![1, 2, 3],
            popularity: Popularity::Zipf,
            loss_per_mille: 0,
            dead_servers: false,
            installed: Vec::new(),
            resolvers: Measured::ALL.to_vec(),
        }
    }
}

/// An installed resolver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// Its column in the table.
    pub name: String,
    /// The command of a shell that becomes the resolver, which answers at port 53 of 127.0.0.1. The files `root.hints` and
    /// `root.ds` of the working directory are the root servers and the trust anchor.
    pub command: String,
}

/// A resolver of this program that is measured, or a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measured {
    /// This one, without look-ahead.
    Off,
    /// With all rules.
    Rules,
    /// With the rules that it has learned.
    Learned,
    /// One that knows all servers, and asks when it is asked.
    Limit,
    /// One that knows all servers, and asks ahead.
    LimitAhead,
}

impl Measured {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 5] = [Self::Off, Self::Rules, Self::Learned, Self::Limit, Self::LimitAhead];

    /// Its column in the table.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Rules => "rules",
            Self::Learned => "learned",
            Self::Limit => "limit",
            Self::LimitAhead => "limit, ahead",
        }
    }

    /// Its mode of look-ahead; none if it is a limit.
    pub(super) const fn mode(self) -> Option<LookaheadMode> {
        match self {
            Self::Off => Some(LookaheadMode::Off),
            Self::Rules => Some(LookaheadMode::Rules),
            Self::Learned => Some(LookaheadMode::Learned),
            Self::Limit | Self::LimitAhead => None,
        }
    }
}

/// The result of one run.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The messages.
    pub played: Vec<(MailKind, Played)>,
    /// Queries to servers, and how many of them went to DNS lists.
    pub sent: [u64; 2],
    /// Queries to servers that are dead or lame; none if they are known.
    pub(crate) to_broken: u64,
    /// Questions of clients to DNS lists.
    pub(crate) asked_of_lists: u64,
    /// Questions asked ahead, and how many of them a client used; none if the resolver does not say.
    pub ahead: Option<[u64; 2]>,
    /// CPU time.
    pub cpu: Duration,
    /// The checks of a run in real time.
    pub checks: Option<Checks>,
    /// Questions of each kind, and the time that clients waited for them.
    pub waits: BTreeMap<&'static str, (u32, Duration)>,
}

/// Whether a run in real time is fair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    /// Signed domains whose MX is answered with AD, and all that are signed.
    pub secure: [usize; 2],
    /// How much later than planned the lab's servers replied: the mean, and the most.
    pub(crate) lateness: [Duration; 2],
    /// How long the resolver's threads were ready to run and had no core; zero if the kernel does not tell.
    pub waited: Duration,
}
