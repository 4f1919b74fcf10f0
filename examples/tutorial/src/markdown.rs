//! The pages of the tutorial: an index with maps, and one page for each chapter.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

use super::modules::Code;
use super::replies::Naming;
use super::text::{count, escape, inline, list, quote, tame, without_tags};
use super::topics::{Audience, Topic, Topics, Use};

/// The first line of each page, so that the next run knows which files it may replace.
const MARK: &str = "<!-- written by `tutorial` -->\n";

/// The maximum number of arrows in a map.
const MOST_ARROWS: usize = 24;

/// The maximum number of users that are listed. The others are only counted.
const MOST_NEIGHBOURS: usize = 12;

/// A file of the tutorial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its name.
    pub file: String,
    /// Its content.
    pub text: String,
}

/// A chapter, with everything that its page needs.
#[derive(Debug, Clone)]
pub struct Chapter {
    /// Its topic.
    pub topic: Topic,
    /// Its title and its description.
    pub naming: Naming,
    /// The text from the model, or why there is none.
    pub text: Result<String, String>,
}

/// One chapter's topic uses another's. `user` and `used` are numbers of chapters, counted from 0.
#[derive(Debug, Clone)]
pub struct Arrow {
    /// The chapter whose code names the other.
    pub user: usize,
    /// The chapter that is named.
    pub used: usize,
    /// How it is used.
    pub how: Use,
}

/// Everything that goes into the pages.
pub struct Tutorial<'a> {
    /// The name of the project.
    pub project: &'a str,
    /// Its code.
    pub code: &'a Code,
    /// All topics.
    pub topics: &'a Topics,
    /// The chapters, in order.
    pub chapters: &'a [Chapter],
    /// Which uses which.
    pub arrows: &'a [Arrow],
    /// The label of each arrow.
    pub labels: &'a [String],
}

