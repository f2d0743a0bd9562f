//! The columns of Arrow: what they are called, and how their buffers are laid out.
//!
//! SPEC: Schema.fbs and "Arrow Columnar Format" 1.5.

use crate::error::Stop;
use crate::flatbuffer::Table;
use crate::report::Why;
use crate::rows::Column;

/// How many columns are read, those inside others included.
const MOST_FIELDS: usize = 1 << 14;

/// How deep columns nest.
const DEEPEST_FIELD: usize = 32;

/// Whether lengths and offsets take four bytes or eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    Four,
    Eight,
}

/// How a column is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// No buffers.
    Null,
    /// Gaps and values that are not looked at: times, amounts, truth, short numbers.
    Passed,
    Integer(Width),
    Float64,
    /// Gaps, offsets, bytes.
    Text(Width),
    /// Gaps, sixteen bytes a value, and further buffers for long ones.
    View,
    Fixed(u64),
    /// Gaps, offsets; the elements are in the child.
    List(Width),
    /// Gaps, offsets, lengths.
    ListView(Width),
    FixedList(u64),
    Struct,
    /// Kinds, and offsets when it is dense.
    Union {
        dense: bool,
    },
    RunEnds,
}

impl Layout {
    /// How many buffers it has itself, further ones left out.
    pub(super) const fn buffers(self) -> usize {
        match self {
            Self::Null | Self::RunEnds => 0,
            Self::Struct | Self::FixedList(_) | Self::Union { dense: false } => 1,
            Self::Passed | Self::Integer(_) | Self::Float64 | Self::Fixed(_) | Self::List(_) | Self::View => 2,
            Self::Union { dense: true } => 2,
            Self::Text(_) | Self::ListView(_) => 3,
        }
    }
}

/// A column, or one inside another.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) layout: Layout,
    /// Its places in a dictionary: which one, and how many bytes each takes.
    pub(super) dictionary: Option<(i64, u64)>,
    pub(super) children: Vec<usize>,
    /// Whether it is in no other.
    pub(super) outermost: bool,
}

/// The columns of a file, those inside others right behind them.
#[derive(Debug, Default)]
pub(super) struct Schema {
    pub(super) fields: Vec<Field>,
    pub(super) columns: Vec<Column>,
}

impl Schema {
    pub(super) fn read(schema: Table<'_>) -> Result<Self, Stop> {
        if schema.short(0) != 0 {
            return Err(Why::Unsupported("numbers with their big end first").into());
        }
        let mut read = Self::default();
        for field in schema.list(1).tables() {
            read.add(field, &[], Inside::Nothing, 0)?;
        }
        Ok(read)
    }

    /// Adds a column inside the one with the path `steps`, and those inside it. Returns its place.
    fn add(&mut self, field: Table<'_>, steps: &[String], inside: Inside, depth: usize) -> Result<usize, Stop> {
        if depth > DEEPEST_FIELD {
            return Err(Stop::broken("columns inside columns, too deep"));
        }
        if self.fields.len() >= MOST_FIELDS {
            return Err(Why::TooMany.into());
        }
        let layout = layout(field.byte(2), field.table(3));
        let dictionary = field.table(4).map(|dictionary| {
            let bits = dictionary.table(1).map_or(32, |index| index.int(0).unsigned_abs());
            (dictionary.long(0), u64::from(bits.clamp(8, 64) / 8))
        });
        let mut steps = steps.to_vec();
        match inside {
            // The element of a list and the pair of a map have names that nobody chose.
            Inside::List => steps.push(String::new()),
            Inside::Nothing | Inside::Structure => steps.push(String::from_utf8_lossy(field.text(0)).into_owned()),
        }
        let names: Vec<&str> = steps.iter().map(String::as_str).collect();
        self.columns.push(Column::new(&names));
        let outermost = inside == Inside::Nothing;
        self.fields.push(Field { layout, dictionary, children: Vec::new(), outermost });
        let place = self.fields.len().saturating_sub(1);
        let inside = match layout {
            Layout::List(_) | Layout::ListView(_) | Layout::FixedList(_) => Inside::List,
            _ => Inside::Structure,
        };
        let children = field.list(5).tables().map(|child| self.add(child, &steps, inside, depth.saturating_add(1)));
        let children = children.collect::<Result<_, _>>()?;
        if let Some(field) = self.fields.get_mut(place) {
            field.children = children;
        }
        Ok(place)
    }
}

/// What a column is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Nothing,
    List,
    Structure,
}

// SPEC: the union `Type` of Schema.fbs.
fn layout(kind: u8, details: Option<Table<'_>>) -> Layout {
    let int = |slot: usize| details.map_or(0, |details| details.int(slot));
    match kind {
        1 => Layout::Null,
        2 if int(0) == 32 => Layout::Integer(Width::Four),
        2 if int(0) == 64 => Layout::Integer(Width::Eight),
        3 if details.is_some_and(|details| details.short(0) == 2) => Layout::Float64,
        4 | 5 => Layout::Text(Width::Four),
        12 | 17 => Layout::List(Width::Four),
        13 => Layout::Struct,
        14 => Layout::Union { dense: details.is_some_and(|details| details.short(0) == 1) },
        15 => Layout::Fixed(u64::from(int(0).unsigned_abs())),
        16 => Layout::FixedList(u64::from(int(0).unsigned_abs())),
        19 | 20 => Layout::Text(Width::Eight),
        21 => Layout::List(Width::Eight),
        22 => Layout::RunEnds,
        23 | 24 => Layout::View,
        25 => Layout::ListView(Width::Four),
        26 => Layout::ListView(Width::Eight),
        _ => Layout::Passed,
    }
}
