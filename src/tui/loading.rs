//! Pictures that lie on the web, loaded when the user says so: several at once, within bounds, each
//! once while the program runs. They are kept in memory and nowhere else.

use crate::lang::tr;
use crate::mime::attachment::{Extracted, safe_name};
use crate::mime::picture::is_picture;
use crate::model::MsgId;
use crate::tui::part::PartOf;
use crate::tui::ports::LoadPicture;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Octets of one picture.
const ONE: usize = 10 << 20;
/// Pictures of one message.
pub const MOST: usize = 100;
/// Octets of one message's pictures.
const ALL: usize = 50 << 20;
/// Octets that one counts for that could not be loaded.
const IN_VAIN: usize = 500_000;
/// How long one message's pictures may take together.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many are loaded at once.
const AT_ONCE: usize = 4;
/// Octets of pictures that are kept.
const KEPT: usize = 150 << 20;

/// What was loaded lately, by address.
#[derive(Debug, Default)]
struct Store {
    pictures: BTreeMap<String, Arc<[u8]>>,
    order: VecDeque<String>,
    octets: usize,
}

impl Store {
    fn keep(&mut self, url: &str, bytes: Arc<[u8]>) {
        self.octets += bytes.len();
        if let Some(old) = self.pictures.insert(url.to_owned(), bytes) {
            self.octets -= old.len();
        } else {
            self.order.push_back(url.to_owned());
        }
        while self.octets > KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            let gone = self.pictures.remove(&oldest);
            self.octets -= gone.map_or(0, |g| g.len());
        }
    }
}

/// Loads pictures and keeps them.
#[derive(Clone)]
pub struct Loader {
    load: LoadPicture,
    store: Arc<Mutex<Store>>,
}

impl fmt::Debug for Loader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader").finish_non_exhaustive()
    }
}

impl Loader {
    /// Loads them so.
    pub fn new(load: LoadPicture) -> Loader {
        Loader {
            load,
            store: Arc::default(),
        }
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether all of these are here already.
    pub fn has_all(&self, urls: &[String]) -> bool {
        let store = self.store();
        urls.iter().all(|url| store.pictures.contains_key(url))
    }

    /// A picture that was loaded, as if it had been attached.
    pub fn kept(&self, part: &PartOf, url: &str) -> Option<Extracted> {
        let bytes = self.store().pictures.get(url).cloned()?;
        Some(Extracted {
            name: part.name.clone(),
            media_type: media_type(&bytes).to_owned(),
            charset: None,
            received: part.name.clone(),
            bytes: bytes.to_vec(),
        })
    }

    /// Loads these, those that are not here. Gives what is here then, in order, and why the first
    /// that is not, is not.
    pub fn load(&self, urls: &[String]) -> (Vec<String>, Option<String>) {
        let until = Instant::now() + PATIENCE;
        let urls = urls.get(..MOST).unwrap_or(urls);
        let (next, budget) = (AtomicUsize::new(0), AtomicUsize::new(ALL));
        let why = Mutex::new(None::<(usize, String)>);
        let work = || {
            loop {
                let n = next.fetch_add(1, Ordering::SeqCst);
                let Some(url) = urls.get(n) else {
                    return;
                };
                if self.store().pictures.contains_key(url) {
                    continue;
                }
                // What is being loaded is taken from the whole before it is loaded.
                let taken = take(&budget, ONE);
                let loaded = match taken {
                    0 => Err(tr!("its pictures are too large together").to_owned()),
                    most => self.one(url, most, until),
                };
                match loaded {
                    Ok(bytes) => {
                        budget.fetch_add(taken.saturating_sub(bytes.len()), Ordering::SeqCst);
                        self.store().keep(url, bytes);
                    }
                    Err(told) => {
                        // What came in vain counts, too, though nobody knows how much it was.
                        budget.fetch_add(taken.saturating_sub(IN_VAIN), Ordering::SeqCst);
                        let mut why = why.lock().unwrap_or_else(PoisonError::into_inner);
                        if why.as_ref().is_none_or(|(first, _)| n < *first) {
                            *why = Some((n, told));
                        }
                    }
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..AT_ONCE.min(urls.len().max(1)) {
                // Without another thread there is this one.
                let _ = std::thread::Builder::new()
                    .name("picture".into())
                    .spawn_scoped(scope, work);
            }
            work();
        });
        let store = self.store();
        let here = urls.iter().filter(|u| store.pictures.contains_key(*u));
        let why = why.into_inner().unwrap_or_else(PoisonError::into_inner);
        (here.cloned().collect(), why.map(|(_, told)| told))
    }

    fn one(&self, url: &str, most: usize, until: Instant) -> Result<Arc<[u8]>, String> {
        let load = || (self.load)(url, most, until);
        let loaded = catch_unwind(AssertUnwindSafe(load));
        let bytes = loaded.unwrap_or_else(|_| Err(tr!("it is beyond us").to_owned()))?;
        match is_picture(&bytes) {
            true => Ok(bytes.into()),
            false => Err(tr!("what lies there is no picture that can be shown").to_owned()),
        }
    }
}

/// Takes so much, or what is left.
fn take(budget: &AtomicUsize, most: usize) -> usize {
    let taken = budget.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
        Some(left.saturating_sub(most))
    });
    taken.map_or(0, |before| before.min(most))
}

