//! Whom TLS trusts: the certificates that settings name, and why a handshake came to nothing, in words.
//!
//! It deliberately has no way to trust without verifying: a test holds that no file names one.

use std::error::Error;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use reqwest::{Certificate, Identity};
use rustls::{AlertDescription, CertificateError};

use super::error::{CLIENT_CERTIFICATE_FILE, SendError};
use crate::config::settings::ApiSettings;
use crate::private::{Readers, read_private};

/// Most bytes of a file of authorities: all that a browser trusts are some 250 KiB.
const MOST_BYTES: u64 = 4 * 1024 * 1024;
const CA_FILE: &str = "api.ca-file";

/// The certificates of a private CA, in PEM.
pub(super) fn authorities(path: &Path) -> Result<Vec<Certificate>, SendError> {
    let wrong = |problem| SendError::Certificates {
        setting: CA_FILE,
        path: path.to_owned(),
        problem,
    };
    let is_file = std::fs::metadata(path).map_err(|_| wrong("cannot be read"))?.is_file();
    if !is_file {
        return Err(wrong("is not a regular file"));
    }
    let mut pem = Vec::new();
    let file = File::open(path).map_err(|_| wrong("cannot be read"))?;
    file.take(MOST_BYTES + 1)
        .read_to_end(&mut pem)
        .map_err(|_| wrong("cannot be read"))?;
    if pem.len() as u64 > MOST_BYTES {
        return Err(wrong("is larger than 4 MiB, which no list of certificates is"));
    }
    let certificates = Certificate::from_pem_bundle(&pem).map_err(|_| wrong("is not PEM, or is damaged"))?;
    if certificates.is_empty() {
        return Err(wrong("holds no certificate"));
    }
    Ok(certificates)
}

/// The client's certificate with its key, in PEM.
pub(super) fn identity(path: &Path) -> Result<Identity, SendError> {
    let wrong = |problem| SendError::Certificates {
        setting: CLIENT_CERTIFICATE_FILE,
        path: path.to_owned(),
        problem,
    };
    let pem = read_private(path, Readers::Owner).map_err(wrong)?;
    let has = |words: &str| memchr::memmem::find(&pem, words.as_bytes()).is_some();
    if !has("-----BEGIN CERTIFICATE-----") {
        return Err(wrong("holds no certificate"));
    }
    if has("ENCRYPTED") {
        return Err(wrong("holds a private key with a password"));
    }
    if !has("PRIVATE KEY-----") {
        return Err(wrong("holds no private key"));
    }
    Identity::from_pem(&pem).map_err(|_| wrong("is not PEM, or is damaged"))
}

/// Why no client can be made with these certificates: which file is to blame.
pub(super) fn unusable(error: reqwest::Error, api: &ApiSettings) -> SendError {
    let cause = hidden(&error);
    let keys = "holds a private key that is of no use, or another certificate's";
    let blame = match (cause, &api.client_certificate_file, &api.ca_file) {
        (Some(rustls::Error::InconsistentKeys(_)), Some(path), _) => Some((CLIENT_CERTIFICATE_FILE, path, keys)),
        (Some(_), _, Some(path)) => Some((CA_FILE, path, "holds a certificate that is damaged")),
        (Some(_), Some(path), _) => Some((CLIENT_CERTIFICATE_FILE, path, keys)),
        _ => None,
    };
    match blame {
        Some((setting, path, problem)) => SendError::Certificates {
            setting,
            path: path.clone(),
            problem,
        },
        None => SendError::Client(error),
    }
}

/// Why one of the two sides does not trust the other; `None` where the failure has another cause.
pub(super) fn distrust(error: &(dyn Error + 'static)) -> Option<&'static str> {
    hidden(error).and_then(because)
}

/// The handshake's error among the causes of an error.
fn hidden<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = inside(error) {
            return Some(error);
        }
        next = error.source();
    }
    None
}

/// The handshake's error in one error, which may hide it: an input-output error does not give what it holds as its source.
fn inside<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    match error.downcast_ref::<io::Error>() {
        Some(error) => inside(error.get_ref()?),
        None => error.downcast_ref(),
    }
}

fn because(error: &rustls::Error) -> Option<&'static str> {
    use CertificateError as Wrong;
    if let rustls::Error::InvalidCertificate(wrong) = error {
        return Some(if matches!(wrong, Wrong::Expired | Wrong::ExpiredContext { .. }) {
            "the service's certificate has expired"
        } else if matches!(wrong, Wrong::NotValidYet | Wrong::NotValidYetContext { .. }) {
            "the service's certificate is not valid yet"
        } else if matches!(wrong, Wrong::NotValidForName | Wrong::NotValidForNameContext { .. }) {
            "the service's certificate is for another host name"
        } else if matches!(wrong, Wrong::UnknownIssuer) {
            "the service's certificate comes from an issuer that is not trusted here"
        } else if matches!(wrong, Wrong::Revoked) {
            "the service's certificate was revoked"
        } else {
            "the service's certificate is not valid: self-signed, or of a kind that is not trusted"
        });
    }
    if let rustls::Error::AlertReceived(alert) = error {
        return told(*alert);
    }
    if matches!(error, rustls::Error::NoCertificatesPresented) {
        return Some("the service shows no certificate");
    }
    if matches!(error, rustls::Error::PeerIncompatible(_)) {
        return Some("the service offers no TLS from version 1.2 on that is safe");
    }
    matches!(error, rustls::Error::InvalidMessage(_)).then_some("what answers at this address does not speak TLS")
}

/// What the service says when it ends the handshake. Alerts that a passing trouble could cause say nothing of trust.
fn told(alert: AlertDescription) -> Option<&'static str> {
    use AlertDescription as Alert;
    if matches!(alert, Alert::CertificateRequired) {
        return Some("the service asks for a client certificate");
    }
    if matches!(
        alert,
        Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::DecryptError
            | Alert::AccessDenied
    ) {
        return Some("the service does not accept the client's certificate");
    }
    if matches!(alert, Alert::HandshakeFailure) {
        return Some("the service refuses the handshake; it may ask for a client certificate");
    }
    matches!(alert, Alert::ProtocolVersion).then_some("the service offers no TLS from version 1.2 on")
}
