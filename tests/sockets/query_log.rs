//! The query log has one line for each question that a client sends to the listener.

use std::time::Duration;

use hickory_proto::rr::RecordType;
use tokio::time::timeout;

use config::Redact;
use lab::prelude::Lines;
use stage::{PATIENCE, Stage, name};

async fn until(log: &Lines, text: &str, count: usize) {
    let waited = timeout(PATIENCE, async {
        while log.count(text) < count {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(waited.await.is_ok(), "{text:?} is not there {count} times: {}", log.text());
}

// No line has the key of a list, or a name or client that is to be redacted.
#[tokio::test(flavor = "multi_thread")]
async fn each_query_has_redacted_line() {
    let log = Lines::of_process();
    let stage = Stage::set("* 300 A 10.0.0.1\n", |config| config.log.queries = true).await;
    let client = stage.client();
    for _ in 0..3 {
        client.ask_datagram(&name("www.tld."), RecordType::A).await.unwrap();
    }
    client.ask_stream(&name("www.tld."), RecordType::A).await.unwrap();
    client.ask_datagram(&name("2.0.0.127.s3crets3cret.zen.dq.spamhaus.net."), RecordType::A).await.unwrap();
    until(&log, "query www.tld. A from 127.0.0.1: from servers in", 1).await;
    until(&log, "query www.tld. A from 127.0.0.1: from cache in", 3).await;
    until(&log, "query 2.0.0.127._key.zen.dq.spamhaus.net. A from 127.0.0.1: ", 1).await;
    let Stage { daemon, sockets, .. } = stage;
    let mut config = (*control::Controlled::config(&*daemon.subject())).clone();
    config.history.redact = Redact::Names;
    daemon.apply(config.clone()).await.unwrap();
    let client = lab::client::LabClient::new(daemon.addresses()[0], PATIENCE);
    client.ask_datagram(&name("h1dden.customer.tld."), RecordType::A).await.unwrap();
    until(&log, "query customer.tld. A from redacted: from servers in", 1).await;
    config.log.queries = false;
    daemon.apply(config).await.unwrap();
    client.ask_datagram(&name("www.silence.tld."), RecordType::A).await.unwrap();
    daemon.stop().await;
    let text = log.text();
    assert!(!text.contains("s3cret") && !text.contains("h1dden") && !text.contains("silence"), "{text}");
    drop(sockets);
}
