//! Lines out of a stream of bytes, each of bounded length.

use std::ops::ControlFlow;

/// Longest line that is taken, without its end: far more than any job.
pub(super) const LINE_MAX: usize = 1 << 20;

/// A line that does not end in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a line is longer than {LINE_MAX} bytes")]
pub(super) struct LineTooLong;

/// The beginning of a line whose end has not come yet.
#[derive(Debug, Default)]
pub(super) struct Lines {
    half: Vec<u8>,
}

impl Lines {
    /// Calls `each` with every line that ends in these bytes, without `\n` or `\r\n`, until it breaks; what is left
    /// then is forgotten. Keeps the half line at the end.
    pub(super) fn push(
        &mut self,
        mut bytes: &[u8],
        mut each: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(), LineTooLong> {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (here, rest) = (&bytes[..end], &bytes[end + 1..]);
            bytes = rest;
            self.check(here.len())?;
            let flow = if self.half.is_empty() {
                each(without_return(here))
            } else {
                self.half.extend_from_slice(here);
                let flow = each(without_return(&self.half));
                self.half.clear();
                flow
            };
            if flow.is_break() {
                return Ok(());
            }
        }
        self.check(bytes.len())?;
        self.half.extend_from_slice(bytes);
        Ok(())
    }

    /// Whether so many bytes more are still a line; those of one that is not are forgotten.
    fn check(&mut self, more: usize) -> Result<(), LineTooLong> {
        if self.half.len() + more > LINE_MAX {
            self.half = Vec::new();
            return Err(LineTooLong);
        }
        Ok(())
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: &mut Lines, bytes: &[u8]) -> Result<Vec<String>, LineTooLong> {
        let mut found = Vec::new();
        lines.push(bytes, |line| {
            found.push(String::from_utf8(line.to_vec()).unwrap());
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    #[test]
    fn lines_come_whole_however_they_are_cut() {
        let text = b"one\ntwo\r\n\n\r\nthr\ree\n";
        let expected = ["one", "two", "", "", "thr\ree"];
        for size in 1..=text.len() {
            let mut half = Lines::default();
            let mut found = Vec::new();
            for chunk in text.chunks(size) {
                found.extend(lines(&mut half, chunk).unwrap());
            }
            assert_eq!(found, expected, "in pieces of {size}");
        }
        let mut half = Lines::default();
        assert!(lines(&mut half, b"a").unwrap().is_empty());
        assert_eq!(lines(&mut half, b"b\nc").unwrap(), ["ab"]);
        assert_eq!(lines(&mut half, b"\n").unwrap(), ["c"]);
    }

    #[test]
    fn the_longest_line_is_taken_and_one_byte_more_is_not() {
        let longest = [vec![b'x'; LINE_MAX], vec![b'\n']].concat();
        for size in [LINE_MAX / 3, LINE_MAX + 1] {
            let mut half = Lines::default();
            let mut found = Vec::new();
            for chunk in longest.chunks(size) {
                found.extend(lines(&mut half, chunk).unwrap());
            }
            assert_eq!(found.len(), 1);
        }
        let mut half = Lines::default();
        assert_eq!(lines(&mut half, &vec![b'x'; LINE_MAX + 1]), Err(LineTooLong));
        assert_eq!(lines(&mut half, &longest[1..]).unwrap().len(), 1);
        assert!(lines(&mut half, &longest[1..LINE_MAX]).unwrap().is_empty());
        assert_eq!(lines(&mut half, b"yy\n"), Err(LineTooLong));
        assert_eq!(half.half.capacity(), 0);
    }

    #[test]
    fn what_follows_a_break_is_forgotten() {
        let mut half = Lines::default();
        let mut count = 0;
        half.push(b"a\nb\nc", |_| {
            count += 1;
            ControlFlow::Break(())
        })
        .unwrap();
        assert_eq!((count, half.half.len()), (1, 0));
    }
}
