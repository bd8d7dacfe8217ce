//! The heartbeat: once a second, it connects to the store if necessary, measures how fast the store replies, reads its clock, adds the
//! numbers of this gateway's queries to DNS lists to the counts of the fleet, and sends and reads news (notices for the other gateways).

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join_all, select_ok};
use redis::{RedisError, cmd};
use tokio::time::timeout;

use crate::clock::millis_of;
use crate::gateway::{Gateway, ListQueries, Member};
use crate::limits::{
    BEAT, CLOCK_NODES, MAX_MEMBERS, MAX_NEWS, MEMBER_TIME, NEWS_AT_ONCE, QUOTA_TIME, SLOW_BEATS, STORE_TIME,
};
use crate::link::Link;
use crate::news::{Inbox, News, Sent};
use crate::store::{Fleet, Shared, count, is_broken};

/// What the heartbeat remembers from one beat to the next.
#[derive(Default)]
struct Beat {
    /// The queries that this gateway has added to the count of the fleet, for each DNS list and day (in days since 1970).
    added: BTreeMap<(String, u64), u64>,
    inbox: Inbox,
    /// The id in the store of the last notice (`News`) that this gateway has read.
    read: Option<String>,
    /// The number of the last notice that this gateway has sent.
    number: u64,
    beats: u64,
}

