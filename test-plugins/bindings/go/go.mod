module github.com/hostfn/hostfn/test-plugins/bindings/go

go 1.24

require github.com/extism/go-pdk v1.1.3

replace github.com/extism/go-pdk => ./pdk
