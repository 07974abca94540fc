package web

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/internal/errs"
)

// maxCustomersBody bounds one import: about fifty thousand companies.
const maxCustomersBody = 16 << 20

// ScopeCustomers is the scope of a token that may import customers.
const ScopeCustomers = "customers"

// customerJSON is a company of POST /api/v1/customers.
type customerJSON struct {
	Match    []string `json:"match"` // e-mail addresses and domains
	Company  string   `json:"company"`
	Contract string   `json:"contract"` // a tier, or empty
	MRR      float64  `json:"mrr"`      // euros a month

	CreditCap string `json:"credit_cap"` // percent of a month that credits may reach, "" for the policy's
}

// apiCustomers imports a list of customers, whole or not at all.
func (s *Server) apiCustomers(c *gin.Context) error {
	if _, err := s.authorize(c, ScopeCustomers); err != nil {
		return err
	}
	var list []customerJSON
	if err := readJSON(c, &list); err != nil {
		return err
	}
	customers := make([]intake.Customer, 0, len(list))
	var wrong []error
	for i, l := range list {
		customer, err := intake.NewCustomer(l.Match, l.Company, l.Contract, fmt.Sprintf("%.2f", l.MRR))
		if err == nil {
			err = customer.SetCreditCap(l.CreditCap)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("entry %d: %w", i, err))
			continue
		}
		customers = append(customers, *customer)
	}
	if len(wrong) > 0 {
		e := errs.New(errs.Invalid, "error.customers.list", errors.Join(wrong...))
		e.Args = map[string]any{"Detail": e.Err.Error()}
		return e
	}
	if err := s.opt.Support.Store.SaveCustomers(c.Request.Context(), customers); err != nil {
		return err
	}
	s.writeJSON(c, http.StatusOK, typeJSON, map[string]int{"imported": len(customers)})
	return nil
}
