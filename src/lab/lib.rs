//! The lab: a simulated internet in the process, for tests, benches and the demo (cargo feature `lab` of `resolverd`).
//!
//! Calls `resolver`, which it runs, and the crates that the resolver calls. Only the demo and tests call it. Authoritative servers work as in
//! RFC 1034 section 4.3.2. Each has a round trip time and faults that can be switched on. They are reached in memory with a virtual clock
//! and a seed, or on sockets of 127.0.0.0/8.
//!
//! # A resolver over the lab
//!
//! A [`delegations::Tree`] names zones and servers; it writes SOA, NS, delegations and glue itself. A
//! [`simulation::Simulation`] runs the whole resolver over the lab that it builds.
//!
//! ```
//! use std::sync::Arc;
//!
//! use hickory_proto::op::ResponseCode;
//! use hickory_proto::rr::RecordType;
//! use lab::delegations::Tree;
//! use lab::prelude::ask;
//! use lab::simulation::{Simulation, config_for, paused};
//! use lab::world::{LabError, ServerPlan};
//!
//! let mut tree = Tree::default();
//! tree.server(ServerPlan::new("a.root", vec!["127.0.0.1".parse().unwrap()]))?;
//! tree.server(ServerPlan::new("ns1.example", vec!["127.0.0.2".parse().unwrap()]))?;
//! tree.zone(".", &["a.root".to_owned()], "")?;
//! tree.zone("example.", &["ns1.example".to_owned()], "www 300 A 10.0.0.1")?;
//! let lab = Arc::new(tree.build()?);
//!
//! paused(async {
//!     let config = config_for(&lab);
//!     let seed = 1;
//!     let resolver = Simulation::new(lab, config, seed);
//!     let reply = ask(&resolver, "www.example.", RecordType::A).await;
//!     assert_eq!(reply.message.metadata.response_code, ResponseCode::NoError);
//!     assert_eq!(reply.message.answers.len(), 1);
//!     // The referral of the root server led to the server of the zone, which was asked once.
//!     assert_eq!(resolver.lab().log().count("ns1.example"), 1);
//! });
//! # Ok::<(), LabError>(())
//! ```
//!
//! A scenario is the same as a text file; see [`scenario`].
//!
//! # Decisions
//!
//! - Tests run the whole resolver, from the octets of a query down, instead of single functions with mocks:
//!   `exchange` has one trait for the network, and this crate implements it.
//! - A run is deterministic: one thread, biased selects, seeded hashes, no order taken from hash maps. A seed that
//!   fails is a bug report.
//! - The clock is virtual, so that a deadline of four seconds takes no time and thousands of simulations run in a
//!   minute. tokio's paused clock jumps ahead while it waits for real sockets, so the two are never mixed.
//! - The servers and the signer are ours. Hickory's zone parser does not read DNAME, and its signer has no RSA.
//! - The same servers bind real sockets for the demo, for tests of listeners and for benches.
//! - Scenarios are text files, like those of Unbound's testbound, so that a bug report is a file that anybody can
//!   read and run.

mod access_networks;
#[cfg(test)]
mod authority_tests;
pub mod client;
pub mod delegations;
pub mod demo;
pub mod distort;
mod dnssec_faults;
pub mod fault;
#[cfg(test)]
mod fetch_tests;
pub(crate) mod hosters;
pub mod internet;
pub mod log;
pub mod mail_domains;
mod mangle;
pub mod message_bench;
pub mod oracle;
pub mod prelude;
pub mod scenario;
pub mod server;
mod signer;
pub mod signing;
pub mod simulated;
pub mod simulation;
pub mod sockets;
mod test_keys;
pub mod traffic;
pub mod world;
pub mod zone_file;
