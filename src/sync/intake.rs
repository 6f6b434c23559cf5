//! Messages that are brought into a mailbox of a server from files or from another account: each
//! once, however often that is begun again.
//!
//! What is there already is known by what lists tell of it ([`Key`]). As nothing but the server's own
//! list is relied on, a run that was killed or cut anywhere is simply done again. Two different
//! messages that look alike are told apart by their octets: so many of them are added as the mailbox
//! lacks.
//!
//! Some servers only estimate sizes (Exchange, unless it is told otherwise), and some of those give a
//! message in octets of their own. So what looks alike but for its size is fetched: it is there if its
//! octets are the same; and where both are wrong, its Message-ID has to do.

use crate::mime;
use crate::model::{MailboxName, Uid};
use crate::net::imap::{Addition, Body, Mode, is_refusal};
use crate::sync::connections::Rank;
use crate::sync::error::SyncError;
use crate::sync::held::Held;
use crate::sync::kit::{Connection, Kit};
use crate::sync::known::{Key, There};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Messages, and octets of them, that are sent together.
pub const TOGETHER: usize = 32;
/// See [`TOGETHER`].
pub const OCTETS: usize = 2 << 20;
/// The longest message that is copied, in octets.
pub const LARGEST: u64 = 256 << 20;
/// Messages that are fetched to find one that looks alike but for its size.
const LOOKED_AT: usize = 4;
/// A server that told so many sizes rightly is believed.
const BELIEVED: u32 = 3;
/// Messages that are fetched in the end to learn why what was added is not listed.
const DOUBTED: usize = 8;

/// What came of everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Messages that were offered.
    pub offered: u64,
    /// Messages that were added.
    pub added: u64,
    /// Messages that were there already.
    pub known: u64,
    /// Messages that came more than once.
    pub twice: u64,
    /// Messages that somebody had deleted already and that only were not removed yet; they are not
    /// among those that were offered.
    pub deleted: u64,
    /// Messages that the server refused, or that can't be sent: why, and how many.
    pub refused: BTreeMap<String, u64>,
    /// Messages that the mailbox has in the end, of those that were offered.
    pub found: u64,
}

impl Count {
    /// Whether everything that was offered is there.
    pub fn is_whole(&self) -> bool {
        self.refused.is_empty() && self.found == self.added + self.known
    }
}

/// How a server tells sizes, of messages that were compared with what came.
#[derive(Default)]
struct Sizes {
    right: u32,
    wrong: u32,
    /// Those of `wrong` that were not what was sent, either.
    other: u32,
}

impl Sizes {
    /// Whether neither sizes nor octets tell that a message is the same.
    fn are_estimates(&self) -> bool {
        self.other > self.right
    }

    /// Compares what was told with what came, and that with what it may be.
    fn judge(&mut self, told: Option<u64>, bytes: &[u8], own: Option<&[u8]>) -> bool {
        let right = told == Some(bytes.len() as u64);
        self.right += u32::from(right);
        self.wrong += u32::from(!right);
        self.other += u32::from(!right && own.is_some_and(|own| own != bytes));
        right
    }
}

/// One mailbox that messages are brought into.
pub struct Intake {
    session: Connection,
    mailbox: MailboxName,
    there: There,
    sizes: Sizes,
    /// What it is to have in the end.
    wanted: HashMap<Key, u32>,
    octets: HashSet<u128>,
    waiting: Vec<(Key, Addition)>,
    size: usize,
    dry: bool,
    /// What came of it so far.
    pub count: Count,
}

impl Intake {
    /// Signs in, makes the mailbox if it isn't there, and reads what it has. `dry`: nothing is
    /// changed, only counted.
    ///
    /// # Errors
    /// When the session can't be had or ends, or the server makes no such mailbox.
    pub fn open(kit: &Kit, mailbox: &MailboxName, dry: bool) -> Result<Intake, SyncError> {
        let mut session = kit.dial(Rank::OnDemand, None)?;
        let mut there = There::default();
        match session.select(mailbox, Mode::ReadOnly) {
            Ok(selected) => {
                let mut held = Held::new(&mut session, mailbox, selected.uidvalidity);
                there = There::read(&mut held, selected.exists)?;
            }
            Err(error) if error.ends_session() || error.is_transient() => return Err(error.into()),
            Err(_) if dry => {}
            Err(_) => {
                session.create(mailbox)?;
                // Some programs show only those.
                match session.subscribe(mailbox, true) {
                    Err(error) if error.ends_session() => return Err(error.into()),
                    _ => {}
                }
            }
        }
        Ok(Intake {
            session,
            mailbox: mailbox.clone(),
            there,
            sizes: Sizes::default(),
            wanted: HashMap::new(),
            octets: HashSet::new(),
            waiting: Vec::new(),
            size: 0,
            dry,
            count: Count::default(),
        })
    }

