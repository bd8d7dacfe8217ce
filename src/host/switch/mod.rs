//! `resolverctl switch`: replaces the resolver of this host with resolverd, or undoes this.
//!
//! `facts` reads the host, `plan` decides, `carry_out` carries out the steps, `machine` and `files` change services and files,
//! `record` stores the former state, and `undo` restores it. `future` finds out which resolver would answer after an undo. The plan is a
//! pure function of the facts.
//!
//! # Decisions
//!
//! - The facts come from `resolverctl check system`, and each finding that a step can solve becomes a step. Any other failure, such as a firewall,
//!   prevents the switch.
//! - Each step and the state before it are first recorded on disk. So `--back` also undoes a switch that a power failure has interrupted.
//! - A file that the operator has changed after the switch is not restored. A file with only the beginning of the old or the new text is restored,
//!   because a power failure has interrupted its write.
//! - resolverd runs as long as no other resolver would answer: if `resolv.conf` cannot be restored, or the old resolver no longer exists, does not
//!   start, or does not start at boot.
//! - The record has the services at port 53 with their addresses. The undo waits until programs listen at these addresses again. If none does, and
//!   `resolv.conf` names no other server, the undo starts resolverd again and writes its address to `resolv.conf`.
//! - The old resolver stays enabled at boot until resolverd is enabled, and the undo enables it before it disables resolverd. So after a power
//!   failure, one of them always starts.
//! - A signal makes the switch fail and undoes it, because half a switch is worse than none.
//! - The record is in a directory of root. The daemon's user owns the directory of the daemon, and could make root write any file.
//! - Only services that are known as resolvers are stopped. A service such as docker.service does more than DNS. The operator must permit stopping a
//!   resolver that other hosts can query, because it may serve zones to the internet, and dnsmasq may assign addresses.
//! - An existing file is overwritten in place and not replaced by a renamed file, so that its owner, mode and label stay.

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
