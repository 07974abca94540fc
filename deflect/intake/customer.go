package intake

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// Customer is a company that pays, or may pay, for the service. Contract and
// monthly revenue decide its tier (D-6).
type Customer struct {
	ID        string
	Company   string
	Contract  ticket.Tier // "" when there is none
	MRRCents  int64       // monthly revenue in euro cents
	CreditCap int         // most credit of a month in the contract, hundredths of a percent; 0: the policy's (D-25)
	Lookups   []string    // "email:a@b.c" and "domain:b.c" that lead to it
	UpdatedAt time.Time
}

// publicProviders are mail services anybody can have an address at: a domain
// among them says nothing about the company behind it.
var publicProviders = func() map[string]bool {
	m := map[string]bool{}
	for _, d := range strings.Fields(`
		gmail.com googlemail.com outlook.com outlook.fr hotmail.com hotmail.fr hotmail.co.uk live.com live.fr msn.com
		yahoo.com yahoo.fr yahoo.co.uk yahoo.de yahoo.es yahoo.it ymail.com rocketmail.com aol.com icloud.com me.com mac.com
		proton.me protonmail.com protonmail.ch pm.me tutanota.com tuta.io tuta.com gmx.com gmx.fr gmx.de gmx.net gmx.at web.de mail.com
		mail.ru yandex.com yandex.ru orange.fr wanadoo.fr free.fr sfr.fr neuf.fr laposte.net bbox.fr numericable.fr club-internet.fr
		aliceadsl.fr libero.it virgilio.it tiscali.it t-online.de freenet.de arcor.de bluewin.ch hispeed.ch telenet.be skynet.be
		proximus.be voo.be zoho.com zohomail.com fastmail.com fastmail.fm hey.com mailo.com mailbox.org posteo.de posteo.net
		disroot.org riseup.net qq.com 163.com 126.com naver.com hushmail.com duck.com btinternet.com virginmedia.com sky.com
		comcast.net verizon.net att.net sbcglobal.net ziggo.nl kpnmail.nl planet.nl wp.pl o2.pl onet.pl interia.pl seznam.cz
		mailinator.com yopmail.com yopmail.fr guerrillamail.com 10minutemail.com temp-mail.org`) {
		m[d] = true
	}
	return m
}()

// PublicProvider says whether a mail domain is open to anybody, so that it
// never identifies a customer.
func PublicProvider(domain string) bool { return publicProviders[strings.ToLower(domain)] }

// LookupKeys are the keys under which an address may be known, the most
// precise first. Public providers give no domain key.
func LookupKeys(email string) []string {
	keys := []string{"email:" + email}
	at := strings.LastIndexByte(email, '@')
	if domain := email[at+1:]; at >= 0 && domain != "" && !PublicProvider(domain) {
		keys = append(keys, "domain:"+domain)
	}
	return keys
}

// NewLookup makes the key for an address or a domain of a customer list.
func NewLookup(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if strings.Contains(s, "@") && !strings.HasPrefix(s, "@") {
		if !ValidEmail(s) {
			return "", fmt.Errorf("%q is not an e-mail address", s)
		}
		return "email:" + s, nil
	}
	s = strings.TrimPrefix(s, "@")
	if !ValidEmail("x@" + s) {
		return "", fmt.Errorf("%q is neither an e-mail address nor a domain", s)
	}
	if PublicProvider(s) {
		return "", fmt.Errorf("%q is a public mail provider: give the full address instead", s)
	}
	return "domain:" + s, nil
}

// csvColumns are the columns of a customer list, optional those that may be
// left out.
var (
	csvColumns = []string{"match", "company", "mrr"}
	optional   = []string{"contract", "credit_cap"}
)

