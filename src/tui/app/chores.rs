//! Keeping mailboxes: making, renaming, deleting and emptying them. What can't be undone is asked
//! about first, with how much of it there is.

use crate::model::view::MailboxRow;
use crate::model::{AccountName, Intent, Manage, Role, Target, Verb};
use crate::text::Clean;
use crate::tui::app::geometry::Pane;
use crate::tui::app::layers::{Layer, Naming, Purpose};
use crate::tui::app::outward::Chore;
use crate::tui::app::state::Panes;
use crate::tui::command::Command;
use crate::tui::effect::Effect;
use crate::tui::event::{About, Now};
use crate::tui::screen::prompt::{Kind, Prompt};
use crate::tui::screen::sidebar::Entry;

const NO_MAILBOX: &str = "Choose a mailbox first.";
const NO_ACCOUNT: &str = "There is no account yet.";

impl Naming {
    /// What follows from a name.
    pub fn effect(&self, name: &str) -> Effect {
        let name = name.trim().to_owned();
        let wish = match self {
            Naming::New(account) => Manage::Create(account.clone(), name),
            Naming::Other(id) => Manage::Rename(*id, name),
        };
        Effect::Ask(Intent::Manage(wish), About::Done)
    }
}

impl Panes {
    /// The mailbox that is selected in the sidebar, where the keys go there, else the one shown.
    fn mailbox_at_hand(&self) -> Option<&MailboxRow> {
        match (self.focus, self.sidebar.selected()) {
            (Pane::Sidebar, Some(Entry::Mailbox(row, _))) => Some(row),
            (Pane::Sidebar, _) => None,
            _ => self.index.mailbox().and_then(|id| self.sidebar.mailbox(id)),
        }
    }

    fn account_at_hand(&self) -> Option<AccountName> {
        let at_hand = match (self.focus, self.sidebar.selected()) {
            (Pane::Sidebar, Some(Entry::Account(name))) => Some(name.clone()),
            _ => self.mailbox_at_hand().map(|m| m.account.clone()),
        };
        let first = || self.accounts.first().map(|a| a.name.clone());
        at_hand.or_else(|| self.shown_account()).or_else(first)
    }

    /// An account by name or by its number, counted from 1.
    pub fn numbered_account(&self, text: &str) -> Option<AccountName> {
        let number = text.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        number
            .and_then(|n| self.accounts.get(n))
            .or_else(|| {
                let mut all = self.accounts.iter();
                all.find(|a| a.name.as_str().eq_ignore_ascii_case(text))
            })
            .map(|a| a.name.clone())
    }

    /// A mailbox's name was given on the command line.
    ///
    /// # Errors
    /// What is missing.
    pub fn name_mailbox(
        &self,
        command: Command,
        name: &str,
        fx: &mut Vec<Effect>,
    ) -> Result<(), &'static str> {
        let naming = match command {
            Command::MailboxRename => Naming::Other(self.mailbox_at_hand().ok_or(NO_MAILBOX)?.id),
            _ => Naming::New(self.account_at_hand().ok_or(NO_ACCOUNT)?),
        };
        fx.push(naming.effect(name));
        Ok(())
    }

    /// Subscribes to the mailbox at hand, or ends that.
    pub fn subscribe(&mut self, on: bool, now: Now, fx: &mut Vec<Effect>) {
        match self.mailbox_at_hand().map(|m| m.id) {
            Some(id) => {
                let wish = Intent::Manage(Manage::Subscribe(id, on));
                fx.push(Effect::Ask(wish, About::Done));
            }
            None => self.tell(Clean::lit(NO_MAILBOX), now),
        }
    }
}

impl Layer {
    /// What is asked before something is done to mailboxes.
    ///
    /// # Errors
    /// Why there is nothing to be done.
    pub fn chore(panes: &Panes, chore: Chore, now: Now) -> Result<Layer, &'static str> {
        match chore {
            Chore::Create => {
                let account = panes.account_at_hand().ok_or(NO_ACCOUNT)?;
                let label = Clean::line(&format!("New mailbox of {account}: "));
                // Below the one at hand, as a beginning.
                let below = match panes.mailbox_at_hand() {
                    Some(m) if m.role.is_none() => format!("{}/", m.path),
                    _ => String::new(),
                };
                let prompt = Prompt::new(label, Kind::Text, &below);
                Ok(Layer::asking(prompt, Purpose::Naming(Naming::New(account))))
            }
            Chore::Rename => {
                let row = panes.mailbox_at_hand().ok_or(NO_MAILBOX)?;
                if row.role == Some(Role::Inbox) {
                    return Err("The inbox keeps its name.");
                }
                let label = Clean::line(&format!("Rename {} to: ", row.path));
                let prompt = Prompt::new(label, Kind::Text, &row.path);
                Ok(Layer::asking(
                    prompt,
                    Purpose::Naming(Naming::Other(row.id)),
                ))
            }
            Chore::Delete => {
                let row = panes.mailbox_at_hand().ok_or(NO_MAILBOX)?;
                if row.role == Some(Role::Inbox) {
                    return Err("The inbox can't be deleted.");
                }
                let what = match row.total {
                    0 => "It is empty.".to_owned(),
                    1 => "The message in it is removed for good.".to_owned(),
                    n => format!("The {n} messages in it are removed for good."),
                };
                let text = format!(
                    "Delete the mailbox {} of {}?\n{what}",
                    Clean::line(&row.path),
                    row.account
                );
                let wish = Intent::Manage(Manage::Delete(row.id));
                Ok(sure(&text, "delete it", wish, now))
            }
            Chore::Empty(role) => {
                let account = panes.account_at_hand().ok_or(NO_ACCOUNT)?;
                let row = panes.sidebar.with_role(role, Some(&account));
                let row = row.ok_or("This account has no such mailbox.")?;
                let what = match row.total {
                    0 => return Err("It is empty already."),
                    1 => "The message in it is".to_owned(),
                    n => format!("The {n} messages in it are"),
                };
                let text = format!(
                    "Empty {} of {}?\n{what} removed for good.",
                    Clean::line(&row.path),
                    row.account
                );
                let wish = Intent::Act {
                    verb: Verb::Expunge,
                    targets: vec![Target::Mailbox(row.id)],
                };
                Ok(sure(&text, "empty it", wish, now))
            }
        }
    }
}

fn sure(text: &str, label: &str, wish: Intent, now: Now) -> Layer {
    let done = vec![Effect::Ask(wish, About::Done)];
    Layer::question(
        text,
        vec![('y', label, done), ('n', "keep it", Vec::new())],
        now,
    )
}
