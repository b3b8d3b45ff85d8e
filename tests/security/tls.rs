//! Whom TLS trusts: a private CA, a client certificate, a proxy, and every way in which a certificate is no good.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use crate::bench::{Bench, Done};
use crate::server::{Server, send, well};

/// A CA that signs for a name.
struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key, in PEM.
struct Pair {
    certificate: String,
    key: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        // Authorities of one name and different keys are another case.
        params
            .distinguished_name
            .push(DnType::CommonName, uuid::Uuid::now_v7().to_string());
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    fn sign(&self, name: &str, last_year: i32) -> Pair {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(last_year, 1, 1);
        let key = KeyPair::generate().unwrap();
        Pair {
            certificate: params.signed_by(&key, &self.0).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    /// A server that shows this certificate and, if told, asks for one of the CA's.
    fn server(&self, pair: &Pair, asks: bool) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = if asks {
            let mut roots = RootCertStore::empty();
            roots.add(self.0.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let certificate = CertificateDer::from_pem_slice(pair.certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
        Arc::new(builder.with_single_cert(vec![certificate], key).unwrap())
    }
}

/// A bench whose system trusts one CA that has nothing to do with the service.
fn bench(server: &Server) -> Bench {
    let mut bench = Bench::against(&server.url("https"));
    let system = bench.write("system.pem", Authority::new().pem());
    bench.set("SSL_CERT_FILE", &system);
    bench
}

/// The run stops at once and says why, and nothing of a customer or a credential was sent.
fn check_refused(bench: &Bench, server: &Server, why: &str) {
    let done = bench.expect(4, &["run", "one.csv"]);
    for words in [why, "do not trust each other", "api.ca-file", "cannot be turned off"] {
        assert!(
            done.stderr.contains(words) || done.stdout.contains(words),
            "{words}: {done:#?}"
        );
    }
    assert_eq!(server.count(""), 0, "{why}");
}

fn check_created(bench: &Bench, server: &Server) -> Done {
    let done = bench.expect(0, &["run", "one.csv"]);
    assert_eq!(server.count("POST /api/v1/customers"), 1, "{done:#?}");
    done
}

#[test]
fn a_private_authority_is_trusted_where_it_is_named_and_nowhere_else() {
    let authority = Authority::new();
    let config = authority.server(&authority.sign("127.0.0.1", 4000), false);
    let server = Server::start(Some(config), well);
    let mut bench = bench(&server);
    check_refused(&bench, &server, "comes from an issuer that is not trusted here");
    let path = bench.write("ca.pem", authority.pem());
    bench.set("ROLLCALL_API_CA_FILE", &path);
    check_created(&bench, &server);
    // The system's own authorities are trusted beside it, also without the setting.
    let server = Server::start(Some(authority.server(&authority.sign("127.0.0.1", 4000), false)), well);
    let mut bench = Bench::against(&server.url("https"));
    let path = bench.write("ca.pem", authority.pem());
    bench.set("SSL_CERT_FILE", &path);
    let other = bench.write("other.pem", Authority::new().pem());
    bench.set("ROLLCALL_API_CA_FILE", &other);
    check_created(&bench, &server);
}

#[test]
fn a_certificate_that_is_no_good_is_refused_and_named() {
    let authority = Authority::new();
    let check = |pair: &Pair, why: &str| {
        let server = Server::start(Some(authority.server(pair, false)), well);
        let mut bench = bench(&server);
        let path = bench.write("ca.pem", authority.pem());
        bench.set("ROLLCALL_API_CA_FILE", &path);
        check_refused(&bench, &server, why);
    };
    check(&authority.sign("other.example", 4000), "is for another host name");
    check(&authority.sign("127.0.0.1", 2020), "has expired");
    // Signed by itself, and trusted by nobody.
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![String::from("127.0.0.1")]).unwrap();
    let alone = Pair {
        certificate: params.self_signed(&key).unwrap().pem(),
        key: key.serialize_pem(),
    };
    check(&alone, "comes from an issuer that is not trusted here");
}

#[test]
fn a_client_certificate_is_shown_where_it_is_asked_for() {
    let authority = Authority::new();
    let config = authority.server(&authority.sign("127.0.0.1", 4000), true);
    let server = Server::start(Some(config), well);
    let mut bench = bench(&server);
    let path = bench.write("ca.pem", authority.pem());
    bench.set("ROLLCALL_API_CA_FILE", &path);
    check_refused(&bench, &server, "the service asks for a client certificate");

    let with = |bench: &mut Bench, pair: &Pair| {
        let path = bench.write("client.pem", format!("{}{}", pair.certificate, pair.key));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        bench.set("ROLLCALL_API_CLIENT_CERTIFICATE_FILE", &path);
    };
    with(&mut bench, &Authority::new().sign("client", 4000));
    check_refused(&bench, &server, "does not accept the client's certificate");
    with(&mut bench, &authority.sign("client", 4000));
    check_created(&bench, &server);
}

#[test]
fn what_does_not_speak_tls_gets_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            drop(stream.write_all(b"HTTP/1.1 400 speak plainly\r\ncontent-length: 0\r\n\r\n"));
            drop(stream.read(&mut [0; 4096]));
        }
    });
    let server = Server {
        port,
        seen: Arc::default(),
    };
    check_refused(&bench(&server), &server, "does not speak TLS");
    // A service in the clear is spoken to on this machine only.
    let mut bench = Bench::new();
    bench.set("ROLLCALL_API_BASE_URL", "http://api.example/api");
    bench.set("ROLLCALL_API_TOKEN_URL", "https://api.example/token");
    let done = bench.expect(2, &["run", "one.csv"]);
    assert!(done.stderr.contains("api.base-url is not https"), "{done:#?}");
}

