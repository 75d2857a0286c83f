//! Backends in the network: OTLP over HTTP and gRPC.

use std::collections::BTreeMap;
use std::time::Duration;

use url::Url;

use crate::exporter::{
    Client, Compression, Exporter, Keepalive, Method, OtlpGrpc, OtlpHttp, Pem, Target, Tls, TlsVersion,
};
use crate::problem::Report;
use crate::read::{Subject, read};
use crate::tree::Node;
use crate::values::{GrpcEndpoint, HeaderName, Secret, Text};
use crate::written;

use super::{Check, INTERVALS, dead_letter, queue, retry, shown, warn_no_end};

/// Settings of Go's HTTP and gRPC clients that change nothing of what arrives.
const NO_EFFECT: [(&str, &str); 10] = [
    ("read_buffer_size", "buffers grow as they need to"),
    ("write_buffer_size", "buffers grow as they need to"),
    ("max_idle_conns", "there are at most as many connections as `sending_queue.num_consumers`"),
    ("max_idle_conns_per_host", "there are at most as many connections as `sending_queue.num_consumers`"),
    ("max_conns_per_host", "there are at most as many connections as `sending_queue.num_consumers`"),
    ("force_attempt_http2", "HTTP/1.1 is spoken"),
    ("http2_read_idle_timeout", "HTTP/1.1 is spoken"),
    ("http2_ping_timeout", "HTTP/1.1 is spoken"),
    ("wait_for_ready", "a batch waits until the backend takes it"),
    ("balancer_name", "there is one connection to the backend"),
];

pub(super) fn http(id: &str, node: &Node, subject: &Subject, report: &mut Report) -> Option<Exporter> {
    let written: written::OtlpHttp = read(node, subject, report)?;
    let mut check = Check::new(node, subject, report);
    let url = match (written.logs_endpoint, written.endpoint) {
        (Some(logs), _) => Some(logs.0),
        (None, Some(endpoint)) => Some(endpoint.logs()),
        (None, None) => {
            check.missing("endpoint", "`endpoint: http://HOST:4318`");
            None
        }
    };
    let timeout = written.timeout.map_or(Duration::from_secs(30), |duration| duration.0);
    check.within("timeout", timeout, INTERVALS, shown);
    let idle_timeout = written.idle_conn_timeout.map_or(Duration::from_secs(90), |duration| duration.0);
    let compression = compression(
        written.compression.unwrap_or(Method::Gzip),
        written.compression_params.and_then(|params| params.level),
        &mut check,
    );
    let written_tls = written.tls.unwrap_or_default();
    if written_tls.insecure == Some(true) && url.as_ref().is_some_and(|url| url.scheme() == "https") {
        check.warn(
            "tls.insecure",
            "`tls.insecure` has no effect with an https endpoint",
            "write `http://` to send without TLS, or `insecure_skip_verify: true` to believe any certificate",
        );
    }
    let proxy = written.proxy_url.filter(|proxy| !proxy.reveal().is_empty());
    if let Some(proxy) = &proxy {
        check_proxy(proxy, &mut check);
    }
    let client = Client {
        compression,
        timeout,
        headers: headers(written.headers.unwrap_or_default()),
        tls: tls(written_tls, &mut check),
    };
    let retry = retry(written.retry_on_failure.unwrap_or_default(), &mut check);
    let queue = queue(written.sending_queue.unwrap_or_default(), &mut check);
    let dead_letter = dead_letter(written.dead_letter.unwrap_or_default(), &mut check);
    warn_no_end(&queue, &retry, &mut check);
    warn_no_effect(&mut check);
    if !check.good {
        return None;
    }
    let target = Target::Http(OtlpHttp {
        url: url?,
        encoding: written.encoding.unwrap_or_default(),
        proxy,
        keep_alive: !written.disable_keep_alives.unwrap_or(false),
        idle_timeout,
        client,
    });
    Some(Exporter { id: id.to_owned(), target, queue, retry, dead_letter })
}

