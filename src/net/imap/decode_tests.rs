//! The decoder as a whole: it never fails, and it does not matter where the network splits.

use crate::net::imap::decode::decode;
use crate::net::imap::wire::Framer;
use proptest::prelude::*;

fn said(chunks: &[&[u8]]) -> Vec<String> {
    let mut framer = Framer::new();
    let mut said = Vec::new();
    for chunk in chunks {
        framer.push(chunk);
        loop {
            match framer.next_response() {
                Ok(Some(response)) => said.push(format!("{:?}", decode(response, false))),
                Ok(None) => break,
                Err(refused) => {
                    said.push(refused.to_string());
                    return said;
                }
            }
        }
    }
    said
}

/// Responses as servers send them, to be cut and mangled.
const WIRE: &[&str] = &[
    "* OK [CAPABILITY IMAP4rev1 ID] hi\r\n",
    "* OK [COPYUID 1 2:3,9 4:6] x\r\n",
    "* 1 FETCH (UID 3 FLAGS (\\Seen a) INTERNALDATE \" 7-Feb-1994 21:52:25 -0800\" RFC822.SIZE 9 \
     BODY[HEADER.FIELDS (DATE FROM)] {10}\r\nDate: \"(\r\n MODSEQ (9) X (((NIL))) )\r\n",
    "* 2 FETCH (BODY[]<0> ~{3}\r\n\r\n) UID 4)\r\n",
    "* LIST (\\Noselect) \"\\\\\" {3}\r\na\"b\r\n",
    "* STATUS \"a b\" (MESSAGES 3 HIGHESTMODSEQ -1)\r\n",
    "* SEARCH 1 2 3 (MODSEQ 4)\r\n",
    "* ESEARCH (TAG \"a1\") UID ALL 1:5,9 COUNT 6\r\n",
    "* VANISHED (EARLIER) 1:9\r\n",
    "* ENABLED QRESYNC UTF8=ACCEPT\r\n",
    "* ID (\"name\" \"Cyrus\" version {3}\r\n3.6 os NIL)\r\n",
    "* QUOTA \"\" (STORAGE 10 512 message 3 x)\r\n",
    "* NAMESPACE ((\"INBOX.\" \".\" \"X\" (\"Y\"))(\"#mh/\" \"/\")) NIL NIL\r\n",
    "* 3 FETCH (UID 5 EMAILID (M1-_) THREADID NIL PREVIEW \"Gr\\\"\" X-GM-LABELS (\\Inbox \"a b\") FLAGS ())\r\n",
    "* 4 FETCH (X-GM-MSGID 12 X-GM-THRID 18446744073709551616 PREVIEW (FUZZY {1}\r\nx))\r\n",
    "* OK [BADEVENT (MessageNew FlagChange)] x\r\n",
    "* OK [MAILBOXID (F-1)] x\r\n",
    "* STATUS x (SIZE 44421 MAILBOXID (F-2))\r\n",
    "+ idling\r\n",
    "a1 NO [OVERQUOTA] {3}\r\n",
    "\r\n",
];

proptest! {
    #[test]
    fn splitting_and_mangling(
        lines in prop::collection::vec(prop::sample::select(WIRE), 1..6),
        swaps in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut wire = lines.concat().into_bytes();
        for (at, byte) in swaps {
            let at = at.index(wire.len());
            wire[at] = byte;
        }
        let mut at: Vec<usize> = cuts.iter().map(|c| c.index(wire.len())).collect();
        at.extend([0, wire.len()]);
        at.sort_unstable();
        let chunks: Vec<&[u8]> = at.windows(2).map(|w| &wire[w[0]..w[1]]).collect();
        prop_assert_eq!(said(&[&wire]), said(&chunks));
    }
}

#[test]
fn every_kind_is_understood() {
    let said = said(&[WIRE.concat().as_bytes()]);
    let kinds = [
        "Capability",
        "CopyUid",
        "760686745",
        "origin: Some(0)",
        "delimiter: Some(92)",
        "messages: Some(3)",
        "Search([1, 2, 3])",
        "count: Some(6)",
        "earlier: true",
        "Enabled(",
        "(\"version\", \"3.6\")",
        "Quota(\"\", [(\"STORAGE\", 10, 512)])",
        "Namespace(Some(Namespace { prefix: [73, 78, 66, 79, 88, 46], delimiter: Some(46) }))",
        "keywords: {\"label:a%20b\"} }), date: None, size: None, modseq: None, labelled: true, \
         identity: Some(\"M1-_\"), thread: None, preview: Some(\"Gr\\\"\")",
        "identity: Some(\"gm:12\"), thread: None, preview: None",
        "BadEvent([\"MessageNew\", \"FlagChange\"])",
        "MailboxId(\"F-1\")",
        "size: Some(44421), mailbox_id: Some(\"F-2\")",
        "Continue",
        "OverQuota",
        "Other",
    ];
    assert_eq!(said.len(), kinds.len());
    for (said, kind) in said.iter().zip(kinds) {
        assert!(said.contains(kind), "{kind}: {said}");
    }
}
