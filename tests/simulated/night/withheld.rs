//! With `history.redact`, client addresses and names are not written to the files or the log.

use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::RecordType;
use tokio::time::sleep;

use crate::night::failures::{of, simulation, stored, stored_and_told};
use crate::night::log::lines;
use crate::night::tell;
use config::Redact;
use lab::prelude::ask_with;
use lab::simulation::{Flags, Simulation, config_for};
use record::store::Store;
use stage::memory_store::MemoryStore;

#[test]
fn redacted_clients_keep_messages_apart() {
    for redact in [Redact::None, Redact::Client, Redact::Names] {
        let store = Arc::new(MemoryStore::default());
        let seen = async |simulation: &Simulation| {
            let found = simulation.explainer().why(of("slow.tld.")).await;
            let mut shapes: Vec<(usize, bool)> =
                found.iter().map(|message| (message.questions.len(), message.took < 3.0)).collect();
            shapes.sort_unstable();
            (shapes, found.into_iter().map(|message| message.client).collect::<Vec<_>>())
        };
        lines(|| async {
            let simulation = simulation(&[("slow.tld.", &[], 1_800)]);
            let mut config = config_for(simulation.lab());
            config.history.redact = redact;
            simulation.reload(config).await;
            simulation.recorder().store_in(Arc::clone(&store) as Arc<dyn Store>);
            let tells = tell(&simulation);
            let mail = async |number: u8| {
                sleep(Duration::from_millis(900) * number.into()).await;
                let client = Some([10, 0, 0, number].into());
                let flags = Flags { client, ..Flags::default() };
                ask_with(&simulation, &format!("m{number}.slow.tld."), RecordType::A, flags).await;
            };
            tokio::join!(mail(1), mail(2), mail(3), mail(4));
            sleep(Duration::from_secs(20)).await;
            assert_eq!(seen(&simulation).await.0, [(1, true); 4], "{redact:?}, in memory");
            tells.abort();
        });
        lines(|| async {
            let simulation = simulation(&[]);
            simulation.recorder().store_in(Arc::clone(&store) as Arc<dyn Store>);
            let (shapes, clients) = seen(&simulation).await;
            assert_eq!(shapes, [(1, true); 4], "{redact:?}, after a restart");
            let hidden = clients.iter().filter(|client| *client == "redacted").count();
            assert_eq!(hidden, if redact == Redact::None { 0 } else { 4 }, "{redact:?}: {clients:?}");
        });
    }
}

#[test]
fn disk_omits_redacted_data() {
    let has = |redact: Redact, text: &[u8]| {
        let octets = stored(redact).0.lock().unwrap().clone();
        octets.windows(text.len()).any(|window| window == text)
    };
    for (redact, client, name) in
        [(Redact::None, true, true), (Redact::Client, false, true), (Redact::Names, false, false)]
    {
        assert_eq!(has(redact, &[10, 0, 0, 7]), client, "{redact:?}");
        assert_eq!(has(redact, b"\x03www\x06silent"), name, "{redact:?}");
        assert!(has(redact, b"silent"), "{redact:?}");
    }
}

#[test]
fn log_omits_redacted_data() {
    for (redact, client, name) in
        [(Redact::None, true, true), (Redact::Client, false, true), (Redact::Names, false, false)]
    {
        let (_, told) = stored_and_told(redact);
        let of = |text: &str| told.iter().filter(|line| line.text.contains(text)).count();
        for domain in ["silent.tld.", "refused.tld.", "slow.tld."] {
            assert!(
                of(&format!("query {}{domain} A from ", if name { "www." } else { "" })) > 0,
                "{told:#?}"
            );
            assert_eq!(of(&format!("www.{domain}")) > 0, name, "{redact:?}: {told:#?}");
        }
        assert_eq!(of("10.0.0.7") > 0, client, "{redact:?}: {told:#?}");
        assert_eq!(of("no server of refused.tld. gave a usable answer"), 1, "the zone stays: {told:#?}");
    }
}