    /// Takes a message; it goes out with others.
    ///
    /// # Errors
    /// When the session ends.
    pub fn take(&mut self, addition: Addition) -> Result<(), SyncError> {
        self.count.offered += 1;
        let hash = Sha256::digest(&addition.bytes);
        let short = hash
            .iter()
            .take(16)
            .fold(0u128, |sum, b| (sum << 8) | u128::from(*b));
        if !self.octets.insert(short) {
            self.count.twice += 1;
            return Ok(());
        }
        let envelope = mime::parse::envelope(&addition.bytes);
        let key = Key::of(&envelope, addition.bytes.len() as u64);
        if self.is_there(key, &addition.bytes)? {
            self.known(key);
            return Ok(());
        }
        if addition.bytes.contains(&0) {
            self.refuse("it holds a NUL character, which no server takes");
            return Ok(());
        }
        if self.dry {
            self.count.added += 1;
            return Ok(());
        }
        self.size += addition.bytes.len();
        self.waiting.push((key, addition));
        if self.waiting.len() >= TOGETHER || self.size >= OCTETS {
            self.send()?;
        }
        Ok(())
    }

    fn known(&mut self, key: Key) {
        *self.wanted.entry(key).or_insert(0) += 1;
        self.count.known += 1;
    }

    /// Whether this message is there; then what it stands for there stands for no other.
    fn is_there(&mut self, key: Key, bytes: &[u8]) -> Result<bool, SyncError> {
        if self.there.take(key) {
            return Ok(true);
        }
        let estimates = self.sizes.are_estimates();
        if estimates && key.named {
            return Ok(self.there.take_alike(key));
        }
        if self.sizes.right >= BELIEVED && !estimates {
            return Ok(false);
        }
        let alike: Vec<(Key, Uid)> = self.there.alike(key).take(LOOKED_AT).collect();
        for (other, uid) in alike {
            let Some(body) = self.look_at(uid)? else {
                continue;
            };
            let right = self.sizes.judge(body.size, &body.bytes, Some(bytes));
            let estimated = !right && key.named && self.sizes.are_estimates();
            if estimated || body.bytes == bytes {
                self.there.take_this(other, uid);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A message of this mailbox, if all of it can be had.
    fn look_at(&mut self, uid: Uid) -> Result<Option<Body>, SyncError> {
        let outcome = self.session.fetch_body(uid);
        self.session.tally();
        match outcome {
            Err(error) if is_refusal(&error) => Ok(None),
            other => Ok(other?.filter(|body| body.complete)),
        }
    }

    /// What a message looks like here that is known by this key elsewhere.
    pub fn seen_as(&self, key: Key) -> Key {
        match key.named && self.sizes.are_estimates() {
            true => Key { size: 0, ..key },
            false => key,
        }
    }

    /// Whether a message that has this key is there already: then it is counted so. Only for a key
    /// that one message alone has: of several, only their octets tell which are the same.
    pub fn has(&mut self, key: Key) -> bool {
        let loose = key.named && self.sizes.are_estimates();
        let has = self.there.take(key) || (loose && self.there.take_alike(key));
        if has {
            self.count.offered += 1;
            self.known(key);
        }
        has
    }

    /// A message can't be taken, and why.
    pub fn pass_over(&mut self, why: &str) {
        self.count.offered += 1;
        self.refuse(why);
    }

    fn refuse(&mut self, why: &str) {
        *self.count.refused.entry(why.to_owned()).or_insert(0) += 1;
    }

    /// Sends what waits.
    ///
    /// # Errors
    /// When the session ends.
    pub fn send(&mut self) -> Result<(), SyncError> {
        self.size = 0;
        let (keys, additions): (Vec<Key>, Vec<Addition>) = self.waiting.drain(..).unzip();
        if additions.is_empty() {
            return Ok(());
        }
        let all = crate::model::step("append", || {
            self.session.append_all(&self.mailbox, &additions)
        })?;
        for (key, outcome) in keys.into_iter().zip(all) {
            match outcome {
                Ok(_) => {
                    *self.wanted.entry(key).or_insert(0) += 1;
                    self.count.added += 1;
                }
                Err(error) => self.refuse(&error.to_string()),
            }
        }
        self.session.tally();
        Ok(())
    }

    /// Sends what waits, counts what the mailbox has now of what was offered, and hangs up.
    ///
    /// # Errors
    /// When the session ends.
    pub fn finish(mut self) -> Result<Count, SyncError> {
        self.send()?;
        if self.dry {
            self.count.found = self.count.added + self.count.known;
            self.session.hang_up();
            return Ok(self.count);
        }
        let selected = self.session.select(&self.mailbox, Mode::ReadOnly)?;
        let mut held = Held::new(&mut self.session, &self.mailbox, selected.uidvalidity);
        self.there = There::read(&mut held, selected.exists)?;
        let mut left = Vec::new();
        for (key, wanted) in std::mem::take(&mut self.wanted) {
            for _ in 0..wanted {
                match self.there.take(key) {
                    true => self.count.found += 1,
                    false => left.push(key),
                }
            }
        }
        if self.are_sizes_wrong(&left)? {
            for key in left {
                self.count.found += u64::from(self.there.take_alike(key));
            }
        }
        self.session.hang_up();
        Ok(self.count)
    }

    /// Whether this server tells wrong sizes of what is not found by them.
    fn are_sizes_wrong(&mut self, left: &[Key]) -> Result<bool, SyncError> {
        let there = &self.there;
        let doubtful = left.iter().filter_map(|key| there.alike(*key).next());
        let doubtful: Vec<(Key, Uid)> = doubtful.take(DOUBTED).collect();
        for (_, uid) in doubtful {
            if self.sizes.wrong > 0 {
                break;
            }
            if let Some(body) = self.look_at(uid)? {
                self.sizes.judge(body.size, &body.bytes, None);
            }
        }
        Ok(self.sizes.wrong > 0)
    }
}
