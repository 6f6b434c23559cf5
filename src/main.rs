//! The composition root: builds the parts, hands them to each other, decides the exit code.

use postrider::cli::args::{self, Command};
use postrider::cli::exit::Failure;
use postrider::cli::seat::Seat;
use postrider::cli::{self, compose, exit, home, written::Compose};
use postrider::config::secrets::Secrets;
use postrider::config::{Config, ConfigError, Loaded, Look, Paths, keep, load, tags, watch};
use postrider::lang::tr;
use postrider::model::checkup::Step;
use postrider::model::{
    Account, AccountStatus, Draft, DraftAttachment, DraftId, Link, naming, own,
};
use postrider::signal::{Board, Topic};
use postrider::store::Local;
use postrider::tui::editor;
use postrider::tui::files;
use postrider::tui::offer::Books;
use postrider::tui::ports::{Examine, KeepHow};
use postrider::tui::screen::composer::block;
use postrider::tui::setup::Outcome;
use postrider::tui::{self, End, Ports, RunError, Stage, Taste};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long threads of an engine may take to end before another takes its place. Those that wait for
/// a server hear a bell; longer takes only one that is being connected.
const ENDING: Duration = Duration::from_secs(3);

#[path = "main/means.rs"]
mod means;
#[path = "main/turn.rs"]
mod turn;
#[path = "main/wizard.rs"]
mod wizard;
#[path = "main/tryout.rs"]
mod tryout;

fn main() {
    let code = run();
    let _ = std::io::Write::flush(&mut std::io::stdout());
    // Threads may still be talking TLS: the handlers that exit(3) runs would take OpenSSL away from
    // under them. All that must be kept is in the databases.
    signal_hook::low_level::exit(i32::from(code));
}

/// Does what the command line says and answers the exit code.
fn run() -> u8 {
    let args = match args::read(std::env::args_os()) {
        Ok(args) => args,
        Err(error) => {
            // Help and version are no failures.
            let code = if error.use_stderr() { exit::USAGE } else { 0 };
            let _ = error.print();
            return code;
        }
    };
    means::remember(&args);
    match &args.command {
        None => told(with_log(args.home.as_deref(), |paths| screen(paths, None))),
        Some(Command::Compose(begun)) => told(with_log(args.home.as_deref(), |paths| {
            screen(paths, Some(begun))
        })),
        Some(Command::Demo) => {
            let own = Paths::locate(args.home.as_deref()).map_err(Into::into);
            told(own.and_then(|own| tryout::demo(None, &own)))
        }
        Some(Command::Config { .. }) => match check(args.home.as_deref(), args.json) {
            Ok(code) => code,
            Err(error) => told(Err(error)),
        },
        Some(command) => {
            if command.wants_home()
                && let Ok(paths) = Paths::locate(args.home.as_deref())
            {
                log_to(&paths);
            }
            cli::run(&args, command, &around)
        }
    }
}

/// What a check-up says of the terminal and of what the screen uses.
fn around(look: &Look) -> Vec<Step> {
    tui::checkup::around(look, |name| std::env::var(name).ok())
}

/// What is wrong with what the user wrote: the keys and the colours are known to the screen alone.
fn check(home: Option<&Path>, json: bool) -> anyhow::Result<u8> {
    let paths = Paths::locate(home)?;
    let found = files::look(&paths, None);
    let told = |all: Vec<files::Wrong>| -> Vec<_> {
        all.into_iter().map(|w| (w.file, w.problem)).collect()
    };
    cli::check::check(&paths, json, &told(found.wrong), &told(found.notes))
}

/// The exit code of the screen; what went wrong is said once the terminal is as it was.
fn told(outcome: anyhow::Result<()>) -> u8 {
    match outcome {
        Ok(()) => 0,
        Err(error) => {
            note(exit::words(&error).as_str());
            exit::code(&error)
        }
    }
}

