//! mutt's commands and options that are not taken over, and why not.

use crate::migrate::found::Kind;

const COLOURS: &str = "colours are themes here: `:theme` shows them (docs/configuration.md)";
const LOOK: &str = "how lists and messages look is another screen's; `,` lists what can be set";
const FOLDERS: &str = "mailboxes and what they are for are asked of the server";
const NETWORK: &str = "connections, pauses and caches look after themselves";
const TLS: &str = "certificates are checked as the system does; ca-file and pin-sha256 say more";
const CRYPTO: &str = "messages are neither signed nor encrypted here";
const COMPOSE: &str = "`alt-o` in the composer and docs/writing.md tell how messages are written";
const ASK: &str = "nothing is lost by a key that can be undone, so little is asked";
const NOTMUCH: &str = "mail is searched in its own index: docs/searching.md";
const NEWS: &str = "there are no newsgroups";
const FILES: &str = "mail lies in a database, not in files";
const VIEWER: &str = "HTML, calendars and pictures are shown without other programs; \
    `[open]` names some for attachments";
const TUNNEL: &str = "a program stands in the server's place, which is not possible here";
const RULES: &str = "rules can do that: docs/rules.md";
const HOOKS: &str = "nothing runs when a mailbox is opened or a message shown";

/// Why a command or an option is not taken over.
pub fn why(name: &str, is_command: bool) -> (Kind, &'static str) {
    use Kind::{NoCounterpart, NotUnderstood, Otherwise};
    let starts = |prefixes: &[&str]| prefixes.iter().any(|p| name.starts_with(p));
    if is_command {
        return match name {
            "color" | "mono" | "uncolor" | "unmono" => (Otherwise, COLOURS),
            "mailboxes" | "unmailboxes" | "named-mailboxes" | "subscribe" | "unsubscribe"
            | "lists" | "unlists" | "subscribe-to" | "unsubscribe-from" => (Otherwise, FOLDERS),
            "ignore"
            | "unignore"
            | "hdr_order"
            | "unhdr_order"
            | "index-format-hook"
            | "subjectrx"
            | "unsubjectrx"
            | "tag-formats"
            | "tag-transforms"
            | "sidebar_pin"
            | "sidebar_unpin"
            | "sidebar_whitelist"
            | "unsidebar_whitelist" => (Otherwise, LOOK),
            "auto_view"
            | "unauto_view"
            | "alternative_order"
            | "unalternative_order"
            | "mime_lookup"
            | "unmime_lookup"
            | "attachments"
            | "unattachments" => (Otherwise, VIEWER),
            "virtual-mailboxes" | "unvirtual-mailboxes" => (NoCounterpart, NOTMUCH),
            "score" | "unscore" | "spam" | "nospam" | "save-hook" | "mbox-hook" => {
                (NoCounterpart, RULES)
            }
            "fcc-hook" | "fcc-save-hook" => (Otherwise, FOLDERS),
            "crypt-hook" | "pgp-hook" => (NoCounterpart, CRYPTO),
            "charset-hook" | "iconv-hook" => (Otherwise, "character sets are found out"),
            "open-hook" | "close-hook" | "append-hook" => (NoCounterpart, FILES),
            "reply-hook" | "send2-hook" | "message-hook" | "timeout-hook" | "shutdown-hook"
            | "uncolor-hook" | "unhook" | "exec" | "push" | "lua" | "lua-source" | "setenv"
            | "unsetenv" | "echo" | "version" | "cd" | "ifndef" => (NoCounterpart, HOOKS),
            "unbind" | "unmacro" => (Otherwise, "keys that nobody has set hold as by default"),
            "unalias" | "ungroup" | "unalternates" | "unmy_hdr" => {
                (NoCounterpart, "what was said before counts")
            }
            _ => (NotUnderstood, "it is no command that is known"),
        };
    }
    if starts(&[
        "sidebar_",
        "nosidebar",
        "index_",
        "pager_",
        "status_",
        "ts_",
        "tree_",
        "sort",
        "thread_",
    ]) || LOOKS.contains(&name)
    {
        (Otherwise, LOOK)
    } else if starts(&["crypt_", "pgp_", "smime_", "gpgme", "autocrypt"]) {
        (NoCounterpart, CRYPTO)
    } else if starts(&["ssl_", "certificate_", "entropy_"]) {
        (Otherwise, TLS)
    } else if starts(&[
        "imap_",
        "message_cache",
        "header_cache",
        "maildir_",
        "mail_check",
        "net",
        "connect",
        "pop_",
        "socket_",
    ]) || name == "timeout"
    {
        (Otherwise, NETWORK)
    } else if name == "tunnel" {
        (NoCounterpart, TUNNEL)
    } else if starts(&["nntp", "newsrc", "show_new_news"]) {
        (NoCounterpart, NEWS)
    } else if starts(&["nm_", "virtual_spool"]) {
        (NoCounterpart, NOTMUCH)
    } else if WRITING.contains(&name) || starts(&["forward", "attribution", "include", "envelope"])
    {
        (Otherwise, COMPOSE)
    } else if ASKED.contains(&name) {
        (Otherwise, ASK)
    } else if PLACES.contains(&name) {
        (Otherwise, FOLDERS)
    } else if IN_FILES.contains(&name) {
        (NoCounterpart, FILES)
    } else if VIEWED.contains(&name) {
        (Otherwise, VIEWER)
    } else {
        (NotUnderstood, "it is no option that is known")
    }
}

