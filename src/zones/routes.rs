//! The table of routes: found for each question with every suffix of its name, several times.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use super::Route;
use crate::hash::Plain;

/// Routes by name in wire form. The operator and the registry choose what is in the table, and nobody else adds to it.
pub(super) type Routes = HashMap<Vec<u8>, Arc<Route>, BuildHasherDefault<Plain>>;
