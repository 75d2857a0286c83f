//! Processors.

use super::{BATCH, Case, ENTRY, PROCESSORS};

pub(super) const CASES: &[Case] = &[
    (
        PROCESSORS,
        "processors:\n  resourcedetection: {}\n",
        r"error: processor `resourcedetection` lacks `detectors`
  --> x.yaml:5:3
  hint: `detectors: [ec2, system]`",
    ),
    (
        PROCESSORS,
        "processors:\n  resourcedetection: {detectors: [ec3, env, gcp, system, system]}\n",
        r"error: `detectors` of processor `resourcedetection`: there is no detector `ec3`
  --> x.yaml:5:35
  hint: did you mean `ec2`?

error: `detectors` of processor `resourcedetection`: there is no detector `gcp`
  --> x.yaml:5:45
  hint: detectors: `ec2`, `system`, `env`

error: `detectors` of processor `resourcedetection`: `system` is there twice
  --> x.yaml:5:58
  hint: keep one",
    ),
    (
        PROCESSORS,
        "processors:\n  resourcedetection: {detectors: [ec2], ec2: {tags: ['^Name', '(Team']}}\n",
        r"error: `ec2.tags[1]` of processor `resourcedetection`: bad regular expression `(Team`: unclosed group
  --> x.yaml:5:63
  hint: RE2 syntax, without look-around",
    ),
    (
        PROCESSORS,
        "processors:\n  resourcedetection: {detectors: [ec2], ec2: {resource_attributes: {host.nam: {enabled: false}}}, system: {hostname_sources: [mdns]}}\n",
        r"error: `system.hostname_sources[0]` of processor `resourcedetection`: unknown value `mdns`
  --> x.yaml:5:127
  hint: did you mean `dns`?",
    ),
    (
        PROCESSORS,
        "processors:\n  resourcedetection: {detectors: [ec2], refresh_interval: 1s, wait: 2h}\n",
        r"error: `refresh_interval` of processor `resourcedetection`: 1s is too often
  --> x.yaml:5:59
  hint: at least `10s`, or `0s` to ask once

error: `wait` of processor `resourcedetection`: 2h is outside of its range
  --> x.yaml:5:69
  hint: from 0s to 1h",
    ),
    (
        ENTRY,
        "      - {key: service.name, value: host-logs, action: insrt}\n",
        r"error: `attributes[0].action` of processor `resource`: `insrt` is unknown; there are insert, update, upsert, delete, hash, extract, convert
  --> x.yaml:7:55",
    ),
    (
        ENTRY,
        "      - {key: service.name, value: host-logs}\n",
        r"error: `attributes[0].action` of processor `resource`: it is missing: write insert, update, upsert, delete, hash, extract or convert
  --> x.yaml:7:9",
    ),
    (
        ENTRY,
        "      - {value: host-logs, action: insert}\n",
        r"error: `attributes[0].key` of processor `resource`: it is missing: name the attribute
  --> x.yaml:7:9",
    ),
    (
        ENTRY,
        "      - {key: service.name, action: insert}\n",
        r"error: `attributes[0].value` of processor `resource`: it is missing: write `value` or `from_attribute`
  --> x.yaml:7:9",
    ),
    (
        ENTRY,
        "      - {key: service.name, pattern: (x, action: extract}\n",
        r"error: `attributes[0].pattern` of processor `resource`: unclosed group
  --> x.yaml:7:38",
    ),
    (
        ENTRY,
        "      - {key: service.name, vlaue: x, action: insert}\n",
        r"error: `attributes[0]` of processor `resource`: unknown field `vlaue`, expected one of `action`, `key`, `value`, `from_attribute`, `pattern`, `converted_type`
  --> x.yaml:7:9",
    ),
    (
        ENTRY,
        "      - {key: service.name, from_attribute: x, value: y, action: insert}\n",
        r"error: `attributes[0].from_attribute` of processor `resource`: there is a `value` already: keep one of them
  --> x.yaml:7:45",
    ),
    (
        PROCESSORS,
        "processors:\n  transform/mine:\n    log_statements:\n      - context: log\n        statements:\n          - set(severity_number, 9)\n",
        r"error: processor `transform/mine` has OTTL statements, which are not supported: `set(severity_number, 9)`
  --> x.yaml:9:13
  hint: do it in a component: `wasm/mine: {component: ./mine.wasm}`, or write `component: clickstack` for what ClickStack's gateway does",
    ),
    (
        ENTRY,
        "      []\n",
        r"error: processor `resource` lacks `attributes`
  --> x.yaml:5:3
  hint: `attributes: [{key: service.name, value: host-logs, action: insert}]`",
    ),
    (
        PROCESSORS,
        "processors:\n  filter: {logs: {log_record: ['IsMatch(body, \"x\")']}}\n",
        r#"error: processor `filter` has an OTTL condition, which is not supported: `IsMatch(body, "x")`
  --> x.yaml:5:32
  hint: choose records by `logs: {include: {match_type: regexp, bodies: [...]}}` or `exclude`, or do it in a component: `wasm/mine: {component: ./mine.wasm}`"#,
    ),
    (
        PROCESSORS,
        "processors:\n  filter: {}\n",
        r"error: processor `filter` lacks `logs`
  --> x.yaml:5:3
  hint: `logs: {exclude: {match_type: regexp, bodies: [healthcheck]}}`",
    ),
    (
        PROCESSORS,
        "processors:\n  attributes: {include: {match_type: strict, resources: []}}\n",
        r"error: processor `attributes` lacks `actions`
  --> x.yaml:5:3
  hint: `actions: [{key: team, value: web, action: insert}]`

error: `include.resources` of processor `attributes`: a component sees no resource and no library
  --> x.yaml:5:57
  hint: choose by bodies, attributes or severity",
    ),
    (
        BATCH,
        "    timeout: 10\n",
        r"error: `timeout` of processor `batch`: a duration needs a unit
  --> x.yaml:9:14
  hint: write a number with a unit, such as `200ms`, `10s`, `5m` or `1h30m`",
    ),
    (
        BATCH,
        "    send_batch_size: -1\n",
        r"error: `send_batch_size` of processor `batch`: expected a whole number, not negative, found a negative number
  --> x.yaml:9:22",
    ),
    (
        BATCH,
        "    send_batch_size: many\n",
        r"error: `send_batch_size` of processor `batch`: expected a whole number, not negative, found text
  --> x.yaml:9:22",
    ),
    (
        BATCH,
        "    send_batch_size: 100\n    send_batch_max_size: 10\n",
        r"error: `send_batch_max_size` of processor `batch`: 10 is less than `send_batch_size`, 100
  --> x.yaml:10:26
  hint: at least as much, or 0 for no such bound",
    ),
    (
        BATCH,
        "    metadata_keys: [a]\n",
        r"error: `metadata_keys` in processor `batch` is not supported yet
  --> x.yaml:9:5
  hint: leave it out",
    ),
    (
        PROCESSORS,
        "processors:\n  wasm/x: {}\n",
        r"error: processor `wasm/x` lacks `component`
  --> x.yaml:5:3
  hint: `component: severity`, or the path of a .wasm file",
    ),
    (
        PROCESSORS,
        "processors:\n  wasm/x: {component: severty}\n",
        r"error: `component` of processor `wasm/x`: there is no component `severty`
  --> x.yaml:5:23
  hint: did you mean `severity`?",
    ),
    (
        PROCESSORS,
        "processors:\n  memory_limiter: {limit_mib: 512, limit_percentage: 150}\n",
        r"error: `limit_percentage` of processor `memory_limiter`: 150 is outside of its range
  --> x.yaml:5:54
  hint: from 0 to 100",
    ),
    (
        PROCESSORS,
        "processors:\n  resourcedetection: {detectors: [ec2], retry: {multiplier: 0, randomization_factor: 3, initial_interval: 0s}}\n",
        r"error: `retry.initial_interval` of processor `resourcedetection`: 0s is outside of its range
  --> x.yaml:5:107
  hint: from 1ms to 24h

error: `retry.multiplier` of processor `resourcedetection`: 0 is outside of its range
  --> x.yaml:5:61
  hint: from 1 to 1000

error: `retry.randomization_factor` of processor `resourcedetection`: 3 is outside of its range
  --> x.yaml:5:86
  hint: from 0 to 1",
    ),
    (
        PROCESSORS,
        "processors:\n  resourcedetection: {detectors: [ec2], ec2: {max_attempts: 0, max_backoff: 5h}}\n",
        r"error: `ec2.max_attempts` of processor `resourcedetection`: 0 is outside of its range
  --> x.yaml:5:61
  hint: from 1 to 100

error: `ec2.max_backoff` of processor `resourcedetection`: 5h is outside of its range
  --> x.yaml:5:77
  hint: from 0s to 1h",
    ),
    (
        PROCESSORS,
        "processors:\n  resourcedetection: {detectors: [system], system: {resource_attributes: {host.mak: {enabled: true}}}}\n",
        r"error: `system.resource_attributes` of processor `resourcedetection`: the detector does not set `host.mak`
  --> x.yaml:5:85
  hint: did you mean `host.mac`?",
    ),
    (
        PROCESSORS,
        "processors:\n  resourcedetection: {detectors: [system], env: {}}\n",
        r"error: unknown key `env` in processor `resourcedetection`
  --> x.yaml:5:44
  hint: keys: `detectors`, `timeout`, `override`, `refresh_interval`, `wait`, `attributes`, `fail_on_missing_metadata`, `retry`, `ec2`, `system`",
    ),
];