#[test]
fn files_of_certificates_that_are_no_good_are_named_with_what_to_do() {
    let authority = Authority::new();
    let (pair, other) = (authority.sign("client", 4000), authority.sign("client", 4000));
    let check = |setting: &str, content: Option<&str>, mode: u32, problem: &str| {
        let mut bench = Bench::against("https://127.0.0.1:9");
        let path = match content {
            Some(content) => bench.write("file.pem", content),
            None => bench.path("file.pem").to_str().unwrap().to_owned(),
        };
        if content.is_some() {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        bench.set(setting, &path);
        let done = bench.expect(2, &["run", "one.csv"]);
        let name = setting
            .replace("ROLLCALL_API_", "api.")
            .to_lowercase()
            .replace('_', "-");
        for words in [problem, "file.pem", &name, "hint: it must be a PEM file"] {
            assert!(done.stderr.contains(words), "{words}: {done:#?}");
        }
        assert!(!done.stderr.contains("PRIVATE KEY"), "{done:#?}");
    };
    let damaged = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
    let nonsense = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let ca = "ROLLCALL_API_CA_FILE";
    check(ca, None, 0, "cannot be read");
    check(ca, Some(""), 0o644, "holds no certificate");
    check(ca, Some("no PEM at all"), 0o644, "holds no certificate");
    check(ca, Some(&pair.key), 0o644, "holds no certificate");
    check(ca, Some(damaged), 0o644, "is not PEM, or is damaged");
    check(ca, Some(nonsense), 0o644, "holds a certificate that is damaged");
    let client = "ROLLCALL_API_CLIENT_CERTIFICATE_FILE";
    let both = format!("{}{}", pair.certificate, pair.key);
    check(client, None, 0, "cannot be read");
    check(client, Some(&both), 0o640, "can be read by others");
    check(client, Some(&both), 0o604, "can be read by others");
    check(client, Some(&pair.certificate), 0o600, "holds no private key");
    check(client, Some(&pair.key), 0o600, "holds no certificate");
    let locked = both.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    check(client, Some(&locked), 0o600, "a private key with a password");
    let mixed = format!("{}{}", pair.certificate, other.key);
    check(client, Some(&mixed), 0o600, "of no use, or another certificate's");
    check(
        client,
        Some(&format!("{damaged}{}", pair.key)),
        0o600,
        "is not PEM, or is damaged",
    );
}

/// A proxy that joins two connections.
fn proxy() -> Server {
    Server::start(None, |head, _, stream| {
        let to = head.strip_prefix("CONNECT ")?.split(' ').next()?.to_owned();
        // The test looks at what is asked for; what would follow is refused.
        send(
            stream,
            &format!("HTTP/1.1 502 no way to {to}\r\ncontent-length: 0\r\n\r\n"),
        )?;
        drop(stream.read(&mut [0]));
        None
    })
}

#[test]
fn a_proxy_is_used_if_configured_and_never_otherwise() {
    let proxy = proxy();
    let elsewhere = "https://api.example:9";
    // What the environment says is no setting.
    let mut bench = Bench::against(elsewhere);
    for name in [
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
    ] {
        bench.set(name, &proxy.url("http"));
    }
    bench.set("ROLLCALL_SEND_GIVE_UP_AFTER", "100ms");
    bench.expect(4, &["run", "one.csv"]);
    assert_eq!(proxy.count(""), 0);
    bench.set("ROLLCALL_API_PROXY", &proxy.url("http"));
    bench.expect(4, &["run", "one.csv"]);
    assert!(proxy.count("CONNECT api.example:9") > 0);
    let asked = proxy.count("");
    // What is on this machine is never asked of another.
    let server = Server::start(None, well);
    let mut bench = Bench::against(&server.url("http"));
    bench.set("ROLLCALL_API_PROXY", &proxy.url("http"));
    check_created(&bench, &server);
    assert_eq!(proxy.count(""), asked);
    // A password is a secret, and an address is shown.
    for wrong in [
        "http://me:s3cret@proxy:3128",
        "socks5://proxy:1080",
        "http://proxy/path",
        "proxy",
    ] {
        bench.set("ROLLCALL_API_PROXY", wrong);
        let done = bench.expect(2, &["run", "one.csv"]);
        assert!(
            done.stderr.contains("api.proxy") && !done.stderr.contains("s3cret"),
            "{done:#?}"
        );
    }
}
