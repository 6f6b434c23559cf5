//! Text fit for a terminal: cleaning, width, wrapping, dates, sizes.
