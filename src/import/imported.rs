//! The result of an import.

use super::finding::ImportFinding;
use crate::config::Config;

/// The result of an import.
#[derive(Debug)]
pub struct Imported {
    /// The configuration.
    pub config: Config,
    /// The settings that were changed or left out, the dangerous ones first.
    pub findings: Vec<ImportFinding>,
    /// The number of findings that are left out.
    pub more: usize,
}
