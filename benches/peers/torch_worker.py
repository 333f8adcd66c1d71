"""PyTorch's side, for the notebook's network: python torch_worker.py THREADS."""

import sys

from common import pin, read_batch, read_model, serve, timed

THREADS = int(sys.argv[1])
pin(THREADS)

import torch
from torch import nn
from torch.nn import functional

torch.set_num_threads(THREADS)


class SimpleCnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 64, 3), nn.Conv2d(64, 128, 3)
        self.embed, self.head = nn.Linear(128, 256), nn.Linear(256, 1)

    def vectors(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = torch.relu(self.conv2(x)).mean((2, 3))
        return functional.normalize(torch.relu(self.embed(x)), eps=1e-6)

    def forward(self, a, b):
        return torch.sigmoid(self.head((self.vectors(a) - self.vectors(b)).abs()))


network = SimpleCnn()
optimiser = torch.optim.Adam(network.parameters(), lr=1e-3, eps=1e-7)
state = {}


def load(path):
    tensors = {name: torch.tensor(value.copy()) for name, value in read_model(path).items()}
    for name in ("embed.weight", "head.weight"):
        tensors[name] = tensors[name].T.contiguous()
    network.load_state_dict(tensors)
    return {}


def batch(path):
    state["batch"] = [torch.from_numpy(part.copy()) for part in read_batch(path)]
    state["batch"][:2] = [part.permute(0, 3, 1, 2).contiguous() for part in state["batch"][:2]]
    return {}


def train():
    a, b, labels = state["batch"]
    optimiser.zero_grad()
    loss = functional.binary_cross_entropy(network(a, b), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


def step(_):
    answer, loss = timed(train)
    return answer | {"loss": loss}


def vectors(path):
    with torch.no_grad():
        network.vectors(state["batch"][0]).numpy().astype("<f4").tofile(path)
    return {}


serve({"model": load, "batch": batch, "step": step, "vectors": vectors})
