//! What goes out over the web at a key: leaving a list, loading pictures. Each is asked about first, in a question
//! that names who will be told.

use crate::model::Intent;
use crate::text::Clean;
use crate::tui::app::layers::Layer;
use crate::tui::app::state::Panes;
use crate::tui::effect::Effect;
use crate::tui::event::{About, Now};
use crate::tui::part::{Leave, PartJob, Remotely};
use crate::tui::parting::{By, Parting, host};
use crate::tui::screen::confirm::{Answer, Confirm};
use std::collections::BTreeSet;

/// Hosts that a question names.
const HOSTS: usize = 4;

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
    /// Whether pictures are loaded from the web.
    pub fn may_load(what: Remotely, now: Now) -> Layer {
        let hosts: BTreeSet<String> = what.urls.iter().map(|u| host(u).to_string()).collect();
        let named: Vec<&str> = hosts.iter().take(HOSTS).map(String::as_str).collect();
        let more = match hosts.len().saturating_sub(HOSTS) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        let many = match what.urls.len() {
            1 => "1 picture".to_owned(),
            n => format!("{n} pictures"),
        };
        let mut text = format!(
            "Load {many} from {}{more}?\nThey will know that this message was read, when, and from which network.",
            named.join(", ")
        );
        let sender = what.sender.clone();
        let provable = what.verified && !sender.is_empty();
        if !provable {
            text.push_str("\nNothing proves who sent it, so this is asked each time.");
        }
        let load = Effect::Part(PartJob::Load {
            what,
            leave: Leave::Given,
        });
        let mut answers = vec![('y', "load", vec![load.clone()])];
        let always = Effect::Ask(Intent::PicturesOf(sender.clone(), true), About::Done);
        let label = format!("always for {sender}");
        if provable {
            answers.push(('a', label.as_str(), vec![always, load]));
        }
        answers.push(('n', "no", Vec::new()));
        Layer::question(&text, answers, now)
    }
}

impl Panes {
    /// Loads the pictures of the message that is read which lie on the web, once it was asked.
    pub fn load_pictures(&mut self, now: Now, fx: &mut Vec<Effect>) {
        let read = self.pager.as_ref();
        let Some(what) = read.and_then(|p| p.current()?.remotely()) else {
            return self.tell(Clean::lit("Open a message first."), now);
        };
        if what.urls.is_empty() {
            let clear = read
                .and_then(|p| p.rendered())
                .map_or(0, |r| r.remote.clear);
            let text = match clear {
                0 => "There are no pictures on the web in this message.",
                _ => "Its pictures could only be loaded in the clear, and that is never done.",
            };
            return self.tell(Clean::lit(text), now);
        }
        fx.push(Effect::Part(PartJob::Load {
            what,
            leave: Leave::Asked,
        }));
    }
}
