//! The texts that our sources mark for translation, found as a compiler would find them: in the
//! arguments of `tr!`, `trn!`, `trc!` and `mark!`, in the tables whose macros mark their columns, and in
//! the list of providers.

use std::path::Path;

/// A text that is said to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// What tells it from another of the same English.
    pub context: String,
    /// The English; of one, where it is about a number of things.
    pub text: String,
    /// The English of many.
    pub plural: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Name(String),
    Text(String),
    Sign(char),
}

/// Every source file below `src`, by its path from the root.
pub fn sources(root: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap();
                found.push((name.to_owned(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// What each file marks, in its order. Tests mark nothing, and neither does the floor that has the
/// macros, but for what it says itself.
pub fn marked(root: &Path) -> Vec<(String, Vec<Marked>)> {
    let all = sources(root).into_iter();
    let said = all.filter(|(path, _)| {
        let is_test = |name: &str| name == "tests.rs" || name.ends_with("_tests.rs");
        let file = path.rsplit('/').next().unwrap_or_default();
        !is_test(file) && !path.contains("/tests/") && path != "src/lang/mark.rs"
    });
    said.map(|(path, text)| {
        let tokens = without_tests(tokens(&text));
        let mut found = in_macros(&path, &tokens);
        found.extend(in_tables(&path, &tokens));
        (path, found)
    })
    .chain(std::iter::once(of_providers(root)))
    .collect()
}

/// What is to be known of the providers of the list, or why there is no reading there.
fn of_providers(root: &Path) -> (String, Vec<Marked>) {
    const LIST: &str = "assets/providers.toml";
    let list: toml::Table = std::fs::read_to_string(root.join(LIST))
        .unwrap()
        .parse()
        .unwrap();
    let notes = list["provider"].as_array().unwrap().iter().flat_map(|one| {
        let notes = one.get("notes").and_then(toml::Value::as_array);
        notes.into_iter().flatten().chain(one.get("without"))
    });
    let said = notes.map(|note| plainly("", note.as_str().unwrap()));
    (LIST.to_owned(), said.collect())
}

/// The texts of a source that are a sentence or a part of one (two words or more, one of them a small
/// one) and that nothing marks. Attributes and tests say nothing to people.
pub fn unmarked(source: &str) -> Vec<String> {
    let tokens = without_tests(tokens(source));
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let next = |n: usize| tokens.get(at + n);
        match token {
            Token::Name(name)
                if ["tr", "trn", "trc", "mark"].contains(&name.as_str())
                    && next(1) == Some(&Token::Sign('!'))
                    && next(2) == Some(&Token::Sign('(')) =>
            {
                at = closing(&tokens, at + 2);
            }
            Token::Sign('#') if matches!(next(1), Some(Token::Sign('[' | '!'))) => {
                let opens = if next(1) == Some(&Token::Sign('[')) {
                    1
                } else {
                    2
                };
                at = closing(&tokens, at + opens);
            }
            Token::Text(text) if is_said(text) => found.push(text.clone()),
            _ => {}
        }
        at += 1;
    }
    found
}

fn is_said(text: &str) -> bool {
    // What stands in braces is a name of ours.
    let mut bare = String::new();
    let mut depth = 0_u32;
    for letter in text.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            other if depth == 0 => bare.push(other),
            _ => {}
        }
    }
    let is_word = |word: &&str| word.len() > 1 && word.chars().all(|c| c.is_ascii_alphabetic());
    let words: Vec<&str> = bare.split_whitespace().filter(is_word).collect();
    let small = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase());
    text.contains(' ') && !words.is_empty() && words.iter().any(small)
}

fn in_macros(path: &str, tokens: &[Token]) -> Vec<Marked> {
    let mut found = Vec::new();
    for (at, window) in tokens.windows(3).enumerate() {
        let [Token::Name(name), Token::Sign('!'), Token::Sign('(')] = window else {
            continue;
        };
        let rest = &tokens[at + 3..];
        let literal = |n: usize| match rest.get(n) {
            Some(Token::Text(text)) => text.clone(),
            other => panic!("{path}: {name}! wants literals, not {other:?}"),
        };
        let second = matches!(rest.get(1), Some(Token::Sign(',')));
        let marked = match name.as_str() {
            "tr" => Marked {
                context: String::new(),
                text: literal(0),
                plural: None,
            },
            "trc" => Marked {
                context: literal(0),
                text: literal(2),
                plural: None,
            },
            "mark" if second && matches!(rest.get(2), Some(Token::Text(_))) => Marked {
                context: literal(0),
                text: literal(2),
                plural: None,
            },
            "mark" => Marked {
                context: String::new(),
                text: literal(0),
                plural: None,
            },
            "trn" => {
                let from = end_of_argument(rest);
                Marked {
                    context: String::new(),
                    text: literal(from),
                    plural: Some(literal(from + 2)),
                }
            }
            _ => continue,
        };
        found.push(marked);
    }
    found
}

