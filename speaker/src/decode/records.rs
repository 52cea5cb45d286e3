//! MRT records of a stream, one at a time.
use super::window::{LIMIT, Window};
use bgp_wire::mrt::{self, Record};
use std::io::{self, Read};

/// Why a stream of records ended before its end.
#[derive(Debug)]
pub(super) enum Broken {
    /// Reading or writing failed.
    Io(io::Error),
    /// The record at this offset cannot be framed.
    Record { offset: u64, what: String },
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Calls `each` with every record and its offset in the stream.
pub(super) fn each<R: Read>(
    window: &mut Window<R>,
    mut each: impl FnMut(u64, &Record<'_>) -> io::Result<()>,
) -> Result<(), Broken> {
    loop {
        let offset = window.offset();
        let octets = window.octets();
        let framed = mrt::frame(octets, LIMIT).map_err(|fault| Broken::Record {
            offset,
            what: fault.to_string(),
        })?;
        let left = octets.len();
        if let Some(record) = framed {
            each(offset, &record)?;
            let length = record.octets().len();
            window.consume(length);
        } else if !window.fill()? {
            if left == 0 {
                return Ok(());
            }
            let what = format!("the last record ends after {left} octets");
            return Err(Broken::Record { offset, what });
        }
    }
}
