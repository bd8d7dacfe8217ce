//! `resolverctl check DOMAIN` over the lab: faulty domains are named, healthy ones are not.
//!
//! `forum` runs both programs over sockets. `faults` and `healthy` run the same questions over the simulated network,
//! in virtual time.

mod connect;
mod faults;
mod forum;
mod healthy;
mod simulated;
