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
                Ok(Some(response)) => said.push(format!("{:?}", decode(response))),
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
        "Esearch(Some(",
        "earlier: true",
        "Continue",
        "OverQuota",
        "Other",
    ];
    assert_eq!(said.len(), kinds.len());
    for (said, kind) in said.iter().zip(kinds) {
        assert!(said.contains(kind), "{kind}: {said}");
    }
}
