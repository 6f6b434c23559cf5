//! Headers cut, and values read.

use super::*;
use proptest::prelude::*;

#[test]
fn fields_are_cut_at_folds_and_the_empty_line() {
    let raw = b"From me\nA: 1\r\n 2\r\nnonsense\r\nX-B : x\r\n\r\nbody: no";
    let (fields, body) = split(raw);
    let names: Vec<_> = fields.iter().map(|f| f.name).collect();
    assert_eq!(names, ["A", "X-B"]);
    assert_eq!(unfolded(fields[0].value), "1 2");
    assert_eq!(&raw[body..], b"body: no");
    assert_eq!(split(b"just text\n\nmore").1, 0);
}

#[test]
fn text_without_an_empty_line_before_it_is_not_lost() {
    for (raw, body) in [
        (
            "Subject: s\nDear all,\nall is well.\n",
            "Dear all,\nall is well.\n",
        ),
        (
            "Subject: s\nDear all,\n\nall is well.\n",
            "Dear all,\n\nall is well.\n",
        ),
        (
            "Subject: s\nDear all,\nNote: it is.\n\nBye\n",
            "Dear all,\nNote: it is.\n\nBye\n",
        ),
        ("Subject: s\nDear all,", "Dear all,"),
        (
            "Subject: s\nDear all,\nNote: it is.\nBut: it is.\n",
            "Dear all,\nNote: it is.\nBut: it is.\n",
        ),
        (
            "Subject: s\nX Y: folded\n here\n\tand here\nTo: a@x.example\n\ntext",
            "text",
        ),
        (
            "Subject: s\nnonsense\nx-own: y\n z\nTo: a@x.example\n\ntext",
            "text",
        ),
        ("+OK 120 octets\r\nReturn-Path: <>\r\n\r\ntext", "text"),
        ("\u{feff}Subject: s\n\ntext", "text"),
        ("+OK is what I say\nbye\n", "+OK is what I say\nbye\n"),
        ("Subject: s\nnonsense\nTo: a@x.example\n\ntext", "text"),
    ] {
        let (_, at) = split(raw.as_bytes());
        assert_eq!(&raw[at..], body, "{raw:?}");
    }
}

#[test]
fn words_that_cut_a_character_are_joined() {
    assert_eq!(text(b" =?utf-8?B?w6k=?= =?utf-8?Q?_x?= y\n"), "é x y");
    assert_eq!(text(b" =?utf-8?Q?=C3?= =?utf-8?Q?=A9?="), "é");
    assert_eq!(text(b" =?iso-8859-1?Q?a?= =?utf-8?Q?b?="), "ab");
    assert_eq!(text(b" caf\xe9\r\n noir"), "café noir");
}

#[test]
fn broken_words_are_read_as_meant() {
    for (value, want) in [
        // A group of base64 in two words, a character in three.
        ("=?utf-8?B?SGVsbG8gd?= =?utf-8?B?29ybGQ=?=", "Hello world"),
        (
            "=?utf-8?Q?=E6?=\r\n =?utf-8?Q?=97?=\r\n =?utf-8?Q?=A5?=",
            "日",
        ),
        // Blanks that should have been encoded, also a line end.
        (
            "=?utf-8?Q?Gr=C3=BC=C3=9Fe an\r\n alle?= !",
            "Grüße an alle !",
        ),
        ("=?utf-8?B?SGVs bG8=?=", "Hello"),
        // Names of charsets that are none, or another's.
        ("=?utf8?Q?caf=C3=A9?=", "café"),
        ("=?x-unknown?Q?caf=C3=A9?=", "café"),
        ("=?iso-8859-1?Q?caf=C3=A9?=", "café"),
        ("=?utf-8?Q?caf=E9?=", "café"),
        ("=?windows-1251*ru?Q?=CF=F0=E8?=", "При"),
        ("=?koi8-r?B?8NLJ?= =?koi8-r?Q?=D7=C5=D4?=", "Привет"),
        // Question marks, and words that were cut off.
        ("=?utf-8?Q?what??=", "what?"),
        ("=?utf-8?Q?what?=20now?=", "what? now"),
        ("=?utf-8?Q?Hello_W=C3=B6r", "Hello Wör"),
        ("=?utf-8?B?SGVsbG8=?", "Hello"),
        // And what is none.
        ("1 =? 2 ?= 3", "1 =? 2 ?= 3"),
        ("=?utf-8?X?b?=", "=?utf-8?X?b?="),
        ("=?", "=?"),
    ] {
        assert_eq!(text(format!(" {value}\r\n").as_bytes()), want, "{value}");
    }
}

