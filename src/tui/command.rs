//! The one table of commands: what each is called, what it does in a sentence, where it can be
//! given and what the hint line says of it.
//!
//! Key files, the palette, the help, the command line and the README read this table and nothing
//! else, so that none of them can tell something that isn't so. To add a command, add its row.

use crate::lang::tr;

mod call;

pub use call::Call;
pub(in crate::tui) use call::distance;

/// Where the keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Context {
    /// Everywhere but in the composer.
    Global,
    /// The list of accounts and mailboxes.
    Sidebar,
    /// The list of messages; also that of drafts, of the outbox and of the accounts.
    Index,
    /// The open message.
    Reader,
    /// The composer: nothing of [`Context::Global`] holds there, letters are letters.
    Composer,
}

impl Context {
    /// Every context with its name in key files.
    pub const ALL: [(Context, &'static str); 5] = [
        (Context::Global, "global"),
        (Context::Sidebar, "sidebar"),
        (Context::Index, "index"),
        (Context::Reader, "reader"),
        (Context::Composer, "composer"),
    ];

    /// The name in key files.
    pub fn name(self) -> &'static str {
        Context::ALL
            .iter()
            .find(|(c, _)| *c == self)
            .map_or("", |(_, n)| n)
    }

    /// The context of that name.
    pub fn from_name(name: &str) -> Option<Context> {
        Context::ALL
            .iter()
            .find(|(_, n)| *n == name)
            .map(|(c, _)| *c)
    }

    /// The contexts whose keys hold here, the nearest first.
    pub fn chain(self) -> &'static [Context] {
        match self {
            Context::Global => &[Context::Global],
            Context::Sidebar => &[Context::Sidebar, Context::Global],
            Context::Index => &[Context::Index, Context::Global],
            Context::Reader => &[Context::Reader, Context::Global],
            Context::Composer => &[Context::Composer],
        }
    }
}

/// A heading of the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Moving about.
    Moving,
    /// Doing something with mail.
    Mail,
    /// Reading.
    Reading,
    /// Writing.
    Writing,
    /// Going elsewhere.
    Going,
    /// The composer.
    Composer,
    /// The program itself.
    Program,
}

impl Section {
    /// In the order of the help.
    pub const ALL: [Section; 7] = [
        Section::Moving,
        Section::Going,
        Section::Mail,
        Section::Reading,
        Section::Writing,
        Section::Composer,
        Section::Program,
    ];

    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Section::Moving => tr!("Moving"),
            Section::Going => tr!("Going elsewhere"),
            Section::Mail => tr!("Mail"),
            Section::Reading => tr!("Reading"),
            Section::Writing => tr!("Writing"),
            Section::Composer => tr!("In the composer"),
            Section::Program => tr!("The program"),
        }
    }
}

/// What a command may be given on the command line or in a key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// Nothing.
    No,
    /// A mailbox's name.
    Mailbox,
    /// An account's name, or its number counted from 1.
    Account,
    /// A query of the search language.
    Query,
    /// A theme's name.
    Theme,
    /// An account's name or number, or `stop`.
    Journey,
    /// A tag's name, with a minus before it to take it away.
    Tag,
    /// Addresses.
    People,
    /// A time to come, as `in 3 days`.
    Time,
    /// Any words.
    Words,
    /// What a list is sorted by.
    Sort,
    /// How the panes stand, or `reset`.
    Layout,
    /// A saved view's name.
    View,
    /// A name of the user's own.
    Name,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    /// The command.
    pub command: Command,
    /// Its name in key files and on the command line.
    pub name: &'static str,
    /// What it does, in one sentence without a full stop.
    pub about: &'static str,
    /// Where it stands in the help.
    pub section: Section,
    /// Where it can be given.
    pub contexts: &'static [Context],
    /// What it may be given.
    pub argument: Argument,
    /// What the hint line calls it; empty: it is not shown there.
    pub hint: &'static str,
}

macro_rules! commands {
    ($($variant:ident, $name:literal, $section:ident, [$($context:ident)*], $argument:ident, $hint:literal, $about:literal;)*) => {
        /// Something that the user can ask for by key, by name or from the palette.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Command {
            $(#[doc = $about] $variant,)*
        }

        /// Every command, in the order of the help within its section.
        pub const TABLE: &[Info] = &[
            $(Info {
                command: Command::$variant,
                name: $name,
                about: $about,
                section: Section::$section,
                contexts: &[$(Context::$context),*],
                argument: Argument::$argument,
                hint: $hint,
            },)*
        ];
    };
}

