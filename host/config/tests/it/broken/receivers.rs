//! filelog receivers.

use super::{Case, INCLUDE};

pub(super) const CASES: &[Case] = &[
    (
        INCLUDE,
        "    include: []\n",
        r"error: receiver `filelog` lacks `include`
  --> x.yaml:2:3
  hint: name files to read: `include: [/var/log/syslog]`",
    ),
    (
        INCLUDE,
        "    exclude: [/x]\n",
        r"error: receiver `filelog` lacks `include`
  --> x.yaml:2:3
  hint: name files to read: `include: [/var/log/syslog]`",
    ),
    (
        INCLUDE,
        "    include: /var/log/syslog\n",
        r"error: `include` of receiver `filelog`: expected a list, found text
  --> x.yaml:3:14
  hint: write `[…]`, or one `- …` a line",
    ),
    (
        INCLUDE,
        "    include: [5, /x, {a: b}]\n",
        r"error: `include[0]` of receiver `filelog`: expected text, found a number
  --> x.yaml:3:15
  hint: put it in quotes

error: `include[2]` of receiver `filelog`: expected text, found a map
  --> x.yaml:3:22",
    ),
    (
        INCLUDE,
        "    include: ['/var/log/[a.log']\n",
        r"error: `include[0]` of receiver `filelog`: bad glob `/var/log/[a.log`: unclosed character class; missing ']'
  --> x.yaml:3:15
  hint: `*`, `**`, `?`, `[a-z]` and `{a,b}` have a meaning; `\` before one takes it away",
    ),
    (
        INCLUDE,
        "    include: ['']\n",
        r"error: `include[0]` of receiver `filelog`: an empty glob matches no file
  --> x.yaml:3:15
  hint: write a path such as `/var/log/*.log`",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    parser: auto\n    operators: [{type: noop}]\n",
        r"error: `operators` of receiver `filelog`: goes with `operators`, and `parser` is there
  --> x.yaml:5:16
  hint: leave one of them out: a parser finds entries by itself",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    operators: {type: noop}\n",
        r"error: `operators` of receiver `filelog`: expected a list, found a map
  --> x.yaml:4:16",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    operators: [{type: time_parser, location: Mars}]\n",
        r"error: `operators` of receiver `filelog`: there is no time zone `Mars`
  --> x.yaml:4:47
  hint: `Local`, `UTC`, or a name such as `Europe/Berlin`",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    encoding: utf-16el\n",
        r"error: `encoding` of receiver `filelog`: there is no encoding `utf-16el`
  --> x.yaml:4:15
  hint: did you mean `utf-16le`?",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    encoding: iso-2022-kr\n",
        r"error: `encoding` of receiver `filelog`: `iso-2022-kr` is not supported
  --> x.yaml:4:15
  hint: convert the file to UTF-8",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    encoding: latin-one\n",
        r"error: `encoding` of receiver `filelog`: there is no encoding `latin-one`
  --> x.yaml:4:15
  hint: encodings: `utf-8`, `utf-16le`, `utf-16be`, `iso-8859-1`, `iso-8859-15`, `windows-1250`, `windows-1251`, `windows-1252`, `koi8-r`, `shift_jis`, `euc-jp`, `euc-kr`, `gb18030`, `big5`",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    encoding: nop\n",
        r"error: `encoding` of receiver `filelog`: `nop` is not supported: records hold text
  --> x.yaml:4:15
  hint: `utf-8`, which puts U+FFFD in the place of invalid bytes",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    max_log_size_behavior: cut\n",
        r"error: `max_log_size_behavior` of receiver `filelog`: unknown value `cut`
  --> x.yaml:4:28
  hint: values: `split`, `truncate`",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    max_concurrent_files: 1\n",
        r"error: `max_concurrent_files` of receiver `filelog`: 1 is outside of its range
  --> x.yaml:4:27
  hint: from 2 to 1048576",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    compression: zstd\n",
        r"error: `compression` of receiver `filelog`: unknown value `zstd`
  --> x.yaml:4:18
  hint: values: `gzip`, `auto`",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    ordering_criteria: {regex: x}\n",
        r"error: `ordering_criteria` of receiver `filelog`: lacks `sort_by`
  --> x.yaml:4:24
  hint: give at least one rule: `sort_by: [{sort_type: mtime}]`",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    ordering_criteria: {regex: '(', group_by: '[', top_n: -1, sort_by: mtime}\n",
        r"error: `ordering_criteria.regex` of receiver `filelog`: bad regular expression `(`: unclosed group
  --> x.yaml:4:32
  hint: RE2 syntax, without look-around

error: `ordering_criteria.group_by` of receiver `filelog`: bad regular expression `[`: unclosed character class
  --> x.yaml:4:47
  hint: RE2 syntax, without look-around

error: `ordering_criteria.top_n` of receiver `filelog`: expected a whole number, not negative, found a negative number
  --> x.yaml:4:59

error: `ordering_criteria.sort_by` of receiver `filelog`: expected a list, found text
  --> x.yaml:4:72
  hint: write `[…]`, or one `- …` a line",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    ordering_criteria: {regex: x, sort_by: [{sort_type: size, format: x}]}\n",
        r"error: `ordering_criteria.sort_by[0].sort_type` of receiver `filelog`: unknown value `size`
  --> x.yaml:4:57
  hint: values: `numeric`, `alphabetical`, `timestamp`, `mtime`

error: unknown key `format` in `ordering_criteria.sort_by[0]` of receiver `filelog`
  --> x.yaml:4:63
  hint: keys: `sort_type`, `regex_key`, `ascending`, `layout`, `location`",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    ordering_criteria:\n      group_by: x\n      sort_by: [{sort_type: numeric, regex_key: n}, {}, {sort_type: mtime, layout: x}]\n",
        r"error: `ordering_criteria.group_by` of receiver `filelog`: it has no group
  --> x.yaml:5:17
  hint: put the part that names the group of files into `(...)`

error: `ordering_criteria.sort_by[0]` of receiver `filelog`: there is no `regex`
  --> x.yaml:6:17
  hint: write a pattern for the path under `ordering_criteria.regex`, with a group for each rule

error: `ordering_criteria.sort_by[1]` of receiver `filelog`: lacks `sort_type`
  --> x.yaml:6:53
  hint: `numeric`, `alphabetical`, `timestamp` or `mtime`

error: `ordering_criteria.sort_by[2].layout` of receiver `filelog`: goes with `sort_type: timestamp`
  --> x.yaml:6:84
  hint: leave it out",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    ordering_criteria:\n      regex: '(?P<day>x)'\n      sort_by:\n        - {sort_type: numeric, regex_key: date}\n        - {sort_type: timestamp, regex_key: day, location: Mars}\n        - {sort_type: alphabetical}\n        - {sort_type: mtime, regex_key: day}\n",
        r"error: `ordering_criteria.sort_by[0].regex_key` of receiver `filelog`: `regex` has no group `date`
  --> x.yaml:7:43
  hint: write one as `(?P<date>...)`

error: `ordering_criteria.sort_by[1]` of receiver `filelog`: lacks `layout`
  --> x.yaml:8:11
  hint: say how the time is written: `layout: '%Y%m%d'`

error: `ordering_criteria.sort_by[1].location` of receiver `filelog`: there is no time zone `Mars`
  --> x.yaml:8:60
  hint: `UTC`, or a name such as `Europe/Berlin`

error: `ordering_criteria.sort_by[2]` of receiver `filelog`: lacks `regex_key`
  --> x.yaml:9:11
  hint: name a group of `regex`: `(?P<name>...)`

error: `ordering_criteria.sort_by[3].regex_key` of receiver `filelog`: `mtime` looks at no name
  --> x.yaml:10:41
  hint: leave it out",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    multiline: {line_start_patern: x}\n",
        r"error: unknown key `line_start_patern` in `multiline` of receiver `filelog`
  --> x.yaml:4:17
  hint: did you mean `line_start_pattern`?",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    start_at: End\n",
        r"error: `start_at` of receiver `filelog`: unknown value `End`
  --> x.yaml:4:15
  hint: did you mean `end`?",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    poll_interval: 5 s\n",
        r"error: `poll_interval` of receiver `filelog`: `5 s` is no duration
  --> x.yaml:4:20
  hint: write a number with a unit, such as `200ms`, `10s`, `5m` or `1h30m`",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    poll_interval: 0s\n",
        r"error: `poll_interval` of receiver `filelog`: 0s is outside of its range
  --> x.yaml:4:20
  hint: from 1ms to 1h",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    force_flush_period: -1s\n",
        r"error: `force_flush_period` of receiver `filelog`: `-1s` is a negative duration
  --> x.yaml:4:25
  hint: write a number with a unit, such as `200ms`, `10s`, `5m` or `1h30m`",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    fingerprint_size: 8\n",
        r"error: `fingerprint_size` of receiver `filelog`: 8 is outside of its range
  --> x.yaml:4:23
  hint: from 16 to 64KiB",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    max_log_size: 1 megabyte\n",
        r"error: `max_log_size` of receiver `filelog`: `1 megabyte` is no size
  --> x.yaml:4:19
  hint: write bytes, such as `1048576`, `1MiB` or `1kb`",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    max_log_size: 1GiB\n",
        r"error: `max_log_size` of receiver `filelog`: 1GiB is outside of its range
  --> x.yaml:4:19
  hint: from 1KiB to 16MiB",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    include_file_name: yes\n",
        r"error: `include_file_name` of receiver `filelog`: expected `true` or `false`, found text
  --> x.yaml:4:24",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    parser: auto\n    attributes: {a: EXPR(body)}\n",
        r"error: `attributes.a` of receiver `filelog`: expressions go with `operators`, not with `parser`
  --> x.yaml:5:21
  hint: write the value itself",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    attributes: {a: [b]}\n",
        r"error: `attributes.a` of receiver `filelog`: expected text, found a list
  --> x.yaml:4:21",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    timezone: Berlin\n",
        r"error: `timezone` of receiver `filelog`: there is no time zone `Berlin`
  --> x.yaml:4:15
  hint: `local`, `UTC`, or a name such as `Europe/Berlin`",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    parser: unbuntu\n",
        r"error: `parser` of receiver `filelog`: there is no component `unbuntu`
  --> x.yaml:4:13
  hint: did you mean `ubuntu`?",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    parser: journald\n",
        r"error: `parser` of receiver `filelog`: there is no component `journald`
  --> x.yaml:4:13
  hint: built in: FORMATS, `auto`; or the path of a .wasm file; or put its file into /etc/skidway/processors",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    parser: ''\n",
        r"error: `parser` of receiver `filelog`: empty
  --> x.yaml:4:13
  hint: `auto`, a parser's name or FILE.wasm",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    parser: [ubuntu]\n",
        r"error: `parser` of receiver `filelog`: expected `auto`, a parser's name, FILE.wasm, or a map with `component`, found a list
  --> x.yaml:4:13",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    parser: {config: {}}\n",
        r"error: `parser` of receiver `filelog`: lacks `component`
  --> x.yaml:4:13
  hint: `component: auto`, a parser's name or FILE.wasm",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    parser: {component: auto, config: {a: 1}}\n",
        r"error: `parser.config` of receiver `filelog`: `auto` takes no settings
  --> x.yaml:4:39
  hint: name the parser that they are for in `component`",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    parser: {component: ubuntu, limit: {}}\n",
        r"error: unknown key `limit` in `parser` of receiver `filelog`
  --> x.yaml:4:33
  hint: did you mean `limits`?",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    parser:\n      component: debian\n",
        r"error: `parser` of receiver `filelog`: there is no component `debian`
  --> x.yaml:5:18
  hint: built in: FORMATS, `auto`; or the path of a .wasm file; or put its file into /etc/skidway/processors",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    parser: {component: ubuntu, limits: {memory: 1kb, cpu: 1h}}\n",
        r"error: `parser.limits.memory` of receiver `filelog`: 1000 is outside of its range
  --> x.yaml:4:50
  hint: from 1MiB to 4GiB

error: `parser.limits.cpu` of receiver `filelog`: 1h is outside of its range
  --> x.yaml:4:60
  hint: from 1ms to 1m",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    parser:\n      component: ubuntu\n      limits:\n        output: 1kb\n        log_lines: 10001\n        size: 2GiB\n        compile_memory: 1MiB\n        compile_time: 10ms\n",
        r"error: `parser.limits.output` of receiver `filelog`: 1000 is outside of its range
  --> x.yaml:7:17
  hint: from 1MiB to 1GiB

error: `parser.limits.log_lines` of receiver `filelog`: 10001 is outside of its range
  --> x.yaml:8:20
  hint: from 0 to 10000

error: `parser.limits.size` of receiver `filelog`: 2GiB is outside of its range
  --> x.yaml:9:15
  hint: from 4KiB to 1GiB

error: `parser.limits.compile_memory` of receiver `filelog`: 1MiB is outside of its range
  --> x.yaml:10:25
  hint: from 256MiB to 64GiB

error: `parser.limits.compile_time` of receiver `filelog`: 10ms is outside of its range
  --> x.yaml:11:23
  hint: from 1s to 1h",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    parser: {component: auto, sha256: 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff}\n",
        r"error: `parser.sha256` of receiver `filelog`: `auto` is not one component
  --> x.yaml:4:39
  hint: name the parser that it is of in `component`",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    parser: {component: ./x.wasm, sha256: 12345, swap: {mode: shaddow, chunks: 0, accept: no_fewer_fields, rollback: 2d}}\n",
        r"error: `parser.sha256` of receiver `filelog`: it is no SHA-256 digest
  --> x.yaml:4:43
  hint: 64 hexadecimal digits, as `sha256sum` and `skidway inspect` print them

error: `parser.swap.mode` of receiver `filelog`: unknown value `shaddow`
  --> x.yaml:4:63
  hint: did you mean `shadow`?

error: `parser.swap.accept` of receiver `filelog`: unknown value `no_fewer_fields`
  --> x.yaml:4:91
  hint: did you mean `no-fewer-fields`?

error: `parser.swap.rollback` of receiver `filelog`: `2d` is no duration
  --> x.yaml:4:118
  hint: write a number with a unit, such as `200ms`, `10s`, `5m` or `1h30m`",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    parser: {component: ./x.wasm, swap: {chunks: 0, rollback: 48h}}\n",
        r"error: `parser.swap.chunks` of receiver `filelog`: 0 is outside of its range
  --> x.yaml:4:50
  hint: from 1 to 1000000

error: `parser.swap.rollback` of receiver `filelog`: 48h is outside of its range
  --> x.yaml:4:63
  hint: from 0s to 24h",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    parser: oci://acme/nginx:1\n",
        r"error: `parser` of receiver `filelog`: `oci://acme/nginx:1`: it names no registry
  --> x.yaml:4:13
  hint: `oci://HOST/NAME:TAG`, or `oci://HOST/NAME@sha256:HEX`",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    parser: https://example.org/nginx.wasm\n",
        r"error: `parser` of receiver `filelog`: `https://` is not supported
  --> x.yaml:4:13
  hint: `oci://HOST/NAME:TAG` of a registry, or the path of a .wasm file",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    parser: ../processors/acme\n",
        r"error: `parser` of receiver `filelog`: there is no component `../processors/acme`
  --> x.yaml:4:13
  hint: built in: FORMATS, `auto`; or the path of a .wasm file; or put its file into /etc/skidway/processors",
    ),
    (
        INCLUDE,
        "    include: [/var/log/syslog]\n    storage: file_storage\n",
        r"error: extension `file_storage` is not defined
  --> x.yaml:4:14
  hint: define it under `extensions:`",
    ),
];
