//! Keeping mailboxes: making, renaming, deleting and emptying them. What can't be undone is asked
//! about first, with how much of it there is.

use crate::lang::{tr, trc, trn};
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

fn no_mailbox() -> &'static str {
    tr!("Choose a mailbox first.")
}

fn no_account() -> &'static str {
    tr!("There is no account yet.")
}

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
            Command::MailboxRename => {
                Naming::Other(self.mailbox_at_hand().ok_or_else(no_mailbox)?.id)
            }
            _ => Naming::New(self.account_at_hand().ok_or_else(no_account)?),
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
            None => self.tell(Clean::lit(no_mailbox()), now),
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
                let account = panes.account_at_hand().ok_or_else(no_account)?;
                let label = Clean::line(&tr!("New mailbox of {account}: ", account));
                // Below the one at hand, as a beginning.
                let below = match panes.mailbox_at_hand() {
                    Some(m) if m.role.is_none() => format!("{}/", m.path),
                    _ => String::new(),
                };
                let prompt = Prompt::new(label, Kind::Text, &below);
                Ok(Layer::asking(prompt, Purpose::Naming(Naming::New(account))))
            }
            Chore::Rename => {
                let row = panes.mailbox_at_hand().ok_or_else(no_mailbox)?;
                if row.role == Some(Role::Inbox) {
                    return Err(tr!("The inbox keeps its name."));
                }
                let label = Clean::line(&tr!("Rename {mailbox} to: ", mailbox = row.path));
                let prompt = Prompt::new(label, Kind::Text, &row.path);
                Ok(Layer::asking(
                    prompt,
                    Purpose::Naming(Naming::Other(row.id)),
                ))
            }
            Chore::Delete => {
                let row = panes.mailbox_at_hand().ok_or_else(no_mailbox)?;
                if row.role == Some(Role::Inbox) {
                    return Err(tr!("The inbox can't be deleted."));
                }
                let what = match row.there {
                    // What can't hold messages has none.
                    None if row.selectable => {
                        tr!("It was not looked at yet: whether there is mail in it is not known.")
                            .to_owned()
                    }
                    None | Some(0) => trc!("mailbox", "It is empty.").to_owned(),
                    Some(n) => removed(n),
                };
                let text = tr!(
                    "Delete the mailbox {mailbox} of {account}?",
                    mailbox = Clean::line(&row.path),
                    account = row.account
                );
                let text = format!("{text}\n{what}");
                let wish = Intent::Manage(Manage::Delete(row.id, row.there));
                Ok(sure(&text, tr!("delete it"), wish, now))
            }
            Chore::Empty(role) => {
                let account = panes.account_at_hand().ok_or_else(no_account)?;
                let row = panes.sidebar.with_role(role, Some(&account));
                let row = row.ok_or(tr!("This account has no such mailbox."))?;
                if row.total == 0 {
                    return Err(tr!("It is empty already."));
                }
                let text = tr!(
                    "Empty {mailbox} of {account}?",
                    mailbox = Clean::line(&row.path),
                    account = row.account
                );
                let text = format!("{text}\n{}", removed(row.total));
                let wish = Intent::Act {
                    verb: Verb::Expunge,
                    targets: vec![Target::Mailbox(row.id)],
                };
                Ok(sure(&text, tr!("empty it"), wish, now))
            }
        }
    }
}

fn removed(messages: u64) -> String {
    trn!(
        n = messages,
        "The message in it is removed for good.",
        "The {n} messages in it are removed for good."
    )
}

fn sure(text: &str, label: &str, wish: Intent, now: Now) -> Layer {
    let done = vec![Effect::Ask(wish, About::Done)];
    Layer::question(
        text,
        vec![('y', label, done), ('n', tr!("keep it"), Vec::new())],
        now,
    )
}
