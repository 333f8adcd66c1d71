# The table of contents of a developer's day. `make check` is what CI runs.

.PHONY: check tools skipped format lint lint-gpu doc program test c-test c c-header soak web-test web wasm-test fuzz \
  engine-alone demo bench bench-peers bench-smoke wheel headline documents python-lint python-test notebook golden \
  keras-judge keras-environments robustness weights calibration

check: tools format lint doc engine-alone test c-test web-test wasm-test bench-smoke python-lint python-test skipped

# What cannot be checked here is printed where it is found and once more at the end.
export INKPROOF_SKIPPED := $(CURDIR)/target/skipped
skip = echo "skipped: $(1)" | tee -a $(INKPROOF_SKIPPED)

# First what is missing, as it may need somebody's hand: Python's venv, Node, Chromium, PostgreSQL, valgrind, WebAssembly.
tools:
	@mkdir -p target && rm -f $(INKPROOF_SKIPPED)
	tests/install.sh

skipped:
	@if [ -s $(INKPROOF_SKIPPED) ]; then cat $(INKPROOF_SKIPPED); else echo "nothing was skipped"; fi

format:
	cargo fmt --all --check

lint:
	cargo clippy --workspace --all-targets $(FEATURES) -- -D warnings

# The documentation, without a link that leads nowhere; with the features of `lint`, whose crates are then at hand.
doc: lint
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps $(FEATURES)

# Both with the feature `gpu`, which trains through Vulkan and takes a hundred crates more; its tests need a GPU.
lint-gpu:
	$(MAKE) doc FEATURES="--features inkproof-cli/gpu"

# The engine, and the networks below it, without threads; `web` builds it for the browser.
engine-alone:
	cargo check -p inkproof --no-default-features
	cargo check -p inkproof --no-default-features --features keras
	cargo check -p inkproof --no-default-features --features pdf

# The program that `cargo test` has built for its stories; where it has not, it builds it.
PROGRAM := $(CURDIR)/target/debug/inkproof
program:
	cargo test --workspace --no-run --quiet

# With a PostgreSQL server of its own.
test:
	@[ -d $(or $(INKPROOF_DATA),../shared/data) ] || \
	  $(call skip,tests on real signatures; INKPROOF_DATA names no folder that has them)
	crates/inkproof-cli/tests/postgres.sh cargo test --workspace

# The C library, through its header: a story linked both ways, under valgrind, the example and the program of docs/c.md. Built
# as the tests are, so that nothing but the library itself is built for it.
c-test:
	cargo build --workspace --lib --tests --quiet
	bindings/c/tests/run.sh target/debug

# The C library for use elsewhere, in target/c: the shared and the static one, the header and a file for pkg-config.
c:
	bindings/c/build.sh

# Writes bindings/c/include/inkproof.h again.
c-header:
	INKPROOF_WRITE_HEADER=1 cargo test --workspace --test header --quiet

# What takes longer: the code for GPUs, 100 kills among 1,000 operations each, 10,000 operations of two servers on one
# PostgreSQL, 10,000 hostile images and as many requests, five minutes of more clients than can be served, workers of a cluster
# that are killed.
soak: wheel lint-gpu
	INKPROOF_TEST_CRASH_ROUNDS=100 INKPROOF_TEST_CRASH_OPERATIONS=1000 INKPROOF_TEST_OPERATIONS=10000 \
	  INKPROOF_TEST_HOSTILE=10000 crates/inkproof-cli/tests/postgres.sh \
	  cargo test --release --workspace -- --include-ignored --nocapture --test-threads 1 crash:: postgres:: hostile:: load::
	cd bindings/python && ../../target/python-env/bin/pytest --quiet -m soak

# The web page in a real Chromium, with the program that the tests are run with. CHROMIUM names another browser like it;
# INKPROOF_PICTURES=DIR keeps a picture of every view.
web-test: program
	cd crates/inkproof-server/web/tests && npm ci --no-audit --no-fund --silent && \
	  CHROMIUM="$$(command -v $${CHROMIUM:-chromium})" npm test

# The verifier for browsers and Node, in target/web: the npm package, and the page that computes in its tab.
web:
	bindings/web/build.sh

