//! The codec by the clock; beside other crates, see `benches/codecs`.
use codec::workloads::{Workload, honest, hostile, ipv6};
use criterion::{Criterion, criterion_group, criterion_main};

fn run(criterion: &mut Criterion, group: &str, workloads: Vec<Workload>) {
    let mut group = criterion.benchmark_group(group);
    for mut workload in workloads {
        group.bench_function(&workload.name, |bencher| bencher.iter(&mut workload.run));
    }
    group.finish();
}

fn all(criterion: &mut Criterion) {
    let mut everyday = honest();
    everyday.push(ipv6());
    run(criterion, "honest", everyday);
    run(criterion, "hostile", hostile());
}

criterion_group!(benches, all);
criterion_main!(benches);
