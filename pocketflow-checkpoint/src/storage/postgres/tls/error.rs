//! Why a connection with TLS fails.

use std::error::Error as StdError;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError};
use tokio_postgres::Error;

use super::Check;
use crate::storage::error::Cause;
use crate::storage::millis;

/// Why an attempt to connect fails.
#[derive(Debug)]
pub(super) enum ConnectError {
    Tls(TlsError),
    Server(Error),
}

#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    #[error(
        "the server has no TLS: turn it on there (`ssl = on`), or write `sslmode=prefer`, which connects without it too"
    )]
    NotOffered,
    #[error(
        "the server's certificate is not from an authority in {file}: let `sslrootcert` name the file with the \
         certificate of the authority that issued it"
    )]
    UnknownAuthority { file: String },
    #[error(
        "the server's certificate is not from an authority that the system trusts: let `sslrootcert` name the file \
         with the certificate of the authority that issued it"
    )]
    UnknownToSystem,
    #[error(
        "the server's certificate is not for `{host}` but for {names}: connect to a name that it has, or write \
         `sslmode=verify-ca`, which does not check the name"
    )]
    WrongName { host: String, names: String },
    #[error(
        "the server's certificate has no alternative names, so it is not for `{host}` (a common name does not count): \
         issue one with `subjectAltName`, or write `sslmode=verify-ca`, which does not check the name"
    )]
    NoName { host: String },
    #[error("the server's certificate expired{}: renew it on the server", at(*.0))]
    Expired(Option<UnixTime>),
    #[error("the server's certificate is not valid yet, but{}: set the clocks, or wait", from(*.0))]
    NotYetValid(Option<UnixTime>),
    #[error("the server's certificate is not accepted: {0}")]
    Certificate(CertificateError),
    #[error("the server rejects the certificate in `sslcert`, or misses one")]
    Rejected(#[source] rustls::Error),
    #[error("TLS with the server fails")]
    Rustls(#[source] rustls::Error),
    #[error("the server ended the TLS handshake, or does not speak TLS")]
    Handshake(#[source] io::Error),
    #[error("the file {file} of the setting `{setting}` cannot be read")]
    File {
        setting: &'static str,
        file: String,
        source: io::Error,
    },
    #[error("the file {file} of the setting `{setting}` has no {what} in PEM format")]
    Content {
        setting: &'static str,
        file: String,
        what: &'static str,
    },
    #[error(
        "the key in {file} (`sslkey`) is encrypted, which is not supported: decrypt it, for example with \
         `openssl pkey -in {file}`"
    )]
    EncryptedKey { file: String },
    #[error("the certificate in {cert} (`sslcert`) and the key in {key} (`sslkey`) do not fit")]
    NotAPair {
        cert: String,
        key: String,
        source: rustls::Error,
    },
    #[error(
        "the system has no certificates of authorities: install them, or let `sslrootcert` name a file"
    )]
    NoSystemStore(#[source] Option<rustls_native_certs::Error>),
    #[error("the certificates cannot be read")]
    NotRead(#[source] tokio::task::JoinError),
}

/// The end of the validity, if it is known.
fn at(time: Option<UnixTime>) -> String {
    time.map_or_else(String::new, |time| format!(" at {}", text(time)))
}

fn from(time: Option<UnixTime>) -> String {
    time.map_or_else(
        || " later".to_owned(),
        |time| format!(" from {} on", text(time)),
    )
}

fn text(time: UnixTime) -> String {
    let time = UNIX_EPOCH.checked_add(Duration::from_secs(time.as_secs()));
    millis::utc(time.unwrap_or(SystemTime::UNIX_EPOCH))
}

impl From<TlsError> for ConnectError {
    fn from(error: TlsError) -> Self {
        Self::Tls(error)
    }
}

impl ConnectError {
    pub(super) fn explain(error: Error, check: &Check) -> Self {
        if let Some(error) = rustls_error(&error) {
            return TlsError::of(error, check).into();
        }
        // The client has its own kind of error for this, but does not show it.
        if error.to_string() != "error performing TLS handshake" {
            return Self::Server(error);
        }
        let source = error.into_source().map(|source| source.downcast());
        match source {
            Some(Ok(error)) => TlsError::Handshake(*error).into(),
            // It is a text: "server does not support TLS".
            _ => TlsError::NotOffered.into(),
        }
    }

    /// Whether TLS failed with this server, and not because of a file of this program.
    pub(super) fn is_of_handshake(&self) -> bool {
        match self {
            Self::Server(_) => false,
            Self::Tls(error) => !matches!(
                error,
                TlsError::File { .. }
                    | TlsError::Content { .. }
                    | TlsError::EncryptedKey { .. }
                    | TlsError::NotAPair { .. }
                    | TlsError::NoSystemStore(_)
                    | TlsError::NotRead(_)
            ),
        }
    }

    pub(super) fn into_cause(self) -> Cause {
        match self {
            Self::Tls(error) => error.into(),
            Self::Server(error) => error.into(),
        }
    }
}

/// The error of rustls among the causes.
fn rustls_error(error: &Error) -> Option<rustls::Error> {
    let mut cause = error.source();
    while let Some(error) = cause {
        // The error that an I/O error wraps is not its source.
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        let wrapped = wrapped.and_then(|error| error.downcast_ref());
        if let Some(error) = error.downcast_ref().or(wrapped) {
            return Some(rustls::Error::clone(error));
        }
        cause = error.source();
    }
    None
}

impl TlsError {
    fn of(error: rustls::Error, check: &Check) -> Self {
        match error {
            rustls::Error::InvalidCertificate(error) => Self::of_certificate(error, check),
            rustls::Error::AlertReceived(alert) if is_about_certificate(alert) => {
                Self::Rejected(error)
            }
            error => Self::Rustls(error),
        }
    }

    fn of_certificate(error: CertificateError, check: &Check) -> Self {
        use CertificateError as E;
        match error {
            E::UnknownIssuer => Self::unknown_authority(check),
            // A certificate that its own key has signed may be one of an authority.
            E::Other(other) if other.to_string() == "CaUsedAsEndEntity" => {
                Self::unknown_authority(check)
            }
            E::NotValidForNameContext {
                expected,
                presented,
            } => {
                let host = expected.to_str().into_owned();
                let names: Vec<_> = presented.iter().map(|name| bare(name)).collect();
                match names.is_empty() {
                    true => Self::NoName { host },
                    false => Self::WrongName {
                        host,
                        names: names.join(", "),
                    },
                }
            }
            E::Expired => Self::Expired(None),
            E::ExpiredContext { not_after, .. } => Self::Expired(Some(not_after)),
            E::NotValidYet => Self::NotYetValid(None),
            E::NotValidYetContext { not_before, .. } => Self::NotYetValid(Some(not_before)),
            error => Self::Certificate(error),
        }
    }

    fn unknown_authority(check: &Check) -> Self {
        match check {
            Check::Authority { file } | Check::Name { file: Some(file) } => {
                Self::UnknownAuthority { file: file.clone() }
            }
            Check::Nothing | Check::Name { file: None } => Self::UnknownToSystem,
        }
    }
}

fn is_about_certificate(alert: AlertDescription) -> bool {
    use AlertDescription as A;
    matches!(
        alert,
        A::BadCertificate
            | A::UnsupportedCertificate
            | A::CertificateRevoked
            | A::CertificateExpired
            | A::CertificateUnknown
            | A::CertificateRequired
            | A::UnknownCA
            | A::DecryptError
    )
}

/// A name of a certificate: rustls shows `DnsName("db.example.org")`.
fn bare(name: &str) -> String {
    let inner = name
        .split_once('(')
        .and_then(|(_, name)| name.strip_suffix(')'));
    format!("`{}`", inner.unwrap_or(name).trim_matches('"'))
}
