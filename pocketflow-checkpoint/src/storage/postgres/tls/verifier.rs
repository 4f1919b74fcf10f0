//! What is checked of the server's certificate.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use x509_cert::Certificate;
use x509_cert::der::Decode;

/// A verifier of servers. The server always shows that it has the key of its certificate, because
/// channel binding relies on that.
#[derive(Debug)]
pub(super) struct Verifier {
    pub(super) trust: Trust,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

/// Which certificates are trusted.
#[derive(Debug)]
pub(super) enum Trust {
    Anyone,
    Authorities {
        roots: RootCertStore,
        /// The certificates of a file. One of them may be that of the server, which its own key has
        /// signed.
        own: Vec<CertificateDer<'static>>,
        checks_name: bool,
    },
}

impl Trust {
    /// Trusts what the authorities of a file have issued, and the certificates in the file.
    pub(super) fn of_file(certificates: Vec<CertificateDer<'static>>, checks_name: bool) -> Self {
        Self::Authorities {
            roots: roots(&certificates),
            own: certificates,
            checks_name,
        }
    }

    /// Trusts what the authorities of the system have issued for the name of the server.
    pub(super) fn of_system(certificates: &[CertificateDer<'static>]) -> Self {
        Self::Authorities {
            roots: roots(certificates),
            own: Vec::new(),
            checks_name: true,
        }
    }
}

/// Certificates that rustls cannot read issue nothing, and do not matter.
fn roots(certificates: &[CertificateDer<'static>]) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates.iter().cloned());
    roots
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Trust::Authorities {
            roots,
            own,
            checks_name,
        } = &self.trust
        {
            let parsed = ParsedCertificate::try_from(certificate)?;
            if own.contains(certificate) {
                is_valid_at(certificate, now)?;
            } else {
                let algorithms = self.algorithms.all;
                verify_server_cert_signed_by_trust_anchor(
                    &parsed,
                    roots,
                    intermediates,
                    now,
                    algorithms,
                )?;
            }
            if *checks_name {
                verify_server_name(&parsed, name)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Whether a certificate is valid at a time. Of a certificate that is trusted itself, nothing else is
/// left to check.
fn is_valid_at(certificate: &CertificateDer<'_>, time: UnixTime) -> Result<(), CertificateError> {
    let certificate =
        Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)?;
    let validity = certificate.tbs_certificate.validity;
    let not_before = UnixTime::since_unix_epoch(validity.not_before.to_unix_duration());
    let not_after = UnixTime::since_unix_epoch(validity.not_after.to_unix_duration());
    if time < not_before {
        return Err(CertificateError::NotValidYetContext { time, not_before });
    }
    if time > not_after {
        return Err(CertificateError::ExpiredContext { time, not_after });
    }
    Ok(())
}
