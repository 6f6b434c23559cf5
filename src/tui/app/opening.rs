//! What lies over the panes, as it is when it is opened: lists to choose from and lines to type.

use crate::config::Split;
use crate::lang::tr;
use crate::model::AccountName;
use crate::model::view::MailboxRow;
use crate::text::{Clean, later};
use crate::tui::app::invited::Asked;
use crate::tui::app::layers::{Choice, For, Layer, Purpose};
use crate::tui::app::outward::Rsvp;
use crate::tui::app::state::Panes;
use crate::tui::app::views::suggestions;
use crate::tui::command::Context;
use crate::tui::keymap::Keymap;
use crate::tui::screen::help::Help;
use crate::tui::screen::outbox::Timed;
use crate::tui::screen::palette::palette;
use crate::tui::screen::picker::{Item, Picker};
use crate::tui::screen::prompt::{Kind, Known, Prompt, Words};
use crate::tui::screen::sidebar_view::mailbox_name;
use crate::tui::screen::tabs;
use std::time::Instant;

/// What there is to search by.
fn known(panes: &Panes) -> Known {
    let mailboxes = panes.sidebar.mailboxes().iter();
    Known {
        mailboxes: mailboxes.map(|m| m.path.clone()).collect(),
        accounts: panes.accounts.iter().map(|a| a.name.0.clone()).collect(),
        tags: panes.known_tags(),
        lists: panes.lists.clone(),
    }
}

impl Layer {
    /// The commands that can be given where the keys go.
    pub fn palette(context: Context, keymap: &Keymap) -> Layer {
        Layer::Choose(palette(context, keymap).map(Choice::Command))
    }

    /// The help where the keys go.
    pub fn help(context: Context, keymap: &Keymap) -> Layer {
        Layer::Help(Help::new(context, keymap))
    }

    /// The command line.
    pub fn command_line(context: Context, panes: &Panes, text: &str) -> Layer {
        let words = Words {
            mailboxes: panes
                .sidebar
                .mailboxes()
                .iter()
                .map(|m| m.path.clone())
                .collect(),
            accounts: panes.accounts.iter().map(|a| a.name.0.clone()).collect(),
            tags: panes.known_tags(),
            views: panes.sorted.names(),
            themes: panes.themes.clone(),
            past: panes.past.clone(),
        };
        Layer::asking(Prompt::command(context, words, text), Purpose::Command)
    }

    /// The search line; questions for people are counted from `serial`.
    pub fn search(panes: &Panes, serial: u64) -> Layer {
        Layer::asking(Prompt::search("", known(panes)), Purpose::Search(serial))
    }

    /// What the list is narrowed to; questions for people are counted from `serial`.
    pub fn narrow(panes: &Panes, serial: u64) -> Layer {
        let label = Clean::lit(tr!("Only: "));
        let kind = Kind::Query(known(panes));
        Layer::asking(Prompt::new(label, kind, ""), Purpose::Narrow(serial))
    }

    /// Words to look for in what is read.
    pub fn find() -> Layer {
        let label = Clean::lit(tr!("Find here: "));
        Layer::asking(Prompt::new(label, Kind::Text, ""), Purpose::Find)
    }

    /// A tag to put on messages, or to take away.
    pub fn tag(panes: &Panes) -> Layer {
        let label = Clean::lit(tr!("Tag (-name takes away): "));
        Layer::asking(
            Prompt::new(label, Kind::Tag(panes.known_tags()), ""),
            Purpose::Tag,
        )
    }

    /// People to send a message on to; questions for them are counted from `serial`.
    pub fn redirect(serial: u64) -> Layer {
        let label = Clean::lit(tr!("Send on to: "));
        let prompt = Prompt::new(label, Kind::People, "");
        Layer::asking(prompt, Purpose::Redirect(serial))
    }

    /// When one is reminded of a message that nobody answers.
    pub fn remind() -> Layer {
        let label = Clean::lit(tr!("Remind me if nobody answers: "));
        let mut prompt = Prompt::new(label, Kind::Text, "");
        prompt.remark(Clean::lit(later::examples()));
        Layer::asking(prompt, Purpose::Remind)
    }

    /// Until when a conversation is put off.
    pub fn snooze() -> Layer {
        let label = Clean::lit(tr!("Put off until (`now` brings back): "));
        let mut prompt = Prompt::new(label, Kind::Text, "");
        prompt.remark(Clean::lit(later::examples()));
        Layer::asking(prompt, Purpose::Snooze)
    }

    /// When a message in the outbox is sent, or a reminder comes back.
    pub fn time(timed: Timed) -> Layer {
        let label = Clean::lit(match timed {
            Timed::Send(_) => tr!("Send: "),
            Timed::Remind(_) => tr!("Remind me again: "),
        });
        let mut prompt = Prompt::new(label, Kind::Text, "");
        prompt.remark(Clean::lit(later::examples()));
        Layer::asking(prompt, Purpose::Time(timed))
    }

