//! Whom to trust behind `tls://`.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// Certificates that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// Not PEM, or without a certificate.
    #[error("read the certificates to trust: {0}; give PEM, with -----BEGIN CERTIFICATE-----")]
    Ca(String),
    /// The library refuses its own settings.
    #[error("set TLS up: {0}; report this as a bug")]
    Setup(String),
}

/// Trusts the public authorities, or instead of them those whose certificates these are, as PEM.
pub(super) fn config(ca: Option<&[u8]>) -> Result<Arc<ClientConfig>, TlsError> {
    let mut roots = RootCertStore::empty();
    match ca {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| TlsError::Ca(error.to_string()))?;
                roots.add(certificate).map_err(|error| TlsError::Ca(error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(TlsError::Ca("there is no certificate in it".into()));
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Setup(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
