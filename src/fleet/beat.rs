//! The heartbeat: once a second, it connects to the store if necessary, measures how fast the store replies, reads its clock, adds the
//! numbers of this gateway's queries to DNS lists to the counts of the fleet, and sends and reads news (notices for the other gateways).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::error::StoreError;
use crate::gateway::Gateway;
use crate::limits::{
    BEAT, CLOCK_NODES, CONFIRM_TIME, FIND_TIME, NEWS_AT_ONCE, READ_TIME, SLOW_BEATS, STORE_TIME,
};
use crate::link::Link;
use crate::news::{Inbox, News, Sent, Taken};
use crate::queries::Added;
use crate::reply::{Command, Value};
use crate::store::{Failing, Fleet, Order, Shared, count};
use crate::streams::{ItemId, Kind, Position};
use config::StoreMode;
use dns::clock::{Clock, Mono};

/// What the heartbeat remembers from one beat to the next.
#[derive(Default)]
pub(crate) struct Beat {
    added: Added,
    /// The orders that were seen, also before the start of this process. `None` until the file with them was read.
    seen: Option<Inbox>,
    /// The reports that were seen.
    heard: Inbox,
    /// The new orders that must be carried out, with the times at which they were sent. A slow disk or a large cache may end a heartbeat.
    new_orders: VecDeque<(News, Mono)>,
    orders: Position,
    reports: Position,
    /// The reports that the store has not accepted yet.
    unsent: Vec<News>,
    confirming: Vec<Confirming>,
    /// The number of the last notice that this gateway has sent.
    number: u64,
    beats: u64,
    /// True if the reports of the gateways were too large to be read.
    has_large_members: bool,
}

/// An order that was sent, and who waits for its confirmation.
struct Confirming {
    id: ItemId,
    sent: Mono,
    confirm: oneshot::Sender<Result<(), String>>,
}

impl Fleet {
    /// Runs the heartbeat, forever.
    pub async fn beat(self: Arc<Self>, gateway: Arc<impl Gateway>) -> Infallible {
        let mut beat = Beat::default();
        loop {
            if let Some(link) = self.shared.connected().await {
                let beaten = timeout(STORE_TIME, self.shared.beat(&link, &mut beat, &*gateway)).await;
                self.shared.beaten(beaten.unwrap_or(Err(StoreError::Silent(STORE_TIME))));
            }
            tokio::select! {
                () = tokio::time::sleep(BEAT) => {}
                () = self.shared.hurry.notified() => {}
            }
        }
    }
}

impl Shared {
    /// Returns the connection to the store, and makes one if there is none.
    async fn connected(&self) -> Option<Link> {
        let known = self.state().link.clone();
        if known.is_some() {
            return known;
        }
        // The servers of the store are tried one after the other, and each attempt may take `STORE_TIME`.
        let all = STORE_TIME
            .saturating_mul(u32::try_from(self.config.servers.len()).unwrap_or(1).saturating_add(1));
        match timeout(all, Link::connect(&self.config)).await.unwrap_or(Err(StoreError::Silent(all))) {
            Ok(link) => {
                self.state().link = Some(link.clone());
                Some(link)
            }
            Err(error) => {
                self.note_failure(&error);
                None
            }
        }
    }

    /// Handles the result of a heartbeat.
    fn beaten(&self, beaten: Result<(), StoreError>) {
        let Err(error) = beaten else {
            let failing = self.state().failing.take();
            if let Some(Failing { since, is_noticed: true, .. }) = failing {
                let seconds = self.clock.mono().since(since).as_secs();
                tracing::info!("the store of the fleet works again after {seconds} s");
            }
            return;
        };
        self.failed(&error);
        self.state().link = None;
        self.note_failure(&error);
    }

