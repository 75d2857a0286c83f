//! Delivery over TLS, with a certificate authority of the test's own.
#![allow(clippy::unwrap_used, reason = "a helper of a test may fail it")]

#[expect(dead_code, reason = "other tests use the rest of it")]
mod rig;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rig::{SECRET, block_on, bodies, payload};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use skidway_otlp::http::Options;
use skidway_otlp::{Attempt, Exporter, Pem, Tls, Versions};
use skidway_test_support::sink::OtlpSink;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

const LONG: Duration = Duration::from_secs(20);

/// A TLS server configuration for `localhost`, and its authority's certificate in
/// `ca.pem` of `folder`.
fn server_config(folder: &Path) -> Arc<ServerConfig> {
    server(folder, &["localhost"], None)
}

/// The same for other names. With `clients`, only who shows a certificate of that
/// authority is let in.
fn server(folder: &Path, names: &[&str], clients: Option<Arc<dyn ClientCertVerifier>>) -> Arc<ServerConfig> {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(folder.join("ca.pem"), authority.pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let own = CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(verifier) => builder.with_client_cert_verifier(verifier),
    };
    let mut config = builder.with_single_cert(vec![own.der().clone()], key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

/// A client's certificate and key in `cert.pem` and `key.pem` of `folder`, and who
/// believes it.
fn client(folder: &Path) -> Arc<dyn ClientCertVerifier> {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["host".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    std::fs::write(folder.join("cert.pem"), own.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap()
}

/// Sends ten records through TLS in front of `sink`, speaking what it speaks.
fn attempt(sink: &OtlpSink, config: Arc<ServerConfig>, tls: Tls, grpc: bool) -> Attempt {
    block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut exporter = if grpc {
            let url = format!("https://localhost:{port}");
            Exporter::grpc(&skidway_otlp::grpc::Options { tls, ..skidway_otlp::grpc::Options::new(url) })
        } else {
            let url = format!("https://localhost:{port}/v1/logs");
            Exporter::http(&Options { tls, ..Options::new(url) })
        }
        .unwrap();
        let prepared = exporter.prepare(&payload(10)).unwrap();
        let count = AtomicUsize::new(0);
        tokio::select! {
            attempt = exporter.send(&prepared) => attempt,
            () = terminate(listener, config, sink.addr(), &count) => unreachable!("it accepts for ever"),
        }
    })
}

fn taken() -> Attempt {
    Attempt::Delivered { rejected: 0, message: String::new() }
}

#[test]
fn both_protocols_check_names_certificates_and_versions() {
    for grpc in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let sink = if grpc { OtlpSink::start_grpc() } else { OtlpSink::start() }.unwrap();
        let verifier = client(folder.path());
        let config = server(folder.path(), &["other.example"], Some(verifier));
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        let good = Tls {
            ca: Some(Pem::Text(read("ca.pem"))),
            client: Some((Pem::File(folder.path().join("cert.pem")), Pem::Text(read("key.pem")))),
            server_name: Some("other.example".to_owned()),
            ..Tls::default()
        };
        let try_with = |tls: Tls| attempt(&sink, Arc::clone(&config), tls, grpc);
        assert_eq!(try_with(good.clone()), taken());
        for versions in [Versions::Only12, Versions::Only13] {
            assert_eq!(try_with(Tls { versions, ..good.clone() }), taken(), "{versions:?}");
        }
        let refused = [
            Tls { server_name: None, ..good.clone() },
            Tls { client: None, ..good.clone() },
            Tls { ca: None, ..good.clone() },
        ];
        for tls in refused {
            let attempt = try_with(tls.clone());
            assert!(matches!(attempt, Attempt::Retry { .. }), "{tls:?}: {attempt:?}");
        }
        let anyone = Tls { insecure_skip_verify: true, ca: None, server_name: None, ..good };
        assert_eq!(try_with(anyone), taken());
        assert_eq!(sink.delivered(), 40, "with gRPC: {grpc}");
    }
}

#[test]
fn a_backend_without_tls_is_pointed_out() {
    let sink = OtlpSink::start_grpc().unwrap();
    let attempt = block_on(async {
        let url = sink.endpoint().replace("http://", "https://");
        let mut exporter = Exporter::grpc(&skidway_otlp::grpc::Options::new(url)).unwrap();
        let prepared = exporter.prepare(&payload(10)).unwrap();
        exporter.send(&prepared).await
    });
    match attempt {
        Attempt::Retry { reason, .. } => assert!(reason.contains("tls.insecure"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

/// Takes TLS off and passes everything on to `sink`, counting the handshakes that
/// went through.
async fn terminate(listener: TcpListener, config: Arc<ServerConfig>, sink: SocketAddr, count: &AtomicUsize) {
    let acceptor = TlsAcceptor::from(config);
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        // A client that does not like the certificate ends here.
        let Ok(mut plain) = acceptor.accept(stream).await else { continue };
        count.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            let mut to = TcpStream::connect(sink).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut plain, &mut to).await;
        });
    }
}

#[test]
fn only_a_known_authority_gets_the_records() {
    let folder = tempfile::tempdir().unwrap();
    let config = server_config(folder.path());
    let sink = OtlpSink::start().unwrap();
    let handshakes = AtomicUsize::new(0);
    block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let try_it = async {
            let mut options = Options::new(format!("https://localhost:{port}/v1/logs"));
            options.headers = vec![("authorization".to_owned(), SECRET.to_owned())];
            options.tls.ca = Some(Pem::File(folder.path().join("ca.pem")));
            let mut known = Exporter::http(&options).unwrap();
            let prepared = known.prepare(&payload(10)).unwrap();
            let delivered = Attempt::Delivered { rejected: 0, message: String::new() };
            for _ in 0..3 {
                assert_eq!(known.send(&prepared).await, delivered);
            }
            assert_eq!(handshakes.load(Ordering::Relaxed), 1, "the connection is kept");

            let stranger = tempfile::tempdir().unwrap();
            server_config(stranger.path());
            options.tls.ca = Some(Pem::File(stranger.path().join("ca.pem")));
            match Exporter::http(&options).unwrap().send(&prepared).await {
                Attempt::Retry { reason, .. } => assert!(reason.contains("ertificate"), "{reason}"),
                attempt => panic!("{attempt:?}"),
            }
            assert_eq!(sink.requests(), 3);

            options.tls.insecure_skip_verify = true;
            assert_eq!(Exporter::http(&options).unwrap().send(&prepared).await, delivered);
        };
        tokio::select! {
            () = try_it => {}
            () = terminate(listener, config, sink.addr(), &handshakes) => {}
        }
    });
    assert_eq!(sink.delivered(), 40);
    assert_eq!(sink.bodies()[30..], bodies(10));
    assert_eq!(sink.records()[0].headers["authorization"], SECRET);
}
