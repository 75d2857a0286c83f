//! One module per command of the command line.

pub(crate) mod check;
pub(crate) mod inspect;
pub(crate) mod parse;
pub(crate) mod replay;
pub(crate) mod run;
