//! What a file holds, read back; that other runtimes compute the same from it is checked by `benches/peers`.

use std::collections::BTreeSet;

use prost::Message;

use super::*;

mod messages;

#[test]
fn every_value_is_known_before_it_is_used_and_every_weight_is_there() {
    for backbone in Backbone::ALL {
        let weights = Weights::initialise(backbone, 1);
        let mut exported = BTreeSet::new();
        for part in [Part::Embedding, Part::Score] {
            let message = messages::Model::decode(&export(&weights, part, "test", &[])[..]).unwrap();
            let graph = message.graph.unwrap();
            let mut known: BTreeSet<&str> = graph.inputs.iter().map(|input| &input.name[..]).collect();
            for tensor in &graph.initializers {
                let count: i64 = tensor.dims.iter().product();
                let size = if tensor.data_type == messages::Tensor::INT64 { 8 } else { 4 };
                assert_eq!(tensor.data.len() as i64, size * count, "{}", tensor.name);
                known.insert(&tensor.name);
            }
            for node in &graph.nodes {
                for input in &node.inputs {
                    assert!(known.contains(&input[..]), "{backbone}: {} uses {input}", node.name);
                }
                known.extend(node.outputs.iter().map(|output| &output[..]));
            }
            assert!(graph.outputs.iter().all(|output| known.contains(&output.name[..])));
            exported.extend(graph.initializers.iter().map(|tensor| tensor.name.clone()));
        }
        for (parameter, _) in weights.iter() {
            assert!(exported.contains(&parameter.name), "{backbone}: {} is missing", parameter.name);
        }
    }
}

#[test]
fn a_part_that_there_is_not_is_named() {
    assert!("both".parse::<Part>().unwrap_err().to_string().contains("both"));
}
