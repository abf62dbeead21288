"""How fast mailcase is, measured beside a simple script on one corpus: `make bench` (docs/performance.md)."""
