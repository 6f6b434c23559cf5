//! What was typed on the command line, for the arrows and for later sessions.

/// Lines that are kept.
const MOST: usize = 200;

/// Adds a line that was typed; each stands once, the newest last.
pub fn add(lines: &mut Vec<String>, line: String) {
    lines.retain(|before| *before != line);
    lines.push(line);
    let old = lines.len().saturating_sub(MOST);
    lines.drain(..old);
}
