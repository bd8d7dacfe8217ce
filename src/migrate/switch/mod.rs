//! `resolverctl switch`: replaces the resolver that this host uses with resolverd, and undoes this.
//!
//! `facts` reads the host, `plan` decides, `carry_out` carries out the steps, `machine` and `files` change services and files,
//! `record` stores the former state, and `undo` restores it. `future` finds out which resolver would answer after an undo. The plan is a
//! pure function of the facts.
//!
//! # Decisions
//!
//! - The facts come from `resolverctl check system`. The plan has a step for each finding that a step can solve. Any other
//!   failure, such as a firewall, prevents the switch.
//! - Before a step is carried out, the step and the state before it are recorded on disk. So `--back` can also undo a switch
//!   that a power failure has interrupted.
//! - A file that was changed after the switch is not restored, because the later work of the operator takes precedence. If a file has only the
//!   beginning of the old or of the new text, a power failure has interrupted the write, and the file is restored.
//! - resolverd continues to run as long as no other resolver would answer: if `resolv.conf` cannot be restored, or if the old
//!   resolver no longer exists, does not start, or does not start at boot. Packages are not removed then.
//! - The record says which services held port 53, and at which addresses. The undo waits until these addresses are in use again.
//!   If they are not, and `resolv.conf` names no other server, the undo starts resolverd again and makes `resolv.conf` name it.
//! - The old resolver stays enabled at boot until resolverd is enabled, and the undo enables it before it disables resolverd. So
//!   after a power failure at any moment one of them starts.
//! - A signal makes the switch fail. It is then undone, because half a switch is worse than none or a complete one.
//! - The record is in a directory that belongs to root. The directory of the daemon belongs to the daemon's user, who could make
//!   root write any file.
//! - Only services that are known as resolvers are stopped. A service such as docker.service, which may also hold port 53, does
//!   more than DNS. A resolver that other hosts can query may serve zones to the internet, and dnsmasq may assign addresses, so
//!   the operator must permit stopping them.
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