    /// What is said with an answer to the invitation that is read; why not, if it is none.
    pub fn answer(panes: &Panes, rsvp: Rsvp) -> Result<Layer, &'static str> {
        let asked = Asked::of(panes, rsvp)?;
        Ok(Layer::asking(asked.prompt(), Purpose::Answer(asked)))
    }

    /// The password of an account, asked for now.
    pub fn password(account: &AccountName, now: Instant) -> Layer {
        let label = Clean::line(&tr!(
            "Password for {account} (kept in memory only): ",
            account
        ));
        let prompt = Prompt::new(label, Kind::Password, "");
        Layer::asking(prompt, Purpose::Password(account.clone(), now))
    }

    /// A mailbox to go to, or to file in: then those of the same account come first.
    pub fn mailbox(panes: &Panes, what: For) -> Layer {
        let here = panes.shown_account().filter(|_| what != For::Going);
        let several = panes.accounts.len() > 1;
        let all = panes.sidebar.ordered().filter(|m| m.selectable);
        let (own, others): (Vec<_>, Vec<_>) =
            all.partition(|m| here.as_ref().is_none_or(|a| m.account == *a));
        let mut rows: Vec<&MailboxRow> = own.into_iter().chain(others).collect();
        if what != For::Going {
            // Where such mail was filed before comes first; the rest keeps its order.
            rows.sort_by_cached_key(|m| std::cmp::Reverse(panes.habit(m.id)));
        }
        let items = rows.into_iter().map(|m| item(m, several, what)).collect();
        let title = match what {
            For::Going => tr!("Go to"),
            For::Moving => tr!("Move to"),
            For::Copying => tr!("Copy to"),
        };
        Layer::Choose(Picker::new(Clean::lit(title), items))
    }

    /// An account to go to.
    pub fn account(panes: &Panes) -> Layer {
        let items = panes
            .accounts
            .iter()
            .map(|a| Item {
                label: Clean::line(a.name.as_str()),
                detail: Clean::line(&a.email),
                aside: Clean::default(),
                value: Choice::Account(a.name.clone()),
            })
            .collect();
        Layer::Choose(Picker::new(Clean::lit(tr!("Go to the inbox of")), items))
    }

    /// A message that is being written, to go on with.
    pub fn writings(items: Vec<Item<u64>>) -> Layer {
        let title = Clean::lit(tr!("Messages being written"));
        Layer::Choose(Picker::new(title, items).map(Choice::Writing))
    }

    /// A saved view to show.
    pub fn views(panes: &Panes) -> Layer {
        let views = panes.sorted.views().into_iter();
        let items = views.map(|(view, unread)| Item {
            label: Clean::line(&view.name),
            detail: Clean::line(&view.list.query.to_string()),
            aside: tabs::number(unread).unwrap_or_default(),
            value: Choice::View(view.name),
        });
        Layer::Choose(Picker::new(Clean::lit(tr!("Views")), items.collect()))
    }

    /// A name for what is searched for.
    pub fn view_name() -> Layer {
        let label = Clean::lit(tr!("Keep this search as: "));
        Layer::asking(Prompt::new(label, Kind::Text, ""), Purpose::ViewName)
    }

    /// Tabs for the inbox.
    pub fn splits(panes: &Panes) -> Layer {
        let item = |splits: Vec<Split>| {
            let names: Vec<&str> = splits.iter().map(|s| s.name.as_str()).collect();
            let name = match names.is_empty() {
                true => tr!("One list again").to_owned(),
                false => names.join(tr!(", ")),
            };
            let told = |s: &Split| format!("{}: {}", s.name, s.query);
            let told: Vec<String> = splits.iter().map(told).collect();
            Item {
                label: Clean::line(&name),
                detail: Clean::line(&told.join("; ")),
                aside: Clean::default(),
                value: Choice::Splits(splits),
            }
        };
        let none = panes.has_tabs().then(Vec::new);
        let all = suggestions().into_iter().chain(none);
        let title = Clean::lit(tr!("Tabs over the inbox (what is in none is in Other)"));
        Layer::Choose(Picker::new(title, all.map(item).collect()))
    }
}

fn item(m: &MailboxRow, several: bool, what: For) -> Item<Choice> {
    Item {
        label: mailbox_name(m),
        detail: if several {
            Clean::line(m.account.as_str())
        } else {
            Clean::default()
        },
        aside: if m.unread > 0 {
            Clean::line(&m.unread.to_string())
        } else {
            Clean::default()
        },
        value: Choice::Mailbox(m.id, what),
    }
}
