package team

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

//go:embed macros.yaml
var shippedFile []byte

// shippedMacro is an entry of macros.yaml.
type shippedMacro struct {
	ID    string       `yaml:"id"`
	State ticket.State `yaml:"state"`
	Tags  []string     `yaml:"tags"`
	FR    MacroText    `yaml:"fr"`
	EN    MacroText    `yaml:"en"`
}

// ShippedMacros are the macros that an installation begins with.
func ShippedMacros() ([]Macro, error) {
	var list []shippedMacro
	if err := yaml.UnmarshalWithOptions(shippedFile, &list, yaml.DisallowUnknownField()); err != nil {
		return nil, fmt.Errorf("macros.yaml: %w", err)
	}
	all := make([]Macro, len(list))
	for i, m := range list {
		all[i] = Macro{ID: m.ID, State: m.State, Tags: m.Tags, Version: 1, Texts: map[string]MacroText{"fr": m.FR, "en": m.EN}}
		if err := all[i].Clean([]string{"fr", "en"}); err != nil {
			return nil, fmt.Errorf("macros.yaml: %s: %w", m.ID, err)
		}
	}
	return all, nil
}

// Seed stores the shipped macros that the database has never had. Those that
// were changed or archived stay as they are.
func (s *Service) Seed(ctx context.Context) error {
	all, err := ShippedMacros()
	if err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(tx Tx) error {
		for _, m := range all {
			m.UpdatedAt = tx.Now()
			if _, err := tx.InsertMacro(m); err != nil {
				return err
			}
		}
		return nil
	})
}

// fields are the wrong inputs that an error names.
func fields(err error) []errs.Field {
	var e *errs.Error
	if errors.As(err, &e) {
		return e.Fields
	}
	return nil
}
