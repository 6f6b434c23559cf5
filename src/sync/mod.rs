//! Where the network meets the store.
