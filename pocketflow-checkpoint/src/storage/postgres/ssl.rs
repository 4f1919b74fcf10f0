//! The settings of an address about TLS.

use tokio_postgres::Config;
use tokio_postgres::config::SslNegotiation;

/// What an address says about TLS.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Ssl {
    pub(super) mode: Option<SslMode>,
    /// The file with the certificates of authorities, or `system`.
    pub(super) root: Option<String>,
    /// The files with the certificate and the key of the client.
    pub(super) client: Option<(String, String)>,
}

/// The setting `sslmode`, with the meanings that it has in PostgreSQL's own programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SslMode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// What is wrong with an address. The text of an address may contain a password, so an error has
/// none of it but the names of settings and of files.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum AddressError {
    #[error(
        "`sslmode` has an unknown value: write disable, allow, prefer, require, verify-ca or verify-full"
    )]
    SslMode,
    #[error("`{0}` has no value: write the path of a file, or leave the setting out")]
    NoFile(&'static str),
    #[error("`{0}` needs `{1}`: write the paths of both files, or leave both settings out")]
    Half(&'static str, &'static str),
    #[error(
        "`sslnegotiation=direct` begins with TLS, so it needs `sslmode=require`, `verify-ca` or `verify-full`"
    )]
    Direct,
    #[error(
        "`sslmode=verify-ca` needs `sslrootcert`, the file with the certificate of the authority: without it, use \
         `sslmode=verify-full`, which trusts the authorities of the system"
    )]
    #[cfg(feature = "tls")]
    NoAuthority,
    #[error(
        "`sslrootcert=system` needs `sslmode=verify-full`: anyone can get a certificate for another name from a \
         public authority"
    )]
    #[cfg(feature = "tls")]
    System,
    #[error(
        "`{0}` needs TLS, which this program was built without: build it with the feature `tls` of \
         pocketflow-checkpoint"
    )]
    #[cfg(any(test, not(feature = "tls")))]
    NoTls(&'static str),
}

impl Ssl {
    pub(super) fn read(
        settings: [Option<String>; 4],
        config: &Config,
    ) -> Result<Self, AddressError> {
        let [mode, root, cert, key] = settings;
        let mode = mode.map(|mode| SslMode::parse(&mode)).transpose()?;
        let names = ["sslrootcert", "sslcert", "sslkey"];
        for (name, file) in names.iter().zip([&root, &cert, &key]) {
            if file.as_deref() == Some("") {
                return Err(AddressError::NoFile(name));
            }
        }
        let client = match (cert, key) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (Some(_), None) => return Err(AddressError::Half("sslcert", "sslkey")),
            (None, Some(_)) => return Err(AddressError::Half("sslkey", "sslcert")),
            (None, None) => None,
        };
        let is_weak = !matches!(
            mode,
            Some(SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull)
        );
        if is_weak && config.get_ssl_negotiation() == SslNegotiation::Direct {
            return Err(AddressError::Direct);
        }
        Ok(Self { mode, root, client })
    }
}

impl SslMode {
    fn parse(text: &str) -> Result<Self, AddressError> {
        Ok(match text {
            "disable" => Self::Disable,
            "allow" => Self::Allow,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => return Err(AddressError::SslMode),
        })
    }
}