# Both in Node and in a real Chromium, with the browser's driver of `web-test`; CHROMIUM and INKPROOF_PICTURES as there.
wasm-test: program
	@if ! bindings/web/build.sh --which >/dev/null 2>&1; then \
	  $(call skip,the verifier for the browser; rustup target add wasm32-unknown-unknown installs its target); \
	else bindings/web/build.sh && cd crates/inkproof-server/web/tests && npm ci --no-audit --no-fund --silent && \
	  cd ../../../../bindings/web/tests && \
	  INKPROOF_PROGRAM=$(PROGRAM) CHROMIUM="$$(command -v $${CHROMIUM:-chromium})" npm test; fi

# Each target for a minute, or FUZZ_SECONDS; needs a nightly compiler and cargo-fuzz. Nobody guesses HDF5, or a TIFF: these
# targets begin with files that Keras wrote, of the smaller network, and with the small ones of the project's own images.
FUZZ_SEEDS := target/fuzz-seeds
FUZZ_SECONDS ?= 60
fuzz:
	mkdir -p $(FUZZ_SEEDS)/keras $(FUZZ_SEEDS)/decode
	for archive in tests/golden/keras/simple-cnn-*.zip; do \
	  python3 -m zipfile -e $$archive $(FUZZ_SEEDS)/keras || exit 1; done
	find examples tests crates -size -30k -regex '.*\.\(png\|jpg\|tif\|gif\|bmp\|webp\|heic\|jp2\|j2k\|p[bgp]m\)' \
	  -not -path '*/node_modules/*' -exec cp --backup=numbered --target-directory $(FUZZ_SEEDS)/decode {} +
	for target in decode embedding keras model manifest upload; do \
	  mkdir -p fuzz/corpus/$$target $(FUZZ_SEEDS)/$$target; \
	  cargo +nightly fuzz run $$target fuzz/corpus/$$target $(FUZZ_SEEDS)/$$target -- -max_total_time=$(FUZZ_SECONDS) || exit 1; done

demo:
	cargo run --release -- demo

bench:
	cargo bench --workspace --bench synth

# Compares the speed of inkproof with that of TensorFlow and ONNX Runtime, in an environment of its own, and writes
# benches/RESULTS.md; with PEERS=torch, with that of PyTorch, too.
bench-peers:
	cargo build --release
	python3 -m venv target/peers-env
	target/peers-env/bin/pip install --quiet --requirement benches/peers/requirements.txt
	$(if $(filter torch,$(PEERS)),target/peers-env/bin/pip install --quiet --requirement benches/peers/requirements-torch.txt)
	target/peers-env/bin/python benches/peers/peers.py $(if $(filter torch,$(PEERS)),--torch)

# Ten epochs of the notebook's network by Keras and by inkproof, five seeds each (benches/headline.py), in an environment of its
# own: on writers who do not exist, as many as the notebook's, or with DATA=../shared/data/dutch on real signatures, and then
# with HEADLINE=--overlap tested on images that were trained on, as the notebook does.
headline: wheel
	cargo build --release
	python3 -m venv target/headline-env
	target/headline-env/bin/pip install --quiet --requirement tests/golden/requirements.txt target/wheels/inkproof-*.whl
	$(if $(DATA),,rm -rf target/headline/synthetic)
	$(if $(DATA),,target/release/inkproof synth target/headline/synthetic/train --writers 64 --genuine 13 --forgeries 12 --seed 1)
	$(if $(DATA),,target/release/inkproof synth target/headline/synthetic/test --writers 20 --genuine 13 --forgeries 12 --seed 2)
	target/headline-env/bin/python benches/headline.py $(or $(DATA),target/headline/synthetic) $(HEADLINE)

# What a verdict loses on the way from a clean crop to a page: the table of docs/pages.md. SEED=41 draws other writers.
documents: SEED ?= 45
documents: wheel
	cargo build --release
	rm -rf target/documents
	target/release/inkproof synth target/documents/signatures --writers 40 --genuine 11 --forgeries 6 --seed $(SEED)
	target/release/inkproof synth target/documents/pages --pages 120 --seed $$(($(SEED) + 1))
	target/python-env/bin/python benches/documents.py target/documents/signatures target/documents/pages

# That the benches run, with the program of the tests, and that ONNX Runtime computes from our exports what we do; each
# figure is taken once.
bench-smoke: program
	$(PROGRAM) bench --quick
	python3 -m venv target/onnx-env
	target/onnx-env/bin/pip install --quiet --requirement benches/peers/requirements-onnx.txt
	INKPROOF_PROGRAM=$(PROGRAM) target/onnx-env/bin/python benches/peers/peers.py --smoke

