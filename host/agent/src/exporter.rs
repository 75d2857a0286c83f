//! From an exporter of the config to what delivers.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use skidway_config::{
    BodyEncoding, Client, Compression as Wanted, Debug, Exporter as Config, FileFormat, FileTarget, Method,
    OtlpGrpc, OtlpHttp, Output, PartialSuccess, Pem as WantedPem, Retry, Target, Tls as WantedTls,
    TlsVersion, Verbosity,
};
use skidway_otlp::dead_letter::{self, DeadLetters};
use skidway_otlp::{
    Backoff, Compression, Delivery, Exporter, InvalidLevel, Partial, Pem, RetryPolicy, Tls, Versions, debug,
    file, grpc, http,
};
use tokio::sync::watch;

/// Zstandard's own choice.
const ZSTD_LEVEL: i32 = 3;

/// Delivers to a backend until `stop` says true, and sets aside what it refuses. To be
/// called within a runtime.
pub(crate) fn delivery(config: &Config, state_dir: &Path, stop: watch::Receiver<bool>) -> Result<Delivery> {
    let dead_letters = DeadLetters::new(dead_letter(config, state_dir));
    Ok(bare_delivery(config, stop)?.with_dead_letters(dead_letters))
}

/// The same without a place for what is refused.
pub(crate) fn bare_delivery(config: &Config, stop: watch::Receiver<bool>) -> Result<Delivery> {
    let made = || -> Result<Delivery> {
        let exporter = match &config.target {
            Target::Http(target) => Exporter::http(&http(target)?)?,
            Target::Grpc(target) => Exporter::grpc(&grpc(target)?)?,
            Target::Debug(target) => Exporter::debug(debug(target)),
            Target::File(target) => Exporter::file(file(target)?)?,
        };
        let partial = config.dead_letter.partial_success;
        Ok(Delivery::new(exporter, policy(&config.retry, partial)?, stop))
    };
    made().with_context(|| format!("exporter {}", config.id))
}

fn http(target: &OtlpHttp) -> Result<http::Options> {
    Ok(http::Options {
        headers: headers(&target.client),
        compression: compression(target.client.compression)?,
        timeout: target.client.timeout,
        encoding: match target.encoding {
            BodyEncoding::Proto => http::Encoding::Proto,
            BodyEncoding::Json => http::Encoding::Json,
        },
        tls: tls(&target.client.tls),
        proxy: target.proxy.as_ref().map(|proxy| proxy.reveal().to_owned()),
        keep_alive: target.keep_alive,
        idle_timeout: target.idle_timeout,
        ..http::Options::new(target.url.as_str())
    })
}

fn grpc(target: &OtlpGrpc) -> Result<grpc::Options> {
    Ok(grpc::Options {
        headers: headers(&target.client),
        compression: compression(target.client.compression)?,
        timeout: target.client.timeout,
        tls: tls(&target.client.tls),
        authority: target.authority.clone(),
        keepalive: target.keepalive.map(|keepalive| grpc::Keepalive {
            time: keepalive.time,
            timeout: keepalive.timeout,
            while_idle: keepalive.permit_without_stream,
        }),
        ..grpc::Options::new(target.url.as_str())
    })
}

fn debug(target: &Debug) -> debug::Options {
    let [output] = target.output_paths;
    debug::Options {
        verbosity: match target.verbosity {
            Verbosity::Basic => debug::Verbosity::Basic,
            Verbosity::Normal => debug::Verbosity::Normal,
            Verbosity::Detailed => debug::Verbosity::Detailed,
        },
        output: match output {
            Output::Stdout => debug::Output::Stdout,
            Output::Stderr => debug::Output::Stderr,
        },
        sampling_initial: target.sampling_initial,
        sampling_thereafter: target.sampling_thereafter,
    }
}

fn file(target: &FileTarget) -> Result<file::Options> {
    const DAY: u64 = 86_400;
    Ok(file::Options {
        path: target.path.clone(),
        format: match target.format {
            FileFormat::Json => file::Format::Json,
            FileFormat::Proto => file::Format::Proto,
        },
        compression: if target.compression { Compression::zstd(ZSTD_LEVEL)? } else { Compression::NONE },
        append: target.append,
        create_directory: target.create_directory,
        rotation: target.rotation.as_ref().map(|rotation| file::Rotation {
            max_bytes: rotation.max_megabytes << 20,
            max_age: (rotation.max_days > 0)
                .then(|| Duration::from_secs(rotation.max_days.saturating_mul(DAY))),
            max_backups: rotation.max_backups,
            local_time: rotation.localtime,
        }),
    })
}

fn headers(client: &Client) -> Vec<(String, String)> {
    client.headers.iter().map(|(name, value)| (name.clone(), value.reveal().to_owned())).collect()
}

fn compression(wanted: Wanted) -> Result<Compression, InvalidLevel> {
    match (wanted.method, wanted.level) {
        (Method::None, _) => Ok(Compression::NONE),
        (Method::Gzip, None) => Ok(Compression::default()),
        (Method::Gzip, Some(level)) => Compression::gzip(level),
        (Method::Zstd, level) => Compression::zstd(level.unwrap_or(ZSTD_LEVEL)),
        (Method::Zlib, level) => Compression::zlib(level.unwrap_or(1)),
        (Method::Deflate, level) => Compression::deflate(level.unwrap_or(1)),
        (Method::Snappy, _) => Ok(Compression::snappy()),
        (Method::SnappyFramed, _) => Ok(Compression::snappy_framed()),
        (Method::Lz4, _) => Ok(Compression::lz4()),
    }
}

fn tls(wanted: &WantedTls) -> Tls {
    let pem = |pem: &WantedPem| match pem {
        WantedPem::File(path) => Pem::File(path.clone()),
        WantedPem::Text(text) => Pem::Text(text.reveal().to_owned()),
    };
    Tls {
        ca: wanted.ca.as_ref().map(pem),
        and_system_ca: wanted.include_system_ca_certs_pool,
        insecure_skip_verify: wanted.insecure_skip_verify,
        client: wanted.own.as_ref().map(|(certificate, key)| (pem(certificate), pem(key))),
        server_name: wanted.server_name_override.clone(),
        versions: match (wanted.min_version, wanted.max_version) {
            (_, TlsVersion::V12) => Versions::Only12,
            (TlsVersion::V13, _) => Versions::Only13,
            (TlsVersion::V12, TlsVersion::V13) => Versions::Both,
        },
    }
}

/// Where an exporter's dead letters are.
pub(crate) fn dead_letter(config: &Config, state_dir: &Path) -> dead_letter::Options {
    let own = || state_dir.join("dead-letter").join(format!("{}.jsonl", config.id.replace('/', "-")));
    let wanted = &config.dead_letter;
    dead_letter::Options {
        path: wanted.path.clone().unwrap_or_else(own),
        max_bytes: wanted.max_megabytes << 20,
        max_backups: wanted.max_backups,
        exporter: config.id.clone(),
    }
}

fn policy(retry: &Retry, partial: PartialSuccess) -> Result<RetryPolicy> {
    let mut soon = Backoff::try_new(retry.initial_interval, retry.multiplier, retry.max_interval)?;
    if let Some(share) = retry.randomization_factor {
        soon = soon.around(share)?;
    }
    let give_up_after = if retry.enabled { retry.max_elapsed_time } else { Some(Duration::ZERO) };
    let partial = match partial {
        PartialSuccess::Bisect => Partial::Bisect,
        PartialSuccess::Whole => Partial::Whole,
    };
    Ok(RetryPolicy { soon, give_up_after, partial, ..RetryPolicy::default() })
}
