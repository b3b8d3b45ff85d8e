//! Why a sender cannot be made: always the configuration, never the data.

use std::path::PathBuf;
use std::str::FromStr;

use reqwest::Url;

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// An address is not a URL.
    #[error("{setting} is not a URL")]
    NotAUrl {
        /// The setting.
        setting: &'static str,
        /// What the parser says.
        source: <Url as FromStr>::Err,
    },
    /// An address has parts that it must not have.
    #[error("{setting} must be a plain address: no user, no password, no query, no fragment")]
    UrlParts {
        /// The setting.
        setting: &'static str,
    },
    /// An address would send secrets and personal data in the clear.
    #[error("{setting} is not https")]
    NotHttps {
        /// The setting.
        setting: &'static str,
    },
    /// A credential is empty or cannot be sent.
    #[error("{setting} is empty or holds a character that cannot be sent")]
    Credential {
        /// The setting.
        setting: &'static str,
    },
    /// A limit of nothing would send nothing.
    #[error("{setting} is 0")]
    Zero {
        /// The setting.
        setting: &'static str,
    },
    /// A file of certificates cannot be used.
    #[error("{setting}: {} {problem}", path.display())]
    Certificates {
        /// The setting.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it, without its content.
        problem: &'static str,
    },
    /// The proxy's address cannot be used.
    #[error("api.proxy must be http:// or https:// with a host, and nothing else")]
    Proxy,
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made")]
    Client(#[source] reqwest::Error),
}

/// The setting that names the client's certificate.
pub(super) const CLIENT_CERTIFICATE_FILE: &str = "api.client-certificate-file";

impl SendError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotAUrl { .. } => "write it as https://host/path",
            Self::UrlParts { .. } => {
                "remove them; credentials belong in ROLLCALL_API_CLIENT_ID and ROLLCALL_API_CLIENT_SECRET"
            }
            Self::NotHttps { .. } => "write https; plain http is for this machine only: localhost, 127.0.0.1 or [::1]",
            Self::Credential { .. } => "set ROLLCALL_API_CLIENT_ID and ROLLCALL_API_CLIENT_SECRET",
            Self::Zero { .. } => "leave it out for the default, or set it to 1 or more",
            Self::Certificates { setting, .. } if *setting == CLIENT_CERTIFICATE_FILE => {
                "it must be a PEM file of yours alone (chmod 600), with the certificate, those between it and its root, \
                 and the private key, without a password"
            }
            Self::Certificates { .. } => {
                "it must be a PEM file with one or more CERTIFICATE blocks, as your CA gives it"
            }
            Self::Proxy => "write it as http://proxy.example:3128; a proxy that asks for a password is not supported",
            Self::Client(_) => "check that the system has its certificates (on Debian: the package ca-certificates)",
        }
    }
}
