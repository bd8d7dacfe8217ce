//! resolver
// The compiler reads the futures of a flight through all that they wait for, down to the timers of the runtime.
#![recursion_limit = "256"]

pub mod background;
pub mod cache;
pub mod config;
pub mod dnsbl;
pub mod dnstap;
pub mod exchange;
pub mod iterate;
pub mod limits;
pub mod listener;
pub mod lookahead;
pub mod resolve;
pub mod supervise;
pub mod zones;
