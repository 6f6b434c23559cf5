//! Work on attachments: saving, opening, piping, looking inside. Each job has a thread of its own
//! and a bound on what it may take, so that neither a slow program nor a hostile file holds
//! anything up.
//!
//! No shell sees a word of a message; a program of the user's table gets the file's path as one
//! argument. What could run something is opened only after a question.

use crate::config::command::CommandError;
use crate::config::paper;
use crate::lang::{tr, trn};
use crate::mime::peek::{Peek, message_lines, peek};
use crate::mime::picture::{decode, moves, size};
use crate::mime::render::Line;
use crate::mime::{browsable, danger, media};
use crate::model::view::AttachmentRow;
use crate::model::{MsgId, Target};
use crate::store::{LocalReader, Reader, Shown};
use crate::text::Clean;
use crate::tui::event::Event;
use crate::tui::loading::{self, Loader};
use crate::tui::part::{Leave, PartCame, PartJob, PartOf, Remotely, label};
use crate::tui::picture::{self, Ability, Inlay, Way};
use crate::tui::runaways::Runaways;
use crate::tui::whole::{Lacking, Since, Then};
use crate::tui::working::Teller;
use crate::tui::{download, paths, terminal};
use crossbeam_channel::Sender;
use held::{Trouble, taken};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Octets of messages that a program is given at once, at most.
const MOST_GIVEN: usize = 256 << 20;

/// Jobs at once; as many that took too long may be at work beside them.
const JOBS: usize = 4;
/// How long a look into a file may take.
const LOOK: Duration = Duration::from_secs(10);
/// The most pictures that are shown in a text.
const INLAYS: usize = 40;
/// Rows that one of them can have.
const INLAY_ROWS: u32 = 20;
/// Pixels of theirs that one of ours shows, along a side, where there is room for all of it.
const PIXELS: u32 = 8;
/// What has fewer pixels along a side is a sign beside words, and not shown as a picture.
const SIGN: u32 = 24;

/// What every job needs.
#[derive(Clone, Debug)]
pub struct Parts {
    /// `cache.db`.
    cache: PathBuf,
    /// `local.db`.
    local: PathBuf,
    /// Where things are saved if nothing else is said.
    downloads: PathBuf,
    /// The user's programs by media type (or `image/*`).
    programs: Arc<[(String, Vec<String>)]>,
    ability: Ability,
    loader: Loader,
    running: Arc<AtomicUsize>,
    runaways: Runaways,
    events: Sender<Event>,
    /// Where what runs is told.
    teller: Teller,
}

impl Parts {
    /// Works on the messages in `cache.db` with what stands in `local.db`, and answers with events.
    pub fn new(
        (cache, local): (&Path, &Path),
        downloads: PathBuf,
        programs: Vec<(String, Vec<String>)>,
        (ability, loader): (Ability, Loader),
        (events, teller): (Sender<Event>, Teller),
    ) -> Parts {
        Parts {
            cache: cache.to_path_buf(),
            local: local.to_path_buf(),
            downloads,
            programs: programs.into(),
            ability,
            loader,
            running: Arc::default(),
            runaways: Runaways::default(),
            events,
            teller,
        }
    }

    /// Begins a job, which may have waited for attachments since; what came of it comes as
    /// [`Event::Part`] or [`Event::Told`].
    pub fn begin(&self, job: PartJob, since: Option<Since>) {
        let (parts, events) = (self.clone(), self.events.clone());
        let what = job.words();
        let picture = match job {
            PartJob::Picture { serial, .. } => Some(serial),
            _ => None,
        };
        let quiet = matches!(
            job,
            PartJob::Inlays { .. }
                | PartJob::Load {
                    leave: Leave::Standing,
                    ..
                }
        );
        let work = move || {
            let done = catch_unwind(AssertUnwindSafe(|| parts.perform(job.clone())));
            match done {
                Ok(Ok(done)) => Ok(done),
                Ok(Err(Trouble::Lacks(message))) => Ok(Done::Lacks(Lacking {
                    message,
                    then: Then::Part(job),
                })),
                Ok(Err(Trouble::Said(why))) => Err(why),
                Err(_) => Err(tr!("this attachment can't be read; the log says why").to_owned()),
            }
        };
        let told = move |done: Result<Done, String>| {
            let event = match (done, picture) {
                (Ok(Done::Came(came)), _) => Event::Part(came),
                (Ok(Done::Lacks(lacking)), _) => Event::Lacking(lacking, since),
                (Ok(Done::Said(text)), _) => Event::Told(Ok(text)),
                (Ok(Done::Nothing), _) => return,
                (Err(_), _) if quiet => return,
                // It is waited for where it would stand.
                (Err(why), Some(serial)) => Event::Part(PartCame::Picture {
                    serial,
                    result: Err(Clean::line(&why)),
                }),
                (Err(why), None) => Event::Told(Err(why)),
            };
            let _ = events.send(event);
        };
        if self.running.load(Ordering::SeqCst) >= JOBS {
            told(Err(
                tr!("other attachments are still being worked on").to_owned()
            ));
            return;
        }
        let running = Arc::clone(&self.running);
        running.fetch_add(1, Ordering::SeqCst);
        let working = what.map(|what| self.teller.begin(Clean::lit(what), None));
        let spawned = std::thread::Builder::new()
            .name("part".into())
            .spawn(move || {
                told(work());
                drop(working);
                running.fetch_sub(1, Ordering::SeqCst);
            });
        if let Err(e) = spawned {
            self.running.fetch_sub(1, Ordering::SeqCst);
            tracing::error!(%e, "no thread for an attachment");
        }
    }

