//! What goes out over the web at a key: leaving a list. Each is asked about first, in a question
//! that names who will be told.

use crate::model::Intent;
use crate::text::Clean;
use crate::tui::app::layers::Layer;
use crate::tui::effect::Effect;
use crate::tui::event::{About, Now};
use crate::tui::parting::{By, Parting, host};
use crate::tui::screen::confirm::{Answer, Confirm};

impl Layer {
    /// A question whose answers do something.
    pub fn question(text: &str, answers: Vec<(char, &str, Vec<Effect>)>, now: Now) -> Layer {
        let answer = |(key, label, value): (char, &str, Vec<Effect>)| Answer {
            key,
            label: Clean::line(label),
            value,
        };
        let answers = answers.into_iter().map(answer).collect();
        Layer::Question(Confirm::new(Clean::block(text), answers, now.mono))
    }

    /// Whether a list is left, and how.
    pub fn parting(parting: Parting, now: Now) -> Layer {
        let mut text = format!("Leave {}?\n", parting.list);
        let mut answers: Vec<(char, &str, Vec<Effect>)> = Vec::new();
        for way in parting.ways {
            let first = answers.is_empty();
            match way {
                By::Telling { leave, host } => {
                    text.push_str(&format!("{host} is told over HTTPS that you leave."));
                    let told = Effect::Ask(Intent::Leave(Box::new(leave)), About::Done);
                    answers.push(('y', "tell it", vec![told]));
                }
                By::Writing { draft, to } => {
                    let sent = Effect::Ask(Intent::Submit(draft), About::Done);
                    if first {
                        text.push_str(&format!("A message goes to {to}."));
                        answers.push(('y', "send it", vec![sent]));
                    } else {
                        text.push_str(&format!("\nOr a message to {to}."));
                        answers.push(('m', "send that", vec![sent]));
                    }
                }
                By::Page { url } => {
                    let host = host(&url);
                    text.push_str(&match first {
                        true => format!("That is done on a page at {host}, in your browser."),
                        false => format!("\nOr on a page at {host}, in your browser."),
                    });
                    answers.push(('o', "open the page", vec![Effect::OpenUrl(url)]));
                }
            }
        }
        answers.push(('n', "stay", Vec::new()));
        Layer::question(&text, answers, now)
    }
}