    /// Records why the store does not work.
    fn note_failure(&self, error: &StoreError) {
        let (now, why) = (self.clock.mono(), error.to_string());
        let mut state = self.state();
        state.pace.beat(None);
        let is_noticed = state.failing.as_ref().is_some_and(|failing| failing.is_noticed)
            || state.notices.is_due(error.kind(), now);
        let since = state.failing.as_ref().map_or(now, |failing| failing.since);
        let was_noticed = state.failing.replace(Failing { why: why.clone(), since, is_noticed });
        drop(state);
        if is_noticed && !was_noticed.is_some_and(|failing| failing.is_noticed) {
            tracing::warn!(
                "the store of the fleet does not work: {why}; resolverd works without it and tries again every second; `resolverctl fleet` shows its state"
            );
        }
    }

    /// Logs a fault of what the store has, once in a while for each `kind`.
    pub(crate) fn notice(&self, kind: &'static str, text: &str) {
        if self.state().notices.is_due(kind, self.clock.mono()) {
            tracing::warn!("{text}");
        }
    }

    async fn beat(&self, link: &Link, beat: &mut Beat, gateway: &impl Gateway) -> Result<(), StoreError> {
        link.refresh().await?;
        if let Some(error) = link.unnamed() {
            self.notice(error.kind(), &format!("a part of the store of the fleet is not used: {error}"));
        }
        self.measure(link).await?;
        // A store without free memory refuses commands that write, but not those that read. So the heartbeat reads even if its writes fail.
        let mut writes = self.send_orders(link, beat, gateway).await;
        self.tolerated(link, self.read_orders(link, beat, gateway).await)?;
        self.tolerated(link, self.confirm_orders(link, beat).await)?;
        beat.unsent.extend(gateway.news().await);
        writes = writes.and(self.send_reports(link, beat).await);
        self.tolerated(link, self.read_reports(link, beat, gateway).await)?;
        if beat.beats.is_multiple_of(SLOW_BEATS) {
            writes = writes.and(self.exchange_members(link, beat, gateway).await);
            self.tolerated(link, self.add_queries(link, &mut beat.added, gateway).await)?;
            self.state().refuses_writes = writes.as_ref().err().map(ToString::to_string);
        }
        beat.beats = beat.beats.wrapping_add(1);
        self.tolerated(link, writes)
    }

    /// Counts an error that the store replied, and returns `Ok`, so that the heartbeat continues. A broken connection ends the heartbeat,
    /// except in a cluster, where other nodes may work. So does a server that is no primary server any longer: the sentinels name another one.
    fn tolerated(&self, link: &Link, result: Result<(), StoreError>) -> Result<(), StoreError> {
        let has_sentinels = self.config.mode == StoreMode::Sentinel;
        match result {
            Err(error) if has_sentinels && error.is_of_replica() => Err(error),
            Err(error) if link.is_cluster() || !error.is_broken() => {
                count(&self.counts.errors, 1);
                Ok(())
            }
            result => result,
        }
    }

    /// Reads the clock of the store, and measures the time until its reply and until the reply to a read, as questions read. In a cluster,
    /// several nodes are asked.
    ///
    /// # Errors
    /// The store does not reply, or its clock is not believed.
    async fn measure(&self, link: &Link) -> Result<(), StoreError> {
        let began = self.clock.mono();
        let time = async {
            let time = link.command_any(&Command::new("TIME")).await?;
            Ok::<_, StoreError>((read_time(time).ok_or(StoreError::Garbled)?, self.clock.mono()))
        };
        let probes = if link.is_cluster() { CLOCK_NODES } else { 1 };
        let probes: Vec<String> =
            (0..probes).map(|number| self.stored("probe", &number.to_string())).collect();
        let read = async { timeout(FIND_TIME, link.values(&probes)).await };
        let (time, read) = tokio::join!(time, read);
        let elapsed = self.clock.mono().since(began);
        let (micros, replied) = time?;
        let is_read = read.is_ok();
        read.unwrap_or(Ok(Vec::new()))?;
        let unix = self.clock.unix_micros();
        let mut state = self.state();
        state.clock.read(micros, (began, replied), unix)?;
        state.pace.beat(is_read.then_some(elapsed));
        Ok(())
    }

    /// Gives news the next number of this gateway and the time.
    fn number(&self, beat: &mut Beat, news: News) -> Option<Sent> {
        let sent = self.millis()?;
        beat.number = sent.max(beat.number.saturating_add(1));
        Some(Sent { sender: self.id, number: beat.number, sent, news })
    }