/// Where the token behind the first comma stands that is in no brackets.
fn end_of_argument(tokens: &[Token]) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth -= 1,
            Token::Sign(',') if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

/// What a row of a table marks.
type OfRow = fn(&[Token]) -> Vec<Marked>;

/// The tables whose rows are bare literals, because their macros make documentation of them.
fn in_tables(path: &str, tokens: &[Token]) -> Vec<Marked> {
    let (table, marks): (&str, OfRow) = match path {
        "src/config/options.rs" => ("options", of_option),
        "src/tui/command.rs" => ("commands", of_command),
        "src/net/causes.rs" => ("causes", of_cause),
        _ => return Vec::new(),
    };
    let begins = tokens.windows(3).position(|window| {
        *window
            == [
                Token::Name(table.to_owned()),
                Token::Sign('!'),
                Token::Sign('{'),
            ]
    });
    let from = begins.unwrap_or_else(|| panic!("{path}: no {table}!")) + 2;
    let inside = &tokens[from + 1..closing(tokens, from)];
    let rows = inside.split(|token| *token == Token::Sign(';'));
    rows.flat_map(marks)
        .filter(|marked| !marked.text.is_empty())
        .collect()
}

fn texts(row: &[Token]) -> Vec<&str> {
    let texts = row.iter().filter_map(|token| match token {
        Token::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

fn plainly(context: &str, text: &str) -> Marked {
    Marked {
        context: context.to_owned(),
        text: text.to_owned(),
        plural: None,
    }
}

/// What it means, and in words what holds when nobody says it.
fn of_option(row: &[Token]) -> Vec<Marked> {
    let about = texts(row).last().map(|text| plainly("", text));
    let words = row.windows(3).find_map(|window| match window {
        [Token::Name(name), Token::Sign('('), Token::Text(text)] if name == "Else" => Some(text),
        _ => None,
    });
    about
        .into_iter()
        .chain(words.map(|text| plainly("", text)))
        .collect()
}

/// What the hint line calls it, and what it does.
fn of_command(row: &[Token]) -> Vec<Marked> {
    match texts(row)[..] {
        [_name, hint, about] => vec![plainly("key", hint), plainly("", about)],
        _ => Vec::new(),
    }
}

/// Everything but how it shows, which is for the documentation.
fn of_cause(row: &[Token]) -> Vec<Marked> {
    let texts = texts(row).into_iter().skip(1);
    texts.map(|text| plainly("", text)).collect()
}

/// Leaves out what `#[cfg(test)]` and `#[test]` stand before.
fn without_tests(tokens: Vec<Token>) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let is_attribute =
            *token == Token::Sign('#') && tokens.get(at + 1) == Some(&Token::Sign('['));
        if !is_attribute {
            kept.push(token.clone());
            at += 1;
            continue;
        }
        let end = closing(&tokens, at + 1);
        let name = |n: &str| tokens[at..end].contains(&Token::Name(n.to_owned()));
        let tests = name("test") && (name("cfg") && !name("not") && !name("any") || end == at + 3);
        at = end + 1;
        if !tests {
            continue;
        }
        // Further attributes, then the item, to its end.
        let mut depth = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                Token::Sign('(' | '[') => depth += 1,
                Token::Sign(')' | ']') => depth -= 1,
                Token::Sign('{') if depth == 0 => {
                    at = closing(&tokens, at);
                    break;
                }
                Token::Sign(';' | ',') if depth == 0 => break,
                _ => {}
            }
            at += 1;
        }
        at += 1;
    }
    kept
}

