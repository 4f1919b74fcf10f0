//! Receipts: their text, and the folder they are written to.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process;

use anyhow::{Context, Result};

use super::orders::OrderFile;
use super::report::money;

/// The text of a receipt. `payment` says how the order was paid.
pub fn text(order: &OrderFile, payment: &str) -> String {
    let mut text = format!("Receipt for {}\n\n", order.customer);
    for item in order.items.iter() {
        let (count, price) = (item.quantity, money(item.unit_price_cents));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{count:>4} x {:<28} at {price:>9}", item.name);
    }
    let _ = writeln!(
        text,
        "\nTotal {}\n{payment}",
        money(order.items.total_cents())
    );
    text
}

/// A folder of receipts.
#[derive(Debug)]
pub struct Receipts {
    folder: PathBuf,
}

impl Receipts {
    /// Opens the folder, and creates it if it does not exist.
    ///
    /// # Errors
    ///
    /// Fails if the folder cannot be created. It is better to find that out before an order is
    /// paid.
    pub fn open(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder for receipts {}", folder.display()))?;
        Ok(Self {
            folder: folder.into(),
        })
    }

    /// Writes the receipt for an order file, with the same name but the extension `.txt`. It
    /// replaces the receipt of an earlier run.
    ///
    /// # Errors
    ///
    /// Fails if the receipt cannot be written. The folder then has the earlier receipt or none,
    /// never a partial one.
    pub fn write(&self, order_file: &Path, text: &str) -> Result<()> {
        let name = Path::new(order_file.file_name().context("an order file has a name")?);
        let receipt = self.folder.join(name.with_extension("txt"));
        // A crash may leave this temporary file behind but no partial receipt, because a rename is
        // atomic. Two programs that run at the same time use different temporary files.
        let unfinished = receipt.with_extension(format!("txt.{}.tmp", process::id()));
        let written =
            write_and_sync(&unfinished, text).and_then(|()| fs::rename(&unfinished, &receipt));
        if written.is_err() {
            // Report the first error.
            let _ = fs::remove_file(&unfinished);
        }
        written.with_context(|| format!("cannot write the receipt {}", receipt.display()))
    }
}

/// Writes a file and waits until it is on the disk. Otherwise the rename might reach the disk
/// first.
fn write_and_sync(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names in a folder, sorted.
    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_receipt_has_the_items_and_the_total() {
        let order = "{customer: Ada, items: [{name: Pen, quantity: 3, unit_price_cents: 250}]}";
        let order: OrderFile = serde_yaml::from_str(order).unwrap();
        assert_eq!(
            text(&order, "paid"),
            "Receipt for Ada\n\n   3 x Pen                          at      2.50\n\nTotal 7.50\npaid\n"
        );
    }

    #[test]
    fn a_receipt_replaces_the_one_before_and_leaves_nothing_else() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("made/on/the/way");
        let receipts = Receipts::open(&folder).unwrap();
        receipts
            .write(Path::new("orders/pens.yaml"), "a long receipt")
            .unwrap();
        receipts
            .write(Path::new("orders/pens.yaml"), "a receipt")
            .unwrap();
        assert_eq!(names(&folder), ["pens.txt"]);
        assert_eq!(
            fs::read_to_string(folder.join("pens.txt")).unwrap(),
            "a receipt"
        );
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing_behind() {
        let temp = tempfile::tempdir().unwrap();
        let receipts = Receipts::open(temp.path()).unwrap();
        // A directory with the receipt's name makes the rename fail after the text was written.
        fs::create_dir_all(temp.path().join("pens.txt/in the way")).unwrap();
        let error = format!(
            "{:#}",
            receipts
                .write(Path::new("pens.yaml"), "a receipt")
                .unwrap_err()
        );
        assert!(
            error.starts_with("cannot write the receipt ") && error.contains("pens.txt: "),
            "{error}"
        );
        assert_eq!(names(temp.path()), ["pens.txt"]);
    }

    #[test]
    fn a_file_in_the_way_of_the_folder_is_an_error() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("receipts");
        fs::write(&file, "").unwrap();
        let error = format!("{:#}", Receipts::open(&file).unwrap_err());
        assert!(
            error.starts_with("cannot make the folder for receipts"),
            "{error}"
        );
    }
}
