# The tasks of a contributor; `.ci/run` calls the same. CONTRIBUTING.md says more.
.PHONY: all format lint types docs test

CODE := cartrl benchmarks tests docs

all: lint types docs test

format: # rewrites files
	ruff format $(CODE)
	ruff check --fix $(CODE)

lint:
	ruff format --check $(CODE)
	ruff check $(CODE)
	typos

types:
	mypy

docs: # the pages and the schema that are made from the code; without --check the program writes them
	python docs/generate.py --check

test:
	pytest
