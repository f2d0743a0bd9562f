//! The columns of a Parquet file: what they are called, what is in them, and how nested they are.

use crate::cursor::Cursor;
use crate::error::Stop;
use crate::rows::Column;
use crate::thrift::{self, Field, Kind};

/// How many columns are read. Tables of features have thousands.
const MOST_COLUMNS: usize = 1 << 14;

/// How deep columns nest: a list is three steps.
const DEEPEST_COLUMN: usize = 64;

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Physical {
    /// Bytes with their length.
    Bytes,
    /// Bytes, always this many.
    Fixed(usize),
    /// Whole numbers of four bytes.
    Integer32,
    /// Whole numbers of eight bytes.
    Integer64,
    /// Numbers in floating point, of eight bytes.
    Float64,
    /// What no identifier is kept in: truth, times, amounts, small floating point.
    Passed,
}

/// A column.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) column: Column,
    pub(super) physical: Physical,
    /// The level at which a value is there.
    pub(super) defined: u32,
    /// How many lists it is in.
    pub(super) repeated: u32,
    /// Tells the outermost list apart from others in the row; 0 outside of lists.
    pub(super) list: u32,
}

/// One step of the tree, as it is written.
#[derive(Clone, Debug, Default)]
struct Step {
    name: String,
    physical: Option<i64>,
    width: usize,
    repetition: i64,
    children: u64,
    quantity: bool,
}

/// Reads the tree of columns, which is written as a list, outermost first.
pub(super) fn read(cursor: &mut Cursor<'_>, field: Field) -> Result<Vec<Leaf>, Stop> {
    if field.kind != Kind::List {
        return Err(Stop::broken("a schema that is no list"));
    }
    let (_, len) = thrift::list(cursor)?;
    let mut leaves = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut lists = 0_u32;
    for nth in 0..len {
        let step = step(cursor)?;
        if nth == 0 {
            open.push(Open { left: step.children, step: Step::default(), defined: 0, repeated: 0, list: 0 });
            continue;
        }
        while open.last().is_some_and(|level| level.left == 0) {
            open.pop();
        }
        let Some(level) = open.last_mut() else { return Err(Stop::broken("a schema with more columns than it says")) };
        level.left = level.left.saturating_sub(1);
        let (mut defined, mut repeated, mut list) = (level.defined, level.repeated, level.list);
        match step.repetition {
            1 => defined = defined.saturating_add(1),
            2 => {
                defined = defined.saturating_add(1);
                repeated = repeated.saturating_add(1);
                if repeated == 1 {
                    lists = lists.saturating_add(1);
                    list = lists;
                }
            }
            _ => {}
        }
        if step.children > 0 {
            if open.len() >= DEEPEST_COLUMN {
                return Err(Stop::broken("columns inside columns, too deep"));
            }
            open.push(Open { left: step.children, step, defined, repeated, list });
        } else {
            if leaves.len() >= MOST_COLUMNS {
                return Err(Stop::broken("more columns than any table has"));
            }
            let column = column(&open, &step);
            leaves.push(Leaf { column, physical: physical(&step), defined, repeated, list });
        }
    }
    Ok(leaves)
}

/// A step whose children follow.
struct Open {
    left: u64,
    step: Step,
    defined: u32,
    repeated: u32,
    list: u32,
}

/// The name of a column, without what only the format needs: a list is `phones.list.element`, a map
/// `headers.key_value.value`.
fn column(open: &[Open], leaf: &Step) -> Column {
    let mut names: Vec<&str> = Vec::new();
    let steps = || open.iter().skip(1).map(|level| &level.step).chain([leaf]);
    let mut in_list = false;
    for step in steps() {
        let scaffold = in_list && matches!(step.name.as_str(), "element" | "item" | "array_element");
        in_list = step.repetition == 2;
        let wrapper = matches!(step.name.as_str(), "list" | "bag" | "array" | "key_value" | "map" | "element");
        match (in_list, wrapper) {
            (true, true) => names.push(""),
            (true, false) => names.extend([step.name.as_str(), ""]),
            (false, _) if scaffold => {}
            (false, _) => names.push(&step.name),
        }
    }
    Column::new(&names)
}

fn physical(step: &Step) -> Physical {
    match (step.physical, step.quantity) {
        (Some(6), false) => Physical::Bytes,
        (Some(7), false) if step.width > 0 => Physical::Fixed(step.width),
        (Some(1), false) => Physical::Integer32,
        (Some(2), false) => Physical::Integer64,
        (Some(5), false) => Physical::Float64,
        _ => Physical::Passed,
    }
}

// SPEC: `SchemaElement` of parquet.thrift.
fn step(cursor: &mut Cursor<'_>) -> Result<Step, Stop> {
    let mut step = Step::default();
    let mut scale = 0;
    thrift::fields(cursor, &mut |cursor, field| {
        match field.id {
            1 => step.physical = Some(thrift::integer(cursor, field)?),
            2 => step.width = usize::try_from(thrift::count(cursor, field)?).unwrap_or(0),
            3 => step.repetition = thrift::integer(cursor, field)?,
            4 if field.kind == Kind::Binary => step.name = thrift::text(cursor)?,
            5 => step.children = thrift::count(cursor, field)?,
            // Dates, times, intervals. An amount without decimals may be a number of something.
            6 => step.quantity |= matches!(thrift::integer(cursor, field)?, 6..=10 | 21),
            7 => scale = thrift::integer(cursor, field)?,
            10 if field.kind == Kind::Struct => thrift::fields(cursor, &mut |cursor, field| {
                step.quantity |= matches!(field.id, 6..=8 | 14 | 15);
                thrift::skip(cursor, field.kind)
            })?,
            _ => thrift::skip(cursor, field.kind)?,
        }
        Ok(())
    })?;
    step.quantity |= scale != 0;
    Ok(step)
}
