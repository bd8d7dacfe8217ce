//! Enumerations as tables: a row has a variant, its word in JSON, and its text on screens and in log lines.

/// Defines an enumeration by its rows, with `ALL` and `index`. The method of the texts, and before it that of the words if there is one, are
/// in parentheses.
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
            /// All of them, in the order in which they are shown.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// Its place in `ALL`.
            pub const fn index(self) -> usize {
                self as usize
            }
        }
    };
    ($(#[$meta:meta])+ pub enum $name:ident($text:ident) { $($(#[$doc:meta])+ $variant:ident = $word:tt: $shown:tt,)+ }) => {
        $crate::words::words! { $(#[$meta])+ pub enum $name { $($(#[$doc])+ $variant = $word,)+ } }

        impl $name {
            /// Its text on screens and in log lines.
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
            /// Its word in JSON.
            pub const fn $method(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }
    };
}

pub(crate) use words;
