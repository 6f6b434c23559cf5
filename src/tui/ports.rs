//! What the screen is given by the composition root, and nothing more: the screen knows neither
//! the engine nor the network.

use crate::config::keep::Keep;
use crate::config::{
    Arrangement, Config, Hyperlinks, Icons, Images, ListLook, SavedView, Split, TagLook,
};
use crate::model::checkup::Progress;
use crate::model::setup::{AtProvider, Attempt, Brought, Cancel, Found, Keeping, Kept, Tried};
use crate::model::{
    Account, AccountName, Done, Draft, DraftId, Endpoint, Intent, MailDomain, Secret, SignInBy,
    SignInStep, SignInWord,
};
use crate::signal::Board;
use crate::tui::files::Fresh;
use crate::tui::offer::Books;
use crossbeam_channel::Receiver;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// How the ledger answers an intent: what was done once it is durable, or why it can't be, in
/// plain words. Called once, on any thread.
pub type Reply = Box<dyn FnOnce(Result<Done, String>) + Send>;

/// Hands an intent to the ledger. Returns at once; the reply comes about a millisecond later.
pub type Ask = Box<dyn Fn(Intent, Reply) + Send>;

/// Looks domains up, within a few seconds whatever happens, and says of each what it found. Called
/// on a thread of its own.
pub type LookUp = Arc<dyn Fn(&[String]) -> Vec<(String, MailDomain)> + Send + Sync>;

/// Loads a picture from an https address: at most so many octets, nothing after that time, and saying
/// nothing of who asks. Called on a thread of its own, and only when the user said so. What went
/// wrong comes in plain words.
pub type LoadPicture = Arc<dyn Fn(&str, usize, Instant) -> Result<Vec<u8>, String> + Send + Sync>;

/// Writes a view or tabs into the configuration, and answers what is kept from then on; what went
/// wrong comes in plain words. Called on a thread of its own.
pub type KeepHow = Arc<dyn Fn(&Keep) -> Result<(Vec<SavedView>, Vec<Split>), String> + Send + Sync>;

/// Looks for the servers of an address and tells what is found as it is. Called on a thread of its
/// own, after the typing paused for a moment; returns after `Found::Done`, within about five seconds,
/// or soon after it was cancelled. What the built-in list knows comes at once, without the network.
pub type FindServers = Arc<dyn Fn(&str, &Cancel, &mut dyn FnMut(Found)) + Send + Sync>;

/// Tries an account and tells of each step as it goes. Called on a thread of its own, only after the
/// user agreed to the servers; returns after `Tried::Done`, or soon after it was cancelled. Writes
/// nothing.
pub type TrySetup = Arc<dyn Fn(&Attempt, &Cancel, &mut dyn FnMut(Tried)) + Send + Sync>;

/// Writes an account that worked into the configuration and its secret where it is kept; what went
/// wrong comes in plain words. Called on a thread of its own: the secret store may ask the user.
pub type KeepSetup = Arc<dyn Fn(&Keeping) -> Result<Kept, String> + Send + Sync>;

/// Says what is known of signing in with a browser at the provider of a word. Called on a thread of its
/// own: files are read, and the secret store may ask the user. What is wrong comes in plain words.
pub type OfProvider = Arc<dyn Fn(&str, &[Endpoint]) -> Result<AtProvider, String> + Send + Sync>;

/// Signs in at the provider's page to an account that is being set up, with the client's secret where
/// it has one; as [`SignInHow`], but what was brought is given back and kept nowhere.
pub type BringSetup = Arc<
    dyn Fn(
            &Account,
            Option<&Secret>,
            SignInBy,
            &dyn Fn(SignInStep),
            &Receiver<SignInWord>,
        ) -> Result<Brought, String>
        + Send
        + Sync,
>;

/// Looks an account over and tells of each step as it is done. Called on a thread of its own; returns
/// when all is done, or soon after it was cancelled.
pub type Examine = Arc<dyn Fn(&AccountName, &Cancel, &mut dyn FnMut(Progress)) + Send + Sync>;

/// What setting up an account needs from outside.
#[derive(Clone)]
pub struct SetUp {
    /// Finds servers.
    pub find: FindServers,
    /// Tries an account.
    pub attempt: TrySetup,
    /// Keeps it.
    pub keep: KeepSetup,
    /// Says what is known of its provider, where one signs in with a browser.
    pub provider: OfProvider,
    /// Signs in to it with a browser.
    pub sign_in: BringSetup,
}