    fn perform(&self, job: PartJob) -> Result<Done, Trouble> {
        match job {
            PartJob::Save { parts, to } => self.save(&parts, to.as_deref()).map(Done::Said),
            PartJob::Open { part, sure } => self.open(part, sure),
            PartJob::Browse { message } => self.browse(message),
            PartJob::Pipe { part, command } => self.pipe(&part, &command),
            PartJob::Give { targets, command } => self.give(&targets, &command),
            PartJob::Run { command } => Ok(printed(&command, Vec::new(), &command)?),
            PartJob::Picture { part, room, serial } => {
                let result = Ok(Arc::new(self.picture(&part, room)?));
                Ok(Done::Came(PartCame::Picture { serial, result }))
            }
            PartJob::Load { what, leave } => Ok(self.load(what, leave)?),
            PartJob::Inlays {
                message,
                pictures,
                columns,
            } => Ok(Done::Came(PartCame::Inlays {
                message,
                columns,
                pictures: self.inlays(message, pictures, columns),
            })),
            PartJob::Senders => {
                let local = LocalReader::open(&self.local).map_err(|e| e.to_string())?;
                let senders = local.picture_senders().map_err(|e| e.to_string())?;
                Ok(Done::Came(PartCame::Senders(senders)))
            }
            PartJob::Peek { part, width } => self.look(&part, usize::from(width)),
        }
    }

    /// Loads pictures from the web, or says that it is to be asked whether that may be.
    fn load(&self, what: Remotely, leave: Leave) -> Result<Done, String> {
        if self.ability.way == Way::None {
            return Err(not_shown());
        }
        let always = || {
            let local = LocalReader::open(&self.local);
            let always = local.and_then(|local| local.loads_pictures_of(&what.sender));
            what.verified && !what.sender.is_empty() && always.unwrap_or(false)
        };
        // What is here already asks nobody anything.
        if !(leave == Leave::Given || self.loader.has_all(&what.urls) || always()) {
            return Ok(match leave {
                Leave::Standing => Done::Nothing,
                _ => Done::Came(PartCame::MayLoad(what)),
            });
        }
        let (here, why) = self.loader.load(&what.urls);
        Ok(Done::Came(PartCame::Loaded {
            here: loading::parts(what.message, &here),
            why: why.map(|why| Clean::line(&why)),
            quiet: leave == Leave::Standing,
            what,
        }))
    }

    fn save(&self, parts: &[PartOf], to: Option<&str>) -> Result<String, Trouble> {
        let (folder, named) = match to.map(str::trim).filter(|to| !to.is_empty()) {
            None => (self.downloads.clone(), None),
            Some(to) => place(to, paths::home().as_deref())?,
        };
        if named.is_some() && parts.len() > 1 {
            return Err(tr!("{path} is not a folder", path = to.unwrap_or_default()).into());
        }
        let mut saved = Vec::new();
        self.each(parts, |found| {
            let name = named.as_deref().unwrap_or(&found.name);
            saved.push(keep(&folder, name, &found.bytes)?);
            Ok(())
        })?;
        match saved.as_slice() {
            [one] => Ok(tr!("Saved {path}", path = one.display())),
            all => Ok(trn!(
                n = all.len(),
                "Saved {n} file in {path}",
                "Saved {n} files in {path}",
                path = folder.display()
            )),
        }
    }

