//! Commands that were given something: `:move Lists/rust`, `"g w" = "go-mailbox Work"`. What it names
//! and is not there is told.

use crate::lang::tr;
use crate::model::view::Scope;
use crate::model::{AccountName, Intent, MailboxId, Query};
use crate::text::Clean;
use crate::tui::app::outward::{Rsvp, Wants};
use crate::tui::app::state::{Panes, View};
use crate::tui::command::Command;
use crate::tui::effect::{Effect, End};
use crate::tui::event::{About, Now};
use crate::tui::part::PartJob;
use crate::tui::takeout::Takeout;

impl Panes {
    /// Gives the targets to a program.
    fn pipe(&mut self, command: &str, now: Now, fx: &mut Vec<Effect>) {
        let targets = self.targets();
        if targets.is_empty() || !matches!(self.view, View::Mail) {
            return self.tell(Clean::lit(tr!("No message is selected.")), now);
        }
        let command = command.to_owned();
        fx.push(Effect::Part(PartJob::Give { targets, command }));
    }

    /// Runs a command that was given something. What it names and is not there is told.
    pub fn command_with(
        &mut self,
        command: Command,
        argument: &str,
        now: Now,
        fx: &mut Vec<Effect>,
    ) -> Wants {
        let no_mailbox = || Some(tr!("No mailbox is called `{name}`", name = argument));
        let no_account = || Some(tr!("No account is called `{name}`", name = argument));
        let missing = match command {
            Command::Pipe => {
                self.pipe(argument, now, fx);
                None
            }
            Command::Run => {
                let command = argument.to_owned();
                fx.push(Effect::Part(PartJob::Run { command }));
                None
            }
            Command::Search => {
                self.search_for(argument, now, fx);
                None
            }
            Command::Filter if self.may_narrow() => match Query::parse(argument) {
                Ok(_) => {
                    self.narrow(argument, now, fx);
                    None
                }
                Err(e) => Some(e.to_string()),
            },
            Command::Filter => Some(tr!("This list can't be narrowed.").to_owned()),
            Command::Move | Command::Copy => match self.named_mailbox(argument) {
                Some(id) => {
                    self.file(id, command == Command::Copy, now, fx);
                    None
                }
                None => no_mailbox(),
            },
            Command::GoMailbox => match self.named_mailbox(argument) {
                Some(id) => {
                    self.show_scope(Scope::Mailbox(id), now, fx);
                    None
                }
                None => no_mailbox(),
            },
            Command::Account if argument == "add" => return Wants::End(End::AddAccount),
            Command::Account => match self.numbered_account(argument) {
                Some(name) => {
                    self.go_account(&name, now, fx);
                    None
                }
                None => no_account(),
            },
            Command::SignIn => match self.numbered_account(argument) {
                Some(name) => match self.signs_in_by_browser(&name) {
                    Ok(()) => return Wants::SignIn(name),
                    Err(why) => {
                        self.alarm(&why, now);
                        None
                    }
                },
                None => no_account(),
            },
            Command::Offline if argument == "stop" => {
                fx.push(Effect::Ask(Intent::StopOffline, About::Done));
                None
            }
            Command::Offline => match self.numbered_account(argument) {
                Some(name) => {
                    self.offline(Some(name), now, fx);
                    None
                }
                None => no_account(),
            },
            Command::Select | Command::Unselect => {
                let add = command == Command::Select;
                if let Err(why) = self.select_fitting(argument, add, fx) {
                    self.alarm(&why, now);
                }
                None
            }
            Command::Sort => {
                if let Err(why) = self.sort(argument, now, fx) {
                    self.alarm(&why, now);
                }
                None
            }
            Command::Layout => {
                if let Err(why) = self.lay_out_as(argument, now, fx) {
                    self.alarm(&why, now);
                }
                None
            }
            Command::Export => {
                self.take_out(Takeout::Export(argument.to_owned()), now, fx);
                None
            }
            Command::Doctor => match self.numbered_account(argument) {
                Some(name) => {
                    self.examine(Some(name), fx);
                    None
                }
                None => no_account(),
            },
            Command::Tag => {
                self.tag(argument, now, fx);
                None
            }
            Command::Redirect => {
                if let Err(why) = self.redirect(argument, now, fx) {
                    self.alarm(&why, now);
                }
                None
            }
            Command::Remind => {
                if self.ask_remind(now) == Wants::Remind
                    && let Err(why) = self.remind(argument, now, fx)
                {
                    self.alarm(why, now);
                }
                None
            }
            command @ (Command::View
            | Command::SaveView
            | Command::RemoveView
            | Command::SplitInbox) => {
                if let Err(why) = self.keeping_with(command, argument, now, fx) {
                    self.alarm(&why, now);
                }
                None
            }
            Command::Snooze => {
                if let Err(why) = self.snooze(argument, now, fx) {
                    self.alarm(why, now);
                }
                None
            }
            Command::MailboxCreate | Command::MailboxRename => {
                if let Err(why) = self.name_mailbox(command, argument, fx) {
                    self.tell(Clean::lit(why), now);
                }
                None
            }
            Command::Compose if argument.starts_with("mailto:") => {
                // It comes to the composer as a link that is opened does.
                fx.push(Effect::OpenUrl(argument.to_owned()));
                None
            }
            Command::Compose => return Wants::Compose(argument.to_owned()),
            Command::Counter => return Wants::Answer(Rsvp::Counter),
            Command::Find => {
                self.find(Some(argument));
                None
            }
            _ => None,
        };
        if let Some(why) = missing {
            self.alarm(&why, now);
        }
        Wants::Nothing
    }

    /// Looks over this account, or the one that is shown.
    pub(super) fn examine(&self, account: Option<AccountName>, fx: &mut Vec<Effect>) {
        let first = || self.accounts.first().map(|a| a.name.clone());
        let account = account.or_else(|| self.shown_account()).or_else(first);
        fx.extend(account.map(Effect::Examine));
    }

    /// A mailbox by its whole name, without regard to case; one of the shown account first.
    fn named_mailbox(&self, name: &str) -> Option<MailboxId> {
        let here = self.shown_account();
        let mut hits: Vec<_> = self
            .sidebar
            .mailboxes()
            .iter()
            .filter(|m| m.selectable && m.path.to_lowercase() == name.to_lowercase())
            .collect();
        hits.sort_by_key(|m| Some(&m.account) != here.as_ref());
        hits.first().map(|m| m.id)
    }
}
