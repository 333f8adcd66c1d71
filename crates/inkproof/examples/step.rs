use inkproof::network::*;
use inkproof::Backbone;
fn main() {
    let b: Backbone = std::env::args().nth(1).unwrap().parse().unwrap();
    let n: usize = std::env::args().nth(2).unwrap().parse().unwrap();
    let mut t = Trainer::new(Weights::initialise(b, 0), 1e-3, 0);
    println!("{} parameters", t.weights.iter().map(|(p,_)| p.len()).sum::<usize>());
    let px = |k: usize| (0..n*224*224).map(|i| ((i*7919+k*31)%1009) as f32/1009.0).collect::<Vec<f32>>();
    let batch = Batch{a: px(1), b: px(2), labels: (0..n).map(|i| (i%2) as f32).collect()};
    for _ in 0..4 { let s=std::time::Instant::now(); let r=t.step(&batch); println!("{:?} {:.2}s", r, s.elapsed().as_secs_f64()); }
    let st = std::fs::read_to_string("/proc/self/status").unwrap();
    println!("{}", st.lines().find(|l| l.starts_with("VmHWM")).unwrap());
}
