//! What goes out over the web at a key: leaving a list, loading pictures. Each is asked about first, in a question
//! that names who will be told.

use crate::lang::{tr, trc, trn};
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
        let mut text = tr!("Leave {list}?", list = parting.list);
        let mut answers: Vec<(char, &str, Vec<Effect>)> = Vec::new();
        for way in parting.ways {
            let first = answers.is_empty();
            match way {
                By::Telling { leave, host } => {
                    text.push('\n');
                    text.push_str(&tr!("{host} is told over HTTPS that you leave.", host));
                    let told = Effect::Ask(Intent::Leave(Box::new(leave)), About::Done);
                    answers.push(('y', trc!("answer", "tell it"), vec![told]));
                }
                By::Writing { draft, to, says } => {
                    let sent = Effect::Ask(Intent::Submit(draft), About::Done);
                    text.push('\n');
                    if first {
                        text.push_str(&tr!("A message goes to {to}.", to));
                        answers.push(('y', trc!("answer", "send it"), vec![sent]));
                    } else {
                        text.push_str(&tr!("Or a message to {to}.", to));
                        answers.push(('m', trc!("answer", "send that"), vec![sent]));
                    }
                    text.push('\n');
                    text.push_str(&tr!("It says: {says}", says));
                }
                By::Drafting { draft, to } => {
                    text.push('\n');
                    text.push_str(&tr!(
                        "A message to {to} says more; it is shown to you before it goes.",
                        to
                    ));
                    let written = vec![Effect::Compose(draft)];
                    answers.push(('m', trc!("answer", "show the message"), written));
                }
                By::Page { url } => {
                    let host = host(&url);
                    text.push('\n');
                    text.push_str(&match first {
                        true => tr!("That is done on a page at {host}, in your browser.", host),
                        false => tr!("Or on a page at {host}, in your browser.", host),
                    });
                    let open = vec![Effect::OpenUrl(url)];
                    answers.push(('o', trc!("answer", "open the page"), open));
                }
            }
        }
        answers.push(('n', trc!("answer", "stay"), Vec::new()));
        Layer::question(&text, answers, now)
    }
    /// Whether pictures are loaded from the web.
    pub fn may_load(what: Remotely, now: Now) -> Layer {
        let hosts: BTreeSet<String> = what.urls.iter().map(|u| host(u).to_string()).collect();
        let named: Vec<&str> = hosts.iter().take(HOSTS).map(String::as_str).collect();
        let hosts = match hosts.len().saturating_sub(HOSTS) {
            0 => named.join(tr!(", ")),
            n => {
                let hosts = named.join(tr!(", "));
                trn!(n, "{hosts} and {n} more", "{hosts} and {n} more", hosts)
            }
        };
        let mut text = trn!(
            n = what.urls.len(),
            "Load {n} picture from {hosts}?\nThey will know that this message was read, when, and from which network.",
            "Load {n} pictures from {hosts}?\nThey will know that this message was read, when, and from which network.",
            hosts
        );
        let sender = what.sender.clone();
        let provable = what.verified && !sender.is_empty();
        if !provable {
            text.push('\n');
            text.push_str(tr!(
                "Nothing proves who sent it, so this is asked each time."
            ));
        }
        let load = Effect::Part(PartJob::Load {
            what,
            leave: Leave::Given,
        });
        let mut answers = vec![('y', trc!("answer", "load"), vec![load.clone()])];
        let always = Effect::Ask(Intent::PicturesOf(sender.clone(), true), About::Done);
        let label = tr!("always for {sender}", sender);
        if provable {
            answers.push(('a', label.as_str(), vec![always, load]));
        }
        answers.push(('n', trc!("answer", "no"), Vec::new()));
        Layer::question(&text, answers, now)
    }
}

impl Panes {
    /// Loads the pictures of the message that is read which lie on the web, once it was asked.
    pub fn load_pictures(&mut self, now: Now, fx: &mut Vec<Effect>) {
        let read = self.pager.as_ref();
        let Some(what) = read.and_then(|p| p.current()?.remotely()) else {
            return self.tell(Clean::lit(tr!("Open a message first.")), now);
        };
        if what.urls.is_empty() {
            let clear = read
                .and_then(|p| p.rendered())
                .map_or(0, |r| r.remote.clear);
            let text = match clear {
                0 => tr!("There are no pictures on the web in this message."),
                _ => tr!("Its pictures could only be loaded in the clear, and that is never done."),
            };
            return self.tell(Clean::lit(text), now);
        }
        fx.push(Effect::Part(PartJob::Load {
            what,
            leave: Leave::Asked,
        }));
    }
}
