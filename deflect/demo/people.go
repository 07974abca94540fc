package demo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

var (
	firstNames = strings.Fields(`Camille Léa Manon Chloé Inès Sarah Julie Claire Élise Nadia Sofia Aïcha Hugo Lucas Nathan Théo Karim Mehdi Antoine
		Julien Romain Pierre Thomas Olivier Emma Olivia Grace Hannah Priya Amelia Daniel James Oliver George Liam Noah Samuel Marco Anna Ingrid`)
	lastNames = strings.Fields(`Martin Bernard Dubois Robert Petit Durand Leroy Moreau Simon Laurent Lefebvre Michel Garcia David Bertrand Roux Vincent
		Fournier Morel Girard Andre Mercier Blanc Guerin Boyer Garnier Chevalier Francois Legrand Smith Jones Taylor Brown Wilson Evans Walker Novak Rossi Berg Kaya`)
	trades = strings.Fields(`Atelier Studio Logis Agri Medi Edu Geo Data Pixel Forge Verger Marine Cargo Librairie Optique Textile Energie Cuisine Jardin Musique
		Legal Voyage Presse Sport Photo Papier Bois Acier Verre Lumen`)
	places = strings.Fields("Nord Sud Rive Mont Val Bay Harbour Oak North West Loire Alpes Garonne Seine")
)

// team is who answers.
var team = []struct {
	name string
	role ticket.Role
	lang string
}{
	{"Maud Tessier", ticket.Agent, "fr"}, {"Yanis Belkacem", ticket.Agent, "fr"}, {"Rachel Owen", ticket.Agent, "en"},
	{"Bastien Carré", ticket.Lead, "fr"}, {"Hélène Vasseur", ticket.Manager, "fr"},
}

// host is a name as a part of an address: without accents and spaces.
func host(name string) string {
	plain := strings.NewReplacer("é", "e", "è", "e", "ï", "i", "ç", "c", "É", "e", " ", "").Replace(strings.ToLower(name))
	return plain
}

// makePeople makes the team and the companies. Their people come as they
// write.
func (m *maker) makePeople() {
	for _, p := range team {
		first, last, _ := strings.Cut(p.name, " ")
		id := m.ids.at(m.from)
		// Nobody signs in with these accounts: no password has an empty hash.
		m.year.Staff = append(m.year.Staff, ticket.Staff{
			ID: id, Name: p.name, Email: host(first) + "." + host(last) + "@team.example", Lang: p.lang, Role: p.role,
			Skills: ticket.Skills{Langs: slices.Compact([]string{p.lang, "fr"})},
		})
		if p.role == ticket.Agent || p.role == ticket.Lead {
			m.agents = append(m.agents, id)
		}
	}
	names := map[string]bool{}
	for len(m.year.Customers) < 70 {
		name := pick(m.dice, trades) + " " + pick(m.dice, places)
		if names[name] {
			continue
		}
		names[name] = true
		c := intake.Customer{ID: m.ids.at(m.from), Company: name + " (demo)", Lookups: []string{"domain:" + host(name) + ".example"}, UpdatedAt: m.from}
		switch n := len(m.year.Customers); {
		case n < 5:
			c.Contract, c.MRRCents = ticket.Enterprise, int64(250_000+m.IntN(400_000))
		case n < 18:
			c.MRRCents = int64(50_100 + m.IntN(140_000))
		default:
			c.MRRCents = int64(900 + m.IntN(45_000))
		}
		m.year.Customers = append(m.year.Customers, c)
	}
}

// person is somebody who writes at t: often somebody who has written before.
func (m *maker) person(t time.Time) *Person {
	if n := len(m.year.Persons); n > 20 && m.chance(0.6) {
		if p := m.year.Persons[m.IntN(n)]; p.visitor == "" {
			return p
		}
	}
	first, last := pick(m.dice, firstNames), pick(m.dice, lastNames)
	p := &Person{Tier: ticket.Free, CreatedAt: t}
	p.ID, p.Name, p.Lang, p.Confirmed = m.ids.at(t), first+" "+last, "fr", m.chance(0.8)
	if m.chance(0.32) {
		p.Lang = "en"
	}
	domain := "mail.example"
	if m.chance(0.75) {
		c := m.year.Customers[min(len(m.year.Customers)-1, int(m.ExpFloat64()*22))]
		p.CustomerID, domain = c.ID, strings.TrimPrefix(c.Lookups[0], "domain:")
		p.Tier = m.Clocks.Tier(c.Contract, c.MRRCents, t)
	}
	p.Email = fmt.Sprintf("%s.%s%d@%s", host(first), host(last), len(m.year.Persons), domain)
	m.year.Persons = append(m.year.Persons, p)
	return p
}
