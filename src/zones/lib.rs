//! Chooses the route of a question, which decides how it is answered: the route of the longest configured suffix of its name, or recursion.
//! Questions for names that must never leave this host (RFC 6303, RFC 6761) are answered here, unless a configured zone covers them. This
//! crate calls `config`, `dnsbl`, `validate` and `dns`.
//!
//! # Decisions
//!
//! - A route has a policy: the settings for its zone, such as source addresses, limits of TTLs, and whether names are minimised (RFC 9156).
//!   DNS lists differ from other zones only in this policy; the module `dnsbl::gate` decides whether their answers may be used.
//! - A `[[host]]` answers only questions for addresses and reverse names, and a `[[record]]` only those for its own type. If a `[[host]]`
//!   answered all types, it would hide the MX of the name.
//! - A listener with a list of zones sees a `[[host]]` or `[[record]]` only if the closest `[[zone]]` around its name is in the list.
//! - The address of a client selects its `[[view]]`, except at a listener with a list of zones. A zone in a view replaces the shared zone of
//!   the same name. A `[[host]]` or `[[record]]` in a view replaces all shared entries for its name.
//! - Listeners and `[[view]]`s that see the same zones share one view object and its cached data. The ids of views are never reused.
//!   Otherwise clients of one listener could get data that were cached for clients of another after a reload.
//! - The hashes with which routes are looked up need no secret key, because the operator chooses the names in the table.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

pub mod authority;
mod circle;
mod clients;
mod denial;
mod fingerprint;
pub mod limits;
pub mod local;
pub mod mirror;
mod names;
mod route;
mod special;
mod trust;
mod view;
mod views;
pub mod zone;

pub use route::{Mirrored, Route, RouteTarget, Wrong, ZonePolicy, same_mirror};
pub use special::locally_served;
pub use trust::AnchorsInUse;
pub use view::View;
pub use views::{ClientViews, Views, changed};

#[cfg(test)]
mod tests;