const LOOKS: [&str; 38] = [
    "arrow_cursor",
    "arrow_string",
    "ascii_chars",
    "attach_format",
    "auto_tag",
    "beep",
    "beep_new",
    "braille_friendly",
    "collapse_all",
    "collapse_unread",
    "collapse_flagged",
    "compose_format",
    "date_format",
    "display_filter",
    "duplicate_threads",
    "folder_format",
    "header",
    "help",
    "hide_limited",
    "hide_missing",
    "hide_thread_subject",
    "markers",
    "mark_old",
    "menu_scroll",
    "menu_context",
    "menu_move_off",
    "narrow_tree",
    "quote_regexp",
    "quote_regex",
    "smart_wrap",
    "smileys",
    "strict_threads",
    "tilde",
    "toggle_quoted_show_levels",
    "uncollapse_jump",
    "uncollapse_new",
    "use_threads",
    "wrap",
];

const WRITING: [&str; 54] = [
    "abort_nosubject",
    "abort_unmodified",
    "abort_noattach",
    "abort_noattach_regexp",
    "abort_noattach_regex",
    "allow_8bit",
    "askbcc",
    "askcc",
    "ask_followup_to",
    "ask_x_comment_to",
    "assumed_charset",
    "attach_charset",
    "auto_edit",
    "autoedit",
    "bounce_delivered",
    "charset",
    "config_charset",
    "send_charset",
    "dsn_notify",
    "dsn_return",
    "edit_headers",
    "edit_hdrs",
    "editor",
    "encode_from",
    "fast_reply",
    "fcc_attach",
    "fcc_clear",
    "followup_to",
    "force_name",
    "hdrs",
    "hidden_host",
    "honor_followup_to",
    "hostname",
    "indent_string",
    "indent_str",
    "ispell",
    "metoo",
    "mime_forward",
    "mime_forward_rest",
    "post_indent_string",
    "reflow_text",
    "reflow_wrap",
    "reply_regexp",
    "reply_regex",
    "reply_self",
    "reply_to",
    "reply_with_xorig",
    "resume_draft_files",
    "reverse_name",
    "reverse_realname",
    "sig_dashes",
    "sig_on_top",
    "text_flowed",
    "use_from",
];

const ASKED: [&str; 18] = [
    "autocollapse",
    "bounce",
    "confirmappend",
    "confirmcreate",
    "confirm_append",
    "confirm_create",
    "delete",
    "delete_untag",
    "forward_edit",
    "move",
    "postpone",
    "print",
    "quit",
    "recall",
    "resolve",
    "suspend",
    "wait_key",
    "wrap_search",
];

const PLACES: [&str; 10] = [
    "postponed",
    "trash",
    "mbox",
    "save_address",
    "save_name",
    "reverse_alias",
    "sort_alias",
    "default_hook",
    "mask",
    "spam_separator",
];

const IN_FILES: [&str; 16] = [
    "mbox_type",
    "keep_flagged",
    "save_empty",
    "check_new",
    "check_mbox_size",
    "quick_search",
    "read_inc",
    "read_only",
    "tmpdir",
    "tmp_directory",
    "write_inc",
    "umask",
    "shell",
    "simple_search",
    "search_context",
    "history_file",
];

const VIEWED: [&str; 12] = [
    "implicit_autoview",
    "mailcap_path",
    "mailcap_sanitize",
    "honor_disposition",
    "rfc2047_parameters",
    "pager",
    "visual",
    "weed",
    "print_command",
    "print_decode",
    "allow_ansi",
    "history",
];
