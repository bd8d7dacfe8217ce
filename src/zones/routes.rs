//! The table of routes: it is searched for each question with every suffix of its name, several times.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use super::Route;
use crate::hash::Plain;

/// Routes by name in wire form. Only the operator and the registry choose the names in the table.
pub(super) type Routes = HashMap<Vec<u8>, Arc<Route>, BuildHasherDefault<Plain>>;