impl Tutorial<'_> {
    /// The index first, then the chapters.
    pub fn pages(&self) -> Vec<Page> {
        let index = Page {
            file: "index.md".into(),
            text: self.index(),
        };
        let chapters = (0..self.chapters.len()).map(|number| Page {
            file: self.file(number),
            text: self.chapter(number),
        });
        [index].into_iter().chain(chapters).collect()
    }

    fn file(&self, number: usize) -> String {
        let name = &self.chapters[number].topic.name;
        let words = name
            .split(|letter: char| !letter.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty());
        format!(
            "{:02}_{}.md",
            number + 1,
            words.collect::<Vec<_>>().join("_")
        )
    }

    fn link(&self, number: usize) -> String {
        format!(
            "[{}]({})",
            escape(&self.chapters[number].naming.title),
            self.file(number)
        )
    }

    fn index(&self) -> String {
        let Self { project, code, .. } = self;
        let mut text = format!("{MARK}# {project}\n\n");
        text += &format!(
            "Read from {} in {}. The maps, the order of the chapters, the lists and the signatures come from the code; titles, \
             descriptions and explanations come from a language model, which may be wrong.\n",
            count(code.files, "file"),
            count(code.workspace.packages.len(), "package")
        );
        if !code.skipped.is_empty() {
            text += &format!(
                "\n{} of it could not be read:\n\n",
                count(code.skipped.len(), "part")
            );
            text += &list(code.skipped.iter().map(|line| inline(line)));
        }
        text += "\n## Chapters\n\nModules that others build on come first.\n\n";
        for (number, chapter) in self.chapters.iter().enumerate() {
            let what = escape(&chapter.naming.description);
            text += &format!(
                "{}. {} (`{}`): {what}\n",
                number + 1,
                self.link(number),
                chapter.topic.name
            );
        }
        let (map, note) = self.map();
        text += &format!(
            "\n## The map\n\nAn arrow goes from a module to a module that it uses. The number says how often its code names the other.{note}\n\n{map}"
        );
        if code.workspace.packages.len() > 1 {
            text += &format!("\n## The packages\n\n{}", self.packages());
        }
        text
    }

    /// The map of the chapters, and a note about arrows that are left out.
    fn map(&self) -> (String, String) {
        let mut counts = self
            .arrows
            .iter()
            .map(|arrow| arrow.how.count)
            .collect::<Vec<_>>();
        counts.sort_unstable_by_key(|count| std::cmp::Reverse(*count));
        // Arrows with the same count as the first one over the limit are left out as well, so that
        // the choice is not arbitrary.
        let least = counts.get(MOST_ARROWS).map_or(0, |count| count + 1);
        let mut map = String::from("```mermaid\ngraph TD\n");
        for (number, chapter) in self.chapters.iter().enumerate() {
            let label = [&chapter.naming.title, &chapter.topic.name]
                .map(|text| quote(text))
                .join("<br/>");
            map += &format!("    c{}[\"{label}\"]\n", number + 1);
        }
        for (arrow, label) in self
            .arrows
            .iter()
            .zip(self.labels)
            .filter(|(arrow, _)| arrow.how.count >= least)
        {
            let label = format!("{} ({})", quote(label), arrow.how.count);
            map += &format!(
                "    c{} -->|\"{label}\"| c{}\n",
                arrow.user + 1,
                arrow.used + 1
            );
        }
        let note = if least > 0 {
            format!(" Arrows for fewer than {least} uses are left out.")
        } else {
            String::new()
        };
        (map + "```\n", note)
    }

    /// The map of the packages, by their dependencies.
    fn packages(&self) -> String {
        let packages = &self.code.workspace.packages;
        let counts = self.topics.between_packages();
        let mut map = String::from("```mermaid\ngraph TD\n");
        for (index, package) in packages.iter().enumerate() {
            map += &format!("    p{}[\"{}\"]\n", index + 1, quote(&package.name));
        }
        for (index, package) in packages.iter().enumerate() {
            for needed in &package.needs {
                let count = counts
                    .get(&(package.name.as_str(), packages[*needed].name.as_str()))
                    .unwrap_or(&0);
                map += &format!("    p{} -->|\"{count}\"| p{}\n", index + 1, needed + 1);
            }
        }
        let described = packages
            .iter()
            .filter(|package| !package.description.is_empty());
        let described = described
            .map(|package| format!("`{}`: {}", package.name, escape(&package.description)));
        format!("{map}```\n\n{}", list(described))
    }

    fn chapter(&self, number: usize) -> String {
        let Chapter {
            topic,
            naming,
            text: written,
        } = &self.chapters[number];
        let mut text = format!(
            "{MARK}# Chapter {}: {}\n\n",
            number + 1,
            escape(&naming.title)
        );
        text += &format!(
            "{}\n\n`{}` in `{}`, package `{}`\n\n",
            escape(&naming.description),
            topic.name,
            topic.file.display(),
            topic.package
        );
        text += &match written {
            Ok(written) => format!(
                "## What it does\n\n{}\n\n*By the language model.*\n\n",
                tame(written)
            ),
            Err(why) => format!(
                "> **The model wrote no text for this chapter** ({}). The rest of this page is read from the code.\n\n",
                escape(why)
            ),
        };
        if !topic.doc.is_empty() {
            text += &format!(
                "## What the code says about itself\n\n{}\n\n",
                tame(&topic.doc)
            );
        }
        text += &items(topic);
        let position = self
            .topics
            .list
            .iter()
            .position(|other| other.name == topic.name);
        for (heading, outgoing) in [("Uses", true), ("Used by", false)] {
            let lines = position
                .map(|position| self.neighbours(position, outgoing))
                .unwrap_or_default();
            text += &format!("## {heading}\n\n");
            text += &if lines.is_empty() {
                "Nothing in this folder.\n".into()
            } else {
                list(lines.into_iter())
            };
            text += "\n";
        }
        let last = number + 1 == self.chapters.len();
        let previous = number
            .checked_sub(1)
            .map(|previous| format!("Previous: {}", self.link(previous)));
        let next = (!last).then(|| format!("Next: {}", self.link(number + 1)));
        let links = [previous, Some("[All chapters](index.md)".into()), next];
        text + "---\n\n" + &links.into_iter().flatten().collect::<Vec<_>>().join(" · ") + "\n"
    }

    /// What a topic uses, or what uses it, the most frequent first, with links to the chapters.
    fn neighbours(&self, topic: usize, outgoing: bool) -> Vec<String> {
        let mut found = self
            .topics
            .uses
            .iter()
            .filter_map(|((user, used), how)| match outgoing {
                true => (*user == topic).then_some((*used, how)),
                false => (*used == topic).then_some((*user, how)),
            })
            .collect::<Vec<_>>();
        found.sort_by_key(|(_, how)| std::cmp::Reverse(how.count));
        let line = |(other, how): (usize, &Use)| {
            let name = &self.topics.list[other].name;
            let chapter = self
                .chapters
                .iter()
                .position(|chapter| chapter.topic.name == *name);
            let link = chapter.map_or_else(String::new, |number| format!("{} ", self.link(number)));
            let names = how
                .top(8)
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ");
            let names = if names.is_empty() {
                String::new()
            } else {
                format!(": {names}")
            };
            format!("{link}`{name}` ({}×){names}", how.count)
        };
        let mut lines = found.into_iter().map(line).collect::<Vec<_>>();
        let more = lines.split_off(lines.len().min(MOST_NEIGHBOURS)).len();
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        lines
    }
}

