//! The topics that a tutorial may have chapters about, and which of them uses which.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::items::first_paragraph;
use super::modules::Code;
use super::paths::Target;
use super::text::plain_links;

/// If there are more packages than this, each package is a topic. Otherwise, each top-level module
/// of a crate is one.
const MANY_PACKAGES: usize = 16;

/// A possible subject of a chapter: a module with everything inside it, or a package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topic {
    /// Its path in code, such as `pocketflow::driver`. For a program, `bin::` and its name.
    pub name: String,
    /// Its package.
    pub package: String,
    /// The file where its code begins.
    pub file: PathBuf,
    /// Its documentation, as Markdown.
    pub doc: String,
    /// Its items, the most used first.
    pub items: Vec<Listed>,
    /// The audience of the items.
    pub audience: Audience,
}

impl Topic {
    /// The first paragraph of its documentation, on one line.
    pub fn summary(&self) -> String {
        plain_links(&first_paragraph(&self.doc))
    }

    /// The last part of its name.
    pub fn short(&self) -> &str {
        self.name.rsplit("::").next().unwrap_or(&self.name)
    }
}

/// The audience of a topic's items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Audience {
    /// For every user of the library.
    #[default]
    Public,
    /// The other modules of the crate: none of its items is public.
    Crate,
    /// Only the program itself.
    Program,
}

/// An item, as a chapter lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The path under which other code names it.
    pub path: String,
    /// Its signature, up to its body.
    pub signature: String,
    /// The first paragraph of its documentation.
    pub doc: String,
}

/// How one topic uses another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Use {
    /// How often its code names items of the other topic.
    pub count: usize,
    /// The names of those items, and how often each appears.
    pub names: BTreeMap<String, usize>,
}

impl Use {
    /// The names, the most frequent first.
    pub fn top(&self, most: usize) -> Vec<&str> {
        let mut names = self.names.iter().collect::<Vec<_>>();
        names.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        names
            .into_iter()
            .take(most)
            .map(|(name, _)| name.as_str())
            .collect()
    }
}

/// Which topic uses which: `(user, used)`.
pub type Uses = BTreeMap<(usize, usize), Use>;

/// All topics, the most useful to know first.
#[derive(Debug, Clone, Default)]
pub struct Topics {
    /// The topics.
    pub list: Vec<Topic>,
    /// Which of them uses which.
    pub uses: Uses,
}

impl Topics {
    /// Finds the topics in the code.
    pub fn of(code: &Code) -> Self {
        let (names, topic_of) = group(code);
        let (uses, mentioned) = count(code, &topic_of);
        let public = code.public();
        let list = names.iter().enumerate().map(|(topic, name)| {
            let members = (0..topic_of.len()).filter(|module| topic_of[*module] == topic);
            describe(
                code,
                name,
                &members.collect::<Vec<_>>(),
                &public,
                &mentioned,
            )
        });
        rank(list.collect(), &uses)
    }

    /// How often the code of one package names something of another, by their names: `(user,
    /// used)`.
    pub fn between_packages(&self) -> BTreeMap<(&str, &str), usize> {
        let mut counts = BTreeMap::new();
        for ((user, used), how) in &self.uses {
            let [user, used] = [user, used].map(|topic| self.list[*topic].package.as_str());
            if user != used {
                *counts.entry((user, used)).or_default() += how.count;
            }
        }
        counts
    }
}

/// The names of the topics, and the topic of each module.
fn group(code: &Code) -> (Vec<String>, Vec<usize>) {
    let by_package = code.workspace.packages.len() > MANY_PACKAGES;
    let (mut names, mut topic_of) = (Vec::<String>::new(), Vec::new());
    for module in &code.modules {
        let of = &code.workspace.crates[module.of];
        let name = match module.path.first() {
            _ if by_package => code.workspace.packages[of.package].name.clone(),
            _ if of.program => format!("bin::{}", of.name),
            Some(module) => format!("{}::{module}", of.name),
            None => of.name.clone(),
        };
        let known = names.iter().position(|known| *known == name);
        topic_of.push(known.unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        }));
    }
    (names, topic_of)
}

/// Which topic uses which, and how often other topics name each item.
fn count(code: &Code, topic_of: &[usize]) -> (Uses, BTreeMap<(usize, usize), usize>) {
    let (mut uses, mut mentioned) = (Uses::new(), BTreeMap::new());
    for (index, module) in code.modules.iter().enumerate() {
        for mention in &module.mentions {
            let targets = code.resolve(index, &mention.path, mention.space);
            let mut named = BTreeSet::new();
            for target in targets {
                let (user, used) = (topic_of[index], topic_of[target.module()]);
                if user == used {
                    continue;
                }
                // A trait and its derive macro with the same name are two uses, if they belong to
                // two topics.
                if named.insert(used) {
                    uses.entry((user, used)).or_default().count += 1;
                }
                if let Target::Item(at, item) = target {
                    let name = code.modules[at].items[item].name.clone();
                    *uses
                        .entry((user, used))
                        .or_default()
                        .names
                        .entry(name)
                        .or_default() += 1;
                    *mentioned.entry((at, item)).or_default() += 1;
                }
            }
        }
    }
    (uses, mentioned)
}

