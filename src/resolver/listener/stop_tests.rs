//! Tests how listeners stop: clients that have just connected can still send a query for a short time.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use futures_util::poll;
use hickory_proto::op::{Message, ResponseCode};
use tokio::time::{Instant, sleep};

use super::reload_tests::{config, query, serve};
use super::*;
use dns::clock::Clock;

fn listeners() -> Listeners {
    let config = Arc::new(config(1, &[]));
    let views = Views::new(&config).unwrap();
    serve(&config, &views, Clock::simulated(1_800_000_000)).0
}

/// Opens a connection, and waits until the listeners have accepted `number` connections in total.
async fn connect(listeners: &Listeners, number: usize) -> TcpStream {
    let address: SocketAddr = listeners.addresses()[0];
    let stream = TcpStream::connect(address).unwrap();
    while listeners.places.count() < number {
        tokio::task::yield_now().await;
    }
    stream
}

fn send(stream: &mut TcpStream) {
    let query = query();
    stream.write_all(&u16::try_from(query.len()).unwrap().to_be_bytes()).unwrap();
    stream.write_all(&query).unwrap();
}

fn reply(stream: &mut TcpStream) -> ResponseCode {
    let mut size = [0; 2];
    stream.read_exact(&mut size).unwrap();
    let mut octets = vec![0; usize::from(u16::from_be_bytes(size))];
    stream.read_exact(&mut octets).unwrap();
    Message::from_vec(&octets).unwrap().metadata.response_code
}

#[tokio::test(start_paused = true)]
async fn fresh_client_is_answered_at_stop() {
    let listeners = listeners();
    let mut stream = connect(&listeners, 1).await;
    listeners.stop_accepting();
    {
        let mut settled = std::pin::pin!(listeners.settled());
        assert!(poll!(settled.as_mut()).is_pending(), "its query is still on the way");
        let began = Instant::now();
        send(&mut stream);
        settled.await;
        assert!(began.elapsed() < STOP_FIRST_MESSAGE, "after the reply nobody is waited for");
    }
    listeners.stop();
    assert_eq!(reply(&mut stream), ResponseCode::NoError);
}

#[tokio::test(start_paused = true)]
async fn silent_connections_delay_stop_briefly() {
    let listeners = listeners();
    let _old = connect(&listeners, 1).await;
    sleep(STOP_FIRST_MESSAGE).await;
    let mut asked = connect(&listeners, 2).await;
    send(&mut asked);
    while listeners.places.first_message_in(listeners.parts.clock.mono()).is_some() {
        tokio::task::yield_now().await;
    }
    let began = Instant::now();
    let _new = connect(&listeners, 3).await;
    listeners.stop_accepting();
    listeners.settled().await;
    assert_eq!(began.elapsed().as_millis(), STOP_FIRST_MESSAGE.as_millis());
    let began = Instant::now();
    listeners.settled().await;
    assert_eq!(began.elapsed().as_millis(), 0, "an idle connection and an answered one delay nothing");
    listeners.stop();
}