// The order within a context is also the order of the hint line: what is wanted most, first.
commands! {
    Archive, "archive", Mail, [Index Reader], No, "archive", "Move to Archive";
    Reply, "reply", Writing, [Index Reader], No, "reply", "Answer the sender";
    ReplyAll, "reply-all", Writing, [Index Reader], No, "all", "Answer the sender and everybody else";
    Forward, "forward", Writing, [Index Reader], No, "forward", "Forward with its attachments";
    Accept, "accept", Writing, [Index Reader], No, "accept", "Accept the invitation; shows first who is told";
    Tentative, "tentative", Writing, [Index Reader], No, "perhaps", "Answer the invitation with perhaps";
    Decline, "decline", Writing, [Index Reader], No, "decline", "Decline the invitation";
    Counter, "counter", Writing, [Index Reader], Time, "", "Propose another time for what one is invited to";
    ReplyList, "reply-list", Writing, [Index Reader], No, "", "Write back to the mailing list only";
    ForwardWhole, "forward-attached", Writing, [Index Reader], No, "", "Forward whole, as an attachment";
    EditAsNew, "edit-as-new", Writing, [Index Reader], No, "", "Edit it again as a new message";
    Redirect, "redirect", Writing, [Index Reader], People, "", "Send it on as it is to somebody else";
    Remind, "remind", Writing, [Index Reader], Time, "", "Set a reminder in case nobody answers what you sent";
    SendReceipt, "send-receipt", Writing, [Index Reader], No, "", "Send the read receipt that the sender asked for";
    Compose, "compose", Writing, [Global], People, "compose", "Write a new message";
    Writing, "writing", Writing, [Global], No, "", "Go back to the message that is being written";
    Writings, "writings", Writing, [Global Composer], No, "", "Choose among the messages that are being written";
    Star, "star", Mail, [Index Reader], No, "star", "Set or take away the star";
    Trash, "trash", Mail, [Index Reader], No, "trash", "Move to Trash; from Trash, remove for good";
    Undo, "undo", Mail, [Global], No, "undo", "Undo the last action";
    Redo, "redo", Mail, [Global], No, "", "Do once more what was undone last";
    ToggleRead, "toggle-read", Mail, [Index Reader], No, "unread", "Mark as read or unread";
    Unsubscribe, "unsubscribe", Mail, [Reader], No, "", "Leave the mailing list; tells first who is told";
    Move, "move", Mail, [Index Reader], Mailbox, "move", "Move to a mailbox";
    Select, "select", Mail, [Index], Query, "select", "Select for the next action, or not any more; or what fits a search";
    SelectRange, "select-range", Mail, [Index], No, "", "Select from what was selected last down or up to here";
    SelectThread, "select-thread", Mail, [Index], No, "", "Select the whole conversation";
    SelectAll, "select-all", Mail, [Index], No, "", "Select everything in the list";
    SelectRead, "select-read", Mail, [Index], No, "", "Select everything in the list that is read";
    SelectUnread, "select-unread", Mail, [Index], No, "", "Select everything in the list that is unread";
    SelectStarred, "select-starred", Mail, [Index], No, "", "Select everything in the list that has a star";
    SelectUnstarred, "select-unstarred", Mail, [Index], No, "", "Select everything in the list that has no star";
    Export, "export", Mail, [Index Reader], Words, "", "Write to a new mbox file; with `/` at its end to a folder of files";
    Unselect, "unselect", Mail, [Index], Query, "", "Select nothing any more, or not what fits a search";
    ApplyRules, "apply-rules", Mail, [Global], No, "", "Apply the rules to the inboxes; tells first what they change";
    Junk, "junk", Mail, [Index Reader], No, "", "Move to Junk; from Junk, back to the inbox";
    Tag, "tag", Mail, [Index Reader], Tag, "", "Tag with a word, or take the tag away";
    Copy, "copy-to", Mail, [Index Reader], Mailbox, "", "Copy to a mailbox";
    Mute, "mute", Mail, [Index Reader], No, "", "Mute the conversation: it and its new mail leave the inbox";
    MergeThreads, "merge-threads", Mail, [Index], No, "", "Make one conversation of the selected ones, for good";
    SplitThread, "split-thread", Mail, [Index Reader], No, "", "Let the message begin a conversation of its own, for good";
    Snooze, "snooze", Mail, [Index Reader], Time, "", "Put the conversation off until a time; `now` brings it back";

    Down, "down", Moving, [Global], No, "", "Go or scroll down one line";
    Up, "up", Moving, [Global], No, "", "Go or scroll up one line";
    First, "first", Moving, [Global], No, "", "Go to the first line";
    Last, "last", Moving, [Global], No, "", "Go to the last line";
    PageDown, "page-down", Moving, [Global], No, "", "Go one page down";
    PageUp, "page-up", Moving, [Global], No, "", "Go one page up";
    HalfDown, "half-page-down", Moving, [Global], No, "", "Go half a page down";
    HalfUp, "half-page-up", Moving, [Global], No, "", "Go half a page up";
    Open, "open", Moving, [Sidebar Index Reader], No, "open", "Open what is selected";
    Back, "back", Moving, [Global], No, "back", "Close what is open, or go one pane back";
    NextUnread, "next-unread", Moving, [Index Reader], No, "", "Go to the next unread message";
    NextMessage, "next-message", Moving, [Index Reader], No, "next", "Go to or open the next message";
    NextInThread, "next-in-thread", Moving, [Reader], No, "", "Go to the next message of the conversation, or the next hit";
    PreviousInThread, "previous-in-thread", Moving, [Reader], No, "", "Go to the previous message of the conversation, or the previous hit";
    PreviousMessage, "previous-message", Moving, [Index Reader], No, "", "Go to or open the previous message";
    GrowPane, "grow-pane", Moving, [Global], No, "", "Make the pane larger, which is kept";
    ShrinkPane, "shrink-pane", Moving, [Global], No, "", "Make the pane smaller, which is kept";
    NextPane, "next-pane", Moving, [Global], No, "", "Go to the next pane";

    Search, "search", Going, [Global], Query, "search", "Search all mail";
    Filter, "filter", Going, [Index], Query, "", "Show only what fits a search, of what is listed";
    GoMailbox, "go-mailbox", Going, [Global], Mailbox, "", "Go to a mailbox by part of its name";
    GoInbox, "go-inbox", Going, [Global], No, "", "Go to the inbox of all accounts";
    GoStarred, "go-starred", Going, [Global], No, "", "Go to the starred messages";
    GoSent, "go-sent", Going, [Global], No, "", "Go to what was sent";
    GoDrafts, "go-drafts", Going, [Global], No, "", "Go to the drafts";
    GoArchive, "go-archive", Going, [Global], No, "", "Go to the archive";
    GoAll, "go-all", Going, [Global], No, "", "Go to all mail of the account, where it has such a mailbox";
    GoOutbox, "go-outbox", Going, [Global], No, "", "Go to the outbox";
    GoAccounts, "go-accounts", Going, [Global], No, "", "Show the accounts and what they are doing";
    Jobs, "jobs", Going, [Global], No, "", "Show what runs now, and stop it where that is safe";
    Journal, "journal", Going, [Global], No, "", "Show what was done, and take any of it back";
    View, "view", Going, [Global], View, "", "Show a saved view";
    SaveView, "save-view", Going, [Global], Name, "", "Keep what is searched for as a view in the sidebar";
    RemoveView, "remove-view", Going, [Global], View, "", "Remove a saved view, or the one that is shown";
    NextTab, "next-tab", Going, [Index], No, "", "Go to the next tab over the inbox";
    PreviousTab, "previous-tab", Going, [Index], No, "", "Go to the previous tab over the inbox";
    SplitInbox, "split-inbox", Going, [Global], Name, "", "Choose tabs for the inbox; `off` ends them";
    Account, "account", Going, [Global], Account, "", "Go to an account's inbox, by number or name";

    SearchOrder, "search-order", Reading, [Index], No, "", "List what a search found by how well it fits, or by date";
    Sort, "sort", Reading, [Index], Sort, "", "List the mailbox in another order, which it keeps";
    ToggleThreads, "toggle-threads", Reading, [Index], No, "", "Show conversations, or each message by itself";
    Fold, "fold", Reading, [Index Reader], No, "", "Fold or unfold the conversation, or a message of it";
    FoldAll, "fold-all", Reading, [Index Reader], No, "", "Fold every conversation; in one, unfold or fold all messages";
    FoldQuotes, "fold-quotes", Reading, [Reader], No, "", "Fold long quotations, or unfold them";
    Find, "find", Reading, [Reader], Words, "", "Look for words in what is read";
    Links, "links", Reading, [Reader], No, "links", "Choose a link to open or copy";
    Save, "save-attachments", Reading, [Index Reader], No, "save", "Save every attachment in the downloads folder";
    Attachments, "attachments", Reading, [Index Reader], No, "", "Choose an attachment to look into, save or open";
    Pictures, "pictures", Reading, [Index Reader], No, "", "Show the pictures of the message";
    ListArchive, "list-archive", Reading, [Reader], No, "", "Choose a page of the mailing list to open: its archive, its help";
    LoadPictures, "load-pictures", Reading, [Reader], No, "", "Load the pictures of the message that lie on the web; asks first";
    PictureSenders, "picture-senders", Reading, [Global], No, "", "Show whose pictures are loaded without a question, and take that back";
    Yank, "copy", Reading, [Index Reader], No, "", "Copy the sender's address";
    CopyText, "copy-text", Reading, [Reader], No, "", "Copy the text of the message";
    CopyCode, "copy-code", Reading, [Index Reader], No, "", "Copy the one-time code that stands in the message";
    CopyBlock, "copy-block", Reading, [Reader], No, "", "Copy a block of code or a patch out of the message";
    Headers, "headers", Reading, [Reader], No, "", "Show all headers, or only the usual ones";
    Trust, "trust", Reading, [Reader], No, "", "Tell what speaks for and against its sender";
    Raw, "raw", Reading, [Reader], No, "", "Show the message as it came over the wire";
    Browse, "open-in-browser", Reading, [Reader], No, "", "Open the message in a web browser, which loads nothing of it";
    Html, "html", Reading, [Reader], No, "", "Show the HTML, or the text alone";

    Send, "send", Composer, [Composer], No, "send", "Send the message";
    NextField, "next-field", Composer, [Composer], No, "", "Go to the next field";
    PreviousField, "previous-field", Composer, [Composer], No, "", "Go to the previous field";
    Attach, "attach", Composer, [Composer], No, "attach", "Attach a file";
    Editor, "editor", Composer, [Composer], No, "editor", "Edit fields and text in $VISUAL or $EDITOR";
    Options, "options", Composer, [Composer], No, "options", "Choose how the message is sent: sender, Markdown, receipts, reminder";
    SendLater, "send-later", Composer, [Composer], No, "later", "Choose when the message is sent";
    Spelling, "spelling", Composer, [Composer], No, "", "Suggest words for the one at the cursor, or learn it";
    Template, "template", Composer, [Composer], No, "", "Put a template in from the templates folder";
    PutAside, "put-aside", Composer, [Composer Global], No, "read on", "Read on; the message being written stays open";
    NextWriting, "next-writing", Composer, [Composer], No, "", "Go to the next message that is being written";
    PreviousWriting, "previous-writing", Composer, [Composer], No, "", "Go to the previous message that is being written";
    Beside, "beside", Composer, [Composer], No, "", "Write beside the mailbox, or on the whole screen";
    KeepDraft, "keep-draft", Composer, [Composer], No, "keep", "Keep the draft and close the composer";
    Leave, "leave", Composer, [Composer], No, "close", "Close the composer; asks whether to keep the draft";
    Discard, "discard", Composer, [Composer], No, "", "Throw the draft away; asks first";
    UndoTyping, "undo-typing", Composer, [Composer], No, "", "Undo typing";
    RedoTyping, "redo-typing", Composer, [Composer], No, "", "Redo what was undone";

    Palette, "palette", Program, [Global Composer], No, "commands", "Find a command by part of its name";
    Help, "help", Program, [Global Composer], No, "help", "Show the keys that hold here";
    CommandLine, "command-line", Program, [Global], No, "", "Give a command by name";
    CheckMail, "check-mail", Program, [Global], No, "", "Look for new mail now, in every account";
    SignIn, "sign-in", Program, [Global], Account, "", "Sign in to an account on its own page";
    AddAccount, "account-add", Program, [Global], No, "", "Set up one more account";
    Tour, "tour", Program, [Global], No, "", "Learn ten keys by doing, in two minutes; once more ends it";
    Offline, "offline", Program, [Global], Journey, "", "Fetch everything to read offline; `stop` ends it";
    MailboxCreate, "mailbox-create", Going, [Global], Words, "", "Make a mailbox; `/` separates levels";
    MailboxRename, "mailbox-rename", Going, [Global], Words, "", "Give the mailbox another name";
    MailboxDelete, "mailbox-delete", Going, [Global], No, "", "Delete the mailbox and what is in it; asks first";
    MailboxSubscribe, "mailbox-subscribe", Going, [Global], No, "", "Subscribe to the mailbox, for other programs";
    MailboxUnsubscribe, "mailbox-unsubscribe", Going, [Global], No, "", "End the subscription to the mailbox";
    EmptyTrash, "empty-trash", Going, [Global], No, "", "Remove everything in Trash for good; asks first";
    EmptyJunk, "empty-junk", Going, [Global], No, "", "Remove everything in Junk for good; asks first";
    Theme, "theme", Program, [Global], Theme, "", "Show everything in other colours";
    Linear, "linear", Program, [Global Composer], No, "", "One pane and words, for a screen reader, or not any more";
    Pipe, "pipe", Program, [Index Reader], Words, "", "Give the message, or those selected, to a program: `:|less`";
    Run, "run", Program, [Global], Words, "", "Run a program and read what it prints: `:!date`";
    Do, "do", Program, [Global], Words, "", "Run several commands, with semicolons between them";
    Layout, "layout", Program, [Global], Layout, "", "Let mailboxes, list and message stand another way, which is kept";
    Settings, "settings", Program, [Global], No, "", "Show every option, and change it";
    Problems, "problems", Program, [Global], No, "", "List what is wrong with configuration, keys and themes";
    Reload, "reload", Program, [Global], No, "", "Load the configuration anew";
    Doctor, "doctor", Program, [Global], Account, "", "Find out what is wrong with an account, and what to do";
    Redraw, "redraw", Program, [Global Composer], No, "", "Redraw the screen";
    Suspend, "suspend", Program, [Global], No, "", "Stop the program as a shell's job";
    Quit, "quit", Program, [Global], No, "", "Close what is open, or end the program";
}

