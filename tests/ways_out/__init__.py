"""In a network namespace with a listener at every address: the ways out of a process, each with and without a replay.

`python -m tests.ways_out` runs in a namespace of its own (`unshare --net --mount`) and prints, as JSON, how many
packets each way sent: before any replay, within one, and from a thread that outlived one.
"""
