//! A macro for enumerations in which each variant has a word in JSON, and a label on screens and in log lines.

/// Defines an enumeration from rows with a variant, its JSON word and its label. If a row has no label, its word is the label.
#[macro_export]
macro_rules! words {
    ($(#[$meta:meta])+ pub enum $name:ident { $($(#[$attribute:meta])+ $variant:ident = $word:literal $(: $label:literal)?,)+ }) => {
        $(#[$meta])+
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
        )]
        pub enum $name {
            $($(#[$attribute])+ #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All variants of the enumeration, in the order in which they are shown.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// Returns the index of this variant in `ALL`.
            pub const fn index(self) -> usize {
                self as usize
            }

            /// Returns the word of this variant in JSON.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// Returns the label of this variant on screens and in log lines.
            pub const fn label(self) -> &'static str {
                match self {
                    $(Self::$variant => $crate::words!(@label $word $($label)?),)+
                }
            }
        }
    };
    (@label $word:literal) => { $word };
    (@label $word:literal $label:literal) => { $label };
}
