//! The file as a whole, its sections and types.

use super::{BATCH, Case, PROCESSORS};

pub(super) const CASES: &[Case] = &[
    (
        "processors:\n  resource:",
        "processors:\n\tresource:",
        r"error: invalid YAML: tabs disallowed within this context (block indentation)
  --> x.yaml:5:2
  hint: indent with spaces; YAML does not allow tabs",
    ),
    (
        BATCH,
        "    timeout: [10s\n",
        r"error: invalid YAML: illegal placement of ':' indicator
  --> x.yaml:10:10
  hint: check indentation, colons and quotes on this line and the one before",
    ),
    (
        BATCH,
        "    timeout: 10s\n    timeout: 20s\n",
        r"error: key `timeout` is there twice
  --> x.yaml:10:5
  hint: it is first on line 9; keep one of them",
    ),
    (
        BATCH,
        "    timeout: !seconds 10\n",
        r"error: YAML tags such as `!seconds` are not supported
  --> x.yaml:9:14
  hint: leave the tag out",
    ),
    (
        "exporters:\n",
        "exporters:\n---\n",
        r"error: a second YAML document begins here
  --> x.yaml:11:1
  hint: one document a file; give several files with several `--config`",
    ),
    (
        "exporters:\n",
        "exporter:\n",
        r"error: unknown key `exporter`
  --> x.yaml:10:1
  hint: did you mean `exporters`?

error: exporter `otlphttp` is not defined
  --> x.yaml:18:19
  hint: define it under `exporters:`",
    ),
    (
        PROCESSORS,
        "connectors: {}\nprocessors:\n",
        r"error: `connectors` is not supported
  --> x.yaml:4:1
  hint: Skidway has none; send each pipeline to its exporter",
    ),
    (
        "receivers:\n  filelog:\n    include: [/var/log/syslog]\n",
        "receivers: [filelog]\n",
        r"error: `receivers` must be a map of ids and settings
  --> x.yaml:1:12
  hint: write `filelog:` on a line of its own below it",
    ),
    (
        "service:\n",
        "services:\n",
        r"error: unknown key `services`
  --> x.yaml:13:1
  hint: did you mean `service`?

error: `service` is missing
  --> x.yaml:1:1
  hint: `service: {pipelines: {logs: {receivers: [filelog], processors: [batch], exporters: [otlphttp]}}}`",
    ),
    (
        "  filelog:\n",
        "  filelgo:\n",
        r"error: unknown type of receiver `filelgo`
  --> x.yaml:2:3
  hint: did you mean `filelog`?

error: receiver `filelog` is not defined
  --> x.yaml:16:19
  hint: define it under `receivers:`",
    ),
    (
        "  filelog:\n",
        "  journals:\n",
        r"error: unknown type of receiver `journals`
  --> x.yaml:2:3
  hint: types: `filelog`

error: receiver `filelog` is not defined
  --> x.yaml:16:19
  hint: define it under `receivers:`",
    ),
    (
        "  batch:\n",
        "  transform:\n",
        r"error: unknown key `timeout` in processor `transform`
  --> x.yaml:9:5
  hint: keys: `component`, `config`, `limits`, `sha256`, `swap`

error: processor `batch` is not defined
  --> x.yaml:17:30
  hint: defined: `resource`, `transform`",
    ),
    (
        "  otlphttp:\n",
        "  clickhouse:\n",
        r"error: exporter `otlphttp` is not defined
  --> x.yaml:18:19
  hint: defined: `clickhouse`",
    ),
    (
        "  otlphttp:\n",
        "  logging/x:\n",
        r"error: exporter `logging` is not supported yet
  --> x.yaml:11:3
  hint: it is called `debug` now

error: exporter `otlphttp` is not defined
  --> x.yaml:18:19
  hint: define it under `exporters:`",
    ),
    (
        "  filelog:\n    include: [/var/log/syslog]\n",
        "  filelog:\n    include: [/var/log/syslog]\n  file_log:\n    include: [/var/log/syslog]\n",
        r"error: receiver `file_log` is `filelog` by another name
  --> x.yaml:4:3
  hint: keep one of them",
    ),
    (
        PROCESSORS,
        "extensions: {health_check: {endpoint: localhost, path: health}, zpage: {}}\nprocessors:\n",
        r"error: `endpoint` of extension `health_check`: `localhost` has no port
  --> x.yaml:4:39
  hint: `endpoint: localhost:13133`

error: `path` of extension `health_check`: `health` does not begin with `/`
  --> x.yaml:4:56
  hint: `path: /health`

error: unknown type of extension `zpage`
  --> x.yaml:4:65
  hint: types: `file_storage`, `health_check`",
    ),
];
