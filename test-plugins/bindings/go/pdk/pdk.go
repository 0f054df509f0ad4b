// Package pdk has what plugins here use of Extism's kit for Go, so that they can be built and run where no module of Go's
// can be downloaded. What is there has the names and the meaning that it has in the kit.
package pdk

// Memory is a block that host and plugin share.
type Memory struct {
	offset uint64
	length uint64
}

// Offset is where it is.
func (m *Memory) Offset() uint64 { return m.offset }

// Free gives it back.
func (m *Memory) Free() { free(m.offset) }

// ReadBytes is what is in it.
func (m *Memory) ReadBytes() []byte {
	bytes := make([]byte, m.length)
	for at := range bytes {
		bytes[at] = byte(loadByte(m.offset + uint64(at)))
	}
	return bytes
}

// AllocateBytes makes a block of these bytes.
func AllocateBytes(bytes []byte) Memory {
	block := Memory{allocate(uint64(len(bytes))), uint64(len(bytes))}
	for at, value := range bytes {
		storeByte(block.offset+uint64(at), uint32(value))
	}
	return block
}

// FindMemory finds a block.
func FindMemory(offset uint64) Memory { return Memory{offset, lengthOf(offset)} }

// Input is the plugin's input.
func Input() []byte {
	bytes := make([]byte, inputLength())
	for at := range bytes {
		bytes[at] = byte(inputByte(uint64(at)))
	}
	return bytes
}

// InputString is the plugin's input.
func InputString() string { return string(Input()) }

// Output is the plugin's output.
func Output(output []byte) {
	block := AllocateBytes(output)
	setOutput(block.offset, block.length)
}

// OutputString is the plugin's output.
func OutputString(output string) { Output([]byte(output)) }

// SetError is why the plugin failed.
func SetError(err error) { SetErrorString(err.Error()) }

// SetErrorString is why the plugin failed.
func SetErrorString(err string) {
	block := AllocateBytes([]byte(err))
	setError(block.offset)
}
