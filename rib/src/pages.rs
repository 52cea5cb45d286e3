//! An arena that grows page by page.
//!
//! A `Vec` of a million entries doubles by copying all of them while both copies are resident;
//! pages cost one more lookup per access and never move. Only the first page grows like a `Vec`,
//! so that a host with three routes pays for three. Indices are handed out in order and stay
//! valid; what is free inside is the owner's business.

/// Entries per page: 1,024.
const SHIFT: u32 = 10;
const MASK: u32 = (1 << SHIFT) - 1;

/// See the module.
#[derive(Debug)]
pub(crate) struct Pages<T> {
    pages: Vec<Vec<T>>,
    len: u32,
}

impl<T> Pages<T> {
    pub(crate) const fn new() -> Self {
        Self {
            pages: Vec::new(),
            len: 0,
        }
    }

    /// Entries ever pushed since the last `clear`.
    pub(crate) const fn len(&self) -> u32 {
        self.len
    }

    #[inline]
    pub(crate) fn at(&self, index: u32) -> Option<&T> {
        self.pages
            .get((index >> SHIFT) as usize)?
            .get((index & MASK) as usize)
    }

    #[inline]
    pub(crate) fn at_mut(&mut self, index: u32) -> Option<&mut T> {
        self.pages
            .get_mut((index >> SHIFT) as usize)?
            .get_mut((index & MASK) as usize)
    }

    /// Appends and returns the index.
    pub(crate) fn push(&mut self, value: T) -> u32 {
        let index = self.len;
        let page = (index >> SHIFT) as usize;
        if page == self.pages.len() {
            let capacity = if page == 0 { 0 } else { 1 << SHIFT };
            self.pages.push(Vec::with_capacity(capacity));
        }
        if let Some(page) = self.pages.get_mut(page) {
            page.push(value);
        }
        self.len = self.len.saturating_add(1);
        index
    }

    /// Gives all pages back.
    pub(crate) fn clear(&mut self) {
        self.pages = Vec::new();
        self.len = 0;
    }
}

impl<T: Clone> Pages<T> {
    /// Makes `index` exist, filling with `value`.
    pub(crate) fn reach(&mut self, index: u32, value: &T) {
        while self.len <= index {
            self.push(value.clone());
        }
    }
}
