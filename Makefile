# The table of contents of a developer's day. `make check` is what CI runs.

.PHONY: check format lint test engine-alone demo bench golden model

check: format lint engine-alone test

format:
	cargo fmt --all --check

lint:
	cargo clippy --workspace --all-targets -- -D warnings

# The engine without threads, and for the browser where that target is installed.
engine-alone:
	cargo check -p inkproof --no-default-features
	@if [ -d "$$(rustc --print target-libdir --target wasm32-unknown-unknown)" ]; then \
	  cargo check -p inkproof --no-default-features --target wasm32-unknown-unknown; \
	else echo "skipped: the target wasm32-unknown-unknown is not installed"; fi

test:
	cargo test --workspace

demo:
	cargo run --release -- demo

bench:
	cargo bench --workspace --bench synth

# Writes the reference files of tests/golden again, with TensorFlow in an environment of its own.
golden:
	python3 -m venv target/golden-env
	target/golden-env/bin/pip install --quiet --requirement tests/golden/requirements.txt
	target/golden-env/bin/python tests/golden/make_refs.py

# Trains the bundled model again, on synthetic signatures (see MODEL.md).
model:
	cargo run --release -- synth target/model/signatures --writers 100 --genuine 8 --forgeries 8 --seed 1
	cargo run --release -- train target/model/signatures --out target/model/bundled.safetensors --negatives both --epochs 6 --seed 1
	cp target/model/bundled.safetensors crates/inkproof/models/bundled.safetensors
