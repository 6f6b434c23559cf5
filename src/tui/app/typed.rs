//! What becomes of a line that is typed over the panes.

use crate::config::keep::Keep;
use crate::config::settings;
use crate::lang::tr;
use crate::model::{Intent, OutboxVerb};
use crate::text::{Clean, later, when};
use crate::tui::app::layers::{Ask, Layer, Purpose, Turn};
use crate::tui::app::state::Panes;
use crate::tui::command::{Call, Command};
use crate::tui::effect::Effect;
use crate::tui::event::{About, Now};
use crate::tui::offer::Offered;
use crate::tui::part::PartJob;
use crate::tui::screen::outbox::Timed;
use crate::tui::screen::prompt::{Outcome, Prompt};

/// What is said of the time that is typed.
fn remark_time(prompt: &mut Prompt, now: Now) {
    let said = match (prompt.text().trim(), later::parse(prompt.text(), now.wall)) {
        ("", _) => Clean::lit(later::examples()),
        (_, Some(at)) => Clean::line(&when::long(at)),
        (_, None) => Clean::lit(later::not_understood()),
    };
    prompt.remark(said);
}

/// Asks who may be meant by what is typed of a person, if anything is.
fn ask_people(prompt: &Prompt, serial: &mut u64, fx: &mut Vec<Effect>) {
    *serial += 1;
    let prefix = prompt.unfinished().to_owned();
    if !prefix.is_empty() {
        let serial = *serial;
        fx.push(Effect::Complete { serial, prefix });
    }
}

impl Layer {
    /// Brings who may be meant by what is typed of an address, if this one asked for it.
    pub fn people(&mut self, serial: u64, people: &[Offered]) {
        if let Layer::Prompt(
            prompt,
            Purpose::Redirect(asked) | Purpose::Search(asked) | Purpose::Narrow(asked),
        ) = self
            && *asked == serial
        {
            prompt.people(people.to_vec());
        }
    }

