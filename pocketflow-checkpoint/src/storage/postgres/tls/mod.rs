//! Connections with TLS. rustls does the TLS, with the cryptography of `ring`.
//!
//! The authorities of the system are those of its store (`rustls-native-certs`), as in PostgreSQL's
//! own programs, and not a list in this program: a company adds its own authority to the store.

mod error;
mod files;
mod verifier;

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::crypto::ring;
use tokio_postgres::config::{Host, SslMode as Asked};
use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use self::error::{ConnectError, TlsError};
use self::verifier::{Trust, Verifier};
use super::connection::{Messages, connect};
use super::ssl::{AddressError, Ssl, SslMode};
use crate::storage::error::Cause;

/// How to connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tls {
    mode: Mode,
    check: Check,
    /// The files with the certificate and the key of the client.
    client: Option<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Disable,
    /// Without TLS if the server admits that.
    Allow,
    /// With TLS if the server admits that.
    Prefer,
    Require,
}

/// What is checked of the server's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Check {
    Nothing,
    /// That an authority has issued it.
    Authority {
        file: String,
    },
    /// Also that it is for the server's name. Without a file, the authorities of the system count.
    Name {
        file: Option<String>,
    },
}

type Connected<E> = Result<(Client, Messages), E>;

impl Tls {
    pub(super) fn new(ssl: Ssl, _: &Config) -> Result<Self, AddressError> {
        let Ssl { mode, root, client } = ssl;
        let is_system = root.as_deref() == Some("system");
        let mode = match mode {
            Some(mode) => mode,
            None if is_system => SslMode::VerifyFull,
            None => SslMode::Prefer,
        };
        let check = match (mode, root) {
            (SslMode::Disable, _) => Check::Nothing,
            (SslMode::VerifyFull, file) => Check::Name {
                file: file.filter(|_| !is_system),
            },
            (_, Some(_)) if is_system => return Err(AddressError::System),
            // As in PostgreSQL's own programs, the file is not only for `verify-ca`.
            (_, Some(file)) => Check::Authority { file },
            (SslMode::VerifyCa, None) => return Err(AddressError::NoAuthority),
            (_, None) => Check::Nothing,
        };
        let mode = match mode {
            SslMode::Disable => Mode::Disable,
            SslMode::Allow => Mode::Allow,
            SslMode::Prefer => Mode::Prefer,
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => Mode::Require,
        };
        Ok(Self {
            mode,
            check,
            client,
        })
    }

    pub(super) async fn connect(&self, config: &Config) -> Connected<Cause> {
        let connected = match self.mode_for(config) {
            Mode::Disable => plain(config).await,
            Mode::Require => self.encrypted(config, Asked::Require).await,
            Mode::Allow => match plain(config).await {
                Err(first) if is_refused(&first) => {
                    let second = self.encrypted(config, Asked::Require).await;
                    second.map_err(|second| more_telling(first, second))
                }
                connected => connected,
            },
            Mode::Prefer => match self.encrypted(config, Asked::Prefer).await {
                Err(first) if is_refused(&first) || first.is_of_handshake() => {
                    let second = plain(config).await;
                    second.map_err(|second| more_telling(first, second))
                }
                connected => connected,
            },
        };
        connected.map_err(ConnectError::into_cause)
    }

    fn mode_for(&self, config: &Config) -> Mode {
        let is_socket = |host: &Host| !matches!(host, Host::Tcp(_));
        let hosts = config.get_hosts();
        // A server has no TLS on a socket of its own machine.
        if !hosts.is_empty() && hosts.iter().all(is_socket) {
            return Mode::Disable;
        }
        self.mode
    }

    async fn encrypted(&self, config: &Config, asked: Asked) -> Connected<ConnectError> {
        let files = self.clone();
        // The files are read for each connection, because certificates are replaced before they
        // expire.
        let read = tokio::task::spawn_blocking(move || files.client_config());
        let client_config = read.await.map_err(TlsError::NotRead)??;
        let connected = connect(config, asked, MakeRustlsConnect::new(client_config)).await;
        connected.map_err(|error| ConnectError::explain(error, &self.check))
    }

