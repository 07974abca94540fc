package main

import (
	"context"
	"fmt"

	"github.com/vmcloud/ricochet/web"
)

// tokenCmd makes a token for programs that use the API.
type tokenCmd struct {
	dataFlags
	Scope string `help:"What the token may do: customers (import the list), tickets:write (open tickets) or metrics (read /metrics)." enum:"customers,tickets:write,metrics" default:"customers"`
	Name  string `arg:"" help:"Who will use it, for your own records."`
}

// Run prints the token once; the database keeps only its hash.
func (cmd tokenCmd) Run(ctx context.Context, con console) error {
	db, err := cmd.open(ctx, con)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // the token is stored or reported by then
	secret, err := db.Secret(ctx)
	if err != nil {
		return err
	}
	token, hash := web.NewAPIToken(secret)
	if err := db.InsertToken(ctx, hash, cmd.Name, cmd.Scope); err != nil {
		return err
	}
	_, err = fmt.Fprintln(con.out, token)
	return err
}
