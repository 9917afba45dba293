//! Markdown: tables, numbers, and documentation without the links that only rustdoc follows.

/// A Markdown table.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with this head.
    pub fn new<S: Into<String>>(head: impl IntoIterator<Item = S>) -> Self {
        Self { rows: vec![head.into_iter().map(Into::into).collect()] }
    }

    /// Appends a row.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The table's text. Columns of numbers are flush right; the last column of words is not padded.
    pub fn draw(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let cell = |row: &Vec<String>, column: usize| row.get(column).cloned().unwrap_or_default();
        let right: Vec<bool> = (0..columns)
            .map(|column| self.rows[1..].iter().all(|row| is_number(&cell(row, column))))
            .collect();
        let width = |column: usize| {
            let widths = self.rows.iter().map(|row| cell(row, column).chars().count());
            if column + 1 == columns && !right[column] {
                0
            } else {
                widths.max().unwrap_or(0).max(3)
            }
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for (n, row) in self.rows.iter().enumerate() {
            let cells = (0..columns).map(|column| {
                let (cell, width) = (cell(row, column), widths[column]);
                if right[column] { format!("{cell:>width$}") } else { format!("{cell:width$}") }
            });
            let line = cells.collect::<Vec<_>>().join(" | ");
            text.push_str(format!("| {line} |\n").as_str());
            if n == 0 {
                let rule = (0..columns).map(|column| {
                    let dashes = "-".repeat(widths[column].max(3) - usize::from(right[column]));
                    if right[column] { format!("{dashes}:") } else { dashes }
                });
                text.push_str(&format!("| {} |\n", rule.collect::<Vec<_>>().join(" | ")));
            }
        }
        text
    }
}

fn is_number(cell: &str) -> bool {
    let digits = cell.trim_start_matches(['-', '+']);
    digits.is_empty()
        || (digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.chars().all(|c| c.is_ascii_digit() || ",.% ".contains(c)))
}

/// A number with a comma at the thousands.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bits of a field, as (high:low).
pub fn bits(low: u32, bits: u32) -> String {
    if bits == 1 { format!("{low}") } else { format!("{}:{low}", low + bits - 1) }
}

/// Words in hexadecimal.
pub fn words(words: &[u32]) -> String {
    words.iter().map(|word| format!("{word:08x}")).collect::<Vec<_>>().join(" ")
}

/// Bytes in hexadecimal.
pub fn bytes(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

/// Documentation with its links to items as plain text, some of them by another name.
pub fn plain(documentation: &str, names: &[(&str, &str)]) -> String {
    let mut text = String::new();
    let mut rest = documentation;
    while let Some((before, behind)) = rest.split_once("[`") {
        text.push_str(before);
        let Some((item, behind)) = behind.split_once("`]") else {
            text.push_str("[`");
            rest = behind;
            continue;
        };
        let target = behind.strip_prefix('(').and_then(|target| target.split_once(')'));
        rest = target.map_or(behind, |(_, behind)| behind);
        match names.iter().find(|(name, _)| *name == item) {
            Some((_, other)) => text.push_str(other),
            None => text.push_str(&format!("`{item}`")),
        }
    }
    text + rest
}

#[cfg(test)]
mod tests;
