package hostfn

import "testing"

type record struct {
	Names  []string           `json:"names"`
	Sizes  map[string][]int32 `json:"sizes"`
	Grid   [][]int32          `json:"grid"`
	Left   *[]string          `json:"left,omitzero"`
	Null   *[]string          `json:"null"`
	Some   Patch[[]string]    `json:"some,omitzero"`
	None   Patch[[]string]    `json:"none,omitzero"`
	Gone   Patch[[]string]    `json:"gone,omitzero"`
	Hidden Secret[[]string]   `json:"hidden"`
	Inner  []record           `json:"inner"`
}

// A list or a map that nobody set is an empty one, wherever it stands; null is what was set to null.
func TestNilIsEmpty(t *testing.T) {
	value := record{
		Sizes: map[string][]int32{"a": nil},
		Grid:  [][]int32{nil, {1}},
		Some:  Set[[]string](nil),
		None:  Null[[]string](),
		Inner: []record{{}},
	}
	bytes, err := marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	expected := `{"names":[],"sizes":{"a":[]},"grid":[[],[1]],"null":null,"some":[],"none":null,"hidden":[],` +
		`"inner":[{"names":[],"sizes":{},"grid":[],"null":null,"hidden":[],"inner":[]}]}`
	if string(bytes) != expected {
		t.Errorf("%s\nand not\n%s", bytes, expected)
	}
	if value.Names != nil || value.Grid[0] != nil {
		t.Error("what was handed over has changed")
	}
}