    fn open(&self, part: PartOf, sure: bool) -> Result<Done, Trouble> {
        let found = self.extract(&part)?;
        let (media, bytes) = (&found.media_type, &found.bytes);
        let why = danger::danger(&found.received, media, bytes)
            .or_else(|| danger::danger(&found.name, media, bytes));
        if let Some(why) = why.filter(|_| !sure) {
            let why = Clean::line(&why);
            return Ok(Done::Came(PartCame::Doubt { part, why }));
        }
        let path = keep(&self.downloads, &found.name, bytes)?;
        let media = match media.as_str() {
            "application/octet-stream" | "" => media::type_of(&found.name),
            known => known,
        };
        self.run_for(media, &path)
    }

    /// Opens the message as a page in a browser, which finds nothing in it to load or to run.
    fn browse(&self, message: MsgId) -> Result<Done, Trouble> {
        let shown = self.held(message)?;
        if shown.is_hollow {
            return Err(Trouble::Lacks(message));
        }
        let page = browsable::browsable(&shown.raw);
        let name = browsable::file_name(&shown.raw);
        let path = keep(&self.downloads, &name, page.as_bytes())?;
        self.run_for("text/html", &path)
    }

    /// Opens a file that was saved with what the user or the desktop has for its type.
    fn run_for(&self, media: &str, path: &Path) -> Result<Done, Trouble> {
        let opened = match self.program(media) {
            Some(argv) => run_with(argv, path),
            None => open::that_detached(path),
        };
        let shown = path.display();
        opened.map_err(|e| tr!("{shown} is saved but can't be opened: {e}", shown, e))?;
        Ok(Done::Said(tr!("Saved {path}", path = shown)))
    }

    /// The user's program for a type: by the type itself, else by its family.
    fn program(&self, media: &str) -> Option<&[String]> {
        let family = media.split_once('/').map(|(main, _)| format!("{main}/*"));
        let of = |name: &str| {
            let found = self.programs.iter().find(|(known, _)| known == name);
            found.map(|(_, argv)| argv.as_slice())
        };
        of(media).or_else(|| of(&family?)).or_else(|| of("*"))
    }

    fn pipe(&self, part: &PartOf, typed: &str) -> Result<Done, Trouble> {
        let found = self.extract(part)?;
        let title = format!("{typed} < {}", found.name);
        Ok(printed(typed, found.bytes, &title)?)
    }

    /// Gives messages to a program, one behind the other, each as it came.
    fn give(&self, targets: &[Target], typed: &str) -> Result<Done, Trouble> {
        let (count, all) = self.whole(targets, MOST_GIVEN)?;
        let what = trn!(n = count, "the message", "{n} messages");
        Ok(printed(typed, all, &format!("{typed} < {what}"))?)
    }

    fn look(&self, part: &PartOf, width: usize) -> Result<Done, Trouble> {
        let found = self.extract(part)?;
        let (name, file) = (found.name.clone(), Arc::new(found));
        let inner = Arc::clone(&file);
        let seen = self
            .runaways
            .within(JOBS, LOOK, move || peek(&inner, width));
        let seen = seen.ok_or_else(|| tr!("it takes too long to look into {name}", name))?;
        match seen {
            Peek::Lines(lines) => Ok(sheet(&name, lines)),
            Peek::Message(message) => {
                let row = |row: &AttachmentRow| {
                    let inline = message.inline.contains(&row.part);
                    (
                        label(row, inline),
                        PartOf::new(part.message, &part.path, row),
                    )
                };
                Ok(Done::Came(PartCame::Paper {
                    title: Clean::line(&name),
                    lines: message_lines(&message).into(),
                    inside: message.attachments.iter().map(row).collect(),
                    links: message.links.clone(),
                }))
            }
            Peek::Pdf => {
                let lacking =
                    tr!("the text of PDF documents can be shown where pdftotext is installed");
                let text = match paper::text(file.bytes.clone(), paper::For::Reading, PRINTED) {
                    Ok(text) => text,
                    Err(CommandError::NotRun { .. }) => return Err(lacking.into()),
                    Err(e) => return Err(e.to_string().into()),
                };
                if text.trim_ascii().is_empty() {
                    return Err(tr!("there is no text in {name}, only pictures of it", name).into());
                }
                Ok(sheet(&name, text_lines(text, 0)))
            }
            Peek::Picture => Ok(Done::Came(PartCame::IsPicture(part.clone()))),
            Peek::Nothing => {
                Err(tr!("nothing of {name} can be shown here; Enter opens it", name).into())
            }
        }
    }

