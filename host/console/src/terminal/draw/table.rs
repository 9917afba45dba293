//! Tables whose columns make room for each other: what matters least goes first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::terminal::palette::Palette;

/// Most cells that a first column gets before others do.
const WIDEST_FIRST: u16 = 22;
/// What stands between columns.
const GAP: u16 = 2;

/// A column of a table.
#[derive(Clone)]
pub(super) struct Column<T> {
    pub title: &'static str,
    /// Cells that it needs.
    pub width: u16,
    /// It may have cells that are left over.
    pub grows: bool,
    /// Where its texts stand.
    pub align: Align,
    /// It stays longer than those with a higher one.
    pub priority: u8,
    /// What stands in it.
    pub text: fn(&T, Palette) -> (String, Style),
}

/// Where a text stands in its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
    /// Names that differ at their ends: what is too long is cut off at its beginning.
    Path,
}

/// A column's place.
pub(super) struct Placed<T> {
    column: Column<T>,
    x: u16,
    width: u16,
}

/// Places columns in a width, the first as wide as its texts need, if that is not too much.
pub(super) fn place<T: Clone>(columns: &[Column<T>], width: u16, first: u16) -> Vec<Placed<T>> {
    let mut kept: Vec<Column<T>> = columns.to_vec();
    if let Some(column) = kept.first_mut() {
        column.width = column.width.max(first.min(WIDEST_FIRST).min(width / 3));
    }
    let needed = |kept: &[Column<T>]| -> u16 {
        kept.iter().map(|column| column.width + GAP).sum::<u16>().saturating_sub(GAP)
    };
    while needed(&kept) > width && kept.len() > 1 {
        let worst = kept.iter().enumerate().max_by_key(|(_, column)| column.priority);
        let Some((worst, _)) = worst else { break };
        kept.remove(worst);
    }
    let growing = kept.iter().filter(|column| column.grows).count() as u16;
    let mut spare = width.saturating_sub(needed(&kept));
    let share = spare.checked_div(growing).unwrap_or(0);
    let mut x = 0;
    let mut placed = Vec::new();
    for column in kept {
        let mut width = column.width.min(width.saturating_sub(x));
        if column.grows {
            // The last one also gets what could not be shared out.
            let more = if spare < 2 * share { spare } else { share };
            width += more;
            spare -= more;
        }
        placed.push(Placed { column, x, width });
        x += width + GAP;
    }
    placed
}

/// Draws the titles into a row.
pub(super) fn titles<T>(buffer: &mut Buffer, palette: Palette, row: Rect, placed: &[Placed<T>]) {
    for place in placed {
        put_in(buffer, palette, row, place, place.column.title, palette.heading());
    }
}

/// Draws an item into a row; `over` goes over every cell's own style.
pub(super) fn item<T>(
    buffer: &mut Buffer,
    palette: Palette,
    row: Rect,
    placed: &[Placed<T>],
    (item, over): (&T, Style),
) {
    buffer.set_style(row, over);
    for place in placed {
        let (text, style) = (place.column.text)(item, palette);
        put_in(buffer, palette, row, place, &text, style.patch(over));
    }
}

fn put_in<T>(
    buffer: &mut Buffer,
    palette: Palette,
    row: Rect,
    place: &Placed<T>,
    text: &str,
    style: Style,
) {
    let free = place.width.saturating_sub(cells(text));
    let indent = if place.column.align == Align::Right { free } else { 0 };
    let x = row.x + place.x + indent;
    let area = Rect { x, width: place.width - indent, ..row }.intersection(row);
    if place.column.align == Align::Path && cells(text) > area.width {
        let mut end = text.char_indices().map(|(at, _)| &text[at..]);
        let end = end.find(|end| cells(end) < area.width).unwrap_or_default();
        put(buffer, palette, area, &format!("{}{end}", palette.ellipsis()), style);
    } else {
        put(buffer, palette, area, text, style);
    }
}

/// Draws a text into the first row of an area; what is too long ends in an ellipsis.
pub(super) fn put(buffer: &mut Buffer, palette: Palette, area: Rect, text: &str, style: Style) {
    if area.is_empty() {
        return;
    }
    let width = usize::from(area.width);
    if usize::from(cells(text)) <= width {
        buffer.set_stringn(area.x, area.y, text, width, style);
    } else {
        let (x, y) = buffer.set_stringn(area.x, area.y, text, width - 1, style);
        buffer.set_stringn(x, y, palette.ellipsis(), 1, style);
    }
}

/// How many cells a text takes.
pub(super) fn cells(text: &str) -> u16 {
    u16::try_from(Span::raw(text).width()).unwrap_or(u16::MAX)
}