/// Reads the user's files. Called on a thread of its own.
pub type ReloadHow = Arc<dyn Fn() -> Fresh + Send + Sync>;
/// Signs in to an account at its provider's page in a browser. Tells what the user is to do, is told
/// what the user wants, and ends soon after a word to cancel, or when nobody can say one any more.
/// Called on a thread of its own. What went wrong comes in plain words, cleaned.
pub type SignInHow = Arc<
    dyn Fn(&AccountName, SignInBy, &dyn Fn(SignInStep), &Receiver<SignInWord>) -> Result<(), String>
        + Send
        + Sync,
>;

/// What the user prefers.
#[derive(Clone, Debug)]
pub struct Taste {
    /// Whether lists begin threaded.
    pub threads: bool,
    /// How mailboxes, list and message stand.
    pub layout: Arrangement,
    /// Whether the mouse is used.
    pub mouse: bool,
    /// Whether text is edited by the keys of vi.
    pub vi: bool,
    /// Whether everything is said in words, line by line, for a screen reader.
    pub linear: bool,
    /// Whether a bar stands beside what is longer than its room.
    pub scrollbar: bool,
    /// Whether the window is given a title.
    pub title: bool,
    /// What lists tell of a message.
    pub list: ListLook,
    /// What tags are called, and their colours.
    pub tags: Vec<TagLook>,
    /// Which signs are shown.
    pub icons: Icons,
}

impl Taste {
    /// What a configuration says of it.
    pub fn of(config: &Config) -> Taste {
        let look = &config.look;
        Taste {
            threads: look.threads,
            layout: look.layout,
            mouse: look.mouse,
            vi: look.vi,
            title: look.title,
            scrollbar: look.scrollbar,
            list: config.list.clone(),
            tags: config.tags.clone(),
            icons: look.icons,
            linear: look.linear,
        }
    }
}

impl Default for Taste {
    fn default() -> Taste {
        Taste {
            threads: true,
            layout: Arrangement::Auto,
            mouse: true,
            vi: false,
            linear: false,
            title: true,
            scrollbar: true,
            list: ListLook::default(),
            tags: Vec::new(),
            icons: Icons::Unicode,
        }
    }
}

/// Everything that the screen needs from outside.
pub struct Ports {
    /// The accounts that work, in the order of the configuration.
    pub accounts: Vec<Account>,
    /// `cache.db`, opened read-only.
    pub cache: PathBuf,
    /// `local.db`, opened read-only.
    pub local: PathBuf,
    /// What changed.
    pub board: Arc<Board>,
    /// Where intents go.
    pub ask: Ask,
    /// The folder that attachments are saved to.
    pub downloads: PathBuf,
    /// The programs that show attachments, by media type.
    pub programs: Vec<(String, Vec<String>)>,
    /// The folder for what the external editor edits.
    pub editing: PathBuf,
    /// The folder of the user's templates.
    pub templates: PathBuf,
    /// The log, named after a panic.
    pub log: PathBuf,
    /// Name of a built-in theme, or the text of a theme file; `None`: after the terminal.
    pub theme: Option<String>,
    /// The text of the user's key file, laid over the default one.
    pub keys: Option<String>,
    /// How pictures are loaded that lie on the web.
    pub load: LoadPicture,
    /// How pictures are shown.
    pub images: Images,
    /// Whether the terminal itself can open links.
    pub hyperlinks: Hyperlinks,
    /// What the user prefers.
    pub taste: Taste,
    /// The languages in which spelling is looked at; none: it is not.
    pub spell: Vec<String>,
    /// Whether the user named them.
    pub spell_named: bool,
    /// The file of the user's own words.
    pub words: PathBuf,
    /// Where people to write to come from, besides the mail.
    pub books: Books,
    /// How recipients' domains are looked up before a message goes; `None`: they are not.
    pub domains: Option<LookUp>,
    /// Drafts that stood open in a process that is gone without closing them.
    pub left_open: Vec<DraftId>,
    /// Drafts that were being written when the program was ended in good order.
    pub put_aside: Vec<DraftId>,
    /// A message to begin with.
    pub compose: Option<Box<Draft>>,
    /// How an account is signed in to in a browser.
    pub sign_in: SignInHow,
    /// The saved views, in the order of the sidebar.
    pub views: Vec<SavedView>,
    /// The tabs over the inbox, in their order.
    pub splits: Vec<Split>,
    /// How either is written down.
    pub keep: KeepHow,
    /// What the user's files say at the start.
    pub fresh: Fresh,
    /// How they are read again.
    pub reload: ReloadHow,
    /// The file of what was typed on the command line.
    pub past: PathBuf,
    /// How an account is looked over.
    pub examine: Examine,
    /// Things to say at the start (a broken account, a bad theme), cleaned.
    pub warnings: Vec<String>,
    /// Whether the tour is offered.
    pub tour: bool,
}
