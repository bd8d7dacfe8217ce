//! The daemon as a process: how it starts and ends, what it says, and the bounds that it keeps under load.

mod addresses;
mod bounds;
mod client;
mod kept;
mod life;
mod process;
mod refusals;
mod reload;
