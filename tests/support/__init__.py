"""What the end-to-end and interop tests, the benchmarks and the demo stand on.

Real programs in private directories, on loopback, at ports that the kernel picks; every wait is for
a condition and has a bound. Start reading at `instance.py`.
"""