    /// What typing into a line led to.
    pub fn typed(
        &mut self,
        outcome: Outcome,
        panes: &mut Panes,
        now: Now,
        fx: &mut Vec<Effect>,
    ) -> Turn {
        let Layer::Prompt(prompt, purpose) = self else {
            return Turn::stay();
        };
        match (outcome, purpose) {
            (Outcome::Stay, _) => Turn::stay(),
            (Outcome::Changed, Purpose::Search(serial)) => {
                panes.search(prompt.text(), now, fx);
                ask_people(prompt, serial, fx);
                Turn::stay()
            }
            (Outcome::Changed, Purpose::Narrow(serial)) => {
                panes.narrow(prompt.text(), now, fx);
                ask_people(prompt, serial, fx);
                Turn::stay()
            }
            (Outcome::Changed, Purpose::Snooze) if prompt.text().trim() == "now" => {
                prompt.remark(Clean::lit(tr!("back in the inbox at once")));
                Turn::stay()
            }
            (Outcome::Changed, Purpose::Remind | Purpose::Snooze | Purpose::Time(_)) => {
                remark_time(prompt, now);
                Turn::stay()
            }
            (Outcome::Changed, Purpose::Find) => {
                panes.find(Some(prompt.text()));
                Turn::stay()
            }
            (Outcome::Changed, Purpose::Redirect(serial)) => {
                ask_people(prompt, serial, fx);
                Turn::stay()
            }
            (Outcome::Changed, Purpose::SaveTo(_)) => {
                fx.push(Effect::Paths(prompt.text().to_owned()));
                Turn::stay()
            }
            (Outcome::Changed, Purpose::Answer(asked)) => {
                asked.remark(prompt, now);
                Turn::stay()
            }
            (Outcome::Changed, _) => Turn::stay(),
            (Outcome::Closed, Purpose::Search(_)) => {
                panes.end_search(now, fx);
                Turn::closed()
            }
            (Outcome::Closed, Purpose::Narrow(_)) => {
                panes.widen(now, fx);
                Turn::closed()
            }
            (Outcome::Text(text), Purpose::Narrow(_)) => {
                panes.narrow(&text, now, fx);
                Turn::closed()
            }
            (Outcome::Closed, Purpose::Find) => {
                panes.find(None);
                Turn::closed()
            }
            (Outcome::Closed, _) => Turn::closed(),
            (Outcome::Text(text), Purpose::Search(_)) => {
                if text.trim().is_empty() {
                    panes.end_search(now, fx);
                } else {
                    panes.search_for(&text, now, fx);
                    panes.sought.clone_from(&text);
                    fx.push(Effect::Ask(Intent::AskServers(text), About::Quiet));
                }
                Turn::closed()
            }
            (Outcome::Text(text), Purpose::Find) => {
                panes.find(Some(&text));
                panes.tell_if_nowhere(now);
                Turn::closed()
            }
            (Outcome::Text(text), Purpose::Tag) => {
                panes.tag(&text, now, fx);
                Turn::closed()
            }
            (Outcome::Text(text), Purpose::ViewName) if text.trim().is_empty() => Turn::closed(),
            (Outcome::Text(text), Purpose::ViewName) => {
                match panes.keeping_with(Command::SaveView, &text, now, fx) {
                    Ok(()) => Turn::closed(),
                    Err(why) => {
                        prompt.fail(&why);
                        Turn::stay()
                    }
                }
            }
            (Outcome::Text(text), Purpose::Redirect(_)) if text.trim().is_empty() => Turn::closed(),
            (Outcome::Text(text), Purpose::Redirect(_)) => match panes.redirect(&text, now, fx) {
                Ok(()) => Turn::closed(),
                Err(why) => {
                    prompt.fail(&why);
                    Turn::stay()
                }
            },
            (Outcome::Text(text), Purpose::Remind | Purpose::Snooze | Purpose::Time(_))
                if text.trim().is_empty() =>
            {
                Turn::closed()
            }
            (Outcome::Text(text), Purpose::Snooze) => match panes.snooze(&text, now, fx) {
                Ok(()) => Turn::closed(),
                Err(why) => {
                    prompt.remark(Clean::lit(why));
                    Turn::stay()
                }
            },
            (Outcome::Text(text), Purpose::Time(timed)) => {
                let Some(at) = later::parse(&text, now.wall) else {
                    prompt.remark(Clean::lit(later::not_understood()));
                    return Turn::stay();
                };
                fx.push(match *timed {
                    Timed::Send(id) => {
                        let send = Intent::Outbox(id, OutboxVerb::SendAt(at));
                        Effect::Ask(send, About::Outbox(id))
                    }
                    Timed::Remind(id) => Effect::Ask(Intent::RemindAgain(id, at), About::Done),
                });
                Turn::closed()
            }
            (Outcome::Text(text), Purpose::Remind) => match panes.remind(&text, now, fx) {
                Ok(()) => Turn::closed(),
                Err(why) => {
                    prompt.remark(Clean::lit(why));
                    Turn::stay()
                }
            },
            (Outcome::Text(text), Purpose::Answer(asked)) => match asked.given(&text, now) {
                Ok(effect) => {
                    fx.push(effect);
                    Turn::closed()
                }
                Err(why) => {
                    prompt.remark(Clean::lit(why));
                    Turn::stay()
                }
            },
            (Outcome::Text(text), Purpose::Given(_)) if text.trim().is_empty() => Turn::closed(),
            (Outcome::Text(text), Purpose::Given(command)) => {
                match Call::parse(&format!("{} {text}", command.name())) {
                    Ok(call) => Turn::asking(Ask::Call(call)),
                    Err(why) => {
                        prompt.fail(&why);
                        Turn::stay()
                    }
                }
            }
            (Outcome::Text(text), Purpose::Setting(row)) => {
                match settings::parse(row.option.kind, &text) {
                    Ok(value) => {
                        fx.push(Effect::Keep(Keep::Set(row.way.clone(), value)));
                        Turn::closed()
                    }
                    Err(why) => {
                        prompt.fail(&why);
                        Turn::stay()
                    }
                }
            }
            (Outcome::Text(text), Purpose::Naming(naming)) => {
                if !text.trim().is_empty() {
                    fx.push(naming.effect(&text));
                }
                Turn::closed()
            }
            (Outcome::Text(text), Purpose::SaveTo(parts)) => {
                let (parts, to) = (parts.clone(), Some(text));
                fx.push(Effect::Part(PartJob::Save { parts, to }));
                Turn::closed()
            }
            (Outcome::Text(command), Purpose::Pipe(part)) => {
                let part = part.clone();
                fx.push(Effect::Part(PartJob::Pipe { part, command }));
                Turn::closed()
            }
            (Outcome::Call(call), _) => {
                panes.remember(&call, fx);
                Turn::asking(Ask::Call(call))
            }
            (Outcome::Secret(secret), Purpose::Password(account, _)) => {
                let intent = Intent::Password(account.clone(), secret);
                fx.push(Effect::Ask(intent, About::Quiet));
                Turn::closed()
            }
            (Outcome::Text(_) | Outcome::Secret(_), _) => Turn::closed(),
        }
    }
}
