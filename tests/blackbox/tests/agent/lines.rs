//! Lines as loggers write them, numbered.

use std::ops::Range;

/// 2026-03-04T00:00:00Z, the day of all lines here.
pub(crate) const DAY: u64 = 1_772_582_400;
/// The day after it, noon: when a file was last written.
pub(crate) const NEXT_NOON: u64 = DAY + 36 * 3600;

fn clock(n: usize) -> String {
    format!("{:02}:{:02}:{:02}", n / 3600 % 24, n / 60 % 60, n % 60)
}

/// As Ubuntu 24.04 writes them.
pub(crate) fn ubuntu(numbers: Range<usize>) -> String {
    let line = |n| format!("2026-03-04T{}.250000+00:00 web-1 job[{}]: line {n}\n", clock(n), n + 100);
    numbers.map(line).collect()
}

/// As Amazon Linux 2 writes them.
pub(crate) fn amazon(numbers: Range<usize>) -> String {
    numbers.map(|n| format!("Mar  4 {} web-2 job[{}]: line {n}\n", clock(n), n + 100)).collect()
}

/// What a parser can take as soon as it is written: a blank line says that the last entry does not go on.
pub(crate) fn ended(numbers: Range<usize>) -> String {
    ubuntu(numbers) + "\n"
}
