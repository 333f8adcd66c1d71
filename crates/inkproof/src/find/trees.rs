//! Boosted decision trees (Friedman, Annals of Statistics 29, 2001): their sum is the logit of a confidence.

use serde::{Deserialize, Serialize};

use super::features::{FEATURES, Features};

/// A node of a tree: a question about one number, or an answer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Node {
    /// (feature, at most this: next node, the one after: another): goes on at `left` where the feature is at most the value,
    /// else at `right`; both are numbers of later nodes of the same tree.
    Split(u16, f32, u16, u16),
    /// What the tree adds to the logit.
    Leaf(f32),
}

/// A tree; its first node is the root.
pub type Tree = Vec<Node>;

/// Trees and what they begin from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trees {
    /// The logit without any tree.
    pub bias: f32,
    /// All trees.
    pub trees: Vec<Tree>,
}

impl Trees {
    /// Whether every question is about a feature that there is and leads to a later node that there is, and every answer is a
    /// number.
    pub fn are_sound(&self) -> bool {
        self.bias.is_finite()
            && self.trees.iter().all(|tree| {
                !tree.is_empty()
                    && tree.iter().enumerate().all(|(at, node)| match *node {
                        Node::Split(feature, _, left, right) => {
                            let leads_on = |next: u16| usize::from(next) > at && usize::from(next) < tree.len();
                            usize::from(feature) < FEATURES.len() && leads_on(left) && leads_on(right)
                        }
                        Node::Leaf(value) => value.is_finite(),
                    })
            })
    }

    /// How sure they are that these numbers are a signature's: the logit of a confidence.
    pub fn logit(&self, features: &Features) -> f32 {
        self.bias + self.trees.iter().map(|tree| answer(tree, features)).sum::<f32>()
    }
}

fn answer(tree: &Tree, features: &Features) -> f32 {
    let mut at = 0;
    loop {
        match tree[at] {
            Node::Leaf(value) => return value,
            Node::Split(feature, most, left, right) => {
                at = usize::from(if features[usize::from(feature)] <= most { left } else { right });
            }
        }
    }
}
