//! The members of a gzip file as one stream of text, as far as they are there.
//!
//! Invariants: an end is the end of the file as it is now, and reading goes on behind
//! it when the file has grown; memory does not depend on what is in the file; where a
//! member begins, reading can begin again without what came before.

use std::fs::File;
use std::io;
use std::ops::Range;

use flate2::{Decompress, FlushDecompress, Status};

use crate::head::read_at;

/// How much of a file is read at once.
const INPUT: usize = 32 << 10;
/// The largest window, which the writer may have used.
const WINDOW_BITS: u8 = 15;
/// How every gzip file begins; the third byte is the only method there is.
const MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];

/// Whether a file that begins like this is compressed with gzip.
pub(crate) fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(&MAGIC)
}

/// How many bytes it takes to tell.
pub(crate) const TELLING: u64 = MAGIC.len() as u64;

/// A place where a member begins or may begin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Boundary {
    /// Bytes of the file before it.
    pub(crate) packed: u64,
    /// Bytes of the text before it.
    pub(crate) text: u64,
}

/// Why reading has stopped.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// There was no room for more.
    Full,
    /// At the end of the file, which is that of a member.
    End,
    /// At the end of the file, inside a member.
    Inside,
    /// At something that is not gzip.
    Corrupt(&'static str),
}

/// Reads a file from a boundary on.
pub(crate) struct Gunzip {
    /// There is one inside a member.
    inflate: Option<Decompress>,
    input: Vec<u8>,
    unread: Range<usize>,
    at: Boundary,
    boundary: Boundary,
}

// === impl Gunzip ===

impl Gunzip {
    pub(crate) fn new(from: Boundary) -> Self {
        Self { inflate: None, input: Vec::new(), unread: 0..0, at: from, boundary: from }
    }

    /// How far it has come.
    pub(crate) fn at(&self) -> Boundary {
        self.at
    }

    /// The last boundary it has come to.
    pub(crate) fn boundary(&self) -> Boundary {
        self.boundary
    }

    /// Text that comes next: how many bytes of `output` were filled, and why not more.
    pub(crate) fn read(&mut self, file: &File, output: &mut [u8]) -> io::Result<(usize, Stop)> {
        let mut filled = 0;
        while filled < output.len() {
            if self.unread.is_empty() {
                self.input.resize(INPUT, 0);
                self.unread = 0..read_at(file, self.at.packed, &mut self.input)?;
                if self.unread.is_empty() {
                    return Ok((filled, if self.inflate.is_none() { Stop::End } else { Stop::Inside }));
                }
            }
            if self.inflate.is_none() && !self.begin_member() {
                match self.unread.is_empty() {
                    true => continue,
                    false => return Ok((filled, Stop::Corrupt("what follows is no gzip"))),
                }
            }
            let Some(inflate) = &mut self.inflate else { continue };
            let before = (inflate.total_in(), inflate.total_out());
            let input = &self.input[self.unread.clone()];
            let status = inflate.decompress(input, &mut output[filled..], FlushDecompress::None);
            let (taken, made) = (inflate.total_in() - before.0, inflate.total_out() - before.1);
            self.pass(taken as usize);
            self.at.text += made;
            filled += made as usize;
            match status {
                Ok(Status::StreamEnd) => {
                    self.inflate = None;
                    self.boundary = self.at;
                }
                Ok(Status::Ok | Status::BufError) if taken + made > 0 => {}
                Ok(_) => return Ok((filled, Stop::Corrupt("it goes on in no way that gzip knows"))),
                Err(_) => return Ok((filled, Stop::Corrupt("the compressed data is damaged"))),
            }
        }
        Ok((filled, Stop::Full))
    }

    /// Goes to where the next member begins; `false` when it is not in what was read.
    /// Zeros between members are padding, as on tapes.
    fn begin_member(&mut self) -> bool {
        if self.at.packed > 0 {
            let zeros = self.input[self.unread.clone()].iter().take_while(|&&byte| byte == 0).count();
            self.pass(zeros);
        }
        let begins = self.input[self.unread.clone()].first() == Some(&MAGIC[0]);
        if begins {
            self.boundary = self.at;
            self.inflate = Some(Decompress::new_gzip(WINDOW_BITS));
        }
        begins
    }