# The Python wheel, in target/wheels, and installed into an environment of the project's.
wheel:
	python3 -m venv target/python-env
	target/python-env/bin/pip install --quiet --requirement bindings/python/requirements.txt
	rm -rf target/wheels
	cd bindings/python && ../../target/python-env/bin/maturin build --release --quiet --out ../../target/wheels
	target/python-env/bin/pip install --quiet --no-deps --force-reinstall target/wheels/inkproof-*.whl
	@if [ -n "$$(find target/wheels -size +15M)" ]; then echo "the wheel is larger than 15 MB"; exit 1; fi

# A workspace of its own, so it is not among the others above; its types and its stubs.
python-lint: wheel
	cd bindings/python && cargo fmt --check && cargo clippy --release --target-dir ../../target -- -D warnings
	cd bindings/python && ../../target/python-env/bin/mypy python/inkproof
	cd target && python-env/bin/python -m mypy.stubtest inkproof._inkproof

# Its figures are those of the program; the notebook is executed cell for cell.
python-test: wheel program
	cd bindings/python && INKPROOF_PROGRAM=$(PROGRAM) ../../target/python-env/bin/pytest --quiet

# Executes examples/notebook.ipynb and keeps what its cells print and draw.
notebook: wheel
	cd examples && ../target/python-env/bin/python ../bindings/python/tests/execute_notebook.py notebook.ipynb

# Writes the reference files of tests/golden again, with TensorFlow in an environment of its own, and with Keras 2 in another.
golden: keras-environments
	target/golden-env/bin/python tests/golden/make_refs.py
	cd tests/golden && ../../target/keras2-env/bin/python make_keras_refs.py

# Keras 3 and Keras 2 open what inkproof writes, and inkproof reads what they save: the tables of docs/keras.md.
keras-judge: keras-environments
	cargo build --release
	target/golden-env/bin/python tests/golden/judge_keras.py target/release/inkproof
	target/keras2-env/bin/python tests/golden/judge_keras.py target/release/inkproof

# TensorFlow's Keras 2 is of Python 3.11 at the latest.
keras-environments:
	python3 -m venv target/golden-env
	target/golden-env/bin/pip install --quiet --requirement tests/golden/requirements.txt
	python3 -m venv target/keras2-env
	target/keras2-env/bin/pip install --quiet --requirement tests/golden/requirements-keras2.txt

# What verdicts bear (docs/robustness.md): on writers who do not exist, or with SETS="dutch cedar" on real signatures, which are
# not part of the project; then the page gets the table, an earlier run's figures in it, and the picture. The earlier table is
# of the first 8 writers of dutch, cedar, bhsig-hindi, chisig and susig-visual.
robustness:
	cargo run --release -- robustness --pictures target/robustness
	cargo run --release -- robustness $(SETS) --part train --writers 8 $(if $(SETS),--earlier docs/robustness-earlier.csv) \
	  --csv target/robustness/table.csv --markdown > target/robustness/table.md
	$(if $(SETS),sed '/^<!-- make robustness/q' docs/robustness.md > target/robustness/page.md)
	$(if $(SETS),cat target/robustness/page.md target/robustness/table.md > docs/robustness.md)
	$(if $(SETS),cp target/robustness/conditions.png docs/robustness.png)

# Makes the bundled model again from nothing: synthetic signatures, a minute of training, and the calibration numbers that
# `make calibration` fixed (docs/model-card.md).
weights:
	rm -rf target/weights
	cargo run --release -- synth target/weights/signatures --writers 600 --genuine 6 --forgeries 2 --seed 3
	cargo run --release -- train target/weights/signatures --backbone inknet --negatives random --out target/weights/trained.safetensors
	cargo run --release -- calibrate --numbers crates/inkproof/models/calibration.json --model target/weights/trained.safetensors --out crates/inkproof/models/bundled.safetensors

# Fixes these numbers again on real signatures, which are not part of the project: make calibration SETS="dutch cedar".
calibration:
	cargo run --release -- calibrate $(SETS) --part all --writers 40 --model target/weights/trained.safetensors --out target/weights/calibrated.safetensors --write-numbers crates/inkproof/models/calibration.json
