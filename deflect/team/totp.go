package team

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // what RFC 6238 and every authenticator app use
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Time-based one-time passwords (RFC 6238) over HMAC-SHA-1, thirty seconds,
// six digits: the one form that every authenticator app understands. It is
// thirty lines of the standard library, checked against the vectors of the
// RFC; a dependency would bring more to read.
const (
	totpPeriod = 30 // seconds
	totpDigits = 6
	// totpDrift is how many periods a phone's clock may be off either way.
	totpDrift = 1
)

var totpEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewTOTPSecret makes the shared secret of a second factor: 160 random bits
// (RFC 4226 section 4), base32.
func NewTOTPSecret() string {
	var b [20]byte
	_, _ = rand.Read(b[:]) // never fails
	return totpEncoding.EncodeToString(b[:])
}

// hotp is the code of a counter (RFC 4226 section 5.3).
func hotp(key []byte, counter uint64, digits int) string {
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, counter) // a hash does not fail
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	n := binary.BigEndian.Uint32(sum[at:at+4]) & 0x7fffffff
	modulus := uint32(1)
	for range digits {
		modulus *= 10
	}
	return fmt.Sprintf("%0*d", digits, n%modulus)
}

// CheckTOTP looks for the time step near now whose code was typed; spaces in
// it do not matter. ok is false when it is the code of none, or secret is not
// base32.
func CheckTOTP(secret, code string, now time.Time) (step int64, ok bool) {
	key, err := totpEncoding.DecodeString(secret)
	if err != nil || len(key) == 0 {
		return 0, false
	}
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	current := now.Unix() / totpPeriod
	for s := current - totpDrift; s <= current+totpDrift; s++ {
		// All steps are compared, so that the time taken says nothing.
		if s >= 0 && subtle.ConstantTimeCompare([]byte(hotp(key, uint64(s), totpDigits)), []byte(code)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok
}

// TOTPAddress is what the QR code of a secret holds: an otpauth address that
// authenticator apps read.
func TOTPAddress(secret, issuer, account string) string {
	v := url.Values{"secret": {secret}, "issuer": {issuer}}
	return "otpauth://totp/" + url.PathEscape(issuer+":"+account) + "?" + strings.ReplaceAll(v.Encode(), "+", "%20")
}

// recoveryAlphabet is Crockford's base 32: no I, L, O, U to misread.
const recoveryAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// recoveryCodes is how many codes are made at once, recoveryLength their
// letters: 50 random bits each, and few tries (see Accounts.CheckCode).
const (
	recoveryCodes  = 10
	recoveryLength = 10
)

// newRecoveryCodes makes codes that each replace one time-based code, written
// in two groups.
func newRecoveryCodes() []string {
	codes := make([]string, recoveryCodes)
	for i := range codes {
		var b [recoveryLength]byte
		_, _ = rand.Read(b[:]) // never fails
		for j := range b {
			b[j] = recoveryAlphabet[b[j]&31]
		}
		codes[i] = string(b[:recoveryLength/2]) + "-" + string(b[recoveryLength/2:])
	}
	return codes
}

// plainRecovery is a recovery code as it is hashed: what people confuse is
// put right, "" when it cannot be one.
func plainRecovery(code string) string {
	code = strings.ToUpper(strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-':
			return -1
		case 'o', 'O':
			return '0'
		case 'i', 'I', 'l', 'L':
			return '1'
		}
		return r
	}, code))
	if len(code) != recoveryLength {
		return ""
	}
	return code
}
