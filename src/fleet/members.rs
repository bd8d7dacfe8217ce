//! The reports of the gateways about themselves: a hash in the store, with a field for each gateway.

use crate::clock::millis_of;
use crate::error::StoreError;
use crate::gateway::Member;
use crate::limits::{LONG_REPLY, MAX_MEMBERS, MEMBER_TIME};
use crate::link::Link;
use crate::reply::{Command, Value};
use crate::store::Shared;

/// What the fields of the hash hold.
#[derive(Debug, Default, PartialEq, Eq)]
struct Read {
    members: Vec<(u64, Member)>,
    /// The gateways whose reports are too old.
    old: Vec<u64>,
    /// The number of fields that no gateway with the key of this fleet has written.
    foreign: usize,
}

impl Shared {
    /// Writes the report of this gateway into the store, reads the reports of all gateways, and removes old reports.
    ///
    /// # Errors
    /// The store did not write or reply. If the reports were too large, they were removed: each gateway writes its report again soon.
    pub(crate) async fn report_member(&self, link: &Link, member: Member) -> Result<(), StoreError> {
        let name = self.stored("members", "");
        let Some(now) = self.millis() else { return Ok(()) };
        let (offset, usual) = {
            let state = self.state();
            let offset = state.clock.offset_millis(self.clock.unix_micros(), self.clock.mono());
            (offset, state.pace.usual())
        };
        let member = Member {
            reported: now,
            clock_offset_ms: offset.unwrap_or_default(),
            store_micros: usual.map_or(0, |usual| u64::try_from(usual.as_micros()).unwrap_or(u64::MAX)),
            ..member
        };
        let text = serde_json::to_vec(&member).unwrap_or_default();
        let set = Command::new("HSET").key(&name).number(self.id);
        let sealed = self.sealer.seal(&format!("{name}{}", self.id), &text);
        self.own(link, &name, &set.word(sealed)).await?;
        let fields = link.command(&Command::new("HGETALL").key(&name).at_most(LONG_REPLY)).await?;
        let read = self.read_members(&name, fields.into_list()?, now);
        if read.foreign > 0 {
            self.notice("reports", &format!(
                "{} reports in the store of the fleet cannot be read: their gateways have another key, or others write to the store; they are not used",
                read.foreign
            ));
        }
        self.state().members = read.members;
        for id in read.old {
            link.command(&Command::new("HDEL").key(&name).number(id)).await?;
        }
        Ok(())
    }

    fn read_members(&self, name: &str, fields: Vec<Value>, now: u64) -> Read {
        let mut read = Read::default();
        let mut fields = fields.into_iter();
        while let Some((field, sealed)) = fields.next().zip(fields.next()) {
            let id: Option<u64> = field.number();
            let opened = id.zip(sealed.into_text().ok()).and_then(|(id, sealed)| {
                let opened = self.sealer.open(&format!("{name}{id}"), &sealed)?;
                Some((id, serde_json::from_slice::<Member>(&opened).ok()))
            });
            match opened {
                Some((id, Some(member))) if now.saturating_sub(member.reported) <= millis_of(MEMBER_TIME) => {
                    read.members.push((id, member));
                }
                Some((id, _)) => read.old.push(id),
                // Another key may be that of another fleet with this group, so the report stays in the store.
                None => read.foreign = read.foreign.saturating_add(1),
            }
        }
        read.members.truncate(MAX_MEMBERS);
        read.members.sort_by(|(_, one), (_, other)| one.host.cmp(&other.host));
        read
    }

    /// Removes the reports of all gateways.
    ///
    /// # Errors
    /// The store did not remove them.
    pub(crate) async fn remove_members(&self, link: &Link) -> Result<(), StoreError> {
        self.remove_foreign(link, &self.stored("members", "")).await
    }
}
