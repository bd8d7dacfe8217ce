//! DNS lists on the way of a question: what a list says passes the gate of [`dnsbl`](crate::dnsbl), and what becomes of its
//! questions is told to those who watch it.

mod guard;
mod mirrors;
mod shared;
mod watched;

pub(super) use guard::{list_of, why_of};
pub(super) use shared::Asking;
