//! dns
pub mod clock;
pub mod conduct;
pub mod hash;
pub mod limits;
pub mod question;
pub mod random;
pub mod rdata;
#[cfg(any(test, feature = "simulated"))]
pub mod stage;
pub mod wire;
pub mod zone_file;
