//! The socket at which mail servers ask for TLS policies.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;

use config::TlsPolicyListen;
use control::Controlled;
use stage::{PATIENCE, Stage};
use tls_policy::TlsLevel;

async fn connected(path: &Path) -> UnixStream {
    let connecting = async {
        loop {
            match UnixStream::connect(path).await {
                Ok(stream) => return stream,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    timeout(PATIENCE, connecting).await.expect("the daemon listens")
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_server_gets_policy_at_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tls-policy");
    // The socket of a daemon that has died.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let stage = Stage::set("mail MX 10 mx.mail\nmx.mail A 10.0.0.1\n", |config| {
        config.tls_policy.listen = Some(TlsPolicyListen::Socket(path.clone()));
    })
    .await;
    let mut stream = connected(&path).await;
    for (request, expected) in
        [("14:QUERY mail.tld,", "9:NOTFOUND ,"), ("5:other,", "40:PERM the map is QUERY or QUERYwithTLSRPT,")]
    {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = vec![0; expected.len()];
        timeout(PATIENCE, stream.read_exact(&mut reply)).await.unwrap().unwrap();
        assert_eq!(String::from_utf8(reply).unwrap(), expected);
    }
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
    let counts = stage.daemon.subject().tls_verdicts();
    assert!(
        counts.iter().all(|(level, count)| *count == u64::from(*level == TlsLevel::NoPolicy)),
        "{counts:?}"
    );
    assert_eq!(stage.heard("_mta-sts.mail.tld."), 1);
}
