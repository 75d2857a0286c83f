//! Pipelines, extensions and telemetry.

use super::{Case, PIPELINE, PROCESSORS};

pub(super) const CASES: &[Case] = &[
    (
        "    logs:\n",
        "    metrics:\n",
        r"error: pipeline `metrics` is not for logs
  --> x.yaml:15:5
  hint: Skidway moves logs only: call it `logs` or `logs/NAME`",
    ),
    (
        "    logs:\n",
        "    logs/:\n      receivers: []\n      exporters: []\n    log:\n",
        r"error: pipeline `logs/` has no receivers
  --> x.yaml:16:18
  hint: `receivers: [filelog]`

error: pipeline `logs/` has no exporters
  --> x.yaml:17:18
  hint: `exporters: [otlphttp]`

error: pipeline `log` is not for logs
  --> x.yaml:18:5
  hint: Skidway moves logs only: call it `logs` or `logs/NAME`",
    ),
    (
        PIPELINE,
        "      receivers: [filelog/system]\n",
        r"error: receiver `filelog/system` is not defined
  --> x.yaml:16:19
  hint: did you mean `filelog`?",
    ),
    (
        PIPELINE,
        "      receivers: filelog\n",
        r"error: `receivers` of pipeline `logs`: expected a list, found text
  --> x.yaml:16:18
  hint: write `[…]`, or one `- …` a line",
    ),
    (
        "      processors: [resource, batch]\n",
        "      processors: [resource, batch, batch, wasm/x]\n",
        r"error: processor `batch` is in pipeline `logs` twice
  --> x.yaml:17:37
  hint: keep one

error: processor `wasm/x` is not defined
  --> x.yaml:17:44
  hint: defined: `resource`, `batch`",
    ),
    (
        "      exporters: [otlphttp]\n",
        "      exporters: [otlphttp, otlphttp]\n",
        r"error: exporter `otlphttp` is in pipeline `logs` twice
  --> x.yaml:18:29
  hint: keep one",
    ),
    (
        "      exporters: [otlphttp]\n",
        "      exporters: [debug]\n",
        r"error: exporter `debug` is not defined
  --> x.yaml:18:19
  hint: defined: `otlphttp`",
    ),
    (
        "      exporters: [otlphttp]\n",
        "",
        r"error: pipeline `logs` has no exporters
  --> x.yaml:15:5
  hint: `exporters: [otlphttp]`",
    ),
    (
        "      receivers: [filelog]\n",
        "      receivers: [filelog, filelog]\n",
        r"error: receiver `filelog` is in pipeline `logs` twice
  --> x.yaml:16:28
  hint: keep one",
    ),
    (
        "  pipelines:\n",
        "  telemetry: {logs: {level: warning}, metrics: {}}\n  pipelines:\n",
        r"error: `telemetry.logs.level` of `service`: unknown value `warning`
  --> x.yaml:14:29
  hint: did you mean `warn`?

error: `metrics` in `telemetry` of `service` is not supported yet
  --> x.yaml:14:39
  hint: Skidway's own metrics come with a later version",
    ),
    (
        "  pipelines:\n",
        "  extensions: [file_storage]\n  pipelines:\n",
        r"error: extension `file_storage` is not defined
  --> x.yaml:14:16
  hint: define it under `extensions:`",
    ),
    (
        "    logs:\n      receivers: [filelog]\n      processors: [resource, batch]\n      exporters: [otlphttp]\n",
        "    {}\n",
        r"error: `service` has no pipelines
  --> x.yaml:13:1
  hint: `service: {pipelines: {logs: {receivers: [filelog], processors: [batch], exporters: [otlphttp]}}}`",
    ),
    (
        "service:\n",
        "extensions: {file_storage/a: {directory: /a}, file_storage/b: {directory: /b}}\nservice:\n  extensions: [file_storage/a, file_storage/b]\n",
        r"error: `file_storage/a` and `file_storage/b` name two different directories
  --> x.yaml:15:32
  hint: there is one state folder: use one `file_storage`",
    ),
    (
        "  pipelines:\n",
        "  telemetry: {logs: {level: loud}}\n  pipelines:\n",
        r"error: `telemetry.logs.level` of `service`: unknown value `loud`
  --> x.yaml:14:29
  hint: values: `debug`, `info`, `warn`, `error`",
    ),
    (
        "      processors: [resource, batch]\n",
        "      processors: [resource, batch, transform]\n",
        r"error: processor `transform` is not defined
  --> x.yaml:17:37
  hint: defined: `resource`, `batch`",
    ),
    (
        PROCESSORS,
        "processors:\n  batch/b: {timeout: 2h}\n",
        r"error: `timeout` of processor `batch/b`: 2h is outside of its range
  --> x.yaml:5:22
  hint: from 0s to 1h",
    ),
    (
        PROCESSORS,
        "processors:\n  wasm/x: {component: severity, configs: {}}\n",
        r"error: unknown key `configs` in processor `wasm/x`
  --> x.yaml:5:33
  hint: did you mean `config`?",
    ),
];
