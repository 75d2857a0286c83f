//! Prefix codes for deflate (RFC 1951, sections 3.2.1 and 3.2.2): no code is longer
//! than 15 bits, and a set of lengths stands for exactly one code.

/// The longest code.
const MAX_LENGTH: usize = 15;

/// A code as it is written: first bit lowest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) bits: u32,
    pub(crate) count: u8,
}

/// The code length of each symbol, 0 for those that do not occur. At least two
/// symbols get one, so that the code is complete.
pub(crate) fn lengths<const N: usize>(frequencies: &[u32; N]) -> [u8; N] {
    let mut used: Vec<(u64, usize)> =
        frequencies.iter().enumerate().filter(|&(_, &f)| f > 0).map(|(s, &f)| (u64::from(f), s)).collect();
    for symbol in 0..N {
        if used.len() >= 2 {
            break;
        }
        if used.iter().all(|&(_, s)| s != symbol) {
            used.push((1, symbol));
        }
    }
    used.sort_unstable();
    loop {
        let depths = depths(&used);
        if depths.iter().all(|&depth| depth <= MAX_LENGTH) {
            let mut lengths = [0; N];
            for (&(_, symbol), &depth) in used.iter().zip(&depths) {
                lengths[symbol] = depth as u8;
            }
            return lengths;
        }
        // Flatter frequencies make shorter codes; equal ones are far below the limit.
        for (frequency, _) in &mut used {
            *frequency = frequency.div_ceil(2);
        }
    }
}

/// Huffman's algorithm over ascending frequencies: nodes are made in ascending
/// order as well, so the two lightest are always at the head of one of two queues.
fn depths(leaves: &[(u64, usize)]) -> Vec<usize> {
    let n = leaves.len();
    let mut weights: Vec<u64> = leaves.iter().map(|&(frequency, _)| frequency).collect();
    let mut parents = vec![0; 2 * n - 1];
    let (mut leaf, mut node) = (0, n);
    for new in n..2 * n - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            let lightest = if leaf < n && (node == new || weights[leaf] <= weights[node]) {
                &mut leaf
            } else {
                &mut node
            };
            weight += weights[*lightest];
            parents[*lightest] = new;
            *lightest += 1;
        }
        weights.push(weight);
    }
    // A parent stands behind its children, the root last.
    let mut depths = vec![0; 2 * n - 1];
    for node in (0..2 * n - 2).rev() {
        depths[node] = depths[parents[node]] + 1;
    }
    depths.truncate(n);
    depths
}

/// The codes that these lengths stand for: shorter ones first, then by symbol.
pub(crate) fn codes<const N: usize>(lengths: &[u8; N]) -> [Code; N] {
    let mut counts = [0u32; MAX_LENGTH + 1];
    for &length in lengths {
        counts[usize::from(length)] += 1;
    }
    counts[0] = 0;
    let mut next = [0u32; MAX_LENGTH + 2];
    for length in 1..=MAX_LENGTH {
        next[length + 1] = (next[length] + counts[length]) << 1;
    }
    lengths.map(|length| {
        if length == 0 {
            return Code::default();
        }
        let code = next[usize::from(length)];
        next[usize::from(length)] += 1;
        Code { bits: code.reverse_bits() >> (32 - u32::from(length)), count: length }
    })
}
