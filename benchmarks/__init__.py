"""Speed, as ratios and rates measured in one run: `make bench`; `make bench-short` prints and writes nothing."""