// ReadCustomers reads a CSV list with the columns match (an e-mail address or
// a domain), company, contract (a tier, or empty), mrr (euros a month) and
// credit_cap (percent of a month that credits may reach, or empty).
// Lines with the same company are one customer. Every wrong line is named;
// nothing is returned when there is one.
func ReadCustomers(r io.Reader) ([]Customer, error) {
	cr := csv.NewReader(r)
	cr.TrimLeadingSpace = true
	head, err := cr.Read()
	if err != nil {
		return nil, errs.Newf(errs.Invalid, "error.customers.csv", "customer list: no header line: %w", err)
	}
	col := map[string]int{}
	for i, name := range head {
		col[strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\uFEFF")))] = i
	}
	for _, name := range csvColumns {
		if _, ok := col[name]; !ok {
			return nil, errs.Newf(errs.Invalid, "error.customers.csv", "customer list: column %q is missing; want %s, and maybe %s",
				name, strings.Join(csvColumns, ","), strings.Join(optional, ","))
		}
	}
	byCompany := map[string]*Customer{}
	var order []string
	var wrong []error
	for {
		rec, err := cr.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		line, _ := cr.FieldPos(0)
		if err != nil {
			wrong = append(wrong, err)
			if errors.Is(err, csv.ErrFieldCount) {
				continue
			}
			break
		}
		c, err := readCustomer(rec, col)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("line %d: %w", line, err))
			continue
		}
		if have := byCompany[c.Company]; have != nil {
			have.Lookups = append(have.Lookups, c.Lookups...)
			have.MRRCents, have.CreditCap = max(have.MRRCents, c.MRRCents), max(have.CreditCap, c.CreditCap)
			if c.Contract != "" {
				have.Contract = c.Contract
			}
			continue
		}
		byCompany[c.Company] = c
		order = append(order, c.Company)
	}
	if len(wrong) > 0 {
		return nil, errs.New(errs.Invalid, "error.customers.csv", fmt.Errorf("customer list: %w", errors.Join(wrong...)))
	}
	all := make([]Customer, 0, len(order))
	for _, name := range order {
		all = append(all, *byCompany[name])
	}
	return all, nil
}

// NewCustomer checks and makes a customer: matches are the addresses and
// domains that lead to it, contract is a tier or "", mrr is euros a month.
func NewCustomer(matches []string, company, contract, mrr string) (*Customer, error) {
	c := &Customer{ID: uuid.Must(uuid.NewV7()).String(), Company: strings.TrimSpace(company), Contract: ticket.Tier(strings.ToLower(contract))}
	for _, m := range matches {
		key, err := NewLookup(m)
		if err != nil {
			return nil, err
		}
		c.Lookups = append(c.Lookups, key)
	}
	if len(c.Lookups) == 0 {
		return nil, errors.New("match is empty: give an address or a domain")
	}
	if c.Company == "" {
		return nil, errors.New("company is empty")
	}
	if c.Contract != "" && !slices.Contains(ticket.Tiers, c.Contract) {
		return nil, fmt.Errorf("contract %q is none of %v", contract, ticket.Tiers)
	}
	var err error
	c.MRRCents, err = parseEuros(mrr)
	return c, err
}

func readCustomer(rec []string, col map[string]int) (*Customer, error) {
	field := func(name string) string {
		if i, ok := col[name]; ok && i < len(rec) {
			return strings.TrimSpace(rec[i])
		}
		return ""
	}
	c, err := NewCustomer([]string{field("match")}, field("company"), field("contract"), field("mrr"))
	if err != nil {
		return nil, err
	}
	return c, c.SetCreditCap(field("credit_cap"))
}

// SetCreditCap reads the most credit of a month that the contract allows, in
// percent above 0 and up to 100 (D-25): "30", "12,5 %"; "" leaves the policy's.
func (c *Customer) SetCreditCap(percent string) error {
	clean := strings.NewReplacer(" ", "", "\u00A0", "", "\u202F", "", "%", "", ",", ".").Replace(percent)
	if clean == "" {
		return nil
	}
	v, err := strconv.ParseFloat(clean, 64)
	if share := math.Round(v * 100); err == nil && share >= 1 && share <= 100*100 {
		c.CreditCap = int(share)
		return nil
	}
	return fmt.Errorf("credit_cap %q is not a percentage above 0 and up to 100", percent)
}

// parseEuros reads "1250", "1250.50", "1 250,50" or "".
func parseEuros(s string) (int64, error) {
	clean := strings.NewReplacer(" ", "", "\u00A0", "", "\u202F", "", "€", "", ",", ".").Replace(s)
	if clean == "" {
		return 0, nil
	}
	v, err := strconv.ParseFloat(clean, 64)
	if err != nil || v < 0 || v > 1e9 || math.IsNaN(v) {
		return 0, fmt.Errorf("mrr %q is not an amount in euros such as 1250.50", s)
	}
	return int64(math.Round(v * 100)), nil
}
