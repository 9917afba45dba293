//! Other people's text: bounded, and without what a terminal would obey.

/// Longest name of a source, a job or a device, in bytes.
pub const LABEL_BYTES_MAX: usize = 256;
/// Longest reason that a source gave, in bytes.
pub const REASON_BYTES_MAX: usize = 512;
/// What stands where text was cut off.
const CUT: &str = "...";

/// Other people's text as one harmless line of at most `max` bytes, for a terminal.
#[must_use]
pub fn cleaned(text: &str, max: usize) -> String {
    let mut text = text.to_owned();
    clean(&mut text, max);
    text
}

/// Writes control characters as escapes and cuts the text off at `max` bytes.
pub fn clean(text: &mut String, max: usize) {
    if text.len() <= max && !text.chars().any(is_control) {
        return;
    }
    let mut cleaned = String::new();
    for character in text.chars() {
        let escaped = if is_control(character) {
            character.escape_unicode().to_string()
        } else {
            character.to_string()
        };
        if cleaned.len() + escaped.len() > max {
            // Whole characters, and room for the sign that some are missing.
            while cleaned.len() + CUT.len() > max && cleaned.pop().is_some() {}
            cleaned.push_str(CUT);
            break;
        }
        cleaned.push_str(&escaped);
    }
    *text = cleaned;
}

/// Control characters, and those that turn the direction of writing or are not seen.
fn is_control(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_bounded_and_harmless() {
        assert_eq!(cleaned("job 7 é", 8), "job 7 é");
        assert_eq!(cleaned("\u{1b}[2J\n", 64), "\\u{1b}[2J\\u{a}");
        assert_eq!(cleaned("a\u{202e}b\u{9b}", 64), "a\\u{202e}b\\u{9b}");
        assert_eq!(cleaned("0123456789", 8), "01234...");
        assert_eq!(cleaned("éééééé", 8), "éé...");
        for max in 3..40 {
            assert!(cleaned(&"\u{7}é".repeat(100), max).len() <= max);
        }
        // Cleaning twice changes nothing more.
        let once = cleaned(&"\u{0}x".repeat(99), 50);
        assert_eq!(cleaned(&once, 50), once);
    }
}