    /// Reads the files.
    fn client_config(&self) -> Result<ClientConfig, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let trust = match &self.check {
            Check::Nothing => Trust::Anyone,
            Check::Authority { file } => Trust::of_file(files::authorities(file)?, false),
            Check::Name { file: Some(file) } => Trust::of_file(files::authorities(file)?, true),
            Check::Name { file: None } => Trust::of_system(&files::of_system()?),
        };
        let verifier = Verifier {
            trust,
            algorithms: provider.signature_verification_algorithms,
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Rustls)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match &self.client {
            None => builder.with_no_client_auth(),
            Some((cert, key)) => {
                let (chain, key_der) = (files::chain(cert)?, files::key(key)?);
                let config = builder.with_client_auth_cert(chain, key_der);
                config.map_err(|source| TlsError::NotAPair {
                    cert: cert.clone(),
                    key: key.clone(),
                    source,
                })?
            }
        };
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        // A server of PostgreSQL resumes no sessions.
        config.resumption = Resumption::disabled();
        Ok(config)
    }
}

async fn plain(config: &Config) -> Connected<ConnectError> {
    let connected = connect(config, Asked::Disable, NoTls).await;
    connected.map_err(ConnectError::Server)
}

fn db_error(error: &ConnectError) -> Option<&DbError> {
    match error {
        ConnectError::Server(error) => error.as_db_error(),
        ConnectError::Tls(_) => None,
    }
}

/// Whether the server does not admit the user, who may be admitted with TLS, or without.
fn is_refused(error: &ConnectError) -> bool {
    let class = &SqlState::INVALID_AUTHORIZATION_SPECIFICATION.code()[..2];
    db_error(error).is_some_and(|error| error.code().code().starts_with(class))
}

/// Of the errors of two attempts, with TLS and without, the one that says what to change.
fn more_telling(first: ConnectError, second: ConnectError) -> ConnectError {
    // The rules of the server are `pg_hba.conf`. The text of the message depends on its language.
    let is_of_rules =
        db_error(&second).is_some_and(|error| error.routine() == Some("ClientAuthentication"));
    match second {
        ConnectError::Tls(TlsError::NotOffered) => first,
        _ if is_of_rules => first,
        second => second,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::postgres::address::Address;

    fn tls(settings: &str) -> Result<Tls, AddressError> {
        let address = Address::parse(&format!("host=a {settings}")).ok().unwrap();
        Tls::new(address.ssl, &address.config)
    }

    #[test]
    fn the_modes_have_the_meanings_of_postgresql() {
        let authority = || Check::Authority { file: "ca".into() };
        let name = |file: Option<&str>| Check::Name {
            file: file.map(str::to_owned),
        };
        for (settings, mode, check) in [
            ("", Mode::Prefer, Check::Nothing),
            ("sslmode=disable", Mode::Disable, Check::Nothing),
            (
                "sslmode=disable sslrootcert=ca",
                Mode::Disable,
                Check::Nothing,
            ),
            ("sslmode=allow", Mode::Allow, Check::Nothing),
            ("sslmode=allow sslrootcert=ca", Mode::Allow, authority()),
            ("sslmode=prefer", Mode::Prefer, Check::Nothing),
            ("sslrootcert=ca", Mode::Prefer, authority()),
            ("sslmode=require", Mode::Require, Check::Nothing),
            ("sslmode=require sslrootcert=ca", Mode::Require, authority()),
            (
                "sslmode=verify-ca sslrootcert=ca",
                Mode::Require,
                authority(),
            ),
            (
                "sslmode=verify-full sslrootcert=ca",
                Mode::Require,
                name(Some("ca")),
            ),
            (
                "sslmode=verify-full sslrootcert=system",
                Mode::Require,
                name(None),
            ),
            ("sslmode=verify-full", Mode::Require, name(None)),
            ("sslrootcert=system", Mode::Require, name(None)),
        ] {
            let tls = tls(settings).unwrap();
            assert_eq!((tls.mode, tls.check), (mode, check), "{settings}");
        }
        for (settings, error) in [
            ("sslmode=verify-ca", AddressError::NoAuthority),
            ("sslmode=verify-ca sslrootcert=system", AddressError::System),
            ("sslmode=require sslrootcert=system", AddressError::System),
            ("sslmode=prefer sslrootcert=system", AddressError::System),
        ] {
            assert_eq!(tls(settings), Err(error), "{settings}");
        }
    }

    #[test]
    fn a_socket_has_no_tls() {
        let address = Address::parse("host=/run/postgresql sslmode=require")
            .ok()
            .unwrap();
        let tls = Tls::new(address.ssl, &address.config).unwrap();
        assert_eq!(tls.mode_for(&address.config), Mode::Disable);
        let address = Address::parse("host=db sslmode=require").ok().unwrap();
        assert_eq!(tls.mode_for(&address.config), Mode::Require);
    }
}