fn items(topic: &Topic) -> String {
    const MOST: usize = 40;
    let heading = match topic.audience {
        _ if topic.items.is_empty() => {
            return "## What it has\n\nNothing that others can name.\n\n".into();
        }
        Audience::Public => "## Public items",
        Audience::Crate => "## What it has for the rest of its crate",
        Audience::Program => "## What the program is made of",
    };
    let lines = topic.items.iter().take(MOST).map(|item| {
        let signature = item.signature.replace('`', "'");
        let doc = if item.doc.is_empty() {
            String::new()
        } else {
            format!("  \n  {}", without_tags(&item.doc))
        };
        format!("**{}**: `{signature}`{doc}", escape(&item.path))
    });
    let more = match topic.items.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!("\nAnd {more} more.\n"),
    };
    format!("{heading}\n\n{}{more}\n", list(lines))
}

/// Writes the pages into a folder, which is created if needed, and replaces the pages of an earlier
/// run. Other files in the folder are not changed.
///
/// # Errors
///
/// Fails if a file cannot be written.
pub fn save(folder: &Path, pages: &[Page]) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for entry in folder
        .read_dir()
        .with_context(|| folder.display().to_string())?
    {
        let path = entry?.path();
        let markdown = path.extension().is_some_and(|extension| extension == "md");
        if markdown && std::fs::read_to_string(&path).is_ok_and(|text| text.starts_with(MARK)) {
            std::fs::remove_file(&path).with_context(|| path.display().to_string())?;
        }
    }
    for page in pages {
        let path = folder.join(&page.file);
        std::fs::write(&path, &page.text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// The arrows between some topics, by their positions among them.
pub fn arrows(order: &[usize], topics: &Topics) -> Vec<Arrow> {
    let places = order
        .iter()
        .enumerate()
        .map(|(place, topic)| (*topic, place))
        .collect::<BTreeMap<_, _>>();
    let arrows = topics.uses.iter().filter_map(|((user, used), how)| {
        Some(Arrow {
            user: *places.get(user)?,
            used: *places.get(used)?,
            how: how.clone(),
        })
    });
    let mut arrows = arrows.collect::<Vec<_>>();
    arrows.sort_by_key(|arrow| (arrow.user, arrow.used));
    arrows
}
