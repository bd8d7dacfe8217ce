//! Enumerations as tables: a row has a variant, its word in JSON, and its text on screens and in log lines.

/// Defines an enumeration from its rows, with `ALL` and `index`. The names of its methods are in parentheses: first the method that returns the
/// word in JSON, if there is one, then the method that returns the text.
macro_rules! words {
    ($(#[$meta:meta])+ pub enum $name:ident { $($(#[$doc:meta])+ $variant:ident = $word:tt,)+ }) => {
        $(#[$meta])+
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
        )]
        pub enum $name {
            $($(#[$doc])+ #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All variants, in the order in which they are shown.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// Returns the position of the variant in `ALL`.
            pub const fn index(self) -> usize {
                self as usize
            }
        }
    };
    ($(#[$meta:meta])+ pub enum $name:ident($text:ident) { $($(#[$doc:meta])+ $variant:ident = $word:tt: $shown:tt,)+ }) => {
        $crate::words::words! { $(#[$meta])+ pub enum $name { $($(#[$doc])+ $variant = $word,)+ } }

        impl $name {
            /// Returns the text of the variant on screens and in log lines.
            pub const fn $text(self) -> &'static str {
                match self {
                    $(Self::$variant => $shown,)+
                }
            }
        }
    };
    ($(#[$meta:meta])+ pub enum $name:ident($method:ident, $text:ident) { $($(#[$doc:meta])+ $variant:ident = $word:tt: $shown:tt,)+ }) => {
        $crate::words::words! { $(#[$meta])+ pub enum $name($text) { $($(#[$doc])+ $variant = $word: $shown,)+ } }

        impl $name {
            /// Returns the word of the variant in JSON.
            pub const fn $method(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }
    };
}

pub(crate) use words;