    /// Those of these pictures that can be shown in a text. What is small is no picture but a sign.
    fn inlays(
        &self,
        message: MsgId,
        pictures: Vec<(u32, PartOf)>,
        columns: u16,
    ) -> BTreeMap<u32, Arc<Inlay>> {
        if self.ability.way == Way::None {
            return BTreeMap::new();
        }
        let until = Instant::now() + LOOK;
        let around = self.ability.around;
        let mut body: Option<Shown> = None;
        let mut out = BTreeMap::new();
        for (n, part) in pictures.into_iter().take(INLAYS) {
            let found = match &part.url {
                Some(url) => self.loader.kept(&part, url),
                None => {
                    if body.is_none() {
                        let read = Reader::open(&self.cache).and_then(|r| r.shown(message));
                        body = read.ok().flatten();
                    }
                    body.as_ref().and_then(|shown| taken(shown, &part).ok())
                }
            };
            let left = until.saturating_duration_since(Instant::now());
            let Some(found) = found.filter(|_| !left.is_zero()) else {
                continue;
            };
            let made = self.runaways.within(JOBS, left, move || {
                let (width, height) = size(&found.bytes)?;
                let room = (u32::from(columns), INLAY_ROWS * 2);
                let most = (
                    room.0.min(width.div_ceil(PIXELS)),
                    room.1.min(height.div_ceil(PIXELS)),
                );
                let small = width.min(height) < SIGN;
                let pixels = decode(&found.bytes, most.0, most.1).ok();
                let (pixels, _) = pixels.filter(|_| !small)?;
                let way = Way::Cells;
                let mut shown = picture::ready(&pixels, Ability { way, around }, (1, 2))?;
                shown.moves = moves(&found.bytes);
                Inlay::of(&shown, around)
            });
            out.extend(made.flatten().map(|inlay| (n, Arc::new(inlay))));
        }
        out
    }

    /// A picture as the terminal takes it, as large as there is room.
    fn picture(&self, part: &PartOf, room: (u16, u16)) -> Result<picture::Shown, Trouble> {
        if self.ability.way == Way::None {
            return Err(not_shown().into());
        }
        let found = self.extract(part)?;
        let (ability, cell) = (self.ability, terminal::cell());
        let (most, cell) = ability.pixels(room, cell);
        let made = self.runaways.within(JOBS, LOOK, move || {
            let (pixels, _) = decode(&found.bytes, most.0, most.1).map_err(|e| e.to_string())?;
            let mut shown = picture::ready(&pixels, ability, cell)
                .ok_or_else(|| tr!("this picture can't be shown").to_owned())?;
            shown.moves = moves(&found.bytes);
            Ok(shown)
        });
        Ok(made.unwrap_or_else(|| Err(tr!("this picture takes too long").to_owned()))?)
    }
}

/// What is said where the user wants no pictures.
fn not_shown() -> String {
    tr!("pictures are not shown here (images = \"off\")").to_owned()
}

/// What came of a job.
#[derive(Debug)]
enum Done {
    Nothing,
    Came(PartCame),
    Lacks(Lacking),
    Said(String),
}

fn sheet(title: &str, lines: Vec<Line>) -> Done {
    Done::Came(PartCame::Paper {
        title: Clean::line(title),
        lines: lines.into(),
        inside: Vec::new(),
        links: Vec::new(),
    })
}

fn keep(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, String> {
    download::save(folder, name, bytes).map_err(|e| {
        tr!(
            "{name} can't be saved in {path}: {e}",
            name,
            path = folder.display(),
            e
        )
    })
}

/// The folder that a typed path means, and the name in it if it names a file.
fn place(typed: &str, home: Option<&Path>) -> Result<(PathBuf, Option<String>), String> {
    let path = paths::expand(typed, home);
    let path = std::path::absolute(path).map_err(|e| format!("{typed}: {e}"))?;
    if typed.ends_with('/') || path.is_dir() {
        return Ok((path, None));
    }
    let name = path.file_name().and_then(|n| n.to_str());
    match (path.parent(), name) {
        (Some(folder), Some(name)) => Ok((folder.to_owned(), Some(name.to_owned()))),
        _ => Err(tr!("{typed} can't be the name of a file", typed)),
    }
}

mod programs;
use programs::{PRINTED, printed, run_with, text_lines};

mod held;
#[cfg(test)]
mod tests;
