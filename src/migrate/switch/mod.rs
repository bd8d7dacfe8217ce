//! `resolverctl switch`: puts resolverd in the place of the resolver that this host uses, and back.
//!
//! `facts` reads the host, `plan` decides, `carry_out` goes through the steps, `machine` and `files` change services and files,
//! `record` keeps the state of before, and `undo` restores it. `future` knows who would answer after an undo. The plan is a pure function of the facts.
//!
//! # Decisions
//!
//! - The facts come from `resolverctl check system`. The plan has a step for each finding that a step can mend; any
//!   other failure, such as a firewall, prevents the switch.
//! - A step is recorded with the state before it, on disk, before it is carried out. So `--back` also undoes a switch that
//!   a power failure has cut off.
//! - A file that was changed after the switch is not restored: the operator's later work counts more. A file that is half of
//!   the text of before or of the new one was cut off by a power failure, and is restored.
//! - resolverd goes on while nobody else would answer: if `resolv.conf` cannot be restored, if the old resolver has gone, or if
//!   it does not start, or not at boot. Packages are not removed then.
//! - The record says who held port 53 at which addresses. The undo waits until they are held again; if they are not, and
//!   `resolv.conf` names nobody else, it starts resolverd again and has `resolv.conf` name it.
//! - The old resolver starts at boot until resolverd does, and again before resolverd does not. A power failure at any moment
//!   leaves one of them.
//! - A signal is a failure of the switch. It is undone, because half a switch is worse than none or all of it.
//! - The record lies in a directory of root. The daemon's own directory belongs to its user, who could then have root write
//!   any file.
//! - Only services known as resolvers are stopped. A holder of port 53 such as docker.service does more than DNS. One that other
//!   hosts can query may serve zones to the world, and dnsmasq may give them addresses, so the operator must say that it may stop.
//! - An existing file is written in place, and not renamed over, so that its owner, mode and label stay.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod carry_out;
mod error;
pub mod facts;
mod files;
mod future;
pub mod machine;
pub mod plan;
pub mod record;
pub mod step;
mod texts;
mod undo;

pub use self::carry_out::{EndedStep, StepEnd, SwitchWatch, carry_out};
pub use self::error::{RECORD, SwitchError};
pub use self::future::is_heard;
pub use self::record::lock;
pub use self::undo::{back, give_up};
