//! Bounds of `resolverctl`, each with its reason.

mod check;
mod pasted;
mod screens;
mod shadow;

pub(crate) use check::*;
pub use pasted::*;
pub use screens::*;
pub(crate) use shadow::*;
