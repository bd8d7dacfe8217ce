//! A plan: the questions of a check, which follow from each other's answers.

use std::collections::BTreeSet;

use crate::facts::{DomainFacts, Want};

/// The questions of one purpose.
pub trait Plan: Sync {
    /// The questions that are needed next by the facts so far. Some of them may have been asked already, or are under way.
    fn wants(&self, facts: &DomainFacts, under_way: &BTreeSet<Want>) -> Vec<Want>;

    /// Notes what follows from new facts.
    fn note(&self, _: &mut DomainFacts) {}
}
