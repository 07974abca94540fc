package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"net/mail"
	"strings"
)

// ReplyAddress makes the address that an answer to a ticket's mail goes to:
// support+VM-7K3F-92-k4qm2x7rtbzw@example.com for the box
// support@example.com. The signature keeps strangers from writing on a ticket
// by guessing its number.
type ReplyAddress struct {
	local, domain string
	secret        []byte
}

// NewReplyAddress takes the mailbox that answers arrive in, as an address or
// "Name <address>".
func NewReplyAddress(box string, secret []byte) (*ReplyAddress, error) {
	a, err := mail.ParseAddress(box)
	if err != nil {
		return nil, fmt.Errorf("reply address %q: want an address such as support@example.com: %w", box, err)
	}
	at := strings.LastIndexByte(a.Address, '@')
	if strings.ContainsRune(a.Address[:at], '+') {
		return nil, fmt.Errorf("reply address %q: the part before @ must not contain +", box)
	}
	return &ReplyAddress{local: a.Address[:at], domain: a.Address[at+1:], secret: secret}, nil
}

// replyEncoding survives programs that change the case of an address.
var replyEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// signature is 60 bits of a keyed hash of a ticket's number.
func (r *ReplyAddress) signature(number string) string {
	h := hmac.New(sha256.New, r.secret)
	_, _ = h.Write([]byte("reply\x00" + strings.ToUpper(number))) // a hash does not fail
	return replyEncoding.EncodeToString(h.Sum(nil))[:12]
}

// For is the address for answers to a ticket.
func (r *ReplyAddress) For(number string) string {
	return r.local + "+" + number + "-" + r.signature(number) + "@" + r.domain
}

// Number is the ticket that an address belongs to; ok is false for an address
// that For did not make.
func (r *ReplyAddress) Number(address string) (number string, ok bool) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 || !strings.EqualFold(address[at+1:], r.domain) {
		return "", false
	}
	local, tag, found := strings.Cut(address[:at], "+")
	cut := strings.LastIndexByte(tag, '-')
	if !found || cut < 0 || !strings.EqualFold(local, r.local) {
		return "", false
	}
	number = strings.ToUpper(tag[:cut])
	return number, hmac.Equal([]byte(strings.ToLower(tag[cut+1:])), []byte(r.signature(number)))
}
