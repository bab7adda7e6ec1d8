//! A sort with little code.

/// Sorts a list. `precedes` tells whether the first of two elements belongs before the second; elements of which neither
/// does end up in any order. Allocates nothing. `turn` is called for each element, because a page may decide how many
/// there are; its failure ends the sort, and the elements are then in any order.
///
/// This is a heap sort. The sorts of the standard library are faster, but cannot be stopped, and have 4 to 9 kB of code
/// for each type of element. Use this one for lists that are sorted rarely, such as once in a call or a launch.
pub fn sort<T, E>(
    list: &mut [T],
    precedes: impl Fn(&T, &T) -> bool,
    mut turn: impl FnMut() -> Result<(), E>,
) -> Result<(), E> {
    let sift_down = |heap: &mut [T], mut parent: usize| {
        loop {
            let mut child = 2 * parent + 1;
            if child + 1 < heap.len() && precedes(&heap[child], &heap[child + 1]) {
                child += 1;
            }
            if child >= heap.len() || !precedes(&heap[parent], &heap[child]) {
                return;
            }
            heap.swap(parent, child);
            parent = child;
        }
    };
    for parent in (0..list.len() / 2).rev() {
        turn()?;
        sift_down(list, parent);
    }
    // The first element is now the last one of the heap in order.
    for end in (1..list.len()).rev() {
        turn()?;
        list.swap(0, end);
        sift_down(&mut list[..end], 0);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// Every list of up to six elements out of four different ones.
    #[test]
    fn short_lists_are_sorted_like_those_of_the_standard_library() {
        for length in 0..=6 {
            for mut number in 0..4_u32.pow(length) {
                let mut list = Vec::new();
                for _ in 0..length {
                    list.push(number % 4);
                    number /= 4;
                }
                let mut expected = list.clone();
                expected.sort_unstable();
                let Ok(()) = sort(&mut list, |one, other| one < other, || Ok::<(), Infallible>(()));
                assert_eq!(list, expected);
            }
        }
    }

    #[test]
    fn long_lists_are_sorted_by_the_given_order() {
        let texts: Vec<String> = (0..1000_u64).map(|number| (number * 7919 % 1009).to_string()).collect();
        let mut sorted = texts.clone();
        let Ok(()) = sort(&mut sorted, |one, other| one > other, || Ok::<(), Infallible>(()));
        let mut expected = texts;
        expected.sort_unstable_by(|one, other| other.cmp(one));
        assert_eq!(sorted, expected);
    }

    #[test]
    fn a_failed_turn_ends_the_sort() {
        let mut turns = 0;
        let mut list: Vec<u32> = (0..1000).rev().collect();
        let stopped = sort(
            &mut list,
            |one, other| one < other,
            || {
                turns += 1;
                if turns < 100 { Ok(()) } else { Err("stopped") }
            },
        );
        assert_eq!((stopped, turns), (Err("stopped"), 100));
        list.sort_unstable();
        assert!(list.into_iter().eq(0..1000), "no element is lost");
    }
}
