//! Connects to a server of the store: TCP, TLS and the password.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore, crypto::ring};

use crate::connection::Connection;
use crate::error::StoreError;
use crate::reply::Command;
use config::{FleetSection, StoreServer};

/// Connects to a server, and gives it the user and the password of the configuration. Call it only for servers of the configuration, or if
/// `is_named` is true for their host. `most`: the maximum time for each step, and for each later reply.
///
/// # Errors
/// The server cannot be reached, its certificate is not accepted, or it refuses the user.
pub(crate) async fn connect(
    config: &FleetSection,
    server: &StoreServer,
    most: Duration,
) -> Result<Connection, StoreError> {
    let connection = connect_without_password(config, server, most).await?;
    if let Some(password) = config.password.as_ref() {
        let mut auth = Command::new("AUTH");
        if !config.user.is_empty() {
            auth = auth.word(&config.user);
        }
        connection.command(&auth.word(&password.secret)).await?;
    }
    Ok(connection)
}

/// Connects to a server without giving it the password, as to a sentinel.
///
/// # Errors
/// The server cannot be reached, or its certificate is not accepted.
pub(crate) async fn connect_without_password(
    config: &FleetSection,
    server: &StoreServer,
    most: Duration,
) -> Result<Connection, StoreError> {
    let broken = |error: &dyn std::fmt::Display| StoreError::Broken(format!("{server}: {error}"));
    let dialing = async {
        let stream = TcpStream::connect((server.host.as_str(), server.port)).await?;
        stream.set_nodelay(true)?;
        if !server.tls {
            return Ok(Connection::new(stream, most));
        }
        let name = ServerName::try_from(server.host.clone()).map_err(std::io::Error::other)?;
        let pem = config.ca.as_ref().map(|file| Arc::clone(&file.pem));
        // The authorities of the host are some hundred files.
        let settings = tokio::task::spawn_blocking(move || settings(pem.as_deref())).await?;
        let connector = TlsConnector::from(Arc::new(settings.map_err(std::io::Error::other)?));
        Ok::<_, std::io::Error>(Connection::new(connector.connect(name, stream).await?, most))
    };
    match timeout(most, dialing).await {
        Ok(connected) => connected.map_err(|error| broken(&error)),
        Err(_) => Err(broken(&"no reply")),
    }
}

/// Returns the settings of TLS that accept certificates of the authorities in `pem`, or of those that this host trusts.
fn settings(pem: Option<&[u8]>) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let Some(pem) = pem else {
        let verifier = Arc::new(Verifier::new(provider)?);
        return Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth());
    };
    let mut authorities = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        authorities.add(certificate.map_err(|error| rustls::Error::General(error.to_string()))?)?;
    }
    Ok(builder.with_root_certificates(authorities).with_no_client_auth())
}

/// Checks that a server which the store names is on a host of the configuration, and returns it. Otherwise whoever controls one server would get
/// the password for another host, or could make the gateway connect to any.
///
/// # Errors
/// `fleet.servers` does not name the host.
pub(crate) async fn named(config: &FleetSection, host: &str, port: u16) -> Result<StoreServer, StoreError> {
    let tls = config.servers.iter().any(|server| server.tls);
    let server = StoreServer { tls, host: host.to_owned(), port };
    let is_text = |known: &StoreServer| known.host.eq_ignore_ascii_case(host);
    if config.servers.iter().any(is_text) {
        return Ok(server);
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        for known in &config.servers {
            let addresses = lookup_host((known.host.as_str(), known.port)).await;
            if addresses.is_ok_and(|mut addresses| addresses.any(|known| known.ip() == address)) {
                return Ok(server);
            }
        }
    }
    // The store chose the text of the host.
    let StoreError::Refused(shown) = StoreError::refused(format!("{host}:{port}").as_bytes()) else {
        return Err(StoreError::Garbled);
    };
    Err(StoreError::UnnamedHost(shown))
}