pub(super) fn grpc(id: &str, node: &Node, subject: &Subject, report: &mut Report) -> Option<Exporter> {
    let written: written::OtlpGrpc = read(node, subject, report)?;
    let mut check = Check::new(node, subject, report);
    let written_tls = written.tls.unwrap_or_default();
    let insecure = written_tls.insecure.unwrap_or(false);
    let url = match written.endpoint {
        Some(endpoint) => Some(address(endpoint, insecure)),
        None => {
            check.missing("endpoint", "`endpoint: HOST:4317`");
            None
        }
    };
    if insecure && url.as_ref().is_some_and(|url| url.scheme() == "https") {
        check.warn(
            "tls.insecure",
            "`tls.insecure` has no effect with an https endpoint",
            "leave `https://` out to send without TLS, or write `insecure_skip_verify: true` to believe any \
             certificate",
        );
    }
    let timeout = written.timeout.map_or(Duration::from_secs(5), |duration| duration.0);
    check.within("timeout", timeout, INTERVALS, shown);
    let method = written.compression.unwrap_or(Method::Gzip);
    if !matches!(method, Method::Gzip | Method::Zstd | Method::Snappy | Method::None) {
        let at = check.place("compression");
        check.wrong(
            &at,
            "compression",
            "gRPC has no such method",
            "values: `gzip`, `zstd`, `snappy`, `none`",
        );
    }
    let keepalive = written.keepalive.map(|keepalive| {
        let time = keepalive.time.map_or(Duration::from_secs(10), |d| d.0);
        let timeout = keepalive.timeout.map_or(Duration::from_secs(10), |d| d.0);
        check.within("keepalive.time", time, INTERVALS, shown);
        check.within("keepalive.timeout", timeout, INTERVALS, shown);
        let permit_without_stream = keepalive.permit_without_stream.unwrap_or(false);
        Keepalive { time, timeout, permit_without_stream }
    });
    let authority = written.authority.filter(|authority| !authority.is_empty());
    if let Some(authority) = &authority
        && Url::parse(&format!("http://{authority}")).map_or(true, |url| url.path() != "/")
    {
        let at = check.place("authority");
        check.wrong(
            &at,
            "authority",
            format_args!("`{authority}` is no host"),
            "write `HOST` or `HOST:PORT`",
        );
    }
    let client = Client {
        compression: Compression { method, level: None },
        timeout,
        headers: headers(written.headers.unwrap_or_default()),
        tls: tls(written_tls, &mut check),
    };
    let retry = retry(written.retry_on_failure.unwrap_or_default(), &mut check);
    let queue = queue(written.sending_queue.unwrap_or_default(), &mut check);
    let dead_letter = dead_letter(written.dead_letter.unwrap_or_default(), &mut check);
    warn_no_end(&queue, &retry, &mut check);
    warn_no_effect(&mut check);
    if !check.good {
        return None;
    }
    let target = Target::Grpc(OtlpGrpc { url: url?, authority, keepalive, client });
    Some(Exporter { id: id.to_owned(), target, queue, retry, dead_letter })
}

/// TLS is used unless a scheme or `tls.insecure` says otherwise, as in the collector.
fn address(endpoint: GrpcEndpoint, insecure: bool) -> Url {
    let GrpcEndpoint { mut url, encrypted } = endpoint;
    if encrypted.unwrap_or(!insecure) {
        // Between these two it cannot fail, but the port must not become a default one.
        let port = url.port_or_known_default();
        let _ = url.set_scheme("https");
        let _ = url.set_port(port);
    }
    url
}

fn headers(written: BTreeMap<HeaderName, Secret>) -> Vec<(String, Secret)> {
    written.into_iter().map(|(name, value)| (name.0, value)).collect()
}

fn warn_no_effect(check: &mut Check<'_>) {
    for (key, why) in NO_EFFECT {
        if check.node.get(key).is_some() {
            check.warn(key, format!("`{key}` has no effect: {why}"), "leave it out");
        }
    }
}

