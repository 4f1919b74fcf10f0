//! The replies of the model, and the checks on them. An error is worded so that a retry can put it
//! into its prompt.

use std::collections::BTreeSet;

use anyhow::{Result, bail, ensure};
use schemars::JsonSchema;
use serde::Deserialize;

use super::prompts::{main_items, offered};
use super::text::trim_to_sentence;
use super::topics::{Topic, Topics};

/// The modules that the tutorial should be about.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Choice {
    /// Names of modules, exactly as they are listed.
    #[schemars(length(min = 1, max = 12), inner(length(max = 60)))]
    pub modules: Vec<String>,
}

/// The name of a chapter.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Naming {
    /// A title of one to four words.
    #[schemars(length(min = 1, max = 40))]
    pub title: String,
    /// One sentence that says what it is for.
    #[schemars(length(min = 1, max = 160))]
    pub description: String,
}

/// How one module uses another.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Label {
    /// A verb in the third person, and at most two more words: reads, checks errors.
    #[schemars(length(min = 1, max = 30))]
    pub verb: String,
}

impl Choice {
    /// The chosen topics, completed with the best of the others.
    ///
    /// # Errors
    ///
    /// Fails if a module was not offered.
    pub fn check(&self, topics: &Topics, wanted: usize) -> Result<Vec<usize>> {
        let (sure, offered) = offered(topics, wanted);
        let known = &topics.list[..sure.len() + offered.len()];
        let mut chosen = (0..sure.len()).collect::<Vec<_>>();
        for name in &self.modules {
            let Some(topic) = known.iter().position(|topic| topic.name == name.trim()) else {
                let names = offered
                    .iter()
                    .map(|topic| topic.name.as_str())
                    .collect::<Vec<_>>();
                bail!(
                    "there is no module `{name}`; there are {}",
                    names.join(", ")
                );
            };
            chosen.push(topic);
        }
        Ok(fill(chosen, topics, wanted))
    }
}

/// The chosen topics without duplicates, completed with the best of the others if there are too
/// few.
pub fn fill(chosen: Vec<usize>, topics: &Topics, wanted: usize) -> Vec<usize> {
    let mut filled = Vec::new();
    for topic in chosen.into_iter().chain(0..topics.list.len()) {
        if filled.len() < wanted && !filled.contains(&topic) {
            filled.push(topic);
        }
    }
    filled
}

impl Naming {
    /// The title and the description, each on one line.
    ///
    /// # Errors
    ///
    /// Fails if the title is not a title or has nothing to do with the topic, or if the description
    /// is not a sentence.
    pub fn check(&self, topic: &Topic) -> Result<Self> {
        let [title, description] = [&self.title, &self.description]
            .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
        let title = title.trim_matches(|letter: char| !letter.is_alphanumeric());
        let plain = |letter: char| letter.is_alphanumeric() || " -'&:".contains(letter);
        let words = title
            .split(|letter: char| !letter.is_alphanumeric())
            .map(str::to_lowercase)
            .collect::<Vec<_>>();
        ensure!(
            (1..=6).contains(&words.len()) && title.chars().all(plain),
            "`{title}` is not a title of a few words"
        );
        let items = main_items(topic, usize::MAX).join(" ");
        let known = format!("{} {} {items}", topic.short(), topic.summary()).to_lowercase();
        let about = words
            .iter()
            .any(|word| word.len() > 2 && known.contains(word.trim_end_matches('s')));
        ensure!(
            about,
            "the title `{title}` has nothing to do with {}",
            topic.name
        );
        let description = trim_to_sentence(&description);
        let sentence =
            description.split(' ').count() > 3 && description.starts_with(char::is_alphabetic);
        ensure!(
            sentence && !description.contains(['[', '{', '<']),
            "the description `{description}` is not a sentence"
        );
        let end = if description.ends_with(['.', '!', '?']) {
            ""
        } else {
            "."
        };
        let description = format!(
            "{}{end}",
            description.trim_end_matches([',', ';', ':', ' '])
        );
        Ok(Self {
            title: title.to_owned(),
            description,
        })
    }

    /// The name from the code's own documentation.
    pub fn from_code(topic: &Topic) -> Self {
        let summary = topic.summary();
        let description = if summary.is_empty() {
            format!("The module {}.", topic.name)
        } else {
            summary
        };
        Self {
            title: topic.short().to_owned(),
            description,
        }
    }
}

impl Label {
    /// The label.
    ///
    /// # Errors
    ///
    /// Fails if it is more than a few words.
    pub fn check(&self) -> Result<String> {
        let words = self.verb.split_whitespace().collect::<Vec<_>>();
        ensure!(
            (1..=4).contains(&words.len()),
            "`{}` is not one to three words",
            self.verb
        );
        let verb = words.join(" ");
        ensure!(
            words[0].ends_with('s'),
            "`{verb}` does not begin with a verb like `reads`"
        );
        let plain = verb
            .chars()
            .all(|letter| letter.is_lowercase() || " -".contains(letter));
        ensure!(plain, "`{verb}` is not plain words in lower case");
        Ok(verb)
    }
}

