# People's shortcuts; what they do lies in ./test and scripts/.

SOURCES = git ls-files -z --cached --others --exclude-standard -- '*.h' '*.cc'

help:
	@echo "make test    build and run all tests (./test --help says more)"
	@echo "make quick   the unit tests alone"
	@echo "make fmt     format all C++ files"
	@echo "make lint    check format, layers and coroutines"
	@echo "make tidy    clang-tidy over src/ and cli/ (minutes)"
	@echo "make bench   build and run the benchmarks"
	@echo "make docs    check that the documentation names things that exist"

test:
	./test

quick:
	./test unit_

fmt:
	$(SOURCES) | xargs -0 -r clang-format-16 -i

lint:
	$(SOURCES) | xargs -0 -r clang-format-16 --dry-run -Werror
	scripts/check_layers.py
	scripts/check_coroutines.py

tidy:
	cmake --preset dev >/dev/null
	scripts/check_tidy.py

bench:
	scripts/run_benchmarks.py

docs:
	scripts/check_docs.py

.PHONY: help test quick fmt lint tidy bench docs
