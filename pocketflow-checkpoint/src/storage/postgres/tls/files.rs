//! The files with certificates and keys.

use std::fs;
use std::io;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::error::TlsError;

/// The certificates of the authorities in a file.
pub(super) fn authorities(file: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    certificates("sslrootcert", file)
}

/// The certificate of the client, and those up to its authority.
pub(super) fn chain(file: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    certificates("sslcert", file)
}

fn certificates(
    setting: &'static str,
    file: &str,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(setting, file)?;
    let certificates = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.ok().filter(|found| !found.is_empty());
    certificates.ok_or_else(|| TlsError::Content {
        setting,
        file: file.to_owned(),
        what: "certificate",
    })
}

/// The key of the client.
pub(super) fn key(file: &str) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = read("sslkey", file)?;
    // The cause is left out, because it may show a part of the file.
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
        let is_encrypted = text.windows(9).any(|part| part == b"ENCRYPTED");
        let file = file.to_owned();
        match is_encrypted {
            true => TlsError::EncryptedKey { file },
            false => TlsError::Content {
                setting: "sslkey",
                file,
                what: "private key",
            },
        }
    })
}

fn read(setting: &'static str, file: &str) -> Result<Vec<u8>, TlsError> {
    fs::read(file).map_err(|source: io::Error| TlsError::File {
        setting,
        file: file.to_owned(),
        source,
    })
}

/// The certificates of the authorities that the system trusts. `SSL_CERT_FILE` and `SSL_CERT_DIR` name
/// others, as for OpenSSL.
pub(super) fn of_system() -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let mut found = rustls_native_certs::load_native_certs();
    match found.certs.is_empty() {
        true => Err(TlsError::NoSystemStore(found.errors.pop())),
        false => Ok(found.certs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let write = |text: &str| {
            let file = folder.path().join("file.pem");
            fs::write(&file, text).unwrap();
            file.to_str().unwrap().to_owned()
        };
        let missing = folder.path().join("missing.pem");
        let missing = missing.to_str().unwrap();
        for (error, setting) in [
            (authorities(missing).unwrap_err(), "sslrootcert"),
            (chain(missing).unwrap_err(), "sslcert"),
            (key(missing).unwrap_err(), "sslkey"),
        ] {
            let text = error.to_string();
            assert!(
                text.contains(missing) && text.contains(&format!("`{setting}`")),
                "{text}"
            );
        }
        for text in [
            "",
            "nonsense",
            "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n",
        ] {
            let error = authorities(&write(text)).unwrap_err();
            assert!(
                error.to_string().contains("has no certificate in PEM"),
                "{error}"
            );
            let error = key(&write(text)).unwrap_err();
            assert!(
                error.to_string().contains("has no private key in PEM"),
                "{error}"
            );
        }
        for text in [
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
        ] {
            let error = key(&write(text)).unwrap_err();
            assert!(error.to_string().contains("decrypt it"), "{error}");
        }
    }
}
