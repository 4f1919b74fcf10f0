//! Markdown tables, aligned so that they are readable in a terminal.

/// A table. By default, its first column is text and the others are numbers.
pub struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    text: bool,
}

/// The content of an empty cell.
pub const NONE: &str = "—";

impl Table {
    pub fn new<S: Into<String>>(head: impl IntoIterator<Item = S>) -> Self {
        Self {
            head: head.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
            text: false,
        }
    }

    /// Makes all columns text.
    pub fn of_text<S: Into<String>>(head: impl IntoIterator<Item = S>) -> Self {
        Self {
            text: true,
            ..Self::new(head)
        }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(
            cells
                .into_iter()
                .map(|cell| cell.replace('|', "\\|").replace('\n', " "))
                .collect(),
        );
    }

    /// Removes the empty rows and columns. The first and the last column do not count, because they
    /// contain names.
    pub fn without_empty(mut self) -> Self {
        let middle = 1..self.head.len() - 1;
        self.rows
            .retain(|cells| cells[middle.clone()].iter().any(|cell| cell != NONE));
        for column in middle.rev() {
            if self.rows.iter().all(|cells| cells[column] == NONE) {
                self.head.remove(column);
                self.rows
                    .iter_mut()
                    .for_each(|cells| drop(cells.remove(column)));
            }
        }
        self
    }

    pub fn render(&self) -> String {
        let lines = || [&self.head].into_iter().chain(&self.rows);
        let width = |column: usize| {
            lines()
                .map(|cells: &Vec<String>| length(cells[column].as_str()))
                .max()
                .unwrap_or(0)
                .max(3)
        };
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let mut text = String::new();
        for (index, cells) in lines().enumerate() {
            text += &self.line(cells, &widths);
            if index == 0 {
                text += &self.rule(&widths);
            }
        }
        text
    }

    fn is_left(&self, column: usize) -> bool {
        column == 0 || self.text
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let mut line = String::from("|");
        for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
            let space = " ".repeat(width - length(cell));
            line += &if self.is_left(column) {
                format!(" {cell}{space} |")
            } else {
                format!(" {space}{cell} |")
            };
        }
        line + "\n"
    }

    fn rule(&self, widths: &[usize]) -> String {
        let mut line = String::from("|");
        for (column, width) in widths.iter().enumerate() {
            let dashes = "-".repeat(width - 1);
            line += &if self.is_left(column) {
                format!(" -{dashes} |")
            } else {
                format!(" {dashes}: |")
            };
        }
        line + "\n"
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// A number with its significant digits: `1.05`, `12.3`, `1,234`. Whole numbers stay whole.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    match value.abs() {
        size if size < 0.005 => "0".to_owned(),
        _ if value.fract() == 0.0 => with_commas(value),
        size if size < 9.995 => format!("{value:.2}"),
        size if size < 99.95 => format!("{value:.1}"),
        _ => with_commas(value),
    }
}

/// A mean of counts. It is rounded if only work that happens once in a run makes it fractional.
pub fn count(value: f64) -> String {
    let whole = value.round();
    number(if (value - whole).abs() < 0.005 {
        whole
    } else {
        value
    })
}

/// A ratio, always with two decimals: `1.00`.
pub fn times(ratio: f64) -> String {
    if ratio.abs() < 9.995 && ratio.is_finite() {
        format!("{ratio:.2}")
    } else {
        number(ratio)
    }
}

/// Formats a value with [`number`] or [`times`], if there is one.
pub fn maybe(value: Option<f64>, format: fn(f64) -> String) -> String {
    value.map_or_else(|| NONE.to_owned(), format)
}

fn with_commas(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 {
        format!("-{text}")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_aligned() {
        let mut table = Table::new(["contender", "loop ×"]);
        table.row(["ours".into(), "1.00".into()]);
        table.row(["somebody else".into(), "1,234".into()]);
        let expected = "\
| contender     | loop × |
| ------------- | -----: |
| ours          |   1.00 |
| somebody else |  1,234 |
";
        assert_eq!(table.render(), expected);
    }

    #[test]
    fn what_is_empty_is_left_out() {
        let mut table = Table::new(["contender", "loop ×", "chain ×", "version"]);
        table.row(["ours", NONE, "1.00", "0.1.0"].map(str::to_owned));
        table.row(["somebody else", NONE, NONE, "2.0.0"].map(str::to_owned));
        let expected = "\
| contender | chain × | version |
| --------- | ------: | ------: |
| ours      |    1.00 |   0.1.0 |
";
        assert_eq!(table.without_empty().render(), expected);
    }

    #[test]
    fn text_is_left_and_pipes_do_not_part_cells() {
        let mut table = Table::of_text(["a", "why"]);
        table.row(["x".into(), "one | two\nthree".into()]);
        assert_eq!(
            table.render(),
            "| a   | why              |\n| --- | ---------------- |\n| x   | one \\| two three |\n"
        );
    }

    #[test]
    fn numbers_have_few_digits() {
        let cases = [
            (0.0, "0"),
            (0.001, "0"),
            (1.0499, "1.05"),
            (9.999, "10.0"),
            (12.34, "12.3"),
            (99.99, "100"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
        assert_eq!(number(3.0), "3");
        assert_eq!(number(1_234_567.8), "1,234,568");
        assert_eq!(number(-1_234.0), "-1,234");
        assert_eq!(number(f64::NAN), NONE);
        assert_eq!(
            (count(3.0001), count(2.998), count(2.33)),
            ("3".to_owned(), "3".to_owned(), "2.33".to_owned())
        );
    }

    #[test]
    fn ratios_keep_their_digits() {
        assert_eq!(times(1.0), "1.00");
        assert_eq!(times(1_000.0), "1,000");
        assert_eq!(maybe(None, times), NONE);
    }
}
