//! Policies and signatures that authenticate mail: DKIM and DMARC.

pub(crate) mod dkim;
pub(crate) mod dmarc;
pub(crate) mod dmarc_record;
pub mod local_part;
pub(crate) mod misplaced;
pub(crate) mod organizational;
pub mod signing;
pub(crate) mod tags;
