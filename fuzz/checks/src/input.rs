//! Reads the parts of an input. An input that is too short reads as zeros, so that every input is valid.

/// The unread rest of an input.
pub struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    /// Starts at the first byte.
    pub fn new(rest: &'a [u8]) -> Input<'a> {
        Input { rest }
    }

    /// Whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        first
    }

    /// The lowest bit of the next byte.
    pub fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// A number below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        usize::from(self.byte()) % count
    }

    /// The next two bytes, the low one first.
    pub fn number(&mut self) -> usize {
        usize::from(self.byte()) | usize::from(self.byte()) << 8
    }

    /// A number that is small, at a limit, or arbitrary.
    pub fn any_number(&mut self) -> u64 {
        match self.byte() {
            small @ 0..=127 => small.into(),
            128..=191 => self.number() as u64,
            192..=207 => u64::MAX - u64::from(self.byte()),
            208..=223 => u64::from(u32::MAX) - u64::from(self.byte()),
            224..=239 => (i64::MAX as u64).wrapping_add(self.byte().into()),
            240..=255 => (0..8).fold(0, |number, _| number << 8 | u64::from(self.byte())),
        }
    }

    /// Bytes, preceded by their number in one byte.
    pub fn bytes(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte()).min(self.rest.len());
        let (bytes, rest) = self.rest.split_at(length);
        self.rest = rest;
        bytes
    }

    /// All other bytes.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }
}

/// The text at the start of an input.
pub fn valid_text(data: &[u8]) -> &str {
    data.utf8_chunks().next().map_or("", |chunk| chunk.valid())
}
