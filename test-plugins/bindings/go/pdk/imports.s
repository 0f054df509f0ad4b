//go:build !wasm

// Without a body, as the imports are, a function must be in assembly: this file lets `go vet` believe it.
