//! Nothing: the crate is its tests, one program under `tests/agent`.
