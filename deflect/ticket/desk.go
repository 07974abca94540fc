package ticket

// Staff is a member of the support team.
type Staff struct {
	ID           string
	Email        string
	Name         string
	Lang         string
	Role         string // "admin" for the first account
	PasswordHash string // argon2id, in the PHC string format
}

// QueueFilter selects tickets for the desk.
type QueueFilter struct {
	Active bool // only tickets on which work is owed
	Limit  int
	Offset int
}

// QueueRow is a ticket of the desk's list with its author.
type QueueRow struct {
	Ticket
	Name  string
	Email string
}

// CustomerView is what staff see of the person behind a ticket.
type CustomerView struct {
	Name, Email string
	Confirmed   bool // the person has acted on a link that was mailed to the address
	Company     string
	Contract    Tier
	MRRCents    int64
	Tickets     int
}