/// The text of a chapter from a model's reply, up to the end of its last complete sentence.
/// `prompt` is what the model was given.
///
/// # Errors
///
/// Fails if the text is too short, contains code, repeats itself, names things that the model was
/// not given, or names none of those that it was given.
pub fn check_chapter(reply: &str, topic: &Topic, prompt: &str) -> Result<String> {
    let text = trim_to_sentence(reply);
    ensure!(
        text.split_whitespace().count() >= 40,
        "it is shorter than 40 words"
    );
    ensure!(
        !text.contains("```"),
        "it has a block of code in it; write sentences"
    );
    let sentences = text
        .split(['.', '\n'])
        .map(str::trim)
        .filter(|sentence| sentence.len() > 20)
        .collect::<Vec<_>>();
    for sentence in &sentences {
        let times = sentences.iter().filter(|other| other == &sentence).count();
        ensure!(times == 1, "it says {times} times: {sentence}");
    }
    let known = prompt.to_lowercase();
    let words = text
        .split(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
        .collect::<BTreeSet<_>>();
    let invented = words
        .iter()
        .copied()
        .filter(|word| is_name(word) && !known.contains(&word.to_lowercase()));
    let invented = invented.take(5).collect::<Vec<_>>();
    ensure!(
        invented.is_empty(),
        "it names what is not in the module: {}",
        invented.join(", ")
    );
    let items = main_items(topic, usize::MAX);
    let about = items.is_empty() || items.iter().any(|item| words.contains(item));
    ensure!(
        about,
        "it names none of the items: {}",
        main_items(topic, 12).join(", ")
    );
    Ok(text.to_owned())
}

/// Whether a word can only be a name in code: `snake_case` or `CamelCase`.
fn is_name(word: &str) -> bool {
    let camel = word
        .chars()
        .zip(word.chars().skip(1))
        .any(|(one, next)| one.is_lowercase() && next.is_uppercase());
    camel || word.trim_matches('_').contains('_')
}

#[cfg(test)]
mod tests {
    use super::super::topics::Listed;
    use super::*;

    fn topic(name: &str) -> Topic {
        let item = Listed {
            path: format!("{name}::Driver"),
            signature: "pub trait Driver".into(),
            doc: "Takes a step.".into(),
        };
        Topic {
            name: name.into(),
            doc: "Around a step.".into(),
            items: vec![item],
            ..Topic::default()
        }
    }

    #[test]
    fn a_choice_is_among_what_was_offered_and_is_filled_up() {
        let topics = Topics {
            list: ["a", "b", "c", "d", "e", "f"].map(topic).into(),
            ..Topics::default()
        };
        let check = |modules: &[&str], wanted| {
            let modules = modules.iter().map(|name| (*name).to_owned()).collect();
            Choice { modules }
                .check(&topics, wanted)
                .map_err(|error| error.to_string())
        };
        assert_eq!(check(&["d"], 2), Ok(vec![0, 3]));
        assert_eq!(check(&["d", "d", "a"], 4), Ok(vec![0, 1, 3, 2]));
        assert_eq!(check(&["d", "c", "b"], 2), Ok(vec![0, 3]));
        assert_eq!(
            check(&["f"], 2),
            Err("there is no module `f`; there are b, c, d".into())
        );
    }

    #[test]
    fn titles_and_labels_say_something() {
        let naming = |title: &str, description: &str| {
            let naming = Naming {
                title: title.into(),
                description: description.into(),
            };
            naming
                .check(&topic("flow::driver"))
                .map(|naming| (naming.title, naming.description))
        };
        let (title, description) =
            naming("\"Driver basics\",", "What is around\na step. And th").unwrap();
        assert_eq!(
            (title.as_str(), description.as_str()),
            ("Driver basics", "What is around a step.")
        );
        assert_eq!(
            naming("Driver", "What is around a step,").unwrap().1,
            "What is around a step."
        );
        for (title, description) in [
            ("Cooking", "What is around a step."),
            (");", "What is it all."),
            ("Driver", "Driver."),
            ("Driver", "Is [brief description] of it."),
        ] {
            assert!(naming(title, description).is_err(), "{title}");
        }
        let label = |verb: &str| Label { verb: verb.into() }.check().ok();
        assert_eq!(label(" reads  from"), Some("reads from".into()));
        for verb in [
            "Node",
            "borrowedFrom",
            "is a very long label",
            "\"uses\"",
            "",
        ] {
            assert_eq!(label(verb), None);
        }
    }

    #[test]
    fn a_text_is_about_its_topic_and_invents_no_names() {
        let words = (0..40)
            .map(|number| format!("word{number}"))
            .collect::<Vec<_>>()
            .join(" ");
        let check = |text: &str| {
            check_chapter(
                &text.replace('…', &words),
                &topic("driver"),
                "pub trait Driver, PocketFlow",
            )
        };
        assert_eq!(
            check("A Driver … of pocketFlow. And th").unwrap(),
            format!("A Driver {words} of pocketFlow.")
        );
        for (text, error) in [
            ("A Driver.", "shorter"),
            ("…, and on.", "none of the items: Driver"),
            (
                "A Driver …, a StepDriver and some_fn.",
                "not in the module: StepDriver, some_fn",
            ),
            (
                "A Driver …. It goes around a step. It goes around a step.",
                "2 times: It goes around a step",
            ),
            ("A Driver …. ```rust", "block of code"),
        ] {
            let found = check(text).unwrap_err().to_string();
            assert!(found.contains(error), "{found}");
        }
    }
}