impl Command {
    /// The command's row.
    pub fn info(self) -> &'static Info {
        const LOST: Info = Info {
            command: Command::Help,
            name: "",
            about: "",
            section: Section::Program,
            contexts: &[],
            argument: Argument::No,
            hint: "",
        };
        // Variants and rows come from one macro in one order.
        TABLE.get(self as usize).unwrap_or(&LOST)
    }

    /// The name in key files and on the command line.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// The command that has this name here.
    pub fn from_name(name: &str) -> Option<Command> {
        TABLE.iter().find(|i| i.name == name).map(|i| i.command)
    }

    /// Whether the command can be given where this context has the keys.
    pub fn fits(self, context: Context) -> bool {
        let here = self.info().contexts;
        context.chain().iter().any(|c| here.contains(c))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_lead_back() {
        let names: BTreeSet<_> = TABLE.iter().map(|i| i.name).collect();
        assert_eq!(names.len(), TABLE.len());
        for info in TABLE {
            assert_eq!(info.command.info().name, info.name);
            assert_eq!(Command::from_name(info.name), Some(info.command));
            let kebab = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(info.name.chars().all(kebab), "{}", info.name);
            assert!(!info.contexts.is_empty(), "{}", info.name);
            assert!(
                !info.about.ends_with('.') && info.about.len() < 70,
                "{}",
                info.about
            );
        }
    }

    #[test]
    fn letters_of_the_panes_do_not_reach_the_composer() {
        assert!(!Command::Archive.fits(Context::Composer));
        assert!(Command::Palette.fits(Context::Composer) && Command::Palette.fits(Context::Index));
        assert!(Command::Undo.fits(Context::Reader) && !Command::Send.fits(Context::Reader));
    }
}