fn check_proxy(proxy: &Secret, check: &mut Check<'_>) {
    let scheme = Url::parse(proxy.reveal()).map(|url| url.scheme().to_owned());
    let what = match scheme.as_deref() {
        Ok("http" | "https") => return,
        Ok(other) => format!("`{other}` is no scheme of a proxy that is spoken to"),
        // It may hold a password and is not quoted.
        Err(error) => format!("bad URL: {error}"),
    };
    let at = check.place("proxy_url");
    check.wrong(&at, "proxy_url", what, "write `http://HOST:PORT` or `https://HOST:PORT`");
}

/// The collector's 0 and -1 are "the default level".
fn compression(method: Method, level: Option<i32>, check: &mut Check<'_>) -> Compression {
    let level = level.filter(|level| ![0, -1].contains(level));
    let key = "compression_params.level";
    let most = match method {
        Method::Gzip | Method::Zlib | Method::Deflate => 12,
        Method::Zstd => 19,
        Method::Snappy | Method::SnappyFramed | Method::Lz4 | Method::None => {
            if level.is_some() {
                let at = check.place(key);
                let what = match method {
                    Method::None => "there is no compression to have a level",
                    _ => "this method has no levels",
                };
                check.wrong(&at, key, what, "`compression: gzip`");
            }
            return Compression { method, level: None };
        }
    };
    check.within(key, level.unwrap_or(1), (1, most), |n| n.to_string());
    Compression { method, level }
}

fn tls(written: written::Tls, check: &mut Check<'_>) -> Tls {
    let mut one_of =
        |name: &str, file: Option<std::path::PathBuf>, text: Option<crate::values::PemText>| match (
            file, text,
        ) {
            (Some(_), Some(_)) => {
                let key = format!("tls.{name}_pem");
                let at = check.place(&key);
                check.wrong(&at, &key, format_args!("there is `{name}_file` too"), "keep one of them");
                None
            }
            (Some(path), None) => Some(Pem::File(path)),
            (None, Some(text)) => Some(Pem::Text(text.0)),
            (None, None) => None,
        };
    let ca = one_of("ca", written.ca_file, written.ca_pem);
    let certificate = one_of("cert", written.cert_file, written.cert_pem);
    let key = one_of("key", written.key_file, written.key_pem);
    let own = match (certificate, key) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        (one, _) if check.good => {
            let at = check.place("tls");
            let (has, lacks) = if one.is_some() { ("certificate", "key") } else { ("key", "certificate") };
            let hint = if one.is_some() { "`key_file: PATH`" } else { "`cert_file: PATH`" };
            check.wrong(&at, "tls", format_args!("there is a {has} without its {lacks}"), hint);
            None
        }
        _ => None,
    };
    let min_version = version("tls.min_version", written.min_version, TlsVersion::V12, check);
    let max_version = version("tls.max_version", written.max_version, TlsVersion::V13, check);
    if max_version < min_version {
        let at = check.place("tls.max_version");
        check.wrong(&at, "tls.max_version", "it is less than `min_version`", "`max_version: \"1.3\"`");
    }
    Tls {
        ca,
        include_system_ca_certs_pool: written.include_system_ca_certs_pool.unwrap_or(false),
        insecure_skip_verify: written.insecure_skip_verify.unwrap_or(false),
        own,
        server_name_override: written.server_name_override.filter(|name| !name.is_empty()),
        min_version,
        max_version,
    }
}

fn version(key: &str, written: Option<Text>, default: TlsVersion, check: &mut Check<'_>) -> TlsVersion {
    let Some(Text(written)) = written else { return default };
    match written.as_str() {
        "" => default,
        "1.2" => TlsVersion::V12,
        "1.3" => TlsVersion::V13,
        other => {
            let at = check.place(key);
            let what = format!("TLS `{other}` is not spoken");
            check.wrong(&at, key, what, "values: `\"1.2\"`, `\"1.3\"`");
            default
        }
    }
}
