//! Exporters.

use super::{Case, ENDPOINT};

const EXPORTERS: &str = "exporters:\n";

pub(super) const CASES: &[Case] = &[
    (
        ENDPOINT,
        "    compression: gzip\n",
        r"error: exporter `otlphttp` lacks `endpoint`
  --> x.yaml:11:3
  hint: `endpoint: http://HOST:4318`",
    ),
    (
        ENDPOINT,
        "    endpoint: localhost:4318\n",
        r"error: `endpoint` of exporter `otlphttp`: `localhost:4318` has no scheme
  --> x.yaml:12:15
  hint: did you mean `http://localhost:4318`?",
    ),
    (
        ENDPOINT,
        "    endpoint: ''\n",
        r"error: `endpoint` of exporter `otlphttp`: the URL is empty
  --> x.yaml:12:15
  hint: write a URL such as `http://clickstack.example:4318`",
    ),
    (
        ENDPOINT,
        "    endpoint: grpc://localhost:4317\n",
        r"error: `endpoint` of exporter `otlphttp`: `grpc` is no scheme for OTLP over HTTP
  --> x.yaml:12:15
  hint: use `http` or `https`",
    ),
    (
        ENDPOINT,
        "    endpoint: http://local host\n",
        r"error: `endpoint` of exporter `otlphttp`: bad URL: invalid international domain name
  --> x.yaml:12:15
  hint: write a URL such as `http://clickstack.example:4318`",
    ),
    (
        ENDPOINT,
        "    endpoint: http://user:pass@localhost\n",
        r"error: `endpoint` of exporter `otlphttp`: a URL with a user name or password would be shown in logs
  --> x.yaml:12:15
  hint: put credentials into `headers`, for example `authorization`",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318?a=b\n",
        r"error: `endpoint` of exporter `otlphttp`: a URL with `?` or `#` is not supported
  --> x.yaml:12:15
  hint: put credentials into `headers`, for example `authorization`",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    compression: brotli\n",
        r"error: `compression` of exporter `otlphttp`: unknown value `brotli`
  --> x.yaml:13:18
  hint: values: `gzip`, `zstd`, `zlib`, `deflate`, `snappy`, `x-snappy-framed`, `lz4`, `none`",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    compression: none\n    compression_params: {level: 3}\n",
        r"error: `compression_params.level` of exporter `otlphttp`: there is no compression to have a level
  --> x.yaml:14:33
  hint: `compression: gzip`",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    compression_params: {level: 30}\n",
        r"error: `compression_params.level` of exporter `otlphttp`: 30 is outside of its range
  --> x.yaml:13:33
  hint: from 1 to 12",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    timeout: 0s\n",
        r"error: `timeout` of exporter `otlphttp`: 0s is outside of its range
  --> x.yaml:13:14
  hint: from 1ms to 24h",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    headers: {content-type: text/plain}\n",
        r"error: `headers` of exporter `otlphttp`: header `content-type` is set by the exporter
  --> x.yaml:13:15
  hint: leave it out",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    headers: {'a b': x}\n",
        r"error: `headers` of exporter `otlphttp`: `a b` is no header name
  --> x.yaml:13:15
  hint: letters, digits and `-` make a name",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    headers: {authorization: 12345}\n",
        r"error: `headers.authorization` of exporter `otlphttp`: expected text, found a number
  --> x.yaml:13:30
  hint: put it in quotes",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    headers: {authorization: \"a\\nb\"}\n",
        r"error: `headers.authorization` of exporter `otlphttp`: a header value cannot hold line feeds or other control characters
  --> x.yaml:13:30
  hint: look for a line feed at the end of the variable",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    headers: {authorization: '${env:CLICKSTACK_API_KEY}'}\n",
        r"error: environment variable `CLICKSTACK_API_KEY` is not set
  --> x.yaml:13:30
  hint: set it, or write `${env:CLICKSTACK_API_KEY:-default}`",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    headers: {authorization: '${file:/etc/key}'}\n",
        r"error: cannot read /etc/key: entity not found
  --> x.yaml:13:30
  hint: write the path of a file that the agent may read",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    headers: {authorization: '${yaml:x}'}\n",
        r"error: `${yaml:…}` is not supported
  --> x.yaml:13:30
  hint: only `${env:NAME}`, `${env:NAME:-default}` and `${file:PATH}` are; write `$$` for a dollar sign",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    retry_on_failure: {multiplier: 0.5, initial_interval: 1m, max_interval: 10s}\n",
        r"error: `retry_on_failure.max_interval` of exporter `otlphttp`: 10s is outside of its range
  --> x.yaml:13:77
  hint: from 1m to 24h

error: `retry_on_failure.multiplier` of exporter `otlphttp`: 0.5 is less than 1
  --> x.yaml:13:36
  hint: `multiplier: 2`",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    sending_queue: {num_consumers: 0}\n",
        r"error: `sending_queue.num_consumers` of exporter `otlphttp`: 0 is outside of its range
  --> x.yaml:13:36
  hint: from 1 to 64",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    sending_queue: {sizer: bytes, queue_size: 10}\n",
        r"error: `sending_queue.queue_size` of exporter `otlphttp`: 10 is outside of its range
  --> x.yaml:13:47
  hint: from 1MiB to 1GiB",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    encoding: xml\n",
        r"error: `encoding` of exporter `otlphttp`: unknown value `xml`
  --> x.yaml:13:15
  hint: values: `proto`, `json`",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    compression: snappy\n    compression_params: {level: 3}\n",
        r"error: `compression_params.level` of exporter `otlphttp`: this method has no levels
  --> x.yaml:14:33
  hint: `compression: gzip`",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    auth: {authenticator: basicauth}\n",
        r"error: `auth` in exporter `otlphttp` is not supported yet
  --> x.yaml:13:5
  hint: put the token into `headers.authorization`",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    tls: {cert_file: /x}\n",
        r"error: `tls` of exporter `otlphttp`: there is a certificate without its key
  --> x.yaml:13:10
  hint: `key_file: PATH`",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    tls: {ca_file: /x, ca_pem: \"-----BEGIN CERTIFICATE-----\"}\n",
        r"error: `tls.ca_pem` of exporter `otlphttp`: there is `ca_file` too
  --> x.yaml:13:32
  hint: keep one of them",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    tls: {cert_file: /x, key_pem: hidden}\n",
        r"error: `tls.key_pem` of exporter `otlphttp`: there is no `-----BEGIN`
  --> x.yaml:13:35
  hint: write the text in PEM, or its file as `…_file`",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    tls: {min_version: 1.1}\n",
        r#"error: `tls.min_version` of exporter `otlphttp`: TLS `1.1` is not spoken
  --> x.yaml:13:24
  hint: values: `"1.2"`, `"1.3"`"#,
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    tls: {min_version: '1.3', max_version: '1.2'}\n",
        r#"error: `tls.max_version` of exporter `otlphttp`: it is less than `min_version`
  --> x.yaml:13:44
  hint: `max_version: "1.3"`"#,
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    tls: {cipher_suites: [TLS_RSA]}\n",
        r"error: `cipher_suites` in `tls` of exporter `otlphttp` is not supported yet
  --> x.yaml:13:11
  hint: leave it out; the safe ones are used",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    proxy_url: socks5://user:hidden@proxy:1080\n",
        r"error: `proxy_url` of exporter `otlphttp`: `socks5` is no scheme of a proxy that is spoken to
  --> x.yaml:13:16
  hint: write `http://HOST:PORT` or `https://HOST:PORT`",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    retry_on_failure: {randomization_factor: 2}\n",
        r"error: `retry_on_failure.randomization_factor` of exporter `otlphttp`: 2 is outside of its range
  --> x.yaml:13:46
  hint: from 0 to 1",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    sending_queue: {storage: file_storage}\n",
        r"error: extension `file_storage` is not defined
  --> x.yaml:13:30
  hint: define it under `extensions:`",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    sending_queue: {storage: file_storage}\nextensions: {file_storage: }\n",
        r"error: `sending_queue.storage` of exporter `otlphttp`: extension `file_storage` is not in `service.extensions`
  --> x.yaml:13:30
  hint: `service: {extensions: [file_storage]}`",
    ),
    (
        "service:\n",
        "  otlp: {endpoint: h:4317, sending_queue: {storage: file_storage/a}}\nextensions: {file_storage/a: , health_check: }\nservice:\n  extensions: [health_check]\n",
        r"error: `sending_queue.storage` of exporter `otlp`: extension `file_storage/a` is not in `service.extensions`
  --> x.yaml:13:53
  hint: `service: {extensions: [health_check, file_storage/a]}`",
    ),
    (
        "service:\n",
        "  otlp: {endpoint: h:4317, sending_queue: {storage: health_check}}\nextensions: {health_check: }\nservice:\n  extensions: [health_check]\n",
        r"error: `sending_queue.storage` of exporter `otlp`: `health_check` stores nothing
  --> x.yaml:13:53
  hint: `storage: file_storage`",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    sending_queue: {storage_limit_mib: 15, storage_max_age: 59s}\n",
        r"error: `sending_queue.storage_limit_mib` of exporter `otlphttp`: 15 is outside of its range
  --> x.yaml:13:40
  hint: from 16 to 1048576

error: `sending_queue.storage_max_age` of exporter `otlphttp`: 59s is outside of its range
  --> x.yaml:13:61
  hint: from 1m to 8784h",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    sending_queue: {storage_limit_mib: 1GiB, storage_max_age: 72}\n",
        r"error: `sending_queue.storage_limit_mib` of exporter `otlphttp`: expected a whole number, not negative, found text
  --> x.yaml:13:40

error: `sending_queue.storage_max_age` of exporter `otlphttp`: a duration needs a unit
  --> x.yaml:13:63
  hint: write a number with a unit, such as `200ms`, `10s`, `5m` or `1h30m`",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    sending_queue: {batch: {min_size: 100, max_size: 10}}\n",
        r"error: `sending_queue.batch.max_size` of exporter `otlphttp`: 10 is less than `min_size` (100)
  --> x.yaml:13:54
  hint: `max_size: 100`",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    sending_queue: {batch: {sizer: bytes}}\n",
        r"error: `sending_queue.batch.sizer` of exporter `otlphttp`: batches are counted in records, not in bytes
  --> x.yaml:13:36
  hint: `sizer: items`",
    ),
    (
        EXPORTERS,
        "exporters:\n  otlp:\n    compression: gzip\n",
        r"error: exporter `otlp` lacks `endpoint`
  --> x.yaml:11:3
  hint: `endpoint: HOST:4317`",
    ),
    (
        EXPORTERS,
        "exporters:\n  otlp:\n    endpoint: localhost\n",
        r"error: `endpoint` of exporter `otlp`: `localhost` has no port
  --> x.yaml:12:15
  hint: did you mean `localhost:4317`?",
    ),
    (
        EXPORTERS,
        "exporters:\n  otlp:\n    endpoint: unix:///run/otlp.sock\n",
        r"error: `endpoint` of exporter `otlp`: `unix` is no scheme for OTLP over gRPC
  --> x.yaml:12:15
  hint: write `HOST:4317`, `http://HOST:4317` or `https://HOST:4317`",
    ),
    (
        EXPORTERS,
        "exporters:\n  otlp:\n    endpoint: http://localhost:4317/v1/logs\n",
        r"error: `endpoint` of exporter `otlp`: a gRPC endpoint has no path
  --> x.yaml:12:15
  hint: did you mean `localhost:4317`?",
    ),
    (
        EXPORTERS,
        "exporters:\n  otlp:\n    endpoint: user:hidden@localhost:4317\n",
        r"error: `endpoint` of exporter `otlp`: an endpoint with a user name or password would be shown in logs
  --> x.yaml:12:15
  hint: put credentials into `headers`, for example `authorization`",
    ),
    (
        EXPORTERS,
        "exporters:\n  otlp:\n    endpoint: localhost:4317\n    compression: lz4\n",
        r"error: `compression` of exporter `otlp`: gRPC has no such method
  --> x.yaml:13:18
  hint: values: `gzip`, `zstd`, `snappy`, `none`",
    ),
    (
        EXPORTERS,
        "exporters:\n  otlp:\n    endpoint: localhost:4317\n    authority: a/b\n",
        r"error: `authority` of exporter `otlp`: `a/b` is no host
  --> x.yaml:13:16
  hint: write `HOST` or `HOST:PORT`",
    ),
    (
        EXPORTERS,
        "exporters:\n  otlp:\n    endpoint: localhost:4317\n    keepalive: {time: 0s}\n",
        r"error: `keepalive.time` of exporter `otlp`: 0s is outside of its range
  --> x.yaml:13:23
  hint: from 1ms to 24h",
    ),
    (
        EXPORTERS,
        "exporters:\n  otlp:\n    endpoint: localhost:4317\n    logs_endpoint: x\n",
        r"error: unknown key `logs_endpoint` in exporter `otlp`
  --> x.yaml:13:5
  hint: keys: `endpoint`, `compression`, `timeout`, `headers`, `tls`, `keepalive`, `authority`, `retry_on_failure`, `sending_queue`, `dead_letter`, `read_buffer_size`, `write_buffer_size`, `wait_for_ready`, `balancer_name`",
    ),
    (
        EXPORTERS,
        "exporters:\n  debug:\n    verbosity: loud\n",
        r"error: `verbosity` of exporter `debug`: unknown value `loud`
  --> x.yaml:12:16
  hint: values: `basic`, `normal`, `detailed`",
    ),
    (
        EXPORTERS,
        "exporters:\n  debug:\n    output_paths: [stdout, stderr]\n",
        r"error: `output_paths` of exporter `debug`: there are 2 of them
  --> x.yaml:12:19
  hint: `output_paths: [stdout]`",
    ),
    (
        EXPORTERS,
        "exporters:\n  debug:\n    output_paths: [/tmp/x]\n",
        r"error: `output_paths[0]` of exporter `debug`: unknown value `/tmp/x`
  --> x.yaml:12:20
  hint: values: `stdout`, `stderr`",
    ),
    (
        EXPORTERS,
        "exporters:\n  file:\n    format: json\n",
        r"error: exporter `file` lacks `path`
  --> x.yaml:11:3
  hint: `path: /var/lib/skidway/logs.json`",
    ),
    (
        EXPORTERS,
        "exporters:\n  file:\n    path: /x\n    compression: gzip\n",
        r"error: `compression` of exporter `file`: unknown value `gzip`
  --> x.yaml:13:18
  hint: values: `zstd`, `none`",
    ),
    (
        EXPORTERS,
        "exporters:\n  file:\n    path: /x\n    append: true\n    rotation: {max_days: 3}\n",
        r"error: `append` of exporter `file`: a file with `rotation` is always appended to
  --> x.yaml:13:13
  hint: leave it out",
    ),
    (
        EXPORTERS,
        "exporters:\n  file:\n    path: /x\n    rotation: {max_megabytes: 0}\n",
        r"error: `rotation.max_megabytes` of exporter `file`: 0 is outside of its range
  --> x.yaml:13:31
  hint: from 1 to 1048576",
    ),
    (
        EXPORTERS,
        "exporters:\n  file:\n    path: /x\n    group_by: {enabled: true}\n",
        r"error: `group_by` in exporter `file` is not supported yet
  --> x.yaml:13:5
  hint: write a `file` exporter for each file, in pipelines of their own",
    ),
    (
        EXPORTERS,
        "exporters:\n  logging:\n    loglevel: debug\n",
        r"error: exporter `logging` is not supported yet
  --> x.yaml:11:3
  hint: it is called `debug` now",
    ),
    (
        EXPORTERS,
        "exporters:\n  file: {path: /x}\n  file/other: {path: /x}\n",
        r"error: `path` of exporter `file/other`: `file` writes to that file
  --> x.yaml:12:22
  hint: give each a file of its own",
    ),
];