impl Fleet {
    /// Runs the heartbeat, forever.
    pub async fn beat(self: Arc<Self>, gateway: Arc<impl Gateway>) -> Infallible {
        let mut beat = Beat::default();
        loop {
            if let Some(link) = self.shared.connected().await {
                let beaten = timeout(STORE_TIME, self.shared.beat(&link, &mut beat, &*gateway)).await;
                self.shared.beaten(beaten.ok());
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
        let connected = match timeout(all, Link::connect(&self.config)).await {
            Ok(connected) => connected.map_err(|error| sentence(&error)),
            Err(_) => Err(format!("no reply within {} s", all.as_secs())),
        };
        match connected {
            Ok(link) => {
                self.state().link = Some(link.clone());
                Some(link)
            }
            Err(why) => {
                self.note_failure(why);
                None
            }
        }
    }

    /// Handles the result of a heartbeat; `None` if the heartbeat took too long.
    fn beaten(&self, beaten: Option<Result<(), RedisError>>) {
        let why = match beaten {
            Some(Ok(())) => {
                let failing = self.state().failing.take();
                if let Some((_, since)) = failing {
                    let seconds = self.clock.mono().since(since).as_secs();
                    tracing::info!("the store of the fleet works again after {seconds} s");
                }
                return;
            }
            Some(Err(error)) => {
                self.failed(&error);
                sentence(&error)
            }
            None => format!("no reply within {} s", STORE_TIME.as_secs()),
        };
        let mut state = self.state();
        state.pace.beat(None);
        state.link = None;
        drop(state);
        self.note_failure(why);
    }

    /// Records why the store does not work. Logs only the first failure.
    fn note_failure(&self, why: String) {
        let now = self.clock.mono();
        let mut state = self.state();
        state.pace.beat(None);
        if let Some((known, _)) = &mut state.failing {
            *known = why;
            return;
        }
        tracing::warn!(
            "the store of the fleet does not work: {why}; resolverd works without it and tries again every second; `resolverctl fleet` shows its state"
        );
        state.failing = Some((why, now));
    }

    async fn beat(&self, link: &Link, beat: &mut Beat, gateway: &impl Gateway) -> Result<(), RedisError> {
        self.read_clock(link).await?;
        let mut outgoing = std::mem::take(&mut self.state().outgoing);
        outgoing.extend(gateway.news().await);
        // A store without free memory refuses commands that write, but not those that read. So the heartbeat reads even if its writes fail.
        let mut writes = self.send_news(link, beat, outgoing).await;
        self.tolerated(link, self.read_news(link, beat, gateway).await)?;
        if beat.beats.is_multiple_of(SLOW_BEATS) {
            writes = writes.and(self.report_member(link, gateway.member()).await);
            self.tolerated(link, self.add_queries(link, beat, gateway).await)?;
            self.state().refuses_writes = writes.as_ref().err().map(sentence);
        }
        self.tolerated(link, writes)?;
        beat.beats = beat.beats.wrapping_add(1);
        Ok(())
    }

    /// Counts an error that the store replied, and returns `Ok`, so that the heartbeat continues. A broken connection ends the heartbeat,
    /// except in a cluster, where other nodes may work.
    fn tolerated(&self, link: &Link, result: Result<(), RedisError>) -> Result<(), RedisError> {
        match result {
            Err(error) if link.is_cluster() || !is_broken(&error) => {
                count(&self.counts.errors, 1);
                Ok(())
            }
            result => result,
        }
    }

    /// Reads the clock of the store, and measures the time until its reply. In a cluster, the nodes of several keys are asked, so that one
    /// dead node does not matter. The command TIME has no key that selects a node, so it is sent in a script with a key.
    async fn read_clock(&self, link: &Link) -> Result<(), RedisError> {
        let asks: Vec<_> = if link.is_cluster() {
            let ask = |number: u8| {
                let mut ask = cmd("EVAL");
                ask.arg("return redis.call('TIME')").arg(1).arg(self.stored("clock", &number.to_string()));
                ask
            };
            (0..CLOCK_NODES).map(ask).collect()
        } else {
            vec![cmd("TIME")]
        };
        let began = self.clock.mono();
        let replies = asks.iter().map(|ask| Box::pin(link.command(ask)));
        let ((seconds, micros), _): ((u64, u64), _) = select_ok(replies).await?;
        let now = self.clock.mono();
        let mut state = self.state();
        state.pace.beat(Some(now.since(began)));
        state.clock.read(seconds.saturating_mul(1_000_000).saturating_add(micros), (began, now));
        Ok(())
    }

    /// Adds the new queries to DNS lists to the counts of the fleet.
    async fn add_queries(
        &self,
        link: &Link,
        beat: &mut Beat,
        gateway: &impl Gateway,
    ) -> Result<(), RedisError> {
        let own = gateway.list_queries();
        beat.added.retain(|(list, day), _| own.iter().any(|own| own.list == *list && own.day == *day));
        let added = &beat.added;
        let totals = join_all(own.iter().map(|queries| {
            let before = added.get(&(queries.list.clone(), queries.day)).copied().unwrap_or_default();
            self.add_to(link, queries, before)
        }));
        for (queries, total) in own.iter().zip(totals.await) {
            let total = total?;
            beat.added.insert((queries.list.clone(), queries.day), queries.sent);
            gateway.fleet_queries(&ListQueries { sent: total, ..queries.clone() });
        }
        Ok(())
    }

    /// Adds the queries to one DNS list to the count of the fleet, and returns this count. `before`: how many of these queries this gateway
    /// has already added.
    async fn add_to(&self, link: &Link, queries: &ListQueries, before: u64) -> Result<u64, RedisError> {
        let ListQueries { list, day, sent } = queries;
        let name = self.stored("queries", &self.sealer.name(format!("{day}:{list}").as_bytes()));
        let add = |number: u64| {
            let mut add = cmd("INCRBY");
            add.arg(&name).arg(number);
            add
        };
        let new = sent.saturating_sub(before);
        let mut total: u64 = link.command(&add(new)).await?;
        let is_first = total == new;
        if total < before.saturating_add(new) {
            // The count is below that of this gateway alone, so the store has lost its counts. Each gateway then adds its total again.
            total = link.command(&add(before)).await?;
        }
        if is_first {
            let mut expire = cmd("PEXPIRE");
            expire.arg(&name).arg(millis_of(QUOTA_TIME));
            link.command::<()>(&expire).await?;
        }
        Ok(total)
    }

    /// Sends news. News that the store does not accept are sent with the next heartbeat.
    async fn send_news(&self, link: &Link, beat: &mut Beat, news: Vec<News>) -> Result<(), RedisError> {
        let stream = self.stored("news", "");
        let mut waiting = news.into_iter();
        while let Some(news) = waiting.next() {
            let Some(sent) = self.millis() else { return Ok(()) };
            beat.number = sent.max(beat.number.saturating_add(1));
            let sent = Sent { sender: self.id, number: beat.number, sent, news };
            let text = serde_json::to_vec(&sent).unwrap_or_default();
            let mut add = cmd("XADD");
            add.arg(&stream).arg("MAXLEN").arg("~").arg(MAX_NEWS).arg("*");
            add.arg("news").arg(self.sealer.seal(&stream, &text));
            if let Err(error) = link.command::<String>(&add).await {
                let unsent = std::iter::once(sent.news).chain(waiting).take(NEWS_AT_ONCE);
                self.state().outgoing.splice(0..0, unsent);
                return Err(error);
            }
        }
        Ok(())
    }

    async fn read_news(
        &self,
        link: &Link,
        beat: &mut Beat,
        gateway: &impl Gateway,
    ) -> Result<(), RedisError> {
        let stream = self.stored("news", "");
        let from = beat.read.as_ref().map_or_else(|| "-".to_owned(), |last| format!("({last}"));
        let at_once = if beat.read.is_some() { NEWS_AT_ONCE } else { MAX_NEWS };
        let mut range = cmd("XRANGE");
        range.arg(&stream).arg(from).arg("+").arg("COUNT").arg(at_once);
        let news: Vec<(String, Vec<Vec<u8>>)> = link.command(&range).await?;
        for (id, fields) in news {
            beat.read = Some(id);
            let Some(sealed) = fields.get(1) else { continue };
            let opened = self.sealer.open(&stream, sealed);
            let sent = opened.and_then(|text| serde_json::from_slice::<Sent>(&text).ok());
            let Some(sent) = sent.filter(|sent| sent.sender != self.id) else { continue };
            let age = self
                .millis()
                .map_or(Duration::ZERO, |now| Duration::from_millis(now.saturating_sub(sent.sent)));
            if beat.inbox.takes(&sent, age) {
                gateway.heard(sent.news, age).await;
            }
        }
        beat.read.get_or_insert_with(|| "0-0".to_owned());
        Ok(())
    }

    /// Writes the report of this gateway into the store, reads the reports of all gateways, and removes old reports.
    async fn report_member(&self, link: &Link, member: Member) -> Result<(), RedisError> {
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
        let mut set = cmd("HSET");
        set.arg(&name).arg(self.id).arg(self.sealer.seal(&format!("{name}{}", self.id), &text));
        link.command::<()>(&set).await?;
        let reported: BTreeMap<u64, Vec<u8>> = link.command(cmd("HGETALL").arg(&name)).await?;
        let mut members = Vec::new();
        for (id, sealed) in reported.into_iter().take(MAX_MEMBERS) {
            // A report of a gateway with another key cannot be decrypted. It stays in the store.
            let Some(opened) = self.sealer.open(&format!("{name}{id}"), &sealed) else { continue };
            match serde_json::from_slice::<Member>(&opened) {
                Ok(member) if now.saturating_sub(member.reported) <= millis_of(MEMBER_TIME) => {
                    members.push((id, member));
                }
                _ => link.command::<()>(cmd("HDEL").arg(&name).arg(id)).await?,
            }
        }
        members.sort_by(|(_, one), (_, other)| one.host.cmp(&other.host));
        self.state().members = members;
        Ok(())
    }

    /// Returns the time of the store, in milliseconds since 1970.
    fn millis(&self) -> Option<u64> {
        self.state().clock.millis(self.clock.mono())
    }
}

/// Returns the error without the details that the library adds for programmers.
fn sentence(error: &RedisError) -> String {
    match error.detail() {
        Some(detail) => detail.to_owned(),
        None => error.to_string(),
    }
}
