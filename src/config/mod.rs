//! Files, paths and secrets: from what the user wrote to model values.
