//! Gives back the pages of the program that only its start needed.
//!
//! Reading the command line and the configuration touches most of the program once; the kernel
//! maps what is touched, in runs of 64 KiB, and never takes it back while there is memory. An idle
//! daemon needs a third of it. Of all file-backed, executable, read-only mappings (the program's
//! and its libraries') the page tables are emptied; the octets stay in the page cache, and what is
//! needed again comes back by a minor fault of about a microsecond.
//!
//! Only the daemon does this, never the library: it is a matter of the whole process.
#![allow(
    unsafe_code,
    reason = "madvise takes an address; the one line says why it is sound"
)]

use nix::sys::mman::{MmapAdvise, madvise};
use std::{ffi::c_void, fs, io, ops::Range, ptr::NonNull};

/// Gives them back; the number of octets that the mappings cover.
///
/// # Errors
/// What `/proc/self/maps` or `madvise` says: nothing that a daemon should end for.
pub(super) fn give_back() -> io::Result<usize> {
    let mut octets = 0;
    for range in fs::read_to_string("/proc/self/maps")?
        .lines()
        .filter_map(text)
    {
        let length = range.end.saturating_sub(range.start);
        let start = NonNull::new(std::ptr::with_exposed_provenance_mut::<c_void>(range.start));
        if let Some(start) = start {
            // SAFETY: the range is a mapping of this process that is private, file-backed and not
            // writable, so no page of it differs from the file: MADV_DONTNEED loses nothing, and
            // every page is read again from the page cache when it is touched.
            unsafe { madvise(start, length, MmapAdvise::MADV_DONTNEED) }?;
            octets += length;
        }
    }
    Ok(octets)
}

/// The address range of a line of `/proc/self/maps`, if it is program text from a file. Read-only
/// data is left alone: relocations have written to some of it before it became read-only.
fn text(line: &str) -> Option<Range<usize>> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let permissions = fields.next()?;
    let path = fields.nth(3)?;
    let is_text = permissions == "r-xp" && path.starts_with('/');
    let address = |text| usize::from_str_radix(text, 16).ok();
    is_text.then_some(address(start)?..address(end)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_from_files_is_given_back() {
        let line = "55d0c8a4e000-55d0c8d17000 r-xp 000b6000 fe:00 1835 /usr/bin/myna";
        assert_eq!(text(line), Some(0x55d0_c8a4_e000..0x55d0_c8d1_7000));
        for other in [
            "55d0c8998000-55d0c8a4e000 r--p 00000000 fe:00 1835 /usr/bin/myna",
            "55d0c8a4e000-55d0c8d17000 rwxp 000b6000 fe:00 1835 /usr/bin/myna",
            "55d0c8d2f000-55d0c8d30000 rw-p 00396000 fe:00 1835 /usr/bin/myna",
            "7ffd0a5e9000-7ffd0a5eb000 r-xp 00000000 00:00 0 [vdso]",
            "7f3a00000000-7f3a00021000 r-xp 00000000 00:00 0",
            "",
        ] {
            assert_eq!(text(other), None, "{other}");
        }
    }

    #[test]
    fn the_program_goes_on() {
        assert!(give_back().unwrap() > 0);
        assert!(give_back().unwrap() > 0);
    }
}
