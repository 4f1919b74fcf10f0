//! Connections of a program that was built without the feature `tls`.

use tokio_postgres::config::{ChannelBinding, SslMode as Asked};
use tokio_postgres::error::DbError;
use tokio_postgres::{Client, Config, Error, NoTls};

use super::connection::{Messages, connect};
use super::ssl::{AddressError, Ssl, SslMode};
use crate::storage::error::Cause;

/// How to connect: without TLS.
#[derive(Debug, Clone)]
pub(super) struct Tls(());

impl Tls {
    pub(super) fn new(ssl: Ssl, config: &Config) -> Result<Self, AddressError> {
        match needs_tls(&ssl, config) {
            Some(setting) => Err(AddressError::NoTls(setting)),
            None => Ok(Self(())),
        }
    }

    pub(super) async fn connect(&self, config: &Config) -> Result<(Client, Messages), Cause> {
        let connected = connect(config, Asked::Disable, NoTls).await;
        connected.map_err(|error| match is_refused_by_rule(&error) {
            true => MayNeedTls { source: error }.into(),
            false => error.into(),
        })
    }
}

/// The setting that asks for TLS.
fn needs_tls(ssl: &Ssl, config: &Config) -> Option<&'static str> {
    match ssl.mode {
        Some(SslMode::Disable) => None,
        Some(SslMode::Require) => Some("sslmode=require"),
        Some(SslMode::VerifyCa) => Some("sslmode=verify-ca"),
        Some(SslMode::VerifyFull) => Some("sslmode=verify-full"),
        _ if ssl.root.is_some() => Some("sslrootcert"),
        _ if ssl.client.is_some() => Some("sslcert"),
        _ if config.get_channel_binding() == ChannelBinding::Require => {
            Some("channel_binding=require")
        }
        _ => None,
    }
}

#[derive(Debug, thiserror::Error)]
#[error(
    "it refuses this connection without TLS: if it accepts connections with TLS, build this program with the \
     feature `tls` of pocketflow-checkpoint"
)]
struct MayNeedTls {
    source: Error,
}

/// Whether no rule of the server (`pg_hba.conf`) admits the connection, or one rejects it. The text
/// of the message depends on the server's language.
fn is_refused_by_rule(error: &Error) -> bool {
    let routine = error.as_db_error().and_then(DbError::routine);
    routine == Some("ClientAuthentication")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::postgres::address::Address;

    #[test]
    fn what_asks_for_tls_names_the_feature() {
        let connect = |settings: &str| {
            let address = Address::parse(&format!("host=a {settings}")).ok().unwrap();
            Tls::new(address.ssl, &address.config)
        };
        for setting in [
            "sslmode=require",
            "sslmode=verify-ca",
            "sslmode=verify-full",
            "sslrootcert=system",
            "sslmode=prefer sslrootcert=ca.pem",
            "sslcert=a.pem sslkey=b.pem",
            "channel_binding=require",
        ] {
            let error = connect(setting).unwrap_err().to_string();
            let named = setting.split_whitespace().next_back().unwrap();
            let named = if named.contains(".pem") || named.contains("system") {
                named.split('=').next().unwrap()
            } else {
                named
            };
            let named = named.replace("sslkey", "sslcert");
            assert!(error.contains(&format!("`{named}`")), "{error}");
            assert!(error.contains("feature `tls`"), "{error}");
        }
        for setting in [
            "",
            "sslmode=disable sslrootcert=a",
            "sslmode=allow",
            "sslmode=prefer",
        ] {
            assert!(connect(setting).is_ok(), "{setting}");
        }
    }
}
