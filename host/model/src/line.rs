/// The line that a record begins with. With the [`Lineage`](crate::Lineage) of the text
/// it tells the record from every other one, whenever and wherever it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FirstLine {
    /// Where the line begins in the text, in bytes of the file as it is, decompressed.
    pub offset: u64,
    /// A hash of its bytes, the same on every machine and in every version.
    pub hash: u32,
    /// How many records before this one begin in the same line.
    pub nth: u32,
}
