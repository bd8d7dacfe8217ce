//! The lab: an internet in the process, for tests, benches and the demo (cargo feature `lab`).
//!
//! Nothing of the daemon calls it but the demo. Authoritative servers as RFC 1034 section 4.3.2 has them, each with a
//! distance and with faults that can be switched; reached in memory with a virtual clock and a seed, or on sockets of
//! 127.0.0.0/8.

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
pub mod fuzz;
pub mod internet;
pub mod log;
pub mod mail_domains;
mod mangle;
pub mod oracle;
pub mod prelude;
pub mod scenario;
pub mod server;
mod signer;
pub mod signing;
pub mod simulated;
pub mod simulation;
mod small_rsa;
pub mod sockets;
mod test_keys;
pub mod traffic;
pub mod world;
pub mod zone_file;
