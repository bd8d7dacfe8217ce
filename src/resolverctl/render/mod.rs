//! Formats the replies of the daemon: as text for people, as JSON for programs.
//!
//! This module sends no request and reads no clock, so the output depends only on the reply.

pub mod changes;
pub mod columns;
pub mod compare;
pub mod costs;
pub mod domain;
pub mod domains;
pub mod failed;
pub mod findings;
pub mod fleet;
pub mod html;
pub mod json;
pub mod list_delays;
pub mod lists;
pub mod lookahead;
pub mod minutes;
pub mod monitor;
pub mod own;
pub mod plugin;
pub mod queue;
pub mod rows;
pub mod screen;
pub mod shadow;
pub mod spent;
pub mod state;
pub(crate) mod style;
pub mod switch;
pub mod table;
pub mod text;
pub mod tls_policy;
pub mod trace;
pub mod watched;
pub mod why;
pub mod words;
pub mod zones;

pub use self::style::{Format, Style};
