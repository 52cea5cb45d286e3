use super::*;

fn path(n: u32) -> Path {
    let set = SetId(n);
    Path::new(SourceId(n), Standing::Accepted, (set, set), HopId(0), n, n)
}

fn ids(destinations: &Destinations<u64>, number: u32) -> Vec<u32> {
    let mut ids: Vec<u32> = destinations.paths(number).map(|p| p.path_id).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn a_path_is_24_octets_and_a_destination_with_one_40() {
    assert_eq!(size_of::<Path>(), 24);
    assert_eq!(size_of::<Record<u64>>(), 40);
}

#[test]
fn size_classes_grow_by_at_most_half_after_the_first() {
    let capacities: Vec<usize> = (0..=LAST_CLASS).map(capacity).collect();
    assert_eq!(capacities[..9], [1, 2, 3, 4, 6, 8, 12, 16, 24]);
    assert_eq!(capacities[LAST_CLASS], 12_288);
    assert!(
        capacities[1..]
            .windows(2)
            .all(|pair| pair[1] * 2 <= pair[0] * 3)
    );
}

#[test]
fn standings_survive_packing() {
    use Standing::*;
    for standing in [
        Accepted,
        Policy,
        AsLoop,
        NextHopIsOurs,
        NextHopInvalid,
        OriginatorLoop,
        ClusterLoop,
        FirstAsMismatch,
    ] {
        let set = SetId(7);
        let path = Path::new(SourceId(0x00ab_cdef), standing, (set, set), HopId(1), 2, 3);
        assert_eq!(path.standing(), standing);
        assert_eq!(path.source(), SourceId(0x00ab_cdef));
        assert_eq!(path.accepted(), standing == Accepted);
    }
}

/// Paths pushed, removed and brought to the front at random, beside plain lists.
#[test]
fn paths_are_what_a_list_would_hold() {
    let mut destinations: Destinations<u64> = Destinations::new();
    let mut lists: Vec<Vec<u32>> = vec![Vec::new(); 5];
    for key in 0..5 {
        destinations.add(key);
    }
    let mut state = 3_u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % below
    };
    let mut growing = true;
    for step in 0..20_000_u32 {
        let number = random(5);
        let list = &mut lists[number];
        if step % 1500 == 0 {
            growing = !growing;
        }
        let number = number as u32;
        if list.is_empty() || random(10) < if growing { 7 } else { 2 } {
            assert!(destinations.push(number, path(step)));
            list.push(step);
        } else {
            let at = random(list.len());
            if random(4) == 0 {
                let wanted = destinations.paths(number).nth(at).unwrap().path_id;
                destinations.bring_to_front(number, at);
                assert_eq!(destinations.best(number).unwrap().path_id, wanted);
            } else {
                let gone = destinations.remove(number, at).unwrap();
                list.retain(|id| *id != gone.path_id);
            }
        }
        let mut expected = lists[number as usize].clone();
        expected.sort_unstable();
        assert_eq!(ids(&destinations, number), expected, "step {step}");
    }
    let made: u32 = destinations.slabs.iter().map(|slab| slab.made).sum();
    for (number, list) in (0..).zip(&lists) {
        for _ in list {
            destinations.remove(number, 0);
        }
        assert_eq!(destinations.best(number), None);
    }
    let free: usize = destinations.slabs.iter().map(|slab| slab.free.len()).sum();
    assert_eq!(free, made as usize, "every block is free again");
}