    fn pass(&mut self, bytes: usize) {
        self.unread.start += bytes;
        self.at.packed += bytes as u64;
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn all(gunzip: &mut Gunzip, file: &File, step: usize) -> (Vec<u8>, Stop) {
        let mut text = Vec::new();
        let mut piece = vec![0; step];
        loop {
            let (filled, stop) = gunzip.read(file, &mut piece).unwrap();
            text.extend(&piece[..filled]);
            if stop != Stop::Full {
                return (text, stop);
            }
        }
    }

    #[test]
    fn members_and_padding_are_one_stream() {
        let text: Vec<u8> = (0..100_000_u32).flat_map(|n| n.to_string().into_bytes()).collect();
        let (one, two) = text.split_at(300_000);
        let packed = [gzip(one), gzip(b""), gzip(two), vec![0; 1000]].concat();
        let file = file(&packed);
        for step in [1000, 65_536, 1 << 20] {
            let mut gunzip = Gunzip::new(Boundary::default());
            assert_eq!(all(&mut gunzip, &file, step), (text.clone(), Stop::End));
            let boundary = gunzip.boundary();
            assert_eq!(boundary.text, text.len() as u64);
            assert_eq!(boundary.packed, packed.len() as u64 - 1000);
        }
        let middle = Boundary { packed: gzip(one).len() as u64, text: one.len() as u64 };
        assert_eq!(all(&mut Gunzip::new(middle), &file, 999), (two.to_vec(), Stop::End));
    }

    #[test]
    fn wherever_the_file_ends_for_a_while_reading_goes_on() {
        let text = b"one line\nanother line, which is a little longer\n".repeat(5);
        let packed = [gzip(&text), gzip(b"the end")].concat();
        let wanted = [&text[..], b"the end"].concat();
        for cut in 0..=packed.len() {
            let mut file = file(&packed[..cut]);
            let mut gunzip = Gunzip::new(Boundary::default());
            let (mut found, stop) = all(&mut gunzip, &file, 64);
            let whole = [0, gzip(&text).len(), packed.len()].contains(&cut);
            assert_eq!(stop, if whole { Stop::End } else { Stop::Inside }, "{cut}");
            file.seek(io::SeekFrom::End(0)).unwrap();
            file.write_all(&packed[cut..]).unwrap();
            let (rest, stop) = all(&mut gunzip, &file, 64);
            found.extend(rest);
            assert_eq!((found, stop), (wanted.clone(), Stop::End), "{cut}");
        }
    }

    #[test]
    fn what_stands_before_damage_is_given() {
        let mut state = 1_u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .take(400_000)
        .collect();
        let mut packed = gzip(&noise);
        let middle = packed.len() / 2;
        packed[middle..middle + 2000].fill(0xff);
        let (text, stop) = all(&mut Gunzip::new(Boundary::default()), &file(&packed), 4096);
        // Bytes that cannot be compressed are stored, and are damaged without notice
        // until their checksum, or a block's head, is wrong.
        assert!(matches!(stop, Stop::Corrupt(_)), "{stop:?}");
        assert!(text.len() >= 100_000 && text[..100_000] == noise[..100_000], "{}", text.len());

        let garbage = [gzip(b"good\n"), b"garbage".to_vec()].concat();
        let (text, stop) = all(&mut Gunzip::new(Boundary::default()), &file(&garbage), 4096);
        assert_eq!(text, b"good\n");
        assert!(matches!(stop, Stop::Corrupt(_)), "{stop:?}");
        let (text, stop) = all(&mut Gunzip::new(Boundary::default()), &file(b"plain text\n"), 4096);
        assert!(text.is_empty() && matches!(stop, Stop::Corrupt(_)), "{stop:?}");
    }
}