#[test]
fn broken_words_in_names_are_read_as_meant() {
    for (value, want) in [
        ("\"=?utf-8?Q?Ada_W=C3=B6?=\" <a@x.example>", "Ada Wö"),
        (
            "\"=?utf-8?Q?Ada?= =?utf-8?Q?_W?=, (x)\" <a@x.example>",
            "Ada W, (x)",
        ),
        ("=?utf-8?Q?Ada W=C3=B6?= <a@x.example>", "Ada Wö"),
        (
            "=?iso-8859-1?Q?Ad=E4?=\r\n =?iso-8859-1?Q?_W?= <a@x.example>",
            "Adä W",
        ),
        ("=?gb2312?B?xOM=?= =?gb2312?B?usM=?=<a@x.example>", "你好"),
        ("Ad\u{e4} <a@x.example>", "Adä"),
    ] {
        let list = addresses(format!(" {value}\r\n").as_bytes());
        let found: Vec<_> = list
            .iter()
            .map(|a| (a.name.as_str(), a.addr.as_str()))
            .collect();
        assert_eq!(found, [(want, "a@x.example")], "{value}");
    }
    let raw = addresses(b" Ad\xe4 <a@x.example>");
    assert_eq!(raw[0].name, "Adä");
}

#[test]
fn addresses_are_read_and_bounded() {
    let list = addresses(b" \"C, D\" <c@d.example>, e@f.example (Eff), g: h@i.example;\n");
    let shown: Vec<_> = list.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        ["\"C, D\" <c@d.example>", "Eff <e@f.example>", "h@i.example"]
    );
    let many = "a@b.example, ".repeat(10_000);
    assert!(addresses(many.as_bytes()).len() <= MAX_ADDRESSES);
}

proptest! {
    #[test]
    fn the_short_way_reads_a_text_as_the_grammar_does(value in "[ \t]{0,2}([a-zé=?\u{a0}]|\r|\r\n ?|[ \t]){0,12}(\r?\n)?") {
        if plain_line(value.as_bytes()).is_some() {
            prop_assert_eq!(text(value.as_bytes()), read_text(value.as_bytes()));
        }
    }

    #[test]
    fn the_short_way_reads_a_date_as_the_grammar_does(value in "[ \t]?((Mon|Tue|Sun|May), ?)?[0-3]?[0-9] (Jan|Feb|Apr|Dec|dec) (19[67][0-9]|2[01][0-9]{2}|[0-9]{2,4}) [0-2][0-9]:[0-6][0-9]:[0-6][0-9] [+-][01][0-9][0-6][0-9]( \\((CET|[A-Z ]{0,4})\\))?\r?\n?") {
        if let Some(short) = simple_date::date(value.as_bytes()) {
            prop_assert_eq!(read_date(value.as_bytes()), Some(short));
        }
    }

    #[test]
    fn the_short_way_reads_what_the_grammar_reads(entries in prop::collection::vec("(\"?[a-zA-Z0-9=?_'.@+, -]{0,8}\"? ?|=\\?utf-8\\?([qQ]\\?([a-z_]|=[0-9A-F]{2}|=C3=A9|=){0,5}|[bB]\\?([a-zA-Z0-9]{4}|w6k=|IA==|=){0,3})\\?=( |\r\n )?){0,3}<?[a-z.=+]{0,3}@?[a-z0-9.-]{0,4}>?", 0..4)) {
        for glue in [",", ", ", ",\r\n "] {
            let list = entries.join(glue);
            prop_assert_eq!(addresses(list.as_bytes()), parse_addresses(list.as_bytes(), MAX_ADDRESSES));
        }
    }
}