    /// Sends the orders of the operator. One that somebody waits for is sent once; others are sent again with the next heartbeat.
    async fn send_orders(
        &self,
        link: &Link,
        beat: &mut Beat,
        gateway: &impl Gateway,
    ) -> Result<(), StoreError> {
        let mut result = Ok(());
        let waiting = self.state().orders.len();
        for _ in 0..waiting {
            let next = self.state().orders.pop_front();
            let Some(Order { news, confirm }) = next else { break };
            if confirm.as_ref().is_some_and(oneshot::Sender::is_closed) {
                continue;
            }
            let Some(sent) = self.number(beat, news) else { continue };
            // After a restart, the order of this process must not look like a new one of another gateway.
            inbox(beat, gateway, sent.sent).await.takes(&sent, Duration::ZERO);
            keep(beat, gateway).await;
            let added = self.add_news(link, Kind::Orders, &sent).await;
            match (added, confirm) {
                (Ok(id), Some(confirm)) => {
                    beat.confirming.push(Confirming { id, sent: self.clock.mono(), confirm });
                }
                (Ok(_), None) => {}
                (Err(error), confirm) => {
                    match confirm {
                        // If nobody waits any longer, the reason does not matter.
                        Some(confirm) => drop(confirm.send(Err(error.to_string()))),
                        None => self.state().orders.push_back(Order { news: sent.news, confirm: None }),
                    }
                    result = Err(error);
                }
            }
        }
        result
    }

    /// Confirms the orders that the store has kept for so long that each gateway has read them.
    async fn confirm_orders(&self, link: &Link, beat: &mut Beat) -> Result<(), StoreError> {
        let now = self.clock.mono();
        let (due, early): (Vec<_>, Vec<_>) = std::mem::take(&mut beat.confirming)
            .into_iter()
            .partition(|confirming| now.since(confirming.sent) >= CONFIRM_TIME);
        beat.confirming = early;
        for Confirming { id, confirm, .. } in due {
            let is_kept = self.has_item(link, Kind::Orders, id).await?;
            let lost = "it has lost the order before all gateways could read it";
            // If nobody waits any longer, the confirmation does not matter.
            let _ = confirm.send(if is_kept { Ok(()) } else { Err(lost.to_owned()) });
        }
        Ok(())
    }

    async fn read_orders(
        &self,
        link: &Link,
        beat: &mut Beat,
        gateway: &impl Gateway,
    ) -> Result<(), StoreError> {
        let began = self.clock.mono();
        carry_out(&self.clock, beat, gateway).await;
        loop {
            let is_first_reading = !beat.orders.has_reached_end;
            let page = self.read_page(link, Kind::Orders, &mut beat.orders).await?;
            let now = self.millis().unwrap_or_default();
            let (mut new, inbox) = (VecDeque::new(), inbox(beat, gateway, now).await);
            for sent in page.news {
                let age = self.age(&sent);
                match inbox.takes(&sent, age) {
                    Taken::New => new.push_back((sent.news, self.clock.mono().before(age))),
                    Taken::Again if is_first_reading => gateway.heard_before(sent.news, age),
                    Taken::Again | Taken::TooOld => {}
                }
            }
            if !new.is_empty() {
                beat.new_orders = new;
                // They are recorded before they are carried out, so that no crash in between makes this gateway carry them out twice.
                keep(beat, gateway).await;
                carry_out(&self.clock, beat, gateway).await;
            }
            if page.is_last? || self.clock.mono().since(began) >= READ_TIME {
                return Ok(());
            }
        }
    }

    /// Sends reports. Those that the store does not accept are sent with the next heartbeat.
    async fn send_reports(&self, link: &Link, beat: &mut Beat) -> Result<(), StoreError> {
        beat.unsent.truncate(NEWS_AT_ONCE);
        while let Some(news) = beat.unsent.first().cloned() {
            let Some(sent) = self.number(beat, news) else { return Ok(()) };
            self.add_news(link, Kind::Reports, &sent).await?;
            beat.unsent.remove(0);
        }
        Ok(())
    }