fn describe(
    code: &Code,
    name: &str,
    members: &[usize],
    public: &BTreeMap<(usize, usize), String>,
    mentioned: &BTreeMap<(usize, usize), usize>,
) -> Topic {
    let first = &code.modules[members[0]];
    let of = &code.workspace.crates[first.of];
    let package = &code.workspace.packages[of.package];
    let all = members
        .iter()
        .flat_map(|module| (0..code.modules[*module].items.len()).map(move |item| (*module, item)));
    let mut shown = all
        .clone()
        .filter(|key| public.contains_key(key))
        .collect::<Vec<_>>();
    let mut audience = Audience::Public;
    if shown.is_empty() {
        audience = if of.program {
            Audience::Program
        } else {
            Audience::Crate
        };
        let shared = |&(module, item): &(usize, usize)| {
            of.program || code.modules[module].items[item].shared
        };
        shown = all.filter(shared).collect();
    }
    // Items that no other topic names stay in the order of the code.
    shown.sort_by_key(|key| std::cmp::Reverse(mentioned.get(key).copied().unwrap_or_default()));
    let items = shown.into_iter().map(|key| {
        let item = &code.modules[key.0].items[key.1];
        let path = public.get(&key).cloned().unwrap_or_else(|| {
            let inside = code.modules[key.0].path.iter().chain([&item.name]);
            [&of.name]
                .into_iter()
                .chain(inside)
                .cloned()
                .collect::<Vec<_>>()
                .join("::")
        });
        Listed {
            path,
            signature: item.signature.clone(),
            doc: plain_links(&item.doc),
        }
    });
    let mut items = items.collect::<Vec<_>>();
    // Several versions of an item for different systems count as one.
    let mut seen = BTreeSet::new();
    items.retain(|item| seen.insert((item.path.clone(), item.signature.clone())));
    let doc = if first.doc.is_empty() && first.path.is_empty() {
        &package.description
    } else {
        &first.doc
    };
    Topic {
        name: name.to_owned(),
        package: package.name.clone(),
        file: first.file.clone(),
        doc: doc.clone(),
        items,
        audience,
    }
}

/// The topics that are most useful to know have many users and offer much to them. The programs
/// count as one user, because code that only programs share is less useful to know than code that
/// the libraries build on.
fn rank(list: Vec<Topic>, uses: &Uses) -> Topics {
    let score = |topic: usize| {
        let users = uses
            .keys()
            .filter(|(_, used)| *used == topic)
            .map(|(user, _)| *user);
        let (programs, modules) =
            users.partition::<Vec<_>, _>(|user| list[*user].audience == Audience::Program);
        let users = modules.len() + usize::from(!programs.is_empty());
        let offers = if list[topic].audience == Audience::Public {
            list[topic].items.len().min(12)
        } else {
            0
        };
        3 * users + offers
    };
    let mut best = (0..list.len()).collect::<Vec<_>>();
    best.sort_by_key(|topic| (std::cmp::Reverse(score(*topic)), &list[*topic].name));
    let mut rank = vec![0; list.len()];
    best.iter()
        .enumerate()
        .for_each(|(position, topic)| rank[*topic] = position);
    let uses = uses
        .iter()
        .map(|((user, used), how)| ((rank[*user], rank[*used]), how.clone()))
        .collect();
    Topics {
        list: best.iter().map(|topic| list[*topic].clone()).collect(),
        uses,
    }
}

#[cfg(test)]
mod tests {
    use super::super::modules::tests::demo;
    use super::*;

    #[test]
    fn topics_are_ranked_by_their_users_and_what_they_offer() {
        let code = demo(&[
            (
                "src/lib.rs",
                "//! All.\nmod inner; pub mod used; pub mod shown; pub use inner::make;",
            ),
            (
                "src/inner.rs",
                "//! Says `[it](crate::used)`.\nuse crate::used::One;\npub fn make(one: One) {}\nfn none() {}",
            ),
            (
                "src/used.rs",
                "pub struct One; mod more { pub(crate) struct Two; }",
            ),
            ("src/shown.rs", "pub struct A; pub struct B;"),
            (
                "src/main.rs",
                "use demo::used; fn main() { demo::make(used::One) }",
            ),
        ]);
        let topics = Topics::of(&code);
        let names = topics
            .list
            .iter()
            .map(|topic| topic.name.as_str())
            .collect::<Vec<_>>();
        // These are used by a module and the programs, by the root and the programs, and by
        // nothing. The rest follows.
        assert_eq!(
            names,
            [
                "demo::inner",
                "demo::used",
                "demo::shown",
                "bin::demo",
                "demo"
            ]
        );
        let uses = topics
            .uses
            .iter()
            .map(|((user, used), how)| (names[*user], names[*used], how.count));
        assert_eq!(
            uses.collect::<BTreeSet<_>>(),
            [
                ("demo::inner", "demo::used", 2),
                ("bin::demo", "demo::inner", 1),
                ("bin::demo", "demo::used", 2),
                ("demo", "demo::inner", 1)
            ]
            .into()
        );
        let inner = &topics.list[0];
        assert_eq!(
            (inner.audience, inner.items[0].path.as_str()),
            (Audience::Public, "demo::make")
        );
        assert_eq!(topics.list[3].audience, Audience::Program);
        assert!(topics.between_packages().is_empty());
    }
}
