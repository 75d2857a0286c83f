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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Sum over all codes of 2^(15 - length): 2^15 for a complete code.
    fn kraft(lengths: &[u8]) -> u32 {
        lengths.iter().filter(|&&l| l > 0).map(|&l| 1 << (MAX_LENGTH - usize::from(l))).sum()
    }

    #[test]
    fn the_example_of_the_rfc() {
        // RFC 1951, section 3.2.2.
        let bits = |code: Code| {
            format!(
                "{:0w$b}",
                code.bits.reverse_bits() >> (32 - u32::from(code.count)),
                w = code.count.into()
            )
        };
        let codes = codes(&[3, 3, 3, 3, 3, 2, 4, 4]).map(bits);
        assert_eq!(codes, ["010", "011", "100", "101", "110", "00", "1110", "1111"]);
    }

    #[test]
    fn frequent_symbols_have_short_codes() {
        assert_eq!(lengths(&[8, 4, 2, 1, 1, 0]), [1, 2, 3, 4, 4, 0]);
        assert_eq!(lengths(&[0, 0, 9, 0]), [1, 0, 1, 0]);
        assert_eq!(lengths(&[0, 0, 0]), [1, 1, 0]);
    }

    #[test]
    fn no_code_is_longer_than_fifteen_bits() {
        // Fibonacci's numbers make the deepest trees.
        let mut frequencies = [1u32; 40];
        for i in 2..40 {
            frequencies[i] = frequencies[i - 1] + frequencies[i - 2];
        }
        let lengths = lengths(&frequencies);
        assert!(lengths.iter().all(|&l| (1..=15).contains(&l)));
        assert_eq!(kraft(&lengths), 1 << MAX_LENGTH);
    }

    proptest! {
        #[test]
        fn codes_are_complete(frequencies in prop::array::uniform30(prop_oneof![Just(0u32), 1u32..9, any::<u32>()])) {
            let lengths = lengths(&frequencies);
            prop_assert_eq!(kraft(&lengths), 1 << MAX_LENGTH);
            for (length, frequency) in lengths.iter().zip(frequencies) {
                prop_assert!(frequency == 0 || *length > 0);
            }
        }
    }
}
