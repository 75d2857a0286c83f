//! otlphttp exporters.

use super::{Case, ENDPOINT};

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
        "    endpoint: http://localhost:4318\n    compression: snappy\n",
        r"error: `compression` of exporter `otlphttp`: unknown value `snappy`
  --> x.yaml:13:18
  hint: values: `gzip`, `zstd`, `none`",
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
        "    endpoint: http://localhost:4318\n    tls: {cert_file: /x}\n",
        r"error: `cert_file` in `tls` of exporter `otlphttp` is not supported yet
  --> x.yaml:13:11
  hint: client certificates come with a later version",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    proxy_url: http://proxy\n",
        r"error: `proxy_url` in exporter `otlphttp` is not supported yet
  --> x.yaml:13:5
  hint: set HTTP_PROXY or HTTPS_PROXY in the environment",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    retry_on_failure: {enabled: false}\n",
        r"error: `retry_on_failure.enabled` of exporter `otlphttp`: a batch that failed is always sent again; until then its lines wait in their file
  --> x.yaml:13:33
  hint: leave it out",
    ),
    (
        ENDPOINT,
        "    endpoint: http://localhost:4318\n    retry_on_failure: {multiplier: 0.5, initial_interval: 1m, max_interval: 10s}\n",
        r"error: `retry_on_failure.max_interval` of exporter `otlphttp`: 10s is outside of its range
  --> x.yaml:13:77
  hint: from 1m to 24h

error: `retry_on_failure.multiplier` of exporter `otlphttp`: 0.5 is less than 1
  --> x.yaml:13:36
  hint: `multiplier: 1.5`",
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
        "    endpoint: http://localhost:4318\n    sending_queue: {storage: file_storage}\n",
        r"error: `storage` in `sending_queue` of exporter `otlphttp` is not supported yet
  --> x.yaml:13:21
  hint: leave it out; the log file is the queue",
    ),
];
