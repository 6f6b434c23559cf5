//! What is pictured: sizes, themes, and the keys that lead there.

/// Something done before the picture.
pub enum Step {
    /// Types these keys.
    Type(&'static str),
    /// Types the password of the demo's first account.
    Password,
    /// Waits until this is on the screen.
    See(&'static str),
    /// Waits until this is not.
    Gone(&'static str),
}
use Step::{Gone, Password, See, Type};

/// A picture.
pub struct Scene {
    /// The file's name.
    pub name: &'static str,
    /// What it shows, in words.
    pub title: &'static str,
    /// The terminal's width in columns.
    pub columns: u16,
    /// Its height in rows.
    pub rows: u16,
    /// The theme.
    pub theme: &'static str,
    /// Whether that is one for light terminals.
    pub light: bool,
    /// What the configuration holds besides accounts.
    pub config: &'static str,
    /// How the program comes to show it.
    pub steps: &'static [Step],
}

/// In place of a configuration: none.
pub const NO_ACCOUNT: &str = "# none";

const ONLINE: Step = See("● home connected");

const VIEWS: &str = "\
[[view]]
name = \"Unread people\"
query = \"is:unread -is:list\"

";

/// All of them.
pub const SCENES: [Scene; 9] = [
    Scene {
        name: "list",
        title: "All inboxes, with conversations, previews, stars, attachments and names in several scripts",
        columns: 120,
        rows: 34,
        theme: "tokyo-night",
        light: false,
        config: "",
        steps: &[ONLINE, See("Lena Fischer"), Type("jjj")],
    },
    Scene {
        name: "wide",
        title: "A list and the letter below the cursor beside it, in the theme Catppuccin Latte",
        columns: 150,
        rows: 40,
        theme: "catppuccin-latte",
        light: true,
        config: "",
        steps: &[
            ONLINE,
            See("Lena Fischer"),
            Type("jjjj\r"),
            See("electrician"),
        ],
    },
    Scene {
        name: "newsletter",
        title: "An HTML newsletter as text with numbered links",
        columns: 110,
        rows: 40,
        theme: "gruvbox-dark",
        light: false,
        config: "layout = \"single\"",
        steps: &[
            ONLINE,
            See("Lena Fischer"),
            Type("/subject:borders from:cartography\r"),
            See("found"),
            Type("\r"),
            See("Subject:"),
            Type("\x1bh"),
            Gone("| Link |"),
        ],
    },
    Scene {
        name: "composer",
        title: "An answer being written, with the letter that it answers quoted",
        columns: 110,
        rows: 34,
        theme: "nord",
        light: false,
        config: "",
        steps: &[
            ONLINE,
            See("Lena Fischer"),
            Type("/subject:potatoes\r"),
            See("Recipe: those potatoes"),
            Type("\r"),
            See("Two kilos"),
            Type("r"),
            See("Subject  Re: Recipe"),
            Type(
                "Two kilos it is. I bring the knife, and Hal brings the pan.\r\rSee you on Saturday!",
            ),
            See("See you on Saturday!"),
        ],
    },
    Scene {
        name: "palette",
        title: "The palette: every command with its key, found by typing",
        columns: 110,
        rows: 30,
        theme: "catppuccin-mocha",
        light: false,
        config: "",
        steps: &[
            ONLINE,
            See("Lena Fischer"),
            Type("\x0b"),
            See("Commands"),
            Type("arch"),
            See("archive"),
        ],
    },
    Scene {
        name: "search",
        title: "A search with fields; what was found is marked",
        columns: 110,
        rows: 30,
        theme: "postrider-dark",
        light: false,
        config: VIEWS,
        steps: &[
            ONLINE,
            See("Lena Fischer"),
            Type("/map newer:60d\r"),
            See("found"),
        ],
    },
    Scene {
        name: "settings",
        title: "Settings: every option with its meaning, its value and its default",
        columns: 110,
        rows: 34,
        theme: "solarized-light",
        light: true,
        config: "",
        steps: &[ONLINE, See("Lena Fischer"), Type(","), See("undo-send")],
    },
    Scene {
        name: "set-up",
        title: "Setting an account up: an address and a password, then each step as it goes",
        columns: 100,
        rows: 30,
        theme: "auto",
        light: false,
        config: NO_ACCOUNT,
        steps: &[
            See("ddress"),
            Type("ada@example.org\r"),
            See("assword"),
            Password,
            Type("\r"),
            See("Lena Fischer"),
        ],
    },
    Scene {
        name: "small",
        title: "The same in forty columns",
        columns: 40,
        rows: 16,
        theme: "high-contrast",
        light: false,
        config: "",
        steps: &[See("Lena"), See("● home"), Type("j"), Gone("starting")],
    },
];
