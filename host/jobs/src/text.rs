//! Somebody else's words, made safe to show.

/// So much of somebody else's text goes into an error.
const SHOWN: usize = 160;

/// Text for an error or a log: about a line of it, without what could play with a terminal.
pub(crate) fn shown(text: &str) -> String {
    let clean = |letter: char| if letter.is_control() { ' ' } else { letter };
    let mut short: String = text.chars().take(SHOWN).map(clean).collect();
    if text.chars().nth(SHOWN).is_some() {
        short.push_str("...");
    }
    short
}

/// The same of bytes that may not be text.
pub(crate) fn shown_bytes(bytes: &[u8]) -> String {
    shown(&String::from_utf8_lossy(&bytes[..bytes.len().min(4 * SHOWN)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_short_and_plain() {
        assert_eq!(shown("a\u{1b}[31m\nb"), "a [31m b");
        assert_eq!(shown(&"é".repeat(160)), "é".repeat(160));
        assert_eq!(shown(&"é".repeat(161)), format!("{}...", "é".repeat(160)));
        assert_eq!(shown_bytes(b"\xffok"), "\u{fffd}ok");
        assert_eq!(shown_bytes(&[b'x'; 1 << 20]), format!("{}...", "x".repeat(160)));
    }
}
