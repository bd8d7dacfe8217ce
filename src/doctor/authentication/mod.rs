//! Policies and signatures that authenticate mail: DKIM and DMARC.

pub(crate) mod dkim;
pub(crate) mod dmarc;
pub(crate) mod dmarc_record;
pub(crate) mod organizational;
pub(crate) mod tags;
