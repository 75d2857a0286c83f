//! What holds for all components.

use super::{Case, SERVICE};

pub(super) const CASES: &[Case] = &[
    (
        SERVICE,
        "component: {}\nservice:\n",
        r"error: unknown key `component`
  --> x.yaml:13:1
  hint: did you mean `components`?",
    ),
    (
        SERVICE,
        "components: [/etc/skidway]\nservice:\n",
        r"error: `components`: expected a map, found a list
  --> x.yaml:13:13",
    ),
    (
        SERVICE,
        "components: {directroy: /x, trust: {key: [], require: perhaps}, swap: {mode: canary, chunk: 5}}\nservice:\n",
        r"error: unknown key `directroy` in `components`
  --> x.yaml:13:14
  hint: did you mean `directory`?

error: unknown key `key` in `trust` of `components`
  --> x.yaml:13:37
  hint: did you mean `keys`?

error: `trust.require` of `components`: expected `true` or `false`, found text
  --> x.yaml:13:55

error: `swap.mode` of `components`: unknown value `canary`
  --> x.yaml:13:78
  hint: values: `switch`, `shadow`

error: unknown key `chunk` in `swap` of `components`
  --> x.yaml:13:86
  hint: did you mean `chunks`?",
    ),
    (
        SERVICE,
        "components: {directory: '', trust: {require: true}, swap: {chunks: 0}}\nservice:\n",
        r"error: `directory` of `components`: empty
  --> x.yaml:13:25
  hint: write a path such as `/etc/skidway/processors`

error: `trust.require` of `components`: without keys no component could be loaded
  --> x.yaml:13:46
  hint: name the keys whose signatures are good in `keys`; `skidway keygen` makes one

error: `swap.chunks` of `components`: 0 is outside of its range
  --> x.yaml:13:68
  hint: from 1 to 1000000",
    ),
    (
        SERVICE,
        "components:\n  trust:\n    keys:\n      - acme.pub\n      - RWRpTMr+tf0Ck/sQmiZbZzbPHiA+zWJS+mI7lyQmjREbJBYste7QhyQd\n      - RWQf\n      - acme.key\n      - ''\nservice:\n",
        r"error: `trust.keys[1]` of `components`: key 9302FDB5FECA4C69 is there twice
  --> x.yaml:17:9
  hint: keep one

error: `trust.keys[2]` of `components`: cannot read RWQf: entity not found
  --> x.yaml:18:9
  hint: the line of 56 characters that begins with `RW`, or the path of a `.pub` file

error: `trust.keys[3]` of `components`: acme.key: it is a secret key
  --> x.yaml:19:9
  hint: use the `.pub` file that was written beside it

error: `trust.keys[4]` of `components`: empty
  --> x.yaml:20:9
  hint: the line of 56 characters that begins with `RW`, or the path of a `.pub` file",
    ),
    (
        SERVICE,
        "components: {trust: {keys: [RWRpTMr+tf0Ck/sQmiZbZzbPHiA+zWJS+mI7lyQmjREbJBYste7Qhy==]}}\nservice:\n",
        r"error: `trust.keys[0]` of `components`: it is no minisign public key
  --> x.yaml:13:29
  hint: the line of 56 characters that begins with `RW`, or the path of a `.pub` file",
    ),
];
