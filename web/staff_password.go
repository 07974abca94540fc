package web

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/crypto/argon2"
)

// argon2id with the second recommendation of RFC 9106 section 4: 64 MiB.
const (
	argonTime    = 3
	argonMemory  = 64 << 10
	argonThreads = 4
	argonSalt    = 16
	argonKey     = 32
)

// hashing bounds the memory that sign-ins can take at once.
var hashing sync.Mutex

// hashPassword makes a PHC string of a password.
func hashPassword(password string) string {
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt) // never fails
	hashing.Lock()
	defer hashing.Unlock()
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
	enc := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads, enc(salt), enc(key))
}

// checkPassword compares in constant time.
func checkPassword(phc, password string) bool {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false
	}
	var version, memory, times int
	var threads uint8
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &times, &threads); err != nil {
		return false
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	key, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(key) == 0 {
		return false
	}
	hashing.Lock()
	defer hashing.Unlock()
	got := argon2.IDKey([]byte(password), salt, uint32(times), uint32(memory), threads, uint32(len(key)))
	return subtle.ConstantTimeCompare(got, key) == 1
}

// decoyHash makes a sign-in with an unknown address take as long as one with
// a wrong password.
var decoyHash = sync.OnceValue(func() string { return hashPassword(randomText(16)) })
