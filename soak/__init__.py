"""The long forms of the tests: each module here that has SAYS, MINUTES and run is a part of `make soak`."""