/// Where the bracket is closed that is opened here.
fn closing(tokens: &[Token], from: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

/// The tokens of a source, without its comments. Texts of octets and of C are no texts.
fn tokens(source: &str) -> Vec<Token> {
    let letters: Vec<char> = source.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    let starts = |at: usize, with: &str| {
        with.chars()
            .enumerate()
            .all(|(n, c)| letters.get(at + n) == Some(&c))
    };
    while let Some(&letter) = letters.get(at) {
        if letter.is_whitespace() {
            at += 1;
        } else if starts(at, "//") {
            while letters.get(at).is_some_and(|c| *c != '\n') {
                at += 1;
            }
        } else if starts(at, "/*") {
            let mut depth = 0;
            loop {
                if starts(at, "/*") {
                    depth += 1;
                    at += 2;
                } else if starts(at, "*/") {
                    depth -= 1;
                    at += 2;
                    if depth == 0 {
                        break;
                    }
                } else if at >= letters.len() {
                    break;
                } else {
                    at += 1;
                }
            }
        } else if letter == '"' {
            let (text, end) = text_at(&letters, at + 1);
            found.push(Token::Text(text));
            at = end;
        } else if letter == '\'' {
            at = after_quote(&letters, at);
        } else if letter.is_alphanumeric() || letter == '_' {
            let from = at;
            while letters
                .get(at)
                .is_some_and(|c| c.is_alphanumeric() || *c == '_')
            {
                at += 1;
            }
            let name: String = letters[from..at].iter().collect();
            let raw = matches!(name.as_str(), "r" | "br" | "cr");
            match letters.get(at) {
                Some('"' | '#') if raw => {
                    let (text, end) = raw_text_at(&letters, at);
                    if name == "r" {
                        found.push(Token::Text(text));
                    }
                    at = end;
                }
                Some('"') if matches!(name.as_str(), "b" | "c") => {
                    at = text_at(&letters, at + 1).1;
                }
                _ => found.push(Token::Name(name)),
            }
        } else {
            found.push(Token::Sign(letter));
            at += 1;
        }
    }
    found
}

/// The text whose first letter stands here, and where what follows it begins.
fn text_at(letters: &[char], mut at: usize) -> (String, usize) {
    let mut text = String::new();
    while let Some(&letter) = letters.get(at) {
        at += 1;
        match letter {
            '"' => break,
            '\\' => {
                let escaped = letters.get(at).copied().unwrap_or_default();
                at += 1;
                match escaped {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    'r' => text.push('\r'),
                    '0' => text.push('\0'),
                    'x' => {
                        let code: String = letters[at..at + 2].iter().collect();
                        text.push(char::from(u8::from_str_radix(&code, 16).unwrap()));
                        at += 2;
                    }
                    'u' => {
                        let end = letters[at..].iter().position(|c| *c == '}').unwrap() + at;
                        let code: String = letters[at + 1..end].iter().collect();
                        let code = u32::from_str_radix(&code.replace('_', ""), 16).unwrap();
                        text.push(char::from_u32(code).unwrap());
                        at = end + 1;
                    }
                    '\n' => {
                        while letters.get(at).is_some_and(|c| c.is_whitespace()) {
                            at += 1;
                        }
                    }
                    same => text.push(same),
                }
            }
            other => text.push(other),
        }
    }
    (text, at)
}

/// A raw text whose first `#` or quotation mark stands here; a raw name has none.
fn raw_text_at(letters: &[char], mut at: usize) -> (String, usize) {
    let mut marks = 0;
    while letters.get(at) == Some(&'#') {
        marks += 1;
        at += 1;
    }
    if letters.get(at) != Some(&'"') {
        return (String::new(), at);
    }
    at += 1;
    let from = at;
    while at < letters.len() {
        let closes = letters[at] == '"'
            && letters.len() > at + marks
            && letters[at + 1..=at + marks].iter().all(|c| *c == '#');
        if closes {
            break;
        }
        at += 1;
    }
    (letters[from..at].iter().collect(), at + 1 + marks)
}

/// Behind a letter in single quotation marks, or behind the mark of a lifetime.
fn after_quote(letters: &[char], at: usize) -> usize {
    match (letters.get(at + 1), letters.get(at + 2)) {
        (Some('\\'), _) => {
            let end = letters.iter().skip(at + 3).position(|c| *c == '\'');
            end.map_or(letters.len(), |e| at + 3 + e + 1)
        }
        (Some(_), Some('\'')) => at + 3,
        _ => at + 1,
    }
}

#[test]
fn what_nothing_marks_is_found() {
    let source = r##"
        #[error("not {this} either")] fn said() { tr!("marked, with {a}", a = "one of these"); }
        fn two() { format!("{a} more"); say("not there yet"); "EHLO"; "a.b"; "* OK"; mark!("x", "is marked") }
        #[cfg(test)] mod tests { fn t() { say("a test's own"); } }
    "##;
    assert_eq!(unmarked(source), ["{a} more", "not there yet"]);
}

#[test]
fn marked_texts_are_found_as_the_compiler_finds_them() {
    let source = r##"
        fn said<'a>() { let quote = '"'; // tr!("not this")
            tr!("one \"two\" \
                 three"); /* tr!("nor /* this */ one") */ b"tr!(";
            trn!(n = rows.len(), "{n} row", "{n} rows", of = f(1, 2));
            trc!("key", "open"); mark!("plain"); mark!("key", "close"); r#"tr!("x")"#; '\'';
        }
        #[cfg(test)] mod tests { fn t() { tr!("a test's"); } }
        #[test] fn alone() { tr!("another test's"); }
        #[cfg(not(test))] fn also() { tr!("said"); }
    "##;
    let found = in_macros("here", &without_tests(tokens(source)));
    let wanted = [
        ("", "one \"two\" three", None),
        ("", "{n} row", Some("{n} rows")),
        ("key", "open", None),
        ("", "plain", None),
        ("key", "close", None),
        ("", "said", None),
    ];
    let found: Vec<_> = found
        .iter()
        .map(|m| (m.context.as_str(), m.text.as_str(), m.plural.as_deref()))
        .collect();
    assert_eq!(found, wanted);
}
