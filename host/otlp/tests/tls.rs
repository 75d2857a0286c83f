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
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use skidway_otlp::{Attempt, Exporter, Options};
use skidway_test_support::sink::OtlpSink;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

const LONG: Duration = Duration::from_secs(20);

/// A TLS server configuration for `localhost`, and its authority's certificate in
/// `ca.pem` of `folder`.
fn server_config(folder: &Path) -> Arc<ServerConfig> {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(folder.join("ca.pem"), authority.pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let own =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.der().clone()], key)
        .unwrap();
    Arc::new(config)
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
            options.tls.ca_file = Some(folder.path().join("ca.pem"));
            let mut known = Exporter::new(options.clone()).unwrap();
            let prepared = known.prepare(&payload(10));
            let delivered = Attempt::Delivered { rejected: 0, message: String::new() };
            for _ in 0..3 {
                assert_eq!(known.send(&prepared).await, delivered);
            }
            assert_eq!(handshakes.load(Ordering::Relaxed), 1, "the connection is kept");

            let stranger = tempfile::tempdir().unwrap();
            server_config(stranger.path());
            options.tls.ca_file = Some(stranger.path().join("ca.pem"));
            match Exporter::new(options.clone()).unwrap().send(&prepared).await {
                Attempt::Retry { reason, .. } => assert!(reason.contains("ertificate"), "{reason}"),
                attempt => panic!("{attempt:?}"),
            }
            assert_eq!(sink.requests(), 3);

            options.tls.insecure_skip_verify = true;
            assert_eq!(Exporter::new(options).unwrap().send(&prepared).await, delivered);
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
