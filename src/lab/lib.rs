//! The lab: a simulated internet inside one process, for tests, benchmarks and the demo (cargo feature `lab` of `resolverd`).
//!
//! Its authoritative servers answer by RFC 1034 section 4.3.2. Each has a round-trip time, and faults that can be switched on. Clients
//! reach them in memory, with a virtual clock and a seed, or over sockets at addresses in 127.0.0.0/8.
//!
//! # A resolver over the lab
//!
//! A [`delegations::Tree`] contains zones and servers, and generates SOA, NS, delegations and glue. A [`simulation::Simulation`] runs the
//! complete resolver on the internet that is built from the tree.
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
//! A scenario is a test like this example, as a text file; see [`scenario`].
//!
//! # Decisions
//!
//! - Tests run the complete resolver, starting with the octets of a query, instead of single functions with mocks. The module
//!   `exchange` has one trait for the network, and this crate implements it.
//! - A run is deterministic: it has one thread, biased selects and seeded hashes, and no order depends on hash maps. So the seed of a
//!   failed test is enough for a bug report.
//! - The clock is virtual, so that a deadline of four seconds takes no time. The paused clock of tokio jumps ahead while it waits for real
//!   sockets, so the lab never uses it together with sockets.
//! - The zone parser of Hickory does not read DNAME, and its signing code does not support RSA. So the lab has its own servers and signing
//!   code.
//! - The same servers can use real sockets, for the demo, for tests of listeners and for benchmarks.
//! - Scenarios are text files, like those of Unbound's testbound, so that anybody can read and run a bug report.

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
pub mod mails;
mod mangle;
pub mod message_bench;
pub mod oracle;
pub mod prelude;
pub mod programs;
mod rough_mail;
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
