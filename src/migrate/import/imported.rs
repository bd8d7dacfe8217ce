//! The result of an import.

use std::collections::BTreeMap;

use super::finding::{ImportFinding, Weight};
use resolver::config::Config;

/// The result of an import.
#[derive(Debug)]
pub struct Imported {
    /// The configuration.
    pub config: Config,
    /// The settings that were changed or left out, the dangerous ones first.
    pub findings: Vec<ImportFinding>,
    /// The numbers of findings that are left out, by their weight.
    pub more: BTreeMap<Weight, usize>,
}