/// What the first octets say that it is.
fn media_type(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, ..] => "image/jpeg",
        [b'G', b'I', b'F', ..] => "image/gif",
        [b'B', b'M', ..] => "image/bmp",
        _ => "image/webp",
    }
}

/// Pictures of a message at these addresses, by the names that their files have there.
pub fn parts(message: MsgId, urls: &[String]) -> Vec<PartOf> {
    let name = |url: &str| {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        match name.contains('.') {
            true => safe_name(name),
            false => "picture".to_owned(),
        }
    };
    let part = |url: &String| PartOf {
        message,
        path: Vec::new(),
        name: name(url),
        url: Some(url.clone()),
    };
    urls.iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIF: &[u8] = b"GIF89a\x01\0\x01\0\0\0\0;";

    /// Answers by what stands in the address; counts the questions.
    fn loader() -> (Loader, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let load = move |url: &str, most: usize, _: Instant| {
            count.fetch_add(1, Ordering::SeqCst);
            if url.contains("panic") {
                panic!("on purpose");
            }
            let large = url
                .contains("large")
                .then(|| [GIF, &vec![0; ONE - 20]].concat());
            let bytes = large.unwrap_or_else(|| GIF.to_vec());
            match () {
                () if url.contains("page") => Ok(b"<html>".to_vec()),
                () if url.contains("none") || bytes.len() > most => Err(format!("no {url}")),
                () => Ok(bytes),
            }
        };
        (Loader::new(Arc::new(load)), asked)
    }

    fn urls(names: &[&str]) -> Vec<String> {
        names
            .iter()
            .map(|n| format!("https://x.example/{n}"))
            .collect()
    }

    #[test]
    fn each_is_loaded_once_and_what_is_none_is_told() {
        let (loader, asked) = loader();
        let all = urls(&["a.gif", "none", "page", "panic", "b"]);
        assert!(!loader.has_all(&all));
        let (here, why) = loader.load(&all);
        assert_eq!(here, urls(&["a.gif", "b"]));
        assert_eq!(why.as_deref(), Some("no https://x.example/none"));
        assert_eq!(asked.load(Ordering::SeqCst), 5);
        assert!(loader.has_all(&here));
        assert_eq!(loader.load(&here), (here.clone(), None));
        assert_eq!(asked.load(Ordering::SeqCst), 5);
        let parts = parts(MsgId(1), &here);
        let names: Vec<_> = parts.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["a.gif", "picture"]);
        let kept = loader.kept(&parts[0], &here[0]).unwrap();
        assert_eq!(
            (kept.media_type.as_str(), kept.bytes.as_slice()),
            ("image/gif", GIF)
        );
    }

    #[test]
    fn s35_a_message_has_so_many_pictures_and_octets_and_no_more() {
        let (loader, asked) = loader();
        let many: Vec<String> = (0..500).map(|n| format!("https://x.example/{n}")).collect();
        assert_eq!(loader.load(&many).0.len(), MOST);
        assert_eq!(asked.load(Ordering::SeqCst), MOST);
        let large: Vec<String> = (0..20)
            .map(|n| format!("https://x.example/large{n}"))
            .collect();
        let (here, why) = loader.load(&large);
        assert!(
            here.len() <= ALL / (ONE - 20) && !here.is_empty(),
            "{}",
            here.len()
        );
        assert!(why.is_some());
        for round in 0..10 {
            let more = large
                .iter()
                .take(4)
                .map(|u| format!("{u}-{round}"))
                .collect::<Vec<_>>();
            loader.load(&more);
        }
        assert!(loader.store().octets <= KEPT);
    }
}
