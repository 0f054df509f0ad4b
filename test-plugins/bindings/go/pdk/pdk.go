// Package pdk has what the bindings use of Extism's kit for Go, so that they can be checked where Go is too old for it.
package pdk

// Memory is a block that host and plugin share.
type Memory struct {
	offset uint64
}

// Offset is where it is.
func (m *Memory) Offset() uint64 { return m.offset }

// Free gives it back.
func (m *Memory) Free() {}

// ReadBytes is what is in it.
func (m *Memory) ReadBytes() []byte { return nil }

// AllocateBytes makes a block of these bytes.
func AllocateBytes(bytes []byte) Memory { return Memory{} }

// FindMemory finds a block.
func FindMemory(offset uint64) Memory { return Memory{offset: offset} }

// InputString is the plugin's input.
func InputString() string { return "" }

// OutputString is the plugin's output.
func OutputString(output string) {}

// SetError is why the plugin failed.
func SetError(err error) {}
