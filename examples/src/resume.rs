//! A résumé, and the prompt that asks a model to read one. The programs `resume` and `resumes` use
//! it.

use anyhow::{Result, ensure};
use pocketflow::Attempt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::llm::{Message, call_llm_for};

/// The data to extract from a résumé.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resume {
    /// The person's full name
    #[schemars(length(min = 1, max = 60))]
    pub name: String,
    /// Their email address
    #[schemars(length(min = 3, max = 80))]
    pub email: String,
    /// Their positions, the latest first
    #[schemars(length(min = 1, max = 6))]
    pub experience: Vec<Position>,
}

/// A position that the person held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Position {
    /// The job title
    #[schemars(length(min = 1, max = 60))]
    pub title: String,
    /// The company
    #[schemars(length(min = 1, max = 60))]
    pub company: String,
}

/// An example explains more than a description, above all to a small model.
const EXAMPLE: &str = "JANE ROE -- baker\njane@roe.example\n2015-2020 pastry cook, Hotel Bellevue";
const ANSWER: &str = "name: Jane Roe\nemail: jane@roe.example\nexperience:\n- title: pastry cook\n  company: Hotel Bellevue\n";

fn ask(text: &str) -> String {
    format!(
        "Copy the name, the email address and the experience out of this résumé, as YAML:\n\n{text}\n"
    )
}

impl Resume {
    /// Asks the model, and checks its reply against the text.
    ///
    /// # Errors
    ///
    /// Fails if the model fails or its reply is wrong. The next attempt then includes the error in
    /// the prompt.
    pub async fn read(text: &str, attempt: Attempt<'_>) -> Result<Self> {
        let mut prompt = ask(text);
        if let Some(error) = attempt.last_error() {
            prompt += &format!("\nYour last reply was rejected: {error}");
        }
        let resume: Self = call_llm_for(&[
            Message::user(ask(EXAMPLE)),
            Message::assistant(ANSWER),
            Message::user(prompt),
        ])
        .await?;
        resume.check(text)?;
        Ok(resume)
    }

    /// A model sometimes invents things, so everything that it should copy must appear in the text.
    fn check(&self, text: &str) -> Result<()> {
        let text = words(text);
        let copied = |what: &str| !words(what).is_empty() && text.contains(&words(what));
        ensure!(
            copied(&self.name),
            "the name {:?} is not in the résumé",
            self.name
        );
        ensure!(
            self.email.contains('@'),
            "{:?} is not an email address",
            self.email
        );
        ensure!(
            copied(&self.email),
            "the address {:?} is not in the résumé",
            self.email
        );
        ensure!(!self.experience.is_empty(), "`experience` is empty");
        for position in &self.experience {
            ensure!(
                copied(&position.company),
                "the company {:?} is not in the résumé",
                position.company
            );
        }
        Ok(())
    }

    /// What can be read without a model: the first line, and the first word with an `@`.
    pub fn guess(text: &str) -> Self {
        let name = text
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty())
            .unwrap_or_default();
        let email = text
            .split_whitespace()
            .find(|word| word.contains('@'))
            .unwrap_or_default();
        let email = email.trim_matches(|letter: char| !letter.is_alphanumeric());
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        Self {
            name,
            email: email.into(),
            experience: Vec::new(),
        }
    }
}

/// The words of a text in lower case, without regard to spacing.
fn words(text: &str) -> String {
    text.to_lowercase()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "\n  ADA   LOVELACE\nMail: <ada@example.org>, London\n1843 analyst, Babbage & Co.\n";

    #[test]
    fn what_is_not_in_the_text_is_refused() {
        let good = Resume {
            name: "Ada Lovelace".into(),
            email: "ada@example.org".into(),
            experience: vec![Position {
                title: "Analyst".into(),
                company: "Babbage & Co.".into(),
            }],
        };
        good.check(TEXT).unwrap();
        let wrong = |change: fn(&mut Resume)| {
            let mut resume = good.clone();
            change(&mut resume);
            resume.check(TEXT).unwrap_err().to_string()
        };
        assert_eq!(
            wrong(|r| r.name = "Alan".into()),
            "the name \"Alan\" is not in the résumé"
        );
        assert_eq!(
            wrong(|r| r.name = " ".into()),
            "the name \" \" is not in the résumé"
        );
        assert_eq!(
            wrong(|r| r.email = "London".into()),
            "\"London\" is not an email address"
        );
        assert_eq!(
            wrong(|r| r.email = "a@b.c".into()),
            "the address \"a@b.c\" is not in the résumé"
        );
        assert_eq!(wrong(|r| r.experience.clear()), "`experience` is empty");
        assert_eq!(
            wrong(|r| r.experience[0].company = "Apple".into()),
            "the company \"Apple\" is not in the résumé"
        );
    }

    #[test]
    fn a_guess_needs_no_model() {
        let guess = Resume::guess(TEXT);
        assert_eq!(
            (guess.name.as_str(), guess.email.as_str()),
            ("ADA LOVELACE", "ada@example.org")
        );
        assert_eq!(Resume::guess("").email, "");
    }
}