/// Logs go to the file only: a screen has no room for them.
fn log_to(paths: &Paths) {
    if paths.ensure().is_err() {
        return;
    }
    // What grew over 8 MB begins anew, keeping one old file.
    if std::fs::metadata(&paths.log).is_ok_and(|m| m.len() > 8 << 20) {
        let _ = std::fs::rename(&paths.log, paths.log.with_extension("log.old"));
    }
    let Ok(file) = postrider::config::paths::private_file(&paths.log) else {
        return;
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("POSTRIDER_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        // What can't be written is lost: standard error is the screen's, or may be closed.
        .log_internal_errors(false)
        .with_writer(file)
        .try_init();
}

fn with_log(
    home: Option<&Path>,
    run: impl FnOnce(&Paths) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let paths = Paths::locate(home)?;
    // Whoever only looks in leaves nothing behind: a home is made once there is something to keep.
    if paths.config.exists() {
        log_to(&paths);
    }
    run(&paths)
}

/// The screen over the configured accounts. Whoever holds the engine's lock talks to servers; a
/// second screen on the same home reads, queues, and hears the news of the first.
fn screen(paths: &Paths, begun: Option<&Compose>) -> anyhow::Result<()> {
    let known = paths.config.exists();
    let mut warnings = known
        .then(|| paths.ensure())
        .transpose()?
        .unwrap_or_default();
    let mut stay = Stay::at(paths);
    let read = || match load::load(&paths.config) {
        Err(ConfigError::NoAccount { .. }) => Ok(Loaded::default()),
        loaded => loaded,
    };
    let mut loaded = read()?;
    while loaded.config.accounts.is_empty() {
        loaded.whole(&paths.config)?;
        match set_up(&mut stay, paths, None) {
            Ok(Outcome::Added) => {}
            Ok(Outcome::TakeOver) => wizard::take_over(stay.stage.as_mut())?,
            Ok(Outcome::Demo) => return tryout::demo(stay.stage, paths),
            Ok(Outcome::Left | Outcome::Quit) => return Ok(()),
            // Without a terminal there is nobody to ask.
            Err(_) => {
                let path = paths.config.clone();
                return Err(ConfigError::NoAccount { path }.into());
            }
        }
        loaded = read()?;
        if !loaded.config.accounts.is_empty() {
            log_to(paths);
            warnings = paths.ensure()?;
        }
    }
    warnings.extend(loaded.problems.iter().map(|p| format!("config.toml: {p}")));
    let compose = begun.map(|b| compose::draft(&loaded.config, b, &mut warnings));
    let mut compose = compose.transpose()?.map(Box::new);
    loop {
        let done = ride(&mut stay, paths, &loaded, compose.take(), warnings);
        cli::note_damage(&paths.cache, &done);
        match done? {
            End::Quit => return Ok(()),
            End::AddAccount => {
                if set_up(&mut stay, paths, Some(&loaded))? == Outcome::Quit {
                    return Ok(());
                }
            }
            End::Reload => {}
        }
        if !stay.alone {
            tracing::info!("a server lets us wait: the program begins anew");
            return Err(begin_anew(stay));
        }
        (loaded, warnings) = load_anew(paths, loaded);
    }
}

/// Lets the user set an account up, the first or, beside what was loaded, a further one.
fn set_up(stay: &mut Stay, paths: &Paths, loaded: Option<&Loaded>) -> Result<Outcome, RunError> {
    let look = loaded.map(|l| l.config.look.clone()).unwrap_or_default();
    means::speak(&look);
    let theme = look.theme.clone();
    let ports = wizard::ports(paths, &stay.secrets, loaded.is_some(), theme);
    tui::setup::run(stay.stage(&look, &paths.log)?, &ports)
}

/// The configuration as it is now. One that can't be used at all leaves everything as it was.
fn load_anew(paths: &Paths, before: Loaded) -> (Loaded, Vec<String>) {
    match load::load(&paths.config) {
        Ok(loaded) if !loaded.config.accounts.is_empty() => {
            let problems = loaded.problems.iter();
            let warnings = problems.map(|p| format!("config.toml: {p}")).collect();
            (loaded, warnings)
        }
        Ok(loaded) => {
            let problem = loaded.problems.first().map(|p| format!("config.toml: {p}"));
            let none = || tr!("config.toml has no account any more").to_owned();
            (before, vec![problem.unwrap_or_else(none)])
        }
        Err(error) => (before, vec![error.to_string()]),
    }
}

/// What outlives a screen and its engine where others follow in this process.
struct Stay {
    /// The terminal, once there was something to show.
    stage: Option<Stage>,
    /// Which engine talks to servers, once this process may.
    turn: Arc<Mutex<turn::Turn>>,
    /// Where passwords are, and which were typed.
    secrets: Secrets,
    /// Whether no thread of the engine before is left.
    alone: bool,
    /// The accounts of the demo, which stand in no file.
    demo: Option<Vec<Account>>,
    /// Whether the tour is to be offered.
    tour: bool,
}

impl Stay {
    fn at(paths: &Paths) -> Stay {
        Stay {
            secrets: Secrets::at(paths),
            stage: None,
            turn: Arc::default(),
            alone: true,
            demo: None,
            tour: false,
        }
    }

    /// The terminal, taken now if it is not yet.
    fn stage(&mut self, look: &Look, log: &Path) -> Result<&mut Stage, RunError> {
        let mut stage = match self.stage.take() {
            Some(stage) => stage,
            None => Stage::enter(look.mouse, log)?,
        };
        stage.linear = means::linear(stage.heard, look);
        Ok(self.stage.insert(stage))
    }

    /// Whether the user has the linear mode, if he changed that while a screen ran.
    fn heard(&self) -> Option<bool> {
        self.stage.as_ref().and_then(|stage| stage.heard)
    }
}

/// Threads of the engine before still wait for a server and must not meet others in their place: the
/// process itself begins anew, which ends them as the end of the program does. Answers only what
/// went wrong.
fn begin_anew(stay: Stay) -> anyhow::Error {
    use std::os::unix::process::CommandExt as _;
    let passed_on = means::passed_on(stay.heard());
    drop(stay);
    // A program that was replaced meanwhile has no path any more, but still this one.
    let own = PathBuf::from("/proc/self/exe");
    let program = std::env::current_exe().map(|p| if p.exists() { p } else { own });
    let mut again = match program {
        Ok(program) => std::process::Command::new(program),
        Err(error) => return error.into(),
    };
    again.args(passed_on).exec().into()
}

fn ride(
    stay: &mut Stay,
    paths: &Paths,
    loaded: &Loaded,
    compose: Option<Box<Draft>>,
    warnings: Vec<String>,
) -> anyhow::Result<End> {
    let look = &loaded.config.look;
    means::speak(look);
    stay.secrets.serve(&loaded.config.accounts);
    naming::choose(tags::names(&loaded.config.tags));
    own::choose(&loaded.config.accounts);
    if stay.secrets.must_unlock(&loaded.config.accounts) {
        let open = wizard::open(paths, &stay.secrets);
        let stage = stay.stage(look, &paths.log)?;
        if tui::setup::unlock(stage, &open, look.theme.as_deref())? == Outcome::Quit {
            return Ok(End::Quit);
        }
    }
    let online = turn::take(&stay.turn, &paths.lock)?;
    let board = Arc::new(Board::new());
    let accounts = loaded.config.accounts.clone();
    let cache = paths.cache.clone();
    let ears = Arc::default();
    let begin = turn::beginning(paths, loaded, &board, &ears, &stay.secrets);
    let seat = Arc::new(Seat::new(begin(online)?));
    if !online {
        for account in &accounts {
            let link = Link::Elsewhere;
            board.status(
                &account.name,
                AccountStatus {
                    link,
                    ..AccountStatus::default()
                },
            );
        }
        turn::wait(
            &stay.turn,
            paths,
            Arc::clone(&seat),
            Arc::clone(&board),
            begin,
        )?;
    }
    let (left_open, put_aside) = left_open(paths, &accounts)?;
    let asked = Arc::clone(&seat);
    let (own, accounts_of_demo) = (paths.clone(), stay.demo.clone());
    let look_anew = move || files::look(&own, accounts_of_demo.as_deref());
    let mut fresh = look_anew();
    fresh.config = Some(Box::new(loaded.config.clone()));
    let posted = Arc::clone(&board);
    let watched = watch::watch(paths, move || posted.post(Topic::Configuration));
    if let Err(error) = &watched {
        tracing::warn!(%error, "changes of the configuration are not seen");
    }
    let ports = Ports {
        sign_in: means::sign_in(paths, &accounts, &stay.secrets),
        accounts,
        cache,
        local: paths.local.clone(),
        board,
        ask: Box::new(move |intent, reply| asked.ask(intent, reply)),
        downloads: paths.downloads.clone(),
        programs: loaded.config.open.clone(),
        load: means::load_picture(),
        images: look.images,
        hyperlinks: look.hyperlinks,
        editing: editing(paths),
        templates: paths.config.with_file_name("templates"),
        log: paths.log.clone(),
        theme: look.theme.clone(),
        taste: Taste {
            linear: means::linear(stay.heard(), look),
            ..Taste::of(&loaded.config)
        },
        spell: languages(look),
        spell_named: look.spell.is_some(),
        words: paths.config.with_file_name("words.txt"),
        keys: fresh.keys.clone(),
        books: Books {
            contacts: loaded.config.contacts.clone(),
            groups: loaded.config.groups.clone(),
        },
        domains: means::domains(&loaded.config.checks),
        left_open,
        put_aside,
        compose,
        views: loaded.config.views.clone(),
        splits: loaded.config.splits.clone(),
        keep: keep_in(&paths.config),
        reload: Arc::new(look_anew),
        past: paths.local.with_file_name("commands.txt"),
        fresh,
        examine: examine(paths, &loaded.config, &stay.secrets),
        warnings,
        tour: std::mem::take(&mut stay.tour),
    };
    let stage = stay.stage(look, &paths.log);
    let done = stage.and_then(|stage| tui::run(stage, ports));
    // Whoever waits for the lock has nothing to begin any more, or is done with it.
    turn::let_go(&stay.turn);
    leave(stay, &seat, done)
}

/// Ends the engine of a screen that ended, and says what of the user's is lost.
fn leave(stay: &mut Stay, seat: &Seat, done: Result<End, RunError>) -> anyhow::Result<End> {
    let goes_on = matches!(done, Ok(End::AddAccount | End::Reload));
    let patience = if goes_on { ENDING } else { Duration::ZERO };
    // What takes a while is said on a terminal that is the user's again.
    let stage = stay.stage.take_if(|_| !goes_on);
    let mut unheard = stage.map(Stage::leave);
    let closed = seat.close(patience, &mut || {
        // Also one that would go on is the user's meanwhile: nothing is drawn there.
        if let Some(stage) = stay.stage.take() {
            unheard = Some(stage.leave());
        }
        note(tr!("what you did last is still being written down"));
    });
    stay.alone = closed.alone;
    let end = done?;
    let mut lost = unheard.map(|u| u.failures()).unwrap_or_default();
    if !closed.recorded {
        lost.push(
            tr!("the disk did not answer for a minute: what you did last may be lost").to_owned(),
        );
    }
    match lost.is_empty() {
        true => Ok(end),
        false => Err(Failure::new(exit::IO, lost.join("\n")).into()),
    }
}

/// Says something below the prompt.
fn note(text: &str) {
    let text = format!("postrider: {text}\n");
    let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
}

/// How an account is looked over.
fn examine(paths: &Paths, config: &Config, secrets: &Secrets) -> Examine {
    let (paths, config, secrets) = (paths.clone(), config.clone(), secrets.clone());
    Arc::new(move |name, cancel, tell| {
        let found = config.accounts.iter().find(|a| a.name == *name);
        if let Some(account) = found {
            let around = around(&config.look);
            let home = (&paths, &secrets);
            cli::doctor::for_screen(home, &config, account, around, cancel, tell);
        }
    })
}

/// How views and tabs are written into the configuration.
fn keep_in(config: &Path) -> KeepHow {
    let config = config.to_owned();
    Arc::new(move |change| keep::keep(&config, change))
}

/// The languages in which spelling is looked at.
fn languages(look: &Look) -> Vec<String> {
    let own = || tui::spell::of_environment(|name| std::env::var(name).ok());
    look.spell
        .clone()
        .unwrap_or_else(|| own().into_iter().collect())
}

/// Where the files of external editors are.
fn editing(paths: &Paths) -> PathBuf {
    paths.local.with_file_name("editing")
}

/// The drafts that a crash left open; what was only in an external editor becomes one of them. And
/// those that were being written when the program was ended.
fn left_open(paths: &Paths, accounts: &[Account]) -> anyhow::Result<(Vec<DraftId>, Vec<DraftId>)> {
    let (mut open, mut aside) = home::left_open(&paths.local)?;
    let left = editor::left(&editing(paths));
    if left.is_empty() {
        return Ok((open, aside));
    }
    let mut local = Local::open(&paths.local)?;
    for text in left {
        let before = text
            .draft
            .and_then(|id| local.read().draft(id).ok().flatten());
        let account = accounts.first().map(|a| a.name.clone());
        let Some(blank) = account.map(Draft::new) else {
            continue;
        };
        // What was typed here after the editor failed is not written over.
        let older = before.as_ref().is_some_and(|d| d.saved > text.at);
        let base = before.unwrap_or(blank);
        let back = block::read(&text.text, &base);
        let mut draft = back.draft;
        // What is not there any more is missed before it is sent.
        for typed in &back.attach {
            let path = tui::paths::expand(typed, tui::paths::home().as_deref());
            let path = std::path::absolute(&path).unwrap_or(path);
            draft.attachments.push(DraftAttachment::file(path));
        }
        if older {
            draft.id = None;
        }
        let id = match kept_before(&local, &draft)? {
            Some(id) => id,
            None => local.save_draft(&draft, postrider::text::when::now())?,
        };
        if !open.contains(&id) {
            open.push(id);
        }
        // What names a picture that only a lost draft had is for a person to read.
        match back.said.is_empty() {
            true => text.forget(),
            false => text.put_away(),
        }
    }
    aside.retain(|id| !open.contains(id));
    Ok((open, aside))
}

/// The draft that has these words already: the program may have ended after it was kept and before the
/// file of the editor went.
fn kept_before(local: &Local, draft: &Draft) -> anyhow::Result<Option<DraftId>> {
    let all = local.read().drafts()?;
    let same = |there: &&Draft| {
        let id = there.id;
        there.says(&Draft {
            id,
            ..draft.clone()
        })
    };
    Ok(all.iter().find(same).and_then(|there| there.id))
}
