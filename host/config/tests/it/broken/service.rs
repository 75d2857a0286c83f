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
        "  telemetry: {logs: {level: warning}, traces: {}}\n  pipelines:\n",
        r"error: `telemetry.logs.level` of `service`: unknown value `warning`
  --> x.yaml:14:29
  hint: did you mean `warn`?

error: `traces` in `telemetry` of `service` is not supported yet
  --> x.yaml:14:39
  hint: leave it out",
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
    (
        "service:\n",
        "service:\n  telemetry: {metrics: {readers: [{periodic: {interval: 10000}}]}}\n",
        r"error: `periodic` in `telemetry.metrics.readers[0]` of `service` is not supported yet
  --> x.yaml:14:36
  hint: let Prometheus fetch them: `pull: {exporter: {prometheus: {port: 8888}}}`",
    ),
    (
        "service:\n",
        "service:\n  telemetry: {metrics: {address: localhost}}\n",
        r"error: `telemetry.metrics.address` of `service`: `localhost` has no port
  --> x.yaml:14:34
  hint: `address: localhost:8888`",
    ),
    (
        "service:\n",
        "service:\n  telemetry: {metrics: {level: some}}\n",
        r"error: `telemetry.metrics.level` of `service`: unknown value `some`
  --> x.yaml:14:32
  hint: values: `none`, `basic`, `normal`, `detailed`",
    ),
    (
        "service:\n",
        "service:\n  telemetry: {metrics: {address: 'localhost:1', readers: [{pull: {}}]}}\n",
        r"error: `telemetry.metrics.readers` of `service`: there is more than one
  --> x.yaml:14:58
  hint: keep one of them",
    ),
    (
        "service:\n",
        "service:\n  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {port: 70000}}}}]}}\n",
        r"error: `telemetry.metrics.readers[0].pull.exporter.prometheus.port` of `service`: expected a whole number, not negative, found a number
  --> x.yaml:14:73",
    ),
    (
        "service:\n",
        "extensions:\n  zpages:\n  bearertokenauth: {token: x}\nservice:\n",
        r"error: extension `zpages` is not supported yet
  --> x.yaml:14:3
  hint: leave it out; `service.telemetry.metrics` and the log say how it goes

error: extension `bearertokenauth` is not supported yet
  --> x.yaml:15:3
  hint: put `Bearer …` into `headers.authorization` of the exporter",
    ),
];
