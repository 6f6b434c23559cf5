//! Whether both sides agree: what our cache holds against what a server holds, by mailbox,
//! UIDVALIDITY, UID and flags, and whether every operation of ours was accounted for.

use crate::client::{Client, Held, Letter};
use postrider::model::view::{Page, Place, Scope};
use postrider::model::{AccountName, MessageId, OpState, System};
use postrider::store::{LocalReader, Reader};
use std::collections::BTreeMap;
use std::path::Path;

/// The account of every test that uses this.
pub const ACCOUNT: &str = "work";

/// What the cache believes of the server, in the shape of what the server has. Message-IDs are
/// left empty.
pub fn cached(home: &Path) -> BTreeMap<String, Held> {
    let reader = Reader::open(&home.join("cache.db")).unwrap();
    let account = AccountName(ACCOUNT.to_owned());
    let mailboxes = reader.mailboxes_of(&account).unwrap();
    let mut all = BTreeMap::new();
    for mailbox in mailboxes.iter().filter(|m| m.selectable) {
        let validity = reader.cursor(mailbox.id).unwrap().uidvalidity;
        let mut letters = BTreeMap::new();
        let mut each = |uid: postrider::model::Uid, flags: postrider::model::Flags| {
            let flags = flags.to_wire().into_iter().collect();
            let id = String::new();
            letters.insert(uid.get(), Letter { flags, id });
        };
        reader
            .flags_between(mailbox.id, 1, u32::MAX, &mut each)
            .unwrap();
        let name = String::from_utf8(mailbox.name.as_bytes().to_vec()).unwrap();
        let validity = validity.map_or(0, |v| v.0);
        all.insert(name, Held { validity, letters });
    }
    all
}

/// What is shown of each mailbox that differs from what the cache believes of the server.
fn shown_otherwise(home: &Path) -> Vec<String> {
    let reader = Reader::open(&home.join("cache.db")).unwrap();
    let account = AccountName(ACCOUNT.to_owned());
    let mut odd = Vec::new();
    for mailbox in reader.mailboxes_of(&account).unwrap() {
        let mut server = BTreeMap::new();
        let mut each = |uid: postrider::model::Uid, flags| drop(server.insert(uid.get(), flags));
        reader
            .flags_between(mailbox.id, 1, u32::MAX, &mut each)
            .unwrap();
        let scope = Scope::Mailbox(mailbox.id);
        let rows = reader.page(&scope, false, Page::Newest, 100_000).unwrap();
        for row in rows {
            let held = row.uid.and_then(|uid| server.remove(&uid.get()));
            if held.as_ref() != Some(&row.flags) {
                odd.push(format!("{} shows {row:?}, held as {held:?}", mailbox.path));
            }
        }
        // What is marked as deleted need not be shown.
        server.retain(|_, flags| !flags.system.has(System::DELETED));
        if !server.is_empty() {
            odd.push(format!("{} does not show {server:?}", mailbox.path));
        }
    }
    odd
}

/// Operations that are neither confirmed nor reported as failed, and those that failed.
pub fn operations(home: &Path) -> (Vec<String>, Vec<String>) {
    let local = LocalReader::open(&home.join("local.db")).unwrap();
    let words = |ops: Vec<postrider::model::Op>| ops.iter().map(|op| format!("{op:?}")).collect();
    let failed = local.failed().unwrap();
    assert!(
        failed
            .iter()
            .all(|op| op.state == OpState::Failed && op.error.is_some())
    );
    (words(local.all_pending().unwrap()), words(failed))
}

/// How the two sides differ; empty if they agree and nothing waits.
pub fn differences(home: &Path, server: &BTreeMap<String, Held>) -> Vec<String> {
    let mut server = server.clone();
    for letter in server.values_mut().flat_map(|h| h.letters.values_mut()) {
        letter.id = String::new();
    }
    let ours = cached(home);
    let mut odd = Vec::new();
    for name in ours.keys().chain(server.keys()) {
        let (here, there) = (ours.get(name), server.get(name));
        // An empty mailbox need not be opened.
        let unopened = |h: &Held| h.validity == 0 && h.letters.is_empty();
        if here.is_some_and(unopened) && there.is_some_and(|t| t.letters.is_empty()) {
            continue;
        }
        if here != there
            && !odd
                .iter()
                .any(|o: &String| o.starts_with(&format!("{name}:")))
        {
            odd.push(format!("{name}:\n  here  {here:?}\n  there {there:?}"));
        }
    }
    odd.extend(shown_otherwise(home));
    odd.extend(operations(home).0);
    odd
}

/// Wants both sides to agree, and answers what they agree on.
#[track_caller]
pub fn agree(home: &Path, client: &mut Client, when: &str) -> BTreeMap<String, Held> {
    let server = client.state();
    let odd = differences(home, &server);
    assert!(odd.is_empty(), "{when}:\n{}", odd.join("\n"));
    server
}

/// How the program's commands call a message with this Message-ID that is shown somewhere.
#[track_caller]
pub fn message(home: &Path, id: &str) -> String {
    let reader = Reader::open(&home.join("cache.db")).unwrap();
    let name = MessageId::new(id).unwrap();
    let found = reader
        .find(&AccountName(ACCOUNT.to_owned()), &name)
        .unwrap();
    let live = found.iter().find(|m| {
        let row = reader.message(**m).unwrap().unwrap();
        let deleted = |p: &Place| p.flags.system.has(System::DELETED);
        row.places.iter().any(|p| !deleted(p))
    });
    format!("m{}", live.unwrap_or_else(|| panic!("{id}: {found:?}")).0)
}
