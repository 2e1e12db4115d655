"""The suite on CPython for WebAssembly, as far as it needs no sockets, threads or processes: `make test-wasm`."""
