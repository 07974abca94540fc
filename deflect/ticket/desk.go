package ticket

// QueueRow is a ticket of the desk's list with its author.
type QueueRow struct {
	Ticket
	Name  string
	Email string
}

// CustomerView is what staff see of the person behind a ticket.
type CustomerView struct {
	Name, Email string
	Confirmed   bool   // the person has acted on a link that was mailed to the address
	CustomerID  string // the company's, "" without
	Company     string
	Contract    Tier
	MRRCents    int64
	Tickets     int
}