    async fn read_reports(
        &self,
        link: &Link,
        beat: &mut Beat,
        gateway: &impl Gateway,
    ) -> Result<(), StoreError> {
        let began = self.clock.mono();
        loop {
            let page = self.read_page(link, Kind::Reports, &mut beat.reports).await?;
            for sent in page.news {
                let age = self.age(&sent);
                if beat.heard.takes(&sent, age) == Taken::New {
                    gateway.heard(sent.news, age).await;
                }
            }
            if page.is_last? || self.clock.mono().since(began) >= READ_TIME {
                return Ok(());
            }
        }
    }

    fn age(&self, sent: &Sent) -> Duration {
        self.millis().map_or(Duration::ZERO, |now| Duration::from_millis(now.saturating_sub(sent.sent)))
    }

    async fn exchange_members(
        &self,
        link: &Link,
        beat: &mut Beat,
        gateway: &impl Gateway,
    ) -> Result<(), StoreError> {
        if std::mem::take(&mut beat.has_large_members) {
            self.remove_members(link).await?;
        }
        let exchanged = self.report_member(link, gateway.member()).await;
        beat.has_large_members = matches!(exchanged, Err(StoreError::TooLarge(_)));
        exchanged
    }

    /// Sends a command for a key of gateways. If others have written to the key what gateways cannot use, removes that, and sends the command
    /// again.
    ///
    /// # Errors
    /// As `Link::command`.
    pub(crate) async fn own(&self, link: &Link, key: &str, command: &Command) -> Result<Value, StoreError> {
        match link.command(command).await {
            Err(error) if error.is_foreign_content() => {
                self.remove_foreign(link, key).await?;
                link.command(command).await
            }
            replied => replied,
        }
    }

    /// Removes a key that holds what no gateway writes.
    ///
    /// # Errors
    /// As `Link::command`.
    pub(crate) async fn remove_foreign(&self, link: &Link, key: &str) -> Result<(), StoreError> {
        self.notice("foreign content", &format!(
            "the store of the fleet had data under {key} that no gateway writes; they were removed; others can write to the store"
        ));
        count(&self.counts.errors, 1);
        link.command(&Command::new("DEL").key(key)).await.map(drop)
    }

    /// Returns the time of the store, in milliseconds since 1970.
    pub(crate) fn millis(&self) -> Option<u64> {
        self.state().clock.millis(self.clock.mono())
    }
}

/// Returns the orders that were seen. Those from before the start of this process come from a file. Without this file, all orders until `now`,
/// the time of the store in milliseconds, count as seen: one that was carried out before must not be carried out again.
async fn inbox<'b>(beat: &'b mut Beat, gateway: &impl Gateway, now: u64) -> &'b mut Inbox {
    if beat.seen.is_none() {
        let kept = gateway.seen().await.and_then(|octets| serde_json::from_slice(&octets).ok());
        let is_new = kept.is_none();
        beat.seen = Some(kept.unwrap_or_else(|| Inbox::since(now)));
        if is_new {
            keep(beat, gateway).await;
        }
    }
    beat.seen.get_or_insert_default()
}

/// Carries out the new orders.
async fn carry_out(clock: &Clock, beat: &mut Beat, gateway: &impl Gateway) {
    while let Some((news, sent)) = beat.new_orders.front().cloned() {
        gateway.heard(news, clock.mono().since(sent)).await;
        beat.new_orders.pop_front();
    }
}

async fn keep(beat: &Beat, gateway: &impl Gateway) {
    if let Some(octets) = beat.seen.as_ref().and_then(|seen| serde_json::to_vec(seen).ok()) {
        gateway.keep_seen(octets).await;
    }
}

/// Returns the time in a reply to TIME, in microseconds since 1970.
fn read_time(reply: Value) -> Option<u64> {
    let Ok([seconds, micros]) = <[Value; 2]>::try_from(reply.into_list().ok()?) else { return None };
    let (seconds, micros): (u64, u64) = (seconds.number()?, micros.number()?);
    Some(seconds.saturating_mul(1_000_000).saturating_add(micros))
}
