//! The daemon as a process: its start and end, its output, and its limits under load.

mod addresses;
mod bounds;
mod changes;
pub(crate) mod client;
mod encrypted;
mod kept;
mod life;
pub(crate) mod memory;
mod mixes;
pub(crate) mod process;
mod refusals;
mod reload;
mod saved_history;
mod snapshot;
mod users;
mod views;
mod work;
