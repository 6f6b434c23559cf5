//! Commands taken apart, and numbers and names as a server writes them.

/// A piece of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// An atom, brackets and all.
    Word(String),
    /// A quoted string or a literal.
    Text(Vec<u8>),
    /// A list.
    List(Vec<Arg>),
}

impl Arg {
    /// Its octets.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Arg::Word(word) => word.clone().into_bytes(),
            Arg::Text(text) => text.clone(),
            Arg::List(_) => Vec::new(),
        }
    }

    /// Its octets as an upper-case word.
    pub fn word(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).to_ascii_uppercase()
    }

    /// What stands in a list, or itself.
    pub fn all(&self) -> Vec<Arg> {
        match self {
            Arg::List(list) => list.clone(),
            other => vec![other.clone()],
        }
    }

    /// The words of a list.
    pub fn words(&self) -> Vec<String> {
        self.all().iter().map(Arg::word).collect()
    }
}

/// Takes a command apart.
pub fn args(text: &str, literals: &[Vec<u8>]) -> Vec<Arg> {
    let mut literals = literals.iter();
    let mut chars = text.chars().peekable();
    let mut open: Vec<Vec<Arg>> = vec![Vec::new()];
    while let Some(c) = chars.next() {
        let arg = match c {
            ' ' => continue,
            '(' => {
                open.push(Vec::new());
                continue;
            }
            ')' if open.len() > 1 => Arg::List(open.pop().unwrap()),
            '"' => {
                let mut text = String::new();
                while let Some(c) = chars.next().filter(|c| *c != '"') {
                    text.push(if c == '\\' {
                        chars.next().unwrap_or(c)
                    } else {
                        c
                    });
                }
                Arg::Text(text.into_bytes())
            }
            '{' => {
                let _: String = chars.by_ref().take_while(|c| *c != '}').collect();
                Arg::Text(literals.next().cloned().unwrap_or_default())
            }
            c => {
                let mut word = String::from(c);
                let mut depth = usize::from(c == '[');
                while let Some(&c) = chars.peek() {
                    match c {
                        '[' => depth += 1,
                        ']' => depth = depth.saturating_sub(1),
                        ' ' | '(' | ')' if depth == 0 => break,
                        _ => {}
                    }
                    word.push(c);
                    chars.next();
                }
                Arg::Word(word)
            }
        };
        open.last_mut().unwrap().push(arg);
    }
    open.into_iter().flatten().collect()
}

/// Whether a number is in a set as it stands in a command, `last` being `*`.
pub fn is_in(set: &str, n: u32, last: u32) -> bool {
    let number = |text: &str| {
        if text == "*" {
            Some(last)
        } else {
            text.parse().ok()
        }
    };
    set.split(',').any(|part| {
        let (a, b) = part.split_once(':').unwrap_or((part, part));
        match (number(a), number(b)) {
            (Some(a), Some(b)) => (a.min(b)..=a.max(b)).contains(&n),
            _ => false,
        }
    })
}

/// Numbers as a set.
pub fn set_of(numbers: &[u32]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for &n in numbers {
        match ranges.last_mut() {
            Some((_, hi)) if *hi + 1 == n => *hi = n,
            _ => ranges.push((n, n)),
        }
    }
    let spell = |&(a, b): &(u32, u32)| {
        if a == b {
            a.to_string()
        } else {
            format!("{a}:{b}")
        }
    };
    ranges.iter().map(spell).collect::<Vec<_>>().join(",")
}

/// A name as a server writes it: quoted if it can be.
pub fn spelled(name: &[u8]) -> Vec<u8> {
    if name
        .iter()
        .all(|b| (b' '..=b'~').contains(b) && !b"\"\\".contains(b))
    {
        return [b"\"", name, b"\""].concat();
    }
    [format!("{{{}}}\r\n", name.len()).as_bytes(), name].concat()
}
