//! Tables and numbers for people.

use std::fmt::Display;

use comfy_table::{Cell, CellAlignment, Table, TableComponent, presets};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns where standard output is no terminal.
const WIDTH: u16 = 130;

/// A table that is as wide as its content.
pub(crate) fn table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
    table.remove_style(TableComponent::HorizontalLines).remove_style(TableComponent::MiddleIntersections);
    table.set_header(head.to_vec());
    table
}

/// Rows of text as a table that fits the terminal: the last column is cut to what the others leave.
pub(crate) fn fitted<const N: usize>(head: [&str; N], mut rows: Vec<[String; N]>) -> Table {
    let widest = |column: usize| {
        let cells = rows.iter().map(|row| row[column].width());
        cells.chain([head[column].width()]).max().unwrap_or(0)
    };
    // A blank on both sides of a column, and one between two.
    let others: usize = (0..N - 1).map(|column| widest(column) + 3).sum();
    let terminal = Table::new().width().unwrap_or(WIDTH);
    let left = usize::from(terminal).saturating_sub(others + 2).max(20);
    for row in &mut rows {
        row[N - 1] = cut(&row[N - 1], left);
    }
    let mut table = table(&head);
    table.add_rows(rows);
    table
}

/// At most so many columns of a terminal.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let (mut short, mut used) = (String::new(), 1);
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        short.push(c);
    }
    short.push('…');
    short
}

pub(crate) fn number(value: impl Display) -> Cell {
    Cell::new(value).set_alignment(CellAlignment::Right)
}

/// With a blank between thousands.
pub(crate) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Bytes as MB (10^6), the unit in which memory was measured for other agents.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::{cut, fitted, grouped, megabytes};

    #[test]
    fn text_is_cut_by_columns() {
        assert_eq!(cut("seven", 5), "seven");
        assert_eq!(cut("seven", 4), "sev…");
        assert_eq!(cut("抹茶ラテ", 8), "抹茶ラテ");
        assert_eq!(cut("抹茶ラテ", 6), "抹茶…", "a wide character takes two columns");
    }

    #[test]
    fn a_fitted_table_has_no_line_longer_than_the_terminal() {
        let long = "word ".repeat(100);
        let table = fitted(["one", "two"], vec![["a".into(), long.clone()], ["bb".into(), long]]);
        let terminal = usize::from(comfy_table::Table::new().width().unwrap_or(super::WIDTH));
        assert!(table.lines().all(|line| line.trim_end().chars().count() <= terminal), "{table}");
    }

    #[test]
    fn numbers_are_for_people() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(123), "123");
        assert_eq!(grouped(1_000_000), "1 000 000");
        assert_eq!(megabytes(39_500_000), "39.5 MB");
    }
}
