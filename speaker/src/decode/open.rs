//! Where octets come from: a file or the standard input, plain or compressed.
//!
//! What a file holds is told by its first octets, never by its name. Everything is read as a
//! stream. Cost: the decompressor's window, which for xz may ask for as much as the file says and
//! is bounded here.
use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::PathBuf;
use std::str::FromStr;

/// What to read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// "-": the standard input.
    Stdin,
    /// A file.
    File(PathBuf),
}

/// What the first octets say about compression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Compression {
    None,
    Gzip,
    Bzip2,
    Xz,
}

/// Octets that tell compression apart.
const MAGIC: usize = 6;
/// The most memory an xz stream may ask for, KiB. `xz -9` needs 65 MiB.
const XZ_MEMORY: u32 = 256 * 1024;

impl Input {
    /// Opens it.
    pub fn open(&self) -> io::Result<Box<dyn Read>> {
        Ok(match self {
            Self::Stdin => Box::new(io::stdin()),
            Self::File(path) => Box::new(File::open(path)?),
        })
    }
}

impl FromStr for Input {
    type Err = std::convert::Infallible;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "-" => Self::Stdin,
            path => Self::File(path.into()),
        })
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("standard input"),
            // A name may hold anything, also what steers a terminal.
            Self::File(path) => f.write_str(&path.to_string_lossy().escape_debug().to_string()),
        }
    }
}

/// The octets of `reader`, decompressed where their first octets say so.
pub(super) fn decompress(mut reader: impl Read + 'static) -> io::Result<Box<dyn Read>> {
    let mut magic = Vec::with_capacity(MAGIC);
    reader.by_ref().take(MAGIC as u64).read_to_end(&mut magic)?;
    let compression = Compression::of(&magic);
    let whole = io::Cursor::new(magic).chain(reader);
    Ok(match compression {
        Compression::None => Box::new(whole),
        // Collectors append: a file may be several streams after one another.
        Compression::Gzip => Box::new(MultiGzDecoder::new(BufReader::new(whole))),
        Compression::Bzip2 => Box::new(MultiBzDecoder::new(BufReader::new(whole))),
        Compression::Xz => Box::new(XzReader::new_mem_limit(
            BufReader::new(whole),
            true,
            XZ_MEMORY,
        )),
    })
}

impl Compression {
    fn of(octets: &[u8]) -> Self {
        match octets {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0x00, ..] => Self::Xz,
            _ => Self::None,
        }
    }
}
