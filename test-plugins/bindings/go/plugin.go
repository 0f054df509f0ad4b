package main

import (
	"github.com/extism/go-pdk"
	"github.com/hostfn/hostfn/test-plugins/bindings/go/hostfn"
)

// Signs up whoever has this address, with a text about them.
func signUp(email string) (*hostfn.User, error) {
	hash, err := hostfn.HashPassword(hostfn.HashPasswordRequest{Password: hostfn.Hide("correct horse")})
	if err != nil {
		return nil, err
	}
	user, err := hostfn.DbCreateUser(hostfn.CreateUserRequest{Name: "Ada", Email: email, PasswordHash: hash})
	if err != nil {
		return nil, err
	}
	change := hostfn.UpdateUserProfileRequest{Uuid: user.Uuid, Avatar: hostfn.Null[string](), Bio: hostfn.Set("Notes")}
	user, err = hostfn.DbUpdateUserProfile(change)
	return &user, err
}

//go:wasmexport example
func example() int32 {
	user, err := signUp(pdk.InputString())
	if err != nil {
		pdk.SetError(err)
		return 1
	}
	pdk.OutputString(user.Name + ": " + *user.Bio)
	return 0
}

func main() {}
