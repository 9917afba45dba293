//! What must hold of every text that is shown: it says something, is not long, and no terminal obeys it.

use std::fmt::Display;

/// Longest message: some numbers and remedies around a few pieces of somebody else's text.
const LONGEST: usize = 4096;

/// Checks a message that gemmine makes, with other people's words in it or without.
pub fn message(text: &(impl Display + ?Sized)) {
    let text = text.to_string();
    assert!(!text.trim().is_empty(), "an error without a word");
    words(&text);
}

/// Checks other people's words as they are shown; there may be none.
pub fn words(text: &str) {
    assert!(text.len() <= LONGEST, "{} bytes in one message: {text:?}", text.len());
    assert!(!text.contains(char::is_control), "a terminal would obey {text:?}");
}

/// The same of a message of several lines, such as one with a picture of the place.
pub fn lines(text: &(impl Display + ?Sized)) {
    let text = text.to_string();
    assert!(!text.trim().is_empty(), "an error without a word");
    assert!(text.len() <= 4 * LONGEST, "{} bytes in one message", text.len());
}
