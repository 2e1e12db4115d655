"""Many threads and tasks, each with a cassette of its own, mixed at random for as long as asked: `make soak`."""
