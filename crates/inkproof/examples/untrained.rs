use inkproof::{model::*, network::*, *};
fn main() {
    let info = ModelInfo { format: FORMAT, backbone: Backbone::SimpleCnn, preprocess: Preprocess::ink(),
        threshold: ThresholdInfo { value: Threshold::NOTEBOOK, origin: "untrained".into() }, trained_on: DataInfo::default(), calibrated_on: None, seed: 0, epochs: 0, program: "0.1.0".into() };
    Model::new("bundled", info, Weights::initialise(Backbone::SimpleCnn, 0)).save("crates/inkproof/models/bundled.safetensors".as_ref()).unwrap();
}