#[test]
fn s12_an_encoded_local_part_is_not_believed() {
    let list =
        addresses(b" =?utf-8?b?cG90dXNAd2hpdGVob3VzZS5nb3Y=?==?utf-8?Q?=00?=@mailsploit.example\n");
    assert_eq!(list.len(), 1);
    assert!(list[0].addr.ends_with("@mailsploit.example"), "{list:?}");
    assert!(list[0].addr.len() > "@mailsploit.example".len());
    assert!(list[0].addr.starts_with("=?utf-8?b?cG90"), "{list:?}");
}

#[test]
fn s47_an_identifier_of_a_megabyte_is_none() {
    let long = format!("<{}@x>", "i".repeat(1 << 20));
    let header = format!(
        "Message-ID: {long}\r\nIn-Reply-To: {long}\r\nReferences: <a@x> <b@x>\r\n {long}\r\n\r\n"
    );
    let read = crate::mime::parse::envelope(header.as_bytes());
    assert_eq!(read.message_id, None);
    assert!(read.in_reply_to.is_empty());
    let known: Vec<&str> = read.references.iter().map(MessageId::as_str).collect();
    assert_eq!(known, ["a@x", "b@x"]);
    // Nor do a hundred thousand short ones count.
    let many: String = (0..100_000).map(|n| format!(" <r{n}@x>")).collect();
    assert!(message_ids(many.as_bytes(), 100).len() <= 100);
}

#[test]
fn s48_only_possible_dates_count() {
    assert_eq!(
        date(b" Mon, 3 Mar 2025 14:05:00 +0100\n"),
        Some(1_741_007_100)
    );
    assert!(date(b" Mon, 3 Mar 2025 13:05:00 +9999\n").is_some());
    assert_eq!(date(b" 3 Mar 25 13:05:00 GMT\n"), Some(1_741_007_100));
    for same in [
        "Mon, 3 Mar 2025 13:05:00\r\n",
        "3 Mar 2025 13:05 ",
        "Mon, 3 Mar 2025 14:05:00 GMT+0100",
        "Mon, 3 Mar 2025 14:05:00 GMT+01:00 (CET)",
        "Mon, 3 Mar 2025 08:05:00 UTC-5\r\n",
        "Mon, 3 Mar 2025 14:05:00 +0100 (GMT+01:00)",
        "Mon, 3 Mar 2025\r\n 14:05:00 gmt+1",
    ] {
        assert_eq!(date(same.as_bytes()), Some(1_741_007_100), "{same}");
    }
    for bad in [
        "30 Feb 2025 10:00:00 +0000",
        "99 Nov 9999 99:99:99 +0000",
        "",
        "yesterday",
        "1 Jan 1900 00:00 +0000",
        "Sat, 1 Jan 0000 00:00:00 +0000",
        "1 Jan 0001 00:00 +0000",
        "1 Jan 000 00:00 +0000",
        "1 Jan 0099 00:00 +0000",
        "1 Jan -1 00:00 +0000",
        "1 Jan -2025 00:00 +0000",
    ] {
        assert_eq!(date(bad.as_bytes()), None, "{bad}");
    }
}

#[test]
fn identifiers_need_brackets_or_an_at() {
    let ids = message_ids(b" <a@b> junk <c@d>\r\n <e@f>\n", 2);
    assert_eq!(
        ids.iter().map(MessageId::as_str).collect::<Vec<_>>(),
        ["c@d", "e@f"]
    );
    assert_eq!(message_ids(b" a@b\n", 9).len(), 1);
    assert!(message_ids(b" your message of Monday\n", 9).is_empty());
}

proptest! {
    #[test]
    fn nothing_panics(bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"=?B<>@,;:\"\\()\r\n ".to_vec())], 0..200)) {
        let (fields, at) = split(&bytes);
        prop_assert!(at <= bytes.len());
        for f in fields {
            text(f.value);
        }
        addresses(&bytes);
        date(&bytes);
        message_ids(&bytes, 10);
    }
}
