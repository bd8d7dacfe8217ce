//! A question to a DNS list on its way to the list's servers.

use hickory_proto::rr::{Name, RecordType};

use crate::dnsbl::entry::ListEntry;
use crate::dnsbl::list::List;
use crate::iterate::context::Context;

/// A question to a list.
#[derive(Clone, Copy)]
pub(in crate::resolve) struct ListQuestion<'a> {
    pub(in crate::resolve) list: &'a List,
    /// The list's state on this way.
    pub(in crate::resolve) entry: &'a ListEntry,
    pub(in crate::resolve) name: &'a Name,
    pub(in crate::resolve) kind: RecordType,
    pub(in crate::resolve) context: &'a Context,
}
