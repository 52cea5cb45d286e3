//! The comparison by criterion: one group per corpus, one function per crate.
use codec::corpus::{self, Corpus};
use codecs::crates::{bgpkit, netgauze, ours, routecore, rustbgpd, zettabgp};
use codecs::{Reader, agreed};
use criterion::{
    BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime,
};
use std::hint::black_box;

/// Messages of a corpus.
const MESSAGES: usize = 2_000;

fn reader<R: Reader>(group: &mut BenchmarkGroup<'_, WallTime>, corpus: &Corpus) {
    let messages: Vec<(usize, R::Octets)> = corpus
        .messages()
        .map(|message| {
            (
                usize::from(message.four_octet_as),
                R::octets(message.octets),
            )
        })
        .collect();
    let mut sessions = [R::session(false), R::session(true)];
    group.bench_function(R::NAME, |bencher| {
        bencher.iter(|| {
            for (session, octets) in &messages {
                black_box(R::walk(&mut sessions[*session], black_box(octets)));
            }
        });
    });
}

fn walk(criterion: &mut Criterion) {
    let Ok(corpora) = corpus::all() else { return };
    for corpus in corpora {
        let corpus = agreed(&corpus).first(MESSAGES);
        let mut group = criterion.benchmark_group(corpus.name);
        reader::<ours::Ours>(&mut group, &corpus);
        reader::<routecore::Routecore>(&mut group, &corpus);
        reader::<rustbgpd::Rustbgpd>(&mut group, &corpus);
        reader::<netgauze::Netgauze>(&mut group, &corpus);
        reader::<bgpkit::Bgpkit>(&mut group, &corpus);
        reader::<zettabgp::Zettabgp>(&mut group, &corpus);
        group.finish();
    }
}

criterion_group!(benches, walk);
criterion_main!(benches);
