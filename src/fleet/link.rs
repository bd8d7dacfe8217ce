//! The connection to the store: to one server, to the primary server that Redis sentinels name, or to a cluster. All commands share one
//! connection and need not wait for each other's replies.

use futures_util::future::join_all;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::sentinel::{SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, FromRedisValue, IntoConnectionInfo,
    RedisConnectionInfo, RedisError, TlsCertificates, TlsMode,
};
use resolver::config::{FleetSection, StoreMode, StoreServer};
use tokio::time::timeout;

use crate::limits::{NODE_TIME, STORE_TIME};

#[derive(Clone)]
pub(crate) enum Link {
    Server(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Link {
    /// Connects to the store, as the configuration says.
    ///
    /// # Errors
    /// Fails if no server can be reached, or if the store refuses this user.
    pub(crate) async fn connect(config: &FleetSection) -> Result<Self, RedisError> {
        match config.mode {
            StoreMode::Single => {
                let mut failed = None;
                for server in &config.servers {
                    match timeout(STORE_TIME, connect_to(client(config, server)?)).await {
                        Ok(Ok(link)) => return Ok(link),
                        Ok(Err(error)) => failed = Some(error),
                        Err(_) => {
                            failed = Some((redis::ErrorKind::Io, "no reply", server.to_string()).into())
                        }
                    }
                }
                Err(failed.unwrap_or_else(|| (redis::ErrorKind::InvalidClientConfig, "no server").into()))
            }
            StoreMode::Sentinel => {
                let mut client = sentinels(config)?;
                connect_to(client.async_get_client().await?).await
            }
            StoreMode::Cluster => {
                let connected = cluster(config)?.get_async_connection().await?;
                Ok(Self::Cluster(connected))
            }
        }
    }

    pub(crate) fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }

    /// Reads the values under these names. If a node of a cluster does not reply, its values are `None`.
    ///
    /// # Errors
    /// Fails if no value could be read.
    pub(crate) async fn values(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, RedisError> {
        let get = |name: &String| {
            let mut get = redis::cmd("GET");
            get.arg(name);
            get
        };
        if let Self::Server(_) = self {
            let mut get = redis::cmd("MGET");
            get.arg(names);
            return self.command(&get).await;
        }
        let gets: Vec<Cmd> = names.iter().map(get).collect();
        let mut replies = join_all(gets.iter().map(|get| self.command::<Option<Vec<u8>>>(get))).await;
        match replies.iter().any(Result::is_ok) {
            true => Ok(replies.into_iter().map(Result::unwrap_or_default).collect()),
            false => replies.pop().map_or_else(|| Ok(Vec::new()), |reply| reply.map(|value| vec![value])),
        }
    }

    /// Sends a command and returns its reply.
    ///
    /// # Errors
    /// Fails if the connection is broken, or if the store replies with an error.
    pub(crate) async fn command<Reply: FromRedisValue>(&self, command: &Cmd) -> Result<Reply, RedisError> {
        let value = match self.clone() {
            Self::Server(mut server) => server.req_packed_command(command).await?,
            Self::Cluster(mut cluster) => cluster.req_packed_command(command).await?,
        };
        Ok(redis::from_redis_value(value.extract_error()?)?)
    }
}

async fn connect_to(client: Client) -> Result<Link, RedisError> {
    let settings = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(STORE_TIME))
        .set_response_timeout(Some(STORE_TIME));
    client.get_multiplexed_async_connection_with_config(&settings).await.map(Link::Server)
}

fn address(server: &StoreServer) -> ConnectionAddr {
    let (host, port) = (server.host.clone(), server.port);
    match server.tls {
        true => ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None },
        false => ConnectionAddr::Tcp(host, port),
    }
}

fn user(config: &FleetSection) -> RedisConnectionInfo {
    let mut user = RedisConnectionInfo::default();
    if !config.user.is_empty() {
        user = user.set_username(&config.user);
    }
    if let Some(password) = password(config) {
        user = user.set_password(password);
    }
    user
}

fn password(config: &FleetSection) -> Option<&str> {
    config.password.as_ref().and_then(|file| str::from_utf8(&file.secret).ok())
}

fn certificates(config: &FleetSection) -> TlsCertificates {
    let root_cert = config.ca.as_ref().map(|file| file.pem.to_vec());
    TlsCertificates { client_tls: None, root_cert }
}

fn info(config: &FleetSection, server: &StoreServer) -> Result<ConnectionInfo, RedisError> {
    Ok(address(server).into_connection_info()?.set_redis_settings(user(config)))
}

fn client(config: &FleetSection, server: &StoreServer) -> Result<Client, RedisError> {
    let info = info(config, server)?;
    if server.tls { Client::build_with_tls(info, certificates(config)) } else { Client::open(info) }
}

fn sentinels(config: &FleetSection) -> Result<redis::sentinel::SentinelClient, RedisError> {
    let addresses: Vec<_> = config.servers.iter().map(address).collect();
    let primary = SentinelServerType::Master;
    let mut builder = SentinelClientBuilder::new(addresses, config.primary.clone(), primary)?;
    if config.servers.iter().any(|server| server.tls) {
        builder = builder
            .set_client_to_redis_tls_mode(TlsMode::Secure)
            .set_client_to_redis_certificates(certificates(config))
            .set_client_to_sentinel_tls_mode(TlsMode::Secure)
            .set_client_to_sentinel_certificates(certificates(config));
    }
    if !config.user.is_empty() {
        builder = builder.set_client_to_redis_username(&config.user);
    }
    if let Some(password) = password(config) {
        builder = builder.set_client_to_redis_password(password);
    }
    builder.build()
}

fn cluster(config: &FleetSection) -> Result<ClusterClient, RedisError> {
    let nodes = config.servers.iter().map(|server| info(config, server)).collect::<Result<Vec<_>, _>>()?;
    // The client of the store repeats a failed command only once. More attempts bring little, because the name servers can answer the question
    // too.
    let mut builder =
        ClusterClient::builder(nodes).connection_timeout(NODE_TIME).response_timeout(NODE_TIME).retries(1);
    if config.servers.iter().any(|server| server.tls) {
        builder = builder.tls(TlsMode::Secure).certs(certificates(config));
    }
    builder.build()
}
